//! `validate` as a person and a script meet it: the report, its exit codes, rejects, drift against a baseline.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::common::{Table, Workspace, bundled, repository};

    /// The bundled rows, those on these lines with a first cell that is not allowed.
    fn with_bad(rows: usize, bad: impl Fn(usize) -> bool) -> String {
        let mut text = String::new();
        for (i, line) in bundled(rows).lines().enumerate() {
            let (first, rest) = line.split_once(',').unwrap();
            text.extend([if bad(i + 1) { "9" } else { first }, ",", rest, "\n"]);
        }
        text
    }

    fn check<'a>(report: &'a Value, id: &str, column: Option<&str>) -> &'a Value {
        let checks = report["checks"].as_array().unwrap();
        let found = checks.iter().find(|c| c["id"] == id && c["column"].as_str() == column);
        found.unwrap_or_else(|| panic!("no {id} of {column:?} in {report}"))
    }

    #[test]
    fn the_report_holds_the_contract() {
        let workspace = Workspace::new();
        workspace.write("in.csv", with_bad(200, |line| line == 7 || line == 90));
        let report = workspace.run(&[&"validate", &"--data", &"in.csv", &"--json"], 0).json();
        assert_eq!(report["status"], "warned");
        assert_eq!((&report["rows"], &report["rejected_rows"]), (&200.into(), &2.into()));
        assert_eq!(report["drift"], Value::Array(vec![]));
        for check in report["checks"].as_array().unwrap() {
            for key in ["id", "severity", "status", "message"] {
                assert!(check[key].is_string(), "{check}");
            }
            assert!(
                check["failing_rows"].is_u64() && check["examples"].is_array(),
                "{check}"
            );
            assert!(["block", "warn", "info"].contains(&check["severity"].as_str().unwrap()));
            assert!(["passed", "failed", "skipped"].contains(&check["status"].as_str().unwrap()));
        }
        let failed = check(&report, "allowed", Some("having_IP_Address"));
        assert_eq!(
            (&failed["failing_rows"], &failed["severity"]),
            (&2.into(), &"block".into())
        );
        assert_eq!(
            failed["examples"],
            serde_json::json!([{"line": 7, "value": "9"}, {"line": 90, "value": "9"}])
        );
    }

    #[test]
    fn one_in_twenty_may_be_rejected_unless_settings_say_otherwise() {
        let workspace = Workspace::new();
        workspace.write("five.csv", with_bad(100, |line| (10..15).contains(&line)));
        workspace.write("six.csv", with_bad(100, |line| (10..16).contains(&line)));
        workspace.run(&[&"validate", &"--data", &"five.csv"], 0);
        let blocked = workspace.run(&[&"validate", &"--data", &"six.csv", &"--json"], 3);
        // The report is there all the same.
        assert_eq!(blocked.json()["status"], "blocked");
        assert!(blocked.error().contains("6 of 100 rows"), "{}", blocked.error());
        workspace.write("nsec.yaml", "validation:\n  max_rejected_fraction: 0.06\n");
        workspace.run(&[&"validate", &"--data", &"six.csv"], 0);
        workspace.write("nsec.yaml", "validation:\n  max_rejected_fraction: 0\n");
        workspace.run(&[&"validate", &"--data", &"five.csv"], 3);
        let train = workspace.run(&[&"train", &"--data", &"five.csv", &"--search", &"none"], 3);
        assert!(train.error().contains("max_rejected_fraction"), "{}", train.error());
    }

    #[test]
    fn rejects_can_be_mended_and_put_back() {
        let workspace = Workspace::new();
        let text = with_bad(100, |line| line == 3 || line == 60).replace("\n9,", "\n\"9, \"\"x\"\"\",");
        workspace.write("in.csv", &text);
        workspace.run(
            &[&"validate", &"--data", &"in.csv", &"--rejects", &"deep/rejects.csv"],
            0,
        );
        let rejects = Table::read(&workspace.path("deep/rejects.csv"));
        assert_eq!(rejects.header, ["line", "column", "value", "reason", "raw"]);
        assert_eq!(rejects.column("line"), ["3", "60"]);
        assert_eq!(rejects.column("column"), ["having_IP_Address"; 2]);
        assert_eq!(rejects.column("value"), ["9, \"x\""; 2]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(rejects.column("raw"), [lines[2], lines[59]]);
        // A second validation leaves rejects of the second only.
        workspace.write("in.csv", bundled(100));
        workspace.run(
            &[&"validate", &"--data", &"in.csv", &"--rejects", &"deep/rejects.csv"],
            0,
        );
        assert!(Table::read(&workspace.path("deep/rejects.csv")).rows.is_empty());
    }

    #[test]
    fn without_arguments_the_bundled_data_or_the_workspaces_own_is_validated() {
        let workspace = Workspace::new();
        let report = workspace.run(&[&"validate", &"--json"], 0).json();
        assert_eq!((&report["rows"], &report["rejected_rows"]), (&11_055.into(), &0.into()));
        workspace.write("Network_Data/phisingData.csv", bundled(50));
        let report = workspace.run(&[&"validate", &"--json"], 0).json();
        assert_eq!(report["rows"], 50);
        let schema = std::fs::read_to_string(repository("data_schema/schema.yaml")).unwrap();
        workspace.write(
            "data_schema/schema.yaml",
            schema
                .replace("name: Favicon", "name: Favicom")
                .replace("aliases: [favicon]", "aliases: []"),
        );
        let error = workspace.run(&[&"validate"], 3).error();
        assert!(error.contains("`Favicom`") && error.contains("`Favicon`"), "{error}");
    }

    #[test]
    fn standard_input_is_read_to_its_end() {
        let workspace = Workspace::new();
        let report = workspace
            .run_with(&[&"validate", &"--data", &"-", &"--json"], bundled(700).as_bytes(), 0)
            .json();
        assert_eq!(report["rows"], 700);
    }

    #[test]
    fn a_label_under_another_spelling_is_still_checked() {
        let workspace = Workspace::new();
        let text = bundled(100).replacen("Result", " result ", 1);
        let text = text.lines().enumerate().map(|(i, l)| match i {
            40 => l.rsplit_once(',').unwrap().0.to_owned() + ",7\n",
            _ => l.to_owned() + "\n",
        });
        workspace.write("in.csv", text.collect::<String>());
        let report = workspace.run(&[&"validate", &"--data", &"in.csv", &"--json"], 0).json();
        assert_eq!(report["rejected_rows"], 1, "{report}");
        assert_eq!(check(&report, "label", Some("Result"))["examples"][0]["line"], 41);
    }

    /// The entries of one column.
    fn drift<'a>(report: &'a Value, column: &str) -> Vec<&'a Value> {
        let all = report["drift"].as_array().unwrap();
        all.iter().filter(|d| d["column"] == column).collect()
    }

    #[test]
    fn drift_against_a_run_and_against_a_source() {
        let workspace = Workspace::with_champion();
        workspace.write("same.csv", bundled(1_500));
        let moved: String = bundled(1_500)
            .lines()
            .map(|l| {
                let mut cells: Vec<&str> = l.split(',').collect();
                if cells[0] == "-1" || cells[0] == "1" {
                    cells[0] = "1";
                }
                cells.join(",") + "\n"
            })
            .collect();
        workspace.write("moved.csv", moved);
        let run = workspace.run_directory();
        let run_id = run.file_name().unwrap().to_str().unwrap().to_owned();
        for baseline in ["champion", &run_id, "same.csv"] {
            let of = |data: &str| {
                workspace
                    .run(&[&"validate", &"--data", &data, &"--baseline", &baseline, &"--json"], 0)
                    .json()
            };
            let same = of("same.csv");
            let entries = same["drift"].as_array().unwrap();
            assert!(entries.len() >= 23, "{baseline}: {}", entries.len());
            for entry in entries {
                for key in ["column", "kind", "metric"] {
                    assert!(entry[key].is_string(), "{entry}");
                }
                assert!(entry["value"].is_number() && entry["threshold"].is_number(), "{entry}");
                assert_eq!(entry["drifted"], false, "{baseline}: {entry}");
            }
            let moved = of("moved.csv");
            let entries = drift(&moved, "having_IP_Address");
            assert!(entries.iter().any(|e| e["drifted"] == true), "{baseline}: {entries:?}");
            assert!(drift(&moved, "SFH").iter().all(|e| e["drifted"] == false));
            // It informs; it does not gate.
            assert_ne!(moved["status"], "blocked");
        }
        let told = workspace
            .run(&[&"validate", &"--data", &"moved.csv", &"--baseline", &"champion"], 0)
            .out();
        assert!(told.contains("having_IP_Address"), "{told}");
    }

    #[test]
    fn a_baseline_that_cannot_be_used_is_said_to_be_the_cause() {
        let workspace = Workspace::new();
        workspace.write("in.csv", bundled(100));
        workspace.write("header.csv", bundled(0));
        workspace.write("other.csv", "a,b\n1,2\n");
        let run = |baseline: &str, code| {
            workspace
                .run(&[&"validate", &"--data", &"in.csv", &"--baseline", &baseline], code)
                .error()
        };
        for (baseline, code) in [
            ("champion", 4),
            ("20200101T000000Z-0000", 4),
            ("nowhere.csv", 1),
            ("header.csv", 3),
            ("other.csv", 3),
        ] {
            let error = run(baseline, code);
            assert!(error.contains(baseline), "{error}");
        }
    }
}
