//! Owns exact quantiles of any number of numbers in bounded memory: ranges that hold the wanted ranks are narrowed, pass by
//! pass, until what is in them can be put in order.

use super::super::error::BrowseError;
use super::super::scan::Work;
use super::super::value::{from_ordered_bits, ordered_bits};
use super::tally::{Moments, Tally};
use super::{Look, SHARES};

/// Parts into which a range is cut, a pass.
const PARTS: u64 = 1 << 12;

/// The ranks between which each quantile lies, and how far from the first to the second.
fn ranks(count: u64) -> Vec<(u64, u64, f64)> {
    let place = |share: &f64| {
        let at = share * (count - 1) as f64;
        let low = at.floor() as u64;
        (low, (low + 1).min(count - 1), at - at.floor())
    };
    if count == 0 {
        Vec::new()
    } else {
        SHARES.iter().map(place).collect()
    }
}

fn between(low: f64, high: f64, share: f64) -> f64 {
    if low == high {
        low
    } else {
        low * (1.0 - share) + high * share
    }
}

/// Quantiles of values that are all counted.
pub(super) fn of_tally(tally: &Tally) -> Vec<(f64, f64)> {
    let mut below = Vec::new();
    let mut sum = 0;
    tally.each_number(|value, count, _| {
        sum += count;
        below.push((sum, value));
    });
    let at = |rank: u64| {
        below
            .get(below.partition_point(|(sum, _)| *sum <= rank))
            .map_or(0.0, |(_, value)| *value)
    };
    let quantile = |(share, (low, high, part)): (f64, (u64, u64, f64))| (share, between(at(low), at(high), part));
    SHARES.into_iter().zip(ranks(sum)).map(quantile).collect()
}

/// A range of ordered bits that holds a wanted rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    low: u64,
    /// Inclusive.
    high: u64,
    /// Numbers below it.
    below: u64,
    /// Numbers in it.
    count: u64,
}

impl Range {
    fn step(self) -> u64 {
        (self.high - self.low) / PARTS + 1
    }
}

/// Quantiles of the rows' numbers. At most `most` numbers are put in order at once.
pub(super) fn of_rows(
    look: &Look<'_>,
    moments: &Moments,
    most: u64,
    control: Work<'_>,
) -> Result<Vec<(f64, f64)>, BrowseError> {
    let Some((low, high)) = moments.range() else {
        return Ok(Vec::new());
    };
    let wanted = ranks(moments.count);
    let all = Range {
        low: ordered_bits(low.as_f64()),
        high: ordered_bits(high.as_f64()),
        below: 0,
        count: moments.count,
    };
    let mut ranges = vec![all];
    while ranges
        .iter()
        .filter(|range| range.low < range.high)
        .map(|range| range.count)
        .sum::<u64>()
        > most
    {
        ranges = narrowed(look, &ranges, &wanted, control)?;
    }
    let values = collected(look, &ranges, control)?;
    let at = |rank: u64| {
        let range = ranges
            .iter()
            .position(|range| range.below <= rank && rank < range.below + range.count)?;
        match ranges[range] {
            Range { low, high, .. } if low == high => Some(from_ordered_bits(low)),
            Range { below, .. } => values[range]
                .get((rank - below) as usize)
                .map(|&bits| from_ordered_bits(bits)),
        }
    };
    let quantile =
        |(share, &(low, high, part)): (f64, &(u64, u64, f64))| Some((share, between(at(low)?, at(high)?, part)));
    Ok(SHARES.into_iter().zip(&wanted).filter_map(quantile).collect())
}

/// The range in which a number lies.
fn range_of(ranges: &[Range], bits: u64) -> Option<usize> {
    let at = ranges.partition_point(|range| range.high < bits);
    ranges.get(at).filter(|range| range.low <= bits).map(|_| at)
}

/// The parts of ranges that hold the wanted ranks.
fn narrowed(
    look: &Look<'_>,
    ranges: &[Range],
    wanted: &[(u64, u64, f64)],
    control: Work<'_>,
) -> Result<Vec<Range>, BrowseError> {
    let mut counts = vec![vec![0_u64; PARTS as usize]; ranges.len()];
    look.over(
        ("finding quantiles", control),
        |made: &mut Vec<(u16, u16)>, _, cell, _| {
            let Some(value) = look.number(cell) else { return };
            let bits = ordered_bits(value.as_f64());
            if let Some(at) = range_of(ranges, bits) {
                let range = ranges[at];
                made.push((at as u16, ((bits - range.low) / range.step()) as u16));
            }
        },
        |made| {
            for (range, part) in made {
                counts[range as usize][part as usize] += 1;
            }
        },
    )?;
    let mut narrower: Vec<Range> = Vec::new();
    for (range, counts) in ranges.iter().zip(counts) {
        let mut below = range.below;
        for (part, count) in counts.into_iter().enumerate() {
            let low = range.low + part as u64 * range.step();
            let high = (low + (range.step() - 1)).min(range.high);
            let holds = |rank: u64| below <= rank && rank < below + count;
            if wanted.iter().any(|&(a, b, _)| holds(a) || holds(b)) {
                narrower.push(Range {
                    low,
                    high,
                    below,
                    count,
                });
            }
            below += count;
        }
    }
    Ok(narrower)
}

/// The numbers in each range, ascending.
fn collected(look: &Look<'_>, ranges: &[Range], control: Work<'_>) -> Result<Vec<Vec<u64>>, BrowseError> {
    let mut values = vec![Vec::new(); ranges.len()];
    if ranges.iter().all(|range| range.low == range.high) {
        return Ok(values);
    }
    look.over(
        ("finding quantiles", control),
        |made: &mut Vec<(u16, u64)>, _, cell, _| {
            let Some(value) = look.number(cell) else { return };
            let bits = ordered_bits(value.as_f64());
            match range_of(ranges, bits) {
                Some(at) if ranges[at].low < ranges[at].high => made.push((at as u16, bits)),
                _ => {}
            }
        },
        |made| {
            for (range, bits) in made {
                values[range as usize].push(bits);
            }
        },
    )?;
    for values in &mut values {
        values.sort_unstable();
    }
    Ok(values)
}
