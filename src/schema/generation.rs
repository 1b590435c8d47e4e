//! Owns the making of a schema from data: one streaming pass over raw cells, then a reasoned choice for each column.

mod error;
mod label;
mod profile;
mod roles;
mod types;

use std::collections::HashSet;

use crate::cancel::CancelToken;
use crate::data::{NullTokens, RawBatch, RowReader};

pub use self::error::GenerationError;
pub use self::label::LabelGuess;
use self::profile::{Memory, Profile};
use super::model::{Column, ColumnType, DriftThresholds, Role, Schema};
use super::nearest::nearest_of;
use super::reading::{canonicalise, shown};
use super::writing::Remarks;

/// Rows asked for at once.
const BATCH_ROWS: usize = 4_096;
/// Cells between two looks at the cancel token.
const CELLS_BETWEEN_CHECKS: usize = 65_536;
/// Names listed in one note.
const NAMES_IN_NOTE: usize = 10;

/// What to make a schema of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GenerateOptions {
    /// The schema's name.
    pub name: String,
    /// The source as the user named it, for comments and errors.
    pub origin: String,
    /// The label's column, where a person named it; else it is guessed.
    pub label: Option<String>,
    /// Rows to read at most; all where absent.
    pub max_rows: Option<u64>,
}

/// A schema made from data.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The schema.
    pub schema: Schema,
    /// The same as YAML with each choice's reason beside it; reads back to `schema`.
    pub yaml: String,
    /// What a person should read before using it, one line each.
    pub notes: Vec<String>,
    /// The label and why; `None` where no column looks like one.
    pub label: Option<LabelGuess>,
    /// Rows read, malformed ones left out.
    pub rows: u64,
    /// Rows that do not have the header's number of cells.
    pub malformed: u64,
}

/// Makes a schema from the rows of a source in one pass and bounded memory.
///
/// # Errors
/// The source cannot be read, has no columns or no rows, lacks the label column asked for, or that column cannot be a label;
/// or `cancel` was set.
pub fn generate(
    reader: &mut dyn RowReader,
    options: &GenerateOptions,
    cancel: &CancelToken,
) -> Result<Generated, GenerationError> {
    let names = reader.header().names.clone();
    let no_data = |reason: String| GenerationError::NoData {
        origin: options.origin.clone(),
        reason,
    };
    if names.is_empty() {
        return Err(no_data("no columns; the first line must name them".to_owned()));
    }
    let label_index = match &options.label {
        Some(name) => Some(find_label(&names, name, &options.origin)?),
        None => None,
    };
    let survey = Survey::read(reader, options, cancel)?;
    if survey.rows == 0 {
        return Err(no_data(format!(
            "no rows to learn from ({} malformed); give a file with data below its header",
            survey.malformed
        )));
    }
    let guessed = match label_index {
        Some(index) => {
            let guess = label::of_named(&names, &survey.profiles, index).ok_or_else(|| {
                no_data(format!(
                    "`{}` cannot be the label: it has no value, or more than {} different ones",
                    shown(&names[index], 60),
                    profile::MAX_VALUES
                ))
            })?;
            Some((index, guess))
        }
        None => label::guess(&names, &survey.profiles),
    };
    let mut notes: Vec<String> = reader.notes().to_vec();
    notes.extend(survey.notes());
    Ok(Draft::new(&names, &survey, guessed, notes).finish(options, &survey))
}

fn find_label(names: &[String], wanted: &str, origin: &str) -> Result<usize, GenerationError> {
    let exact = names.iter().position(|n| n == wanted);
    exact
        .or_else(|| names.iter().position(|n| n.trim() == wanted.trim()))
        .ok_or_else(|| GenerationError::NoLabelColumn {
            origin: origin.to_owned(),
            name: shown(wanted, 60),
            nearest: nearest_of(wanted, names.iter().map(String::as_str)).map(|n| shown(n, 60)),
        })
}

/// What the pass over the rows found.
struct Survey {
    profiles: Vec<Profile>,
    rows: u64,
    malformed: u64,
    first_malformed: Option<(u64, String)>,
    cut_short: bool,
}

