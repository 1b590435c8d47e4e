//! Owns the label audit of a run: it is asked for here and its file is reviewed in Review.

use super::RunsPanel;
use super::rows::is_usable;
use crate::text::grouped;
use crate::tui::app::Panel;
use crate::tui::app::shared::{Command, Shared};
use crate::worker::{Job, PipelineJob, Reply, Report, Ticket};

/// A label audit under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Auditing {
    pub(super) ticket: Ticket,
    run_id: String,
    progress: Option<(u64, u64)>,
}

impl Auditing {
    /// Half a line about it.
    pub fn words(&self) -> String {
        let done = self.progress.filter(|(_, total)| *total > 0);
        let share = done.map_or_else(String::new, |(done, total)| format!(", {} %", done * 100 / total));
        format!("label audit of {}{share}", self.run_id)
    }
}

impl RunsPanel {
    pub(super) fn audit_labels(&mut self, shared: &mut Shared) {
        let Some(run) = self.current().cloned() else { return };
        if self.auditing.is_some() {
            return shared.complain("a label audit is going already; ctrl-c stops it");
        }
        if !is_usable(&run) {
            return shared.complain(format!(
                "{} is {}: its labels cannot be audited",
                run.run_id, run.status
            ));
        }
        self.failure = None;
        let job = PipelineJob::AuditLabels {
            run: run.run_id.clone(),
        };
        self.auditing = Some(Auditing {
            ticket: shared.submit(Job::Pipeline(job)),
            run_id: run.run_id,
            progress: None,
        });
    }

    pub(super) fn audited(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Progress { done, total, .. } => {
                if let Some(auditing) = &mut self.auditing {
                    auditing.progress = total.map(|total| (*done, total));
                }
                return;
            }
            Report::Done(reply) => {
                if let Reply::LabelsAudited(found) = &**reply {
                    let text = format!(
                        "{} of {} training rows contradict their label, {} have a twin with the other one",
                        grouped(found.contradicted),
                        grouped(found.rows),
                        grouped(found.conflicting)
                    );
                    if self.shown {
                        shared.request(Command::Review(Some(found.output.clone())));
                        shared.request(Command::Show(Panel::Review));
                        shared.say(text);
                    } else {
                        // Whoever reviews something else by now is not taken away from it.
                        shared.say(format!("{text}: {}", found.output.display()));
                    }
                }
            }
            Report::Failed(failure) => {
                shared.complain(format!("no label audit: {}", failure.message));
                self.failure = Some(failure.clone());
            }
            Report::Cancelled => shared.say("the label audit was stopped"),
            _ => return,
        }
        self.auditing = None;
    }
}
