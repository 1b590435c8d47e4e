//! Owns the tests that rows together end where each ends alone.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::test_data::Mixed;
use super::super::tree::{Node, Split, Test};
use super::*;

/// Columns of the rows and trees made here.
const WIDTH: usize = 7;

/// Which leaf is split next.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Any,
    Oldest,
    LeftChild,
    RightChild,
}

fn test(feature: usize, sets: &mut Vec<u32>, rng: &mut ChaCha8Rng) -> Test {
    let words: usize = match feature {
        2 => 1,
        5 => rng.random_range(1..15),
        _ => return Test::AtMost([-1.0, 0.0, 0.5, 1.0, 7.0, f32::MAX, f32::MIN][rng.random_range(0..7usize)]),
    };
    let first = sets.len() as u32;
    sets.extend((0..words).map(|_| rng.random::<u32>()));
    Test::OneOf {
        first,
        words: words as u32,
    }
}

/// A tree whose leaves have one of `values` values.
fn tree(leaves: usize, values: usize, shape: Shape, rng: &mut ChaCha8Rng) -> Tree {
    let mut tree = Tree {
        nodes: vec![Node::default()],
        sets: Vec::new(),
    };
    let mut open = vec![0];
    while open.len() < leaves {
        let place = match shape {
            Shape::Any => rng.random_range(0..open.len()),
            Shape::Oldest => 0,
            Shape::LeftChild => open.len().saturating_sub(2),
            Shape::RightChild => open.len() - 1,
        };
        let at: usize = open.remove(place);
        let left = tree.nodes.len();
        let feature = rng.random_range(0..WIDTH);
        tree.nodes[at].split = Some(Split {
            feature: feature as u32,
            left: left as u32,
            test: test(feature, &mut tree.sets, rng),
            missing_left: rng.random(),
            gain: 1.0,
        });
        tree.nodes.extend([Node::default(); 2]);
        open.extend([left, left + 1]);
    }
    for leaf in open {
        tree.nodes[leaf].value = rng.random_range(0..values) as f32 * 0.37 - 1.0;
        tree.nodes[leaf].cover = 1.0;
    }
    tree.sum_up();
    assert_eq!(tree.check(WIDTH), Ok(()));
    tree
}

fn agree(trees: &[Tree], rows: usize, seed: u64) {
    let values = Mixed::new(rows, WIDTH, seed).values;
    let together = BitRows::with_questions(trees, usize::MAX).unwrap();
    let (mut sums, mut space) = (vec![0.0; rows], together.workspace());
    let flat = values.as_slice().unwrap();
    for (sums, values) in sums.chunks_mut(ROWS).zip(flat.chunks(ROWS * WIDTH)) {
        together.add_block(values, WIDTH, sums, &mut space);
    }
    for (row, sum) in flat.chunks_exact(WIDTH).zip(sums) {
        let alone = trees
            .iter()
            .fold(0.0, |sum, t| sum + f64::from(t.nodes[t.leaf(row)].value));
        assert_eq!(sum.to_bits(), alone.to_bits(), "{row:?}");
    }
}

#[test]
fn trees_of_any_shape_answer_rows_together_as_alone() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for shape in [Shape::Any, Shape::Oldest, Shape::LeftChild, Shape::RightChild] {
        for (leaves, values) in [
            (1, 1),
            (2, 1),
            (2, 2),
            (3, 2),
            (31, 31),
            (60, 500),
            (300, 2),
            (300, 5),
            (700, 900),
        ] {
            let trees: Vec<Tree> = (0..3).map(|_| tree(leaves, values, shape, &mut rng)).collect();
            agree(&trees, 700, leaves as u64);
        }
    }
}

#[test]
fn more_values_than_a_byte_numbers() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    agree(&[tree(20_000, 1_000_000, Shape::Oldest, &mut rng)], 1_024, 3);
}

#[test]
fn blocks_may_be_short() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let trees = [tree(40, 40, Shape::Any, &mut rng), tree(90, 3, Shape::Any, &mut rng)];
    let counted = [pure(&trees[0], 0.1, &mut rng), pure(&trees[1], 0.1, &mut rng)];
    for rows in [1, 7, 8, 9, 63, 64, 65, ROWS - 1, ROWS, ROWS + 1] {
        agree(&trees, rows, rows as u64);
        agree(&counted, rows, rows as u64);
    }
}

