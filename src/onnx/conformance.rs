//! Owns the rows by which a runtime shows that it scores as we do: invented from the model itself, none is a row of
//! anybody's data. Every column missing, categories never seen, extremes, values exactly on thresholds and one step beyond,
//! and the rows nearest to the run's threshold, each with our probability and label.

use std::collections::BTreeSet;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::{Map, json};

use crate::cancel::CancelToken;
use crate::explain::Value;
use crate::models::trees::Test;
use crate::models::{Anatomy, PlainNode};
use crate::pipeline::trained_model::{ScoreError, TrainedModel};
use crate::pipeline::typed_values::frame_of;
use crate::schema::{Column, ColumnType};
use crate::transform::{Keys, Made, NumberView, Recipe, Scale, Shape, TransformError};

/// Rows of the file.
pub const ROWS: usize = 1000;

/// Invented rows of which those nearest to the threshold are taken, and how many are.
const POOL: usize = 4000;
const NEAREST: usize = 250;

/// Values of one column that are put into otherwise usual rows, at most.
const ODD_ROWS: usize = 500;

/// One row: cells in the model's column order.
type Row = Vec<Option<Value>>;

/// What a column's cells may hold.
struct Choices {
    column: Column,
    /// What rows usually hold.
    usual: Vec<Value>,
    /// The edges of what is possible.
    odd: Vec<Value>,
}

/// The rows as NDJSON: `{"row":{column: cell or null, …},"probability":p,"label":0 or 1}`, [`ROWS`] lines. The same model
/// gives the same bytes.
///
/// # Errors
/// The rows do not fit the model, or cancellation.
pub(super) fn lines(
    model: &TrainedModel,
    columns: &[Column],
    recipe: &Recipe<'_>,
    cancel: &CancelToken,
) -> Result<Vec<u8>, ScoreError> {
    let choices: Vec<Choices> = choices(model, columns, recipe);
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let mut rows = odd_rows(&choices, &mut dice);
    let pool: Vec<Row> = (0..POOL).map(|_| usual_row(&choices, &mut dice)).collect();
    let scores = scores(model, columns, &pool, cancel)?;
    let mut nearest: Vec<usize> = (0..pool.len()).collect();
    let away = |at: &usize| (scores[*at] - model.threshold).abs();
    nearest.sort_by(|a, b| away(a).total_cmp(&away(b)).then(a.cmp(b)));
    let (near, rest) = nearest.split_at(NEAREST.min(nearest.len()));
    rows.extend(near.iter().map(|&at| pool[at].clone()));
    let mut rest = rest.to_vec();
    rest.sort_unstable();
    rows.extend(rest.iter().map(|&at| pool[at].clone()));
    rows.truncate(ROWS);
    write(model, columns, &rows, cancel)
}

fn scores(
    model: &TrainedModel,
    columns: &[Column],
    rows: &[Row],
    cancel: &CancelToken,
) -> Result<Vec<f64>, ScoreError> {
    let cells: Vec<Vec<Option<&Value>>> = rows
        .iter()
        .map(|row| row.iter().map(Option::as_ref).collect())
        .collect();
    let frame = frame_of(columns, &cells).map_err(|e| TransformError::Internal { reason: e.to_string() })?;
    model.score(&frame, cancel)
}

fn write(model: &TrainedModel, columns: &[Column], rows: &[Row], cancel: &CancelToken) -> Result<Vec<u8>, ScoreError> {
    let mut text = Vec::new();
    for (row, probability) in rows.iter().zip(scores(model, columns, rows, cancel)?) {
        let cells: Map<String, serde_json::Value> = columns
            .iter()
            .zip(row)
            .map(|(column, cell)| (column.name.clone(), cell.as_ref().map_or(json!(null), in_json)))
            .collect();
        let label = u8::from(probability >= model.threshold);
        let line = json!({"row": cells, "probability": probability, "label": label});
        text.extend(line.to_string().into_bytes());
        text.push(b'\n');
    }
    Ok(text)
}

