//! Owns the tests of scoring rows in pieces: the same as `predict`, to the byte, whatever the pieces.

use std::fs;
use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::data::{MalformedRow, ReadSettings, Source, open_bytes};
use crate::pipeline::prediction::{ScoreOrder, ScoringModel, score};
use crate::pipeline::testing::{House, rows};

fn model(house: &House) -> RowModel {
    RowModel::load(&house.workspace, "champion", RowConditions::default()).unwrap()
}

fn trained() -> House {
    let house = House::new(&rows(400, &[3, 50, 51, 200]));
    house.train(None, |_| {});
    house
}

fn read(text: &str, most: usize) -> (Header, Vec<RawBatch>) {
    let mut reader = open_bytes("in.csv", text.as_bytes().to_vec(), &ReadSettings::default()).unwrap();
    let header = reader.header().clone();
    let mut batches = Vec::new();
    while let Some(batch) = reader.next_batch(most).unwrap() {
        batches.push(batch);
    }
    (header, batches)
}

/// The whole of `output.csv` and of `rejects.csv` as `predict` writes them.
fn predicted(house: &House, text: &str, explain: usize, raw: bool) -> (String, String) {
    let input = house.data.with_file_name("in.csv");
    let output = house.data.with_file_name("out.csv");
    fs::write(&input, text).unwrap();
    let with = ScoringModel::load(&house.workspace, "champion", &|_| {}).unwrap();
    let order = ScoreOrder {
        workspace: &house.workspace,
        inputs: &[Source::Path(input)],
        output: Some(&output),
        keep_old: false,
        threshold: None,
        alerts: None,
        explain: Some(explain),
        raw,
        known: &KnownVerdicts::none(),
        reading: &ReadSettings::default(),
        validation: &ValidationSettings::default(),
        risk: &RiskSettings::default(),
        settings: &PredictionSettings::default(),
    };
    score(&order, &with, &|_| {}, &CancelToken::new()).unwrap();
    let rejects = output.with_file_name("out.rejects.csv");
    (
        fs::read_to_string(output).unwrap(),
        fs::read_to_string(rejects).unwrap(),
    )
}

