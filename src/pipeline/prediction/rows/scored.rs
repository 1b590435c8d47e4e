//! Owns a batch that was scored: an outcome for every row, in order, and its text as `output.csv` has it.

use crate::data::RawBatch;
use crate::pipeline::csv_text::{push_cell, push_guarded};
use crate::pipeline::prediction::output::{InputCells, ScoredBatch, ScoredRow, push_score};
use crate::pipeline::prediction::summary::RiskCounts;
use crate::validation::Reject;

use super::RowModel;

/// Where the outcome of a row is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// Among the scored rows.
    Scored(usize),
    /// Among the rejects, and the row of the batch unless it could not be cut into cells.
    Rejected(usize, Option<usize>),
}

/// Scored, rejected and malformed rows in the order of their lines, which is that of the rejects, too.
pub(super) fn places(scored: &ScoredBatch, rejects: &[Reject]) -> Vec<Place> {
    let mut malformed: Vec<u64> = scored.raw.malformed.iter().map(|row| row.line).collect();
    malformed.sort_unstable();
    let mut malformed = malformed.into_iter().peekable();
    let mut good = scored.rows.iter().enumerate().peekable();
    let mut rejects = 0..rejects.len();
    let mut places = Vec::with_capacity(scored.raw.total_rows());
    for row in 0..scored.raw.rows() {
        while malformed.next_if(|&line| line < scored.raw.line(row)).is_some() {
            places.extend(rejects.next().map(|at| Place::Rejected(at, None)));
        }
        match good.next_if(|(_, next)| next.row == row) {
            Some((at, _)) => places.push(Place::Scored(at)),
            None => places.extend(rejects.next().map(|at| Place::Rejected(at, Some(row)))),
        }
    }
    places.extend(rejects.map(|at| Place::Rejected(at, None)));
    places
}

/// What became of one row.
#[derive(Clone, Copy, Debug)]
pub enum RowOutcome<'a> {
    /// It was scored; with the text of `reasons`, empty where none were asked for or the family gives none.
    Scored(&'a ScoredRow, &'a str),
    /// It was not; with the column, its value and the reason, which is safe to show.
    Rejected(&'a Reject),
}

/// One row of a batch.
#[derive(Clone, Copy, Debug)]
pub struct RowResult<'a> {
    /// The line it was given with.
    pub line: u64,
    /// Its place in [`ScoredRows::raw`]; `None` if it could not be cut into cells.
    pub row: Option<usize>,
    /// What became of it.
    pub outcome: RowOutcome<'a>,
}

/// A batch with an outcome for every row that came in.
pub struct ScoredRows {
    pub(super) scored: ScoredBatch,
    pub(super) rejects: Vec<Reject>,
    pub(super) places: Vec<Place>,
    /// By place among the scored rows, ascending.
    pub(super) reasons: Vec<(usize, String)>,
    pub(super) counts: RiskCounts,
    pub(super) flagged: u64,
    pub(super) model: RowModel,
}

impl ScoredRows {
    /// Rows that came in.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none came in.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Rows that could not be scored.
    pub fn rejected(&self) -> usize {
        self.rejects.len()
    }

    /// Rows at or above the threshold.
    pub fn flagged(&self) -> u64 {
        self.flagged
    }

    /// Scored rows by level.
    pub fn risk(&self) -> RiskCounts {
        self.counts
    }

    /// The cells as they came in.
    pub fn raw(&self) -> &RawBatch {
        &self.scored.raw
    }

    /// Every row, in the order in which they came in.
    pub fn iter(&self) -> impl Iterator<Item = RowResult<'_>> {
        self.places.iter().map(|place| match *place {
            Place::Scored(at) => {
                let row = &self.scored.rows[at];
                let explained = self.reasons.binary_search_by_key(&at, |(row, _)| *row);
                let reasons = explained.ok().and_then(|found| self.reasons.get(found));
                RowResult {
                    line: self.scored.raw.line(row.row),
                    row: Some(row.row),
                    outcome: RowOutcome::Scored(row, reasons.map_or("", |(_, text)| text)),
                }
            }
            Place::Rejected(at, row) => RowResult {
                line: self.rejects[at].line,
                row,
                outcome: RowOutcome::Rejected(&self.rejects[at]),
            },
        })
    }

    /// What writes rows as `output.csv` has them. With `guard`, text that a spreadsheet would run is guarded.
    pub fn csv(&self, guard: bool) -> RowText<'_> {
        RowText {
            rows: self,
            cells: InputCells::new(&self.scored.raw, guard, None),
            guard,
            numbers: ryu::Buffer::new(),
        }
    }
}

/// Writes rows as `output.csv` has them, part by part, so that a caller can add columns of its own.
pub struct RowText<'a> {
    rows: &'a ScoredRows,
    cells: InputCells<'a>,
    guard: bool,
    numbers: ryu::Buffer,
}

impl RowText<'_> {
    /// Appends the input's own cells of a row of the batch, each with a comma behind it.
    pub fn push_input(&mut self, text: &mut Vec<u8>, row: usize) {
        self.cells.push(text, row);
    }

    /// Appends the columns [`ADDED`](crate::pipeline::prediction::ADDED) of a scored row, without a comma or line end behind the last.
    pub fn push_added(&mut self, text: &mut Vec<u8>, row: &ScoredRow, reasons: &str) {
        push_score(text, row, &mut self.numbers);
        // As `predict` has them: guarded whatever `--raw` says, for they begin with a name out of the schema.
        push_guarded(text, reasons.as_bytes());
        text.push(b',');
        push_cell(text, self.rows.model.run_id().as_bytes());
        self.rows.model.known().push(text, row.id, self.guard);
    }
}
