//! Owns the questions before the registry is changed or a run deleted: what follows from yes.

use super::RunsPanel;
use super::rows::is_usable;
use crate::tui::app::Panel;
use crate::tui::app::layer::{Confirm, Layer, Purpose};
use crate::tui::app::shared::Shared;
use crate::worker::{Job, RunLine, RunsJob};

impl RunsPanel {
    pub(super) fn ask_to_promote(&self, shared: &mut Shared) {
        let Some(run) = self.current() else { return };
        if self.is_champion(&run.run_id) {
            return shared.say(format!("{} is champion already", run.run_id));
        }
        if !is_usable(run) {
            return shared.complain(format!("{} is {}: it has no model to promote", run.run_id, run.status));
        }
        let mut consequences = vec!["Predictions that name no model use it from then on.".to_owned()];
        match self.champion() {
            Some(champion) => {
                consequences.push(format!("{champion} steps down; rolling back undoes that."));
                consequences.extend(self.is_worse(run));
            }
            None => consequences.push("There is no champion yet.".to_owned()),
        }
        let confirm = Confirm {
            question: format!("Make {} champion?", run.run_id),
            consequences,
        };
        shared.open(Layer::confirm(
            Panel::Runs,
            Purpose::Promote(run.run_id.clone()),
            confirm,
        ));
    }

    /// That the champion scored better, where it did.
    fn is_worse(&self, run: &RunLine) -> Option<String> {
        let champion = self
            .list
            .runs
            .iter()
            .find(|r| Some(&r.run_id) == self.list.champion.as_ref())?;
        let (own, other) = (run.test_pr_auc?, champion.test_pr_auc?);
        (own < other).then(|| {
            format!(
                "Its PR-AUC on its test rows is lower ({own:.4} against {other:.4}); a comparison tells whether that is chance."
            )
        })
    }

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
            let runs = if children == 1 {
                "1 run".to_owned()
            } else {
                format!("{children} runs")
            };
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
