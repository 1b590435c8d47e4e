//! Owns calibration: maps from raw probabilities to probabilities that mean what they say.

use serde::{Deserialize, Serialize};

use super::error::MetricError;
use super::scores::Scored;

/// How far raw probabilities are drawn in before their log-odds are taken, so that 0 and 1 stay finite (+-9.2).
pub const SQUEEZE: f64 = 1e-4;
/// The smallest slope of a sigmoid that still orders scores safely in `f64`.
const MIN_SLOPE: f64 = 1e-6;
/// Newton steps at most; it converges in about ten.
const MAX_STEPS: usize = 200;

/// A fitted map from raw probability to calibrated probability. It never reverses the order of two scores; the sigmoid
/// and the identity also keep distinct ones distinct (as far as floats do), isotonic makes ties.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "Unchecked")]
pub enum Calibrator {
    /// Leaves scores as they are.
    #[default]
    Identity,
    /// `1 / (1 + exp(-(a x + b)))` of the log-odds `x` of the squeezed raw probability, `a` > 0 (see [`fit_sigmoid`]).
    Sigmoid {
        /// Slope: below 1 the raw scores were too sure.
        a: f64,
        /// Offset.
        b: f64,
    },
    /// Straight lines between the points `(x, y)`, flat beyond the ends.
    Isotonic {
        /// Raw probabilities, strictly increasing.
        x: Vec<f64>,
        /// Calibrated probabilities, not decreasing.
        y: Vec<f64>,
    },
}

/// What a file holds before it is known to be sound.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unchecked {
    Identity,
    Sigmoid { a: f64, b: f64 },
    Isotonic { x: Vec<f64>, y: Vec<f64> },
}

impl TryFrom<Unchecked> for Calibrator {
    type Error = MetricError;

    fn try_from(raw: Unchecked) -> Result<Self, MetricError> {
        let refuse = |reason| Err(MetricError::Calibrator { reason });
        match raw {
            Unchecked::Identity => Ok(Self::Identity),
            Unchecked::Sigmoid { a, b } if a > 0.0 && a.is_finite() && b.is_finite() => Ok(Self::Sigmoid { a, b }),
            Unchecked::Sigmoid { .. } => refuse("the sigmoid's slope or offset is out of range"),
            Unchecked::Isotonic { x, y } => {
                if x.is_empty() || x.len() != y.len() {
                    return refuse("the isotonic points are missing or not in pairs");
                }
                let in_range = x.iter().chain(&y).all(|value| (0.0..=1.0).contains(value));
                let rising = x.iter().zip(x.iter().skip(1)).all(|(a, b)| a < b);
                let not_falling = y.iter().zip(y.iter().skip(1)).all(|(a, b)| a <= b);
                if in_range && rising && not_falling {
                    Ok(Self::Isotonic { x, y })
                } else {
                    refuse("the isotonic points are out of range or out of order")
                }
            }
        }
    }
}

impl Calibrator {
    /// Its name in settings and manifests: `identity`, `sigmoid` or `isotonic`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Sigmoid { .. } => "sigmoid",
            Self::Isotonic { .. } => "isotonic",
        }
    }

    /// The calibrated probability of one raw probability. Values beyond 0..=1 count as the end they are beyond; NaN
    /// stays NaN.
    pub fn apply(&self, raw: f64) -> f64 {
        if raw.is_nan() {
            return raw;
        }
        let raw = raw.clamp(0.0, 1.0);
        match self {
            Self::Identity => raw,
            Self::Sigmoid { a, b } => sigmoid(a * squeezed_log_odds(raw) + b),
            Self::Isotonic { x, y } => interpolate(x, y, raw).clamp(0.0, 1.0),
        }
    }

    /// The calibrated probability of each raw probability.
    pub fn apply_all(&self, raw: &[f64]) -> Vec<f64> {
        raw.iter().map(|&score| self.apply(score)).collect()
    }
}

/// A fitted calibrator, and why it is the identity where the asked-for kind could not be fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibratorFit {
    /// What was fitted.
    pub calibrator: Calibrator,
    /// Why it is [`Calibrator::Identity`], for a message; `None` where the fit went through.
    pub fallback: Option<&'static str>,
}

impl CalibratorFit {
    fn identity(reason: &'static str) -> Self {
        Self {
            calibrator: Calibrator::Identity,
            fallback: Some(reason),
        }
    }
}

