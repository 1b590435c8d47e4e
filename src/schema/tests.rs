//! Owns the tests of reading, writing, hashing and the nearest name.

use proptest::prelude::*;

use super::*;

const FULL: &str = "
name: flows          # a comment
description: every key once
label: {column: label, malicious: not_benign, benign: normal}
columns:
  - name: ts
    type: timestamp
    role: timestamp
  - {name: src, type: ip, aliases: src_ip, nullable: true}
  - {name: version, type: category, allowed: [1.10, -1, true, \"null\"], pattern: '\\d+(\\.\\d+)?', severity: warn}
  - {name: bytes, type: int, min: 0, max: 1e9, required: false, description: sent}
  - {name: share, type: float, allowed: [+1, 1e3, 0.50]}
  - {name: label, type: category}
rules:
  - {id: positive, severity: info, expression: bytes >= 0, description: d}
drift: {psi: 0.3}
";

fn error(text: &str) -> String {
    Schema::parse(text, "s.yaml").unwrap_err().to_string()
}

#[test]
fn every_key_is_read() {
    let schema = Schema::parse(FULL, "s.yaml").unwrap();
    let label = schema.label.clone().unwrap();
    assert_eq!(
        (label.malicious, label.benign),
        (Malicious::NotBenign, vec!["normal".to_owned()])
    );
    let version = schema.column("version").unwrap();
    assert_eq!(version.allowed.as_deref().unwrap(), ["1.10", "-1", "true", "null"]);
    assert_eq!(version.severity, Severity::Warn);
    assert_eq!(
        schema.column("share").unwrap().allowed.as_deref().unwrap(),
        ["1", "1000", "0.5"]
    );
    assert_eq!(schema.column("src").unwrap().aliases, ["src_ip"]);
    let bytes = schema.column("bytes").unwrap();
    assert_eq!(
        (bytes.min, bytes.max, bytes.required, bytes.nullable),
        (Some(0.0), Some(1e9), false, false)
    );
    assert_eq!(schema.rules[0].severity, Severity::Info);
    assert_eq!(
        (schema.drift.psi, schema.drift.ks),
        (0.3, DriftThresholds::default().ks)
    );
    assert_eq!(
        schema.features().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["src", "version", "bytes", "share"]
    );
}

#[test]
fn label_values_take_every_form() {
    let label = |malicious: &str| {
        let text = format!("name: x\nlabel: {{column: y, malicious: {malicious}, benign: [a]}}\ncolumns: []\n");
        Schema::parse(&text, "s").unwrap().label.unwrap().malicious
    };
    let values = |v: &[&str]| Malicious::Values(v.iter().map(|s| (*s).to_owned()).collect());
    assert_eq!(label("-1"), values(&["-1"]));
    assert_eq!(label("[-1, 0.5, http, True]"), values(&["-1", "0.5", "http", "true"]));
    assert_eq!(label("TRUE"), values(&["true"]));
    assert_eq!(label("\"1\""), values(&["1"]));
    assert_eq!(label("phishing"), values(&["phishing"]));
    assert_eq!(label("not_benign"), Malicious::NotBenign);
    assert_eq!(label("[not_benign]"), values(&["not_benign"]));
}

#[test]
fn a_label_cell_is_read_by_value_not_by_spelling() {
    let label = Label {
        column: "y".to_owned(),
        malicious: Malicious::Values(vec!["-1".to_owned(), "true".to_owned()]),
        benign: vec!["1".to_owned(), "false".to_owned()],
    };
    for (cell, expected) in [
        ("-1", LabelValue::Malicious),
        (" -1.0 ", LabelValue::Malicious),
        ("+1", LabelValue::Benign),
        ("True", LabelValue::Malicious),
        ("FALSE", LabelValue::Benign),
        ("", LabelValue::Unknown),
        ("nan", LabelValue::Unknown),
        ("2", LabelValue::Unknown),
    ] {
        assert_eq!(label.read(cell), expected, "{cell}");
    }
}

#[test]
fn errors_say_where_and_what_to_do() {
    for (text, expected) in [
        (
            "name: x\ncolunms: []\n",
            "s.yaml:2:1: unknown key `colunms` (did you mean `columns`?)",
        ),
        (
            "name: x\ncolumns:\n  - name: port_no\n    type: integer\n",
            "s.yaml:4:11: columns[0].type (column `port_no`): unknown word `integer`",
        ),
        (
            "name: x\ncolumns:\n  - name: a\n    type: int\n    nulable: true\n",
            "s.yaml:5:5: columns[0] (column `a`): unknown key `nulable` (did you mean `nullable`?)",
        ),
        (
            "name: x\ncolumns:\n  - name: a\n",
            "s.yaml:3:5: columns[0] (column `a`): the key `type` is missing",
        ),
        (
            "name: x\ncolumns:\n  - {name: a, type: int, min: low}\n",
            "s.yaml:3:31: columns[0].min (column `a`): expected f64, found string \"low\"",
        ),
        (
            "name: x\nname: y\ncolumns: []\n",
            "s.yaml:2:1: the key `name` stands here twice",
        ),
        ("name: x\ncolumns: [\n", "s.yaml:3:1: "),
        ("", "s.yaml:1:1: the schema is empty"),
        ("- a\n", "s.yaml:1:1: not a schema"),
        (
            "name: x\ncolumns: []\nlabel: {column: y, malicious: {a: b}}\n",
            "s.yaml:3:31: label.malicious: expected a list of values, one value, or the word `not_benign`, found map",
        ),
        (
            "name: x\ncolumns: []\ndrift: {kss: 1}\n",
            "s.yaml:3:9: drift: unknown key `kss`",
        ),
        ("columns: []\n", "s.yaml:1:1: the key `name` is missing; add it"),
    ] {
        let found = error(text);
        assert!(found.starts_with(expected), "{found}\n{expected}");
        assert!(!found.contains('\n'), "{found}");
    }
    assert!(
        error("name: x\ncolumns:\n  - {name: a, type: integer}\n")
            .contains("int, float, category, bool, text, ip, port, timestamp")
    );
}

#[test]
fn hostile_files_are_errors() {
    let huge = format!("name: {}\ncolumns: []\n", "x".repeat(10 << 20));
    assert!(error(&huge).contains("larger than 8 MiB"), "{}", error(&huge));
    let long = format!("name: {}\ncolumns: []\n", "x".repeat(1 << 20));
    assert!(
        error(&long).contains("s.yaml:1:7: name: a value of 1048576 bytes"),
        "{}",
        error(&long)
    );
    let deep = format!("name: {}", "[".repeat(2_000_000));
    assert!(error(&deep).contains("nested too deeply"));
    let deeper = format!("name: {}{}", "[".repeat(900), "]".repeat(900));
    assert!(error(&deeper).contains("nested too deeply"), "{}", error(&deeper));
    let block = format!("name: {}", "- ".repeat(100_000));
    assert!(!error(&block).is_empty());
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let item = format!("*a{}, ", i - 1).repeat(10);
        bomb.extend(["a", &i.to_string(), ": &a", &i.to_string(), " [", &item, "]\n"]);
    }
    assert!(error(&bomb).contains("expand"), "{}", error(&bomb));
    // One long list and many references to it, which stays below the parser's own limit.
    let wide = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(10_000), "*a, ".repeat(10_000));
    assert!(error(&wide).contains("expands too far"), "{}", error(&wide));
    for text in [
        "\0",
        "%YAML 9.9\n---\n",
        "name: !!binary x",
        "*a",
        "a: &a *a",
        "---\n---\n",
        "? [a]\n: b\n",
        "<<: 1\nname: x",
        "\u{feff}\u{feff}",
    ] {
        assert!(!error(text).contains('\n'), "{text:?}");
    }
}

