//! `schema generate` and `schema check`: what one writes the other accepts, and `validate` passes the data by it.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::common::{Workspace, bundled, repository};

    fn round_trip(kind: &str, rows: &str, label: &str) {
        let workspace = Workspace::new();
        workspace.run(&[&"generate", &kind, &"--rows", &rows, &"--output", &"data.csv"], 0);
        let generated = workspace.run(&[&"schema", &"generate", &"data.csv", &"--output", &"s.yaml"], 0);
        assert!(generated.stdout.is_empty());
        let yaml = fs::read_to_string(workspace.path("s.yaml")).unwrap();
        assert!(yaml.contains(&format!("column: {label}")), "{yaml}");
        let checked = workspace.run(&[&"schema", &"check", &"s.yaml"], 0).out();
        assert!(checked.contains("sound"), "{checked}");
        let report = workspace
            .run(
                &[&"validate", &"--schema", &"s.yaml", &"--data", &"data.csv", &"--json"],
                0,
            )
            .json();
        assert_eq!(report["rows"].to_string(), rows);
        assert_eq!(report["rejected_rows"], 0, "{report}");
        assert_ne!(report["status"], "blocked");
        // The same source gives the same schema, on standard output too.
        let printed = workspace.run(&[&"schema", &"generate", &"data.csv"], 0).out();
        assert_eq!(printed, yaml);
    }

    #[test]
    fn generated_flows_pass_the_schema_generated_from_them() {
        round_trip("flows", "20000", "label");
    }

    #[test]
    fn generated_phishing_sites_pass_the_schema_generated_from_them() {
        round_trip("phishing", "3000", "Result");
    }

    #[test]
    fn bundled_schemas_are_sound() {
        let workspace = Workspace::new();
        for name in ["schema.yaml", "network_flows.yaml"] {
            workspace.run(&[&"schema", &"check", &repository("data_schema").join(name)], 0);
        }
    }

    #[test]
    fn row_numbers_stay_out_of_the_features_with_a_reason() {
        let workspace = Workspace::new();
        let text = bundled(400);
        // Sorted by the label: the number would give it away.
        let (header, rows) = text.split_once('\n').unwrap();
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.sort_by_key(|r| r.rsplit_once(',').unwrap().1.to_owned());
        let numbered = rows
            .iter()
            .enumerate()
            .map(|(i, r)| format!("{i},{},{r}\n", 1_000 + 3 * i))
            .collect::<Vec<_>>()
            .concat();
        workspace.write("in.csv", format!(",ticket,{header}\n{numbered}"));
        let outcome = workspace.run(&[&"schema", &"generate", &"in.csv", &"--output", &"s.yaml"], 0);
        assert!(outcome.err().contains("ticket"), "{}", outcome.err());
        let yaml = fs::read_to_string(workspace.path("s.yaml")).unwrap();
        let ticket = yaml.split("- name: ").find(|c| c.starts_with("ticket")).unwrap();
        assert!(ticket.contains("role: id"), "{ticket}");
        let command: [&dyn AsRef<std::ffi::OsStr>; 11] = [
            &"train",
            &"--schema",
            &"s.yaml",
            &"--data",
            &"in.csv",
            &"--models",
            &"decision_tree",
            &"--search",
            &"none",
            &"--json",
            &"--seed=1",
        ];
        let trained = workspace.run(&command, 0).json();
        assert!(
            trained["metrics"]["test"]["roc_auc"].as_f64().unwrap() < 0.9999,
            "{trained}"
        );
    }

    #[test]
    fn a_label_is_taken_as_named_and_a_misspelt_one_is_refused() {
        let workspace = Workspace::new();
        workspace.write("in.csv", bundled(300));
        let yaml = workspace
            .run(&[&"schema", &"generate", &"in.csv", &"--label", &"SFH"], 0)
            .out();
        assert!(yaml.contains("column: SFH"), "{yaml}");
        let error = workspace
            .run(&[&"schema", &"generate", &"in.csv", &"--label", &"Resul"], 2)
            .error();
        assert!(error.contains("Resul") && error.contains("`Result`"), "{error}");
        let yaml = workspace
            .run_with(&[&"schema", &"generate", &"-"], bundled(300).as_bytes(), 0)
            .out();
        assert!(yaml.contains("name: SFH"), "{yaml}");
    }

    #[test]
    fn wrong_schemas_are_usage_errors_that_name_the_place() {
        let workspace = Workspace::new();
        for (text, words) in [
            ("", &["s.yaml"][..]),
            ("columns: [\n", &["s.yaml:"]),
            (
                "name: x\ncolumns:\n  - name: a\n    type: nit\n",
                &["s.yaml:4", "nit", "int"],
            ),
            (
                "name: x\ncolumns:\n  - name: a\n    typ: int\n",
                &["s.yaml:4", "typ", "type"],
            ),
            (
                "name: x\ncolumns:\n  - {name: a, type: int}\n  - {name: a, type: int}\n",
                &["a"],
            ),
            ("name: x\ncolumns:\n  - {name: a, type: int, min: 5, max: 2}\n", &["a"]),
            ("name: x\ncolumns:\n  - {name: a, type: text, pattern: '['}\n", &["a"]),
            (
                "name: x\nlabel: {column: a, malicious: [1], benign: [1]}\ncolumns:\n  - {name: a, type: int}\n",
                &[],
            ),
            (
                "name: x\ncolumns:\n  - {name: \"\u{9b}31m\\e[2J\", type: nit}\n",
                &["s.yaml:"],
            ),
        ] {
            workspace.write("s.yaml", text);
            let outcome = workspace.run(&[&"schema", &"check", &"s.yaml"], 2);
            let said = outcome.out() + &outcome.err();
            assert!(words.iter().all(|w| said.contains(w)), "{text}: {said}");
            workspace.run(&[&"validate", &"--schema", &"s.yaml"], 2);
        }
        workspace.run(&[&"schema", &"check"], 2);
        workspace.run(&[&"schema", &"check", &"nowhere.yaml"], 1);
        workspace.run(&[&"schema"], 2);
    }

    #[test]
    fn the_older_list_form_is_read() {
        let workspace = Workspace::new();
        workspace.write(
            "old.yaml",
            "columns:\n  - a: int64\n  - b: float64\n  - Result: int64\nnumerical_columns:\n  - a\n  - b\n",
        );
        let checked = workspace.run(&[&"schema", &"check", &"old.yaml"], 0).out();
        assert!(checked.contains("3 columns"), "{checked}");
        workspace.write("in.csv", "a,b,Result\n1,2.5,1\n2,0.5,-1\n");
        let report = workspace
            .run(
                &[&"validate", &"--schema", &"old.yaml", &"--data", &"in.csv", &"--json"],
                0,
            )
            .json();
        assert_eq!(report["rows"], 2);
        workspace.write("in.csv", "a,b,Result\nx,2.5,1\n2,0.5,-1\n");
        workspace.run(&[&"validate", &"--schema", &"old.yaml", &"--data", &"in.csv"], 3);
    }

    #[test]
    fn names_that_a_terminal_would_act_on_survive_generating() {
        let workspace = Workspace::new();
        let file = repository("tests/hostile/files/escapes_in_headers.csv");
        workspace.run(&[&"schema", &"generate", &file], 0);
        workspace.run(&[&"schema", &"generate", &file, &"--output", &"s.yaml"], 0);
        workspace.run(&[&"schema", &"check", &"s.yaml"], 0);
        let report = workspace
            .run(&[&"validate", &"--schema", &"s.yaml", &"--data", &file, &"--json"], 0)
            .json();
        assert_eq!((&report["rows"], &report["rejected_rows"]), (&120.into(), &0.into()));
    }
}
