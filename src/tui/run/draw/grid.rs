//! Owns the screen as a terminal holds it: cells of one character each, clean, with nothing that could act.

use ratatui::buffer::{Buffer, CellWidth as _};
use ratatui::layout::Position;
use unicode_width::UnicodeWidthChar as _;

use super::Look;
use super::pen::Pen;
use super::scroll::Scroll;
use crate::text::is_invisible;

/// What stands for a character that may not be sent. Text from outside was made safe long before; this is for what
/// slipped through.
const REFUSED: char = '?';

/// Bytes of one cell at most; a tower of combining marks is cut there.
const LONGEST: usize = 18;

/// What a cell shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// One character.
    Char(char),
    /// A character with marks that take no place of their own.
    Cluster(Box<str>),
    /// The right half of the wide character to the left.
    Tail,
}

impl Mark {
    /// Writes it. False if a terminal might count its columns differently.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Char(c) => {
                let mut bytes = [0; 4];
                out.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
                is_certain(*c)
            }
            Self::Cluster(text) => {
                out.extend_from_slice(text.as_bytes());
                false
            }
            Self::Tail => true,
        }
    }

    pub(super) fn is_ascii(&self) -> bool {
        matches!(self, Self::Char(c) if c.is_ascii())
    }
}

/// A cell: what it shows, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) mark: Mark,
    pub(super) pen: Pen,
}

impl Cell {
    pub(super) const BLANK: Self = Self {
        mark: Mark::Char(' '),
        pen: Pen::PLAIN,
    };

    fn new(mark: Mark, pen: Pen) -> Self {
        let pen = if mark == Mark::Char(' ') { pen.of_blank() } else { pen };
        Self { mark, pen }
    }

    /// Whether erasing makes this cell.
    pub(super) fn is_plain_blank(&self) -> bool {
        self.pen == Pen::PLAIN && self.mark == Mark::Char(' ')
    }

    /// Columns it takes.
    pub(super) fn width(&self) -> usize {
        match &self.mark {
            Mark::Char(c) => columns(*c),
            Mark::Cluster(text) => text.chars().next().map_or(1, columns),
            Mark::Tail => 1,
        }
    }
}

/// Rows of cells.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    width: usize,
    height: usize,
    cells: Vec<Cell>,
}

impl Grid {
    /// What a terminal shows of a buffer.
    pub(super) fn of(buffer: &Buffer, look: Look) -> Self {
        let (width, height) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
        let mut cells = Vec::with_capacity(width * height);
        for row in buffer.content.chunks(width.max(1)).take(height) {
            let end = cells.len() + width;
            let mut x = 0;
            while let Some(cell) = row.get(x) {
                let pen = Pen::of(cell.fg, cell.bg, cell.modifier, look.colors);
                let symbol = cell.symbol();
                let taken = if is_simple(symbol) {
                    let blank = symbol.chars().next().unwrap_or(' ');
                    cells.push(Cell::new(Mark::Char(blank), pen));
                    1
                } else {
                    let room = usize::from(cell_width(symbol)).clamp(1, width - x);
                    spread(symbol, pen, room, look, &mut cells);
                    room
                };
                x += taken;
            }
            cells.resize(end, Cell::BLANK);
        }
        cells.resize(width * height, Cell::BLANK);
        Self { width, height, cells }
    }

    /// An empty one of the same size.
    pub(super) fn blank(&self) -> Self {
        Self {
            cells: vec![Cell::BLANK; self.cells.len()],
            ..*self
        }
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.width == other.width && self.height == other.height
    }

    pub(super) fn holds(&self, position: Position) -> bool {
        usize::from(position.x) < self.width && usize::from(position.y) < self.height
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    pub(super) fn row(&self, row: usize) -> &[Cell] {
        self.cells
            .get(row * self.width..(row + 1) * self.width)
            .unwrap_or_default()
    }

    /// Does what the terminal does when a region scrolls.
    pub(super) fn scroll(&mut self, scroll: Scroll) {
        let region = &mut self.cells[scroll.top * self.width..(scroll.bottom + 1) * self.width];
        let moved = scroll.up_by.unsigned_abs() * self.width;
        if scroll.up_by > 0 {
            region.rotate_left(moved);
            let kept = region.len() - moved;
            region[kept..].fill(Cell::BLANK);
        } else {
            region.rotate_right(moved);
            region[..moved].fill(Cell::BLANK);
        }
    }
}

/// One byte that shows a character.
fn is_simple(symbol: &str) -> bool {
    symbol.len() == 1 && symbol.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// Columns that the buffer's owner believes this takes.
fn cell_width(symbol: &str) -> u16 {
    if symbol.len() == 1 { 1 } else { symbol.cell_width() }
}

/// Puts a symbol into `room` cells, the way a terminal spreads its characters. What has no room is left out, and what
/// may not be sent shows a mark.
fn spread(symbol: &str, pen: Pen, room: usize, look: Look, cells: &mut Vec<Cell>) {
    let end = cells.len() + room;
    if symbol == "\u{2800}" && !look.ascii {
        cells.push(Cell::new(Mark::Char(' '), pen));
    } else if symbol.chars().any(|c| is_invisible(c) || (look.ascii && !c.is_ascii())) {
        cells.push(Cell::new(Mark::Char(REFUSED), pen));
    } else {
        for c in symbol.chars() {
            let wide = columns(c);
            if wide == 0 {
                append(cells, end - room, c, pen);
            } else if cells.len() + wide <= end {
                cells.push(Cell::new(Mark::Char(c), pen));
                cells.extend((1..wide).map(|_| Cell::new(Mark::Tail, pen)));
            } else if cells.len() < end {
                // Half a wide character at the edge.
                cells.push(Cell::new(Mark::Char(REFUSED), pen));
                break;
            } else {
                break;
            }
        }
    }
    while cells.len() < end {
        cells.push(Cell::new(Mark::Char(' '), pen));
    }
}

/// Puts a character without a place of its own on the cell before it.
fn append(cells: &mut Vec<Cell>, start: usize, c: char, pen: Pen) {
    let Some(at) = cells
        .iter()
        .rposition(|cell| cell.mark != Mark::Tail)
        .filter(|at| *at >= start)
    else {
        cells.push(Cell::new(Mark::Char(REFUSED), pen));
        return;
    };
    let before = match &cells[at].mark {
        Mark::Char(base) => String::from(*base),
        Mark::Cluster(text) => text.to_string(),
        Mark::Tail => return,
    };
    if before.len() < LONGEST {
        cells[at].mark = Mark::Cluster(format!("{before}{c}").into_boxed_str());
    }
}

/// Columns of a character by itself.
fn columns(c: char) -> usize {
    match c {
        // Sound marks of half-width Katakana: combining by the book, a cell of their own on every terminal.
        '\u{ff9e}' | '\u{ff9f}' => 1,
        c => c.width().unwrap_or(0).min(2),
    }
}

/// Characters whose width terminals agree on: Latin, Greek, Cyrillic, lines and blocks, Chinese, Japanese, Korean.
fn is_certain(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2ff}' | '\u{370}'..='\u{482}' | '\u{48a}'..='\u{52f}'
        | '\u{2500}'..='\u{259f}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}')
}
