//! Owns the order of rows whose keys are numbers of few enough digits: eight bytes a row.

use super::super::contract::SortKey;
use super::super::error::BrowseError;
use super::super::record::{Dialect, split};
use super::super::scan::each;
use super::super::select::{next_row, wanted};
use super::{Job, radix, slots};
use crate::data::NullTokens;

/// Digits behind the point that numbers may have.
const DECIMALS: u32 = 6;
/// Stands for a cell without a value while ranges are not known.
const NULL: u64 = u64::MAX;

/// The order, or `None` if some key is not of this kind.
pub(super) fn order(job: &Job<'_>) -> Result<Option<Vec<u32>>, BrowseError> {
    let Some((mut packed, bits)) = (match job.keys {
        [_] => one_key(job)?,
        _ => many_keys(job)?,
    }) else {
        return Ok(None);
    };
    (job.control.progress)(job.rows, Some(job.rows), "sorting");
    radix::sort(&mut packed, bits, job.control.cancel)?;
    let mask = (1_u64 << place_bits(job.rows)) - 1;
    let mut order: Vec<u32> = packed.iter().map(|number| (number & mask) as u32).collect();
    drop(packed);
    if let Some(among) = job.among {
        let rows: Vec<u32> = among.iter().map(|row| row as u32).collect();
        for place in &mut order {
            *place = rows[*place as usize];
        }
    }
    Ok(Some(order))
}

fn place_bits(rows: u64) -> u32 {
    64 - rows.saturating_sub(1).leading_zeros()
}

/// Least and greatest code of a column.
#[derive(Clone, Copy, Debug)]
struct Range {
    low: u64,
    high: u64,
}

impl Range {
    const EMPTY: Self = Self { low: u64::MAX, high: 0 };

    fn add(&mut self, code: u64) {
        if code != NULL {
            self.low = self.low.min(code);
            self.high = self.high.max(code);
        }
    }

    fn join(&mut self, other: Self) {
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }

    fn width(self) -> u64 {
        self.high.saturating_sub(self.low)
    }

    /// Bits of a code, one more value standing for none.
    fn bits(self) -> u32 {
        64 - self.width().saturating_add(1).leading_zeros()
    }

    /// The code from 0 on in the key's direction; cells without a value come last.
    fn squeeze(self, code: u64, key: SortKey) -> u64 {
        match (code, key.descending) {
            (NULL, _) => self.width() + 1,
            (code, false) => code - self.low,
            (code, true) => self.high - code,
        }
    }
}

/// Reads cells as codes, whose order is that of the numbers.
struct Coder<'c> {
    dialect: Dialect,
    nulls: &'c NullTokens,
    columns: Vec<usize>,
    slots: Vec<usize>,
    decimals: u32,
}

impl<'c> Coder<'c> {
    fn new(job: &Job<'c>, decimals: u32) -> Self {
        let (columns, slots) = slots(job.keys);
        Self {
            dialect: job.table.0.dialect,
            nulls: &job.table.0.nulls,
            columns,
            slots,
            decimals,
        }
    }

    /// The codes of a row's keys; `false` if some cell is not of this kind.
    fn codes(&self, row: &[u8], cells: &mut Vec<u64>, codes: &mut Vec<u64>) -> bool {
        cells.clear();
        let (mut sound, mut scratch) = (true, Vec::new());
        let last = self.columns[self.columns.len() - 1];
        split(row, self.dialect, |column, cell| {
            if self.columns.get(cells.len()) == Some(&column) {
                let text = cell.text(row, &mut scratch);
                match scaled(text, self.decimals) {
                    Some(value) => cells.push((value as u64) ^ (1 << 63)),
                    None if self.nulls.is_null(text) => cells.push(NULL),
                    None => sound = false,
                }
            }
            sound && column < last
        });
        cells.resize(self.columns.len(), NULL);
        codes.clear();
        codes.extend(self.slots.iter().map(|&slot| cells[slot]));
        sound
    }
}

/// A number as a whole number of the last decimal; `None` if it has more digits than that, or is none.
#[inline]
fn scaled(cell: &[u8], decimals: u32) -> Option<i64> {
    let text = cell.trim_ascii();
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let (mut value, mut behind, mut any) = (0_i64, None, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + i64::from(byte - b'0');
                any = true;
                behind = behind.map(|count: u32| count + 1);
            }
            b'.' if decimals > 0 && behind.is_none() => behind = Some(0),
            _ => return None,
        }
    }
    let missing = decimals.checked_sub(behind.unwrap_or(0))?;
    let value = value.checked_mul(10_i64.pow(missing))?;
    any.then_some(if negative { -value } else { value })
}

