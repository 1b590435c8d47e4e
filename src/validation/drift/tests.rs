//! Owns the tests of drift: distances against SciPy 1.16.3 (NumPy 2.4.6), profiles, bounds and determinism.

use polars::prelude::{Column as Cells, DataFrame, NamedFrom, Series};
use proptest::prelude::*;

use super::counts::{IntCounts, category_key, network_key};
use super::distance::{jensen_shannon, kolmogorov_smirnov, psi, wasserstein};
use super::*;
use crate::schema::{Column, ColumnType, Role, Schema, Severity};

fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-9, "{got} is not {expected}");
}

#[test]
fn jensen_shannon_as_scipy() {
    let js = |p: &[f64], q: &[f64]| jensen_shannon(p, q).unwrap();
    close(js(&[10., 20., 30., 0.], &[5., 25., 10., 20.]), 0.4930856485616651);
    close(js(&[1., 0.], &[0., 1.]), 1.0);
    close(js(&[3., 3., 4.], &[300., 300., 400.]), 0.0);
    close(js(&[1., 1., 1., 97.], &[0., 0., 50., 50.]), 0.5335336799965491);
}

#[test]
fn psi_as_numpy_with_the_floor() {
    close(
        psi(&[10., 20., 30., 0.], &[5., 25., 10., 20.]).unwrap(),
        3.145659845506576,
    );
    close(psi(&[1., 0.], &[0., 1.]).unwrap(), 18.41883867587797);
    close(psi(&[1., 1., 1., 97.], &[0., 0., 50., 50.]).unwrap(), 2.319536989687717);
}

#[test]
fn ks_and_wasserstein_as_scipy() {
    let a = [-2.5, -1., -1., 0., 0.25, 0.25, 0.25, 3., 7.75, 1e3];
    let b = [-1., 0., 0.25, 0.5, 0.5, 2., 3., 3., 8.];
    close(kolmogorov_smirnov(&a, &b).unwrap(), 0.36666666666666664);
    close(wasserstein(&a, &b).unwrap(), 100.34999999999998);
    close(kolmogorov_smirnov(&[1., 2., 3.], &[4., 5., 6., 7.]).unwrap(), 1.0);
    close(wasserstein(&[1., 2., 3.], &[4., 5., 6., 7.]).unwrap(), 3.5);
    let mut a: Vec<f64> = (1..=1000).map(|i| f64::from(i * i).sin() * 3.0).collect();
    let mut b: Vec<f64> = (1..138)
        .map(|i| (f64::from(i) * 1.7).cos().powi(2) * 4.0 - 1.0)
        .collect();
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    close(kolmogorov_smirnov(&a, &b).unwrap(), 0.39);
    close(wasserstein(&a, &b).unwrap(), 1.0052645912191438);
    let mut moments = moments::Moments::default();
    a.chunks(7).for_each(|part| moments.add(part.iter().copied()));
    close(moments.mean, -0.008309897767635676);
    close(moments.sd(), 2.12616303038124);
}

#[test]
fn distances_of_nothing_are_none_and_extremes_stay_finite() {
    assert_eq!(jensen_shannon(&[0., 0.], &[1., 0.]), None);
    assert_eq!(psi(&[1.], &[1., 2.]), None);
    assert_eq!(kolmogorov_smirnov(&[], &[1.]), None);
    assert_eq!(wasserstein(&[1.], &[]), None);
    let mut moments = moments::Moments::default();
    moments.add([1e308, -1e308, 1.7e308, f64::NAN, f64::INFINITY].into_iter());
    moments.add([1e308].into_iter());
    assert_eq!(moments.n, 4);
    assert!(moments.mean.is_finite() && moments.sd().is_finite());
}

fn column(name: &str, kind: ColumnType) -> Column {
    Column {
        name: name.into(),
        kind,
        required: true,
        nullable: true,
        allowed: None,
        min: None,
        max: None,
        pattern: None,
        unique: false,
        aliases: vec![],
        description: None,
        role: Role::Feature,
        severity: Severity::Block,
    }
}

