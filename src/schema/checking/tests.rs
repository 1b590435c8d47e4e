//! Owns the tests of the schema's check.

use super::*;

const SOUND: &str = "
name: flows
label: {column: label, malicious: [1], benign: [0]}
columns:
  - {name: duration, type: float, min: 0, max: 10}
  - {name: proto, type: category, allowed: [tcp, udp]}
  - {name: dst_port, type: port, aliases: [dport]}
  - {name: label, type: int}
";

fn problems(text: &str) -> Vec<SchemaProblem> {
    Schema::parse(text, "s.yaml").unwrap().check()
}

/// The sound schema with one text replaced: exactly one problem, of this severity, with these words.
fn one(from: &str, to: &str, severity: Severity, words: &[&str]) {
    assert!(SOUND.contains(from), "{from}");
    let found = problems(&SOUND.replacen(from, to, 1));
    assert_eq!(found.len(), 1, "{to}: {found:?}");
    assert_eq!(found[0].severity, severity, "{found:?}");
    for word in words {
        assert!(found[0].to_string().contains(word), "{word}: {}", found[0]);
    }
}

#[test]
fn a_sound_schema_has_no_problem() {
    assert_eq!(problems(SOUND), vec![]);
}

#[test]
fn each_mistake_is_found_where_it_stands() {
    use Severity::Block;
    one(
        "name: proto",
        "name: duration",
        Block,
        &["columns[1]", "also stands at columns[0]"],
    );
    one(
        "aliases: [dport]",
        "aliases: [proto]",
        Block,
        &["`proto` is also the name of columns[1]"],
    );
    one(
        "min: 0, max: 10",
        "min: 11, max: 10",
        Block,
        &["min 11 is larger than max 10"],
    );
    one("min: 0, max: 10", "min: .nan", Block, &["not a number"]);
    one(
        "allowed: [tcp, udp]",
        "min: 1",
        Block,
        &["min and max on a column of type category"],
    );
    one(
        "type: category, allowed: [tcp, udp]",
        "type: int, allowed: [tcp]",
        Block,
        &["`tcp` is not of type int"],
    );
}

#[test]
fn label_mistakes_are_found() {
    use Severity::{Block, Info, Warn};
    one(
        "malicious: [1]",
        "malicious: [1, 0]",
        Block,
        &["`0` stands under benign too"],
    );
    one(
        "malicious: [1]",
        "malicious: [1, 0.0]",
        Block,
        &["`0` stands under benign"],
    );
    one("malicious: [1]", "malicious: []", Block, &["not_benign"]);
    one(", benign: [0]", "", Block, &["no value means benign"]);
    one(
        "malicious: [1]",
        "malicious: [bad]",
        Block,
        &["`bad` is not of the column's type int"],
    );
    one(
        "column: label,",
        "column: Label,",
        Block,
        &["would be among the features"],
    );
    one("column: label,", "column: verdict,", Warn, &["not among the columns"]);
    one("column: label,", "column: dport,", Block, &["alias of `dst_port`"]);
    one(
        "name: label, type: int",
        "name: label, type: int, role: ignore",
        Warn,
        &["the label's column has the role"],
    );
    one(
        "name: label, type: int",
        "name: label, type: int, unique: true",
        Block,
        &["can label no data"],
    );
    one(
        "name: label, type: int",
        "name: label, type: port",
        Block,
        &["a label of type port"],
    );
    let without = SOUND.replacen("label: {column: label, malicious: [1], benign: [0]}\n", "", 1);
    assert_eq!(
        problems(&without).iter().map(|p| p.severity).collect::<Vec<_>>(),
        [Info]
    );
}

