//! Owns the checks of duplicate rows and of conflicting labels.

use std::collections::HashMap;

use crate::schema::{LabelValue, Severity};
use crate::text::{grouped, percent};
use crate::validation::error::ValidationError;
use crate::validation::report::{CheckOutcome, Scope};

use super::{Accepted, Check, Purpose, Setup, Totals};

/// Rows by the hash of their features, with the number of malicious and of benign (or unlabelled) ones.
///
/// 64 bits are enough: in ten million distinct rows a chance collision has odds of one in 370,000, and it would shift
/// a count by one.
struct Repeats {
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
    setup.features().next()?;
    Some(Box::new(Repeats {
        labelled: setup.layout.label.is_some() && setup.schema.label.is_some(),
        vectors: HashMap::new(),
        limit: setup.settings.max_tracked_rows,
        beyond: 0,
        rows: 0,
    }))
}

impl Check for Repeats {
    fn accepted(&mut self, rows: &Accepted<'_>) -> Result<(), ValidationError> {
        self.rows += rows.rows() as u64;
        for (row, hash) in rows.feature_groups().iter().enumerate() {
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
