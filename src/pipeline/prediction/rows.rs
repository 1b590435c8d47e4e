//! Owns scoring rows that come in pieces and from many callers at once: a batch in, for every row of it a score or the
//! reason why there is none, in order. It is what `predict` does between reading and writing, with no file around it.
//!
//! ```text
//! RowModel::load(workspace, "champion", conditions)     once a model; clones share it
//!   .for_header(name, &header)   -> RowScorer           cheap for a header seen before; Send + Sync, cheap to clone
//!     .score(batch, &options, &cancel) -> ScoredRows    any thread, any number at a time
//! ```

mod lane;
mod scored;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::artifacts::Manifest;
use crate::cancel::CancelToken;
use crate::data::{Header, Layout, NullTokens, RawBatch, ReadSettings};
use crate::pipeline::checking::{BatchChecker, CheckedBatch};
use crate::pipeline::trained_model::TrainedModel;
use crate::triage::RiskSettings;
use crate::validation::{Against, Purpose, Reject, ValidationSettings};
use crate::workspace::Workspace;

use super::columns::check_all_columns;
use super::error::PredictionError;
use super::known_verdicts::KnownVerdicts;
use super::order::FinishedRun;
use super::output::{ScoredBatch, header_line};
use super::scoring::{Scorer, SourceColumns, reasons};
use super::settings::{EXPLAIN_LIMIT, PredictionSettings};
use super::summary::RiskCounts;
use super::top::TopRows;

use lane::Lane;
use scored::places;
pub use scored::{RowOutcome, RowResult, RowText, ScoredRows};

/// Headers whose scorers a model keeps ready.
const READY_HEADERS: usize = 16;
/// Names of a header that is kept, and bytes of them: a hostile one has very many.
const READY_NAMES: usize = 300;
const READY_BYTES: usize = 64 << 10;
/// Checkers that a header keeps for the next callers; more callers at once make their own.
const IDLE_CHECKERS: usize = 64;

/// What rows are scored under, the same for all callers of a model.
#[derive(Clone, Debug)]
pub struct RowConditions {
    /// Which cell texts mean "no value".
    pub nulls: NullTokens,
    /// How rows are checked.
    pub validation: ValidationSettings,
    /// Bands and actions.
    pub risk: RiskSettings,
    /// Columns named in a row's reasons, at most.
    pub reasons: usize,
    /// What was decided about cases before; none by default.
    pub known: KnownVerdicts,
}

impl RowConditions {
    /// Those of the settings, with no verdicts.
    pub fn new(
        reading: &ReadSettings,
        validation: &ValidationSettings,
        risk: &RiskSettings,
        prediction: &PredictionSettings,
    ) -> Self {
        Self {
            nulls: reading.null_tokens(),
            validation: validation.clone(),
            risk: risk.clone(),
            reasons: prediction.reasons,
            known: KnownVerdicts::none(),
        }
    }
}

impl Default for RowConditions {
    fn default() -> Self {
        Self::new(
            &ReadSettings::default(),
            &ValidationSettings::default(),
            &RiskSettings::default(),
            &PredictionSettings::default(),
        )
    }
}

/// What a caller asks of one batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowOptions {
    /// Flag from this probability on, 0 to 1; `None` for the model's own threshold.
    pub threshold: Option<f64>,
    /// Give reasons for so many of the most probable flagged rows of the batch, at most [`EXPLAIN_LIMIT`].
    pub explain: usize,
}

impl RowOptions {
    /// The model's threshold, no reasons.
    pub const PLAIN: Self = Self {
        threshold: None,
        explain: 0,
    };

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`PredictionError::Usage`] with the option's name and its range.
    pub fn check(&self) -> Result<(), PredictionError> {
        if let Some(p) = self.threshold
            && !(0.0..=1.0).contains(&p)
        {
            return Err(PredictionError::Usage(format!(
                "threshold {p} is no probability; give 0 to 1"
            )));
        }
        if self.explain > EXPLAIN_LIMIT {
            let text = format!("explain {} is above {EXPLAIN_LIMIT}", self.explain);
            return Err(PredictionError::Usage(text));
        }
        Ok(())
    }
}

/// A model for rows of any header. Clones share it.
#[derive(Clone)]
pub struct RowModel(Arc<Parts>);

struct Parts {
    model: TrainedModel,
    run_id: String,
    manifest: Option<Manifest>,
    directory: Option<PathBuf>,
    conditions: RowConditions,
    /// By header, the one used last at the end.
    ready: Mutex<Vec<Arc<Bound>>>,
}

