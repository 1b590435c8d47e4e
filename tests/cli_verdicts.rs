//! `verdicts stats`, `export` and `import`: what they print, write and refuse.

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

    use nsec_tui::data::RowId;
    use nsec_tui::store::{LocalStore, StoreOptions, VerdictStore};
    use nsec_tui::triage::{CaseId, Change, Event, Lane, RiskLevel, Score, Verdict};
    use serde_json::Value;

    use crate::common::{Table, Workspace};

    /// The bundled schema's name: what a workspace without one of its own uses.
    const SCHEMA: &str = "phishing";

    fn store(workspace: &Workspace) -> LocalStore {
        let place = nsec_tui::workspace::Workspace::at(workspace.root());
        LocalStore::open(&place, StoreOptions::default()).unwrap()
    }

    fn schema_name(workspace: &Workspace) -> String {
        let _ = workspace;
        let text = fs::read_to_string(crate::common::repository("data_schema/schema.yaml")).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("name:"))
            .unwrap_or(SCHEMA);
        line.trim().trim_matches('"').to_owned()
    }

    fn judged(schema: &str, row: u64, analyst: &str, verdict: Verdict) -> Event {
        let case = CaseId {
            schema: schema.to_owned(),
            row: RowId(row),
        };
        let change = Change::Judge {
            verdict: Some(verdict),
            reason: Some("known_good".to_owned()),
        };
        let mut event = Event::now(case, analyst, change);
        event.score = Some(Score {
            run: "20261127T120000Z-abcd".to_owned(),
            probability: 0.75,
            threshold: Some(0.5),
            risk: RiskLevel::Critical,
            flagged: true,
            file: "output.csv".to_owned(),
        });
        event.cells = Some(vec![
            ("URL_Length".to_owned(), "1".to_owned()),
            ("note".to_owned(), "=cmd()".to_owned()),
        ]);
        event
    }

    fn note(event: &Event, text: &str) -> Event {
        let change = Change::Note { text: text.to_owned() };
        Event::now(event.case.clone(), event.analyst.as_str(), change)
    }

    /// A workspace in which an analyst has judged three cases.
    fn with_verdicts(analyst: &str, verdicts: [Verdict; 3]) -> Workspace {
        let workspace = Workspace::new();
        let schema = schema_name(&workspace);
        let mut store = store(&workspace);
        for (row, verdict) in verdicts.into_iter().enumerate() {
            let mut event = judged(&schema, row as u64 + 1, analyst, verdict);
            if row == 2 {
                event.lane = Lane::RandomAudit;
            }
            store.append(&[event.clone()], "test").unwrap();
            if row == 0 && analyst == "mira" {
                store
                    .append(&[note(&event, "=looks \u{1b}[31m odd, \"again\"\nand again")], "test")
                    .unwrap();
            }
        }
        workspace
    }

    use Verdict::{BenignPositive as BP, FalsePositive as FP, TruePositive as TP};

    #[test]
    fn stats_are_one_object_or_a_table() {
        let workspace = with_verdicts("mira", [TP, FP, TP]);
        let statistics = workspace.run(&[&"verdicts", &"stats", &"--json"], 0).json();
        assert_eq!((&statistics["judged"], &statistics["events"]), (&3.into(), &4.into()));
        assert_eq!(statistics["verdicts"]["true_positive"], 2);
        assert_eq!(statistics["precision"]["by_run"][0]["precision"], 0.5);
        assert_eq!(statistics["random_audit"]["judged"], 1);
        assert_eq!(statistics["analysts"][0]["analyst"], "mira");
        let outcome = workspace.run(&[&"verdicts", &"stats"], 0);
        let text = outcome.out();
        assert!(
            text.contains("3 of 3 cases judged") && text.contains("by mira"),
            "{text}"
        );
        let empty = Workspace::new();
        assert!(
            empty
                .run(&[&"verdicts", &"stats"], 0)
                .out()
                .contains("nothing was decided yet")
        );
        assert_eq!(empty.run(&[&"verdicts", &"stats", &"--json"], 0).json()["judged"], 0);
    }

    #[test]
    fn csv_goes_out_and_in_again_once_and_contradictions_are_listed() {
        let (mira, jan) = (with_verdicts("mira", [TP, FP, TP]), with_verdicts("jan", [TP, BP, FP]));
        let file = mira.path("mira.csv");
        let said = mira.run(&[&"verdicts", &"export", &file, &"--json"], 0).json();
        assert_eq!(
            (&said["rows"], &said["judged"], &said["format"]),
            (&3.into(), &3.into(), &"csv".into())
        );
        let table = Table::read(&file);
        assert_eq!(table.rows.len(), 3);
        let report = jan.run(&[&"verdicts", &"import", &file, &"--json"], 0).json();
        assert_eq!(
            (&report["added"], &report["malformed"], &report["conflicts"]),
            (&4.into(), &0.into(), &2.into())
        );
        let conflicts = report["files"][0]["conflicts"].as_array().unwrap();
        let rows: Vec<&str> = conflicts.iter().map(|c| c["row"].as_str().unwrap()).collect();
        assert_eq!(rows, ["0000000000000002", "0000000000000003"]);
        let said: Vec<(&str, &str)> = conflicts[0]["verdicts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| (s["analyst"].as_str().unwrap(), s["verdict"].as_str().unwrap()))
            .collect();
        assert_eq!(said, [("jan", "benign_positive"), ("mira", "false_positive")]);
        let again = jan.run(&[&"verdicts", &"import", &file, &file, &"--json"], 0).json();
        assert_eq!((&again["added"], &again["known"]), (&0.into(), &8.into()));
        let statistics = jan.run(&[&"verdicts", &"stats", &"--json"], 0).json();
        assert_eq!(statistics["agreement"][0]["cases"], 3);
        assert_eq!(statistics["agreement"][0]["agreed"], 1);
        let text = jan.run(&[&"verdicts", &"import", &file], 0).out();
        assert!(text.contains("0 events added, 4 known already"), "{text}");
        // The note came whole, without the apostrophe that guards it in a spreadsheet.
        let mut store = store(&jan);
        let notes: Vec<String> = store
            .events_since(0)
            .unwrap()
            .0
            .into_iter()
            .filter(|e| e.analyst == "mira")
            .filter_map(|e| match e.change {
                Change::Note { text } => Some(text),
                _ => None,
            })
            .collect();
        assert_eq!(notes, ["=looks \u{1b}[31m odd, \"again\"\nand again"]);
    }

    #[test]
    fn ndjson_and_another_audit_log_bring_whole_histories() {
        let mira = with_verdicts("mira", [TP, FP, TP]);
        let file = mira.path("mira.ndjson");
        mira.run(&[&"verdicts", &"export", &file], 0);
        let log = mira.path("logs/audit.ndjson");
        let jan = Workspace::new();
        let report = jan.run(&[&"verdicts", &"import", &file, &log, &"--json"], 0).json();
        assert_eq!((&report["added"], &report["known"]), (&4.into(), &4.into()));
        let ids = |workspace: &Workspace| {
            let (events, _) = store(workspace).events_since(0).unwrap();
            let mut ids: Vec<_> = events.into_iter().map(|event| event.id).collect();
            ids.sort();
            ids
        };
        assert_eq!(ids(&mira), ids(&jan));
        assert!(
            fs::read_to_string(jan.path("logs/audit.ndjson"))
                .unwrap()
                .contains("verdicts import")
        );
    }

    #[test]
    fn what_cannot_be_understood_is_counted_with_its_line() {
        let workspace = Workspace::new();
        let head = "url,row_id,model_run,verdict,verdict_reason,note,reviewed_by,reviewed_at\n";
        let rows = "a,0000000000000001,r,true_positive,x,,mira,2026-11-27T10:00:00Z\n\
                    b,0000000000000002,r,,,,,\n\
                    c,not an id,r,true_positive,,,mira,2026-11-27T10:00:00Z\n\
                    d,0000000000000003,r,perhaps,,,mira,2026-11-27T10:00:00Z\n\
                    e,0000000000000004,r,true_positive,,,,2026-11-27T10:00:00Z\n\
                    f,0000000000000005,r,true_positive,,,mira,yesterday\n\
                    g,too,few\n";
        let file = workspace.write("theirs.csv", format!("{head}{rows}"));
        let report = workspace.run(&[&"verdicts", &"import", &file, &"--json"], 0).json();
        let of_file = &report["files"][0];
        assert_eq!(
            (&report["added"], &of_file["rows"], &of_file["without_verdict"]),
            (&1.into(), &7.into(), &1.into())
        );
        let lines: Vec<u64> = of_file["malformed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|bad| bad["line"].as_u64().unwrap())
            .collect();
        let mut sorted = lines.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [4, 5, 6, 7, 8], "{of_file}");
        let outcome = workspace.run(&[&"verdicts", &"import", &file], 0);
        assert!(
            outcome.err().contains("theirs.csv: line 5: `perhaps` is no verdict"),
            "{}",
            outcome.err()
        );
        let lines = "{\"id\": 1}\nnot json \u{1b}[31m\n{\"nsec\": {\"schema\": \"s\"}}\n{\"action\": \"verdict\"}\n";
        let file = workspace.write("theirs.ndjson", lines);
        let report = workspace.run(&[&"verdicts", &"import", &file, &"--json"], 0).json();
        assert_eq!((&report["added"], &report["malformed"]), (&0.into(), &4.into()));
        let other = workspace.write("other.csv", "a,b\n1,2\n");
        let outcome = workspace.run(&[&"verdicts", &"import", &other], 2);
        assert!(outcome.error().contains("no column row_id"), "{}", outcome.error());
        workspace.run(&[&"verdicts", &"import", &"nowhere.csv"], 1);
        workspace.run(&[&"verdicts", &"import"], 2);
    }

    #[test]
    fn every_format_is_written() {
        let workspace = with_verdicts("mira", [TP, FP, BP]);
        for name in ["out.csv", "out.ndjson", "out.json", "out.parquet", "out.md"] {
            let file = workspace.path(name);
            let said = workspace.run(&[&"verdicts", &"export", &file, &"--json"], 0).json();
            assert_eq!(said["rows"], 3, "{name}: {said}");
            assert!(fs::metadata(&file).unwrap().len() > 0);
        }
        let by_default = workspace
            .run(&[&"verdicts", &"export", &"--format", &"md", &"--json"], 0)
            .json();
        let file = workspace.path("prediction_output/verdicts.md");
        assert_eq!(by_default["file"].as_str().unwrap(), file.to_str().unwrap());
        assert!(file.is_file());
        let outcome = crate::common::Outcome::of(workspace.command().args(["verdicts", "export", "-"]));
        assert_eq!(outcome.code, Some(0));
        assert_eq!(
            outcome.out().lines().count(),
            5,
            "a header and three rows, a note has two lines"
        );
        assert!(outcome.err().contains("3 rows"), "{}", outcome.err());
        workspace.run(&[&"verdicts", &"export", &"-", &"--json"], 2);
        workspace.run(&[&"verdicts", &"export", &"x", &"--format", &"xlsx"], 2);
    }

    #[test]
    fn rows_of_a_scored_file_go_out_with_their_verdicts() {
        let workspace = Workspace::with_champion();
        let input = workspace.write("batch.csv", crate::common::bundled(200));
        let (_, table) = workspace.score(&input, &[]);
        let row: RowId = table.rows[7]["row_id"].parse().unwrap();
        let copies = (0..table.rows.len())
            .filter(|at| table.rows[*at]["row_id"] == row.to_string())
            .count();
        let schema = schema_name(&workspace);
        store(&workspace)
            .append(&[judged(&schema, row.0, "mira", TP)], "test")
            .unwrap();
        let scored = workspace.path("prediction_output/output.csv");
        let file = workspace.path("handed.csv");
        let said = workspace
            .run(&[&"verdicts", &"export", &file, &"--scored", &scored, &"--json"], 0)
            .json();
        assert_eq!((&said["rows"], &said["judged"]), (&200.into(), &copies.into()));
        let handed = Table::read(&file);
        assert_eq!(handed.rows[7]["verdict"], "true_positive");
        assert_eq!(handed.rows[7]["reviewed_by"], "mira");
        let said = workspace
            .run(
                &[
                    &"verdicts",
                    &"export",
                    &file,
                    &"--scored",
                    &scored,
                    &"--judged",
                    &"--json",
                ],
                0,
            )
            .json();
        assert_eq!(said["rows"], copies);
        // And it can be taken in elsewhere, where the run is not known.
        let other = Workspace::new();
        let report = other.run(&[&"verdicts", &"import", &file, &"--json"], 0).json();
        assert_eq!(report["added"], 1, "{report}");
        let (events, _) = store(&other).events_since(0).unwrap();
        assert_eq!(events[0].case, CaseId { schema, row });
    }

    #[test]
    fn the_audit_log_rebuilds_a_damaged_store_and_one_by_hand() {
        let workspace = with_verdicts("mira", [TP, FP, TP]);
        fs::write(
            workspace.path("verdicts.db"),
            "no database \u{1b}[31m at all, but long enough to be one".repeat(100),
        )
        .unwrap();
        let outcome = workspace.run(&[&"verdicts", &"stats", &"--json"], 0);
        assert_eq!(outcome.json()["events"], 4);
        assert!(outcome.err().contains("set aside as"), "{}", outcome.err());
        let report = workspace
            .run(&[&"verdicts", &"import", &"--from-audit", &"--json"], 0)
            .json();
        assert_eq!(
            (&report["added"], &report["events"], &report["malformed"]),
            (&0.into(), &4.into(), &Value::Array(vec![]))
        );
        fs::remove_file(workspace.path("verdicts.db")).unwrap();
        let mut log = fs::read_to_string(workspace.path("logs/audit.ndjson")).unwrap();
        log.push_str("hostile \u{1b}]0;x\u{7} line\n");
        fs::write(workspace.path("logs/audit.ndjson"), log).unwrap();
        let outcome = workspace.run(&[&"verdicts", &"import", &"--from-audit"], 0);
        assert!(
            outcome.out().contains("the store has 4 events now"),
            "{}",
            outcome.out()
        );
        assert!(outcome.err().contains("line 5"), "{}", outcome.err());
    }

    #[test]
    fn a_store_that_must_not_be_touched_is_exit_code_4() {
        let workspace = with_verdicts("mira", [TP, FP, TP]);
        let connection = rusqlite::Connection::open(workspace.path("verdicts.db")).unwrap();
        connection.pragma_update(None, "user_version", 7).unwrap();
        drop(connection);
        for arguments in [
            &["verdicts", "stats"][..],
            &["verdicts", "export"],
            &["verdicts", "import", "--from-audit"],
        ] {
            let mut command = workspace.command();
            let outcome = crate::common::Outcome::of(command.args(arguments));
            outcome.check(4);
            assert!(outcome.error().contains("newer nsec-tui"), "{}", outcome.error());
        }
    }
}
