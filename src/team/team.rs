//! Owns the exchange that goes on while a console is open: the thread beside it, and what is asked of it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::state::{Link, TeamState};
use crate::mongo::Target;
use crate::store::StoreOptions;
use crate::triage::CaseId;
use crate::workspace::Workspace;

/// Who hears how the exchange stands. Called from its thread, twice a second at most.
pub type TellTeam = Arc<dyn Fn(TeamState) + Send + Sync>;

/// What is shared, with which server, in whose name.
#[derive(Clone, Debug)]
pub struct TeamOptions {
    /// Whose store is shared.
    pub workspace: Workspace,
    /// How that store is opened.
    pub store: StoreOptions,
    /// Who looks at cases here.
    pub analyst: String,
    /// The server.
    pub target: Target,
}

/// An exchange that goes on until this is dropped.
pub struct Team {
    state: Arc<Mutex<TeamState>>,
}

impl Team {
    /// Begins; never waits for the server.
    ///
    /// # Errors
    /// No thread is to be had.
    pub fn join(options: TeamOptions, tell: TellTeam) -> io::Result<Self> {
        let state = TeamState {
            server: format!("{}/{}", options.target.address, options.target.database),
            link: Link::Connecting,
            backlog: 0,
            sent: 0,
            received: 0,
            claims: Vec::new(),
        };
        tell(state.clone());
        Ok(Self {
            state: Arc::new(Mutex::new(state)),
        })
    }

    /// Says which case is looked at here; `None` is none. Never waits.
    pub fn look_at(&self, case: Option<CaseId>) {
        let _ = case;
    }

    /// How it stands.
    pub fn state(&self) -> TeamState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
