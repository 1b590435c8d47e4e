//! Owns the profiling of a stream of batches: as the training reference, or to be compared with one.

use std::borrow::Cow;

use polars::prelude::DataFrame;

use crate::schema::{ColumnType, Schema};
use crate::validation::cells::Cells;

use super::counts::{IntCounts, TextCounts, category_key, network_key};
use super::moments::Moments;
use super::reference::{Categories, ColumnReference, NumericSummary, Reference, Shape, quantiles};
use super::sample::RowSample;

/// Whole-number columns with at most this many distinct values are discrete.
const DISCRETE_INTS: usize = 20;
/// Categories tracked while reading training data.
const TRACKED: usize = 10_000;
/// Categories kept in the reference.
const KEPT: usize = 1_000;
/// Rows sampled of numeric columns, at most and at least, and numbers in all.
const SAMPLE_ROWS: usize = 20_000;
const SAMPLE_ROWS_LEAST: usize = 2_000;
const SAMPLE_CELLS: usize = 10_000_000;

/// One column being profiled.
#[derive(Clone, Debug)]
struct ColumnProfile {
    name: String,
    kind: ColumnType,
    rows: u64,
    missing: u64,
    ints: Option<IntCounts>,
    texts: Option<TextCounts>,
    moments: Option<Moments>,
    /// Column of the row sample.
    sampled: Option<usize>,
}

/// What has been seen so far of a stream of batches.
#[derive(Clone, Debug)]
struct Profile {
    columns: Vec<ColumnProfile>,
    sample: RowSample,
    rows: u64,
    scores: Moments,
    score_sample: RowSample,
    positive_rate: Option<f64>,
}

impl Profile {
    fn new(mut columns: Vec<ColumnProfile>) -> Self {
        let mut numeric = 0;
        for column in columns.iter_mut().filter(|c| c.moments.is_some()) {
            column.sampled = Some(numeric);
            numeric += 1;
        }
        Self {
            columns,
            sample: RowSample::bounded(numeric, SAMPLE_ROWS, SAMPLE_ROWS_LEAST, SAMPLE_CELLS, 0),
            rows: 0,
            scores: Moments::default(),
            score_sample: RowSample::new(1, SAMPLE_ROWS, 1),
            positive_rate: None,
        }
    }

    fn add(&mut self, frame: &DataFrame) {
        let rows = frame.height();
        self.rows += rows as u64;
        let mut numeric: Vec<Option<Cells<'_>>> = Vec::new();
        let mut places = Places::new(frame);
        for column in &mut self.columns {
            let cells = places
                .find(&column.name)
                .and_then(|at| Cells::of(column.kind, &frame.columns()[at]));
            if let Some(cells) = &cells {
                column.add(cells);
            }
            if column.sampled.is_some() {
                numeric.push(cells);
            }
        }
        if !numeric.is_empty() {
            let cell = |row, column: usize| numeric[column].and_then(|c| c.number(row)).unwrap_or(f64::NAN);
            self.sample.offer(rows, cell);
        }
    }

    fn add_scores(&mut self, scores: &[f64]) {
        self.scores.add(scores.iter().copied());
        self.score_sample.offer(scores.len(), |row, _| scores[row]);
    }

    fn score_summary(&self) -> Option<NumericSummary> {
        (self.scores.n > 0).then(|| summary(&self.scores, &self.score_sample.sorted(0)))
    }
}

