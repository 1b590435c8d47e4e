//! Owns what another run says of the cases of the open file.

use std::sync::{Arc, PoisonError};

use super::error::ReviewError;
use super::open::Review;
use crate::artifacts::{RegistryStore, RunFile};
use crate::browse::Work;
use crate::data::{Header, Layout, RawBatch, RowId, Source, parse_batch};
use crate::pipeline::csv_text::unguarded;
use crate::pipeline::stream::{for_each_batch, open_source};
use crate::pipeline::trained_model::TrainedModel;

/// What another run says.
#[derive(Debug)]
pub(crate) struct OtherScores {
    run: String,
    threshold: f64,
    /// One a case; NaN where the run's model cannot read it.
    probability: Vec<f64>,
}

impl OtherScores {
    /// Whether it puts a case on the other side of its threshold.
    pub fn disagrees(&self, case: u32, flagged: bool) -> bool {
        let p = self.probability[case as usize];
        !p.is_nan() && (p >= self.threshold) != flagged
    }

    /// How far apart both are.
    pub fn gap(&self, case: u32, probability: f64) -> f64 {
        (self.probability[case as usize] - probability).abs()
    }
}

impl Review {
    /// What another run says of every case. Kept for the run asked last.
    pub(super) fn other_scores(&self, run: &str, control: Work<'_>) -> Result<Arc<OtherScores>, ReviewError> {
        let registry = RegistryStore::new(&self.surroundings.workspace);
        let id = registry.resolve(run)?;
        let mut kept = self.other.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.as_ref().filter(|known| known.run == id.as_str()) {
            return Ok(Arc::clone(known));
        }
        let (directory, _) = registry.find(id.as_str())?;
        let model = TrainedModel::load(&directory.join(RunFile::Model.relative()))?;
        let scores = Arc::new(OtherScores {
            probability: self.score_by(&model, id.as_str(), control)?,
            threshold: model.threshold,
            run: id.as_str().to_owned(),
        });
        *kept = Some(Arc::clone(&scores));
        Ok(scores)
    }

    /// Goes through the file as prediction does: cells typed by the model's schema, then the model.
    fn score_by(&self, model: &TrainedModel, run: &str, control: Work<'_>) -> Result<Vec<f64>, ReviewError> {
        let mut header = Header {
            names: self
                .file
                .table
                .columns()
                .iter()
                .map(|column| column.name.clone())
                .collect(),
        };
        for &ours in &self.file.ours.all {
            header.names[ours] = format!("\0{ours}");
        }
        let layout = Layout::resolve(&model.schema, &header);
        check_columns(model, &layout, run)?;
        let source = Source::Path(self.file.path.clone());
        let reader = open_source::<ReviewError>(&source, &self.surroundings.settings.reading, control.cancel)?;
        let nulls = reader.null_tokens().clone();
        let id_column = self.file.ours.row_id;
        let total = self.file.cases.rows();
        let mut probability = vec![f64::NAN; self.file.cases.len()];
        let mut done = 0;
        for_each_batch::<ReviewError>(reader, control.cancel, |raw| {
            let raw = without_guards(raw);
            if raw.columns() != header.names.len() {
                return Ok(());
            }
            let typed = parse_batch(&model.schema, &layout, &raw, &nulls);
            let scores = model.score(&typed.frame, control.cancel)?;
            for (row, score) in scores.into_iter().enumerate() {
                let id = std::str::from_utf8(raw.cell(row, id_column).trim_ascii()).ok();
                let id = id.and_then(|id| id.parse::<RowId>().ok());
                if let Some(case) = id.and_then(|id| self.file.cases.find(id)) {
                    probability[case as usize] = score;
                }
            }
            done += raw.total_rows() as u64;
            (control.progress)(done, Some(total), "scoring with the other run");
            Ok(())
        })?;
        Ok(probability)
    }
}

/// The batch with the apostrophes taken off that were put before formulas when the file was written.
fn without_guards(raw: RawBatch) -> RawBatch {
    let guarded = |cell: &[u8]| unguarded(cell).len() != cell.len();
    if !(0..raw.rows()).any(|row| raw.row(row).any(guarded)) {
        return raw;
    }
    let mut plain = RawBatch::new(raw.columns());
    for row in 0..raw.rows() {
        plain.push(raw.line(row), raw.row(row).map(unguarded));
    }
    plain
}

fn check_columns(model: &TrainedModel, layout: &Layout, run: &str) -> Result<(), ReviewError> {
    let lacking: Vec<&str> = (model.preprocessor.columns())
        .filter(|name| {
            let at = model.schema.columns.iter().position(|column| column.name == **name);
            at.and_then(|at| layout.sources.get(at).copied().flatten()).is_none()
        })
        .take(10)
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(ReviewError::Unscorable {
        run: run.to_owned(),
        why: format!("it lacks columns that the run learned from: {}", lacking.join(", ")),
    })
}
