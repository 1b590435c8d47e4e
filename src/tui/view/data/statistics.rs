//! Owns drawing a column's statistics beside the table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::browse::{ColumnStatistics, HistogramBin, TopValue};
use crate::tui::app::data::DataPanel;
use crate::tui::view::numbers::{axis, grouped, percent};
use crate::tui::view::{Frame, Look, Role, bars, text};
use crate::worker::Kind;

/// Labels whose shares have a column of their own.
const MOST_LABELS: usize = 4;
/// Columns of the screen for a label's share: ` 100.0 %`.
const SHARE: u16 = 9;

/// Lines of the pane that are not used yet.
struct Lines<'b> {
    look: Look,
    left: Rect,
    buffer: &'b mut Buffer,
}

impl Lines<'_> {
    /// The next lines; fewer, or none, where the pane ends.
    fn take(&mut self, height: u16) -> Rect {
        let height = height.min(self.left.height);
        let taken = Rect { height, ..self.left };
        self.left.y += height;
        self.left.height -= height;
        taken
    }

    fn say(&mut self, pieces: &[(&str, Role)]) {
        let line = self.take(1);
        if !line.is_empty() {
            self.look.put_pieces(self.buffer, line, pieces);
        }
    }

    fn skip(&mut self) {
        self.take(1);
    }
}

/// Draws the pane.
pub fn draw(frame: &Frame<'_>, panel: &DataPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    for y in area.y..area.bottom() {
        look.put_glyph(buffer, area.x, y, look.glyphs().vertical, Role::Border);
    }
    let left = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(3),
        ..area
    };
    let mut lines = Lines { look, left, buffer };
    let column = panel.pane().column.and_then(|at| panel.columns().all().get(at));
    let Some(column) = column else { return };
    lines.say(&[
        (&column.info.name, Role::Heading),
        ("  ", Role::Plain),
        (&column.about, Role::Faint),
    ]);
    if let Some(problem) = &panel.pane().problem {
        for line in text::wrapped(look, problem, usize::from(left.width)) {
            let row = lines.take(1);
            look.put_safe(lines.buffer, row, &line, look.style(Role::Bad));
        }
        return;
    }
    let Some(statistics) = panel.pane().shown() else {
        let share = panel.progress().filter(|progress| progress.kind == Kind::Statistics);
        let share = share.and_then(|progress| Some((progress.done, progress.total?)));
        let share = share.map(|(done, total)| percent(done, total)).unwrap_or_default();
        return lines.say(&[("computing ", Role::Faint), (&share, Role::Faint)]);
    };
    draw_facts(&mut lines, statistics);
    draw_histogram(&mut lines, &statistics.histogram);
    draw_values(frame, &mut lines, statistics);
}

fn draw_facts(lines: &mut Lines<'_>, of: &ColumnStatistics) {
    let fact = |lines: &mut Lines<'_>, label: &str, value: &str| {
        if !value.is_empty() {
            lines.say(&[(&format!("{label:<9}"), Role::Faint), (value, Role::Plain)]);
        }
    };
    fact(lines, "rows", &grouped(of.rows));
    let nulls = format!("{}  {}", grouped(of.nulls), percent(of.nulls, of.rows));
    fact(lines, "empty", &nulls);
    if of.unreadable > 0 {
        let line = format!("{}  not of the type", grouped(of.unreadable));
        lines.say(&[("odd      ", Role::Faint), (&line, Role::Warning)]);
    }
    let least = if of.distinct_exact { "" } else { "at least " };
    fact(lines, "distinct", &format!("{least}{}", grouped(of.distinct)));
    if let (Some(min), Some(max)) = (&of.min, &of.max) {
        let short = |text: &str| crate::text::shortened(text.as_bytes(), 24);
        fact(lines, "range", &format!("{} to {}", short(min), short(max)));
    }
    if let (Some(mean), Some(sd)) = (of.mean, of.sd) {
        fact(lines, "mean", &format!("{}  sd {}", axis(mean), axis(sd)));
    } else if let Some(mean) = of.mean {
        fact(lines, "mean", &axis(mean));
    }
    let quantiles = of.quantiles.iter();
    let quantiles = quantiles.map(|(share, value)| format!("{}% {}", axis(share * 100.0), axis(*value)));
    let room = usize::from(lines.left.width).saturating_sub(9);
    for (at, line) in packed(quantiles, room).iter().enumerate() {
        fact(lines, if at == 0 { "quantile" } else { "" }, line);
    }
}

/// Texts in as few lines as hold them.
fn packed(texts: impl Iterator<Item = String>, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for text in texts {
        match lines.last_mut() {
            Some(line) if line.len() + 2 + text.len() <= room => {
                line.push_str("  ");
                line.push_str(&text);
            }
            _ => lines.push(text),
        }
    }
    lines
}

