//! Owns the threshold dial: where it stands, what a threshold would do and cost, and the stops worth jumping to.

use crate::worker::{Confusion, Dial};

/// What mistakes cost, in units of whoever asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// Of flagging a benign row.
    pub false_alarm: f64,
    /// Of missing a malicious row.
    pub miss: f64,
}

impl Default for Costs {
    /// Every mistake counts the same.
    fn default() -> Self {
        Self {
            false_alarm: 1.0,
            miss: 1.0,
        }
    }
}

impl Costs {
    /// As typed: `1,10`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let cost = |part: &str| part.trim().parse::<f64>().ok().filter(|c| c.is_finite() && *c >= 0.0);
        let parts = text
            .split_once(',')
            .and_then(|(alarm, miss)| Some((cost(alarm)?, cost(miss)?)));
        match parts {
            Some((false_alarm, miss)) if false_alarm > 0.0 || miss > 0.0 => Ok(Self { false_alarm, miss }),
            Some(_) => Err("at least one of them must cost something".to_owned()),
            None => Err("write the cost of a false alarm and of a miss, as 1,10".to_owned()),
        }
    }

    /// Of all mistakes.
    pub fn of(self, counts: &Confusion) -> f64 {
        let misses = counts.fn_ as f64 * self.miss;
        self.false_alarm.mul_add(counts.fp as f64, misses)
    }
}

/// Where the dial stands.
#[derive(Clone, Debug, PartialEq)]
pub struct DialState {
    /// The stop.
    pub stop: usize,
    /// The stop nearest to the model's own threshold.
    pub own: usize,
}

impl DialState {
    /// On the model's own threshold.
    pub fn new(dial: &Dial, threshold: f64) -> Self {
        let own = dial.nearest(threshold);
        Self { stop: own, own }
    }

    /// Moves by so many stops, within the dial.
    pub fn step(&mut self, by: isize, dial: &Dial) {
        let last = dial.stops.len().saturating_sub(1);
        self.stop = self.stop.saturating_add_signed(by).min(last);
    }
}

/// Stops of a large step: a twentieth of the dial.
pub fn large_step(dial: &Dial) -> isize {
    (dial.stops.len() / 20).max(1) as isize
}

/// What a threshold does on the rows that the dial was made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The threshold.
    pub threshold: f64,
    /// Counts at it.
    pub counts: Confusion,
    /// What its mistakes cost.
    pub cost: f64,
}

impl Reading {
    /// At a stop; `None` past the last.
    pub fn at(dial: &Dial, stop: usize, costs: Costs) -> Option<Self> {
        let counts = dial.confusion(stop)?;
        Some(Self {
            threshold: dial.stops.get(stop)?.threshold,
            counts,
            cost: costs.of(&counts),
        })
    }

    /// So much a thousand rows.
    pub fn per_thousand(&self, amount: f64) -> f64 {
        match self.counts.rows() {
            0 => 0.0,
            rows => amount * 1000.0 / rows as f64,
        }
    }
}

/// The stop whose mistakes cost least, of equals the one that flags fewest rows.
pub fn cheapest(dial: &Dial, costs: Costs) -> usize {
    let mut best = (0, f64::INFINITY);
    for stop in 0..dial.stops.len() {
        let cost = Reading::at(dial, stop, costs).map_or(f64::INFINITY, |reading| reading.cost);
        if cost <= best.1 {
            best = (stop, cost);
        }
    }
    best.0
}

/// The lowest stop that flags at most so many of a thousand rows.
pub fn within_budget(dial: &Dial, per_thousand: f64) -> usize {
    let rows = (dial.positives + dial.negatives) as f64;
    let most = per_thousand * rows / 1000.0;
    let last = dial.stops.len().saturating_sub(1);
    dial.stops
        .partition_point(|stop| (stop.tp + stop.fp) as f64 > most)
        .min(last)
}

/// An alert budget as typed: alerts a thousand rows.
///
/// # Errors
/// What is wrong with it.
pub fn read_budget(text: &str) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok();
    number
        .filter(|n| (0.0..=1000.0).contains(n))
        .ok_or_else(|| "write a number from 0 to 1000".to_owned())
}
