//! Owns the Training panel's state: the run that goes, the finished run that is looked at, and how both are looked at.

pub mod board;
pub mod curves;
pub mod dial;
pub mod eta;
mod keys;
pub mod live;
mod looking;
pub mod series;
pub mod shown;
pub mod stages;
pub mod start;

#[cfg(test)]
mod tests;

pub use looking::{SMOOTHING, Sight, View};

use self::curves::SeriesKey;
use self::dial::{Costs, DialState};
use self::eta::clock_text;
use self::live::{End, LiveRun};
use self::shown::ShownRun;
use super::layer::{Answer, Confirm, Given, Layer, Prompt, Purpose};
use super::panel::{Panel, PanelState};
use super::shared::{Command, Shared};
use crate::tui::keymap::{Action, Context};
use crate::worker::{FileJob, Job, News, PipelineJob, Reply, Report, RunFacts, RunsJob, Ticket, TrainPlan};

/// The Training panel.
#[derive(Debug, Default)]
pub struct TrainingPanel {
    /// The run that was started here last.
    run: Option<LiveRun>,
    /// The finished run that was looked at last.
    finished: Option<ShownRun>,
    /// The finished run that is being read.
    loading: Option<(Ticket, String)>,
    /// Whether the finished run is looked at rather than the one that was started here.
    look_finished: bool,
    /// What of it.
    view: View,
    /// The family the cursor is on.
    selected: Option<String>,
    /// The fit that is looked at; else the newest one.
    pinned: Option<SeriesKey>,
    /// The value cursor: an iteration, or a point's place.
    cursor: Option<usize>,
    /// First line of what is scrolled.
    scroll: usize,
    /// Logarithmic axis.
    log: bool,
    /// Which of [`SMOOTHING`].
    smooth: usize,
    /// The dial, while it is open.
    dial: Option<DialState>,
    /// What mistakes cost, as a person set it.
    costs: Option<Costs>,
    /// The threshold that is being moved: the job, and the run.
    moving: Option<(Ticket, String)>,
    /// The plan given last, for the next dialog.
    last_plan: Option<TrainPlan>,
    /// When the next tick was asked for.
    tick: Option<u64>,
}

impl PanelState for TrainingPanel {
    fn contexts(&self) -> &'static [Context] {
        if self.dial.is_some() {
            &[Context::Dial, Context::Training, Context::Lists]
        } else {
            &[Context::Training, Context::Lists]
        }
    }

    fn act(&mut self, shared: &mut Shared, action: Action) -> bool {
        self.act_on(shared, action)
    }

    fn answered(&mut self, shared: &mut Shared, answer: Answer) {
        match (answer.purpose, answer.given) {
            (Purpose::Train, Given::Fields(values)) => {
                if let Some(plan) = self.with_offer(shared, |offer| start::plan(&values, offer)) {
                    self.start(shared, plan);
                }
            }
            (Purpose::Train, Given::Yes) => shared.request(Command::Show(Panel::Validation)),
            (Purpose::Threshold(run), Given::Yes) => self.move_threshold(shared, run),
            (Purpose::Costs, Given::Line { text, .. }) => match Costs::read(&text) {
                Ok(costs) => self.costs = Some(costs),
                Err(error) => shared.open(costs_prompt(text, Some(error))),
            },
            (Purpose::Budget, Given::Line { text, .. }) => match dial::read_budget(&text) {
                Ok(budget) => self.turn_dial(|dial, state, _| state.stop = dial::within_budget(dial, budget)),
                Err(error) => shared.open(budget_prompt(text, Some(error))),
            },
            _ => {}
        }
    }

    fn news(&mut self, shared: &mut Shared, news: &News) {
        if self.run.as_ref().is_some_and(|run| run.ticket == news.ticket) {
            self.news_of_run(shared, &news.report);
        } else if self.loading.as_ref().is_some_and(|(ticket, _)| *ticket == news.ticket) {
            self.news_of_scores(shared, &news.report);
        } else if self.moving.as_ref().is_some_and(|(ticket, _)| *ticket == news.ticket) {
            self.news_of_threshold(shared, &news.report);
        }
    }

    fn command(&mut self, shared: &mut Shared, command: &Command) {
        match command {
            Command::ShowRun(run) => self.load(shared, run.clone()),
            Command::Train(plan) => self.start(shared, plan.clone()),
            // Which one is champion, and how many there are, may have changed with them.
            Command::RunsChanged => _ = shared.submit(Job::Files(FileJob::Survey)),
            _ => {}
        }
    }

    fn work(&self, shared: &Shared) -> Option<String> {
        self.status_line(shared.now)
    }

    fn status(&self, _shared: &Shared) -> Option<String> {
        let run = self.run.as_ref().filter(|run| !run.is_going())?;
        run.messages.back().map(|(_, text)| text.clone())
    }

    fn shown(&mut self, shared: &mut Shared) {
        let nothing = self.run.is_none() && self.finished.is_none() && self.loading.is_none();
        let champion = shared.survey.as_ref().and_then(|survey| survey.champion.clone());
        if let Some(run) = champion.filter(|_| nothing) {
            self.load(shared, run);
        }
    }

    fn woke(&mut self, shared: &mut Shared) {
        self.ask_for_tick(shared);
    }
}

