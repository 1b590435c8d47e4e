//! Owns the search for the smallest change where whole columns can be scored at once: the same steps and the same answer
//! as [`super::smallest_change`], without a row being built for each change.

use std::cmp::Ordering;

use super::seen_values::SeenValues;
use super::smallest_change::{FieldChange, STARTS, SmallestChange};
use super::value::Value;

/// Says what the model makes of a row with one field or two set to values of [`SeenValues`]. Probabilities are those that the
/// row so changed has by itself, to the last bit.
pub trait ScoreChanges {
    /// Why it cannot.
    type Error;

    /// The probability of the row as it is.
    ///
    /// # Errors
    /// The model refuses, or cancellation.
    fn unchanged(&mut self) -> Result<f64, Self::Error>;

    /// The probability of the row with each of these, a column and the place of its value, which ascend; with `first`, of the
    /// row in which that is set before. None of them is of the column in `first`.
    ///
    /// # Errors
    /// The model refuses, or cancellation.
    fn each(&mut self, first: Option<Place>, changes: &[Place]) -> Result<Vec<f64>, Self::Error>;

    /// The probability of the row with both of each pair; all pairs are of the same two columns.
    ///
    /// # Errors
    /// The model refuses, or cancellation.
    fn both(&mut self, pairs: &[(Place, Place)]) -> Result<Vec<f64>, Self::Error>;
}

/// [`super::smallest_change`] by a scorer of whole columns; `pairs` is whether two fields are tried.
///
/// # Errors
/// Those of `scorer`.
pub fn change_search<S: ScoreChanges>(
    seen: &SeenValues,
    row: &[Option<Value>],
    threshold: f64,
    pairs: bool,
    scorer: &mut S,
) -> Result<Option<SmallestChange>, S::Error> {
    let before = scorer.unchanged()?;
    if before < threshold || before.is_nan() {
        return Ok(None);
    }
    let gaps = Gaps::of(seen, row);
    let changes = gaps.changes();
    let singles = gaps.singles(&changes, scorer.each(None, &changes)?);
    let mut scored = 1 + singles.len();
    let mut found = smallest_of(singles.iter().map(|single| Scored::one(*single)), threshold);
    if found.is_none() && pairs {
        for start in starts(&singles) {
            let others = changes.iter().copied().filter(|place| place.0 != start.place.0);
            scored += others.clone().count();
            // What is farther than what was found cannot be smaller.
            let farthest = found.map_or(f64::INFINITY, |found| found.gap);
            let others: Vec<Place> = others
                .filter(|place| start.gap + gaps.gap(*place) <= farthest)
                .collect();
            let others = gaps.singles(&others, scorer.each(Some(start.place), &others)?);
            let two = others.into_iter().map(|other| Scored::two(start, other));
            found = smaller(found, smallest_of(two, threshold));
        }
        if let Some(pair) = found {
            let (both, all) = gaps.both(&pair);
            scored += all;
            let probabilities = scorer.both(&both)?;
            let finer = both.iter().zip(probabilities).map(|(pair, p)| gaps.pair(*pair, p));
            found = smaller(found, smallest_of(finer, threshold));
        }
    }
    Ok(found.map(|found| SmallestChange {
        fields: found.places().filter_map(|place| gaps.field(place)).collect(),
        before,
        after: found.probability,
        distance: found.gap / gaps.now.len().max(1) as f64,
        scored,
    }))
}

/// A column and the place of a value of it. In the order of columns and of values, for values ascend.
pub type Place = (usize, usize);

/// A change of one field.
#[derive(Clone, Copy, Debug)]
struct Single {
    place: Place,
    gap: f64,
    probability: f64,
}

/// A change of one field or two.
#[derive(Clone, Copy, Debug)]
struct Scored {
    earlier: Place,
    later: Option<Place>,
    gap: f64,
    probability: f64,
}

impl Scored {
    fn one(single: Single) -> Self {
        Self {
            earlier: single.place,
            later: None,
            gap: single.gap,
            probability: single.probability,
        }
    }

    /// `other` was scored with `start` set.
    fn two(start: Single, other: Single) -> Self {
        Self {
            earlier: start.place.min(other.place),
            later: Some(start.place.max(other.place)),
            gap: start.gap + other.gap,
            probability: other.probability,
        }
    }

    fn places(&self) -> impl Iterator<Item = Place> {
        std::iter::once(self.earlier).chain(self.later)
    }

