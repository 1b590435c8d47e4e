//! Owns the proof that the arrays route rows as trees do: they are walked by hand, the way a runtime does it.

use super::*;
use crate::models::trees::{Link, Node};

impl TreeArrays {
    /// The leaf a row ends in, by the arrays alone.
    fn walk(&self, tree: i64, row: &[f32]) -> i64 {
        let mut node = 0;
        loop {
            let at = (0..self.nodes.len())
                .find(|&at| self.trees[at] == tree && self.nodes[at] == node)
                .unwrap();
            if self.leaves[at] {
                return node;
            }
            let value = row[self.features[at] as usize];
            let yes = if value.is_nan() {
                self.missing_yes[at] == 1
            } else {
                value <= self.thresholds[at]
            };
            node = if yes { self.yes[at] } else { self.no[at] };
        }
    }
}

fn feature(kind: FeatureKind) -> Feature {
    Feature {
        name: "f".to_owned(),
        source: "f".to_owned(),
        kind,
    }
}

fn leaf(value: f32) -> Node {
    Node {
        value,
        ..Node::default()
    }
}

/// One split over two leaves.
fn stump(test: Test, missing_left: bool, sets: Vec<u32>) -> Ensemble {
    let split = Split {
        feature: 0,
        left: 1,
        test,
        missing_left,
        gain: 1.0,
    };
    let root = Node {
        split: Some(split),
        ..Node::default()
    };
    Ensemble {
        link: Link::LogOdds,
        base: 0.0,
        width: 1,
        trees: vec![Tree {
            nodes: vec![root, leaf(1.0), leaf(-1.0)],
            sets,
        }],
    }
}

fn arrays(ensemble: &Ensemble, kind: FeatureKind) -> TreeArrays {
    TreeArrays::of_ensemble(ensemble, &[feature(kind)], &Parts::of_trees(&ensemble.trees))
}

#[test]
fn a_threshold_is_the_number_that_training_compared_with() {
    for missing_left in [false, true] {
        let ensemble = stump(Test::AtMost(0.1), missing_left, Vec::new());
        let arrays = arrays(&ensemble, FeatureKind::Numeric);
        assert_eq!(arrays.thresholds, [0.1, 0.0, 0.0]);
        for value in [0.1, 0.1f32.next_up(), 0.1f32.next_down(), f32::NAN, f32::MAX, f32::MIN] {
            let expected = ensemble.trees[0].leaf(&[value]) as i64;
            assert_eq!(arrays.walk(0, &[value]), expected, "{value}");
        }
    }
}

#[test]
fn every_set_of_categories_routes_as_ours() {
    const CODES: u32 = 6;
    for set in 0..1u32 << CODES {
        for missing_left in [false, true] {
            let ensemble = stump(Test::OneOf { first: 0, words: 1 }, missing_left, vec![set]);
            let arrays = arrays(&ensemble, FeatureKind::Categorical { cardinality: CODES });
            for value in (0..CODES).map(|code| code as f32).chain([f32::NAN]) {
                let expected = ensemble.trees[0].leaf(&[value]) as i64;
                assert_eq!(arrays.walk(0, &[value]), expected, "{set:b} {missing_left} {value}");
            }
            // A runtime lays out the no-child behind its parent: no node is the no-child of two.
            let mut no: Vec<i64> = (0..arrays.nodes.len())
                .filter(|&at| !arrays.leaves[at])
                .map(|at| arrays.no[at])
                .collect();
            no.sort_unstable();
            no.dedup();
            assert_eq!(no.len(), arrays.leaves.iter().filter(|leaf| !**leaf).count());
        }
    }
}

#[test]
fn categories_beyond_a_set_go_where_missing_ones_go() {
    let ensemble = stump(Test::OneOf { first: 0, words: 1 }, true, vec![0b10]);
    let arrays = arrays(&ensemble, FeatureKind::Categorical { cardinality: 40 });
    for code in 0..40 {
        let expected = ensemble.trees[0].leaf(&[code as f32]) as i64;
        assert_eq!(arrays.walk(0, &[code as f32]), expected, "{code}");
    }
}

#[test]
fn a_plain_tree_keeps_its_answers() {
    let nodes = [
        PlainNode::Split {
            feature: 0,
            threshold: 2.5,
            low: 1,
            high: 2,
        },
        PlainNode::Leaf(0.25),
        PlainNode::Leaf(0.75),
    ];
    let arrays = TreeArrays::of_tree(&nodes, |p| vec![p as f32, f32::from(u8::from(p >= 0.5))]);
    assert_eq!((arrays.walk(0, &[2.5]), arrays.walk(0, &[2.6])), (1, 2));
    assert_eq!(arrays.weights, [0.25, 0.75, 1.0]);
    assert_eq!(
        (arrays.target_nodes.as_slice(), arrays.targets.as_slice()),
        (&[1, 2, 2][..], &[0, 0, 1][..])
    );
}
