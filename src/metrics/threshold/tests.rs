//! Owns the tests of threshold rules and budgets.

use proptest::prelude::*;

use super::*;

const SCORES: [f64; 8] = [0.9, 0.8, 0.8, 0.6, 0.6, 0.6, 0.2, 0.1];
const LABELS: [bool; 8] = [true, true, false, true, false, false, true, false];

#[test]
fn text_forms_round_trip() {
    for text in [
        "f1",
        "alerts:100",
        "alerts:0",
        "cost:1,10",
        "cost:0.5,0",
        "fpr:0.01",
        "fpr:0",
        "fpr:1",
    ] {
        let rule: ThresholdRule = text.parse().unwrap();
        assert_eq!(rule.to_string(), text);
        assert_eq!(serde_json::to_string(&rule).unwrap(), format!("\"{text}\""));
        assert_eq!(
            serde_json::from_str::<ThresholdRule>(&format!("\"{text}\"")).unwrap(),
            rule
        );
    }
}

#[test]
fn bad_rules_say_what_is_expected() {
    let long = "x".repeat(1_000_000);
    for text in [
        "",
        "F2",
        "f1:1",
        "alerts",
        "alerts:",
        "alerts:-1",
        "alerts:1.5",
        "cost:1",
        "cost:0,0",
        "cost:-1,1",
        "cost:1,inf",
        "cost:NaN,1",
        "cost:1,2,3",
        "fpr:1.1",
        "fpr:NaN",
        "fpr:-0.1",
        "fpr",
        &long,
    ] {
        let message = text.parse::<ThresholdRule>().unwrap_err().to_string();
        assert!(
            message.contains("is not a threshold rule") && message.len() < 300,
            "{message}"
        );
    }
    assert!(serde_json::from_str::<ThresholdRule>("\"nonsense\"").is_err());
    assert!(choose(&SCORES, &LABELS, ThresholdRule::Fpr(f64::NAN)).is_err());
}

#[test]
fn best_f1_by_hand() {
    // tp/flagged at the cuts: 1/1, 2/3, 3/6, 4/7, 4/8; F1 = 2tp/(flagged + 4): .4, .571, .6, .727, .667.
    let chosen = choose(&SCORES, &LABELS, ThresholdRule::F1).unwrap();
    assert_eq!((chosen.flagged, chosen.confusion.tp), (7, 4));
    assert!((chosen.threshold - 0.15).abs() < 1e-15);
    assert!((chosen.f1 - 8.0 / 11.0).abs() < 1e-15);
}

#[test]
fn equal_f1_goes_to_fewer_alerts() {
    // 1/1 with 2 positives: 2/3. 2/4: 4/6, the same. The higher threshold wins.
    let chosen = choose(&[0.9, 0.5, 0.4, 0.3], &[true, false, false, true], ThresholdRule::F1).unwrap();
    assert_eq!(chosen.flagged, 1);
}

#[test]
fn alerts_leave_ties_out_and_say_so() {
    let with = |n| {
        let chosen = choose(&SCORES, &LABELS, ThresholdRule::Alerts(n)).unwrap();
        (chosen.flagged, chosen.tied_out)
    };
    assert_eq!(with(0), (0, 0));
    assert_eq!(with(1), (1, 0));
    assert_eq!(with(2), (1, 2));
    assert_eq!(with(3), (3, 0));
    assert_eq!(with(5), (3, 3));
    assert_eq!(with(8), (8, 0));
    assert_eq!(with(1000), (8, 0));
}

#[test]
fn cost_by_hand() {
    // Missing one is ten times as bad: flag down to the last malicious row. The reverse: only the sure one.
    let miss = choose(
        &SCORES,
        &LABELS,
        ThresholdRule::Cost {
            false_positive: 1.0,
            false_negative: 10.0,
        },
    )
    .unwrap();
    assert_eq!((miss.confusion.fn_, miss.confusion.fp), (0, 3));
    let alarm = choose(
        &SCORES,
        &LABELS,
        ThresholdRule::Cost {
            false_positive: 10.0,
            false_negative: 1.0,
        },
    )
    .unwrap();
    assert_eq!((alarm.confusion.tp, alarm.confusion.fp), (1, 0));
    // Flagging costs nothing good here: nothing is flagged, and the threshold says so for a score of 1 too.
    let none = choose(
        &[1.0, 1.0],
        &[false, false],
        ThresholdRule::Cost {
            false_positive: 1.0,
            false_negative: 1.0,
        },
    );
    let none = none.unwrap();
    assert_eq!(none.flagged, 0);
    assert!(none.threshold > 1.0);
}

