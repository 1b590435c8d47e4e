//! Owns the rows in sight: where the cursor is, which rows are kept around it, and which are to be asked for next.

use std::collections::VecDeque;

use crate::browse::{RowCount, TableRow};
use crate::worker::{Page, Ticket};

/// Cells kept at most; a table of thousands of columns keeps no more than the rows in sight.
const CELLS_KEPT: usize = 100_000;
/// Last rows asked for at most while their places are not known.
const LONGEST_TAIL: usize = 2_000;

/// Rows that are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// From a place on.
    Rows {
        /// The first one's place.
        first: u64,
        /// How many.
        count: usize,
    },
    /// The last ones.
    Tail {
        /// How many.
        count: usize,
    },
}

/// Last rows whose places are not known yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tail {
    rows: Vec<TableRow>,
    /// Rows between the cursor and the last one.
    up: usize,
    /// Rows below the screen.
    below: usize,
}

/// What there is to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight<'w> {
    /// The rows from the top of the table; a row that is still being read is missing.
    pub rows: Vec<Option<&'w TableRow>>,
    /// The one the cursor is on.
    pub cursor: Option<usize>,
}

/// The rows around the cursor of one view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    count: RowCount,
    height: usize,
    columns: usize,
    cursor: u64,
    top: u64,
    /// Top and cursor of what is on the screen until the rows of the present ones are there.
    shown: (u64, u64),
    first: u64,
    rows: VecDeque<TableRow>,
    tail: Option<Tail>,
    upwards: bool,
    asked: Option<(Ticket, Wish)>,
    /// The last wish that was answered: it is not made again for nothing.
    answered: Option<Wish>,
    /// A row to go to as soon as it is known.
    expected: Option<u64>,
}

impl Window {
    /// At the top of a view whose first rows have come.
    pub fn new(count: RowCount, first: Vec<TableRow>, columns: usize, height: usize) -> Self {
        Self {
            count,
            rows: first.into(),
            columns,
            height: height.max(1),
            ..Self::default()
        }
    }

    /// How many rows there are.
    pub fn count(&self) -> RowCount {
        self.count
    }

    /// The cursor's place; `None` while it is on the last rows of a table that is not counted yet, or there is no row.
    pub fn place(&self) -> Option<u64> {
        (self.tail.is_none() && self.count.known > 0).then_some(self.cursor)
    }

    /// The first row in sight.
    pub fn top(&self) -> u64 {
        self.top
    }

    /// The row that is gone to as soon as it is known.
    pub fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// The row under the cursor, if it is there already.
    pub fn current(&self) -> Option<&TableRow> {
        match &self.tail {
            Some(tail) => tail.rows.iter().rev().nth(tail.up),
            None => self.row(self.cursor),
        }
    }

    /// A row that is kept.
    pub fn row(&self, at: u64) -> Option<&TableRow> {
        let place = usize::try_from(at.checked_sub(self.first)?).ok()?;
        self.rows.get(place)
    }

