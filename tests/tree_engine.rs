//! Owns the properties of the tree engine as a library: what it answers on hostile matrices, and what must not matter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use ndarray::{Array2, Axis};
use nsec_tui::cancel::CancelToken;
use nsec_tui::models::trees::{
    Boosting, ColumnKind, Ensemble, Explainer, Forest, Growth, Importance, Link, Monitor, Node, Patience, Predictor,
    Progress, Sample, Split, Table, Test, Tree, TreeError, decode, encode,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const KINDS: [ColumnKind; 6] = [
    ColumnKind::Numeric,
    ColumnKind::Numeric,
    ColumnKind::Categorical { cardinality: 12 },
    ColumnKind::Numeric,
    ColumnKind::Numeric,
    ColumnKind::Categorical { cardinality: 400 },
];

/// Numbers, a few-valued number, categories (few, and more than bins), a constant, and gaps in some of them.
fn rows(count: usize, seed: u64) -> (Array2<f32>, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values = Array2::zeros((count, 6));
    let mut labels = Vec::with_capacity(count);
    for mut row in values.rows_mut() {
        let number = rng.random::<f32>() * 4.0 - 2.0;
        let few = rng.random_range(-1..2i8);
        let category = rng.random_range(0..12u8);
        let many = rng.random_range(0..400u16);
        let gap = rng.random_bool(0.1);
        row[0] = if gap { f32::NAN } else { number };
        row[1] = f32::from(few);
        row[2] = f32::from(category);
        row[3] = 7.0;
        row[4] = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1.0, -1.0][rng.random_range(0..5usize)];
        row[5] = f32::from(many);
        let evidence = if gap { 1.0 } else { number }
            + f32::from(few)
            + if [1, 4, 7, 9].contains(&category) { 1.5 } else { -0.5 }
            + if many % 7 == 0 { 0.7 } else { 0.0 };
        labels.push(evidence + rng.random::<f32>() * 2.0 - 1.0 > 0.0);
    }
    (values, labels)
}

fn sample<'a>(values: &'a Array2<f32>, labels: &'a [bool]) -> Sample<'a> {
    Sample {
        table: Table {
            values: values.view(),
            kinds: &KINDS[..values.ncols().min(6)],
        },
        labels,
        weights: None,
    }
}

fn boosting() -> Boosting {
    Boosting {
        trees: 30,
        ..Boosting::default()
    }
}

fn forest(random_cuts: bool) -> Forest {
    Forest {
        trees: 20,
        random_cuts,
        bootstrap: !random_cuts,
        ..Forest::default()
    }
}

/// One of each kind, on the same rows.
fn ensembles(values: &Array2<f32>, labels: &[bool], threads: usize) -> Vec<Ensemble> {
    let sample = sample(values, labels);
    let cancel = CancelToken::new();
    let depth_wise = Boosting {
        growth: Growth::DepthWise,
        max_leaves: 0,
        max_depth: 5,
        row_share: 0.7,
        columns_by_tree: 0.8,
        columns_by_level: 0.8,
        columns_by_node: 0.8,
        l1: 0.01,
        l2: 1.0,
        ..boosting()
    };
    vec![
        boosting().fit(&sample, None, None, threads, &cancel).unwrap(),
        depth_wise.fit(&sample, None, None, threads, &cancel).unwrap(),
        forest(false).fit(&sample, None, threads, &cancel).unwrap(),
        forest(true).fit(&sample, None, threads, &cancel).unwrap(),
    ]
}

fn accuracy(scores: &[f64], labels: &[bool], link: Link) -> f64 {
    let cut = if link == Link::Mean { 0.5 } else { 0.0 };
    let right = scores.iter().zip(labels).filter(|(s, l)| (**s > cut) == **l).count();
    right as f64 / labels.len() as f64
}

