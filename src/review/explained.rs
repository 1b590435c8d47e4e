//! Owns what the run behind the file says of its cases: reading the run once, keeping judged cases at hand, cards in full.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::card::{CardCache, CardInput, CardMaker, JudgedCase, JudgedRows, ahead};
use super::contract::Card;
use super::error::ReviewError;
use super::open::Review;
use crate::browse::Direction;
use crate::cancel::CancelToken;
use crate::data::RowId;
use crate::triage::{Cells, Event};

/// Cards that are kept ready.
const CARDS: usize = 512;
/// Judged cases that cards are compared with: the latest.
const MOST_JUDGED: usize = 20_000;
/// Judged cases that are taken in before one card; the rest are while cards are made ready.
const AT_ONCE: usize = 20;
/// How often so many are taken in before a card.
const ROUNDS: usize = 5;
/// Rows by which drift is told.
const SAMPLE: u64 = 4_000;
/// Characters of a cell of the sample.
const SAMPLE_CELL: usize = 1024;
/// How often somebody who waits for the run asks whether to stop.
const WAIT: Duration = Duration::from_millis(20);

/// The run behind the file, once it has been read.
#[derive(Default)]
pub(super) struct Explainer {
    ready: Mutex<Option<Result<Arc<Explained>, String>>>,
    changed: Condvar,
    /// Cases whose verdict changed since they were taken in.
    stale: Mutex<HashSet<RowId>>,
}

/// Makes cards.
pub(super) struct Explained {
    cache: CardCache,
    judged: Mutex<JudgedRows>,
}

impl Explained {
    fn judged(&self) -> MutexGuard<'_, JudgedRows> {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Explainer {
    fn stale(&self) -> MutexGuard<'_, HashSet<RowId>> {
        self.stale.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has judged cases looked at again before the next card.
    pub fn note(&self, events: &[Event]) {
        self.stale().extend(events.iter().map(|event| event.case.row));
    }

    fn set(&self, made: Result<Arc<Explained>, String>) {
        *self.ready.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        self.changed.notify_all();
    }

    /// Waits until the run has been read; why there is nothing to wait for.
    fn wait(&self, cancel: &CancelToken) -> Result<Result<Arc<Explained>, String>, ReviewError> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(made) = ready.as_ref() {
                return Ok(made.clone());
            }
            cancel.check()?;
            ready = match self.changed.wait_timeout(ready, WAIT) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

impl Review {
    /// Reads the run behind the file, so that cards can be made; takes seconds for large runs. Cards that are asked for before
    /// wait for it.
    pub fn read_run(&self, cancel: &CancelToken) {
        let made = self.make_explained(cancel);
        if let Err(why) = &made {
            tracing::warn!("cards have no explanations: {why}");
        }
        self.explainer.set(made);
    }

    fn make_explained(&self, cancel: &CancelToken) -> Result<Arc<Explained>, String> {
        let columns = self.input_columns();
        let without = |why: &str| CardMaker::without_model(&columns, why);
        let nulls = self.surroundings.settings.reading.null_tokens();
        let maker = match (&self.file.run_dir, &self.file.without_model) {
            (Some(run), _) => match CardMaker::open(run, nulls, cancel) {
                Ok(maker) => maker,
                Err(error) if cancel.is_cancelled() => return Err(error.to_string()),
                Err(error) => without(&error.to_string()),
            },
            (None, why) => without(why.as_deref().unwrap_or("its run is gone")),
        };
        // The scores of a label audit are those of models that did not see the row, never the run's own.
        let maker = if self.file.doubt.is_some() {
            maker.with_other_scores()
        } else {
            maker
        };
        let mut judged = maker.no_judged_rows();
        for case in self.judged_cases() {
            if cancel.is_cancelled() {
                break;
            }
            maker.judge(&mut judged, case);
        }
        let drifted = self.sample().map(|rows| maker.drift(&columns, &rows, cancel));
        if let Ok(Err(error)) = drifted {
            tracing::debug!("drift of the file is not known: {error}");
        }
        Ok(Arc::new(Explained {
            cache: CardCache::new(Arc::new(maker), CARDS),
            judged: Mutex::new(judged),
        }))
    }

    /// The latest judged cases of the schema with the cells that were kept with them.
    fn judged_cases(&self) -> Vec<JudgedCase> {
        let read = {
            let mut shelf = self.shelf();
            shelf.store.as_mut().map(|store| store.cells(self.file.schema_name()))
        };
        let kept = match read {
            Some(Ok(kept)) => kept,
            Some(Err(error)) => {
                tracing::warn!("judged cases have no cells: {error}");
                Vec::new()
            }
            None => Vec::new(),
        };
        let mut cells: std::collections::HashMap<RowId, Cells> =
            kept.into_iter().map(|(case, cells)| (case.row, cells)).collect();
        let live = self.live();
        let states = live.ledger.states();
        let mut found: Vec<_> = states
            .filter_map(|(row, state)| Some((row, state.verdict.clone()?)))
            .collect();
        found.sort_unstable_by_key(|(_, judgement)| Reverse((judgement.at, judgement.event)));
        found.truncate(MOST_JUDGED);
        let case = |(row, judgement): (RowId, crate::triage::Judgement)| JudgedCase {
            row,
            verdict: judgement.verdict,
            analyst: judgement.analyst,
            score: judgement.score,
            cells: cells.remove(&row),
        };
        found.into_iter().rev().map(case).collect()
    }

