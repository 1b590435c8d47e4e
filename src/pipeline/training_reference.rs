//! Owns what a run's own training rows say about a row: the values its columns had, and the rows nearest to it. Read
//! from the training side that the run keeps, so a run stores nothing more for it.

mod change_scorer;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use polars::prelude::DataFrame;

use crate::artifacts::manifest::{FileRecord, hash_reader};
use crate::artifacts::{RunError, load_directory};
use crate::cancel::{CancelToken, Cancelled};
use crate::explain::{
    MOST_ROWS, ReferenceRows, RowChoice, STARTS, SeenValues, SmallestChange, UsualColumn, Value, change_search,
    smallest_change,
};
use crate::schema::Column;
use crate::transform::TransformError;

use super::ingestion::{Dataset, IngestionError, take_rows};
use super::kept_rows::{SplitSide, read_kept_rows};
use super::trained_model::{ScoreError, TrainedModel};
use super::typed_values::values_of;
use change_scorer::{ChangeScorer, SeenFeatures, framed};

/// The training rows of a run as explanations use them; of more than [`MOST_ROWS`], that many.
pub struct TrainingReference {
    /// The columns the model reads, in its order.
    columns: Vec<Column>,
    /// The values they had.
    pub seen: SeenValues,
    /// What is usual in each column.
    pub usual: Vec<UsualColumn>,
    /// The rows.
    pub rows: ReferenceRows,
    /// The values as features; `None` where a column's features depend on other columns.
    features: Option<SeenFeatures>,
    /// Whether the model has a way of its own to score changes.
    scores_changes: bool,
}

/// How far the search for the smallest change goes with a model, which depends on how fast the model scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeSearch {
    /// Changes of one field, then of two.
    TwoFields,
    /// Changes of one field.
    OneField,
    /// None: even those would take too long.
    TooSlow,
}

/// Why a run's training rows cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum TrainingReferenceError {
    /// The run's manifest cannot be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The run no longer has its training rows.
    #[error("{path} is not there: the run no longer keeps these rows; restore the file from a copy, or train again")]
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
        let dataset = checked_rows(run, SplitSide::Train, model, cancel)?;
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
        let mut usual = Vec::with_capacity(columns.len());
        for column in &columns {
            let cells = values_of(&frame, column)?;
            seen.add(column, &cells);
            rows.add(column, &cells);
            usual.push(UsualColumn::of(column, &cells));
        }
        rows.arrange();
        let any_row = vec![0.0; model.classifier.width()];
        Ok(Self {
            features: SeenFeatures::of(model, &columns, &seen)?,
            scores_changes: model.classifier.predict_variations(&any_row, &[]).is_some(),
            columns,
            seen,
            usual,
            rows,
        })
    }

    /// A row of a typed frame as `seen` and `rows` take it. `row` is in range, or every cell is missing.
    ///
    /// # Errors
    /// A column that the model reads is missing or of another type.
    pub fn row(&self, frame: &DataFrame, row: usize) -> Result<Vec<Option<Value>>, TransformError> {
        row_values(&self.columns, frame, row)
    }

    /// How far [`TrainingReference::smallest_change`] searches with this model: as far as the model scores within a fraction of
    /// a second by its own account ([`crate::models::Classifier::block_rows`]).
    pub fn change_search(&self, model: &TrainedModel) -> ChangeSearch {
        let Some(features) = &self.features else {
            return ChangeSearch::TwoFields;
        };
        if self.scores_changes {
            return ChangeSearch::TwoFields;
        }
        let (one, most) = (features.changes(), model.classifier.block_rows());
        match (one <= most, one.saturating_mul(STARTS + 1) <= most) {
            (_, true) => ChangeSearch::TwoFields,
            (true, false) => ChangeSearch::OneField,
            (false, false) => ChangeSearch::TooSlow,
        }
    }

    /// The smallest change that brings `row` below `threshold` ([`TrainedModel::threshold`], unless rows were flagged by
    /// another); `None` where none is found. How it is searched: [`smallest_change`]; how far: [`TrainingReference::change_search`].
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
        let Some(features) = &self.features else {
            return self.smallest_change_by_rows(model, row, threshold, cancel);
        };
        let search = self.change_search(model);
        if search == ChangeSearch::TooSlow {
            return Ok(None);
        }
        let cells: Vec<Option<&Value>> = row.iter().map(Option::as_ref).collect();
        let matrix = model.matrix(&framed(&self.columns, &[cells])?)?;
        let mut scorer = ChangeScorer::new(model, features, matrix, cancel);
        change_search(
            &self.seen,
            row,
            threshold,
            search == ChangeSearch::TwoFields,
            &mut scorer,
        )
    }

    /// The same by scoring every changed row as a row, which any model allows and which takes many times as long.
    ///
    /// # Errors
    /// The model is not the one this was made for, or cancellation.
    pub fn smallest_change_by_rows(
        &self,
        model: &TrainedModel,
        row: &[Option<Value>],
        threshold: f64,
        cancel: &CancelToken,
    ) -> Result<Option<SmallestChange>, ScoreError> {
        smallest_change(&self.seen, row, threshold, |rows| {
            model.score(&framed(&self.columns, rows)?, cancel)
        })
    }
}

/// Rows that a run keeps, if they are still those of its manifest, byte for byte.
///
/// # Errors
/// [`TrainingReferenceError`], which says what to do.
pub fn checked_rows(
    run: &Path,
    side: SplitSide,
    model: &TrainedModel,
    cancel: &CancelToken,
) -> Result<Dataset, TrainingReferenceError> {
    let manifest = load_directory(run)?;
    check_file(&side.path(run), manifest.file(&side.relative()), cancel)?;
    Ok(read_kept_rows(run, side, &model.schema, cancel)?)
}

/// A row of a typed frame as cells of these columns. `row` is in range, or every cell is missing.
///
/// # Errors
/// A column is missing or of another type.
pub fn row_values(columns: &[Column], frame: &DataFrame, row: usize) -> Result<Vec<Option<Value>>, TransformError> {
    let one = frame.slice(i64::try_from(row).unwrap_or(i64::MAX), 1);
    let cell = |column| Ok(values_of(&one, column)?.pop().flatten());
    columns.iter().map(cell).collect()
}

/// The schema columns that a model reads, in its order.
///
/// # Errors
/// Its schema lacks one.
pub fn model_columns(model: &TrainedModel) -> Result<Vec<Column>, TransformError> {
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
