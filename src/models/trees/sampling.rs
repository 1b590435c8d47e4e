//! Owns the random choices of growing: rows by tree, columns by tree, level and node.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The generator of one tree: each tree of a seed has its own stream, so trees can be grown in any order.
pub(super) fn tree_rng(seed: u64, tree: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(tree as u64);
    rng
}

/// How often each row is drawn in `rows` draws with replacement.
pub(super) fn bootstrap(rng: &mut ChaCha8Rng, rows: usize) -> Vec<u32> {
    let mut drawn = vec![0u32; rows];
    for _ in 0..rows {
        drawn[rng.random_range(0..rows as u32) as usize] += 1;
    }
    drawn
}

/// A share of the rows, drawn without replacement, ascending; at least one.
pub(super) fn subsample(rng: &mut ChaCha8Rng, rows: usize, share: f64) -> Vec<u32> {
    let mut wanted = ((rows as f64 * share).round() as usize).clamp(1, rows.max(1));
    let mut drawn = Vec::with_capacity(wanted);
    // Selection sampling (Knuth, volume 2, algorithm S).
    for row in 0..rows {
        if rng.random_range(0..rows - row) < wanted {
            drawn.push(row as u32);
            wanted -= 1;
        }
    }
    drawn
}

/// `wanted` of the columns given, ascending.
fn some_of(rng: &mut ChaCha8Rng, columns: &[usize], share: f64) -> Vec<usize> {
    if share >= 1.0 {
        return columns.to_vec();
    }
    let wanted = ((columns.len() as f64 * share).round() as usize).clamp(1, columns.len().max(1));
    let mut pool = columns.to_vec();
    for at in 0..wanted.min(pool.len()) {
        let other = rng.random_range(at..pool.len());
        pool.swap(at, other);
    }
    pool.truncate(wanted);
    pool.sort_unstable();
    pool
}

/// The columns a tree, a level and a node may split on, each a share of the former, as XGBoost's `colsample_by*`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ColumnShares {
    /// Of all columns, for a tree.
    pub tree: f64,
    /// Of the tree's, for a level.
    pub level: f64,
    /// Of the level's, for a node.
    pub node: f64,
}

impl ColumnShares {
    /// All columns everywhere.
    pub const ALL: Self = Self {
        tree: 1.0,
        level: 1.0,
        node: 1.0,
    };
}

/// Draws columns while one tree grows.
#[derive(Debug)]
pub(super) struct ColumnSampler {
    shares: ColumnShares,
    rng: ChaCha8Rng,
    tree: Vec<usize>,
    levels: Vec<Vec<usize>>,
}

impl ColumnSampler {
    /// For a tree over `width` columns.
    pub fn new(shares: ColumnShares, width: usize, mut rng: ChaCha8Rng) -> Self {
        let all: Vec<usize> = (0..width).collect();
        let tree = some_of(&mut rng, &all, shares.tree);
        Self {
            shares,
            rng,
            tree,
            levels: Vec::new(),
        }
    }