impl Survey {
    fn read(
        reader: &mut dyn RowReader,
        options: &GenerateOptions,
        cancel: &CancelToken,
    ) -> Result<Self, GenerationError> {
        let nulls = reader.null_tokens().clone();
        let mut survey = Self {
            profiles: vec![Profile::default(); reader.header().names.len()],
            rows: 0,
            malformed: 0,
            first_malformed: None,
            cut_short: false,
        };
        let mut memory = Memory::default();
        let limit = options.max_rows.unwrap_or(u64::MAX);
        loop {
            cancel.check()?;
            let left = usize::try_from(limit - survey.rows).unwrap_or(usize::MAX);
            if left == 0 {
                survey.cut_short = true;
                break;
            }
            let Some(batch) = reader.next_batch(BATCH_ROWS.min(left))? else {
                break;
            };
            survey.take(&batch, &nulls, &mut memory, cancel)?;
        }
        Ok(survey)
    }

    fn take(
        &mut self,
        batch: &RawBatch,
        nulls: &NullTokens,
        memory: &mut Memory,
        cancel: &CancelToken,
    ) -> Result<(), GenerationError> {
        let columns = batch.columns().min(self.profiles.len());
        let rows_between_checks = (CELLS_BETWEEN_CHECKS / columns.max(1)).max(1);
        for row in 0..batch.rows() {
            if row % rows_between_checks == 0 {
                cancel.check()?;
            }
            for (column, profile) in self.profiles.iter_mut().enumerate().take(columns) {
                let cell = batch.cell(row, column);
                if nulls.is_null(cell) {
                    profile.nulls += 1;
                } else {
                    profile.add(cell, batch.line(row), memory);
                }
            }
        }
        self.rows += batch.rows() as u64;
        self.malformed += batch.malformed.len() as u64;
        if let (None, Some(bad)) = (&self.first_malformed, batch.malformed.first()) {
            self.first_malformed = Some((bad.line, bad.reason.clone()));
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some((line, reason)) = &self.first_malformed {
            notes.push(format!(
                "{} malformed rows were left out, the first on line {line}: {}",
                self.malformed,
                shown(reason, 120)
            ));
        }
        if self.cut_short {
            notes.push(format!("only the first {} rows were read", self.rows));
        }
        notes
    }
}

/// The schema in the making.
struct Draft {
    columns: Vec<Column>,
    remarks: Vec<Vec<String>>,
    notes: Vec<String>,
    label: Option<LabelGuess>,
    constant: Vec<String>,
}

impl Draft {
    fn new(names: &[String], survey: &Survey, label: Option<(usize, LabelGuess)>, notes: Vec<String>) -> Self {
        let label_index = label.as_ref().map(|(index, _)| *index);
        let mut draft = Self {
            columns: Vec::with_capacity(names.len()),
            remarks: Vec::with_capacity(names.len()),
            notes,
            label: label.map(|(_, guess)| guess),
            constant: Vec::new(),
        };
        let raw: HashSet<&str> = names.iter().map(String::as_str).collect();
        let mut taken: HashSet<String> = HashSet::new();
        for (index, (name, profile)) in names.iter().zip(&survey.profiles).enumerate() {
            let trimmed = name.trim();
            // The header's spaces go, unless another column has the bare name.
            let canonical = if trimmed == name || raw.contains(trimmed) {
                name.as_str()
            } else {
                trimmed
            };
            if !taken.insert(canonical.to_owned()) {
                draft.notes.push(format!(
                    "column {} bears a name that stands before (`{}`) and was left out",
                    index + 1,
                    shown(name, 60)
                ));
                continue;
            }
            if label_index == Some(index) {
                draft.add_label_column(canonical, profile);
            } else {
                draft.add_column(canonical, profile);
            }
            if canonical != name
                && let Some(column) = draft.columns.last_mut()
            {
                column.aliases.push(name.clone());
            }
        }
        draft
    }

    fn add_label_column(&mut self, name: &str, profile: &Profile) {
        let typed = types::type_of(name, profile);
        let kind = match typed.kind {
            kind @ (ColumnType::Int | ColumnType::Float | ColumnType::Bool) => kind,
            ColumnType::Port => ColumnType::Int,
            _ => ColumnType::Category,
        };
        let mut column = Column::new(name, kind);
        column.required = false;
        column.nullable = profile.nulls > 0;
        self.columns.push(column);
        self.remarks
            .push(vec!["the label; data to score need not have it".to_owned()]);
        if let Some(guess) = &mut self.label {
            name.clone_into(&mut guess.label.column);
        }
    }

