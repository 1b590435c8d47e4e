//! What a column of a view holds: counts, least and greatest, quantiles, ranges, frequent values, and the labels of each.
//!
//! All of it is exact but two things. Of more than 65,536 distinct values only that there are at least so many is known; and
//! which values are the most frequent is then told from a part of the rows, while their counts are exact.

mod bins;
mod quantiles;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use super::bits::Bits;
use super::contract::{ColumnKind, ColumnStatistics, HistogramBin, TopValue};
use super::error::BrowseError;
use super::index::Segment;
use super::record::split;
use super::scan::{Work, each};
use super::select::{next_row, wanted};
use super::table::Table;
use super::value::{Number, number};
use super::view::View;
use crate::text::shortened;
use bins::Bins;
use tally::{Labels, Tally};

/// Shares at which quantiles are taken.
const SHARES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
/// Frequent values shown.
const TOP: usize = 20;
/// Characters of a value shown.
const SHOWN: usize = 200;

/// How much is held in memory.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Distinct values that are told apart.
    values: usize,
    /// Numbers that are put in order at once.
    numbers: u64,
}

const LIMITS: Limits = Limits {
    values: 1 << 16,
    numbers: 1 << 22,
};

/// Statistics of a column over the rows of a view; with a label's column also how the labels are spread.
///
/// # Errors
/// There is no such column, not all rows can be read, or it was given up.
pub fn statistics(
    table: &Table,
    view: &View,
    column: usize,
    label: Option<usize>,
    control: Work<'_>,
) -> Result<ColumnStatistics, BrowseError> {
    within(LIMITS, table, view, (column, label), control)
}

fn within(
    limits: Limits,
    table: &Table,
    view: &View,
    (column, label): (usize, Option<usize>),
    control: Work<'_>,
) -> Result<ColumnStatistics, BrowseError> {
    table.wait(control.cancel, control.progress)?;
    let columns = table.columns().len();
    if let Some(column) = [Some(column), label]
        .into_iter()
        .flatten()
        .find(|&column| column >= columns)
    {
        return Err(BrowseError::NoColumn { column, columns });
    }
    let among = view.set(table);
    let look = Look {
        table,
        among: among.as_ref(),
        column,
        label,
    };
    let (mut tally, labels) = tally::tally(&look, limits, control)?;
    let numeric = tally.moments.count > 0 && tally.moments.count * 10 >= (tally.moments.count + tally.texts) * 9;
    let kind = match (numeric, tally.moments.fractions) {
        (false, _) => ColumnKind::Text,
        (true, true) => ColumnKind::Number,
        (true, false) => ColumnKind::Integer,
    };
    let names = labels.names();
    let mut bins = numeric.then(|| Bins::new(&tally.moments, names.len()));
    let quantiles = if tally.exact {
        if let Some(bins) = &mut bins {
            tally.each_number(|value, count, mix| bins.add(value, count, mix));
        }
        if numeric {
            quantiles::of_tally(&tally)
        } else {
            Vec::new()
        }
    } else {
        recount(&look, &labels, &mut tally, bins.as_mut(), control)?;
        let look = Look { label: None, ..look };
        if numeric {
            quantiles::of_rows(&look, &tally.moments, limits.numbers, control)?
        } else {
            Vec::new()
        }
    };
    let moments = &tally.moments;
    Ok(ColumnStatistics {
        column,
        kind,
        rows: tally.rows,
        nulls: tally.nulls,
        unreadable: if numeric { tally.texts } else { 0 },
        distinct: tally.distinct(),
        distinct_exact: tally.exact,
        min: if numeric { moments.least() } else { tally.least_text() },
        max: if numeric {
            moments.greatest()
        } else {
            tally.greatest_text()
        },
        mean: numeric.then_some(moments.mean),
        sd: if numeric { moments.deviation() } else { None },
        quantiles,
        histogram: bins.map(Bins::finish).unwrap_or_default(),
        top: top(&tally, names.len()),
        labels: names,
    })
}

/// The most frequent values.
fn top(tally: &Tally, labels: usize) -> Vec<TopValue> {
    let mut values: Vec<(&[u8], &tally::Count)> = tally.values.iter().map(|(text, count)| (&**text, count)).collect();
    let order = |a: &(&[u8], &tally::Count), b: &(&[u8], &tally::Count)| b.1.rows.cmp(&a.1.rows).then(a.0.cmp(b.0));
    if values.len() > TOP {
        values.select_nth_unstable_by(TOP, order);
        values.truncate(TOP);
    }
    values.sort_unstable_by(order);
    let shown = |(text, count): (&[u8], &tally::Count)| TopValue {
        value: shortened(text, SHOWN),
        count: count.rows,
        mix: padded(&count.mix, labels),
    };
    values.into_iter().map(shown).collect()
}

