//! Owns the search for the smallest change that would clear a flagged row: one field or two, set to values that
//! training rows had.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::seen_values::SeenValues;
use super::value::Value;

/// Columns whose best change is tried together with every second one.
pub const STARTS: usize = 8;

/// Most changed rows that are scored at once, which bounds memory.
const BATCH_ROWS: usize = 4096;

/// What would clear a flagged row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SmallestChange {
    /// One field or two, in the model's column order.
    pub fields: Vec<FieldChange>,
    /// Probability of the row as it is.
    pub before: f64,
    /// Probability of the row so changed, below the threshold.
    pub after: f64,
    /// Gower's distance between the two rows.
    pub distance: f64,
    /// How many changed rows were looked at to find it, the row itself among them.
    pub scored: usize,
}

/// One field of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The schema column.
    pub column: String,
    /// Its value now; `None` where the cell is missing.
    pub from: Option<Value>,
    /// A value that training rows had.
    pub to: Value,
}

/// Searches the smallest change that brings `row` below `threshold`; `None` where the search finds none, or the row is
/// not flagged. `row` has its cells in the order of `seen`'s columns; those that are lacking count as missing.
///
/// The fewest fields are the smallest change; among those the least Gower distance from the row, then the lowest
/// probability, then the earlier columns, then the lesser values. Only changeable columns are touched, and only
/// values of `seen` are set; that a cell is emptied is no change. Cross-column rules of the schema are not looked at.
///
/// First every change of one field is scored. If none clears the row, the search goes on greedily: each column's change to
/// the lowest probability is a start, and the [`STARTS`] lowest of them are tried with every change of a second field.
/// The two columns of the smallest pair so found are then tried with all their values. A pair of which neither column is
/// among the starts is not found.
///
/// With s values in `seen`, v in one column at most, it scores 1 + s rows for one field, and [`STARTS`] x s + v x v more
/// for two.
///
/// `score` answers the calibrated probability of each row, whose cells stand in the order of `seen`'s columns. It
/// is called with at most a few thousand rows at a time. The same answers give the same change.
///
/// # Errors
/// Those of `score`.
pub fn smallest_change<E>(
    seen: &SeenValues,
    row: &[Option<Value>],
    threshold: f64,
    score: impl FnMut(&[Vec<Option<&Value>>]) -> Result<Vec<f64>, E>,
) -> Result<Option<SmallestChange>, E> {
    let mut search = Search {
        seen,
        row: (0..seen.columns().len())
            .map(|column| row.get(column).and_then(Option::as_ref))
            .collect(),
        score,
        scored: 0,
    };
    let Some(before) = search.score_changes(&[Change::default()])?.pop().map(|c| c.probability) else {
        return Ok(None);
    };
    if before < threshold || before.is_nan() {
        return Ok(None);
    }
    let single_fields = search.single_fields();
    let singles = search.score_changes(&single_fields)?;
    let mut clearing = smallest_of(&singles, threshold);
    let (pairs, finer);
    if clearing.is_none() {
        pairs = search.score_changes(&second_fields(&singles))?;
        if let Some(found) = smallest_of(&pairs, threshold) {
            finer = search.score_changes(&same_columns(&found.change, &singles))?;
            clearing = smallest_of(&finer, threshold);
        }
    }
    Ok(clearing.map(|found| search.tell(found, before)))
}

/// Fields set to other values.
#[derive(Clone, Debug, Default)]
struct Change<'a> {
    /// In column order.
    fields: Vec<Field<'a>>,
    /// Sum of the fields' gaps.
    gap: f64,
}

#[derive(Clone, Copy, Debug)]
struct Field<'a> {
    column: usize,
    to: &'a Value,
}

/// A change and what the model says of the row so changed.
#[derive(Clone, Debug)]
struct Scored<'a> {
    change: Change<'a>,
    probability: f64,
}

struct Search<'a, S> {
    seen: &'a SeenValues,
    row: Vec<Option<&'a Value>>,
    score: S,
    scored: usize,
}

