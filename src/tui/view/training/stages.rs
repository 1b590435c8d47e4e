//! Owns drawing the stages of a run that was started here, and what is being tried.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::below;
use crate::tui::app::training::eta::clock_text;
use crate::tui::app::training::live::LiveRun;
use crate::tui::app::training::stages::{StageLine, StageState, Stages};
use crate::tui::view::theme::Role;
use crate::tui::view::{Frame, bars, numbers};

/// Columns of a stage's name and of its time.
const NAME: u16 = 14;
const TIME: u16 = 7;

/// Draws the stages, the progress of the one that runs, and the trials that go.
pub fn draw(frame: &Frame<'_>, run: &LiveRun, area: Rect, buffer: &mut Buffer) {
    let now = frame.app.shared.now;
    for (line, stage) in area.rows().zip(run.stages.lines()) {
        draw_stage(frame, &run.stages, stage, line, buffer);
    }
    let mut rest = below(area, run.stages.lines().len() as u16);
    if rest.is_empty() {
        return;
    }
    let Some(stage) = run.stages.running() else { return };
    let left = run.left(now).map(|left| format!("about {} left", clock_text(left)));
    if let Some(total) = stage.total.filter(|total| *total > 0) {
        let counted = format!("{}/{total}", stage.done);
        let text = left.map_or_else(|| counted.clone(), |left| format!("{counted} {left}"));
        bars::progress(frame.look, buffer, rest, stage.done as f64 / total as f64, &text);
        rest = below(rest, 1);
    }
    let lines = rest.rows().zip(run.trying.iter().rev());
    let mut told = false;
    for (line, trying) in lines {
        let folds = match trying.folds {
            Some(folds) => format!(", fold {} of {folds}", (trying.folds_done + 1).min(folds)),
            None => String::new(),
        };
        let text = format!("{} {}/{}{folds}", trying.model, trying.trial, trying.of);
        frame.look.put(buffer, line, &text, frame.look.style(Role::Plain));
        told = true;
    }
    if !told {
        frame.look.put(buffer, rest, &stage.note, frame.look.style(Role::Faint));
    }
}

fn draw_stage(frame: &Frame<'_>, stages: &Stages, stage: &StageLine, line: Rect, buffer: &mut Buffer) {
    let (now, look) = (frame.app.shared.now, frame.look);
    let state = stages.state(stage, now);
    let glyphs = look.glyphs();
    let (glyph, role) = match state {
        StageState::Queued | StageState::Unreached => (glyphs.waiting, Role::Faint),
        StageState::Running => (glyphs.running, Role::Accent),
        StageState::Done => (glyphs.yes, Role::Good),
        StageState::Failed => (glyphs.no, Role::Bad),
        StageState::Cancelled => (glyphs.no, Role::Warning),
        StageState::Stale => (glyphs.warning, Role::Warning),
    };
    look.put_glyph(buffer, line.x, line.y, glyph, role);
    let part = |from: u16, width: u16| Rect::new(line.x + from, line.y, width, 1).intersection(line);
    let name = stage.stage.to_string();
    let plain = if matches!(state, StageState::Queued | StageState::Unreached) {
        Role::Faint
    } else {
        Role::Plain
    };
    look.put(buffer, part(2, NAME), &name, look.style(plain));
    if let Some(time) = Stages::time(stage, now) {
        let text = numbers::duration(time);
        look.put_right(buffer, part(2 + NAME, TIME), &text, look.style(Role::Plain));
    }
    let told = part(2 + NAME + TIME + 1, line.width);
    // The word is left out only where what came of it says as much.
    let summary = state == StageState::Done && told.width > 16;
    let text = if summary { stage.note.as_str() } else { state.word() };
    look.put(buffer, told, text, look.style(if summary { Role::Faint } else { role }));
}
