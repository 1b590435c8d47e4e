//! Owns the run of all checks over a stream of batches: which rows are accepted, which rejected and why, and the
//! report at the end.

use std::fmt::Write as _;
use std::sync::Arc;

use polars::prelude::{BooleanChunked, DataFrame, NewChunkedArray};

use crate::data::{Layout, RawBatch, TypedBatch, TypedRow};
use crate::schema::{LabelValue, Schema, Severity};

use super::checks::{Accepted, Batch, Check, Finding, Findings, MALFORMED, Purpose, REJECTED, Setup, Totals, plan};
use super::drift::{BatchProfile, Reference, drift};
use super::error::ValidationError;
use super::report::{CheckOutcome, CheckStatus, Report, Scope, Status};
use super::settings::ValidationSettings;
use crate::text::visible_text;

/// Longest text of a rejected row that is kept, in bytes.
const LONGEST_RAW: usize = 4096;
/// Most reasons named in one reject.
const MOST_REASONS: usize = 5;

/// A row that was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// 1-based line on which it starts.
    pub line: u64,
    /// The column of the first failure, where it is about one.
    pub column: Option<String>,
    /// That cell's text, lossily decoded, shortened to 200 characters; not made safe to show.
    pub value: String,
    /// What is wrong; further failures of the row are named too. Safe to show.
    pub reason: String,
    /// Id of the check that failed first.
    pub check: String,
    /// The row as CSV, shortened to 4 KiB; bytes as they stand in the source.
    pub raw: Vec<u8>,
}

/// What became of one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchVerdict {
    /// For each well-formed row of the batch, whether it was accepted.
    pub accepted: Vec<bool>,
    /// The rejected rows in line order, one each, malformed ones included.
    pub rejects: Vec<Reject>,
}

/// Runs every check that a schema asks for over a source, batch by batch, in bounded memory.
///
/// `rows = accepted + rejected` always holds; a row is rejected once, however many checks it fails.
pub struct Validator {
    schema: Arc<Schema>,
    layout: Layout,
    purpose: Purpose,
    checks: Vec<Box<dyn Check>>,
    totals: Totals,
    reference: Option<(Arc<Reference>, BatchProfile)>,
    notes: Vec<String>,
    most_lines: usize,
    rejected_lines: Vec<u64>,
}

/// What validation measures against besides the schema.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// What the training data looked like: for new categories, missing rates and drift.
    pub reference: Option<Arc<Reference>>,
    /// The present moment in microseconds since 1970, UTC: for timestamps in the future. `None` leaves them out.
    pub now: Option<i64>,
}

impl Validator {
    /// Plans the checks.
    ///
    /// # Errors
    /// The schema has a pattern, an allowed value or a rule that cannot be used.
    pub fn new(
        schema: Arc<Schema>,
        layout: Layout,
        purpose: Purpose,
        settings: &ValidationSettings,
        against: Against,
    ) -> Result<Self, ValidationError> {
        let checks = plan(&Setup {
            schema: &schema,
            layout: &layout,
            purpose,
            settings,
            reference: against.reference.as_deref(),
            now: against.now,
        })?;
        let reference = against.reference.map(|reference| {
            let profile = BatchProfile::new(&reference);
            (reference, profile)
        });
        Ok(Self {
            schema,
            layout,
            purpose,
            checks,
            totals: Totals::default(),
            reference,
            notes: Vec::new(),
            most_lines: 0,
            rejected_lines: Vec::new(),
        })
    }

    /// Has each outcome keep the lines of its failing rows, at most so many.
    pub fn keep_failing_lines(&mut self, most: usize) {
        self.most_lines = most;
    }

    /// Adds a check of your own to those of the schema.
    pub fn add_check(&mut self, check: Box<dyn Check>) {
        self.checks.push(check);
    }

