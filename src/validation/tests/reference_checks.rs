//! Owns the tests of checks against the training reference.

use super::data_checks::rows;
use super::*;
use crate::validation::drift::{Reference, ReferenceBuilder};

fn reference(schema: &Schema, csv: &str) -> Arc<Reference> {
    let mut builder = ReferenceBuilder::new(schema);
    builder.add(&typed(schema, csv).frame);
    Arc::new(builder.finish())
}

fn against(schema: &Schema, training: &str, batch: &str) -> Outcome {
    let run = Run {
        purpose: Purpose::Score,
        against: Against {
            reference: Some(reference(schema, training)),
            now: None,
        },
        ..Run::default()
    };
    run.on(schema, batch)
}

#[test]
fn categories_that_training_did_not_have() {
    let schema = schema(vec![column("c", ColumnType::Category), column("i", ColumnType::Int)]);
    let training = rows("c,i", |i, _| format!("{},{}", ["a", "b"][i % 2], i as i64 % 3 - 1));
    let outcome = against(&schema, &training, "c,i\na,1\nz,0\nb,7\n,\n");
    assert_eq!(
        outcome.check("new_category", Some("c")).examples,
        [Example {
            line: 3,
            value: "z".into()
        }]
    );
    assert_eq!(
        outcome.check("new_category", Some("i")).examples,
        [Example {
            line: 4,
            value: "7".into()
        }]
    );
    assert!(outcome.rejects.is_empty());
    let sound = against(&schema, &training, "c,i\na,1\nb,0\n");
    assert_eq!(sound.check("new_category", None).status, CheckStatus::Passed);
    // Training saw more categories than are kept: nothing can be called new.
    let many: Vec<String> = (0..1500).map(|i| format!("c{i},1,bad\n")).collect();
    let open = against(&schema, &format!("c,i,y\n{}", many.concat()), "c,i\nnever,1\n");
    assert!(
        open.report
            .checks
            .iter()
            .all(|c| c.id != "new_category" || c.column.as_deref() != Some("c"))
    );
}

#[test]
fn a_jump_of_the_missing_rate() {
    let schema = schema(vec![column("a", ColumnType::Int), column("b", ColumnType::Int)]);
    let training = rows("a,b", |i, _| {
        format!("{i},{}", if i % 10 == 0 { String::new() } else { i.to_string() })
    });
    let cell = |i: usize, every: usize| {
        if i.is_multiple_of(every) {
            String::new()
        } else {
            i.to_string()
        }
    };
    let batch = |a: usize, b: usize| -> String {
        std::iter::once("a,b\n".to_owned())
            .chain((1..=400).map(|i| format!("{},{}\n", cell(i, a), cell(i, b))))
            .collect()
    };
    let outcome = against(&schema, &training, &batch(4, 8));
    let check = outcome.check("missing_rate", Some("a"));
    assert_eq!(check.failing_rows, 100);
    assert!(
        check.message.contains("25.0 %") && check.message.contains("0.0 %"),
        "{}",
        check.message
    );
    assert!(
        outcome
            .report
            .checks
            .iter()
            .all(|c| c.id != "missing_rate" || c.column.as_deref() == Some("a"))
    );
    assert_eq!(
        against(&schema, &training, &batch(40, 10))
            .check("missing_rate", None)
            .status,
        CheckStatus::Passed
    );
    assert_eq!(
        against(&schema, &training, "a,b\n,\n")
            .check("missing_rate", None)
            .status,
        CheckStatus::Skipped
    );
    assert_eq!(outcome.report.drift.len(), 4);
    // The rows move from 0..100 to 1..400, missing cells apart.
    assert!(
        outcome.report.drift.iter().all(|d| d.drifted.is_none()),
        "100 training rows give no verdict"
    );
}
