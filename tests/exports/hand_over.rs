//! The hand-over of a shift.

use nsec_tui::export::Format;
use nsec_tui::triage::{Change, Verdict};

use crate::rows::{at, export, hostile, judged, mail_header, row, rule, said};

fn page(header: &nsec_tui::export::ExportHeader, rows: &[nsec_tui::export::ExportRow]) -> String {
    String::from_utf8(export(Format::Markdown, header, rows).0).unwrap()
}

const CELLS: [&str; 9] = ["", "", "", "", "", "", "", "", ""];

#[test]
fn a_shift_by_hand() {
    let mut header = mail_header();
    header.rules = vec![(rule("links > 3"), 2)];
    header.shift_from = Some(at("2026-11-27T08:00:00.000Z"));
    let mut rows: Vec<_> = [0.99, 0.95, 0.9, 0.85, 0.8, 0.6, 0.1, 0.1]
        .into_iter()
        .enumerate()
        .map(|(id, probability)| row("mail", id as u64, &CELLS, probability))
        .collect();
    let (early, now) = ("2026-11-26T09:00:00.000Z", "2026-11-27T09:00:00.000Z");
    judged(&mut rows[0], "alice", early, Verdict::TruePositive);
    judged(&mut rows[1], "alice", now, Verdict::TruePositive);
    judged(&mut rows[2], "bob", now, Verdict::TruePositive);
    judged(&mut rows[3], "alice", now, Verdict::TruePositive);
    judged(&mut rows[3], "bob", now, Verdict::FalsePositive);
    // Not flagged: says nothing of the precision of what was flagged.
    judged(&mut rows[6], "alice", now, Verdict::TruePositive);
    said(
        &mut rows[1],
        "alice",
        now,
        Change::Tag {
            tag: "escalated".to_owned(),
            on: true,
        },
    );
    said(
        &mut rows[5],
        "alice",
        now,
        Change::Note {
            text: "call | the owner".to_owned(),
        },
    );
    rows[7].suppressed = Some("links > 3".to_owned());
    rows[7].copies = 2;
    rows.push(rows[7].clone());
    let expected = "\
# Hand-over: `batch.csv`

| what |  |
|---|---|
| made by | `alice` |
| made at | 2026-11-27T16:00:00.000Z |
| shift since | 2026-11-27T08:00:00.000Z |
| schema | `mail` |
| scored by | `20261127T080000Z-abcd`, `gradient_boosting` |
| threshold | flagged from 0.5000 on |
| holds | `all rows` |

## How the work stands

| cases | all | with a verdict | share |
|---|---|---|---|
| all | 8 | 5 | 62.5 % |
| flagged | 6 | 4 | 66.7 % |
| critical | 5 | 4 | 80.0 % |
| high | 1 | 0 | 0.0 % |
| medium | 0 | 0 | – |
| low | 2 | 1 | 50.0 % |

Rows: 9, cases: 8; rows that are identical are one case.

| verdict | this shift | ever |
|---|---|---|
| true positive | 3 | 4 |
| benign positive | 0 | 0 |
| false positive | 1 | 1 |
| duplicate | 0 | 0 |
| undetermined | 0 | 0 |

## The shift

Precision 66.7 %: 2 true and 1 false positives among flagged cases.

| analyst | true positive | benign positive | false positive | duplicate | undetermined |
|---|---|---|---|---|---|
| `alice` | 3 | 0 | 0 | 0 | 0 |
| `bob` | 1 | 0 | 1 | 0 | 0 |

## Open conflicts: 1

| case | rows | risk | probability | verdict | what is said of it |
|---|---|---|---|---|---|
| `0000000000000003` | 1 | critical | 0.8500 | false positive by `bob` | but true positive by `alice` |

## Tagged and noted: 2

| case | rows | risk | probability | verdict | what is said of it |
|---|---|---|---|---|---|
| `0000000000000001` | 1 | critical | 0.9500 | true positive by `alice` | tag `escalated` |
| `0000000000000005` | 1 | high | 0.6000 | – | note `call \\| the owner` |

## Critical and not reviewed: 1

| case | rows | risk | probability | verdict | what is said of it |
|---|---|---|---|---|---|
| `0000000000000004` | 1 | critical | 0.8000 | – | `links = 9 (+0.75); ratio = 1 (-0.25)` |

## Suppression rules: 1

Rows here that they suppress: 2, cases: 1. Suppressed rows are exported like all others.

| condition | rows here | owner | reason | holds until |
|---|---|---|---|---|
| `links > 3` | 2 | `carol` | `own scanner` | 2026-12-20T00:00:00.000Z |
";
    assert_eq!(page(&header, &rows), expected);
}

#[test]
fn a_quiet_shift_says_so() {
    let text = page(&mail_header(), &[]);
    assert!(text.contains("| shift since | 2026-11-27T00:00:00.000Z |"), "{text}");
    for sentence in [
        "so there is no precision.",
        "Nobody contradicts anybody.",
        "No case has a tag or a note.",
        "Every critical case has a verdict or is suppressed.",
        "No rule holds.",
    ] {
        assert!(text.contains(sentence), "{sentence}");
    }
}

#[test]
fn long_lists_are_cut_and_say_so() {
    let rows: Vec<_> = (0..130)
        .map(|id| row("mail", id, &CELLS, 0.8 + 0.001 * id as f64))
        .collect();
    let text = page(&mail_header(), &rows);
    assert!(text.contains("## Critical and not reviewed: 130\n"));
    assert!(text.contains("\nand 80 more.\n"));
    let listed: Vec<&str> = text.lines().filter(|line| line.starts_with("| `0000")).collect();
    assert_eq!(listed.len(), 50);
    assert!(
        listed[0].starts_with(&format!("| `{:016x}` ", 129)) && listed[49].starts_with(&format!("| `{:016x}` ", 80))
    );
}

/// Outside code there is nothing that a row could have brought: every table has its columns, no line is a stranger.
#[test]
fn hostile_cells_stay_in_code() {
    let (header, rows) = hostile();
    let text = page(&header, &rows);
    assert!(!text.chars().any(|c| c != '\n' && c.is_control()));
    assert!(text.len() < 200_000, "{}", text.len());
    let outside: String = {
        let mut left = String::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find('`') {
            left.push_str(&rest[..start]);
            let fence: String = rest[start..].chars().take_while(|c| *c == '`').collect();
            let inside = &rest[start + fence.len()..];
            // The run of exactly as many backticks.
            let mut at = 0;
            let end = loop {
                let next = at + inside[at..].find('`').expect("code that does not end");
                let run = inside[next..].chars().take_while(|c| *c == '`').count();
                if run == fence.len() {
                    break next;
                }
                at = next + run;
            };
            assert!(!inside[..end].contains('\n'), "code over two lines");
            rest = &inside[end + fence.len()..];
        }
        left + rest
    };
    assert!(
        !outside.contains(['<', '>', '[', ']', '!', '*', '_', '\\', '@', '&']),
        "{outside}"
    );
    for line in outside.lines().filter(|line| line.starts_with('|')) {
        assert!([2, 3, 4, 5, 6].contains(&(line.matches('|').count() - 1)), "{line}");
    }
}