#[test]
fn files_that_cannot_be_read_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Schema::read(&dir.path().join("none.yaml")).unwrap_err();
    assert!(
        matches!(&missing, SchemaError::Open { cause: Some(_), .. }),
        "{missing}"
    );
    assert!(Schema::read(dir.path()).is_err());
    let path = dir.path().join("bytes.yaml");
    std::fs::write(&path, b"name: x\ncolumns: []\n# \xff\n").unwrap();
    assert!(
        Schema::read(&path)
            .unwrap_err()
            .to_string()
            .contains("line 3 is not UTF-8")
    );
    std::fs::write(&path, b"\xef\xbb\xbfname: x\r\ncolumns: []\r\n").unwrap();
    assert_eq!(Schema::read(&path).unwrap().name, "x");
}

#[test]
fn the_older_list_form_is_converted() {
    let text = "columns:\n  - having_IP: int64\n  - share: float64\n  - proto: object\n  - up: bool\n  - name: str\n  - Result: int64\nnumerical_columns:\n  - having_IP\n  - proto\n  - gone\n";
    let loaded = Loaded::parse(text, "data_schema/phish.yaml").unwrap();
    let kinds: Vec<_> = loaded
        .schema
        .columns
        .iter()
        .map(|c| (c.name.as_str(), c.kind, c.nullable, c.role))
        .collect();
    assert_eq!(
        kinds,
        [
            ("having_IP", ColumnType::Int, false, Role::Feature),
            ("share", ColumnType::Float, true, Role::Feature),
            ("proto", ColumnType::Category, true, Role::Feature),
            ("up", ColumnType::Bool, false, Role::Feature),
            ("name", ColumnType::Category, true, Role::Feature),
            ("Result", ColumnType::Int, false, Role::Ignore),
        ]
    );
    assert_eq!((loaded.schema.name.as_str(), loaded.schema.label), ("phish", None));
    let notes = loaded.notes.join("\n");
    for word in [
        "older list form",
        "`Result` looks like one",
        "`gone`",
        "`proto`, whose type is category",
    ] {
        assert!(notes.contains(word), "{word}: {notes}");
    }
    let wrong = error("columns:\n  - a: int64\n  - b: flaot64\n");
    assert!(wrong.starts_with("s.yaml:3:8: "), "{wrong}");
    assert!(
        wrong.contains("unknown pandas type `flaot64` (did you mean `float64`?)"),
        "{wrong}"
    );
}

