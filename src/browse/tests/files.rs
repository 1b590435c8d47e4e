//! Files of every kind, sound and hostile, and files that change while they are looked at.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::testing::{csv_of, file, just_opened, opened, ordinals, quietly, rows};
use super::super::{
    BrowseError, ColumnKind, Direction, Exported, Pattern, RowCount, Search, SortKey, View, arrange, export, find,
    open_file, statistics,
};
use crate::cancel::CancelToken;
use crate::data::ReadSettings;

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn cells(count: usize) -> Vec<Vec<String>> {
    (0..count)
        .map(|at| vec![at.to_string(), format!("text {at}"), (at % 7).to_string()])
        .collect()
}

#[test]
fn every_hostile_file_opens_or_says_why_not() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/files");
    let mut opened = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match open_file(&path, &ReadSettings::default()) {
            Ok((table, indexing)) => {
                opened += 1;
                indexing.run(&CancelToken::new(), &|_| {});
                let known = table.row_count().known;
                let found = table.read(0..known, 80).unwrap();
                assert_eq!(found.len() as u64, known, "{}", path.display());
                assert!(found.iter().all(|row| row.cells.len() == table.columns().len()));
                let whole = table.row_count().complete;
                for column in 0..table.columns().len().min(3) {
                    let result = quietly(|control| statistics(&table, &View::all(), column, Some(0), control));
                    assert_eq!(result.is_ok(), whole, "{}", path.display());
                }
            }
            Err(error) => {
                let message = error.to_string();
                assert!(!message.is_empty() && !message.contains('\n'), "{message}");
            }
        }
    }
    assert!(opened > 30, "{opened}");
}

#[test]
fn gzip_is_unpacked_behind_the_first_rows() {
    let text = csv_of(&cells(60_000), 3);
    let file = file(&packed(&text), ".csv.gz");
    let (table, indexing) = just_opened(&file);
    assert_eq!(table.format(), "CSV, gzip");
    let early = table.row_count();
    assert!(
        early.known > 100 && !early.complete && early.estimated.is_some(),
        "{early:?}"
    );
    assert_eq!(table.read([0], 50).unwrap()[0].cells, ["0", "text 0", "0"]);
    assert_eq!(table.last_rows(5, 50).unwrap(), None);
    indexing.run(&CancelToken::new(), &|_| {});
    assert_eq!(
        table.row_count(),
        RowCount {
            known: 60_000,
            complete: true,
            estimated: None
        }
    );
    assert_eq!(
        table.last_rows(1, 50).unwrap().unwrap()[0].cells,
        ["59999", "text 59999", "2"]
    );
}

#[test]
fn rows_before_damage_are_shown_and_the_rest_is_told() {
    let text = csv_of(&cells(60_000), 3);
    let mut bytes = packed(&text);
    bytes.truncate(bytes.len() / 2);
    let file = file(&bytes, ".csv.gz");
    let table = opened(&file);
    let known = table.row_count();
    assert!(known.known > 10_000 && !known.complete, "{known:?}");
    assert_eq!(table.read([10_000], 50).unwrap()[0].cells[0], "10000");
    let error = quietly(|control| arrange(&table, &["a = 1".to_owned()], &[], control)).unwrap_err();
    assert!(error.to_string().contains("damaged or broken off"), "{error}");
}

#[test]
fn a_log_has_the_types_it_says() {
    let text = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n\
        #fields\tts\tuid\tid.orig_p\tservice\n#types\ttime\tstring\tport\tstring\n\
        1.5\tCa\t80\thttp\n2.5\t7\t-\t-\n#comment\n\n3.5\t\"x\t443\t(empty)\n#close\tnow\n";
    let file = file(text.as_bytes(), ".log");
    let table = opened(&file);
    assert_eq!(table.format(), "Zeek log");
    let kinds: Vec<ColumnKind> = table.columns().iter().map(|column| column.kind).collect();
    assert_eq!(
        kinds,
        [
            ColumnKind::Number,
            ColumnKind::Text,
            ColumnKind::Integer,
            ColumnKind::Text
        ]
    );
    assert_eq!(table.row_count().known, 3);
    assert_eq!(rows(&table, &View::all())[2].cells, ["3.5", "\"x", "443", "(empty)"]);
    let select = |filter: &str| {
        let view = quietly(|control| arrange(&table, &[filter.to_owned()], &[], control)).unwrap();
        ordinals(&view, &table)
    };
    assert_eq!(select("service is null"), [1, 2]);
    assert_eq!(select("id.orig_p > 79"), [0, 2]);
    assert_eq!(table.rows_at_lines(&[8, 9, 10, 12, 99]).unwrap(), [0, 1, 2]);
}

