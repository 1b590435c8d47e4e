//! Owns the leaderboard: filled trial by trial while a run goes, and as the finished run has it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::worker::{CvScores, LeaderboardRow, Params, Spread, metric};

/// How a family stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RowState {
    /// No trial has begun.
    #[default]
    Queued,
    /// Trials run.
    Trying,
    /// All trials are done.
    Trained,
    /// It won.
    Champion,
    /// It does not take part, and why.
    Skipped(String),
    /// No trial went through, and why.
    Failed(String),
    /// The run ended while trials ran.
    Stopped,
    /// The run ended before its turn.
    Untried,
}

impl RowState {
    fn read(status: &str) -> Self {
        match status.split_once(": ") {
            Some(("skipped", why)) => Self::Skipped(why.to_owned()),
            Some(("failed", why)) => Self::Failed(why.to_owned()),
            _ if status == "champion" => Self::Champion,
            _ => Self::Trained,
        }
    }

    /// In a word, and why.
    pub fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Queued => ("queued", ""),
            Self::Trying => ("trying", ""),
            Self::Trained => ("trained", ""),
            Self::Champion => ("champion", ""),
            Self::Skipped(why) => ("skipped", why),
            Self::Failed(why) => ("failed", why),
            Self::Stopped => ("stopped", ""),
            Self::Untried => ("untried", ""),
        }
    }
}

/// A family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoardRow {
    /// Its name.
    pub model: String,
    /// How it stands.
    pub state: RowState,
    /// Mean of the selection metric over the folds of the best trial.
    pub score: Option<f64>,
    /// Its standard deviation over the folds.
    pub spread: Option<f64>,
    /// The best trial, 1-based; only while the run goes.
    pub best_trial: Option<usize>,
    /// The best trial's parameters.
    pub params: Params,
    /// Trials that are done.
    pub trials: usize,
    /// Trials in all, where known.
    pub of: Option<usize>,
    /// Seconds spent fitting so far, over all trials; or the mean of one fit of the best one.
    pub seconds: Option<f64>,
    /// Microseconds to score a row.
    pub predict_us: Option<f64>,
    /// All metrics of the best trial; of finished runs.
    pub cv: Option<CvScores>,
    /// Values of the folds of trials that are going.
    folds: BTreeMap<usize, Vec<f64>>,
    error: Option<String>,
    /// Its place among the families as they are trained.
    order: usize,
}

/// The leaderboard, best first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Board {
    /// The selection metric's name, once known.
    pub metric: Option<String>,
    rows: Vec<BoardRow>,
    /// Whether the order is final.
    pub finished: bool,
}

impl Board {
    /// The run ended before it was finished.
    pub fn ended_early(&mut self) {
        for row in &mut self.rows {
            match row.state {
                RowState::Queued => row.state = RowState::Untried,
                RowState::Trying => row.state = RowState::Stopped,
                _ => {}
            }
        }
    }

    /// Families that wait for their turn.
    pub fn waiting(models: &[String]) -> Self {
        let mut board = Self::default();
        for model in models {
            board.row(model);
        }
        board
    }

    /// As a finished run has it.
    pub fn finished(rows: &[LeaderboardRow], metric: Option<String>) -> Self {
        let row = |row: &LeaderboardRow| BoardRow {
            model: row.model.clone(),
            state: RowState::read(&row.status),
            score: row.selected_by,
            params: row.params.clone(),
            trials: row.trials,
            of: Some(row.trials),
            seconds: row.fit_seconds,
            predict_us: row.predict_us_per_row,
            cv: row.cv.clone(),
            ..BoardRow::default()
        };
        Self {
            metric: metric.or_else(|| selection_metric(rows).map(str::to_owned)),
            rows: rows.iter().map(row).collect(),
            finished: true,
        }
    }

    /// The rows, best first.
    pub fn rows(&self) -> &[BoardRow] {
        &self.rows
    }