/// Platt scaling with Lin, Lin and Weng's Newton method and smoothed targets ("A note on Platt's probabilistic outputs
/// for support vector machines", 2007), in `P(malicious) = 1 / (1 + exp(-(a x + b)))`.
///
/// `x` is the log-odds of the raw probability `p`, squeezed to `q = 1e-4 + (1 - 2e-4) p`: unlike a clip this keeps 0
/// and 1 finite and every order intact. On log-odds, scores that are calibrated already give `a` near 1 and `b` near 0.
///
/// Falls back to the identity, with the reason, where there is one class only, all scores are equal, or higher scores
/// do not go with more malicious rows (`a` would not be positive and the ranking would be turned over).
///
/// # Errors
/// Rows that cannot be measured (see [`Scored::new`]).
pub fn fit_sigmoid(scores: &[f64], labels: &[bool]) -> Result<CalibratorFit, MetricError> {
    let scored = Scored::new(scores, labels)?;
    if let Some(reason) = nothing_to_learn(&scored) {
        return Ok(CalibratorFit::identity(reason));
    }
    let positives = scored.positives() as f64;
    let negatives = scored.rows() as f64 - positives;
    let (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0));
    let points: Vec<(f64, f64)> = scored
        .pairs()
        .map(|(score, label)| (squeezed_log_odds(score), if label { high } else { low }))
        .collect();
    let (a, b) = newton(&points, ((positives + 1.0) / (negatives + 1.0)).ln());
    Ok(if a.is_finite() && b.is_finite() && a >= MIN_SLOPE {
        CalibratorFit {
            calibrator: Calibrator::Sigmoid { a, b },
            fallback: None,
        }
    } else {
        CalibratorFit::identity(
            "higher scores do not go with more malicious rows, so a sigmoid would spoil the ranking",
        )
    })
}

/// Isotonic regression by pooling adjacent violators: the non-decreasing steps with least squared error, rows of equal
/// score pooled first, straight lines between the steps, flat beyond them; as scikit-learn's `IsotonicRegression` with
/// `out_of_bounds="clip"`.
///
/// Falls back to the identity, with the reason, where there is one class only or all scores are equal.
///
/// # Errors
/// Rows that cannot be measured (see [`Scored::new`]).
pub fn fit_isotonic(scores: &[f64], labels: &[bool]) -> Result<CalibratorFit, MetricError> {
    let scored = Scored::new(scores, labels)?;
    if let Some(reason) = nothing_to_learn(&scored) {
        return Ok(CalibratorFit::identity(reason));
    }
    let blocks = pool_adjacent_violators(&scored);
    // Only the two ends of a step bend the line.
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for block in &blocks {
        x.push(block.first);
        y.push(block.mean());
        if block.last > block.first {
            x.push(block.last);
            y.push(block.mean());
        }
    }
    Ok(CalibratorFit {
        calibrator: Calibrator::Isotonic { x, y },
        fallback: None,
    })
}

/// Why no map can be learned from these rows, if none can.
fn nothing_to_learn(scored: &Scored<'_>) -> Option<&'static str> {
    let positives = scored.positives();
    if positives == 0 || positives == scored.rows() {
        return Some("all rows are of one class");
    }
    let first = scored.scores().first()?;
    scored
        .scores()
        .iter()
        .all(|score| score == first)
        .then_some("all scores are equal")
}

/// The log-odds of a probability drawn in from 0 and 1; strictly increasing.
fn squeezed_log_odds(probability: f64) -> f64 {
    // Both parts are formed as sums of positive terms, so that nothing cancels at either end.
    let odds_for = SQUEEZE + (1.0 - 2.0 * SQUEEZE) * probability;
    let odds_against = SQUEEZE + (1.0 - 2.0 * SQUEEZE) * (1.0 - probability);
    (odds_for / odds_against).ln()
}

/// `1 / (1 + exp(-z))` without overflow.
fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        let e = z.exp();
        e / (1.0 + e)
    }
}

/// Cross-entropy of the targets `t` in `points` of `(x, t)` under `sigmoid(a x + b)`, without overflow.
fn cross_entropy(points: &[(f64, f64)], a: f64, b: f64) -> f64 {
    points
        .iter()
        .map(|&(x, t)| {
            let z = a * x + b;
            // ln(1 + e^z) - t z, with e of a negative number only.
            z.max(0.0) + (-z.abs()).exp().ln_1p() - t * z
        })
        .sum()
}

