//! Owns the cleaned file: a source as it stands, byte for byte, but for labels that verdicts correct.

mod splice;

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::artifacts::atomic::AtomicFile;
use crate::artifacts::{RegistryError, RegistryStore, RunFile, WriteError};
use crate::cancel::{CancelToken, Cancelled};
use crate::data::{
    DataError, Format, Layout, ReadSettings, RowId, RowReader, Source, format_of, open, open_bytes, parse_batch,
    row_ids,
};
use crate::schema::{LabelValue, Schema};
use crate::workspace::Workspace;

use super::csv_text::push_cell;
use super::judged::JudgedCases;
use super::label_audit::{LABEL_DOUBT, kept_reading};
use super::label_texts::LabelTexts;
use super::trained_model::{ModelFileError, TrainedModel};
use splice::{Lines, field};

/// What is to be cleaned.
pub struct CleanRequest<'a> {
    /// The file whose labels are corrected.
    pub data: &'a Path,
    /// What it looks like.
    pub schema: &'a Arc<Schema>,
    /// How it is read.
    pub reading: &'a ReadSettings,
    /// What people judged.
    pub judged: &'a JudgedCases,
    /// Where the cleaned file goes.
    pub output: &'a Path,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleaned {
    /// The file that was read.
    pub data: PathBuf,
    /// The cleaned one.
    pub output: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// Labels that verdicts corrected.
    pub corrected: u64,
    /// Labels that verdicts confirmed.
    pub confirmed: u64,
    /// Rows left as they were: nobody settled whether they are malicious.
    pub left: u64,
    /// Cases on which analysts contradict each other; their rows are among those left.
    pub conflicting: u64,
}

