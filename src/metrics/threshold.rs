//! Owns the choice of a threshold: the rules, their text form, and the alert budget for rows without labels.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::MetricError;
use super::ranking::{Ranking, midpoint};
use super::scores::{Confusion, Scored};

/// How a threshold is chosen. Written as on the command line: `f1`, `alerts:100`, `cost:1,10`, `fpr:0.01`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ThresholdRule {
    /// The best F1.
    #[default]
    F1,
    /// At most so many rows flagged.
    Alerts(u64),
    /// The least total cost of mistakes.
    Cost {
        /// Cost of flagging a benign row.
        false_positive: f64,
        /// Cost of missing a malicious row.
        false_negative: f64,
    },
    /// The best recall with a false-positive rate of at most so much.
    Fpr(f64),
}

const EXPECTED: &str = "expected f1, alerts:N, cost:FP,FN or fpr:X, for example cost:1,10";

impl FromStr for ThresholdRule {
    type Err = MetricError;

    fn from_str(text: &str) -> Result<Self, MetricError> {
        let refuse = |expected| MetricError::Rule {
            text: text.chars().take(80).collect(),
            expected,
        };
        let (rule, value) = text
            .trim()
            .split_once(':')
            .map_or((text.trim(), None), |(rule, value)| (rule, Some(value)));
        match (rule, value) {
            ("f1", None) => Ok(Self::F1),
            ("alerts", Some(n)) => n
                .trim()
                .parse()
                .map(Self::Alerts)
                .map_err(|_| refuse("alerts:N takes a whole number of rows, for example alerts:100")),
            ("cost", Some(costs)) => costs
                .split_once(',')
                .and_then(|(fp, fn_)| Some((cost(fp)?, cost(fn_)?)))
                .filter(|&(fp, fn_)| fp > 0.0 || fn_ > 0.0)
                .map(|(false_positive, false_negative)| Self::Cost {
                    false_positive,
                    false_negative,
                })
                .ok_or_else(|| refuse("cost:FP,FN takes two costs of at least 0, not both 0, for example cost:1,10")),
            ("fpr", Some(rate)) => rate
                .trim()
                .parse()
                .ok()
                .filter(|rate| (0.0..=1.0).contains(rate))
                .map(Self::Fpr)
                .ok_or_else(|| refuse("fpr:X takes a rate from 0 to 1, for example fpr:0.01")),
            _ => Err(refuse(EXPECTED)),
        }
    }
}

fn cost(text: &str) -> Option<f64> {
    text.trim()
        .parse()
        .ok()
        .filter(|cost: &f64| cost.is_finite() && *cost >= 0.0)
}

impl fmt::Display for ThresholdRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::F1 => f.write_str("f1"),
            Self::Alerts(n) => write!(f, "alerts:{n}"),
            Self::Cost {
                false_positive,
                false_negative,
            } => write!(f, "cost:{false_positive},{false_negative}"),
            Self::Fpr(rate) => write!(f, "fpr:{rate}"),
        }
    }
}

impl TryFrom<String> for ThresholdRule {
    type Error = MetricError;

    fn try_from(text: String) -> Result<Self, MetricError> {
        text.parse()
    }
}

impl From<ThresholdRule> for String {
    fn from(rule: ThresholdRule) -> Self {
        rule.to_string()
    }
}

impl schemars::JsonSchema for ThresholdRule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ThresholdRule".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "How the threshold is chosen: `f1` (best F1), `alerts:N` (at most N rows flagged), `cost:FP,FN` \
                            (least total cost of mistakes), `fpr:X` (best recall with a false-positive rate of at most X).",
            "pattern": "^(f1|alerts:[0-9]+|cost:[0-9.eE+-]+,[0-9.eE+-]+|fpr:[0-9.eE+-]+)$",
            "examples": ["f1", "alerts:100", "cost:1,10", "fpr:0.01"]
        })
    }
}

/// A threshold, and what it does on the rows it was chosen on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// The rule it was chosen by.
    pub rule: ThresholdRule,
    /// Flagged is `score >= threshold`. A midpoint between neighbouring distinct scores.
    pub threshold: f64,
    /// Rows flagged.
    pub flagged: u64,
    /// Rows that a budget would have had room for, left out because they tie at the cut with rows it had no room for:
    /// all rows of that score.
    pub tied_out: u64,
    /// Share of flagged rows that are malicious.
    pub precision: f64,
    /// Share of malicious rows that are flagged.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Counts at the threshold.
    pub confusion: Confusion,
}

/// Chooses a threshold. Equally good ones go to the one that flags fewest rows.
///
/// # Errors
/// Rows that cannot be measured (see [`Scored::new`]); a rule with a value out of range; [`ThresholdRule::F1`] without
/// malicious rows; [`ThresholdRule::Fpr`] without benign ones.
pub fn choose(scores: &[f64], labels: &[bool], rule: ThresholdRule) -> Result<Chosen, MetricError> {
    // A rule that was built in code has not been through the parser.
    let rule: ThresholdRule = rule.to_string().parse()?;
    let ranking = Ranking::new(&Scored::new(scores, labels)?);
    let cuts = match rule {
        ThresholdRule::F1 => best_f1(&ranking)?,
        ThresholdRule::Alerts(n) => ranking.cuts().partition_point(|cut| cut.flagged() <= n),
        ThresholdRule::Cost {
            false_positive,
            false_negative,
        } => least_cost(&ranking, false_positive, false_negative),
        ThresholdRule::Fpr(rate) => best_recall(&ranking, rate)?,
    };
    let confusion = ranking.after(cuts);
    let tied_out = match rule {
        ThresholdRule::Alerts(n) if confusion.flagged() < n => ranking
            .cuts()
            .get(cuts)
            .map_or(0, |cut| cut.flagged() - confusion.flagged()),
        _ => 0,
    };
    Ok(Chosen {
        rule,
        threshold: ranking.threshold_after(cuts),
        flagged: confusion.flagged(),
        tied_out,
        precision: confusion.precision(),
        recall: confusion.recall(),
        f1: confusion.f1(),
        confusion,
    })
}

