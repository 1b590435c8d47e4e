//! CSV and Parquet.

use std::io::Cursor;
use std::path::Path;

use nsec_tui::export::{ExportHeader, ExportRow, Format};
use nsec_tui::schema::{ColumnType, Loaded};
use nsec_tui::triage::{Action, Change, RiskLevel, Verdict};
use polars::prelude::{DataFrame, DataType, ParquetReader, SerReader, TimeUnit};
use proptest::prelude::*;

use crate::common::{Workspace, bundled, repository};
use crate::rows::{export, flows, header, hostile, judged, mail_header, mail_schema, row, rule, said};

type Parsed = (Vec<String>, Vec<Vec<String>>);

fn parse(text: &[u8]) -> Parsed {
    let mut reader = csv::Reader::from_reader(text);
    let columns = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect());
    (columns, rows.collect())
}

/// A scored file is written again as scoring wrote it, byte for byte.
#[test]
fn csv_is_output_csv() {
    let workspace = Workspace::with_champion();
    let input = workspace.write("batch.csv", bundled(200));
    workspace.score(&input, &["--explain", "20"]);
    let scored = std::fs::read(workspace.path("prediction_output/output.csv")).unwrap();
    let (columns, rows) = parse(&scored);
    let own = columns.len() - 13;
    let schema = Loaded::read(&repository("data_schema/schema.yaml")).unwrap().schema;
    let rows: Vec<ExportRow> = rows
        .iter()
        .map(|cells| {
            let inputs: Vec<&str> = cells[..own].iter().map(String::as_str).collect();
            let added = &cells[own..];
            let level = |name: &String| RiskLevel::ALL.into_iter().find(|l| l.name() == name).unwrap();
            let all = [Action::Allow, Action::Review, Action::Investigate, Action::Block];
            ExportRow {
                case: nsec_tui::triage::CaseId {
                    schema: schema.name.clone(),
                    row: added[0].parse().unwrap(),
                },
                flagged: added[1] == "malicious",
                probability: added[2].parse().unwrap(),
                confidence: added[3].parse().unwrap(),
                risk: level(&added[4]),
                action: all.into_iter().find(|a| a.name() == added[5]).unwrap(),
                reasons: added[6].clone(),
                run: added[7].clone(),
                ..row("", 0, &inputs, 0.0)
            }
        })
        .collect();
    assert_eq!(rows.len(), 200);
    assert!(rows.iter().filter(|row| !row.reasons.is_empty()).count() >= 20);
    let header = ExportHeader::new(columns[..own].to_vec(), &schema, crate::rows::now());
    let (again, summary) = export(Format::Csv, &header, &rows);
    assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(scored).unwrap());
    assert_eq!((summary.rows, summary.judged, summary.suppressed), (200, 0, 0));
}

#[test]
fn csv_says_what_was_decided() {
    let names = ["URL", "note", "row_id", "=x"].map(str::to_owned);
    let mut header = header(&names, &mail_schema());
    header.rules = vec![(rule("URL = 'x'"), 1)];
    let mut first = row("mail", 0xab, &["=1", "-1", "-1+1", "a,\"b"], 0.75);
    judged(&mut first, "=alice", "2026-11-27T09:00:00.000Z", Verdict::FalsePositive);
    said(
        &mut first,
        "bob",
        "2026-11-27T09:01:00.000Z",
        Change::Note {
            text: "+see\nmail".to_owned(),
        },
    );
    let mut second = row("mail", 0xcd, &["", "", "", ""], 0.1);
    second.suppressed = Some("URL = 'x'".to_owned());
    said(
        &mut second,
        "bob",
        "2026-11-27T09:01:00.000Z",
        Change::Note {
            text: "only a note".to_owned(),
        },
    );
    let rows = [first, second];
    let (text, summary) = export(Format::Csv, &header, &rows);
    let expected = "\
URL,note,row_id,'=x,nsec_row_id,classification,probability,confidence,risk_level,recommended_action,reasons,model_run,\
verdict,verdict_reason,nsec_note,reviewed_by,reviewed_at,suppressed_by
'=1,-1,'-1+1,\"a,\"\"b\",00000000000000ab,malicious,0.75,0.75,critical,block,links = 9 (+0.75); ratio = 1 (-0.25),\
20261127T080000Z-abcd,false_positive,phishing,\"'+see\nmail\",'=alice,2026-11-27T09:00:00.000Z,
,,,,00000000000000cd,benign,0.1,0.9,low,allow,links = 9 (+0.75); ratio = 1 (-0.25),\
20261127T080000Z-abcd,,,only a note,,,URL = 'x'
";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    assert_eq!((summary.rows, summary.judged, summary.suppressed), (2, 1, 1));
    header.guard = false;
    let raw = parse(&export(Format::Csv, &header, &rows).0);
    assert_eq!(raw.0[3], "=x");
    assert_eq!(raw.1[0][..4], ["=1", "-1", "-1+1", "a,\"b"]);
    assert_eq!((raw.1[0][14].as_str(), raw.1[0][15].as_str()), ("+see\nmail", "=alice"));
}