/// Why a file could not be cleaned.
#[derive(Debug, thiserror::Error)]
pub enum CleaningError {
    /// The source cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// It is no plain CSV file.
    #[error("{path}: {what}, whose labels cannot be changed in place; export it as CSV and clean that")]
    NotCsv {
        /// The file.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// It has no label column.
    #[error("{path} has no label column {column}, so there is nothing to correct; name the data a run was trained on")]
    NoLabel {
        /// The file.
        path: String,
        /// The schema's label column.
        column: String,
    },
    /// A line cannot be cut as it was read.
    #[error("{path}, line {line}: the row cannot be cut at its delimiters; repair the line")]
    Uncut {
        /// The file.
        path: String,
        /// The line.
        line: u64,
    },
    /// The audited file names no run, or one that is gone.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The run's model, which holds its schema, cannot be read.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// The cleaned file would overwrite the data.
    #[error("{path} is the file that is read; give --output another name")]
    Same {
        /// The file.
        path: String,
    },
    /// The cleaned file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// The data that a file of the label audit is about: the rows that its run accepted, as it read them.
pub struct AuditedData {
    /// The run's copy of its data.
    pub data: PathBuf,
    /// The run's schema.
    pub schema: Arc<Schema>,
}

/// What a file made by the label audit is about; `None` for any other file, which is data itself.
///
/// # Errors
/// The file cannot be read, or its run is gone.
pub fn audited_data(
    file: &Path,
    workspace: &Workspace,
    reading: &ReadSettings,
) -> Result<Option<AuditedData>, CleaningError> {
    let mut reader = open(&Source::Path(file.to_owned()), reading)?;
    let column = |reader: &dyn RowReader, name: &str| reader.header().names.iter().position(|other| other == name);
    let (Some(_), Some(run)) = (column(&*reader, LABEL_DOUBT), column(&*reader, "model_run")) else {
        return Ok(None);
    };
    let Some(first) = reader.next_batch(1)?.filter(|batch| batch.rows() > 0) else {
        return Ok(None);
    };
    let run = String::from_utf8_lossy(first.cell(0, run)).into_owned();
    let (directory, _) = RegistryStore::new(workspace).find(&run)?;
    let model = TrainedModel::load(&directory.join(RunFile::Model.relative()))?;
    Ok(Some(AuditedData {
        data: directory.join(RunFile::FeatureStore.relative()).join("data.csv"),
        schema: model.schema,
    }))
}

impl AuditedData {
    /// How the run's copy is read.
    pub fn reading() -> ReadSettings {
        kept_reading()
    }
}

/// Writes the cleaned file.
///
/// # Errors
/// [`CleaningError`], which says what to do; no file is written then.
pub fn clean_labels(request: &CleanRequest<'_>, cancel: &CancelToken) -> Result<Cleaned, CleaningError> {
    let name = request.data.display().to_string();
    if is_same_file(request.data, request.output) {
        return Err(CleaningError::Same { path: name });
    }
    let bytes = read(request.data)?;
    let what = match format_of(&bytes[..bytes.len().min(8 << 10)]) {
        Format::Csv => None,
        Format::Zeek => Some("a Zeek log"),
        Format::Parquet => Some("a Parquet file"),
        Format::Gzip => Some("a compressed file"),
        Format::Unreadable(what) => Some(what),
    };
    if let Some(what) = what {
        return Err(CleaningError::NotCsv { path: name, what });
    }
    let labels = read_labels(request, &name, &bytes, cancel)?;
    let mut cleaned = Cleaned {
        data: request.data.to_owned(),
        output: request.output.to_owned(),
        rows: labels.rows.len() as u64,
        corrected: 0,
        confirmed: 0,
        left: 0,
        conflicting: request.judged.conflicting,
    };
    let told = request.judged.cases.iter();
    let verdicts: HashMap<RowId, bool> = told
        .filter_map(|case| Some((case.row, case.verdict.malicious()?)))
        .collect();
    let lines = Lines::of(&bytes);
    let mut changes = Vec::new();
    for row in &labels.rows {
        let (verdict, given) = (verdicts.get(&row.id), row.label);
        match verdict {
            None => cleaned.left += 1,
            Some(verdict) if given == label_value(*verdict) => cleaned.confirmed += 1,
            Some(verdict) => {
                cleaned.corrected += 1;
                let start = lines.start(row.line);
                let span = start.and_then(|start| field(&bytes, start, labels.delimiter, labels.column));
                let uncut = || CleaningError::Uncut {
                    path: name.clone(),
                    line: row.line,
                };
                changes.push((span.ok_or_else(uncut)?, *verdict));
            }
        }
    }
    write(request.output, &bytes, &changes, &labels.texts, cancel)?;
    Ok(cleaned)
}

fn label_value(malicious: bool) -> LabelValue {
    if malicious {
        LabelValue::Malicious
    } else {
        LabelValue::Benign
    }
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

fn read(path: &Path) -> Result<Vec<u8>, CleaningError> {
    let mut file = fs::File::open(path).map_err(|cause| crate::data::open_error(path, cause))?;
    let mut bytes = Vec::new();
    let read = file.read_to_end(&mut bytes);
    read.map_err(|cause: io::Error| crate::data::open_error(path, cause))?;
    Ok(bytes)
}

/// The labels of a file.
struct Labels {
    /// What stands between cells.
    delimiter: u8,
    /// Which cell of a row is the label.
    column: usize,
    texts: LabelTexts,
    rows: Vec<LabelledRow>,
}

struct LabelledRow {
    /// On which line the row starts, from 1.
    line: u64,
    id: RowId,
    label: LabelValue,
}

fn read_labels(
    request: &CleanRequest<'_>,
    name: &str,
    bytes: &[u8],
    cancel: &CancelToken,
) -> Result<Labels, CleaningError> {
    let schema = request.schema;
    let mut reader = open_bytes(name, bytes.to_vec(), request.reading)?;
    let layout = Layout::resolve(schema, reader.header());
    let (Some(label), Some(column)) = (&schema.label, layout.label) else {
        let column = schema.label.as_ref().map_or("", |label| &label.column).to_owned();
        let path = name.to_owned();
        return Err(CleaningError::NoLabel { path, column });
    };
    let nulls = reader.null_tokens().clone();
    let (mut rows, mut cells) = (Vec::new(), Vec::new());
    while let Some(raw) = reader.next_batch(32_768)? {
        cancel.check()?;
        let typed = parse_batch(schema, &layout, &raw, &nulls);
        let labels = typed.labels.unwrap_or_default();
        let ids = row_ids(schema, &typed.frame);
        for (row, (id, label)) in ids.into_iter().zip(labels).enumerate() {
            let line = raw.line(row);
            rows.push(LabelledRow { line, id, label });
            cells.push(raw.cell(row, column).to_vec());
        }
    }
    let is_tab_file = Path::new(name)
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("tsv") || end.eq_ignore_ascii_case("tab"));
    Ok(Labels {
        delimiter: request.reading.delimiter_for(name, is_tab_file)?,
        column,
        texts: LabelTexts::of(label, cells.iter().map(Vec::as_slice)),
        rows,
    })
}

/// The bytes with each label cell replaced. `changes` are in the file's order.
fn write(
    output: &Path,
    bytes: &[u8],
    changes: &[(std::ops::Range<usize>, bool)],
    texts: &LabelTexts,
    cancel: &CancelToken,
) -> Result<(), CleaningError> {
    let mut file = AtomicFile::create_with_parents(output)?;
    let failed = |cause| WriteError::writing(output, cause);
    let mut at = 0;
    for (span, malicious) in changes {
        file.write_all(&bytes[at..span.start]).map_err(failed)?;
        let mut cell = Vec::new();
        push_cell(&mut cell, texts.text(*malicious));
        file.write_all(&cell).map_err(failed)?;
        at = span.end;
    }
    file.write_all(&bytes[at..]).map_err(failed)?;
    cancel.check()?;
    Ok(file.commit()?)
}

#[cfg(test)]
mod tests;