fn draw_histogram(lines: &mut Lines<'_>, bins: &[HistogramBin]) {
    // Without some lines left for the values that are most frequent there is no room for it.
    if bins.is_empty() || lines.left.height < 12 {
        return;
    }
    lines.skip();
    let height = (lines.left.height / 4).clamp(3, 8);
    let area = lines.take(height);
    let counts: Vec<f64> = bins.iter().map(|bin| bin.count as f64).collect();
    bars::histogram(lines.look, lines.buffer, area, &counts, Role::Series(0));
    let (low, high) = (axis(bins[0].low), axis(bins[bins.len() - 1].high));
    let line = lines.take(1);
    let broad = (usize::from(line.width) / bins.len()).clamp(1, 3) * bins.len();
    let line = Rect {
        width: line
            .width
            .min(broad as u16)
            .max((low.len() + high.len() + 1) as u16)
            .min(line.width),
        ..line
    };
    let axis_style = lines.look.style(Role::Axis);
    lines.look.put(lines.buffer, line, &low, axis_style);
    lines.look.put_right(lines.buffer, line, &high, axis_style);
}

fn draw_values(frame: &Frame<'_>, lines: &mut Lines<'_>, of: &ColumnStatistics) {
    if of.top.is_empty() || lines.left.height < 3 {
        return;
    }
    lines.skip();
    let schema = frame.app.shared.survey.as_ref().map(|survey| &survey.schema);
    let malicious = |label: &String| schema.is_some_and(|schema| schema.malicious.contains(label));
    let room = usize::from(lines.left.width.saturating_sub(20) / SHARE).min(MOST_LABELS);
    // The malicious ones first: where there is room for one only it is theirs.
    let mut labels: Vec<usize> = (0..of.labels.len()).collect();
    labels.sort_by_key(|at| !malicious(&of.labels[*at]));
    labels.truncate(room);
    let header = lines.take(1);
    let places = Places::new(header.width, labels.len() as u16);
    let name = match schema
        .and_then(|schema| schema.label.as_deref())
        .filter(|_| !labels.is_empty())
    {
        Some(label) => format!("top values, by {label}"),
        None => "top values".to_owned(),
    };
    let style = lines.look.style(Role::Heading);
    lines
        .look
        .put(lines.buffer, places.value_and_count(header), &name, style);
    for (at, label) in labels.iter().map(|at| &of.labels[*at]).enumerate() {
        let role = if malicious(label) {
            Role::Malicious
        } else {
            Role::Heading
        };
        // Meaning is never in the colour alone.
        let title = if malicious(label) {
            format!("{label} mal.")
        } else {
            label.clone()
        };
        let style = lines.look.style(role);
        lines
            .look
            .put_right(lines.buffer, places.share(header, at as u16), &title, style);
    }
    for value in &of.top {
        let row = lines.take(1);
        if row.is_empty() {
            break;
        }
        draw_value(lines, row, &places, value, (of.rows, &labels));
    }
}

/// Where the parts of a frequent value stand.
struct Places {
    value: u16,
    count: u16,
    shares: u16,
}

impl Places {
    fn new(width: u16, labels: u16) -> Self {
        let shares = width.saturating_sub(labels * SHARE);
        let count = 18.min(shares / 2);
        Self {
            value: shares - count,
            count,
            shares,
        }
    }

    fn value_and_count(&self, row: Rect) -> Rect {
        Rect {
            width: self.shares.min(row.width),
            ..row
        }
    }

    fn share(&self, row: Rect, at: u16) -> Rect {
        Rect {
            x: row.x + self.shares + at * SHARE,
            width: SHARE,
            ..row
        }
        .intersection(row)
    }
}

fn draw_value(lines: &mut Lines<'_>, row: Rect, places: &Places, value: &TopValue, (rows, labels): (u64, &[usize])) {
    let look = lines.look;
    let (shown, role) = if value.value.is_empty() {
        ("(empty)", Role::Faint)
    } else {
        (value.value.as_str(), Role::Plain)
    };
    let name = Rect {
        width: places.value.saturating_sub(1).min(row.width),
        ..row
    };
    look.put(lines.buffer, name, shown, look.style(role));
    let count = Rect {
        x: row.x + places.value,
        width: places.count,
        ..row
    };
    let text = format!("{} {:>7}", grouped(value.count), percent(value.count, rows));
    look.put_right(lines.buffer, count.intersection(row), &text, look.style(Role::Plain));
    let all: u64 = value.mix.iter().sum();
    for (at, label) in labels.iter().enumerate() {
        let share = percent(value.mix.get(*label).copied().unwrap_or(0), all);
        look.put_right(
            lines.buffer,
            places.share(row, at as u16),
            &share,
            look.style(Role::Faint),
        );
    }
}
