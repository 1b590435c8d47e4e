//! Owns the checks of duplicate rows and of conflicting labels.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use crate::schema::{LabelValue, Severity};
use crate::validation::cells::Cells;
use crate::validation::error::ValidationError;
use crate::validation::report::{CheckOutcome, Scope};
use crate::validation::table::{grouped, percent};

use super::{Accepted, Check, Purpose, Setup, Totals};

/// Rows by the hash of their features, with the number of malicious and of benign (or unlabelled) ones.
///
/// 64 bits are enough: in ten million distinct rows a chance collision has odds of one in 370,000, and it would shift
/// a count by one.
struct Repeats {
    features: Vec<usize>,
    labelled: bool,
    vectors: HashMap<u64, [u32; 2]>,
    limit: usize,
    /// Rows that were not remembered because the limit was reached.
    beyond: u64,
    rows: u64,
}

pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    if setup.purpose == Purpose::Score {
        return None;
    }
    let features: Vec<usize> = setup.features().map(|(index, _)| index).collect();
    (!features.is_empty()).then(|| {
        Box::new(Repeats {
            features,
            labelled: setup.layout.label.is_some() && setup.schema.label.is_some(),
            vectors: HashMap::new(),
            limit: setup.settings.max_tracked_rows,
            beyond: 0,
            rows: 0,
        }) as Box<dyn Check>
    })
}

/// Mixes a value into a row's hash (the finaliser of MurmurHash3 over a multiply).
#[inline]
fn mix(hash: &mut u64, value: u64) {
    let mut x = (*hash ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    *hash = (x ^ (x >> 33)).wrapping_add(0x2545_f491_4f6c_dd1d);
}

/// What a null mixes in; an ordinary value has the same bits with odds of one in 2^64.
const NULL: u64 = 0x6e75_6c6c_a5c3_917b;

fn mix_column(hashes: &mut [u64], cells: &Cells<'_>) {
    fn each(hashes: &mut [u64], values: impl Iterator<Item = Option<u64>>) {
        for (hash, value) in hashes.iter_mut().zip(values) {
            mix(hash, value.unwrap_or(NULL));
        }
    }
    match cells {
        Cells::Int(c) | Cells::Time(c) => each(hashes, c.iter().map(|v| v.map(|v| v as u64))),
        // Adding zero makes -0 and 0 one value.
        Cells::Float(c) => each(hashes, c.iter().map(|v| v.map(|v| (v + 0.0).to_bits()))),
        Cells::Bool(c) => each(hashes, c.iter().map(|v| v.map(u64::from))),
        Cells::Text(c) => each(
            hashes,
            c.iter().map(|v| {
                v.map(|text| {
                    let mut hasher = DefaultHasher::new();
                    hasher.write(text.as_bytes());
                    hasher.finish()
                })
            }),
        ),
    }
}

impl Check for Repeats {
    fn accepted(&mut self, rows: &Accepted<'_>) -> Result<(), ValidationError> {
        let mut hashes = vec![0_u64; rows.rows()];
        for feature in &self.features {
            if let Some(cells) = rows.cells(*feature) {
                mix_column(&mut hashes, cells);
            }
        }
        self.rows += rows.rows() as u64;
        for (row, hash) in hashes.iter().enumerate() {
            let label = rows.labels.and_then(|labels| labels.get(row));
            let class = usize::from(label != Some(&LabelValue::Malicious));
            if let Some(counts) = self.vectors.get_mut(hash) {
                counts[class] = counts[class].saturating_add(1);
            } else if self.vectors.len() < self.limit {
                let mut counts = [0; 2];
                counts[class] = 1;
                self.vectors.insert(*hash, counts);
            } else {
                self.beyond += 1;
            }
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        let (mut repeated, mut vectors, mut conflicting) = (0_u64, 0_u64, 0_u64);
        for [malicious, benign] in self.vectors.values() {
            repeated += u64::from(malicious.saturating_sub(1)) + u64::from(benign.saturating_sub(1));
            if *malicious > 0 && *benign > 0 {
                vectors += 1;
                conflicting += u64::from(*malicious) + u64::from(*benign);
            }
        }
        let limit = if self.beyond > 0 {
            format!(
                "; only the first {} distinct rows were remembered (`max_tracked_rows`), {} later ones were not compared",
                grouped(self.limit as u64),
                grouped(self.beyond)
            )
        } else {
            String::new()
        };
        let mut found = vec![self.duplicates(repeated, &limit)];
        if self.labelled {
            found.push(conflicts(vectors, conflicting, &limit));
        }
        found
    }
}

impl Repeats {
    fn duplicates(&self, repeated: u64, limit: &str) -> CheckOutcome {
        const ID: &str = "duplicate_rows";
        let what = if self.labelled {
            "features and label"
        } else {
            "features"
        };
        if repeated == 0 {
            let message = format!("no row repeats the {what} of another{limit}");
            return CheckOutcome::passed(ID, Severity::Warn, Scope::File, message);
        }
        let message = format!(
            "{} of {} rows ({}) repeat the {what} of an earlier row; a random split would leak, keep `split: grouped`{limit}",
            grouped(repeated),
            grouped(self.rows),
            percent(repeated, self.rows),
        );
        CheckOutcome::failed(ID, Severity::Warn, message).touching(repeated)
    }
}

fn conflicts(vectors: u64, rows: u64, limit: &str) -> CheckOutcome {
    const ID: &str = "conflicting_labels";
    if vectors == 0 {
        let message = format!("rows with the same features have the same label{limit}");
        return CheckOutcome::passed(ID, Severity::Warn, Scope::File, message);
    }
    let message = format!(
        "{} feature vectors ({} rows) carry both labels; no model can get all of them right{limit}",
        grouped(vectors),
        grouped(rows),
    );
    CheckOutcome::failed(ID, Severity::Warn, message).touching(rows)
}