fn in_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Int(value) | Value::Time(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Bool(value) => json!(value),
        Value::Text(value) => json!(value),
    }
}

/// A row of usual cells; one in twenty is missing, one in ten at an edge.
fn usual_row(choices: &[Choices], dice: &mut ChaCha8Rng) -> Row {
    let cell = |choices: &Choices| {
        let (from, at) = (dice.random_range(0..20u32), dice.random_range(0..u32::MAX) as usize);
        let values = match from {
            0 => return None,
            1 | 2 => &choices.odd,
            _ => &choices.usual,
        };
        values.get(at % values.len().max(1)).cloned()
    };
    choices.iter().map(cell).collect()
}

/// All missing; then rows that are usual but for one cell: missing, at an edge, or on a threshold.
fn odd_rows(choices: &[Choices], dice: &mut ChaCha8Rng) -> Vec<Row> {
    let mut rows = vec![vec![None; choices.len()]];
    let most = choices
        .iter()
        .map(|c| c.odd.len().max(c.usual.len()))
        .max()
        .unwrap_or(0);
    let mut with = |at: usize, cell: Option<Value>, rows: &mut Vec<Row>| {
        let mut row = usual_row(choices, dice);
        if let Some(place) = row.get_mut(at) {
            *place = cell;
        }
        rows.push(row);
    };
    for at in 0..choices.len() {
        with(at, None, &mut rows);
    }
    // One value of each column in turn, so that no column takes all the room.
    for nth in 0..most {
        for (at, choice) in choices.iter().enumerate() {
            for values in [&choice.odd, &choice.usual] {
                if let Some(value) = values.get(nth) {
                    with(at, Some(value.clone()), &mut rows);
                }
            }
        }
        if rows.len() >= ODD_ROWS {
            break;
        }
    }
    rows.truncate(ODD_ROWS);
    rows
}

fn choices(model: &TrainedModel, columns: &[Column], recipe: &Recipe<'_>) -> Vec<Choices> {
    let thresholds = thresholds(model);
    let mut next = 0;
    let mut all = Vec::new();
    for column in columns {
        let mut choices = Choices {
            usual: declared(column),
            odd: edges(column.kind),
            column: column.clone(),
        };
        let parts = recipe.columns.iter().filter(|c| c.name == column.name);
        for part in parts.flat_map(|c| &c.parts) {
            let asked = thresholds.get(next).into_iter().flatten();
            choices.learn(&part.made, asked.map(|bits| f32::from_bits(*bits)));
            next += part.width;
        }
        if choices.usual.is_empty() {
            choices.usual.clone_from(&choices.odd);
        }
        all.push(choices);
    }
    all
}

impl Choices {
    /// Takes keys as usual values; thresholds, and the numbers beside them, as usual and odd ones.
    fn learn(&mut self, made: &Made<'_>, thresholds: impl Iterator<Item = f32>) {
        match made {
            Made::OneHot { codes, .. } | Made::Lookup { codes, .. } => match codes.keys {
                Keys::Texts(texts) => self.usual.extend(texts.iter().cloned().map(Value::Text)),
                Keys::Ints(keys) if self.column.kind == ColumnType::Bool => {
                    self.usual.extend(keys.iter().map(|key| Value::Bool(*key != 0)));
                }
                Keys::Ints(keys) => self.usual.extend(keys.iter().copied().map(Value::Int)),
            },
            Made::Number {
                view: NumberView::Value,
                fill,
                shape,
                scale,
            } => {
                self.usual.extend(fill.and_then(|fill| number(self.column.kind, fill)));
                if let Scale::Linear { center, divisor } = *scale {
                    for away in [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0] {
                        let shaped: f64 = center + away * divisor;
                        let raw = match shape {
                            Shape::Identity => shaped,
                            Shape::Log1p => shaped.abs().exp_m1().copysign(shaped),
                            Shape::SquareRoot => shaped.powi(2).copysign(shaped),
                        };
                        self.usual.extend(number(self.column.kind, raw));
                    }
                }
                if *shape == Shape::Identity && *scale == Scale::None {
                    for threshold in thresholds {
                        self.on_threshold(threshold);
                    }
                }
            }
            Made::Number { .. } | Made::Flags(_) => {}
        }
    }

