//! Owns handing rows of the file to exports, with what was decided.

use std::collections::{HashSet, VecDeque};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use super::arrange::CaseView;
use super::error::ReviewError;
use super::open::{OpenedStore, Review};
use crate::artifacts::Timestamp;
use crate::browse::{BrowseError, Work};
use crate::export::{ExportHeader, ExportRow, Format, RowError, Summary, write, write_file};
use crate::surroundings::Surroundings;
use crate::triage::Queue;

/// Rows that are read at once.
const CHUNK: usize = 8192;
/// Characters of a cell that are passed on.
const CELL: usize = 1 << 20;

/// Which rows are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every row of the file that can be read as a scored one.
    All,
    /// Every row of every case of the present view, in the view's order.
    View,
    /// Rows of cases with a verdict.
    Judged,
}

/// What a command line wants to export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportWish<'w> {
    /// The scored file; `None` is the workspace's own output.
    pub scored: Option<&'w Path>,
    /// How it is written.
    pub format: Format,
    /// Which rows. Without a console the view is the flagged ones, the highest risk first.
    pub scope: Scope,
    /// Where to.
    pub path: &'w Path,
    /// Whether a file that is there may be replaced.
    pub replace: bool,
}

/// Exports a scored file with the verdicts of the workspace's store, without a console.
///
/// # Errors
/// As [`Review::open`] and [`Review::export`]; a store that cannot be read is one here, for the verdicts would be missing.
pub fn export_scored(
    surroundings: &Arc<Surroundings>,
    wish: &ExportWish<'_>,
    control: Work<'_>,
) -> Result<Summary, ReviewError> {
    let store = OpenedStore::local(surroundings);
    if store.store.is_none() {
        return Err(ReviewError::NoVerdicts(store.without));
    }
    let review = Review::open(surroundings, wish.scored, store, control)?;
    review.arrange(&Queue::TopRisk, &[], None, control)?;
    review.export(wish.format, wish.scope, wish.path, wish.replace, control)
}

impl Scope {
    fn words(self, view: &CaseView) -> String {
        match self {
            Self::All => "all rows".to_owned(),
            Self::Judged => "rows with a verdict".to_owned(),
            Self::View if view.filters.is_empty() => format!("queue {}", view.queue.title()),
            Self::View => format!("queue {}, where {}", view.queue.title(), view.filters.join(" and ")),
        }
    }
}

impl Review {
    /// Writes rows to a file, whole or not at all.
    ///
    /// # Errors
    /// The format cannot be written, the file is there already or is the one that is open, the rows cannot be read, or it was
    /// given up.
    pub fn export(
        &self,
        format: Format,
        scope: Scope,
        path: &Path,
        replace: bool,
        control: Work<'_>,
    ) -> Result<Summary, ReviewError> {
        let itself = |path: &Path| std::fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
        if itself(path).is_some_and(|there| itself(&self.file.path) == Some(there)) {
            return Err(BrowseError::Itself {
                path: path.to_path_buf(),
            }
            .into());
        }
        let mut rows = self.export_rows(scope, control);
        let done = write_file(format, path, replace, &self.export_header(scope), &mut rows);
        control.cancel.check()?;
        Ok(done?)
    }

    /// Writes rows to whatever takes them.
    ///
    /// # Errors
    /// The format cannot be written, the rows cannot be read, or it was given up.
    pub fn export_to(
        &self,
        format: Format,
        scope: Scope,
        out: &mut (impl Write + Send),
        control: Work<'_>,
    ) -> Result<Summary, ReviewError> {
        let mut rows = self.export_rows(scope, control);
        let done = write(format, &self.export_header(scope), &mut rows, out);
        control.cancel.check()?;
        Ok(done?)
    }

    /// The input's own columns.
    pub(super) fn input_columns(&self) -> Vec<String> {
        let columns = self.file.table.columns().iter().enumerate();
        let own = columns.filter(|(at, _)| self.file.ours.all.binary_search(at).is_err());
        own.map(|(_, column)| column.name.clone()).collect()
    }

