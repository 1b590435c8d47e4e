//! Owns counting a column's values, and the labels beside them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::error::BrowseError;
use super::super::scan::Work;
use super::super::value::Number;
use super::{Limits, Look};
use crate::text::shortened;

/// Bytes that distinct values may have together.
const MOST_BYTES: usize = 16 << 20;
/// Labels that are told apart; the others count as one.
const MOST_LABELS: usize = 24;
/// Once values are too many to count, one row in so many is looked at to find the frequent ones.
const SAMPLED: u64 = 8;
/// Characters of the least and the greatest value shown.
const SHOWN: usize = 200;

/// Rows of a value, and their labels.
#[derive(Clone, Debug, Default)]
pub(super) struct Count {
    pub(super) rows: u64,
    pub(super) mix: Vec<u64>,
}

impl Count {
    pub(super) fn add(&mut self, rows: u64, label: Option<usize>) {
        self.rows += rows;
        if let Some(label) = label {
            if self.mix.len() <= label {
                self.mix.resize(label + 1, 0);
            }
            self.mix[label] += rows;
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.rows += other.rows;
        self.mix.resize(self.mix.len().max(other.mix.len()), 0);
        self.mix
            .iter_mut()
            .zip(&other.mix)
            .for_each(|(count, more)| *count += more);
    }
}

/// Values of the label, in the order of their text once they are all known.
#[derive(Debug, Default)]
pub(super) struct Labels {
    values: Vec<Box<[u8]>>,
    /// Whether there are more than are told apart.
    more: bool,
}

impl Labels {
    /// The label's place.
    pub(super) fn place(&self, label: &[u8]) -> usize {
        self.values
            .iter()
            .position(|known| **known == *label)
            .unwrap_or(self.values.len())
    }

    fn add(&mut self, label: &[u8]) -> usize {
        let place = self.place(label);
        if place == self.values.len() {
            if place == MOST_LABELS {
                self.more = true;
            } else {
                self.values.push(label.into());
            }
        }
        place
    }

    /// As they are shown; the last stands for all others where there are too many.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.values.iter().map(|value| shortened(value, SHOWN));
        names.chain(self.more.then(|| "…".to_owned())).collect()
    }

    /// Puts them in order; gives the new place of each old one.
    fn settle(&mut self) -> Vec<usize> {
        let old = std::mem::take(&mut self.values);
        self.values.clone_from(&old);
        self.values.sort_unstable();
        let mut places: Vec<usize> = old.iter().map(|label| self.place(label)).collect();
        places.push(old.len());
        places
    }
}

/// Sums of a column's numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Moments {
    pub(super) count: u64,
    pub(super) mean: f64,
    squares: f64,
    /// Whether some are not whole.
    pub(super) fractions: bool,
    low: Option<(Number, Box<[u8]>)>,
    high: Option<(Number, Box<[u8]>)>,
}

impl Moments {
    fn add(&mut self, value: Number, cell: &[u8]) {
        let float = value.as_f64();
        self.count += 1;
        let off = float - self.mean;
        self.mean += off / self.count as f64;
        self.squares += off * (float - self.mean);
        self.fractions |= matches!(value, Number::Float(float) if float.fract() != 0.0);
        self.reach(value, cell);
    }

    fn reach(&mut self, value: Number, cell: &[u8]) {
        if self.low.as_ref().is_none_or(|(low, _)| value.order(*low).is_lt()) {
            self.low = Some((value, cell.into()));
        }
        if self.high.as_ref().is_none_or(|(high, _)| value.order(*high).is_gt()) {
            self.high = Some((value, cell.into()));
        }
    }

    fn join(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let (a, b) = (self.count as f64, other.count as f64);
        let off = other.mean - self.mean;
        self.mean += off * b / (a + b);
        self.squares += other.squares + off * off * a * b / (a + b);
        self.count += other.count;
        self.fractions |= other.fractions;
        for (value, cell) in [&other.low, &other.high].into_iter().flatten() {
            self.reach(*value, cell);
        }
    }

    /// Least and greatest.
    pub(super) fn range(&self) -> Option<(Number, Number)> {
        Some((self.low.as_ref()?.0, self.high.as_ref()?.0))
    }

    pub(super) fn least(&self) -> Option<String> {
        self.low.as_ref().map(|(_, cell)| shortened(cell.trim_ascii(), SHOWN))
    }

    pub(super) fn greatest(&self) -> Option<String> {
        self.high.as_ref().map(|(_, cell)| shortened(cell.trim_ascii(), SHOWN))
    }

    /// n - 1.
    pub(super) fn deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
    }
}

/// Everything counted.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) nulls: u64,
    /// Cells that are no numbers.
    pub(super) texts: u64,
    pub(super) moments: Moments,
    pub(super) values: HashMap<Box<[u8]>, Count>,
    /// Whether all distinct values are among [`Self::values`].
    pub(super) exact: bool,
    /// The most that were ever told apart.
    most: usize,
    bytes: usize,
    numbers: Vec<(f64, Count)>,
    low: Option<Box<[u8]>>,
    high: Option<Box<[u8]>>,
}

/// What a run of rows has.
#[derive(Default)]
struct Part {
    rows: u64,
    nulls: u64,
    texts: u64,
    moments: Moments,
    values: HashMap<Box<[u8]>, Count>,
    labels: Labels,
    low: Option<Box<[u8]>>,
    high: Option<Box<[u8]>>,
}

