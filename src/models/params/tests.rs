//! Owns the tests of hyper-parameters.

use super::*;

fn specs() -> Vec<ParamSpec> {
    vec![
        ParamSpec::log_float("c", "strength", (1e-4, 1e4), 1.0, &[0.1, 1.0]),
        ParamSpec::int("depth", "levels", (1, 64), 8, &[8]),
        ParamSpec::choice("weight", "votes", &["distance", "uniform"], &["distance"]),
    ]
}

fn params(pairs: &[(&str, ParamValue)]) -> Params {
    Params(pairs.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect())
}

fn message(pairs: &[(&str, ParamValue)]) -> String {
    params(pairs).resolve("test", &specs()).unwrap_err().to_string()
}

#[test]
fn missing_values_are_filled_with_defaults() {
    let resolved = params(&[("depth", ParamValue::Int(3))])
        .resolve("test", &specs())
        .unwrap();
    assert_eq!(resolved.to_string(), "c=1 depth=3 weight=distance");
    assert_eq!(resolved.float("c").unwrap(), 1.0);
    assert_eq!(resolved.int("depth").unwrap(), 3);
    assert_eq!(resolved.count("depth").unwrap(), 3);
    assert_eq!(resolved.text("weight").unwrap(), "distance");
    assert!(resolved.text("depth").is_err());
    assert!(resolved.int("missing").is_err());
}

#[test]
fn numbers_take_the_kind_of_their_parameter() {
    let given = params(&[("c", ParamValue::Int(2)), ("depth", ParamValue::Float(5.0))]);
    let resolved = given.resolve("test", &specs()).unwrap();
    assert_eq!(resolved.0["c"], ParamValue::Float(2.0));
    assert_eq!(resolved.0["depth"], ParamValue::Int(5));
}

#[test]
fn ranges_kinds_and_names_are_checked() {
    assert_eq!(
        message(&[("depth", ParamValue::Int(65))]),
        "test: parameter `depth` = 65: expected a whole number from 1 to 64"
    );
    assert_eq!(
        message(&[("detph", ParamValue::Int(5))]),
        "test: parameter `detph` = 5: there is no such parameter; did you mean `depth`?"
    );
    assert!(message(&[("zzz", ParamValue::Int(5))]).contains("it has c, depth, weight"));
    assert!(message(&[("depth", ParamValue::Float(5.5))]).contains("whole number"));
    assert!(message(&[("depth", ParamValue::Float(f64::NAN))]).contains("whole number"));
    assert!(message(&[("depth", ParamValue::Float(1e300))]).contains("whole number"));
    assert!(message(&[("depth", ParamValue::Text("5".into()))]).contains("whole number"));
    for bad in [f64::NAN, f64::INFINITY, 0.0, -1.0, 1e9] {
        assert!(message(&[("c", ParamValue::Float(bad))]).contains("a number from 0.0001 to 10000"));
    }
    assert!(message(&[("weight", ParamValue::Text("Uniform".into()))]).contains("one of distance, uniform"));
}
