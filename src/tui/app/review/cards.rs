//! Owns the cards: those read last, the one that is on its way, and what stands in its place meanwhile.

use crate::worker::{Card, RowId, Ticket};

/// Cards that are kept: going back and forth shows them at once.
const KEPT: usize = 128;
/// Milliseconds for which the card before is still shown as it was: most cards come sooner, and nothing flickers.
const GRACE: u64 = 60;
/// Milliseconds after which the card before is shown no more.
const MOMENT: u64 = 400;

/// What there is to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ShownCard<'c> {
    /// The case's own.
    Own(&'c Card),
    /// That of the case before, for a moment; to be drawn dimmed or not.
    Before(&'c Card, bool),
    /// None yet.
    Reading,
    /// It cannot be had, and why.
    Failed(&'c str),
}

/// Whether another case's card came than was meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Missed {
    #[default]
    No,
    Yes,
    AskedAgain,
}

/// The cards.
#[derive(Clone, Debug, Default)]
pub struct Cards {
    /// The latest last.
    kept: Vec<Card>,
    /// The case the cursor is on, its place, and since when.
    about: Option<(RowId, u64, u64)>,
    asked: Option<Ticket>,
    /// The case whose card was seen last.
    seen: Option<RowId>,
    problem: Option<String>,
    stale: bool,
    /// Another case's card came, so that the rows are asked for anew; then the card is, once.
    missed: Missed,
    /// Whether the card is to be opened in full when it comes.
    pub open_when_read: bool,
}

impl Cards {
    /// The cursor is on a case; whether its card must be asked for. It is, even if it is here: what is known may have
    /// changed, and the worker makes the next ones ready.
    pub fn come_to(&mut self, row: RowId, at: u64, now: u64) -> bool {
        let same = self.about.is_some_and(|(about, place, _)| (about, place) == (row, at));
        if same && !self.stale {
            return false;
        }
        if self.about.is_none_or(|(about, ..)| about != row) {
            if let Some((before, ..)) = self.about
                && self.find(before).is_some()
            {
                self.seen = Some(before);
            }
            self.about = Some((row, at, now));
            self.open_when_read = false;
            self.missed = Missed::No;
        } else if let Some((_, place, _)) = &mut self.about {
            *place = at;
        }
        self.stale = false;
        self.problem = None;
        true
    }

    /// The cursor is on no case.
    pub fn leave(&mut self) {
        self.about = None;
        self.asked = None;
        self.open_when_read = false;
    }

    /// Takes note of what was asked for.
    pub fn asked(&mut self, ticket: Ticket) {
        self.asked = Some(ticket);
    }

    /// Whether a ticket is that of the card asked for.
    pub fn waits_for(&self, ticket: Ticket) -> bool {
        self.asked == Some(ticket)
    }

    /// Takes a card; whether it is that of the case under the cursor.
    pub fn take(&mut self, card: Card) -> bool {
        self.asked = None;
        let row = card.row.row;
        self.kept.retain(|kept| kept.row.row != row);
        self.kept.push(card);
        if self.kept.len() > KEPT {
            self.kept.remove(0);
        }
        self.about.is_some_and(|(about, ..)| about == row)
    }

    /// The card cannot be had.
    pub fn failed(&mut self, why: String) {
        self.asked = None;
        self.problem = Some(why);
    }

    /// The card that came is another case's.
    pub fn missed(&mut self) {
        if self.missed == Missed::No {
            self.missed = Missed::Yes;
        }
    }

    /// The rows have come: places can be trusted again.
    pub fn rows_came(&mut self) {
        if self.missed == Missed::Yes {
            self.missed = Missed::AskedAgain;
            self.stale = true;
        }
    }

    /// The worker gave it up for something newer.
    pub fn dropped(&mut self) {
        self.asked = None;
    }

    /// Something was decided about the case under the cursor: its card is read anew. Others are read anew when the cursor
    /// comes to them; until then they show what they showed.
    pub fn outlived(&mut self) {
        self.stale = true;
    }

    /// Another file: nothing of it is known.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    fn find(&self, row: RowId) -> Option<&Card> {
        self.kept.iter().rev().find(|card| card.row.row == row)
    }

    /// What there is to show at a time; `None` where the cursor is on no case.
    pub fn shown(&self, now: u64) -> Option<ShownCard<'_>> {
        let (row, _, since) = self.about?;
        if let Some(card) = self.find(row) {
            return Some(ShownCard::Own(card));
        }
        if let Some(problem) = &self.problem {
            return Some(ShownCard::Failed(problem));
        }
        let waited = now.saturating_sub(since);
        let before = self.seen.and_then(|seen| self.find(seen));
        Some(match before.filter(|_| waited < MOMENT) {
            Some(card) => ShownCard::Before(card, waited >= GRACE),
            None => ShownCard::Reading,
        })
    }

    /// The card of the case under the cursor, if it is here.
    pub fn current(&self) -> Option<&Card> {
        self.find(self.about?.0)
    }

    /// When what is shown changes by itself.
    pub fn changes_at(&self, now: u64) -> Option<u64> {
        let (row, _, since) = self.about?;
        if self.find(row).is_some() {
            return None;
        }
        [since + GRACE, since + MOMENT].into_iter().find(|at| *at > now)
    }
}
