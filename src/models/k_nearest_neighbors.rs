//! Owns k-nearest neighbours: smartcore's classifier, rebuilt from the training rows that are the saved model.
//!
//! Linear search, not its cover tree. On the bundled data, one-hot, 8,612 x 52, k = 15, the tree halves scoring (.8 ms of
//! CPU a row against 1.7, smartcore alone in a program), but on continuous noise of 8,800 x 70 it takes 16 s to build and
//! doubles it (4.9 against 2.1), and on rows far apart it recurses deeply. What linear search costs follows from the
//! shape alone.

use ndarray::ArrayView2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use smartcore::algorithm::neighbour::KNNAlgorithmName;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::metrics::distance::euclidian::Euclidian;
use smartcore::neighbors::KNNWeightFunction;
use smartcore::neighbors::knn_classifier::{KNNClassifier, KNNClassifierParameters};

use crate::transform::{CategoryEncoding, MissingValues, Scaling, Wants};

use super::classifier::{Capabilities, Classifier, Family, FitContext, ModelError, TrainSet};
use super::detached::{contained, run_detached};
use super::params::{ParamSpec, Params};
use super::{checks, saved};

const NAME: &str = "k_nearest_neighbors";
const VERSION: u8 = 1;

/// Scoring a row reads every training row: 1.2 ns of CPU a cell in this program, 4 where the compiler does not see
/// through smartcore's iterators. Cross-validation scores every row: 4 CPU seconds for the bundled data's 8,840 x 52,
/// 10 at both limits; 14 and 32 at the slower rate.
const MOST_ROWS: usize = 10_000;
const MOST_CELLS: usize = 1_000_000;

const MOST_NEIGHBORS: usize = 200;

/// Rows a thread takes at a time. Each row is scored on its own, so the number changes no result.
const QUERY_ROWS: usize = 4;

/// Cells read between two looks at the cancel token: 20 to 70 ms on one thread.
const BLOCK_CELLS: usize = 16_000_000;

/// The family.
#[derive(Clone, Copy, Debug)]
pub(super) struct KNearestNeighbors;