impl TrainingPanel {
    /// The finished run that is shown.
    pub fn shown_run(&self) -> Option<String> {
        let loading = self.loading.as_ref().map(|(_, run)| run);
        loading.or(self.finished.as_ref().map(|run| &run.run_id)).cloned()
    }

    /// Shows the run that was shown before.
    pub fn resume(&mut self, shared: &mut Shared, run: String) {
        shared.request(Command::ShowRun(run));
    }

    /// What runs here, in one line for every panel; nothing while nothing runs.
    pub fn status_line(&self, now: u64) -> Option<String> {
        if let Some(status) = self.run.as_ref().and_then(|run| run.status(now)) {
            return Some(status);
        }
        let (_, run) = self.moving.as_ref()?;
        Some(format!("moving the threshold of {run}"))
    }

    /// The run that was started here last.
    pub fn run(&self) -> Option<&LiveRun> {
        self.run.as_ref()
    }

    fn is_going(&self) -> bool {
        self.run.as_ref().is_some_and(LiveRun::is_going)
    }

    /// What the dialog is made from: the plan given last or the settings', for the source that is open.
    fn with_offer<T>(&self, shared: &mut Shared, make: impl FnOnce(&start::Offer<'_>) -> T) -> Option<T> {
        let survey = shared.survey.as_ref();
        let Some(plan) = survey.and_then(|survey| survey.plan.as_ref()) else {
            let problem = survey.and_then(|survey| survey.schema.problem.clone());
            let why = problem.unwrap_or_else(|| match survey {
                None => "the workspace is still being read".to_owned(),
                Some(_) => "the settings cannot be used; 6 shows why".to_owned(),
            });
            shared.complain(format!("no training: {why}"));
            return None;
        };
        let mut plan = self.last_plan.clone().unwrap_or_else(|| plan.clone());
        if let Some(path) = shared.source.path.clone() {
            plan.path = Some(path);
        } else if !shared.source.name.is_empty() {
            plan.path = None;
        }
        let survey = survey?;
        Some(make(&start::Offer {
            plan: &plan,
            default_data: &survey.default_data,
            models: &survey.models,
        }))
    }

    /// Whether a run may start; says why not.
    fn may_start(&self, shared: &mut Shared) -> bool {
        if self.is_going() {
            shared.complain("a run is going already; K cancels it, S stops it after this stage");
            return false;
        }
        true
    }

    fn open_start(&mut self, shared: &mut Shared) {
        if !self.may_start(shared) {
            return;
        }
        if let Some(reason) = shared.blocked.clone() {
            let confirm = Confirm {
                question: "Training on this data is blocked. See why in Validation?".to_owned(),
                consequences: vec![
                    reason,
                    "Repair the rows or the schema and check again, or open other data with o in Data.".to_owned(),
                ],
            };
            shared.open(Layer::confirm(Panel::Training, Purpose::Train, confirm));
            return;
        }
        if let Some(form) = self.with_offer(shared, start::form) {
            shared.open(Layer::form(Panel::Training, Purpose::Train, form));
        }
    }

    fn start(&mut self, shared: &mut Shared, plan: TrainPlan) {
        if !self.may_start(shared) {
            return;
        }
        let survey = shared.survey.as_ref();
        let models = survey.map(|survey| survey.models.clone()).unwrap_or_default();
        let data = match (&plan.path, survey) {
            (Some(path), _) => path.display().to_string(),
            (None, Some(survey)) => survey.default_data.clone(),
            (None, None) => String::new(),
        };
        self.last_plan = Some(plan.clone());
        let ticket = shared.submit(Job::Pipeline(PipelineJob::Train(plan.clone())));
        self.run = Some(LiveRun::new(ticket, plan, data, &models, shared.now));
        // Scores still being read are of a run that nobody looks at any more.
        self.loading = None;
        self.look_at_live();
        self.view = View::Curve;
        self.ask_for_tick(shared);
    }

    /// Asks to be woken when the clock of the run that goes shows another second; nothing is asked for when none goes.
    fn ask_for_tick(&mut self, shared: &mut Shared) {
        let Some(run) = self.run.as_ref().filter(|run| run.is_going()) else {
            self.tick = None;
            return;
        };
        let next = run.started + (run.elapsed(shared.now) / 1000 + 1) * 1000;
        if self.tick != Some(next) {
            self.tick = Some(next);
            shared.wake_at(next);
        }
    }

    fn news_of_run(&mut self, shared: &mut Shared, report: &Report) {
        let now = shared.now;
        let Some(run) = &mut self.run else { return };
        match report {
            Report::Events(events) => run.take(events, now),
            Report::Progress { .. } => run.take(&[], now),
            Report::Rows(_) | Report::Logged(_) | Report::Reviewed(_) | Report::Watched(_) | Report::Team(_) => {}
            Report::Done(reply) => {
                if let Reply::Trained(outcome) = &**reply {
                    run.end(End::Finished(outcome.clone()), now);
                    let (run_id, champion) = (outcome.run_id.clone(), &outcome.champion.model);
                    let (f1, took) = (outcome.metrics.test.f1, clock_text(run.elapsed(now)));
                    let promoted = if outcome.promoted { ", now champion" } else { "" };
                    shared.say(format!("trained {champion} in {took}: test F1 {f1:.4}{promoted}"));
                    shared.request(Command::RunsChanged);
                    if !self.look_finished {
                        self.load(shared, run_id);
                    }
                }
            }
            Report::Failed(failure) => {
                shared.complain(format!("training failed: {}", failure.message));
                run.end(End::Failed(failure.clone()), now);
                self.scroll = 0;
                shared.request(Command::RunsChanged);
            }
            Report::Cancelled => {
                let words = if run.stopping && !run.cancelling {
                    "the run stopped after its stage, as asked"
                } else {
                    "the run is cancelled"
                };
                run.end(End::Cancelled, now);
                shared.say(words);
                shared.request(Command::RunsChanged);
            }
        }
        self.ask_for_tick(shared);
    }

    /// Reads the scores of a finished run, to show it.
    fn load(&mut self, shared: &mut Shared, run: String) {
        let job = Job::Runs(RunsJob::Scores { run: run.clone() });
        self.loading = Some((shared.submit(job), run));
    }

    fn news_of_scores(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Done(reply) => {
                self.loading = None;
                if let Reply::Run(facts) = &**reply {
                    self.show(facts);
                }
            }
            Report::Failed(failure) => {
                self.loading = None;
                shared.complain(format!("the run cannot be shown: {}", failure.message));
            }
            Report::Cancelled => self.loading = None,
            Report::Progress { .. }
            | Report::Events(_)
            | Report::Rows(_)
            | Report::Logged(_)
            | Report::Reviewed(_)
            | Report::Watched(_)
            | Report::Team(_) => {}
        }
    }

