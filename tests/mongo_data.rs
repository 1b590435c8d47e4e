//! Owns what `mongo push` and `mongo pull` promise: every row once, whatever happens on the way, and back again as it was.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "common/mongo_server.rs"]
mod mongo_server;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Outcome, PROGRAM, Workspace, bundled};
use mongo_server::{MongoServer, available};
use mongodb::bson::{Document, doc};
use nsec_tui::mongo::row_hash;
use serde_json::Value;

struct Team {
    server: MongoServer,
    workspace: Workspace,
}

impl Team {
    fn new(test: &str) -> Option<Self> {
        available(test).then(|| Self {
            server: MongoServer::start(&[]),
            workspace: Workspace::new(),
        })
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> Outcome {
        let mut command = self.workspace.command();
        command
            .env_remove("NSEC_MONGODB_PASSWORD")
            .env("NSEC_MONGODB_URI", self.server.uri("team"));
        command.arg("mongo").args(arguments).write_stdin("");
        let outcome = Outcome::of(&mut command);
        outcome.check(code);
        outcome
    }

    #[track_caller]
    fn push(&self, file: &str, more: &[&str]) -> Value {
        self.run(&[&["push", file, "--json"], more].concat(), 0).json()
    }

    fn find(&self, collection: &str) -> Vec<Document> {
        let all = self.server.command(
            "team",
            doc! { "find": collection, "batchSize": 200_000, "singleBatch": true },
        );
        let batch = all.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
        batch
            .iter()
            .map(|document| document.as_document().unwrap().clone())
            .collect()
    }

    fn insert(&self, collection: &str, documents: Vec<Document>) {
        self.server
            .command("team", doc! { "insert": collection, "documents": documents });
    }
}

#[track_caller]
fn assert_counts(pushed: &Value, new: u64, there: u64, failed: u64) {
    let counts = (&pushed["new"], &pushed["already_there"], &pushed["failed"]);
    assert_eq!(
        counts,
        (&Value::from(new), &Value::from(there), &Value::from(failed)),
        "{pushed}"
    );
}

/// The hashes of a CSV file's rows, in the words of `csv`, a reader that is not ours.
fn hashes(text: &str, set: &str) -> BTreeSet<Vec<u8>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.byte_records().map(Result::unwrap).enumerate();
    rows.map(|(at, row)| row_hash(set, at as u64 + 1, row.iter()).to_vec())
        .collect()
}

fn stored_hashes(documents: &[Document]) -> BTreeSet<Vec<u8>> {
    documents
        .iter()
        .map(|document| document.get_binary_generic("_id").unwrap().clone())
        .collect()
}

