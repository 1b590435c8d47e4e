//! Rows are those that another reader sees, wherever they are asked for.

use proptest::prelude::*;

use super::super::testing::{csv_of, file, just_opened, opened, quietly};
use super::super::{Exported, RowCount, View, export};
use crate::cancel::CancelToken;

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z0-9 .-]{0,6}",
        2 => "[,\"\n\r;'é漢a]{0,5}",
        1 => "-?[0-9]{1,4}",
    ]
}

fn table() -> impl Strategy<Value = (usize, Vec<Vec<String>>)> {
    (1_usize..6).prop_flat_map(|columns| {
        let row = proptest::collection::vec(cell(), columns);
        (Just(columns), proptest::collection::vec(row, 0..120))
    })
}

/// What the `csv` crate reads, blank lines left out.
fn reference(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn rows_are_those_of_the_csv_crate((columns, cells) in table(), carriage in any::<bool>()) {
        let mut bytes = csv_of(&cells, columns);
        if carriage && !cells.iter().flatten().any(|cell| cell.contains(['\n', '\r'])) {
            bytes = String::from_utf8(bytes).unwrap().replace('\n', "\r\n").into_bytes();
        }
        let expected = reference(&bytes);
        let file = file(&bytes, ".csv");
        let table = opened(&file);
        prop_assert_eq!(table.columns().len(), columns);
        let known = RowCount { known: expected.len() as u64, complete: true, estimated: None };
        prop_assert_eq!(table.row_count(), known);
        let rows = table.read(0..known.known, 100).unwrap();
        for (row, cells) in rows.iter().zip(&expected) {
            prop_assert_eq!(&row.cells, cells);
            prop_assert_eq!(&row.trouble, &None);
        }
        // Backwards, one by one.
        for at in (0..known.known).rev() {
            let row = table.read([at], 100).unwrap().pop().unwrap();
            prop_assert_eq!(&row.cells, &expected[at as usize]);
            prop_assert_eq!(row.ordinal, Some(at));
        }
    }

    #[test]
    fn what_is_exported_reads_back((columns, cells) in table()) {
        let source = file(&csv_of(&cells, columns), ".csv");
        let table = opened(&source);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.csv");
        let chosen: Vec<usize> = (0..columns).rev().collect();
        let written = quietly(|control| export(&table, &View::all(), &chosen, &path, false, control)).unwrap();
        let expected: Vec<Vec<String>> = reference(&std::fs::read(source.path()).unwrap());
        prop_assert_eq!(written, Exported { rows: expected.len() as u64, ragged: 0 });
        let back = reference(&std::fs::read(&path).unwrap());
        let turned: Vec<Vec<String>> = expected.into_iter().map(|row| row.into_iter().rev().collect()).collect();
        prop_assert_eq!(back, turned);
    }

    #[test]
    fn any_bytes_open_without_a_panic(bytes in proptest::collection::vec(prop_oneof![
        Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), Just(b'a'), Just(b'1'), Just(0_u8), Just(0xff_u8), any::<u8>(),
    ], 0..400), log in any::<bool>()) {
        let mut text = if log { b"#separator \\x09\n#fields\ta\tb\n".to_vec() } else { b"a,b\n".to_vec() };
        text.extend(bytes);
        let file = file(&text, ".csv");
        let Ok((table, indexing)) = super::super::open_file(file.path(), &crate::data::ReadSettings::default()) else {
            return Ok(());
        };
        indexing.run(&CancelToken::new(), &|_| {});
        let count = table.row_count();
        prop_assert!(count.complete);
        let rows = table.read(0..count.known, 50).unwrap();
        prop_assert_eq!(rows.len() as u64, count.known);
        let view = quietly(|control| super::super::arrange(&table, &["a < 5 or b = 'a'".to_owned()], &[], control)).unwrap();
        prop_assert!(view.len(&table) <= count.known);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn the_tail_is_never_wrong((columns, cells) in table(), bytes in 400_000_usize..600_000) {
        let text = csv_of(&cells, columns);
        let head = memchr::memchr(b'\n', &text).map_or(text.len(), |feed| feed + 1);
        let times = bytes / (text.len() - head).max(1);
        let rows = if text.len() > head { text[head..].repeat(times) } else { Vec::new() };
        let file = file(&[&text[..head], &rows].concat(), ".csv");
        let (table, indexing) = just_opened(&file);
        let early = table.last_rows(30, 100).unwrap();
        indexing.run(&CancelToken::new(), &|_| {});
        let late = table.last_rows(30, 100).unwrap().unwrap();
        if let Some(early) = early {
            let cells = |rows: &[super::super::TableRow]| rows.iter().map(|row| row.cells.clone()).collect::<Vec<_>>();
            prop_assert_eq!(cells(&early), cells(&late));
        }
    }
}
