//! Owns drawing the card of the case under the cursor, beside the list or below it. What the list knows of the case stands
//! on it at once; the rest follows when it has been read.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::list::risk_role;
use super::sign;
use crate::text::grouped;
use crate::tui::app::review::{ReviewPanel, Seen, ShownCard, words};
use crate::tui::app::team::words::looks;
use crate::tui::keymap::{Action, Context};
use crate::tui::view::lines::{below, top};
use crate::tui::view::text::wrapped;
use crate::tui::view::{Frame, Look, Role, bars, popup};
use crate::worker::{Card, CardColumn, CardNeighbour, NeighbourSource, ReviewRow};

/// Columns of the label in front of a text.
const LABEL: u16 = 10;
/// Columns of a column's name, its value, its bar on either side of the middle, its share.
const NAME: u16 = 20;
const VALUE: u16 = 8;
const HALF: u16 = 5;
const SHARE: u16 = 5;

/// Draws it in a box of its own.
pub fn draw_beside(frame: &Frame<'_>, panel: &ReviewPanel, area: Rect, buffer: &mut Buffer) {
    let title = title(panel);
    let inside = popup::boxed(frame.look, buffer, area, &title);
    draw_body(frame, panel, inside, buffer);
}

/// Draws it below a rule.
pub fn draw_below(frame: &Frame<'_>, panel: &ReviewPanel, area: Rect, buffer: &mut Buffer) {
    popup::rule(frame.look, buffer, top(area, 1), &title(panel));
    draw_body(frame, panel, below(area, 1), buffer);
}

fn title(panel: &ReviewPanel) -> String {
    match panel.window().current() {
        Some(row) => format!("case {}", row.row),
        None => String::new(),
    }
}

/// A line of the card.
enum Line<'a> {
    /// Text behind a label; its further lines stand below its first.
    Text(&'static str, String, Role),
    /// A column of the evidence.
    Evidence(&'a CardColumn, f64),
}

fn draw_body(frame: &Frame<'_>, panel: &ReviewPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let Some(row) = panel.window().current() else {
        if panel.window().place().is_some() {
            look.put(buffer, top(area, 1), "reading the case", look.style(Role::Faint));
        }
        return;
    };
    draw_score(look, row, top(area, 1), buffer);
    let mut lines = looking(frame, panel, row);
    lines.append(&mut judged(look, row, &panel.seen(row)));
    let mut dim = false;
    match panel.card() {
        Some(ShownCard::Own(card)) => known(card, usize::from(area.height), &mut lines),
        Some(ShownCard::Before(card, dimmed)) => {
            dim = dimmed;
            known(card, usize::from(area.height), &mut lines);
        }
        Some(ShownCard::Failed(why)) => lines.push(Line::Text("card", format!("! {why}"), Role::Bad)),
        Some(ShownCard::Reading) | None => lines.push(Line::Text("", "reading the card".to_owned(), Role::Faint)),
    }
    if let Some(why) = panel.file().opened().and_then(|file| file.without_model.as_ref()) {
        let text = format!("no model to explain this file: {why}");
        lines.push(Line::Text("missing", text, Role::Warning));
    }
    let more = frame.app.keymap.key_for(&[Context::Review], Action::Open);
    let more = more.unwrap_or_default();
    draw_lines(look, &lines, dim, &more, below(area, 1), buffer);
}

/// What the model said, on one line.
fn draw_score(look: Look, row: &ReviewRow, line: Rect, buffer: &mut Buffer) {
    let (class, role) = if row.flagged {
        ("malicious", Role::Malicious)
    } else {
        ("benign", Role::Benign)
    };
    let score = format!(
        " confidence {}, P {}   ",
        words::probability(row.confidence),
        words::probability(row.probability)
    );
    let action = format!(" risk, {}   ", row.action);
    let rows = if row.copies > 1 {
        format!("x{} rows", grouped(row.copies))
    } else {
        format!("row {}", grouped(row.ordinal + 1))
    };
    let pieces = [
        (class, role),
        (score.as_str(), Role::Plain),
        (row.risk.name(), risk_role(row.risk)),
        (action.as_str(), Role::Plain),
        (rows.as_str(), Role::Faint),
    ];
    look.put_pieces(buffer, line, &pieces);
}

/// Who else looks at the case now.
fn looking<'a>(frame: &Frame<'_>, panel: &ReviewPanel, row: &ReviewRow) -> Vec<Line<'a>> {
    let Some(file) = panel.file().opened() else {
        return Vec::new();
    };
    let claims = frame.app.shared.team.looking_at(&file.schema, row.row);
    claims
        .map(|claim| Line::Text("team", looks(claim), Role::Warning))
        .collect()
}

