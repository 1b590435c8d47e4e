//! Owns keeping and reading: the journal first, then the database.

use std::collections::{HashMap, HashSet};

use rusqlite::params;

use super::journal::{self, Entry};
use super::local::{Home, LocalStore};
use super::rows::{SELECT_EVENTS, SELECT_RULES, cells_of, event_of, rule_of};
use super::{Kept, Standing, StoreError, VerdictStore};
use crate::artifacts::Timestamp;
use crate::triage::{CaseId, Cells, Event, EventId, SuppressionRule};

impl LocalStore {
    /// Appends events that were decided elsewhere. Answers how many of them are new.
    ///
    /// # Errors
    /// Nothing was kept.
    pub fn import(&mut self, events: &[Event], command: &str) -> Result<(Kept, usize), StoreError> {
        self.keep_events(events, Some("import"), command)
    }

    fn keep_events(
        &mut self,
        events: &[Event],
        action: Option<&str>,
        command: &str,
    ) -> Result<(Kept, usize), StoreError> {
        if let Some(event) = events.iter().find(|event| !is_writable(event)) {
            return Err(StoreError::Score {
                case: event.case.row.to_string(),
            });
        }
        self.settle();
        let known = self.known(events)?;
        let mut seen = HashSet::new();
        let fresh = events.iter().filter(|e| !known.contains(&e.id) && seen.insert(e.id));
        let fresh: Vec<Event> = fresh.cloned().collect();
        let count = fresh.len();
        if count == 0 {
            return Ok((self.kept_already(), 0));
        }
        let kept = self.keep(Entry::Events(fresh), action, command)?;
        Ok((kept, count))
    }

    /// The ids among those of `events` that are there, be it in the journal alone.
    fn known(&mut self, events: &[Event]) -> Result<HashSet<EventId>, StoreError> {
        let mut known: HashSet<EventId> = self.pending_events().map(|event| event.id).collect();
        known.extend(self.read("cannot be read", |connection| {
            let mut statement = connection.prepare("SELECT 1 FROM events WHERE id = ?1")?;
            let mut found = Vec::new();
            for event in events {
                if statement.exists([event.id.to_string()])? {
                    found.push(event.id);
                }
            }
            Ok(found)
        })?);
        Ok(known)
    }

    fn pending_events(&self) -> impl Iterator<Item = &Event> {
        self.pending.iter().flat_map(|entry| match entry {
            Entry::Events(events) => events.as_slice(),
            _ => &[],
        })
    }

    fn kept_already(&self) -> Kept {
        match self.current_standing() {
            Standing::Ready | Standing::ReadOnly(_) => Kept::Stored,
            Standing::Journal(why) => Kept::Journalled(why),
        }
    }

    /// The journal, then the database.
    fn keep(&mut self, entry: Entry, action: Option<&str>, command: &str) -> Result<Kept, StoreError> {
        let range = match journal::write(&self.workspace, &entry, action, command) {
            Ok(range) => range,
            Err(error) => {
                self.read_only = Some(error.to_string());
                return Err(StoreError::NotKept(error));
            }
        };
        self.read_only = None;
        let own = range.as_ref().map(|range| (range, &entry));
        if self.take(own, self.wait()).is_none() {
            let why = self.behind.clone().unwrap_or_default();
            return Ok(Kept::Journalled(why));
        }
        Ok(match &self.home {
            Home::File(..) => Kept::Stored,
            Home::Memory(_, why, _) => Kept::Journalled(why.clone()),
        })
    }

    /// The cells that are kept of cases, without those that have none.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn cells_of(&mut self, cases: &[CaseId]) -> Result<HashMap<CaseId, Cells>, StoreError> {
        self.settle();
        let sql = "SELECT schema, row_id, cells FROM cells WHERE schema = ?1 AND row_id = ?2";
        let found: Vec<(CaseId, Cells)> = self.read("cannot be read", |connection| {
            let mut statement = connection.prepare(sql)?;
            let mut found = Vec::new();
            for case in cases {
                let mut rows =
                    statement.query_map(params![case.schema, case.row.to_string()], super::rows::cells_of)?;
                found.extend(rows.next().transpose()?);
            }
            Ok(found)
        })?;
        let mut found: HashMap<CaseId, Cells> = found.into_iter().collect();
        let wanted: HashSet<&CaseId> = cases.iter().collect();
        for event in self.pending_events().filter(|event| wanted.contains(&event.case)) {
            if let Some(cells) = &event.cells {
                found.entry(event.case.clone()).or_insert_with(|| cells.clone());
            }
        }
        Ok(found)
    }

    /// The rules of every schema, the latest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn all_rules(&mut self) -> Result<Vec<SuppressionRule>, StoreError> {
        self.settle();
        self.read_rules("WHERE ?1 = '*'", "*")
    }

    fn rule(&mut self, id: EventId) -> Result<Option<SuppressionRule>, StoreError> {
        let mut rules = self.read_rules("WHERE r.id = ?1", &id.to_string())?;
        Ok(rules.pop())
    }

    /// Rules with what is only in the journal.
    fn read_rules(&mut self, condition: &str, parameter: &str) -> Result<Vec<SuppressionRule>, StoreError> {
        let sql = format!("{SELECT_RULES} {condition} ORDER BY r.place DESC");
        let mut rules: Vec<SuppressionRule> = self.read("cannot be read", |connection| {
            connection.prepare(&sql)?.query_map([parameter], rule_of)?.collect()
        })?;
        for entry in &self.pending {
            match entry {
                Entry::Rule(rule)
                    if (parameter == "*" || rule.schema == parameter || rule.id.to_string() == parameter)
                        && rules.iter().all(|known| known.id != rule.id) =>
                {
                    rules.insert(0, rule.clone());
                }
                Entry::Withdrawal { rule, at, by } => {
                    for known in rules.iter_mut().filter(|known| known.id == *rule) {
                        known.withdrawn.get_or_insert_with(|| (*at, by.clone()));
                    }
                }
                Entry::Hits { rule, hits, .. } => {
                    for known in rules.iter_mut().filter(|known| known.id == *rule) {
                        known.hits = known.hits.saturating_add(*hits);
                    }
                }
                _ => {}
            }
        }
        Ok(rules)
    }
}

