//! Owns finding out that lines have moved, so that the terminal can move them instead of drawing them again.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::grid::{Cell, Grid, Mark};

/// Columns of the pieces of lines that are looked for. Pieces and not lines, for beside a table that scrolls there may
/// stand something that does not.
const PIECE: usize = 16;

/// Bytes that a scroll itself takes.
const PRICE: i64 = 24;

/// Bytes to reach a run of cells.
const REACH: i64 = 5;

/// Lines `top` to `bottom` move up by so many, down if it is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scroll {
    pub(super) top: usize,
    pub(super) bottom: usize,
    pub(super) up_by: isize,
}

impl Scroll {
    /// The scroll that saves most, if one saves anything.
    pub(super) fn find(shown: &Grid, wanted: &Grid) -> Option<Self> {
        let changed: Vec<i64> = (0..wanted.height())
            .map(|y| cost(shown.row(y), wanted.row(y)))
            .collect();
        if changed.iter().filter(|cost| **cost > 0).count() < 3 {
            return None;
        }
        let found = candidates(shown, wanted)
            .into_iter()
            .filter_map(|up_by| best_region(shown, wanted, &changed, up_by));
        found.max_by_key(|(saved, _)| *saved).map(|(_, scroll)| scroll)
    }
}

/// The two distances that most pieces have moved by.
fn candidates(shown: &Grid, wanted: &Grid) -> Vec<isize> {
    let before = unique_pieces(shown);
    let after = unique_pieces(wanted);
    let mut votes: HashMap<isize, usize> = HashMap::new();
    for (piece, row) in &after {
        if let (Some(row), Some(Some(from))) = (row, before.get(piece))
            && from != row
        {
            *votes.entry(*from as isize - *row as isize).or_default() += 1;
        }
    }
    let mut votes: Vec<_> = votes.into_iter().map(|(up_by, count)| (count, up_by)).collect();
    votes.sort_unstable_by(|a, b| b.cmp(a));
    votes.truncate(2);
    votes.into_iter().map(|(_, up_by)| up_by).collect()
}

/// The row of each piece of a line; `None` where two rows have the same piece.
fn unique_pieces(grid: &Grid) -> HashMap<(usize, u64), Option<usize>> {
    let mut pieces = HashMap::new();
    for row in 0..grid.height() {
        for (at, piece) in grid.row(row).chunks(PIECE).enumerate() {
            if piece.iter().all(Cell::is_plain_blank) {
                continue;
            }
            let mut hasher = DefaultHasher::new();
            for cell in piece {
                match &cell.mark {
                    Mark::Char(c) => c.hash(&mut hasher),
                    Mark::Cluster(text) => text.hash(&mut hasher),
                    Mark::Tail => 0_u8.hash(&mut hasher),
                }
            }
            let entry = pieces.entry((at, hasher.finish())).or_insert(Some(row));
            if *entry != Some(row) {
                *entry = None;
            }
        }
    }
    pieces
}

/// The rows for which moving by `up_by` saves most, and how much.
fn best_region(shown: &Grid, wanted: &Grid, changed: &[i64], up_by: isize) -> Option<(i64, Scroll)> {
    let height = wanted.height();
    let distance = up_by.unsigned_abs();
    let gains = (0..height).map(|y| {
        let from = y.checked_add_signed(up_by).filter(|from| *from < height)?;
        Some(changed[y] - cost(shown.row(from), wanted.row(y)))
    });
    let (first, last) = best_run(gains)?;
    // What moves away uncovers as many rows on the other side of the region.
    let (top, bottom, uncovered) = if up_by > 0 {
        (first, last + distance, last + 1..last + 1 + distance)
    } else {
        (first.checked_sub(distance)?, last, first - distance..first)
    };
    let blank = vec![Cell::BLANK; wanted.width()];
    let scroll = Scroll { top, bottom, up_by };
    let moved = (first..=last).map(|y| {
        let from = y.saturating_add_signed(up_by);
        changed[y] - cost(shown.row(from), wanted.row(y))
    });
    let lost = uncovered.map(|y| cost(&blank, wanted.row(y)) - changed[y]);
    let saved = moved.sum::<i64>() - lost.sum::<i64>() - PRICE;
    (saved > 0).then_some((saved, scroll))
}

/// The run of rows with the largest sum of gains.
fn best_run(gains: impl Iterator<Item = Option<i64>>) -> Option<(usize, usize)> {
    let mut best: Option<(i64, usize, usize)> = None;
    let mut sum = 0;
    let mut start = None;
    for (at, gain) in gains.enumerate() {
        let Some(gain) = gain else {
            start = None;
            continue;
        };
        let from = match start {
            Some(from) if sum > 0 => from,
            _ => {
                sum = 0;
                at
            }
        };
        start = Some(from);
        sum += gain;
        if sum > 0 && best.is_none_or(|(most, _, _)| sum > most) {
            best = Some((sum, from, at));
        }
    }
    best.map(|(_, from, to)| (from, to))
}

/// About the bytes that turn one line into the other.
fn cost(shown: &[Cell], wanted: &[Cell]) -> i64 {
    let mut bytes = 0;
    let mut in_run = false;
    let filled = wanted
        .iter()
        .rposition(|cell| !cell.is_plain_blank())
        .map_or(0, |x| x + 1);
    for (before, after) in shown.iter().zip(wanted).take(filled) {
        if before == after {
            in_run = false;
            continue;
        }
        bytes += if in_run { 1 } else { 1 + REACH };
        in_run = true;
    }
    let rest = shown.iter().skip(filled).any(|cell| !cell.is_plain_blank());
    bytes + if rest { REACH + 3 } else { 0 }
}
