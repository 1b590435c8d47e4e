//! Owns the model as nodes: from the matrix to the probability and the label.
//!
//! Scores are `f64` and summed in the order in which our own code sums them. The label compares the score itself, not the
//! rounded probability, with the least score whose probability reaches the threshold: no rounding turns a label over.

use crate::metrics::Calibrator;
use crate::models::trees::{Ensemble, Link};
use crate::models::{Anatomy, Distribution, EvidenceTable, PlainNode, logistic};
use crate::pipeline::trained_model::TrainedModel;

use super::graph::Graph;
use super::parts::Parts;
use super::proto::data_type;
use super::trees::TreeArrays;

/// Names of what was computed, each rows x 1.
pub(super) struct Scored {
    /// `f32`.
    pub(super) probability: String,
    /// `i64`, 1 for malicious.
    pub(super) label: String,
}

/// Names the reason why a model's score or calibration has no exact form, if it has none.
pub(super) fn refusal(model: &TrainedModel) -> Option<String> {
    let family = model.classifier.family();
    if model.classifier.anatomy().is_none() {
        return Some(format!(
            "a model of the family {family} keeps training rows, which standard operators cannot compare with exactly; \
             export another run, or score with nsec-tui score"
        ));
    }
    matches!(model.calibrator, Calibrator::Isotonic { .. }).then(|| {
        "its calibration is isotonic, which no standard operator does exactly; train with \
         `training.calibration: sigmoid`"
            .to_owned()
    })
}

/// Adds the nodes from the matrix on. `None` where [`refusal`] gives a reason.
pub(super) fn add(graph: &mut Graph, matrix: &str, model: &TrainedModel) -> Option<Scored> {
    let ending = Ending {
        mean: false,
        calibrator: &model.calibrator,
        threshold: model.threshold,
    };
    Some(match model.classifier.anatomy()? {
        Anatomy::Linear { intercept, weights } => {
            let evidence = linear(graph, matrix, weights);
            ending.add(graph, &evidence, intercept)
        }
        Anatomy::Tables { prior, tables } => {
            let evidence = tables_evidence(graph, matrix, &tables);
            ending.add(graph, &evidence, prior)
        }
        Anatomy::Normals { prior, pairs } => {
            let evidence = normals_evidence(graph, matrix, &pairs);
            ending.add(graph, &evidence, prior)
        }
        Anatomy::Tree(nodes) => tree(graph, matrix, &nodes, &ending),
        Anatomy::Ensemble(ensemble) => {
            let parts = Parts::of_trees(&ensemble.trees);
            let arrays = TreeArrays::of_ensemble(ensemble, model.preprocessor.features(), &parts);
            let sums = arrays.add(graph, matrix, parts.count);
            let score = ensemble_score(graph, &sums, ensemble);
            let ending = Ending {
                mean: ensemble.link == Link::Mean,
                ..ending
            };
            ending.add(graph, &score, ensemble.base)
        }
    })
}

/// What makes a probability and a label of a score.
struct Ending<'a> {
    /// Whether the score is a probability, not log-odds.
    mean: bool,
    calibrator: &'a Calibrator,
    threshold: f64,
}

impl Ending<'_> {
    /// As our own code has it.
    fn probability(&self, score: f64) -> f64 {
        let raw = if self.mean {
            score.clamp(0.0, 1.0)
        } else {
            logistic(score)
        };
        self.calibrator.apply(raw)
    }

    fn add(&self, g: &mut Graph, evidence: &str, offset: f64) -> Scored {
        let offset = g.double(offset);
        let score = g.op("Add", &[&offset, evidence]);
        let cut = g.double(least_reaching(self.threshold, |score| self.probability(score)));
        let flagged = g.op("GreaterOrEqual", &[&score, &cut]);
        let raw = if self.mean {
            let (zero, one) = (g.double(0.0), g.double(1.0));
            let above = g.op("Max", &[&score, &zero]);
            g.op("Min", &[&above, &one])
        } else {
            sigmoid(g, &score)
        };
        let probability = match *self.calibrator {
            Calibrator::Sigmoid { a, b } => {
                let log_odds = squeezed_log_odds(g, &raw);
                let (a, b) = (g.double(a), g.double(b));
                let scaled = g.op("Mul", &[&a, &log_odds]);
                let moved = g.op("Add", &[&scaled, &b]);
                sigmoid(g, &moved)
            }
            Calibrator::Identity | Calibrator::Isotonic { .. } => raw,
        };
        Scored {
            probability: g.cast(&probability, data_type::FLOAT),
            label: g.cast(&flagged, data_type::INT64),
        }
    }
}

