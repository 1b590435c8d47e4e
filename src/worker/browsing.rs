//! Owns carrying out browse jobs: the open table, its present view, and the thread behind its index.

mod opened;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use crate::browse::{BrowseError, Pattern, RowCount, Search, TableRow, View, Work, arrange, export, find, statistics};
use crate::cancel::CancelToken;
use crate::surroundings::Surroundings;

use super::failure::Failure;
use super::job::BrowseJob;
use super::news::{Arranged, Page, Reply};
use opened::{Opened, Sought};

/// Characters of a cell that come with first rows nobody asked for.
const CELL: usize = 256;
/// Characters of a cell in full.
const FULL_CELL: usize = 1 << 20;
/// First rows that come with an answer, at least and at most, and cells of them together.
const FIRST_ROWS: (usize, usize) = (60, 200);
const FIRST_CELLS: usize = 50_000;

/// What a job is given beside its wish.
pub struct BrowseContext<'a> {
    /// Asks it to stop.
    pub cancel: &'a CancelToken,
    /// Told how far it is: units done, units in all, what is being done. At most thirty times a second.
    pub progress: &'a dyn Fn(u64, Option<u64>, &str),
    /// Told how the index grows, by the thread behind it, also after `Open` is done; at most thirty times a second, and
    /// once with the final count.
    pub rows: Arc<dyn Fn(RowCount) + Send + Sync>,
}

/// Looks at one table at a time. Jobs may run on several threads at once: each works on the table and the view that
/// stood when it began, so a page never waits for a sort.
pub struct Browser {
    surroundings: Arc<Surroundings>,
    opened: RwLock<Option<Arc<Opened>>>,
}

impl Browser {
    /// Nothing is open yet.
    pub fn new(surroundings: Arc<Surroundings>) -> Self {
        Self {
            surroundings,
            opened: RwLock::new(None),
        }
    }

    /// Carries out one job.
    ///
    /// # Errors
    /// What went wrong in words for people. A job that was asked to stop also ends in an error; ask its token whether that
    /// is why.
    pub fn run(&self, job: &BrowseJob, context: &BrowseContext<'_>) -> Result<Reply, Failure> {
        let done = match job {
            BrowseJob::Open { path } => self.open(path.as_deref(), context),
            other => {
                let Some(opened) = self.opened() else {
                    return Err(Failure::new("no table is open; open one first"));
                };
                carry_out(&opened, other, context)
            }
        };
        done.map_err(|error| Failure::of(&error))
    }

    fn opened(&self) -> Option<Arc<Opened>> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn open(&self, path: Option<&Path>, context: &BrowseContext<'_>) -> Result<Reply, BrowseError> {
        let opened = Opened::open(&self.surroundings, path, context)?;
        let rows = first_rows(&opened, &View::all())?;
        context.cancel.check()?;
        let reply = Reply::Opened(opened.told(rows));
        // The one before goes with its last job, and its index stops.
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(opened));
        Ok(reply)
    }
}

fn carry_out(opened: &Opened, job: &BrowseJob, context: &BrowseContext<'_>) -> Result<Reply, BrowseError> {
    let table = &opened.table;
    let (number, view) = opened.view();
    let control = Work {
        cancel: context.cancel,
        progress: context.progress,
    };
    match job {
        // Answered before any table is asked for.
        BrowseJob::Open { .. } => Err(BrowseError::Incomplete("a table cannot open another".to_owned())),
        BrowseJob::Page { first, count, cell } => {
            let rows = page(opened, &view, *first, *count, *cell)?;
            Ok(Reply::Page(Page {
                first: Some(*first),
                rows,
            }))
        }
        BrowseJob::Tail { count, cell } => tail(opened, &view, *count, *cell, control).map(Reply::Page),
        BrowseJob::Lines { lines } => {
            table.wait(control.cancel, control.progress)?;
            let rows = table.rows_at_lines(lines)?;
            arranged(opened, View::of_rows(table, &rows), control)
        }
        BrowseJob::Arrange { filters, sort } => arranged(opened, arrange(table, filters, sort, control)?, control),
        BrowseJob::Find {
            text,
            regex,
            case,
            from,
            direction,
        } => {
            let pattern = Pattern::new(text, *regex, *case)?;
            let sought = Sought::new(number, text, *regex, *case);
            let matches = match opened.known_matches(&sought) {
                None if view.is_ordered() => Some(opened.matches(&view, sought, &pattern, control)?),
                known => known,
            };
            let search = Search {
                from: *from,
                direction: *direction,
                matches: matches.as_ref(),
            };
            find(table, &view, &pattern, search, control).map(Reply::Found)
        }
        BrowseJob::Count { text, regex, case } => {
            let pattern = Pattern::new(text, *regex, *case)?;
            let sought = Sought::new(number, text, *regex, *case);
            let matches = match opened.known_matches(&sought) {
                Some(known) => known,
                None => opened.matches(&view, sought, &pattern, control)?,
            };
            Ok(Reply::Counted(matches.count()))
        }
        BrowseJob::Statistics { column, label } => {
            statistics(table, &view, *column, *label, control).map(Reply::Statistics)
        }
        BrowseJob::Row { at } => {
            let row = page(opened, &view, *at, 1, FULL_CELL)?.pop();
            row.map(Reply::Row).ok_or(BrowseError::NoRow {
                at: *at,
                rows: view.len(table),
            })
        }
        BrowseJob::Export { columns, path, replace } => {
            let exported = export(table, &view, columns, path, *replace, control)?;
            Ok(Reply::Exported {
                path: path.clone(),
                exported,
            })
        }
    }
}

fn page(opened: &Opened, view: &View, first: u64, count: usize, cell: usize) -> Result<Vec<TableRow>, BrowseError> {
    opened.table.read(view.rows(first, count), cell)
}

fn first_rows(opened: &Opened, view: &View) -> Result<Vec<TableRow>, BrowseError> {
    let (least, most) = FIRST_ROWS;
    let count = (FIRST_CELLS / opened.table.columns().len().max(1)).clamp(least, most);
    page(opened, view, 0, count, CELL)
}

/// The last rows: at once where they can be told from the end of the file, else when all are known.
fn tail(opened: &Opened, view: &View, count: usize, cell: usize, control: Work<'_>) -> Result<Page, BrowseError> {
    let table = &opened.table;
    if view.is_all() && !table.row_count().complete {
        if let Some(rows) = table.last_rows(count, cell)? {
            return Ok(Page { first: None, rows });
        }
        table.wait(control.cancel, control.progress)?;
    }
    let first = view.len(table).saturating_sub(count as u64);
    Ok(Page {
        first: Some(first),
        rows: page(opened, view, first, count, cell)?,
    })
}

/// Shows a view from now on.
fn arranged(opened: &Opened, view: View, control: Work<'_>) -> Result<Reply, BrowseError> {
    let first = first_rows(opened, &view)?;
    let rows = view.len(&opened.table);
    control.cancel.check()?;
    opened.show(view);
    Ok(Reply::Arranged(Arranged { rows, first }))
}