#[test]
fn every_kind_learns_from_gaps_infinities_and_categories() {
    let (train, labels) = rows(3000, 1);
    let (test, test_labels) = rows(1000, 2);
    for ensemble in ensembles(&train, &labels, 1) {
        let scores = Predictor::new(&ensemble).unwrap().scores(test.view()).unwrap();
        let found = accuracy(&scores, &test_labels, ensemble.link);
        assert!(found > 0.8, "{:?}: {found}", ensemble.link);
        let importances = ensemble.importances(Importance::Gain);
        assert!((importances.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(importances[3], 0.0, "a constant feature tells nothing");
        assert_eq!(ensemble.importances(Importance::Splits)[3], 0.0);
    }
}

#[test]
fn threads_change_no_byte() {
    let (train, labels) = rows(2000, 3);
    let bytes = |threads| -> Vec<Vec<u8>> { ensembles(&train, &labels, threads).iter().map(encode).collect() };
    let one = bytes(1);
    assert_eq!(one, bytes(2));
    assert_eq!(one, bytes(5));
}

#[test]
fn the_compact_form_answers_as_the_trees_do_alone_together_and_in_any_order() {
    let (train, labels) = rows(2000, 4);
    let (test, _) = rows(999, 5);
    for ensemble in ensembles(&train, &labels, 2) {
        let predictor = Predictor::new(&decode(&encode(&ensemble)).unwrap()).unwrap();
        let together = predictor.scores(test.view()).unwrap();
        for (row, score) in test.rows().into_iter().zip(&together) {
            let row = row.to_vec();
            assert_eq!(ensemble.score(&row), *score);
            assert_eq!(predictor.score(&row).unwrap(), *score);
        }
        let backwards: Vec<usize> = (0..999).rev().collect();
        let reversed = predictor.scores(test.select(Axis(0), &backwards).view()).unwrap();
        assert!(reversed.iter().rev().eq(&together));
    }
}

#[test]
fn a_split_of_training_asks_the_same_in_prediction() {
    // Covers are counted while rows are parted by bins; here the finished trees part the same rows by their values.
    let (train, labels) = rows(2000, 6);
    let cancel = CancelToken::new();
    let ensemble = boosting()
        .fit(&sample(&train, &labels), None, None, 1, &cancel)
        .unwrap();
    for tree in &ensemble.trees {
        let mut reached = vec![0f32; tree.nodes.len()];
        for row in train.rows() {
            reached[tree.leaf(&row.to_vec())] += 1.0;
        }
        for (node, reached) in tree.nodes.iter().zip(reached) {
            assert!(node.split.is_some() || node.cover == reached);
            assert!(node.split.is_some() || reached >= 20.0, "a leaf of {reached} rows");
        }
    }
}

#[test]
fn contributions_and_base_are_the_score() {
    let (train, labels) = rows(2000, 7);
    let (test, _) = rows(10_000, 8);
    for ensemble in ensembles(&train, &labels, 1) {
        let explainer = Explainer::new(&ensemble);
        // Forests cost more a row; boosting is held to every row.
        let step = if ensemble.link == Link::Mean { 50 } else { 1 };
        for row in test.rows().into_iter().step_by(step) {
            let row = row.to_vec();
            let (base, values) = explainer.contributions(&row);
            let sum = base + values.iter().sum::<f64>();
            assert!((sum - ensemble.score(&row)).abs() < 1e-9);
        }
    }
}

/// Shapley values by their definition: over all subsets of features, the tree's answer where unknown features follow both
/// branches in proportion to the training rows.
fn shapley(tree: &Tree, row: &[f32], width: usize) -> Vec<f64> {
    fn expected(tree: &Tree, at: usize, row: &[f32], known: usize) -> f64 {
        let Some(split) = tree.nodes[at].split else {
            return f64::from(tree.nodes[at].value);
        };
        let left = split.left as usize;
        if known >> split.feature & 1 == 1 {
            let goes_left = tree.goes_left(&split, row[split.feature as usize]);
            return expected(tree, left + usize::from(!goes_left), row, known);
        }
        let covers = [left, left + 1].map(|child| f64::from(tree.nodes[child].cover));
        let answers = [left, left + 1].map(|child| expected(tree, child, row, known));
        (answers[0] * covers[0] + answers[1] * covers[1]) / (covers[0] + covers[1])
    }
    let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
    let value = |feature: usize| {
        let subsets = (0..1usize << width).filter(|s| s >> feature & 1 == 0);
        subsets
            .map(|s| {
                let size = s.count_ones() as usize;
                let weight = factorial(size) * factorial(width - size - 1) / factorial(width);
                weight * (expected(tree, 0, row, s | 1 << feature) - expected(tree, 0, row, s))
            })
            .sum()
    };
    (0..width).map(value).collect()
}

#[test]
fn contributions_are_shapley_values() {
    let (train, labels) = rows(800, 9);
    let (test, _) = rows(40, 10);
    for mut ensemble in ensembles(&train, &labels, 1) {
        ensemble.trees.truncate(3);
        let explainer = Explainer::new(&ensemble);
        for row in test.rows() {
            let row = row.to_vec();
            let mut by_hand = vec![0.0; 6];
            for tree in &ensemble.trees {
                for (sum, value) in by_hand.iter_mut().zip(shapley(tree, &row, 6)) {
                    *sum += value / if ensemble.link == Link::Mean { 3.0 } else { 1.0 };
                }
            }
            for (found, wanted) in explainer.contributions(&row).1.iter().zip(by_hand) {
                assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
            }
        }
    }
}

#[test]
fn what_cannot_be_learned_from_is_a_typed_error() {
    let (values, labels) = rows(50, 11);
    let cancel = CancelToken::new();
    let refused = |sample: &Sample<'_>| {
        let errors = [
            boosting().fit(sample, None, None, 1, &cancel).unwrap_err(),
            forest(false).fit(sample, None, 1, &cancel).unwrap_err(),
        ];
        errors.iter().all(|e| matches!(e, TreeError::Data(_)))
    };
    assert!(refused(&sample(&values, &[true; 50])));
    assert!(refused(&sample(&values, &labels[..49])));
    assert!(refused(&sample(&Array2::zeros((0, 6)), &[])));
    assert!(refused(&sample(&Array2::zeros((1, 6)), &[true])));
    let weights = vec![0.0; 50];
    let mut weightless = sample(&values, &labels);
    weightless.weights = Some(&weights);
    assert!(refused(&weightless));
    for (name, wrong) in [
        (
            "learning_rate",
            Boosting {
                learning_rate: 0.0,
                ..boosting()
            },
        ),
        (
            "row_share",
            Boosting {
                row_share: f64::NAN,
                ..boosting()
            },
        ),
        ("l2", Boosting { l2: -1.0, ..boosting() }),
        (
            "max_bins",
            Boosting {
                max_bins: 256,
                ..boosting()
            },
        ),
        (
            "monotone",
            Boosting {
                monotone: vec![1],
                ..boosting()
            },
        ),
    ] {
        let error = wrong
            .fit(&sample(&values, &labels), None, None, 1, &cancel)
            .unwrap_err();
        assert!(
            matches!(error, TreeError::Parameter { name: n, .. } if n == name),
            "{error}"
        );
    }
    cancel.cancel();
    let stopped = boosting().fit(&sample(&values, &labels), None, None, 1, &cancel);
    assert!(matches!(stopped, Err(TreeError::Cancelled(_))));
    let stopped = forest(true).fit(&sample(&values, &labels), None, 3, &cancel);
    assert!(matches!(stopped, Err(TreeError::Cancelled(_))));
}

#[test]
fn watched_rows_of_another_width_and_models_too_wide_are_refused() {
    let (values, labels) = rows(60, 21);
    let narrow = values.select(Axis(1), &[0, 1]);
    let cancel = CancelToken::new();
    let monitor = || Monitor {
        validation: Some(sample(&narrow, &labels)),
        metric: &|_, _| 0.0,
        larger_is_better: true,
        patience: None,
        report: Box::leak(Box::new(|_| ())),
    };
    let refused = boosting().fit(&sample(&values, &labels), None, Some(monitor()), 1, &cancel);
    assert!(matches!(refused, Err(TreeError::Data(_))));
    let refused = forest(false).fit(&sample(&values, &labels), Some(monitor()), 1, &cancel);
    assert!(matches!(refused, Err(TreeError::Data(_))));
    let leaf = Tree {
        nodes: vec![Node::default()],
        sets: Vec::new(),
    };
    let wide = Ensemble {
        link: Link::LogOdds,
        base: 0.0,
        width: (1 << 32) + 1,
        trees: vec![leaf],
    };
    assert!(matches!(decode(&encode(&wide)), Err(TreeError::Damaged(_))));
}

#[test]
fn features_that_tell_nothing_leave_the_prior() {
    let labels: Vec<bool> = (0..400).map(|i| i % 4 == 0).collect();
    for filler in [0.0, f32::NAN, f32::INFINITY] {
        let values = Array2::from_elem((400, 2), filler);
        for ensemble in ensembles(&values, &labels, 1) {
            let score = ensemble.score(&[1.0, 2.0]);
            match ensemble.link {
                Link::LogOdds => assert!((score - (1.0f64 / 3.0).ln()).abs() < 1e-6, "{score}"),
                Link::Mean => assert!((score - 0.25).abs() < 0.05, "{score}"),
            }
        }
    }
}

#[test]
fn early_stopping_keeps_the_best_iteration() {
    let (train, labels) = rows(300, 12);
    let (held_out, held_labels) = rows(300, 13);
    let loss = |scores: &[f64], labels: &[bool]| {
        let of = |(p, l): (&f64, &bool)| -(if *l { *p } else { 1.0 - p }).max(1e-15).ln();
        scores.iter().zip(labels).map(of).sum::<f64>() / scores.len() as f64
    };
    let mut seen: Vec<Progress> = Vec::new();
    let hasty = Boosting {
        trees: 400,
        learning_rate: 0.9,
        min_rows_leaf: 1,
        ..Boosting::default()
    };
    let monitor = Monitor {
        validation: Some(sample(&held_out, &held_labels)),
        metric: &loss,
        larger_is_better: false,
        patience: Some(Patience {
            trees: 10,
            min_delta: 0.0,
        }),
        report: &mut |progress| seen.push(progress),
    };
    let cancel = CancelToken::new();
    let fitted = hasty
        .fit(&sample(&train, &labels), None, Some(monitor), 1, &cancel)
        .unwrap();
    let best = seen
        .iter()
        .min_by(|a, b| a.validation.unwrap().total_cmp(&b.validation.unwrap()))
        .unwrap();
    assert_eq!(fitted.trees.len(), best.trees);
    assert_eq!(seen.len(), best.trees + 10, "it stops ten trees after the best");
    assert!(seen.last().unwrap().train < best.train, "it overfits on");
    let plain = Boosting {
        trees: best.trees,
        ..hasty
    }
    .fit(&sample(&train, &labels), None, None, 1, &cancel)
    .unwrap();
    assert_eq!(fitted, plain, "watching changes nothing");
}

#[test]
fn going_on_is_as_never_having_stopped() {
    let (train, labels) = rows(1000, 14);
    let cancel = CancelToken::new();
    let sample = sample(&train, &labels);
    let half = Boosting {
        trees: 10,
        ..boosting()
    };
    let first = half.fit(&sample, None, None, 1, &cancel).unwrap();
    let second = half.fit(&sample, Some(&first), None, 1, &cancel).unwrap();
    let whole = Boosting {
        trees: 20,
        ..boosting()
    }
    .fit(&sample, None, None, 1, &cancel)
    .unwrap();
    assert_eq!((second.trees.len(), &second.trees[..10]), (20, &first.trees[..]));
    for row in train.rows().into_iter().take(200) {
        let row = row.to_vec();
        assert!((second.score(&row) - whole.score(&row)).abs() < 0.05);
    }
}

#[test]
fn monotone_features_never_turn_back() {
    let (train, labels) = rows(3000, 15);
    let cancel = CancelToken::new();
    for direction in [1i8, -1] {
        let held = Boosting {
            monotone: vec![direction, 0, 0, 0, 0, 0],
            min_rows_leaf: 1,
            ..boosting()
        };
        let ensemble = held.fit(&sample(&train, &labels), None, None, 1, &cancel).unwrap();
        for row in train.rows().into_iter().take(50) {
            let mut row = row.to_vec();
            let mut last = f64::NEG_INFINITY;
            for step in -25i8..=25 {
                row[0] = f32::from(step) / 10.0;
                let score = ensemble.score(&row) * f64::from(direction);
                assert!(score >= last - 1e-6, "{score} after {last}");
                last = score;
            }
        }
    }
}

#[test]
fn a_row_that_weighs_two_counts_as_two() {
    let (train, labels) = rows(1000, 16);
    // Features of few values: where bins are quantiles, repeated rows move their edges.
    let train = train.select(Axis(1), &[3, 1, 2]);
    let twice: Vec<usize> = (0..1000).chain((0..1000).filter(|r| r % 3 == 0)).collect();
    let weights: Vec<f32> = (0..1000).map(|r| if r % 3 == 0 { 2.0 } else { 1.0 }).collect();
    let (repeated, repeated_labels) = (
        train.select(Axis(0), &twice),
        twice.iter().map(|r| labels[*r]).collect::<Vec<_>>(),
    );
    let cancel = CancelToken::new();
    let plain = Boosting {
        min_rows_leaf: 1,
        min_child_hessian: 1.0,
        trees: 5,
        max_leaves: 8,
        ..Boosting::default()
    };
    let by_rows = plain
        .fit(&sample(&repeated, &repeated_labels), None, None, 1, &cancel)
        .unwrap();
    let mut weighted = sample(&train, &labels);
    weighted.weights = Some(&weights);
    let by_weight = plain.fit(&weighted, None, None, 1, &cancel).unwrap();
    for row in train.rows() {
        let row = row.to_vec();
        assert!((by_rows.score(&row) - by_weight.score(&row)).abs() < 1e-3);
    }
}

#[test]
fn a_forest_grows_no_worse_for_rows_that_are_alike() {
    // Columns 1 to 3 alone: 36 different rows among 3,000, of both labels each.
    let (values, labels) = rows(3000, 31);
    let few = values.select(Axis(1), &[1, 2, 3]);
    let kinds = &KINDS[1..4];
    let fit = |forest: Forest, rows: &[usize]| {
        let (values, labels): (_, Vec<bool>) = (few.select(Axis(0), rows), rows.iter().map(|r| labels[*r]).collect());
        let table = Table {
            values: values.view(),
            kinds,
        };
        let sample = Sample {
            table,
            labels: &labels,
            weights: None,
        };
        forest.fit(&sample, None, 2, &CancelToken::new()).unwrap()
    };
    let order: Vec<usize> = (0..3000).collect();
    for random_cuts in [false, true] {
        let whole = Forest {
            bootstrap: false,
            columns_by_node: 3,
            ..forest(random_cuts)
        };
        let ensemble = fit(whole, &order);
        // Without a draw of rows each leaf is the share of malicious rows among those exactly alike.
        for row in few.rows() {
            let alike = few.rows().into_iter().zip(&labels).filter(|(other, _)| *other == row);
            let (all, malicious) = alike.fold((0.0, 0.0), |(all, some), (_, label)| {
                (all + 1.0, some + f64::from(u8::from(*label)))
            });
            let score = ensemble.score(&row.to_vec());
            assert!(
                (score - malicious / all).abs() < 1e-6,
                "{score} for {malicious} of {all}"
            );
        }
        for tree in &ensemble.trees {
            assert_eq!(tree.nodes[0].cover, 3000.0);
        }
    }
}

#[test]
fn columns_twice_over_change_no_score() {
    let (train, labels) = rows(1000, 17);
    let numbers = train.select(Axis(1), &[0, 1]);
    let doubled = train.select(Axis(1), &[0, 1, 0, 1]);
    let cancel = CancelToken::new();
    let fit = |values: &Array2<f32>| {
        let kinds = vec![ColumnKind::Numeric; values.ncols()];
        let table = Table {
            values: values.view(),
            kinds: &kinds,
        };
        let sample = Sample {
            table,
            labels: &labels,
            weights: None,
        };
        boosting().fit(&sample, None, None, 1, &cancel).unwrap()
    };
    let (once, twice) = (fit(&numbers), fit(&doubled));
    for (a, b) in numbers.rows().into_iter().zip(doubled.rows()) {
        assert_eq!(once.score(&a.to_vec()), twice.score(&b.to_vec()));
    }
}

#[test]
fn damaged_bytes_are_an_error_or_a_sound_ensemble() {
    let (train, labels) = rows(300, 18);
    let (test, _) = rows(20, 19);
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    for ensemble in ensembles(&train, &labels, 1) {
        let bytes = encode(&ensemble);
        assert_eq!(decode(&bytes).unwrap(), ensemble);
        for cut in 0..bytes.len().min(300) {
            assert!(matches!(decode(&bytes[..cut]), Err(TreeError::Damaged(_))));
        }
        for _ in 0..300 {
            let mut damaged = bytes.clone();
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..damaged.len());
                damaged[at] = rng.random();
            }
            if let Ok(found) = decode(&damaged)
                && found.width == 6
            {
                let predictor = Predictor::new(&found).unwrap();
                let scores = predictor.scores(test.view()).unwrap();
                assert!(scores.iter().all(|s| !s.is_nan()));
                let _ = Explainer::new(&found).contributions(&test.row(0).to_vec());
            }
        }
    }
}

