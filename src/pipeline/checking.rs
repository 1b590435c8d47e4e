//! Owns the one way rows come in: read ahead, typed by the schema, checked. Validation, training and prediction all
//! go through it, so no stage can see rows that another would refuse.

use std::sync::Arc;

use crate::cancel::{CancelToken, Cancelled};
use crate::data::{
    DataError, Header, Layout, NullTokens, RawBatch, RowReader, RowTyping, TypedBatch, TypedRow, parse_batch,
};
use crate::schema::Schema;
use crate::validation::drift::Reference;
use crate::validation::{Against, BatchVerdict, Purpose, Report, ValidationError, ValidationSettings, Validator};

use super::stream::for_each_batch;

/// Why rows could not be brought in.
#[derive(Debug, thiserror::Error)]
pub enum IngestionError {
    /// The source cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The rows cannot be checked: a rule or pattern of the schema does not work.
    #[error(transparent)]
    Validation(#[from] ValidationError),
    /// The rows do not pass.
    #[error("{source_name} is blocked by validation: {reason}")]
    Blocked {
        /// The source as the user named it.
        source_name: String,
        /// The blocking checks, in one line.
        reason: String,
    },
    /// The typed columns of two batches do not fit together.
    #[error("rows cannot be put together: {0}")]
    Frame(#[from] polars::error::PolarsError),
    /// A file could not be written.
    #[error("{path}: {source}")]
    Write {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// A source about to be checked.
pub struct Checking<'a> {
    /// What the rows must look like.
    pub schema: &'a Arc<Schema>,
    /// What they are for.
    pub purpose: Purpose,
    /// How checks behave.
    pub settings: &'a ValidationSettings,
    /// What training rows looked like, for new categories and missing rates.
    pub reference: Option<Arc<Reference>>,
    /// Lines of failing rows that each outcome of the report keeps, at most.
    pub failing_lines: usize,
    /// Asks to stop.
    pub cancel: &'a CancelToken,
}

/// Rows with what was found about them.
pub struct CheckedBatch {
    /// As read.
    pub raw: RawBatch,
    /// As the schema sees them.
    pub typed: TypedBatch,
    /// Which pass, and why the others do not.
    pub verdict: BatchVerdict,
}

impl Checking<'_> {
    /// Checks an open source to its end, handing each batch to `take`; answers the report on the whole.
    ///
    /// Columns that must be there and are not give a blocked report at once, without a row being read.
    ///
    /// # Errors
    /// The source cannot be read, a check cannot run, `take` failed, or cancellation.
    pub fn run<E>(
        &self,
        reader: Box<dyn RowReader>,
        mut take: impl FnMut(CheckedBatch, &Layout) -> Result<(), E>,
    ) -> Result<(Report, Header), E>
    where
        E: From<IngestionError> + From<DataError> + From<Cancelled>,
    {
        let header = reader.header().clone();
        let nulls: NullTokens = reader.null_tokens().clone();
        let layout = Layout::resolve(self.schema, &header);
        let against = Against {
            reference: self.reference.clone(),
            now: Some(chrono::Utc::now().timestamp_micros()),
        };
        let schema = Arc::clone(self.schema);
        let mut checker = BatchChecker::new(schema, layout, nulls, self.purpose, self.settings, against)?;
        checker.validator.keep_failing_lines(self.failing_lines);
        if checker.layout.missing.is_empty() {
            let notes = for_each_batch::<E>(reader, self.cancel, |raw| {
                let batch = checker.check(raw)?;
                take(batch, &checker.layout)
            })?;
            checker.validator.note_source(&notes);
        }
        Ok((checker.validator.finish(), header))
    }
}

/// Types and checks batches of one header, one after the other.
pub struct BatchChecker {
    schema: Arc<Schema>,
    layout: Layout,
    nulls: NullTokens,
    validator: Validator,
}

impl BatchChecker {
    /// Plans the checks of rows that stand as `layout` has it. Columns that are missing are not its concern.
    ///
    /// # Errors
    /// The schema has a pattern, an allowed value or a rule that cannot be used.
    pub fn new(
        schema: Arc<Schema>,
        layout: Layout,
        nulls: NullTokens,
        purpose: Purpose,
        settings: &ValidationSettings,
        against: Against,
    ) -> Result<Self, IngestionError> {
        let validator = Validator::new(Arc::clone(&schema), layout.clone(), purpose, settings, against)?;
        Ok(Self {
            schema,
            layout,
            nulls,
            validator,
        })
    }

    /// What types single rows of this header, where they can be typed and checked without a frame.
    pub fn row_typing(&self) -> Option<RowTyping> {
        if !self.validator.tells_single_rows() {
            return None;
        }
        RowTyping::new(&self.schema, &self.layout, &self.nulls)
    }

    /// Whether a row by itself passes; see [`Validator::passes`].
    pub fn passes(&self, row: &TypedRow<'_>) -> bool {
        self.validator.passes(row)
    }

    /// Types and checks the rows of a batch.
    ///
    /// # Errors
    /// The data frame engine failed on a rule.
    pub fn check(&mut self, raw: RawBatch) -> Result<CheckedBatch, IngestionError> {
        let typed = parse_batch(&self.schema, &self.layout, &raw, &self.nulls);
        let verdict = self.validator.check_batch(&raw, &typed)?;
        Ok(CheckedBatch { raw, typed, verdict })
    }
}
