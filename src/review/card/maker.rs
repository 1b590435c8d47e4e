//! Owns making a card: what the model, its training rows, past scores and judged cases say of one row.

mod finish;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use polars::prelude::DataFrame;

use super::drifted::{Drifted, drifted_columns};
use super::judged::{JudgedCase, JudgedRows};
use super::past_scores::PastScores;
use super::row_text::RowText;
use super::{CardError, CardInput, CardParts};
use crate::artifacts::RunFile;
use crate::cancel::{CancelToken, Cancelled};
use crate::explain::{ColumnShare, Measure, Neighbour, SmallestChange, Value, column_shares};
use crate::pipeline::trained_model::TrainedModel;
use crate::pipeline::training::read_reference;
use crate::pipeline::training_reference::{
    ChangeSearch, TrainingReference, TrainingReferenceError, model_columns, row_values,
};
use crate::schema::{Column, ColumnType, DriftThresholds, NullTokens, Schema};
use crate::text::visible_text;
use crate::validation::drift::Reference;

/// Training rows on a card.
const TRAINING: usize = 5;
/// How many copies of a row are looked past for others: a copy with the same label tells nothing new.
const COPIES: usize = 12;

/// Makes cards of the rows that one run scored. Several threads may use it at once.
pub struct CardMaker {
    /// Name of the run's directory, which scores of judged cases bear.
    run: String,
    text: RowText,
    /// The columns cards explain: those the model reads, or without a model all of the file.
    columns: Vec<Column>,
    measures: Vec<Measure>,
    model: Option<TrainedModel>,
    training: Option<TrainingReference>,
    past: Option<PastScores>,
    reference: Option<Reference>,
    drifted: OnceLock<Drifted>,
    /// What every card lacks, and why.
    missing: Vec<String>,
    /// Whether the file's probabilities are the model's own.
    own_scores: bool,
}

/// What a card says without looking at judged cases or at the file's drift; stays true while the file is open.
#[derive(Clone, Debug)]
pub struct ModelParts {
    values: Vec<Option<Value>>,
    shares: Option<Vec<ColumnShare>>,
    smallest_change: Option<SmallestChange>,
    training: Vec<Neighbour>,
    missing: Vec<String>,
}

/// The first few rows that differ in a cell or in their label.
fn distinct(near: Vec<Neighbour>) -> Vec<Neighbour> {
    let mut told: Vec<Neighbour> = Vec::with_capacity(TRAINING);
    for row in near {
        if told.len() == TRAINING {
            break;
        }
        let copy = |other: &Neighbour| other.malicious == row.malicious && other.values == row.values;
        if !told.iter().any(copy) {
            told.push(row);
        }
    }
    told
}

