//! Owns what a chosen cut means: for the codes of a lane while rows are parted, and for values in the finished tree.

use super::binned::{BinnedMatrix, LANE_CODES};
use super::binning::{BinRule, ColumnBins};
use super::split::{Candidate, Cut};
use super::tree::{Split, Test};

/// For each code of the candidate's lane, whether it goes left.
pub(super) fn left_codes(matrix: &BinnedMatrix, candidate: &Candidate) -> [bool; LANE_CODES] {
    let place = matrix.places[candidate.column];
    let missing = matrix.columns[candidate.column].missing.map(usize::from);
    let bin_left = |bin: usize| match &candidate.cut {
        Cut::After { missing_left, .. } if Some(bin) == missing => *missing_left,
        Cut::After { bin: last, .. } => bin <= *last,
        Cut::Set(set) => set.contains(bin),
    };
    let mut left = [false; LANE_CODES];
    for (code, left) in left.iter_mut().enumerate() {
        *left = bin_left(place.bin(code));
    }
    left
}

/// The split of a finished tree. `present` says which bins had rows in the node; all others go where most rows go.
pub(super) fn finished_split(
    bins: &ColumnBins,
    candidate: &Candidate,
    left_child: u32,
    most_left: bool,
    present: impl Fn(usize) -> bool,
    sets: &mut Vec<u32>,
) -> Split {
    let (test, missing_left) = match (&bins.rule, &candidate.cut) {
        (BinRule::Numeric { edges }, cut) => {
            let (bin, missing_left) = match cut {
                Cut::After { bin, missing_left } => (*bin, *missing_left),
                Cut::Set(_) => (0, most_left),
            };
            // A cut after the last bin parts all values from missing ones.
            let threshold = edges.get(bin).copied().unwrap_or(f32::MAX);
            let seen = bins.missing.is_some_and(|m| present(m.into()));
            (Test::AtMost(threshold), if seen { missing_left } else { most_left })
        }
        (BinRule::Categorical { bin_of }, cut) => {
            let goes_left = |bin: usize| match cut {
                _ if !present(bin) => most_left,
                Cut::Set(set) => set.contains(bin),
                Cut::After { bin: last, .. } => bin <= *last,
            };
            let first = sets.len() as u32;
            sets.extend(bin_of.chunks(32).map(|codes| {
                codes
                    .iter()
                    .enumerate()
                    .fold(0u32, |word, (at, bin)| word | u32::from(goes_left((*bin).into())) << at)
            }));
            let words = sets.len() as u32 - first;
            let missing_left = bins.missing.map_or(most_left, |m| goes_left(m.into()));
            (Test::OneOf { first, words }, missing_left)
        }
    };
    Split {
        feature: candidate.column as u32,
        left: left_child,
        test,
        missing_left,
        gain: candidate.gain as f32,
    }
}
