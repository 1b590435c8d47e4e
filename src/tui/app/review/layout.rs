//! Owns how the panel's room is shared out between heading, list and card: state and view count the same lines.

/// Columns that the card takes beside the list.
pub const CARD: u16 = 72;

/// The parts, in lines and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Lines above everything.
    pub heading: u16,
    /// Whether the card stands beside the list.
    pub wide: bool,
    /// Lines of the list without its header.
    pub rows: u16,
    /// Lines of the card where it stands below the list, its rule included.
    pub card: u16,
}

impl Layout {
    /// Of a panel of that many columns and lines. `extra` lines are needed above for what must always be said.
    pub fn of(width: u16, height: usize, extra: u16) -> Self {
        let height = u16::try_from(height).unwrap_or(u16::MAX);
        let heading = (2 + extra).min(height);
        let body = height - heading;
        if width >= 140 {
            return Self {
                heading,
                wide: true,
                rows: body.saturating_sub(1).max(1),
                card: 0,
            };
        }
        let rows = (body.saturating_sub(2) * 2 / 5).max(1);
        Self {
            heading,
            wide: false,
            rows,
            card: body.saturating_sub(1 + rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_given_once() {
        for height in 1..80_usize {
            for extra in 0..2 {
                let narrow = Layout::of(80, height, extra);
                assert!(usize::from(narrow.heading + narrow.card) <= height);
                if height > 6 {
                    assert_eq!(usize::from(narrow.heading + 1 + narrow.rows + narrow.card), height);
                }
            }
        }
        let small = Layout::of(80, 21, 0);
        assert_eq!((small.heading, small.rows, small.card), (2, 6, 12));
        let large = Layout::of(160, 45, 0);
        assert_eq!((large.rows, large.wide), (42, true));
    }
}
