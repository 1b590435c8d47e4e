//! Owns scoring from the console: the job that goes on with its pace, what becomes of its result, and the watched directory.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::dialogs::Dialog;
use super::score_form::{Offer, form, plan};
use crate::text::{grouped, percent};
use crate::tui::app::layer::{FieldValue, Layer, Picker, PickerItem, Purpose};
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::{Command, Shared};
use crate::tui::app::training::eta::{Eta, clock_text};
use crate::worker::{
    Failure, Job, Kind, News, PipelineJob, PredictPlan, PredictSummary, Reply, Report, RunsJob, RunsList, Ticket,
    WatchedFile,
};

/// Files of the watched directory that are listed.
const LISTED: usize = 50;

/// A file that is being scored.
#[derive(Debug)]
struct Going {
    ticket: Ticket,
    plan: PredictPlan,
    name: String,
    note: String,
    done: u64,
    total: Option<u64>,
    pace: Eta,
    /// The panel in which it was asked for.
    from: Panel,
}

/// What the dialog is made from, besides the open source.
#[derive(Clone, Debug)]
struct Asked {
    list: Ticket,
    offer: Option<Offer>,
}

/// Scoring, and what came into the watched directory.
#[derive(Debug, Default)]
pub struct Scoring {
    asked: Option<Asked>,
    going: Option<Going>,
    /// The plan given last, and why it failed if it did.
    last: Option<(PredictPlan, Option<String>)>,
    done: Option<PredictSummary>,
    watching: Option<Ticket>,
    watched: VecDeque<WatchedFile>,
    here: Panel,
}

impl Scoring {
    /// Takes note of which panel is shown.
    pub(super) fn shows(&mut self, panel: Panel) {
        self.here = panel;
    }

    /// What was scored last.
    pub(super) fn done(&self) -> Option<&PredictSummary> {
        self.done.as_ref()
    }

    /// Asks for the runs, and with them opens the dialog.
    pub(super) fn ask(&mut self, shared: &mut Shared) {
        if let Some(going) = &self.going {
            return shared.complain(format!("{} is being scored already; ctrl-c stops that", going.name));
        }
        let list = shared.submit(Job::Runs(RunsJob::List));
        self.asked = Some(Asked { list, offer: None });
    }

    /// Takes news; whether they were of a job of its own.
    pub(super) fn news(&mut self, shared: &mut Shared, news: &News) -> bool {
        let ticket = news.ticket;
        if let Report::Done(reply) = &news.report
            && let Reply::Survey(survey) = &**reply
            && survey.watched.is_some()
            && self.watching.is_none()
        {
            self.watching = Some(shared.submit(Job::Pipeline(PipelineJob::Watch)));
        }
        if self.watching == Some(ticket) {
            self.watch_news(shared, &news.report);
        } else if self.going.as_ref().is_some_and(|going| going.ticket == ticket) {
            self.scored_news(shared, &news.report);
        } else if self.asked.as_ref().is_some_and(|asked| asked.list == ticket) {
            self.runs_news(shared, &news.report);
        } else {
            return false;
        }
        true
    }