    fn show(&mut self, facts: &RunFacts) {
        let shown = ShownRun::new(facts);
        let other = self
            .finished
            .as_ref()
            .is_none_or(|before| before.run_id != shown.run_id);
        if other {
            self.dial = None;
            self.forget_place();
        }
        self.finished = Some(shown);
        self.look_finished = true;
    }

    fn move_threshold(&mut self, shared: &mut Shared, run: String) {
        let wanted = self.reading().map(|reading| reading.threshold);
        let Some(threshold) = wanted.filter(|_| self.shown_run().as_ref() == Some(&run)) else {
            shared.complain("another run is shown by now; turn its dial");
            return;
        };
        let job = PipelineJob::MoveThreshold {
            run: run.clone(),
            threshold,
        };
        self.moving = Some((shared.submit(Job::Pipeline(job)), run));
    }

    fn news_of_threshold(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Done(reply) => {
                self.moving = None;
                if let Reply::ThresholdMoved(moved) = &**reply {
                    let promoted = if moved.promoted { ", now champion" } else { "" };
                    let (run, f1) = (&moved.run_id, moved.test.f1);
                    shared.say(format!("run {run} has this threshold{promoted}: test F1 {f1:.4}"));
                    shared.request(Command::RunsChanged);
                    self.dial = None;
                    self.load(shared, moved.run_id.clone());
                }
            }
            Report::Failed(failure) => {
                self.moving = None;
                shared.complain(format!("the threshold is as it was: {}", failure.message));
            }
            Report::Cancelled => {
                self.moving = None;
                shared.say("the threshold is as it was");
            }
            Report::Progress { .. }
            | Report::Events(_)
            | Report::Rows(_)
            | Report::Logged(_)
            | Report::Reviewed(_)
            | Report::Watched(_)
            | Report::Team(_) => {}
        }
    }
}

fn costs_prompt(text: String, error: Option<String>) -> Layer {
    let mut prompt = Prompt::new("cost of a false alarm, of a miss", "1,10").starting_with(text);
    prompt.error = error;
    Layer::prompt(Panel::Training, Purpose::Costs, prompt)
}

fn budget_prompt(text: String, error: Option<String>) -> Layer {
    let mut prompt = Prompt::new("alerts in 1,000 rows, at most", "5").starting_with(text);
    prompt.error = error;
    Layer::prompt(Panel::Training, Purpose::Budget, prompt)
}
