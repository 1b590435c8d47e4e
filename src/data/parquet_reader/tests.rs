//! Owns the tests of reading Parquet.

use std::io::Cursor;

use polars::prelude::{
    CategoricalPhysical, Categories, Column, DataType, Int32Chunked, Int64Chunked, IntoColumn, NamedFrom,
    ParquetWriter, Series, TimeUnit, TimeZone,
};
use proptest::prelude::*;

use super::super::testing::{Drained, drain, gzip};
use super::super::{ReadSettings, Source, open, open_bytes};
use super::*;

fn write(columns: Vec<Column>, group: usize) -> Vec<u8> {
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    let mut out = Cursor::new(Vec::new());
    ParquetWriter::new(&mut out)
        .with_row_group_size(Some(group))
        .finish(&mut frame)
        .unwrap();
    out.into_inner()
}

fn read(bytes: Vec<u8>, max_rows: usize) -> Drained {
    drain(
        open_bytes("t.parquet", bytes, &ReadSettings::default()).unwrap(),
        max_rows,
    )
}

fn every_type() -> Vec<Column> {
    vec![
        Series::new("i".into(), &[Some(i64::MIN), None, Some(7)]).into_column(),
        Series::new("u".into(), &[Some(u64::MAX), Some(0), None]).into_column(),
        Series::new("s".into(), &[Some(-3_i32), Some(0), None]).into_column(),
        Series::new("f".into(), &[Some(1.0), Some(f64::NAN), Some(1e-7)]).into_column(),
        Series::new("g".into(), &[Some(0.1_f32), None, Some(f32::INFINITY)]).into_column(),
        Series::new("b".into(), &[Some(true), Some(false), None]).into_column(),
        Series::new("t".into(), &[Some("a,\"b\"\n"), Some(""), None]).into_column(),
        Int32Chunked::new("d".into(), &[Some(0), Some(-1), None])
            .into_date()
            .into_column(),
        Int64Chunked::new("ms".into(), &[Some(1_700_000_000_123), Some(-1), None])
            .into_datetime(TimeUnit::Milliseconds, None)
            .into_column(),
        Int64Chunked::new("us".into(), &[Some(1_700_000_000_000_001), Some(0), None])
            .into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC))
            .into_column(),
        Series::new("c".into(), &[Some("x"), Some("y"), None])
            .cast(&DataType::from_categories(Categories::new(
                "c".into(),
                "test".into(),
                CategoricalPhysical::U32,
            )))
            .unwrap()
            .into_column(),
    ]
}

#[test]
fn every_type_as_canonical_text() {
    let all = read(write(every_type(), 2), 10);
    assert_eq!(all.header, ["i", "u", "s", "f", "g", "b", "t", "d", "ms", "us", "c"]);
    let wanted = [
        [
            "-9223372036854775808",
            "18446744073709551615",
            "-3",
            "1.0",
            "0.1",
            "true",
            "a,\"b\"\n",
            "1970-01-01",
            "2023-11-14T22:13:20.123000",
            "2023-11-14T22:13:20.000001Z",
            "x",
        ],
        [
            "",
            "0",
            "0",
            "NaN",
            "",
            "false",
            "",
            "1969-12-31",
            "1969-12-31T23:59:59.999000",
            "1970-01-01T00:00:00Z",
            "y",
        ],
        ["7", "", "", "1e-7", "inf", "", "", "", "", "", ""],
    ];
    assert_eq!(all.texts(), wanted);
    assert_eq!(all.lines(), [2, 3, 4]);
}

#[test]
fn many_row_groups_in_order_from_a_file() {
    let values: Vec<i64> = (0..300_000).collect();
    let bytes = write(vec![Series::new("n".into(), &values).into_column()], 70_000);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("n.parquet");
    std::fs::write(&path, &bytes).unwrap();
    for max_rows in [999, 1_000_000] {
        let all = drain(
            open(&Source::Path(path.clone()), &ReadSettings::default()).unwrap(),
            max_rows,
        );
        assert_eq!(all.rows.len(), values.len());
        for (at, (line, cells)) in all.rows.iter().enumerate() {
            assert_eq!((*line, cells[0].as_slice()), (at as u64 + 2, at.to_string().as_bytes()));
        }
    }
}

#[test]
fn a_table_without_rows_and_one_with_lists() {
    let none = Series::new("n".into(), Vec::<i64>::new()).into_column();
    let all = read(write(vec![none], 10), 10);
    assert_eq!((all.header, all.rows.len()), (vec!["n".to_owned()], 0));

    let list = Series::new("lists".into(), &[Series::new("".into(), &[1_i64, 2])]).into_column();
    let error = match open_bytes("t.parquet", write(vec![list], 10), &ReadSettings::default()) {
        Ok(_) => panic!("it opened"),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("column \"lists\""), "{error}");
}

#[test]
fn parquet_needs_the_file_itself() {
    let bytes = write(every_type(), 10);
    let error = open_bytes("t.parquet.gz", gzip(&bytes), &ReadSettings::default())
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, DataError::Unsupported { .. }), "{error}");
    for cut in [4, 5, 20, bytes.len() / 2, bytes.len() - 1] {
        let error = open_bytes("t.parquet", bytes[..cut].to_vec(), &ReadSettings::default())
            .map(|_| ())
            .unwrap_err();
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

proptest! {
    // The seed is fixed: a run length deep inside a damaged page can make Polars ask for memory that no machine has, which
    // ends the process and cannot be caught; the footer's own counts are checked before.
    #![proptest_config(ProptestConfig { cases: 256, rng_seed: prop::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]
    #[test]
    fn damaged_footers_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = write(every_type(), 2);
        let length = bytes.len();
        let footer = u32::from_le_bytes(bytes[length - 8..length - 4].try_into().unwrap()) as usize + 8;
        for (at, value) in damage {
            bytes[length - footer + at.index(footer)] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(reader) = open_bytes("t.parquet", bytes, &ReadSettings::default()) {
            drain(reader, 2);
        }
    }

    #[test]
    fn arbitrary_bytes_between_the_magic_never_panic(middle in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = [b"PAR1", middle.as_slice(), b"PAR1"].concat();
        if let Ok(reader) = open_bytes("t.parquet", bytes, &ReadSettings::default()) {
            drain(reader, 2);
        }
    }
}
