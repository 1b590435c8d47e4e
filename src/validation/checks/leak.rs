//! Owns the check for a single feature that gives the label away.

use crate::schema::{ColumnType, LabelValue, Severity};
use crate::validation::cells::Cells;
use crate::validation::drift::RowSample;
use crate::validation::error::ValidationError;
use crate::validation::report::{CheckOutcome, Scope};

use super::{Accepted, Check, Purpose, Setup, Totals};

const ID: &str = "label_leak";

/// Rows sampled, at most and at least, and cells in all.
const ROWS: usize = 50_000;
const ROWS_LEAST: usize = 1_000;
const CELLS: usize = 10_000_000;
/// Rows of each class needed to say anything.
const CLASS_ROWS: usize = 20;
/// Numbers with at most this many distinct values are tried as categories too.
const DISCRETE: usize = 20;

/// A sample of the accepted rows: the features as numbers (categories as hashes), last the label.
struct Leak {
    features: Vec<(usize, String, ColumnType)>,
    sample: RowSample,
    threshold: f64,
}

pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    if setup.purpose == Purpose::Score || setup.schema.label.is_none() || setup.layout.label.is_none() {
        return None;
    }
    let features: Vec<_> = setup
        .features()
        .map(|(index, c)| (index, c.name.clone(), c.kind))
        .collect();
    let sample = RowSample::bounded(features.len() + 1, ROWS, ROWS_LEAST, CELLS, 2);
    let threshold = setup.settings.leak_auc;
    (!features.is_empty()).then(|| {
        Box::new(Leak {
            features,
            sample,
            threshold,
        }) as Box<dyn Check>
    })
}

/// A category as a number: 52 bits of its hash, so that distinct categories stay distinct.
fn code(text: &str) -> f64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..8]);
    (u64::from_le_bytes(bytes) >> 12) as f64
}

impl Check for Leak {
    fn accepted(&mut self, rows: &Accepted<'_>) -> Result<(), ValidationError> {
        let Some(labels) = rows.labels else { return Ok(()) };
        let cells: Vec<Option<&Cells<'_>>> = self.features.iter().map(|(index, ..)| rows.cells(*index)).collect();
        self.sample.offer(rows.rows(), |row, column| match cells.get(column) {
            // Missing cells may give the label away too: they get a value of their own, below all others.
            Some(Some(Cells::Text(texts))) => texts.get(row).map_or(f64::NEG_INFINITY, code),
            Some(Some(cells)) => cells.number(row).unwrap_or(f64::NEG_INFINITY),
            Some(None) => f64::NEG_INFINITY,
            None => f64::from(u8::from(labels.get(row) == Some(&LabelValue::Malicious))),
        });
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        let labels: Vec<bool> = self
            .sample
            .column(self.features.len())
            .iter()
            .map(|v| *v > 0.5)
            .collect();
        let malicious = labels.iter().filter(|l| **l).count();
        if malicious.min(labels.len() - malicious) < CLASS_ROWS {
            let message = format!("fewer than {CLASS_ROWS} rows of a class");
            return vec![CheckOutcome::skipped(ID, Severity::Warn, Scope::File, message)];
        }
        let mut found = Vec::new();
        let mut strongest = (0.5_f64, "");
        for (at, (_, name, kind)) in self.features.iter().enumerate() {
            let auc = separation(self.sample.column(at), &labels, *kind);
            if auc > strongest.0 {
                strongest = (auc, name);
            }
            if auc > self.threshold {
                let message = format!(
                    "it alone tells the classes apart (ROC-AUC {auc:.4}): is it made from the label, or a row number \
                     of sorted rows? If so, give it `role: ignore`"
                );
                found.push(CheckOutcome::failed(ID, Severity::Warn, message).about(name.as_str()));
            }
        }
        if found.is_empty() {
            let shown = crate::text::visible_text(strongest.1);
            let message = format!("the strongest single feature is `{shown}`, ROC-AUC {:.3}", strongest.0);
            found.push(CheckOutcome::passed(ID, Severity::Warn, Scope::File, message));
        }
        found
    }
}

