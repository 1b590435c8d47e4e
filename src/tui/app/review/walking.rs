//! Owns moving the cursor: over cases and columns, to the next case without a verdict, to the next match.

use super::ReviewPanel;
use super::jobs::{Asked, Seeking, Sought};
use super::window::Filled;
use crate::browse::Direction;
use crate::tui::app::shared::Shared;
use crate::tui::keymap::Action;
use crate::worker::{Failure, Kind, ReviewJob, ReviewPage};

/// Milliseconds for which nothing is decided after another case came under the cursor by itself.
const SETTLE: u64 = 300;

/// Columns that stand in the list if the settings name none.
const COLUMNS_UNASKED: usize = 3;

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListColumn {
    /// The band.
    Risk,
    /// The probability of malicious.
    Probability,
    /// The verdict.
    Verdict,
    /// The strongest reason.
    Reason,
    /// A column of the file, by its place among those asked for.
    Cell(usize),
}

impl ReviewPanel {
    /// Places in the file of the columns that stand in the list.
    pub fn cell_columns(&self) -> Vec<usize> {
        let Some(file) = self.file.opened() else {
            return Vec::new();
        };
        let place = |name: &String| file.columns.iter().position(|column| column.name == *name);
        let chosen: Vec<usize> = file.list_columns.iter().filter_map(place).collect();
        if chosen.is_empty() {
            return (0..file.columns.len().min(COLUMNS_UNASKED)).collect();
        }
        chosen
    }

    /// The columns of the list, from the left.
    pub fn columns(&self) -> Vec<ListColumn> {
        let fixed = [
            ListColumn::Risk,
            ListColumn::Probability,
            ListColumn::Verdict,
            ListColumn::Reason,
        ];
        let cells = (0..self.cell_columns().len()).map(ListColumn::Cell);
        fixed.into_iter().chain(cells).collect()
    }

    /// The column that the cursor is on, and its place.
    pub fn column(&self) -> (usize, ListColumn) {
        let columns = self.columns();
        let at = self.column.min(columns.len() - 1);
        (at, columns[at])
    }

    /// Moves the cursor as a key asks; whether it moves one.
    pub(super) fn walk(&mut self, shared: &mut Shared, action: Action) -> bool {
        let page = self.window.height().max(1) as i64;
        let last = self.columns().len() - 1;
        match action {
            Action::Down => self.window.step(1, false),
            Action::Up => self.window.step(-1, false),
            Action::PageDown => self.window.step(page, true),
            Action::PageUp => self.window.step(-page, true),
            Action::HalfPageDown => self.window.step((page / 2).max(1), true),
            Action::HalfPageUp => self.window.step(-(page / 2).max(1), true),
            Action::Top => self.window.go_to(0),
            Action::Bottom => self.window.go_to(self.window.cases().saturating_sub(1)),
            Action::Left => self.column = self.column.min(last).saturating_sub(1),
            Action::Right => self.column = (self.column + 1).min(last),
            Action::FirstColumn => self.column = 0,
            Action::LastColumn => self.column = last,
            Action::Skip => self.next_unreviewed(shared, Sought::Unreviewed, Direction::Forward),
            Action::NextUnreviewed => self.next(shared, Direction::Forward),
            Action::PreviousUnreviewed => self.next(shared, Direction::Backward),
            _ => return false,
        }
        self.unsettled = 0;
        // Whoever walks on waits no longer for what was sought.
        let seeks = matches!(
            action,
            Action::Skip | Action::NextUnreviewed | Action::PreviousUnreviewed
        );
        if !seeks && let Some(ticket) = self.jobs.running(Kind::Seek) {
            shared.cancel(ticket);
            self.jobs.forget(Kind::Seek);
        }
        true
    }

    /// While a text is looked for these keys follow it.
    fn next(&mut self, shared: &mut Shared, direction: Direction) {
        if self.find.is_some() {
            self.find_on(shared, direction);
        } else {
            self.next_unreviewed(shared, Sought::Unreviewed, direction);
        }
    }

