//! Owns storing the rows of a reader in a collection: what each column is stored as, how far it is, and what a person should
//! know of what came of it.

use super::super::context::Context;
use super::super::error::CliError;
use super::SHOWN;
use super::telling::Teller;
use crate::data::{DataError, Header, Layout, MalformedRow, RawBatch, RowReader};
use crate::mongo::{self, Cells, Connection, FieldKind, PushError, PushRequest, Pushed};
use crate::schema::{ColumnType, Schema};
use crate::text::{grouped, visible_text};

/// Rows read from a file at a time.
const READ_ROWS: usize = 8_192;

/// A batch as the sender reads it.
struct Batch(RawBatch);

impl Cells for Batch {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn cell(&self, row: usize, column: usize) -> &[u8] {
        self.0.cell(row, column)
    }
}

/// What became of a source's rows.
pub(super) struct Stored {
    pub(super) pushed: Pushed,
    /// Rows that could not be read, and so were not sent.
    pub(super) malformed: u64,
}

impl Stored {
    /// Rows that the server would not take are an error, though all others are there.
    pub(super) fn check(&self) -> Result<(), CliError> {
        match self.pushed.refused.first() {
            None => Ok(()),
            Some((row, why)) => Err(CliError::Failed {
                message: format!(
                    "{} rows were not stored; the first is row {row}: {why}",
                    grouped(self.pushed.failed)
                ),
                cause: None,
            }),
        }
    }
}

/// Stores all rows of a reader; `name` is how messages call it.
pub(super) fn store(
    reader: &mut dyn RowReader,
    name: &str,
    request: &PushRequest<'_>,
    connection: &Connection,
    context: &Context,
) -> Result<Stored, CliError> {
    let mut shown: Vec<MalformedRow> = Vec::new();
    let mut malformed = 0_u64;
    let mut next = || {
        let batch = reader.next_batch(READ_ROWS)?;
        if let Some(batch) = &batch {
            malformed += batch.malformed.len() as u64;
            let room = SHOWN.saturating_sub(shown.len());
            shown.extend(batch.malformed.iter().take(room).cloned());
        }
        Ok(batch.map(Batch))
    };
    let mut teller = Teller::new(context, "storing");
    let mut tell = |pushed: &Pushed| teller.tell(pushed.rows(), pushed.took, &counts(pushed));
    let pushed = mongo::push(connection, request, &mut next, &mut tell, &context.cancel);
    context.progress.clear();
    let pushed = pushed?;
    for row in &shown {
        let text = format!("warning: {name}:{}: not stored, {}", row.line, row.reason);
        context.progress.line(&visible_text(&text));
    }
    warn_of(&pushed, request, context);
    Ok(Stored { pushed, malformed })
}

/// What each column of a file is stored as: as the schema has it, and text where it does not know the column.
pub(super) fn columns(schema: &Schema, header: &Header) -> Vec<(String, FieldKind)> {
    let mut columns: Vec<(String, FieldKind)> = header
        .names
        .iter()
        .map(|name| (name.clone(), FieldKind::Text))
        .collect();
    let layout = Layout::resolve(schema, header);
    for (column, source) in schema.columns.iter().zip(&layout.sources) {
        let kind = match column.kind {
            ColumnType::Int | ColumnType::Port => FieldKind::Whole,
            ColumnType::Float => FieldKind::Number,
            _ => FieldKind::Text,
        };
        if let Some(own) = source.and_then(|at| columns.get_mut(at)) {
            own.1 = kind;
        }
    }
    columns
}

/// `3 new, 0 already there, 0 failed`.
pub(super) fn counts(pushed: &Pushed) -> String {
    format!(
        "{} new, {} already there, {} failed",
        grouped(pushed.new),
        grouped(pushed.there),
        grouped(pushed.failed)
    )
}

fn warn_of(pushed: &Pushed, request: &PushRequest<'_>, context: &Context) {
    for (row, why) in pushed.refused.iter().skip(1) {
        context
            .progress
            .line(&visible_text(&format!("warning: row {row} was not stored: {why}")));
    }
    if pushed.others > 0 {
        let text = format!(
            "warning: {} holds {} more rows under the name {} that are not among these; an earlier version of them was \
             stored there",
            request.collection,
            grouped(pushed.others),
            request.set
        );
        context.progress.line(&visible_text(&text));
    }
    if pushed.no_index {
        context.progress.line(
            "warning: the server would not make an index of row numbers; reading the rows back in order is slower",
        );
    }
}

impl From<PushError<DataError>> for CliError {
    fn from(error: PushError<DataError>) -> Self {
        match error {
            PushError::Mongo(inner) => inner.into(),
            PushError::Source(inner) => inner.into(),
            other @ PushError::OtherColumns { .. } => Self::Usage(other.to_string()),
        }
    }
}
