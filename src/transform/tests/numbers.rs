//! Imputation, transforms and scaling of numbers: by hand, and against scikit-learn 1.7.2.

use super::*;
use crate::transform::numeric::{admit, narrow, skewness};
use crate::transform::scale::{Scale, quantile};

const X: [f64; 8] = [-3.5, 0.0, 1.25, 2.0, 2.0, 7.0, 11.0, 40.5];

fn scaled(scaling: Scaling, fit: &[f64], at: &[f64]) -> Vec<f32> {
    let frame = df!("x" => fit).unwrap();
    let wants = Wants { scaling, ..PLAIN };
    let columns = [column("x", ColumnType::Float)];
    let fitted = fit_with(&frame, &columns, &alternating(fit.len()), wants, &settings());
    feature(&fitted.transform(&df!("x" => at).unwrap()).unwrap(), "x")
}

#[test]
fn standard_scaling_is_that_of_scikit_learn() {
    // StandardScaler().fit_transform(x)
    let expected = [
        -0.8404214028848368,
        -0.5737721192499877,
        -0.4785402322375416,
        -0.42140110003007397,
        -0.42140110003007397,
        -0.04047355198028959,
        0.2642684864595379,
        2.5117410199532655,
    ];
    assert_close(&scaled(Scaling::Standard, &X, &X), &expected);
}

#[test]
fn min_max_scaling_is_that_of_scikit_learn_and_clips() {
    // MinMaxScaler(clip=True).fit(x).transform(…)
    let found = scaled(Scaling::MinMax, &X, &[-10.0, -3.5, 0.0, 2.0, 40.5, 99.0]);
    assert_close(&found, &[0.0, 0.0, 0.07954545454545454, 0.125, 1.0, 1.0]);
}

#[test]
fn robust_scaling_is_that_of_scikit_learn() {
    // RobustScaler().fit_transform(x)
    let expected = [
        -0.7787610619469026,
        -0.2831858407079646,
        -0.10619469026548672,
        0.0,
        0.0,
        0.7079646017699115,
        1.2743362831858407,
        5.451327433628318,
    ];
    assert_close(&scaled(Scaling::Robust, &X, &X), &expected);
}

#[test]
fn robust_scaling_without_an_interquartile_range_divides_by_the_deviation() {
    // Nine zeros and a ten: mean 1, deviation 3, both quartiles 0.
    let mut values = vec![0.0; 9];
    values.push(10.0);
    assert_eq!(
        Scale::fit(Scaling::Robust, &values),
        Scale::Linear {
            center: 0.0,
            divisor: 3.0
        }
    );
}

#[test]
fn constants_scale_to_zero() {
    for scaling in [Scaling::Standard, Scaling::MinMax, Scaling::Robust] {
        let scale = Scale::fit(scaling, &[7.0, 7.0, f64::NAN]);
        assert_eq!((scale, scale.apply(1e9)), (Scale::Zero, 0.0));
        assert!(scale.apply(f64::NAN).is_nan());
        assert_eq!(Scale::fit(scaling, &[f64::NAN]), Scale::Zero);
    }
}

#[test]
fn quantiles_interpolate() {
    assert_eq!(quantile(&[], 0.5), 0.0);
    assert_eq!(quantile(&[3.0], 0.75), 3.0);
    assert_eq!(quantile(&[1.0, 2.0, 4.0, 8.0], 0.5), 3.0);
    assert_eq!(quantile(&[1.0, 2.0, 4.0, 8.0], 0.75), 5.0);
}

#[test]
fn skewness_is_that_of_scipy() {
    assert!((skewness(&X) - 1.8528535967533148).abs() < 1e-12);
    assert_eq!(skewness(&[4.0, 4.0]), 0.0);
    assert_eq!(skewness(&[f64::NAN]), 0.0);
}

