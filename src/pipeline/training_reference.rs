//! Owns what a run's own training rows say about a row: the values its columns had, and the rows nearest to it. Read
//! from the training side that the run keeps, so a run stores nothing more for it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use polars::prelude::DataFrame;

use crate::artifacts::manifest::{FileRecord, hash_reader};
use crate::artifacts::{RunError, load_directory};
use crate::cancel::{CancelToken, Cancelled};
use crate::explain::{MOST_ROWS, ReferenceRows, RowChoice, SeenValues, SmallestChange, Value, smallest_change};
use crate::schema::Column;
use crate::transform::TransformError;

use super::ingestion::{IngestionError, take_rows};
use super::kept_rows::{SplitSide, read_kept_rows};
use super::trained_model::{ScoreError, TrainedModel};
use super::typed_values::{frame_of, values_of};

/// The training rows of a run as explanations use them; of more than [`MOST_ROWS`], that many.
pub struct TrainingReference {
    /// The columns the model reads, in its order.
    columns: Vec<Column>,
    /// The values they had.
    pub seen: SeenValues,
    /// The rows.
    pub rows: ReferenceRows,
}

/// Why a run's training rows cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum TrainingReferenceError {
    /// The run's manifest cannot be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The run no longer has its training rows.
    #[error(
        "{path} is not there: the run no longer keeps its training rows; restore the file from a copy, or train again"
    )]
    Gone {
        /// The file.
        path: String,
    },
    /// The file is not what training wrote.
    #[error("{path} is not the file that training wrote: {reason}; restore it from a copy, or train again")]
    Changed {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be read.
    #[error("{path}: cannot read: {cause}")]
    Read {
        /// The file.
        path: String,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The rows cannot be read.
    #[error(transparent)]
    Rows(IngestionError),
    /// The rows are not those of this model.
    #[error(transparent)]
    Columns(#[from] TransformError),
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<IngestionError> for TrainingReferenceError {
    fn from(error: IngestionError) -> Self {
        match error {
            IngestionError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Rows(other),
        }
    }
}

impl TrainingReference {
    /// Reads the training side in a run's directory. `model` is the run's.
    ///
    /// The file must be the one the manifest names, byte for byte: else it could not be said that a value was seen in
    /// training.
    ///
    /// # Errors
    /// [`TrainingReferenceError`], which says what to do.
    pub fn open(run: &Path, model: &TrainedModel, cancel: &CancelToken) -> Result<Self, TrainingReferenceError> {
        let manifest = load_directory(run)?;
        let path = SplitSide::Train.path(run);
        check_file(&path, manifest.file(&SplitSide::Train.relative()), cancel)?;
        let dataset = read_kept_rows(run, SplitSide::Train, &model.schema, cancel)?;
        Self::of(model, &dataset.frame, &dataset.labels)
    }

    /// From training rows in memory: `frame` has the model's columns, `labels` one entry a row, true for malicious.
    ///
    /// # Errors
    /// A column that the model reads is missing or of another type.
    pub fn of(model: &TrainedModel, frame: &DataFrame, labels: &[bool]) -> Result<Self, TrainingReferenceError> {
        let columns = model_columns(model)?;
        let choice = RowChoice::at_most(MOST_ROWS, labels.len().min(frame.height()));
        let frame = take_rows(frame, &choice.rows).map_err(IngestionError::from)?;
        let labels = choice.rows.iter().filter_map(|&row| labels.get(row).copied()).collect();
        let mut seen = SeenValues::default();
        let mut rows = ReferenceRows::new(choice, labels);
        for column in &columns {
            let cells = values_of(&frame, column)?;
            seen.add(column, &cells);
            rows.add(column, &cells);
        }
        Ok(Self { columns, seen, rows })
    }

    /// A row of a typed frame as `seen` and `rows` take it. `row` is in range, or every cell is missing.
    ///
    /// # Errors
    /// A column that the model reads is missing or of another type.
    pub fn row(&self, frame: &DataFrame, row: usize) -> Result<Vec<Option<Value>>, TransformError> {
        let one = frame.slice(i64::try_from(row).unwrap_or(i64::MAX), 1);
        let cell = |column| Ok(values_of(&one, column)?.pop().flatten());
        self.columns.iter().map(cell).collect()
    }

    /// The smallest change that brings `row` below `threshold` ([`TrainedModel::threshold`], unless rows were flagged by
    /// another); `None` where none is found. How it is searched: [`smallest_change`].
    ///
    /// # Errors
    /// The model is not the one this was made for, or cancellation.
    pub fn smallest_change(
        &self,
        model: &TrainedModel,
        row: &[Option<Value>],
        threshold: f64,
        cancel: &CancelToken,
    ) -> Result<Option<SmallestChange>, ScoreError> {
        smallest_change(&self.seen, row, threshold, |rows| {
            let frame =
                frame_of(&self.columns, rows).map_err(|e| TransformError::Internal { reason: e.to_string() })?;
            model.score(&frame, cancel)
        })
    }
}

/// The schema columns that a model reads, in its order.
fn model_columns(model: &TrainedModel) -> Result<Vec<Column>, TransformError> {
    let column = |name: &str| {
        let found = model.schema.column(name).cloned();
        found.ok_or_else(|| TransformError::MissingColumn {
            column: name.to_owned(),
        })
    };
    model.preprocessor.columns().map(column).collect()
}

/// Whether the file is the one that the manifest has a record of.
fn check_file(path: &Path, record: Option<&FileRecord>, cancel: &CancelToken) -> Result<(), TrainingReferenceError> {
    let name = path.display().to_string();
    let read = |cause: io::Error| match cause.kind() {
        io::ErrorKind::NotFound => TrainingReferenceError::Gone { path: name.clone() },
        _ => TrainingReferenceError::Read {
            path: name.clone(),
            cause,
        },
    };
    let changed = |reason: &str| TrainingReferenceError::Changed {
        path: name.clone(),
        reason: reason.to_owned(),
    };
    // A FIFO or device in its place would block or never end.
    if !fs::metadata(path).map_err(read)?.is_file() {
        return Err(changed("it is no file"));
    }
    let record = record.ok_or_else(|| changed("the run's manifest does not name it"))?;
    let file = File::open(path).map_err(read)?;
    let hashed = hash_reader(UntilCancelled { file, cancel });
    cancel.check()?;
    let (bytes, sha256) = hashed.map_err(read)?;
    if (bytes, &sha256) != (record.bytes, &record.sha256) {
        return Err(changed("its SHA-256 is not the one in the run's manifest"));
    }
    Ok(())
}

/// A file whose reading ends on request.
struct UntilCancelled<'a> {
    file: File,
    cancel: &'a CancelToken,
}

impl Read for UntilCancelled<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.cancel.check().map_err(io::Error::other)?;
        self.file.read(buffer)
    }
}