/// Counts all rows of the view.
pub(super) fn tally(look: &Look<'_>, limits: Limits, control: Work<'_>) -> Result<(Tally, Labels), BrowseError> {
    let mut tally = Tally {
        rows: 0,
        nulls: 0,
        texts: 0,
        moments: Moments::default(),
        values: HashMap::new(),
        exact: true,
        most: 0,
        bytes: 0,
        numbers: Vec::new(),
        low: None,
        high: None,
    };
    let mut labels = Labels::default();
    let too_many = AtomicBool::new(false);
    look.over(
        ("reading the column", control),
        |part: &mut Part, at, cell, label| {
            part.rows += 1;
            if look.table.0.nulls.is_null(cell) {
                part.nulls += 1;
                return;
            }
            let label = look.label.map(|_| part.labels.add(label));
            match look.number(cell) {
                Some(value) => part.moments.add(value, cell),
                None => part.texts += 1,
            }
            reach(&mut part.low, &mut part.high, cell);
            if too_many.load(Ordering::Relaxed) && !at.is_multiple_of(SAMPLED) {
                return;
            }
            match part.values.get_mut(cell) {
                Some(count) => count.add(1, label),
                None => part.values.entry(cell.into()).or_default().add(1, label),
            }
        },
        |part| {
            tally.join(part, &mut labels, limits.values);
            if !tally.exact {
                too_many.store(true, Ordering::Relaxed);
            }
        },
    )?;
    let places = labels.settle();
    for count in tally.values.values_mut() {
        count.mix = moved(&count.mix, &places);
    }
    tally.sort_numbers(look);
    Ok((tally, labels))
}

fn moved(mix: &[u64], places: &[usize]) -> Vec<u64> {
    let mut moved = vec![0; if mix.is_empty() { 0 } else { places.len() }];
    mix.iter().zip(places).for_each(|(count, &place)| moved[place] += count);
    moved
}

/// Widens the range of texts.
fn reach(low: &mut Option<Box<[u8]>>, high: &mut Option<Box<[u8]>>, cell: &[u8]) {
    if low.as_ref().is_none_or(|low| *cell < **low) {
        *low = Some(cell.into());
    }
    if high.as_ref().is_none_or(|high| *cell > **high) {
        *high = Some(cell.into());
    }
}

impl Tally {
    fn join(&mut self, part: Part, labels: &mut Labels, most: usize) {
        self.rows += part.rows;
        self.nulls += part.nulls;
        self.texts += part.texts;
        self.moments.join(&part.moments);
        for cell in [&part.low, &part.high].into_iter().flatten() {
            reach(&mut self.low, &mut self.high, cell);
        }
        let mut places: Vec<usize> = part.labels.values.iter().map(|label| labels.add(label)).collect();
        places.push(MOST_LABELS);
        labels.more |= part.labels.more;
        for (text, mut count) in part.values {
            count.mix = spread(&count.mix, &places);
            if let Some(known) = self.values.get_mut(&text) {
                known.join(&count);
            } else {
                self.bytes += text.len();
                self.values.insert(text, count);
            }
        }
        self.most = self.most.max(self.values.len());
        if self.values.len() > most || self.bytes > MOST_BYTES {
            self.exact = false;
            self.prune();
        }
    }

    /// Lets the rarer half of the values go.
    fn prune(&mut self) {
        let mut rows: Vec<u64> = self.values.values().map(|count| count.rows).collect();
        let middle = rows.len() / 2;
        let (_, &mut least, _) = rows.select_nth_unstable(middle);
        let more = rows[middle..].iter().filter(|&&rows| rows > least).count();
        // Of those that are as frequent as the one in the middle only some can stay.
        let mut left = rows.len() - middle - more;
        self.values.retain(|_, count| {
            let keep = count.rows > least || (count.rows == least && left > 0);
            left -= usize::from(keep && count.rows == least);
            keep
        });
        self.bytes = self.values.keys().map(|text| text.len()).sum();
    }

    /// Distinct values, at least.
    pub(super) fn distinct(&self) -> u64 {
        self.most.max(self.values.len()) as u64
    }

    fn sort_numbers(&mut self, look: &Look<'_>) {
        if self.exact {
            let numbers = self.values.iter();
            let numbers = numbers.filter_map(|(text, count)| Some((look.number(text)?.as_f64(), count.clone())));
            self.numbers = numbers.collect();
            self.numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
    }

    /// The numbers among the values, ascending.
    pub(super) fn each_number(&self, mut take: impl FnMut(f64, u64, &[u64])) {
        self.numbers
            .iter()
            .for_each(|(value, count)| take(*value, count.rows, &count.mix));
    }

    pub(super) fn least_text(&self) -> Option<String> {
        self.low.as_ref().map(|cell| shortened(cell, SHOWN))
    }

    pub(super) fn greatest_text(&self) -> Option<String> {
        self.high.as_ref().map(|cell| shortened(cell, SHOWN))
    }
}

/// A mix by other places.
fn spread(mix: &[u64], places: &[usize]) -> Vec<u64> {
    let mut spread = Vec::new();
    for (count, &place) in mix.iter().zip(places) {
        if spread.len() <= place {
            spread.resize(place + 1, 0);
        }
        spread[place] += count;
    }
    spread
}