/// Minimises the cross-entropy over slope and offset: Newton's method with halved steps, from slope 0.
fn newton(points: &[(f64, f64)], start: f64) -> (f64, f64) {
    // Keeps the Hessian invertible, as in Lin, Lin and Weng.
    const RIDGE: f64 = 1e-12;
    let (mut a, mut b) = (0.0, start);
    let mut loss = cross_entropy(points, a, b);
    let tolerance = 1e-12 * points.len() as f64;
    for _ in 0..MAX_STEPS {
        let (mut haa, mut hbb, mut hab) = (RIDGE, RIDGE, 0.0);
        let (mut ga, mut gb) = (0.0, 0.0);
        for &(x, t) in points {
            let p = sigmoid(a * x + b);
            let curvature = p * (1.0 - p);
            haa += x * x * curvature;
            hbb += curvature;
            hab += x * curvature;
            ga += x * (p - t);
            gb += p - t;
        }
        if f64::max(ga.abs(), gb.abs()) <= tolerance {
            break;
        }
        let determinant = haa * hbb - hab * hab;
        // Scores so close that slope and offset cannot be told apart.
        if determinant <= 0.0 {
            break;
        }
        let da = -(hbb * ga - hab * gb) / determinant;
        let db = -(haa * gb - hab * ga) / determinant;
        let descent = ga * da + gb * db;
        // So near the minimum that the loss no longer shows what the gradient does: whole steps converge.
        if descent.abs() < 1e-9 * loss {
            (a, b) = (a + da, b + db);
            loss = cross_entropy(points, a, b);
            continue;
        }
        let mut step = 1.0;
        let accepted = loop {
            let (next_a, next_b) = (a + step * da, b + step * db);
            let next = cross_entropy(points, next_a, next_b);
            if next < loss + 1e-4 * step * descent {
                (a, b, loss) = (next_a, next_b, next);
                break true;
            }
            step /= 2.0;
            if step < 1e-10 {
                break false;
            }
        };
        // No step makes it better: the loss is flat to the last digit.
        if !accepted {
            break;
        }
    }
    (a, b)
}

/// Neighbouring scores that share one fitted value.
#[derive(Clone, Copy)]
struct Block {
    first: f64,
    last: f64,
    positives: u64,
    rows: u64,
}

impl Block {
    fn mean(&self) -> f64 {
        self.positives as f64 / self.rows as f64
    }

    /// Whether this block's mean is at least that of `next`; by whole numbers, so that equal means pool exactly.
    fn reaches(&self, next: &Self) -> bool {
        u128::from(self.positives) * u128::from(next.rows) >= u128::from(next.positives) * u128::from(self.rows)
    }

    fn with(&self, next: &Self) -> Self {
        Self {
            first: self.first,
            last: next.last,
            positives: self.positives + next.positives,
            rows: self.rows + next.rows,
        }
    }
}

fn pool_adjacent_violators(scored: &Scored<'_>) -> Vec<Block> {
    let ranking = super::ranking::Ranking::new(scored);
    let mut blocks: Vec<Block> = Vec::new();
    // Cuts count from the highest score down; from the lowest up, a score's rows are the difference to the next cut.
    let cuts = ranking.cuts();
    for (i, cut) in cuts.iter().enumerate().rev() {
        let above = i.checked_sub(1).and_then(|above| cuts.get(above));
        let (tp, flagged) = above.map_or((0, 0), |above| (above.tp, above.flagged()));
        let mut block = Block {
            first: cut.score,
            last: cut.score,
            positives: cut.tp - tp,
            rows: cut.flagged() - flagged,
        };
        while let Some(previous) = blocks.pop_if(|previous| previous.reaches(&block)) {
            block = previous.with(&block);
        }
        blocks.push(block);
    }
    blocks
}

/// The line through the points at `at`, flat beyond the ends; `at` itself where there are no points.
fn interpolate(x: &[f64], y: &[f64], at: f64) -> f64 {
    let right = x.partition_point(|&edge| edge < at);
    let left = right
        .checked_sub(1)
        .and_then(|left| Some((*x.get(left)?, *y.get(left)?)));
    let right = x.get(right).copied().zip(y.get(right).copied());
    match (left, right) {
        (Some((x0, y0)), Some((x1, y1))) if at < x1 => y0 + (y1 - y0) * ((at - x0) / (x1 - x0)),
        (_, Some((_, y1))) => y1,
        (Some((_, y0)), None) => y0,
        (None, None) => at,
    }
}

#[cfg(test)]
mod tests;
