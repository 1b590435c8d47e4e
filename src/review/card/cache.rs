//! Owns which cards are made before they are asked for, and how many are kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::maker::{CardMaker, ModelParts};
use super::{CardError, CardInput, CardParts, JudgedRows};
use crate::cancel::CancelToken;
use crate::data::RowId;

/// Cards of one open file. What the model says of a row is kept; what judged rows say is worked out at each call, so a verdict
/// makes nothing stale, and neither does another view.
///
/// A lane asks for [`CardCache::card`], answers, and then makes the places of [`ahead`] ready one by one with
/// [`CardCache::prepare`] until it is cancelled: a new place of the cursor waits for one unfinished card at most, which ends
/// at the next look at its token.
pub struct CardCache {
    maker: Arc<CardMaker>,
    most: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Each with when it was used last.
    parts: HashMap<RowId, (Arc<ModelParts>, u64)>,
    clock: u64,
}

impl CardCache {
    /// With room for `most` cards (about 10 KB each).
    pub fn new(maker: Arc<CardMaker>, most: usize) -> Self {
        Self {
            maker,
            most: most.max(1),
            kept: Mutex::default(),
        }
    }

    /// What makes them.
    pub fn maker(&self) -> &Arc<CardMaker> {
        &self.maker
    }

    /// The card of a row: made, unless it is ready.
    ///
    /// # Errors
    /// The row does not fit the model, or cancellation.
    pub fn card(&self, row: &CardInput, judged: &JudgedRows, cancel: &CancelToken) -> Result<CardParts, CardError> {
        let parts = self.parts(row, cancel)?;
        Ok(self.maker.finish(row, &parts, judged))
    }

    /// Makes a card ready; whether that had not been done.
    ///
    /// # Errors
    /// The row does not fit the model, or cancellation.
    pub fn prepare(&self, row: &CardInput, cancel: &CancelToken) -> Result<bool, CardError> {
        if self.has(row.row) {
            return Ok(false);
        }
        self.parts(row, cancel)?;
        Ok(true)
    }

    /// Whether a case's card is ready.
    pub fn has(&self, row: RowId) -> bool {
        self.kept().parts.contains_key(&row)
    }

    /// Forgets all cards.
    pub fn clear(&self) {
        *self.kept() = Kept::default();
    }

    /// Not held while a card is made, so that another thread can make another one.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parts(&self, row: &CardInput, cancel: &CancelToken) -> Result<Arc<ModelParts>, CardError> {
        if let Some(parts) = self.kept().take(row.row) {
            return Ok(parts);
        }
        let parts = Arc::new(self.maker.explain(row, cancel)?);
        self.kept().put(row.row, Arc::clone(&parts), self.most);
        Ok(parts)
    }
}

impl Kept {
    fn take(&mut self, row: RowId) -> Option<Arc<ModelParts>> {
        self.clock += 1;
        let (parts, used) = self.parts.get_mut(&row)?;
        *used = self.clock;
        Some(Arc::clone(parts))
    }

    /// O(cards kept), which is nothing beside the making of one.
    fn put(&mut self, row: RowId, parts: Arc<ModelParts>, most: usize) {
        self.clock += 1;
        self.parts.insert(row, (parts, self.clock));
        while self.parts.len() > most {
            let oldest = self.parts.iter().min_by_key(|(_, (_, used))| *used);
            let Some(oldest) = oldest.map(|(row, _)| *row) else {
                return;
            };
            self.parts.remove(&oldest);
        }
    }
}

/// Places of the view whose cards are to be ready while the cursor is at `at`, the likeliest first: the neighbours, the
/// next unreviewed case (to which a verdict leads), a page on and back, and a few more in both directions. `page` is how many
/// cases the screen shows; `unreviewed` are the next and the previous unreviewed case, where known.
pub fn ahead(at: u64, of: u64, page: u64, unreviewed: &[u64]) -> Vec<u64> {
    let near = |by: u64| [at.checked_add(by), at.checked_sub(by)];
    let mut places: Vec<u64> = Vec::new();
    let wanted = (near(1).into_iter())
        .chain(unreviewed.iter().map(|place| Some(*place)))
        .chain(near(2))
        .chain(near(page.max(1)))
        .chain((3..=NEAR).flat_map(near))
        .chain([Some(0), of.checked_sub(1)]);
    for place in wanted.flatten().filter(|place| *place < of && *place != at) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Cases in each direction that are made ready.
const NEAR: u64 = 8;
