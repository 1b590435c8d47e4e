//! Owns the tests of writing scored rows.

use proptest::prelude::*;

use super::*;
use crate::data::{ReadSettings, open_bytes};
use crate::pipeline::prediction::KnownVerdicts;

#[test]
fn our_names_give_way_to_the_input() {
    let input = Header {
        names: vec!["row_id".into(), "nsec_row_id".into(), "note".into()],
    };
    assert_eq!(free_name("row_id", &input.names), "nsec_nsec_row_id");
    assert_eq!(free_name("note", &input.names), "nsec_note");
    assert_eq!(free_name("verdict", &input.names), "verdict");
}

fn format(guard: bool, order: Option<Vec<usize>>) -> OutputFormat {
    OutputFormat {
        guard,
        sources: vec!["in.csv".to_owned()],
        order: vec![order],
        model_run: "run-1".to_owned(),
        known: HashMap::new(),
    }
}

fn scored(row: usize, probability: f64) -> ScoredRow {
    ScoredRow {
        row,
        id: RowId(0x0123_4567_89ab_cdef ^ row as u64),
        probability,
        malicious: probability >= 0.5,
        risk: RiskLevel::Medium,
        action: Action::Review,
        candidate: row.is_multiple_of(3),
    }
}

/// What is added to a row, written without haste.
fn added(row: &ScoredRow) -> Vec<String> {
    let (class, confidence) = if row.malicious {
        ("malicious", row.probability)
    } else {
        ("benign", 1.0 - row.probability)
    };
    let mut cells = vec![row.id.to_string(), class.to_owned()];
    let mut numbers = ryu::Buffer::new();
    cells.extend([row.probability, confidence].map(|number| numbers.format(number).to_owned()));
    cells.extend(["medium", "review", "", "run-1", "", "", "", "", ""].map(str::to_owned));
    cells
}

/// The text as it would be written cell by cell.
fn naive(batch: &ScoredBatch, format: &OutputFormat, input: &Header) -> Vec<u8> {
    let mut text = format.header(input);
    for row in &batch.rows {
        for place in 0..batch.raw.columns() {
            let column = format.order[0].as_ref().map_or(place, |order| order[place]);
            let push = if format.guard { push_guarded } else { push_cell };
            push(&mut text, batch.raw.cell(row.row, column));
            text.push(b',');
        }
        text.extend_from_slice(added(row).join(",").as_bytes());
        text.push(b'\n');
    }
    text
}

fn read(text: &[u8]) -> (Header, RawBatch) {
    let mut reader = open_bytes("in.csv", text.to_vec(), &ReadSettings::default()).unwrap();
    let header = reader.header().clone();
    let batch = reader.next_batch(10_000).unwrap().unwrap();
    (header, batch)
}

fn write(batch: &ScoredBatch, format: &OutputFormat, input: &Header) -> (Vec<u8>, Written) {
    let mut text = Vec::new();
    let mut writer = OutputWriter::new(&mut text, format.clone(), input).unwrap();
    writer.write(batch).unwrap();
    let written = writer.finish().unwrap();
    (text, written)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whole rows copied or cell by cell, guarded or not: the bytes are those of the cell-by-cell way, and the csv
    /// crate reads back every cell.
    #[test]
    fn rows_read_back_as_they_came(
        rows in prop::collection::vec(
            prop::collection::vec("[0-9a=+@ .,\"\n-]{0,4}|-?[0-9]{1,3}", 3),
            1..200,
        ),
        quoted in 0_usize..4,
        guard: bool,
        reorder: bool,
    ) {
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Necessary).from_writer(Vec::new());
        writer.write_record(["a", "b", "c"]).unwrap();
        for row in &rows {
            // The first share of the rows holds numbers only, so that some blocks are plain throughout.
            let plain = |cell: &String| cell.len().to_string();
            let cells: Vec<String> = if quoted == 0 { row.iter().map(plain).collect() } else { row.clone() };
            writer.write_record(&cells).unwrap();
        }
        let (header, raw) = read(&writer.into_inner().unwrap());
        let keep = |row: &usize| row % 7 != 2;
        let rows = (0..raw.rows()).filter(keep).map(|row| scored(row, row as f64 / 200.0)).collect();
        let batch = ScoredBatch { raw, rows, source: 0, least: f64::NEG_INFINITY };
        let format = format(guard, reorder.then(|| vec![2, 0, 1]));
        let (text, written) = write(&batch, &format, &header);
        prop_assert_eq!(&text, &naive(&batch, &format, &header));
        prop_assert_eq!(written.bytes, text.len() as u64);

        let mut reader = csv::Reader::from_reader(text.as_slice());
        let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(records.len(), batch.rows.len());
        for (record, row) in records.iter().zip(&batch.rows) {
            for (place, column) in if reorder { [2, 0, 1] } else { [0, 1, 2] }.into_iter().enumerate() {
                let cell = std::str::from_utf8(batch.raw.cell(row.row, column)).unwrap();
                let out = &record[place];
                prop_assert!(out == cell || (guard && out.strip_prefix('\'') == Some(cell)), "{:?} {:?}", cell, out);
            }
            prop_assert_eq!(record.iter().skip(3).collect::<Vec<_>>(), added(row));
        }
        let reasons: Vec<u64> = batch.rows.iter().zip(0..).filter(|(row, _)| row.candidate).map(|(_, at)| at).collect();
        prop_assert_eq!(written.places.iter().map(|(row, _)| *row).collect::<Vec<_>>(), reasons);
        for (_, place) in written.places {
            prop_assert_eq!(&text[place as usize - 7..][..14], &b"review,,run-1,"[..]);
        }
    }
}

