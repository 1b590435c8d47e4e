//! Whatever comes in whatever order: nothing panics, and what must always hold does.

use proptest::prelude::*;

use super::*;
use crate::browse::Match;

/// What happens.
#[derive(Clone, Debug)]
enum Happening {
    Act(usize),
    Answer(usize, String),
    /// Something is said about a job: counted from the latest, so that many are stale.
    Told(usize, usize, u64),
    Resized(u16, u16),
}

fn happening() -> impl Strategy<Value = Happening> {
    let number = prop_oneof![0u64..100, Just(u64::MAX), Just(5_000)];
    prop_oneof![
        6 => (0..Action::ALL.len()).prop_map(Happening::Act),
        1 => (0usize..8, "\\PC{0,8}").prop_map(|(at, text)| Happening::Answer(at, text)),
        6 => (0usize..6, 0usize..12, number).prop_map(|(back, what, n)| Happening::Told(back, what, n)),
        1 => (0u16..200, 0u16..100).prop_map(|(w, h)| Happening::Resized(w, h)),
    ]
}

fn report(what: usize, number: u64) -> Report {
    let few = number.min(60) as usize;
    let reply = match what {
        0 => opened(counted(number.min(1_000))),
        1 => opened(counting(number.min(1_000))),
        2 => Reply::Page(Page {
            first: Some(number),
            rows: rows(0, few, 3),
        }),
        3 => Reply::Page(Page {
            first: None,
            rows: rows(0, few, 2),
        }),
        4 => Reply::Arranged(Arranged {
            rows: number,
            first: rows(0, few, 3),
        }),
        5 => Reply::Found(Some(Match {
            at: number,
            column: few,
            wrapped: few.is_multiple_of(2),
        })),
        6 => Reply::Found(None),
        7 => Reply::Counted(number),
        8 => Reply::Row(row(Some(number), few % 5)),
        9 => {
            return Report::Rows(if few.is_multiple_of(2) {
                counted(number)
            } else {
                counting(number / 20)
            });
        }
        10 => return Report::Cancelled,
        _ => {
            return Report::Failed(Failure {
                message: format!("at character {number}: is there already"),
                details: Vec::new(),
            });
        }
    };
    Report::Done(Box::new(reply))
}

fn purpose(at: usize) -> Purpose {
    match at {
        0 => Purpose::Find,
        1 => Purpose::Filter,
        2 => Purpose::GoToRow,
        3 => Purpose::ExportView,
        4 => Purpose::RemoveFilter,
        5 => Purpose::GoToColumn,
        _ => Purpose::OpenFile,
    }
}

fn happen(bench: &mut Bench, happening: Happening) {
    match happening {
        Happening::Act(at) => _ = bench.act(&[Action::ALL[at]]),
        Happening::Answer(at, text) => {
            let given = if at < 4 {
                Given::Line {
                    text,
                    regex: at == 2,
                    exact_case: false,
                }
            } else {
                Given::Choice {
                    item: Some(text.len()),
                    text,
                }
            };
            bench.answer(purpose(at), given);
        }
        Happening::Told(back, what, number) => {
            let tickets = bench.shared.effects.iter().rev().filter_map(|effect| match effect {
                Effect::Submit(ticket, _) => Some(*ticket),
                _ => None,
            });
            let Some(ticket) = { tickets }.nth(back) else { return };
            let report = report(what, number);
            bench.panel.news(&mut bench.shared, &News { ticket, report });
        }
        Happening::Resized(width, height) => {
            bench.shared.size = (width, height);
            bench.panel.woke(&mut bench.shared);
        }
    }
}

fn check(bench: &Bench) -> Result<(), TestCaseError> {
    let (window, columns) = (&bench.panel.window, &bench.panel.columns);
    let known = window.count().known;
    prop_assert!(window.place().is_none_or(|place| place < known));
    let sight = window.sight();
    prop_assert!(sight.rows.len() <= window.height());
    prop_assert!(sight.cursor.is_none_or(|cursor| cursor < sight.rows.len()));
    if let Some((at, column)) = columns.current() {
        prop_assert!(!column.hidden);
        let wide = bench.shared.size.0 > 20;
        let seen = columns.in_sight().iter().any(|sight| sight.column == at);
        prop_assert!(seen || !wide, "column {at} of {columns:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn nothing_that_comes_breaks_it(happenings in prop::collection::vec(happening(), 0..120)) {
        let mut bench = Bench::open(counting(50));
        for happening in happenings {
            happen(&mut bench, happening);
            check(&bench)?;
        }
        let session = bench.panel.session();
        let text = serde_json::to_string(&session).unwrap();
        let read: DataSession = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read, session);
    }
}