    fn add_column(&mut self, name: &str, profile: &Profile) {
        let typed = types::type_of(name, profile);
        let mut remarks = typed.remarks;
        for remark in remarks.iter().filter(|r| r.contains("rejected")) {
            self.notes.push(format!("`{}`: {remark}", shown(name, 60)));
        }
        let time_taken = self.columns.iter().any(|c| c.role == Role::Timestamp);
        let mut decision = roles::decide(name, typed.kind, profile, time_taken);
        if self.label.is_some() && decision.role == Role::Feature && label::is_second_label(name, profile) {
            decision.role = Role::Ignore;
            decision.remark = Some("ignore: looks like a second label, which would give the first away".to_owned());
        }
        let mut column = Column::new(name, typed.kind);
        column.nullable = profile.nulls > 0;
        column.role = decision.role;
        column.unique = decision.unique;
        if column.role == Role::Feature {
            types::set_domain(&mut column, profile);
            if profile.nulls == 0 && profile.values.as_ref().is_some_and(|v| v.len() == 1) {
                remarks.push("one value in every row, so nothing is learned from it".to_owned());
                self.constant.push(shown(name, 60));
            }
        }
        if column.role != Role::Feature {
            // Why it is text matters no more.
            remarks.retain(|remark| !remark.starts_with("text:"));
        }
        if let Some(remark) = decision.remark {
            self.notes.push(format!("`{}` {remark}", shown(name, 60)));
            remarks.push(remark);
        }
        self.columns.push(column);
        self.remarks.push(remarks);
    }

    fn finish(mut self, options: &GenerateOptions, survey: &Survey) -> Generated {
        let label_remarks = self.label_remarks();
        self.notes.splice(0..0, label_remarks.iter().cloned());
        if !self.constant.is_empty() {
            let listed = self
                .constant
                .iter()
                .take(NAMES_IN_NOTE)
                .cloned()
                .collect::<Vec<_>>()
                .join("`, `");
            let more = if self.constant.len() > NAMES_IN_NOTE {
                ", …"
            } else {
                ""
            };
            self.notes.push(format!(
                "{} columns have one value in every row: `{listed}`{more}",
                self.constant.len()
            ));
        }
        let mut schema = Schema {
            name: options.name.clone(),
            description: None,
            label: self.label.as_ref().map(|guess| guess.label.clone()),
            columns: self.columns,
            rules: Vec::new(),
            drift: DriftThresholds::default(),
        };
        canonicalise(&mut schema);
        if let (Some(guess), Some(label)) = (&mut self.label, &schema.label) {
            guess.label = label.clone();
        }
        let remarks = Remarks {
            head: vec![
                format!(
                    "Generated from {}: {} rows, {} columns. Each reason stands above what it explains.",
                    shown(&options.origin, 200),
                    survey.rows,
                    survey.profiles.len()
                ),
                "Ranges and lists hold what was seen; a value outside them passes with a warning.".to_owned(),
            ],
            label: label_remarks,
            columns: self.remarks,
        };
        Generated {
            yaml: schema.to_annotated_yaml(&remarks),
            schema,
            notes: self.notes,
            label: self.label,
            rows: survey.rows,
            malformed: survey.malformed,
        }
    }

    fn label_remarks(&self) -> Vec<String> {
        match &self.label {
            Some(guess) => {
                let mut lines = vec![format!("label `{}`: {}", shown(&guess.label.column, 60), guess.reason)];
                if !guess.certain {
                    lines.push("CONFIRM which values mean malicious before you train: turned round, every number means its opposite".to_owned());
                }
                lines
            }
            None => vec![
                "no column looks like the label, so this schema only serves to score; name it to train, for example"
                    .to_owned(),
                "label: {column: COLUMN, malicious: not_benign, benign: [VALUE]}".to_owned(),
            ],
        }
    }
}

#[cfg(test)]
mod tests;