/// The same two texts, made of batches of `most` rows.
fn in_pieces(model: &RowModel, text: &str, most: usize, explain: usize, guard: bool) -> (String, String) {
    let (header, batches) = read(text, most);
    let scorer = model.for_header("in.csv", &header).unwrap();
    let mut output = scorer.csv_header(guard, &[]);
    output.push(b'\n');
    let mut rejects = crate::pipeline::rejects::RejectWriter::new(Vec::new(), false).unwrap();
    let options = RowOptions {
        explain,
        ..RowOptions::PLAIN
    };
    for batch in batches {
        let total = batch.total_rows();
        let scored = scorer.score(batch, &options, &CancelToken::new()).unwrap();
        assert_eq!(scored.len(), total);
        assert_eq!(scored.iter().count(), total);
        let lines: Vec<u64> = scored.iter().map(|row| row.line).collect();
        assert!(lines.is_sorted(), "{lines:?}");
        let mut text = scored.csv(guard);
        for row in scored.iter() {
            match row.outcome {
                RowOutcome::Scored(score, reasons) => {
                    text.push_input(&mut output, row.row.unwrap());
                    text.push_added(&mut output, score, reasons);
                    output.push(b'\n');
                }
                RowOutcome::Rejected(reject) => rejects.write(std::slice::from_ref(reject)).unwrap(),
            }
        }
    }
    (
        String::from_utf8(output).unwrap(),
        String::from_utf8(rejects.into_inner()).unwrap(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn pieces_come_to_what_predict_writes(
        cells in prop::collection::vec(("[a-z=\", ]{0,3}", "-?[0-9]{1,3}|x|", "[0-9]{1,2}|NA|", 0_usize..12), 1..120),
        most in 1_usize..50,
        guard: bool,
    ) {
        let house = trained();
        // Columns in another order than the schema's, one that it does not know, rows that are too short.
        let mut text = "extra,b,id,a\n".to_owned();
        for (extra, a, b, kind) in &cells {
            let extra = extra.replace('"', "\"\"");
            match kind {
                0 => text.push_str("short,1\n"),
                1 => text.push('\n'),
                _ => text.push_str(&format!("\"{extra}\",{b},id,{a}\n")),
            }
        }
        // At least one row that can be scored, or predict refuses the file.
        text.push_str("ok,1,id,60\n");
        let model = model(&house);
        let (header, batches) = read(&text, usize::MAX);
        prop_assert_eq!(header.names.len(), 4);
        prop_assert_eq!(batches.len(), 1);
        prop_assert_eq!(in_pieces(&model, &text, most, 0, guard), predicted(&house, &text, 0, !guard));
        // Reasons are those of the whole where the whole is one batch.
        prop_assert_eq!(in_pieces(&model, &text, usize::MAX, 7, guard), predicted(&house, &text, 7, !guard));
    }
}

#[test]
fn many_threads_share_a_scorer() {
    let house = trained();
    let text = rows(300, &[]);
    let model = model(&house);
    let wanted = in_pieces(&model, &text, usize::MAX, 0, true);
    std::thread::scope(|scope| {
        let (model, text, wanted) = (&model, &text, &wanted);
        for most in 1..9 {
            let own = model.clone();
            scope.spawn(move || assert_eq!(&in_pieces(&own, text, most, 0, true), wanted));
        }
    });
    let kept = lock(&model.0.ready);
    assert_eq!(kept.len(), 1);
    assert!(lock(&kept[0].idle).len() <= 9);
}

#[test]
fn a_header_without_what_the_model_needs_is_one_error_that_names_all_of_it() {
    let house = trained();
    let header = |names: &[&str]| Header {
        names: names.iter().map(|&n| n.to_owned()).collect(),
    };
    let error = model(&house)
        .for_header("body", &header(&["idd", "b", "x"]))
        .err()
        .unwrap();
    let PredictionError::MissingColumns(missing) = &error else {
        panic!("{error}");
    };
    assert_eq!(missing.columns, ["id", "a"]);
    assert_eq!(missing.hints, [("id".to_owned(), "idd".to_owned())]);
    let text = error.to_string();
    assert!(
        text.starts_with("body lacks columns that the model learned from: id, a (id may be `idd`)"),
        "{text}"
    );
    // The label and the optional time are not needed.
    assert!(model(&house).for_header("body", &header(&["b", "id", "a"])).is_ok());
}

#[test]
fn headers_seen_before_are_not_worked_out_again() {
    let house = trained();
    let model = model(&house);
    let header = |n: usize| Header {
        names: ["id", "a", "b"]
            .into_iter()
            .map(str::to_owned)
            .chain([n.to_string()])
            .collect(),
    };
    for n in 0..READY_HEADERS {
        model.for_header("x", &header(n)).unwrap();
    }
    let first = model.for_header("x", &header(0)).unwrap();
    model.for_header("x", &header(99)).unwrap();
    let again = model.for_header("x", &header(0)).unwrap();
    assert!(Arc::ptr_eq(&first.bound, &again.bound), "used lately, so kept");
    assert!(
        model.ready_for(&header(1), &NullTokens::default()).is_none(),
        "the one not used for longest went"
    );
}

#[test]
fn what_callers_get_wrong_is_an_error() {
    let house = trained();
    let (header, batches) = read("id,a,b\nr,1,2\n", 10);
    let scorer = model(&house).for_header("x", &header).unwrap();
    let cancel = CancelToken::new();
    for (options, named) in [
        (
            RowOptions {
                threshold: Some(1.5),
                explain: 0,
            },
            "threshold 1.5",
        ),
        (
            RowOptions {
                threshold: Some(f64::NAN),
                explain: 0,
            },
            "threshold NaN",
        ),
        (
            RowOptions {
                threshold: None,
                explain: EXPLAIN_LIMIT + 1,
            },
            "explain",
        ),
    ] {
        let error = scorer.score(batches[0].clone(), &options, &cancel).err().unwrap();
        assert!(error.to_string().contains(named), "{error}");
    }
    assert!(scorer.score(RawBatch::new(2), &RowOptions::PLAIN, &cancel).is_err());
    assert!(
        scorer
            .score(RawBatch::new(3), &RowOptions::PLAIN, &cancel)
            .unwrap()
            .is_empty()
    );
    cancel.cancel();
    assert!(matches!(
        scorer.score(batches[0].clone(), &RowOptions::PLAIN, &cancel),
        Err(PredictionError::Cancelled(_))
    ));
}

#[test]
fn rows_that_were_not_cut_stand_in_their_place() {
    let house = trained();
    let header = read("id,a,b\n", 1).0;
    let mut batch = RawBatch::new(3);
    let cells = |a: &'static [u8]| [&b"r"[..], a, b"2"];
    batch.malformed.push(MalformedRow::new(5, "late".into(), b"late"));
    batch.malformed.push(MalformedRow::new(1, "early".into(), b"early"));
    batch.push(2, cells(b"60"));
    batch.push(3, cells(b"sixty"));
    batch.push(4, cells(b"7"));
    let scorer = model(&house).for_header("x", &header).unwrap();
    let scored = scorer.score(batch, &RowOptions::PLAIN, &CancelToken::new()).unwrap();
    let told: Vec<(u64, Option<usize>, String)> = (scored.iter())
        .map(|row| {
            let text = match row.outcome {
                RowOutcome::Scored(row, _) => row.classification().to_owned(),
                RowOutcome::Rejected(reject) => reject.reason.clone(),
            };
            (row.line, row.row, text)
        })
        .collect();
    let expected = [
        (1, None, "early"),
        (2, Some(0), "malicious"),
        (3, Some(1), "is not an int"),
        (4, Some(2), "benign"),
        (5, None, "late"),
    ];
    for (told, expected) in told.iter().zip(expected) {
        assert_eq!((told.0, told.1), (expected.0, expected.1));
        assert!(told.2.contains(expected.2) || told.0 == 3, "{told:?}");
    }
    assert_eq!((scored.len(), scored.rejected(), scored.flagged()), (5, 3, 1));
}

/// Not asserted, for a busy machine says nothing about the program: `--nocapture` shows it.
#[test]
fn prints_what_one_row_costs() {
    let house = trained();
    let model = model(&house);
    let (header, batches) = read("id,a,b\nr,60,2\n", 10);
    let cancel = CancelToken::new();
    let rounds = 2_000;
    let started = Instant::now();
    for _ in 0..rounds {
        let scorer = model.for_header("x", &header).unwrap();
        let scored = scorer.score(batches[0].clone(), &RowOptions::PLAIN, &cancel).unwrap();
        assert_eq!(scored.flagged(), 1);
    }
    let each = started.elapsed() / rounds;
    eprintln!(
        "one row of {} columns, its header looked up: {each:?}",
        header.names.len()
    );
}

/// Rows under a schema with an alias, columns that may be absent, limits that only warn, and a rule.
const ODD: &str = "name: odd\n\
    label: {column: y, malicious: [bad], benign: [good]}\n\
    columns:\n\
    - {name: id, type: text, role: id}\n\
    - {name: a, type: int, aliases: [alpha], max: 90, severity: warn}\n\
    - {name: b, type: float, nullable: true, allowed: [0, 1.5, 3, 4.25]}\n\
    - {name: c, type: category, required: false, nullable: true}\n\
    - {name: d, type: int, required: false, min: 0}\n\
    rules:\n\
    - {id: sane, expression: \"a >= 0 OR b IS NULL\"}\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn few_rows_come_to_what_many_do(
        cells in prop::collection::vec((-3_i64..105, 0_usize..7, 0_usize..4, -1_i64..9), 1..=32),
        layout in 0_usize..4,
        explain in 0_usize..4,
        threshold in prop::option::of(0.0..1.0_f64),
    ) {
        let schema = Arc::new(crate::schema::Loaded::parse(ODD, "test").unwrap().schema);
        let model = RowModel::new(crate::pipeline::testing::a_model(&schema), "run", RowConditions::default());
        let b = ["0", "1.5", "3", "4.25", "", "NA", "2"];
        let c = ["x", "y", "", "none"];
        let text = |extra: &[(i64, usize, usize, i64)]| {
            let mut text = ["id,a,b,c,d\n", "d,alpha,id,b\n", "b,A,id,other,c\n", "y,id,b,alpha\n"][layout].to_owned();
            for (row, (a, at_b, at_c, d)) in cells.iter().chain(extra).enumerate() {
                let (b, c) = (b[*at_b], c[*at_c]);
                text.push_str(&match layout {
                    0 => format!("r{row},{a},{b},{c},{d}\n"),
                    1 => format!("{d},{a},r{row},{b}\n"),
                    2 => format!("{b},{a},r{row},q,{c}\n"),
                    _ => format!("bad,r{row},{b},{a}\n"),
                });
            }
            text
        };
        // Rows behind the others that change nothing for them: not flagged, and too many for the short way.
        let padding = vec![(0, 0, 0, 0); 33];
        let options = RowOptions { threshold, explain };
        let scored = |text: &str| {
            let (header, batches) = read(text, usize::MAX);
            let scorer = model.for_header("in.csv", &header).unwrap();
            scorer.score(batches.into_iter().next().unwrap(), &options, &CancelToken::new()).unwrap()
        };
        let (few, many) = (scored(&text(&[])), scored(&text(&padding)));
        let told = |rows: &ScoredRows| -> Vec<String> {
            let told = |row: RowResult<'_>| match row.outcome {
                RowOutcome::Scored(score, _) => format!(
                    "{} {} {:x} {} {:?} {}",
                    row.line, score.id, score.probability.to_bits(), score.malicious, score.risk, score.action.name()
                ),
                RowOutcome::Rejected(reject) => format!("{reject:?}"),
            };
            rows.iter().take(cells.len()).map(told).collect()
        };
        prop_assert_eq!(told(&few), told(&many));
        prop_assert_eq!(few.len(), cells.len());
        if options.explain == 0 {
            prop_assert_eq!(few.rejected(), many.rejected());
        }
    }
}
