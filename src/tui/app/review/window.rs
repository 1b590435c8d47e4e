//! Owns the cases in sight: where the cursor is and on which case, which rows are kept around it, which are to be asked for.

use crate::worker::{ReviewPage, ReviewRow, RowId, Ticket};

/// Rows that are wanted: the first one's place, and how many.
pub type Wish = (u64, usize);

/// What there is to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sight<'w> {
    /// The place of the first one.
    pub top: u64,
    /// The rows from there on; one that is still being read is missing.
    pub rows: Vec<Option<&'w ReviewRow>>,
    /// The one of them that the cursor is on.
    pub cursor: Option<usize>,
}

/// What a page did to the case under the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// It is the one it was, or there was none.
    Same,
    /// Another one stands there now, without anybody having moved.
    Another,
}

/// The cases around the cursor of one view.
#[derive(Clone, Debug, Default)]
pub struct Window {
    cases: u64,
    height: usize,
    cursor: u64,
    top: u64,
    /// The top of what is on the screen until the rows of the present top are there.
    shown_top: u64,
    first: u64,
    rows: Vec<ReviewRow>,
    /// The case the cursor is on: it is followed where rows shift.
    anchor: Option<RowId>,
    asked: Option<(Ticket, Wish)>,
    answered: Option<Wish>,
    /// Something was decided since the rows were read.
    stale: bool,
    /// The rows are those of the view before.
    outdated: bool,
    /// A view has been shown.
    begun: bool,
}

impl Window {
    /// Shows another view, with the cursor on a place. The rows of the view before are seen until the new ones come, but
    /// nothing can be decided about them.
    pub fn show(&mut self, cases: u64, at: u64) {
        self.cases = cases;
        self.begun = true;
        self.outdated = true;
        self.anchor = None;
        self.asked = None;
        self.answered = None;
        let height = self.height.max(1) as u64;
        self.cursor = at.min(cases.saturating_sub(1));
        // What came from afar stands in the middle, where its neighbours are seen too.
        self.top = self.cursor.saturating_sub(height / 2);
        if self.cursor < height {
            self.top = 0;
        }
        if cases == 0 {
            self.rows.clear();
            self.outdated = false;
        }
        self.settle();
    }

    /// How many cases there are.
    pub fn cases(&self) -> u64 {
        self.cases
    }

    /// Whether no view has been shown yet.
    pub fn is_new(&self) -> bool {
        !self.begun
    }

    /// Lines of the list.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The cursor's place; `None` where there is no case.
    pub fn place(&self) -> Option<u64> {
        (self.cases > 0).then_some(self.cursor)
    }

    /// The case under the cursor, if it is there and on the screen: the only one that can be decided.
    pub fn current(&self) -> Option<&ReviewRow> {
        self.row(self.cursor)
    }

    /// A case that is kept.
    pub fn row(&self, at: u64) -> Option<&ReviewRow> {
        if self.outdated {
            return None;
        }
        let place = usize::try_from(at.checked_sub(self.first)?).ok()?;
        self.rows.get(place)
    }

    /// The rows that are kept, with their places.
    pub fn kept(&self) -> impl Iterator<Item = (u64, &ReviewRow)> {
        let rows = if self.outdated { &[][..] } else { &self.rows[..] };
        rows.iter().enumerate().map(|(at, row)| (self.first + at as u64, row))
    }

