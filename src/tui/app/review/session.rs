//! Owns what of the panel the next start takes up again.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ReviewPanel, Scored};
use crate::worker::{Queue, RowId};

/// What of the panel the next start takes up again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReviewSession {
    /// The file; `None` is the one that `predict` writes to by default.
    pub path: Option<String>,
    /// The queue.
    pub queue: Queue,
    /// The filters.
    pub filters: Vec<String>,
    /// The case the cursor was on.
    pub row: Option<RowId>,
    /// Filters that were typed.
    pub filters_typed: Vec<String>,
    /// Texts that were looked for.
    pub finds_typed: Vec<String>,
    /// Files that were open.
    pub recent: Vec<String>,
}

impl ReviewSession {
    /// The file's path.
    pub fn path(&self) -> Option<PathBuf> {
        self.path.as_ref().map(PathBuf::from)
    }
}

impl ReviewPanel {
    /// What the next start would take up.
    pub fn session(&self) -> ReviewSession {
        let remembered = ReviewSession {
            filters_typed: self.filters_typed.clone(),
            finds_typed: self.finds_typed.clone(),
            recent: self.recent.clone(),
            ..ReviewSession::default()
        };
        match (&self.resuming, &self.file) {
            // Not taken up yet, so it is still what the next start wants.
            (Some(resuming), _) => resuming.clone(),
            (None, Scored::Open(_)) => {
                let wanted = self.wanted();
                ReviewSession {
                    path: self.path_text(),
                    queue: wanted.queue,
                    filters: wanted.filters,
                    row: self.window.current().map(|row| row.row),
                    ..remembered
                }
            }
            (None, _) => ReviewSession {
                path: self.path_text(),
                ..remembered
            },
        }
    }

    fn path_text(&self) -> Option<String> {
        self.file.path().and_then(|path| path.to_str()).map(str::to_owned)
    }

    /// Takes up the session before, once the panel is shown: nothing is opened that nobody looks at.
    pub fn resume(&mut self, session: &ReviewSession) {
        self.filters_typed.clone_from(&session.filters_typed);
        self.finds_typed.clone_from(&session.finds_typed);
        self.recent.clone_from(&session.recent);
        self.resuming = Some(session.clone());
    }
}