    /// Goes to the next case without a verdict: at once where it is among the rows that are here.
    pub(super) fn next_unreviewed(&mut self, shared: &mut Shared, why: Sought, direction: Direction) {
        let Some(from) = self.window.place() else { return };
        self.jobs.forget(Kind::Seek);
        if let Some(at) = self.near_unreviewed(from, direction) {
            return self.window.go_to(at);
        }
        let job = ReviewJob::NextUnreviewed { from, direction };
        self.seek(shared, job, Seeking { why, direction, from });
    }

    pub(super) fn seek(&mut self, shared: &mut Shared, job: ReviewJob, seeking: Seeking) {
        self.jobs.ask(shared, job, Asked::Seek(seeking));
    }

    /// The next case without a verdict, as far as the rows go without a gap.
    fn near_unreviewed(&self, from: u64, direction: Direction) -> Option<u64> {
        let mut at = from;
        loop {
            at = match direction {
                Direction::Forward => at + 1,
                Direction::Backward => at.checked_sub(1)?,
            };
            let seen = self.pending.seen(self.window.row(at)?);
            if seen.verdict.is_none() {
                return Some(at);
            }
        }
    }

    /// What was sought stands there, or there is none.
    pub(super) fn sought(&mut self, shared: &mut Shared, seeking: Seeking, found: Option<u64>) {
        let Some(at) = found else {
            return self.nothing_sought(shared, seeking.why);
        };
        if seeking.why != Sought::Match {
            // The worker may not know yet what was decided a moment ago.
            let judged = |row| self.pending.about(row) && self.verdict_at(at);
            if self.window.row(at).is_some_and(|row| judged(row.row)) {
                if at == seeking.from {
                    return self.nothing_sought(shared, seeking.why);
                }
                let job = ReviewJob::NextUnreviewed {
                    from: at,
                    direction: seeking.direction,
                };
                return self.seek(shared, job, seeking);
            }
        }
        if let (Sought::Match, Some(find)) = (seeking.why, &mut self.find) {
            find.found = true;
        }
        let wrapped = match seeking.direction {
            Direction::Forward => at <= seeking.from,
            Direction::Backward => at >= seeking.from,
        };
        if wrapped && at != seeking.from {
            shared.say("past the end; this is from the other end");
        } else if at == seeking.from && seeking.why == Sought::Unreviewed {
            shared.say("this is the only case without a verdict here");
        }
        self.window.go_to(at);
    }

    fn verdict_at(&self, at: u64) -> bool {
        let row = self.window.row(at);
        row.is_some_and(|row| self.pending.seen(row).verdict.is_some())
    }

    fn nothing_sought(&mut self, shared: &mut Shared, why: Sought) {
        match why {
            Sought::Match => {
                let text = self.find.take().map(|find| find.text).unwrap_or_default();
                shared.complain(format!("no case here has {text}"));
            }
            Sought::Unreviewed => shared.say(self.all_judged()),
            // It is said when the verdict is on disk.
            Sought::Advance => {}
        }
    }

    /// That every case of the queue has its verdict.
    pub fn all_judged(&self) -> String {
        let cases = crate::text::grouped(self.view.progress.of);
        let (queue, of_filter) = (self.view.queue.title(), !self.view.filters.is_empty());
        let which = if of_filter { " that meets the filter" } else { "" };
        format!("every case of {queue}{which} is judged ({cases})")
    }

    pub(super) fn seek_failed(&mut self, shared: &mut Shared, seeking: Seeking, failure: &Failure) {
        let message = failure.message.clone();
        match self
            .find
            .clone()
            .filter(|find| seeking.why == Sought::Match && !find.found)
        {
            // It was never found, so it may be written wrongly: back to where it was typed.
            Some(find) => {
                self.find = None;
                self.ask_for_text(shared, &find, Some(message));
            }
            None => shared.complain(message),
        }
    }

    /// Takes rows, and keeps hands off the case under the cursor where it is another one without anybody having moved.
    pub(super) fn page_came(&mut self, shared: &mut Shared, page: &ReviewPage) {
        self.pending.filled();
        self.cards.rows_came();
        if self.window.filled(page.clone()) == Filled::Another {
            self.unsettled = shared.now + SETTLE;
        }
    }
}