#[test]
fn lines_are_physical_lines() {
    let text = "a,b\n1,x\n\n2,\"two\r\nlines\n\"\r\n3,y\r4,z\n";
    let file = file(text.as_bytes(), ".csv");
    let table = opened(&file);
    assert_eq!(table.row_count().known, 4);
    let at = |line: u64| table.rows_at_lines(&[line]).unwrap();
    assert_eq!([at(1), at(2), at(3), at(4)], [vec![], vec![0], vec![], vec![1]]);
    assert_eq!(
        [at(5), at(6), at(7), at(8), at(9)],
        [vec![1], vec![1], vec![2], vec![3], vec![]]
    );
}

#[test]
fn delimiters_are_found_out() {
    for (text, suffix) in [
        ("a;b;c\n1;2;3\n", ".csv"),
        ("a\tb\tc\n1\t2\t3\n", ".tsv"),
        ("a|b|c\n1|2|3\n", ".txt"),
        ("a\tb\tc\n1\t2\t3\n", ".csv"),
    ] {
        let file = file(text.as_bytes(), suffix);
        assert_eq!(opened(&file).columns().len(), 3, "{text:?}");
    }
    let file = file(b"only\n1\n", ".csv");
    assert_eq!(opened(&file).columns().len(), 1);
}

#[test]
fn ragged_rows_and_open_quotes_are_told() {
    let file = file(b"a,b,c\n1,2\n1,2,3,4\n1,\"2,3\n4,5,6\n", ".csv");
    let table = opened(&file);
    let troubles: Vec<Option<String>> = rows(&table, &View::all()).into_iter().map(|row| row.trouble).collect();
    let told = |text: &str| Some(text.to_owned());
    assert_eq!(
        troubles,
        [
            told("2 cells of 3"),
            told("4 cells of 3"),
            told("a quote opens and never closes"),
            None
        ]
    );
}

#[test]
fn a_giant_cell_and_many_columns_are_no_trouble() {
    let mut text = (0..5000).map(|at| format!("c{at}")).collect::<Vec<_>>().join(",");
    for row in 0..40 {
        text.push('\n');
        text.push_str(&(0..5000).map(|at| (at * row).to_string()).collect::<Vec<_>>().join(","));
    }
    let file_of_many = file(text.as_bytes(), ".csv");
    let table = opened(&file_of_many);
    assert_eq!(table.read([39], 20).unwrap()[0].cells[4999], (4999 * 39).to_string());
    let giant = "x,\"y\ny\"".repeat(1 << 20);
    let file = file(
        format!("a,b\n1,\"{}\"\n2,z\n", giant.replace('"', "\"\"")).as_bytes(),
        ".csv",
    );
    let table = opened(&file);
    assert_eq!(table.row_count().known, 2);
    let row = &table.read([0], 1 << 20).unwrap()[0];
    assert!(row.cells[1].starts_with("x,\"y\ny\"x") && row.cells[1].ends_with('…'));
    let pattern = Pattern::new("z", false, None).unwrap();
    let search = Search {
        from: (0, 0),
        direction: Direction::Forward,
        matches: None,
    };
    assert_eq!(
        quietly(|control| find(&table, &View::all(), &pattern, search, control))
            .unwrap()
            .unwrap()
            .at,
        1
    );
}

