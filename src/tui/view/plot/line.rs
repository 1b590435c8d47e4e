//! Owns turning a series into cells: one run of cells a column, joined with the column before, in strokes that tell
//! series apart without colours.

use super::scale::Scale;
use super::{Pen, Span};

/// What a series does in one column, in rows from the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Column {
    enter: i32,
    leave: i32,
    top: i32,
    bottom: i32,
}

impl Column {
    fn at(row: i32) -> Self {
        Self {
            enter: row,
            leave: row,
            top: row,
            bottom: row,
        }
    }

    fn add(&mut self, row: i32) {
        self.leave = row;
        self.top = self.top.min(row);
        self.bottom = self.bottom.max(row);
    }
}

/// The cells of a plot, by scale.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// Across.
    pub x: Scale,
    /// Upwards.
    pub y: Scale,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Grid {
    /// Columns from the left, as a fraction; outside the plot too, but never far.
    fn across(&self, x: f64) -> Option<f64> {
        let place = self.x.place(x)?.clamp(-1.0, 2.0);
        Some(place * f64::from(self.width.saturating_sub(1)))
    }

    /// Rows from the top, as a fraction; outside the plot too, but never far.
    fn down(&self, y: f64) -> Option<f64> {
        let place = self.y.place(y)?.clamp(-1.0, 2.0);
        Some((1.0 - place) * f64::from(self.height.saturating_sub(1)))
    }

    /// The column of a value, where it is in the plot.
    pub fn column(&self, x: f64) -> Option<u16> {
        let column = self.across(x)?.round();
        (column >= 0.0 && column < f64::from(self.width)).then_some(column as u16)
    }

    /// The row of a value, from the top, where it is in the plot.
    pub fn row(&self, y: f64) -> Option<u16> {
        let row = self.down(y)?.round();
        (row >= 0.0 && row < f64::from(self.height)).then_some(row as u16)
    }

    /// The cells of a series: column, row, stroke.
    pub fn cells(&self, spans: &[Span], pen: Pen, ascii: bool) -> Vec<(u16, u16, &'static str)> {
        let strokes = pen.strokes(ascii);
        let mut cells = Vec::new();
        let mut before: Option<(usize, Column)> = None;
        for (at, column) in self.columns(spans).into_iter().enumerate() {
            let Some(column) = column else { continue };
            let joined = before
                .filter(|(last, _)| last + 1 == at)
                .map(|(_, column)| column.leave);
            self.stroke(at as u16, column, joined, strokes, &mut cells);
            before = Some((at, column));
        }
        cells
    }

    /// What the series does in every column.
    fn columns(&self, spans: &[Span]) -> Vec<Option<Column>> {
        let mut columns: Vec<Option<Column>> = vec![None; usize::from(self.width)];
        let mut add = |column: f64, row: f64| {
            let row = row.round() as i32;
            if let Some(slot) = (column >= 0.0).then(|| columns.get_mut(column as usize)).flatten() {
                match slot {
                    Some(known) => known.add(row),
                    None => *slot = Some(Column::at(row)),
                }
            }
        };
        let mut before: Option<(f64, f64)> = None;
        for span in spans {
            let place = self.across(span.x).zip(self.down(span.first)).zip(self.down(span.last));
            let Some(((x, first), last)) = place else {
                before = None;
                continue;
            };
            if let Some((from, row)) = before {
                let (start, end) = (from.round() as i64 + 1, x.round() as i64);
                for column in start.max(0)..end.min(i64::from(self.width)) {
                    let along = (column as f64 - from) / (x - from);
                    add(column as f64, row + (first - row) * along.clamp(0.0, 1.0));
                }
            }
            let column = x.round();
            let extremes = [Some(first), self.down(span.high), self.down(span.low), Some(last)];
            extremes.into_iter().flatten().for_each(|row| add(column, row));
            before = Some((x, last));
        }
        columns
    }

    fn stroke(
        &self,
        at: u16,
        column: Column,
        joined: Option<i32>,
        strokes: &Strokes,
        cells: &mut Vec<(u16, u16, &'static str)>,
    ) {
        // A line comes in from the left where the column before ended, or begins here.
        let from = joined.unwrap_or(column.enter);
        let (top, bottom) = (column.top.min(from), column.bottom.max(from));
        let rises = from == bottom && column.leave == top;
        let falls = from == top && column.leave == bottom;
        for row in top.max(0)..=bottom.min(i32::from(self.height) - 1) {
            let stroke = match (top == bottom, rises, falls) {
                (true, ..) => strokes.across,
                (_, true, _) if row == bottom => strokes.corners[3],
                (_, true, _) if row == top => strokes.corners[0],
                (_, _, true) if row == top => strokes.corners[1],
                (_, _, true) if row == bottom => strokes.corners[2],
                _ => strokes.upright,
            };
            cells.push((at, row as u16, stroke));
        }
    }
}

/// How a series is drawn.
#[derive(Debug)]
pub struct Strokes {
    /// From left to right; also the sample in a legend.
    pub across: &'static str,
    upright: &'static str,
    /// Open to: right and below, left and below, right and above, left and above.
    corners: [&'static str; 4],
}

const fn strokes(across: &'static str, upright: &'static str, corners: [&'static str; 4]) -> Strokes {
    Strokes {
        across,
        upright,
        corners,
    }
}

static LIGHT: Strokes = strokes("─", "│", ["┌", "┐", "└", "┘"]);
static DOUBLE: Strokes = strokes("═", "║", ["╔", "╗", "╚", "╝"]);
static FINE: Strokes = strokes("╌", "╌", ["╌", "╌", "╌", "╌"]);
static ASCII_LIGHT: Strokes = strokes("-", "|", [".", ".", "'", "'"]);
static ASCII_DOUBLE: Strokes = strokes("=", "#", ["#", "#", "#", "#"]);
static ASCII_FINE: Strokes = strokes(".", ".", [".", ".", ".", "."]);

impl Pen {
    /// Its strokes.
    pub fn strokes(self, ascii: bool) -> &'static Strokes {
        match (self, ascii) {
            (Self::Light, false) => &LIGHT,
            (Self::Double, false) => &DOUBLE,
            (Self::Fine, false) => &FINE,
            (Self::Light, true) => &ASCII_LIGHT,
            (Self::Double, true) => &ASCII_DOUBLE,
            (Self::Fine, true) => &ASCII_FINE,
        }
    }
}
