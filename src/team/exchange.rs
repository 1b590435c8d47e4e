//! Owns the exchange of decisions with the server: which ones each side has, sending what it lacks, taking in what we lack.
//!
//! A decision is on disk here before it is sent, and sending it twice adds nothing, so neither a kill nor a lost connection
//! can lose or double one. What others decided is taken in through the store's journal like any import.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::cases;
use super::encoding::{event_of, record_of};
use super::error::TeamError;
use super::memory::Memory;
use crate::cancel::CancelToken;
use crate::mongo::{Connection, Record, Records};
use crate::store::{LocalStore, VerdictStore};
use crate::triage::{CaseId, Event, EventId};
use crate::workspace::Workspace;

/// The collection of decisions.
const EVENTS: &str = "nsec_verdicts";
/// Decisions sent at once; each may bear the cells of its case.
const SENT_AT_ONCE: usize = 500;
/// How far back is looked for decisions that came late: their senders' clocks and batches are not exact.
const LATE_MILLISECONDS: i64 = 5 * 60 * 1000;
/// In the audit log.
const COMMAND: &str = "nsec-tui verdicts sync";

/// Where a decision is known to be.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    here: bool,
    there: bool,
}

/// The server's side.
pub(super) struct Server {
    pub(super) connection: Arc<Connection>,
    pub(super) events: Records,
}

impl Server {
    pub(super) fn open(connection: &Arc<Connection>, cancel: &CancelToken) -> Result<Self, TeamError> {
        Ok(Self {
            connection: Arc::clone(connection),
            events: Records::open(connection, EVENTS, &["schema", "row"], cancel)?,
        })
    }
}

/// What each side has, as far as this host knows. It outlives connections.
pub(super) struct Exchange {
    workspace: Workspace,
    pub(super) memory: Memory,
    known: HashMap<EventId, Known>,
    /// What the server lacks, in the order in which it was decided.
    pending: VecDeque<Event>,
    place: i64,
    /// Cases whose cells went with one of their decisions.
    with_cells: HashSet<CaseId>,
    /// Cases whose state on the server may lack a decision of ours: a kill or a lost connection came between the two.
    unsettled: BTreeSet<CaseId>,
    /// Decisions that went to the server, and that came from it.
    pub(super) sent: u64,
    pub(super) received: u64,
    /// Records that cannot be understood.
    unreadable: HashSet<String>,
}

impl Exchange {
    /// Reads what this host has; no server is needed for that.
    ///
    /// # Errors
    /// The store fails.
    pub(super) fn open(workspace: &Workspace, store: &mut LocalStore, memory: Memory) -> Result<Self, TeamError> {
        let mut exchange = Self {
            workspace: workspace.clone(),
            known: HashMap::new(),
            pending: VecDeque::new(),
            place: 0,
            with_cells: HashSet::new(),
            unsettled: BTreeSet::new(),
            sent: 0,
            received: 0,
            unreadable: HashSet::new(),
            memory,
        };
        // What the server is known to have need not be sent again.
        let (all, place) = store.events_since(0)?;
        let later: HashSet<EventId> = match exchange.memory.place {
            0 => all.iter().map(|event| event.id).collect(),
            there => store.events_since(there)?.0.iter().map(|event| event.id).collect(),
        };
        for event in all {
            let there = !later.contains(&event.id);
            exchange.known.insert(event.id, Known { here: true, there });
            if !there {
                exchange.pending.push_back(event);
            }
        }
        exchange.place = place;
        Ok(exchange)
    }

    /// Decisions that the server has not confirmed.
    pub(super) fn backlog(&self) -> u64 {
        self.pending.len() as u64
    }

    /// Records on the server that cannot be understood.
    pub(super) fn unreadable(&self) -> usize {
        self.unreadable.len()
    }

    /// Looks at what was decided here since.
    pub(super) fn look_here(&mut self, store: &mut LocalStore) -> Result<(), TeamError> {
        let (events, place) = store.events_since(self.place)?;
        self.place = place;
        for event in events {
            let known = self.known.entry(event.id).or_default();
            if !std::mem::replace(&mut known.here, true) && !known.there {
                self.pending.push_back(event);
            }
        }
        Ok(())
    }