#[test]
fn the_older_form_takes_its_label_from_target_labels_or_from_the_uci_columns() {
    let text = "columns:\n- {a: int64}\n- {kind: int64}\ntarget_column: kind\ntarget_labels: {0: phishing, 1: legitimate, 2: unclear}\n";
    let loaded = Loaded::parse(text, "s.yaml").unwrap();
    let label = loaded.schema.label.unwrap();
    assert_eq!(
        (label.malicious, label.benign),
        (Malicious::Values(vec!["0".to_owned()]), vec!["1".to_owned()])
    );
    assert!(loaded.notes.iter().any(|n| n.contains("`unclear`")));

    let uci = "columns: [{SSLfinal_State: int64}, {URL_of_Anchor: int64}, {Prefix_Suffix: int64}, {having_Sub_Domain: int64}, {Shortining_Service: int64}, {Result: int64}]\n";
    let loaded = Loaded::parse(uci, "s.yaml").unwrap();
    assert_eq!(loaded.schema.label.as_ref().unwrap().read("-1"), LabelValue::Malicious);
    assert_eq!(loaded.schema.label.as_ref().unwrap().read("1"), LabelValue::Benign);
    assert!(
        loaded.notes.iter().any(|n| n.contains("-1 is phishing")),
        "{:?}",
        loaded.notes
    );

    let megokul = format!("{uci}target_column: Result\ntarget_labels: {{0: phishing, 1: legitimate}}\n");
    let label = Loaded::parse(&megokul, "s.yaml").unwrap().schema.label.unwrap();
    assert_eq!(
        (label.read("0"), label.read("-1"), label.read("1")),
        (LabelValue::Malicious, LabelValue::Malicious, LabelValue::Benign)
    );

    let unclear = Loaded::parse("columns: [{a: int64}, {b: int64}]\ntarget_column: b\n", "s").unwrap();
    assert_eq!(
        (unclear.schema.label, unclear.schema.columns[1].role),
        (None, Role::Ignore)
    );
}

#[test]
fn the_hash_knows_content_not_layout() {
    let one = Schema::parse("name: x\ncolumns:\n  - {name: a, type: int, min: 0}\n", "s").unwrap();
    let same = Schema::parse(
        "# c\ncolumns:\n  - min: 0.0\n    type: int\n    name: \"a\"\n    required: true\nname: x\n",
        "t",
    )
    .unwrap();
    let other = Schema::parse("name: x\ncolumns:\n  - {name: a, type: int, min: 1}\n", "s").unwrap();
    assert_eq!(one.hash(), same.hash());
    assert_ne!(one.hash(), other.hash());
    assert_eq!(one.hash().len(), 64);
}

#[test]
fn the_schema_survives_json_and_message_pack() {
    let schema = Schema::parse(FULL, "s").unwrap();
    let json = serde_json::to_string(&schema).unwrap();
    assert_eq!(serde_json::from_str::<Schema>(&json).unwrap(), schema);
    let packed = rmp_serde::to_vec_named(&schema).unwrap();
    assert_eq!(rmp_serde::from_slice::<Schema>(&packed).unwrap(), schema);
}