/// 1 / (1 + e^-x) in `f64`; e^-x may be infinite, and then this is 0 as it should be.
fn sigmoid(g: &mut Graph, x: &str) -> String {
    let one = g.double(1.0);
    let negated = g.op("Neg", &[x]);
    let e = g.op("Exp", &[&negated]);
    let below = g.op("Add", &[&one, &e]);
    g.op("Div", &[&one, &below])
}

/// The log-odds that the sigmoid calibration takes: of 1e-4 + (1 - 2e-4) p.
fn squeezed_log_odds(g: &mut Graph, p: &str) -> String {
    let (edge, inner, one) = (g.double(1e-4), g.double(1.0 - 2.0 * 1e-4), g.double(1.0));
    let squeeze = |g: &mut Graph, p: &str| {
        let inside = g.op("Mul", &[&inner, p]);
        g.op("Add", &[&edge, &inside])
    };
    let odds_for = squeeze(g, p);
    let against = g.op("Sub", &[&one, p]);
    let odds_against = squeeze(g, &against);
    let odds = g.op("Div", &[&odds_for, &odds_against]);
    g.op("Log", &[&odds])
}

fn linear(g: &mut Graph, matrix: &str, weights: &[f64]) -> String {
    let x = g.cast(matrix, data_type::DOUBLE);
    let weights_name = g.doubles(&[1, weights.len() as i64], weights);
    let products = g.op("Mul", &[&x, &weights_name]);
    g.sum_in_order(&products, weights.len())
}