/// How well one feature alone tells the classes apart, as an area under the ROC curve, 0.5 to 1: of its order in
/// either direction where it has one, and of its share of malicious rows value by value where it has few values.
fn separation(values: &[f64], labels: &[bool], kind: ColumnType) -> f64 {
    let textual = matches!(kind, ColumnType::Category | ColumnType::Ip);
    let mut best = 0.5_f64;
    if !textual {
        let auc = roc_auc(values, labels);
        best = best.max(auc).max(1.0 - auc);
    }
    if textual || distinct_at_most(values, DISCRETE) {
        best = best.max(roc_auc(&held_out_shares(values, labels), labels));
    }
    best
}

fn distinct_at_most(values: &[f64], most: usize) -> bool {
    let mut seen: Vec<u64> = Vec::with_capacity(most + 1);
    for value in values {
        let bits = value.to_bits();
        if !seen.contains(&bits) {
            seen.push(bits);
            if seen.len() > most {
                return false;
            }
        }
    }
    true
}

/// For each row the share of malicious rows among those with the same value in the other half of the rows. Shares of
/// the row's own half would make every column of unique texts look like a leak.
fn held_out_shares(values: &[f64], labels: &[bool]) -> Vec<f64> {
    let mut counts: std::collections::HashMap<u64, [[f64; 2]; 2]> = std::collections::HashMap::new();
    for (row, (value, malicious)) in values.iter().zip(labels).enumerate() {
        counts.entry(value.to_bits()).or_default()[row % 2][usize::from(*malicious)] += 1.0;
    }
    let prior = labels.iter().filter(|l| **l).count() as f64 / labels.len().max(1) as f64;
    let share = |(row, value): (usize, &f64)| {
        let [benign, malicious] = counts
            .get(&value.to_bits())
            .map_or([0.0; 2], |halves| halves[1 - row % 2]);
        (malicious + prior) / (benign + malicious + 1.0)
    };
    values.iter().enumerate().map(share).collect()
}

/// Area under the ROC curve by ranks (Mann-Whitney), ties counting half. 0.5 where a class is missing.
fn roc_auc(scores: &[f64], labels: &[bool]) -> f64 {
    let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(labels.iter().copied()).collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut area) = (0.0_f64, 0.0_f64);
    let mut malicious = 0.0_f64;
    for tie in rows.chunk_by(|a, b| a.0 == b.0) {
        let positive = tie.iter().filter(|(_, label)| *label).count() as f64;
        let negative = tie.len() as f64 - positive;
        area += positive * (below + negative / 2.0);
        below += negative;
        malicious += positive;
    }
    if malicious == 0.0 || below == 0.0 {
        0.5
    } else {
        area / (malicious * below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auc_by_hand_with_ties() {
        // pairs: (.5 vs .5) half, (.5 vs .1) one, (.9 vs both) two; 3.5 of 4.
        let auc = roc_auc(&[0.5, 0.9, 0.5, 0.1], &[true, true, false, false]);
        assert_eq!(auc, 3.5 / 4.0);
        assert_eq!(roc_auc(&[1.0, 2.0], &[true, true]), 0.5);
    }

    #[test]
    fn unique_texts_are_no_leak_but_a_telling_category_is() {
        let labels: Vec<bool> = (0..400).map(|i| i % 3 == 0).collect();
        let unique: Vec<f64> = (0..400).map(|i| code(&format!("host-{i}"))).collect();
        assert_eq!(separation(&unique, &labels, ColumnType::Category), 0.5);
        let telling: Vec<f64> = labels.iter().map(|l| code(if *l { "x" } else { "y" })).collect();
        assert_eq!(separation(&telling, &labels, ColumnType::Category), 1.0);
        // Not monotone: 0 and 2 are malicious, 1 is benign.
        let folded: Vec<f64> = labels
            .iter()
            .enumerate()
            .map(|(i, l)| if *l { (i % 2 * 2) as f64 } else { 1.0 })
            .collect();
        assert_eq!(separation(&folded, &labels, ColumnType::Int), 1.0);
    }
}
