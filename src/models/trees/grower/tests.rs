//! Owns the tests of growing: limits that are kept, rows that end where the tree sends them, which leaf comes next.

use ndarray::Array2;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::models::trees::sampling::{ColumnShares, tree_rng};
use crate::models::trees::table::ColumnKind;
use crate::models::trees::test_data::Mixed;
use crate::models::trees::tree::Split;

const FREE: Extent = Extent {
    growth: Growth::LeafWise,
    most_leaves: 1000,
    most_depth: 64,
};

/// Rows with a gradient and a hessian each.
struct Data {
    mixed: Mixed,
    derivatives: Vec<(f32, f32)>,
}

/// A grown tree, and the rows of each of its leaves.
struct Grove {
    tree: Tree,
    leaves: Vec<(usize, Vec<u32>, Bounds)>,
}

impl Data {
    /// Gradients that follow some of the columns; hessians over `magnitudes` powers of ten.
    fn new(rows: usize, width: usize, magnitudes: i32, seed: u64) -> Self {
        let mixed = Mixed::new(rows, width, seed);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let derivatives = (0..rows).map(|row| {
            let known = mixed.values.row(row).iter().take(6).filter(|v| **v > 0.5).count();
            let gradient = known as f32 - 2.0 + rng.random::<f32>();
            (gradient, 10f32.powi(-rng.random_range(0..=magnitudes)) / 4.0)
        });
        Self {
            derivatives: derivatives.collect(),
            mixed,
        }
    }

    /// One numeric column 0, 1, 2, ... with these gradients and hessians of 1.
    fn steps(gradients: &[f32]) -> Self {
        let values: Vec<f32> = (0..gradients.len()).map(|row| row as f32).collect();
        Self {
            mixed: Mixed::column(ColumnKind::Numeric, &values),
            derivatives: gradients.iter().map(|g| (*g, 1.0)).collect(),
        }
    }

    fn grow(&self, rules: &SplitRules, extent: Extent, threads: usize) -> Grove {
        self.grow_on(
            0..self.derivatives.len() as u32,
            rules,
            extent,
            threads,
            ColumnShares::ALL,
        )
    }

    fn grow_on(
        &self,
        rows: impl Iterator<Item = u32>,
        rules: &SplitRules,
        extent: Extent,
        threads: usize,
        shares: ColumnShares,
    ) -> Grove {
        let matrix = self.mixed.binned(255, threads);
        let sum = |of: fn(&(f32, f32)) -> f32| self.derivatives.iter().map(|d| f64::from(of(d)).abs()).sum();
        let scale = Scale::fitting(sum(|d| d.0), sum(|d| d.1));
        let pack = |(row, d): (usize, &(f32, f32))| scale.pack(d.0, d.1, row as u32);
        let packed: Vec<Packed> = self.derivatives.iter().enumerate().map(pack).collect();
        let cancel = CancelToken::new();
        let mut grower = Grower::new(&matrix, rules, extent, threads, &cancel);
        grower.partition.reset(rows);
        let statistics = Statistics {
            packed: &packed,
            scale,
            most_hessian: self.derivatives.iter().map(|d| f64::from(d.1)).fold(0.0, f64::max),
        };
        let mut columns = ColumnSampler::new(shares, matrix.width(), tree_rng(1, 0));
        // Twice: the second tree is grown in the memory of the first.
        grower
            .grow(
                statistics,
                &mut ColumnSampler::new(shares, matrix.width(), tree_rng(2, 0)),
            )
            .unwrap();
        let rows: Vec<u32> = grower.partition.rows(0..grower.partition.len()).to_vec();
        grower.partition.reset(rows.into_iter());
        let Grown { mut tree, leaves } = grower.grow(statistics, &mut columns).unwrap();
        let mut found = Vec::new();
        for (node, range, bounds) in leaves {
            let rows = grower.partition.rows(range).to_vec();
            tree.nodes[node].cover = rows.len() as f32;
            tree.nodes[node].value = self.value(&rows, bounds);
            found.push((node, rows, bounds));
        }
        tree.sum_up();
        Grove { tree, leaves: found }
    }

