//! Owns what is promised of results that go back to the team's server: scored rows and validation reports in a collection, once,
//! beside the files that are written as ever.

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

use std::fs;

use common::{Outcome, Workspace, bundled, walk};
use mongo_server::{ENCODED, MongoServer, PASSWORD, available};
use mongodb::bson::{Document, doc};
use serde_json::Value;

#[track_caller]
fn run(workspace: &Workspace, arguments: &[&str], code: i32) -> Outcome {
    let mut command = workspace.command();
    command
        .env_remove("NSEC_MONGODB_PASSWORD")
        .env_remove("NSEC_MONGODB_URI");
    let outcome = Outcome::of(command.args(arguments).write_stdin(""));
    outcome.check(code);
    outcome
}

fn find(server: &MongoServer, collection: &str, filter: Document) -> Vec<Document> {
    let all = doc! { "find": collection, "filter": filter, "batchSize": 200_000, "singleBatch": true };
    let found = server.command("team", all);
    let batch = found.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
    batch
        .iter()
        .map(|document| document.as_document().unwrap().clone())
        .collect()
}

/// An address on which nothing listens.
const CLOSED: &str = "mongodb://127.0.0.1:1/team.results";

fn stored(summary: &Value) -> (u64, u64, u64) {
    let count = |name: &str| summary["stored"][name].as_u64().unwrap();
    (count("new"), count("there"), count("failed"))
}

#[test]
fn scored_rows_are_stored_once_and_the_file_is_written_as_ever() {
    if !available("scored_rows_are_stored_once_and_the_file_is_written_as_ever") {
        return;
    }
    let server = MongoServer::start(&[]);
    let workspace = Workspace::with_champion();
    workspace.write("rows.csv", bundled(1_200));
    let plain = run(&workspace, &["predict", "rows.csv", "--json"], 0).json();
    assert!(plain.get("stored").is_none(), "{plain}");
    let file = fs::read(plain["output"].as_str().unwrap()).unwrap();

    let to = server.uri("team.scored");
    let outcome = run(&workspace, &["predict", "rows.csv", "--output", &to, "--json"], 0);
    let summary = outcome.json();
    assert_eq!(stored(&summary), (1_200, 0, 0), "{summary}");
    assert_eq!(summary["stored"]["collection"], "team.scored");
    assert_eq!(summary["output"], plain["output"], "the file is at its default place");
    assert_eq!(fs::read(summary["output"].as_str().unwrap()).unwrap(), file);
    let known = ["rows", "flagged", "rejected", "rejects", "model", "threshold", "risk"];
    for name in known {
        assert_eq!(summary[name], plain[name], "{name}");
    }
    let again = run(&workspace, &["predict", "rows.csv", "--output", &to, "--json"], 0).json();
    assert_eq!(stored(&again), (0, 1_200, 0), "{again}");

    let documents = find(&server, "scored", doc! {});
    assert_eq!(documents.len(), 1_200);
    let run_id = summary["model"]["run_id"].as_str().unwrap();
    let mut reader = csv::Reader::from_reader(&file[..]);
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (row_id, probability, result) = (at("row_id"), at("probability"), at("Result"));
    for (number, row) in reader.records().map(Result::unwrap).enumerate() {
        let number = number as i64 + 1;
        let document = documents
            .iter()
            .find(|document| document.get_i64("nsec_row").unwrap() == number)
            .unwrap();
        assert_eq!(document.get_str("nsec_set").unwrap(), format!("{run_id}/rows"));
        assert_eq!(document.get_str("row_id").unwrap(), &row[row_id]);
        assert_eq!(document.get_str("model_run").unwrap(), run_id);
        // Numbers stand as numbers, our own and the input's.
        let value: f64 = row[probability].parse().unwrap();
        assert_eq!(document.get_f64("probability").unwrap().to_bits(), value.to_bits());
        assert_eq!(document.get_i64("Result").unwrap(), row[result].parse::<i64>().unwrap());
    }
    // Back again it is the scored file, cell for cell.
    let uri = server.uri("team");
    run(&workspace, &["mongo", "pull", "scored", "back.csv", "--uri", &uri], 0);
    let back = csv::Reader::from_path(workspace.path("back.csv"))
        .unwrap()
        .into_records();
    let ours = csv::Reader::from_reader(&file[..]).into_records();
    assert!(back.map(Result::unwrap).eq(ours.map(Result::unwrap)));

    // Another input is another data set of the same collection; people read the counts on standard error.
    workspace.write("more.csv", bundled(100));
    let outcome = run(&workspace, &["predict", "more.csv", "--output", &to], 0);
    assert!(outcome.out().contains("100 rows: "), "{}", outcome.out());
    let told = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(
        told.contains("team.scored: 100 new, 0 already there, 0 failed"),
        "{told}"
    );
    assert_eq!(find(&server, "scored", doc! {}).len(), 1_300);
    workspace.assert_no_leftovers();
}

