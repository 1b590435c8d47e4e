//! Owns drawing: from a finished buffer to the fewest bytes that turn the screen as it stands into it.
//!
//! The terminal is thought of as a grid of cells that is known from the frame before. A frame is one string of bytes
//! inside a synchronized update: first at most one scroll of a region, then the cells that differ, row by row. Nothing
//! is written when nothing differs. Where a terminal might count columns differently than we do, the next write begins
//! with an absolute position, so that a wrong width stays in its cell.

mod grid;
mod pen;
mod scroll;
#[cfg(test)]
mod tests;

use std::io::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use self::grid::{Cell, Grid, Mark};
use self::pen::Pen;
use self::scroll::Scroll;
use crate::tui::view::Look;

/// Begins a frame that the terminal shows as a whole; terminals that do not know it ignore it.
const BEGIN: &[u8] = b"\x1b[?2026h";
/// Ends it.
const END: &[u8] = b"\x1b[?2026l";

/// Blanks that are cheaper to write than to skip or erase.
const FEW: usize = 4;

/// Turns buffers into bytes and remembers what the terminal shows.
#[derive(Debug)]
pub struct Painter {
    look: Look,
    shown: Option<Grid>,
    /// The cursor that is visible, if one is.
    cursor: Option<Position>,
    out: Vec<u8>,
    /// Where the terminal's own cursor stands, while that is certain.
    at: Option<(usize, usize)>,
    /// How the terminal would draw the next character, while that is certain.
    pen: Option<Pen>,
}

impl Painter {
    /// A painter for a terminal of which nothing is known.
    pub fn new(look: Look) -> Self {
        Self {
            look,
            shown: None,
            cursor: None,
            out: Vec::new(),
            at: None,
            pen: None,
        }
    }

    /// Forgets what the terminal shows: the next frame draws everything.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// The bytes that make the terminal show this buffer, and the cursor there or nowhere. Empty if it does already.
    pub fn frame(&mut self, buffer: &Buffer, cursor: Option<Position>) -> &[u8] {
        let wanted = Grid::of(buffer, self.look);
        self.out.clear();
        self.out.extend_from_slice(BEGIN);
        let shown = match self.shown.take() {
            Some(shown) if shown.is_like(&wanted) => shown,
            _ => self.clear(&wanted),
        };
        self.change(shown, &wanted);
        self.set_cursor(cursor.filter(|c| wanted.holds(*c)));
        self.shown = Some(wanted);
        if self.out.len() == BEGIN.len() {
            self.out.clear();
        } else {
            self.out.extend_from_slice(END);
        }
        &self.out
    }

    /// Erases everything; whatever state the terminal was left in does not matter from here on.
    fn clear(&mut self, wanted: &Grid) -> Grid {
        self.put(b"\x1b[r\x1b[m\x1b[?25l\x1b[2J");
        self.pen = Some(Pen::PLAIN);
        self.at = None;
        self.cursor = None;
        wanted.blank()
    }

    fn change(&mut self, mut shown: Grid, wanted: &Grid) {
        if let Some(scroll) = Scroll::find(&shown, wanted) {
            self.scroll(scroll);
            shown.scroll(scroll);
        }
        for row in 0..wanted.height() {
            self.change_row(row, shown.row(row), wanted.row(row));
        }
    }

    /// Moves the lines of a region. Insert and delete line are understood where scroll up and down are not.
    fn scroll(&mut self, scroll: Scroll) {
        // Terminals fill what is uncovered with the colour of the pen.
        self.set_pen(Pen::PLAIN);
        let (top, bottom) = (scroll.top + 1, scroll.bottom + 1);
        self.write(format_args!("\x1b[{top};{bottom}r"));
        self.at = None;
        self.go(scroll.top, 0);
        let (lines, command) = match scroll.up_by {
            by if by > 0 => (by.unsigned_abs(), 'M'),
            by => (by.unsigned_abs(), 'L'),
        };
        self.counted(lines, command);
        self.put(b"\x1b[r");
        self.at = None;
    }

    fn change_row(&mut self, row: usize, shown: &[Cell], wanted: &[Cell]) {
        let filled = wanted
            .iter()
            .rposition(|cell| !cell.is_plain_blank())
            .map_or(0, |x| x + 1);
        let mut x = 0;
        while x < filled {
            let cell = &wanted[x];
            if shown[x] == *cell || cell.mark == Mark::Tail {
                x += 1;
                continue;
            }
            let blanks = run_of_blanks(&wanted[x..filled]);
            if blanks > 2 * FEW && shown[x..x + blanks].iter().filter(|c| !c.is_plain_blank()).count() > FEW {
                self.walk_to(row, x, wanted);
                self.set_pen(Pen::PLAIN);
                self.counted(blanks, 'X');
                x += blanks;
                continue;
            }
            self.walk_to(row, x, wanted);
            self.set_pen(cell.pen);
            self.write_cell(row, x, cell, wanted.len());
            x += cell.width();
        }
        self.clear_rest(row, filled, shown);
    }

