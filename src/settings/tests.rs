//! Owns the tests of reading `nsec.yaml` and of its reference.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::triage::{Action, RiskLevel};

fn problems(text: &str) -> Vec<Problem> {
    match parse(text, "nsec.yaml") {
        Err(SettingsError::Invalid { problems, .. }) => problems,
        other => panic!("{other:?}"),
    }
}

fn one(text: &str) -> (Option<usize>, String, String) {
    let problems = problems(text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    (problems[0].line, problems[0].key.clone(), problems[0].message.clone())
}

#[test]
fn nothing_said_means_defaults() {
    for text in [
        "",
        "# only a comment\n",
        "---\n",
        "logging:\nrisk:\n",
        "\u{feff}logging: {}\n",
        "{}",
    ] {
        assert_eq!(parse(text, "f").unwrap(), Settings::default(), "{text:?}");
    }
}

#[test]
fn values_are_read_and_the_rest_keeps_its_default() {
    let text = "logging:\n  level: debug\n  json: true\nrisk:\n  bands: {high: 80}\n  actions:\n    malicious:\n      medium: \
                block\n  asset_column: host\n  asset_weights:\n    dc01: 2\n";
    let settings = parse(text, "f").unwrap();
    assert_eq!(settings.logging.level, LogLevel::Debug);
    assert_eq!(settings.logging.keep_days, LoggingSettings::default().keep_days);
    assert_eq!((settings.risk.bands.low, settings.risk.bands.high), (21.0, 80.0));
    assert_eq!(settings.risk.recommended_action(true, RiskLevel::Medium), Action::Block);
    assert_eq!(
        settings.risk.recommended_action(true, RiskLevel::High),
        Action::Investigate
    );
    assert_eq!(settings.risk.asset_weights["dc01"], 2.0);
    let written = serde_yaml::to_string(&settings).unwrap();
    assert_eq!(parse(&written, "f").unwrap(), settings);
}

#[test]
fn an_unknown_key_names_line_and_nearest_key() {
    let (line, key, message) = one("# a comment\nlogging:\n  json: true\n  keep_dais: 3\n");
    assert_eq!((line, key.as_str()), (Some(4), "logging.keep_dais"));
    assert!(message.contains("did you mean `keep_days`?"), "{message}");
    let (line, key, message) = one("\n\nrisks:\n  bands: {}\n");
    assert_eq!((line, key.as_str()), (Some(3), "risks"));
    assert!(message.contains("did you mean `risk`?"), "{message}");
    let (line, _, message) = one("risk:\n  bands:\n    low: 1\n    zzzzzz: 2\n");
    assert_eq!(line, Some(4));
    assert!(message.contains("use one of `low`, `medium`, `high`"), "{message}");
    let text = parse("loging: {}\n", "/w/nsec.yaml").unwrap_err().to_string();
    assert!(text.starts_with("/w/nsec.yaml: line 1: loging: no such key"), "{text}");
}

#[test]
fn wrong_types_say_what_is_expected() {
    let (line, key, message) = one("logging:\n  json: sometimes\n");
    assert_eq!((line, key.as_str()), (Some(2), "logging.json"));
    assert_eq!(message, "expected true or false, found the text `sometimes`");
    assert_eq!(
        one("logging:\n  keep_days: 1.5\n").2,
        "expected a whole number, found the number 1.5"
    );
    assert!(one("logging:\n  keep_days: -1\n").2.contains("too small"));
    assert!(one("logging:\n  level: inf\n").2.contains("did you mean `info`?"));
    assert!(one("logging:\n  level: 3\n").2.contains("found the number 3"));
    assert_eq!(
        one("logging: yes please\n").2,
        "expected keys with values, found the text `yes please`"
    );
    assert_eq!(
        one("risk:\n  asset_column: 5\n").2,
        "expected text or nothing, found the number 5"
    );
    assert_eq!(one("risk:\n  asset_weights:\n    a: 1\n    b: heavy\n").0, Some(4));
    assert!(one("risk:\n  bands:\n    low: .nan\n").2.contains("finite"));
    assert_eq!(one("- a\n- b\n").2, "expected keys with values, found a list");
}

#[test]
fn values_that_do_not_fit_together_are_found_with_their_line() {
    let (line, key, message) = one("risk:\n  bands:\n    low: 50\n");
    assert_eq!(key, "risk.bands.medium");
    assert_eq!(line, None, "the key that is wrong is not in the file");
    assert!(message.contains("above low"), "{message}");
    let (line, key, _) = one("risk:\n  bands:\n    low: 500\n");
    assert_eq!((line, key.as_str()), (Some(3), "risk.bands.low"));
}

#[test]
fn values_out_of_range_are_refused_with_their_line() {
    let refused = [
        ("reading", "delimiter", "\"\\\"\""),
        ("reading", "delimiter", ";;"),
        ("reading", "delimiter", "é"),
        ("validation", "max_rejected_fraction", "1.5"),
        ("validation", "leak_auc", "0.4"),
        ("validation", "missing_rate_jump", "-0.1"),
        ("validation", "max_examples", "100000"),
        ("transform", "knn_neighbours", "0"),
        ("transform", "max_categories", "0"),
        ("transform", "correlation_limit", "2"),
        ("transform", "top_k", "0"),
        ("transform", "impute_constant", "1e300"),
        ("training", "models", "[decision_tre]"),
        ("training", "search", "everything"),
        ("training", "trials", "0"),
        ("training", "folds", "1"),
        ("training", "test_fraction", "0.9"),
        ("training", "select_by", "pr-auc"),
        ("training", "threshold_by", "best"),
        ("training", "threshold_by", "fpr:2"),
        ("training", "threshold_by", "alerts:99999999999999999999"),
        ("training", "overfit_warning", "-1"),
        ("prediction", "explain", "100001"),
        ("prediction", "reasons", "0"),
        ("risk", "asset_weights", "{dc01: -1}"),
    ];
    for (section, key, value) in refused {
        let text = format!("# a comment\n{section}:\n  {key}: {value}\n");
        let found = problems(&text);
        assert_eq!(found[0].line, Some(3), "{text}{found:?}");
        let said = found[0].to_string();
        assert!(said.contains(&format!("{section}.{key}")), "{text}{said}");
    }
    for (text, key) in [
        (
            "training:\n  early_stopping:\n    metric: acc\n",
            "training.early_stopping.metric",
        ),
        (
            "training:\n  early_stopping:\n    validation_fraction: 0.9\n",
            "training.early_stopping.validation_fraction",
        ),
        (
            "training:\n  early_stopping:\n    min_delta: -1\n",
            "training.early_stopping.min_delta",
        ),
        (
            "training:\n  promotion:\n    confidence: 1\n",
            "training.promotion.confidence",
        ),
        (
            "training:\n  promotion:\n    resamples: 3\n",
            "training.promotion.resamples",
        ),
        (
            "training:\n  promotion:\n    min_rows: 0\n",
            "training.promotion.min_rows",
        ),
    ] {
        let (line, found, _) = one(text);
        assert_eq!((line, found.as_str()), (Some(3), key));
    }
    let two = problems("training:\n  folds: 1\nvalidation:\n  leak_auc: 2\n");
    assert_eq!(
        two.iter().map(|p| p.line).collect::<Vec<_>>(),
        [Some(2), Some(4)],
        "{two:?}"
    );
}

#[test]
fn the_watched_directory_has_a_short_form() {
    for text in ["watch: /var/spool/flows\n", "watch:\n  directory: /var/spool/flows\n"] {
        let settings = parse(text, "f").unwrap();
        assert_eq!(
            settings.watch.directory.as_deref(),
            Some(Path::new("/var/spool/flows")),
            "{text}"
        );
    }
    assert_eq!(parse("watch:\n", "f").unwrap().watch.directory, None);
    assert_eq!(one("watch: 7\n").1, "watch");
    assert_eq!(one("watch: {dir: x}\n").1, "watch.dir");
    assert!(one("watch: ''\n").2.contains("name of a directory"));
}

#[test]
fn all_problems_are_said_in_the_order_of_the_file() {
    let found = problems("risk:\n  x: 1\nlogging:\n  json: 3\n  level: loud\n");
    assert_eq!(
        found.iter().map(|p| p.line).collect::<Vec<_>>(),
        [Some(2), Some(4), Some(5)]
    );
    let many = (0..20).fold(String::new(), |text, i| {
        text + &format!(
            "unknown{i}: 1
"
        )
    });
    let text = parse(&many, "f").unwrap_err().to_string();
    assert!(text.contains("and 15 more"), "{text}");
}

#[test]
fn broken_yaml_is_located() {
    let (line, _, message) = one("logging:\n  json: [1,\n");
    assert!(line.is_some(), "{message}");
    assert!(one("logging: {}\nlogging: {}\n").2.contains("duplicate"));
    assert!(!problems("a: 1\n---\nb: 2\n").is_empty());
}

#[test]
fn hostile_text_stays_harmless() {
    let hostile = format!("\"\\e]0;owned\\a{}\": 1\n", "x".repeat(100));
    let text = parse(&hostile, "f").unwrap_err().to_string();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
    let deep = format!("risk: {}", "[".repeat(10_000));
    assert!(parse(&deep, "f").is_err());
    let laughs = (1..40).fold("a0: &a0 [x]\n".to_owned(), |text, i| {
        let before = i - 1;
        text + &format!("a{i}: &a{i} [*a{before}, *a{before}, *a{before}, *a{before}]\n")
    });
    assert!(parse(&laughs, "f").is_err());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("nsec.yaml");
    fs::write(&path, vec![b' '; 2 << 20]).unwrap();
    assert!(load(None, &path).unwrap_err().to_string().contains("larger than 1 MB"));
    fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    assert!(load(None, &path).unwrap_err().to_string().contains("not UTF-8"));
    assert!(load(None, dir.path()).is_err());
}

#[test]
fn only_a_named_file_must_exist() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("nsec.yaml");
    assert_eq!(load(None, &missing).unwrap(), Settings::default());
    assert!(matches!(
        load(Some(&missing), &missing),
        Err(SettingsError::Read { .. })
    ));
    fs::write(&missing, "logging: {json: true}").unwrap();
    assert!(load(None, &missing).unwrap().logging.json);
}