    fn runs_news(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Done(reply) => match &**reply {
                Reply::Runs(list) => self.open(shared, list),
                _ => self.asked = None,
            },
            Report::Failed(failure) => {
                self.asked = None;
                shared.complain(failure.message.clone());
            }
            Report::Cancelled => self.asked = None,
            _ => {}
        }
    }

    fn open(&mut self, shared: &mut Shared, list: &RunsList) {
        let models = Offer::models(list);
        if models.is_empty() {
            self.asked = None;
            return shared.complain("there is no model to score with yet; train one in 3");
        }
        let source = &shared.source;
        let default_data = shared.survey.as_ref().map(|survey| survey.default_data.clone());
        let fresh = PredictPlan {
            path: source.path.clone(),
            model: String::new(),
            threshold: None,
            alerts: None,
            output: None,
        };
        let (plan, problem) = match &self.last {
            // What went wrong is mended, not typed anew.
            Some((plan, Some(problem))) => (plan.clone(), Some(problem.clone())),
            Some((plan, None)) => (
                PredictPlan {
                    model: plan.model.clone(),
                    ..fresh
                },
                None,
            ),
            None => (fresh, None),
        };
        let offer = Offer {
            plan,
            problem,
            default_data: default_data.unwrap_or_default(),
            models,
        };
        let layer = Layer::form(Panel::Review, Purpose::Dialog(Dialog::Score), form(&offer));
        if let Some(asked) = &mut self.asked {
            asked.offer = Some(offer);
        }
        shared.open(layer);
    }

    /// The dialog was answered.
    pub(super) fn answered(&mut self, shared: &mut Shared, values: &[(&'static str, FieldValue)]) {
        let Some(offer) = self.asked.take().and_then(|asked| asked.offer) else {
            return;
        };
        let plan = plan(values, &offer);
        let name = match &plan.path {
            Some(path) => name_of(path),
            None => offer.default_data,
        };
        self.last = Some((plan.clone(), None));
        self.going = Some(Going {
            ticket: shared.submit(Job::Pipeline(PipelineJob::Predict(plan.clone()))),
            plan,
            name,
            note: String::new(),
            done: 0,
            total: None,
            pace: Eta::default(),
            from: self.here,
        });
    }

    fn scored_news(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Progress { done, total, note } => {
                if let Some(going) = &mut self.going {
                    if going.note != *note {
                        // A budget takes a look at all rows first.
                        going.note.clone_from(note);
                        going.pace = Eta::default();
                    }
                    (going.done, going.total) = (*done, *total);
                    going.pace.update(shared.now, *done, *total);
                }
            }
            Report::Done(reply) => {
                if let (Some(going), Reply::Predicted(summary)) = (self.going.take(), &**reply) {
                    self.scored(shared, &going, summary);
                }
            }
            Report::Failed(failure) => self.failed(shared, failure),
            Report::Cancelled => {
                self.going = None;
                shared.say("scoring was stopped; what was scored before is as it was");
            }
            _ => {}
        }
    }

    fn scored(&mut self, shared: &mut Shared, going: &Going, summary: &PredictSummary) {
        let mut text = format!("{} scored: {}", going.name, words(summary));
        if summary.rejected > 0 {
            text.push_str(" (R lists them)");
        }
        if summary.tied_out > 0 {
            text.push_str(&format!(
                ", {} more tie at the cut and stay out",
                grouped(summary.tied_out)
            ));
        }
        let path = PathBuf::from(&summary.output);
        self.done = Some(summary.clone());
        if self.here == going.from {
            shared.request(Command::Review(Some(path)));
            shared.request(Command::Show(Panel::Review));
        } else if self.here == Panel::Review {
            // Whoever reviews something else by now is not taken away from it.
            text.push_str(&format!("; o opens {}", path.display()));
        } else {
            shared.request(Command::Review(Some(path)));
            text.push_str("; 4 shows them");
        }
        shared.say(text);
    }

    fn failed(&mut self, shared: &mut Shared, failure: &Failure) {
        let Some(going) = self.going.take() else { return };
        shared.complain(format!("{} is not scored: {}", going.name, failure.message));
        self.last = Some((going.plan, Some(failure.message.clone())));
    }

    /// Half a line about the file that is being scored.
    pub(super) fn work(&self, shared: &Shared) -> Option<String> {
        let going = self.going.as_ref()?;
        if going.note.is_empty() {
            let busy = [Kind::Train, Kind::Validate, Kind::Threshold, Kind::LabelAudit];
            let waits = busy.into_iter().any(|kind| shared.running(kind).is_some());
            let waits = if waits { " waits for what runs" } else { "" };
            return Some(format!("scoring {}{waits}", going.name));
        }
        let far = match going.total.filter(|total| *total > 0) {
            Some(total) => percent(going.done.min(total), total),
            None => format!("{} rows", grouped(going.done)),
        };
        let doing = if going.note == "rows ranked" {
            "ranking"
        } else {
            "scoring"
        };
        let mut text = format!("{doing} {} {far}", going.name);
        if let Some(pace) = going.pace.pace() {
            text.push_str(&format!(", {} rows/s", grouped(pace as u64)));
        }
        if let Some(left) = going.pace.left(shared.now) {
            text.push_str(&format!(", {} left", clock_text(left)));
        }
        Some(text)
    }
}

/// The watched directory.
impl Scoring {
    fn watch_news(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Watched(file) => {
                if !file.earlier {
                    match &file.outcome {
                        Ok(summary) => {
                            shared.say(format!("watched: {}: {}; W in Review lists", file.name, words(summary)));
                        }
                        Err(reason) => shared.complain(format!("watched: {}: {reason}", file.name)),
                    }
                }
                self.watched.push_front(file.clone());
                self.watched.truncate(LISTED);
            }
            Report::Failed(failure) => {
                // Asked again it would fail again: the ticket stays.
                shared.complain(format!("the directory is not watched: {}", failure.message));
            }
            _ => {}
        }
    }

    /// Opens the list of the latest files.
    pub(super) fn list_watched(&self, shared: &mut Shared) {
        let directory = shared.survey.as_ref().and_then(|survey| survey.watched.clone());
        let Some(directory) = directory else {
            return shared.say("no directory is watched; `watch: DIR` in nsec.yaml names one");
        };
        if self.watched.is_empty() {
            return shared.say(format!("nothing has come into {directory} yet"));
        }
        let item = |file: &WatchedFile| PickerItem {
            label: file.name.clone(),
            about: match &file.outcome {
                Ok(summary) => words(summary),
                Err(reason) => format!("not scored: {reason}"),
            },
            aside: file.at.get(11..16).unwrap_or_default().to_owned(),
            group: directory.clone(),
        };
        let picker = Picker::new("watched files; one to review", self.watched.iter().map(item).collect());
        let purpose = Purpose::Dialog(Dialog::Watched(self.watched.iter().map(outcome).collect()));
        shared.open(Layer::picker(Panel::Review, purpose, picker));
    }
}

/// The output to review, or why there is none.
fn outcome(file: &WatchedFile) -> Result<PathBuf, String> {
    let summary = file.outcome.as_ref();
    summary
        .map(|summary| PathBuf::from(&summary.output))
        .map_err(Clone::clone)
}

/// What came of scoring, in half a line.
fn words(summary: &PredictSummary) -> String {
    let (flagged, rows) = (grouped(summary.flagged), grouped(summary.rows));
    let rejected = match summary.rejected {
        0 => String::new(),
        rejected => format!(", {} rejected", grouped(rejected)),
    };
    format!("{flagged} of {rows} rows flagged{rejected}")
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| path.display().to_string())
}
