//! Owns `mongo push`: a file's rows on their way into a collection.

use serde_json::json;

use super::super::args::MongoArgs;
use super::super::context::Context;
use super::super::error::CliError;
use super::super::print;
use super::telling::{Teller, rate};
use super::{SHOWN, connect};
use crate::data::{self, DataError, Header, Layout, MalformedRow, RawBatch, Source};
use crate::mongo::{self, Cells, FieldKind, PushError, PushRequest, Pushed};
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

/// Stores a file's rows and says what became of them.
pub(super) fn run(source: &Source, into: Option<&str>, server: &MongoArgs, context: &Context) -> Result<(), CliError> {
    let set = source.stem();
    let collection = into.unwrap_or(&set);
    let schema = context.schema(None)?;
    let source = &context.source(Some(source), None)?;
    let mut reader = data::open(source, &context.settings.reading)?;
    let columns = columns(&schema, reader.header());
    let connection = connect(server, context)?;
    let mut malformed: Vec<MalformedRow> = Vec::new();
    let mut malformed_rows = 0_u64;
    let mut next = || {
        let batch = reader.next_batch(READ_ROWS)?;
        if let Some(batch) = &batch {
            malformed_rows += batch.malformed.len() as u64;
            let room = SHOWN.saturating_sub(malformed.len());
            malformed.extend(batch.malformed.iter().take(room).cloned());
        }
        Ok(batch.map(Batch))
    };
    let mut teller = Teller::new(context, "pushing");
    let request = PushRequest {
        collection,
        set: &set,
        columns: &columns,
    };
    let mut tell = |pushed: &Pushed| teller.tell(pushed.rows(), pushed.took, &counts(pushed));
    let pushed = mongo::push(&connection, &request, &mut next, &mut tell, &context.cancel);
    context.progress.clear();
    let pushed = pushed?;
    for row in &malformed {
        let text = format!("warning: {source}:{}: not stored, {}", row.line, row.reason);
        context.progress.line(&visible_text(&text));
    }
    warn_of(&pushed, collection, &set, context);
    let seconds = pushed.took.as_secs_f64();
    if server.json {
        let refused: Vec<_> = pushed
            .refused
            .iter()
            .map(|(row, reason)| json!({ "row": row, "reason": reason }))
            .collect();
        print::json(&json!({
            "source": source.to_string(),
            "server": connection.target().address.hosts(),
            "database": connection.target().database,
            "collection": collection,
            "data_set": set,
            "rows": pushed.rows(),
            "new": pushed.new,
            "already_there": pushed.there,
            "failed": pushed.failed,
            "malformed": malformed_rows,
            "others": pushed.others,
            "refused": refused,
            "seconds": seconds,
            "rows_per_second": rate(pushed.rows(), pushed.took),
        }))?;
    } else {
        let text = format!(
            "{}.{collection}: {} rows of {source}: {}; {seconds:.1} s, {} rows/s",
            connection.target().database,
            grouped(pushed.rows()),
            counts(&pushed),
            grouped(rate(pushed.rows(), pushed.took)),
        );
        print::out(&format!("{}\n", visible_text(&text)))?;
    }
    match pushed.refused.first() {
        None => Ok(()),
        Some((row, why)) => Err(CliError::Failed {
            message: format!(
                "{} rows were not stored; the first is row {row}: {why}",
                grouped(pushed.failed)
            ),
            cause: None,
        }),
    }
}

/// What each column of a file is stored as: as the schema has it, and text where it does not know the column.
fn columns(schema: &Schema, header: &Header) -> Vec<(String, FieldKind)> {
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

fn counts(pushed: &Pushed) -> String {
    format!(
        "{} new, {} already there, {} failed",
        grouped(pushed.new),
        grouped(pushed.there),
        grouped(pushed.failed)
    )
}

fn warn_of(pushed: &Pushed, collection: &str, set: &str, context: &Context) {
    for (row, why) in pushed.refused.iter().skip(1) {
        context
            .progress
            .line(&visible_text(&format!("warning: row {row} was not stored: {why}")));
    }
    if pushed.others > 0 {
        let text = format!(
            "warning: {collection} holds {} more rows under the name {set} that are not in this file; an earlier version of it \
             was pushed there",
            grouped(pushed.others)
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
