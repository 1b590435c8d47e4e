//! Owns drift: how far a batch has moved from the training reference. It informs; it gates nothing.

mod counts;
pub mod distance;
mod moments;
mod profile;
mod reference;
mod sample;
#[cfg(test)]
mod tests;

use crate::schema::DriftThresholds;

use super::report::{ColumnDrift, DriftKind, DriftMetric};
use distance::{jensen_shannon, kolmogorov_smirnov, psi, wasserstein};

pub use profile::{BatchProfile, ReferenceBuilder};
pub(crate) use profile::{Places, reference_key};
pub use reference::{Categories, ColumnReference, NumericSummary, Reference, Shape};
pub(crate) use sample::RowSample;

/// The name under which the model's scores stand among the columns.
pub const PREDICTION: &str = "(prediction)";

/// How far a batch has moved from the reference: for each feature column in schema order, Jensen-Shannon distance and
/// PSI (missing being a category) or Wasserstein distance in reference standard deviations and the KS statistic;
/// last the same for the model's scores. Where a reference column is constant, Wasserstein is in the column's own
/// unit. Columns that the batch lacks are left out; below `min_rows` on either side there are numbers but no verdict.
pub fn drift(reference: &Reference, batch: &BatchProfile, thresholds: &DriftThresholds) -> Vec<ColumnDrift> {
    let mut found = Vec::new();
    for (index, column) in reference.columns.iter().enumerate() {
        let Some((rows, missing)) = batch.rows(index) else {
            continue;
        };
        let entry = Entry {
            column: &column.name,
            thresholds,
        };
        match &column.shape {
            Shape::Discrete(known) => {
                let mut a: Vec<f64> = known.top.iter().map(|(_, count)| *count as f64).collect();
                a.extend([known.other as f64, column.missing as f64]);
                let mut b = batch.counts(index, known);
                b.push(missing as f64);
                entry.discrete(&mut found, DriftKind::Discrete, (&a, column.rows), (&b, rows));
            }
            Shape::Numeric(known) => {
                if let Some((n, sorted)) = batch.numbers(index) {
                    entry.numeric(&mut found, DriftKind::Numeric, known, (n, &sorted));
                }
            }
        }
    }
    let entry = Entry {
        column: PREDICTION,
        thresholds,
    };
    let (n, sorted) = batch.scores();
    if let Some(known) = &reference.scores {
        entry.numeric(&mut found, DriftKind::Prediction, known, (n, &sorted));
        if let (Some(a), Some((b, n))) = (reference.positive_rate, batch.positive_rate()) {
            entry.discrete(
                &mut found,
                DriftKind::Prediction,
                (&[a, 1.0 - a], known.n),
                (&[b, 1.0 - b], n),
            );
        }
    }
    found
}

/// Writes the entries of one column.
struct Entry<'a> {
    column: &'a str,
    thresholds: &'a DriftThresholds,
}

impl Entry<'_> {
    fn discrete(&self, found: &mut Vec<ColumnDrift>, kind: DriftKind, a: (&[f64], u64), b: (&[f64], u64)) {
        let of = self.thresholds;
        let rows = (a.1, b.1);
        self.push(
            found,
            kind,
            DriftMetric::JensenShannon,
            jensen_shannon(a.0, b.0),
            of.jensen_shannon,
            rows,
        );
        self.push(found, kind, DriftMetric::Psi, psi(a.0, b.0), of.psi, rows);
    }

    fn numeric(&self, found: &mut Vec<ColumnDrift>, kind: DriftKind, a: &NumericSummary, b: (u64, &[f64])) {
        let of = self.thresholds;
        let unit = if a.sd > 0.0 && a.sd.is_finite() { a.sd } else { 1.0 };
        let moved = wasserstein(&a.quantiles, b.1).map(|distance| distance / unit);
        self.push(found, kind, DriftMetric::Wasserstein, moved, of.wasserstein, (a.n, b.0));
        self.push(
            found,
            kind,
            DriftMetric::Ks,
            kolmogorov_smirnov(&a.quantiles, b.1),
            of.ks,
            (a.n, b.0),
        );
    }

    fn push(
        &self,
        found: &mut Vec<ColumnDrift>,
        kind: DriftKind,
        metric: DriftMetric,
        value: Option<f64>,
        threshold: f64,
        (reference_rows, batch_rows): (u64, u64),
    ) {
        // Distances between numbers near the end of the f64 range can overflow; the report holds finite numbers only.
        let Some(value) = value.map(|v| v.min(f64::MAX)).filter(|v| v.is_finite()) else {
            return;
        };
        let enough = reference_rows.min(batch_rows) >= self.thresholds.min_rows;
        found.push(ColumnDrift {
            column: self.column.to_owned(),
            kind,
            metric,
            value,
            threshold,
            drifted: enough.then_some(value >= threshold),
            reference_rows,
            batch_rows,
        });
    }
}