impl CardMaker {
    /// Reads what a run keeps: its model, its training rows and the rows it was tested on. `nulls` are the texts that mean
    /// "no value" in the scored file. What the run no longer has is said on every card. Takes seconds for large runs.
    ///
    /// # Errors
    /// The model cannot be read, or cancellation.
    pub fn open(run: &Path, nulls: NullTokens, cancel: &CancelToken) -> Result<Self, CardError> {
        let model = TrainedModel::load(&run.join(RunFile::Model.relative()))?;
        cancel.check()?;
        let mut missing = Vec::new();
        let training = match TrainingReference::open(run, &model, cancel) {
            Ok(training) => Some(training),
            Err(TrainingReferenceError::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(error) => {
                missing.push(format!(
                    "no smallest change, no training rows and not what is usual: {}",
                    visible_text(&error.to_string())
                ));
                None
            }
        };
        let past = match PastScores::of_run(run, &model, cancel) {
            Ok(past) => Some(past),
            Err(_) if cancel.is_cancelled() => return Err(Cancelled.into()),
            Err(reason) => {
                missing.push(format!("no reliability of the score: {}", visible_text(&reason)));
                None
            }
        };
        let reference = match read_reference(run) {
            Ok(reference) => Some(reference),
            Err(error) => {
                missing.push(format!("no drift: {}", visible_text(&error.to_string())));
                None
            }
        };
        let name = run.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut maker = Self::of(name, model, training, past, nulls)?;
        maker.reference = reference;
        maker.missing.splice(0..0, missing);
        Ok(maker)
    }

    /// From parts in memory. `run` is the name that scores of judged cases bear.
    ///
    /// # Errors
    /// The model reads a column that its schema lacks.
    pub fn of(
        run: String,
        model: TrainedModel,
        training: Option<TrainingReference>,
        past: Option<PastScores>,
        nulls: NullTokens,
    ) -> Result<Self, CardError> {
        let columns = model_columns(&model)?;
        let measures = match &training {
            Some(training) => training.seen.columns().iter().map(|column| column.measure).collect(),
            None => columns.iter().map(|_| Measure::Equality).collect(),
        };
        let text = RowText::new(Arc::clone(&model.schema), nulls);
        let missing = Vec::new();
        Ok(Self {
            run,
            text,
            columns,
            measures,
            model: Some(model),
            training,
            past,
            reference: None,
            drifted: OnceLock::new(),
            missing,
            own_scores: true,
        })
    }

    /// With what training rows looked like, against which drift is measured.
    pub fn with_reference(self, reference: Reference) -> Self {
        Self {
            reference: Some(reference),
            ..self
        }
    }

    /// For a file whose probabilities are not what the model gives its rows, as out-of-fold ones of training rows are: cards do
    /// not wonder at it.
    pub fn with_other_scores(self) -> Self {
        Self {
            own_scores: false,
            ..self
        }
    }

    /// Where there is no model: cards have the row's text and the nearest judged rows, which are those with the most equal
    /// texts. `columns` are the file's own; `why` says in words why there is no model.
    pub fn without_model(columns: &[String], why: &str) -> Self {
        let columns: Vec<Column> = columns
            .iter()
            .map(|name| Column::new(name.as_str(), ColumnType::Text))
            .collect();
        let schema = Schema {
            name: String::new(),
            description: None,
            label: None,
            columns: columns.clone(),
            rules: Vec::new(),
            drift: DriftThresholds::default(),
        };
        Self {
            run: String::new(),
            text: RowText::new(Arc::new(schema), NullTokens::new::<Vec<u8>>([])),
            measures: columns.iter().map(|_| Measure::Equality).collect(),
            columns,
            model: None,
            training: None,
            past: None,
            reference: None,
            drifted: OnceLock::new(),
            missing: vec![format!("no explanation of the score: {}", visible_text(why))],
            own_scores: true,
        }
    }

    /// The threshold of the model, where there is one.
    pub fn threshold(&self) -> Option<f64> {
        self.model.as_ref().map(|model| model.threshold)
    }

    /// Everything about a row at once.
    ///
    /// # Errors
    /// The row does not fit the model, or cancellation.
    pub fn make(&self, row: &CardInput, judged: &JudgedRows, cancel: &CancelToken) -> Result<CardParts, CardError> {
        let parts = self.explain(row, cancel)?;
        Ok(self.finish(row, &parts, judged))
    }

    /// The part of a card that judged cases do not change, and that takes nearly all the time.
    ///
    /// # Errors
    /// The row does not fit the model, or cancellation.
    pub fn explain(&self, row: &CardInput, cancel: &CancelToken) -> Result<ModelParts, CardError> {
        let frame = self.text.frame(&row.cells);
        let mut parts = ModelParts {
            values: self.values(&frame, 0)?,
            shares: None,
            smallest_change: None,
            training: Vec::new(),
            missing: Vec::new(),
        };
        cancel.check()?;
        if let Some(model) = &self.model {
            self.ask_model(model, row, &frame, &mut parts, cancel)?;
        }
        if let Some(training) = &self.training {
            parts.training = distinct(training.rows.nearest(&parts.values, TRAINING * COPIES));
            cancel.check()?;
        }
        Ok(parts)
    }

    /// Evidence, and what would clear the row.
    fn ask_model(
        &self,
        model: &TrainedModel,
        row: &CardInput,
        frame: &DataFrame,
        parts: &mut ModelParts,
        cancel: &CancelToken,
    ) -> Result<(), CardError> {
        let matrix = model.matrix(frame)?;
        let family = model.classifier.family().replace('_', " ");
        if let Some(&now) = model.probabilities(&matrix, cancel)?.first()
            && self.own_scores
            && (now - row.probability).abs() > SAME_PROBABILITY
        {
            parts.missing.push(format!(
                "the file says {:.4}, but the model of run {} gives {now:.4}: the file was scored by another one, or changed \
                 since; what stands here is about the model of the run",
                row.probability,
                visible_text(&self.run)
            ));
        }
        let contributions = model.classifier.contributions(matrix.values.row(0));
        cancel.check()?;
        match contributions {
            Some(contributions) => parts.shares = Some(column_shares(&contributions, &matrix.features)),
            None => parts
                .missing
                .push(format!("no shares of the evidence: {family} gives no exact ones")),
        }
        let Some(training) = self.training.as_ref().filter(|_| row.flagged) else {
            return Ok(());
        };
        let threshold = row.threshold.unwrap_or(model.threshold);
        parts.smallest_change = training.smallest_change(model, &parts.values, threshold, cancel)?;
        if parts.smallest_change.is_none() {
            parts.missing.push(match training.change_search(model) {
                ChangeSearch::TwoFields => "no change of one field or two was found that would clear it".to_owned(),
                ChangeSearch::OneField => format!(
                    "no change of one field would clear it; two were not tried, for {family} scores too slowly for it"
                ),
                ChangeSearch::TooSlow => {
                    format!("no smallest change: {family} scores too slowly to search for it")
                }
            });
        }
        Ok(())
    }

    fn values(&self, frame: &DataFrame, row: usize) -> Result<Vec<Option<Value>>, CardError> {
        Ok(row_values(&self.columns, frame, row)?)
    }

    /// An empty set of judged cases, to be filled with [`CardMaker::judge`].
    pub fn no_judged_rows(&self) -> JudgedRows {
        JudgedRows::new(self.measures.clone())
    }

    /// Adds a judged case, or puts another verdict in its place. Costs as much as typing one row.
    pub fn judge(&self, judged: &mut JudgedRows, case: JudgedCase) {
        // A case whose cells do not fit counts, but is like no row.
        let values = case.cells.as_ref().and_then(|cells| {
            let frame = self.text.frame(cells);
            self.values(&frame, 0).ok()
        });
        judged.put(case, values);
    }

    /// Looks once whether the columns of the open file have drifted against training; cards made before do not know it.
    /// `columns` are the file's, `rows` some thousands of its rows from all over it. Answers the drifted ones; without a
    /// reference there are none.
    ///
    /// # Errors
    /// Cancellation.
    pub fn drift(
        &self,
        columns: &[String],
        rows: &[Vec<String>],
        cancel: &CancelToken,
    ) -> Result<Vec<String>, CardError> {
        let Some((model, reference)) = self.model.as_ref().zip(self.reference.as_ref()) else {
            return Ok(Vec::new());
        };
        let found = drifted_columns(&self.text, reference, &model.schema.drift, (columns, rows), cancel)?;
        let drifted = self.drifted.get_or_init(|| found);
        Ok(drifted.iter().cloned().collect())
    }
}

/// Probabilities nearer than this are the same one: files hold them exactly.
const SAME_PROBABILITY: f64 = 1e-9;
