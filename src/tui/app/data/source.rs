//! Owns what is open: nothing, a table on its way, one that could not be opened, or a table.

use std::path::{Path, PathBuf};

use crate::tui::app::address::is_address;
use crate::worker::{Failure, OpenedTable, Ticket};

/// What is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Nothing was asked for yet.
    #[default]
    Nothing,
    /// A table is being opened.
    Opening {
        /// The path; `None` for the workspace's own data.
        path: Option<PathBuf>,
    },
    /// It could not be opened.
    Failed {
        /// The path; `None` for the workspace's own data.
        path: Option<PathBuf>,
        /// Why, and what to do.
        failure: Failure,
    },
    /// A table.
    Open(OpenTable),
}

/// Facts about the open table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTable {
    /// The path; `None` for the workspace's own or bundled data.
    pub path: Option<PathBuf>,
    /// A short name.
    pub name: String,
    /// `CSV`, `CSV, gzip` …
    pub format: String,
    /// Size in bytes, where there is a file.
    pub bytes: Option<u64>,
    /// Whose news count its rows.
    pub ticket: Ticket,
    /// How many rows are known, whatever the view.
    pub rows: crate::browse::RowCount,
}

impl OpenTable {
    /// As the worker has opened it.
    pub fn new(ticket: Ticket, opened: &OpenedTable) -> Self {
        Self {
            path: opened.path.clone(),
            name: opened.name.clone(),
            format: opened.format.clone(),
            bytes: opened.bytes,
            ticket,
            rows: opened.rows,
        }
    }

    /// Its name without directory and ending, for files made from it.
    pub fn stem(&self) -> String {
        // A collection's name is short already.
        let file = self
            .path
            .as_deref()
            .filter(|path| !path.to_str().is_some_and(is_address));
        let name = file.and_then(Path::file_name);
        let name = name.map_or_else(|| self.name.clone(), |name| name.to_string_lossy().into_owned());
        let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or("table");
        stem.replace(['/', '\\'], "_")
    }
}

impl Source {
    /// The path that is open or wanted, if it has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Nothing => None,
            Self::Opening { path } | Self::Failed { path, .. } => path.as_deref(),
            Self::Open(table) => table.path.as_deref(),
        }
    }
}
