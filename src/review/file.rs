//! Owns the open scored file: its table, its cases, the schema and the run behind it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::cases::{CaseTable, Told};
use super::columns::{OurColumns, last_named};
use super::error::ReviewError;
use crate::artifacts::{RegistryStore, RunFile};
use crate::browse::{BrowseError, Table, TableRow, Work, each_row, open_file};
use crate::data::{Header, Layout, ReadSettings};
use crate::pipeline::csv_text::unguarded;
use crate::pipeline::label_audit::LABEL_DOUBT;
use crate::pipeline::prediction::rejects_beside;
use crate::pipeline::trained_model::TrainedModel;
use crate::schema::{Role, Schema};
use crate::surroundings::Surroundings;
use crate::triage::Cells;

/// Characters of a cell that are kept with a verdict.
const CELL: usize = 1 << 20;

/// A scored file with everything that does not change while it is open.
pub struct ScoredFile {
    pub(crate) table: Table,
    pub(crate) ours: OurColumns,
    pub(crate) cases: CaseTable,
    pub(crate) told: Told,
    pub(crate) schema: Arc<Schema>,
    /// Which column of the file is which of the schema's; ours are never among them.
    pub(crate) layout: Layout,
    /// The directory of the run, where it is there.
    pub(crate) run_dir: Option<PathBuf>,
    /// The family of the run's model, where it is there.
    pub(crate) family: Option<String>,
    pub(crate) without_model: Option<String>,
    pub(crate) threshold: Option<f64>,
    pub(crate) rejected: Option<(u64, PathBuf)>,
    /// The column that says how doubtful a label is, in files made by `verdicts audit-labels`.
    pub(crate) doubt: Option<usize>,
    pub(crate) content: String,
    pub(crate) path: PathBuf,
    /// Whether it is known already that another file has taken its name.
    replaced: AtomicBool,
}

impl ScoredFile {
    /// Opens a file that `predict` wrote; `None` is the workspace's own output.
    ///
    /// # Errors
    /// It is not there, cannot be read, was not scored, or its schema is not known.
    pub fn open(surroundings: &Surroundings, path: Option<&Path>, control: Work<'_>) -> Result<Self, ReviewError> {
        let path = if let Some(path) = path {
            path.to_path_buf()
        } else {
            let path = surroundings.workspace.default_output();
            if !path.exists() {
                return Err(ReviewError::NoOutput { path });
            }
            path
        };
        let reading = &surroundings.settings.reading;
        let (table, indexing) = open_file(&path, reading)?;
        // Its rows are judged by what they hold, and `predict` may write the file anew at any time.
        table.keep_when_replaced();
        let name = table.name().to_owned();
        let ours = OurColumns::find(table.columns()).map_err(|missing| ReviewError::NotScored {
            name: path.display().to_string(),
            missing: missing.join(", "),
        })?;
        indexing.run(control.cancel, &|rows| {
            (control.progress)(rows.known, rows.estimated, "counting rows");
        });
        control.cancel.check()?;
        let recommend = |flagged, risk| surroundings.settings.risk.recommended_action(flagged, risk);
        let (cases, told) = CaseTable::read(&table, &ours, &recommend, control)?;
        if cases.len() == 0 {
            return Err(ReviewError::Empty { name, why: told.why });
        }
        let behind = Behind::find(surroundings, &told.run, &name)?;
        let mut header = Header {
            names: table.columns().iter().map(|c| c.name.clone()).collect(),
        };
        for &at in &ours.all {
            header.names[at] = format!("\0{at}");
        }
        let doubt = last_named(table.columns(), LABEL_DOUBT);
        Ok(Self {
            layout: Layout::resolve(&behind.schema, &header),
            threshold: cases.threshold(behind.threshold),
            rejected: rejected(&path, reading, control)?,
            content: cases.content_name(),
            schema: behind.schema,
            run_dir: behind.directory,
            family: behind.family,
            without_model: behind.why_not,
            doubt,
            replaced: AtomicBool::new(false),
            table,
            ours,
            cases,
            told,
            path,
        })
    }

    /// A name for messages.
    pub fn name(&self) -> &str {
        self.table.name()
    }

    /// Whether another file has taken its name since this was asked last.
    pub fn is_newly_replaced(&self) -> bool {
        self.table.is_replaced() && !self.replaced.swap(true, Ordering::Relaxed)
    }

    /// The run that scored it.
    pub fn run(&self) -> &str {
        &self.told.run
    }

    /// The schema's name.
    pub fn schema_name(&self) -> &str {
        &self.schema.name
    }

