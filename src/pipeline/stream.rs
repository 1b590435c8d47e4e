//! Owns reading ahead: threads of their own open a source and read raw batches while the caller works on the ones
//! before, and are left behind when it stops.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::cancel::{CancelToken, Cancelled};
use crate::data::{DataError, RawBatch, ReadSettings, RowReader, Source, open};

/// Rows a batch: large enough to amortise work a batch, small enough that a few in flight stay far below 100 MB and most
/// of one in the outer cache.
pub const BATCH_ROWS: usize = 16_384;

/// How soon a cancelled caller stops waiting for a reader that blocks, on standard input for example.
const POLL: Duration = Duration::from_millis(50);

/// Opens a source as [`open`] does, on a thread of its own: the first bytes of standard input or a pipe may never
/// come, and cancellation must not wait for them.
///
/// # Errors
/// The source cannot be opened, or cancellation.
pub fn open_source<E>(source: &Source, reading: &ReadSettings, cancel: &CancelToken) -> Result<Box<dyn RowReader>, E>
where
    E: From<DataError> + From<Cancelled>,
{
    let (source, reading) = (source.clone(), reading.clone());
    Ok(detached::<_, E>("opener", cancel, move || open(&source, &reading))??)
}

/// Runs `job` on a thread of its own and waits for it; on cancellation the thread is left behind.
///
/// # Errors
/// No thread to be had, or cancellation.
pub fn detached<T, E>(name: &str, cancel: &CancelToken, job: impl FnOnce() -> T + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DataError> + From<Cancelled>,
{
    let (sender, receiver) = sync_channel(1);
    thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            // Nobody is left to receive the result after a cancellation.
            let _ = sender.send(job());
        })
        .map_err(no_thread)?;
    loop {
        cancel.check()?;
        match receiver.recv_timeout(POLL) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(ended_early().into()),
        }
    }
}

fn no_thread(cause: std::io::Error) -> DataError {
    DataError::Open {
        source_name: "source".into(),
        reason: "no thread could be started to read it; close other programs and try again".to_owned(),
        cause: Some(cause),
    }
}

fn ended_early() -> DataError {
    DataError::Content {
        source_name: "source".into(),
        reason: "the reader ended before the source did; please report this".to_owned(),
    }
}

enum Read {
    Batch(RawBatch),
    End(Vec<String>),
    Failed(DataError),
}

/// Calls `take` with each batch in order; answers the source's notes at the end.
///
/// The reading thread is left behind, not joined, when the caller stops early: it may be blocked in a read that
/// cannot be interrupted, and ends by itself when that returns.
///
/// # Errors
/// The source cannot be read, `take` failed, or cancellation.
pub fn for_each_batch<E>(
    mut reader: Box<dyn RowReader>,
    cancel: &CancelToken,
    mut take: impl FnMut(RawBatch) -> Result<(), E>,
) -> Result<Vec<String>, E>
where
    E: From<DataError> + From<Cancelled>,
{
    let (sender, receiver) = sync_channel::<Read>(2);
    let spawned = thread::Builder::new().name("reader".into()).spawn(move || {
        loop {
            let read = match reader.next_batch(BATCH_ROWS) {
                Ok(Some(batch)) => Read::Batch(batch),
                Ok(None) => Read::End(reader.notes().to_vec()),
                Err(error) => Read::Failed(error),
            };
            let last = !matches!(read, Read::Batch(_));
            if sender.send(read).is_err() || last {
                return;
            }
        }
    });
    spawned.map_err(no_thread)?;
    loop {
        cancel.check()?;
        match receiver.recv_timeout(POLL) {
            Ok(Read::Batch(batch)) => take(batch)?,
            Ok(Read::End(notes)) => return Ok(notes),
            Ok(Read::Failed(error)) => return Err(error.into()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(ended_early().into()),
        }
    }
}

#[cfg(test)]
mod tests;
