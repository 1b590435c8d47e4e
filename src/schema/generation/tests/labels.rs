//! Owns the tests of the label's guess, with the shared data files.

use std::fmt::Write;
use std::path::PathBuf;

use super::*;

/// The label guessed for a table whose last column has these values in turn.
fn guess_of(name: &str, values: &[&str]) -> Option<LabelGuess> {
    let mut text = format!("a,b,{name}\n");
    for row in 0..30 {
        writeln!(text, "{},{},{}", row * 7 % 11, row % 2, values[row % values.len()]).unwrap();
    }
    generated(text.as_bytes()).label
}

#[test]
fn labels_are_guessed_with_their_meaning() {
    let of = |v: &[&str]| Malicious::Values(v.iter().map(|s| (*s).to_owned()).collect());
    for (name, values, malicious, benign, certain) in [
        (
            "attack",
            &["normal", "neptune", "smurf"][..],
            Malicious::NotBenign,
            "normal",
            true,
        ),
        ("label", &["BENIGN", "DDoS"], of(&["DDoS"]), "BENIGN", true),
        ("x", &["legitimate", "phishing"], of(&["phishing"]), "legitimate", true),
        ("label", &["0", "1"], of(&["1"]), "0", false),
        ("is_malicious", &["0", "1"], of(&["1"]), "0", true),
        ("is_benign", &["0", "1"], of(&["0"]), "1", true),
        ("Result", &["-1", "1"], of(&["-1"]), "1", false),
        ("phishing", &["true", "false"], of(&["true"]), "false", true),
        ("class", &["0.0", "1.0"], of(&["1"]), "0", false),
    ] {
        let guess = guess_of(name, values).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(guess.label.column, name);
        assert_eq!(guess.label.malicious, malicious, "{name}: {}", guess.reason);
        assert_eq!(guess.label.benign, [benign], "{name}: {}", guess.reason);
        assert_eq!(guess.certain, certain, "{name}: {}", guess.reason);
        assert_ne!(guess.label.read(values[0]), LabelValue::Unknown);
    }
    for (name, values) in [
        ("x", &["0", "1"][..]),
        ("service", &["http", "ftp", "ssh"]),
        ("class", &["1", "2", "3"]),
        ("y", &["7", "7"]),
    ] {
        assert_eq!(guess_of(name, values), None, "{name}");
    }
}

#[test]
fn a_label_by_place_alone_is_a_guess() {
    let mut text = "a,z\n".to_owned();
    for row in 0..30 {
        writeln!(text, "{},{}", row * 7 % 11, row % 2).unwrap();
    }
    let made = generated(text.as_bytes());
    let guess = made.label.unwrap();
    assert!(
        !guess.certain && guess.reason.contains("place alone"),
        "{}",
        guess.reason
    );
    assert!(made.yaml.contains("# CONFIRM"));
}

#[test]
fn a_second_label_is_kept_out() {
    let mut text = "bytes,attack_cat,label\n".to_owned();
    for row in 0..30 {
        writeln!(
            text,
            "{},{},{}",
            row * 7 % 11,
            ["Normal", "Exploits", "DoS"][row % 3],
            u8::from(row % 3 > 0)
        )
        .unwrap();
    }
    // Both could be the label; whichever is chosen, the other is no feature.
    let made = generated(text.as_bytes());
    assert_eq!(
        made.schema.features().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["bytes"],
        "{}",
        made.yaml
    );
}

#[test]
fn a_named_label_counts_whatever_its_values() {
    let text = b"kind,a,label\nweb,1,0\nweb,2,1\nworm,3,1\nweb,3,0\n";
    let guess = labelled(text, Some("kind")).label.unwrap();
    assert_eq!(
        (guess.label.column.as_str(), guess.label.malicious, guess.certain),
        ("kind", Malicious::NotBenign, false)
    );
    assert_eq!(guess.label.benign, ["web"]);
    let error = try_generate(text, Some("kinds")).unwrap_err().to_string();
    assert!(
        error.contains("no column `kinds`") && error.contains("`kind`"),
        "{error}"
    );
}

/// A file of the shared data, or `None`, said loudly, where this machine does not have it.
fn shared(name: &str) -> Option<Vec<u8>> {
    let directory = std::env::var_os("NSEC_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = directory.join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!(
            "SKIPPED: {} is not here; set NSEC_SHARED_DATA to the directory that holds it",
            path.display()
        );
    }
    bytes
}

#[test]
fn nsl_kdd_needs_no_hand_edit() {
    let Some(bytes) = shared("nsl_kdd_train20.csv") else {
        return;
    };
    let made = generated(&bytes);
    let guess = made.label.unwrap();
    assert!(guess.certain, "{}", guess.reason);
    assert_eq!(
        (guess.label.column.as_str(), guess.label.malicious),
        ("attack", Malicious::NotBenign)
    );
    assert_eq!(guess.label.benign, ["normal"]);
    let kind = |name: &str| made.schema.column(name).unwrap().kind;
    assert_eq!(
        (kind("protocol_type"), kind("service"), kind("flag")),
        (ColumnType::Category, ColumnType::Category, ColumnType::Category)
    );
    assert_eq!(
        (kind("duration"), kind("land"), kind("serror_rate")),
        (ColumnType::Int, ColumnType::Int, ColumnType::Float)
    );
    assert_eq!(kind("dst_host_same_src_port_rate"), ColumnType::Float);
    assert_eq!(made.schema.features().count(), 41, "{}", made.yaml);
    assert!(made.schema.columns.iter().all(|c| !c.nullable && !c.unique));
}

#[test]
fn uci_phishing_says_that_the_label_must_be_confirmed() {
    let Some(bytes) = shared("uci_phishing_websites.csv") else {
        return;
    };
    let made = generated(&bytes);
    let guess = made.label.unwrap();
    assert!(
        !guess.certain && guess.reason.contains("-1 is phishing"),
        "{}",
        guess.reason
    );
    assert_eq!(guess.label.read("-1"), LabelValue::Malicious);
    assert_eq!(guess.label.read("1"), LabelValue::Benign);
    assert!(made.yaml.contains("# CONFIRM"), "{}", made.yaml);
    assert_eq!(made.schema.features().count(), 30);
    assert!(
        made.schema
            .columns
            .iter()
            .all(|c| c.kind == ColumnType::Int && !c.nullable)
    );
    assert!(
        made.schema
            .features()
            .all(|c| c.allowed.is_some() && c.severity == Severity::Warn)
    );
}
