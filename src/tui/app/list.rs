//! Owns a cursor in a list, and how far the list is scrolled.

use crate::tui::keymap::Action;

/// A cursor in a list whose length others know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListCursor {
    /// The item the cursor is on.
    pub at: usize,
    /// The first item in sight, as far as the state knows; drawing corrects it where it shows fewer lines.
    pub first: usize,
}

impl ListCursor {
    /// Moves as a key asks in a list of `len` items of which `height` are in sight; whether the key moves a cursor.
    pub fn act(&mut self, action: Action, len: usize, height: usize) -> bool {
        let (page, last) = (height.max(1), len.saturating_sub(1));
        self.at = match action {
            Action::Down => self.at.saturating_add(1),
            Action::Up => self.at.saturating_sub(1),
            Action::Top => 0,
            Action::Bottom => last,
            Action::PageDown => self.at.saturating_add(page),
            Action::PageUp => self.at.saturating_sub(page),
            Action::HalfPageDown => self.at.saturating_add(page.div_ceil(2)),
            Action::HalfPageUp => self.at.saturating_sub(page.div_ceil(2)),
            _ => return false,
        };
        self.keep(len, height);
        true
    }

    /// Puts the cursor on an item.
    pub fn go(&mut self, at: usize, len: usize, height: usize) {
        self.at = at;
        self.keep(len, height);
    }

    /// Holds the cursor inside the list and in sight, after either has changed its size.
    pub fn keep(&mut self, len: usize, height: usize) {
        let height = height.max(1);
        self.at = self.at.min(len.saturating_sub(1));
        let lowest = (self.at + 1).saturating_sub(height);
        self.first = self.first.clamp(lowest, self.at).min(len.saturating_sub(height));
    }

    /// The first item in sight where `height` lines are really there.
    pub fn first_in(&self, len: usize, height: usize) -> usize {
        let mut shown = *self;
        shown.keep(len, height);
        shown.first
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_list_scrolls_no_further_than_needed() {
        let mut list = ListCursor::default();
        for (action, at, first) in [
            (Action::Up, 0, 0),
            (Action::PageDown, 5, 1),
            (Action::Down, 6, 2),
            (Action::Up, 5, 2),
            (Action::HalfPageUp, 2, 2),
            (Action::Bottom, 19, 15),
            (Action::Down, 19, 15),
            (Action::Top, 0, 0),
        ] {
            assert!(list.act(action, 20, 5));
            assert_eq!((list.at, list.first), (at, first), "{action}");
        }
        assert!(!list.act(Action::Open, 20, 5));
    }

    proptest! {
        #[test]
        fn the_cursor_is_in_the_list_and_in_sight(moves in prop::collection::vec((0usize..8, 0usize..40, 0usize..12), 0..40)) {
            const MOVES: [Action; 8] = [Action::Down, Action::Up, Action::Top, Action::Bottom, Action::PageDown,
                Action::PageUp, Action::HalfPageDown, Action::HalfPageUp];
            let mut list = ListCursor::default();
            for (action, len, height) in moves {
                list.act(MOVES[action], len, height);
                prop_assert!(list.at < len.max(1));
                prop_assert!(list.first <= list.at && list.at < list.first + height.max(1));
                prop_assert!(len < height || list.first + height.max(1) <= len.max(1));
            }
        }
    }
}
