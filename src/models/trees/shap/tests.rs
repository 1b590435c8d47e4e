//! Owns the proof of the explanations: brute force, additivity, and what LightGBM answers.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Explainer;
use crate::models::trees::{Ensemble, Link, Node, Split, Test, Tree};

fn leaf(value: f32, cover: f32) -> Node {
    Node {
        split: None,
        value,
        cover,
    }
}

fn split(feature: u32, left: u32, test: Test, missing_left: bool) -> Node {
    Node {
        split: Some(Split {
            feature,
            left,
            test,
            missing_left,
            gain: 1.0,
        }),
        value: 0.0,
        cover: 0.0,
    }
}

fn ensemble(link: Link, width: usize, trees: Vec<Tree>) -> Ensemble {
    let ensemble = Ensemble {
        link,
        base: 0.25,
        width,
        trees,
    };
    ensemble.check().unwrap();
    ensemble
}

/// The expectation of a node with the features of `known` known, from covers.
fn conditional(tree: &Tree, at: usize, row: &[f32], known: usize) -> f64 {
    let node = &tree.nodes[at];
    let Some(split) = node.split else {
        return f64::from(node.value);
    };
    let left = split.left as usize;
    if known >> split.feature & 1 == 1 {
        let right = !tree.goes_left(&split, row[split.feature as usize]);
        return conditional(tree, left + usize::from(right), row, known);
    }
    let covers = [left, left + 1].map(|child| f64::from(tree.nodes[child].cover));
    let first = if covers[0] + covers[1] > 0.0 {
        covers[0] / (covers[0] + covers[1])
    } else {
        0.5
    };
    first * conditional(tree, left, row, known) + (1.0 - first) * conditional(tree, left + 1, row, known)
}

/// Shapley values by their definition.
fn brute_force(ensemble: &Ensemble, row: &[f32]) -> (f64, Vec<f64>) {
    let worth: Vec<f64> = (0..1usize << ensemble.width)
        .map(|known| ensemble.finish(ensemble.trees.iter().map(|t| conditional(t, 0, row, known)).sum()))
        .collect();
    let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
    let value = |feature: usize| {
        let without = (0..worth.len()).filter(|known| known >> feature & 1 == 0);
        without
            .map(|known| {
                let size = known.count_ones() as usize;
                factorial(size) * factorial(ensemble.width - size - 1) / factorial(ensemble.width)
                    * (worth[known | 1 << feature] - worth[known])
            })
            .sum()
    };
    (worth[0], (0..ensemble.width).map(value).collect())
}

fn assert_close(found: &(f64, Vec<f64>), expected: &(f64, Vec<f64>), tolerance: f64) {
    assert!((found.0 - expected.0).abs() < tolerance, "{found:?} {expected:?}");
    assert_eq!(found.1.len(), expected.1.len());
    for (a, b) in found.1.iter().zip(&expected.1) {
        assert!((a - b).abs() < tolerance, "{found:?} {expected:?}");
    }
}

/// Column 0 twice on a path, with a value that passes one and not the other; column 2 holds categories.
fn repeated() -> Tree {
    Tree {
        nodes: vec![
            split(0, 1, Test::AtMost(1.0), false),
            split(1, 3, Test::AtMost(0.0), true),
            split(2, 5, Test::OneOf { first: 0, words: 1 }, true),
            split(0, 7, Test::AtMost(-1.0), true),
            leaf(2.0, 30.0),
            leaf(-3.0, 11.0),
            split(0, 9, Test::AtMost(2.0), false),
            leaf(0.5, 7.0),
            leaf(-1.25, 13.0),
            leaf(4.0, 5.0),
            split(2, 11, Test::OneOf { first: 1, words: 1 }, false),
            leaf(1.5, 0.0),
            leaf(-0.5, 17.0),
        ],
        sets: vec![0b101, 0b10],
    }
    .with_covers()
}

trait WithCovers {
    fn with_covers(self) -> Self;
}

impl WithCovers for Tree {
    fn with_covers(mut self) -> Self {
        self.sum_up();
        self
    }
}