#[test]
fn the_nearest_column_is_found() {
    let schema = Schema::parse(
        "name: x\ncolumns:\n  - {name: having_IP_Address, type: int}\n  - {name: URL_Length, type: int, aliases: [url_size]}\n  - {name: port_no, type: int}\n",
        "s",
    )
    .unwrap();
    for (name, expected) in [
        ("Having_ip_address", Some("having_IP_Address")),
        ("having_IPhaving_IP_Address", Some("having_IP_Address")),
        ("URLURL_Length", Some("URL_Length")),
        ("URLSize", Some("URL_Length")),
        ("port", Some("port_no")),
        ("URL_Lenght", Some("URL_Length")),
        ("zzz", None),
        ("", None),
        ("___", None),
    ] {
        assert_eq!(schema.nearest(name), expected, "{name}");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,8}",
        any::<String>(),
        prop::sample::select(vec![
            "null",
            "~",
            "yes",
            "1.10",
            "0x1F",
            "",
            " ",
            "- a",
            "a: b",
            "#",
            "'",
            "\"",
            "\\",
            "not_benign",
            "True",
            "1e3",
            ".nan",
            "=",
            "<<",
            "\u{85}",
            "\u{2028}",
            "\u{feff}"
        ])
        .prop_map(str::to_owned),
    ]
}

fn any_number() -> impl Strategy<Value = Option<f64>> {
    prop::option::of(prop_oneof![
        any::<f64>().prop_filter("finite", |v| v.is_finite()),
        (-5i32..70_000).prop_map(f64::from)
    ])
}

fn any_column() -> impl Strategy<Value = Column> {
    use ColumnType::{Bool, Category, Float, Int, Ip, Port, Text, Timestamp};
    (
        (
            any_text(),
            prop::sample::select(vec![Int, Float, Category, Bool, Text, Ip, Port, Timestamp]),
            any::<[bool; 3]>(),
        ),
        (
            prop::option::of(prop::collection::vec(any_text(), 0..4)),
            any_number(),
            any_number(),
            prop::option::of(any_text()),
        ),
        (prop::collection::vec(any_text(), 0..3), prop::option::of(any_text())),
        (
            prop::sample::select(vec![Role::Feature, Role::Id, Role::Timestamp, Role::Ignore]),
            prop::sample::select(vec![Severity::Info, Severity::Warn, Severity::Block]),
        ),
    )
        .prop_map(
            |((name, kind, flags), (allowed, min, max, pattern), (aliases, description), (role, severity))| Column {
                name,
                kind,
                required: flags[0],
                nullable: flags[1],
                unique: flags[2],
                allowed,
                min,
                max,
                pattern,
                aliases,
                description,
                role,
                severity,
            },
        )
}

fn any_schema() -> impl Strategy<Value = Schema> {
    let malicious = prop_oneof![
        Just(Malicious::NotBenign),
        prop::collection::vec(any_text(), 0..4).prop_map(Malicious::Values)
    ];
    let label =
        (any_text(), malicious, prop::collection::vec(any_text(), 0..4)).prop_map(|(column, malicious, benign)| {
            Label {
                column,
                malicious,
                benign,
            }
        });
    let rule = (any_text(), any_text(), prop::option::of(any_text())).prop_map(|(id, expression, description)| Rule {
        id,
        severity: Severity::Warn,
        expression,
        description,
    });
    (
        (any_text(), prop::option::of(any_text()), prop::option::of(label)),
        prop::collection::vec(any_column(), 0..6),
        prop::collection::vec(rule, 0..3),
        prop_oneof![Just(0.2), 0.0..2.0f64],
    )
        .prop_map(|((name, description, label), columns, rules, psi)| {
            let mut schema = Schema {
                name,
                description,
                label,
                columns,
                rules,
                drift: DriftThresholds {
                    psi,
                    ..DriftThresholds::default()
                },
            };
            reading::canonicalise(&mut schema);
            schema
        })
}

proptest! {
    #[test]
    fn yaml_reads_back_to_the_same_schema(schema in any_schema()) {
        let yaml = schema.to_yaml();
        let back = Schema::parse(&yaml, "s").map_err(|e| TestCaseError::fail(format!("{e}\n{yaml}")))?;
        prop_assert_eq!(&back, &schema, "{}", yaml);
        prop_assert_eq!(back.hash(), schema.hash());
    }

    #[test]
    fn checking_never_panics(schema in any_schema()) {
        for problem in schema.check() {
            prop_assert!(!problem.to_string().contains('\n'), "{}", problem);
        }
    }

    #[test]
    fn no_text_panics(text in "(name|columns|label|type|: |\n|\n  |- |\\[|\\]|\\{|\\}|&a|\\*a|!|\\||>|'|\"|,|int|#|<<|\\?|%|\u{0}|[a-z]){0,40}") {
        let _ = Schema::parse(&text, "s");
    }
}
