//! Owns the exchange of decisions with the server: which ones each side has, sending what it lacks, taking in what we lack.
//!
//! A decision is on disk here before it is sent, and sending it twice adds nothing, so neither a kill nor a lost connection
//! can lose or double one. What others decided is taken in through the store's journal like any import.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Display;
use std::sync::Arc;

use super::cases;
use super::encoding::{event_of, record_of};
use super::error::TeamError;
use super::memory::Memory;
use crate::cancel::CancelToken;
use crate::mongo::{Connection, Record, Records};
use crate::store::{LocalStore, VerdictStore};
use crate::text::visible_text;
use crate::triage::{CaseId, Event, EventId};
use crate::workspace::Workspace;

/// The collection of decisions.
const EVENTS: &str = "nsec_verdicts";
/// Decisions sent at once; each may bear the cells of its case.
const SENT_AT_ONCE: usize = 500;
/// How far back is looked for decisions that came late: their senders' clocks and batches are not exact.
const LATE_MILLISECONDS: i64 = 5 * 60 * 1000;
/// Cases that are worked out at once: what else is due waits for it.
const SETTLED_AT_ONCE: usize = 200;
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
    /// Decisions that the server does not take.
    refused: HashSet<EventId>,
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
            refused: HashSet::new(),
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

    /// Decisions that the server does not take.
    pub(super) fn refused(&self) -> u64 {
        self.refused.len() as u64
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
        // Fewer than were there: an old copy of the database was put back.
        let there = self.known.values().filter(|known| known.there).count() as u64;
        let all = self.memory.is_old() || server.events.count(cancel)? < there;
        if all {
            self.begin_anew(store)?;
        }
        let since = self.memory.latest.filter(|_| !all);
        let since = since.map(|latest| latest.saturating_sub(LATE_MILLISECONDS));
        let (names, latest) = server.events.names(since, cancel)?;
        let mut lacking = Vec::new();
        for name in names {
            let Some(id) = written(&name) else {
                self.cannot_read(&name, &"its name is none of ours");
                continue;
            };
            let known = self.known.entry(id).or_default();
            known.there = true;
            if !known.here && !self.unreadable.contains(&name) {
                lacking.push(name);
            }
        }
        let mut confirmed = BTreeSet::new();
        let known = &self.known;
        self.pending.retain(|event| {
            let there = known.get(&event.id).is_some_and(|known| known.there);
            if there {
                confirmed.insert(event.case.clone());
            }
            !there
        });
        server
            .events
            .read(&lacking, cancel, |found| self.take_in(found, store))?;
        self.memory.latest = if all { latest } else { self.memory.latest.max(latest) };
        if all {
            let counts = self.counts_there(store)?;
            self.unsettled.extend(cases::outdated(server, &counts, cancel)?);
            self.memory.looked();
        } else {
            self.unsettled.extend(confirmed);
        }
        self.remember();
        Ok(())
    }

    /// Takes nothing for granted that the server was once known to have.
    fn begin_anew(&mut self, store: &mut LocalStore) -> Result<(), TeamError> {
        self.memory.forget();
        self.with_cells.clear();
        self.known.clear();
        let (events, place) = store.events_since(0)?;
        self.place = place;
        self.pending.clear();
        for event in events {
            let known = self.known.entry(event.id).or_default();
            if !std::mem::replace(&mut known.here, true) && !self.refused.contains(&event.id) {
                self.pending.push_back(event);
            }
        }
        Ok(())
    }

    /// How many decisions of each case are on both sides.
    fn counts_there(&self, store: &mut LocalStore) -> Result<HashMap<CaseId, i64>, TeamError> {
        let mut counts: HashMap<CaseId, i64> = HashMap::new();
        let mut counted = HashSet::new();
        for event in store.events_since(0)?.0 {
            if self.known.get(&event.id).is_some_and(|known| known.there) && counted.insert(event.id) {
                *counts.entry(event.case).or_default() += 1;
            }
        }
        Ok(counts)
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
                Err(error) => self.cannot_read(&name, &error),
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        let (_, new) = store.import(&events, COMMAND)?;
        self.received += new as u64;
        // They are behind the place that is known; what was decided here meanwhile is, too.
        self.look_here(store)
    }

    fn cannot_read(&mut self, name: &str, why: &dyn Display) {
        if self.unreadable.insert(name.to_owned()) {
            let name = visible_text(name);
            tracing::warn!("decision {name} on the team's server cannot be understood: {why}");
        }
    }

    /// Sends one portion of what the server lacks, and has it tell how some of the cases stand that were touched. Whether there
    /// is more to do.
    pub(super) fn send_some(
        &mut self,
        server: &Server,
        store: &mut LocalStore,
        cancel: &CancelToken,
    ) -> Result<bool, TeamError> {
        if !self.pending.is_empty() {
            self.send_portion(server, store, cancel)?;
        }
        if !self.unsettled.is_empty() {
            let cases: Vec<CaseId> = self.unsettled.iter().take(SETTLED_AT_ONCE).cloned().collect();
            cases::work_out(server, &cases, cancel)?;
            self.unsettled.retain(|case| !cases.contains(case));
            if self.pending.is_empty() && self.unsettled.is_empty() {
                self.remember();
            }
        }
        Ok(!self.pending.is_empty() || !self.unsettled.is_empty())
    }

    fn send_portion(&mut self, server: &Server, store: &mut LocalStore, cancel: &CancelToken) -> Result<(), TeamError> {
        let mut portion: Vec<Event> = self.pending.iter().take(SENT_AT_ONCE).cloned().collect();
        let mut touched: Vec<CaseId> = portion.iter().map(|event| event.case.clone()).collect();
        touched.sort();
        touched.dedup();
        let lacks_cells = |case: &&CaseId| !self.with_cells.contains(*case);
        let wanted: Vec<CaseId> = touched.iter().filter(lacks_cells).cloned().collect();
        let mut cells = store.cells_of(&wanted)?;
        for event in &mut portion {
            event.cells = cells.remove(&event.case);
        }
        let records: Vec<Record> = portion.iter().map(record_of).collect();
        // Before it is sent: what a lost answer leaves open is worked out all the same.
        self.unsettled.extend(touched);
        let added = server.events.add(&records, cancel)?;
        self.sent += added.new;
        self.with_cells.extend(wanted);
        for (place, why) in added.refused {
            let Some(event) = portion.get(place) else { continue };
            tracing::warn!(
                "decision {} on case {} is refused by the team's server, and stays on this host alone: {why}",
                event.id,
                event.case.row
            );
            self.refused.insert(event.id);
        }
        for event in &portion {
            self.known.entry(event.id).or_default().there = !self.refused.contains(&event.id);
        }
        self.pending.drain(..portion.len());
        Ok(())
    }

    /// Writes down how far both sides agree.
    pub(super) fn remember(&mut self) {
        if self.pending.is_empty() && self.unsettled.is_empty() {
            self.memory.place = self.place;
        }
        self.memory.save(&self.workspace);
    }

    /// What another console of this workspace has still to send, as far as it wrote that down.
    pub(super) fn follow(&mut self, store: &mut LocalStore) -> Result<(), TeamError> {
        let memory = Memory::read(&self.workspace, self.memory.server());
        self.pending = store.events_since(memory.place)?.0.into();
        Ok(())
    }

    /// Goes on where another console of this workspace left.
    pub(super) fn take_over(&mut self, store: &mut LocalStore) -> Result<(), TeamError> {
        let memory = Memory::read(&self.workspace, self.memory.server());
        let next = Self::open(&self.workspace, store, memory)?;
        let (sent, received) = (self.sent, self.received);
        *self = Self { sent, received, ..next };
        Ok(())
    }
}

/// The name of a decision, if it is written as we write names.
fn written(name: &str) -> Option<EventId> {
    name.parse::<EventId>().ok().filter(|id| id.to_string() == name)
}