#[test]
fn auto_takes_the_logarithm_of_skewed_columns_only_where_scaling_is_wanted() {
    let mut bytes = vec![0.0; 19];
    bytes.push(std::f64::consts::E - 1.0);
    let frame = df!("bytes" => &bytes, "even" => (0..20).map(f64::from).collect::<Vec<_>>()).unwrap();
    let columns = [column("bytes", ColumnType::Float), column("even", ColumnType::Float)];
    let settings = TransformSettings::default();
    let labels = alternating(20);
    let wants = Wants {
        scaling: Scaling::MinMax,
        ..PLAIN
    };
    let fitted = fit_with(&frame, &columns, &labels, wants, &settings);
    // ln(1 + (e - 1)) = 1, the largest; ln(1 + (sqrt(e) - 1)) = .5.
    let half = df!("bytes" => [1f64.exp().sqrt() - 1.0], "even" => [9.5]).unwrap();
    let matrix = fitted.transform(&half).unwrap();
    assert_close(&feature(&matrix, "bytes"), &[0.5]);
    assert_close(&feature(&matrix, "even"), &[0.5]);
    let plain = fit_with(&frame, &columns, &labels, PLAIN, &settings);
    assert_close(
        &feature(&plain.transform(&half).unwrap(), "bytes"),
        &[0.648721270700128],
    );
}

#[test]
fn the_logarithm_keeps_the_sign() {
    let frame = df!("x" => [-1.0, 0.0, 3.0]).unwrap();
    let log = TransformSettings {
        numeric_transform: NumericTransform::Log1p,
        ..settings()
    };
    let fitted = fit_with(&frame, &[column("x", ColumnType::Float)], &alternating(3), PLAIN, &log);
    let found = feature(&fitted.transform(&frame).unwrap(), "x");
    assert_close(&found, &[-std::f64::consts::LN_2, 0.0, 4f64.ln()]);
}

#[test]
fn gaps_are_filled_and_flagged_where_training_had_gaps() {
    let frame = df!("x" => [Some(1i64), None, Some(4), Some(10)], "y" => [1.0, 2.0, 3.0, 4.0]).unwrap();
    let columns = [column("x", ColumnType::Int), column("y", ColumnType::Float)];
    let scored = df!("x" => [None, Some(7i64)], "y" => [Some(f64::NAN), None]).unwrap();
    for (how, fill) in [
        (NumberImputation::Median, 4.0),
        (NumberImputation::Mean, 5.0),
        (NumberImputation::Constant, -1.0),
    ] {
        let settings = TransformSettings {
            impute_numbers: how,
            impute_constant: -1.0,
            ..settings()
        };
        let fitted = fit_with(&frame, &columns, &alternating(4), PLAIN, &settings);
        assert_eq!(names(&fitted), ["x", "x is missing", "y"]);
        let matrix = fitted.transform(&scored).unwrap();
        assert_eq!(feature(&matrix, "x"), [fill, 7.0]);
        assert_eq!(feature(&matrix, "x is missing"), [1.0, 0.0]);
        let of_y = if how == NumberImputation::Constant { -1.0 } else { 2.5 };
        assert_eq!(feature(&matrix, "y"), [of_y, of_y]);
    }
}

#[test]
fn kept_gaps_are_nan_without_a_flag() {
    let frame = df!("x" => [Some(1.0), None, Some(3.0)]).unwrap();
    let wants = Wants {
        missing: MissingValues::Keep,
        scaling: Scaling::Standard,
        ..PLAIN
    };
    let fitted = fit_with(
        &frame,
        &[column("x", ColumnType::Float)],
        &alternating(3),
        wants,
        &settings(),
    );
    assert_eq!(names(&fitted), ["x"]);
    let found = feature(&fitted.transform(&frame).unwrap(), "x");
    assert_eq!((found[0], found[2]), (-1.0, 1.0));
    assert!(found[1].is_nan());
}

