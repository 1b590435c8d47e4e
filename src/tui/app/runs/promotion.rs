//! Owns what is told before a run is made champion: which judged rows would change side, and whether anything gets worse.

use super::RunsPanel;
use super::rows::is_usable;
use crate::text::grouped;
use crate::tui::app::Panel;
use crate::tui::app::layer::{Caution, Layer, Purpose, ReaderLine, Tone};
use crate::tui::app::shared::Shared;
use crate::worker::{Flip, Job, JudgedFlips, PipelineJob, Reply, Report, RunLine, Ticket};

/// A promotion that is being looked at before it is asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighing {
    pub(super) ticket: Ticket,
    /// The run that would be champion.
    pub run_id: String,
    /// What is being done.
    pub note: String,
}

impl RunsPanel {
    pub(super) fn ask_to_promote(&mut self, shared: &mut Shared) {
        let Some(run) = self.current().cloned() else { return };
        if self.is_champion(&run.run_id) {
            return shared.say(format!("{} is champion already", run.run_id));
        }
        if !is_usable(&run) {
            return shared.complain(format!("{} is {}: it has no model to promote", run.run_id, run.status));
        }
        if self.champion().is_none() {
            return self.ask_about(shared, &run.run_id, None);
        }
        let job = PipelineJob::Flips {
            run: run.run_id.clone(),
        };
        self.weighing = Some(Weighing {
            ticket: shared.submit(Job::Pipeline(job)),
            run_id: run.run_id,
            note: "looking which judged rows would change side".to_owned(),
        });
    }

    /// News of what a promotion would change.
    pub(super) fn weighed(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Progress { note, .. } => {
                if let Some(weighing) = self.weighing.as_mut().filter(|_| !note.is_empty()) {
                    weighing.note.clone_from(note);
                }
                return;
            }
            Report::Done(_) | Report::Failed(_) | Report::Cancelled => {}
            _ => return,
        }
        let Some(weighing) = self.weighing.take() else { return };
        // Whoever has gone to another panel meanwhile is not asked there.
        if !self.shown {
            return shared.say(format!("{} was not promoted: ask again in Runs", weighing.run_id));
        }
        match report {
            Report::Done(reply) => {
                if let Reply::Flips(flips) = &**reply {
                    self.ask_about(shared, &weighing.run_id, Some(Ok(flips)));
                }
            }
            Report::Failed(failure) => self.ask_about(shared, &weighing.run_id, Some(Err(&failure.message))),
            _ => shared.say("nothing was promoted"),
        }
    }

    fn ask_about(&self, shared: &mut Shared, run_id: &str, flips: Option<Result<&JudgedFlips, &str>>) {
        let mut caution = Caution {
            question: format!("Make {run_id} champion?"),
            consequences: vec!["Predictions that name no model use it from then on.".to_owned()],
            ..Caution::default()
        };
        match self.champion() {
            Some(champion) => {
                let text = format!("{champion} steps down; rolling back undoes that.");
                caution.consequences.push(text);
            }
            None => caution.consequences.push("There is no champion yet.".to_owned()),
        }
        let run = self.list.runs.iter().find(|run| run.run_id == run_id);
        caution.consequences.extend(run.and_then(|run| self.is_worse(run)));
        match flips {
            None => {}
            Some(Ok(flips)) => weigh(&mut caution, flips),
            Some(Err(why)) => {
                let text = format!("Which judged rows would change side cannot be told: {why}");
                caution.consequences.push(text);
            }
        }
        let purpose = Purpose::Promote(run_id.to_owned());
        shared.open(Layer::caution(Panel::Runs, purpose, caution));
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
}

/// What judged rows say of the promotion: the better in plain words, the worse as a warning, and all of them to be listed.
pub(super) fn weigh(caution: &mut Caution, flips: &JudgedFlips) {
    let count = |rows: &[Flip], one: &str, many: &str| match rows.len() {
        0 => None,
        1 => Some(format!("1 {one}")),
        more => Some(format!("{} {many}", grouped(more as u64))),
    };
    let better: Vec<String> = [
        count(&flips.found, "true positive more", "true positives more"),
        count(&flips.cleared, "false alarm fewer", "false alarms fewer"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let worse: Vec<String> = [
        count(&flips.lost, "true positive lost", "true positives lost"),
        count(&flips.alarms, "new false alarm", "new false alarms"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let of = match flips.judged {
        0 => None,
        1 => Some("Of 1 judged row".to_owned()),
        judged => Some(format!("Of {} judged rows", grouped(judged))),
    };
    match of {
        None if flips.unscored.is_none() => {
            let text = "No case is judged yet that could tell how it differs from the champion.";
            caution.consequences.push(text.to_owned());
        }
        None => {
            let text = "No judged row tells how it differs from the champion: none could be scored by both.";
            caution.consequences.push(text.to_owned());
        }
        Some(of) if better.is_empty() && worse.is_empty() => {
            caution.consequences.push(format!("{of} none changes side."));
        }
        Some(of) => {
            if !better.is_empty() {
                caution.consequences.push(format!("{of}: {}.", better.join(", ")));
            }
            if !worse.is_empty() {
                caution
                    .warnings
                    .push(format!("{of}, for the worse: {}.", worse.join(", ")));
            }
        }
    }
    if let Some((rows, why)) = &flips.unscored {
        let text = format!("Judged rows that cannot be scored: {} ({why}).", grouped(*rows));
        caution.consequences.push(text);
    }
    caution.careful = !worse.is_empty();
    caution.rows = lines(flips);
}

fn lines(flips: &JudgedFlips) -> Vec<ReaderLine> {
    let groups = [
        ("True positives that would no longer be flagged", &flips.lost, Tone::Bad),
        ("False positives that would be flagged anew", &flips.alarms, Tone::Bad),
        ("True positives that would be flagged anew", &flips.found, Tone::Good),
        (
            "False positives that would no longer be flagged",
            &flips.cleared,
            Tone::Good,
        ),
    ];
    let mut lines = Vec::new();
    for (title, rows, tone) in groups.into_iter().filter(|(_, rows, _)| !rows.is_empty()) {
        lines.push(ReaderLine::heading(format!("{title}: {}", grouped(rows.len() as u64))));
        lines.extend(rows.iter().map(|flip| {
            let text = format!("{:.4} now {:.4}, judged by {}", flip.before, flip.after, flip.analyst);
            ReaderLine::labelled(flip.row.to_string(), text).in_tone(tone)
        }));
    }
    lines
}
