//! Properties that hold for any data: finite values, rows that do not see each other, order and threads that do not
//! matter.

use proptest::prelude::*;

use super::saved::{everything, variants};
use super::*;

#[test]
fn a_slice_of_the_matrix_is_the_matrix_of_the_slice() {
    // Enough rows for the parallel path; slices take the serial one.
    let (frame, columns) = everything(9_000);
    for (wants, settings) in variants().into_iter().step_by(5) {
        let fitted = fit_with(&frame.slice(0, 120), &columns, &alternating(120), wants, &settings);
        let whole = fitted.transform(&frame).unwrap();
        assert_eq!(whole.rows(), 9_000);
        for (start, length) in [(0, 1), (1, 300), (4_095, 2), (8_999, 1), (0, 4_096), (257, 4_100)] {
            let part = fitted.transform(&frame.slice(start, length)).unwrap();
            let rows: Vec<usize> = (start as usize..start as usize + length).collect();
            assert_eq!(bits(&part), bits(&whole.select_rows(&rows)));
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (frame, columns) = everything(9_000);
    let (wants, settings) = variants()[2].clone();
    let labels = alternating(9_000);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let fitted = fit_with(&frame, &columns, &labels, wants, &settings);
            (
                serde_json::to_vec(&fitted).unwrap(),
                bits(&fitted.transform(&frame).unwrap()),
            )
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn column_order_and_extra_columns_change_nothing() {
    let (frame, columns) = everything(50);
    let (wants, settings) = variants()[0].clone();
    let fitted = fit_with(&frame, &columns, &alternating(50), wants, &settings);
    let mut shuffled = frame
        .select(["when", "dst", "src", "flag", "tls", "service", "rate"])
        .unwrap();
    shuffled
        .with_column(Series::new("extra".into(), vec![f64::NAN; 50]).into())
        .unwrap();
    assert_eq!(
        bits(&fitted.transform(&shuffled).unwrap()),
        bits(&fitted.transform(&frame).unwrap())
    );
    let again = fit_with(&shuffled, &columns, &alternating(50), wants, &settings);
    assert_eq!(again, fitted);
}

#[test]
fn chunked_columns_are_read_whole() {
    let (frame, columns) = everything(60);
    let (wants, settings) = variants()[0].clone();
    let fitted = fit_with(&frame, &columns, &alternating(60), wants, &settings);
    let stacked = frame.slice(0, 17).vstack(&frame.slice(17, 43)).unwrap();
    assert!(stacked.column("flag").unwrap().n_chunks() > 1);
    assert_eq!(
        bits(&fitted.transform(&stacked).unwrap()),
        bits(&fitted.transform(&frame).unwrap())
    );
    assert_eq!(fit_with(&stacked, &columns, &alternating(60), wants, &settings), fitted);
}

#[test]
fn no_rows_give_no_rows() {
    let (frame, columns) = everything(50);
    let (wants, settings) = variants()[0].clone();
    let fitted = fit_with(&frame, &columns, &alternating(50), wants, &settings);
    let matrix = fitted.transform(&frame.slice(0, 0)).unwrap();
    assert_eq!((matrix.rows(), matrix.width()), (0, fitted.width()));
    assert!(matrix.values.is_standard_layout());
}

#[test]
fn columns_without_any_value_are_dropped_in_training_and_filled_in_scoring() {
    let (frame, columns) = everything(50);
    let empty = frame.slice(0, 50);
    let names: Vec<String> = columns.iter().skip(1).map(|c| c.name.clone()).collect();
    let mut blank = empty.clone();
    for name in &names {
        let kind = frame.column(name).unwrap().dtype().clone();
        blank
            .with_column(Series::full_null(name.as_str().into(), 50, &kind).into())
            .unwrap();
    }
    for (wants, settings) in variants() {
        let fitted = fit_with(&blank, &columns, &alternating(50), wants, &settings);
        assert!(
            fitted.features().iter().all(|f| f.source == "flag"),
            "{:?}",
            fitted.features()
        );
        let fitted = fit_with(&frame, &columns, &alternating(50), wants, &settings);
        let matrix = fitted.transform(&blank).unwrap();
        if wants.missing == MissingValues::Impute {
            assert!(matrix.values.iter().all(|v| v.is_finite()));
        }
    }
}

fn any_number() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        3 => (-100.0..100.0f64).prop_map(Some),
        1 => any::<f64>().prop_map(Some),
        1 => Just(None),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn imputed_matrices_are_finite_and_one_hot_rows_name_one_category(
        rows in prop::collection::vec(
            (any_number(), prop::option::of(-3i64..3), prop::option::of("[a-c]{0,2}"), any::<bool>()), 2..60),
        fresh in prop::collection::vec((any_number(), prop::option::of(any::<i64>()), prop::option::of(".{0,3}")), 1..20),
        scaling in prop::sample::select(vec![Scaling::None, Scaling::Standard, Scaling::MinMax, Scaling::Robust]),
        knn in any::<bool>(),
    ) {
        let frame = df!(
            "x" => rows.iter().map(|r| r.0).collect::<Vec<_>>(),
            "n" => rows.iter().map(|r| r.1).collect::<Vec<_>>(),
            "c" => rows.iter().map(|r| r.2.clone()).collect::<Vec<_>>(),
        ).unwrap();
        let labels: Vec<bool> = rows.iter().map(|r| r.3).collect();
        let columns = [column("x", ColumnType::Float), column("n", ColumnType::Int), column("c", ColumnType::Category)];
        let wants = Wants { scaling, discrete_as_categories: true, ..PLAIN };
        let how = if knn { NumberImputation::Knn } else { NumberImputation::Median };
        let settings = TransformSettings { impute_numbers: how, min_category_rows: 1, ..TransformSettings::default() };
        let fitted = match Preprocessor::fit(&frame, &columns, &labels, &wants, &settings) {
            Ok(fitted) => fitted,
            Err(error) => {
                prop_assert_eq!(error, TransformError::NoFeatures { rows: rows.len() });
                return Ok(());
            }
        };
        let scored = df!(
            "c" => fresh.iter().map(|r| r.2.clone()).collect::<Vec<_>>(),
            "x" => fresh.iter().map(|r| r.0).collect::<Vec<_>>(),
            "n" => fresh.iter().map(|r| r.1).collect::<Vec<_>>(),
        ).unwrap();
        let categories: Vec<usize> = fitted.features().iter().enumerate()
            .filter(|(_, f)| f.source == "c" && f.name.starts_with("c=")).map(|(at, _)| at).collect();
        for frame in [&frame, &scored] {
            let matrix = fitted.transform(frame).unwrap();
            prop_assert!(matrix.values.iter().all(|v| v.is_finite()));
            for row in matrix.values.outer_iter().filter(|_| !categories.is_empty()) {
                let named: f32 = categories.iter().map(|&at| row[at]).sum();
                prop_assert_eq!(named, 1.0);
            }
        }
        let json = serde_json::to_string(&fitted).unwrap();
        let read: Preprocessor = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(bits(&read.transform(&scored).unwrap()), bits(&fitted.transform(&scored).unwrap()));
    }
}