#[test]
fn roles_and_patterns_are_checked() {
    use Severity::{Block, Warn};
    one(
        "type: category,",
        "type: category, pattern: '(', ",
        Block,
        &["not a regular expression"],
    );
    one(
        "type: category,",
        "type: category, pattern: 'a)(b', ",
        Block,
        &["not a regular expression"],
    );
    one(
        "type: category,",
        "type: category, pattern: '((a{999}){999}){9}', ",
        Block,
        &["too large"],
    );
    one(
        "type: category,",
        "type: category, role: timestamp, ",
        Block,
        &["role `timestamp` on a column of type category"],
    );
    one(
        "type: port,",
        "type: port, unique: true, ",
        Warn,
        &["learn it by heart"],
    );
    one("allowed: [tcp, udp]", "allowed: []", Block, &["allows no value"]);
    one("allowed: [tcp, udp]", "allowed: [NA, udp]", Warn, &["empty cell"]);
    let all_out = SOUND
        .replace("type: float", "role: id, type: float")
        .replace("type: category", "role: id, type: category")
        .replace("type: port", "role: id, type: port");
    assert!(
        problems(&all_out)
            .iter()
            .any(|p| p.message.contains("no feature is left") && p.severity == Block)
    );
}

#[test]
fn a_pattern_matches_the_whole_cell() {
    let pattern = whole_cell_pattern("a|bc").unwrap();
    assert!(pattern.is_match("a") && pattern.is_match("bc"));
    assert!(!pattern.is_match("ac") && !pattern.is_match("xbc") && !pattern.is_match("a\n"));
}

fn rule(expression: &str) -> Vec<SchemaProblem> {
    let mut schema = Schema::parse(SOUND, "s").unwrap();
    schema.rules.push(crate::schema::Rule {
        id: "r".to_owned(),
        severity: Severity::Block,
        expression: expression.to_owned(),
        description: None,
    });
    schema.check()
}

#[test]
fn rules_are_parsed_and_typed() {
    assert_eq!(rule("duration >= 0 AND (proto <> 'icmp' OR dst_port IS NULL)"), vec![]);
    for (expression, word) in [
        ("duration >=", "expression"),
        ("durations >= 0", "did you mean `duration`?"),
        ("label = 1", "is the label"),
        ("duration + 1", "not true or false"),
        ("proto = tcp", "unknown column `tcp`"),
        ("", "expression"),
        ("SELECT 1; DROP TABLE x", "expression"),
    ] {
        let found = rule(expression);
        assert_eq!(found.len(), 1, "{expression}: {found:?}");
        assert!(found[0].to_string().contains(word), "{expression}: {}", found[0]);
        assert_eq!(found[0].severity, Severity::Block);
    }
}

#[test]
fn deep_and_long_expressions_do_not_crash() {
    for expression in [
        "(".repeat(1_990),
        "NOT ".repeat(499),
        format!("duration > 0{}", " + 1".repeat(490)),
        format!("duration > 0{}", "+1".repeat(900)),
        format!("duration > 0{}", "+1".repeat(198)),
        format!("duration{} > 1", "::int".repeat(95)),
        format!("{}duration{} > 0", "(".repeat(900), ")".repeat(900)),
        format!("duration > 0{}", " OR duration > 1".repeat(120)),
        "x".repeat(100_000),
        "\0\u{202e}'".to_owned(),
    ] {
        let _ = rule(&expression);
    }
}

#[test]
fn two_rules_of_one_id_and_drift_out_of_range_are_found() {
    let text = format!(
        "{SOUND}rules: [{{id: a, expression: duration > 0}}, {{id: a, expression: duration > 1}}]\ndrift: {{ks: 1.5, psi: -1}}\n"
    );
    let found: Vec<String> = problems(&text).iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("two rules"));
    assert!(found[1].contains("drift.psi") && found[2].contains("drift.ks"));
}

mod properties {
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn no_expression_and_no_pattern_panics(text in "(duration|proto|[ ()+*'\"<>=.,0-9a-z;-]|CASE|WHEN|NOT|IN|LIKE|NULL|CAST|AS|SUM|OVER|INTERVAL|EXTRACT|::|\\[|\\]){0,25}") {
            let _ = super::rule(&text);
            let _ = super::whole_cell_pattern(&text);
        }
    }
}
