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
