//! Owns bringing a source into memory for training: accepted rows, labels, groups and times, with what was rejected.

use std::io::Write;

use polars::prelude::{BooleanChunked, DataFrame, DataType, NewChunkedArray, TimeUnit};
use sha2::{Digest, Sha256};

use crate::data::{Header, NullTokens, RawBatch, RowReader, feature_groups};
use crate::schema::{LabelValue, Role, Schema};
use crate::validation::{Report, Status};

pub use super::checking::IngestionError;
use super::checking::{CheckedBatch, Checking};
use super::rejects::RejectWriter;

/// The accepted rows of a source, in its order.
pub struct Dataset {
    /// Column names as they stand in the source.
    pub header: Header,
    /// Typed columns, the label left out.
    pub frame: DataFrame,
    /// True is malicious; one a row.
    pub labels: Vec<bool>,
    /// Equal for rows with identical features; one a row.
    pub groups: Vec<u64>,
    /// Microseconds since 1970 UTC from the first timestamp column, where there is one.
    pub times: Option<Vec<Option<i64>>>,
    /// SHA-256, as hex, of the header and every cell that was read, rejected rows included.
    pub hash: String,
    /// The rows as text, for writing the split as files.
    pub text: RowText,
    /// Which texts of them mean "no value".
    pub nulls: NullTokens,
}

/// Accepted rows as they were read.
#[derive(Default)]
pub struct RowText {
    batches: Vec<RawBatch>,
    /// Batch and row of each accepted row.
    places: Vec<(u32, u32)>,
}

impl RowText {
    /// The cells of an accepted row. `row` is in range.
    pub fn cells(&self, row: usize) -> impl Iterator<Item = &[u8]> {
        let (batch, row) = self.places[row];
        let batch = &self.batches[batch as usize];
        (0..batch.columns()).map(move |column| batch.cell(row as usize, column))
    }

    fn push(&mut self, raw: RawBatch, accepted: &[bool]) {
        let batch = self.batches.len() as u32;
        self.places
            .extend((0..raw.rows()).filter(|&r| accepted[r]).map(|r| (batch, r as u32)));
        self.batches.push(raw);
    }
}

/// Reads and checks `reader` for training. Rejected rows go to `rejects`.
///
/// The dataset is `None` where the report is blocked.
///
/// # Errors
/// The source cannot be read, a check cannot run, `rejects` cannot be written, or cancellation.
pub fn ingest<W: Write>(
    checking: &Checking<'_>,
    reader: Box<dyn RowReader>,
    rejects: &mut RejectWriter<W>,
    mut progress: impl FnMut(u64),
) -> Result<(Report, Option<Dataset>), IngestionError> {
    let nulls = reader.null_tokens().clone();
    let mut hash = Sha256::new();
    hash_cells(&mut hash, reader.header().names.iter().map(String::as_bytes));
    let mut frame: Option<DataFrame> = None;
    let mut labels = Vec::new();
    let mut text = RowText::default();
    let mut rows = 0;
    let (report, header) = checking.run::<IngestionError>(reader, |batch, _| {
        let CheckedBatch { raw, typed, verdict } = batch;
        for row in 0..raw.rows() {
            hash_cells(&mut hash, (0..raw.columns()).map(|c| raw.cell(row, c)));
        }
        rejects
            .write(&verdict.rejects)
            .map_err(|source| IngestionError::Write {
                path: "rejects.csv".into(),
                source,
            })?;
        rows += (raw.rows() + raw.malformed.len()) as u64;
        let accepted = keep(&typed.frame, &verdict.accepted)?;
        match &mut frame {
            Some(all) => {
                all.vstack_mut(&accepted)?;
            }
            None => frame = Some(accepted),
        }
        if let Some(batch_labels) = &typed.labels {
            let kept = batch_labels
                .iter()
                .zip(&verdict.accepted)
                .filter(|(_, accepted)| **accepted);
            labels.extend(kept.map(|(label, _)| *label == LabelValue::Malicious));
        }
        text.push(raw, &verdict.accepted);
        progress(rows);
        Ok(())
    })?;
    let Some(mut frame) = frame.filter(|_| report.status != Status::Blocked) else {
        return Ok((report, None));
    };
    frame.rechunk_mut();
    let groups = feature_groups(checking.schema, &frame);
    let times = times(checking.schema, &frame)?;
    let hash = format!("{:x}", HexDigest(hash.finalize().as_ref()));
    Ok((
        report,
        Some(Dataset {
            header,
            frame,
            labels,
            groups,
            times,
            hash,
            text,
            nulls,
        }),
    ))
}

/// The rows of a frame whose flag is set.
///
/// # Errors
/// The flags do not fit the frame.
pub fn keep(frame: &DataFrame, accepted: &[bool]) -> Result<DataFrame, polars::error::PolarsError> {
    if accepted.iter().all(|&a| a) {
        return Ok(frame.clone());
    }
    frame.filter(&BooleanChunked::from_slice("accepted".into(), accepted))
}

/// These rows of a frame, in this order.
///
/// # Errors
/// A row that the frame does not have.
pub fn take_rows(frame: &DataFrame, rows: &[usize]) -> Result<DataFrame, polars::error::PolarsError> {
    let rows: Vec<polars::prelude::IdxSize> = rows.iter().map(|&r| r as polars::prelude::IdxSize).collect();
    frame.take(&polars::prelude::IdxCa::from_vec("rows".into(), rows))
}

/// Feeds a row's cells to the hash, each with its length, so that cells cannot run together.
fn hash_cells<'a>(hash: &mut Sha256, cells: impl Iterator<Item = &'a [u8]>) {
    for cell in cells {
        hash.update((cell.len() as u64).to_le_bytes());
        hash.update(cell);
    }
}

struct HexDigest<'a>(&'a [u8]);

impl std::fmt::LowerHex for HexDigest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Times of the first timestamp column that the frame has.
///
/// # Errors
/// The column is none of times.
pub fn times(schema: &Schema, frame: &DataFrame) -> Result<Option<Vec<Option<i64>>>, polars::error::PolarsError> {
    let column = schema.columns.iter().find(|c| c.role == Role::Timestamp);
    let Some(column) = column.and_then(|c| frame.column(&c.name).ok()) else {
        return Ok(None);
    };
    let micros = column
        .cast(&DataType::Datetime(TimeUnit::Microseconds, None))?
        .cast(&DataType::Int64)?;
    Ok(Some(micros.i64()?.iter().collect()))
}
