//! Owns hearing what others decide while a file is open, and telling how the store is.

use std::collections::{BTreeMap, BTreeSet};

use super::contract::{Progress, StoreState};
use super::error::ReviewError;
use super::open::Review;
use crate::artifacts::Timestamp;
use crate::browse::Work;
use crate::data::RowId;
use crate::triage::{Change, Event};

/// What has changed since it was asked last.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// In one line: `3 verdicts by mira`; empty where only `progress` or `store` has changed.
    pub what: String,
    /// Cases on which somebody newly contradicts somebody.
    pub conflicts: u64,
    /// How the work stands now.
    pub progress: Progress,
    /// How the store is.
    pub store: StoreState,
}

impl Review {
    /// What others have written since the last call, what is still to be told of the file, and whether the store is another;
    /// `None` if nothing is new. Cheap.
    ///
    /// # Errors
    /// The file has changed while rules were applied to it, or it was given up.
    pub fn poll(&self, control: Work<'_>) -> Result<Option<Changed>, ReviewError> {
        let (new, conflicts, mut told, changed) = {
            let mut shelf = self.shelf();
            let asked = shelf.store.as_mut().map_or(Ok(false), |store| store.has_changed());
            let changed = matches!(asked, Ok(true));
            if let Err(error) = asked {
                tracing::debug!("the store does not answer: {error}");
            }
            let read = if changed { shelf.read_on() } else { Ok(Vec::new()) };
            let read = read.unwrap_or_else(|error| {
                // Asked again with the next change.
                tracing::warn!("the verdicts of others cannot be read: {error}");
                Vec::new()
            });
            let mut new = std::mem::take(&mut shelf.unsaid);
            // Under the lock, so that a decision made meanwhile stands behind them, here as in the store.
            let (more, conflicts, mut told) = self.take_in(read);
            new.extend(more);
            told.append(&mut shelf.take_notes());
            (new, conflicts, told, changed)
        };
        if self.a_rule_has_expired() || changed && self.rules_have_changed() {
            self.renew_rules(control)?;
            told.append(&mut self.shelf().take_notes());
            told.push("suppression rules have changed".to_owned());
        }
        told.extend(self.by_whom(&new));
        if self.file.is_newly_replaced() {
            told.push(format!(
                "{} was scored anew; opened again it shows the new rows",
                self.file.name()
            ));
        }
        let store = {
            let mut shelf = self.shelf();
            let now = shelf.state();
            let news = !told.is_empty() || !new.is_empty() || shelf.told != now;
            shelf.told = now.clone();
            if !news {
                return Ok(None);
            }
            now
        };
        Ok(Some(Changed {
            what: told.join("; "),
            conflicts,
            progress: self.progress(),
            store,
        }))
    }

    /// Takes events in; those that are new, the cases on which somebody newly contradicts somebody, and whose contradictions
    /// were settled.
    fn take_in(&self, events: Vec<Event>) -> (Vec<Event>, u64, Vec<String>) {
        if events.is_empty() {
            return (Vec::new(), 0, Vec::new());
        }
        let mut live = self.live_mut();
        let touched = |event: &Event| self.cases().find(event.case.row);
        let mut of_file: Vec<u32> = events.iter().filter_map(touched).collect();
        of_file.sort_unstable();
        of_file.dedup();
        let mut disputed: Vec<u32> = of_file.extract_if(.., |case| live.is_contradicted(*case)).collect();
        let new = live.add(self.cases(), events);
        self.explainer.note(&new);
        let conflicts = of_file.iter().filter(|case| live.is_contradicted(**case)).count();
        disputed.retain(|case| !live.is_contradicted(*case));
        let settled: Vec<(RowId, String)> = disputed
            .iter()
            .filter_map(|case| Some((self.cases().id(*case), live.state(self.cases(), *case).verdict?.analyst)))
            .collect();
        (new, conflicts as u64, told_settled(&settled))
    }

    fn a_rule_has_expired(&self) -> bool {
        let now = Timestamp::now();
        let live = self.live();
        live.rules.iter().any(|here| here.rows > 0 && !here.rule.holds_at(now))
    }

    fn rules_have_changed(&self) -> bool {
        let mut shelf = self.shelf();
        let read = shelf.store.as_mut().map(|store| store.rules(self.file.schema_name()));
        drop(shelf);
        let Some(Ok(now)) = read else { return false };
        let live = self.live();
        let known = live
            .rules
            .iter()
            .map(|here| (here.rule.id, here.rule.withdrawn.is_some()));
        !known.eq(now.iter().map(|rule| (rule.id, rule.withdrawn.is_some())))
    }

    /// Who did how much to the cases of this file.
    fn by_whom(&self, events: &[Event]) -> Vec<String> {
        let mut by: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let own = |event: &&Event| {
            event.case.schema == self.file.schema_name() && self.cases().find(event.case.row).is_some()
        };
        for event in events.iter().filter(own) {
            let (verdicts, changes) = by.entry(&event.analyst).or_default();
            match event.change {
                Change::Judge { verdict: Some(_), .. } => *verdicts += 1,
                _ => *changes += 1,
            }
        }
        let line = |(analyst, (verdicts, changes)): (&str, (usize, usize))| {
            let several = |count: usize, one: &str| match count {
                0 => None,
                1 => Some(format!("1 {one}")),
                more => Some(format!("{more} {one}s")),
            };
            let parts: Vec<String> = [several(verdicts, "verdict"), several(changes, "change")]
                .into_iter()
                .flatten()
                .collect();
            let here = if analyst == self.analyst {
                " in another console"
            } else {
                ""
            };
            format!("{} by {analyst}{here}", parts.join(" and "))
        };
        by.into_iter().map(line).collect()
    }
}

/// Which contradictions are settled, and by whom: `case 0000000000000005 settled by bea`.
fn told_settled(settled: &[(RowId, String)]) -> Vec<String> {
    match settled {
        [] => Vec::new(),
        [(row, analyst)] => vec![format!("case {row} settled by {analyst}")],
        many => {
            let by: BTreeSet<&str> = many.iter().map(|(_, analyst)| analyst.as_str()).collect();
            let by: Vec<&str> = by.into_iter().collect();
            vec![format!("{} conflicts settled by {}", many.len(), by.join(", "))]
        }
    }
}