/// What people said: the verdict that stands and those against it, note, tags, the rule that suppresses it.
fn judged<'a>(look: Look, row: &ReviewRow, seen: &Seen<'_>) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let stands = row.state.verdict.as_ref();
    match seen.verdict {
        Some(verdict) if seen.pending || stands.is_none_or(|stands| stands.verdict != verdict) => {
            let state = if seen.pending { "not on disk yet" } else { "kept" };
            let text = format!("{} {}, {state}", verdict.letter(), verdict.words());
            lines.push(Line::Text("verdict", text, Role::Faint));
        }
        Some(verdict) => {
            let (glyph, role) = sign(look, verdict);
            let words = stands.map(words::judgement).unwrap_or_default();
            // Where analysts contradict each other, nobody's verdict is more than another's.
            let (label, role) = if row.state.conflicts.is_empty() {
                ("verdict", role)
            } else {
                ("CONFLICT", Role::Bad)
            };
            lines.push(Line::Text(label, format!("{} {glyph} {words}", verdict.letter()), role));
        }
        None => lines.push(Line::Text("verdict", "none yet".to_owned(), Role::Faint)),
    }
    let last = row.state.conflicts.len();
    for (at, other) in row.state.conflicts.iter().enumerate() {
        let (glyph, _) = sign(look, other.verdict);
        let mut text = format!("{} {glyph} {}", other.verdict.letter(), words::judgement(other));
        if at + 1 == last {
            text.push_str("; judging again settles it");
        }
        lines.push(Line::Text("against", text, Role::Bad));
    }
    if let Some(rule) = &row.suppressed {
        lines.push(Line::Text("rule", format!("suppressed by {rule}"), Role::Warning));
    }
    if !seen.note.is_empty() {
        lines.push(Line::Text("note", seen.note.to_owned(), Role::Plain));
    }
    if !seen.tags.is_empty() {
        let tags: Vec<&str> = seen.tags.iter().copied().collect();
        lines.push(Line::Text("tags", tags.join(", "), Role::Plain));
    }
    lines
}

/// What was read of it, as much as `height` lines can hold: the evidence gives way first, and keeps four lines.
fn known<'a>(card: &'a Card, height: usize, lines: &mut Vec<Line<'a>>) {
    let roomy = height > 24;
    let near = if roomy { 3 } else { 1 };
    let mut rest = Vec::new();
    if let Some(change) = &card.smallest_change {
        rest.push(Line::Text("to clear", words::smallest_change(change), Role::Plain));
    }
    if let Some(known) = &card.reliability {
        rest.push(Line::Text("reliable", words::reliability(known), Role::Plain));
    }
    neighbours(card, near, &mut rest);
    for line in card.history.iter().take(if roomy { 5 } else { 1 }) {
        let undone = if line.undone { ", taken back" } else { "" };
        let text = format!("{} {}: {}{undone}", line.at, line.analyst, line.what);
        rest.push(Line::Text("history", text, Role::Faint));
    }
    for missing in &card.missing {
        rest.push(Line::Text("missing", missing.clone(), Role::Warning));
    }
    // Texts may take two lines; the score has one.
    let spare = height.saturating_sub(1 + lines.len() + rest.len() + if roomy { rest.len() / 2 } else { 2 });
    let most = card
        .columns
        .iter()
        .filter_map(|column| column.share)
        .fold(0.0, |most: f64, share| most.max(share.abs()));
    let evidence = card.columns.iter().take(spare.max(4));
    lines.extend(evidence.map(|column| Line::Evidence(column, most)));
    lines.append(&mut rest);
}

fn neighbours(card: &Card, most: usize, lines: &mut Vec<Line<'_>>) {
    let judged = |near: &&CardNeighbour| matches!(near.source, NeighbourSource::Judged { .. });
    let (first, second): (Vec<_>, Vec<_>) = card.neighbours.iter().partition(judged);
    for near in first.into_iter().take(most).chain(second.into_iter().take(most)) {
        let role = match &near.source {
            NeighbourSource::Judged { verdict, .. } => match verdict.malicious() {
                Some(true) => Role::Malicious,
                Some(false) => Role::Benign,
                None => Role::Plain,
            },
            NeighbourSource::Training { malicious: true, .. } => Role::Malicious,
            NeighbourSource::Training { malicious: false, .. } => Role::Benign,
        };
        let differs = words::differences(near);
        let mut text = words::neighbour(near);
        if !differs.is_empty() {
            text.push_str(&format!(" ({differs})"));
        }
        lines.push(Line::Text("near", text, role));
    }
}