#[test]
fn a_hand_made_tree_reads_as_written() {
    // x0 <= 1.5 (missing goes right) ? -1 : (x2 in {1, 33} (missing goes left) ? 2 : 5)
    let leaf = |value, cover| Node {
        split: None,
        value,
        cover,
    };
    let ask = |feature, left, test, missing_left| Node {
        split: Some(Split {
            feature,
            left,
            test,
            missing_left,
            gain: 1.0,
        }),
        ..Node::default()
    };
    let tree = Tree {
        nodes: vec![
            ask(0, 1, Test::AtMost(1.5), false),
            leaf(-1.0, 4.0),
            ask(2, 3, Test::OneOf { first: 0, words: 2 }, true),
            leaf(2.0, 3.0),
            leaf(5.0, 1.0),
        ],
        sets: vec![1 << 1, 1 << 1],
    };
    let ensemble = Ensemble {
        link: Link::LogOdds,
        base: 0.5,
        width: 3,
        trees: vec![tree],
    };
    ensemble.check().unwrap();
    let predictor = Predictor::new(&ensemble).unwrap();
    for (row, answer) in [
        ([1.5, 0.0, 0.0], -0.5),
        ([1.6, 0.0, 1.0], 2.5),
        ([1.6, 0.0, 33.0], 2.5),
        ([1.6, 0.0, 2.0], 5.5),
        ([1.6, 0.0, 64.0], 2.5),
        ([1.6, 0.0, f32::NAN], 2.5),
        ([f32::NAN, 0.0, 5.0], 5.5),
        ([f32::INFINITY, 0.0, 5.0], 5.5),
        ([f32::NEG_INFINITY, 0.0, 5.0], -0.5),
    ] {
        assert_eq!(predictor.score(&row).unwrap(), answer, "{row:?}");
        assert_eq!(ensemble.score(&row), answer, "{row:?}");
    }
    assert!(predictor.score(&[1.0, 2.0]).is_err());
    assert_eq!(decode(&encode(&ensemble)).unwrap().score(&[1.6, 0.0, 1.0]), 2.5);
}
