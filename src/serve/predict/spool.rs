//! Owns the way of an answer from the thread that makes it to the connection. Many clients send their whole body before
//! they read anything, so an answer that waits to be read would keep its own request from ending: what they do not take
//! meanwhile goes through a temporary file.

use std::collections::VecDeque;
use std::fs::File;
use std::future::Future as _;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures_util::Stream;
use tokio::task::JoinHandle;

/// Bytes that wait in memory.
const IN_MEMORY: usize = 1 << 20;
/// Bytes read back from the file at once.
const PIECE: usize = 256 << 10;

/// Why an answer cannot be written further.
#[derive(Debug)]
pub(in crate::serve) enum Unread {
    /// The client is gone.
    Gone,
    /// It has taken nothing for too long.
    Idle,
    /// The temporary file failed.
    File(io::Error),
}

#[derive(Default)]
struct State {
    memory: VecDeque<Bytes>,
    in_memory: usize,
    /// What waits on disk: the file, how many of its bytes are written, and how many of these are read.
    file: Option<Arc<File>>,
    written: u64,
    read: u64,
    /// Whether a part is on its way to the file, which must stay until it is there.
    writing: bool,
    ended: Option<Result<(), String>>,
    reader_gone: bool,
    request_ended: bool,
    taken_at: Option<Instant>,
    waker: Option<Waker>,
}

/// The lock is never held while the disk is waited for: the connection's thread takes it, too.
struct Shared {
    state: Mutex<State>,
    moved: Condvar,
    most_on_disk: u64,
    idle: Duration,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end that is written to. An answer that is not finished counts as broken off.
pub(in crate::serve) struct Writer(Arc<Shared>);

/// The end that the connection reads.
pub(in crate::serve) struct Reader {
    shared: Arc<Shared>,
    /// A piece on its way back from the disk.
    piece: Option<JoinHandle<io::Result<Bytes>>>,
}

/// Tells that the request has come in to its end: from then on its client reads.
#[derive(Clone)]
pub(in crate::serve) struct RequestEnd(Arc<Shared>);

/// A way for one answer.
pub(in crate::serve) fn spool(most_on_disk: u64, idle: Duration) -> (Writer, Reader, RequestEnd) {
    let shared = Arc::new(Shared {
        state: Mutex::default(),
        moved: Condvar::new(),
        most_on_disk,
        idle,
    });
    (
        Writer(Arc::clone(&shared)),
        Reader {
            shared: Arc::clone(&shared),
            piece: None,
        },
        RequestEnd(shared),
    )
}

impl RequestEnd {
    pub(in crate::serve) fn reached(&self) {
        self.0.lock().request_ended = true;
        self.0.moved.notify_all();
    }
}

impl Writer {
    /// Hands over the next part; waits where the client does not keep up and could.
    ///
    /// # Errors
    /// [`Unread`].
    pub(in crate::serve) fn push(&self, bytes: Vec<u8>) -> Result<(), Unread> {
        let mut state = self.0.lock();
        let waiting_since = Instant::now();
        loop {
            if state.reader_gone {
                return Err(Unread::Gone);
            }
            if state.file.is_none() && state.in_memory < IN_MEMORY {
                state.in_memory += bytes.len();
                state.memory.push_back(Bytes::from(bytes));
                break;
            }
            // The file's length counts, not what is unread of it: the disk has it back when all of it is read.
            if !state.request_ended && state.written + bytes.len() as u64 <= self.0.most_on_disk {
                state = self.to_disk(state, &bytes)?;
                break;
            }
            let since = state.taken_at.map_or(waiting_since, |taken| taken.max(waiting_since));
            let Some(left) = self.0.idle.checked_sub(since.elapsed()) else {
                return Err(Unread::Idle);
            };
            state = (self.0.moved.wait_timeout(state, left)).map_or_else(|e| e.into_inner().0, |(state, _)| state);
        }
        wake(&mut state);
        Ok(())
    }

    /// Writes a part behind the others in the file.
    fn to_disk<'a>(&'a self, mut state: MutexGuard<'a, State>, bytes: &[u8]) -> Result<MutexGuard<'a, State>, Unread> {
        let (known, at) = (state.file.clone(), state.written);
        state.writing = true;
        drop(state);
        let write = || {
            let file = match known {
                Some(file) => file,
                None => Arc::new(tempfile::tempfile()?),
            };
            file.write_all_at(bytes, at)?;
            Ok(file)
        };
        let written = write().map_err(Unread::File);
        let mut state = self.0.lock();
        state.writing = false;
        state.file = Some(written?);
        state.written += bytes.len() as u64;
        Ok(state)
    }

