//! Owns the thread that writes scored batches, and whose error is told when it or the scoring fails.

use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread::ScopedJoinHandle;

use crate::artifacts::WriteError;

use super::error::PredictionError;
use super::output::{OutputWriter, ScoredBatch, Written};

/// Writes batches until the channel closes.
pub(super) fn write_all<W: Write>(
    mut writer: OutputWriter<W>,
    receiver: &Receiver<ScoredBatch>,
) -> io::Result<Written> {
    for batch in receiver {
        writer.write(&batch)?;
    }
    writer.finish()
}

/// A closed channel means that the writer failed; its own error is told instead of this one.
pub(super) fn send(sender: &SyncSender<ScoredBatch>, batch: ScoredBatch) -> Result<(), PredictionError> {
    sender.send(batch).map_err(|_| PredictionError::Writer)
}

/// The thread that writes.
pub(super) type Writing<'scope> = ScopedJoinHandle<'scope, io::Result<Written>>;

/// What the thread left, once it has ended.
pub(super) fn joined(writing: Writing<'_>) -> Result<io::Result<Written>, PredictionError> {
    writing.join().map_err(|_| PredictionError::Writer)
}

/// The writer's own error where that is why a batch could not be sent to it, else `error`.
pub(super) fn prefer_write_error(writing: Writing<'_>, error: PredictionError, output: &Path) -> PredictionError {
    match (joined(writing), error) {
        (Ok(Err(cause)), PredictionError::Writer) => WriteError::writing(output, cause).into(),
        (_, error) => error,
    }
}
