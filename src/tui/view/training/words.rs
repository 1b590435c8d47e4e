//! Owns drawing what of a run is words: its facts, its messages, why it failed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::below;
use crate::event::Level;
use crate::tui::app::training::live::LiveRun;
use crate::tui::app::training::shown::ShownRun;
use crate::tui::view::text::wrapped;
use crate::tui::view::theme::Role;
use crate::tui::view::{Frame, numbers, popup};
use crate::worker::Failure;

/// Columns of what a fact is about.
const LABEL: u16 = 10;

/// Draws the facts of a finished run.
pub fn draw_facts(frame: &Frame<'_>, run: &ShownRun, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let facts = facts(run);
    for (line, (label, text, role)) in area.rows().zip(&facts) {
        look.put(
            buffer,
            Rect {
                width: LABEL.min(line.width),
                ..line
            },
            label,
            look.style(Role::Faint),
        );
        look.put(buffer, super::beside(line, LABEL), text, look.style(*role));
    }
}

fn facts(run: &ShownRun) -> Vec<(&'static str, String, Role)> {
    let mut facts = Vec::new();
    if let Ok(file) = &run.metrics {
        let test = &file.test.metrics;
        let auc = numbers::decimal(test.pr_auc, 4);
        facts.push(("test", format!("F1 {:.4}  PR-AUC {auc}", test.f1), Role::Heading));
        let train = &file.train.metrics;
        facts.push(("train", format!("F1 {:.4}", train.f1), Role::Plain));
    }
    if let Some(threshold) = run.threshold() {
        let rule = run
            .metrics
            .as_ref()
            .map(|file| format!(" by {}", file.threshold.rule))
            .unwrap_or_default();
        facts.push(("threshold", format!("{threshold:.4}{rule}"), Role::Plain));
    }
    match &run.manifest {
        Err(why) => facts.push(("manifest", why.clone(), Role::Bad)),
        Ok(manifest) => {
            if let Some(split) = &manifest.split {
                let seen = split.seen_in_train * 100.0;
                facts.push(("split", format!("{}, seed {}", split.strategy, split.seed), Role::Plain));
                facts.push(("seen", format!("{seen:.1} % of test in training"), Role::Plain));
            }
            if let Some(data) = &manifest.data {
                let rejected = match data.rejected_rows {
                    0 => String::new(),
                    rows => format!(", {} rejected", numbers::grouped(rows)),
                };
                facts.push((
                    "rows",
                    format!("{}{rejected}", numbers::grouped(data.rows)),
                    Role::Plain,
                ));
            }
            if let Some(seconds) = manifest.seconds {
                facts.push(("took", numbers::seconds(seconds), Role::Plain));
            }
            if let Some(parent) = &manifest.parent {
                facts.push(("from", parent.to_string(), Role::Faint));
            }
        }
    }
    facts
}

/// Draws the family the cursor is on, or the first: why it does not take part, and its parameters.
pub fn draw_family(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let Some(row) = frame.app.training.selected_row() else {
        return;
    };
    popup::rule(look, buffer, Rect { height: 1, ..area }, &row.model);
    let (word, why) = row.state.words();
    let state = if why.is_empty() {
        word.to_owned()
    } else {
        format!("{word}: {why}")
    };
    let mut lines = wrapped_plain(frame, &state, area.width);
    for (name, value) in &row.params.0 {
        lines.extend(wrapped_plain(frame, &format!("{name} = {value}"), area.width));
    }
    for (line, text) in below(area, 1).rows().zip(&lines) {
        buffer.set_stringn(line.x, line.y, text, usize::from(line.width), look.style(Role::Plain));
    }
}

/// Draws the newest messages of a run.
pub fn draw_messages(frame: &Frame<'_>, run: &LiveRun, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    if run.messages.is_empty() {
        return;
    }
    popup::rule(look, buffer, Rect { height: 1, ..area }, "messages");
    let area = below(area, 1);
    let mut lines: Vec<(String, Role)> = Vec::new();
    for (level, text) in run.messages.iter().rev() {
        let role = match level {
            Level::Info => Role::Plain,
            Level::Warning => Role::Warning,
            Level::Error => Role::Bad,
        };
        let sign = if *level == Level::Info {
            look.glyphs().bullet
        } else {
            look.glyphs().warning
        };
        let broken = wrapped_plain(frame, text, area.width.saturating_sub(2));
        for (at, line) in broken.into_iter().enumerate() {
            let sign = if at == 0 { sign } else { " " };
            lines.push((format!("{sign} {line}"), role));
        }
        if lines.len() > usize::from(area.height) + frame.app.training.scroll() {
            break;
        }
    }
    let shown = lines.iter().skip(frame.app.training.scroll());
    for (line, (text, role)) in area.rows().zip(shown) {
        buffer.set_stringn(line.x, line.y, text, usize::from(line.width), look.style(*role));
    }
}

/// Draws why a run failed, with the lines of the log about it.
pub fn draw_failure(frame: &Frame<'_>, failure: &Failure, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    if area.height < 2 {
        return;
    }
    popup::rule(look, buffer, Rect { height: 1, ..area }, "the run failed");
    let mut rest = below(area, 1);
    for text in wrapped_plain(frame, &failure.message, area.width) {
        buffer.set_stringn(rest.x, rest.y, &text, usize::from(rest.width), look.style(Role::Bad));
        rest = below(rest, 1);
        if rest.is_empty() {
            return;
        }
    }
    let lines: Vec<String> = failure
        .details
        .iter()
        .flat_map(|line| wrapped_plain(frame, line, area.width))
        .collect();
    let first = frame.app.training.scroll().min(lines.len().saturating_sub(1));
    for (line, text) in rest.rows().zip(lines.iter().skip(first)) {
        buffer.set_stringn(line.x, line.y, text, usize::from(line.width), look.style(Role::Plain));
    }
}

/// Lines made safe to draw.
fn wrapped_plain(frame: &Frame<'_>, text: &str, width: u16) -> Vec<String> {
    wrapped(frame.look, text, usize::from(width))
}
