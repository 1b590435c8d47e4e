//! Owns one exchange from beginning to end, for cron and the shell.

use std::sync::Arc;

use serde::Serialize;

use super::error::TeamError;
use super::exchange::{Exchange, Server};
use super::memory::Memory;
use super::rules::SharedRules;
use crate::cancel::CancelToken;
use crate::mongo::Connection;
use crate::store::LocalStore;
use crate::workspace::Workspace;

/// What was exchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exchanged {
    /// Decisions that the server had not had.
    pub sent: u64,
    /// Decisions that this host had not had.
    pub received: u64,
    /// Rules made or withdrawn elsewhere that were taken in.
    pub rules: u64,
    /// Decisions of this host that the server does not take; the log says why.
    pub refused: u64,
    /// Decisions on the server that cannot be understood: a newer version of this program made them.
    pub unreadable: u64,
}

/// Exchanges everything there is: both sides have the same decisions and rules when this returns. `progress` hears how many
/// decisions are still to be sent.
///
/// # Errors
/// The server or the store fails, or it was given up; what was exchanged until then stays.
pub fn share_once(
    workspace: &Workspace,
    store: &mut LocalStore,
    connection: &Arc<Connection>,
    cancel: &CancelToken,
    progress: &mut dyn FnMut(u64),
) -> Result<Exchanged, TeamError> {
    let server = Server::open(connection, cancel)?;
    let mut memory = Memory::read(workspace, &connection.target().shown());
    // Whoever asks for it wants to be sure.
    memory.forget();
    let mut exchange = Exchange::open(workspace, store, memory)?;
    exchange.look_there(&server, store, cancel)?;
    progress(exchange.backlog());
    while exchange.send_some(&server, store, cancel)? {
        progress(exchange.backlog());
        cancel.check()?;
    }
    let rules = SharedRules::open(connection, cancel)?.exchange(store, cancel)?;
    Ok(Exchanged {
        sent: exchange.sent,
        received: exchange.received,
        rules,
        refused: exchange.refused(),
        unreadable: exchange.unreadable() as u64,
    })
}
