//! Owns the tests of reasons.

use proptest::prelude::*;

use super::*;
use crate::models::ScoreScale;
use crate::transform::FeatureKind;

fn feature(source: &str, name: &str) -> Feature {
    Feature {
        name: name.to_owned(),
        source: source.to_owned(),
        kind: FeatureKind::Indicator,
    }
}

fn contributions(values: &[f64]) -> Contributions {
    Contributions {
        base: 0.25,
        values: values.to_vec(),
        scale: ScoreScale::LogOdds,
    }
}

fn shares(pairs: &[(&str, f64)]) -> Vec<ColumnShare> {
    let features: Vec<Feature> = pairs.iter().map(|(source, _)| feature(source, source)).collect();
    let values: Vec<f64> = pairs.iter().map(|(_, v)| *v).collect();
    column_shares(&contributions(&values), &features)
}

#[test]
fn features_of_a_column_are_summed_and_the_largest_comes_first() {
    let found = shares(&[("a", 0.5), ("b", -3.0), ("a", 0.25), ("c", 0.25), ("d", 0.0)]);
    let told: Vec<(&str, f64, f64)> = found
        .iter()
        .map(|c| (c.column.as_str(), c.contribution, c.share))
        .collect();
    assert_eq!(
        told,
        [
            ("b", -3.0, -0.75),
            ("a", 0.75, 0.1875),
            ("c", 0.25, 0.0625),
            ("d", 0.0, 0.0)
        ]
    );
}

#[test]
fn equal_shares_stay_in_order_and_nothing_gives_nothing() {
    let found = shares(&[("b", 1.0), ("a", -1.0), ("c", 1.0)]);
    assert_eq!(
        found.iter().map(|c| c.column.as_str()).collect::<Vec<_>>(),
        ["b", "a", "c"]
    );
    assert!(shares(&[("a", 0.0), ("b", 0.0)]).is_empty());
    assert!(shares(&[("a", 1.0), ("a", -1.0)]).is_empty());
    assert!(shares(&[]).is_empty());
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(shares(&[("a", 1.0), ("b", bad)]).is_empty());
    }
    assert!(column_shares(&contributions(&[1.0, 2.0]), &[feature("a", "a")]).is_empty());
}

#[test]
fn the_cell_reads_as_the_contract_says() {
    let found = shares(&[
        ("SSLfinal_State", 2.3),
        ("URL_of_Anchor", -1.8),
        ("port", 5.87),
        ("Iframe", 0.03),
        ("x", 0.0),
    ]);
    let value_of = |column: &str| match column {
        "port" => None,
        "Iframe" => Some(""),
        _ => Some("-1"),
    };
    assert_eq!(
        format_reasons(&found, 9, value_of),
        "port is empty, which raises risk by 59 points; SSLfinal_State = -1 raises risk by 23 points; \
         URL_of_Anchor = -1 lowers risk by 18 points; Iframe is empty, which raises risk by less than 1 point"
    );
    assert_eq!(
        format_reasons(&found, 1, value_of),
        "port is empty, which raises risk by 59 points"
    );
    assert_eq!(format_reasons(&found, 0, value_of), "");
    assert_eq!(format_reasons(&[], 3, value_of), "");
}

#[test]
fn points_are_rounded_and_one_is_singular() {
    // Of 1,000 parts of evidence: 972, 15, 8 and 5, so 97.2, 1.5, .8 and .5 points.
    let found = shares(&[("a", 972.0), ("b", -15.0), ("c", 8.0), ("d", -5.0)]);
    assert_eq!(
        format_reasons(&found, 9, |_| Some("x")),
        "a = x raises risk by 97 points; b = x lowers risk by 2 points; c = x raises risk by 1 point; \
         d = x lowers risk by 1 point"
    );
    // Of 999.8 parts: 99.02 points, and twice 0.49.
    let found = shares(&[("a", -990.0), ("b", 4.9), ("c", -4.9)]);
    assert_eq!(
        format_reasons(&found, 9, |_| Some("x")),
        "a = x lowers risk by 99 points; b = x raises risk by less than 1 point; \
         c = x lowers risk by less than 1 point"
    );
    assert_eq!(
        format_reasons(&shares(&[("a", -0.25)]), 9, |_| Some("x")),
        "a = x lowers risk by 100 points"
    );
}

#[test]
fn hostile_cells_stay_short_and_on_one_line() {
    let cell = "a\r\n\u{1b}[31m".to_owned() + &"é".repeat(10_000_000);
    let text = format_reasons(&shares(&[("c", 1.0)]), 3, |_| Some(&cell));
    assert!(text.chars().count() < 110 && !text.chars().any(char::is_control));
    assert!(text.ends_with("é… raises risk by 100 points"));
}

proptest! {
    #[test]
    fn columns_add_up_to_the_score(parts in prop::collection::vec((0..6usize, -50.0..50.0f64), 1..60)) {
        let features: Vec<Feature> = parts.iter().map(|(c, _)| feature(&format!("column {c}"), "f")).collect();
        let values: Vec<f64> = parts.iter().map(|(_, v)| *v).collect();
        let account = contributions(&values);
        let score = account.base + account.values.iter().sum::<f64>();
        let found = column_shares(&account, &features);
        let sum: f64 = account.base + found.iter().map(|c| c.contribution).sum::<f64>();
        prop_assert!((sum - score).abs() < 1e-9);
        prop_assert!((found.iter().map(|c| c.share.abs()).sum::<f64>() - 1.0).abs() < 1e-9);
        prop_assert!(found.windows(2).all(|w| w[0].share.abs() >= w[1].share.abs()));
    }
}

#[test]
fn the_first_reason_is_told_in_brief() {
    let shares = shares(&[("host", 0.25), ("port", -3.0)]);
    let cell = |value: &'static str| format_reasons(&shares, 2, move |name| (name == "host").then_some(value));
    assert_eq!(first_reason(&cell("a")), "-92 port is empty");
    let alone = [ColumnShare {
        share: 0.004,
        ..shares[1].clone()
    }];
    assert_eq!(first_reason(&format_reasons(&alone, 1, |_| Some("x; y"))), "host = x");
    assert_eq!(
        first_reason(&format_reasons(&alone, 1, |_| Some("raises risk by 7 points"))),
        "+0 host = raises risk by 7 points"
    );
    let one = [ColumnShare {
        share: 0.01,
        ..shares[1].clone()
    }];
    assert_eq!(first_reason(&format_reasons(&one, 1, |_| Some("x"))), "+1 host = x");
    assert_eq!(first_reason(""), "");
    assert_eq!(first_reason("written by somebody else; b"), "written by somebody else");
}
