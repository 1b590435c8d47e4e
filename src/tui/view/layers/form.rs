//! Owns drawing a dialog of several fields.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::line;
use super::picker::centered;
use crate::tui::app::layer::{Field, FieldValue, Form, PathLine, SecretLine};
use crate::tui::app::line_editor::LineEditor;
use crate::tui::keymap::{Action, Context};
use crate::tui::view::text::wrapped;
use crate::tui::view::{Frame, Look, Role, bars, popup};

/// Columns of air and border, and of the sign at the cursor's field.
const EDGE: u16 = 5;

/// A row of the dialog.
#[derive(Default)]
struct Row<'a> {
    /// In the column of labels.
    label: &'a str,
    /// Whether it belongs to the field the cursor is on.
    here: bool,
    /// Texts one behind the other, safe.
    pieces: Vec<(String, Role)>,
    /// A line being typed in place of the texts.
    typed: Option<&'a LineEditor>,
    /// Whether the cursor stands behind the texts.
    ends_here: bool,
}

/// Draws the dialog; answers where the cursor is, if a line is being typed.
pub fn draw(frame: &Frame<'_>, form: &Form, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let look = frame.look;
    let width = area.width.saturating_sub(2).min(86);
    let labels = form
        .fields
        .iter()
        .map(|field| look.width(field.label))
        .max()
        .unwrap_or(0) as u16
        + 2;
    let values = usize::from(width.saturating_sub(EDGE + labels).max(1));
    let mut notes: Vec<String> = form
        .notes
        .iter()
        .flat_map(|note| wrapped(look, note, usize::from(width.saturating_sub(EDGE))))
        .collect();
    let rows: Vec<Row<'_>> = form
        .fields
        .iter()
        .enumerate()
        .flat_map(|(at, field)| rows_of(look, field, at == form.cursor, values))
        .collect();
    // The fields are what the dialog is for: notes give way to them, and to the help below.
    notes.truncate(usize::from(area.height).saturating_sub(rows.len() + 5));
    let above = notes.len() as u16 + u16::from(!notes.is_empty());
    let wanted = rows.len() as u16 + above + 4;
    let inside = popup::popup(look, buffer, area, &form.title, (width, wanted));
    for (row, note) in inside.rows().zip(&notes) {
        look.put_safe(buffer, row, note, look.style(Role::Plain));
    }
    let above = above.min(inside.height);
    let body = Rect {
        y: inside.y + above,
        height: inside.height.saturating_sub(above + 2),
        ..inside
    };
    draw_help(frame, form, inside, buffer);
    draw_rows(frame, &rows, body, labels, buffer)
}

fn draw_rows(frame: &Frame<'_>, rows: &[Row<'_>], body: Rect, labels: u16, buffer: &mut Buffer) -> Option<Position> {
    let look = frame.look;
    let shown = usize::from(body.height);
    let here = rows.iter().position(|row| row.here).unwrap_or(0);
    let first = centered(here, shown, rows.len());
    let mut cursor = None;
    for (line, row) in body.rows().zip(rows.iter().skip(first)) {
        if row.here {
            look.put_glyph(buffer, line.x, line.y, look.glyphs().cursor, Role::CursorMark);
        }
        let label_role = if row.here { Role::Heading } else { Role::Faint };
        let label = Rect::new(line.x + 1, line.y, labels - 1, 1).intersection(line);
        look.put(buffer, label, row.label, look.style(label_role));
        let mut rest = Rect::new(line.x + 1 + labels, line.y, line.width.saturating_sub(1 + labels), 1);
        if let Some(typed) = row.typed {
            let place = line::draw(look, typed, rest, buffer);
            cursor = if row.here { place } else { cursor };
        }
        for (text, role) in &row.pieces {
            let used = look.put_safe(buffer, rest, text, look.style(*role));
            rest.x += used;
            rest.width -= used;
        }
        if row.here && row.ends_here {
            cursor = Some(Position::new(rest.x.min(line.right().saturating_sub(1)), rest.y));
        }
    }
    let edge = Rect {
        width: body.width + 2,
        ..body
    };
    bars::scroll_bar(look, buffer, edge, first, shown, rows.len());
    cursor
}

