//! Owns what the panel says where there is nothing to judge: no file, one that cannot be opened, no case in the queue.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::review::{ReviewPanel, Scored};
use crate::tui::keymap::Action;
use crate::tui::view::lines::{Lines, below, top};
use crate::tui::view::{Frame, Role, popup};
use crate::worker::Queue;

/// Draws a panel without an open file.
pub fn draw_without_file(frame: &Frame<'_>, panel: &ReviewPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    match panel.file() {
        Scored::Failed { path, failure } => {
            let [score, open, again] =
                [Action::ScoreFile, Action::OpenFile, Action::Open].map(|action| frame.key_here(action));
            let train = frame.key(Action::ShowTraining);
            let champion = frame
                .app
                .shared
                .survey
                .as_ref()
                .is_some_and(|survey| survey.champion.is_some());
            let mut keys = vec![
                (score.as_str(), "score a file and review what is flagged"),
                (open.as_str(), "open a scored file"),
                (again.as_str(), "try this one again"),
            ];
            if !champion {
                keys.insert(0, (train.as_str(), "train a model first: there is no champion yet"));
            }
            let why = if path.is_none() {
                "No scored file to review yet."
            } else {
                "This file cannot be reviewed."
            };
            let mut lines = Lines::new(area.width);
            lines.add_failure(look, failure);
            let height = 6.min(area.height / 3);
            lines.draw(look, top(area, height), "", buffer);
            popup::empty_state(look, buffer, below(area, height), why, &keys);
        }
        Scored::Opening { path, note } => {
            let name = path
                .as_ref()
                .map_or_else(|| "what was scored last".to_owned(), |path| path.display().to_string());
            let text = format!("opening {name} {note}");
            look.put(buffer, top(below(area, 1), 1), text.trim_end(), look.style(Role::Faint));
        }
        Scored::Closed | Scored::Open(_) => {}
    }
}

/// Draws a queue without a case.
pub fn draw_without_cases(frame: &Frame<'_>, panel: &ReviewPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let [back, queue, filter, score] =
        [Action::Back, Action::Queues, Action::Filter, Action::ScoreFile].map(|action| frame.key_here(action));
    let view = panel.view();
    if panel.window().is_new() {
        look.put(
            buffer,
            top(below(area, 1), 1),
            "making the queue",
            look.style(Role::Faint),
        );
        return;
    }
    if !view.filters.is_empty() {
        let why = format!(
            "No case of {} meets {}.",
            view.queue.title(),
            view.filters.join(" and ")
        );
        let keys = [
            (back.as_str(), "take the last filter away"),
            (filter.as_str(), "another filter"),
        ];
        return popup::empty_state(look, buffer, area, &why, &keys);
    }
    let why = match view.queue {
        Queue::TopRisk => "Nothing was flagged in this file.".to_owned(),
        Queue::Unreviewed => "Every flagged case is judged.".to_owned(),
        Queue::Conflicts => "Nobody contradicts anybody.".to_owned(),
        Queue::Mine => "You have judged none of these cases yet.".to_owned(),
        Queue::Suppressed => "No rule suppresses a case of this file.".to_owned(),
        _ => format!("No case is in {}.", view.queue.title()),
    };
    let keys = [
        (queue.as_str(), "another queue"),
        (score.as_str(), "score another file"),
    ];
    popup::empty_state(look, buffer, area, &why, &keys);
}
