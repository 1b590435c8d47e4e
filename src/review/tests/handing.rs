//! Exports of a reviewed file, and files that mean harm.

use proptest::prelude::*;

use super::super::handover::Scope;
use super::super::testing::{Desk, HEADER, about, arrange, judge, line, quietly};
use crate::export::Format;
use crate::triage::{Queue, Verdict};

fn exported(review: &super::super::Review, format: Format, scope: Scope) -> String {
    let mut out = Vec::new();
    quietly(|work| review.export_to(format, scope, &mut out, work)).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn exports_have_the_rows_of_their_scope_with_what_was_decided() {
    let desk = Desk::new();
    let guarded = line(7, 1, 1, 0.95, true).replace("http://x7.example/", "'=cmd|x");
    let rows = [
        line(5, 1, 1, 0.7, true),
        line(6, 0, 1, 0.1, false),
        guarded,
        line(5, 1, 1, 0.7, true),
        "torn\n".to_owned(),
    ];
    std::fs::write(desk.path("s.csv"), format!("{HEADER}\n{}", rows.concat())).unwrap();
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::TopRisk, &[]);
    review.decide(&about(&[5], judge(Verdict::FalsePositive))).unwrap();
    let lines = |scope| {
        let text = exported(&review, Format::Csv, scope);
        let rows = text.lines().skip(1).map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[2].to_owned(), line.contains(",false_positive,"))
        });
        rows.collect::<Vec<_>>()
    };
    let (x5, x6, x7) = ("http://x5.example/", "http://x6.example/", "'=cmd|x");
    let row = |url: &str, judged| (url.to_owned(), judged);
    assert_eq!(
        lines(Scope::All),
        [row(x5, true), row(x6, false), row(x7, false), row(x5, true)]
    );
    assert_eq!(lines(Scope::View), [row(x7, false), row(x5, true), row(x5, true)]);
    assert_eq!(lines(Scope::Judged), [row(x5, true), row(x5, true)]);
    let header = exported(&review, Format::Csv, Scope::All);
    assert_eq!(header.lines().next(), Some(HEADER));
    for format in Format::ALL.into_iter().filter(|format| *format != Format::Parquet) {
        assert!(!exported(&review, format, Scope::All).is_empty(), "{format}");
    }
    // What was judged keeps the cell as it was before the guard.
    review.decide(&about(&[7], judge(Verdict::TruePositive))).unwrap();
    let cells = desk.shared.lock().unwrap().events[1].cells.clone().unwrap();
    assert_eq!(cells[2], ("url".to_owned(), "=cmd|x".to_owned()));
}

#[test]
fn an_export_replaces_nothing_unasked() {
    let desk = Desk::new();
    let path = desk.write("s.csv", &[(1, 1, 1, 0.9, true)]);
    let review = desk.open("s.csv", "ana");
    let out = desk.path("out.csv");
    let export = |path, replace| quietly(|work| review.export(Format::Csv, Scope::All, path, replace, work));
    assert_eq!(export(&out, false).unwrap().rows, 1);
    assert!(export(&out, false).unwrap_err().to_string().contains("out.csv"));
    assert_eq!(export(&out, true).unwrap().rows, 1);
    let itself = export(&path, true).unwrap_err().to_string();
    assert!(itself.contains("is the table that is open"), "{itself}");
    // A view without a case is an export without a row.
    assert_eq!(
        quietly(|work| review.export(Format::Csv, Scope::View, &out, true, work))
            .unwrap()
            .rows,
        0
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_file_makes_it_panic(
        names in prop::collection::vec("(nsec_){0,2}(row_id|probability|risk_level|model_run|classification|verdict|a|b|)", 1..9),
        bytes in prop::collection::vec(prop::sample::select(b"0123456789abcdef,.\"\n\r'=-\x1b\xff malicioushgw".to_vec()), 0..400),
        given in any::<bool>(),
    ) {
        let desk = Desk::new();
        let mut text = if given { HEADER.to_owned() } else { names.join(",") }.into_bytes();
        text.push(b'\n');
        if given {
            text.extend_from_slice(line(1, 1, 1, 0.9, true).as_bytes());
        }
        text.extend_from_slice(&bytes);
        std::fs::write(desk.path("s.csv"), text).unwrap();
        if let Ok(review) = desk.try_open("s.csv", "ana") {
            let opened = review.opened();
            prop_assert!(opened.cases <= opened.rows);
            let view = arrange(&review, Queue::All, &[]);
            prop_assert_eq!(view.cases, opened.cases);
            let page = review.page(0, 50, &[0, 4, 12], 10).unwrap();
            prop_assert_eq!(page.rows.len() as u64, opened.cases.min(50));
            for row in &page.rows {
                prop_assert!((0.0..=1.0).contains(&row.probability));
                review.decide(&about(&[row.row.0], judge(Verdict::Undetermined))).unwrap();
            }
            exported(&review, Format::Csv, Scope::Judged);
        }
    }
}
