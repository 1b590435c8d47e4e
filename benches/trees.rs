//! Owns the timings of the tree engine by itself: binning, fitting, predicting, explaining. `cargo bench --bench trees`.
//!
//! What it does beside other engines is measured by `benches/peers/trees.py`; docs/BENCHMARKS.md holds that table.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench that cannot fit has nothing to measure; its main function is made by a macro"
)]

use std::sync::LazyLock;

use divan::{Bencher, black_box, counter::ItemsCount};
use ndarray::Array2;
use nsec_tui::cancel::CancelToken;
use nsec_tui::models::trees::{
    Boosting, ColumnKind, Ensemble, Explainer, Forest, Predictor, Sample, Table, decode, encode,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const ROWS: usize = 10_000;
const TERNARY: usize = 20;
const NUMBERS: usize = 9;
const COLUMNS: usize = TERNARY + NUMBERS + 1;
const CATEGORIES: u16 = 40;

/// Rows as a phishing file and a connection log have them: ternary flags, numbers with gaps, one column of categories.
struct Data {
    values: Array2<f32>,
    labels: Vec<bool>,
    kinds: Vec<ColumnKind>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut values = Array2::zeros((ROWS, COLUMNS));
    let mut labels = Vec::with_capacity(ROWS);
    for mut row in values.rows_mut() {
        let mut evidence = rng.random::<f32>() * 4.0 - 2.0;
        for (column, value) in row.iter_mut().enumerate() {
            *value = match column {
                0..TERNARY => f32::from(rng.random_range(-1..2i8)),
                column if column == COLUMNS - 1 => f32::from(rng.random_range(0..CATEGORIES)),
                _ if rng.random_bool(0.05) => f32::NAN,
                _ => rng.random::<f32>(),
            };
            if value.is_finite() && column % 4 == 0 {
                evidence += *value;
            }
        }
        labels.push(evidence > 0.0);
    }
    let mut kinds = vec![ColumnKind::Numeric; COLUMNS];
    kinds[COLUMNS - 1] = ColumnKind::Categorical {
        cardinality: CATEGORIES.into(),
    };
    Data { values, labels, kinds }
});

impl Data {
    fn sample(&self) -> Sample<'_> {
        Sample {
            table: Table {
                values: self.values.view(),
                kinds: &self.kinds,
            },
            labels: &self.labels,
            weights: None,
        }
    }
}

const MODELS: [&str; 3] = ["gradient_boosting", "random_forest", "extra_trees"];

fn fit(model: &str) -> Ensemble {
    let cancel = CancelToken::new();
    let forest = Forest {
        random_cuts: model == "extra_trees",
        bootstrap: model == "random_forest",
        ..Forest::default()
    };
    match model {
        "gradient_boosting" => Boosting::default().fit(&DATA.sample(), None, None, 1, &cancel).unwrap(),
        _ => forest.fit(&DATA.sample(), None, 1, &cancel).unwrap(),
    }
}

fn main() {
    divan::main();
}

/// One split on top of binning, which is nearly all of it.
#[divan::bench]
fn bin_and_one_split(bencher: Bencher<'_, '_>) {
    let stump = Boosting {
        trees: 1,
        max_leaves: 2,
        ..Boosting::default()
    };
    let cancel = CancelToken::new();
    let sample = DATA.sample();
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| stump.fit(&sample, None, None, 1, &cancel).unwrap());
}

#[divan::bench(args = MODELS, sample_count = 5)]
fn fit_100_trees(model: &str) -> Ensemble {
    fit(black_box(model))
}

#[divan::bench(args = MODELS, sample_count = 20)]
fn predict_block(bencher: Bencher<'_, '_>, model: &str) {
    let predictor = Predictor::new(&fit(model)).unwrap();
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| predictor.scores(black_box(DATA.values.view())).unwrap());
}

#[divan::bench(args = MODELS)]
fn predict_one_row(bencher: Bencher<'_, '_>, model: &str) {
    let predictor = Predictor::new(&fit(model)).unwrap();
    let row = DATA.values.row(7).to_vec();
    bencher.bench_local(|| predictor.score(black_box(&row)).unwrap());
}

#[divan::bench(args = MODELS)]
fn explain_one_row(bencher: Bencher<'_, '_>, model: &str) {
    let explainer = Explainer::new(&fit(model));
    let row = DATA.values.row(7).to_vec();
    bencher.bench_local(|| explainer.contributions(black_box(&row)));
}

#[divan::bench(args = MODELS, sample_count = 20)]
fn write_and_read(bencher: Bencher<'_, '_>, model: &str) {
    let ensemble = fit(model);
    bencher.bench_local(|| decode(&encode(black_box(&ensemble))).unwrap());
}
