//! Owns reading ahead: a thread of its own reads raw batches while the caller works on the ones before.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::cancel::{CancelToken, Cancelled};
use crate::data::{DataError, RawBatch, RowReader};

/// Rows a batch: large enough to amortise work a batch, small enough that a few in flight stay far below 100 MB and most
/// of one in the outer cache.
pub const BATCH_ROWS: usize = 16_384;

/// How soon a cancelled caller stops waiting for a reader that blocks, on standard input for example.
const POLL: Duration = Duration::from_millis(50);

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
    if let Err(cause) = spawned {
        let reason = "no thread could be started to read it; close other programs and try again".to_owned();
        return Err(DataError::Open {
            source_name: "source".into(),
            reason,
            cause: Some(cause),
        }
        .into());
    }
    loop {
        cancel.check()?;
        match receiver.recv_timeout(POLL) {
            Ok(Read::Batch(batch)) => take(batch)?,
            Ok(Read::End(notes)) => return Ok(notes),
            Ok(Read::Failed(error)) => return Err(error.into()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let reason = "the reader ended before the source did; please report this".to_owned();
                return Err(DataError::Content {
                    source_name: "source".into(),
                    reason,
                }
                .into());
            }
        }
    }
}
