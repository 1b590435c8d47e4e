//! Owns the log files: where lines go, how they look, and that a hostile value cannot act from within them.
//!
//! `logs/training_pipeline.log` has what the pipeline says (stages, counts, metrics), `logs/nsec-tui.log` everything
//! else. Both are links to the file of the day. Writing happens on threads of its own; nothing here stops the program.

mod gather;
mod layer;
mod recent;
mod roll;
mod settings;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::io::{self, Write};
use std::sync::{Arc, RwLock};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

pub use recent::{Recent, RecentLine};
pub use settings::{LogLevel, LoggingSettings};

use crate::workspace::Workspace;
use gather::Gathered;
use layer::LogLayer;
use roll::DailyFile;

/// The log of the pipeline, in `logs/`.
pub const PIPELINE_LOG: &str = "training_pipeline.log";

/// The log of everything else, in `logs/`.
pub const PROGRAM_LOG: &str = "nsec-tui.log";

/// Lines that may wait for a slow disk; more are dropped and counted, for the pipeline must not wait.
const WAITING_LINES: usize = 16_384;

/// The run that log lines belong to, shared by all threads. A span field `run` goes before it.
#[derive(Clone, Debug, Default)]
pub struct RunTag(Arc<RwLock<Option<String>>>);

impl RunTag {
    /// From now on lines carry this run; `None` ends it.
    pub fn set(&self, run_id: Option<&str>) {
        // A thread that panicked while it held the lock left a whole value behind.
        let mut tag = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *tag = run_id.map(str::to_owned);
    }

    fn get(&self) -> Option<String> {
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

/// Keeps logging going; dropping it writes what still waits.
#[derive(Debug, Default)]
pub struct LogGuard {
    run: RunTag,
    recent: Recent,
    workers: Vec<WorkerGuard>,
    dropped: Vec<ErrorCounter>,
}

impl LogGuard {
    /// Sets the run that lines belong to.
    pub fn run_tag(&self) -> RunTag {
        self.run.clone()
    }

    /// The latest lines, also of a log that no file takes.
    pub fn recent(&self) -> Recent {
        self.recent.clone()
    }

    /// Lines lost because the disk was too slow.
    pub fn dropped_lines(&self) -> usize {
        self.dropped.iter().map(ErrorCounter::dropped_lines).sum()
    }

    /// Whether anything is logged to a file.
    pub fn is_active(&self) -> bool {
        !self.workers.is_empty()
    }
}

/// Starts logging for the whole program. `level` (`--log-level`) goes before the settings. Never fails: what could not
/// be set up is returned as warnings for the user, and the program goes on without it.
pub fn init(workspace: &Workspace, settings: &LoggingSettings, level: Option<LogLevel>) -> (LogGuard, Vec<String>) {
    let (subscriber, guard, mut warnings) = subscriber(workspace, settings, level);
    if let Some(subscriber) = subscriber
        && tracing::subscriber::set_global_default(subscriber).is_err()
    {
        warnings.push("logging was set up twice; the first one stays".to_owned());
    }
    (guard, warnings)
}

/// The subscriber that [`init`] installs; `None` if nothing is to be logged. Where no file can be written, the latest
/// lines are still kept.
pub fn subscriber(
    workspace: &Workspace,
    settings: &LoggingSettings,
    level: Option<LogLevel>,
) -> (Option<impl Subscriber + Send + Sync + use<>>, LogGuard, Vec<String>) {
    let mut guard = LogGuard::default();
    let mut warnings = Vec::new();
    let level = level_filter(level.unwrap_or(settings.level));
    if level == LevelFilter::OFF {
        return (None, guard, warnings);
    }
    let mut open = |name: &'static str| match DailyFile::open(&workspace.logs_dir(), name, settings.keep_days) {
        Ok((file, warning)) => {
            warnings.extend(warning);
            Some(start_writer(file, &mut guard))
        }
        Err(e) => {
            let path = workspace.logs_dir().join(name);
            let cause = crate::artifacts::atomic::advice(&e);
            warnings.push(format!(
                "{}: cannot write the log, going on without it: {cause}",
                path.display()
            ));
            None
        }
    };
    let (pipeline, program) = (open(PIPELINE_LOG), open(PROGRAM_LOG));
    let layer = LogLayer::new(pipeline, program, guard.recent(), guard.run_tag(), settings.json);
    // Libraries are heard when they warn.
    let targets = Targets::new()
        .with_target("nsec_tui", level)
        .with_default(level.min(LevelFilter::from_level(Level::WARN)));
    (
        Some(Registry::default().with(layer.with_filter(targets))),
        guard,
        warnings,
    )
}

fn start_writer<W: Write + Send + 'static>(writer: W, guard: &mut LogGuard) -> NonBlocking {
    let (sink, worker) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(WAITING_LINES)
        .thread_name("nsec-log")
        .finish(Gathered::new(writer));
    guard.dropped.push(sink.error_counter());
    guard.workers.push(worker);
    sink
}

fn level_filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// An error with its causes, outermost first, in one line. A cause that its error's text already tells is not
/// repeated.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    const MOST: usize = 32;
    let mut text = error.to_string();
    let mut next = error.source();
    for _ in 0..MOST {
        let Some(cause) = next else { break };
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}

/// What a log file's writer gives when it cannot be opened.
type OpenResult<T> = io::Result<(T, Option<String>)>;