/// With one key the codes are kept while their range becomes known, so that the file is read once.
fn one_key(job: &Job<'_>) -> Result<Option<(Vec<u64>, u32)>, BrowseError> {
    for decimals in [0, DECIMALS] {
        let mut packed = Vec::with_capacity(job.rows as usize);
        let Some(ranges) = pass(job, decimals, |codes| codes[0], |more| packed.extend_from_slice(more))? else {
            continue;
        };
        let (range, places) = (ranges[0], place_bits(job.rows));
        if range.bits() + places > 64 {
            return Ok(None);
        }
        for (place, code) in packed.iter_mut().enumerate() {
            *code = range.squeeze(*code, job.keys[0]) << places | place as u64;
        }
        return Ok(Some((packed, range.bits() + places)));
    }
    Ok(None)
}

/// With several keys the ranges are found first.
fn many_keys(job: &Job<'_>) -> Result<Option<(Vec<u64>, u32)>, BrowseError> {
    for decimals in [0, DECIMALS] {
        let Some(ranges) = pass(job, decimals, |_| 0, |_| {})? else {
            continue;
        };
        let places = place_bits(job.rows);
        let bits = places + ranges.iter().map(|range| range.bits()).sum::<u32>();
        if bits > 64 {
            return Ok(None);
        }
        let keys = job.keys;
        let pack = |codes: &[u64]| {
            let keys = codes.iter().zip(&ranges).zip(keys);
            keys.fold(0, |packed, ((&code, range), &key)| {
                packed << range.bits() | range.squeeze(code, key)
            })
        };
        let mut packed = Vec::with_capacity(job.rows as usize);
        pass(job, decimals, pack, |more| packed.extend_from_slice(more))?;
        for (place, keys) in packed.iter_mut().enumerate() {
            *keys = *keys << places | place as u64;
        }
        return Ok(Some((packed, bits)));
    }
    Ok(None)
}

/// Reads all rows' codes, makes one number of each row's, and gives their ranges; `None` if some cell is not of this kind.
fn pass(
    job: &Job<'_>,
    decimals: u32,
    number: impl Fn(&[u64]) -> u64 + Sync,
    mut take: impl FnMut(&[u64]),
) -> Result<Option<Vec<Range>>, BrowseError> {
    let coder = Coder::new(job, decimals);
    let mut ranges = vec![Range::EMPTY; job.keys.len()];
    let mut sound = true;
    let (table, among, keys) = (job.table, job.among, job.keys.len());
    let segments = wanted(table, among);
    each(
        table,
        &segments,
        job.control,
        "reading the sort column",
        |cursor, segment| {
            let mut ranges = vec![Range::EMPTY; keys];
            let mut numbers = Vec::with_capacity(segment.rows as usize);
            let (mut cells, mut codes) = (Vec::new(), Vec::new());
            for row in segment.from.row..segment.from.row + segment.rows {
                let at = next_row(table, cursor)?;
                if among.is_some_and(|among| !among.contains(row)) {
                    continue;
                }
                if !coder.codes(cursor.text(at), &mut cells, &mut codes) {
                    return Ok(None);
                }
                ranges.iter_mut().zip(&codes).for_each(|(range, &code)| range.add(code));
                numbers.push(number(&codes));
            }
            Ok(Some((numbers, ranges)))
        },
        |_, found| {
            let Some((numbers, found)) = found else {
                sound = false;
                return Ok(false);
            };
            ranges
                .iter_mut()
                .zip(found)
                .for_each(|(range, other)| range.join(other));
            take(&numbers);
            Ok(true)
        },
    )?;
    Ok(sound.then_some(ranges))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_scaled_to_whole_ones() {
        assert_eq!(scaled(b"12", 0), Some(12));
        assert_eq!(scaled(b"-12", 6), Some(-12_000_000));
        assert_eq!(scaled(b"0.000001", 6), Some(1));
        assert_eq!(scaled(b"-1.5", 6), Some(-1_500_000));
        assert_eq!(scaled(b"3.", 6), Some(3_000_000));
        assert_eq!(scaled(b".5", 6), Some(500_000));
        for none in [
            "",
            "-",
            ".",
            "1.5.2",
            "1e5",
            "0.0000001",
            "x",
            "9999999999999.0",
            "1234567890123456789",
        ] {
            assert_eq!(scaled(none.as_bytes(), 6), None, "{none:?}");
        }
        assert_eq!(scaled(b"1.5", 0), None);
    }

    #[test]
    fn ranges_squeeze_in_both_directions() {
        let mut range = Range::EMPTY;
        for code in [7, NULL, 5, 9] {
            range.add(code);
        }
        let up = SortKey {
            column: 0,
            descending: false,
        };
        let down = SortKey {
            column: 0,
            descending: true,
        };
        assert_eq!([5, 7, 9, NULL].map(|code| range.squeeze(code, up)), [0, 2, 4, 5]);
        assert_eq!([5, 7, 9, NULL].map(|code| range.squeeze(code, down)), [4, 2, 0, 5]);
        assert_eq!(range.bits(), 3);
        assert_eq!(Range::EMPTY.bits(), 1);
        assert_eq!(Range::EMPTY.squeeze(NULL, up), 1);
    }
}
