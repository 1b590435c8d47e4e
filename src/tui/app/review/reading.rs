//! Owns a card as a text to read: everything that is known of a case.

use super::words;
use crate::text::grouped;
use crate::tui::app::layer::{Reader, ReaderLine, Tone};
use crate::worker::{Card, CardColumn, Lane, NeighbourSource};

/// The whole card; `looking` says who else looks at the case.
pub fn reader(card: &Card, looking: Vec<String>) -> Reader {
    let mut lines: Vec<ReaderLine> = looking
        .into_iter()
        .map(|text| ReaderLine::labelled("team", text).in_tone(Tone::Warning))
        .collect();
    scored(card, &mut lines);
    judged(card, &mut lines);
    evidence(card, &mut lines);
    near(card, &mut lines);
    if !card.other.is_empty() {
        lines.push(ReaderLine::heading("other columns"));
        lines.extend(
            card.other
                .iter()
                .map(|(name, value)| ReaderLine::labelled(name.clone(), value.clone())),
        );
    }
    Reader::new(format!("case {}", card.row.row), lines)
}

fn scored(card: &Card, lines: &mut Vec<ReaderLine>) {
    let row = &card.row;
    let class = if row.flagged { "malicious" } else { "benign" };
    lines.push(ReaderLine::labelled(
        "scored",
        format!(
            "{class}, confidence {}; probability of malicious {}",
            words::probability(row.confidence),
            words::probability(row.probability)
        ),
    ));
    lines.push(ReaderLine::labelled(
        "risk",
        format!("{}; recommended: {}", row.risk, row.action),
    ));
    let rows = if row.copies == 1 {
        format!("row {} of the file", grouped(row.ordinal + 1))
    } else {
        format!(
            "{} rows of the file are this case, the first is row {}",
            grouped(row.copies),
            grouped(row.ordinal + 1)
        )
    };
    lines.push(ReaderLine::labelled("rows", rows));
    if let Some(rule) = &row.suppressed {
        lines.push(ReaderLine::labelled("suppressed", format!("by the rule {rule}")).in_tone(Tone::Warning));
    }
    for missing in &card.missing {
        lines.push(ReaderLine::labelled("missing", missing.clone()).in_tone(Tone::Warning));
    }
}

fn judged(card: &Card, lines: &mut Vec<ReaderLine>) {
    let state = &card.row.state;
    let verdict = state
        .verdict
        .as_ref()
        .map_or_else(|| "none yet".to_owned(), words::judgement);
    lines.push(ReaderLine::labelled("verdict", verdict));
    for other in &state.conflicts {
        let text = format!("{}; judging again settles it", words::judgement(other));
        lines.push(ReaderLine::labelled("against it", text).in_tone(Tone::Bad));
    }
    if !state.note.is_empty() {
        lines.push(ReaderLine::labelled("note", state.note.clone()));
    }
    if !state.tags.is_empty() {
        let tags: Vec<&str> = state.tags.iter().map(String::as_str).collect();
        lines.push(ReaderLine::labelled("tags", tags.join(", ")));
    }
    if let Some(known) = &card.reliability {
        lines.push(ReaderLine::labelled("reliability", words::reliability(known)));
    }
    if let Some(change) = &card.smallest_change {
        lines.push(ReaderLine::labelled("to clear it", words::smallest_change(change)));
    }
}

fn evidence(card: &Card, lines: &mut Vec<ReaderLine>) {
    if card.columns.is_empty() {
        return;
    }
    lines.push(ReaderLine::heading(
        "evidence, the strongest first; + speaks for malicious",
    ));
    for column in &card.columns {
        let tone = if column.unseen { Tone::Warning } else { Tone::Plain };
        lines.push(ReaderLine::labelled(column.column.clone(), column_text(column)).in_tone(tone));
    }
}

/// `+.31  -1; usual: -1 in 14 %, 1 in 71 %; never seen in training`.
fn column_text(column: &CardColumn) -> String {
    let mut text = column
        .share
        .map(|share| format!("{}  ", words::share(share)))
        .unwrap_or_default();
    text.push_str(if column.value.is_empty() {
        "no value"
    } else {
        &column.value
    });
    if !column.usual.is_empty() {
        text.push_str("; usual: ");
        text.push_str(&column.usual);
    }
    if column.unseen {
        text.push_str("; never seen in training");
    }
    if column.drifted {
        text.push_str("; the column has drifted in this file");
    }
    text
}

fn near(card: &Card, lines: &mut Vec<ReaderLine>) {
    let judged = |near: &&crate::worker::CardNeighbour| matches!(near.source, NeighbourSource::Judged { .. });
    let (first, rest): (Vec<_>, Vec<_>) = card.neighbours.iter().partition(judged);
    for (title, rows) in [("nearest judged cases", first), ("nearest training rows", rest)] {
        if rows.is_empty() {
            continue;
        }
        lines.push(ReaderLine::heading(title));
        for near in rows {
            let label = match &near.source {
                NeighbourSource::Judged { row, .. } => row.to_string(),
                NeighbourSource::Training { row, .. } => format!("row {}", grouped(*row as u64 + 1)),
            };
            lines.push(ReaderLine::labelled(label, words::neighbour(near)));
            let differs = words::differences(near);
            if !differs.is_empty() {
                lines.push(ReaderLine::labelled("", differs).in_tone(Tone::Faint));
            }
        }
    }
    if !card.history.is_empty() {
        lines.push(ReaderLine::heading("history, the latest first"));
        for line in &card.history {
            let lane = match line.lane {
                Lane::Picked => "",
                Lane::RandomAudit => "; drawn at random",
                Lane::LabelAudit => "; from the label audit",
            };
            let undone = if line.undone { "; taken back since" } else { "" };
            let text = format!("{}: {}{lane}{undone}", line.analyst, line.what);
            let tone = if line.undone { Tone::Faint } else { Tone::Plain };
            lines.push(ReaderLine::labelled(line.at.clone(), text).in_tone(tone));
        }
    }
}
