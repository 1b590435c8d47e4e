//! Owns reading back the rows that a run keeps: both sides of its split, as they were when it was trained.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::artifacts::RunFile;
use crate::cancel::CancelToken;
use crate::data::{ReadSettings, Source, open};
use crate::schema::Schema;
use crate::validation::{Purpose, ValidationSettings};

use super::checking::Checking;
use super::ingestion::{Dataset, IngestionError, ingest};
use super::rejects::RejectWriter;

/// One side of a run's split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitSide {
    /// What the model learned from.
    Train,
    /// What it was tested on.
    Test,
}

impl SplitSide {
    /// The side's file in the directories [`RunFile::Ingested`] and [`RunFile::Validated`].
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Train => "train.csv",
            Self::Test => "test.csv",
        }
    }

    /// The side's file below a run's directory, with `/`, as the manifest names it.
    pub fn relative(self) -> String {
        format!("{}/{}", RunFile::Ingested.relative(), self.file_name())
    }

    /// The side's file in a run's directory.
    pub fn path(self, run: &Path) -> PathBuf {
        run.join(self.relative())
    }
}

/// Reads one side of a run's split. `schema` is that of the run's model.
///
/// # Errors
/// The file cannot be read, or its rows do not pass the schema.
pub fn read_kept_rows(
    run: &Path,
    side: SplitSide,
    schema: &Arc<Schema>,
    cancel: &CancelToken,
) -> Result<Dataset, IngestionError> {
    let source = Source::Path(side.path(run));
    let settings = ValidationSettings::default();
    // Runs write their rows with commas, and cells without a value empty, whatever the source was.
    let reading = ReadSettings {
        delimiter: ',',
        null_texts: Vec::new(),
    };
    let checking = Checking {
        schema,
        purpose: Purpose::Train,
        settings: &settings,
        reference: None,
        failing_lines: 0,
        cancel,
    };
    // These rows passed once already; what a later schema would refuse is of no interest here.
    let mut nowhere = RejectWriter::new(std::io::sink(), false).map_err(|source| IngestionError::Write {
        path: "rejects".into(),
        source,
    })?;
    let (report, dataset) = ingest(&checking, open(&source, &reading)?, &mut nowhere, |_| {})?;
    dataset.ok_or_else(|| IngestionError::Blocked {
        source_name: source.to_string(),
        reason: report.blocking_summary(),
    })
}