fn schema() -> Schema {
    let kinds = [
        ("flag", ColumnType::Int),
        ("size", ColumnType::Int),
        ("rate", ColumnType::Float),
        ("proto", ColumnType::Category),
        ("src", ColumnType::Ip),
        ("up", ColumnType::Bool),
        ("at", ColumnType::Timestamp),
    ];
    Schema {
        name: "flows".into(),
        description: None,
        label: None,
        columns: kinds.iter().map(|(name, kind)| column(name, *kind)).collect(),
        rules: vec![],
        drift: DriftThresholds::default(),
    }
}

fn frame(rows: usize, shift: i64) -> DataFrame {
    let n = || 0..rows as i64;
    let series = |name: &str, s: Series| Cells::from(s.with_name(name.into()));
    let ints = |v: Vec<Option<i64>>| Series::new("".into(), v);
    let src: Vec<String> = n().map(|i| format!("{}.0.0.{}", 10 + shift, i % 250)).collect();
    let columns = vec![
        series(
            "flag",
            ints(n().map(|i| (i % 10 > 0).then_some(i % 3 - 1 + shift)).collect()),
        ),
        series("size", ints(n().map(|i| Some(i * 37 % 1000 + shift * 500)).collect())),
        series(
            "rate",
            Series::new(
                "".into(),
                n().map(|i| ((i * 13 % 101) + shift) as f64 / 7.0).collect::<Vec<_>>(),
            ),
        ),
        series(
            "proto",
            Series::new(
                "".into(),
                n().map(|i| ["tcp", "udp", "icmp"][(i * i % 3) as usize])
                    .collect::<Vec<_>>(),
            ),
        ),
        series("src", Series::new("".into(), src)),
        series(
            "up",
            Series::new("".into(), n().map(|i| i % 4 == 0).collect::<Vec<_>>()),
        ),
    ];
    DataFrame::new(rows, columns).unwrap()
}

fn reference_of(frame: &DataFrame) -> Reference {
    let mut builder = ReferenceBuilder::new(&schema());
    builder.add(frame);
    builder.finish()
}

fn drifts(reference: &Reference, batch: &DataFrame) -> Vec<ColumnDrift> {
    let mut profile = BatchProfile::new(reference);
    profile.add(batch);
    drift(reference, &profile, &DriftThresholds::default())
}

fn value(found: &[ColumnDrift], column: &str, metric: DriftMetric) -> f64 {
    found
        .iter()
        .find(|d| d.column == column && d.metric == metric)
        .unwrap()
        .value
}

#[test]
fn kinds_follow_types_and_distinct_values() {
    let reference = reference_of(&frame(3000, 0));
    let kinds: Vec<(&str, bool)> = reference
        .columns
        .iter()
        .map(|c| (c.name.as_str(), matches!(c.shape, Shape::Discrete(_))))
        .collect();
    assert_eq!(
        kinds,
        [
            ("flag", true),
            ("size", false),
            ("rate", false),
            ("proto", true),
            ("src", true),
            ("up", true)
        ],
        "timestamps are left out, whole numbers with few values are discrete"
    );
    let flag = reference.column("flag").unwrap();
    assert_eq!((flag.rows, flag.missing), (3000, 300));
    let Shape::Discrete(categories) = &flag.shape else {
        panic!()
    };
    assert_eq!(categories.top.iter().map(|(_, n)| n).sum::<u64>(), 2700);
    assert_eq!(categories.other, 0);
    let Shape::Discrete(src) = &reference.column("src").unwrap().shape else {
        panic!()
    };
    assert_eq!(src.top, [("10.0.0.0/8".to_owned(), 3000)]);
    let Shape::Discrete(up) = &reference.column("up").unwrap().shape else {
        panic!()
    };
    assert_eq!(up.top, [("false".to_owned(), 2250), ("true".to_owned(), 750)]);
}

