//! Owns nearest centroid: a row belongs to the class whose mean it lies nearer to.

use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::models::{
    Capabilities, Classifier, Family, FitContext, ModelError, ParamSpec, Params, TrainSet, checks, saved,
};
use crate::transform::{CategoryEncoding, MissingValues, Scaling, Wants};

const NAME: &str = "nearest_centroid";
const VERSION: u8 = 1;

/// The family.
pub(super) struct NearestCentroid;

impl Family for NearestCentroid {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Nearest centroid"
    }

    fn cost_rank(&self) -> u32 {
        5
    }

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

    fn parameters(&self) -> Vec<ParamSpec> {
        let help = "how fast the probability moves with the difference of the distances";
        vec![ParamSpec::log_float(
            "sharpness",
            help,
            (0.01, 100.0),
            1.0,
            &[0.1, 1.0, 10.0],
        )]
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
        let mut sums = [vec![0.0; data.matrix.width()], vec![0.0; data.matrix.width()]];
        let mut rows = [0.0, 0.0];
        for (row, &malicious) in data.matrix.values.rows().into_iter().zip(data.labels) {
            context.cancel.check()?;
            let class = usize::from(malicious);
            rows[class] += 1.0;
            for (sum, &value) in sums[class].iter_mut().zip(row) {
                *sum += f64::from(value);
            }
        }
        for (sum, rows) in sums.iter_mut().zip(rows) {
            for value in sum {
                *value /= rows;
            }
        }
        let [benign, malicious] = sums;
        let sharpness = params.float("sharpness")?;
        Ok(Box::new(Model {
            benign,
            malicious,
            sharpness,
        }))
    }

    fn load(&self, bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError> {
        let model: Model = saved::read(NAME, VERSION, bytes)?;
        let means = model.benign.iter().chain(&model.malicious);
        let sound = !model.benign.is_empty()
            && model.benign.len() == model.malicious.len()
            && means.chain([&model.sharpness]).all(|value| value.abs() <= 1e40);
        if sound {
            Ok(Box::new(model))
        } else {
            Err(saved::damaged(NAME, "a mean out of bounds, or not one a feature"))
        }
    }
}

/// ln(odds of malicious) = sharpness x (distance to the benign mean - distance to the malicious mean).
#[derive(Serialize, Deserialize)]
struct Model {
    benign: Vec<f64>,
    malicious: Vec<f64>,
    sharpness: f64,
}

impl Model {
    fn score(&self, row: ArrayView1<'_, f32>) -> f64 {
        let distance = |mean: &[f64]| {
            let squares = row.iter().zip(mean).map(|(x, m)| (f64::from(*x) - m).powi(2));
            squares.sum::<f64>().sqrt()
        };
        let log_odds = self.sharpness * (distance(&self.benign) - distance(&self.malicious));
        1.0 / (1.0 + (-log_odds).exp())
    }
}

impl Classifier for Model {
    fn family(&self) -> &'static str {
        NAME
    }

    fn width(&self) -> usize {
        self.benign.len()
    }

    fn predict_proba(&self, x: ArrayView2<'_, f32>) -> Result<Vec<f64>, ModelError> {
        checks::scorable(NAME, x, self.width())?;
        Ok(x.rows().into_iter().map(|row| self.score(row)).collect())
    }

    fn save(&self) -> Result<Vec<u8>, ModelError> {
        saved::write(NAME, VERSION, self)
    }
}