fn gaps() -> (DataFrame, [SchemaColumn; 3]) {
    let frame = df!(
        "a" => [Some(1.0), Some(3.0), None, Some(8.0), Some(2.5), Some(7.0)],
        "b" => [Some(2.0), Some(4.0), Some(6.0), Some(8.0), None, Some(1.0)],
        "c" => [None, Some(3.0), Some(5.0), Some(7.0), Some(4.0), Some(9.5)],
    )
    .unwrap();
    (frame, ["a", "b", "c"].map(|name| column(name, ColumnType::Float)))
}

#[test]
fn nearest_neighbours_are_those_of_scikit_learn() {
    let (frame, columns) = gaps();
    let settings = TransformSettings {
        impute_numbers: NumberImputation::Knn,
        knn_neighbours: 2,
        ..settings()
    };
    let fitted = fit_with(&frame, &columns, &alternating(6), PLAIN, &settings);
    // StandardScaler, then KNNImputer(n_neighbors=2), then StandardScaler.inverse_transform.
    let matrix = fitted.transform(&frame).unwrap();
    assert_close(&feature(&matrix, "a"), &[1.0, 3.0, 2.75, 8.0, 2.5, 7.0]);
    assert_close(&feature(&matrix, "b"), &[2.0, 4.0, 6.0, 8.0, 5.0, 1.0]);
    assert_close(&feature(&matrix, "c"), &[3.5, 3.0, 5.0, 7.0, 4.0, 9.5]);
    let scored = df!("a" => [None::<f64>, None], "b" => [Some(5.2), None], "c" => [None, Some(1.0)]).unwrap();
    let matrix = fitted.transform(&scored).unwrap();
    assert_close(&feature(&matrix, "a"), &[5.5, 2.75]);
    assert_close(&feature(&matrix, "b"), &[5.2, 5.0]);
    assert_close(&feature(&matrix, "c"), &[4.0, 1.0]);
    // A row without any number has no neighbours: medians (scikit-learn takes means).
    let nothing = df!("a" => [None::<f64>], "b" => [None::<f64>], "c" => [None::<f64>]).unwrap();
    let matrix = fitted.transform(&nothing).unwrap();
    assert_close(&matrix.values.row(0).to_vec()[..1], &[3.0]);
    assert_close(&feature(&matrix, "b"), &[4.0]);
    assert_close(&feature(&matrix, "c"), &[5.0]);
}

#[test]
fn scaling_learns_from_what_the_neighbours_filled_in() {
    let (frame, columns) = gaps();
    let settings = TransformSettings {
        impute_numbers: NumberImputation::Knn,
        knn_neighbours: 2,
        ..settings()
    };
    let wants = Wants {
        scaling: Scaling::Standard,
        ..PLAIN
    };
    let fitted = fit_with(&frame, &columns, &alternating(6), wants, &settings);
    let filled = feature(&fitted.transform(&frame).unwrap(), "a");
    let mean: f32 = filled.iter().sum::<f32>() / 6.0;
    let square: f32 = filled.iter().map(|v| v * v).sum::<f32>() / 6.0;
    assert!(
        mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-6,
        "mean {mean}, square {square}"
    );
}

#[test]
fn numbers_enter_and_leave_finite() {
    assert!(admit(f64::INFINITY).is_nan());
    assert_eq!(admit(-1e308), -f64::from(f32::MAX));
    assert_eq!(narrow(f64::INFINITY), f32::MAX);
    assert_eq!(narrow(-1e300), f32::MIN);
    assert!(narrow(f64::NAN).is_nan());
    for scaling in [Scaling::None, Scaling::Standard, Scaling::MinMax, Scaling::Robust] {
        let wild = [-1e308, 1e308, f64::INFINITY, 5e-324, -0.0, 3.0];
        assert!(
            scaled(scaling, &wild, &wild).iter().all(|v| v.is_finite()),
            "{scaling:?}"
        );
    }
}
