//! Owns writing a file whole or not at all: temporary file beside it, fsync, rename, fsync of the directory.

mod keep;
mod sweep;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::timestamp::Timestamp;

pub use sweep::sweep_stale;

/// How the names of temporary files begin; [`sweep_stale`] finds them by it.
pub const TEMP_PREFIX: &str = ".nsec-tmp-";

/// Mode of new files before the umask takes its share.
const NEW_FILE_MODE: u32 = 0o644;

/// How many symbolic links are followed to the file that is really meant.
const MAX_LINKS: usize = 16;

/// A file could not be written. What stood at its place before still stands there.
#[derive(Debug, thiserror::Error)]
#[error("{}: {action}: {}", path.display(), advice(cause))]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// What was being done: `cannot write`.
    pub action: &'static str,
    /// What the operating system said.
    #[source]
    pub cause: io::Error,
}

impl WriteError {
    /// Whether the disk, or the user's quota, is full.
    pub fn is_disk_full(&self) -> bool {
        matches!(
            self.cause.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    }

    /// A write to `path` through a buffer of the caller's own failed.
    pub fn writing(path: &Path, cause: io::Error) -> Self {
        Self::new(path, "cannot write", cause)
    }

    fn new(path: &Path, action: &'static str, cause: io::Error) -> Self {
        Self {
            path: path.to_path_buf(),
            action,
            cause,
        }
    }
}

/// What went wrong in plain words, and what to do about it.
pub(crate) fn advice(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::StorageFull => "the disk is full; free some space and run it again".to_owned(),
        io::ErrorKind::QuotaExceeded => "your disk quota is used up; free some space and run it again".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only; choose another place (--workspace or --output)".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "permission denied; change the rights, or choose another place (--workspace or --output)".to_owned()
        }
        io::ErrorKind::IsADirectory => "it is a directory; name a file".to_owned(),
        io::ErrorKind::NotFound => "its directory is not there; make it, or choose another".to_owned(),
        io::ErrorKind::FileTooLarge => {
            "the file would be larger than allowed; raise the limit (ulimit -f), or choose another place".to_owned()
        }
        _ => cause.to_string(),
    }
}

/// Where the bytes go until they are complete.
#[derive(Debug)]
enum Sink {
    /// A temporary file that will take the destination's place. It is locked while its writer lives.
    Temp(BufWriter<NamedTempFile>),
    /// A device or a pipe (`/dev/null`, a FIFO): nothing to replace, so it is written directly.
    Direct(BufWriter<File>),
}

/// A file being written. Nothing is to be seen of it at its destination before [`AtomicFile::commit`]; dropped
/// without, it leaves nothing behind.
///
/// An existing file's permissions are kept; a symbolic link stays and the file it points to is replaced; a device or
/// pipe is written to directly.
#[derive(Debug)]
pub struct AtomicFile {
    /// As the caller named it; for messages.
    named: PathBuf,
    /// With symbolic links followed.
    target: PathBuf,
    sink: Sink,
}

