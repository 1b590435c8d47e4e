//! Owns the tests of judged cases: what is settled, what their hash depends on, how stored cells become rows.

use super::*;
use crate::pipeline::testing::{case, dataset, ids, judged, schema};
use crate::triage::{Change, Event};

fn id(row: u64) -> CaseId {
    CaseId {
        schema: "small".into(),
        row: RowId(row),
    }
}

fn judge(row: u64, analyst: &str, verdict: Verdict) -> Event {
    let change = Change::Judge {
        verdict: Some(verdict),
        reason: None,
    };
    Event::now(id(row), analyst, change)
}

#[test]
fn what_is_settled_is_taken_and_conflicts_are_counted() {
    let mut cases = Cases::default();
    for event in [
        judge(2, "ann", Verdict::TruePositive),
        judge(1, "ann", Verdict::FalsePositive),
        // Neither has seen the other's.
        judge(3, "ann", Verdict::TruePositive),
        judge(3, "bob", Verdict::FalsePositive),
        Event::now(id(4), "ann", Change::Note { text: "later".into() }),
        Event {
            case: CaseId {
                schema: "other".into(),
                row: RowId(1),
            },
            ..judge(1, "ann", Verdict::TruePositive)
        },
    ] {
        cases.add(event);
    }
    let cells = vec![("a".to_owned(), "1".to_owned())];
    let found = JudgedCases::of("small", &cases, [(id(2), cells.clone()), (id(9), cells.clone())]);
    assert_eq!(found.conflicting, 1);
    let told: Vec<_> = found
        .cases
        .iter()
        .map(|c| (c.row.0, c.verdict, c.cells.clone()))
        .collect();
    assert_eq!(
        told,
        [
            (1, Verdict::FalsePositive, None),
            (2, Verdict::TruePositive, Some(cells))
        ]
    );
    assert!(JudgedCases::of("none", &cases, []).is_empty());
}

#[test]
fn the_hash_is_of_what_training_uses() {
    let one = || case(RowId(1), Verdict::TruePositive, &[("a", "1")]);
    let hash = |case| judged([case]).hash();
    let same = hash(one());
    let by_another = JudgedCase {
        analyst: "bob".into(),
        ..one()
    };
    assert_eq!(hash(by_another), same, "who judged changes no model");
    let others = [
        case(RowId(2), Verdict::TruePositive, &[("a", "1")]),
        case(RowId(1), Verdict::FalsePositive, &[("a", "1")]),
        case(RowId(1), Verdict::TruePositive, &[("a", "2")]),
        case(RowId(1), Verdict::TruePositive, &[("a1", "")]),
        JudgedCase {
            lane: Lane::RandomAudit,
            ..one()
        },
    ];
    for other in others {
        assert_ne!(hash(other), same);
    }
}

#[test]
fn stored_cells_are_typed_as_the_data_is() {
    let data = dataset("id,a,b,y\nr0,1,1,bad\nr1,2,,good\n");
    let cases = [
        case(
            RowId(10),
            Verdict::TruePositive,
            &[("b", "NA"), ("a", "2.0"), ("id", "r1"), ("zzz", "7")],
        ),
        case(
            RowId(11),
            Verdict::TruePositive,
            &[("id", "x"), ("a", "many"), ("b", "1")],
        ),
        JudgedCase {
            cells: None,
            ..case(RowId(12), Verdict::TruePositive, &[])
        },
        case(
            RowId(13),
            Verdict::FalsePositive,
            &[("id", "r0"), ("a", "1"), ("b", "1"), ("y", "bad")],
        ),
    ];
    let cases: Vec<&JudgedCase> = cases.iter().collect();
    let settings = ValidationSettings::default();
    let typed = type_cases(
        &cases,
        &["id", "a", "b"],
        &schema(),
        &data.nulls,
        &settings,
        &CancelToken::new(),
    )
    .unwrap();
    assert_eq!(typed.places, [0, 3], "many is no whole number, and one was not kept");
    assert_eq!(
        (typed.unusable, typed.unknown.iter().map(String::as_str).collect()),
        (2, vec!["zzz"])
    );
    assert!(typed.why.unwrap().contains("case 000000000000000"), "says which");
    let of_data = ids(&data);
    assert_eq!(typed.rows, [of_data[1], of_data[0]], "the same rows have the same ids");
    assert_eq!(typed.groups, [data.groups[1], data.groups[0]]);
    let none = type_cases(&[], &["a"], &schema(), &data.nulls, &settings, &CancelToken::new()).unwrap();
    assert_eq!((none.places.len(), none.unusable), (0, 0));
}
