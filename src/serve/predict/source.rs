//! Owns a request's body as something that a thread can read from: bounded, unpacked, with the reason when it breaks off.

use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::spool::RequestEnd;
use crate::serve::body::{broken, too_long, too_slow};
use crate::serve::refusal::Refusal;

/// Chunks on their way from the connection to the thread.
const WAITING: usize = 4;
/// Of a body that nobody wants any more, so much is still taken in, so that its client comes to read the answer.
const PASSED_OVER: usize = 16 << 20;
/// And for so long.
const PASSED_OVER_FOR: Duration = Duration::from_secs(2);

/// Why reading failed, beside the error that readers in between turn into their own.
#[derive(Clone, Default)]
pub(in crate::serve) struct Why(Arc<Mutex<Option<Refusal>>>);

impl Why {
    fn set(&self, refusal: Refusal) -> io::Error {
        let error = io::Error::other(refusal.message.clone());
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(refusal);
        error
    }

    /// The refusal, if reading failed for a reason of this module's.
    pub(in crate::serve) fn get(&self) -> Option<Refusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A body that a thread reads.
pub(in crate::serve) struct Source {
    /// Its bytes, unpacked.
    pub(in crate::serve) reader: Box<dyn Read + Send>,
    /// Why reading failed.
    pub(in crate::serve) why: Why,
    /// Whether the next read would wait for the client.
    pub(in crate::serve) queued: Queued,
}

/// How many chunks wait to be read.
#[derive(Clone, Default)]
pub(in crate::serve) struct Queued(Arc<AtomicUsize>);

impl Queued {
    pub(in crate::serve) fn is_empty(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

impl Source {
    /// Takes a body in on a task of its own, which ends with the body, or when nobody reads any more.
    pub(in crate::serve) fn of(body: Body, packed: bool, most: u64, idle: Duration, end: RequestEnd) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (why, queued) = (Why::default(), Queued::default());
        tokio::spawn(feed(body, sender, queued.clone(), idle, end));
        let chunks = Chunks {
            receiver,
            chunk: Bytes::new(),
            queued: queued.clone(),
            why: why.clone(),
            ended: false,
        };
        let inner: Box<dyn Read + Send> = if packed {
            Box::new(Unpacked::Closed(Some(chunks)))
        } else {
            Box::new(chunks)
        };
        let bounded = Bounded {
            inner,
            packed,
            left: most,
            most,
            start: Vec::new(),
            why: why.clone(),
        };
        Self {
            reader: Box::new(bounded),
            why,
            queued,
        }
    }
}

enum Chunk {
    Bytes(Bytes),
    End,
    Broken,
    TooSlow,
}

async fn feed(body: Body, sender: mpsc::Sender<Chunk>, queued: Queued, idle: Duration, end: RequestEnd) {
    let mut stream = body.into_data_stream();
    let mut unwanted: Option<(usize, Instant)> = None;
    loop {
        let (chunk, last) = match tokio::time::timeout(idle, stream.next()).await {
            Err(_) => (Chunk::TooSlow, true),
            Ok(None) => (Chunk::End, true),
            Ok(Some(Err(_))) => (Chunk::Broken, true),
            Ok(Some(Ok(bytes))) => (Chunk::Bytes(bytes), false),
        };
        if let Some((passed, since)) = &mut unwanted {
            if let Chunk::Bytes(bytes) = &chunk {
                *passed += bytes.len();
            }
            if last || *passed > PASSED_OVER || since.elapsed() > PASSED_OVER_FOR {
                break;
            }
            continue;
        }
        queued.0.fetch_add(1, Ordering::AcqRel);
        if sender.send(chunk).await.is_err() {
            unwanted = Some((0, Instant::now()));
        }
        if last {
            break;
        }
    }
    end.reached();
}

/// Chunks as they come; blocks until the next one is there. The end of the body is told as such: a client that goes away in
/// the middle leaves an error, and so does a server that ends.
struct Chunks {
    receiver: mpsc::Receiver<Chunk>,
    chunk: Bytes,
    queued: Queued,
    why: Why,
    ended: bool,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() && !self.ended {
            let next = self.receiver.blocking_recv();
            if next.is_some() {
                self.queued.0.fetch_sub(1, Ordering::AcqRel);
            }
            match next {
                Some(Chunk::End) => self.ended = true,
                Some(Chunk::Bytes(bytes)) => self.chunk = bytes,
                Some(Chunk::Broken) | None => return Err(self.why.set(broken())),
                Some(Chunk::TooSlow) => return Err(self.why.set(too_slow())),
            }
        }
        let count = buffer.len().min(self.chunk.len());
        buffer[..count].copy_from_slice(&self.chunk.split_to(count));
        Ok(count)
    }
}

/// Packed chunks. The decoder reads as soon as it is made, so it is made by the thread that reads.
enum Unpacked {
    Closed(Option<Chunks>),
    Open(Box<MultiGzDecoder<Chunks>>),
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Self::Closed(chunks) = self
            && let Some(chunks) = chunks.take()
        {
            *self = Self::Open(Box::new(MultiGzDecoder::new(chunks)));
        }
        match self {
            Self::Open(decoder) => decoder.read(buffer),
            Self::Closed(_) => Ok(0),
        }
    }
}

/// Counts what comes out, and sees to it that nothing packed is left in it: the readers behind would unpack it unbounded.
struct Bounded {
    inner: Box<dyn Read + Send>,
    packed: bool,
    left: u64,
    most: u64,
    /// The first two bytes, as far as they have come.
    start: Vec<u8>,
    why: Why,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.inner.read(buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) if self.packed => {
                let message = format!("the body is not whole gzip data ({error}); pack and send it again");
                return Err(self.why.set(Refusal::malformed(message).field("Content-Encoding")));
            }
            Err(error) => return Err(error),
        };
        let bytes = count as u64;
        if bytes > self.left {
            return Err(self.why.set(too_long(self.most)));
        }
        self.left -= bytes;
        if self.start.len() < 2 {
            let more = buffer[..count].iter().take(2 - self.start.len());
            self.start.extend(more);
            if self.start == [0x1f, 0x8b] {
                let message =
                    "the body is packed with gzip (once more than its headers say); name it in Content-Encoding";
                let refusal = Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", message);
                return Err(self.why.set(refusal.field("Content-Encoding")));
            }
        }
        Ok(count)
    }
}