fn tables_evidence(g: &mut Graph, matrix: &str, tables: &[EvidenceTable<'_>]) -> String {
    let parts: Vec<String> = tables
        .iter()
        .enumerate()
        .map(|(at, table)| {
            let value = g.columns(matrix, at, at + 1);
            let code = match table.edges {
                None => g.cast(&value, data_type::INT64),
                Some([]) => {
                    let none = g.floats(&[], &[0.0]);
                    let zero = g.op("Mul", &[&value, &none]);
                    g.cast(&zero, data_type::INT64)
                }
                Some(edges) => {
                    let edges_name = g.floats(&[1, edges.len() as i64], edges);
                    let reached = g.op("GreaterOrEqual", &[&value, &edges_name]);
                    let ones = g.cast(&reached, data_type::INT64);
                    let axis = g.ints(&[1], &[1]);
                    g.op("ReduceSum", &[&ones, &axis])
                }
            };
            let evidence = g.doubles(&[table.evidence.len() as i64], table.evidence);
            g.op("Gather", &[&evidence, &code])
        })
        .collect();
    let all = g.beside(&parts);
    g.sum_in_order(&all, tables.len())
}

fn normals_evidence(g: &mut Graph, matrix: &str, pairs: &[[Distribution; 2]]) -> String {
    let x = g.cast(matrix, data_type::DOUBLE);
    let half = g.double(-0.5);
    let density = |g: &mut Graph, class: usize| {
        let of = |f: fn(Distribution) -> f64| -> Vec<f64> { pairs.iter().map(|pair| f(pair[class])).collect() };
        let shape = [1, pairs.len() as i64];
        let mean = g.doubles(&shape, &of(|d| d.mean));
        let variance = g.doubles(&shape, &of(|d| d.variance));
        let log = g.doubles(&shape, &of(|d| d.variance.ln()));
        let away = g.op("Sub", &[&x, &mean]);
        let square = g.op("Mul", &[&away, &away]);
        let relative = g.op("Div", &[&square, &variance]);
        let sum = g.op("Add", &[&log, &relative]);
        g.op("Mul", &[&half, &sum])
    };
    let malicious = density(g, 1);
    let benign = density(g, 0);
    let evidence = g.op("Sub", &[&malicious, &benign]);
    g.sum_in_order(&evidence, pairs.len())
}

fn ensemble_score(g: &mut Graph, sums: &str, ensemble: &Ensemble) -> String {
    let exact = g.cast(sums, data_type::DOUBLE);
    let axis = g.ints(&[1], &[1]);
    let sum = g.op("ReduceSum", &[&exact, &axis]);
    match ensemble.link {
        Link::LogOdds => sum,
        Link::Mean => {
            let trees = g.double(ensemble.trees.len().max(1) as f64);
            g.op("Div", &[&sum, &trees])
        }
    }
}

/// A tree by itself: each leaf holds its calibrated probability and its label.
fn tree(g: &mut Graph, matrix: &str, nodes: &[PlainNode], ending: &Ending<'_>) -> Scored {
    let answers = |raw: f64| {
        let probability = ending.calibrator.apply(raw);
        vec![probability as f32, f32::from(u8::from(probability >= ending.threshold))]
    };
    let both = TreeArrays::of_tree(nodes, answers).add(g, matrix, 2);
    let flagged = g.columns(&both, 1, 2);
    Scored {
        probability: g.columns(&both, 0, 1),
        label: g.cast(&flagged, data_type::INT64),
    }
}

/// The least score whose probability reaches the threshold; an infinity where none or all do. `probability` does not fall.
fn least_reaching(threshold: f64, probability: impl Fn(f64) -> f64) -> f64 {
    let reaches = |key: i64| probability(from_key(key)) >= threshold;
    let (mut low, mut high) = (key(f64::MIN), key(f64::MAX));
    if !reaches(high) {
        return f64::INFINITY;
    }
    if reaches(low) {
        return f64::NEG_INFINITY;
    }
    // `low` does not reach it, `high` does.
    while high.abs_diff(low) > 1 {
        let middle = low.midpoint(high);
        if reaches(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    from_key(high)
}

/// A whole number that orders as the float does.
fn key(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    if bits < 0 { i64::MIN - bits } else { bits }
}

fn from_key(key: i64) -> f64 {
    f64::from_bits(if key < 0 { i64::MIN - key } else { key } as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_as_floats_do() {
        let values = [f64::MIN, -1.0, -f64::MIN_POSITIVE, 0.0, 1e-300, 1.0, f64::MAX];
        let keys: Vec<i64> = values.iter().map(|v| key(*v)).collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
        assert!(keys.iter().zip(values).all(|(k, v)| from_key(*k) == v));
    }

    #[test]
    fn the_cut_is_the_first_score_that_reaches_the_threshold() {
        assert_eq!(least_reaching(0.5, |s| s.clamp(0.0, 1.0)), 0.5);
        assert_eq!(least_reaching(2.0, |s| s.clamp(0.0, 1.0)), f64::INFINITY);
        assert_eq!(least_reaching(0.0, |s| s.clamp(0.0, 1.0)), f64::NEG_INFINITY);
    }

    #[test]
    fn around_the_cut_every_score_is_labelled_as_by_its_probability() {
        let calibrators = [
            Calibrator::Identity,
            Calibrator::Sigmoid { a: 0.83, b: -0.21 },
            Calibrator::Sigmoid { a: 1.37, b: 1.9 },
        ];
        for calibrator in &calibrators {
            for step in 1..60 {
                // A threshold that is itself the probability of a score: an exact tie.
                let score = f64::from(step) / 10.0 - 3.0;
                let ending = |threshold| Ending {
                    mean: false,
                    calibrator,
                    threshold,
                };
                let threshold = ending(0.0).probability(score);
                let cut = least_reaching(threshold, |s| ending(threshold).probability(s));
                assert!(score >= cut);
                for away in -200..=200 {
                    let near = from_key(key(cut) + away);
                    assert_eq!(
                        near >= cut,
                        ending(threshold).probability(near) >= threshold,
                        "{score} {away}"
                    );
                }
            }
        }
    }
}
