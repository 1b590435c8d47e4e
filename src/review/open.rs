//! Owns the review of one file: what is open, what is shown, and the store behind it. Its parts are in the files beside this.

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::arrange::CaseView;
use super::cases::CaseTable;
use super::contract::{OpenedReview, StoreState};
use super::disagreement::OtherScores;
use super::error::ReviewError;
use super::explained::Explainer;
use super::file::ScoredFile;
use super::find::Found;
use super::ledger::Ledger;
use super::live::Live;
use crate::artifacts::audit::current_user;
use crate::browse::Work;
use crate::pipeline::label_audit::{CONFLICTING_TWINS, GIVEN_LABEL, LABEL_DOUBT};
use crate::store::{LocalStore, Standing, StoreError, StoreOptions, VerdictStore};
use crate::surroundings::Surroundings;
use crate::triage::{Event, Verdict};

/// A scored file under review. All methods may be called from several threads at once: what reads sees the state as it
/// stands, decisions are made one after the other, and nothing waits for the store but they.
pub struct Review {
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) file: ScoredFile,
    pub(super) analyst: String,
    pub(super) store: Mutex<Shelf>,
    pub(super) live: RwLock<Live>,
    pub(super) view: RwLock<Arc<CaseView>>,
    pub(super) found: Mutex<Option<Found>>,
    pub(super) other: Mutex<Option<Arc<OtherScores>>>,
    pub(super) explainer: Explainer,
    /// Held while rules are read and applied.
    pub(super) renewing: Mutex<()>,
    /// How many cases the screen shows.
    pub(super) screen: AtomicU64,
}

/// A store as it could be opened.
pub struct OpenedStore {
    /// The store; `None` if it can be neither read nor written.
    pub store: Option<Box<dyn VerdictStore>>,
    /// Why there is none.
    pub without: String,
}

impl OpenedStore {
    /// A store that is there.
    pub fn new(store: Box<dyn VerdictStore>) -> Self {
        Self {
            store: Some(store),
            without: String::new(),
        }
    }

    /// The store of the workspace on this host, whatever state it is in.
    pub fn local(surroundings: &Surroundings) -> Self {
        let options = StoreOptions {
            shared: surroundings.settings.workspace.shared,
            ..StoreOptions::default()
        };
        match LocalStore::open(&surroundings.workspace, options) {
            Ok(store) => Self::new(Box::new(store)),
            Err(error) => Self {
                store: None,
                without: error.to_string(),
            },
        }
    }
}

/// The store with how far its events are known.
pub(super) struct Shelf {
    pub store: Option<Box<dyn VerdictStore>>,
    pub place: i64,
    /// Why there is no store.
    without: String,
    /// Why the last decision was not kept.
    pub failed: Option<String>,
    /// What is to be told with the next news.
    pub notes: Vec<String>,
    /// What others did that was read beside a decision, to be told with the next news.
    pub unsaid: Vec<Event>,
    /// The state that was told last.
    pub told: StoreState,
}

impl Shelf {
    /// How the store is.
    pub fn state(&self) -> StoreState {
        if let Some(why) = &self.failed {
            return StoreState::ReadOnly(why.clone());
        }
        match self.store.as_ref().map(|store| store.standing()) {
            None => StoreState::ReadOnly(self.without.clone()),
            Some(Standing::Ready) => StoreState::Ready,
            Some(Standing::Journal(why)) => StoreState::Journal(why),
            Some(Standing::ReadOnly(why)) => StoreState::ReadOnly(why),
        }
    }

    /// Why there is no store.
    pub fn without(&self) -> &str {
        &self.without
    }

    /// What is to be told now.
    pub fn take_notes(&mut self) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(self.store.as_mut().map(|store| store.notices()).unwrap_or_default());
        notes
    }

    /// The events that were written since they were read last.
    pub fn read_on(&mut self) -> Result<Vec<Event>, StoreError> {
        let Some(store) = &mut self.store else {
            return Ok(Vec::new());
        };
        let (events, place) = store.events_since(self.place)?;
        self.place = place;
        Ok(events)
    }
}

/// Who judges: by the settings, else whoever runs the program.
pub fn analyst(surroundings: &Surroundings) -> String {
    let named = surroundings.settings.triage.analyst.as_deref().map(str::trim);
    named
        .filter(|name| !name.is_empty())
        .map_or_else(current_user, str::to_owned)
}