fn draw_lines(look: Look, lines: &[Line<'_>], dim: bool, more: &str, area: Rect, buffer: &mut Buffer) {
    let mut rows = area.rows();
    let mut left = usize::from(area.height);
    let shade = |role| if dim { Role::Faint } else { role };
    for (at, line) in lines.iter().enumerate() {
        let blocks = match line {
            Line::Evidence(..) => Vec::new(),
            Line::Text(_, text, _) => wrapped(look, text, usize::from(area.width.saturating_sub(LABEL).max(1))),
        };
        let needed = blocks.len().max(1);
        // The last line says that there is more, where there is.
        let is_cut = left < needed + usize::from(at + 1 < lines.len());
        let shown = if is_cut { left.saturating_sub(1) } else { needed };
        match line {
            Line::Evidence(column, most) if shown > 0 => {
                if let Some(row) = rows.next() {
                    draw_column(look, column, *most, dim, row, buffer);
                }
            }
            Line::Evidence(..) => {}
            Line::Text(label, _, role) => {
                for (part, (text, row)) in blocks.iter().zip(rows.by_ref().take(shown)).enumerate() {
                    if part == 0 {
                        let start = Rect {
                            width: LABEL.min(row.width),
                            ..row
                        };
                        look.put(buffer, start, label, look.style(Role::Faint));
                    }
                    let rest = Rect {
                        x: row.x + LABEL.min(row.width),
                        width: row.width.saturating_sub(LABEL),
                        ..row
                    };
                    look.put_safe(buffer, rest, text, look.style(shade(*role)));
                }
            }
        }
        if is_cut {
            let missing = match lines.len() - at {
                1 => format!("1 more line; {more} shows all"),
                many => format!("{many} more lines; {more} shows all"),
            };
            if let Some(row) = rows.next() {
                look.put(buffer, row, &missing, look.style(Role::Faint));
            }
            return;
        }
        left -= needed;
    }
}

/// A column's name, the row's value, its share of the evidence as a bar to its side, and what is usual.
fn draw_column(look: Look, column: &CardColumn, most: f64, dim: bool, row: Rect, buffer: &mut Buffer) {
    let shade = |role| if dim { Role::Faint } else { role };
    let part = |x: u16, width: u16| Rect::new(row.x + x, row.y, width, 1).intersection(row);
    look.put(
        buffer,
        part(0, NAME - 1),
        &column.column,
        look.style(shade(Role::Plain)),
    );
    let (value, role) = if column.value.is_empty() {
        ("none", Role::Faint)
    } else if column.unseen {
        (column.value.as_str(), Role::Warning)
    } else {
        (column.value.as_str(), Role::Plain)
    };
    look.put_right(buffer, part(NAME, VALUE), value, look.style(shade(role)));
    let middle = NAME + VALUE + 1 + HALF;
    if let Some(share) = column.share {
        draw_share(look, share, most, dim, (row, middle), buffer);
    }
    let text = said_of(look, column);
    let role = if column.unseen || column.drifted {
        Role::Warning
    } else {
        Role::Faint
    };
    let from = middle + HALF + 1 + SHARE + 2;
    look.put(
        buffer,
        part(from, row.width.saturating_sub(from)),
        &text,
        look.style(shade(role)),
    );
}

/// What is usual, after what is not.
fn said_of(look: Look, column: &CardColumn) -> String {
    let mut parts = Vec::new();
    if column.unseen {
        parts.push(format!("{} unseen", look.glyphs().warning));
    }
    if column.drifted {
        parts.push(format!("{} drifted", look.glyphs().sorted[0]));
    }
    if !column.usual.is_empty() {
        parts.push(column.usual.clone());
    }
    parts.join("; ")
}

/// A bar to the right speaks for malicious, one to the left for benign; the number says it too.
fn draw_share(look: Look, share: f64, most: f64, dim: bool, (row, middle): (Rect, u16), buffer: &mut Buffer) {
    let malicious = share >= 0.0;
    let role = match (dim, malicious) {
        (true, _) => Role::Faint,
        (false, true) => Role::Malicious,
        (false, false) => Role::Benign,
    };
    let length = if most > 0.0 { share.abs() / most } else { 0.0 };
    let axis = row.x + middle;
    if axis < row.right() {
        look.put_glyph(buffer, axis, row.y, look.glyphs().vertical, Role::Border);
    }
    let right = Rect::new(axis + 1, row.y, HALF, 1).intersection(row);
    if malicious {
        bars::bar(look, buffer, right, length, role);
    } else if length > 0.0 {
        let cells = ((length * f64::from(HALF)).round() as u16).min(HALF);
        for x in axis - cells..axis {
            if x < row.right() {
                look.put_glyph(buffer, x, row.y, look.glyphs().across[8], role);
            }
        }
    }
    let number = Rect::new(axis + 1 + HALF, row.y, SHARE, 1).intersection(row);
    look.put_right(buffer, number, &words::share(share), look.style(role));
}