/// The tree with leaves that say 0 or 1, but for a share of them.
fn pure(tree: &Tree, others: f64, rng: &mut ChaCha8Rng) -> Tree {
    let mut tree = tree.clone();
    for node in tree.nodes.iter_mut().filter(|n| n.split.is_none()) {
        node.value = if rng.random_bool(others) {
            rng.random_range(1..9u8) as f32 / 9.0
        } else {
            f32::from(rng.random::<bool>())
        };
    }
    tree.sum_up();
    tree
}

#[test]
fn forests_are_counted_where_most_leaves_are_pure_and_sums_are_exact() {
    let mut rng = ChaCha8Rng::seed_from_u64(16);
    let shapes = [tree(200, 2, Shape::Any, &mut rng), tree(90, 2, Shape::Any, &mut rng)];
    let counted = |trees: &[Tree]| -> Vec<bool> {
        let together = BitRows::with_questions(trees, usize::MAX).unwrap();
        together.plans.iter().map(|plan| plan.counted).collect()
    };
    for others in [0.0, 0.1] {
        let mut trees: Vec<Tree> = (0..600).map(|at| pure(&shapes[at % 2], others, &mut rng)).collect();
        assert_eq!(counted(&trees), [true; 600]);
        agree(&trees, 1_500, 5);
        // One that is not goes with the others.
        trees[300] = pure(&shapes[0], 0.9, &mut rng);
        assert_eq!(counted(&trees).iter().filter(|c| **c).count(), 599);
        agree(&trees[290..310], 700, 6);
        // A leaf so small that the order of sums could matter.
        trees[301].nodes.last_mut().unwrap().value = 1e-30;
        assert_eq!(counted(&trees), [false; 600]);
        agree(&trees[290..310], 700, 7);
    }
    let constant = |value: f32| Tree {
        nodes: vec![Node {
            value,
            ..Node::default()
        }],
        sets: Vec::new(),
    };
    agree(&[constant(0.0), constant(1.0), constant(-0.0)], 70, 8);
}

#[test]
fn sums_are_exact_as_far_as_an_f64_counts() {
    let sum = |values: &[f32]| {
        let constant = |value: &f32| Tree {
            nodes: vec![Node {
                value: *value,
                ..Node::default()
            }],
            sets: Vec::new(),
        };
        sums_are_exact(&values.iter().map(constant).collect::<Vec<_>>())
    };
    let last = (0.5f32).powi(53);
    assert!(sum(&[]) && sum(&[0.0, -0.0]) && sum(&[1.0, 0.0]) && sum(&[1.0 / 3.0; 1000]));
    assert!(sum(&[0.5, last]) && !sum(&[1.0, 1.0, last]) && !sum(&[1.0, last]));
    assert!(sum(&[f32::from_bits(1), 1e-44]) && !sum(&[1.0, f32::from_bits(1)]));
    assert!(sum(&[f32::MAX, -f32::MAX]) && !sum(&[f32::MAX, 1.0]));
}

#[test]
fn a_tree_with_more_leaves_than_numbers_goes_alone() {
    let mut rng = ChaCha8Rng::seed_from_u64(14);
    let large = tree((1 << MOST_BITS) + 1, 2, Shape::Oldest, &mut rng);
    assert!(BitRows::with_questions(&[large], usize::MAX).is_none());
}

#[test]
fn too_many_questions_or_categories_are_not_put() {
    let mut rng = ChaCha8Rng::seed_from_u64(15);
    let mut trees = [tree(40, 40, Shape::Any, &mut rng)];
    assert!(BitRows::with_questions(&trees, 3).is_none());
    trees[0].sets = vec![1; 1 << 17];
    trees[0].nodes[0].split.as_mut().unwrap().test = Test::OneOf {
        first: 0,
        words: 1 << 17,
    };
    assert!(BitRows::with_questions(&trees, usize::MAX).is_none());
}
