//! Owns `mongo push`: a file's rows on their way into a collection.

use serde_json::json;

use super::super::args::MongoArgs;
use super::super::context::Context;
use super::super::error::CliError;
use super::super::print;
use super::connect;
use super::rows::{columns, counts, store};
use super::telling::rate;
use crate::data::{self, Source};
use crate::mongo::PushRequest;
use crate::text::{grouped, visible_text};

/// Stores a file's rows and says what became of them.
pub(super) fn run(source: &Source, into: Option<&str>, server: &MongoArgs, context: &Context) -> Result<(), CliError> {
    let set = source.stem();
    let collection = into.unwrap_or(&set);
    let schema = context.schema(None)?;
    let source = &context.source(Some(source), None)?;
    let mut reader = data::open(source, &context.settings.reading)?;
    let columns = columns(&schema, reader.header());
    let connection = connect(server, context)?;
    let request = PushRequest {
        collection,
        set: &set,
        columns: &columns,
    };
    let stored = store(&mut *reader, &source.to_string(), &request, &connection, context)?;
    let pushed = &stored.pushed;
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
            "malformed": stored.malformed,
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
            counts(pushed),
            grouped(rate(pushed.rows(), pushed.took)),
        );
        print::out(&format!("{}\n", visible_text(&text)))?;
    }
    stored.check()
}