    /// What there is to see.
    pub fn sight(&self) -> Sight<'_> {
        if let Some(tail) = self.tail.as_ref().filter(|tail| !tail.rows.is_empty()) {
            let end = tail.rows.len() - tail.below;
            let begin = end.saturating_sub(self.height);
            return Sight {
                rows: tail.rows[begin..end].iter().map(Some).collect(),
                cursor: Some(tail.rows.len() - 1 - tail.up - begin),
            };
        }
        let (top, cursor) = self.shown;
        let end = top.saturating_add(self.height as u64).min(self.count.known);
        Sight {
            rows: (top..end).map(|at| self.row(at)).collect(),
            cursor: (top..end).contains(&cursor).then(|| (cursor - top) as usize),
        }
    }

    /// Takes another height.
    pub fn resize(&mut self, height: usize) {
        if self.height != height.max(1) {
            self.height = height.max(1);
            self.answered = None;
            self.settle();
        }
    }

    /// Takes another count of the rows.
    pub fn counted(&mut self, count: RowCount) {
        self.count = count;
        self.answered = None;
        if count.complete {
            self.leave_tail();
        }
        if let Some(row) = self.expected
            && (row < count.known || count.complete)
        {
            self.expected = None;
            self.go(row);
        }
        self.settle();
    }

    /// Puts the cursor on a row; on one that is not known yet as soon as it is.
    pub fn go_to(&mut self, row: u64) {
        self.expected = (row >= self.count.known && !self.count.complete).then_some(row);
        self.tail = None;
        self.go(row);
    }

    /// As before, with this row on top if the cursor allows it.
    pub fn go_back_to(&mut self, row: u64, top: u64) {
        self.top = top;
        self.go_to(row);
    }

    fn go(&mut self, row: u64) {
        self.upwards = row < self.cursor;
        // From afar a row comes into the middle, where its neighbours are seen too.
        let near = self.top..self.top.saturating_add(self.height as u64);
        if !near.contains(&row) && row.abs_diff(self.cursor) > self.height as u64 {
            self.top = row.saturating_sub(self.height as u64 / 2);
        }
        self.cursor = row;
        self.settle();
    }

    /// Some rows down or up; with `scroll` the screen goes along.
    pub fn step(&mut self, by: i64, scroll: bool) {
        self.expected = None;
        self.upwards = by < 0;
        if let Some(tail) = &mut self.tail {
            let most = tail.rows.len().saturating_sub(1);
            tail.up = (tail.up as i64).saturating_sub(by).clamp(0, most as i64) as usize;
        } else {
            self.cursor = self.cursor.saturating_add_signed(by);
            if scroll {
                self.top = self.top.saturating_add_signed(by);
            }
        }
        self.settle();
    }

    /// How many rows a screen has.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The first row.
    pub fn to_top(&mut self) {
        self.go_to(0);
    }

    /// The last row, also of a table that is not counted yet.
    pub fn to_bottom(&mut self) {
        self.expected = None;
        if self.count.complete {
            self.go(self.count.known.saturating_sub(1));
        } else {
            let tail = self.tail.get_or_insert_default();
            (tail.up, tail.below) = (0, 0);
        }
    }

    /// Keeps cursor and screen together, within the rows there are.
    fn settle(&mut self) {
        // Of a window that nothing was opened in yet it is nought.
        let height = self.height.max(1) as u64;
        if let Some(tail) = &mut self.tail {
            let most = tail.rows.len();
            tail.up = tail.up.min(most.saturating_sub(1));
            // `up` counts from below as `top` does from above.
            tail.below = tail.below.clamp((tail.up + 1).saturating_sub(height as usize), tail.up);
            tail.below = tail.below.min(most.saturating_sub(self.height));
        }
        self.cursor = self.cursor.min(self.count.known.saturating_sub(1));
        self.top = self.top.min(self.count.known.saturating_sub(height));
        self.top = self.top.clamp((self.cursor + 1).saturating_sub(height), self.cursor);
        if self.tail.is_none() && self.missing().is_none() {
            self.shown = (self.top, self.cursor);
        } else if !self.has(self.shown.0, self.shown.0.saturating_add(1)) {
            // What was shown is gone: better some rows that are there than none.
            self.shown = (self.first, self.cursor);
        }
    }

    /// The rows of the screen that are not there.
    fn missing(&self) -> Option<(u64, u64)> {
        let end = self.top.saturating_add(self.height as u64).min(self.count.known);
        (!self.has(self.top, end)).then_some((self.top, end))
    }

    fn has(&self, from: u64, to: u64) -> bool {
        from >= to || (from >= self.first && to <= self.kept_to())
    }

    fn kept_to(&self) -> u64 {
        self.first.saturating_add(self.rows.len() as u64)
    }

    /// Rows kept ahead of the screen.
    fn margin(&self) -> u64 {
        let rows = CELLS_KEPT / self.columns.max(1);
        (rows.saturating_sub(self.height) / 4).min(self.height) as u64
    }

    /// The rows to ask for now. One wish at a time: an answer that comes is worth more than a newer wish.
    pub fn wish(&self) -> Option<Wish> {
        if let Some(tail) = &self.tail {
            let needed = (tail.up + self.height).min(LONGEST_TAIL);
            let wish = Wish::Tail {
                count: (tail.up + 2 * self.height).min(LONGEST_TAIL),
            };
            let asked = self.asked.is_some_and(|(_, asked)| matches!(asked, Wish::Tail { .. }));
            return (tail.rows.len() < needed && !asked && self.answered != Some(wish)).then_some(wish);
        }
        if self.asked.is_some() {
            return None;
        }
        let wish = match self.missing() {
            Some((from, to)) => self.around(from, to),
            None => self.ahead()?,
        };
        (self.answered != Some(wish)).then_some(wish)
    }

    /// The screen, with rows ahead and a few behind.
    fn around(&self, from: u64, to: u64) -> Wish {
        let margin = self.margin();
        let (before, behind) = if self.upwards {
            (margin, margin / 2)
        } else {
            (margin / 2, margin)
        };
        let first = from.saturating_sub(before);
        let end = to.saturating_add(behind).min(self.count.known);
        Wish::Rows {
            first,
            count: (end - first) as usize,
        }
    }

    /// Rows ahead in the direction of travel, once fewer than half the margin are left.
    fn ahead(&self) -> Option<Wish> {
        let margin = self.margin();
        let end = self.top.saturating_add(self.height as u64).min(self.count.known);
        if self.upwards {
            let short = self.first > 0 && self.top.saturating_sub(self.first) < margin / 2;
            let first = self.first.saturating_sub(margin);
            short.then(|| Wish::Rows {
                first,
                count: (self.first - first) as usize,
            })
        } else {
            let kept = self.kept_to();
            let short = kept < self.count.known && kept.saturating_sub(end) < margin / 2;
            short.then(|| Wish::Rows {
                first: kept,
                count: margin.min(self.count.known - kept) as usize,
            })
        }
    }

    /// Takes note of what was asked for.
    pub fn asked(&mut self, ticket: Ticket, wish: Wish) {
        self.asked = Some((ticket, wish));
    }

    /// Whether a ticket is that of the rows asked for.
    pub fn waits_for(&self, ticket: Ticket) -> bool {
        self.asked.is_some_and(|(asked, _)| asked == ticket)
    }

    /// The rows asked for do not come; they are not asked for again before something moves.
    pub fn refused(&mut self) {
        self.answered = self.asked.take().map(|(_, wish)| wish);
    }

    /// The rows asked for were dropped on the way.
    pub fn dropped(&mut self) {
        self.asked = None;
    }

    /// Takes the rows that were asked for.
    pub fn filled(&mut self, page: Page) {
        let Some((_, wish)) = self.asked.take() else { return };
        self.answered = Some(wish);
        let counted = self.count.known.saturating_sub(page.rows.len() as u64);
        let first = page.first.or(match wish {
            Wish::Rows { first, .. } => Some(first),
            Wish::Tail { .. } => self.count.complete.then_some(counted),
        });
        match (first, &mut self.tail) {
            (None, Some(tail)) => tail.rows = page.rows,
            // Last rows without a place that nobody waits for any more.
            (None, None) => {}
            (Some(first), _) => {
                self.keep(first, page.rows);
                if matches!(wish, Wish::Tail { .. }) && self.tail.is_some() {
                    self.count.known = self.count.known.max(self.kept_to());
                    self.leave_tail();
                }
            }
        }
        self.settle();
    }

    /// The places of the last rows are known now: the screen stays as it is.
    fn leave_tail(&mut self) {
        let Some(tail) = self.tail.take() else { return };
        let known = self.count.known;
        self.cursor = known.saturating_sub(1 + tail.up as u64);
        self.top = known.saturating_sub((tail.below + self.height) as u64);
        if !tail.rows.is_empty() {
            self.keep(known.saturating_sub(tail.rows.len() as u64), tail.rows);
        }
    }

    /// Keeps rows: beside those that are kept already where they fit on, else instead of them.
    fn keep(&mut self, first: u64, rows: Vec<TableRow>) {
        let end = first.saturating_add(rows.len() as u64);
        if first > self.kept_to() || end < self.first || self.rows.is_empty() {
            self.first = first;
            self.rows = rows.into();
        } else {
            let old_end = self.kept_to();
            let skip = old_end.saturating_sub(first) as usize;
            let before = self.first.saturating_sub(first) as usize;
            let mut rows: VecDeque<TableRow> = rows.into();
            if end > old_end {
                self.rows.extend(rows.range(skip..).cloned());
            }
            if before > 0 {
                rows.truncate(before);
                rows.append(&mut self.rows);
                self.rows = rows;
                self.first = first;
            }
        }
        self.trim();
    }

    /// Lets rows go that are far from the screen.
    fn trim(&mut self) {
        let spare = self.margin() * 2;
        let from = self.top.saturating_sub(spare).min(self.shown.0);
        let to = self.top.saturating_add(self.height as u64 + spare);
        if self.first >= to {
            return;
        }
        let behind = self.kept_to().saturating_sub(to) as usize;
        self.rows.truncate(self.rows.len() - behind.min(self.rows.len()));
        let before = from.saturating_sub(self.first).min(self.rows.len() as u64);
        self.rows.drain(..before as usize);
        self.first += before;
    }
}
