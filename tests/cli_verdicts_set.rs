//! `verdicts set`, `undo`, `redo`, `suppress` and `withdraw`: what they keep, name in the audit log and refuse.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::fs;

    use nsec_tui::store::{LocalStore, StoreOptions, VerdictStore};
    use nsec_tui::triage::{CaseState, Cases};
    use serde_json::Value;

    use crate::common::Workspace;

    const ROWS: [&str; 2] = ["00000000000000ab", "00000000000000cd"];

    fn states(workspace: &Workspace) -> Vec<(String, CaseState)> {
        let place = nsec_tui::workspace::Workspace::at(workspace.root());
        let mut store = LocalStore::open(&place, StoreOptions::default()).unwrap();
        let mut cases = Cases::default();
        for event in store.events_since(0).unwrap().0 {
            cases.add(event);
        }
        let mut states: Vec<_> = cases
            .iter()
            .map(|(case, state)| (case.row.to_string(), state.clone()))
            .collect();
        states.sort_by(|a, b| a.0.cmp(&b.0));
        states
    }

    fn verdicts(workspace: &Workspace) -> Vec<Option<String>> {
        let told = |state: CaseState| state.verdict.map(|judged| judged.verdict.name().to_owned());
        states(workspace).into_iter().map(|(_, state)| told(state)).collect()
    }

    fn audit(workspace: &Workspace) -> Vec<Value> {
        let text = fs::read_to_string(workspace.path("logs/audit.ndjson")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn said(verdict: &str) -> String {
        verdict.to_owned()
    }

    #[test]
    fn a_decision_is_kept_taken_back_and_made_anew() {
        let workspace = Workspace::new();
        let set = [&"verdicts", &"set" as &dyn AsRef<std::ffi::OsStr>];
        let options: [&dyn AsRef<std::ffi::OsStr>; 9] = [
            &ROWS[0],
            &ROWS[1],
            &ROWS[0],
            &"--as",
            &"false_positive",
            &"--reason",
            &"known good",
            &"--json",
            &"--tag=seen",
        ];
        let arguments: Vec<_> = set.into_iter().chain(options).collect();
        let report = workspace.run(&arguments, 0).json();
        assert_eq!(
            (&report["cases"], &report["kept"]["kept"]),
            (&2.into(), &"stored".into())
        );
        assert_eq!(
            verdicts(&workspace),
            [Some(said("false_positive")), Some(said("false_positive"))]
        );
        let (row, state) = states(&workspace).remove(0);
        assert_eq!(
            (row.as_str(), state.tags.iter().next().map(String::as_str)),
            (ROWS[0], Some("seen"))
        );
        assert_eq!(state.verdict.unwrap().reason.as_deref(), Some("known good"));

        let group = report["group"].as_str().unwrap();
        let text = workspace.run(&[&"verdicts", &"undo", &group], 0).out();
        assert!(
            text.contains(&format!("taken back: 2 cases; `nsec-tui verdicts redo {group}`")),
            "{text}"
        );
        assert_eq!(verdicts(&workspace), [None, None]);
        assert!(states(&workspace)[0].1.tags.is_empty());
        workspace.run(&[&"verdicts", &"redo", &group], 0);
        assert_eq!(
            verdicts(&workspace),
            [Some(said("false_positive")), Some(said("false_positive"))]
        );
    }

    #[test]
    fn the_audit_log_has_the_line_that_does_the_same() {
        let first = Workspace::new();
        first.run(
            &[
                &"verdicts",
                &"set",
                &ROWS[0],
                &"--as",
                &"true_positive",
                &"--note",
                &"it's $HOME; `x`",
            ],
            0,
        );
        let second = Workspace::new();
        for line in audit(&first) {
            let command = line["details"]["command"].as_str().unwrap();
            let words = command.strip_prefix("nsec-tui ").unwrap();
            // A shell reads what a person would paste.
            let script = format!("exec \"$0\" --workspace \"$1\" {words}");
            let done = std::process::Command::new("sh")
                .args(["-c", &script, env!("CARGO_BIN_EXE_nsec-tui")])
                .arg(second.root())
                .output()
                .unwrap();
            assert!(
                done.status.success(),
                "{command}: {}",
                String::from_utf8_lossy(&done.stderr)
            );
        }
        let told = |workspace: &Workspace| {
            let (row, state) = states(workspace).remove(0);
            (row, state.note, state.verdict.unwrap().verdict)
        };
        assert_eq!(told(&first), told(&second));
    }

    #[test]
    fn rules_are_made_and_withdrawn() {
        let workspace = Workspace::new();
        let make: [&dyn AsRef<std::ffi::OsStr>; 8] = [
            &"verdicts",
            &"suppress",
            &"SSLfinal_State = 0",
            &"--reason",
            &"own scan",
            &"--days",
            &"3",
            &"--json",
        ];
        let rule = workspace.run(&make, 0).json()["rule"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let text = workspace.run(&[&"verdicts", &"withdraw", &rule], 0).out();
        assert!(text.contains(&rule) && text.contains("withdrawn"), "{text}");
        let commands: Vec<String> = audit(&workspace)
            .iter()
            .map(|line| line["details"]["command"].as_str().unwrap().to_owned())
            .collect();
        assert!(
            commands[0].starts_with("nsec-tui verdicts suppress 'SSLfinal_State = 0' --reason 'own scan' --days 3")
        );
        assert_eq!(commands[1], format!("nsec-tui verdicts withdraw {rule}"));
        workspace.run(&[&"verdicts", &"withdraw", &"01a21da7-5def-7450-a149-096d6f8741bd"], 2);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_nothing_is_kept() {
        let workspace = Workspace::new();
        for arguments in [
            &[&"verdicts" as &dyn AsRef<std::ffi::OsStr>, &"set", &ROWS[0]][..],
            &[&"verdicts", &"set", &ROWS[0], &"--as", &"malicious"],
            &[&"verdicts", &"set", &"00ab", &"--as", &"duplicate"],
            &[&"verdicts", &"undo", &"01a21da7-5def-7450-a149-096d6f8741bd"],
            &[&"verdicts", &"undo", &"x"],
            &[&"verdicts", &"suppress", &" ", &"--reason", &"r"],
            &[&"verdicts", &"suppress", &"a = 1"],
        ] {
            workspace.run(arguments, 2);
        }
        assert!(states(&workspace).is_empty());
    }
}
