//! Owns how many decisions wait for a server that is not joined.

use super::memory::Memory;
use crate::store::{LocalStore, StoreOptions, VerdictStore};
use crate::workspace::Workspace;

/// Decisions of this host that the server, named as it is shown, is not known to have; 0 where the store cannot be asked.
pub fn waiting_here(workspace: &Workspace, store: StoreOptions, server: &str) -> u64 {
    // Asking must not make a store.
    if !workspace.verdicts_file().exists() {
        return 0;
    }
    let place = Memory::last_place(workspace, server);
    let events = LocalStore::open(workspace, store).and_then(|mut store| store.events_since(place));
    events.map_or(0, |(events, _)| events.len() as u64)
}