impl RowModel {
    /// Loads the model of a finished run that is named by alias, id, beginning of an id, or directory.
    ///
    /// # Errors
    /// There is no such run, it has no model, or its model cannot be used.
    pub fn load(workspace: &Workspace, name: &str, conditions: RowConditions) -> Result<Self, PredictionError> {
        let FinishedRun {
            directory,
            manifest,
            model,
        } = FinishedRun::load(workspace, name)?;
        Ok(Self(Arc::new(Parts {
            model,
            run_id: manifest.run_id.to_string(),
            manifest: Some(manifest),
            directory: Some(directory),
            conditions,
            ready: Mutex::default(),
        })))
    }

    /// A model that is in memory already, of the run so named.
    pub fn new(model: TrainedModel, run_id: &str, conditions: RowConditions) -> Self {
        Self(Arc::new(Parts {
            model,
            run_id: run_id.to_owned(),
            manifest: None,
            directory: None,
            conditions,
            ready: Mutex::default(),
        }))
    }

    /// The model.
    pub fn model(&self) -> &TrainedModel {
        &self.0.model
    }

    /// The run it is of: the text of the column `model_run`.
    pub fn run_id(&self) -> &str {
        &self.0.run_id
    }

    /// What is written down of its run, where it was loaded from one.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.0.manifest.as_ref()
    }

    /// What was decided about cases before.
    fn known(&self) -> &KnownVerdicts {
        &self.0.conditions.known
    }

    /// The input column that names the asset, where risk is weighed by it.
    pub fn asset_column(&self) -> Option<&str> {
        self.0.conditions.risk.asset_column.as_deref()
    }

    /// Its run's directory, where it was loaded from one.
    pub fn directory(&self) -> Option<&std::path::Path> {
        self.0.directory.as_deref()
    }

    /// What scores rows whose cells stand under these names: in any order, with columns that the model does not know.
    /// The scorers of the last few headers are kept, so asking again costs a comparison of names. `source` is how the
    /// rows are named in an error.
    ///
    /// # Errors
    /// [`PredictionError::MissingColumns`], or a check of the schema cannot be planned.
    pub fn for_header(&self, source: &str, header: &Header) -> Result<RowScorer, PredictionError> {
        self.for_cells(source, header, &self.0.conditions.nulls)
    }

    /// As [`RowModel::for_header`], for cells in which these texts mean "no value": some formats say so themselves.
    ///
    /// # Errors
    /// As [`RowModel::for_header`].
    pub fn for_cells(&self, source: &str, header: &Header, nulls: &NullTokens) -> Result<RowScorer, PredictionError> {
        let scorer = |bound| RowScorer {
            model: self.clone(),
            bound,
        };
        if let Some(bound) = self.ready_for(header, nulls) {
            return Ok(scorer(bound));
        }
        let bound = Arc::new(Bound::new(&self.0, source, header, nulls)?);
        let bytes: usize = header.names.iter().map(String::len).sum();
        if header.names.len() <= READY_NAMES && bytes <= READY_BYTES {
            let mut ready = lock(&self.0.ready);
            if ready.len() >= READY_HEADERS {
                ready.remove(0);
            }
            ready.push(Arc::clone(&bound));
        }
        Ok(scorer(bound))
    }

    fn ready_for(&self, header: &Header, nulls: &NullTokens) -> Option<Arc<Bound>> {
        let mut ready = lock(&self.0.ready);
        let is_it = |bound: &Arc<Bound>| bound.header == *header && bound.nulls == *nulls;
        let at = ready.iter().rposition(is_it)?;
        let last = ready.len() - 1;
        ready[at..=last].rotate_left(1);
        ready.last().cloned()
    }
}

/// What is worked out once for a header.
struct Bound {
    header: Header,
    nulls: NullTokens,
    layout: Layout,
    columns: SourceColumns,
    /// The short way of a few rows, where there is one.
    lane: Option<Lane>,
    /// Checkers between two batches. They hold state while they check, so each batch has one to itself.
    idle: Mutex<Vec<BatchChecker>>,
}

impl Bound {
    fn new(parts: &Parts, source: &str, header: &Header, nulls: &NullTokens) -> Result<Self, PredictionError> {
        let layout = Layout::resolve(&parts.model.schema, header);
        check_all_columns(&parts.model, source, &layout)?;
        let columns = SourceColumns::find(&parts.model, &layout, &header.names, &parts.conditions.risk);
        let mut bound = Self {
            header: header.clone(),
            nulls: nulls.clone(),
            layout,
            columns,
            lane: None,
            idle: Mutex::default(),
        };
        // Made now, so that a schema whose rules do not work is told before the first row.
        bound.lane = Lane::new(
            &parts.model.schema,
            &parts.model.preprocessor,
            bound.make_checker(parts)?,
        );
        Ok(bound)
    }