#[test]
fn false_positive_rate_is_kept() {
    let at = |rate| choose(&SCORES, &LABELS, ThresholdRule::Fpr(rate)).unwrap().confusion;
    assert_eq!((at(0.0).tp, at(0.0).fp), (1, 0));
    assert_eq!((at(0.25).tp, at(0.25).fp), (2, 1));
    // All malicious rows are caught with three of four: the last benign row stays out although it is allowed.
    assert_eq!((at(1.0).tp, at(1.0).fp), (4, 3));
    // The highest score is benign: at rate 0 nothing can be flagged.
    assert_eq!(
        choose(&[0.9, 0.1], &[false, true], ThresholdRule::Fpr(0.0))
            .unwrap()
            .flagged,
        0
    );
}

#[test]
fn rules_without_their_class_are_refused() {
    assert!(matches!(
        choose(&[0.5], &[false], ThresholdRule::F1),
        Err(MetricError::ClassMissing { class: "malicious", .. })
    ));
    assert!(matches!(
        choose(&[0.5], &[true], ThresholdRule::Fpr(0.1)),
        Err(MetricError::ClassMissing { class: "benign", .. })
    ));
    assert_eq!(choose(&[0.5], &[false], ThresholdRule::Alerts(1)).unwrap().flagged, 1);
    assert_eq!(alert_budget(&[], 3).unwrap_err(), MetricError::Empty);
    assert!(matches!(
        alert_budget(&[0.1, f64::NAN], 3),
        Err(MetricError::NotAProbability { row: 1, .. })
    ));
}

#[test]
fn the_tracker_is_bounded_by_the_budget() {
    let mut tracker = BudgetTracker::new(10);
    for i in 0..10_000_u32 {
        tracker.push(f64::from(i * 7919 % 10_007) / 10_007.0).unwrap();
        assert!(tracker.by_score.len() <= 11);
    }
}

proptest! {
    #[test]
    fn a_threshold_flags_exactly_what_it_says(
        rows in proptest::collection::vec((0_u8..12, any::<bool>()), 1..120),
        n in 0_u64..130,
        rate in 0.0_f64..1.0,
        costs in (0.1_f64..5.0, 0.1_f64..5.0),
    ) {
        let scores: Vec<f64> = rows.iter().map(|r| f64::from(r.0) / 11.0).collect();
        let labels: Vec<bool> = rows.iter().map(|r| r.1).collect();
        let rules = [
            ThresholdRule::F1,
            ThresholdRule::Alerts(n),
            ThresholdRule::Fpr(rate),
            ThresholdRule::Cost { false_positive: costs.0, false_negative: costs.1 },
        ];
        let scored = Scored::new(&scores, &labels).unwrap();
        for rule in rules {
            let Ok(chosen) = choose(&scores, &labels, rule) else { continue };
            prop_assert_eq!(Confusion::at(&scored, chosen.threshold), chosen.confusion);
            // No other threshold is better.
            for &other in scores.iter().chain(&[2.0]) {
                let there = Confusion::at(&scored, other);
                match rule {
                    ThresholdRule::F1 => prop_assert!(there.f1() <= chosen.f1 + 1e-12),
                    ThresholdRule::Alerts(n) => {
                        prop_assert!(chosen.flagged <= n);
                        prop_assert!(there.flagged() > n || there.flagged() <= chosen.flagged);
                    }
                    ThresholdRule::Fpr(rate) => prop_assert!(
                        there.false_positive_rate() > rate || there.tp <= chosen.confusion.tp
                    ),
                    ThresholdRule::Cost { false_positive, false_negative } => {
                        let total = |c: Confusion| c.fp as f64 * false_positive + c.fn_ as f64 * false_negative;
                        prop_assert!(total(chosen.confusion) <= total(there) + 1e-9);
                    }
                }
            }
        }
        let labelled = choose(&scores, &labels, ThresholdRule::Alerts(n)).unwrap();
        let budget = alert_budget(&scores, n).unwrap();
        prop_assert_eq!(
            (budget.threshold, budget.flagged, budget.tied_out),
            (labelled.threshold, labelled.flagged, labelled.tied_out)
        );
    }
}
