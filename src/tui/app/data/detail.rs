//! Owns one row as a text: cell by cell to read, and as a line of CSV.

use super::columns::{ShownColumn, described};
use crate::browse::TableRow;
use crate::text::grouped;
use crate::tui::app::layer::{Reader, ReaderLine, Tone};
use crate::worker::SchemaFacts;

/// A row to read: every cell with its name, and what the schema says about it.
pub fn reader(place: Option<u64>, row: &TableRow, columns: &[ShownColumn], at: usize, schema: &SchemaFacts) -> Reader {
    let mut lines = Vec::new();
    if let Some(trouble) = &row.trouble {
        lines.push(ReaderLine::labelled("!", trouble.clone()).in_tone(Tone::Warning));
    }
    if let Some(ordinal) = row.ordinal.filter(|ordinal| Some(*ordinal) != place) {
        let text = format!("row {} of the file", grouped(ordinal.saturating_add(1)));
        lines.push(ReaderLine::plain(text).in_tone(Tone::Faint));
    }
    let mut cursor = 0;
    for (column, shown) in columns.iter().enumerate() {
        if column == at {
            cursor = lines.len();
        }
        let cell = row.cells.get(column).map_or("", String::as_str);
        let line = ReaderLine::labelled(shown.info.name.clone(), cell);
        lines.push(line);
        if let Some(about) = about(&shown.info.name, schema) {
            lines.push(ReaderLine::labelled("", about).in_tone(Tone::Faint));
        }
    }
    let title = match place {
        Some(place) => format!("row {}", grouped(place.saturating_add(1))),
        None => "row".to_owned(),
    };
    let mut reader = Reader::new(title, lines);
    // Long lines are in pieces there.
    let mut begins = reader.lines.iter().enumerate().filter(|(_, line)| !line.continued);
    reader.cursor = begins.nth(cursor).map_or(0, |(at, _)| at);
    reader
}

fn about(name: &str, schema: &SchemaFacts) -> Option<String> {
    let known = described(schema, name)?;
    let parts = [known.kind.as_str(), known.limits.as_str(), known.description.as_str()];
    let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Some(said.join("; "))
}

/// Some cells of a row as a line of CSV.
pub fn csv_line(row: &TableRow, columns: impl Iterator<Item = usize>) -> String {
    let cells = columns.map(|column| csv_cell(row.cells.get(column).map_or("", String::as_str)));
    cells.collect::<Vec<_>>().join(",")
}

fn csv_cell(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ') {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
