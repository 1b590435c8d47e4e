//! Every hostile file through `validate`, `train` and `predict`: documented exit code, one-line error or reject rows,
//! never a panic, nothing half-written. `tests/hostile/README.md` tells what each file is meant to show.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod common;
#[cfg(test)]
mod hostile;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::OnceLock;

    use serde_json::Value;

    use crate::common::{Outcome, Table, Workspace};
    use crate::hostile;

    /// A file with what must come of it.
    struct Case {
        file: String,
        path: PathBuf,
        expected: Value,
    }

    impl Case {
        fn code(&self, command: &str) -> i32 {
            i32::try_from(self.expected[command].as_i64().unwrap()).unwrap()
        }

        fn lines(&self, key: &str) -> Vec<u64> {
            let lines = self.expected[key].as_array();
            lines.into_iter().flatten().map(|l| l.as_u64().unwrap()).collect()
        }
    }

    fn cases() -> Vec<Case> {
        static BIG: OnceLock<PathBuf> = OnceLock::new();
        let big = BIG.get_or_init(|| {
            // Statics are never dropped: one directory that the next run writes over.
            let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
            fs::create_dir_all(&directory).unwrap();
            hostile::write_big(&directory);
            directory
        });
        let table = fs::read(hostile::directory().with_file_name("expected.json")).unwrap();
        let table: Vec<Value> = serde_json::from_slice(&table).unwrap();
        table
            .into_iter()
            .map(|expected| {
                let file = expected["file"].as_str().unwrap().to_owned();
                let generated = expected["generated"].as_bool().unwrap();
                let directory = if generated { big.clone() } else { hostile::directory() };
                let path = directory.join(&file);
                Case { file, path, expected }
            })
            .collect()
    }

    /// Runs `test` on every case; all faults of all cases are told at once.
    fn each(test: impl Fn(&Case) -> Vec<String>) {
        let faults: Vec<String> = cases()
            .iter()
            .flat_map(|case| test(case).into_iter().map(|fault| format!("{}: {fault}", case.file)))
            .collect();
        assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    }

    fn run(workspace: &Workspace, arguments: &[&str], path: &Path) -> Outcome {
        Outcome::of(workspace.command().args(arguments).arg(path).write_stdin(""))
    }

    /// Line numbers of a file of rejects; every row has a reason.
    fn rejected(path: &Path, faults: &mut Vec<String>) -> Vec<u64> {
        let rejects = Table::read(path);
        for row in &rejects.rows {
            if row["reason"].is_empty() || row["raw"].len() > 8_192 || row["value"].chars().count() > 202 {
                faults.push(format!("reject without a reason, or not shortened: {:?}", row["line"]));
            }
        }
        rejects.column("line").iter().map(|l| l.parse().unwrap()).collect()
    }

    fn differ<T: PartialEq + std::fmt::Debug>(what: &str, is: &T, should: &T, faults: &mut Vec<String>) {
        if is != should {
            faults.push(format!("{what} {is:?}, not {should:?}"));
        }
    }

    #[test]
    fn validate_gives_the_documented_code_and_rejects() {
        each(|case| {
            let workspace = Workspace::new();
            let code = case.code("validate");
            let rejects = workspace.path("out/rejects.csv");
            let rejects_name = rejects.to_str().unwrap();
            let outcome = run(
                &workspace,
                &["validate", "--json", "--rejects", rejects_name, "--data"],
                &case.path,
            );
            let mut faults = outcome.faults(code);
            if !outcome.stdout.is_empty() {
                let report = outcome.json();
                differ("blocked", &(report["status"] == "blocked"), &(code == 3), &mut faults);
                let lines = rejected(&rejects, &mut faults);
                differ(
                    "rejected rows",
                    &report["rejected_rows"],
                    &lines.len().into(),
                    &mut faults,
                );
                if let Some(rows) = case.expected["rows"].as_u64() {
                    let mut expected = [case.lines("rejected_lines"), case.lines("rejected_with_label")].concat();
                    expected.sort_unstable();
                    differ("lines", &lines, &expected, &mut faults);
                    differ("rows", &report["rows"], &rows.into(), &mut faults);
                }
                let warned = report["checks"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|c| c["status"] == "failed" && c["severity"] != "info");
                let status = if warned || !lines.is_empty() {
                    "not passed"
                } else {
                    "passed"
                };
                differ(
                    "passed",
                    &(report["status"] == "passed"),
                    &(status == "passed"),
                    &mut faults,
                );
            } else if code == 0 {
                faults.push("no report".to_owned());
            } else if rejects.exists() {
                faults.push("rejects of a source that could not be read".to_owned());
            }
            workspace.assert_no_leftovers();
            faults
        });
    }

    #[test]
    fn the_table_for_people_is_safe_and_blocked_sources_name_the_cause() {
        each(|case| {
            let workspace = Workspace::new();
            let outcome = run(&workspace, &["validate", "--data"], &case.path);
            let mut faults = outcome.faults(case.code("validate"));
            if outcome.out().lines().count() > 400 {
                faults.push("a report that nobody reads".to_owned());
            }
            faults
        });
    }

    #[test]
    fn train_gives_the_documented_code_and_no_champion_where_it_fails() {
        each(|case| {
            let workspace = Workspace::new();
            let code = case.code("train");
            let options = [
                "train",
                "--models",
                "logistic_regression",
                "--search",
                "none",
                "--json",
                "--data",
            ];
            let outcome = run(&workspace, &options, &case.path);
            let mut faults = outcome.faults(code);
            if code == 0 && faults.is_empty() {
                let trained = outcome.json();
                differ("rows", &trained["rows"], &case.expected["rows"], &mut faults);
                let expected = case.lines("rejected_lines").len() + case.lines("rejected_with_label").len();
                differ("rejected", &trained["rejected_rows"], &expected.into(), &mut faults);
            }
            if code != 0 {
                differ("standard output", &outcome.out(), &String::new(), &mut faults);
                differ(
                    "registry",
                    &workspace.path("registry.json").exists(),
                    &false,
                    &mut faults,
                );
            }
            workspace.assert_no_leftovers();
            faults
        });
    }

    #[test]
    fn predict_scores_the_rest_and_rejects_the_documented_lines() {
        each(|case| {
            let workspace = Workspace::with_champion();
            let code = case.code("predict");
            let outcome = run(&workspace, &["predict", "--json"], &case.path);
            let mut faults = outcome.faults(code);
            let output = workspace.path("prediction_output/output.csv");
            if code == 0 && faults.is_empty() {
                let summary = outcome.json();
                let lines = rejected(&workspace.path("prediction_output/rejects.csv"), &mut faults);
                let scored = Table::read(&output).rows.len();
                differ("lines", &lines, &case.lines("rejected_lines"), &mut faults);
                differ("rows", &summary["rows"], &case.expected["rows"], &mut faults);
                differ(
                    "scored + rejected",
                    &(scored + lines.len()).into(),
                    &summary["rows"],
                    &mut faults,
                );
                differ("rejected", &summary["rejected"], &lines.len().into(), &mut faults);
            }
            if code != 0 {
                differ("output", &output.exists(), &false, &mut faults);
                differ("standard output", &outcome.out(), &String::new(), &mut faults);
            }
            workspace.assert_no_leftovers();
            faults
        });
    }

    /// What the README says beyond codes and lines.
    #[test]
    fn errors_and_reasons_say_what_helps() {
        let workspace = Workspace::with_champion();
        let files = hostile::directory();
        for (file, words) in [
            ("semicolons.csv", &["semicolon", "`reading.delimiter`"][..]),
            ("tabs.csv", &["a tab", "`reading.delimiter`"]),
            ("utf16.csv", &["UTF-16", "UTF-8"]),
            ("truncated.csv.gz", &["cut off"]),
            ("duplicate_headers.csv", &["2", "25", "URL_Length"]),
            ("misspelt_column.csv", &["SSLfinal_State", "SSLfinal_Stat`"]),
            ("header_only.csv", &["no rows"]),
            ("zeek_no_fields.log", &["#fields"]),
        ] {
            for command in [&["validate", "--data"][..], &["predict"]] {
                let outcome = run(&workspace, command, &files.join(file));
                let error = outcome.error();
                assert!(words.iter().all(|w| error.contains(w)), "{command:?} {file}: {error}");
            }
        }
        let missing = run(&workspace, &["validate", "--data"], &files.join("missing_column.csv")).error();
        assert!(
            missing.contains("SSLfinal_State") && !missing.contains("no rows"),
            "{missing}"
        );
        for (file, id, words) in [
            ("not_gzip.csv.gz", "source_note", "not compressed"),
            ("label_missing.csv", "missing_column", "can be scored"),
            ("one_class.csv", "one_class", "both classes"),
            ("bom.csv", "source_note", "byte order mark"),
            ("mixed_line_ends.csv", "source_note", "line ends"),
            ("label_leak.csv", "label_leak", "SSLfinal_State"),
            ("five_thousand_columns.csv", "extra_column", "further"),
        ] {
            let path = cases().into_iter().find(|c| c.file == file).unwrap().path;
            let report = run(&workspace, &["validate", "--json", "--data"], &path).json();
            let messages: Vec<String> = report["checks"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|c| c["id"] == id && c["status"] == "failed")
                .map(|c| format!("{} {}", c["column"], c["message"]))
                .collect();
            assert!(
                messages.iter().any(|m| m.contains(words)),
                "{file}: {messages:?} of {report}"
            );
        }
        let rejects = workspace.path("prediction_output/rejects.csv");
        run(&workspace, &["predict"], &files.join("unclosed_quote.csv")).check(0);
        assert!(Table::read(&rejects).rows[0]["reason"].contains("quote"));
        run(&workspace, &["predict"], &files.join("formulas.csv")).check(0);
        let reject = &Table::read(&rejects).rows[0];
        assert_eq!(
            (reject["column"].as_str(), reject["value"].as_str()),
            ("SFH", "'=cmd()")
        );
        let wide = cases()
            .into_iter()
            .find(|c| c.file == "five_thousand_columns.csv")
            .unwrap()
            .path;
        let told = run(&workspace, &["predict"], &wide).err();
        assert!(
            told.lines().count() < 10 && told.len() < 4_000,
            "{} bytes: {told:.300}",
            told.len()
        );
    }
}
