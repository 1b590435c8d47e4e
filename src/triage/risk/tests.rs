//! Owns the tests of risk bands and recommended actions.

use proptest::prelude::*;

use super::*;

#[test]
fn bands_are_inclusive_and_unrounded() {
    let settings = RiskSettings::default();
    let level = |probability: f64| settings.level(settings.risk(probability, None));
    let next_up = |x: f64| f64::from_bits(x.to_bits() + 1);
    for (probability, expected) in [
        (0.0, RiskLevel::Low),
        (0.21, RiskLevel::Low),
        (0.210_001, RiskLevel::Medium),
        (0.214, RiskLevel::Medium),
        (0.47, RiskLevel::Medium),
        (0.474_9, RiskLevel::High),
        (0.73, RiskLevel::High),
        (0.730_000_1, RiskLevel::Critical),
        (1.0, RiskLevel::Critical),
    ] {
        assert_eq!(level(probability), expected, "{probability}");
    }
    assert_eq!(settings.level(next_up(21.0)), RiskLevel::Medium);
    assert_eq!(settings.level(next_up(73.0)), RiskLevel::Critical);
    assert_eq!(level(f64::NAN), RiskLevel::Critical);
}

#[test]
fn the_default_actions_are_the_contract() {
    use Action::{Allow, Block, Investigate, Review};
    let settings = RiskSettings::default();
    let row = |malicious| RiskLevel::ALL.map(|level| settings.recommended_action(malicious, level));
    assert_eq!(row(false), [Allow, Allow, Review, Review]);
    assert_eq!(row(true), [Review, Review, Investigate, Block]);
    assert_eq!(
        row(true).map(Action::name),
        ["review", "review", "investigate", "block"]
    );
    assert_eq!(
        RiskLevel::ALL.map(|l| l.to_string()),
        ["low", "medium", "high", "critical"]
    );
}

#[test]
fn weights_raise_and_lower_the_risk() {
    let mut settings = RiskSettings {
        asset_column: Some("host".into()),
        ..RiskSettings::default()
    };
    settings.asset_weights.insert("dc01".into(), 2.0);
    settings.asset_weights.insert("lab".into(), 0.5);
    assert_eq!(settings.validate(), Ok(()));
    assert_eq!(settings.risk(0.25, Some("dc01")), 50.0);
    assert_eq!(settings.risk(0.75, Some("dc01")), 100.0, "capped");
    assert_eq!(settings.risk(0.5, Some("lab")), 25.0);
    assert_eq!(settings.risk(0.5, Some("other")), 50.0);
    assert_eq!(settings.risk(0.5, None), 50.0);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let with = |low, medium, high| RiskSettings {
        bands: RiskBands { low, medium, high },
        ..RiskSettings::default()
    };
    let key = |settings: RiskSettings| settings.validate().unwrap_err().0;
    assert_eq!(key(with(-1.0, 47.0, 73.0)), "bands.low");
    assert_eq!(key(with(f64::NAN, 47.0, 73.0)), "bands.low");
    assert_eq!(key(with(21.0, 21.0, 73.0)), "bands.medium");
    assert_eq!(key(with(21.0, 80.0, 73.0)), "bands.high");
    assert_eq!(key(with(21.0, 47.0, 100.1)), "bands.high");
    assert_eq!(with(0.0, 50.0, 100.0).validate(), Ok(()));
    let mut settings = RiskSettings::default();
    settings.asset_weights.insert("x".into(), 1.0);
    assert_eq!(key(settings.clone()), "asset_column");
    settings.asset_weights.insert("x".into(), f64::INFINITY);
    assert_eq!(key(settings), "asset_weights.x");
}

proptest! {
    #[test]
    fn more_probable_is_never_less_risky(a in 0.0..=1.0_f64, b in 0.0..=1.0_f64) {
        let settings = RiskSettings::default();
        let level = |p: f64| settings.level(settings.risk(p, None));
        prop_assert!(level(a.min(b)) <= level(a.max(b)));
        prop_assert!((0.0..=100.0).contains(&settings.risk(a, None)));
    }
}
