//! Owns runs that a team shares: pushed by one, fetched by another, byte for byte; refused where they were touched; named by
//! whoever saw the present name.

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

use common::{Outcome, Workspace, walk};
use mongo_server::{MongoServer, available};
use mongodb::bson::{Binary, doc, spec::BinarySubtype};
use nsec_tui::cancel::CancelToken;
use nsec_tui::mongo::{Connection, Found, Given, MongoError, MongoSettings, Naming, Target, name_shared};

#[track_caller]
fn run(workspace: &Workspace, server: &MongoServer, arguments: &[&str], code: i32) -> Outcome {
    let mut command = workspace.command();
    command
        .env_remove("NSEC_MONGODB_PASSWORD")
        .env("NSEC_MONGODB_URI", server.uri("team"));
    let outcome = Outcome::of(command.args(arguments).write_stdin(""));
    outcome.check(code);
    outcome
}

/// Path below the run's directory and bytes of every file in it.
fn contents(workspace: &Workspace) -> Vec<(String, Vec<u8>)> {
    let root = workspace.run_directory();
    let mut files: Vec<_> = walk(&root)
        .into_iter()
        .map(|path| {
            (
                path.strip_prefix(&root).unwrap().display().to_string(),
                fs::read(&path).unwrap(),
            )
        })
        .filter(|(path, _)| path != ".lock")
        .collect();
    files.sort();
    files
}

#[test]
fn a_run_is_shared_fetched_named_and_refused_where_it_was_touched() {
    if !available("a_run_is_shared_fetched_named_and_refused_where_it_was_touched") {
        return;
    }
    let server = MongoServer::start(&[]);
    let author = Workspace::with_champion();
    let pushed = run(&author, &server, &["runs", "push", "champion", "--json"], 0).json();
    let id = pushed["run_id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&pushed["already_there"], pushed["files"].as_u64().unwrap()),
        (&false.into(), contents(&author).len() as u64)
    );
    let again = run(&author, &server, &["runs", "push", "champion", "--json"], 0).json();
    assert_eq!(again["already_there"], true);

    let listed = run(&author, &server, &["runs", "list", "--remote", "--json"], 0).json();
    assert_eq!(listed["runs"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed["champion"], serde_json::Value::Null);
    run(
        &author,
        &server,
        &["runs", "promote", &id, "--remote", "--reason", "better"],
        0,
    );

    let colleague = Workspace::new();
    let error = run(&colleague, &server, &["runs", "pull", "nobody"], 4).error();
    assert!(error.contains("no shared run nobody"), "{error}");
    run(&colleague, &server, &["runs", "pull", "champion"], 0);
    assert_eq!(contents(&colleague), contents(&author));
    colleague.assert_no_leftovers();
    run(&colleague, &server, &["runs", "promote", &id], 0);
    colleague.write("rows.csv", common::bundled(50));
    run(&colleague, &server, &["predict", "rows.csv"], 0);

    // A byte of the model is changed on the server.
    let flipped = doc! { "update": "nsec_files.chunks", "updates": [{
        "q": {}, "multi": true, "u": { "$set": { "data": Binary { subtype: BinarySubtype::Generic, bytes: vec![0; 16] } } },
    }] };
    server.command("team", flipped);
    let victim = Workspace::new();
    let error = run(&victim, &server, &["runs", "pull", &id], 4).error();
    assert!(
        error.contains("is damaged there") && error.contains("nothing of it was taken"),
        "{error}"
    );
    assert!(
        walk(victim.root())
            .iter()
            .all(|path| !path.to_string_lossy().contains("Artifacts"))
    );
}

#[test]
fn a_name_changes_only_if_it_is_what_was_seen() {
    if !available("a_name_changes_only_if_it_is_what_was_seen") {
        return;
    }
    let server = MongoServer::start(&[]);
    let ids = ["20261127T120000Z-0001", "20261127T120000Z-0002"];
    for id in ids {
        let record = doc! { "_id": id, "whole": true, "manifest": "{}", "files": [], "by": "ann" };
        server.command("team", doc! { "insert": "nsec_runs", "documents": [record] });
    }
    let given = Given {
        uri: Some(server.uri("team")),
        ..Given::default()
    };
    let Ok(Found::Ready(target)) = Target::find(&MongoSettings::default(), &given) else {
        panic!("no target")
    };
    let connection = Connection::open(target).unwrap();
    let cancel = CancelToken::new();
    let name = |run, expected| {
        let naming = Naming {
            name: "champion",
            run,
            by: "ann",
            reason: "",
        };
        name_shared(&connection, &naming, expected, &cancel)
    };
    assert_eq!(name(ids[0], Some(None)).unwrap().version, 1);
    assert!(matches!(name(ids[1], Some(None)), Err(MongoError::Conflict { .. })));
    assert_eq!(name(ids[1], Some(Some(ids[0]))).unwrap().version, 2);
    assert!(matches!(
        name(ids[0], Some(Some(ids[0]))),
        Err(MongoError::Conflict { .. })
    ));
    assert_eq!(name(ids[1], None).unwrap().version, 2);
    assert!(matches!(
        name("20261127T120000Z-0003", None),
        Err(MongoError::NoRun { .. })
    ));

    // Sixteen wishes at once for two runs in turn: every version is there once, and each change is in the history.
    std::thread::scope(|scope| {
        for at in 0..16 {
            let name = &name;
            scope.spawn(move || {
                let _some_are_refused = name(ids[at % 2], None);
            });
        }
    });
    let found = server.command("team", doc! { "find": "nsec_names", "singleBatch": true });
    let batch = found.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
    let record = batch[0].as_document().unwrap();
    let history = record.get_array("history").unwrap();
    assert_eq!(record.get_i64("version").unwrap(), history.len() as i64);
    for pair in history.windows(2) {
        let text =
            |event: &mongodb::bson::Bson, key: &str| event.as_document().unwrap().get_str(key).unwrap().to_owned();
        assert_eq!(text(&pair[1], "replaced"), text(&pair[0], "run"));
    }
}
