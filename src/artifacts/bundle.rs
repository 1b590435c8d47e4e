//! Owns the container of `model.bin`: named sections of bytes behind a magic, a format version and a SHA-256.
//!
//! Layout, integers little-endian:
//!
//! ```text
//! offset  bytes  content
//! 0       8      magic: 89 4E 53 45 43 4D 42 0A  ("\x89NSECMB\n")
//! 8       4      format version
//! 12      4      number of sections
//! 16      8      length of the whole file
//! 24      32     SHA-256 over bytes 0..24 and everything from 56 on
//! 56             table, one entry a section, names strictly ascending: u64 name length, name, u64 content length
//!                contents, in the table's order, nothing between or after
//! ```
//!
//! Magic, version, length and checksum stand at fixed places in every version, so an older program can tell a newer
//! file from a damaged one. Nothing in it depends on time, run or machine: equal sections give equal bytes.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::atomic::{self, WriteError};

/// The version this program writes, and the newest it reads.
pub const FORMAT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"\x89NSECMB\n";
const CHECKSUM_AT: usize = 24;
const HEADER: usize = 56;

/// Larger files are refused before they are read into memory.
const MAX_BYTES: u64 = 4 << 30;

/// Why a bundle was refused.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The file does not begin as a bundle does.
    #[error("not a model bundle (it does not begin with the bundle's mark); name a model.bin or a run")]
    NotABundle,
    /// The bytes are not the ones that were written.
    #[error("the model bundle is damaged: {reason}; train again, or restore the file from a copy")]
    Damaged {
        /// What does not fit.
        reason: String,
    },
    /// A later version of this program wrote it.
    #[error(
        "the model bundle was made by a newer version of nsec-tui (format {found}, this program reads up to \
         {supported}); update nsec-tui"
    )]
    NewerVersion {
        /// The bundle's format version.
        found: u32,
        /// The newest that this program reads.
        supported: u32,
    },
    /// The file could not be read.
    #[error("{}: cannot read the model bundle: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// Another error, with the file it was found in.
    #[error("{}: {error}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<BundleError>,
    },
}

/// Named byte sections. What they mean is their readers' business.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Contents by name.
    pub sections: BTreeMap<String, Vec<u8>>,
}

impl Bundle {
    /// An empty bundle.
    pub fn new() -> Self {
        Self::default()
    }

    /// The section of that name; its absence is damage, said with the name.
    pub fn section(&self, name: &str) -> Result<&[u8], BundleError> {
        self.sections
            .get(name)
            .map(Vec::as_slice)
            .ok_or_else(|| damaged(format!("it has no section `{name}`")))
    }

    /// The bytes of the file. Equal bundles give equal bytes.
    pub fn encode(&self) -> Vec<u8> {
        let table: usize = self.sections.keys().map(|name| 16 + name.len()).sum();
        let contents: usize = self.sections.values().map(Vec::len).sum();
        let total = HEADER + table + contents;
        let mut bytes = Vec::with_capacity(total);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&(self.sections.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(total as u64).to_le_bytes());
        bytes.extend_from_slice(&[0; 32]);
        for (name, content) in &self.sections {
            bytes.extend_from_slice(&(name.len() as u64).to_le_bytes());
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&(content.len() as u64).to_le_bytes());
        }
        for content in self.sections.values() {
            bytes.extend_from_slice(content);
        }
        let sum = checksum(&bytes);
        bytes[CHECKSUM_AT..HEADER].copy_from_slice(&sum);
        bytes
    }

    /// Reads the bytes of a file. Allocates no more than `bytes` holds, whatever the bytes claim.
    pub fn decode(bytes: &[u8]) -> Result<Self, BundleError> {
        let mut header = Cursor { rest: bytes };
        if header.take(MAGIC.len()) != Some(&MAGIC) {
            return Err(BundleError::NotABundle);
        }
        let truncated = || damaged(format!("it ends after {} bytes, inside its header", bytes.len()));
        let version = header.u32().ok_or_else(truncated)?;
        if version > FORMAT_VERSION {
            return Err(BundleError::NewerVersion {
                found: version,
                supported: FORMAT_VERSION,
            });
        }
        if version == 0 {
            return Err(damaged("format version 0 does not exist"));
        }
        let count = header.u32().ok_or_else(truncated)?;
        let total = header.u64().ok_or_else(truncated)?;
        let recorded = header.take(32).ok_or_else(truncated)?;
        if total != bytes.len() as u64 {
            return Err(damaged(format!(
                "it has {} bytes where {total} were written",
                bytes.len()
            )));
        }
        if checksum(bytes) != recorded {
            return Err(damaged("its checksum does not fit its content"));
        }
        read_sections(header, count)
    }

    /// Reads a bundle from a file; every error names it.
    pub fn read(path: &Path) -> Result<Self, BundleError> {
        let fail = |cause| BundleError::Read {
            path: path.to_path_buf(),
            cause,
        };
        let within = |error| BundleError::InFile {
            path: path.to_path_buf(),
            error: Box::new(error),
        };
        let file = File::open(path).map_err(fail)?;
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(fail)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(within(damaged("it is larger than any model bundle (4 GiB)")));
        }
        Self::decode(&bytes).map_err(within)
    }

    /// Writes the bundle to a file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), WriteError> {
        atomic::write_bytes(path, &self.encode())
    }
}

fn read_sections(mut table: Cursor<'_>, count: u32) -> Result<Bundle, BundleError> {
    let broken = || damaged("its section table does not fit its length");
    let mut entries: Vec<(&str, usize)> = Vec::new();
    for _ in 0..count {
        let name_length = table.length().ok_or_else(broken)?;
        let name = table.take(name_length).ok_or_else(broken)?;
        let name = std::str::from_utf8(name).map_err(|_| damaged("a section's name is not UTF-8"))?;
        if entries.last().is_some_and(|(last, _)| *last >= name) {
            return Err(damaged("its sections are not in order"));
        }
        let content_length = table.length().ok_or_else(broken)?;
        entries.push((name, content_length));
    }
    let mut sections = BTreeMap::new();
    let mut contents = table;
    for (name, length) in entries {
        let content = contents.take(length).ok_or_else(broken)?;
        sections.insert(name.to_owned(), content.to_vec());
    }
    if contents.rest.is_empty() {
        Ok(Bundle { sections })
    } else {
        Err(broken())
    }
}

/// SHA-256 over everything but the place of the checksum itself. `bytes` holds at least the header.
fn checksum(bytes: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(bytes.get(..CHECKSUM_AT).unwrap_or_default());
    hasher.update(bytes.get(HEADER..).unwrap_or_default());
    hasher.finalize().into()
}

fn damaged(reason: impl Into<String>) -> BundleError {
    BundleError::Damaged { reason: reason.into() }
}

/// Takes bytes from the front; `None` where there are too few.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(front)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.u64()?).ok()
    }
}
