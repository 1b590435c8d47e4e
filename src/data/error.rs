//! Owns the errors of reading data: what, where, and what to do next.

use std::io;

use crate::mongo::MongoError;

/// Why a source could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The operating system refused: not found, no permission, a directory.
    #[error("{source_name}: {reason}")]
    Open {
        /// The source as the user named it.
        source_name: String,
        /// One line: what, and what to do.
        reason: String,
        /// The cause, if there is one.
        #[source]
        cause: Option<io::Error>,
    },
    /// Reading failed on the way.
    #[error("{source_name}:{line}: {reason}")]
    Read {
        /// The source as the user named it.
        source_name: String,
        /// 1-based line near which it failed.
        line: u64,
        /// One line: what, and what to do.
        reason: String,
        /// The cause, if there is one.
        #[source]
        cause: Option<io::Error>,
    },
    /// The content is not a table that can be used: empty, no header, two columns of one name, another format.
    #[error("{source_name}: {reason}")]
    Content {
        /// The source as the user named it.
        source_name: String,
        /// One line: what, and what to do.
        reason: String,
    },
    /// A MongoDB server or a collection of it cannot be used.
    #[error(transparent)]
    Mongo(#[from] MongoError),
    /// A kind of source that this build cannot read.
    #[error("{source_name}: {reason}")]
    Unsupported {
        /// What was asked for; never an address that might hold a password.
        source_name: String,
        /// One line: what, and what to do.
        reason: String,
    },
}

impl DataError {
    pub(super) fn content(source_name: &str, reason: impl Into<String>) -> Self {
        Self::Content {
            source_name: source_name.to_owned(),
            reason: reason.into(),
        }
    }

    pub(super) fn read(source_name: &str, line: u64, reason: impl Into<String>, cause: Option<io::Error>) -> Self {
        Self::Read {
            source_name: source_name.to_owned(),
            line,
            reason: reason.into(),
            cause,
        }
    }
}
