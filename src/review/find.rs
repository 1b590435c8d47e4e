//! Owns going to cases: the next one without a verdict, the next one with a text.

use std::sync::PoisonError;

use super::arrange::CaseView;
use super::error::ReviewError;
use super::open::Review;
use crate::browse::{Direction, Matches, Pattern, View, Work};

/// What was looked for last, with the rows that have it.
pub(super) struct Found {
    sought: Sought,
    rows: Matches,
}

/// A text or a regular expression to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// The text.
    pub text: String,
    /// Whether it is a regular expression.
    pub regex: bool,
    /// Whether case counts; `None` only if the text has a capital.
    pub case: Option<bool>,
}

impl Review {
    /// The next case of the view without a verdict, from a place on, which itself is looked at last. `None` if all have one.
    pub fn next_unreviewed(&self, from: u64, direction: Direction) -> Option<u64> {
        let view = self.view();
        let live = self.live();
        let wanted = |case: u32| !live.is_judged(case);
        around(&view, from, direction, wanted)
    }

    /// The next case of the view with a text in any cell of any of its rows, from a place on, which itself is looked at last.
    ///
    /// # Errors
    /// The expression cannot be understood, the file has changed, or it was given up.
    pub fn find(
        &self,
        sought: &Sought,
        from: u64,
        direction: Direction,
        control: Work<'_>,
    ) -> Result<Option<u64>, ReviewError> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.as_ref().is_none_or(|known| known.sought != *sought) {
            let pattern = Pattern::new(&sought.text, sought.regex, sought.case)?;
            let rows = Matches::all(&self.file.table, &View::all(), &pattern, control)?;
            *found = Some(Found {
                sought: sought.clone(),
                rows,
            });
        }
        let Some(Found { rows, .. }) = found.as_ref() else {
            return Ok(None);
        };
        let mut has = vec![false; self.cases().len()];
        for row in rows.rows() {
            if let Some(case) = self.cases().of_row(row) {
                has[case as usize] = true;
            }
        }
        Ok(around(&self.view(), from, direction, |case| has[case as usize]))
    }
}

/// The first place from `from` on, which comes last, whose case is wanted; goes round.
fn around(view: &CaseView, from: u64, direction: Direction, wanted: impl Fn(u32) -> bool) -> Option<u64> {
    let count = view.len();
    let from = from.min(count.checked_sub(1)?);
    let step = |offset: u64| match direction {
        Direction::Forward => (from + offset) % count,
        Direction::Backward => (from + count - offset) % count,
    };
    let mut places = (1..=count).map(step);
    places.find(|&place| view.case(place).is_some_and(&wanted))
}