    /// Ends the answer, well or not.
    pub(in crate::serve) fn end(self, how: Result<(), String>) {
        let mut state = self.0.lock();
        state.ended.get_or_insert(how);
        wake(&mut state);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended.get_or_insert(Err("the answer broke off".to_owned()));
        wake(&mut state);
    }
}

fn wake(state: &mut State) {
    if let Some(waker) = state.waker.take() {
        waker.wake();
    }
}

impl Stream for Reader {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(piece) = &mut self.piece {
            let Poll::Ready(read) = Pin::new(piece).poll(context) else {
                return Poll::Pending;
            };
            self.piece = None;
            return Poll::Ready(Some(read.unwrap_or_else(|error| Err(io::Error::other(error)))));
        }
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        let next = if let Some(bytes) = state.memory.pop_front() {
            state.in_memory -= bytes.len();
            Some(Ok(bytes))
        } else if state.read < state.written {
            drop(state);
            let shared = Arc::clone(&self.shared);
            self.piece = Some(tokio::task::spawn_blocking(move || read_back(&shared)));
            return self.poll_next(context);
        } else {
            match state.ended.clone() {
                Some(Ok(())) => None,
                Some(Err(reason)) => {
                    state.ended = Some(Ok(()));
                    Some(Err(io::Error::other(reason)))
                }
                None => {
                    state.waker = Some(context.waker().clone());
                    return Poll::Pending;
                }
            }
        };
        state.taken_at = Some(Instant::now());
        shared.moved.notify_all();
        Poll::Ready(next)
    }
}

/// The next piece of what is on disk.
fn read_back(shared: &Shared) -> io::Result<Bytes> {
    let (file, at, left) = {
        let state = shared.lock();
        (state.file.clone(), state.read, state.written - state.read)
    };
    let file = file.ok_or_else(|| io::Error::other("the temporary file is gone"))?;
    let mut piece = vec![0; usize::try_from(left).unwrap_or(PIECE).min(PIECE)];
    file.read_exact_at(&mut piece, at)?;
    let mut state = shared.lock();
    state.read += piece.len() as u64;
    if state.read == state.written && !state.writing {
        // Nothing in it is needed any more: closed, it is gone, for it has no name.
        state.file = None;
        (state.read, state.written) = (0, 0);
    }
    state.taken_at = Some(Instant::now());
    drop(state);
    shared.moved.notify_all();
    Ok(Bytes::from(piece))
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.lock().reader_gone = true;
        self.shared.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    fn read_all(reader: Reader) -> Vec<io::Result<Bytes>> {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(reader.collect())
    }

    #[test]
    fn what_is_not_read_meanwhile_comes_in_order_from_the_disk() {
        let (writer, reader, end) = spool(1 << 30, Duration::from_secs(5));
        let mut wanted = Vec::new();
        for at in 0..40_u8 {
            let part = vec![at; 100_000];
            wanted.extend_from_slice(&part);
            writer.push(part).unwrap();
        }
        assert!(end.0.lock().in_memory <= IN_MEMORY + 100_000);
        assert!(end.0.lock().written > 2_000_000);
        end.reached();
        writer.end(Ok(()));
        let parts: Vec<u8> = read_all(reader).into_iter().flat_map(|part| part.unwrap()).collect();
        assert!(parts == wanted);
        assert_eq!(end.0.lock().written, 0);
    }

    #[test]
    fn once_the_request_has_ended_the_writer_waits_for_the_reader() {
        let (writer, reader, end) = spool(1 << 30, Duration::from_secs(60));
        end.reached();
        let writing = std::thread::spawn(move || {
            for at in 0..40_u8 {
                writer.push(vec![at; 100_000]).unwrap();
            }
            writer.end(Ok(()));
        });
        let parts: Vec<u8> = read_all(reader).into_iter().flat_map(|part| part.unwrap()).collect();
        writing.join().unwrap();
        assert_eq!(parts.len(), 4_000_000);
        assert!(parts.is_sorted());
        assert_eq!(end.0.lock().written, 0);
    }

    #[test]
    fn readers_that_go_or_sleep_end_the_writing() {
        let (writer, reader, end) = spool(0, Duration::ZERO);
        writer.push(vec![0; IN_MEMORY]).unwrap();
        assert!(matches!(writer.push(vec![0]), Err(Unread::Idle)));
        drop(reader);
        assert!(matches!(writer.push(vec![0]), Err(Unread::Gone)));
        drop((writer, end));
    }

    #[test]
    fn a_writer_that_goes_leaves_an_error_and_not_an_end() {
        let (writer, reader, _end) = spool(0, Duration::ZERO);
        writer.push(vec![1]).unwrap();
        drop(writer);
        let parts = read_all(reader);
        assert_eq!(parts.len(), 2);
        assert!(parts[1].is_err());
    }
}
