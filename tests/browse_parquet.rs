//! Parquet is looked at as any other table: types, rows, order, filter, lines.

use std::fs::File;

use nsec_tui::browse::{ColumnKind, RowCount, SortKey, View, Work, arrange, open_file};
use nsec_tui::cancel::CancelToken;
use nsec_tui::data::ReadSettings;
use polars::prelude::{Column, DataFrame, ParquetWriter};

#[test]
fn parquet_is_a_table_like_any_other() {
    let rows = 40_000_i64;
    let numbers: Vec<Option<i64>> = (0..rows).map(|at| (at % 10 != 3).then_some(rows - at)).collect();
    let texts: Vec<String> = (0..rows).map(|at| format!("line {at}\n\"two\", {}", at % 7)).collect();
    let columns = vec![
        Column::new("number".into(), numbers),
        Column::new("text".into(), texts),
        Column::new("share".into(), (0..rows).map(|at| at as f64 / 8.0).collect::<Vec<_>>()),
    ];
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    let file = tempfile::Builder::new().suffix(".parquet").tempfile().unwrap();
    ParquetWriter::new(File::create(file.path()).unwrap())
        .finish(&mut frame)
        .unwrap();

    let (table, indexing) = open_file(file.path(), &ReadSettings::default()).unwrap();
    assert_eq!(table.format(), "Parquet");
    assert_eq!(
        table.read([0], 50).unwrap()[0].cells,
        ["40000", "line 0\n\"two\", 0", "0.0"]
    );
    indexing.run(&CancelToken::new(), &|_| {});
    let known = RowCount {
        known: rows as u64,
        complete: true,
        estimated: None,
    };
    assert_eq!(table.row_count(), known);
    let kinds: Vec<ColumnKind> = table.columns().iter().map(|column| column.kind).collect();
    assert_eq!(kinds, [ColumnKind::Integer, ColumnKind::Text, ColumnKind::Number]);
    // Row n, counted from 1, stands on line n + 1, whatever line ends are in its cells.
    assert_eq!(table.rows_at_lines(&[2, 40_001, 40_002]).unwrap(), [0, 39_999]);

    let cancel = CancelToken::new();
    let control = Work {
        cancel: &cancel,
        progress: &|_, _, _| {},
    };
    let keys = [SortKey {
        column: 0,
        descending: false,
    }];
    let view = arrange(&table, &["share < 5 and text like '%, 1'".to_owned()], &keys, control).unwrap();
    let places: Vec<u64> = view.rows(0, 100).collect();
    // 1, 8, 15 … below 40, the greatest row having the least number; 8 has 3 as its last digit nowhere.
    assert_eq!(places, [36, 29, 22, 15, 8, 1]);
    assert_eq!(View::all().len(&table), rows as u64);
}