    fn make_checker(&self, parts: &Parts) -> Result<BatchChecker, PredictionError> {
        let checker = BatchChecker::new(
            Arc::clone(&parts.model.schema),
            self.layout.clone(),
            self.nulls.clone(),
            Purpose::Score,
            &parts.conditions.validation,
            // Nothing that rejects a row asks for the reference or the time.
            Against::default(),
        );
        Ok(checker?)
    }
}

/// A panic of another caller leaves nothing half-done behind these locks: lists of whole items.
fn lock<T>(list: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Scores batches of one header with one model.
#[derive(Clone)]
pub struct RowScorer {
    model: RowModel,
    bound: Arc<Bound>,
}

impl RowScorer {
    /// The model.
    pub fn model(&self) -> &RowModel {
        &self.model
    }

    /// The names under which cells stand.
    pub fn header(&self) -> &Header {
        &self.bound.header
    }

    /// Which of them is which of the schema's columns; which are renamed, extra, absent.
    pub fn layout(&self) -> &Layout {
        &self.bound.layout
    }

    /// The header of `output.csv` for these rows, without a line end: the input's names, then
    /// [`ADDED`](super::ADDED), then `more`; ours get a prefix where the input has the name.
    pub fn csv_header(&self, guard: bool, more: &[&str]) -> Vec<u8> {
        let added: Vec<&str> = super::ADDED.iter().chain(more).copied().collect();
        header_line(&self.bound.header, &added, guard)
    }

    /// Checks and scores the rows of a batch: as many cells a row as the header has names, line numbers that never go
    /// down, rows that could not be cut into cells in [`RawBatch::malformed`]. Large batches use rayon's current pool, a
    /// batch of a few rows stays on the calling thread. A row's result does not depend on the rows beside it.
    ///
    /// # Errors
    /// An option outside its range, rows of another width, a check that cannot run, a model that refuses what it is given,
    /// or cancellation. Never because of what stands in a cell.
    pub fn score(
        &self,
        rows: RawBatch,
        options: &RowOptions,
        cancel: &CancelToken,
    ) -> Result<ScoredRows, PredictionError> {
        options.check()?;
        let Parts { model, conditions, .. } = &*self.model.0;
        let width = self.bound.header.names.len();
        if rows.columns() != width {
            let text = format!("rows of {} cells came under {width} names", rows.columns());
            return Err(PredictionError::Blocked(text));
        }
        let mut scorer = Scorer {
            model,
            cancel,
            risk: &conditions.risk,
            threshold: options.threshold.unwrap_or(model.threshold),
            top: TopRows::new(options.explain),
            counts: RiskCounts::default(),
            flagged: 0,
            scored: 0,
        };
        let lane = self.bound.lane.as_ref();
        if let Some((matrix, ids)) = lane.and_then(|lane| lane.read(&model.preprocessor, &rows)) {
            let scored = scorer.score_features(rows, &matrix, &ids, &self.bound.columns)?;
            return Ok(self.finished(scorer, scored, Vec::new()));
        }
        let mut batch = self.checked(rows)?;
        let rejects = std::mem::take(&mut batch.verdict.rejects);
        let scored = scorer.score(batch, 0, &self.bound.columns)?;
        Ok(self.finished(scorer, scored, rejects))
    }

    /// Checks the rows of a batch with a checker that nobody else uses meanwhile.
    fn checked(&self, rows: RawBatch) -> Result<CheckedBatch, PredictionError> {
        let idle = lock(&self.bound.idle).pop();
        let mut checker = match idle {
            Some(checker) => checker,
            None => self.bound.make_checker(&self.model.0)?,
        };
        let batch = checker.check(rows)?;
        let mut idle = lock(&self.bound.idle);
        if idle.len() < IDLE_CHECKERS {
            idle.push(checker);
        }
        drop(idle);
        Ok(batch)
    }

    fn finished(&self, scorer: Scorer<'_>, scored: ScoredBatch, rejects: Vec<Reject>) -> ScoredRows {
        let Parts { model, conditions, .. } = &*self.model.0;
        let explained = scorer.top.into_rows().into_iter();
        let reasons = explained.map(|row| (row.row as usize, reasons(model, &row, conditions.reasons)));
        ScoredRows {
            places: places(&scored, &rejects),
            reasons: reasons.collect(),
            counts: scorer.counts,
            flagged: scorer.flagged,
            model: self.model.clone(),
            scored,
            rejects,
        }
    }
}

#[cfg(test)]
mod tests;
