//! Owns the characters that are drawn as signs, in Unicode and in ASCII. None is an emoji, and none is of a width that
//! terminals disagree about, but for the lines and blocks that every terminal draws in one column.

use super::theme::Look;

/// Signs, all of one column.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// A line from left to right.
    pub horizontal: &'static str,
    /// A line from top to bottom.
    pub vertical: &'static str,
    /// Corners: top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// Lines that meet: with an arm to the right, left, down, up, and all four.
    pub joints: [&'static str; 5],
    /// A tick on an axis at the left, and on one below.
    pub ticks: [&'static str; 2],
    /// A fine line from left to right, for grids and thresholds.
    pub dashed: &'static str,
    /// A fine line from top to bottom.
    pub dashed_vertical: &'static str,
    /// At the left of the cursor's row.
    pub cursor: &'static str,
    /// At the left of a marked row.
    pub marked: &'static str,
    /// Sorted upwards, sorted downwards.
    pub sorted: [&'static str; 2],
    /// There is more to the left, to the right.
    pub more: [&'static str; 2],
    /// There is more above, below.
    pub more_vertical: [&'static str; 2],
    /// From one to the other.
    pub arrow: &'static str,
    /// In front of an item.
    pub bullet: &'static str,
    /// Done, good.
    pub yes: &'static str,
    /// Failed, bad.
    pub no: &'static str,
    /// Running.
    pub running: &'static str,
    /// Waiting.
    pub waiting: &'static str,
    /// Worth a look.
    pub warning: &'static str,
    /// The champion.
    pub champion: &'static str,
    /// A colleague looks at it.
    pub looked_at: &'static str,
    /// In the place of a character that nobody may see.
    pub hidden: &'static str,
    /// A single point of a chart that stands out: the best one.
    pub point: &'static str,
    /// Columns filled from the left, from none to eight eighths.
    pub across: [&'static str; 9],
    /// Columns filled from below, from none to eight eighths.
    pub up: [&'static str; 9],
    /// What of a bar is not filled.
    pub rest: &'static str,
    /// The part of a scroll bar that is in sight, and the rest of it.
    pub scroll: [&'static str; 2],
    /// Stands for a text that was cut.
    pub cut: &'static str,
}

/// For terminals that draw Unicode.
pub const UNICODE: Glyphs = Glyphs {
    horizontal: "─",
    vertical: "│",
    corners: ["┌", "┐", "└", "┘"],
    joints: ["├", "┤", "┬", "┴", "┼"],
    ticks: ["┤", "┬"],
    dashed: "╌",
    dashed_vertical: "╎",
    cursor: "▎",
    marked: "✓",
    sorted: ["▴", "▾"],
    more: ["‹", "›"],
    more_vertical: ["▴", "▾"],
    arrow: "▸",
    bullet: "-",
    yes: "✓",
    no: "✗",
    running: "▸",
    waiting: "◦",
    warning: "!",
    champion: "*",
    looked_at: "◉",
    hidden: "∙",
    point: "◊",
    across: [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    up: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    rest: "╌",
    scroll: ["█", "│"],
    cut: "~",
};

/// For terminals that do not.
pub const ASCII: Glyphs = Glyphs {
    horizontal: "-",
    vertical: "|",
    corners: ["+", "+", "+", "+"],
    joints: ["+", "+", "+", "+", "+"],
    ticks: ["+", "+"],
    dashed: "-",
    dashed_vertical: ":",
    cursor: ">",
    marked: "x",
    sorted: ["^", "v"],
    more: ["<", ">"],
    more_vertical: ["^", "v"],
    arrow: ">",
    bullet: "-",
    yes: "+",
    no: "x",
    running: ">",
    waiting: ".",
    warning: "!",
    champion: "*",
    looked_at: "&",
    hidden: "*",
    point: "@",
    across: [" ", " ", " ", " ", "=", "=", "=", "=", "#"],
    up: [" ", "_", ".", ".", "-", "-", "=", "=", "#"],
    rest: ".",
    scroll: ["#", "|"],
    cut: "~",
};

/// What each of eight dots adds to a Braille character. Braille numbers its dots down the left column, then down the right
/// one, and the lowest row last.
const BRAILLE: [u8; 8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

impl Look {
    /// The signs of this terminal.
    pub fn glyphs(self) -> &'static Glyphs {
        if self.ascii { &ASCII } else { &UNICODE }
    }

    /// Dots of a chart in one column: eight of them, two wide and four high, row by row from the top left, the lowest
    /// bit first. Without Unicode the upper and the lower half are told apart.
    pub fn dots(self, bits: u8) -> char {
        if bits == 0 {
            return ' ';
        }
        if self.ascii {
            return match (bits & 0x0f != 0, bits & 0xf0 != 0) {
                (true, true) => ':',
                (true, false) => '\'',
                _ => '.',
            };
        }
        let pattern = BRAILLE
            .iter()
            .enumerate()
            .filter(|(at, _)| bits >> at & 1 == 1)
            .fold(0, |pattern, (_, place)| pattern | u32::from(*place));
        char::from_u32(0x2800 + pattern).unwrap_or(' ')
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::tui::view::theme::Colors;

    fn all(glyphs: &Glyphs) -> Vec<&'static str> {
        let mut all = vec![
            glyphs.horizontal,
            glyphs.vertical,
            glyphs.dashed,
            glyphs.dashed_vertical,
            glyphs.cursor,
            glyphs.marked,
            glyphs.arrow,
            glyphs.bullet,
            glyphs.yes,
            glyphs.no,
            glyphs.running,
            glyphs.waiting,
            glyphs.warning,
            glyphs.champion,
            glyphs.looked_at,
            glyphs.hidden,
            glyphs.point,
            glyphs.rest,
            glyphs.cut,
        ];
        all.extend(glyphs.corners.iter().chain(&glyphs.joints).chain(&glyphs.ticks));
        all.extend(glyphs.sorted.iter().chain(&glyphs.more).chain(&glyphs.more_vertical));
        all.extend(glyphs.across.iter().chain(&glyphs.up).chain(&glyphs.scroll));
        all
    }

    #[test]
    fn every_sign_takes_one_column() {
        for glyph in all(&UNICODE).into_iter().chain(all(&ASCII)) {
            assert_eq!(glyph.width(), 1, "{glyph:?}");
        }
    }

    #[test]
    fn widths_are_agreed_on_but_for_lines_and_blocks() {
        for glyph in all(&UNICODE) {
            let line_or_block = glyph.chars().all(|c| ('\u{2500}'..='\u{259f}').contains(&c));
            assert!(line_or_block || glyph.width_cjk() == 1, "{glyph:?}");
        }
    }

    #[test]
    fn ascii_is_ascii() {
        assert!(all(&ASCII).iter().all(|glyph| glyph.is_ascii()));
        let look = |ascii| Look {
            colors: Colors::None,
            ascii,
        };
        assert!((0..=255).all(|bits| look(true).dots(bits).is_ascii()));
        assert_eq!(look(false).dots(0b0000_0001), '⠁');
        assert_eq!(look(false).dots(0b1000_0000), '⢀');
        assert_eq!(look(false).dots(0xff), '⣿');
        assert_eq!(look(true).dots(0b0100_0010), ':');
    }
}
