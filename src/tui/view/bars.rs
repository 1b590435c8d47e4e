//! Owns bars: shares, progress, histograms, small curves, the place in a list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::theme::{Look, Role};

/// A share as a bar from the left, over the first line of an area. What is more than nothing is always seen.
pub fn bar(look: Look, buffer: &mut Buffer, area: Rect, share: f64, role: Role) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let eighths = eighths(share, area.width);
    for (at, x) in (area.left()..area.right()).enumerate() {
        let filled = eighths.saturating_sub(at * 8).min(8);
        if filled > 0 {
            let glyph = look.glyphs().across[if look.ascii {
                ascii_step(filled, at == 0)
            } else {
                filled
            }];
            look.put_glyph(buffer, x, area.y, glyph, role);
        }
    }
}

/// In ASCII the first cell of a bar that is not empty must show.
fn ascii_step(filled: usize, first: bool) -> usize {
    if first { filled.max(4) } else { filled }
}

fn eighths(share: f64, width: u16) -> usize {
    if share.is_nan() || share <= 0.0 {
        return 0;
    }
    let all = f64::from(width) * 8.0;
    ((share.min(1.0) * all).round() as usize).max(1)
}

/// How far something is: a bar with what is left of it, and a text behind it.
pub fn progress(look: Look, buffer: &mut Buffer, area: Rect, share: f64, text: &str) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let text_width = (look.width(text) as u16).min(area.width);
    let width = area.width.saturating_sub(text_width + u16::from(text_width > 0));
    let track = Rect { width, ..area };
    for x in track.left()..track.right() {
        look.put_glyph(buffer, x, area.y, look.glyphs().rest, Role::Border);
    }
    bar(look, buffer, track, share, Role::Accent);
    let rest = Rect {
        x: area.right() - text_width,
        width: text_width,
        ..area
    };
    look.put(buffer, rest, text, look.style(Role::Plain));
}

/// Values as columns one cell wide and one line high, the largest one full; the last ones where there are too many.
/// A value that is no number leaves a gap.
pub fn sparkline(look: Look, buffer: &mut Buffer, area: Rect, values: &[f64], role: Role) {
    histogram(
        look,
        buffer,
        Rect {
            height: area.height.min(1),
            ..area
        },
        values,
        role,
    );
}

/// Values as columns one cell wide and as high as the area, the largest one full. Values share the width: several of
/// them stand in one cell's column as their largest where there are too many, and a column is broadened where there
/// are few.
pub fn histogram(look: Look, buffer: &mut Buffer, area: Rect, values: &[f64], role: Role) {
    let area = area.intersection(buffer.area);
    let most = values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    if area.is_empty() || values.is_empty() || most <= 0.0 {
        return;
    }
    let width = usize::from(area.width);
    let broad = (width / values.len()).clamp(1, 3);
    let columns = width.min(values.len() * broad);
    for column in 0..columns {
        let from = column * values.len() / columns;
        let to = ((column + 1) * values.len() / columns).max(from + 1);
        let value = values[from..to]
            .iter()
            .copied()
            .filter(|v| v.is_finite())
            .fold(0.0, f64::max);
        let eighths = eighths(value / most, area.height);
        for (line, y) in (area.top()..area.bottom()).rev().enumerate() {
            let filled = eighths.saturating_sub(line * 8).min(8);
            if filled > 0 {
                look.put_glyph(buffer, area.x + column as u16, y, look.glyphs().up[filled], role);
            }
        }
    }
}

/// A line of [`labelled_bars`].
#[derive(Clone, Debug, Default)]
pub struct LabelledBar<'a> {
    /// At the left.
    pub label: &'a str,
    /// How long the bar is, beside the others.
    pub value: f64,
    /// Behind the bar.
    pub text: &'a str,
    /// The bar's meaning.
    pub role: Role,
}

/// Bars below each other with a label and a text each; the largest value fills the width.
pub fn labelled_bars(look: Look, buffer: &mut Buffer, area: Rect, bars: &[LabelledBar<'_>]) {
    let area = area.intersection(buffer.area);
    let capped = |widest: Option<usize>| (widest.unwrap_or(0).min(200) as u16).min(area.width / 3);
    let labels = capped(bars.iter().map(|bar| look.width(bar.label)).max());
    let texts = capped(bars.iter().map(|bar| look.width(bar.text)).max());
    let most = bars
        .iter()
        .map(|bar| bar.value)
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    for (line, item) in area.rows().zip(bars) {
        let label = Rect { width: labels, ..line };
        look.put(buffer, label, item.label, look.style(Role::Plain));
        let track = Rect {
            x: line.x + labels + 1,
            width: line.width.saturating_sub(labels + texts + 2),
            ..line
        };
        let share = if most > 0.0 { item.value / most } else { 0.0 };
        bar(look, buffer, track.intersection(line), share, item.role);
        let text = Rect {
            x: line.right() - texts,
            width: texts,
            ..line
        };
        look.put_right(buffer, text, item.text, look.style(Role::Faint));
    }
}

/// What is left of an area beside its scroll bar, where there is one.
pub fn beside_bar(area: Rect, shown: usize, all: usize) -> Rect {
    Rect {
        width: area.width.saturating_sub(u16::from(all > shown)),
        ..area
    }
}

/// Where one is in a list, as a bar in the area's last column; nothing where all of it is in sight.
pub fn scroll_bar(look: Look, buffer: &mut Buffer, area: Rect, first: usize, shown: usize, all: usize) {
    let area = area.intersection(buffer.area);
    if area.is_empty() || all <= shown {
        return;
    }
    let height = usize::from(area.height);
    let length = (height * shown / all).clamp(1, height);
    let last_first = all - shown;
    let top = ((height - length) * first.min(last_first) + last_first / 2) / last_first;
    let x = area.right() - 1;
    for (at, y) in (area.top()..area.bottom()).enumerate() {
        let inside = (top..top + length).contains(&at);
        let [thumb, track] = look.glyphs().scroll;
        look.put_glyph(buffer, x, y, if inside { thumb } else { track }, Role::Border);
    }
}

#[cfg(test)]
mod tests;
