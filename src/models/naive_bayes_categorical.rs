//! Owns categorical naive Bayes: Laplace-smoothed counts of every feature's values in each class, in logarithms.

use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::transform::{CategoryEncoding, FeatureKind, MissingValues, Scaling, Wants};

use super::additive::{Parts, bounded};
use super::anatomy::{Anatomy, EvidenceTable};
use super::classifier::{Capabilities, Classifier, Contributions, Family, FitContext, ModelError, TrainSet};
use super::params::{ParamSpec, Params};
use super::scoring::{logistic, score_rows};
use super::{checks, saved};

const NAME: &str = "naive_bayes_categorical";
const VERSION: u8 = 1;

/// More codes than this in one feature are a number in disguise.
const MOST_CODES: u32 = 1_000_000;

/// The family.
#[derive(Clone, Copy, Debug)]
pub(super) struct NaiveBayesCategorical;

impl Family for NaiveBayesCategorical {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Naive Bayes, categorical"
    }

    fn cost_rank(&self) -> u32 {
        20
    }

    fn wants(&self) -> Wants {
        Wants {
            categories: CategoryEncoding::Native,
            discrete_as_categories: true,
            scaling: Scaling::None,
            missing: MissingValues::Impute,
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            row_weights: true,
            contributions: true,
            ..Capabilities::default()
        }
    }

    fn parameters(&self) -> Vec<ParamSpec> {
        vec![
            ParamSpec::log_float(
                "alpha",
                "rows added to every value of every feature (Laplace smoothing)",
                (1e-3, 100.0),
                1.0,
                &[0.1, 1.0, 10.0],
            ),
            ParamSpec::int(
                "bins",
                "bins a numeric feature is cut into, by quantiles",
                (2, 64),
                10,
                &[10],
            ),
        ]
    }

    fn refuses(&self, _rows: usize, _features: usize) -> Option<String> {
        None
    }

    fn fit(
        &self,
        data: &TrainSet<'_>,
        params: &Params,
        context: &mut FitContext<'_>,
    ) -> Result<Box<dyn Classifier>, ModelError> {
        let params = params.resolve(NAME, &self.parameters())?;
        checks::trainable(NAME, data)?;
        let (alpha, bins) = (params.float("alpha")?, params.count("bins")?);
        let weight = |row: usize| data.weights.map_or(1.0, |w| f64::from(w[row]));
        let mut totals = [0.0; 2];
        for (row, label) in data.labels.iter().enumerate() {
            totals[usize::from(*label)] += weight(row);
        }
        let mut features = Vec::with_capacity(data.matrix.width());
        for (j, feature) in data.matrix.features.iter().enumerate() {
            context.cancel.check()?;
            let column = data.matrix.values.column(j);
            let coding = Coding::learn(feature.kind, column, bins).map_err(|reason| ModelError::Data {
                family: NAME,
                reason: format!("feature `{}`: {reason}", feature.name),
            })?;
            let mut counts = vec![[0.0; 2]; coding.codes()];
            for (row, (value, label)) in column.iter().zip(data.labels).enumerate() {
                counts[coding.code(*value)][usize::from(*label)] += weight(row);
            }
            let added = alpha * counts.len() as f64;
            let log_ratio = counts
                .iter()
                .map(|[benign, malicious]| {
                    ((malicious + alpha) / (totals[1] + added)).ln() - ((benign + alpha) / (totals[0] + added)).ln()
                })
                .collect();
            features.push(Table { coding, log_ratio });
        }
        let parts = Parts::measure(data, |j, value| features[j].part(value));
        Ok(Box::new(Model {
            prior: (totals[1] / totals[0]).ln(),
            features,
            parts,
        }))
    }

    fn load(&self, bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError> {
        let model: Model = saved::read(NAME, VERSION, bytes)?;
        let sound = !model.features.is_empty()
            && bounded(model.prior)
            && model.parts.sound(model.features.len())
            && model.features.iter().all(Table::sound);
        if sound {
            Ok(Box::new(model))
        } else {
            Err(saved::damaged(NAME, "its tables do not fit together"))
        }
    }
}

