//! Owns the iterations of many fits: found by model, trial and fold, bounded in number and size.

use std::fmt;

use super::series::{Point, Series};
use crate::worker::FitCurve;

/// Series that are kept at all.
const MOST: usize = 128;
/// The newest ones, which keep every bucket they have.
const FULL_SIZE: usize = 16;

/// Which fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesKey {
    /// Family.
    pub model: String,
    /// 1-based; `None` for the final fit.
    pub trial: Option<usize>,
    /// 1-based; `None` for the final fit.
    pub fold: Option<usize>,
}

impl fmt::Display for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.model)?;
        match (self.trial, self.fold) {
            (None, None) => f.write_str(", final fit"),
            (trial, fold) => {
                if let Some(trial) = trial {
                    write!(f, ", trial {trial}")?;
                }
                if let Some(fold) = fold {
                    write!(f, ", fold {fold}")?;
                }
                Ok(())
            }
        }
    }
}

/// The iterations of the fits of a run, in the order in which the fits began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    series: Vec<(SeriesKey, Series)>,
    /// Series given up for newer ones.
    dropped: usize,
}

impl Curves {
    /// Of a finished run.
    pub fn finished(fits: &[FitCurve]) -> Self {
        let mut curves = Self::default();
        for fit in fits.iter().filter(|fit| !fit.curve.is_empty()) {
            let key = SeriesKey {
                model: fit.model.clone(),
                trial: fit.trial,
                fold: fit.fold,
            };
            let mut series = Series::new(&fit.curve.metric, None);
            for point in &fit.curve.points {
                let point = Point {
                    iteration: point.iteration as u64,
                    train: point.train,
                    validation: point.validation,
                };
                series.push(point);
            }
            let kept = fit.best_iteration;
            let kept = kept.and_then(|best| fit.curve.points.iter().find(|point| point.iteration == best));
            if let Some(point) = kept {
                series.keep_best(Point {
                    iteration: point.iteration as u64,
                    train: point.train,
                    validation: point.validation,
                });
            }
            curves.insert(key, series, |_| false);
        }
        curves
    }

    /// The series, in the order in which the fits began.
    pub fn all(&self) -> &[(SeriesKey, Series)] {
        &self.series
    }

    /// How many series were given up for newer ones.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// A fit's series.
    pub fn get(&self, key: &SeriesKey) -> Option<&Series> {
        self.place(key).map(|at| &self.series[at].1)
    }

    fn place(&self, key: &SeriesKey) -> Option<usize> {
        self.series.iter().rposition(|(other, _)| other == key)
    }

    /// Takes an iteration of a fit. `keep` says which series must not be given up where one has to be.
    pub fn push(&mut self, key: SeriesKey, metric: &str, of: usize, point: Point, keep: impl Fn(&SeriesKey) -> bool) {
        if let Some(at) = self.place(&key) {
            self.series[at].1.push(point);
            return;
        }
        let mut series = Series::new(metric, Some(of as u64));
        series.push(point);
        self.insert(key, series, keep);
    }

    fn insert(&mut self, key: SeriesKey, series: Series, keep: impl Fn(&SeriesKey) -> bool) {
        if self.series.len() >= MOST {
            let oldest = self.series.iter().position(|(key, _)| !keep(key)).unwrap_or(0);
            self.series.remove(oldest);
            self.dropped += 1;
        }
        self.series.push((key, series));
        if let Some(overtaken) = self.series.len().checked_sub(FULL_SIZE + 1) {
            self.series[overtaken].1.shrink();
        }
    }

    /// The newest fit's series, of one family where one is named.
    pub fn newest(&self, model: Option<&str>) -> Option<&(SeriesKey, Series)> {
        let mut newest_first = self.series.iter().rev();
        newest_first.find(|(key, _)| model.is_none_or(|model| key.model == model))
    }

    /// The series after this one among those of `model` (or all); `None` after the last.
    pub fn after(&self, key: Option<&SeriesKey>, model: Option<&str>) -> Option<&SeriesKey> {
        let mut fitting = self
            .series
            .iter()
            .map(|(key, _)| key)
            .filter(|key| model.is_none_or(|model| key.model == model));
        match key {
            None => fitting.next(),
            Some(key) => fitting.skip_while(|other| *other != key).nth(1),
        }
    }
}