    /// The cells of the schema's columns but the label, of some cases, as they were before a guard was put before them. In the
    /// order of `cases`.
    pub(crate) fn cells_of(&self, cases: &[u32]) -> Result<Vec<Cells>, BrowseError> {
        let mut order: Vec<usize> = (0..cases.len()).collect();
        order.sort_unstable_by_key(|&at| self.cases.ordinal(cases[at]));
        let rows = order.iter().map(|&at| self.cases.ordinal(cases[at]));
        let rows = self.table.read(rows, CELL)?;
        let mut found = vec![Cells::new(); cases.len()];
        for (row, at) in rows.into_iter().zip(order) {
            found[at] = self.schema_cells(&row);
        }
        Ok(found)
    }

    /// The cells of the schema's columns but the label of a row.
    pub(crate) fn schema_cells(&self, row: &TableRow) -> Cells {
        let columns = self.schema.columns.iter().zip(&self.layout.sources);
        let own = columns.filter(|(column, _)| !self.schema.is_label(&column.name));
        let cells = own.filter_map(|(column, source)| {
            let cell = row.cells.get((*source)?)?;
            Some((column.name.clone(), plain(cell)))
        });
        cells.collect()
    }

    /// Places of the columns that a model may look at, ascending.
    pub(crate) fn feature_columns(&self) -> Vec<usize> {
        let columns = self.schema.columns.iter().zip(&self.layout.sources);
        let features =
            columns.filter(|(column, _)| column.role == Role::Feature && !self.schema.is_label(&column.name));
        let mut places: Vec<usize> = features.filter_map(|(_, source)| *source).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Numbers out of a column, one a case; NaN where there is none.
    pub(crate) fn numbers(&self, column: usize, control: Work<'_>) -> Result<Vec<f64>, BrowseError> {
        let mut numbers = vec![f64::NAN; self.cases.len()];
        each_row(
            &self.table,
            &[column],
            control,
            "reading",
            |row, cells| {
                let case = self.cases.of_row(row)?;
                let number = std::str::from_utf8(cells.get(0)).ok()?.trim().parse().ok()?;
                (self.cases.ordinal(case) == row).then_some((case, number))
            },
            |found| {
                for (case, number) in found {
                    numbers[case as usize] = number;
                }
            },
        )?;
        Ok(numbers)
    }
}

/// A cell's text without the guard.
pub(crate) fn plain(cell: &str) -> String {
    String::from_utf8_lossy(unguarded(cell.as_bytes())).into_owned()
}

/// The schema and the run behind a file.
struct Behind {
    schema: Arc<Schema>,
    directory: Option<PathBuf>,
    family: Option<String>,
    threshold: Option<f64>,
    why_not: Option<String>,
}

impl Behind {
    /// From the run that scored it, else the workspace's schema.
    fn find(surroundings: &Surroundings, run: &str, name: &str) -> Result<Self, ReviewError> {
        let why = match Self::of_run(surroundings, run) {
            Ok(found) => return Ok(found),
            Err(why) => why,
        };
        let found = surroundings.schema(None).map_err(|error| ReviewError::NoSchema {
            name: name.to_owned(),
            why: format!("{why}; {error}"),
        })?;
        Ok(Self {
            schema: found.schema,
            directory: None,
            family: None,
            threshold: None,
            why_not: Some(why),
        })
    }

    fn of_run(surroundings: &Surroundings, run: &str) -> Result<Self, String> {
        if run.is_empty() {
            return Err("the file does not say which run scored it".to_owned());
        }
        // A name out of a file must not lead out of the workspace.
        let id = run.parse::<crate::artifacts::RunId>().map_err(|e| e.to_string())?;
        let registry = RegistryStore::new(&surroundings.workspace);
        let (directory, _) = registry.find(id.as_str()).map_err(|error| error.to_string())?;
        let model =
            TrainedModel::load(&directory.join(RunFile::Model.relative())).map_err(|error| error.to_string())?;
        Ok(Self {
            family: Some(model.classifier.family().to_owned()),
            threshold: Some(model.threshold),
            schema: model.schema,
            directory: Some(directory),
            why_not: None,
        })
    }
}

/// The rows that were rejected when a file was scored, and where they are: `predict` writes them beside its output.
fn rejected(path: &Path, reading: &ReadSettings, control: Work<'_>) -> Result<Option<(u64, PathBuf)>, ReviewError> {
    let beside = rejects_beside(path);
    let modified = |path: &Path| std::fs::metadata(path).and_then(|found| found.modified());
    let pair: io::Result<_> = modified(&beside).and_then(|rejects| Ok((rejects, modified(path)?)));
    // They are written after the output; older ones belong to an output that was replaced.
    let Ok(true) = pair.map(|(rejects, output)| rejects >= output) else {
        return Ok(None);
    };
    let Ok((table, indexing)) = open_file(&beside, reading) else {
        return Ok(None);
    };
    indexing.run(control.cancel, &|_| {});
    control.cancel.check()?;
    let rows = table.row_count().known;
    Ok((rows > 0).then_some((rows, beside)))
}