/// How a feature's values become codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Coding {
    /// They are codes; any other value counts as the last, which stands for categories unseen in training.
    Codes(u32),
    /// Bins between ascending edges; an edge belongs to the bin above it.
    Bins(Vec<f32>),
}

impl Coding {
    fn learn(kind: FeatureKind, column: ArrayView1<'_, f32>, bins: usize) -> Result<Self, String> {
        if let FeatureKind::Categorical { cardinality } = kind {
            return if (1..=MOST_CODES).contains(&cardinality) {
                Ok(Self::Codes(cardinality))
            } else {
                Err(format!("{cardinality} categories; from 1 to {MOST_CODES} are accepted"))
            };
        }
        let mut sorted: Vec<f32> = column.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        let mut distinct = sorted.clone();
        // -0 and 0 are one value.
        distinct.dedup();
        let mut edges: Vec<f32> = if distinct.len() <= bins {
            distinct.split_off(1)
        } else {
            (1..bins).map(|b| sorted[b * sorted.len() / bins]).collect()
        };
        edges.dedup();
        edges.retain(|e| *e > sorted[0]);
        Ok(Self::Bins(edges))
    }

    fn codes(&self) -> usize {
        match self {
            Self::Codes(n) => *n as usize,
            Self::Bins(edges) => edges.len() + 1,
        }
    }

    fn code(&self, value: f32) -> usize {
        match self {
            Self::Codes(n) if value >= 0.0 && value < *n as f32 => value as usize,
            Self::Codes(n) => *n as usize - 1,
            Self::Bins(edges) => edges.partition_point(|e| *e <= value),
        }
    }
}

/// One feature: ln P(value | malicious) - ln P(value | benign) of each code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Table {
    coding: Coding,
    log_ratio: Vec<f64>,
}

impl Table {
    fn part(&self, value: f32) -> f64 {
        self.log_ratio[self.coding.code(value)]
    }

    fn plain(&self) -> EvidenceTable<'_> {
        EvidenceTable {
            edges: match &self.coding {
                Coding::Codes(_) => None,
                Coding::Bins(edges) => Some(edges),
            },
            evidence: &self.log_ratio,
        }
    }

    fn sound(&self) -> bool {
        let coding = match &self.coding {
            Coding::Codes(n) => (1..=MOST_CODES).contains(n),
            Coding::Bins(edges) => edges.iter().all(|e| e.is_finite()) && edges.is_sorted(),
        };
        coding && self.log_ratio.len() == self.coding.codes() && self.log_ratio.iter().all(|r| bounded(*r))
    }
}

/// score = ln(P(malicious) / P(benign)) + sum of the features' log ratios.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Model {
    prior: f64,
    features: Vec<Table>,
    parts: Parts,
}

impl Classifier for Model {
    fn family(&self) -> &'static str {
        NAME
    }

    fn width(&self) -> usize {
        self.features.len()
    }

    fn predict_proba(&self, x: ArrayView2<'_, f32>) -> Result<Vec<f64>, ModelError> {
        checks::scorable(NAME, x, self.width())?;
        Ok(score_rows(x, |row| {
            let evidence: f64 = self.features.iter().zip(row).map(|(f, v)| f.part(*v)).sum();
            logistic(self.prior + evidence)
        }))
    }

    fn importances(&self) -> Option<Vec<f64>> {
        Some(self.parts.importances())
    }

    fn contributions(&self, row: ArrayView1<'_, f32>) -> Option<Contributions> {
        if row.len() != self.width() || row.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let parts = self.features.iter().zip(row).map(|(f, v)| f.part(*v));
        Some(self.parts.contributions(self.prior, parts))
    }

    fn anatomy(&self) -> Option<Anatomy<'_>> {
        Some(Anatomy::Tables {
            prior: self.prior,
            tables: self.features.iter().map(Table::plain).collect(),
        })
    }

    fn save(&self) -> Result<Vec<u8>, ModelError> {
        saved::write(NAME, VERSION, self)
    }
}

#[cfg(test)]
mod tests;
