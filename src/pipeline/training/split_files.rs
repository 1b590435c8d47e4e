//! Owns the files of a run's rows: all that were accepted, and the two sides of the split.

use std::io::Write;
use std::path::Path;

use crate::artifacts::atomic::AtomicFile;
use crate::artifacts::{RunDir, RunFile, WriteError, atomic};
use crate::cancel::CancelToken;
use crate::data::Layout;
use crate::pipeline::csv_text::push_cell;
use crate::pipeline::ingestion::Dataset;
use crate::pipeline::kept_rows::SplitSide;
use crate::pipeline::label_texts::LabelTexts;
use crate::schema::Schema;
use crate::triage::Cells;

use super::error::TrainingError;
use super::verdicts::Taught;

/// Writes one side of the split to a path.
type WriteSide<'a> = &'a dyn Fn(&Path) -> Result<(), TrainingError>;

/// Text that is handed on at once.
const WRITE_BYTES: usize = 1 << 16;

/// Writes the accepted rows as they were read, cells without a value empty.
pub fn write_feature_store(run: &RunDir, dataset: &Dataset, cancel: &CancelToken) -> Result<(), TrainingError> {
    let path = run.file(RunFile::FeatureStore).join("data.csv");
    let mut file = RowFile::create(&path, dataset, cancel)?;
    (0..dataset.labels.len()).try_for_each(|row| file.row(row, None))?;
    file.commit()
}

/// Writes both sides of the split: rows as they were read, but for labels that verdicts corrected, and then the cases that
/// verdicts added. `validated` holds the same files.
pub fn write_split(
    run: &RunDir,
    dataset: &Dataset,
    schema: &Schema,
    taught: &Taught,
    test: &[usize],
    cancel: &CancelToken,
) -> Result<(), TrainingError> {
    let layout = Layout::resolve(schema, &dataset.header);
    let write_train = |path: &Path| {
        let mut file = RowFile::create(path, dataset, cancel)?;
        let texts = label_texts(dataset, schema, &layout);
        let corrected = |label: bool| {
            let (texts, column) = texts.as_ref()?;
            Some((*column, texts.text(label)))
        };
        for (&row, &label) in taught.rows.iter().zip(&taught.labels) {
            let change = (label != dataset.labels[row]).then(|| corrected(label)).flatten();
            file.row(row, change)?;
        }
        if let Some(added) = &taught.added {
            for (cells, &label) in added.cells.iter().zip(&added.labels) {
                file.case(cells, schema, &layout, corrected(label))?;
            }
        }
        file.commit()
    };
    let write_test = |path: &Path| {
        let mut file = RowFile::create(path, dataset, cancel)?;
        test.iter().try_for_each(|&row| file.row(row, None))?;
        file.commit()
    };
    let sides: [(SplitSide, WriteSide<'_>); 2] = [(SplitSide::Train, &write_train), (SplitSide::Test, &write_test)];
    for (side, write) in sides {
        let path = side.path(run.path());
        write(&path)?;
        let twin = run.file(RunFile::Validated).join(side.file_name());
        atomic::create_parents(&twin)?;
        // Only validated rows are split, so the sides are the validated files; a link saves the space.
        if std::fs::hard_link(&path, &twin).is_err() {
            write(&twin)?;
        }
    }
    Ok(())
}

/// How the source writes labels, and in which of its columns.
fn label_texts(dataset: &Dataset, schema: &Schema, layout: &Layout) -> Option<(LabelTexts, usize)> {
    let (label, column) = (schema.label.as_ref()?, layout.label?);
    let cells = (0..dataset.labels.len()).filter_map(|row| dataset.text.cells(row).nth(column));
    Some((LabelTexts::of(label, cells), column))
}

/// A file of rows while it is written.
struct RowFile<'a> {
    file: AtomicFile,
    path: &'a Path,
    dataset: &'a Dataset,
    cancel: &'a CancelToken,
    text: Vec<u8>,
}

impl<'a> RowFile<'a> {
    fn create(path: &'a Path, dataset: &'a Dataset, cancel: &'a CancelToken) -> Result<Self, TrainingError> {
        let mut file = Self {
            file: AtomicFile::create_with_parents(path)?,
            path,
            dataset,
            cancel,
            text: Vec::new(),
        };
        file.line(dataset.header.names.iter().map(String::as_bytes))?;
        Ok(file)
    }

    /// A row of the dataset; `change` is another text for the cell of one column.
    fn row(&mut self, row: usize, change: Option<(usize, &[u8])>) -> Result<(), TrainingError> {
        let dataset = self.dataset;
        let cells = dataset.text.cells(row).enumerate().map(|(column, cell)| match change {
            Some((changed, text)) if changed == column => text,
            _ if dataset.nulls.is_null(cell) => b"",
            _ => cell,
        });
        self.line(cells)
    }

    /// A case from the store, in the dataset's columns; what it has no cell for stays empty.
    fn case(
        &mut self,
        cells: &Cells,
        schema: &Schema,
        layout: &Layout,
        label: Option<(usize, &[u8])>,
    ) -> Result<(), TrainingError> {
        let mut line: Vec<&[u8]> = vec![b""; self.dataset.header.names.len()];
        for (column, source) in schema.columns.iter().zip(&layout.sources) {
            let cell = cells.iter().find(|(name, _)| *name == column.name);
            if let (Some(source), Some((_, text))) = (source, cell)
                && !self.dataset.nulls.is_null(text.as_bytes())
            {
                line[*source] = text.as_bytes();
            }
        }
        if let Some((column, text)) = label {
            line[column] = text;
        }
        self.line(line.into_iter())
    }

    fn line<'c>(&mut self, cells: impl Iterator<Item = &'c [u8]>) -> Result<(), TrainingError> {
        for (i, cell) in cells.enumerate() {
            if i > 0 {
                self.text.push(b',');
            }
            push_cell(&mut self.text, cell);
        }
        self.text.push(b'\n');
        if self.text.len() > WRITE_BYTES {
            self.cancel.check()?;
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), TrainingError> {
        let failed = |cause| WriteError::writing(self.path, cause);
        self.file.write_all(&self.text).map_err(failed)?;
        self.text.clear();
        Ok(())
    }

    fn commit(mut self) -> Result<(), TrainingError> {
        self.flush()?;
        Ok(self.file.commit()?)
    }
}
