//! Owns what a host remembers of the exchange between two starts: where it stopped listening, and what the server has.
//! Losing it costs one long look at the server and nothing else.

use std::fs;
use std::os::unix::fs::MetadataExt;
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
    /// Which file the places below count in.
    database: Option<(u64, u64)>,
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
        let text = fs::read(file(workspace, server)).unwrap_or_default();
        let found: Self = serde_json::from_slice(&text).unwrap_or_default();
        let same = found.server == server && found.database.is_some() && found.database == database(workspace);
        if same && !found.is_old() {
            return found;
        }
        Self {
            server: server.to_owned(),
            ..Self::default()
        }
    }

    /// Up to which place of the store a server had all when it was last heard of, however long ago; 0 if it never was.
    pub(super) fn last_place(workspace: &Workspace, server: &str) -> i64 {
        let text = fs::read(file(workspace, server)).unwrap_or_default();
        let found: Self = serde_json::from_slice(&text).unwrap_or_default();
        let same = found.server == server && found.database.is_some() && found.database == database(workspace);
        if same { found.place } else { 0 }
    }

    pub(super) fn server(&self) -> &str {
        &self.server
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

    /// Whether everything is to be looked at (again).
    pub(super) fn is_old(&self) -> bool {
        let now = Timestamp::now();
        let fresh = |at: Timestamp| at <= now && now.seconds_since(at) < GOOD_FOR_SECONDS;
        !self.looked_at.is_some_and(fresh)
    }

    /// Whether everything was looked at this many seconds ago, or never.
    pub(super) fn looked_before(&self, seconds: f64) -> bool {
        self.looked_at
            .is_none_or(|at| Timestamp::now().seconds_since(at) >= seconds)
    }

    /// Everything was looked at just now.
    pub(super) fn looked(&mut self) {
        self.looked_at = Some(Timestamp::now());
    }

    /// Writes it down; a failure costs time at the next start, no more.
    pub(super) fn save(&mut self, workspace: &Workspace) {
        self.database = database(workspace);
        if let Err(error) = atomic::write_json(&file(workspace, &self.server), self) {
            tracing::debug!("what is known of the team's server was not written down: {error}");
        }
    }
}

fn file(workspace: &Workspace, server: &str) -> PathBuf {
    workspace.logs_dir().join(format!("{}.json", file_stem(server)))
}

/// `team-` and the beginning of a hash: a workspace may be shared with several servers, one after the other or at once.
pub(super) fn file_stem(server: &str) -> String {
    let hash = blake3::hash(server.as_bytes()).to_hex();
    format!("team-{}", &hash[..8])
}

/// Which file `verdicts.db` is: one that was made again counts anew.
fn database(workspace: &Workspace) -> Option<(u64, u64)> {
    let found = fs::metadata(workspace.verdicts_file()).ok()?;
    Some((found.dev(), found.ino()))
}