    fn value(&self, rows: &[u32], bounds: Bounds) -> f32 {
        let sum = |of: fn(&(f32, f32)) -> f32| {
            let numbers = rows.iter().map(|row| f64::from(of(&self.derivatives[*row as usize])));
            numbers.sum::<f64>()
        };
        bounds.clamp(-sum(|d| d.0) / sum(|d| d.1)) as f32
    }

    fn row(&self, row: u32) -> Vec<f32> {
        self.mixed.values.row(row as usize).to_vec()
    }
}

impl Grove {
    /// The columns that are split on, and the nodes, in the order in which nodes were split.
    fn splits(&self) -> Vec<(usize, Split)> {
        let mut splits: Vec<(usize, Split)> = self
            .tree
            .nodes
            .iter()
            .enumerate()
            .filter_map(|(at, n)| Some((at, n.split?)))
            .collect();
        splits.sort_by_key(|(_, split)| split.left);
        splits
    }

    fn fewest(&self) -> usize {
        self.leaves.iter().map(|(_, rows, _)| rows.len()).min().unwrap()
    }
}

fn rules(min_rows: usize) -> SplitRules {
    SplitRules {
        min_rows,
        min_child_hessian: 0.0,
        ..SplitRules::default()
    }
}

/// Every row given is in one leaf, the one that the finished tree sends it to.
fn assert_rows_end_in_their_leaves(data: &Data, grove: &Grove, rows: usize) {
    let mut seen: Vec<u32> = Vec::new();
    for (node, rows, _) in &grove.leaves {
        for row in rows {
            assert_eq!(grove.tree.leaf(&data.row(*row)), *node, "row {row}");
        }
        seen.extend(rows);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), rows);
    assert_eq!(grove.leaves.iter().map(|(_, rows, _)| rows.len()).sum::<usize>(), rows);
    assert_eq!(grove.leaves.len(), grove.tree.leaves());
}

#[test]
fn every_row_ends_where_the_finished_tree_sends_it() {
    for growth in [Growth::LeafWise, Growth::DepthWise] {
        for (magnitudes, min_rows) in [(0, 1), (0, 20), (6, 1), (6, 5)] {
            let data = Data::new(900, 14, magnitudes, 1);
            let grove = data.grow(&rules(min_rows), Extent { growth, ..FREE }, 1);
            assert!(grove.leaves.len() > 5);
            assert_eq!(grove.tree.check(14), Ok(()));
            assert_rows_end_in_their_leaves(&data, &grove, 900);
        }
    }
}

#[test]
fn rows_next_to_no_weight_end_where_the_finished_tree_sends_them() {
    // Hessians down to 1e-16 of the largest: far below one unit of fixed point.
    for seed in 0..8 {
        let data = Data::new(300, 7, 16, seed);
        let grove = data.grow(&rules(1), FREE, 1);
        assert!(grove.leaves.len() > 2);
        assert_rows_end_in_their_leaves(&data, &grove, 300);
    }
}

#[test]
fn rows_left_out_are_in_no_leaf() {
    let data = Data::new(600, 14, 0, 2);
    let grove = data.grow_on((0..600).step_by(3), &rules(5), FREE, 1, ColumnShares::ALL);
    assert!(
        grove
            .leaves
            .iter()
            .flat_map(|(_, rows, _)| rows)
            .all(|row| row % 3 == 0)
    );
    assert_rows_end_in_their_leaves(&data, &grove, 200);
}

#[test]
fn no_leaf_has_fewer_rows_than_asked_for_however_hessians_are_spread() {
    for magnitudes in [0, 2, 8] {
        for min_rows in [2, 7, 40, 150, 151] {
            let data = Data::new(300, 14, magnitudes, 3);
            let grove = data.grow(&rules(min_rows), FREE, 1);
            assert!(
                grove.fewest() >= min_rows,
                "{magnitudes} {min_rows}: {}",
                grove.fewest()
            );
            if min_rows <= 40 {
                assert!(grove.leaves.len() > 1, "{magnitudes} {min_rows}");
            }
        }
    }
}

