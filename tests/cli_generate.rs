//! `generate`: the same seed gives the same bytes, every row says that it is synthetic, nothing half-written.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use crate::common::{Outcome, Table, Workspace, program, repository};

    #[test]
    fn a_seed_decides_every_byte() {
        let workspace = Workspace::new();
        for kind in ["flows", "phishing"] {
            let of = |rows: &str, seed: &str| {
                workspace
                    .run(
                        &[
                            &"generate",
                            &kind,
                            &"--rows",
                            &rows,
                            &"--output",
                            &"-",
                            &"--seed",
                            &seed,
                        ],
                        0,
                    )
                    .stdout
            };
            let once = of("1500", "7");
            assert!(once == of("1500", "7"), "{kind}");
            assert!(once != of("1500", "8"), "{kind}");
            assert_eq!(Table::parse(&once).rows.len(), 1_500);
            assert_eq!(Table::parse(&of("0", "7")).rows.len(), 0);
            assert_eq!(Table::parse(&of("1", "7")).rows.len(), 1);
            let outcome = workspace.run(
                &[
                    &"generate",
                    &kind,
                    &"--rows",
                    &"1500",
                    &"--output",
                    &"f.csv",
                    &"--seed",
                    &"7",
                ],
                0,
            );
            assert!(fs::read(workspace.path("f.csv")).unwrap() == once, "{kind}");
            assert!(
                outcome.err().contains("synthetic") && outcome.stdout.is_empty(),
                "{}",
                outcome.err()
            );
        }
        let default = workspace
            .run(&[&"generate", &"flows", &"--rows", &"50", &"--output", &"-"], 0)
            .stdout;
        let named = workspace
            .run(
                &[&"generate", &"flows", &"--rows", &"50", &"--output", &"-", &"--seed=42"],
                0,
            )
            .stdout;
        assert!(default == named);
    }

    #[test]
    fn flows_are_marked_mixed_and_fit_their_schema() {
        let workspace = Workspace::new();
        workspace.run(
            &[&"generate", &"flows", &"--rows", &"5000", &"--output", &"flows.csv"],
            0,
        );
        let table = Table::read(&workspace.path("flows.csv"));
        assert!(table.column("synthetic").iter().all(|s| *s == "true"));
        let labels: BTreeSet<&str> = table.column("label").into_iter().collect();
        assert!(labels.contains("benign") && labels.len() >= 6, "{labels:?}");
        let times = table.column("timestamp");
        assert!(times.is_sorted());
        let schema = repository("data_schema/network_flows.yaml");
        let report = workspace
            .run(
                &[&"validate", &"--schema", &schema, &"--data", &"flows.csv", &"--json"],
                0,
            )
            .json();
        assert_eq!(report["rejected_rows"], 0);
    }

    #[test]
    fn phishing_rows_are_marked_and_fit_the_bundled_schema() {
        let workspace = Workspace::new();
        workspace.run(
            &[&"generate", &"phishing", &"--rows", &"2000", &"--output", &"sites.csv"],
            0,
        );
        let table = Table::read(&workspace.path("sites.csv"));
        assert!(table.column("synthetic").iter().all(|s| *s == "true"));
        let report = workspace
            .run(&[&"validate", &"--data", &"sites.csv", &"--json"], 0)
            .json();
        assert_eq!(report["rejected_rows"], 0, "{report}");
        assert_eq!(report["rows"], 2_000);
    }

    #[test]
    fn no_workspace_is_needed_or_touched() {
        let workspace = Workspace::new();
        let mut command = program();
        command
            .current_dir(workspace.root())
            .args(["generate", "flows", "--rows", "3", "--output", "-"]);
        Outcome::of(&mut command).check(0);
        assert_eq!(fs::read_dir(workspace.root()).unwrap().count(), 0);
    }

    #[test]
    fn wrong_use_is_told() {
        let workspace = Workspace::new();
        for arguments in [
            &["generate"][..],
            &["generate", "sites", "--rows", "3", "--output", "-"],
            &["generate", "flows", "--output", "-"],
            &["generate", "flows", "--rows", "3"],
            &["generate", "flows", "--rows", "three", "--output", "-"],
            &["generate", "flows", "--rows=-3", "--output", "-"],
            &["generate", "flows", "--rows", "3", "--output", "-", "--seed", "x"],
        ] {
            Outcome::of(workspace.command().args(arguments)).check(2);
        }
        let error = workspace
            .run(
                &[&"generate", &"flows", &"--rows", &"3", &"--output", &"no/where.csv"],
                1,
            )
            .error();
        assert!(error.contains("its directory is not there"), "{error}");
    }
}
