//! Owns the questions before a champion is rolled back or a run deleted: what follows from yes.

use super::RunsPanel;
use crate::text::counted;
use crate::tui::app::Panel;
use crate::tui::app::layer::{Confirm, Layer, Purpose};
use crate::tui::app::shared::Shared;
use crate::worker::{Job, RunsJob};

impl RunsPanel {
    pub(super) fn ask_to_roll_back(&self, shared: &mut Shared) {
        let Some(before) = self.list.previous.first() else {
            return shared.complain("there is no champion before this one to go back to");
        };
        let mut consequences = vec![format!(
            "{before} is champion again, and predictions that name no model use it."
        )];
        if let Some(champion) = self.champion() {
            consequences.push(format!("{champion} steps down. Its run stays."));
        }
        let confirm = Confirm {
            question: format!("Roll back to {before}?"),
            consequences,
        };
        shared.open(Layer::confirm(Panel::Runs, Purpose::Rollback, confirm));
    }

    pub(super) fn ask_to_delete(&self, shared: &mut Shared) {
        let Some(run) = self.current() else { return };
        if self.is_champion(&run.run_id) {
            return shared.complain("the champion is kept: make another run champion first");
        }
        if run.status == "running" {
            return shared.complain(format!("{} is running: stop it first", run.run_id));
        }
        let mut consequences =
            vec!["Its model, scores and reports go from the disk; this cannot be undone.".to_owned()];
        if self.list.previous.contains(&run.run_id) {
            consequences.push("It was champion: rolling back to it will not be possible.".to_owned());
        }
        let children = super::rows::children(&self.list, &run.run_id).len();
        if children > 0 {
            let runs = counted(children as u64, "run");
            consequences.push(format!("What grew from it stays: {runs}."));
        }
        let confirm = Confirm {
            question: format!("Delete {}?", run.run_id),
            consequences,
        };
        shared.open(Layer::confirm(
            Panel::Runs,
            Purpose::Delete(run.run_id.clone()),
            confirm,
        ));
    }

    /// Carries out what was answered with yes.
    pub(super) fn change(&mut self, shared: &mut Shared, job: RunsJob) {
        self.failure = None;
        self.changing = Some(shared.submit(Job::Runs(job)));
    }
}
