//! Owns plots: lines over axes with ticks and units, a legend, marks and a value cursor, at any size, in characters that
//! tell series apart without colours.

mod line;
mod scale;

#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use self::line::Grid;
pub use self::scale::Scale;
use super::theme::{Look, Role};

/// Below this many columns and rows nothing can be read.
const SMALLEST: (u16, u16) = (12, 5);
/// Columns between two labels below.
const LABEL_ROOM: u16 = 10;
/// Rows between two labels at the left: of a low plot, of a high one.
const LABEL_ROWS: (u16, u16) = (2, 4);
/// From this height on a plot is high.
const HIGH: u16 = 16;

/// What a series is at one place: one value, or those of neighbouring places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The place.
    pub x: f64,
    /// The first value; one that is no number breaks the line.
    pub first: f64,
    /// The last value.
    pub last: f64,
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

impl Span {
    /// One value.
    pub fn point(x: f64, y: f64) -> Self {
        Self {
            x,
            first: y,
            last: y,
            low: y,
            high: y,
        }
    }
}

/// How a line is drawn. Pens are told apart without colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pen {
    /// A thin line.
    #[default]
    Light,
    /// Two lines beside each other.
    Double,
    /// A broken line, for what others are held against.
    Fine,
}

/// A series.
#[derive(Clone, Debug, Default)]
pub struct Line<'a> {
    /// For the legend; empty keeps it out.
    pub name: String,
    /// How it is drawn.
    pub pen: Pen,
    /// Its colour's meaning.
    pub role: Role,
    /// Its values, from left to right.
    pub spans: &'a [Span],
}

/// A single point that stands out.
#[derive(Clone, Copy, Debug)]
pub struct Mark<'a> {
    /// Where.
    pub x: f64,
    /// Where.
    pub y: f64,
    /// One column.
    pub glyph: &'a str,
    /// What it means.
    pub role: Role,
}

/// An axis.
#[derive(Clone, Copy, Debug, Default)]
pub struct Axis<'a> {
    /// What is measured, and in what.
    pub title: &'a str,
    /// From where to where; as the values are where there is none.
    pub range: Option<(f64, f64)>,
    /// Logarithmic, if there are values above 0.
    pub log: bool,
}

impl<'a> Axis<'a> {
    /// A share: from 0 to 1.
    pub fn share(title: &'a str) -> Self {
        Self {
            title,
            range: Some((0.0, 1.0)),
            log: false,
        }
    }

    /// As far as values go.
    pub fn free(title: &'a str) -> Self {
        Self {
            title,
            range: None,
            log: false,
        }
    }

    fn scale(&self, values: impl Iterator<Item = f64> + Clone) -> Option<Scale> {
        match self.range {
            Some((low, high)) => Some(Scale::between(low, high, false)),
            None => Scale::of(values, self.log),
        }
    }
}

/// A plot.
#[derive(Clone, Debug, Default)]
pub struct Plot<'a> {
    /// Below.
    pub x: Axis<'a>,
    /// At the left.
    pub y: Axis<'a>,
    /// The series; later ones are drawn over earlier ones.
    pub lines: &'a [Line<'a>],
    /// Points that stand out.
    pub marks: &'a [Mark<'a>],
    /// Fine lines from top to bottom.
    pub rules: &'a [(f64, Role)],
    /// The value cursor's place.
    pub cursor: Option<f64>,
    /// Said behind the legend.
    pub notes: &'a [(String, Role)],
}

/// Where the parts of a plot are.
struct Parts {
    legend: Rect,
    inner: Rect,
    /// The column of the axis at the left.
    axis: u16,
}

