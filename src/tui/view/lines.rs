//! Owns lines that are laid out before it is known how many fit: what went wrong, details beside or below a list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{wrapped, wrapped_safe};
use super::theme::{Look, Role};
use crate::tui::app::layer::{ReaderLine, Tone};
use crate::worker::Failure;

/// Lines of safe text with their meaning.
#[derive(Debug, Default)]
pub struct Lines {
    width: usize,
    lines: Vec<(String, Role)>,
}

impl Lines {
    /// None yet, for that many columns.
    pub fn new(width: u16) -> Self {
        Self {
            width: usize::from(width),
            lines: Vec::new(),
        }
    }

    /// Adds a text of anybody, broken where it is too long.
    pub fn add(&mut self, look: Look, text: &str, role: Role) {
        let lines = wrapped(look, text, self.width);
        self.lines.extend(lines.into_iter().map(|line| (line, role)));
    }

    /// Adds a text in which what is unsafe was made visible before: its backslashes are not doubled once more.
    pub fn add_visible(&mut self, look: Look, text: &str, role: Role) {
        let lines = wrapped_safe(&look.safe_typed(text), self.width);
        self.lines.extend(lines.into_iter().map(|line| (line, role)));
    }

    /// Adds a text behind a label; its further lines stand below its first.
    pub fn add_labelled(&mut self, look: Look, (label, width): (&str, usize), text: &str, role: Role) {
        let label = look.safe(label);
        let label: String = fit(&label, width);
        let indent = width + 1;
        for (at, line) in wrapped(look, text, self.width.saturating_sub(indent))
            .into_iter()
            .enumerate()
        {
            let lead = if at == 0 { label.as_str() } else { "" };
            self.lines.push((format!("{lead:<width$} {line}"), role));
        }
    }

    /// Adds what went wrong, with its causes.
    pub fn add_failure(&mut self, look: Look, failure: &Failure) {
        self.add(look, &format!("! {}", failure.message), Role::Bad);
        for detail in &failure.details {
            self.add(look, detail, Role::Plain);
        }
    }

    /// Adds an empty line.
    pub fn gap(&mut self) {
        self.lines.push((String::new(), Role::Plain));
    }

    /// Draws what fits; where not all do, the last line says how many are missing and how to see them.
    pub fn draw(&self, look: Look, area: Rect, more: &str, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        let height = usize::from(area.height);
        let shown = if self.lines.len() > height {
            height.saturating_sub(1)
        } else {
            height
        };
        for (row, (text, role)) in area.rows().zip(self.lines.iter().take(shown)) {
            look.put_safe(buffer, row, text, look.style(*role));
        }
        if let Some(row) = area.rows().nth(shown).filter(|_| self.lines.len() > height) {
            let text = format!("{} more lines{more}", self.lines.len() - shown);
            look.put(buffer, row, &text, look.style(Role::Faint));
        }
    }
}

/// Lines of a reader in a pane of their own.
pub fn of_reader(look: Look, width: u16, lines: &[ReaderLine]) -> Lines {
    let most = usize::from(width) / 3;
    let labels = lines
        .iter()
        .map(|line| look.width(&line.label))
        .max()
        .unwrap_or(0)
        .min(most);
    let mut out = Lines::new(width);
    for line in lines {
        let role = role(line.tone);
        if line.tone == Tone::Heading {
            out.gap();
            out.add(look, &line.text, role);
        } else if labels == 0 {
            out.add(look, &line.text, role);
        } else {
            out.add_labelled(look, (&line.label, labels), &line.text, role);
        }
    }
    out
}

fn role(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Plain,
        Tone::Heading => Role::Heading,
        Tone::Faint => Role::Faint,
        Tone::Good => Role::Good,
        Tone::Warning => Role::Warning,
        Tone::Bad => Role::Bad,
    }
}

fn fit(safe: &str, width: usize) -> String {
    if super::text::columns(safe) <= width {
        return safe.to_owned();
    }
    crate::text::fit(safe, width)
}

/// The rows of an area from one on, as an area.
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}

/// The first rows of an area.
pub fn top(area: Rect, rows: u16) -> Rect {
    Rect {
        height: rows.min(area.height),
        ..area
    }
}

/// What of an area lies to the right of so many columns.
pub fn right_of(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect {
        x: area.x + columns,
        width: area.width - columns,
        ..area
    }
}
