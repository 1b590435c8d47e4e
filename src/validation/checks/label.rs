//! Owns the checks of the label: empty or outside its domain, and only one class.

use std::sync::Arc;

use crate::schema::{LabelValue, Severity};
use crate::text::grouped;
use crate::validation::error::ValidationError;
use crate::validation::report::{CheckOutcome, Scope};

use super::{Batch, Check, Findings, Purpose, Setup, Tally, Totals};

/// Reads labels for training and validation; scoring never looks at them.
struct Labels {
    purpose: Purpose,
    empty: Arc<str>,
    outside: Arc<str>,
    tally: Tally,
}

pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    let label = setup.schema.label.as_ref()?;
    setup.layout.label?;
    if setup.purpose == Purpose::Score {
        return None;
    }
    let reason = "the label is empty, or neither a malicious nor a benign value of the schema";
    Some(Box::new(Labels {
        purpose: setup.purpose,
        empty: "the label is empty".into(),
        outside: "the label is neither a malicious nor a benign value of the schema".into(),
        tally: setup
            .tally("label", Severity::Block, None, reason)
            .of_label(&label.column),
    }))
}

impl Check for Labels {
    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        let labels = batch.typed.labels.as_deref().unwrap_or(&[]);
        for (row, _) in labels
            .iter()
            .enumerate()
            .filter(|(_, label)| **label == LabelValue::Unknown)
        {
            let reason = if batch.label_cell(row).is_empty() {
                &self.empty
            } else {
                &self.outside
            };
            self.tally.fail_because(batch, row, found, reason);
        }
        Ok(())
    }

    fn outcomes(&mut self, totals: &Totals) -> Vec<CheckOutcome> {
        let mut outcomes = Tally::outcomes(std::iter::once(&self.tally));
        let severity = if self.purpose == Purpose::Train {
            Severity::Block
        } else {
            Severity::Warn
        };
        let (malicious, benign) = (totals.malicious, totals.benign);
        let counts = format!("{} malicious, {} benign", grouped(malicious), grouped(benign));
        if totals.accepted() > 0 {
            outcomes.push(if malicious == 0 || benign == 0 {
                let message = format!("{counts}: learning needs both classes; check `label:` in the schema");
                CheckOutcome::failed("one_class", severity, message)
            } else {
                CheckOutcome::passed("one_class", severity, Scope::File, counts)
            });
        }
        outcomes
    }
}
