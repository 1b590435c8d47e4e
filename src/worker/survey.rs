//! Owns what the console shows first: what the workspace holds, in words.

use super::job::TrainPlan;
use super::news::{Reply, SchemaColumn, SchemaFacts, Survey};
use super::session;
use crate::artifacts::{RegistryStore, count_runs};
use crate::models::families;
use crate::mongo::{Given, Target};
use crate::pipeline::training::TrainingSettings;
use crate::schema::{Column, Label, Malicious, Schema};
use crate::store::StoreOptions;
use crate::surroundings::Surroundings;
use crate::team::waiting_here;

/// Values of a column that are named one by one.
const NAMED_VALUES: usize = 12;

/// Looks around; reads nothing but the schema, the registry, the session, the names of runs and, where a team's server is
/// named, what of the store it lacks.
pub(super) fn survey(surroundings: &Surroundings) -> Reply {
    let workspace = &surroundings.workspace;
    let registry = RegistryStore::new(workspace).read();
    let team = Target::named(
        &surroundings.settings.mongo,
        &Given::from_environment(None, workspace.root()),
    );
    let store = StoreOptions {
        shared: surroundings.settings.workspace.shared,
        ..StoreOptions::default()
    };
    Reply::Survey(Survey {
        workspace: workspace.root().display().to_string(),
        default_data: surroundings.source(None).to_string(),
        schema: schema_facts(surroundings),
        models: families().iter().map(|family| family.name().to_owned()).collect(),
        plan: Some(plan_of(&surroundings.settings.training)),
        // A damaged registry is told by the list of runs, which says what to do about it.
        champion: registry.ok().and_then(|r| r.champion).map(|id| id.to_string()),
        watched: super::watch::directory(surroundings).map(|directory| directory.display().to_string()),
        team_waiting: team.as_ref().map_or(0, |server| waiting_here(workspace, store, server)),
        team,
        runs: count_runs(workspace),
        session: session::read(workspace),
    })
}

/// The training dialog as the settings have it.
fn plan_of(training: &TrainingSettings) -> TrainPlan {
    TrainPlan {
        path: None,
        models: training.models.clone(),
        search: training.search.to_string(),
        trials: training.trials,
        split: training.split.to_string(),
        test_fraction: training.test_fraction,
        seed: training.seed,
        threshold_by: training.threshold_by.to_string(),
        minutes: None,
        verdicts: false,
    }
}

fn schema_facts(surroundings: &Surroundings) -> SchemaFacts {
    match surroundings.schema(None) {
        Ok(found) => facts(&found.schema, found.origin),
        Err(error) => SchemaFacts {
            problem: Some(error.to_string()),
            ..SchemaFacts::default()
        },
    }
}

fn facts(schema: &Schema, origin: String) -> SchemaFacts {
    let malicious = schema.label.as_ref().map(|label| match &label.malicious {
        Malicious::Values(values) => values.clone(),
        Malicious::NotBenign => Vec::new(),
    });
    let label = schema.label.as_ref();
    let mut columns: Vec<SchemaColumn> = schema.columns.iter().map(|column| facts_of(column, label)).collect();
    if let Some(label) = label.filter(|label| schema.column(&label.column).is_none()) {
        columns.push(label_alone(label));
    }
    SchemaFacts {
        name: schema.name.clone(),
        origin,
        problem: None,
        label: label.map(|label| label.column.clone()),
        malicious: malicious.unwrap_or_default(),
        columns,
        rules: schema
            .rules
            .iter()
            .map(|rule| {
                (
                    rule.id.clone(),
                    rule.severity.word().to_owned(),
                    rule.expression.clone(),
                )
            })
            .collect(),
    }
}

fn facts_of(column: &Column, label: Option<&Label>) -> SchemaColumn {
    let own = label.filter(|label| label.column == column.name);
    let role = if own.is_some() { "label" } else { column.role.word() };
    let mut limits = limits(column);
    if let Some(label) = own {
        limits.insert(0, meaning(label));
    }
    SchemaColumn {
        name: column.name.clone(),
        kind: column.kind.word().to_owned(),
        role: role.to_owned(),
        required: column.required,
        nullable: column.nullable,
        limits: limits.join(", "),
        aliases: column.aliases.clone(),
        description: column.description.clone().unwrap_or_default(),
    }
}

/// A label that the schema does not list among its columns.
fn label_alone(label: &Label) -> SchemaColumn {
    SchemaColumn {
        name: label.column.clone(),
        kind: "category".to_owned(),
        role: "label".to_owned(),
        required: false,
        nullable: false,
        limits: meaning(label),
        aliases: Vec::new(),
        description: String::new(),
    }
}

fn meaning(label: &Label) -> String {
    let benign = label.benign.join(" ");
    match &label.malicious {
        Malicious::Values(values) => format!("malicious {}, benign {benign}", values.join(" ")),
        Malicious::NotBenign => format!("malicious all but {benign}"),
    }
}

fn limits(column: &Column) -> Vec<String> {
    let mut limits = Vec::new();
    if let Some(allowed) = &column.allowed {
        let more = allowed.len().saturating_sub(NAMED_VALUES);
        let mut values = allowed.iter().take(NAMED_VALUES).cloned().collect::<Vec<_>>().join(" ");
        if more > 0 {
            values.push_str(&format!(" and {more} more"));
        }
        limits.push(format!("one of {values}"));
    }
    match (column.min, column.max) {
        (Some(min), Some(max)) => limits.push(format!("{min} to {max}")),
        (Some(min), None) => limits.push(format!("at least {min}")),
        (None, Some(max)) => limits.push(format!("at most {max}")),
        (None, None) => {}
    }
    if let Some(pattern) = &column.pattern {
        limits.push(format!("like {pattern}"));
    }
    if column.unique {
        limits.push("unique".to_owned());
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_told_in_words() {
        let text = "name: t\nlabel: {column: y, malicious: [-1], benign: [1]}\ncolumns:\n  \
                    - {name: a, type: int, allowed: [0, 1], nullable: true, aliases: [alpha], description: first}\n  \
                    - {name: b, type: float, min: 0, max: 2.5}\n  \
                    - {name: c, type: text, required: false, role: id, unique: true, pattern: 'x+'}\n";
        let schema = Schema::parse(text, "test").unwrap();
        let facts = facts(&schema, "here".to_owned());
        assert_eq!(
            (facts.name.as_str(), facts.origin.as_str(), facts.problem),
            ("t", "here", None)
        );
        assert_eq!(
            (facts.label.as_deref(), facts.malicious),
            (Some("y"), vec!["-1".to_owned()])
        );
        let limits: Vec<&str> = facts.columns.iter().map(|c| c.limits.as_str()).collect();
        assert_eq!(
            limits,
            ["one of 0 1", "0 to 2.5", "like x+, unique", "malicious -1, benign 1"]
        );
        let roles: Vec<&str> = facts.columns.iter().map(|c| c.role.as_str()).collect();
        assert_eq!(roles, ["feature", "feature", "id", "label"]);
        let a = &facts.columns[0];
        assert!(a.required && a.nullable && a.kind == "int" && a.aliases == ["alpha"] && a.description == "first");
    }
}