    /// Rows from all over the file.
    fn sample(&self) -> Result<Vec<Vec<String>>, ReviewError> {
        let rows = self.cases().rows();
        let step = rows.div_ceil(SAMPLE).max(1);
        let read = self.file.table.read((0..rows).step_by(step as usize), SAMPLE_CELL)?;
        let cells = read
            .iter()
            .map(|row| self.input_cells(row).into_iter().map(|(_, cell)| cell).collect());
        Ok(cells.collect())
    }

    /// Takes in some of the cases whose verdict has changed; whether there were any.
    fn renew_judged(&self, explained: &Explained) -> Result<bool, ReviewError> {
        let some: Vec<RowId> = {
            let mut stale = self.explainer.stale();
            let some: Vec<RowId> = stale.iter().copied().take(AT_ONCE).collect();
            for row in &some {
                stale.remove(row);
            }
            some
        };
        if some.is_empty() {
            return Ok(false);
        }
        let known: Vec<(RowId, u32)> = some
            .iter()
            .filter_map(|row| Some((*row, self.cases().find(*row)?)))
            .collect();
        let cases: Vec<u32> = known.iter().map(|(_, case)| *case).collect();
        let cells = self.file.cells_of(&cases)?;
        for ((row, _), cells) in known.into_iter().zip(cells) {
            let verdict = self.live().ledger.state(row).and_then(|state| state.verdict.clone());
            let Some(judgement) = verdict else {
                explained.judged().remove(row);
                continue;
            };
            // A bulk verdict on a million cases must not be held in memory for neighbours; those known stay as they are.
            if explained.judged().len() >= MOST_JUDGED {
                continue;
            }
            let case = JudgedCase {
                row,
                verdict: judgement.verdict,
                analyst: judgement.analyst,
                score: judgement.score,
                cells: Some(cells),
            };
            // One at a time, so that a card never waits for many.
            explained.cache.maker().judge(&mut explained.judged(), case);
        }
        Ok(true)
    }

    /// The card of the case at a place. Waits for the run to be read.
    ///
    /// # Errors
    /// There is no such place, the file cannot be read, or it was given up.
    pub fn card(&self, at: u64, cancel: &CancelToken) -> Result<Card, ReviewError> {
        let (mut card, input) = self.facts_and_input(at)?;
        let explained = match self.explainer.wait(cancel)? {
            Ok(explained) => explained,
            Err(why) => {
                card.missing.push(why);
                return Ok(card);
            }
        };
        // What was just decided counts; of a bulk the rest is taken in while cards are made ready.
        for _ in 0..ROUNDS {
            if !self.renew_judged(&explained)? {
                break;
            }
        }
        let parts = explained.cache.card(&input, &explained.judged(), cancel);
        match parts {
            Ok(parts) => {
                card.columns = parts.columns;
                card.other = parts.other;
                card.smallest_change = parts.smallest_change;
                card.neighbours = parts.neighbours;
                card.reliability = parts.reliability;
                card.missing = parts.missing;
            }
            Err(error) => {
                cancel.check()?;
                card.missing.push(error.to_string());
            }
        }
        Ok(card)
    }

    /// Makes the cards ready that are likely to be asked for next, until it is cancelled.
    ///
    /// # Errors
    /// The file cannot be read, or it was given up.
    pub fn prepare_cards(&self, at: u64, cancel: &CancelToken) -> Result<(), ReviewError> {
        let Ok(explained) = self.explainer.wait(cancel)? else {
            return Ok(());
        };
        let page = self.screen.load(std::sync::atomic::Ordering::Relaxed);
        let next = [Direction::Forward, Direction::Backward].map(|way| self.next_unreviewed(at, way));
        let next: Vec<u64> = next.into_iter().flatten().collect();
        for place in ahead(at, self.view().len(), page, &next) {
            cancel.check()?;
            let Some(case) = self.view().case(place) else { continue };
            if explained.cache.has(self.cases().id(case)) {
                continue;
            }
            let (_, input) = self.facts_and_input(place)?;
            if let Err(error) = explained.cache.prepare(&input, cancel) {
                cancel.check()?;
                tracing::debug!("no card made ready: {error}");
            }
        }
        while self.renew_judged(&explained)? {
            cancel.check()?;
        }
        Ok(())
    }

    fn facts_and_input(&self, at: u64) -> Result<(Card, CardInput), ReviewError> {
        let card = self.facts(at)?;
        let input = CardInput {
            row: card.row.row,
            cells: card.other.clone(),
            probability: card.row.probability,
            flagged: card.row.flagged,
            threshold: self.file.threshold,
        };
        Ok((card, input))
    }
}
