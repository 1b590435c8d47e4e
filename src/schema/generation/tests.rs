//! Owns the tests of generation: the reader they use, types and domains, hostile input; roles and labels in their own files.

mod labels;
mod roles;

use std::fmt::Write;

use super::*;
use crate::data::{DataError, Header, MalformedRow};
use crate::schema::{LabelValue, Malicious, Severity};

/// Rows in memory, cut by the csv crate.
struct MemoryReader {
    header: Header,
    rows: Vec<csv::ByteRecord>,
    at: usize,
    nulls: NullTokens,
}

impl MemoryReader {
    fn of(bytes: &[u8]) -> Self {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let names = reader
            .byte_headers()
            .unwrap()
            .iter()
            .map(|n| String::from_utf8_lossy(n).into_owned())
            .collect();
        Self {
            header: Header { names },
            rows: reader.byte_records().map(Result::unwrap).collect(),
            at: 0,
            nulls: NullTokens::default(),
        }
    }
}

impl RowReader for MemoryReader {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next_batch(&mut self, max_rows: usize) -> Result<Option<RawBatch>, DataError> {
        if self.at == self.rows.len() {
            return Ok(None);
        }
        let mut batch = RawBatch::new(self.header.names.len());
        for row in self.rows[self.at..].iter().take(max_rows) {
            self.at += 1;
            let line = self.at as u64 + 1;
            if row.len() == batch.columns() {
                batch.push(line, row.iter());
            } else {
                batch.malformed.push(MalformedRow {
                    line,
                    reason: format!("{} fields, expected {}", row.len(), batch.columns()),
                    raw: Vec::new(),
                });
            }
        }
        Ok(Some(batch))
    }

    fn null_tokens(&self) -> &NullTokens {
        &self.nulls
    }
}

fn options(label: Option<&str>) -> GenerateOptions {
    GenerateOptions {
        name: "test".to_owned(),
        origin: "test.csv".to_owned(),
        label: label.map(str::to_owned),
        max_rows: None,
    }
}

fn try_generate(bytes: &[u8], label: Option<&str>) -> Result<Generated, GenerationError> {
    generate(&mut MemoryReader::of(bytes), &options(label), &CancelToken::new())
}

/// Generates, and holds every generated schema to what all must be: its YAML reads back to it, and it is sound.
fn generated(bytes: &[u8]) -> Generated {
    labelled(bytes, None)
}

fn labelled(bytes: &[u8], label: Option<&str>) -> Generated {
    let made = try_generate(bytes, label).unwrap();
    let back = Schema::parse(&made.yaml, "generated").unwrap_or_else(|e| panic!("{e}\n{}", made.yaml));
    assert_eq!(back, made.schema, "{}", made.yaml);
    let blocking: Vec<_> = made
        .schema
        .check()
        .into_iter()
        .filter(|p| p.severity == Severity::Block)
        .collect();
    let no_feature = blocking.iter().all(|p| p.message.contains("no feature"));
    assert!(blocking.is_empty() || no_feature, "{blocking:?}\n{}", made.yaml);
    made
}

/// A table of one column, its rows given by a function of the row's index.
fn one_column(name: &str, rows: u64, value: impl Fn(u64) -> String) -> Column {
    let mut text = format!("{name},other\n");
    for row in 0..rows {
        writeln!(text, "{},{}", value(row), row % 3).unwrap();
    }
    generated(text.as_bytes()).schema.columns[0].clone()
}

/// A fixed scramble of the numbers below 2^32.
fn scrambled(row: u64) -> u64 {
    row.wrapping_mul(2_654_435_761) % (1 << 32)
}