impl ColumnProfile {
    fn new(name: &str, kind: ColumnType) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            rows: 0,
            missing: 0,
            ints: None,
            texts: None,
            moments: None,
            sampled: None,
        }
    }

    fn add(&mut self, cells: &Cells<'_>) {
        self.rows += cells.len() as u64;
        self.missing += cells.null_count() as u64;
        match cells {
            Cells::Int(values) => {
                if let Some(ints) = &mut self.ints {
                    ints.add(values);
                }
                if let Some(moments) = &mut self.moments {
                    for chunk in values.downcast_iter() {
                        moments.add(chunk.iter().flatten().map(|v| *v as f64));
                    }
                }
            }
            Cells::Float(values) => {
                if let Some(moments) = &mut self.moments {
                    for chunk in values.downcast_iter() {
                        moments.add(chunk.iter().flatten().copied());
                    }
                }
            }
            Cells::Text(values) => {
                if let Some(texts) = &mut self.texts {
                    if self.kind == ColumnType::Ip {
                        texts.add(values, network_key);
                    } else {
                        texts.add(values, category_key);
                    }
                }
            }
            Cells::Bool(values) => {
                if let Some(texts) = &mut self.texts {
                    let yes = values.iter().flatten().filter(|v| *v).count();
                    texts.count("true", yes as u64);
                    texts.count("false", (values.len() - values.null_count() - yes) as u64);
                }
            }
            Cells::Time(_) => {}
        }
        self.give_up_counting();
    }

    /// Stops counting the values of a whole-number column that turned out not to be discrete.
    fn give_up_counting(&mut self) {
        if self.moments.is_some()
            && self
                .ints
                .as_ref()
                .is_some_and(|i| i.other > 0 || i.distinct() > DISCRETE_INTS)
        {
            self.ints = None;
        }
    }

    fn into_reference(self, sample: &RowSample) -> ColumnReference {
        let shape = match (&self.ints, &self.texts, &self.moments) {
            (Some(ints), _, _) => Shape::Discrete(categories(int_counts(ints), ints.other)),
            (None, Some(texts), _) => Shape::Discrete(categories(texts.ranked(), texts.other)),
            (None, None, Some(moments)) => {
                let sorted = self.sampled.map(|at| sample.sorted(at)).unwrap_or_default();
                Shape::Numeric(summary(moments, &sorted))
            }
            (None, None, None) => Shape::Discrete(Categories::default()),
        };
        ColumnReference {
            name: self.name,
            kind: self.kind,
            rows: self.rows,
            missing: self.missing,
            shape,
        }
    }
}

fn int_counts(ints: &IntCounts) -> Vec<(String, u64)> {
    let mut all: Vec<(i64, u64)> = ints.iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    all.into_iter()
        .map(|(value, count)| (value.to_string(), count))
        .collect()
}

fn categories(mut ranked: Vec<(String, u64)>, other: u64) -> Categories {
    let rest = ranked.split_off(ranked.len().min(KEPT));
    Categories {
        top: ranked,
        other: other + rest.iter().map(|(_, count)| count).sum::<u64>(),
    }
}

fn summary(moments: &Moments, sorted: &[f64]) -> NumericSummary {
    NumericSummary {
        n: moments.n,
        mean: moments.mean,
        sd: moments.sd(),
        quantiles: quantiles(sorted),
    }
}

/// Finds a frame's columns by name; walking both in the same order costs one comparison each.
pub(crate) struct Places<'a> {
    frame: &'a DataFrame,
    next: usize,
}

impl<'a> Places<'a> {
    /// Starts before the first column.
    pub(crate) fn new(frame: &'a DataFrame) -> Self {
        Self { frame, next: 0 }
    }

    /// Index of the column of this name at or after the last one found. Columns that the frame lacks do not move it.
    pub(crate) fn find(&mut self, name: &str) -> Option<usize> {
        let columns = self.frame.columns();
        if columns.get(self.next).is_some_and(|c| c.name() == name) {
            self.next += 1;
            return Some(self.next - 1);
        }
        let at = columns.iter().position(|c| c.name() == name)?;
        self.next = at + 1;
        Some(at)
    }
}

/// Makes the training [`Reference`] from batches of typed rows, in order. Memory is bounded.
#[derive(Clone, Debug)]
pub struct ReferenceBuilder(Profile);

impl ReferenceBuilder {
    /// For the features of this schema; timestamps are left out, they always move.
    pub fn new(schema: &Schema) -> Self {
        let features = schema.features().filter(|c| c.kind != ColumnType::Timestamp);
        let columns = features.map(|feature| {
            let mut column = ColumnProfile::new(&feature.name, feature.kind);
            match feature.kind {
                ColumnType::Int | ColumnType::Port => {
                    column.ints = Some(IntCounts::new([], DISCRETE_INTS));
                    column.moments = Some(Moments::default());
                }
                ColumnType::Float => column.moments = Some(Moments::default()),
                _ => column.texts = Some(TextCounts::new([], TRACKED)),
            }
            column
        });
        Self(Profile::new(columns.collect()))
    }

    /// Adds rows: a frame as in [`crate::data::TypedBatch::frame`]. Columns that it lacks are left out.
    pub fn add(&mut self, frame: &DataFrame) {
        self.0.add(frame);
    }

    /// Adds the model's scores of rows that it was not fitted on.
    pub fn add_scores(&mut self, scores: &[f64]) {
        self.0.add_scores(scores);
    }