#[test]
fn without_the_server_the_local_results_are_there_and_said() {
    let workspace = Workspace::with_champion();
    workspace.write("rows.csv", bundled(300));
    let to = CLOSED;
    let outcome = run(&workspace, &["predict", "rows.csv", "--output", to, "--json"], 4);
    let summary = outcome.json();
    assert_eq!((summary["rows"].as_u64(), summary.get("stored")), (Some(300), None));
    assert!(
        fs::read_to_string(summary["output"].as_str().unwrap())
            .unwrap()
            .lines()
            .count()
            > 300
    );
    let told = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(told.contains("nothing listens there"), "{told}");

    let outcome = run(
        &workspace,
        &["validate", "--data", "rows.csv", "--report-to", to, "--json"],
        4,
    );
    let report = outcome.json();
    assert_eq!((report["rows"].as_u64(), report.get("stored")), (Some(300), None));
    let outcome = run(&workspace, &["validate", "--data", "rows.csv", "--report-to", to], 4);
    assert!(outcome.out().contains("300"), "{}", outcome.out());
    assert!(
        walk(workspace.root())
            .iter()
            .all(|path| !path.to_string_lossy().contains("mongodb:")),
        "an address is no path"
    );

    let error = run(
        &workspace,
        &["predict", "rows.csv", "--output", "mongodb://127.0.0.1:1/team"],
        2,
    )
    .error();
    assert!(error.contains("names no collection"), "{error}");
    run(&workspace, &["validate", "--report-to", "reports.json"], 2);
}

#[test]
fn a_report_is_one_document_with_what_the_command_prints() {
    if !available("a_report_is_one_document_with_what_the_command_prints") {
        return;
    }
    let server = MongoServer::with_users();
    let workspace = Workspace::new();
    workspace.write("nsec.yaml", "triage:\n  analyst: mira\n");
    workspace.write("rows.csv", bundled(500));
    workspace.write("bad.csv", "a,b\n1,2\n");
    // The password leaves the arguments, and is in nothing that is said or stored.
    let to = format!(
        "mongodb://bob:{ENCODED}@127.0.0.1:{}/team.reports?authSource=admin",
        server.port
    );
    let outcome = run(
        &workspace,
        &["validate", "--data", "rows.csv", "--report-to", &to, "--json"],
        0,
    );
    let mut printed = outcome.json();
    assert_eq!(printed["stored"]["collection"], "team.reports");
    let id = printed["stored"]["id"].as_str().unwrap().to_owned();
    run(
        &workspace,
        &["validate", "--data", "rows.csv", "--report-to", &to, "--json"],
        0,
    );
    let blocked = run(
        &workspace,
        &["validate", "--data", "bad.csv", "--report-to", &to, "--json"],
        3,
    );
    assert_eq!(blocked.json()["status"], "blocked");

    let mut command = workspace.command();
    let query = format!("mongodb://bob@127.0.0.1:{}/team?authSource=admin", server.port);
    command
        .env("NSEC_MONGODB_PASSWORD", PASSWORD)
        .env_remove("NSEC_MONGODB_URI");
    command
        .args(["mongo", "ping", "--json", "--uri", &query])
        .write_stdin("");
    // A server of a busy machine may not answer in the few seconds that it gets.
    let mut pinged = Outcome::of(&mut command);
    for _ in 0..10 {
        if pinged.code != Some(4) || !pinged.err().contains("did not answer") {
            break;
        }
        pinged = Outcome::of(&mut command);
    }
    pinged.check(0);

    let mut server = server;
    server.restart(&[]);
    let documents = find(&server, "reports", doc! {});
    assert_eq!(documents.len(), 3, "each time a document of its own");
    let document = documents
        .iter()
        .find(|document| document.get_str("_id").unwrap() == id)
        .unwrap();
    let mut kept = serde_json::to_value(document).unwrap();
    for (name, value) in [("source", "rows.csv"), ("by", "mira")] {
        assert_eq!(kept[name], value);
    }
    assert!(!kept["schema"].as_str().unwrap().is_empty());
    assert!(kept["at"].as_str().unwrap().ends_with('Z'));
    for name in ["_id", "source", "schema", "at", "by"] {
        kept.as_object_mut().unwrap().remove(name);
    }
    printed.as_object_mut().unwrap().remove("stored");
    assert_eq!(kept, printed);

    for outcome in [&outcome, &blocked] {
        for text in [&outcome.stdout, &outcome.stderr] {
            let text = String::from_utf8_lossy(text);
            assert!(!text.contains("zebra7"), "{text}");
        }
    }
    for path in walk(workspace.root()) {
        let bytes = fs::read(&path).unwrap();
        assert!(
            !String::from_utf8_lossy(&bytes).contains("zebra7"),
            "{}",
            path.display()
        );
    }
}
