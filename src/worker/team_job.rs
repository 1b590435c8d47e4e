//! Owns what can be asked of the team's server.

use serde::{Deserialize, Serialize};

use super::job::Kind;
use crate::mongo::Secret;

/// Something with the team's server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "team", rename_all = "snake_case")]
pub enum TeamJob {
    /// Ask a server who it is and what we may do there; nothing else changes. Answered by [`super::Reply::TeamTested`].
    Test(TeamAddress),
    /// Share verdicts with a server from now on; the one before is left. Answered by [`super::Reply::Team`] at once, then told as
    /// [`super::Report::Team`] until the next one or [`TeamJob::Leave`].
    Join(TeamAddress),
    /// Share nothing any more.
    Leave,
    /// The runs that the team shares, from the server that is joined. Answered by [`super::Reply::TeamRuns`].
    Runs,
    /// Share a run of this host. Answered by [`super::Reply::TeamChanged`], as the next two are.
    Push {
        /// The run, or `champion`.
        run: String,
    },
    /// Fetch a shared run.
    Pull {
        /// The run.
        run: String,
        /// Whether it becomes champion here, too.
        promote: bool,
    },
    /// Make a shared run the team's champion.
    Promote {
        /// The run.
        run: String,
        /// The champion that was on the screen; if there is another one by now, nothing is changed.
        expected: Option<String>,
    },
}

/// Which server; what is missing is as the environment and the settings have it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TeamAddress {
    /// The address. Kept out of every record, for it may hold a password.
    pub uri: Option<Secret>,
    /// The password of its user.
    pub password: Option<Secret>,
}

/// What a test of a connection found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TeamTest {
    /// Host and port.
    pub server: String,
    /// Its version.
    pub version: String,
    /// `replica set NAME`, `standalone` …
    pub topology: String,
    /// One question and its answer, in milliseconds.
    pub latency_ms: f64,
    /// Who we are logged in as.
    pub user: Option<String>,
    /// The database.
    pub database: String,
    /// Whether it can be read.
    pub read: bool,
    /// Whether it can be written.
    pub write: bool,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

/// The runs that a team shares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TeamRuns {
    /// Server and database as they may be shown.
    pub server: String,
    /// The team's champion.
    pub champion: Option<String>,
    /// The runs, the newest first.
    pub runs: Vec<TeamRunLine>,
}

/// A shared run. No text is made safe to draw yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TeamRunLine {
    /// Its id.
    pub run_id: String,
    /// Its names.
    pub names: Vec<String>,
    /// Family.
    pub model: Option<String>,
    /// On its test rows.
    pub test_f1: Option<f64>,
    /// On its test rows.
    pub test_pr_auc: Option<f64>,
    /// Who shared it.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// Its size.
    pub bytes: u64,
    /// Whether it is on this host, too.
    pub here: bool,
}

impl TeamJob {
    /// What it is about.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Test(_) => Kind::TeamTest,
            Self::Join(_) | Self::Leave => Kind::Team,
            Self::Runs => Kind::TeamRuns,
            Self::Push { .. } | Self::Pull { .. } | Self::Promote { .. } => Kind::TeamChange,
        }
    }
}
