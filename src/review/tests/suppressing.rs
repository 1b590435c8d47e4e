//! Suppression rules and their what-ifs.

use super::super::testing::{Desk, about, arrange, ids, judge, quietly};
use crate::artifacts::Timestamp;
use crate::triage::{EventId, Queue, SuppressionRule, Verdict, WhatIf};

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write(
        "s.csv",
        &[
            (1, 1, 1, 0.9, true),
            (2, 0, 1, 0.8, true),
            (3, 1, 2, 0.7, true),
            (3, 1, 3, 0.7, true),
            (4, 1, 1, 0.1, false),
            (4, 1, 1, 0.1, false),
        ],
    );
    desk
}

#[test]
fn rules_hide_cases_of_which_every_row_meets_them() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    quietly(|work| review.add_rule("a = 1 and b < 3", "own scanner", 7, work)).unwrap();
    let rules = review.rules();
    assert_eq!((rules.len(), rules[0].1, rules[0].0.hits), (1, 3, 3));
    assert_eq!(
        (rules[0].0.owner.as_str(), rules[0].0.reason.as_str()),
        ("ana", "own scanner")
    );
    assert_eq!(review.progress().suppressed, (2, 3));
    let shown = |queue| {
        arrange(&review, queue, &[]);
        ids(&review)
    };
    // Only one of the rows of 3 meets it.
    assert_eq!(shown(Queue::TopRisk), [2, 3]);
    assert_eq!(shown(Queue::Suppressed), [1, 4]);
    assert_eq!(shown(Queue::All), [1, 2, 3, 4]);
    let row = &review.page(0, 1, &[], 40).unwrap().rows[0];
    assert_eq!(row.suppressed.as_deref(), Some("a = 1 and b < 3"));
    quietly(|work| review.withdraw_rule(rules[0].0.id, work)).unwrap();
    assert_eq!(shown(Queue::TopRisk), [1, 2, 3]);
    assert_eq!((review.rules()[0].1, review.progress().suppressed), (0, (0, 0)));
    // The same file opened again does not count twice.
    assert_eq!(desk.open("s.csv", "tom").rules()[0].0.hits, 3);
}

#[test]
fn rules_that_cannot_be_kept_or_applied_say_why() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    let refused = |condition: &str, reason: &str, days| {
        quietly(|work| review.add_rule(condition, reason, days, work))
            .unwrap_err()
            .to_string()
    };
    assert!(refused("c = 1", "x", 3).contains("no column is named \"c\""));
    assert!(refused("a = 1", " ", 3).contains("needs a reason"));
    assert!(refused("a = 1", "x", 0).contains("1 to 3650 days"));
    let now = chrono::Utc::now();
    let rule = |condition: &str, days: i64| SuppressionRule {
        id: EventId::new(),
        schema: "small".to_owned(),
        condition: condition.to_owned(),
        owner: "tom".to_owned(),
        reason: "x".to_owned(),
        made_at: Timestamp::now(),
        expires_at: Timestamp::from(now + chrono::Duration::days(days)),
        withdrawn: None,
        hits: 0,
    };
    desk.shared.lock().unwrap().rules = vec![rule("gone = 1", 1), rule("a = 1", -1)];
    let review = desk.open("s.csv", "ana");
    assert_eq!(review.progress().suppressed, (0, 0));
    let said = quietly(|work| review.poll(work)).unwrap().unwrap().what;
    assert!(
        said.contains("the rule `gone = 1` cannot be applied to this file and hides nothing"),
        "{said}"
    );
}

#[test]
fn rules_of_others_come_into_force() {
    let desk = desk();
    let (ana, tom) = (desk.open("s.csv", "ana"), desk.open("s.csv", "tom"));
    quietly(|work| tom.add_rule("a = 0", "own", 7, work)).unwrap();
    let news = quietly(|work| ana.poll(work)).unwrap().unwrap();
    assert_eq!(
        (news.what.as_str(), news.progress.suppressed),
        ("suppression rules have changed", (1, 1))
    );
    // What it counts itself is no news to it.
    assert_eq!(quietly(|work| ana.poll(work)).unwrap(), None);
}

#[test]
fn a_what_if_asks_judged_history_and_the_file() {
    let desk = desk();
    desk.write(
        "old.csv",
        &[(50, 1, 1, 0.9, true), (51, 1, 1, 0.95, true), (52, 0, 0, 0.9, true)],
    );
    {
        let old = desk.open("old.csv", "tom");
        arrange(&old, Queue::All, &[]);
        old.decide(&about(&[50], judge(Verdict::TruePositive))).unwrap();
        old.decide(&about(&[51], judge(Verdict::FalsePositive))).unwrap();
        old.decide(&about(&[52], judge(Verdict::TruePositive))).unwrap();
    }
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::All, &[]);
    review.decide(&about(&[1], judge(Verdict::BenignPositive))).unwrap();
    review.decide(&about(&[2], judge(Verdict::TruePositive))).unwrap();
    review.decide(&about(&[4], judge(Verdict::Undetermined))).unwrap();
    let asked = |condition: &str| quietly(|work| review.what_if(condition, work)).unwrap();
    let told = |judged, true_positives, benign, rows_now| WhatIf {
        judged,
        true_positives,
        benign,
        rows_now,
    };
    assert_eq!(asked("a = 1"), told(4, 1, 2, 5));
    assert_eq!(asked("a = 1 and probability > 0.92"), told(1, 0, 1, 0));
    assert_eq!(asked("url like '%x52%'"), told(1, 1, 0, 0));
    assert_eq!(asked("a = 7"), told(0, 0, 0, 0));
    assert!(quietly(|work| review.what_if("zzz = 7", work)).is_err());
}
