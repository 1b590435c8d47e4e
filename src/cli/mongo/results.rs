//! Owns writing results back to the team's server: scored rows into a collection of rows, a validation report as one document.

use std::path::Path;

use serde::Serialize;

use super::super::context::Context;
use super::super::error::CliError;
use super::rows::{self, columns, counts, store};
use crate::artifacts::Timestamp;
use crate::data::{self, CollectionSource, ReadSettings, Source};
use crate::mongo::{FieldKind, PushRequest, keep_record};
use crate::pipeline::prediction::ADDED;
use crate::review::analyst;
use crate::schema::Schema;
use crate::text::visible_text;
use crate::validation::Report;

/// A data set's name stands in every row; one made of more inputs than this has room for is cut.
const LONGEST_NAME: usize = 160;

/// Columns of ours that are numbers.
const NUMBERS: [&str; 2] = ["probability", "confidence"];

/// What became of scored rows; `stored` of `predict --json`.
#[derive(Serialize)]
pub(in super::super) struct StoredRows {
    /// Database and collection.
    collection: String,
    new: u64,
    there: u64,
    failed: u64,
    #[serde(skip)]
    outcome: rows::Stored,
}

impl StoredRows {
    /// Rows that the server would not take are an error.
    pub(in super::super) fn check(&self) -> Result<(), CliError> {
        self.outcome.check()
    }
}

/// Scored rows that are to be stored.
pub(in super::super) struct ScoredRows<'a> {
    /// The scored file.
    pub(in super::super) file: &'a Path,
    /// The run that scored them.
    pub(in super::super) run: &'a str,
    /// What was scored.
    pub(in super::super) inputs: &'a [Source],
    /// The schema of the run.
    pub(in super::super) schema: &'a Schema,
}

/// Stores the rows of a scored file; those that are there already stay as they are.
pub(in super::super) fn store_scored(
    scored: &ScoredRows<'_>,
    to: &CollectionSource,
    context: &Context,
) -> Result<StoredRows, CliError> {
    let connection = to.connect()?;
    // Our own file, written as we write files, whatever the settings say of others'.
    let mut reader = data::open(&Source::Path(scored.file.to_owned()), &ReadSettings::default())?;
    let mut columns = columns(scored.schema, reader.header());
    let own = columns.len().saturating_sub(ADDED.len());
    for (column, name) in columns[own..].iter_mut().zip(ADDED) {
        column.1 = if NUMBERS.contains(&name) {
            FieldKind::Number
        } else {
            FieldKind::Text
        };
    }
    let set = set_name(scored.run, scored.inputs);
    let request = PushRequest {
        collection: to.collection(),
        set: &set,
        columns: &columns,
    };
    let name = scored.file.display().to_string();
    let outcome = store(&mut *reader, &name, &request, &connection, context)?;
    let collection = format!("{}.{}", connection.target().database, to.collection());
    let text = format!("{collection}: {} (data set {set})", counts(&outcome.pushed));
    context.progress.line(&visible_text(&text));
    Ok(StoredRows {
        collection,
        new: outcome.pushed.new,
        there: outcome.pushed.there,
        failed: outcome.pushed.failed,
        outcome,
    })
}

/// Names the scored rows of some inputs: the same run and inputs, the same name.
fn set_name(run: &str, inputs: &[Source]) -> String {
    let stems: Vec<String> = inputs.iter().map(Source::stem).collect();
    let name = stems.join("+");
    if name.len() <= LONGEST_NAME {
        return format!("{run}/{name}");
    }
    let first: String = name.chars().take(LONGEST_NAME / 4).collect();
    let hash = blake3::hash(name.as_bytes()).to_hex();
    format!("{run}/{first}+{}", &hash[..16])
}

/// A stored report: what `validate --json` prints, with what it is about.
#[derive(Serialize)]
struct KeptReport<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    source: &'a str,
    schema: &'a str,
    at: Timestamp,
    by: String,
    #[serde(flatten)]
    report: &'a Report,
}

/// What became of a report; `stored` of `validate --json`.
#[derive(Serialize)]
pub(in super::super) struct StoredReport {
    /// Database and collection.
    collection: String,
    /// The document's `_id`.
    id: String,
}

/// Stores a validation report as one document.
pub(in super::super) fn store_report(
    report: &Report,
    source: &Source,
    schema: &Schema,
    to: &CollectionSource,
    context: &Context,
) -> Result<StoredReport, CliError> {
    let connection = to.connect()?;
    let (source, at) = (source.to_string(), Timestamp::now());
    let id = report_id(&source, &schema.name, at);
    let record = KeptReport {
        id: &id,
        source: &source,
        schema: &schema.name,
        at,
        by: analyst(&context.surroundings),
        report,
    };
    keep_record(&connection, to.collection(), &record, &context.cancel)?;
    let collection = format!("{}.{}", connection.target().database, to.collection());
    let text = format!("{collection}: report {id} stored");
    context.progress.line(&visible_text(&text));
    Ok(StoredReport { collection, id })
}

/// Names a report: 32 hex digits. Each part is hashed with its length, so that no two run into one another.
fn report_id(source: &str, schema: &str, at: Timestamp) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in ["nsec report 1", source, schema, &at.to_string()] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let hash = hasher.finalize().to_hex();
    hash[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(names: &[&str]) -> Vec<Source> {
        names.iter().map(|name| Source::parse(name).unwrap()).collect()
    }

    #[test]
    fn a_data_set_is_named_by_run_and_inputs() {
        assert_eq!(set_name("r", &inputs(&["a/flows.csv.gz"])), "r/flows");
        let two = ["flows.csv", "mongodb://bob:zebra7@h/team.rows"];
        assert_eq!(set_name("r", &inputs(&two)), "r/flows+rows");
        assert_eq!(set_name("r", &inputs(&["-"])), "r/standard_input");
    }

    #[test]
    fn a_name_of_many_inputs_is_short_and_still_theirs_alone() {
        let many: Vec<String> = (0..500).map(|at| format!("flöws{at}.csv")).collect();
        let names: Vec<&str> = many.iter().map(String::as_str).collect();
        let (all, fewer) = (set_name("r", &inputs(&names)), set_name("r", &inputs(&names[..499])));
        assert!(all.len() < LONGEST_NAME && all.starts_with("r/flöws0+"), "{all}");
        assert_ne!(all, fewer);
        assert_eq!(all, set_name("r", &inputs(&names)));
    }

    #[test]
    fn a_report_is_named_by_source_schema_and_time() {
        let now = Timestamp::now();
        let id = report_id("a.csv", "flows", now);
        assert_eq!(id.len(), 32);
        assert_eq!(id, report_id("a.csv", "flows", now));
        let others = [
            report_id("a.csvf", "lows", now),
            report_id("b.csv", "flows", now),
            report_id(
                "a.csv",
                "flows",
                serde_json::from_str("\"2026-01-01T00:00:00Z\"").unwrap(),
            ),
        ];
        assert!(!others.contains(&id));
    }
}