impl<'a, S, E> Search<'a, S>
where
    S: FnMut(&[Vec<Option<&Value>>]) -> Result<Vec<f64>, E>,
{
    /// Every change of one field, in the order of columns and values.
    fn single_fields(&self) -> Vec<Change<'a>> {
        let mut changes = Vec::new();
        for (at, (column, &now)) in self.seen.columns().iter().zip(&self.row).enumerate() {
            let others = column.values.iter().filter(|&to| Some(to) != now);
            changes.extend(others.filter(|_| column.changeable).map(|to| Change {
                fields: vec![Field { column: at, to }],
                gap: column.measure.gap(now, Some(to)),
            }));
        }
        changes
    }

    fn score_changes(&mut self, changes: &[Change<'a>]) -> Result<Vec<Scored<'a>>, E> {
        let mut scored = Vec::with_capacity(changes.len());
        for batch in changes.chunks(BATCH_ROWS) {
            let rows: Vec<_> = batch.iter().map(|change| change.applied_to(&self.row)).collect();
            let probabilities = (self.score)(&rows)?;
            self.scored += rows.len();
            scored.extend(batch.iter().zip(probabilities).map(|(change, probability)| Scored {
                change: change.clone(),
                probability,
            }));
        }
        Ok(scored)
    }

    fn tell(&self, found: &Scored<'a>, before: f64) -> SmallestChange {
        let name = |column: usize| self.seen.columns().get(column).map(|c| c.name.clone());
        let field = |field: &Field<'a>| FieldChange {
            column: name(field.column).unwrap_or_default(),
            from: self.row.get(field.column).copied().flatten().cloned(),
            to: field.to.clone(),
        };
        SmallestChange {
            fields: found.change.fields.iter().map(field).collect(),
            before,
            after: found.probability,
            distance: found.change.gap / self.row.len().max(1) as f64,
            scored: self.scored,
        }
    }
}

impl<'a> Change<'a> {
    fn applied_to(&self, row: &[Option<&'a Value>]) -> Vec<Option<&'a Value>> {
        let mut row = row.to_vec();
        for field in &self.fields {
            if let Some(cell) = row.get_mut(field.column) {
                *cell = Some(field.to);
            }
        }
        row
    }

    /// Both changes at once, which are of one field each; `None` if it is the same field.
    fn and(&self, other: &Self) -> Option<Self> {
        let mut fields = [self.fields.as_slice(), &other.fields].concat();
        fields.sort_by_key(|field| field.column);
        let distinct = fields.windows(2).all(|two| two[0].column != two[1].column);
        distinct.then_some(Self {
            fields,
            gap: self.gap + other.gap,
        })
    }

    /// Earlier columns first, then lesser values.
    fn in_order(&self, other: &Self) -> Ordering {
        let key =
            |change: &Self| -> Vec<(usize, &'a Value)> { change.fields.iter().map(|f| (f.column, f.to)).collect() };
        key(self).cmp(&key(other))
    }
}

/// The smallest of the changes that clear the row; all have as many fields.
fn smallest_of<'s, 'a>(scored: &'s [Scored<'a>], threshold: f64) -> Option<&'s Scored<'a>> {
    let clearing = scored.iter().filter(|s| s.probability < threshold);
    clearing.min_by(|a, b| {
        let (first, second) = (&a.change, &b.change);
        (first.gap.total_cmp(&second.gap))
            .then(a.probability.total_cmp(&b.probability))
            .then_with(|| first.in_order(second))
    })
}

/// The best changes of one field, no two of one column, each with every change of another.
fn second_fields<'a>(singles: &[Scored<'a>]) -> Vec<Change<'a>> {
    let better = |a: &Scored<'a>, b: &Scored<'a>| {
        (a.probability.total_cmp(&b.probability))
            .then(a.change.gap.total_cmp(&b.change.gap))
            .then_with(|| a.change.in_order(&b.change))
    };
    // Many values of one column may be alike to the model; they would leave no start to other columns.
    let mut of_column = BTreeMap::<usize, &Scored<'a>>::new();
    for single in singles {
        for field in &single.change.fields {
            let best = of_column.entry(field.column).or_insert(single);
            if better(single, best).is_lt() {
                *best = single;
            }
        }
    }
    let mut starts: Vec<&Scored<'a>> = of_column.into_values().collect();
    starts.sort_by(|a, b| better(a, b));
    starts.truncate(STARTS);
    let pairs = starts
        .iter()
        .flat_map(|start| singles.iter().map(move |other| (start, other)));
    pairs
        .filter_map(|(start, other)| start.change.and(&other.change))
        .collect()
}

/// Every change of the same two columns.
fn same_columns<'a>(pair: &Change<'a>, singles: &[Scored<'a>]) -> Vec<Change<'a>> {
    let of = |field: Field<'a>| {
        let same = move |single: &&Scored<'a>| single.change.fields.iter().any(|f| f.column == field.column);
        singles.iter().filter(same)
    };
    let [first, second] = pair.fields[..] else {
        return Vec::new();
    };
    let pairs = of(first).flat_map(|a| of(second).filter_map(|b| a.change.and(&b.change)));
    pairs.collect()
}

#[cfg(test)]
mod tests;