#[test]
fn no_leaf_has_less_hessian_than_asked_for() {
    let data = Data::new(600, 14, 2, 4);
    let rules = SplitRules {
        min_child_hessian: 3.0,
        ..rules(1)
    };
    let grove = data.grow(&rules, FREE, 1);
    let hessian = |rows: &[u32]| {
        rows.iter()
            .map(|row| f64::from(data.derivatives[*row as usize].1))
            .sum::<f64>()
    };
    assert!(grove.leaves.len() > 3);
    assert!(grove.leaves.iter().all(|(_, rows, _)| hessian(rows) > 3.0 - 1e-4));
}

#[test]
fn trees_grow_to_their_most_leaves_and_no_further() {
    let data = Data::new(900, 14, 0, 5);
    for growth in [Growth::LeafWise, Growth::DepthWise] {
        for most_leaves in [1, 2, 3, 17] {
            let extent = Extent {
                growth,
                most_leaves,
                ..FREE
            };
            assert_eq!(data.grow(&rules(1), extent, 1).tree.leaves(), most_leaves);
        }
        for most_depth in [0, 1, 2, 5] {
            let extent = Extent {
                growth,
                most_depth,
                ..FREE
            };
            let tree = data.grow(&rules(1), extent, 1).tree;
            assert!(tree.depth() == most_depth && tree.leaves() <= 1 << most_depth);
            assert!(tree.leaves() == 1 << most_depth || most_depth > 2);
        }
    }
}

#[test]
fn leaf_wise_growth_follows_the_gain_and_depth_wise_growth_the_depth() {
    // After the root (cut in the middle) the right side gains 200, the left one 2.
    let data = Data::steps(&[-10.0, -12.0, 20.0, 40.0]);
    for (growth, second) in [(Growth::LeafWise, 2), (Growth::DepthWise, 1)] {
        let extent = Extent {
            growth,
            most_leaves: 3,
            ..FREE
        };
        let grove = data.grow(&rules(1), extent, 1);
        let nodes: Vec<usize> = grove.splits().iter().map(|(node, _)| *node).collect();
        assert_eq!(nodes, [0, second], "{growth:?}");
    }
    let grove = data.grow(&rules(1), FREE, 1);
    let gains: Vec<f32> = grove.splits().iter().map(|(_, split)| split.gain.round()).collect();
    // 22^2 / 2 + 60^2 / 2 - 38^2 / 4; 20^2 + 40^2 - 60^2 / 2; 10^2 + 12^2 - 22^2 / 2.
    assert_eq!(gains, [1681.0, 200.0, 2.0]);
}

#[test]
fn depth_wise_growth_splits_level_by_level() {
    let data = Data::new(900, 14, 0, 6);
    let grove = data.grow(
        &rules(1),
        Extent {
            growth: Growth::DepthWise,
            most_leaves: 40,
            ..FREE
        },
        1,
    );
    let mut depth = vec![0; grove.tree.nodes.len()];
    let mut last = 0;
    for (node, split) in grove.splits() {
        depth[split.left as usize] = depth[node] + 1;
        depth[split.left as usize + 1] = depth[node] + 1;
        assert!(depth[node] >= last);
        last = depth[node];
    }
    assert!(last >= 4);
}

#[test]
fn covers_of_children_sum_to_that_of_the_parent_and_all_to_the_rows() {
    let data = Data::new(900, 14, 3, 7);
    let tree = data.grow(&rules(3), FREE, 1).tree;
    assert_eq!(tree.nodes[0].cover, 900.0);
    let mut came_by = vec![0.0; tree.nodes.len()];
    for row in 0..900 {
        let (values, mut at) = (data.row(row), 0);
        came_by[0] += 1.0;
        while let Some(split) = tree.nodes[at].split {
            at = split.left as usize + usize::from(!tree.goes_left(&split, values[split.feature as usize]));
            came_by[at] += 1.0;
        }
    }
    let covers: Vec<f32> = tree.nodes.iter().map(|node| node.cover).collect();
    assert_eq!(covers, came_by);
}

