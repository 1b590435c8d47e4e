//! Owns what the worker's answers change in the Runs panel.

use super::{Comparison, Details, RunsPanel, comparison, details, open_details};
use crate::tui::app::list::ListCursor;
use crate::tui::app::shared::{Command, Shared};
use crate::worker::{ComparedRuns, Reply, Report};

impl RunsPanel {
    pub(super) fn listed(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Done(reply) => {
                let Reply::Runs(list) = &**reply else { return };
                let run = self.under_cursor();
                if let Some(survey) = &mut shared.survey {
                    survey.champion.clone_from(&list.champion);
                    survey.runs = list.runs.len();
                }
                self.list = list.clone();
                self.loaded = true;
                // What a run tells may have changed with the list, its names say.
                self.details = None;
                let there = |run: &String| self.list.runs.iter().any(|line| line.run_id == *run);
                self.marked = self.marked.take().filter(there);
                self.arrange(shared, run.as_deref());
            }
            Report::Failed(failure) => self.failure = Some(failure.clone()),
            Report::Cancelled => {}
            _ => return,
        }
        self.listing = None;
    }

    pub(super) fn compared(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Progress { done, total, note } => {
                if let Some(comparing) = &mut self.comparing {
                    comparing.note.clone_from(note);
                    comparing.progress = total.map(|total| (*done, total));
                }
                return;
            }
            Report::Done(reply) => {
                if let Reply::Compared(compared) = &**reply {
                    let b = |at: &usize| self.list.runs.get(*at).is_some_and(|run| run.run_id == compared.b);
                    if let Some(at) = self.visible.iter().position(b) {
                        self.cursor.go(at, self.visible.len(), Self::list_height(shared));
                    }
                    self.comparison = Some(Comparison::of(compared));
                }
            }
            Report::Failed(failure) => self.failure = Some(failure.clone()),
            Report::Cancelled => shared.say("the comparison was stopped"),
            _ => return,
        }
        self.comparing = None;
    }

    pub(super) fn changed(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Done(reply) => {
                if let Reply::Registry(done) = &**reply {
                    shared.say(done.clone());
                }
                shared.request(Command::RunsChanged);
            }
            Report::Failed(failure) => {
                shared.complain(failure.message.clone());
                self.failure = Some(failure.clone());
            }
            Report::Cancelled => {}
            _ => return,
        }
        self.changing = None;
    }

    pub(super) fn described(&mut self, shared: &mut Shared, report: &Report) {
        if !matches!(report, Report::Done(_) | Report::Failed(_) | Report::Cancelled) {
            return;
        }
        let open = self.wanted.take().is_some_and(|wanted| wanted.open);
        match report {
            Report::Done(reply) => {
                let Reply::Run(facts) = &**reply else { return };
                let details = Details {
                    run_id: facts.run_id.clone(),
                    lines: details::lines(facts, &self.list),
                };
                if open {
                    open_details(shared, &details);
                }
                self.details = Some(details);
            }
            Report::Failed(failure) if open => self.failure = Some(failure.clone()),
            _ => {}
        }
    }
}

impl Comparison {
    fn of(compared: &ComparedRuns) -> Self {
        Self {
            a: compared.a.clone(),
            b: compared.b.clone(),
            lines: comparison::lines(compared),
            cursor: ListCursor::default(),
        }
    }
}