#[test]
fn lines_of_keys_are_found_in_every_style() {
    let text = "a:\n  b: 1\n  \"c d\":\n    - x\n    - y:\n        z: 1\nf: {g: 1,\n  h: 2}\n7: x\n";
    let line = |path: &[&str]| locate::line_of(text, &path.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
    assert_eq!(line(&["a"]), Some(1));
    assert_eq!(line(&["a", "b"]), Some(2));
    assert_eq!(line(&["a", "c d"]), Some(3));
    assert_eq!(line(&["a", "c d", "0"]), Some(4));
    assert_eq!(line(&["a", "c d", "1", "y", "z"]), Some(6));
    assert_eq!(line(&["f", "h"]), Some(8));
    assert_eq!(line(&["7"]), Some(9));
    assert_eq!(line(&["a", "nope"]), None);
    assert_eq!(line(&[]), None);
}

#[test]
fn what_the_console_refuses_has_its_line() {
    let text = "logging: {level: debug}\nconsole:\n  keys:\n    data:\n      fnid: [x]\n";
    let settings = parse(text, "f").unwrap();
    assert_eq!(settings.console.keys["data"]["fnid"], ["x"]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("nsec.yaml");
    fs::write(&file, text).unwrap();
    let error = super::refused(&file, "console.keys.data.fnid", "no such action".to_owned());
    assert!(
        error
            .to_string()
            .contains("line 5: console.keys.data.fnid: no such action"),
        "{error}"
    );
}

#[test]
fn the_committed_reference_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SETTINGS.md");
    let generated = reference::markdown();
    if std::env::var_os("NSEC_UPDATE_DOCS").is_some() {
        crate::artifacts::atomic::write_bytes(&path, generated.as_bytes()).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/SETTINGS.md is not what the types say; run NSEC_UPDATE_DOCS=1 cargo test --lib settings"
    );
    assert!(
        generated.contains("| `risk.bands.low` | a number | `21` |"),
        "{generated}"
    );
    assert!(generated.contains("| `logging.level` | `off`, `error`, `warn`, `info`, `debug`, `trace` | `info` |"));
    assert!(generated.contains("| `risk.asset_weights` | name: a number | `{}` |"));
    let names = crate::metrics::metrics().iter().map(|m| m.name);
    for name in names.chain(crate::models::families().iter().map(|f| f.name())) {
        assert!(
            generated.contains(&format!("`{name}`")),
            "{name} is not in the reference"
        );
    }
}

#[test]
fn the_example_in_the_reference_is_valid() {
    let page = reference::markdown();
    let example = page
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    assert_ne!(parse(example, "example").unwrap(), Settings::default());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|\n){0,200}") {
        let _whatever = parse(&text, "f");
    }

    #[test]
    fn no_yaml_makes_it_panic(text in "((logging|risk|bands|low|json|level|a|1|null|~|\\*x|&x|- |: |\n|  |\\[|\\]|\\{|\\}|,|!t )){0,40}") {
        let _whatever = parse(&text, "f");
        let _whatever = locate::line_of(&text, &["logging".to_owned(), "0".to_owned()]);
    }
}