const VALUES: [[f32; 6]; 3] = [
    [-2.0, -1.0, 0.0, 1.5, 3.0, f32::NAN],
    [-1.0, 0.0, 0.5, 1.0, f32::INFINITY, f32::NAN],
    [0.0, 1.0, 2.0, 3.0, 40.0, f32::NAN],
];

#[test]
fn hand_built_trees_agree_with_the_definition() {
    let nobody = Tree {
        nodes: vec![
            split(1, 1, Test::AtMost(0.0), true),
            leaf(1.0, 0.0),
            split(1, 3, Test::AtMost(0.5), false),
            leaf(-2.0, 0.0),
            leaf(3.0, 0.0),
        ],
        sets: vec![],
    };
    let stump = Tree {
        nodes: vec![leaf(0.75, 9.0)],
        sets: vec![],
    };
    for link in [Link::LogOdds, Link::Mean] {
        let ensemble = ensemble(link, 4, vec![repeated(), stump.clone(), nobody.clone().with_covers()]);
        let explainer = Explainer::new(&ensemble);
        for a in VALUES[0] {
            for b in VALUES[1] {
                for c in VALUES[2] {
                    let row = [a, b, c, 0.0];
                    assert_close(&explainer.contributions(&row), &brute_force(&ensemble, &row), 1e-12);
                }
            }
        }
    }
}

/// A tree of `splits` splits, each at a random leaf (deep: at the newest); the last third of the columns is categorical.
fn random_tree(rng: &mut ChaCha8Rng, width: usize, splits: usize, deep: bool) -> Tree {
    let mut tree = Tree {
        nodes: vec![leaf(0.5, 10.0)],
        sets: vec![],
    };
    for _ in 0..splits {
        let leaves: Vec<usize> = (0..tree.nodes.len())
            .filter(|n| tree.nodes[*n].split.is_none())
            .collect();
        let at = if deep {
            leaves[leaves.len() - 1]
        } else {
            leaves[rng.random_range(0..leaves.len())]
        };
        let feature = rng.random_range(0..width);
        let test = if feature * 3 >= width * 2 {
            tree.sets.push(rng.random());
            Test::OneOf {
                first: tree.sets.len() as u32 - 1,
                words: 1,
            }
        } else {
            Test::AtMost(rng.random::<f32>() * 4.0 - 2.0)
        };
        tree.nodes[at] = split(feature as u32, tree.nodes.len() as u32, test, rng.random());
        for _ in 0..2 {
            let cover = if rng.random_bool(0.1) {
                0.0
            } else {
                rng.random::<f32>() * 50.0
            };
            tree.nodes.push(leaf(rng.random::<f32>() * 2.0 - 1.0, cover));
        }
    }
    tree.with_covers()
}

fn random_row(rng: &mut ChaCha8Rng, width: usize) -> Vec<f32> {
    let mut value = |feature: usize| {
        if rng.random_bool(0.15) {
            f32::NAN
        } else if feature * 3 >= width * 2 {
            f32::from(rng.random_range(0..40u8))
        } else {
            rng.random::<f32>() * 5.0 - 2.5
        }
    };
    (0..width).map(&mut value).collect()
}

#[test]
fn random_trees_agree_with_the_definition() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for round in 0..60 {
        let width = 1 + round % 10;
        let trees = (0..3)
            .map(|t| random_tree(&mut rng, width, 4 + 6 * t, t == 2))
            .collect();
        let ensemble = ensemble(Link::LogOdds, width, trees);
        let explainer = Explainer::new(&ensemble);
        for _ in 0..5 {
            let row = random_row(&mut rng, width);
            assert_close(&explainer.contributions(&row), &brute_force(&ensemble, &row), 1e-12);
        }
    }
}