    fn row(&mut self, model: &str) -> &mut BoardRow {
        let at = self.rows.iter().position(|row| row.model == model).unwrap_or_else(|| {
            self.rows.push(BoardRow {
                model: model.to_owned(),
                order: self.rows.len(),
                ..BoardRow::default()
            });
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    /// Whether this trial is the best of its family so far.
    pub fn is_best_trial(&self, model: &str, trial: Option<usize>) -> bool {
        let found = self.rows.iter().find(|row| row.model == model);
        found.is_some_and(|row| row.best_trial.is_some() && row.best_trial == trial)
    }

    /// A trial began.
    pub fn trial_started(&mut self, model: &str, of: usize) {
        let row = self.row(model);
        row.state = RowState::Trying;
        row.of = Some(of);
    }

    /// A fold of a trial is done.
    pub fn fold_finished(&mut self, model: &str, trial: usize, metric: &str, value: f64) {
        if self.metric.as_deref() != Some(metric) {
            self.metric = Some(metric.to_owned());
        }
        let folds = self.row(model).folds.entry(trial).or_default();
        if value.is_finite() {
            folds.push(value);
        }
    }

    /// A trial is done.
    pub fn trial_finished(&mut self, done: DoneTrial<'_>) {
        let higher = self.higher_is_better();
        let row = self.row(done.model);
        let folds = row.folds.remove(&done.trial).unwrap_or_default();
        row.trials += 1;
        row.of = Some(done.of);
        row.seconds = Some(row.seconds.unwrap_or(0.0) + done.seconds.max(0.0));
        let score = done.score.filter(|score| score.is_finite());
        // Equals go to the earlier trial, whichever of them was done first.
        let better = match compare(score, row.score, higher) {
            Ordering::Less => true,
            Ordering::Equal => score.is_some() && row.best_trial.is_some_and(|best| done.trial < best),
            Ordering::Greater => false,
        };
        if better {
            row.score = score;
            row.spread = Spread::of(&folds).map(|spread| spread.sd);
            row.best_trial = Some(done.trial);
            row.params = done.params.clone();
        }
        if let Some(error) = done.error {
            row.error = Some(error.to_owned());
        }
        row.state = match (row.trials >= done.of, &row.score, &row.error) {
            (false, ..) => RowState::Trying,
            (true, None, error) => RowState::Failed(error.clone().unwrap_or_else(|| "no trial has a score".to_owned())),
            (true, Some(_), _) => RowState::Trained,
        };
        self.rank();
    }

    /// A family does not take part.
    pub fn skipped(&mut self, model: &str, reason: &str) {
        self.row(model).state = RowState::Skipped(reason.to_owned());
        self.rank();
    }

    fn higher_is_better(&self) -> bool {
        let known = self.metric.as_deref().and_then(metric);
        known.is_none_or(|metric| metric.higher_is_better)
    }

    /// Puts the best first; equals to four decimals stay in the order in which families are trained.
    fn rank(&mut self) {
        let higher = self.higher_is_better();
        let rounded = |row: &BoardRow| row.score.map(|score| (score * 1e4).round() / 1e4);
        let out = |row: &BoardRow| matches!(row.state, RowState::Skipped(_) | RowState::Failed(_));
        self.rows.sort_by(|a, b| {
            compare(rounded(a), rounded(b), higher)
                .then(out(a).cmp(&out(b)))
                .then(a.order.cmp(&b.order))
        });
    }
}

/// The metric by which a finished run's families were compared, where the values tell: its file does not name it.
fn selection_metric(rows: &[LeaderboardRow]) -> Option<&'static str> {
    type Value = fn(&CvScores) -> Option<Spread>;
    const KNOWN: [(&str, Value); 5] = [
        ("pr_auc", |cv| cv.pr_auc),
        ("roc_auc", |cv| cv.roc_auc),
        ("f1", |cv| cv.f1),
        ("brier", |cv| cv.brier),
        ("accuracy", |cv| cv.accuracy),
    ];
    let scored: Vec<(f64, &CvScores)> = rows
        .iter()
        .filter_map(|row| Some((row.selected_by?, row.cv.as_ref()?)))
        .collect();
    let fits = |value: Value| {
        let same = |(score, cv): &(f64, &CvScores)| value(cv).is_some_and(|spread| spread.mean == *score);
        !scored.is_empty() && scored.iter().all(same)
    };
    KNOWN.iter().find(|(_, value)| fits(*value)).map(|(name, _)| *name)
}

/// What a trial came to.
#[derive(Clone, Copy, Debug)]
pub struct DoneTrial<'a> {
    /// Family.
    pub model: &'a str,
    /// 1-based.
    pub trial: usize,
    /// Trials of this family.
    pub of: usize,
    /// Its parameters.
    pub params: &'a Params,
    /// Mean over the folds.
    pub score: Option<f64>,
    /// Seconds spent fitting.
    pub seconds: f64,
    /// What went wrong.
    pub error: Option<&'a str>,
}

/// `Less` where `a` is better; a missing one is the worst.
fn compare(a: Option<f64>, b: Option<f64>, higher_is_better: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if higher_is_better => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
