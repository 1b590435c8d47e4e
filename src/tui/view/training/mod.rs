//! Owns drawing the Training panel: what stands where, and the line on top.

mod board;
mod counts;
mod curves;
mod dial;
mod iterations;
mod stages;
mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::theme::Role;
use super::{Frame, frame, popup};
use crate::tui::app::training::eta::clock_text;
use crate::tui::app::training::live::{End, LiveRun};
use crate::tui::app::training::shown::ShownRun;
use crate::tui::app::training::{Sight, View};
use crate::tui::keymap::{Action, Context};

/// From this width on the leaderboard stands beside the plot rather than above it.
const WIDE: u16 = 120;

/// Draws the panel.
pub fn draw(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    let panel = &frame.app.training;
    let rest = draw_blocked(frame, area, buffer);
    match panel.sight() {
        Sight::Nothing => frame::draw_first_start(frame, rest, buffer),
        Sight::Loading(run) => {
            let text = format!("reading run {run}");
            frame.look.put(buffer, rest, &text, frame.look.style(Role::Faint));
        }
        Sight::Live(run) => {
            let parts = Parts::of(rest, run.board.rows().len());
            draw_live_title(frame, run, parts.title, buffer);
            stages::draw(frame, run, parts.facts, buffer);
            board::draw(frame, &run.board, parts.board, buffer);
            match &run.end {
                End::Failed(failure) => words::draw_failure(frame, failure, parts.main, buffer),
                _ => draw_main(frame, parts.main, buffer),
            }
            if let Some(area) = parts.messages {
                words::draw_messages(frame, run, area, buffer);
            }
        }
        Sight::Finished(run) => {
            let parts = Parts::of(rest, run.board.rows().len());
            draw_finished_title(frame, run, parts.title, buffer);
            if panel.open_dial().is_some() && !parts.wide {
                dial::draw(frame, below(rest, 1), buffer);
                return;
            }
            words::draw_facts(frame, run, parts.facts, buffer);
            board::draw(frame, &run.board, parts.board, buffer);
            draw_main(frame, parts.main, buffer);
            if let Some(area) = parts.messages {
                words::draw_family(frame, area, buffer);
            }
        }
    }
}

/// Where the parts of the panel stand.
struct Parts {
    title: Rect,
    facts: Rect,
    board: Rect,
    main: Rect,
    messages: Option<Rect>,
    wide: bool,
}

/// Lines of the stages, with what is being tried.
const FACTS: u16 = 8;

impl Parts {
    fn of(area: Rect, families: usize) -> Self {
        let title = Rect {
            height: area.height.min(1),
            ..area
        };
        let body = below(area, 1);
        let board = families.min(40) as u16 + 1;
        if area.width >= WIDE {
            let left = Rect {
                width: (area.width * 9 / 20).min(84),
                ..body
            };
            let facts = Rect {
                height: (FACTS + 1).min(left.height),
                ..left
            };
            let under = below(left, facts.height);
            let board = Rect {
                height: (board + 1).min(under.height),
                ..under
            };
            return Self {
                title,
                facts,
                board,
                main: beside(body, left.width + 1),
                messages: Some(below(under, board.height)).filter(|rest| rest.height >= 2),
                wide: true,
            };
        }
        let most = (body.height / 2).max(body.height.min(4));
        let top = Rect {
            height: board.max(FACTS).min(most),
            ..body
        };
        let facts = Rect {
            width: (area.width * 9 / 20).min(36),
            ..top
        };
        Self {
            title,
            board: beside(top, facts.width + 1),
            facts,
            main: below(body, top.height),
            messages: None,
            wide: false,
        }
    }
}

/// What is left of an area below so many lines.
fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect {
        y: area.y + lines,
        height: area.height - lines,
        ..area
    }
}

/// What is left of an area to the right of so many columns.
fn beside(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect {
        x: area.x + columns,
        width: area.width - columns,
        ..area
    }
}

/// Says on top that training on this data is blocked, and the way out; answers what is left.
fn draw_blocked(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) -> Rect {
    let going = frame.app.training.run().is_some_and(LiveRun::is_going);
    let Some(reason) = frame.app.shared.blocked.as_ref().filter(|_| !going) else {
        return area;
    };
    let key = frame.key(Action::ShowValidation);
    let out = format!("  {key} shows what failed");
    let said = Rect {
        width: area.width.saturating_sub(frame.look.width(&out) as u16),
        ..area
    };
    let pieces = [
        (frame.look.glyphs().warning, Role::Warning),
        (" training is blocked: ", Role::Warning),
        (reason.as_str(), Role::Plain),
    ];
    let used = frame.look.put_pieces(buffer, said, &pieces);
    frame
        .look
        .put(buffer, beside(area, used), &out, frame.look.style(Role::Key));
    below(area, 1)
}