    fn on_threshold(&mut self, threshold: f32) {
        let kind = self.column.kind;
        let (on, next) = (f64::from(threshold), f64::from(threshold.next_up()));
        self.usual.extend(number(kind, on.floor()));
        self.usual.extend(number(kind, on.floor() + 1.0));
        if kind == ColumnType::Float {
            // The nearest f64 above still rounds to the threshold; past the middle it rounds to the next f32.
            for value in [on, on.next_up(), f64::midpoint(on, next).next_up(), next] {
                self.odd.extend(number(kind, value));
            }
        }
    }
}

/// What the schema says of a column's values.
fn declared(column: &Column) -> Vec<Value> {
    let mut values: Vec<Value> = [column.min, column.max]
        .into_iter()
        .flatten()
        .filter_map(|bound| number(column.kind, bound))
        .collect();
    for text in column.allowed.iter().flatten() {
        values.extend(match column.kind {
            ColumnType::Category | ColumnType::Text | ColumnType::Ip => Some(Value::Text(text.clone())),
            kind => text.parse().ok().and_then(|value| number(kind, value)),
        });
    }
    values
}

/// The number as a cell of a column of numbers, if it is one.
fn number(kind: ColumnType, value: f64) -> Option<Value> {
    /// Beyond this whole numbers do not come through JSON readers of other languages unchanged.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = || (value.abs() <= EXACT).then_some(value.round() as i64);
    match kind {
        ColumnType::Float => value.is_finite().then_some(Value::Float(value)),
        ColumnType::Int => whole().map(Value::Int),
        ColumnType::Port => whole().filter(|port| (0..=65_535).contains(port)).map(Value::Int),
        _ => None,
    }
}

/// The edges of what a column of this type can hold.
fn edges(kind: ColumnType) -> Vec<Value> {
    match kind {
        ColumnType::Int => [0, 1, -1, 2, 1 << 24, (1 << 24) + 1, -(1 << 53), 1 << 53]
            .map(Value::Int)
            .to_vec(),
        ColumnType::Float => [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.1,
            1e-300,
            1e16,
            3.5e38,
            -3.5e38,
            f64::MAX,
            f64::MIN,
        ]
        .map(Value::Float)
        .to_vec(),
        ColumnType::Port => [0, 22, 443, 1023, 1024, 49_151, 49_152, 65_535]
            .map(Value::Int)
            .to_vec(),
        ColumnType::Bool => vec![Value::Bool(false), Value::Bool(true)],
        ColumnType::Category | ColumnType::Text | ColumnType::Ip => {
            let texts = ["never seen in training", "nie gesehen \u{fc}\u{2713}", "-", "0"];
            texts.map(|text| Value::Text(text.to_owned())).to_vec()
        }
        ColumnType::Timestamp => vec![Value::Time(0)],
    }
}

/// The thresholds that trees ask of each feature, as bits, ascending by value; empty for other models.
fn thresholds(model: &TrainedModel) -> Vec<BTreeSet<u32>> {
    let mut asked = vec![BTreeSet::new(); model.classifier.width()];
    let mut add = |feature: u32, threshold: f32| {
        if let Some(of_feature) = asked.get_mut(feature as usize) {
            of_feature.insert(threshold.to_bits());
        }
    };
    match model.classifier.anatomy() {
        Some(Anatomy::Tree(nodes)) => {
            for node in nodes {
                if let PlainNode::Split { feature, threshold, .. } = node {
                    add(feature, threshold);
                }
            }
        }
        Some(Anatomy::Ensemble(ensemble)) => {
            for split in ensemble
                .trees
                .iter()
                .flat_map(|t| t.nodes.iter().filter_map(|n| n.split))
            {
                if let Test::AtMost(threshold) = split.test {
                    add(split.feature, threshold);
                }
            }
        }
        _ => {}
    }
    asked
}
