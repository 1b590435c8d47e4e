//! Opening scored files, good and bad.

use super::super::ReviewError;
use super::super::contract::StoreState;
use super::super::open::{OpenedStore, Review};
use super::super::testing::{Desk, HEADER, about, arrange, ids, judge, line, quietly};
use crate::browse::BrowseError;
use crate::triage::{Queue, Verdict};

#[test]
fn a_file_is_told_with_its_cases() {
    let desk = Desk::new();
    let rows = [
        (1, 1, 1, 0.9, true),
        (2, 0, 1, 0.6, true),
        (1, 1, 1, 0.9, true),
        (3, 0, 0, 0.3, false),
        (4, 0, 0, 0.1, false),
    ];
    desk.write("output.csv", &rows);
    std::fs::write(
        desk.path("rejects.csv"),
        "line,column,value,reason,raw\n7,a,x,not a number,\"x\"\n",
    )
    .unwrap();
    let opened = desk.open("output.csv", "ana").opened();
    assert_eq!((opened.rows, opened.cases, opened.flagged), (5, 4, 2));
    assert_eq!(opened.risk, [1, 1, 1, 1]);
    assert_eq!(
        (opened.schema.as_str(), opened.run.as_str()),
        ("small", "20260101T000000Z-abcd")
    );
    assert_eq!(opened.threshold, Some(0.6));
    assert_eq!(opened.rejected, Some((1, desk.path("rejects.csv"))));
    assert!(opened.without_model.unwrap().contains("20260101T000000Z-abcd"));
    assert_eq!(
        (opened.analyst.as_str(), opened.store, opened.columns.len()),
        ("ana", StoreState::Ready, 17)
    );
    assert!(!opened.label_audit);
}

#[test]
fn a_file_that_was_not_scored_says_what_is_missing() {
    let desk = Desk::new();
    std::fs::write(desk.path("plain.csv"), "a,b,probability\n1,2,3\n").unwrap();
    let error = desk.try_open("plain.csv", "ana").err().unwrap().to_string();
    assert!(
        error.contains("was not scored: it has no column row_id, classification, risk_level, model_run"),
        "{error}"
    );
    assert!(error.contains("nsec-tui predict"), "{error}");
    std::fs::write(desk.path("head.csv"), format!("{HEADER}\n")).unwrap();
    assert!(matches!(
        desk.try_open("head.csv", "ana"),
        Err(ReviewError::Empty { .. })
    ));
    let store = OpenedStore {
        store: None,
        without: String::new(),
    };
    let none = quietly(|work| Review::open(&desk.surroundings("ana"), None, store, work));
    assert!(matches!(none, Err(ReviewError::NoOutput { .. })));
}

#[test]
fn cells_that_cannot_be_read_are_counted_and_said() {
    let desk = Desk::new();
    let good = line(1, 1, 1, 0.9, true);
    let bad = [
        good.replace("0000000000000001", "xyz"),
        good.replace(",0.9,0.9", ",NaN,NaN"),
        good.replace(",0.9,0.9", ",1.5,1.5"),
        good.replace("malicious", "perhaps"),
        good.replace("critical", "\u{1b}[31m"),
        "1,2\n".to_owned(),
        good.replace("0000000000000001", "0000000000000009")
            .replace("20260101T000000Z-abcd", "other"),
    ];
    std::fs::write(desk.path("s.csv"), format!("{HEADER}\n{good}{}", bad.concat())).unwrap();
    let review = desk.open("s.csv", "ana");
    let opened = review.opened();
    assert_eq!((opened.rows, opened.cases), (8, 2));
    let said = quietly(|work| review.poll(work)).unwrap().unwrap().what;
    assert!(
        said.contains("6 rows of the file cannot be read and are not shown: row 2: row_id is `xyz`"),
        "{said}"
    );
    assert!(said.contains("1 row of the file were scored by another run"), "{said}");
    assert_eq!(quietly(|work| review.poll(work)).unwrap(), None);
    arrange(&review, Queue::All, &[]);
    assert_eq!(ids(&review), [1, 9]);
    std::fs::write(desk.path("none.csv"), format!("{HEADER}\n{}", bad[..6].concat())).unwrap();
    let error = desk.try_open("none.csv", "ana").err().unwrap().to_string();
    assert!(
        error.contains("has no row that was scored (row 1: row_id is `xyz`"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_scored_anew_is_judged_on_and_said_once() {
    let desk = Desk::new();
    let path = desk.write("s.csv", &[(1, 1, 1, 0.9, true), (2, 0, 1, 0.8, true)]);
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::TopRisk, &[]);
    assert_eq!(quietly(|work| review.poll(work)).unwrap(), None);
    std::fs::rename(&path, desk.path("s.before.csv")).unwrap();
    desk.write("s.csv", &[(3, 1, 1, 0.9, true)]);
    let said = quietly(|work| review.poll(work)).unwrap().unwrap().what;
    assert!(said.contains("s.csv was scored anew"), "{said}");
    assert_eq!(quietly(|work| review.poll(work)).unwrap(), None);
    arrange(&review, Queue::All, &[]);
    assert_eq!(ids(&review), [1, 2]);
    let decided = review.decide(&about(&[2], judge(Verdict::FalsePositive))).unwrap();
    assert_eq!(decided.cases, 1);
    // Rewritten in place it is another matter.
    std::fs::write(desk.path("s.before.csv"), "x").unwrap();
    let error = review.page(0, 2, &[], 40).unwrap_err();
    assert!(
        matches!(error, ReviewError::Browse(BrowseError::Changed { .. })),
        "{error}"
    );
}

#[test]
fn a_file_that_changes_is_an_error_and_no_more() {
    let desk = Desk::new();
    let rows: Vec<_> = (1..200).map(|id| (id, 1, 1, 0.9, true)).collect();
    let path = desk.write("s.csv", &rows);
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::TopRisk, &[]);
    let length = std::fs::metadata(&path).unwrap().len();
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(length / 2)
        .unwrap();
    let error = review.page(150, 10, &[], 40).unwrap_err();
    assert!(
        matches!(error, ReviewError::Browse(BrowseError::Changed { .. })),
        "{error}"
    );
    let filtered = quietly(|work| review.arrange(&Queue::All, &["a = 1".to_owned()], None, work));
    assert!(filtered.unwrap_err().to_string().contains("has become shorter"));
    // Nothing is decided about rows that are not what they were.
    let judged = review.decide(&super::super::testing::about(
        &[180],
        super::super::testing::judge(crate::triage::Verdict::FalsePositive),
    ));
    assert!(judged.is_err());
    std::fs::remove_file(&path).unwrap();
    assert!(review.page(150, 10, &[], 40).is_err());
}

#[test]
fn a_file_can_be_looked_at_without_a_store() {
    let desk = Desk::new();
    let path = desk.write("s.csv", &[(1, 1, 1, 0.9, true)]);
    let store = OpenedStore {
        store: None,
        without: "the workspace is read-only".to_owned(),
    };
    let review = quietly(|work| Review::open(&desk.surroundings("ana"), Some(&path), store, work)).unwrap();
    assert_eq!(arrange(&review, Queue::TopRisk, &[]).cases, 1);
    assert_eq!(review.facts(0).unwrap().other[2].1, "http://x1.example/");
    let error = review
        .decide(&super::super::testing::about(
            &[1],
            super::super::testing::judge(crate::triage::Verdict::TruePositive),
        ))
        .unwrap_err();
    assert_eq!(error.to_string(), "nothing was decided: the workspace is read-only");
    assert_eq!(review.progress().verdicts, [0; 5]);
}