#[test]
fn types_are_told_from_the_cells() {
    use ColumnType::{Bool, Category, Float, Int, Ip, Port, Text, Timestamp};
    for (name, cells, kind) in [
        ("a", ["1", "-1", "0"], Int),
        ("a", ["1", "0", "1"], Int),
        ("a", ["1", "2.5", "3"], Float),
        ("a", ["1e3", "2", "3"], Float),
        ("a", ["1", "inf", "3"], Float),
        ("a", ["true", "False", "true"], Bool),
        ("a", ["yes", "no", "no"], Bool),
        ("a", ["F", "F", "F"], Category),
        ("a", ["tcp", "udp", "tcp"], Category),
        ("a", ["1", "x", "x"], Category),
        ("zip", ["01234", "12345", "01234"], Category),
        ("src", ["10.0.0.1", "::1", "10.0.0.1"], Ip),
        (
            "a",
            ["2024-01-02", "2024-01-02 03:04:05.6", "2024-01-02T03:04:05Z"],
            Timestamp,
        ),
        ("ts", ["1700000003.5", "1700000001", "1700000002"], Timestamp),
        ("a", ["1700000003", "1700000001", "1700000001"], Int),
        ("dst_port", ["80", "443", "65535"], Port),
        ("dst_port", ["80", "443", "65536"], Int),
        ("port", ["1", "-1", "1"], Int),
        ("port", ["1", "0", "1"], Int),
        ("id.resp_p", ["53", "53", "80"], Port),
        ("a", ["", "NA", ""], Text),
        ("a", ["123456789012345678901234567890", "1", "1"], Float),
    ] {
        let column = one_column(name, 9, |row| cells[(row % 3) as usize].to_owned());
        assert_eq!(column.kind, kind, "{name} {cells:?}");
    }
    assert_eq!(one_column("a", 9, |_| "word ".repeat(20)).kind, Text);
    assert_eq!(one_column("a", 100, |row| format!("GET /{row} HTTP")).kind, Text);
}

#[test]
fn domains_warn_and_say_what_was_seen() {
    let column = one_column("flag", 30, |row| ["-1", "0", "+1"][(row % 3) as usize].to_owned());
    assert_eq!(column.allowed.unwrap(), ["-1", "0", "1"]);
    assert_eq!((column.min, column.max, column.severity), (None, None, Severity::Warn));
    let column = one_column("bytes", 30, |row| (row * row % 29 * 7).to_string());
    assert_eq!(
        (column.min, column.allowed, column.severity),
        (Some(0.0), None, Severity::Warn)
    );
    let column = one_column("share", 30, |row| {
        if row == 4 {
            String::new()
        } else {
            format!("{}.5", row % 7)
        }
    });
    assert_eq!((column.min, column.max, column.nullable), (Some(0.5), Some(6.5), true));
    let column = one_column("proto", 30, |row| ["udp", " tcp "][(row % 2) as usize].to_owned());
    assert_eq!(
        (column.allowed.unwrap(), column.nullable),
        (vec!["tcp".to_owned(), "udp".to_owned()], false)
    );
}

#[test]
fn empty_constant_and_bad_columns_are_said() {
    let mut text = "empty,same,num,x\n".to_owned();
    for row in 0..400 {
        writeln!(
            text,
            ",7,{},{}",
            if row == 9 {
                "n/a!".to_owned()
            } else {
                (row * 13 % 50).to_string()
            },
            row % 2
        )
        .unwrap();
    }
    let made = generated(text.as_bytes());
    let [empty, same, num, _] = made.schema.columns.as_slice() else {
        panic!()
    };
    assert_eq!((empty.role, empty.nullable), (Role::Ignore, true));
    assert_eq!(
        (same.role, same.allowed.as_deref()),
        (Role::Feature, Some(&["7".to_owned()][..]))
    );
    assert_eq!(num.kind, ColumnType::Int);
    let notes = made.notes.join("\n");
    assert!(
        notes.contains(
            "`num`: 1 of 400 cells do not read as a number and would be rejected, the first is `n/a!` on line 11"
        ),
        "{notes}"
    );
    assert!(
        notes.contains("1 columns have one value in every row: `same`"),
        "{notes}"
    );
}