#[test]
fn twenty_distinct_ints_are_discrete_and_twenty_one_are_not() {
    for (distinct, discrete) in [(20, true), (21, false)] {
        let ints: Vec<i64> = (0..500).map(|i| (i % distinct) * 1_000_003).collect();
        let frame = DataFrame::new(500, vec![Cells::from(Series::new("flag".into(), ints))]).unwrap();
        let reference = reference_of(&frame);
        assert_eq!(
            matches!(reference.column("flag").unwrap().shape, Shape::Discrete(_)),
            discrete,
            "{distinct}"
        );
    }
}

#[test]
fn the_same_data_has_not_drifted_and_shifted_data_has() {
    let reference = reference_of(&frame(3000, 0));
    let same = drifts(&reference, &frame(3000, 0));
    assert_eq!(same.len(), 12);
    assert!(
        same.iter().all(|d| d.value.abs() < 1e-3 && d.drifted == Some(false)),
        "{same:?}"
    );
    let moved = drifts(&reference, &frame(3000, 1));
    // flag: 2/3 of the values stay, 10 % missing in both: shares .1/.3/.3/.3 against .1/0/.3/.3/.3 (one unseen).
    close(value(&moved, "flag", DriftMetric::JensenShannon), 0.3_f64.sqrt());
    close(value(&moved, "src", DriftMetric::JensenShannon), 1.0);
    // size: every value 500 larger; sd of the reference by its exact moments.
    let Shape::Numeric(size) = &reference.column("size").unwrap().shape else {
        panic!()
    };
    assert!((value(&moved, "size", DriftMetric::Wasserstein) - 500.0 / size.sd).abs() < 1e-3);
    assert!(
        moved
            .iter()
            .filter(|d| d.column == "flag" || d.column == "size")
            .all(|d| d.drifted == Some(true))
    );
    assert!(
        moved
            .iter()
            .filter(|d| d.column == "up")
            .all(|d| d.drifted == Some(false))
    );
}

#[test]
fn too_few_rows_give_numbers_but_no_verdict() {
    let reference = reference_of(&frame(3000, 0));
    let few = drifts(&reference, &frame(199, 1));
    assert!(!few.is_empty() && few.iter().all(|d| d.drifted.is_none()));
    assert!(
        drifts(&reference, &frame(200, 1))
            .iter()
            .any(|d| d.drifted == Some(true))
    );
    assert!(drifts(&reference, &frame(0, 0)).is_empty());
}

#[test]
fn batches_may_be_cut_anywhere() {
    let whole = frame(2500, 0);
    let reference = reference_of(&whole);
    let mut builder = ReferenceBuilder::new(&schema());
    for start in (0..2500).step_by(333) {
        builder.add(&whole.slice(start, 333));
    }
    let cut = builder.finish();
    for (a, b) in reference.columns.iter().zip(&cut.columns) {
        match (&a.shape, &b.shape) {
            (Shape::Numeric(a), Shape::Numeric(b)) => {
                assert_eq!(a.quantiles, b.quantiles);
                close(a.mean, b.mean);
                close(a.sd, b.sd);
            }
            _ => assert_eq!(a, b),
        }
    }
    assert_eq!(
        reference,
        reference_of(&whole),
        "the same input gives the same reference"
    );
}

#[test]
fn a_reference_reads_back() {
    let mut builder = ReferenceBuilder::new(&schema());
    builder.add(&frame(3000, 0));
    builder.add_scores(&[0.1, 0.2, 0.9]);
    builder.set_positive_rate(0.25);
    let reference = builder.finish();
    let json = serde_json::to_string(&reference).unwrap();
    assert_eq!(serde_json::from_str::<Reference>(&json).unwrap(), reference);
    let packed = rmp_serde::to_vec(&reference).unwrap();
    assert_eq!(rmp_serde::from_slice::<Reference>(&packed).unwrap(), reference);
}