fn padded(mix: &[u64], labels: usize) -> Vec<u64> {
    let mut mix = mix.to_vec();
    mix.resize(labels, 0);
    mix
}

/// What is looked at.
#[derive(Clone, Copy)]
struct Look<'l> {
    table: &'l Table,
    among: Option<&'l Arc<Bits>>,
    column: usize,
    label: Option<usize>,
}

impl Look<'_> {
    /// Goes over the rows of the view: `row` sees the cell and the label's cell of each, and what it made of a run of rows
    /// goes to `take` in order.
    fn over<T: Send + Default>(
        &self,
        (note, control): (&str, Work<'_>),
        row: impl Fn(&mut T, u64, &[u8], &[u8]) + Sync,
        mut take: impl FnMut(T),
    ) -> Result<(), BrowseError> {
        let segments = wanted(self.table, self.among);
        let dialect = self.table.0.dialect;
        let last = self.column.max(self.label.unwrap_or(0));
        each(
            self.table,
            &segments,
            control,
            note,
            |cursor, segment: &Segment| {
                let mut made = T::default();
                let (mut cell, mut label, mut scratch) = (Vec::new(), Vec::new(), Vec::new());
                for at in segment.from.row..segment.from.row + segment.rows {
                    let found = next_row(self.table, cursor)?;
                    if self.among.is_some_and(|among| !among.contains(at)) {
                        continue;
                    }
                    let text = cursor.text(found);
                    cell.clear();
                    label.clear();
                    split(text, dialect, |column, part| {
                        if column == self.column {
                            cell.extend_from_slice(part.text(text, &mut scratch));
                        }
                        if Some(column) == self.label {
                            label.extend_from_slice(part.text(text, &mut scratch));
                        }
                        column < last
                    });
                    row(&mut made, at, &cell, &label);
                }
                Ok(made)
            },
            |_, made| {
                take(made);
                Ok(true)
            },
        )
    }

    /// The number in a cell, if it has one that can be reckoned with.
    fn number(&self, cell: &[u8]) -> Option<Number> {
        let nulls = &self.table.0.nulls;
        number(cell).filter(|value| value.as_f64().is_finite() && !(nulls.any_numeric() && nulls.is_null(cell)))
    }
}

/// Counts the frequent values and the ranges again over all rows.
fn recount(
    look: &Look<'_>,
    labels: &Labels,
    tally: &mut Tally,
    bins: Option<&mut Bins>,
    control: Work<'_>,
) -> Result<(), BrowseError> {
    type Seen = (HashMap<usize, tally::Count>, Option<Bins>);
    let mut frequent: Vec<(Box<[u8]>, u64)> = tally.values.drain().map(|(text, count)| (text, count.rows)).collect();
    frequent.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    frequent.truncate(TOP * 8);
    let places: HashMap<&[u8], usize> = frequent
        .iter()
        .enumerate()
        .map(|(at, (text, _))| (&**text, at))
        .collect();
    let empty = bins.as_ref().map(|bins| (**bins).clone());
    let mut counts = vec![tally::Count::default(); frequent.len()];
    let mut sum = empty.clone();
    look.over(
        ("counting values", control),
        |made: &mut Seen, _, cell, label| {
            if look.table.0.nulls.is_null(cell) {
                return;
            }
            let label = look.label.map(|_| labels.place(label));
            if let Some(&at) = places.get(cell) {
                made.0.entry(at).or_default().add(1, label);
            }
            if let (Some(empty), Some(value)) = (&empty, look.number(cell)) {
                made.1
                    .get_or_insert_with(|| empty.clone())
                    .add_one(value.as_f64(), label);
            }
        },
        |(found, bins)| {
            for (at, count) in found {
                counts[at].join(&count);
            }
            if let (Some(sum), Some(bins)) = (&mut sum, bins) {
                sum.join(&bins);
            }
        },
    )?;
    drop(places);
    tally.values = frequent.into_iter().map(|(text, _)| text).zip(counts).collect();
    if let (Some(bins), Some(sum)) = (bins, sum) {
        *bins = sum;
    }
    Ok(())
}

/// A bin as it is shown.
fn bin(low: f64, high: f64, count: u64, mix: Vec<u64>) -> HistogramBin {
    HistogramBin { low, high, count, mix }
}
