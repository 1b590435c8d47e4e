//! Owns the rules across columns: Polars SQL expressions that are true for a sound row.

mod single;

use polars::prelude::{DataFrame, DataType, Expr, Field, IntoLazy, PolarsResult, Schema as FrameSchema, TimeUnit};
use polars::sql::sql_expr;

use crate::data::TypedRow;
use crate::schema::ColumnType;
use crate::text::{shortened, visible_text};
use crate::validation::error::{ValidationError, one_line};
use crate::validation::report::{CheckOutcome, Scope};

use super::{Batch, Check, Findings, Setup, SingleRow, Tally, Totals, source_of};
use single::Condition;

/// One rule that can be evaluated.
struct Rule {
    /// Name of its result in the frame of results.
    name: String,
    expression: Expr,
    /// The same for one row, where it is simple enough.
    single: Option<Condition>,
    tally: Tally,
}

/// The rules of the schema.
struct Rules {
    rules: Vec<Rule>,
    /// Rules about columns that the source lacks.
    skipped: Vec<CheckOutcome>,
}

pub(super) fn plan(setup: &Setup<'_>) -> Result<Option<Box<dyn Check>>, ValidationError> {
    let mut planned = Rules {
        rules: Vec::new(),
        skipped: Vec::new(),
    };
    for (index, rule) in setup.schema.rules.iter().enumerate() {
        let failed = |reason: String| ValidationError::Rule {
            id: visible_text(&rule.id).into_owned(),
            reason: visible_text(&reason).into_owned(),
        };
        let expression = sql_expr(&rule.expression).map_err(|e| failed(one_line(&e)))?;
        let id = format!("rule:{}", rule.id);
        match absent_column(setup, &expression) {
            Ok(Some(name)) => {
                let message = format!("not evaluated: the file has no column `{}`", visible_text(&name));
                planned
                    .skipped
                    .push(CheckOutcome::skipped(id, rule.severity, Scope::Row, message));
            }
            Err(name) => {
                return Err(failed(format!(
                    "it names `{name}`, which is no column of the schema (the label cannot be used)"
                )));
            }
            Ok(None) => {
                let name = format!("rule {index}");
                let expression = expression.alias(name.as_str());
                probe(setup, &expression).map_err(failed)?;
                let text = rule.description.as_ref().unwrap_or(&rule.expression);
                let reason = format!("breaks the rule: {}", visible_text(&shortened(text.as_bytes(), 200)));
                planned.rules.push(Rule {
                    name,
                    single: Condition::new(setup.schema, &expression),
                    expression,
                    tally: setup.tally(&id, rule.severity, None, &reason),
                });
            }
        }
    }
    let any = !planned.rules.is_empty() || !planned.skipped.is_empty();
    Ok(any.then(|| Box::new(planned) as Box<dyn Check>))
}

/// A schema column that the expression names and the source lacks; `Err` with a name that the schema lacks too.
fn absent_column(setup: &Setup<'_>, expression: &Expr) -> Result<Option<String>, String> {
    let mut absent = None;
    for part in expression {
        let Expr::Column(name) = part else { continue };
        let at = setup
            .schema
            .columns
            .iter()
            .position(|column| column.name == name.as_str());
        match at {
            Some(at) if !setup.schema.is_label(name) => {
                if source_of(setup.layout, at).is_none() {
                    absent = Some(name.to_string());
                }
            }
            _ => return Err(name.to_string()),
        }
    }
    Ok(absent)
}

/// Evaluates the expression on no rows: it must work and give a boolean.
fn probe(setup: &Setup<'_>, expression: &Expr) -> Result<(), String> {
    let present =
        setup.schema.columns.iter().enumerate().filter(|(index, column)| {
            !setup.schema.is_label(&column.name) && source_of(setup.layout, *index).is_some()
        });
    let fields = present.map(|(_, column)| Field::new(column.name.as_str().into(), data_type(column.kind)));
    let frame = DataFrame::empty_with_schema(&fields.collect::<FrameSchema>());
    let result = frame
        .lazy()
        .select([expression.clone()])
        .collect()
        .map_err(|e| one_line(&e))?;
    match result.columns().first().map(|c| c.dtype().clone()) {
        Some(DataType::Boolean | DataType::Null) => Ok(()),
        other => {
            let kind = other.map_or_else(|| "nothing".to_owned(), |t| t.to_string());
            Err(format!("it gives {kind}, not true or false"))
        }
    }
}

fn data_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Int | ColumnType::Port => DataType::Int64,
        ColumnType::Float => DataType::Float64,
        ColumnType::Category | ColumnType::Text | ColumnType::Ip => DataType::String,
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Timestamp => DataType::Datetime(TimeUnit::Microseconds, None),
    }
}

impl SingleRow for Rules {
    fn passes(&self, row: &TypedRow<'_>) -> bool {
        // A missing value leaves a rule open, and then the row is sound.
        let sound = |rule: &Rule| rule.single.as_ref().is_some_and(|rule| rule.holds(row) != Some(false));
        self.rules.iter().all(sound)
    }
}

impl Check for Rules {
    fn single(&self) -> Option<&dyn SingleRow> {
        self.rules.iter().all(|rule| rule.single.is_some()).then_some(self)
    }

    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        if self.rules.is_empty() || batch.rows() == 0 {
            return Ok(());
        }
        let failed = |source| ValidationError::Engine {
            what: "rules".to_owned(),
            source,
        };
        let results = self.evaluate(&batch.typed.frame).map_err(failed)?;
        for rule in &mut self.rules {
            let column = results.column(&rule.name).map_err(failed)?;
            if column.dtype() == &DataType::Null {
                continue;
            }
            for (row, sound) in column.bool().map_err(failed)?.iter().enumerate().take(batch.rows()) {
                if sound == Some(false) {
                    rule.tally.fail(batch, row, found);
                }
            }
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        let outcome = |rule: &Rule| {
            let mut outcomes = Tally::outcomes(std::iter::once(&rule.tally));
            outcomes
                .iter_mut()
                .filter(|o| o.failing_rows == 0)
                .for_each(|o| "holds in every row".clone_into(&mut o.message));
            outcomes
        };
        let mut all: Vec<CheckOutcome> = self.rules.iter().flat_map(outcome).collect();
        all.append(&mut self.skipped);
        all
    }
}

impl Rules {
    /// One boolean column a rule, beside the batch's own columns, so that a rule without columns (`1 = 1`) is spread
    /// over all rows.
    fn evaluate(&self, frame: &DataFrame) -> PolarsResult<DataFrame> {
        let expressions: Vec<Expr> = self.rules.iter().map(|rule| rule.expression.clone()).collect();
        frame.clone().lazy().with_columns(expressions).collect()
    }
}
