//! Owns judged cases made searchable: the nearest to a row by Gower's distance, and how those with about its score turned out.

use std::collections::{BinaryHeap, HashMap};

use crate::data::RowId;
use crate::explain::{Measure, Value};
use crate::triage::{Cells, Score, Verdict};

/// A case somebody judged, as the store has it.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedCase {
    /// The case.
    pub row: RowId,
    /// The verdict that stands.
    pub verdict: Verdict,
    /// By whom.
    pub analyst: String,
    /// How it was scored when it was judged.
    pub score: Option<Score>,
    /// Its cells; without them it has no distance to other rows and counts for reliability only.
    pub cells: Option<Cells>,
}

/// Judged cases, typed by the model's columns. [`super::CardMaker`] makes and extends it.
#[derive(Clone, Debug, Default)]
pub struct JudgedRows {
    /// How the columns are compared, in the model's order.
    measures: Vec<Measure>,
    cases: Vec<TypedCase>,
    place: HashMap<RowId, usize>,
}

#[derive(Clone, Debug)]
struct TypedCase {
    case: JudgedCase,
    values: Option<Vec<Option<Value>>>,
}

/// A judged case near to a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NearCase<'a> {
    pub case: &'a JudgedCase,
    pub distance: f64,
    pub values: &'a [Option<Value>],
}

/// Judged cases within a range of scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct JudgedCount {
    pub judged: u64,
    pub true_positives: u64,
}

/// Sum of gaps and place; the nearer is the lesser, of equals the later judged.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Near {
    sum: f64,
    place: usize,
}

impl Eq for Near {}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.sum.total_cmp(&other.sum).then(other.place.cmp(&self.place))
    }
}

impl JudgedRows {
    pub(super) fn new(measures: Vec<Measure>) -> Self {
        Self {
            measures,
            ..Self::default()
        }
    }

    /// How many cases.
    pub fn len(&self) -> usize {
        self.place.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.place.is_empty()
    }

    /// Takes a case out: its verdict was undone.
    pub fn remove(&mut self, row: RowId) {
        let Some(at) = self.place.remove(&row) else { return };
        self.cases.swap_remove(at);
        if let Some(moved) = self.cases.get(at) {
            self.place.insert(moved.case.row, at);
        }
    }

    /// Puts a case in, or another verdict in its place. O(columns).
    pub(super) fn put(&mut self, case: JudgedCase, values: Option<Vec<Option<Value>>>) {
        self.remove(case.row);
        self.place.insert(case.row, self.cases.len());
        self.cases.push(TypedCase { case, values });
    }

    /// The `k` cases nearest to a row, the nearest first; `except` is the row's own case. Columns that are lacking count as
    /// missing. O(cases x columns) at most: a case is given up as soon as it is farther than the `k` nearest so far.
    pub(super) fn nearest(&self, row: &[Option<Value>], except: RowId, k: usize) -> Vec<NearCase<'_>> {
        let mut best = BinaryHeap::<Near>::with_capacity(k + 1);
        for (place, typed) in self.cases.iter().enumerate() {
            let Some(values) = typed.values.as_deref().filter(|_| typed.case.row != except) else {
                continue;
            };
            let limit = match best.peek() {
                Some(worst) if best.len() >= k => worst.sum,
                _ => f64::INFINITY,
            };
            if let Some(sum) = self.gaps(row, values, limit) {
                best.push(Near { sum, place });
                if best.len() > k {
                    best.pop();
                }
            }
        }
        let near = best.into_sorted_vec().into_iter();
        near.filter_map(|near| {
            let typed = self.cases.get(near.place)?;
            Some(NearCase {
                case: &typed.case,
                distance: near.sum / self.measures.len().max(1) as f64,
                values: typed.values.as_deref()?,
            })
        })
        .collect()
    }

    /// Sum of the gaps, `None` once it is above `limit`.
    fn gaps(&self, row: &[Option<Value>], other: &[Option<Value>], limit: f64) -> Option<f64> {
        let mut sum = 0.0;
        for (at, measure) in self.measures.iter().enumerate() {
            sum += measure.gap(
                row.get(at).and_then(Option::as_ref),
                other.get(at).and_then(Option::as_ref),
            );
            if sum > limit {
                return None;
            }
        }
        Some(sum)
    }

    /// Cases that `run` scored from `from` to `to` and that were found malicious or not: a duplicate or an undetermined one says
    /// nothing of the model. A benign positive was no malicious row, so it is not among the true positives. `except` is the
    /// row's own case.
    pub(super) fn count(&self, run: &str, from: f64, to: f64, except: RowId) -> JudgedCount {
        let mut count = JudgedCount::default();
        for TypedCase { case, .. } in &self.cases {
            let Some(score) = case.score.as_ref().filter(|s| s.run == run && case.row != except) else {
                continue;
            };
            let decides = !matches!(case.verdict, Verdict::Duplicate | Verdict::Undetermined);
            if decides && score.probability >= from && score.probability <= to {
                count.judged += 1;
                count.true_positives += u64::from(case.verdict == Verdict::TruePositive);
            }
        }
        count
    }
}
