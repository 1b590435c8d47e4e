//! Owns how a log line looks, and which file it goes to.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::io::Write as _;

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::{Recent, RecentLine, RunTag};
use crate::text::{escape_json, visible_text};

/// Longer values are cut: a cell can hold megabytes.
const MAX_VALUE_BYTES: usize = 16 << 10;

/// The modules whose lines are the pipeline's; the rest is the program's.
const PIPELINE_MODULES: [&str; 11] = [
    "pipeline",
    "data",
    "schema",
    "validation",
    "transform",
    "models",
    "metrics",
    "explain",
    "artifacts",
    "triage",
    "synthetic",
];

/// Writes each event as one line.
pub(super) struct LogLayer {
    pipeline: Option<NonBlocking>,
    program: Option<NonBlocking>,
    recent: Recent,
    run: RunTag,
    json: bool,
}

/// The value of a span's field `run`.
struct SpanRun(String);

impl LogLayer {
    pub(super) fn new(
        pipeline: Option<NonBlocking>,
        program: Option<NonBlocking>,
        recent: Recent,
        run: RunTag,
        json: bool,
    ) -> Self {
        Self {
            pipeline,
            program,
            recent,
            run,
            json,
        }
    }

    fn line(&self, event: &Event<'_>, run: Option<&str>) -> String {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        let metadata = event.metadata();
        let level = metadata.level().as_str();
        if self.json {
            let others: Map<String, Value> = (fields.others.into_iter())
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            let document = json!({
                "time": time,
                "level": level.to_lowercase(),
                "run": run,
                "target": metadata.target(),
                "message": fields.message,
                "fields": others,
            });
            return format!("{}\n", escape_json(&document.to_string()));
        }
        let mut text = String::with_capacity(256);
        let _a_string_takes_everything = write!(
            text,
            "{time} {level:5} {} {}: {}",
            visible_text(run.unwrap_or("-")),
            metadata.target(),
            visible_text(&fields.message)
        );
        for (name, value) in &fields.others {
            let _a_string_takes_everything = match value {
                Value::String(s) if !s.is_empty() && !s.contains([' ', '"', '=']) => {
                    write!(text, " {name}={}", visible_text(s))
                }
                Value::String(_) => write!(text, " {name}={}", escape_json(&value.to_string())),
                plain => write!(text, " {name}={plain}"),
            };
        }
        text.push('\n');
        text
    }
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        keep_run(&fields, id, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        keep_run(&fields, id, &context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let own = if is_pipeline(event.metadata().target()) {
            &self.pipeline
        } else {
            &self.program
        };
        let sink = own.as_ref().or(self.program.as_ref()).or(self.pipeline.as_ref());
        let of_span = context
            .event_scope(event)
            .and_then(|mut scope| scope.find_map(|span| span.extensions().get::<SpanRun>().map(|run| run.0.clone())));
        let run = of_span.or_else(|| self.run.get());
        let mut line = self.line(event, run.as_deref());
        if let Some(sink) = sink {
            // The queue's refusal is counted by the queue; there is nowhere to report it to from here.
            let _counted = sink.clone().write_all(line.as_bytes());
        }
        line.truncate(line.trim_end_matches('\n').len());
        self.recent.push(RecentLine {
            level: *event.metadata().level(),
            run,
            text: line,
        });
    }
}

fn keep_run<S>(fields: &Fields, id: &Id, context: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let run = fields.others.iter().find(|(name, _)| *name == "run");
    if let (Some((_, Value::String(run))), Some(span)) = (run, context.span(id)) {
        span.extensions_mut().replace(SpanRun(run.clone()));
    }
}

fn is_pipeline(target: &str) -> bool {
    target
        .strip_prefix("nsec_tui::")
        .and_then(|rest| rest.split("::").next())
        .is_some_and(|module| PIPELINE_MODULES.contains(&module))
}

/// The fields of an event or span, each cut to a bounded size.
#[derive(Default)]
struct Fields {
    message: String,
    /// In the order in which they were given.
    others: Vec<(&'static str, Value)>,
}

impl Fields {
    fn text(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = text;
        } else {
            self.insert(field, Value::String(text));
        }
    }

    fn insert(&mut self, field: &Field, value: Value) {
        match self.others.iter_mut().find(|(name, _)| *name == field.name()) {
            Some((_, old)) => *old = value,
            None => self.others.push((field.name(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinities; as text they are at least said.
        let value = if value.is_finite() {
            json!(value)
        } else {
            json!(value.to_string())
        };
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let text = if value.len() <= MAX_VALUE_BYTES {
            value.to_owned()
        } else {
            bounded(format_args!("{value}"))
        };
        self.text(field, text);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.text(field, bounded(format_args!("{}", super::error_chain(value))));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, bounded(format_args!("{value:?}")));
    }
}

/// Formats until the bound is reached; what lies beyond is never even made.
fn bounded(value: fmt::Arguments<'_>) -> String {
    let mut out = Bounded(String::new());
    if out.write_fmt(value).is_err() {
        out.0.push_str("... (cut)");
    }
    out.0
}

struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_VALUE_BYTES.saturating_sub(self.0.len());
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0
            .push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
        Err(fmt::Error)
    }
}
