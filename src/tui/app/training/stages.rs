//! Owns the stages of a run as a person sees them: queued, running, done, failed, cancelled, stale.

use crate::worker::Stage;

/// The stages of training, in order.
const STAGES: [Stage; 6] = [
    Stage::Ingestion,
    Stage::Validation,
    Stage::Transformation,
    Stage::Training,
    Stage::Evaluation,
    Stage::Publication,
];

/// Milliseconds of silence after which a running stage counts as stale.
const SILENCE: u64 = 60_000;

/// How a stage stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StageState {
    /// Not begun.
    #[default]
    Queued,
    /// Going.
    Running,
    /// Over, well.
    Done,
    /// The run ended in it with an error.
    Failed,
    /// The run was given up in it.
    Cancelled,
    /// Going, but not heard of for a while.
    Stale,
    /// The run ended before it came to it.
    Unreached,
}

impl StageState {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Stale => "stale",
            Self::Unreached => "not reached",
        }
    }
}

/// A stage.
#[derive(Clone, Debug, PartialEq)]
pub struct StageLine {
    /// Which.
    pub stage: Stage,
    /// As last heard; see [`Stages::state`].
    state: StageState,
    /// When it began.
    began: Option<u64>,
    /// How long it took.
    pub took: Option<u64>,
    /// Units done.
    pub done: u64,
    /// Units in all.
    pub total: Option<u64>,
    /// What is being done, or what came of it.
    pub note: String,
}

/// All stages of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Stages {
    lines: Vec<StageLine>,
    heard: u64,
}

impl Stages {
    /// All queued.
    pub fn new(now: u64) -> Self {
        let line = |stage| StageLine {
            stage,
            state: StageState::Queued,
            began: None,
            took: None,
            done: 0,
            total: None,
            note: String::new(),
        };
        Self {
            lines: STAGES.map(line).to_vec(),
            heard: now,
        }
    }

    /// The stages, in order.
    pub fn lines(&self) -> &[StageLine] {
        &self.lines
    }

    /// How a stage stands now.
    pub fn state(&self, line: &StageLine, now: u64) -> StageState {
        let silent = now.saturating_sub(self.heard) >= SILENCE;
        if line.state == StageState::Running && silent {
            StageState::Stale
        } else {
            line.state
        }
    }

    /// The milliseconds a stage took, or has taken so far; none before it began.
    pub fn time(line: &StageLine, now: u64) -> Option<u64> {
        let running = || line.began.map(|began| now.saturating_sub(began));
        line.took.or_else(running)
    }

    /// The stage that runs.
    pub fn running(&self) -> Option<&StageLine> {
        self.lines.iter().find(|line| line.state == StageState::Running)
    }

    /// Takes note that something was heard.
    pub fn heard(&mut self, now: u64) {
        self.heard = now;
    }

    fn line(&mut self, stage: Stage) -> Option<&mut StageLine> {
        self.lines.iter_mut().find(|line| line.stage == stage)
    }

    /// A stage began.
    pub fn started(&mut self, stage: Stage, total: Option<u64>, now: u64) {
        if let Some(line) = self.line(stage) {
            (line.state, line.began, line.total) = (StageState::Running, Some(now), total);
        }
    }

    /// A stage came further.
    pub fn progress(&mut self, stage: Stage, done: u64, total: Option<u64>, note: &str) {
        if let Some(line) = self.line(stage) {
            (line.done, line.total) = (done, total);
            note.clone_into(&mut line.note);
        }
    }

    /// A stage is done.
    pub fn finished(&mut self, stage: Stage, seconds: f64, summary: &str) {
        if let Some(line) = self.line(stage) {
            line.state = StageState::Done;
            line.took = Some((seconds.max(0.0) * 1000.0) as u64);
            summary.clone_into(&mut line.note);
        }
    }

    /// The run is over: what still runs ended this way, and what waits is not reached.
    pub fn ended(&mut self, state: StageState, now: u64) {
        for line in self.lines.iter_mut().filter(|line| line.state == StageState::Queued) {
            line.state = StageState::Unreached;
        }
        for line in self.lines.iter_mut().filter(|line| line.state == StageState::Running) {
            line.state = state;
            line.took = line.began.map(|began| now.saturating_sub(began));
        }
    }
}