#[test]
fn a_change_of_the_file_is_told() {
    let text = csv_of(&cells(1000), 3);
    let how = |change: &dyn Fn(&Path)| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("data.csv");
        fs::write(&path, &text).unwrap();
        let (table, indexing) = open_file(&path, &ReadSettings::default()).unwrap();
        indexing.run(&CancelToken::new(), &|_| {});
        assert_eq!(table.read([999], 50).unwrap()[0].cells[0], "999");
        change(&path);
        match table.read([999], 50) {
            Ok(rows) => rows[0].cells[0].clone(),
            Err(BrowseError::Changed { how, .. }) => how.to_owned(),
            Err(other) => other.to_string(),
        }
    };
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    let touch = |path: &Path| {
        fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(later)
            .unwrap();
    };
    assert_eq!(
        how(&|path| fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(500)
            .unwrap()),
        "has become shorter"
    );
    assert_eq!(
        how(&|path| {
            let other = path.with_extension("new");
            fs::write(&other, &text).unwrap();
            fs::rename(other, path).unwrap();
        }),
        "was replaced by another file"
    );
    assert_eq!(
        how(&|path| {
            fs::write(path, vec![b'x'; text.len()]).unwrap();
            touch(path);
        }),
        "was rewritten"
    );
    // A log that is being written: what was there when it was opened is still there.
    assert_eq!(
        how(&|path| {
            fs::File::options()
                .append(true)
                .open(path)
                .unwrap()
                .write_all(b"1000,more,1\n")
                .unwrap();
            touch(path);
        }),
        "999"
    );
    assert_eq!(
        how(&|path| {
            fs::write(path, [&b"x"[..], &text].concat()).unwrap();
            touch(path);
        }),
        "was rewritten"
    );
}

#[test]
fn an_export_keeps_filter_and_order_and_replaces_nothing_unasked() {
    let file = file(&csv_of(&cells(50_000), 3), ".csv");
    let table = opened(&file);
    let keys = [
        SortKey {
            column: 2,
            descending: true,
        },
        SortKey {
            column: 0,
            descending: true,
        },
    ];
    let view =
        quietly(|control| arrange(&table, &["a < 100".to_owned(), "text 1".to_owned()], &keys, control)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.csv");
    let write = |replace| quietly(|control| export(&table, &view, &[2, 0], &path, replace, control));
    assert_eq!(write(false).unwrap().rows, 11);
    let lines = fs::read_to_string(&path).unwrap();
    assert!(lines.starts_with("c,a\n6,13\n5,19\n5,12\n4,18\n"), "{lines}");
    assert!(matches!(write(false), Err(BrowseError::Exists { .. })));
    assert_eq!(write(true).unwrap().rows, 11);
    let onto_itself = quietly(|control| export(&table, &view, &[0], file.path(), true, control));
    assert!(matches!(onto_itself, Err(BrowseError::Itself { .. })));
    let all = quietly(|control| arrange(&table, &[], &keys[1..], control)).unwrap();
    assert_eq!(
        quietly(|control| export(&table, &all, &[0], &path, true, control))
            .unwrap()
            .rows,
        50_000
    );
    let lines = fs::read_to_string(&path).unwrap();
    assert_eq!(lines.lines().count(), 50_001);
    assert!(lines.starts_with("a\n49999\n49998\n") && lines.ends_with("\n1\n0\n"));
}

#[test]
fn rows_that_were_cut_or_filled_are_counted() {
    let by_c = [SortKey {
        column: 2,
        descending: true,
    }];
    for delimiter in [",", ";"] {
        let text = "a,b,c\n1,2,3\n4,5\n6,7,8,9\n\n\"x,\"\"y\",2,9\n"
            .replace("x,", "x")
            .replace(',', delimiter);
        let file = file(text.as_bytes(), ".csv");
        let table = opened(&file);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.csv");
        let in_place = "a,c\n1,3\n4,\n6,8\n\"x\"\"y\",9\n";
        let sorted = "a,c\n\"x\"\"y\",9\n6,8\n1,3\n4,\n";
        for (keys, expected) in [(&[][..], in_place), (&by_c, sorted)] {
            let view = quietly(|control| arrange(&table, &[], keys, control)).unwrap();
            let written = quietly(|control| export(&table, &view, &[0, 2], &path, true, control)).unwrap();
            assert_eq!(written, Exported { rows: 4, ragged: 2 });
            assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        }
    }
}

#[test]
fn long_work_stops_when_asked() {
    let file = file(&csv_of(&cells(50_000), 3), ".csv");
    let table = opened(&file);
    let cancel = CancelToken::new();
    cancel.cancel();
    let control = super::super::Work {
        cancel: &cancel,
        progress: &|_, _, _| {},
    };
    let key = SortKey {
        column: 1,
        descending: false,
    };
    assert!(matches!(
        arrange(&table, &[], &[key], control),
        Err(BrowseError::Cancelled(_))
    ));
    assert!(matches!(
        arrange(&table, &["a = 1".to_owned()], &[], control),
        Err(BrowseError::Cancelled(_))
    ));
    assert!(matches!(
        statistics(&table, &View::all(), 0, None, control),
        Err(BrowseError::Cancelled(_))
    ));
}