#[test]
fn data_without_rows_or_columns_is_an_error() {
    for (text, word) in [
        (&b""[..], "no columns"),
        (b"a,b\n", "no rows"),
        (b"a,b\n1\n1,2,3\n", "2 malformed"),
    ] {
        let error = try_generate(text, None).unwrap_err();
        assert!(
            matches!(error, GenerationError::NoData { .. }) && error.to_string().contains(word),
            "{error}"
        );
    }
    let error = try_generate(b"a,b\n1,\n2,\n", Some("b")).unwrap_err().to_string();
    assert!(error.contains("cannot be the label"), "{error}");
}

#[test]
fn cancelling_ends_it() {
    let cancel = CancelToken::new();
    cancel.cancel();
    let error = generate(&mut MemoryReader::of(b"a\n1\n"), &options(None), &cancel).unwrap_err();
    assert!(matches!(error, GenerationError::Cancelled(_)));
}

#[test]
fn the_row_limit_is_said() {
    let mut limited = options(None);
    limited.max_rows = Some(3);
    let made = generate(
        &mut MemoryReader::of(b"a\n5\n1\n3\n99\n"),
        &limited,
        &CancelToken::new(),
    )
    .unwrap();
    assert_eq!((made.rows, made.schema.columns[0].max), (3, Some(5.0)));
    assert!(made.notes.iter().any(|n| n.contains("first 3 rows")));
}

#[test]
fn hostile_cells_and_names_pass() {
    let huge = "x".repeat(10 << 20);
    let mut text = b"a\0b,\"line\nbreak # x\",\xff\xfe, padded ,\"{a: [b\",name,name\n".to_vec();
    for row in 0..30 {
        text.extend_from_slice(
            format!(
                "{huge_or},\"a\n{row}\",",
                huge_or = if row == 3 { &huge } else { "\u{202e}\u{0}" }
            )
            .as_bytes(),
        );
        text.extend_from_slice(b"\xff\xfe\x00,1e999,NaN,1,2\n");
    }
    let made = generated(&text);
    assert_eq!(made.rows, 30);
    assert_eq!(made.schema.column("padded").unwrap().aliases, [" padded "]);
    assert!(
        made.notes
            .iter()
            .any(|n| n.contains("column 7 bears a name that stands before"))
    );
    assert!(made.notes.iter().all(|n| !n.contains('\n')), "{:?}", made.notes);
}

#[test]
fn five_thousand_columns_stay_bounded() {
    let names: Vec<String> = (0..5_000).map(|i| format!("c{i}")).collect();
    let mut text = names.join(",");
    for row in 0..40u64 {
        let cells: Vec<String> = (0..5_000u64)
            .map(|c| format!("w{}", scrambled(row * 5_000 + c) % 5_000))
            .collect();
        text = format!("{text}\n{}", cells.join(","));
    }
    assert_eq!(generated(text.as_bytes()).schema.columns.len(), 5_000);
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let text = b"a,b,label\n3,x,0\n1,y,1\n2,x,1\n2,z,0\n";
    assert_eq!(generated(text).yaml, generated(text).yaml);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_table_gives_a_schema_that_reads_back(
            names in prop::collection::vec("[a-z]{0,3}|[ :#{}\"a\u{0}\u{202e}]{0,5}|label|index|ts|port", 1..5),
            cells in prop::collection::vec("-?[0-9]{1,3}|[0-9]\\.[0-9]|normal|tcp|true|NA||1e999|0[0-9]|[ -~]{0,6}", 1..80),
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            writer.write_record(&names).unwrap();
            for row in cells.chunks_exact(names.len()) {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            if let Ok(made) = try_generate(&bytes, None) {
                let back = Schema::parse(&made.yaml, "generated").map_err(|e| TestCaseError::fail(format!("{e}\n{}", made.yaml)))?;
                prop_assert_eq!(&back, &made.schema, "{}", made.yaml);
            }
        }
    }
}