/// The rows of a field: its value, and what is wrong with it.
fn rows_of(look: Look, field: &Field, here: bool, width: usize) -> Vec<Row<'_>> {
    let mut rows = match &field.value {
        FieldValue::Text(typed) => vec![Row {
            typed: Some(typed),
            ..Row::default()
        }],
        FieldValue::Path(path) => path_rows(look, path, here, width),
        FieldValue::Secret(secret) => vec![dots(look, secret, width)],
        FieldValue::Choice { options, at } => vec![choice(look, options, *at, here)],
        FieldValue::Several { options, at } => several(look, options, here.then_some(*at), width),
    };
    rows[0].label = field.label;
    if let Some(error) = &field.error {
        let lines = wrapped(look, error, width.saturating_sub(2).max(1));
        rows.extend(lines.into_iter().enumerate().map(|(at, line)| Row {
            pieces: vec![
                (if at == 0 { "! " } else { "  " }.to_owned(), Role::Bad),
                (line, Role::Bad),
            ],
            ..Row::default()
        }));
    }
    for row in &mut rows {
        row.here = here;
    }
    rows
}

/// The path, and under it what it could go on with.
fn path_rows(look: Look, path: &PathLine, here: bool, width: usize) -> Vec<Row<'_>> {
    let mut rows = vec![Row {
        typed: Some(&path.line),
        ..Row::default()
    }];
    let (mut shown, mut used) = (String::new(), 0);
    for word in if here { path.completions() } else { Vec::new() } {
        let word = look.safe(word);
        let wide = look.width(&word) + 2;
        if used + wide > width {
            break;
        }
        shown.push_str(&word);
        shown.push_str("  ");
        used += wide;
    }
    if used > 0 {
        rows.push(Row {
            pieces: vec![(shown, Role::Faint)],
            ..Row::default()
        });
    }
    rows
}

/// A sign for each character, the last ones where there are many; its cursor is always behind the last.
fn dots<'a>(look: Look, secret: &SecretLine, width: usize) -> Row<'a> {
    let shown = secret.typed().min(width.saturating_sub(1));
    Row {
        pieces: vec![(look.glyphs().hidden.repeat(shown), Role::Plain)],
        ends_here: true,
        ..Row::default()
    }
}

fn choice<'a>(look: Look, options: &[String], at: usize, here: bool) -> Row<'a> {
    let text = options
        .get(at)
        .map(|option| look.safe(option).into_owned())
        .unwrap_or_default();
    let [left, right] = look.glyphs().more;
    let pieces = if here {
        vec![
            (format!("{left} "), Role::Key),
            (text, Role::Cursor),
            (format!(" {right}"), Role::Key),
            (format!("  {}/{}", at + 1, options.len()), Role::Faint),
        ]
    } else {
        vec![(text, Role::Plain)]
    };
    Row {
        pieces,
        ..Row::default()
    }
}

/// Boxes to tick, as many in a row as there is room for.
fn several<'a>(look: Look, options: &[(String, bool)], at: Option<usize>, width: usize) -> Vec<Row<'a>> {
    let mut rows = vec![Row::default()];
    let mut used = 0;
    for (place, (name, taken)) in options.iter().enumerate() {
        let text = format!("[{}] {}", if *taken { "x" } else { " " }, look.safe(name));
        let wide = crate::tui::view::text::columns(&text) + 2;
        if used > 0 && used + wide > width + 2 {
            rows.push(Row::default());
            used = 0;
        }
        used += wide;
        let role = if at == Some(place) { Role::Cursor } else { Role::Plain };
        if let Some(row) = rows.last_mut() {
            row.pieces.push((text, role));
            row.pieces.push(("  ".to_owned(), Role::Plain));
        }
    }
    rows
}

/// About the field the cursor is on, and how to change it, in the last row.
fn draw_help(frame: &Frame<'_>, form: &Form, inside: Rect, buffer: &mut Buffer) {
    let Some(field) = form.fields.get(form.cursor) else {
        return;
    };
    let row = Rect {
        y: inside.bottom().saturating_sub(1),
        height: 1.min(inside.height),
        ..inside
    };
    let key = |action| frame.app.keymap.key_for(&[Context::Form], action).unwrap_or_default();
    let how = match &field.value {
        FieldValue::Several { .. } => format!(
            "{} {} to move, {} to take or leave; ",
            key(Action::PreviousChoice),
            key(Action::NextChoice),
            key(Action::Mark)
        ),
        FieldValue::Path(_) => format!("{} completes; ", key(Action::NextChoice)),
        FieldValue::Choice { .. } | FieldValue::Text(_) | FieldValue::Secret(_) => String::new(),
    };
    let text = format!("{how}{}", field.help);
    frame.look.put(buffer, row, &text, frame.look.style(Role::Faint));
}