#[test]
fn a_gain_too_small_or_columns_that_say_nothing_leave_the_root_alone() {
    let data = Data::steps(&[-10.0, -12.0, 20.0, 40.0]);
    let rules_of = |min_gain: f64| SplitRules { min_gain, ..rules(1) };
    assert_eq!(data.grow(&rules_of(1682.0), FREE, 1).tree.nodes.len(), 1);
    assert_eq!(data.grow(&rules_of(1680.0), FREE, 1).tree.nodes.len(), 3);
    let constant = Data {
        mixed: Mixed::column(ColumnKind::Numeric, &[7.0; 4]),
        ..data
    };
    assert_eq!(constant.grow(&rules(1), FREE, 1).leaves.len(), 1);
}

#[test]
fn only_columns_that_were_drawn_are_split_on() {
    let data = Data::new(600, 40, 0, 8);
    let shares = ColumnShares {
        tree: 0.1,
        ..ColumnShares::ALL
    };
    let grove = data.grow_on(0..600, &rules(5), FREE, 1, shares);
    let mut drawn: Vec<u32> = grove.splits().iter().map(|(_, split)| split.feature).collect();
    drawn.sort_unstable();
    drawn.dedup();
    assert!((1..=4).contains(&drawn.len()), "{drawn:?}");
}

#[test]
fn of_equal_columns_the_first_is_taken() {
    let mut data = Data::steps(&[-10.0, -12.0, 20.0, 40.0]);
    data.mixed.values = Array2::from_shape_fn((4, 70), |(row, _)| row as f32);
    data.mixed.kinds = vec![ColumnKind::Numeric; 70];
    for threads in [1, 4] {
        let splits = data.grow(&rules(1), FREE, threads).splits();
        assert!(splits.iter().all(|(_, split)| split.feature == 0));
    }
}

#[test]
fn threads_change_no_tree() {
    let data = Data::new(2500, 170, 2, 9);
    assert!(data.mixed.binned(255, 1).lanes.len() >= WORTH_THREADS);
    let (alone, together) = (data.grow(&rules(4), FREE, 1), data.grow(&rules(4), FREE, 4));
    assert_eq!(alone.tree, together.tree);
    assert_eq!(alone.leaves, together.leaves);
}

#[test]
fn it_stops_when_asked() {
    let data = Data::steps(&[-1.0, 1.0]);
    let (matrix, rules, cancel) = (data.mixed.binned(255, 1), rules(1), CancelToken::new());
    let mut grower = Grower::new(&matrix, &rules, FREE, 1, &cancel);
    grower.partition.reset(0..2);
    cancel.cancel();
    let statistics = Statistics {
        packed: &[Packed::new(-1, 1), Packed::new(1, 1)],
        scale: Scale::WHOLE,
        most_hessian: 1.0,
    };
    let mut columns = ColumnSampler::new(ColumnShares::ALL, 1, tree_rng(0, 0));
    assert!(matches!(
        grower.grow(statistics, &mut columns),
        Err(TreeError::Cancelled(_))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_monotone_column_is_monotone_in_the_whole_tree(seed: u64, directions in proptest::collection::vec(-1..=1i8, 7)) {
        let data = Data::new(250, 7, 1, seed);
        // Categories have no direction.
        let direction = |column: usize| if [2, 5].contains(&column) { 0 } else { directions[column] };
        let rules = SplitRules { monotone: (0..7).map(direction).collect(), ..rules(3) };
        let grove = data.grow(&rules, FREE, 1);
        assert_rows_end_in_their_leaves(&data, &grove, 250);
        for (column, direction) in rules.monotone.iter().enumerate() {
            for row in 0..40 {
                let mut values = data.row(row);
                let answers: Vec<f32> = (-25..=25)
                    .map(|step| {
                        values[column] = step as f32 / 10.0;
                        grove.tree.nodes[grove.tree.leaf(&values)].value
                    })
                    .collect();
                let turns = |pair: &[f32]| f32::from(*direction) * (pair[1] - pair[0]) < 0.0;
                prop_assert!(!answers.windows(2).any(turns), "column {}: {:?}", column, answers);
            }
        }
    }
}