    /// Looks at what the server has, all of it or, where that was done not long ago, the latest; takes in what is not here.
    pub(super) fn look_there(
        &mut self,
        server: &Server,
        store: &mut LocalStore,
        cancel: &CancelToken,
    ) -> Result<(), TeamError> {
        let all = self.memory.is_empty();
        let since = self.memory.latest.filter(|_| !all);
        let since = since.map(|latest| latest.saturating_sub(LATE_MILLISECONDS));
        let (names, latest) = server.events.names(since, cancel)?;
        let mut lacking = Vec::new();
        for name in names {
            let Ok(id) = name.parse::<EventId>() else { continue };
            let known = self.known.entry(id).or_default();
            known.there = true;
            if !known.here && !self.unreadable.contains(&name) {
                lacking.push(name);
            }
        }
        let known = &self.known;
        let unsettled = &mut self.unsettled;
        self.pending.retain(|event| {
            let there = known.get(&event.id).is_some_and(|known| known.there);
            if there {
                unsettled.insert(event.case.clone());
            }
            !there
        });
        server
            .events
            .read(&lacking, cancel, |found| self.take_in(found, store))?;
        self.memory.latest = self.memory.latest.max(latest);
        if all {
            self.memory.looked();
        }
        self.remember();
        Ok(())
    }

    /// Takes in what others decided.
    pub(super) fn take_in(&mut self, records: Vec<Record>, store: &mut LocalStore) -> Result<(), TeamError> {
        let mut events = Vec::new();
        for record in records {
            let name = record.id.clone();
            match event_of(record) {
                Ok(event) => {
                    let known = self.known.entry(event.id).or_default();
                    known.there = true;
                    if !known.here {
                        events.push(event);
                    }
                }
                Err(error) => {
                    if self.unreadable.insert(name.clone()) {
                        tracing::warn!(
                            record = name,
                            "a decision on the team's server cannot be understood: {error}"
                        );
                    }
                }
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        let (_, new) = store.import(&events, COMMAND)?;
        self.received += new as u64;
        for event in &events {
            self.known.entry(event.id).or_default().here = true;
        }
        Ok(())
    }

    /// Sends one portion of what the server lacks; whether there was any.
    pub(super) fn send_some(
        &mut self,
        server: &Server,
        store: &mut LocalStore,
        cancel: &CancelToken,
    ) -> Result<bool, TeamError> {
        if self.pending.is_empty() {
            self.settle(server, cancel)?;
            return Ok(false);
        }
        let mut portion: Vec<Event> = self.pending.iter().take(SENT_AT_ONCE).cloned().collect();
        let mut touched: Vec<CaseId> = portion.iter().map(|event| event.case.clone()).collect();
        touched.sort();
        touched.dedup();
        let wanted: Vec<CaseId> = touched
            .iter()
            .filter(|case| !self.with_cells.contains(case))
            .cloned()
            .collect();
        let mut cells = store.cells_of(&wanted)?;
        for event in &mut portion {
            event.cells = cells.remove(&event.case);
        }
        let records: Vec<Record> = portion.iter().map(record_of).collect();
        self.unsettled.extend(touched);
        let added = server.events.add(&records, cancel)?;
        self.settle(server, cancel)?;
        self.sent += added.new;
        self.with_cells.extend(wanted);
        for event in &portion {
            self.known.entry(event.id).or_default().there = true;
        }
        self.pending.drain(..portion.len());
        if self.pending.is_empty() {
            self.remember();
        }
        Ok(true)
    }

    /// Has the server tell how the cases stand that were touched here.
    fn settle(&mut self, server: &Server, cancel: &CancelToken) -> Result<(), TeamError> {
        if !self.unsettled.is_empty() {
            let cases: Vec<CaseId> = self.unsettled.iter().cloned().collect();
            cases::work_out(server, &cases, cancel)?;
            self.unsettled.clear();
        }
        Ok(())
    }

    /// Writes down how far both sides agree.
    pub(super) fn remember(&mut self) {
        if self.pending.is_empty() && self.unsettled.is_empty() {
            self.memory.place = self.place;
        }
        self.memory.save(&self.workspace);
    }
}
