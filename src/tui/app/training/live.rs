//! Owns a run that was started here: what its events have told so far, and how it ended.

use std::collections::VecDeque;

use super::board::{Board, DoneTrial};
use super::curves::{Curves, SeriesKey};
use super::eta::{Eta, clock_text};
use super::series::Point;
use super::stages::{StageState, Stages};
use crate::worker::{Event, Failure, Level, Stage, Ticket, TrainOutcome, TrainPlan};

/// Messages kept; older ones are in the log.
const MESSAGES: usize = 200;
/// Trials shown as going at once; there are never more than threads.
const TRYING: usize = 64;

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// It has not.
    Going,
    /// With a model.
    Finished(Box<TrainOutcome>),
    /// With an error.
    Failed(Failure),
    /// On request.
    Cancelled,
}

/// A trial that is going.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trying {
    /// Family.
    pub model: String,
    /// 1-based.
    pub trial: usize,
    /// Trials of the family.
    pub of: usize,
    /// Folds done.
    pub folds_done: usize,
    /// Folds in all, once one is done.
    pub folds: Option<usize>,
}

/// A run that was started here.
#[derive(Clone, Debug)]
pub struct LiveRun {
    /// Its job.
    pub ticket: Ticket,
    /// What it was asked for.
    pub plan: TrainPlan,
    /// Its data's name.
    pub data: String,
    /// When it was started.
    pub started: u64,
    /// When it ended.
    pub ended: Option<u64>,
    /// Its name, once it has one.
    pub run_id: Option<String>,
    /// Its stages.
    pub stages: Stages,
    /// Its families.
    pub board: Board,
    /// Its fits.
    pub curves: Curves,
    /// Trials that are going, the oldest first.
    pub trying: Vec<Trying>,
    /// What a person should read, the newest last.
    pub messages: VecDeque<(Level, String)>,
    /// Stopping after the stage that runs was asked for.
    pub stopping: bool,
    /// Cancelling was asked for.
    pub cancelling: bool,
    /// How it ended.
    pub end: End,
    eta: Eta,
}

impl LiveRun {
    /// Just started.
    pub fn new(ticket: Ticket, plan: TrainPlan, data: String, models: &[String], now: u64) -> Self {
        let models = if plan.models.is_empty() { models } else { &plan.models };
        Self {
            ticket,
            board: Board::waiting(models),
            plan,
            data,
            started: now,
            ended: None,
            run_id: None,
            stages: Stages::new(now),
            curves: Curves::default(),
            trying: Vec::new(),
            messages: VecDeque::new(),
            stopping: false,
            cancelling: false,
            end: End::Going,
            eta: Eta::default(),
        }
    }

    /// Whether it has not ended.
    pub fn is_going(&self) -> bool {
        self.end == End::Going
    }

    /// Milliseconds since it was started, or that it took.
    pub fn elapsed(&self, now: u64) -> u64 {
        self.ended.unwrap_or(now).saturating_sub(self.started)
    }

    /// Milliseconds that the stage which runs still takes, if that can be told.
    pub fn left(&self, now: u64) -> Option<u64> {
        self.stages.running().and_then(|_| self.eta.left(now))
    }

    /// Takes what stages said.
    pub fn take(&mut self, events: &[Event], now: u64) {
        self.stages.heard(now);
        for event in events {
            self.take_one(event, now);
        }
    }

    fn take_one(&mut self, event: &Event, now: u64) {
        match event {
            Event::RunStarted { run_id } | Event::RunFinished { run_id, .. } => self.run_id = Some(run_id.clone()),
            Event::StageStarted { stage, total } => {
                self.eta = Eta::default();
                self.eta.update(now, 0, *total);
                self.stages.started(*stage, *total, now);
            }
            Event::StageProgress {
                stage,
                done,
                total,
                note,
            } => {
                self.eta.update(now, *done, *total);
                self.stages.progress(*stage, *done, *total, note);
            }
            Event::StageFinished {
                stage,
                seconds,
                summary,
            } => {
                if *stage == Stage::Training {
                    self.trying.clear();
                }
                self.stages.finished(*stage, *seconds, summary);
            }
            Event::TrialStarted { .. } | Event::FoldFinished { .. } | Event::TrialFinished { .. } => {
                self.take_trial(event);
            }
            Event::Iteration { .. } => self.take_iteration(event),
            Event::ModelSkipped { model, reason } => {
                self.board.skipped(model, reason);
                self.message(Level::Info, format!("{model} is skipped: {reason}"));
            }
            Event::Message { level, text } => self.message(*level, text.clone()),
        }
    }