impl Review {
    /// Opens a scored file with what the store knows of it; `None` is the workspace's own output. A store that cannot be used
    /// is no error: the file can be looked at.
    ///
    /// # Errors
    /// The file is not there, cannot be read, was not scored, or it was given up.
    pub fn open(
        surroundings: &Arc<Surroundings>,
        path: Option<&Path>,
        opened: OpenedStore,
        control: Work<'_>,
    ) -> Result<Self, ReviewError> {
        let file = ScoredFile::open(surroundings, path, control)?;
        let analyst = analyst(surroundings);
        let mut shelf = Shelf {
            store: opened.store,
            place: 0,
            without: opened.without,
            failed: None,
            told: StoreState::Ready,
            notes: notes(&file),
            unsaid: Vec::new(),
        };
        let mut ledger = Ledger::new(&analyst, file.schema_name());
        if let Some(store) = &mut shelf.store {
            // Asked first, so that what is written from now on is seen as a change.
            let _ = store.has_changed();
            match store.events_since(0) {
                Ok((events, place)) => {
                    ledger.add(events);
                    shelf.place = place;
                }
                Err(error) => shelf.failed = Some(error.to_string()),
            }
        }
        shelf.told = shelf.state();
        let live = Live::new(ledger, &file.cases);
        let review = Self {
            surroundings: Arc::clone(surroundings),
            analyst,
            view: RwLock::new(Arc::new(CaseView::empty(file.cases.len()))),
            renewing: Mutex::default(),
            file,
            store: Mutex::new(shelf),
            live: RwLock::new(live),
            found: Mutex::default(),
            other: Mutex::default(),
            explainer: Explainer::default(),
            screen: AtomicU64::new(20),
        };
        review.renew_rules(control)?;
        Ok(review)
    }

    /// What is told of it once it is open.
    pub fn opened(&self) -> OpenedReview {
        let file = &self.file;
        let (flagged, risk) = file.cases.tally();
        let triage = &self.surroundings.settings.triage;
        let reasons = Verdict::ALL.map(|verdict| {
            let codes = triage.reasons.get(verdict.name());
            (verdict, codes.cloned().unwrap_or_default())
        });
        OpenedReview {
            path: file.path.clone(),
            name: file.name().to_owned(),
            schema: file.schema_name().to_owned(),
            run: file.run().to_owned(),
            without_model: file.without_model.clone(),
            threshold: file.threshold,
            columns: file.table.columns().to_vec(),
            rows: file.cases.rows(),
            cases: file.cases.len() as u64,
            flagged,
            risk,
            rejected: file.rejected.clone(),
            label_audit: file.doubt.is_some(),
            analyst: self.analyst.clone(),
            store: self.shelf().state(),
            reasons: reasons.to_vec(),
            tags: triage.tags.clone(),
            list_columns: self.list_columns(),
            saved_queues: triage.queues.iter().map(|queue| queue.name.clone()).collect(),
            bulk_confirm: triage.bulk_confirm,
            suppression_days: triage.suppression_days,
        }
    }

    /// What the settings have; in a label audit without any, what is judged there.
    fn list_columns(&self) -> Vec<String> {
        let chosen = &self.surroundings.settings.triage.columns;
        if chosen.is_empty() && self.file.doubt.is_some() {
            return [GIVEN_LABEL, LABEL_DOUBT, CONFLICTING_TWINS]
                .map(str::to_owned)
                .to_vec();
        }
        chosen.clone()
    }

    /// The file.
    pub fn file(&self) -> &ScoredFile {
        &self.file
    }

    /// Who judges.
    pub fn analyst(&self) -> &str {
        &self.analyst
    }

    pub(super) fn cases(&self) -> &CaseTable {
        &self.file.cases
    }

    pub(super) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn live(&self) -> RwLockReadGuard<'_, Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn live_mut(&self) -> RwLockWriteGuard<'_, Live> {
        self.live.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn view(&self) -> Arc<CaseView> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn show(&self, view: CaseView) -> Arc<CaseView> {
        let view = Arc::new(view);
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&view);
        view
    }

    /// How the work stands.
    pub fn progress(&self) -> super::Progress {
        let view = self.view();
        self.live().progress(self.cases(), &view.order)
    }
}

/// What a person should know of a file beside its numbers.
fn notes(file: &ScoredFile) -> Vec<String> {
    let told = &file.told;
    let mut notes = Vec::new();
    if let (1.., Some(why)) = (told.malformed, &told.why) {
        let rows = rows(told.malformed);
        notes.push(format!("{rows} of the file cannot be read and are not shown: {why}"));
    }
    if told.other_runs > 0 {
        let rows = rows(told.other_runs);
        notes.push(format!(
            "{rows} of the file were scored by another run than {}",
            file.run()
        ));
    }
    notes
}

fn rows(count: u64) -> String {
    if count == 1 {
        "1 row".to_owned()
    } else {
        format!("{count} rows")
    }
}