    /// Checks the next batch: its rows as read and as typed.
    ///
    /// # Errors
    /// The two do not belong together, or the data frame engine failed on a rule.
    pub fn check_batch(&mut self, raw: &RawBatch, typed: &TypedBatch) -> Result<BatchVerdict, ValidationError> {
        matching(raw, typed)?;
        let batch = Batch::new(&self.schema, &self.layout, raw, typed);
        let mut found = Findings {
            most_lines: self.most_lines,
            ..Findings::default()
        };
        for check in &mut self.checks {
            check.rows(&batch, &mut found)?;
        }
        let mut findings = found.list;
        findings.retain(|finding| finding.row < raw.rows());
        // Stable: within a row the checks keep their order.
        findings.sort_by_key(|finding| finding.row);
        let mut accepted = vec![true; raw.rows()];
        for finding in &findings {
            accepted[finding.row] = false;
        }
        let rejects = self.rejects(&batch, &findings);
        self.totals.rows += (raw.rows() + raw.malformed.len()) as u64;
        self.totals.malformed += raw.malformed.len() as u64;
        self.totals.rejected += rejects.len() as u64;
        let room = self.most_lines.saturating_sub(self.rejected_lines.len());
        self.rejected_lines
            .extend(rejects.iter().take(room).map(|reject| reject.line));
        self.see_accepted(typed, &accepted)?;
        Ok(BatchVerdict { accepted, rejects })
    }

    /// Whether [`Validator::passes`] can tell of single rows.
    pub fn tells_single_rows(&self) -> bool {
        self.checks.iter().all(|check| check.single().is_some())
    }

    /// Whether a row passes every check without a word. Of one that does not, a batch tells why, or that it passes all the
    /// same. Counts nothing.
    pub fn passes(&self, row: &TypedRow<'_>) -> bool {
        let mut checks = self.checks.iter();
        checks.all(|check| check.single().is_some_and(|check| check.passes(row)))
    }

    /// Shows the accepted rows to the checks of the data as a whole.
    fn see_accepted(&mut self, typed: &TypedBatch, accepted: &[bool]) -> Result<(), ValidationError> {
        let all = accepted.iter().all(|a| *a);
        let filtered: Option<DataFrame> = if all || typed.frame.width() == 0 {
            None
        } else {
            let mask = BooleanChunked::from_slice("accepted".into(), accepted);
            let engine = |source| ValidationError::Engine {
                what: "accepted rows".to_owned(),
                source,
            };
            Some(typed.frame.filter(&mask).map_err(engine)?)
        };
        let frame = filtered.as_ref().unwrap_or(&typed.frame);
        if let Some((_, profile)) = &mut self.reference {
            profile.add(frame);
        }
        let read = typed.labels.as_deref().filter(|_| self.purpose != Purpose::Score);
        let labels: Option<Vec<LabelValue>> = read.map(|labels| {
            labels
                .iter()
                .zip(accepted)
                .filter(|(_, a)| **a)
                .map(|(l, _)| *l)
                .collect()
        });
        for label in labels.iter().flatten() {
            match label {
                LabelValue::Malicious => self.totals.malicious += 1,
                LabelValue::Benign => self.totals.benign += 1,
                LabelValue::Unknown => {}
            }
        }
        let rows = accepted.iter().filter(|a| **a).count();
        let rows = Accepted::new(&self.schema, frame, rows, labels.as_deref());
        self.checks.iter_mut().try_for_each(|check| check.accepted(&rows))
    }

    /// One reject a row, merged with the malformed rows by line.
    fn rejects(&self, batch: &Batch<'_>, findings: &[Finding]) -> Vec<Reject> {
        let mut rejects: Vec<Reject> = findings
            .chunk_by(|a, b| a.row == b.row)
            .filter_map(|row| self.reject(batch, row))
            .collect();
        rejects.extend(batch.raw.malformed.iter().map(|row| Reject {
            line: row.line,
            column: None,
            value: String::new(),
            reason: visible_text(&row.reason).into_owned(),
            check: MALFORMED.to_owned(),
            raw: row.raw.iter().copied().take(LONGEST_RAW).collect(),
        }));
        rejects.sort_by_key(|reject| reject.line);
        rejects
    }

