//! Owns the tests of training over HTTP: one at a time, asked for twice, cancelled, killed.

use serde_json::{Value, json};

use crate::common::{Workspace, bundled};
use crate::http::{Reply, Server};

fn workspace(rows: usize) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("Network_Data/phisingData.csv", bundled(rows));
    workspace
}

fn ask(server: &Server, body: &Value, key: &str) -> Reply {
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
    server.send("POST", "/v1/train", &headers, body.to_string().as_bytes())
}

fn job(server: &Server, id: &str) -> Value {
    server.get(&format!("/v1/jobs/{id}")).json()
}

fn id_of(reply: &Reply) -> String {
    assert_eq!(reply.status, 202, "{reply:?}");
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(reply.headers["location"], format!("/v1/jobs/{id}"));
    id
}

/// Long enough to be met while it runs.
fn long() -> Value {
    json!({"models": ["gradient_boosting", "random_forest"], "search": "random", "trials": 500})
}

#[test]
fn a_job_trains_and_its_model_takes_over() {
    let workspace = workspace(800);
    let server = Server::start(&workspace, &["--allow-train"]);
    let wish = json!({"models": ["logistic_regression"], "search": "none"});
    let id = id_of(&ask(&server, &wish, "first"));
    assert_eq!(id_of(&ask(&server, &wish, "first")), id);
    assert_eq!(
        ask(&server, &json!({}), "first").error(),
        (409, "key_reused".to_owned())
    );
    server.until("the job's end", |server| job(server, &id)["finished_at"].is_string());
    let ended = job(&server, &id);
    assert_eq!(ended["state"], "finished", "{ended}");
    assert_eq!(ended["outcome"]["promoted"], true);
    assert!(ended["outcome"]["test"]["f1"].is_f64(), "{ended}");
    let run = ended["run_id"].as_str().unwrap().to_owned();
    server.until("the new model", |server| {
        let model = server.get("/v1/model");
        model.status == 200 && model.json()["run_id"] == run.as_str()
    });
    for (body, field) in [
        (json!({"models": ["nothing"]}), "models"),
        (json!({"data": "/etc/passwd"}), "data"),
        (json!({"search": "all"}), "search"),
    ] {
        let refused = ask(&server, &body, "wrong");
        assert_eq!(
            (refused.error().0, refused.json()["error"]["field"].as_str()),
            (422, Some(field)),
            "{refused:?}"
        );
    }
    assert_eq!(ask(&server, &wish, &"k".repeat(201)).error().0, 422);
    assert_eq!(server.get("/v1/jobs/nobody").error(), (404, "no_such_job".to_owned()));
    assert_eq!(server.post("/v1/train", "text/csv", "a").error().0, 415);
}

#[test]
fn jobs_wait_in_a_bounded_queue_and_can_be_cancelled() {
    let workspace = workspace(2_000);
    let server = Server::start(&workspace, &["--allow-train"]);
    let running = id_of(&ask(&server, &long(), "0"));
    server.until("the first job", |server| job(server, &running)["progress"].is_object());
    let waiting: Vec<String> = (1..=8)
        .map(|at| id_of(&ask(&server, &long(), &at.to_string())))
        .collect();
    let full = ask(&server, &long(), "9");
    assert_eq!(full.error(), (429, "queue_full".to_owned()));
    assert!(full.headers.contains_key("retry-after"));
    for id in &waiting {
        assert_eq!(job(&server, id)["state"], "queued");
        let cancelled = server.send("DELETE", &format!("/v1/jobs/{id}"), &[], b"");
        assert_eq!(
            (cancelled.status, &cancelled.json()["state"]),
            (202, &json!("cancelled"))
        );
    }
    // Requests are answered beside a training.
    assert_eq!(server.get("/v1/runs").status, 200);
    server.send("DELETE", &format!("/v1/jobs/{running}"), &[], b"");
    server.until("the end of the first job", |server| {
        job(server, &running)["state"] == "cancelled"
    });
    let other = workspace.run(&[&"serve", &"--allow-train", &"--listen", &"127.0.0.1:0"], 2);
    assert!(other.error().contains("another server"), "{}", other.error());
}

#[test]
fn a_kill_during_training_leaves_a_whole_registry_and_a_failed_job() {
    let workspace = workspace(2_000);
    workspace.run(
        &[&"train", &"--models", &"logistic_regression", &"--search", &"none"],
        0,
    );
    let before = std::fs::read(workspace.path("registry.json")).unwrap();
    let mut server = Server::start(&workspace, &["--allow-train"]);
    let running = id_of(&ask(&server, &long(), "a"));
    let waiting = id_of(&ask(&server, &long(), "b"));
    server.until("the training", |server| job(server, &running)["run_id"].is_string());
    server.signal("KILL");
    server.ended();
    assert_eq!(std::fs::read(workspace.path("registry.json")).unwrap(), before);
    let server = Server::start(&workspace, &["--allow-train"]);
    for id in [&running, &waiting] {
        let job = job(&server, id);
        assert_eq!(job["state"], "failed", "{job}");
        assert!(
            job["error"].as_str().unwrap().contains("ended before the job did"),
            "{job}"
        );
    }
    // The same key answers the job that failed; a new one trains.
    assert_eq!(id_of(&ask(&server, &long(), "a")), running);
    assert_eq!(server.get("/readyz").status, 200);
    let wish = json!({"models": ["decision_tree"], "search": "none"});
    let id = id_of(&ask(&server, &wish, "c"));
    server.until("the next job", |server| job(server, &id)["state"] == "finished");
    workspace.run(&[&"runs", &"list"], 0);
}

#[test]
fn the_end_of_the_server_cancels_what_trains() {
    let workspace = workspace(2_000);
    let mut server = Server::start(&workspace, &["--allow-train"]);
    let id = id_of(&ask(&server, &long(), "a"));
    server.until("the training", |server| job(server, &id)["run_id"].is_string());
    server.signal("TERM");
    assert_eq!(server.ended(), Some(143));
    let server = Server::start(&workspace, &["--allow-train"]);
    assert_eq!(job(&server, &id)["state"], "cancelled");
}
