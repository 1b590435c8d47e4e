//! Owns sharing suppression rules: a rule and its withdrawal are records that are only ever added.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::encoding::{RuleRecord, records_of, rule_of};
use super::error::TeamError;
use crate::cancel::CancelToken;
use crate::mongo::{Connection, Record, Records};
use crate::store::{LocalStore, VerdictStore};
use crate::triage::EventId;

/// The collection of rules.
const RULES: &str = "nsec_rules";
/// In the audit log.
const COMMAND: &str = "nsec-tui verdicts sync";

/// The rules on the server.
pub(super) struct SharedRules {
    records: Records,
    there: HashSet<String>,
    unreadable: HashSet<String>,
}

impl SharedRules {
    pub(super) fn open(connection: &Arc<Connection>, cancel: &CancelToken) -> Result<Self, TeamError> {
        Ok(Self {
            records: Records::open(connection, RULES, &["schema"], cancel)?,
            there: HashSet::new(),
            unreadable: HashSet::new(),
        })
    }

    /// Takes in what is not here and sends what is not there. Answers how many rules changed here.
    pub(super) fn exchange(&mut self, store: &mut LocalStore, cancel: &CancelToken) -> Result<u64, TeamError> {
        let (names, _) = self.records.names(None, cancel)?;
        let new: Vec<String> = names
            .iter()
            .filter(|name| !self.there.contains(*name))
            .cloned()
            .collect();
        // Never more than is there now: an old copy of the database may have been put back.
        self.there.retain(|name| names.contains(name));
        let mut found = Vec::new();
        self.records.read(&new, cancel, |some| {
            found.extend(some);
            Ok::<(), TeamError>(())
        })?;
        let changed = self.take_in(found, store)?;
        let own = store.all_rules()?;
        let lacking: Vec<Record> = own
            .iter()
            .flat_map(records_of)
            .filter(|record| !self.there.contains(&record.id))
            .collect();
        for (place, why) in self.records.add(&lacking, cancel)?.refused {
            let name = lacking.get(place).map_or("", |record| &record.id);
            tracing::warn!("rule {name} is refused by the team's server, and holds on this host alone: {why}");
        }
        self.there.extend(lacking.into_iter().map(|record| record.id));
        Ok(changed)
    }

    fn take_in(&mut self, records: Vec<Record>, store: &mut LocalStore) -> Result<u64, TeamError> {
        if records.is_empty() {
            return Ok(0);
        }
        let own = store.all_rules()?;
        let mut own: HashMap<EventId, bool> = own.iter().map(|rule| (rule.id, rule.withdrawn.is_some())).collect();
        let mut changed = 0;
        let mut withdrawn = Vec::new();
        for record in records {
            let name = record.id.clone();
            match rule_of(record) {
                Ok(RuleRecord::Made(rule)) => {
                    if let Entry::Vacant(place) = own.entry(rule.id) {
                        store.add_rule(&rule, COMMAND)?;
                        place.insert(false);
                        changed += 1;
                    }
                }
                Ok(RuleRecord::Withdrawn { rule, by }) => withdrawn.push((rule, by, name.clone())),
                Err(error) => {
                    if self.unreadable.insert(name.clone()) {
                        tracing::warn!(
                            record = name,
                            "a rule on the team's server cannot be understood: {error}"
                        );
                    }
                }
            }
            self.there.insert(name);
        }
        for (rule, by, name) in withdrawn {
            match own.get(&rule) {
                Some(true) => {}
                Some(false) => {
                    store.withdraw_rule(rule, &by, COMMAND)?;
                    changed += 1;
                }
                // The rule itself is on its way; asked for again the next time.
                None => _ = self.there.remove(&name),
            }
        }
        Ok(changed)
    }
}