    /// Sets the share of rows that the model flags at its threshold.
    pub fn set_positive_rate(&mut self, rate: f64) {
        self.0.positive_rate = Some(rate).filter(|r| (0.0..=1.0).contains(r));
    }

    /// The reference.
    pub fn finish(self) -> Reference {
        let Profile { columns, sample, .. } = &self.0;
        Reference {
            rows: self.0.rows,
            columns: columns.iter().cloned().map(|c| c.into_reference(sample)).collect(),
            scores: self.0.score_summary(),
            positive_rate: self.0.positive_rate,
        }
    }
}

/// The profile of a batch, made to be compared with a [`Reference`].
#[derive(Clone, Debug)]
pub struct BatchProfile(Profile);

impl BatchProfile {
    /// An empty profile of what this reference has.
    pub fn new(reference: &Reference) -> Self {
        let columns = reference.columns.iter().map(|known| {
            let mut column = ColumnProfile::new(&known.name, known.kind);
            match &known.shape {
                Shape::Numeric(_) => column.moments = Some(Moments::default()),
                Shape::Discrete(categories) => {
                    let texts = categories.top.iter().map(|(text, _)| text.clone());
                    match known.kind {
                        ColumnType::Int | ColumnType::Port => {
                            column.ints = Some(IntCounts::new(texts.filter_map(|t| t.parse().ok()), 0));
                        }
                        _ => column.texts = Some(TextCounts::new(texts, 0)),
                    }
                }
            }
            column
        });
        Self(Profile::new(columns.collect()))
    }

    /// Adds rows: a frame as in [`crate::data::TypedBatch::frame`].
    pub fn add(&mut self, frame: &DataFrame) {
        self.0.add(frame);
    }

    /// Adds the model's scores of the batch's rows.
    pub fn add_scores(&mut self, scores: &[f64]) {
        self.0.add_scores(scores);
    }

    /// Sets the share of the batch's rows that the model flagged.
    pub fn set_positive_rate(&mut self, rate: f64) {
        self.0.positive_rate = Some(rate).filter(|r| (0.0..=1.0).contains(r));
    }

    /// Rows and missing cells of a column, `None` where the batch lacks it.
    pub(super) fn rows(&self, index: usize) -> Option<(u64, u64)> {
        self.0
            .columns
            .get(index)
            .filter(|c| c.rows > 0)
            .map(|c| (c.rows, c.missing))
    }

    /// Counts of `categories.top`, then of all others.
    pub(super) fn counts(&self, index: usize, categories: &Categories) -> Vec<f64> {
        let Some(column) = self.0.columns.get(index) else {
            return Vec::new();
        };
        let values = (column.rows - column.missing) as f64;
        let known: Vec<f64> = match (&column.ints, &column.texts) {
            (Some(ints), _) => {
                let counts: std::collections::BTreeMap<i64, u64> = ints.iter().collect();
                let of = |text: &str| {
                    text.parse()
                        .ok()
                        .and_then(|v: i64| counts.get(&v))
                        .copied()
                        .unwrap_or(0)
                };
                categories.top.iter().map(|(text, _)| of(text) as f64).collect()
            }
            (None, Some(texts)) => categories.top.iter().map(|(text, _)| texts.of(text) as f64).collect(),
            (None, None) => vec![0.0; categories.top.len()],
        };
        let other = (values - known.iter().sum::<f64>()).max(0.0);
        known.into_iter().chain([other]).collect()
    }

    /// Summary of a numeric column.
    pub(super) fn numbers(&self, index: usize) -> Option<(u64, Vec<f64>)> {
        let column = self.0.columns.get(index)?;
        Some((column.moments.as_ref()?.n, self.0.sample.sorted(column.sampled?)))
    }

    /// Number of scores, and a sorted sample of them.
    pub(super) fn scores(&self) -> (u64, Vec<f64>) {
        (self.0.scores.n, self.0.score_sample.sorted(0))
    }

    /// Share of rows flagged, and the number of rows scored.
    pub(super) fn positive_rate(&self) -> Option<(f64, u64)> {
        self.0.positive_rate.map(|rate| (rate, self.0.scores.n))
    }
}

/// A category's text as the reference counts it.
pub(crate) fn reference_key(kind: ColumnType, text: &str) -> Cow<'_, str> {
    if kind == ColumnType::Ip {
        network_key(text)
    } else {
        category_key(text)
    }
}