#[test]
fn a_second_push_adds_nothing_and_a_pull_gives_the_file_back() {
    let Some(team) = Team::new("a_second_push_adds_nothing_and_a_pull_gives_the_file_back") else {
        return;
    };
    let text = bundled(3_500);
    team.workspace.write("rows.csv", &text);
    assert_counts(&team.push("rows.csv", &[]), 3_500, 0, 0);
    let documents = team.find("rows");
    assert_eq!(stored_hashes(&documents), hashes(&text, "rows"));
    let result = documents[0].get("Result").unwrap();
    assert!(result.as_i64().is_some(), "numbers stand as numbers: {result:?}");
    assert_counts(&team.push("rows.csv", &[]), 0, 3_500, 0);
    assert_eq!(team.find("rows").len(), 3_500);
    team.run(&["pull", "rows", "back.csv"], 0);
    assert_eq!(std::fs::read_to_string(team.workspace.path("back.csv")).unwrap(), text);
    let out = team
        .run(&["pull", "rows", "-", "--query", r#"{"Result": -1}"#], 0)
        .out();
    let phishing = text.lines().skip(1).filter(|line| line.ends_with(",-1")).count();
    assert_eq!(out.lines().count(), phishing + 1);
    assert!(phishing > 100);
    team.workspace.assert_no_leftovers();
}

#[test]
fn cells_of_every_kind_come_back_as_they_were() {
    let Some(team) = Team::new("cells_of_every_kind_come_back_as_they_were") else {
        return;
    };
    let text = "_id,id.orig_h,$x,,n\n1.50,\"a,\"\"b\",+1,,é\n ,\"x\ny\",NA,\u{1f600},0x1\n,,,,\"\"\n";
    team.workspace.write("odd.csv", text);
    assert_counts(&team.push("odd.csv", &["--into", "odd.things"]), 3, 0, 0);
    team.run(&["pull", "odd.things", "back.csv"], 0);
    let read = |text: &str| -> Vec<csv::ByteRecord> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        reader.byte_records().map(Result::unwrap).collect()
    };
    let back = std::fs::read_to_string(team.workspace.path("back.csv")).unwrap();
    assert_eq!(read(&back), read(text));
}

#[test]
fn malformed_rows_are_told_and_an_edited_file_is_noticed() {
    let Some(team) = Team::new("malformed_rows_are_told_and_an_edited_file_is_noticed") else {
        return;
    };
    team.workspace.write("rows.csv", "a,b\n1,2\n3\n4,5\n");
    let outcome = team.run(&["push", "rows.csv", "--json"], 0);
    assert_counts(&outcome.json(), 2, 0, 0);
    assert_eq!(outcome.json()["malformed"], 1);
    assert!(
        outcome.err().contains("rows.csv:3: not stored, 1 field, expected 2"),
        "{}",
        outcome.err()
    );
    team.workspace.write("rows.csv", "a,b\n1,2\n4,6\n");
    let outcome = team.run(&["push", "rows.csv", "--json"], 0);
    assert_counts(&outcome.json(), 1, 1, 0);
    assert_eq!(outcome.json()["others"], 1);
    assert!(outcome.err().contains("1 more rows"), "{}", outcome.err());
    team.workspace.write("rows.csv", "a,c\n1,2\n");
    let error = team.run(&["push", "rows.csv"], 2).error();
    assert!(error.contains("other columns") && error.contains("--into"), "{error}");
}

#[test]
fn documents_of_others_are_pulled_and_those_that_do_not_fit_are_named() {
    let Some(team) = Team::new("documents_of_others_are_pulled_and_those_that_do_not_fit_are_named") else {
        return;
    };
    team.insert(
        "theirs",
        vec![
            doc! { "_id": 1, "host": "a", "port": 80 },
            doc! { "_id": 2, "port": 443.5, "host": "b,c" },
            doc! { "_id": 3, "host": ["x"], "port": 1 },
            doc! { "_id": 4, "up": true },
        ],
    );
    let outcome = team.run(&["pull", "theirs", "-"], 0);
    assert_eq!(outcome.out(), "host,port,up\na,80,\n\"b,c\",443.5,\n,,true\n");
    assert!(
        outcome.err().contains("document 3 was left out: host is a list"),
        "{}",
        outcome.err()
    );
    let error = team.run(&["pull", "their", "x.csv"], 4).error();
    assert!(error.contains("no collection their; did you mean theirs?"), "{error}");
    assert!(!team.workspace.path("x.csv").exists());
    let error = team.run(&["pull", "theirs", "x.csv", "--query", "{bad"], 2).error();
    assert!(error.contains("the query cannot be read"), "{error}");
}

#[test]
fn a_unique_index_of_the_owners_is_no_sign_that_a_row_is_there() {
    let Some(team) = Team::new("a_unique_index_of_the_owners_is_no_sign_that_a_row_is_there") else {
        return;
    };
    let index =
        doc! { "createIndexes": "rows", "indexes": [{ "key": { "a": 1 }, "name": "only_one", "unique": true }] };
    team.server.command("team", index);
    team.workspace.write("rows.csv", "a,b\n1,2\n1,3\n2,4\n");
    let outcome = team.run(&["push", "rows.csv", "--json"], 1);
    let pushed: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_counts(&pushed, 2, 0, 1);
    assert!(
        outcome.error().contains("1 rows were not stored; the first is row 2"),
        "{}",
        outcome.error()
    );
}

/// Five pushes killed at moments spread over a whole one, then one that is let through.
#[test]
fn a_push_that_was_killed_is_taken_up_again_and_ends_with_exactly_the_rows_of_the_file() {
    let Some(team) = Team::new("a_push_that_was_killed_is_taken_up_again_and_ends_with_exactly_the_rows_of_the_file")
    else {
        return;
    };
    let mut text = "n,x,host\n".to_owned();
    for at in 0..30_000 {
        let _ = writeln!(text, "{},{},host-{}", at % 977, f64::from(at) / 8.0, at % 13);
    }
    team.workspace.write("rows.csv", &text);
    let push = || {
        let mut command = Command::new(PROGRAM);
        command
            .args(["mongo", "push", "rows.csv", "--workspace"])
            .arg(team.workspace.root())
            .current_dir(team.workspace.root())
            .env("NSEC_MONGODB_URI", team.server.uri("team"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut stored = 0;
    for aimed in [1, 6_000, 12_000, 18_000, 24_000] {
        let mut child = push();
        // Killed once so many rows are there, not after a time: machines differ.
        while child.try_wait().unwrap().is_none() {
            let count = team.server.command("team", doc! { "count": "rows" });
            stored = count
                .get_i32("n")
                .map(i64::from)
                .or_else(|_| count.get_i64("n"))
                .unwrap();
            if stored >= aimed {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(stored > 0);
    let pushed = team.push("rows.csv", &[]);
    assert_eq!(pushed["rows"], 30_000);
    assert!(pushed["already_there"].as_u64().unwrap() > 0, "{pushed}");
    let documents = team.find("rows");
    assert_eq!(documents.len(), 30_000);
    assert_eq!(stored_hashes(&documents), hashes(&text, "rows"));
    team.run(&["pull", "rows", "back.csv"], 0);
    assert_eq!(std::fs::read_to_string(team.workspace.path("back.csv")).unwrap(), text);
}