    /// Whether each column may be split on in the next node of this depth.
    pub fn node(&mut self, depth: usize, allowed: &mut [bool]) {
        while self.levels.len() <= depth {
            self.levels.push(some_of(&mut self.rng, &self.tree, self.shares.level));
        }
        if self.shares == ColumnShares::ALL {
            allowed.fill(true);
            return;
        }
        allowed.fill(false);
        for column in some_of(&mut self.rng, &self.levels[depth], self.shares.node) {
            allowed[column] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(sampler: &mut ColumnSampler, width: usize, depth: usize) -> Vec<usize> {
        let mut allowed = vec![true; width];
        sampler.node(depth, &mut allowed);
        (0..width).filter(|c| allowed[*c]).collect()
    }

    #[test]
    fn a_bootstrap_draws_as_many_rows_as_there_are() {
        for rows in [0, 1, 2, 1000] {
            let drawn = bootstrap(&mut tree_rng(1, 0), rows);
            assert_eq!(
                (drawn.len(), drawn.iter().sum::<u32>() as usize),
                (rows, rows),
                "{rows}"
            );
        }
    }

    #[test]
    fn a_bootstrap_leaves_out_a_row_with_chance_1_in_e() {
        let drawn = bootstrap(&mut tree_rng(7, 3), 100_000);
        let share = |times: u32| drawn.iter().filter(|d| **d == times).count() as f64 / 100_000.0;
        // Poisson with mean 1, five standard deviations wide.
        for (times, expected) in [(0, 0.3679), (1, 0.3679), (2, 0.1839), (3, 0.0613)] {
            assert!((share(times) - expected).abs() < 0.0077, "{times}: {}", share(times));
        }
    }

    #[test]
    fn the_same_tree_of_the_same_seed_draws_the_same_and_another_does_not() {
        let draws = |seed: u64, tree: usize| {
            let mut rng = tree_rng(seed, tree);
            (bootstrap(&mut rng, 50), subsample(&mut rng, 50, 0.5))
        };
        assert_eq!(draws(1, 2), draws(1, 2));
        for (seed, tree) in [(1, 3), (2, 2)] {
            let (counts, rows) = draws(seed, tree);
            assert!(counts != draws(1, 2).0 && rows != draws(1, 2).1);
        }
    }

    #[test]
    fn a_subsample_is_an_ascending_share_without_doubles() {
        for (rows, share, expected) in [
            (10, 0.5, 5),
            (10, 0.26, 3),
            (10, 0.001, 1),
            (10, 1.0, 10),
            (1, 0.1, 1),
            (0, 0.5, 0),
        ] {
            let drawn = subsample(&mut tree_rng(5, rows), rows, share);
            assert_eq!(drawn.len(), expected, "{rows} x {share}");
            assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(drawn.iter().all(|row| (*row as usize) < rows));
        }
    }

    #[test]
    fn every_row_and_every_column_is_drawn_about_equally_often() {
        let (mut rows, mut columns) = ([0u32; 10], [0u32; 10]);
        let all: Vec<usize> = (0..10).collect();
        for tree in 0..4000 {
            let mut rng = tree_rng(3, tree);
            for row in subsample(&mut rng, 10, 0.3) {
                rows[row as usize] += 1;
            }
            for column in some_of(&mut rng, &all, 0.3) {
                columns[column] += 1;
            }
        }
        // 1200 expected; five standard deviations are 145.
        assert!(
            rows.iter().chain(&columns).all(|n| (1055..1345).contains(n)),
            "{rows:?} {columns:?}"
        );
    }

    #[test]
    fn some_columns_are_a_share_of_those_given_ascending_and_without_doubles() {
        let given = [2, 3, 5, 7, 11, 13, 17];
        for (share, expected) in [(0.01, 1), (0.3, 2), (0.5, 4), (0.99, 7), (1.0, 7)] {
            let drawn = some_of(&mut tree_rng(9, 0), &given, share);
            assert_eq!(drawn.len(), expected, "{share}");
            assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(drawn.iter().all(|column| given.contains(column)));
        }
    }

    #[test]
    fn all_columns_are_allowed_unless_shares_say_otherwise() {
        let mut sampler = ColumnSampler::new(ColumnShares::ALL, 5, tree_rng(0, 0));
        assert_eq!(allowed(&mut sampler, 5, 0), [0, 1, 2, 3, 4]);
        assert_eq!(allowed(&mut sampler, 5, 3), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_node_draws_from_its_level_and_a_level_from_its_tree() {
        let shares = ColumnShares {
            tree: 0.5,
            level: 0.5,
            node: 0.4,
        };
        let mut sampler = ColumnSampler::new(shares, 40, tree_rng(4, 0));
        let mut levels = Vec::new();
        for depth in [2, 0, 1] {
            let nodes: Vec<Vec<usize>> = (0..60).map(|_| allowed(&mut sampler, 40, depth)).collect();
            assert!(nodes.iter().all(|n| n.len() == 4) && nodes[0] != nodes[1], "{nodes:?}");
            let mut level = nodes.concat();
            level.sort_unstable();
            level.dedup();
            assert_eq!(level.len(), 10);
            levels.push(level);
        }
        assert!(levels[0] != levels[1] && levels[1] != levels[2]);
        let mut tree = levels.concat();
        tree.sort_unstable();
        tree.dedup();
        assert!(tree.len() <= 20 && tree.iter().all(|c| sampler.tree.contains(c)));
    }
}
