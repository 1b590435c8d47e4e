//! Owns what a run of the list is chosen for: a comparison, Training, the clipboard.

use super::{Comparing, RunsPanel, comparison, rows};
use crate::tui::app::effect::Effect;
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::{Command, Shared};
use crate::worker::{Job, RunsJob};

impl RunsPanel {
    pub(super) fn mark(&mut self, shared: &mut Shared) {
        let Some(run) = self.current().map(|run| run.run_id.clone()) else {
            return;
        };
        self.marked = if self.marked.as_ref() == Some(&run) {
            None
        } else {
            shared.say(format!("{run} is marked; compare it with another"));
            Some(run)
        };
    }

    pub(super) fn compare(&mut self, shared: &mut Shared) {
        let Some(b) = self.current().map(|run| run.run_id.clone()) else {
            return;
        };
        let marked = self.marked.clone().filter(|run| *run != b);
        let champion = self.list.champion.clone().filter(|run| *run != b);
        let Some(a) = marked.or(champion) else {
            return shared.complain("mark one run, go to another, and compare");
        };
        self.failure = None;
        let ticket = shared.submit(Job::Runs(RunsJob::Compare { a, b }));
        self.comparing = Some(Comparing {
            ticket,
            note: String::new(),
            progress: None,
        });
    }

    pub(super) fn show_in_training(&self, shared: &mut Shared) {
        let Some(run) = self.current() else { return };
        if !rows::is_usable(run) {
            return shared.complain(format!("{} is {}: it has no curves to show", run.run_id, run.status));
        }
        shared.request(Command::ShowRun(run.run_id.clone()));
        shared.request(Command::Show(Panel::Training));
    }

    pub(super) fn copy(&self, shared: &mut Shared) {
        let text = match &self.comparison {
            Some(comparison) => comparison.lines.get(comparison.cursor.at).map(comparison::Line::text),
            None => self.current().map(|run| run.run_id.clone()),
        };
        if let Some(text) = text {
            shared.effects.push(Effect::Copy(text));
        }
    }
}