#[test]
fn hostile_cells_come_back_from_csv() {
    let (mut header, rows) = hostile();
    for guard in [true, false] {
        header.guard = guard;
        let (columns, found) = parse(&export(Format::Csv, &header, &rows).0);
        assert_eq!(columns.len(), 9 + 14);
        assert_eq!(found.len(), rows.len());
        for (row, found) in rows.iter().zip(&found) {
            for (cell, found) in row.cells.iter().zip(found) {
                let inert = !found.starts_with(['=', '@', '\t', '\r', '\n']);
                assert!(
                    found == cell || (guard && found.strip_prefix('\'') == Some(cell)),
                    "{found:?}"
                );
                assert!(!guard || inert, "{found:?}");
            }
        }
    }
}

fn read_parquet(bytes: Vec<u8>) -> DataFrame {
    ParquetReader::new(Cursor::new(bytes)).finish().unwrap()
}

fn texts(frame: &DataFrame, column: &str) -> Vec<Option<String>> {
    let column = frame.column(column).unwrap();
    column
        .str()
        .unwrap()
        .iter()
        .map(|cell| cell.map(str::to_owned))
        .collect()
}

#[test]
fn parquet_has_types_and_reads_back_equal() {
    let (header, rows) = flows(400);
    let (bytes, summary) = export(Format::Parquet, &header, &rows);
    assert_eq!((summary.rows, summary.unreadable_cells), (400, 0));
    let frame = read_parquet(bytes);
    assert_eq!(frame.shape(), (400, header.columns.len() + 13));
    let micros = DataType::Datetime(TimeUnit::Microseconds, None);
    for (name, kind) in header.columns.iter().zip(&header.types) {
        let expected = match kind {
            Some(ColumnType::Int | ColumnType::Port) => DataType::Int64,
            Some(ColumnType::Float) => DataType::Float64,
            Some(ColumnType::Bool) => DataType::Boolean,
            Some(ColumnType::Timestamp) => micros.clone(),
            _ => DataType::String,
        };
        assert_eq!(frame.column(name).unwrap().dtype(), &expected, "{name}");
    }
    let column = |name: &str| header.columns.iter().position(|c| c == name).unwrap();
    let ints: Vec<Option<i64>> = frame.column("dst_port").unwrap().i64().unwrap().iter().collect();
    let floats: Vec<Option<f64>> = frame.column("duration").unwrap().f64().unwrap().iter().collect();
    let scores: Vec<Option<f64>> = frame.column("probability").unwrap().f64().unwrap().iter().collect();
    let (services, ids) = (texts(&frame, "service"), texts(&frame, "row_id"));
    let (verdicts, notes) = (texts(&frame, "verdict"), texts(&frame, "note"));
    assert_eq!(frame.column("reviewed_at").unwrap().dtype(), &micros);
    let reviewed = frame.column("reviewed_at").unwrap().cast(&DataType::Int64).unwrap();
    let reviewed: Vec<Option<i64>> = reviewed.i64().unwrap().iter().collect();
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(ints[at], row.cells[column("dst_port")].parse().ok());
        assert_eq!(floats[at], row.cells[column("duration")].parse().ok());
        assert_eq!(scores[at].map(f64::to_bits), Some(row.probability.to_bits()));
        assert_eq!(services[at].clone().unwrap_or_default(), row.cells[column("service")]);
        assert_eq!(ids[at].clone().unwrap(), row.case.row.to_string());
        let judged = row.state.verdict.as_ref();
        assert_eq!(verdicts[at].as_deref(), judged.map(|j| j.verdict.name()));
        assert_eq!(reviewed[at], judged.map(|j| j.at.micros()));
        assert_eq!(notes[at].clone().unwrap_or_default(), row.state.note);
    }
    // 2026-11-27T09:00:00Z.
    assert_eq!(reviewed[0], Some(1_795_770_000_000_000));
}