fn draw_live_title(frame: &Frame<'_>, run: &LiveRun, area: Rect, buffer: &mut Buffer) {
    let now = frame.app.shared.now;
    let (word, role) = match &run.end {
        End::Going if run.cancelling => ("cancelling", Role::Warning),
        End::Going if run.stopping => ("stops after this stage", Role::Warning),
        End::Going => ("running", Role::Accent),
        End::Finished(_) => ("finished", Role::Good),
        End::Failed(_) => ("failed", Role::Bad),
        End::Cancelled if run.stopping && !run.cancelling => ("stopped after its stage", Role::Warning),
        End::Cancelled => ("cancelled", Role::Warning),
    };
    let name = run.run_id.as_deref().unwrap_or("starting");
    let took = format!("  {}  ", clock_text(run.elapsed(now)));
    let pieces = [
        ("run ", Role::Faint),
        (name, Role::Heading),
        ("  ", Role::Plain),
        (word, role),
        (took.as_str(), Role::Plain),
        ("on ", Role::Faint),
        (run.data.as_str(), Role::Plain),
    ];
    frame.look.put_pieces(buffer, area, &pieces);
}

fn draw_finished_title(frame: &Frame<'_>, run: &ShownRun, area: Rect, buffer: &mut Buffer) {
    let manifest = run.manifest.as_ref().ok();
    let model = manifest.and_then(|manifest| manifest.model.clone());
    let data = manifest.and_then(|manifest| manifest.data.as_ref().map(|data| data.name.clone()));
    let survey = frame.app.shared.survey.as_ref();
    let champion = survey.and_then(|survey| survey.champion.as_ref()) == Some(&run.run_id);
    let going = frame.app.training.run().is_some_and(LiveRun::is_going);
    let (model, data) = (model.unwrap_or_default(), data.unwrap_or_default());
    let pieces = [
        ("run ", Role::Faint),
        (run.run_id.as_str(), Role::Heading),
        (if champion { "  champion" } else { "" }, Role::Accent),
        (
            if going { "  esc: back to the run that goes" } else { "" },
            Role::Accent,
        ),
        ("  ", Role::Faint),
        (model.as_str(), Role::Plain),
        (if data.is_empty() { "" } else { " on " }, Role::Faint),
        (data.as_str(), Role::Plain),
    ];
    frame.look.put_pieces(buffer, area, &pieces);
}

/// The view that is chosen, under a rule with its name.
fn draw_main(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let panel = &frame.app.training;
    if area.height < 2 {
        return;
    }
    if panel.open_dial().is_some() {
        return dial::draw(frame, area, buffer);
    }
    let rule = Rect { height: 1, ..area };
    let inside = below(area, 1);
    let sight = panel.sight();
    if panel.view() == View::Curve {
        return iterations::draw(frame, rule, inside, buffer);
    }
    let next = frame.app.keymap.key_for(&[Context::Training], Action::NextView);
    let name = panel.view().title();
    let title = match sight.metrics().and_then(|metrics| curves::read(panel, metrics)) {
        Some(read) => format!("{name}: {read}"),
        None => format!("{name} ({} of {})", place(panel.view()), View::ALL.len()),
    };
    popup::rule(frame.look, buffer, rule, &title);
    let Some(metrics) = sight.metrics() else {
        let why = match sight {
            Sight::Finished(ShownRun { metrics: Err(why), .. }) => format!("its scores cannot be read: {why}"),
            _ => format!(
                "known when the run has finished; {} goes on to the iterations",
                next.unwrap_or_default()
            ),
        };
        frame.look.put(buffer, inside, &why, frame.look.style(Role::Faint));
        return;
    };
    match panel.view() {
        View::Curve => {}
        View::Confusion => counts::draw_confusion(frame, metrics, inside, buffer),
        View::Importances => counts::draw_importances(frame, metrics, inside, buffer),
        view => curves::draw(frame, view, metrics, inside, buffer),
    }
}

/// 1-based.
fn place(view: View) -> usize {
    View::ALL.iter().position(|other| *other == view).unwrap_or(0) + 1
}