#[test]
fn rows_of_other_delimiters_are_written_with_commas() {
    let settings = ReadSettings {
        delimiter: ';',
        ..ReadSettings::default()
    };
    let mut reader = open_bytes("in.csv", b"a;b\n1,5;2\nx;-y\n".to_vec(), &settings).unwrap();
    let header = reader.header().clone();
    let raw = reader.next_batch(10).unwrap().unwrap();
    let rows = vec![scored(0, 0.25), scored(1, 0.75)];
    let batch = ScoredBatch {
        raw,
        rows,
        source: 0,
        least: 0.0,
    };
    let (text, _) = write(&batch, &format(true, None), &header);
    let lines: Vec<&str> = std::str::from_utf8(&text).unwrap().lines().collect();
    assert!(lines[1].starts_with("\"1,5\",2,"), "{}", lines[1]);
    assert!(lines[2].starts_with("x,'-y,"), "{}", lines[2]);
}

#[test]
fn places_of_rows_that_were_overtaken_are_given_up() {
    let (header, raw) = read(&[&b"a,b\n"[..], &b"1,2\n".repeat(5000)].concat());
    let mut writer = OutputWriter::new(Vec::new(), format(true, None), &header).unwrap();
    // Each row is more probable than all before: the worst case.
    for round in 0..4 {
        let score = |row: usize| f64::from(round).mul_add(0.2, row as f64 / 100_000.0);
        let row = |row| ScoredRow {
            candidate: true,
            ..scored(row, score(row))
        };
        let rows = (0..5000).map(row).collect();
        let least = score(4999 - 9);
        let raw = raw.clone();
        writer
            .write(&ScoredBatch {
                raw,
                rows,
                source: 0,
                least,
            })
            .unwrap();
        assert!(writer.places.len() <= FEW_PLACES + 30, "{}", writer.places.len());
    }
    let written = writer.finish().unwrap();
    let last: Vec<u64> = written.places.iter().rev().take(10).map(|(row, _)| *row).collect();
    assert_eq!(last, (19_990..20_000).rev().collect::<Vec<_>>());
}

#[test]
fn what_was_decided_before_stands_in_the_last_columns() {
    use crate::triage::{CaseId, CaseState, Change, Event, Verdict};
    let case = CaseId {
        schema: "s".to_owned(),
        row: RowId(0x0123_4567_89ab_cdee),
    };
    let judge = Change::Judge {
        verdict: Some(Verdict::FalsePositive),
        reason: Some("known_good".to_owned()),
    };
    let events = [
        Event::now(case.clone(), "mira", judge),
        Event::now(
            case.clone(),
            "mira",
            Change::Note {
                text: "=asked, \"the owner\"".to_owned(),
            },
        ),
    ];
    let state = CaseState::of(&events);
    let other = CaseId {
        schema: "another schema".to_owned(),
        row: RowId(0x0123_4567_89ab_cdef),
    };
    let known = KnownVerdicts::of("s", [(&case, &state), (&other, &state)]);
    let input = Header {
        names: vec!["a".to_owned()],
    };
    let mut out = Vec::new();
    let with = OutputFormat {
        known: known.written(true),
        ..format(true, None)
    };
    let mut writer = OutputWriter::new(&mut out, with, &input).unwrap();
    let mut reader = open_bytes("in.csv", b"a\n1\n2\n".to_vec(), &ReadSettings::default()).unwrap();
    let raw = reader.next_batch(10).unwrap().unwrap();
    let batch = ScoredBatch {
        raw,
        rows: vec![scored(0, 0.9), scored(1, 0.9)],
        source: 0,
        least: 0.0,
    };
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].ends_with(",run-1,,,,,"), "{}", lines[1]);
    let said = format!(
        ",run-1,false_positive,known_good,\"'=asked, \"\"the owner\"\"\",mira,{}",
        events[0].at
    );
    assert!(lines[2].ends_with(&said), "{}", lines[2]);
}
