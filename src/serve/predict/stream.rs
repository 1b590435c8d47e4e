//! Owns scoring a CSV, TSV or NDJSON body as it comes: a thread reads, scores and writes block by block; every row that came
//! in comes out, in order.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::oneshot;

use super::answer::{Answer, Counts, Input, Keys};
use super::lines::Lines;
use super::runs::score_table;
use super::source::Source;
use super::spool::{Unread, Writer, spool};
use super::{push_json_head, push_json_tail, refusal_of};
use crate::data::{DataError, open_stream};
use crate::pipeline::prediction::RowOptions;
use crate::serve::body::{check_length, is_packed};
use crate::serve::media::Form;
use crate::serve::refusal::Refusal;
use crate::serve::request_id::RequestId;
use crate::serve::served::Served;
use crate::serve::state::Shared;

/// Rows of a block of CSV.
const ROWS: usize = 16_384;

/// How a stream ended before its end.
enum Broken {
    /// For a reason that the client can be told, if nothing has been answered yet.
    Refused(Refusal),
    /// The client does not read.
    Unread(Unread),
}

impl From<Refusal> for Broken {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Answers a stream with a stream. What is wrong with the head of the body, or with a body of one block, has a status of
/// its own; what is found later breaks the answer off.
pub(super) async fn answer(
    shared: Arc<Shared>,
    served: Arc<Served>,
    request: Request,
    own: Form,
    form: Form,
    options: RowOptions,
) -> Result<Response, Refusal> {
    let limits = &shared.options.limits;
    let permit = shared.stream_place()?;
    let (head, body) = request.into_parts();
    let packed = is_packed(&head.headers)?;
    check_length(&head.headers, limits.stream_bytes)?;
    let id = head
        .extensions
        .get::<RequestId>()
        .map(ToString::to_string)
        .unwrap_or_default();
    let (writer, reader, end) = spool(limits.spool_bytes, limits.idle_time);
    let source = Source::of(body, packed, limits.stream_bytes, limits.idle_time, end);
    let (begun, begins) = oneshot::channel();
    let work = Work {
        shared: Arc::clone(&shared),
        served,
        form,
        options,
        writer,
        begun: Some(begun),
        counts: Counts::default(),
    };
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work.run(source, own, &id);
    });
    begins
        .await
        .map_err(|_| Refusal::internal(&"the thread of a stream ended"))??;
    let mut response = Body::from_stream(reader).into_response();
    let value = HeaderValue::from_static(form.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    Ok(response)
}

struct Work {
    shared: Arc<Shared>,
    served: Arc<Served>,
    form: Form,
    options: RowOptions,
    writer: Writer,
    /// Told once: that the answer begins, or why there is none.
    begun: Option<oneshot::Sender<Result<(), Refusal>>>,
    counts: Counts,
}

impl Work {
    fn run(mut self, source: Source, own: Form, id: &str) {
        let why = source.why.clone();
        let result = match own {
            Form::Ndjson => self.lines(source),
            Form::Csv | Form::Tsv | Form::Json => self.table(source, own),
        };
        let Counts { rows, flagged, failed } = self.counts;
        match result {
            Ok(()) => {
                tracing::info!(request = id, rows, flagged, failed, "stream scored");
                self.writer.end(Ok(()));
            }
            Err(Broken::Refused(refusal)) => {
                // What the readers in between make of a failed read is not what went wrong.
                let refusal = why.get().unwrap_or(refusal);
                tracing::warn!(request = id, rows, "stream broken off: {}", refusal.message);
                match self.begun.take() {
                    Some(begun) => drop(begun.send(Err(refusal))),
                    None => self.writer.end(Err(refusal.message)),
                }
            }
            Err(Broken::Unread(unread)) => {
                let reason = match unread {
                    Unread::Gone => "the client went away".to_owned(),
                    Unread::Idle => "the client takes nothing of the answer".to_owned(),
                    Unread::File(error) => format!("the temporary file failed: {error}; TMPDIR names another place"),
                };
                tracing::warn!(request = id, rows, "stream broken off: {reason}");
                self.writer.end(Err(reason));
            }
        }
    }

