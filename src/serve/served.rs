//! Owns the model that scores now: loaded from the registry, changed when the champion does, the last good one kept when the
//! new one cannot be used.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use super::shape::LastShape;
use super::table::Table;
use crate::artifacts::{CHAMPION, Manifest, RegistryError, RegistryStore, RunFile};
use crate::pipeline::event::{Event, Level};
use crate::pipeline::prediction::{FinishedRun, KnownVerdicts, PredictionError, RowConditions, RowModel, RowOptions};
use crate::surroundings::Surroundings;
use crate::worker::known_verdicts;

/// Between two loadings for the sake of new verdicts alone.
const VERDICTS: Duration = Duration::from_secs(10);

/// A model with what answers need to know of it.
pub(super) struct Served {
    pub(super) rows: RowModel,
    /// Its run's directory.
    pub(super) directory: PathBuf,
    /// What is written down of its run.
    pub(super) manifest: Manifest,
    /// Family of the model.
    pub(super) name: &'static str,
    /// What was decided about cases before.
    pub(super) known: KnownVerdicts,
    /// Places in the schema of the columns that a record must have.
    pub(super) needed: Vec<usize>,
    /// Whether text that a spreadsheet would run is guarded in CSV.
    pub(super) guard: bool,
    /// The shape of the rows that came last.
    pub(super) shape: LastShape,
}

impl Served {
    /// Whether a table's rows can be scored where they came in, without keeping others waiting: few, under names that have
    /// been worked out, by a model that takes little time for a row.
    pub(super) fn is_light(&self, table: &Table, options: &RowOptions) -> bool {
        /// Of the rows that take a model a good part of 150 ms.
        const PART: usize = 32;
        let most = self.rows.model().classifier.block_rows() / PART;
        options.explain == 0 && table.rows.len() <= most && self.shape.is_of(table)
    }

    /// Loads it.
    ///
    /// # Errors
    /// There is no such run, it has no model, or its model cannot be used.
    pub(super) fn load(surroundings: &Surroundings, name: &str) -> Result<Self, PredictionError> {
        let settings = &surroundings.settings;
        let mut conditions = RowConditions::new(
            &settings.reading,
            &settings.validation,
            &settings.risk,
            &settings.prediction,
        );
        let FinishedRun {
            directory,
            manifest,
            model,
        } = FinishedRun::load(&surroundings.workspace, name)?;
        let schema = &model.schema.name;
        let known = known_verdicts(&surroundings.workspace, settings.workspace.shared, schema, &log);
        conditions.known = known.clone();
        let rows = RowModel::new(model, manifest.run_id.as_str(), conditions);
        let model = rows.model();
        let reads = |name: &str| model.preprocessor.columns().any(|column| column == name);
        let needed = model
            .schema
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !model.schema.is_label(&column.name) && (column.required || reads(&column.name)));
        Ok(Self {
            name: model.classifier.family(),
            needed: needed.map(|(at, _)| at).collect(),
            known,
            directory,
            manifest,
            guard: settings.prediction.guard_formulas,
            shape: LastShape::default(),
            rows,
        })
    }
}

/// What loading says goes to the log.
fn log(event: Event) {
    if let Event::Message { level, text } = event
        && level != Level::Info
    {
        tracing::warn!("{text}");
    }
}

/// What tells whether something has changed: times and sizes, for reading and hashing a model each second would be work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Marks(Vec<Option<(SystemTime, u64)>>);

impl Marks {
    fn of(paths: &[PathBuf]) -> Self {
        let mark = |path: &PathBuf| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Self(paths.iter().map(mark).collect())
    }
}

/// The model that scores, to be asked by any thread.
pub(super) struct Holder {
    surroundings: Arc<Surroundings>,
    /// What the server was told to serve.
    named: String,
    now: RwLock<Now>,
}

#[derive(Default)]
struct Now {
    served: Option<Arc<Served>>,
    /// Why the model that is named cannot be used.
    trouble: Option<String>,
}

/// What a look at the registry came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing new.
    Same,
    /// Another model scores.
    Changed(String),
    /// The model that is named cannot be used; why. The one before goes on.
    Failed(String),
}

/// What was seen at the last look.
#[derive(Default)]
pub(super) struct Seen {
    run: Option<String>,
    marks: Marks,
    verdicts: Marks,
    failed: Option<String>,
    loaded: Option<Instant>,
}

impl Holder {
    /// Holds nothing yet.
    pub(super) fn new(surroundings: &Arc<Surroundings>, named: &str) -> Self {
        Self {
            surroundings: Arc::clone(surroundings),
            named: named.to_owned(),
            now: RwLock::default(),
        }
    }

    /// The model that scores.
    pub(super) fn get(&self) -> Option<Arc<Served>> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).served.clone()
    }

    /// Why the model that is named cannot be used, if so.
    pub(super) fn trouble(&self) -> Option<String> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }

    /// Looks whether another run is meant now, or the run's files or the verdicts have changed, and loads what has.
    pub(super) fn look(&self, seen: &mut Seen) -> Look {
        let workspace = &self.surroundings.workspace;
        let found = RegistryStore::new(workspace).find(&self.named);
        let (directory, manifest) = match found {
            Ok(found) => found,
            Err(error) => {
                // What was seen before counts no more: when it can be found again, it is loaded again.
                seen.run = None;
                return self.failed(seen, &self.told(&error));
            }
        };
        let run = manifest.run_id.to_string();
        let marks = Marks::of(&[directory.join(RunFile::Model.relative())]);
        let verdicts = Marks::of(&[workspace.audit_file(), workspace.verdicts_file()]);
        let same_model = seen.run.as_deref() == Some(run.as_str()) && seen.marks == marks;
        // Verdicts come one by one, and the model is loaded with them.
        let lately = seen.loaded.is_some_and(|loaded| loaded.elapsed() < VERDICTS);
        // What could not be loaded may be whole in a while, or readable.
        let settled = seen.verdicts == verdicts && seen.failed.is_none();
        if same_model && (settled || lately) {
            return Look::Same;
        }
        seen.run = Some(run.clone());
        seen.marks = marks;
        seen.verdicts = verdicts;
        seen.loaded = Some(Instant::now());
        let name = directory.to_string_lossy();
        match Served::load(&self.surroundings, if self.named.contains('/') { &name } else { &run }) {
            Ok(served) => {
                seen.failed = None;
                let new = Now {
                    served: Some(Arc::new(served)),
                    trouble: None,
                };
                // A model is large: the old one goes when nobody waits for the lock.
                drop(self.replace(new));
                if same_model { Look::Same } else { Look::Changed(run) }
            }
            Err(error) => self.failed(seen, &error.to_string()),
        }
    }

    fn replace(&self, new: Now) -> Now {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut now, new)
    }

    fn told(&self, error: &RegistryError) -> String {
        match error {
            RegistryError::Unresolved { reason } if self.named == CHAMPION => reason.clone(),
            other => other.to_string(),
        }
    }

    fn failed(&self, seen: &mut Seen, reason: &str) -> Look {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        now.trouble = Some(reason.to_owned());
        if seen.failed.as_deref() == Some(reason) {
            return Look::Same;
        }
        seen.failed = Some(reason.to_owned());
        Look::Failed(reason.to_owned())
    }
}