impl AtomicFile {
    /// Starts a file that will stand at `path`. The directory must exist.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let fail = |cause| WriteError::new(path, "cannot write", cause);
        let target = follow_links(path).map_err(fail)?;
        let existing = match fs::metadata(&target) {
            Ok(metadata) => Some(metadata),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(fail(e)),
        };
        let sink = match existing {
            Some(m) if m.is_dir() => return Err(fail(io::ErrorKind::IsADirectory.into())),
            Some(m) if !m.is_file() => {
                let device = File::options().write(true).open(&target).map_err(fail)?;
                Sink::Direct(BufWriter::with_capacity(1 << 16, device))
            }
            other => {
                let temp = temporary_beside(&target).map_err(fail)?;
                if let Some(m) = other {
                    let mode = fs::Permissions::from_mode(m.permissions().mode() & 0o777);
                    temp.as_file().set_permissions(mode).map_err(fail)?;
                }
                Sink::Temp(BufWriter::with_capacity(1 << 16, temp))
            }
        };
        Ok(Self {
            named: path.to_path_buf(),
            target,
            sink,
        })
    }

    /// Like [`AtomicFile::create`], making the directories above `path` first.
    pub fn create_with_parents(path: &Path) -> Result<Self, WriteError> {
        create_parents(path)?;
        Self::create(path)
    }

    /// The destination as the caller named it.
    pub fn path(&self) -> &Path {
        &self.named
    }

    /// Whether this becomes a file, and not bytes sent to a device or pipe.
    pub fn is_file(&self) -> bool {
        matches!(self.sink, Sink::Temp(_))
    }

    /// The file with everything written so far in it, to be read and changed by offset; `None` for a device or pipe.
    /// Nothing may be written through [`Write`] after that.
    pub fn file(&mut self) -> io::Result<Option<&File>> {
        match &mut self.sink {
            Sink::Direct(_) => Ok(None),
            Sink::Temp(temp) => {
                temp.flush()?;
                Ok(Some(temp.get_ref().as_file()))
            }
        }
    }

    /// Puts the complete file at its destination, replacing what is there. On disk when this returns.
    pub fn commit(self) -> Result<(), WriteError> {
        let fail = |cause| WriteError::new(&self.named, "cannot write", cause);
        match self.sink {
            Sink::Direct(mut device) => device.flush().map_err(fail),
            Sink::Temp(temp) => {
                let temp = flushed(temp).map_err(fail)?;
                temp.persist(&self.target).map_err(|e| fail(e.error))?;
                sync_directory(directory_of(&self.target)).map_err(fail)
            }
        }
    }

    /// Puts the complete file at its destination; a file that is there already is kept as `output.<time>.csv` (for
    /// `output.csv`), beside it, under a name that no file has yet. Returns that name if there was something to keep.
    /// At every moment one complete file stands at the destination, where the file system has hard links.
    pub fn commit_keeping_old(self, now: Timestamp) -> Result<Option<PathBuf>, WriteError> {
        let fail = |cause| WriteError::new(&self.named, "cannot write", cause);
        match self.sink {
            Sink::Direct(mut device) => device.flush().map(|()| None).map_err(fail),
            Sink::Temp(temp) => {
                let temp = flushed(temp).map_err(fail)?;
                let directory = directory_of(&self.target);
                // Two programs that replace the same file at once must not both keep the same old one and so lose
                // one's output. Where directories cannot be locked (NFS), that small risk stays.
                let guard = File::open(directory).map_err(fail)?;
                let locked = guard.lock().is_ok();
                let kept = keep::set_aside(&self.target, now)
                    .map_err(|cause| WriteError::new(&self.named, "cannot keep the existing file", cause))?;
                temp.persist(&self.target).map_err(|e| fail(e.error))?;
                if locked {
                    guard.unlock().map_err(fail)?;
                }
                sync_directory(directory).map_err(fail)?;
                Ok(kept)
            }
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Sink::Temp(w) => w.write(buf),
            Sink::Direct(w) => w.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Temp(w) => w.flush(),
            Sink::Direct(w) => w.flush(),
        }
    }
}

/// Writes the file at `path` whole or not at all: `write` fills it, and an error from `write` leaves what was there.
/// Makes the directories above `path` if need be.
pub fn write_with<F>(path: &Path, write: F) -> Result<(), WriteError>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    let mut file = AtomicFile::create_with_parents(path)?;
    write(&mut file).map_err(|cause| WriteError::new(path, "cannot write", cause))?;
    file.commit()
}

/// Writes `bytes` to `path`, whole or not at all.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write_with(path, |out| out.write_all(bytes))
}

/// Writes `value` to `path` as indented JSON with a final newline, whole or not at all.
pub fn write_json<T: serde::Serialize + ?Sized>(path: &Path, value: &T) -> Result<(), WriteError> {
    write_with(path, |out| {
        serde_json::to_writer_pretty(&mut *out, value).map_err(io::Error::from)?;
        out.write_all(b"\n")
    })
}

/// Makes the directories above `path`.
pub fn create_parents(path: &Path) -> Result<(), WriteError> {
    let directory = directory_of(path);
    if directory.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(directory).map_err(|cause| WriteError::new(path, "cannot make its directory", cause))?;
    // The new entry must survive a power cut before anything refers to it.
    directory.parent().map_or(Ok(()), |above| {
        sync_directory(if above.as_os_str().is_empty() {
            Path::new(".")
        } else {
            above
        })
        .map_err(|cause| WriteError::new(path, "cannot make its directory", cause))
    })
}

/// The directory that holds `path`.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Flushes directory entries to disk. File systems that cannot do it for directories are left alone.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

/// A locked temporary file in the directory of `target`.
fn temporary_beside(target: &Path) -> io::Result<NamedTempFile> {
    let prefix = format!("{TEMP_PREFIX}{}-", std::process::id());
    let temp = tempfile::Builder::new()
        .prefix(OsStr::new(&prefix))
        .rand_bytes(10)
        .permissions(fs::Permissions::from_mode(NEW_FILE_MODE))
        .tempfile_in(directory_of(target))?;
    // Says to the sweeper that the writer lives. Without locks the file's age has to do.
    let _unsupported_is_fine = temp.as_file().lock();
    Ok(temp)
}

/// Everything written and on disk.
fn flushed(writer: BufWriter<NamedTempFile>) -> io::Result<NamedTempFile> {
    let temp = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    temp.as_file().sync_all()?;
    Ok(temp)
}

/// Where `path` leads when its last component is a symbolic link, even one to a file that is not there yet.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    // `/dev/stdout` leads to a pipe that has no name of its own.
    if fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        return Ok(path.to_path_buf());
    }
    let mut current = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&current) {
            Ok(m) if m.file_type().is_symlink() => {
                let next = fs::read_link(&current)?;
                current = directory_of(&current).join(next);
            }
            _ => return Ok(current),
        }
    }
    Err(io::Error::other("too many symbolic links; name the file itself"))
}
