//! Owns what a chosen cut means: for the codes of a lane while rows are parted, and for values in the finished tree.

use super::binned::{BinnedMatrix, LANE_CODES};
use super::binning::{BinRule, ColumnBins};
use super::split::{Candidate, Cut};
use super::tree::{Split, Test};

/// For each bin of the candidate's column, whether it goes left.
pub(super) fn left_bins(matrix: &BinnedMatrix, candidate: &Candidate) -> [bool; LANE_CODES] {
    let mut left = [false; LANE_CODES];
    match &candidate.cut {
        Cut::After { bin, missing_left } => {
            left[..=*bin].fill(true);
            if let Some(missing) = matrix.columns[candidate.column].missing {
                left[usize::from(missing)] = *missing_left;
            }
        }
        Cut::Set(set) => set.iter().for_each(|bin| left[bin] = true),
    }
    left
}

/// For each code of the candidate's lane, whether it goes left.
pub(super) fn left_codes(matrix: &BinnedMatrix, candidate: &Candidate) -> [bool; LANE_CODES] {
    let left = left_bins(matrix, candidate);
    match matrix.digits(candidate.column) {
        Some(bins) => bins.map(|bin| left[usize::from(bin)]),
        None => left,
    }
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
            let missing_left = bins.missing.map_or(most_left, |m| goes_left(m.into()));
            let first = sets.len() as u32;
            sets.extend(bin_of.chunks(32).map(|codes| {
                // The last word also answers for codes above the known ones: they are missing.
                (0..32).fold(0u32, |word, at| {
                    let left = codes.get(at).map_or(missing_left, |bin| goes_left((*bin).into()));
                    word | u32::from(left) << at
                })
            }));
            let words = sets.len() as u32 - first;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::models::trees::split::BinSet;
    use crate::models::trees::statistics::Packed;
    use crate::models::trees::table::ColumnKind;
    use crate::models::trees::test_data::{Mixed, bin_of};
    use crate::models::trees::tree::Tree;

    fn candidate(cut: Cut) -> Candidate {
        Candidate {
            column: 0,
            cut,
            left: Packed(0),
            gain: 1.0,
        }
    }

    fn set(bins: &[usize]) -> Cut {
        let mut set = BinSet::default();
        for bin in bins {
            set.insert(*bin);
        }
        Cut::Set(set)
    }

    /// A column with the finished split of a cut on all of its rows.
    struct Finished {
        mixed: Mixed,
        matrix: BinnedMatrix,
        left: [bool; LANE_CODES],
        split: Split,
        tree: Tree,
    }

    impl Finished {
        fn new(kind: ColumnKind, values: &[f32], cut: Cut, most_left: bool) -> Self {
            let mixed = Mixed::column(kind, values);
            let matrix = mixed.binned(255, 1);
            let bins = &matrix.columns[0];
            let present: Vec<usize> = values.iter().map(|v| bin_of(bins, kind, *v)).collect();
            let mut tree = Tree::default();
            let (cut, present) = (candidate(cut), |bin: usize| present.contains(&bin));
            Self {
                left: left_codes(&matrix, &cut),
                split: finished_split(bins, &cut, 1, most_left, present, &mut tree.sets),
                mixed,
                matrix,
                tree,
            }
        }

        fn goes_left(&self, value: f32) -> bool {
            self.tree.goes_left(&self.split, value)
        }

        /// Whether every row goes the same way in training and in the finished tree.
        fn agrees(&self) -> bool {
            let ways = self.mixed.values.iter().zip(&self.matrix.codes[0]);
            ways.into_iter()
                .all(|(value, code)| self.goes_left(*value) == self.left[usize::from(*code)])
        }
    }

    const FOUR: ColumnKind = ColumnKind::Categorical { cardinality: 4 };

    #[test]
    fn codes_of_a_shared_lane_go_where_their_digit_says() {
        // Three values and a gap in each of two columns: code = first + 4 x second.
        let kinds = vec![ColumnKind::Numeric; 2];
        let values = ndarray::arr2(&[[1.0, f32::NAN], [2.0, 1.0], [f32::NAN, 2.0], [3.0, 3.0]]);
        let matrix = Mixed { values, kinds }.binned(255, 1);
        assert_eq!((matrix.lanes.len(), matrix.places[1].stride), (1, 4));
        for (missing_left, bins) in [(false, &[0, 1][..]), (true, &[0, 1, 3][..])] {
            let cut = Cut::After { bin: 1, missing_left };
            let left = left_codes(
                &matrix,
                &Candidate {
                    column: 1,
                    ..candidate(cut)
                },
            );
            for (code, left) in left[..16].iter().enumerate() {
                assert_eq!(*left, bins.contains(&(code / 4)), "{code}");
            }
        }
    }

    #[test]
    fn a_cut_after_the_last_bin_parts_all_values_from_missing_ones() {
        let values = [1.0, 2.0, f32::NAN];
        let cut = Cut::After {
            bin: 1,
            missing_left: false,
        };
        let finished = Finished::new(ColumnKind::Numeric, &values, cut, true);
        assert_eq!(finished.split.test, Test::AtMost(f32::MAX));
        assert!(finished.agrees() && finished.goes_left(f32::INFINITY) && !finished.goes_left(f32::NAN));
    }

    #[test]
    fn missing_values_that_no_row_had_go_where_most_rows_go() {
        for most_left in [false, true] {
            let cut = Cut::After {
                bin: 0,
                missing_left: !most_left,
            };
            let finished = Finished::new(ColumnKind::Numeric, &[1.0, 2.0], cut, most_left);
            assert_eq!(finished.goes_left(f32::NAN), most_left);
            assert_eq!(finished.split.test, Test::AtMost(1.5));
        }
    }

    #[test]
    fn categories_that_no_row_had_go_where_most_rows_go() {
        for most_left in [false, true] {
            let finished = Finished::new(FOUR, &[0.0, 1.0, 3.0], set(&[0]), most_left);
            let ways = [0.0, 1.0, 2.0, 3.0, f32::NAN].map(|v| finished.goes_left(v));
            assert_eq!(ways, [true, false, most_left, false, most_left]);
        }
    }

    #[test]
    fn codes_beyond_the_known_ones_go_where_missing_values_go() {
        for cardinality in [4, 31, 32, 33] {
            let kind = ColumnKind::Categorical { cardinality };
            // The bin after those of the codes is that of missing values.
            for cut in [set(&[0]), set(&[1, cardinality as usize])] {
                let finished = Finished::new(kind, &[0.0, 1.0, f32::NAN], cut, false);
                for code in [cardinality, cardinality + 1, 63, 64, 1000] {
                    assert_eq!(
                        finished.goes_left(code as f32),
                        finished.goes_left(f32::NAN),
                        "{code} of {cardinality}"
                    );
                }
            }
        }
    }

    #[test]
    fn sets_stand_one_behind_the_other() {
        let kind = ColumnKind::Categorical { cardinality: 40 };
        let values: Vec<f32> = (0..40).map(|c| c as f32).collect();
        let matrix = Mixed::column(kind, &values).binned(255, 1);
        let mut sets = vec![7];
        let cut = candidate(set(&[1, 33, 39]));
        let split = finished_split(&matrix.columns[0], &cut, 5, false, |_| true, &mut sets);
        assert_eq!((split.left, split.test), (5, Test::OneOf { first: 1, words: 2 }));
        assert_eq!(sets, [7, 1 << 1, 1 << 1 | 1 << 7]);
    }

    proptest! {
        #[test]
        fn numbers_go_the_same_way_in_training_and_in_the_tree(
            mut values in proptest::collection::vec(prop_oneof![any::<f32>(), Just(f32::NAN)], 1..60),
            bin in 0..60usize, missing_left: bool, most_left: bool,
        ) {
            values.push(0.0);
            let bin = bin % Mixed::column(ColumnKind::Numeric, &values).binned(255, 1).columns[0].values;
            let cut = Cut::After { bin, missing_left };
            prop_assert!(Finished::new(ColumnKind::Numeric, &values, cut, most_left).agrees());
        }

        #[test]
        fn categories_go_the_same_way_in_training_and_in_the_tree(
            values in proptest::collection::vec(-3..320i16, 1..400), cardinality in 1..320u32,
            bins in proptest::collection::vec(0..256usize, 0..99), most_left: bool,
        ) {
            let values: Vec<f32> = values.into_iter().map(f32::from).collect();
            let kind = ColumnKind::Categorical { cardinality };
            prop_assert!(Finished::new(kind, &values, set(&bins), most_left).agrees());
        }
    }
}
