//! Owns the bytes of a table: a file read in place, bytes in memory, or a temporary file that fills with what is unpacked.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::error::BrowseError;

/// Bytes at either end of a file that are held to tell a file that was appended to from one that was rewritten.
const PROBE: usize = 4096;

/// Bytes that can be read at any place, from several threads at once.
#[derive(Debug)]
pub(super) struct Store {
    name: String,
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    Memory(Vec<u8>),
    File(Watched),
    /// Written by one thread, read by all.
    Spool {
        file: File,
        written: AtomicU64,
        complete: AtomicBool,
    },
}

/// A file with what it was like when it was opened.
#[derive(Debug)]
struct Watched {
    file: File,
    path: PathBuf,
    length: u64,
    modified: (i64, i64),
    head: Vec<u8>,
    tail: Vec<u8>,
    /// Whether it is read on where another file has taken its name.
    kept: AtomicBool,
}

impl Watched {
    fn has_lost_its_name(&self, now: &Metadata) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|named| (named.dev(), named.ino()) != (now.dev(), now.ino()))
    }
}

impl Store {
    pub(super) fn memory(name: String, bytes: Vec<u8>) -> Self {
        Self {
            name,
            bytes: Bytes::Memory(bytes),
        }
    }

    /// A file, as long as it is now.
    pub(super) fn file(name: String, path: &Path, file: File, metadata: &Metadata) -> Result<Self, BrowseError> {
        let length = metadata.len();
        let probe = length.min(PROBE as u64);
        let mut watched = Watched {
            file,
            path: path.to_path_buf(),
            length,
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            head: vec![0; probe as usize],
            tail: vec![0; probe as usize],
            kept: AtomicBool::new(false),
        };
        let failed = |cause| BrowseError::Read {
            name: name.clone(),
            at: 0,
            cause,
        };
        watched.file.read_exact_at(&mut watched.head, 0).map_err(failed)?;
        watched
            .file
            .read_exact_at(&mut watched.tail, length - probe)
            .map_err(failed)?;
        Ok(Self {
            name,
            bytes: Bytes::File(watched),
        })
    }

    /// An empty temporary file without a name, which goes when the table is closed.
    pub(super) fn spool(name: String) -> Result<Self, BrowseError> {
        let file = tempfile::tempfile().map_err(|cause| spool_error(&name, cause))?;
        let bytes = Bytes::Spool {
            file,
            written: AtomicU64::new(0),
            complete: AtomicBool::new(false),
        };
        Ok(Self { name, bytes })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes there are, so far.
    pub(super) fn len(&self) -> u64 {
        match &self.bytes {
            Bytes::Memory(bytes) => bytes.len() as u64,
            Bytes::File(watched) => watched.length,
            Bytes::Spool { written, .. } => written.load(Ordering::Acquire),
        }
    }

    /// Whether no more bytes will come.
    pub(super) fn is_complete(&self) -> bool {
        match &self.bytes {
            Bytes::Spool { complete, .. } => complete.load(Ordering::Acquire),
            _ => true,
        }
    }

    /// Appends to a temporary file. Only one thread does.
    pub(super) fn append(&self, more: &[u8]) -> Result<(), BrowseError> {
        if let Bytes::Spool { file, written, .. } = &self.bytes {
            let at = written.load(Ordering::Acquire);
            file.write_all_at(more, at)
                .map_err(|cause| spool_error(&self.name, cause))?;
            written.store(at + more.len() as u64, Ordering::Release);
        }
        Ok(())
    }

    /// Nothing more will be appended.
    pub(super) fn finish(&self) {
        if let Bytes::Spool { complete, .. } = &self.bytes {
            complete.store(true, Ordering::Release);
        }
    }

    /// Fills `buffer` with the bytes at `at`.
    pub(super) fn read(&self, buffer: &mut [u8], at: u64) -> Result<(), BrowseError> {
        let result = match &self.bytes {
            Bytes::Memory(bytes) => {
                let from = (at as usize).min(bytes.len());
                match bytes.get(from..from + buffer.len()) {
                    Some(found) => {
                        buffer.copy_from_slice(found);
                        Ok(())
                    }
                    None => Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
            Bytes::File(watched) => watched.file.read_exact_at(buffer, at),
            Bytes::Spool { file, .. } => file.read_exact_at(buffer, at),
        };
        result.map_err(|cause| match cause.kind() {
            io::ErrorKind::UnexpectedEof => self.changed("has become shorter"),
            _ => BrowseError::Read {
                name: self.name.clone(),
                at,
                cause,
            },
        })
    }

    /// Whether the bytes read so far are those of the file that was opened. Bytes appended to a log that is being written
    /// are no change: the table stays as long as it was when it was opened.
    pub(super) fn check(&self) -> Result<(), BrowseError> {
        let Bytes::File(watched) = &self.bytes else {
            return Ok(());
        };
        let failed = |cause| BrowseError::Read {
            name: self.name.clone(),
            at: 0,
            cause,
        };
        let now = watched.file.metadata().map_err(failed)?;
        if !watched.kept.load(Ordering::Relaxed) && watched.has_lost_its_name(&now) {
            return Err(self.changed("was replaced by another file"));
        }
        if now.len() < watched.length {
            return Err(self.changed("has become shorter"));
        }
        if (now.mtime(), now.mtime_nsec()) == watched.modified && now.len() == watched.length {
            return Ok(());
        }
        if now.len() == watched.length || !watched.ends_are_the_same().map_err(failed)? {
            return Err(self.changed("was rewritten"));
        }
        Ok(())
    }

    /// From now on the file is read on where another one takes its name: what was opened is still what it was.
    pub(super) fn keep_when_replaced(&self) {
        if let Bytes::File(watched) = &self.bytes {
            watched.kept.store(true, Ordering::Relaxed);
        }
    }

    /// Whether another file has taken its name.
    pub(super) fn is_replaced(&self) -> bool {
        let Bytes::File(watched) = &self.bytes else {
            return false;
        };
        let now = watched.file.metadata();
        now.is_ok_and(|now| watched.has_lost_its_name(&now))
    }

    /// The error for bytes that cannot be what was indexed.
    pub(super) fn changed(&self, how: &'static str) -> BrowseError {
        BrowseError::Changed {
            name: self.name.clone(),
            how,
        }
    }
}

impl Watched {
    fn ends_are_the_same(&self) -> io::Result<bool> {
        let mut now = vec![0; self.head.len()];
        self.file.read_exact_at(&mut now, 0)?;
        if now != self.head {
            return Ok(false);
        }
        self.file
            .read_exact_at(&mut now, self.length - self.tail.len() as u64)?;
        Ok(now == self.tail)
    }
}

/// A temporary file could not be made or written.
pub(super) fn spool_error(name: &str, cause: io::Error) -> BrowseError {
    BrowseError::Spool {
        name: name.to_owned(),
        directory: std::env::temp_dir(),
        cause,
    }
}