    fn reject(&self, batch: &Batch<'_>, findings: &[Finding]) -> Option<Reject> {
        let first = findings.first()?;
        let value = match first.column {
            _ if first.label => batch.label_value(first.row),
            Some(column) => batch.value(first.row, column),
            None => String::new(),
        };
        let mut reason = first.reason.to_string();
        for finding in findings.iter().skip(1).take(MOST_REASONS - 1) {
            reason.push_str("; ");
            if let Some(column) = self.column(finding) {
                reason.push_str(&visible_text(column));
                reason.push_str(": ");
            }
            reason.push_str(&finding.reason);
        }
        if findings.len() > MOST_REASONS {
            let _ = write!(reason, "; and {} more", findings.len() - MOST_REASONS);
        }
        Some(Reject {
            line: batch.line(first.row),
            column: self.column(first).map(str::to_owned),
            value,
            reason,
            check: first.check.to_string(),
            raw: raw_row(batch.raw, first.row),
        })
    }

    /// The name of the column that a finding is about.
    fn column(&self, finding: &Finding) -> Option<&str> {
        if finding.label {
            return self.schema.label.as_ref().map(|label| label.column.as_str());
        }
        finding
            .column
            .and_then(|at| self.schema.columns.get(at))
            .map(|column| column.name.as_str())
    }

    /// Adds the model's scores of the accepted rows, for prediction drift.
    pub fn add_scores(&mut self, scores: &[f64]) {
        if let Some((_, profile)) = &mut self.reference {
            profile.add_scores(scores);
        }
    }

    /// Sets the share of scored rows that the model flagged, for prediction drift.
    pub fn set_positive_rate(&mut self, rate: f64) {
        if let Some((_, profile)) = &mut self.reference {
            profile.set_positive_rate(rate);
        }
    }

    /// Takes over what the reader noticed about the source (BOM, mixed line ends); they become `info`.
    pub fn note_source(&mut self, notes: &[String]) {
        self.notes = notes.to_vec();
    }

    /// Rows seen and rejected so far.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The report.
    pub fn finish(mut self) -> Report {
        let totals = self.totals;
        let mut checks: Vec<CheckOutcome> = self
            .checks
            .iter_mut()
            .flat_map(|check| check.outcomes(&totals))
            .collect();
        let too_many = |check: &&mut CheckOutcome| check.id == REJECTED && check.status == CheckStatus::Failed;
        if let Some(check) = checks.iter_mut().find(too_many) {
            check.lines = self.rejected_lines;
        }
        if self.notes.is_empty() {
            checks.push(CheckOutcome::passed(
                "source_note",
                Severity::Info,
                Scope::File,
                "nothing unusual",
            ));
        }
        let note = |text: &String| CheckOutcome::failed("source_note", Severity::Info, visible_text(text));
        checks.extend(self.notes.iter().map(note));
        let drift = self
            .reference
            .map(|(reference, profile)| drift(&reference, &profile, &self.schema.drift));
        Report {
            status: Status::of(&checks, totals.rejected),
            rows: totals.rows,
            rejected_rows: totals.rejected,
            checks,
            drift: drift.unwrap_or_default(),
        }
    }
}

/// Both shapes must have the same rows.
fn matching(raw: &RawBatch, typed: &TypedBatch) -> Result<(), ValidationError> {
    let rows = raw.rows();
    let height = if typed.frame.width() == 0 {
        rows
    } else {
        typed.frame.height()
    };
    let labels = typed.labels.as_ref().map_or(rows, Vec::len);
    if height == rows && labels == rows && typed.issues.iter().all(|issue| issue.row < rows) {
        return Ok(());
    }
    Err(ValidationError::Batch {
        line: if rows > 0 { raw.line(0) } else { 0 },
        reason: format!("{rows} rows as read, {height} as typed, {labels} labels"),
    })
}

/// A row as CSV, quoted where needed, at most [`LONGEST_RAW`] bytes.
fn raw_row(raw: &RawBatch, row: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for column in 0..raw.columns() {
        if column > 0 {
            out.push(b',');
        }
        let cell = raw.cell(row, column);
        // No more of a long cell is looked at than can be kept.
        let cell = &cell[..cell.len().min(LONGEST_RAW)];
        if cell.iter().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
            out.push(b'"');
            for byte in cell {
                out.extend(std::iter::repeat_n(*byte, if *byte == b'"' { 2 } else { 1 }));
            }
            out.push(b'"');
        } else {
            out.extend_from_slice(cell);
        }
        if out.len() >= LONGEST_RAW {
            out.truncate(LONGEST_RAW);
            break;
        }
    }
    out
}
