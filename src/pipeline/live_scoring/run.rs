//! Owns the course of a stream: read ahead by one thread, cut and scored here and on the pool, written by another.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use crate::cancel::CancelToken;
use crate::data::{Header, LiveFormat, LiveSource, RawBatch, ReadSettings, named_header, open_live};
use crate::pipeline::prediction::{RowModel, RowOptions, RowScorer};
use crate::pipeline::stream::for_each_batch;

use super::answer::Answer;
use super::error::LiveError;
use super::json_rows::JsonRows;
use super::tab_rows;
use super::written::{Answered, Form};

/// How the rows of a stream stand, coming in and going out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// CSV, as `predict` reads it.
    Csv,
    /// Tab-separated with backslash escapes, as ClickHouse has it.
    Tsv,
    /// One JSON object a line.
    Ndjson,
}

impl RowFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Tsv, Self::Ndjson];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Ndjson => "ndjson",
        }
    }
}

impl std::str::FromStr for RowFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|format| format.name() == text);
        known.ok_or_else(|| "it is csv, tsv or ndjson".to_owned())
    }
}

/// What a stream is scored with.
pub struct LiveRequest<'a> {
    /// The model.
    pub model: &'a RowModel,
    /// How rows stand.
    pub format: RowFormat,
    /// The names of the cells of CSV and tab-separated rows; `None` where the first line says them.
    pub names: Option<&'a [String]>,
    /// Flag from this probability on.
    pub threshold: Option<f64>,
    /// Our columns that are written, without the row; empty for all of them behind it.
    pub only: &'a [Answer],
    /// How CSV is read, and what means "no value".
    pub reading: &'a ReadSettings,
    /// How long the stream must be silent before what has come is answered.
    pub pause: Duration,
}

/// What became of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveSummary {
    /// Rows that came in.
    pub rows: u64,
    /// Rows that could not be scored.
    pub rejected: u64,
    /// Rows at or above the threshold.
    pub flagged: u64,
    /// Whether whoever reads the answer went before its end.
    pub left: bool,
}

/// Scores a stream to its end, or until nobody reads the answer any more. Every row that comes in goes out, in order, with
/// a score or the reason why there is none.
///
/// # Errors
/// The stream cannot be read or written, lacks columns, a check or the model does not work, or cancellation. Never because
/// of what stands in a row.
pub fn score_live(
    stream: impl Read + Send + 'static,
    out: &mut (impl Write + Send + ?Sized),
    request: &LiveRequest<'_>,
    cancel: &CancelToken,
) -> Result<LiveSummary, LiveError> {
    let options = RowOptions {
        threshold: request.threshold,
        explain: 0,
    };
    options.check()?;
    let form = Form {
        format: request.format,
        answers: if request.only.is_empty() {
            Answer::ALL.to_vec()
        } else {
            request.only.to_vec()
        },
        rows: request.only.is_empty(),
    };
    let Some(source) = open_live(SOURCE, stream, live_format(request), request.pause, request.reading)? else {
        return Ok(LiveSummary::default());
    };
    let (rows, header) = match Rows::new(request, &source)? {
        (rows, Some(names)) => (rows, form.header(&names, source.header.as_deref())),
        (rows, None) => (rows, Vec::new()),
    };
    let mut summary = LiveSummary::default();
    let result = thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Answered>(2);
        let writing = scope.spawn(move || write_all(&form, &header, out, &receiver));
        let read = for_each_batch::<LiveError>(source.reader, cancel, |lines| {
            let answered = rows.score(lines, &options, cancel)?;
            for run in &answered.runs {
                summary.rows += run.len() as u64;
                summary.rejected += run.rejected() as u64;
                summary.flagged += run.flagged();
            }
            sender
                .send(answered)
                .map_err(|_| LiveError::Write(io::ErrorKind::Other.into()))
        });
        drop(sender);
        let written = writing.join();
        match (written, read) {
            // The writer's own error is why nothing could be sent to it.
            (Ok(Err(error)), Ok(_) | Err(LiveError::Write(_))) => Err(LiveError::Write(error)),
            (Err(_), _) => Err(LiveError::Write(io::ErrorKind::Other.into())),
            (_, read) => read.map(|_| ()),
        }
    });
    match result {
        Ok(()) => Ok(summary),
        Err(LiveError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            summary.left = true;
            Ok(summary)
        }
        Err(error) => Err(error),
    }
}

/// How the stream is named in messages.
const SOURCE: &str = "standard input";

fn live_format(request: &LiveRequest<'_>) -> LiveFormat {
    match (request.format, request.names) {
        (RowFormat::Csv, None) => LiveFormat::Csv,
        (RowFormat::Csv, Some(names)) => LiveFormat::CsvOf(names.to_vec()),
        (RowFormat::Tsv, names) => LiveFormat::Lines {
            header: names.is_none(),
            skip_blank: false,
        },
        (RowFormat::Ndjson, _) => LiveFormat::Lines {
            header: false,
            skip_blank: true,
        },
    }
}

fn write_all(
    form: &Form,
    header: &[u8],
    out: &mut (impl Write + ?Sized),
    receiver: &Receiver<Answered>,
) -> io::Result<()> {
    out.write_all(header)?;
    out.flush()?;
    for batch in receiver {
        form.write(&batch, out)?;
    }
    Ok(())
}

/// How batches become rows that can be scored.
enum Rows<'a> {
    Csv(RowScorer),
    Tsv(RowScorer),
    Ndjson(&'a RowModel, JsonRows),
}

impl<'a> Rows<'a> {
    /// With the names of a header that goes out, if one came in.
    fn new(request: &LiveRequest<'a>, source: &LiveSource) -> Result<(Self, Option<Header>), LiveError> {
        let model = request.model;
        Ok(match (request.format, request.names) {
            (RowFormat::Csv, names) => {
                let scorer = model.for_header(SOURCE, source.names())?;
                (Self::Csv(scorer), names.is_none().then(|| source.names().clone()))
            }
            (RowFormat::Tsv, given) => {
                let came = || tab_rows::names(source.header.as_deref().unwrap_or_default());
                let names = given.map_or_else(came, <[String]>::to_vec);
                let names = named_header(SOURCE, names, b'\t')?;
                let scorer = model.for_header(SOURCE, &names)?;
                (Self::Tsv(scorer), given.is_none().then_some(names))
            }
            (RowFormat::Ndjson, _) => (Self::Ndjson(model, JsonRows::new(model)), None),
        })
    }

    fn score(&self, batch: RawBatch, options: &RowOptions, cancel: &CancelToken) -> Result<Answered, LiveError> {
        Ok(match self {
            Self::Csv(scorer) => Answered {
                runs: vec![scorer.score(batch, options, cancel)?],
                lines: None,
            },
            Self::Tsv(scorer) => {
                let rows = tab_rows::cut(&batch, scorer.header().names.len());
                Answered {
                    runs: vec![scorer.score(rows, options, cancel)?],
                    lines: Some(batch),
                }
            }
            Self::Ndjson(model, keys) => {
                let mut runs = Vec::new();
                for read in keys.read(&batch) {
                    let scorer = model.for_header(SOURCE, &read.header)?;
                    runs.push(scorer.score(read.rows, options, cancel)?);
                }
                Answered {
                    runs,
                    lines: Some(batch),
                }
            }
        })
    }
}