impl Family for KNearestNeighbors {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "K-nearest neighbours"
    }

    fn cost_rank(&self) -> u32 {
        90
    }

    /// One-hot: on the UCI data, grouped folds, k = 15, distance weights, it scores PR-AUC .984 where the raw -1, 0, 1
    /// score .967 (scikit-learn 1.7.2).
    fn wants(&self) -> Wants {
        Wants {
            categories: CategoryEncoding::OneHot,
            discrete_as_categories: true,
            scaling: Scaling::Standard,
            missing: MissingValues::Impute,
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// One grid point, for its time. Mean PR-AUC of five grouped folds of the bundled data, votes by distance: k = 5
    /// .936, 15 .960, 31 .969, 61 .971, 101 .969; one vote each scores .003 to .013 less.
    fn parameters(&self) -> Vec<ParamSpec> {
        vec![
            ParamSpec::int("k", "neighbours that vote", (1, MOST_NEIGHBORS as i64), 31, &[31]),
            ParamSpec::choice(
                "weight",
                "votes by 1/distance, or one each",
                &["distance", "uniform"],
                &["distance"],
            ),
        ]
    }

    fn refuses(&self, rows: usize, features: usize) -> Option<String> {
        if rows > MOST_ROWS {
            Some(format!(
                "{rows} rows; each row scored is compared with all of them, and the time grows with the square: at most \
                 {MOST_ROWS}"
            ))
        } else if rows.saturating_mul(features) > MOST_CELLS {
            Some(format!(
                "{rows} rows x {features} features; each row scored is compared with all of them: at most {MOST_CELLS} cells"
            ))
        } else {
            None
        }
    }

    fn fit(
        &self,
        data: &TrainSet<'_>,
        params: &Params,
        context: &mut FitContext<'_>,
    ) -> Result<Box<dyn Classifier>, ModelError> {
        let params = params.resolve(NAME, &self.parameters())?;
        checks::trainable(NAME, data)?;
        let examples = Examples {
            width: data.matrix.width(),
            k: params.count("k")?.min(data.labels.len()),
            by_distance: params.text("weight")? == "distance",
            rows: data.matrix.values.iter().copied().collect(),
            labels: data.labels.to_vec(),
        };
        let model = run_detached(NAME, context.cancel, move || Model::of(examples))?;
        Ok(Box::new(model))
    }

    fn load(&self, bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError> {
        let examples: Examples = saved::read(NAME, VERSION, bytes)?;
        if !examples.sound() {
            return Err(saved::damaged(
                NAME,
                "its rows, labels and neighbours do not fit together",
            ));
        }
        Ok(Box::new(contained(NAME, || Model::of(examples))?))
    }
}

/// What is saved: the training rows and how they vote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Examples {
    width: usize,
    /// At least 1, at most the number of rows.
    k: usize,
    by_distance: bool,
    /// Training rows, one after the other.
    rows: Vec<f32>,
    /// True is malicious; both occur.
    labels: Vec<bool>,
}

impl Examples {
    /// Whether smartcore can be given them: it panics where they do not fit together, or are not finite.
    fn sound(&self) -> bool {
        self.width > 0
            && (1..=self.labels.len().min(MOST_NEIGHBORS)).contains(&self.k)
            && self.labels.len().checked_mul(self.width) == Some(self.rows.len())
            && self.labels.contains(&true)
            && self.labels.contains(&false)
            && self.rows.iter().all(|v| v.is_finite())
    }
}

/// In `f64`, no distance between finite `f32` rows overflows, and none but that of equal rows is 0.
type Engine = KNNClassifier<f64, i32, DenseMatrix<f64>, Vec<i32>, Euclidian<f64>>;

struct Model {
    examples: Examples,
    engine: Engine,
}

impl Model {
    /// Deterministic, so that a model read back scores as it did.
    fn of(examples: Examples) -> Result<Self, String> {
        let x = dense(&examples.rows, examples.width)?;
        let y = examples.labels.iter().map(|l| i32::from(*l)).collect();
        let weight = if examples.by_distance {
            KNNWeightFunction::Distance
        } else {
            KNNWeightFunction::Uniform
        };
        let parameters = KNNClassifierParameters::default()
            .with_algorithm(KNNAlgorithmName::LinearSearch)
            .with_k(examples.k)
            .with_weight(weight);
        let engine = Engine::fit(&x, &y, parameters).map_err(|e| e.to_string())?;
        Ok(Self { examples, engine })
    }

    /// P(malicious) of rows that lie one after the other.
    fn ask(&self, rows: &[f32]) -> Result<Vec<f64>, String> {
        let x = dense(rows, self.examples.width)?;
        let found = self.engine.predict_proba(&x).map_err(|e| e.to_string())?;
        // smartcore sorts its classes: 0, benign, then 1, malicious.
        let malicious = found.iter().map(|classes| match classes[..] {
            [_, p] if (0.0..=1.0).contains(&p) => Ok(p),
            _ => Err(format!("{classes:?} are not the probabilities of two classes")),
        });
        malicious.collect()
    }
}

/// Rows that lie one after the other, as smartcore takes them.
fn dense(rows: &[f32], width: usize) -> Result<DenseMatrix<f64>, String> {
    let values = rows.iter().map(|v| f64::from(*v)).collect();
    DenseMatrix::new(rows.len() / width.max(1), width, values, false).map_err(|e| e.to_string())
}

impl Classifier for Model {
    fn family(&self) -> &'static str {
        NAME
    }

    fn width(&self) -> usize {
        self.examples.width
    }

    fn predict_proba(&self, x: ArrayView2<'_, f32>) -> Result<Vec<f64>, ModelError> {
        checks::scorable(NAME, x, self.examples.width)?;
        let rows: Vec<f32> = x.iter().copied().collect();
        let blocks: Result<Vec<Vec<f64>>, ModelError> = rows
            .par_chunks(QUERY_ROWS * self.examples.width)
            .map(|block| contained(NAME, || self.ask(block)))
            .collect();
        Ok(blocks?.concat())
    }

    fn block_rows(&self) -> usize {
        (BLOCK_CELLS / self.examples.rows.len().max(1)).clamp(1, 1_024)
    }

    fn save(&self) -> Result<Vec<u8>, ModelError> {
        saved::write(NAME, VERSION, &self.examples)
    }
}

#[cfg(test)]
mod tests;