    /// The smaller change first.
    fn against(&self, other: &Self) -> Ordering {
        (self.gap.total_cmp(&other.gap))
            .then(self.probability.total_cmp(&other.probability))
            .then((self.earlier, self.later).cmp(&(other.earlier, other.later)))
    }
}

fn smallest_of(scored: impl Iterator<Item = Scored>, threshold: f64) -> Option<Scored> {
    let clearing = scored.filter(|scored| scored.probability < threshold);
    clearing.min_by(Scored::against)
}

fn smaller(a: Option<Scored>, b: Option<Scored>) -> Option<Scored> {
    a.into_iter().chain(b).min_by(Scored::against)
}

/// The change of each column to its lowest probability; the lowest of them.
fn starts(singles: &[Single]) -> Vec<Single> {
    let better = |a: &Single, b: &Single| {
        (a.probability.total_cmp(&b.probability))
            .then(a.gap.total_cmp(&b.gap))
            .then(a.place.cmp(&b.place))
    };
    let of_columns = singles.chunk_by(|a, b| a.place.0 == b.place.0);
    let mut starts: Vec<Single> = of_columns.filter_map(|of| of.iter().copied().min_by(better)).collect();
    starts.sort_by(better);
    starts.truncate(STARTS);
    starts
}

/// The row, and how far from it each value is.
struct Gaps<'a> {
    seen: &'a SeenValues,
    now: Vec<Option<&'a Value>>,
    of_values: Vec<Vec<f64>>,
}

impl<'a> Gaps<'a> {
    fn of(seen: &'a SeenValues, row: &'a [Option<Value>]) -> Self {
        let columns = seen.columns();
        let now: Vec<Option<&Value>> = (0..columns.len())
            .map(|at| row.get(at).and_then(Option::as_ref))
            .collect();
        let of_column = columns.iter().zip(&now).map(|(column, now)| {
            let gap = |to| column.measure.gap(*now, Some(to));
            column.values.iter().map(gap).collect()
        });
        Self {
            seen,
            of_values: of_column.collect(),
            now,
        }
    }

    /// Whether setting this is a change that may be made.
    fn changes_it(&self, (column, value): Place) -> bool {
        let now = self.now.get(column).copied().flatten();
        let known = self.seen.columns().get(column);
        known.is_some_and(|known| known.changeable && known.values.get(value).is_some_and(|to| Some(to) != now))
    }

    fn gap(&self, (column, value): Place) -> f64 {
        self.of_values
            .get(column)
            .and_then(|gaps| gaps.get(value))
            .copied()
            .unwrap_or(1.0)
    }

    /// Every change of one field.
    fn changes(&self) -> Vec<Place> {
        let columns = self.seen.columns().iter().enumerate();
        let places = columns.flat_map(|(column, known)| (0..known.values.len()).map(move |value| (column, value)));
        places.filter(|place| self.changes_it(*place)).collect()
    }

    fn singles(&self, places: &[Place], probabilities: Vec<f64>) -> Vec<Single> {
        let scored = places.iter().zip(probabilities);
        let single = |(place, probability): (&Place, f64)| Single {
            place: *place,
            gap: self.gap(*place),
            probability,
        };
        scored.map(single).collect()
    }

    /// Changes of the same two columns that are no larger than this one, and how many there are of any size.
    fn both(&self, found: &Scored) -> (Vec<(Place, Place)>, usize) {
        let changes = self.changes();
        let of = |column: Option<usize>| changes.iter().filter(move |place| Some(place.0) == column);
        let later = found.later.map(|later| later.0);
        let mut pairs = Vec::new();
        let mut all = 0;
        for a in of(Some(found.earlier.0)) {
            for b in of(later) {
                all += 1;
                if self.gap(*a) + self.gap(*b) <= found.gap {
                    pairs.push((*a, *b));
                }
            }
        }
        (pairs, all)
    }

    fn pair(&self, (earlier, later): (Place, Place), probability: f64) -> Scored {
        Scored {
            earlier,
            later: Some(later),
            gap: self.gap(earlier) + self.gap(later),
            probability,
        }
    }

    fn field(&self, (column, value): Place) -> Option<FieldChange> {
        let known = self.seen.columns().get(column)?;
        Some(FieldChange {
            column: known.name.clone(),
            from: self.now.get(column).copied().flatten().cloned(),
            to: known.values.get(value)?.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