    fn take_trial(&mut self, event: &Event) {
        match event {
            Event::TrialStarted { model, trial, of, .. } => {
                self.board.trial_started(model, *of);
                self.forget(model, *trial);
                if self.trying.len() >= TRYING {
                    self.trying.remove(0);
                }
                self.trying.push(Trying {
                    model: model.clone(),
                    trial: *trial,
                    of: *of,
                    folds_done: 0,
                    folds: None,
                });
            }
            Event::FoldFinished {
                model,
                trial,
                folds,
                metric,
                value,
                ..
            } => {
                self.board.fold_finished(model, *trial, metric, *value);
                let mut trying = self.trying.iter_mut();
                if let Some(trying) = trying.find(|t| t.model == *model && t.trial == *trial) {
                    trying.folds_done += 1;
                    trying.folds = Some(*folds);
                }
            }
            Event::TrialFinished {
                model,
                trial,
                of,
                params,
                score,
                seconds,
                error,
            } => {
                self.forget(model, *trial);
                self.board.trial_finished(DoneTrial {
                    model,
                    trial: *trial,
                    of: *of,
                    params,
                    score: *score,
                    seconds: *seconds,
                    error: error.as_deref(),
                });
                if let Some(error) = error {
                    let text = format!("{model}, trial {trial} of {of} ({params}) failed: {error}");
                    self.message(Level::Warning, text);
                }
            }
            _ => {}
        }
    }

    fn take_iteration(&mut self, event: &Event) {
        if let Event::Iteration {
            model,
            trial,
            fold,
            iteration,
            of,
            metric,
            train,
            validation,
        } = event
        {
            let key = SeriesKey {
                model: model.clone(),
                trial: *trial,
                fold: *fold,
            };
            let point = Point {
                iteration: *iteration as u64,
                train: *train,
                validation: *validation,
            };
            let board = &self.board;
            let keep = |key: &SeriesKey| board.is_best_trial(&key.model, key.trial);
            self.curves.push(key, metric, *of, point, keep);
        }
    }

    fn forget(&mut self, model: &str, trial: usize) {
        self.trying.retain(|t| t.model != model || t.trial != trial);
    }

    fn message(&mut self, level: Level, text: String) {
        if self.messages.len() >= MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back((level, text));
    }

    /// It is over.
    pub fn end(&mut self, end: End, now: u64) {
        let state = match &end {
            End::Going => return,
            End::Finished(outcome) => {
                self.run_id = Some(outcome.run_id.clone());
                self.board = Board::finished(&outcome.leaderboard, self.board.metric.clone());
                StageState::Done
            }
            End::Failed(_) => StageState::Failed,
            End::Cancelled => StageState::Cancelled,
        };
        if state != StageState::Done {
            self.board.ended_early();
        }
        self.stages.ended(state, now);
        self.trying.clear();
        self.ended = Some(now);
        self.end = end;
    }

    /// Half a line for every panel's status line, while it goes; what matters most first.
    pub fn status(&self, now: u64) -> Option<String> {
        if !self.is_going() {
            return None;
        }
        let mut parts = Vec::new();
        let running = self.stages.running();
        parts.push(match running.map(|line| (line.stage, line.done, line.total)) {
            None => "training starts".to_owned(),
            Some((Stage::Training, done, Some(total))) => format!("training {done}/{total}"),
            Some((stage, ..)) => format!("training: {stage}"),
        });
        if let Some(left) = self.left(now) {
            parts.push(format!("about {} left", clock_text(left)));
        }
        if self.cancelling {
            parts.push("cancelling".to_owned());
        } else if self.stopping {
            parts.push("stops after this stage".to_owned());
        }
        if running.is_some_and(|line| self.stages.state(line, now) == StageState::Stale) {
            parts.push("nothing heard for a minute".to_owned());
        }
        if let Some(trying) = self.trying.last() {
            parts.push(format!("{} {}/{}", trying.model, trying.trial, trying.of));
        }
        parts.push(clock_text(self.elapsed(now)));
        Some(parts.join(", "))
    }
}