    /// Makes everything from `from` on blank.
    fn clear_rest(&mut self, row: usize, from: usize, shown: &[Cell]) {
        let dirty = |cell: &Cell| !cell.is_plain_blank();
        let Some(first) = shown[from..].iter().position(dirty).map(|x| from + x) else {
            return;
        };
        let last = shown.iter().rposition(dirty).unwrap_or(first);
        let count = last + 1 - first;
        self.go(row, first);
        self.set_pen(Pen::PLAIN);
        if count < FEW {
            for x in first..=last {
                self.write_cell(row, x, &Cell::BLANK, shown.len());
            }
        } else {
            self.put(b"\x1b[K");
        }
    }

    fn write_cell(&mut self, row: usize, x: usize, cell: &Cell, width: usize) {
        let certain = cell.mark.write_to(&mut self.out);
        let next = x + cell.width();
        // Behind the last column terminals disagree about where the cursor is.
        self.at = (certain && next < width).then_some((row, next));
    }

    /// Goes to a cell of a row, over its cells if writing them again is shorter than a command.
    fn walk_to(&mut self, row: usize, x: usize, wanted: &[Cell]) {
        if let Some((at_row, at)) = self.at
            && at_row == row
            && at < x
            && x - at <= FEW
        {
            let between = &wanted[at..x];
            let same = between
                .iter()
                .all(|cell| Some(cell.pen) == self.pen && cell.mark.is_ascii());
            if same && between.len() <= forward(x - at) {
                for cell in between {
                    cell.mark.write_to(&mut self.out);
                }
                self.at = Some((row, x));
                return;
            }
        }
        self.go(row, x);
    }

    /// Moves the terminal's cursor by the shortest command.
    fn go(&mut self, row: usize, x: usize) {
        let absolute = 3 + digits(row + 1) + if x == 0 { 0 } else { 1 + digits(x + 1) };
        match self.at {
            Some(at) if at == (row, x) => return,
            Some((r, _)) if r == row && x == 0 => self.put(b"\r"),
            Some((r, c)) if r == row && c < x && forward(x - c) < absolute => self.counted(x - c, 'C'),
            Some((r, c)) if r == row && c > x && c - x <= 2 => self.put(&b"\x08\x08"[..c - x]),
            Some((r, c)) if r == row && c > x && forward(c - x) < absolute => self.counted(c - x, 'D'),
            Some((r, c)) if c == x && r < row && forward(row - r) < absolute => self.counted(row - r, 'B'),
            Some((r, c)) if c == x && r > row && forward(r - row) < absolute => self.counted(r - row, 'A'),
            _ if x == 0 => self.write(format_args!("\x1b[{}H", row + 1)),
            _ => self.write(format_args!("\x1b[{};{}H", row + 1, x + 1)),
        }
        self.at = Some((row, x));
    }

    fn set_pen(&mut self, pen: Pen) {
        if self.pen != Some(pen) {
            pen.write_change(self.pen, &mut self.out);
            self.pen = Some(pen);
        }
    }

    fn set_cursor(&mut self, cursor: Option<Position>) {
        let Some(position) = cursor else {
            if self.cursor.take().is_some() {
                self.put(b"\x1b[?25l");
            }
            return;
        };
        let place = (usize::from(position.y), usize::from(position.x));
        if self.at != Some(place) {
            self.go(place.0, place.1);
        }
        if self.cursor.is_none() {
            self.put(b"\x1b[?25h");
        }
        self.cursor = Some(position);
    }

    /// A command with a count, which is left out where it is one.
    fn counted(&mut self, count: usize, command: char) {
        if count == 1 {
            self.write(format_args!("\x1b[{command}"));
        } else {
            self.write(format_args!("\x1b[{count}{command}"));
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Memory takes everything.
        let _ = self.out.write_fmt(text);
    }
}

/// Blank cells at the beginning of these.
fn run_of_blanks(cells: &[Cell]) -> usize {
    cells.iter().take_while(|cell| cell.is_plain_blank()).count()
}

/// Bytes of a relative move.
fn forward(count: usize) -> usize {
    if count == 1 { 3 } else { 3 + digits(count) }
}

fn digits(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}