    /// CSV and TSV (and what else the readers of files know by its first bytes, as Zeek logs).
    fn table(&mut self, source: Source, own: Form) -> Result<(), Broken> {
        let name = if own == Form::Tsv { "body.tsv" } else { "body.csv" };
        let reading = &self.shared.surroundings.settings.reading;
        let mut reader = open_stream(name, source.reader, reading).map_err(|error| unreadable(&error))?;
        let served = Arc::clone(&self.served);
        let scorer = served
            .rows
            .for_cells("the body", reader.header(), reader.null_tokens())
            .map_err(|error| refusal_of(&error))?;
        let keys = Arc::new(Keys::new(&served, &scorer));
        let mut answer = Answer::new(self.form, &served, keys);
        let mut next = reader.next_batch(ROWS).map_err(|error| unreadable(&error))?;
        // A reader hands over the rows before a failure first; as long as nothing is answered, the failure goes before them.
        if let Some(refusal) = source.why.get() {
            return Err(refusal.into());
        }
        let mut out = Vec::new();
        let mut begun = false;
        while let Some(batch) = next {
            let scored = scorer
                .score(batch, &self.options, &self.shared.cut_off)
                .map_err(|error| refusal_of(&error))?;
            if !std::mem::replace(&mut begun, true) {
                out = self.begin();
                answer.push_header(&scorer, &mut out);
            }
            let counts = answer.push_rows(&served, &Input::Raw, &scored, self.counts.rows, &mut out);
            self.hand_over(counts, &mut out)?;
            next = reader.next_batch(ROWS).map_err(|error| unreadable(&error))?;
        }
        self.finish(out)
    }

    fn lines(&mut self, source: Source) -> Result<(), Broken> {
        let mut lines = Lines::new(source.reader, source.queued);
        let served = Arc::clone(&self.served);
        let mut table = served.shape.table();
        let one_header = matches!(self.form, Form::Csv | Form::Tsv);
        let mut any = lines.fill(&mut table).map_err(|error| broken_off(&error))?;
        if !any {
            return Err(Refusal::unusable("no_rows", "there are no records in the body").into());
        }
        let mut out = Vec::new();
        while any {
            let scored = score_table(&served, &mut table, true, &self.options, &self.shared.cut_off)?;
            let mut answer = Answer::new(self.form, &served, Arc::clone(&scored.shape.keys));
            if self.counts.rows == 0 {
                out = self.begin();
                answer.push_header(&scored.shape.scorer, &mut out);
            }
            let counts = answer.push_table(&served, &table, &scored, self.counts.rows, &mut out);
            self.hand_over(counts, &mut out)?;
            if one_header {
                table.frozen = true;
                table.emptied();
            } else {
                table = served.shape.table();
            }
            any = lines.fill(&mut table).map_err(|error| broken_off(&error))?;
        }
        self.finish(out)
    }

    /// The answer begins: from here on its status cannot change.
    fn begin(&mut self) -> Vec<u8> {
        if let Some(begun) = self.begun.take() {
            // A client that is gone is noticed when it is written to.
            let _ = begun.send(Ok(()));
        }
        let mut out = Vec::new();
        if self.form == Form::Json {
            push_json_head(&mut out, &self.served, &self.options);
        }
        out
    }

    /// Counts the rows of a block and hands over what was written of it.
    fn hand_over(&mut self, counts: Counts, out: &mut Vec<u8>) -> Result<(), Broken> {
        self.counts += counts;
        self.shared
            .metrics
            .scored(counts.rows - counts.failed, counts.flagged, counts.failed);
        let room = out.len() + out.len() / 8;
        let text = std::mem::replace(out, Vec::with_capacity(room));
        self.writer.push(text).map_err(Broken::Unread)
    }

    fn finish(&mut self, mut out: Vec<u8>) -> Result<(), Broken> {
        if self.form == Form::Json {
            push_json_tail(&mut out, self.counts);
        }
        self.writer.push(out).map_err(Broken::Unread)
    }
}

fn broken_off(error: &io::Error) -> Broken {
    Broken::Refused(Refusal::malformed(error.to_string()))
}

/// What a body that is no table is answered with.
pub(in crate::serve) fn unreadable(error: &DataError) -> Refusal {
    match error {
        DataError::Read { line, .. } => Refusal::malformed(error.to_string()).line(*line),
        other => Refusal::unusable("not_rows", other.to_string()),
    }
}
