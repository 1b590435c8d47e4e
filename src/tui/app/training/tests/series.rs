//! Proof of bounded series: what is exact stays exact, and nothing grows.

use proptest::prelude::*;

use super::super::curves::{Curves, SeriesKey};
use super::super::series::{FULL, Point, SMALL, Series, smoothed};

fn point(iteration: u64, train: f64, validation: Option<f64>) -> Point {
    Point {
        iteration,
        train,
        validation,
    }
}

fn key(trial: usize) -> SeriesKey {
    SeriesKey {
        model: "a".to_owned(),
        trial: Some(trial),
        fold: Some(1),
    }
}

#[test]
fn the_best_is_by_validation_and_the_earliest_of_equals() {
    let mut series = Series::new("log_loss", Some(9));
    for (at, train, validation) in [
        (1, 0.5, None),
        (2, 0.9, Some(0.7)),
        (3, 0.1, Some(0.6)),
        (4, 0.05, Some(0.6)),
        (5, 0.01, Some(f64::NAN)),
        (6, 0.0, Some(0.8)),
    ] {
        series.push(point(at, train, validation));
    }
    assert_eq!(series.best(), Some(point(3, 0.1, Some(0.6))));
    assert_eq!(series.last(), Some(point(6, 0.0, Some(0.8))));
    let mut rising = Series::new("pr_auc", None);
    rising.push(point(1, 0.9, None));
    rising.push(point(2, 0.8, None));
    assert_eq!(rising.best(), Some(point(1, 0.9, None)));
}

#[test]
fn a_hundred_thousand_iterations_take_a_bounded_number_of_buckets() {
    let mut series = Series::new("log_loss", None);
    for at in 1..=100_000 {
        series.push(point(at, 1.0 / at as f64, None));
    }
    assert!((FULL / 2..=FULL).contains(&series.buckets().len()));
    assert_eq!(series.range(), Some((1, 100_000)));
    series.shrink();
    assert!(series.buckets().len() <= SMALL);
    series.push(point(u64::MAX, 7.0, None));
    series.push(point(0, 8.0, None));
    series.push(point(3, 9.0, None));
    assert!(series.buckets().len() <= SMALL);
    assert_eq!(series.last().map(|last| last.train), Some(7.0));
}

#[test]
fn the_bucket_nearest_to_an_iteration_is_found() {
    let mut series = Series::new("log_loss", None);
    assert_eq!(series.at(1), None);
    for at in [3, 4, 10] {
        series.push(point(at, at as f64, None));
    }
    let found = |at| series.at(at).map(|bucket| bucket.from);
    assert_eq!([0, 3, 5, 7, 8, 99].map(found), [3, 3, 4, 4, 10, 10].map(Some));
}

#[test]
fn smoothing_begins_where_the_values_do_and_keeps_gaps() {
    let values = [Some(1.0), None, Some(3.0), Some(f64::NAN)];
    let smooth = smoothed(values.into_iter(), 0.5);
    // (0.5 * 0.5 * 1 + 0.5 * 3) / (0.5 * 0.5 + 0.5) = 1.75 / 0.75
    assert_eq!(smooth, [Some(1.0), None, Some(1.75 / 0.75), None]);
}

#[test]
fn many_series_are_bounded_and_the_best_trial_is_kept() {
    let mut curves = Curves::default();
    for trial in 1..=300 {
        for at in 1..=300 {
            let keep = |key: &SeriesKey| key.trial == Some(7);
            curves.push(key(trial), "log_loss", 300, point(at, 1.0, None), keep);
        }
    }
    assert_eq!(curves.all().len() + curves.dropped(), 300);
    assert!(curves.all().len() <= 128);
    assert!(curves.get(&key(7)).is_some());
    assert!(curves.get(&key(8)).is_none());
    let full = curves.all().iter().filter(|(_, series)| series.buckets().len() > SMALL);
    assert_eq!(full.count(), 16);
    assert_eq!(curves.newest(None).map(|(key, _)| key.trial), Some(Some(300)));
    assert!(curves.newest(Some("b")).is_none());
}

#[test]
fn series_are_walked_through_in_order() {
    let mut curves = Curves::default();
    for trial in 1..=3 {
        curves.push(key(trial), "log_loss", 9, point(1, 1.0, None), |_| false);
    }
    let first = curves.after(None, None).cloned();
    assert_eq!(first, Some(key(1)));
    assert_eq!(curves.after(first.as_ref(), Some("a")), Some(&key(2)));
    assert_eq!(curves.after(Some(&key(3)), None), None);
    assert_eq!(curves.after(None, Some("b")), None);
    assert_eq!(key(2).to_string(), "a, trial 2, fold 1");
    let final_fit = SeriesKey {
        trial: None,
        fold: None,
        ..key(1)
    };
    assert_eq!(final_fit.to_string(), "a, final fit");
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![9 => -100.0..100.0_f64, 1 => any::<f64>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn buckets_keep_every_extreme(
        values in prop::collection::vec((value(), prop::option::of(value())), 1..2500),
        shrink_at in 0usize..4000,
        rising: bool,
    ) {
        let mut series = Series::new(if rising { "f1" } else { "log_loss" }, None);
        for (at, (train, validation)) in values.iter().enumerate() {
            if at == shrink_at {
                series.shrink();
            }
            series.push(point(at as u64 + 1, *train, *validation));
        }
        let most = if shrink_at < values.len() { SMALL } else { FULL };
        prop_assert!(series.buckets().len() <= most);
        prop_assert_eq!(series.count(), values.len() as u64);
        let last = series.last().unwrap();
        prop_assert_eq!(last.iteration, values.len() as u64);
        prop_assert_eq!(last.train.to_bits(), values[values.len() - 1].0.to_bits());
        let mut next = 1;
        for bucket in series.buckets() {
            prop_assert_eq!(bucket.from, next);
            next = bucket.to + 1;
            let inside = &values[bucket.from as usize - 1..bucket.to as usize];
            let finite: Vec<f64> = inside.iter().map(|(train, _)| *train).filter(|v| v.is_finite()).collect();
            let low = finite.iter().copied().reduce(f64::min);
            let high = finite.iter().copied().reduce(f64::max);
            prop_assert_eq!(bucket.train.map(|extent| extent.low), low);
            prop_assert_eq!(bucket.train.map(|extent| extent.high), high);
            prop_assert_eq!(bucket.train.map(|extent| extent.first), finite.first().copied());
            prop_assert_eq!(bucket.train.map(|extent| extent.last), finite.last().copied());
        }
        prop_assert_eq!(next, values.len() as u64 + 1);
    }

    #[test]
    fn the_best_is_the_best_of_all(values in prop::collection::vec(value(), 1..2500), rising: bool) {
        let mut series = Series::new(if rising { "f1" } else { "log_loss" }, None);
        for (at, value) in values.iter().enumerate() {
            series.push(point(at as u64 + 1, 0.0, Some(*value)));
        }
        let finite = values.iter().copied().filter(|v| v.is_finite());
        let best = finite.reduce(if rising { f64::max } else { f64::min });
        prop_assert_eq!(series.best().and_then(|best| best.validation), best);
        if let Some(best) = best {
            let first = values.iter().position(|v| *v == best).unwrap();
            prop_assert_eq!(series.best().unwrap().iteration, first as u64 + 1);
        }
    }
}
