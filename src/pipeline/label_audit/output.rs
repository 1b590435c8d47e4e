//! Owns the file of the label audit: a scored file like any other, with three columns more among its input.

use std::io::{self, Write};
use std::path::Path;

use super::AuditedRow;
use crate::artifacts::atomic::AtomicFile;
use crate::artifacts::{Timestamp, WriteError, atomic};
use crate::cancel::CancelToken;
use crate::data::{Header, RowId};
use crate::pipeline::csv_text::{push_cell, push_guarded};
use crate::pipeline::ingestion::Dataset;
use crate::pipeline::prediction::{ADDED, free_name};
use crate::triage::RiskSettings;

use super::LabelAuditError;

/// The label that the row was trained with: `malicious` or `benign`.
pub const GIVEN_LABEL: &str = "given_label";
/// How doubtful it is, 0 to 1.
pub const LABEL_DOUBT: &str = "label_doubt";
/// Rows with the same features and the other label.
pub const CONFLICTING_TWINS: &str = "conflicting_twins";

/// Text that is handed on at once.
const WRITE_BYTES: usize = 1 << 16;

/// What the file is made from.
pub(super) struct AuditFile<'a> {
    pub(super) dataset: &'a Dataset,
    /// One a row of the dataset.
    pub(super) ids: Vec<RowId>,
    pub(super) run: &'a str,
    pub(super) threshold: f64,
    pub(super) risk: &'a RiskSettings,
}

impl AuditFile<'_> {
    /// Writes the rows in this order; a file that is there already is kept under another name.
    pub(super) fn write(&self, path: &Path, rows: &[AuditedRow], cancel: &CancelToken) -> Result<(), LabelAuditError> {
        atomic::create_parents(path)?;
        let mut file = AtomicFile::create_with_parents(path)?;
        let failed = |cause: io::Error| WriteError::writing(path, cause);
        let mut text = self.header();
        for row in rows {
            self.push(&mut text, row);
            if text.len() > WRITE_BYTES {
                cancel.check()?;
                file.write_all(&text).map_err(failed)?;
                text.clear();
            }
        }
        file.write_all(&text).map_err(failed)?;
        file.commit_keeping_old(Timestamp::now())?;
        Ok(())
    }

    fn header(&self) -> Vec<u8> {
        let mut names = self.dataset.header.clone();
        for ours in [GIVEN_LABEL, LABEL_DOUBT, CONFLICTING_TWINS] {
            let name = free_name(ours, &names.names);
            names.names.push(name);
        }
        let added: Vec<String> = ADDED.iter().map(|name| free_name(name, &names.names)).collect();
        let mut line = Vec::new();
        let Header { names } = &names;
        for name in names.iter().chain(&added) {
            if !line.is_empty() {
                line.push(b',');
            }
            push_guarded(&mut line, name.as_bytes());
        }
        line.push(b'\n');
        line
    }

    fn push(&self, line: &mut Vec<u8>, audited: &AuditedRow) {
        let row = audited.row;
        for cell in self.dataset.text.cells(row) {
            push_guarded(line, cell);
            line.push(b',');
        }
        let word = |malicious: bool| if malicious { "malicious" } else { "benign" };
        let mut numbers = ryu::Buffer::new();
        let mut number = |line: &mut Vec<u8>, value: f64| {
            line.extend_from_slice(numbers.format(value).as_bytes());
            line.push(b',');
        };
        line.extend_from_slice(word(self.dataset.labels[row]).as_bytes());
        line.push(b',');
        number(line, audited.doubt.doubt);
        line.extend_from_slice(audited.doubt.twins.to_string().as_bytes());
        line.push(b',');
        self.ids[row].push_hex(line);
        let malicious = audited.probability >= self.threshold;
        line.push(b',');
        line.extend_from_slice(word(malicious).as_bytes());
        line.push(b',');
        number(line, audited.probability);
        number(
            line,
            if malicious {
                audited.probability
            } else {
                1.0 - audited.probability
            },
        );
        let level = self
            .risk
            .level(self.risk.risk(audited.probability, self.asset(row).as_deref()));
        let action = self.risk.recommended_action(malicious, level);
        line.extend_from_slice(format!("{},{},,", level.name(), action.name()).as_bytes());
        push_cell(line, self.run.as_bytes());
        // Verdict, its reason, note, reviewer and time.
        line.extend_from_slice(b",,,,,\n");
    }

    /// The row's asset, where settings name its column.
    fn asset(&self, row: usize) -> Option<String> {
        let name = self.risk.asset_column.as_ref()?;
        let column = self.dataset.header.names.iter().position(|other| other == name)?;
        let cell = self.dataset.text.cells(row).nth(column)?;
        Some(String::from_utf8_lossy(cell).into_owned())
    }
}