#[test]
fn contributions_add_up_to_the_score() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for (width, splits, deep) in [
        (6, 30, false),
        (40, 60, false),
        (30, 20, true),
        (300, 250, true),
        (9, 250, true),
    ] {
        for link in [Link::LogOdds, Link::Mean] {
            let trees = (0..8).map(|_| random_tree(&mut rng, width, splits, deep)).collect();
            let ensemble = ensemble(link, width, trees);
            let explainer = Explainer::new(&ensemble);
            for _ in 0..1000 {
                let row = random_row(&mut rng, width);
                let (base, values) = explainer.contributions(&row);
                let error = base + values.iter().sum::<f64>() - ensemble.score(&row);
                assert!(error.abs() < 1e-9, "{width} {splits} {error}");
            }
        }
    }
}

#[test]
fn a_short_row_is_the_average() {
    let explainer = Explainer::new(&ensemble(Link::LogOdds, 4, vec![repeated()]));
    let (base, values) = explainer.contributions(&[1.0, 2.0]);
    assert_eq!((base, values), (explainer.average, vec![0.0; 4]));
}

/// The numbers of a line `key=a b c` of a tree of LightGBM's.
fn numbers(block: &str, key: &str) -> Vec<f64> {
    let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.unwrap().split_whitespace().map(|n| n.parse().unwrap()).collect()
}

/// The largest `f32` not above a number.
fn round_down(number: f64) -> f32 {
    let rounded = number as f32;
    if f64::from(rounded) > number {
        rounded.next_down()
    } else {
        rounded
    }
}

/// A tree of LightGBM's text format, version 4: numeric splits, missing values as NaN or none.
fn lightgbm_tree(block: &str) -> Tree {
    let [features, thresholds, decisions] = ["split_feature", "threshold", "decision_type"].map(|k| numbers(block, k));
    let children = ["left_child", "right_child"].map(|k| numbers(block, k));
    let [values, counts, inner] = ["leaf_value", "leaf_count", "internal_count"].map(|k| numbers(block, k));
    let mut tree = Tree {
        nodes: vec![Node::default()],
        sets: vec![],
    };
    let mut open = vec![(0usize, 0i64)];
    while let Some((at, id)) = open.pop() {
        if id < 0 {
            let index = !id as usize;
            tree.nodes[at] = leaf(values[index] as f32, counts[index] as f32);
            continue;
        }
        let index = id as usize;
        let decision = decisions[index] as u8;
        assert!(
            decision & 1 == 0 && decision >> 2 & 3 != 1,
            "categories, or zero as missing"
        );
        let threshold = round_down(thresholds[index]);
        let takes_nan = decision >> 2 & 3 == 2;
        let missing_left = if takes_nan { decision & 2 != 0 } else { 0.0 <= threshold };
        let left = tree.nodes.len();
        let test = Test::AtMost(threshold);
        tree.nodes[at] = split(features[index] as u32, left as u32, test, missing_left);
        tree.nodes[at].cover = inner[index] as f32;
        tree.nodes.extend([Node::default(); 2]);
        open.extend([(left, children[0][index] as i64), (left + 1, children[1][index] as i64)]);
    }
    tree
}

#[test]
fn lightgbm_answers_the_same() {
    let model = include_str!("../../../../tests/fixtures/tree_shap_lightgbm.txt");
    let trees: Vec<Tree> = model.split("\nTree=").skip(1).map(lightgbm_tree).collect();
    assert_eq!(trees.len(), 10);
    let mut ensemble = ensemble(Link::LogOdds, 6, trees);
    ensemble.base = 0.0;
    let explainer = Explainer::new(&ensemble);
    let rows = include_str!("../../../../tests/fixtures/tree_shap_lightgbm.csv");
    assert_eq!(rows.lines().count(), 120);
    for line in rows.lines() {
        let cells: Vec<&str> = line.split(',').collect();
        let row: Vec<f32> = cells[..6].iter().map(|c| c.parse().unwrap_or(f32::NAN)).collect();
        let expected: Vec<f64> = cells[6..].iter().map(|c| c.parse().unwrap()).collect();
        let (values, base) = (expected[..6].to_vec(), expected[6]);
        assert_close(&explainer.contributions(&row), &(base, values), 1e-6);
    }
}