impl Plot<'_> {
    /// Draws it; says in its place if there is nothing to draw, or no room.
    pub fn draw(&self, look: Look, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            look.put(buffer, area, "no room for a plot", look.style(Role::Faint));
            return;
        }
        let values = self.lines.iter().flat_map(|line| line.spans);
        let marks = self.marks.iter();
        let across = values
            .clone()
            .map(|span| span.x)
            .chain(marks.clone().map(|mark| mark.x));
        let upwards = values
            .flat_map(|span| [span.low, span.high])
            .chain(marks.map(|mark| mark.y));
        let (Some(x), Some(y)) = (self.x.scale(across), self.y.scale(upwards)) else {
            look.put_centered(buffer, middle(area), "no values", look.style(Role::Faint));
            return;
        };
        let every = if area.height < HIGH { LABEL_ROWS.0 } else { LABEL_ROWS.1 };
        let labels = y.ticks(usize::from((area.height - 3) / every).max(2));
        let gutter = labels.iter().map(|(_, label)| look.width(label)).max().unwrap_or(0);
        let gutter = (gutter as u16).min(area.width / 3);
        let parts = Parts {
            legend: Rect { height: 1, ..area },
            inner: Rect::new(
                area.x + gutter + 1,
                area.y + 1,
                area.width - gutter - 1,
                area.height - 3,
            ),
            axis: area.x + gutter,
        };
        let grid = Grid {
            x,
            y,
            width: parts.inner.width,
            height: parts.inner.height,
        };
        self.draw_axes(look, area, &parts, (&grid, &labels), buffer);
        self.draw_inside(look, parts.inner, &grid, buffer);
        self.draw_legend(look, parts.legend, y.is_log(), buffer);
    }

    fn draw_axes(
        &self,
        look: Look,
        area: Rect,
        parts: &Parts,
        (grid, labels): (&Grid, &[(f64, String)]),
        buffer: &mut Buffer,
    ) {
        let (glyphs, inner) = (look.glyphs(), parts.inner);
        let style = look.style(Role::Axis);
        for y in inner.top()..inner.bottom() {
            look.put_glyph(buffer, parts.axis, y, glyphs.vertical, Role::Axis);
        }
        for (value, label) in labels {
            let Some(row) = grid.row(*value) else { continue };
            let y = inner.y + row;
            look.put_glyph(buffer, parts.axis, y, glyphs.ticks[0], Role::Axis);
            look.put_right(buffer, Rect::new(area.x, y, parts.axis - area.x, 1), label, style);
        }
        let base = inner.bottom();
        look.put_glyph(buffer, parts.axis, base, glyphs.corners[2], Role::Axis);
        for x in inner.left()..inner.right() {
            look.put_glyph(buffer, x, base, glyphs.horizontal, Role::Axis);
        }
        let ticks = grid.x.ticks(usize::from(inner.width / LABEL_ROOM).max(2));
        let mut free = area.x;
        for (value, label) in ticks {
            let Some(column) = grid.column(value) else { continue };
            let x = inner.x + column;
            look.put_glyph(buffer, x, base, glyphs.ticks[1], Role::Axis);
            let width = look.width(&label) as u16;
            let start = x
                .saturating_sub(width / 2)
                .min(area.right().saturating_sub(width))
                .max(area.x);
            if start >= free && start + width <= area.right() {
                look.put(buffer, Rect::new(start, base + 1, width, 1), &label, style);
                free = start + width + 1;
            }
        }
        let width = (look.width(self.x.title) as u16).min(inner.width / 2);
        let title = Rect::new(inner.right() - width, base, width, 1);
        look.put(buffer, title, self.x.title, style);
    }

    fn draw_inside(&self, look: Look, inner: Rect, grid: &Grid, buffer: &mut Buffer) {
        let upright = |buffer: &mut Buffer, value: f64, role: Role| {
            let Some(column) = grid.column(value) else { return };
            for y in inner.top()..inner.bottom() {
                look.put_glyph(buffer, inner.x + column, y, look.glyphs().dashed_vertical, role);
            }
        };
        for (value, role) in self.rules {
            upright(buffer, *value, *role);
        }
        if let Some(value) = self.cursor {
            upright(buffer, value, Role::Accent);
        }
        for line in self.lines {
            for (column, row, stroke) in grid.cells(line.spans, line.pen, look.ascii) {
                look.put_glyph(buffer, inner.x + column, inner.y + row, stroke, line.role);
            }
        }
        for mark in self.marks {
            if let (Some(column), Some(row)) = (grid.column(mark.x), grid.row(mark.y)) {
                look.put_glyph(buffer, inner.x + column, inner.y + row, mark.glyph, mark.role);
            }
        }
    }

    fn draw_legend(&self, look: Look, area: Rect, log: bool, buffer: &mut Buffer) {
        let mut pieces: Vec<(String, Role)> = vec![(self.y.title.to_owned(), Role::Axis)];
        match (self.y.log, log) {
            (true, true) => pieces.push((" (log)".to_owned(), Role::Axis)),
            (true, false) => pieces.push((" (linear: nothing above 0)".to_owned(), Role::Warning)),
            (false, _) => {}
        }
        for line in self.lines.iter().filter(|line| !line.name.is_empty()) {
            let stroke = line.pen.strokes(look.ascii).across;
            pieces.push((format!("  {stroke}{stroke} "), line.role));
            pieces.push((line.name.clone(), Role::Plain));
        }
        for (note, role) in self.notes {
            pieces.push((format!("  {note}"), *role));
        }
        let pieces: Vec<(&str, Role)> = pieces.iter().map(|(text, role)| (text.as_str(), *role)).collect();
        look.put_pieces(buffer, area, &pieces);
    }
}

/// The line in the middle.
fn middle(area: Rect) -> Rect {
    Rect::new(area.x, area.y + area.height / 2, area.width, 1)
}
