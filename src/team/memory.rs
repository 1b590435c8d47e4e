//! Owns what a host remembers of the exchange between two starts: where it stopped listening, and what the server has.
//! Losing it costs one long look at the server and nothing else.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::artifacts::Timestamp;
use crate::artifacts::atomic;
use crate::mongo::Mark;
use crate::workspace::Workspace;

/// After this long everything is looked at anew: somebody may have put an old copy of the database back.
const GOOD_FOR_SECONDS: f64 = 24.0 * 3600.0;

/// What is remembered of one database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// Server and database.
    server: String,
    /// When everything was last looked at.
    looked_at: Option<Timestamp>,
    /// Where to go on listening.
    mark: Option<String>,
    /// Decisions in the store on this host up to this place are on the server.
    pub(super) place: i64,
    /// The latest of what was on the server, in milliseconds by its clock.
    pub(super) latest: Option<i64>,
}

impl Memory {
    /// What there is of a database; nothing if it was another one, or too long ago.
    pub(super) fn read(workspace: &Workspace, server: &str) -> Self {
        let text = fs::read(file(workspace)).unwrap_or_default();
        let found: Self = serde_json::from_slice(&text).unwrap_or_default();
        let now = Timestamp::now();
        let fresh = found
            .looked_at
            .is_some_and(|at| at <= now && now.seconds_since(at) < GOOD_FOR_SECONDS);
        if found.server == server && fresh {
            return found;
        }
        Self {
            server: server.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn mark(&self) -> Option<Mark> {
        self.mark.clone().map(Mark)
    }

    pub(super) fn go_on_after(&mut self, mark: Mark) {
        self.mark = Some(mark.0);
    }

    /// Forgets where it was, after which everything is looked at.
    pub(super) fn forget(&mut self) {
        *self = Self {
            server: std::mem::take(&mut self.server),
            ..Self::default()
        };
    }

    /// Whether everything is to be looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.looked_at.is_none()
    }

    /// Everything was looked at just now.
    pub(super) fn looked(&mut self) {
        self.looked_at = Some(Timestamp::now());
    }

    /// Writes it down; a failure costs time at the next start, no more.
    pub(super) fn save(&self, workspace: &Workspace) {
        if let Err(error) = atomic::write_json(&file(workspace), self) {
            tracing::debug!("what is known of the team's server was not written down: {error}");
        }
    }
}

fn file(workspace: &Workspace) -> PathBuf {
    workspace.logs_dir().join("team.json")
}