#[test]
fn predictions_drift_too() {
    let scores: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
    let mut builder = ReferenceBuilder::new(&schema());
    builder.add_scores(&scores);
    builder.set_positive_rate(0.5);
    let reference = builder.finish();
    let mut profile = BatchProfile::new(&reference);
    profile.add_scores(&scores.iter().map(|s| s / 2.0).collect::<Vec<_>>());
    profile.set_positive_rate(0.0);
    let found = drift(&reference, &profile, &DriftThresholds::default());
    assert!(
        found
            .iter()
            .all(|d| d.kind == DriftKind::Prediction && d.column == PREDICTION)
    );
    close(value(&found, PREDICTION, DriftMetric::Ks), 0.5);
    assert_eq!(found.iter().map(|d| d.metric).collect::<Vec<_>>().len(), 4);
    assert!(found.iter().all(|d| d.drifted == Some(true)));
}

#[test]
fn a_constant_reference_measures_in_the_columns_own_unit() {
    let constant = |v: f64| DataFrame::new(300, vec![Cells::from(Series::new("rate".into(), vec![v; 300]))]).unwrap();
    let reference = reference_of(&constant(2.0));
    close(
        value(&drifts(&reference, &constant(2.0)), "rate", DriftMetric::Wasserstein),
        0.0,
    );
    close(
        value(&drifts(&reference, &constant(5.0)), "rate", DriftMetric::Wasserstein),
        3.0,
    );
}

#[test]
fn memory_is_bounded_by_caps() {
    let mut counts = IntCounts::new([5_000_000], 3);
    let values: Vec<i64> = (0..100)
        .map(|i| i * 1000)
        .chain([5_000_000, i64::MIN, i64::MAX])
        .collect();
    let series = Series::new("x".into(), values);
    counts.add(series.i64().unwrap());
    // 0 is dense; the known value and three others have a place.
    assert_eq!(counts.distinct(), 5);
    assert_eq!(counts.other, 98);
    let long = "x".repeat(10_000_000);
    assert!(category_key(&long).len() < 256);
    assert_ne!(category_key(&long), category_key(&long[1..]));
    assert_eq!(network_key("2001:db8::1"), "2001::/16");
    assert_eq!(network_key("::1"), "::/16");
}

proptest! {
    #[test]
    fn distances_are_metrics_within_bounds(
        a in prop::collection::vec(-1e6_f64..1e6, 1..60),
        b in prop::collection::vec(-1e6_f64..1e6, 1..60),
    ) {
        let sorted = |mut v: Vec<f64>| { v.sort_by(f64::total_cmp); v };
        let (a, b) = (sorted(a), sorted(b));
        let ks = kolmogorov_smirnov(&a, &b).unwrap();
        prop_assert!((0.0..=1.0).contains(&ks));
        prop_assert_eq!(ks, kolmogorov_smirnov(&b, &a).unwrap());
        let w = wasserstein(&a, &b).unwrap();
        prop_assert!(w >= 0.0 && (w - wasserstein(&b, &a).unwrap()).abs() <= 1e-6 * w.max(1.0));
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        // The distance is at least that of the means.
        prop_assert!(w >= (mean(&a) - mean(&b)).abs() - 1e-6 * w.max(1.0));
        prop_assert_eq!(wasserstein(&a, &a).unwrap(), 0.0);
    }

    #[test]
    fn histogram_distances_within_bounds(pairs in prop::collection::vec((0_u32..1000, 0_u32..1000), 1..20)) {
        let (p, q): (Vec<f64>, Vec<f64>) = pairs.iter().map(|(p, q)| (f64::from(*p), f64::from(*q))).unzip();
        if let Some(js) = jensen_shannon(&p, &q) {
            prop_assert!((0.0..=1.0).contains(&js));
            prop_assert!(psi(&p, &q).unwrap() >= -1e-12);
        }
    }
}