#[test]
fn parquet_holds_hostile_cells_and_counts_what_has_another_type() {
    let (header, rows) = hostile();
    let (bytes, summary) = export(Format::Parquet, &header, &rows);
    let frame = read_parquet(bytes);
    let subjects: Vec<String> = texts(&frame, &header.columns[7])
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect();
    let expected: Vec<&str> = rows.iter().map(|row| row.cells[7].as_str()).collect();
    assert_eq!(subjects, expected);
    // Four typed columns; `NA` is no value and not unreadable.
    assert_eq!(summary.unreadable_cells, 4 * (rows.len() as u64 - 1));
    assert_eq!(frame.column("ratio").unwrap().null_count(), rows.len());
    assert_eq!(texts(&frame, "suppressed_by")[0].as_deref(), Some("=1+1"));
}

#[test]
fn parquet_of_no_rows_and_of_more_than_a_row_group() {
    let (empty, _) = export(Format::Parquet, &mail_header(), &[]);
    assert_eq!(read_parquet(empty).shape(), (0, 9 + 13));
    let rows: Vec<ExportRow> = (0..70_000)
        .map(|at| row("mail", at, &["", "", "", "", &at.to_string(), "", "", "", ""], 0.5))
        .collect();
    let frame = read_parquet(export(Format::Parquet, &mail_header(), &rows).0);
    let links: Vec<Option<i64>> = frame.column("links").unwrap().i64().unwrap().iter().collect();
    assert_eq!(links, (0..70_000).map(Some).collect::<Vec<_>>());
}

#[test]
fn two_columns_of_one_name_make_no_parquet_table() {
    let header = header(&["URL", "URL"].map(str::to_owned), &mail_schema());
    let failed = nsec_tui::export::write(Format::Parquet, &header, &mut std::iter::empty(), &mut Vec::new());
    let message = failed.unwrap_err().to_string();
    assert!(message.contains("Parquet") && message.contains("URL"), "{message}");
    assert!(Path::new("x.parquet").extension().is_some());
}

/// Any text at all, and more often what CSV and spreadsheets care for.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[-+=@\t\r\n\",' 0-9a.]{0,6}",
        any::<f64>().prop_map(|number| number.to_string()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_rows_come_back_from_csv(
        rows in (1_usize..5).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(cell(), width), 1..6)),
        guard: bool,
        probability in 0.0..=1.0_f64,
        note in cell(),
    ) {
        let width = rows[0].len();
        let names: Vec<String> = (0..width).map(|at| format!("c{at}")).collect();
        let mut header = header(&names, &mail_schema());
        header.guard = guard;
        let all: Vec<ExportRow> = rows.iter().map(|cells| {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let mut row = row("mail", 1, &cells, probability);
            said(&mut row, "x", "2026-11-27T09:00:00.000Z", Change::Note { text: note.clone() });
            row
        }).collect();
        let (columns, found) = parse(&export(Format::Csv, &header, &all).0);
        prop_assert_eq!(columns.len(), width + 13);
        prop_assert_eq!(found.len(), rows.len());
        for (cells, found) in rows.iter().zip(&found) {
            let pairs = cells.iter().zip(&found[..width]).chain([(&note, &found[width + 10])]);
            for (cell, found) in pairs {
                let same = found == cell;
                prop_assert!(same || (guard && found.strip_prefix('\'') == Some(cell)));
                let number = cell.trim().parse::<f64>().is_ok_and(f64::is_finite);
                prop_assert!(same || !number || cell.starts_with(['\t', '\r', '\n']), "{:?}", cell);
            }
            prop_assert_eq!(found[width + 2].parse::<f64>().unwrap().to_bits(), probability.to_bits());
        }
    }
}