    /// What there is to see.
    pub fn sight(&self) -> Sight<'_> {
        let rows = (self.shown_top..self.shown_top.saturating_add(self.height as u64))
            .map(|at| self.rows.get(usize::try_from(at.checked_sub(self.first)?).ok()?));
        let mut rows: Vec<Option<&ReviewRow>> = rows.collect();
        let most = self.cases.saturating_sub(self.shown_top) as usize;
        rows.truncate(if self.outdated { rows.len() } else { most });
        let cursor = self.cursor.checked_sub(self.shown_top).map(|at| at as usize);
        Sight {
            top: self.shown_top,
            cursor: cursor.filter(|at| *at < rows.len() && !self.outdated),
            rows,
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

    /// Puts the cursor on a place.
    pub fn go_to(&mut self, at: u64) {
        let height = self.height.max(1) as u64;
        let near = self.top..self.top.saturating_add(height);
        if !near.contains(&at) && at.abs_diff(self.cursor) > height {
            self.top = at.saturating_sub(height / 2);
        }
        self.cursor = at;
        self.moved();
    }

    /// Some rows down or up; with `scroll` the screen goes along.
    pub fn step(&mut self, by: i64, scroll: bool) {
        self.cursor = self.cursor.saturating_add_signed(by);
        if scroll {
            self.top = self.top.saturating_add_signed(by);
        }
        self.moved();
    }

    fn moved(&mut self) {
        self.settle();
        self.anchor = self.row(self.cursor).map(|row| row.row);
    }

    /// Keeps cursor and screen together, within the cases there are.
    fn settle(&mut self) {
        let height = self.height.max(1) as u64;
        self.cursor = self.cursor.min(self.cases.saturating_sub(1));
        self.top = self.top.min(self.cases.saturating_sub(height));
        self.top = self.top.clamp((self.cursor + 1).saturating_sub(height), self.cursor);
        if self.outdated {
            return;
        }
        let (from, to) = self.needed();
        if self.has(from, to) || !self.has(self.shown_top, (self.shown_top + 1).min(self.cases)) {
            self.shown_top = self.top;
        }
    }

    fn needed(&self) -> (u64, u64) {
        (self.top, (self.top + self.height.max(1) as u64).min(self.cases))
    }

    fn has(&self, from: u64, to: u64) -> bool {
        from >= to || (from >= self.first && to <= self.first + self.rows.len() as u64)
    }

    /// The rows to ask for now. One wish at a time: an answer that comes is worth more than a newer wish.
    pub fn wish(&self) -> Option<Wish> {
        if self.asked.is_some() || self.cases == 0 {
            return None;
        }
        let wish = self.around();
        if self.stale || self.outdated {
            return Some(wish);
        }
        let (from, to) = self.needed();
        let (height, end) = (self.height.max(1) as u64, self.first + self.rows.len() as u64);
        let near_end = end < self.cases && end < to + height / 2;
        let near_start = self.first > 0 && from < self.first + height / 2;
        let wanted = !self.has(from, to) || near_end || near_start;
        (wanted && self.answered != Some(wish)).then_some(wish)
    }

    /// The screen, one before it and one behind it.
    fn around(&self) -> Wish {
        let (from, to) = self.needed();
        let height = self.height.max(1) as u64;
        let first = from.saturating_sub(height);
        let end = to.saturating_add(height).min(self.cases);
        (first, (end - first) as usize)
    }

    /// Takes note of what was asked for.
    pub fn asked(&mut self, ticket: Ticket, wish: Wish) {
        self.asked = Some((ticket, wish));
        self.stale = false;
    }

    /// Whether a ticket is that of the rows asked for.
    pub fn waits_for(&self, ticket: Ticket) -> bool {
        self.asked.is_some_and(|(asked, _)| asked == ticket)
    }

    /// Whether rows are on their way.
    pub fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// The rows asked for do not come; they are not asked for again before something moves.
    pub fn refused(&mut self) {
        self.answered = self.asked.take().map(|(_, wish)| wish);
    }

    /// The rows that are kept say no longer how things stand.
    pub fn outlived(&mut self) {
        self.stale = true;
    }

    /// Takes the rows that were asked for, and keeps the cursor on its case where that has moved.
    pub fn filled(&mut self, page: ReviewPage) -> Filled {
        self.answered = self.asked.take().map(|(_, wish)| wish);
        self.first = page.first;
        self.rows = page.rows;
        self.outdated = false;
        let before = self.anchor;
        let found = before.and_then(|anchor| self.rows.iter().position(|row| row.row == anchor));
        if let Some(at) = found.map(|at| self.first + at as u64).filter(|at| *at != self.cursor) {
            let below_top = self.cursor - self.top;
            self.cursor = at;
            self.top = at.saturating_sub(below_top);
        }
        self.moved();
        match (before, self.anchor) {
            (Some(before), now) if now != Some(before) => Filled::Another,
            _ => Filled::Same,
        }
    }
}
