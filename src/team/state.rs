//! Owns how the exchange with the team's server stands, as it is told to people.

use serde::{Deserialize, Serialize};

use crate::triage::CaseId;

/// How the exchange stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TeamState {
    /// Server and database as they may be shown: `db.example:27017/team`.
    pub server: String,
    /// The connection.
    pub link: Link,
    /// Decisions of this host that the server has not confirmed yet. They are safe on this host.
    pub backlog: u64,
    /// Decisions that the server does not take; the log says why.
    #[serde(default)]
    pub refused: u64,
    /// Decisions that went to the server since the connection was opened.
    pub sent: u64,
    /// Decisions of others that came from there since.
    pub received: u64,
    /// What colleagues look at now, the latest first.
    pub claims: Vec<Claim>,
}

/// The connection to the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "link", rename_all = "snake_case")]
pub enum Link {
    /// On its way, for the first time.
    Connecting,
    /// It answers.
    Live {
        /// One question and its answer, in milliseconds.
        latency_ms: f64,
        /// How news of others come.
        hearing: Hearing,
    },
    /// It does not answer, and is tried again by itself.
    Lost {
        /// Why, with what to do; made safe to draw.
        why: String,
        /// Seconds until the next attempt.
        retry_seconds: u64,
    },
}

/// How news of others come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hearing {
    /// The server tells at once.
    Stream,
    /// It is asked every few seconds, because it cannot tell (a standalone server).
    Polling,
    /// Another console of this workspace exchanges with it.
    Another,
}

/// A colleague looks at a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The case.
    #[serde(flatten)]
    pub case: CaseId,
    /// Who; not yet made safe to draw.
    pub analyst: String,
    /// Since when, RFC 3339.
    pub since: String,
}