/// The number of highest cuts with the best F1, compared as exact fractions.
fn best_f1(ranking: &Ranking) -> Result<usize, MetricError> {
    if ranking.positives() == 0 {
        return Err(MetricError::ClassMissing {
            what: "the threshold rule f1",
            class: "malicious",
            advice: "use alerts:N, or data with both classes",
        });
    }
    // F1 = 2 tp / (flagged + positives).
    let (mut best, mut best_tp, mut best_sum) = (0, 0_u128, 1_u128);
    for (i, cut) in ranking.cuts().iter().enumerate() {
        let (tp, sum) = (u128::from(cut.tp), u128::from(cut.flagged() + ranking.positives()));
        if tp * best_sum > best_tp * sum {
            (best, best_tp, best_sum) = (i + 1, tp, sum);
        }
    }
    Ok(best)
}

/// The number of highest cuts with the least total cost, none and all included.
fn least_cost(ranking: &Ranking, false_positive: f64, false_negative: f64) -> usize {
    let total = |cuts: usize| {
        let counts = ranking.after(cuts);
        counts.fp as f64 * false_positive + counts.fn_ as f64 * false_negative
    };
    let (mut best, mut least) = (0, total(0));
    for cuts in 1..=ranking.cuts().len() {
        let cost = total(cuts);
        if cost < least {
            (best, least) = (cuts, cost);
        }
    }
    best
}

/// The fewest highest cuts that reach the best recall with a false-positive rate of at most `rate`.
fn best_recall(ranking: &Ranking, rate: f64) -> Result<usize, MetricError> {
    if ranking.negatives() == 0 {
        return Err(MetricError::ClassMissing {
            what: "the threshold rule fpr",
            class: "benign",
            advice: "use alerts:N, or data with both classes",
        });
    }
    let allowed = ranking.cuts_within_fpr(rate);
    let reached = ranking.after(allowed).tp;
    if reached == 0 {
        return Ok(0);
    }
    Ok((ranking.cuts().partition_point(|cut| cut.tp < reached) + 1).min(allowed))
}

/// A threshold for rows without labels that flags at most so many of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertBudget {
    /// Flagged is `score >= threshold`.
    pub threshold: f64,
    /// Rows flagged, at most the budget.
    pub flagged: u64,
    /// Rows left out because they tie at the cut: all rows of that score.
    pub tied_out: u64,
}

/// The threshold that flags at most `n` of these rows: the highest, without those that tie at the cut.
///
/// # Errors
/// No rows, or a score that is not a number from 0 to 1.
pub fn alert_budget(scores: &[f64], n: u64) -> Result<AlertBudget, MetricError> {
    let mut tracker = BudgetTracker::new(n);
    for &score in scores {
        tracker.push(score)?;
    }
    tracker.finish()
}

/// Finds the same threshold as [`alert_budget`] from a stream. Keeps at most one distinct score more than the budget.
#[derive(Clone, Debug)]
pub struct BudgetTracker {
    budget: u64,
    seen: usize,
    /// Rows kept, those of the lowest kept score included.
    kept: u64,
    /// Rows by score; the bits of a float that is not negative are in the order of its value.
    by_score: BTreeMap<u64, u64>,
}

impl BudgetTracker {
    /// Flags at most `budget` rows.
    pub fn new(budget: u64) -> Self {
        Self {
            budget,
            seen: 0,
            kept: 0,
            by_score: BTreeMap::new(),
        }
    }

    /// Takes one row's score.
    ///
    /// # Errors
    /// A score that is not a number from 0 to 1; the row is its place in the stream.
    pub fn push(&mut self, score: f64) -> Result<(), MetricError> {
        if !(0.0..=1.0).contains(&score) {
            return Err(MetricError::NotAProbability {
                row: self.seen,
                value: score,
            });
        }
        self.seen += 1;
        *self.by_score.entry((score + 0.0).to_bits()).or_insert(0) += 1;
        self.kept += 1;
        // The lowest score is needed only while the scores above it leave room in the budget or fill it exactly.
        while let Some(lowest) = self
            .by_score
            .first_entry()
            .filter(|lowest| self.kept - lowest.get() > self.budget)
        {
            self.kept -= lowest.remove();
        }
        Ok(())
    }

    /// The threshold for the rows taken.
    ///
    /// # Errors
    /// No rows.
    pub fn finish(&self) -> Result<AlertBudget, MetricError> {
        if self.by_score.is_empty() {
            return Err(MetricError::Empty);
        }
        let (mut flagged, mut higher) = (0, None);
        for (&bits, &rows) in self.by_score.iter().rev() {
            let score = f64::from_bits(bits);
            if flagged + rows > self.budget {
                let tied_out = if flagged < self.budget { rows } else { 0 };
                return Ok(AlertBudget {
                    threshold: midpoint(higher, Some(score)),
                    flagged,
                    tied_out,
                });
            }
            flagged += rows;
            higher = Some(score);
        }
        Ok(AlertBudget {
            threshold: midpoint(higher, None),
            flagged,
            tied_out: 0,
        })
    }
}

#[cfg(test)]
mod tests;
