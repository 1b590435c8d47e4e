//! Owns drawing the Validation panel: the verdict, the views, and what is said before there is one.

mod checks;
mod drift;
mod schema;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::lines::{Lines, below, top};
use super::numbers::{grouped, seconds};
use super::{Frame, Role, bars, popup};
use crate::tui::app::validation::checks::Counts;
use crate::tui::app::validation::{ValidationPanel, View};
use crate::tui::keymap::Action;
use crate::worker::{CheckVerdict, Kind, ValidationOutcome};

/// Draws the panel.
pub fn draw(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let panel = &frame.app.validation;
    draw_verdict(frame, panel, top(area, 1), buffer);
    draw_views(frame, panel, top(below(area, 1), 1), buffer);
    let body = below(area, 2);
    match (panel.view, &panel.outcome) {
        (View::Schema, _) => schema::draw(frame, panel, body, buffer),
        (View::Checks, Some(outcome)) => checks::draw(frame, panel, outcome, body, buffer),
        (View::Drift, Some(outcome)) => drift::draw(frame, panel, outcome, body, buffer),
        (_, None) => draw_without(frame, panel, body, buffer),
    }
}

/// The sign and the role of a verdict.
fn verdict(frame: &Frame<'_>, verdict: CheckVerdict) -> (&'static str, Role) {
    let glyphs = frame.look.glyphs();
    match verdict {
        CheckVerdict::Passed => (glyphs.yes, Role::Good),
        CheckVerdict::Warned => (glyphs.warning, Role::Warning),
        CheckVerdict::Blocked => (glyphs.no, Role::Bad),
    }
}

fn draw_verdict(frame: &Frame<'_>, panel: &ValidationPanel, line: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    if panel.is_running() {
        return draw_progress(frame, panel, line, buffer);
    }
    if let Some(outcome) = &panel.outcome {
        let (sign, role) = verdict(frame, outcome.report.status);
        let facts = facts(outcome);
        let pieces = [
            (sign, role),
            (" ", Role::Plain),
            (outcome.report.status.name(), role),
            ("  ", Role::Plain),
            (&facts, Role::Plain),
        ];
        look.put_pieces(buffer, line, &pieces);
    } else if panel.failure.is_some() {
        look.put(buffer, line, "the check did not come to an end", look.style(Role::Bad));
    } else {
        look.put(buffer, line, "not checked yet", look.style(Role::Faint));
    }
}

fn facts(outcome: &ValidationOutcome) -> String {
    let name = outcome
        .path
        .as_ref()
        .and_then(|path| path.file_name())
        .map_or_else(|| outcome.source.clone(), |name| name.to_string_lossy().into_owned());
    format!(
        "{} rows, {} rejected, {}  {name}",
        grouped(outcome.report.rows),
        grouped(outcome.report.rejected_rows),
        seconds(outcome.seconds)
    )
}

fn draw_progress(frame: &Frame<'_>, panel: &ValidationPanel, line: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    match &panel.progress {
        Some(progress) => {
            let done = grouped(progress.done);
            let of = progress
                .total
                .map(|of| format!(" / {}", grouped(of)))
                .unwrap_or_default();
            let text = format!("checking {} {done}{of}", progress.note);
            match progress.total.filter(|total| *total > 0) {
                Some(total) => bars::progress(look, buffer, line, progress.done as f64 / total as f64, &text),
                None => _ = look.put(buffer, line, &text, look.style(Role::Accent)),
            }
        }
        None if frame.app.shared.running(Kind::Train).is_some() => {
            let text = "waiting for the training run: stages run one after the other";
            look.put(buffer, line, text, look.style(Role::Faint));
        }
        None => _ = look.put(buffer, line, "checking", look.style(Role::Accent)),
    }
}

/// The names of the views with the present one in brackets; at the right how many checks ended how.
fn draw_views(frame: &Frame<'_>, panel: &ValidationPanel, line: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let mut rest = line;
    for view in View::ALL {
        let (text, role) = if view == panel.view {
            (format!("[{}]", view.title()), Role::Heading)
        } else {
            (format!(" {} ", view.title()), Role::Faint)
        };
        let used = look.put(buffer, rest, &text, look.style(role)) + 1;
        rest = super::lines::right_of(rest, used);
    }
    if let Some(outcome) = &panel.outcome {
        look.put_right(
            buffer,
            rest,
            &counts(outcome, usize::from(rest.width)),
            look.style(Role::Plain),
        );
    }
}

/// How many checks ended how, what matters most first, as far as there is room.
fn counts(outcome: &ValidationOutcome, width: usize) -> String {
    let counts = Counts::of(&outcome.report.checks);
    let [block, warn, info] = counts.failed;
    let drifted = outcome.report.drift.iter().filter(|drift| drift.drifted == Some(true));
    let parts = [
        (block, "block"),
        (warn, "warn"),
        (info, "info"),
        (drifted.count(), "drifted"),
        (counts.passed, "passed"),
        (counts.skipped, "left out"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<String> = parts.map(|(count, word)| format!("{count} {word}")).collect();
    while parts.len() > 1 && parts.join("  ").len() > width {
        parts.pop();
    }
    parts.join("  ")
}

/// What is said while there is no outcome.
fn draw_without(frame: &Frame<'_>, panel: &ValidationPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    if let Some(failure) = &panel.failure {
        let mut lines = Lines::new(area.width);
        lines.gap();
        lines.add_failure(look, failure);
        lines.gap();
        let again = format!("{} checks it once more", frame.key_here(Action::Run));
        lines.add(look, &again, Role::Faint);
        lines.draw(look, area, "", buffer);
        return;
    }
    if panel.is_running() {
        return;
    }
    let schema = frame.app.shared.survey.as_ref().map(|survey| &survey.schema);
    let schema = schema.filter(|schema| schema.problem.is_none());
    let against = schema.map_or_else(
        || "its schema".to_owned(),
        |schema| format!("the schema {}", schema.name),
    );
    let [run, next] = [Action::Run, Action::NextView].map(|action| frame.key_here(action));
    let keys = [
        (run.as_str(), "check the data: every row, every rule, and drift"),
        (next.as_str(), "look at the schema first"),
    ];
    let name = &frame.app.shared.source.name;
    let name = if name.is_empty() { "The data" } else { name };
    let why = format!("{name} has not been checked against {against} yet.");
    popup::empty_state(look, buffer, area, &why, &keys);
}