    fn export_header(&self, scope: Scope) -> ExportHeader {
        let now = Timestamp::now();
        let rules = self.rules();
        let in_force = rules.into_iter().filter(|(rule, _)| rule.holds_at(now));
        ExportHeader {
            nulls: self.surroundings.settings.reading.null_tokens(),
            file: self.file.name().to_owned(),
            run: self.file.run().to_owned(),
            model: self.file.family.clone(),
            threshold: self.file.threshold,
            analyst: self.analyst.clone(),
            scope: scope.words(&self.view()),
            rules: in_force.collect(),
            ..ExportHeader::new(self.input_columns(), &self.file.schema, now)
        }
    }

    fn export_rows<'r>(&'r self, scope: Scope, control: Work<'r>) -> ExportRows<'r> {
        let view = self.view();
        let every = 0..self.cases().rows();
        let mut rows: Vec<u64> = {
            let live = self.live();
            let wanted = |row: &u64| {
                self.cases().of_row(*row).is_some_and(|case| match scope {
                    Scope::All => true,
                    Scope::View => view.place(case).is_some(),
                    Scope::Judged => live.is_judged(case),
                })
            };
            every.filter(wanted).collect()
        };
        if scope == Scope::View {
            let place = |row: u64| self.cases().of_row(row).and_then(|case| view.place(case));
            rows.sort_by_key(|&row| (place(row), row));
        }
        ExportRows {
            review: self,
            rows,
            next: 0,
            ready: VecDeque::new(),
            told: HashSet::new(),
            control,
        }
    }
}

/// Rows on their way out.
struct ExportRows<'r> {
    review: &'r Review,
    rows: Vec<u64>,
    next: usize,
    ready: VecDeque<ExportRow>,
    /// Cases whose history went out with another row.
    told: HashSet<u32>,
    control: Work<'r>,
}

impl Iterator for ExportRows<'_> {
    type Item = Result<ExportRow, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty()
            && self.next < self.rows.len()
            && let Err(error) = self.read()
        {
            self.next = self.rows.len();
            return Some(Err(error.into()));
        }
        self.ready.pop_front().map(Ok)
    }
}

impl ExportRows<'_> {
    fn read(&mut self) -> Result<(), ReviewError> {
        self.control.cancel.check()?;
        let end = (self.next + CHUNK).min(self.rows.len());
        let chunk = &self.rows[self.next..end];
        // Read in the file's order, given in the export's.
        let mut order: Vec<usize> = (0..chunk.len()).collect();
        order.sort_unstable_by_key(|&at| chunk[at]);
        let texts = self.review.file.table.read(order.iter().map(|&at| chunk[at]), CELL)?;
        let mut made: Vec<Option<ExportRow>> = vec![None; chunk.len()];
        {
            let review = self.review;
            let live = review.live();
            for (text, at) in texts.iter().zip(order) {
                let Some(case) = review.cases().of_row(chunk[at]) else {
                    continue;
                };
                let line = review.line(&live, case, text, &[], 0);
                let reasons = review.file.ours.reasons.and_then(|at| text.cells.get(at));
                let mut events = Vec::new();
                if self.told.insert(case) {
                    events = live.ledger.history(line.row).to_vec();
                    if let Some(first) = events.first_mut().filter(|_| live.ledger.has_cells(line.row)) {
                        first.cells = Some(review.file.schema_cells(text));
                    }
                }
                made[at] = Some(ExportRow {
                    cells: review.input_cells(text).into_iter().map(|(_, cell)| cell).collect(),
                    line: None,
                    case: live.ledger.case(line.row),
                    copies: line.copies,
                    probability: line.probability,
                    confidence: line.confidence,
                    flagged: line.flagged,
                    risk: line.risk,
                    action: line.action,
                    reasons: reasons.cloned().unwrap_or_default(),
                    run: review.file.run().to_owned(),
                    state: line.state,
                    suppressed: line.suppressed,
                    events,
                });
            }
        }
        self.ready.extend(made.into_iter().flatten());
        self.next = end;
        let total = self.rows.len() as u64;
        (self.control.progress)(end as u64, Some(total), "exporting");
        Ok(())
    }
}