/// JSON has no word for what is no number.
fn is_writable(event: &Event) -> bool {
    event
        .score
        .as_ref()
        .is_none_or(|score| score.probability.is_finite() && score.threshold.is_none_or(f64::is_finite))
}

impl VerdictStore for LocalStore {
    fn append(&mut self, events: &[Event], command: &str) -> Result<Kept, StoreError> {
        self.keep_events(events, None, command).map(|(kept, _)| kept)
    }

    fn events_since(&mut self, place: i64) -> Result<(Vec<Event>, i64), StoreError> {
        self.settle();
        let read = |from: i64| {
            move |connection: &rusqlite::Connection| {
                let sql = format!("{SELECT_EVENTS} WHERE place > ?1 ORDER BY place");
                let mut statement = connection.prepare(&sql)?;
                let rows = statement.query_map(params![from], event_of)?;
                let (mut events, mut last) = (Vec::new(), from);
                for row in rows {
                    let (at, event) = row?;
                    last = at;
                    events.push(event);
                }
                Ok((events, last))
            }
        };
        let from = if self.again { 0 } else { place };
        let (mut events, mut last) = self.read("cannot be read", read(from))?;
        if self.again && from != 0 {
            // It was made again while it was read.
            (events, last) = self.read("cannot be read", read(0))?;
        }
        self.again = false;
        events.extend(self.pending_events().map(|event| Event {
            cells: None,
            ..event.clone()
        }));
        Ok((events, last))
    }

    fn has_changed(&mut self) -> Result<bool, StoreError> {
        self.settle();
        let mut changed = self.again;
        if self.behind.is_some() || self.journal_has_more() {
            let (was, known) = (self.behind.is_some(), self.pending.len());
            let taken = self.look();
            changed |= match taken {
                Some(taken) => was || taken.events + taken.rules > 0,
                None => self.pending.len() > known,
            };
        }
        Ok(self.version_changed()? | changed | self.again)
    }

    fn cells(&mut self, schema: &str) -> Result<Vec<(CaseId, Cells)>, StoreError> {
        self.settle();
        let sql = "SELECT schema, row_id, cells FROM cells WHERE schema = ?1 ORDER BY row_id";
        let mut cells: Vec<(CaseId, Cells)> = self.read("cannot be read", |connection| {
            connection.prepare(sql)?.query_map([schema], cells_of)?.collect()
        })?;
        let known: HashSet<CaseId> = cells.iter().map(|(case, _)| case.clone()).collect();
        let mut added = HashSet::new();
        for event in self.pending_events() {
            let Some(own) = event.cells.as_ref().filter(|_| event.case.schema == schema) else {
                continue;
            };
            if !known.contains(&event.case) && added.insert(&event.case) {
                cells.push((event.case.clone(), own.clone()));
            }
        }
        Ok(cells)
    }

    fn rules(&mut self, schema: &str) -> Result<Vec<SuppressionRule>, StoreError> {
        self.settle();
        self.read_rules("WHERE r.schema = ?1", schema)
    }

    fn add_rule(&mut self, rule: &SuppressionRule, command: &str) -> Result<Kept, StoreError> {
        self.settle();
        if self.rule(rule.id)?.is_some() {
            return Ok(self.kept_already());
        }
        self.keep(Entry::Rule(rule.clone()), None, command)
    }

    fn withdraw_rule(&mut self, rule: EventId, by: &str, command: &str) -> Result<Kept, StoreError> {
        self.settle();
        match self.rule(rule)? {
            None => Err(StoreError::NoSuchRule(rule)),
            Some(found) if found.withdrawn.is_some() => Ok(self.kept_already()),
            Some(_) => {
                let at = Timestamp::now();
                let by = by.to_owned();
                self.keep(Entry::Withdrawal { rule, at, by }, None, command)
            }
        }
    }

    fn count_hits(&mut self, rule: EventId, file: &str, hits: u64) -> Result<(), StoreError> {
        self.settle();
        let sql = "SELECT 1 FROM hits WHERE rule = ?1 AND file = ?2";
        let counted = self.read("cannot be read", |connection| {
            connection.prepare(sql)?.exists(params![rule.to_string(), file])
        })?;
        let waits = self
            .pending
            .iter()
            .any(|entry| matches!(entry, Entry::Hits { rule: of, file: name, .. } if *of == rule && name == file));
        if counted || waits {
            return Ok(());
        }
        let file = file.to_owned();
        self.keep(Entry::Hits { rule, file, hits }, None, "").map(|_| ())
    }

    fn standing(&self) -> Standing {
        self.current_standing()
    }

    fn notices(&mut self) -> Vec<String> {
        self.take_notices()
    }
}
