//! Owns the tests of what routes answer: predictions in every form, the model, another champion, the end.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::{Table, Workspace, bundled};
use crate::http::{Server, read_reply};

/// Rows of the bundled data, label column and all.
pub(crate) fn records(rows: usize) -> Vec<Value> {
    let table = Table::parse(bundled(rows).as_bytes());
    let number = |text: &str| text.parse::<i64>().map_or_else(|_| json!(text), |n| json!(n));
    let record = |row: &std::collections::BTreeMap<String, String>| {
        let fields = table.header.iter().map(|name| (name.clone(), number(&row[name])));
        Value::Object(fields.collect())
    };
    table.rows.iter().map(record).collect()
}

#[test]
fn every_form_gives_the_scores_that_predict_writes() {
    let workspace = Workspace::with_champion();
    let text = bundled(40);
    let input = workspace.write("rows.csv", &text);
    let (_, wanted) = workspace.score(&input, &["--explain", "3"]);
    let server = Server::start(&workspace, &[]);

    let csv = server.post("/v1/predict?explain=3", "text/csv", &text);
    assert_eq!(csv.status, 200, "{csv:?}");
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8; header=present");
    let got = Table::parse(&csv.body);
    let mut header = wanted.header.clone();
    header.push("error".to_owned());
    assert_eq!(got.header, header);
    for (got, wanted) in got.rows.iter().zip(&wanted.rows) {
        assert_eq!(got["error"], "");
        for (name, cell) in wanted {
            assert_eq!(&got[name], cell, "{name}");
        }
    }
    assert_eq!(got.rows.len(), 40);

    let probabilities: Vec<f64> = wanted
        .column("probability")
        .iter()
        .map(|p| p.parse().unwrap())
        .collect();
    let of = |predictions: &Value| -> Vec<f64> {
        predictions
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["probability"].as_f64().unwrap())
            .collect()
    };
    let rows = records(40);
    for body in [json!({ "records": rows }), json!(rows)] {
        let reply = server.post("/v1/predict", "application/json", body.to_string());
        let reply = reply.json();
        assert_eq!(of(&reply["predictions"]), probabilities);
        assert_eq!((reply["rows"].as_u64(), reply["failed"].as_u64()), (Some(40), Some(0)));
        let first = &reply["predictions"][0];
        assert_eq!(first["row_id"], wanted.rows[0]["row_id"]);
        assert_eq!(first["error"], Value::Null);
        assert_eq!(first["having_IP_Address"], rows[0]["having_IP_Address"]);
    }
    let one = server
        .post("/v1/predict", "application/json", rows[0].to_string())
        .json();
    assert_eq!(of(&one["predictions"]), probabilities[..1]);

    let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
    let ndjson = server.post("/v1/predict", "application/x-ndjson", lines.join("\n"));
    let back: Vec<Value> = ndjson
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(of(&Value::Array(back)), probabilities);

    // The answer's form follows Accept: every pair of forms has the same rows.
    let tsv = text.replace(',', "\t");
    for (kind, body) in [
        ("text/csv", text.as_str()),
        ("text/tab-separated-values", &tsv),
        ("application/x-ndjson", &lines.join("\n")),
        ("application/json", &json!(rows).to_string()),
    ] {
        let headers = |accept: &'static str| [("Content-Type", kind), ("Accept", accept)];
        let csv = server.send("POST", "/v1/predict", &headers("text/csv"), body.as_bytes());
        let table = Table::parse(&csv.body);
        let column: Vec<f64> = table.column("probability").iter().map(|p| p.parse().unwrap()).collect();
        assert_eq!(column, probabilities, "{kind}");
        let json = server
            .send("POST", "/v1/predict", &headers("application/json"), body.as_bytes())
            .json();
        assert_eq!(of(&json["predictions"]), probabilities, "{kind}");
        assert_eq!(json["rows"], 40);
        let lines = server
            .send("POST", "/v1/predict", &headers("application/x-ndjson"), body.as_bytes())
            .text();
        assert_eq!(lines.lines().count(), 40, "{kind}");
        let tabs = server
            .send(
                "POST",
                "/v1/predict",
                &headers("text/tab-separated-values"),
                body.as_bytes(),
            )
            .text();
        let width = tabs.lines().next().unwrap().split('\t').count();
        assert!(tabs.lines().all(|line| line.split('\t').count() == width), "{tabs}");
    }
    let refused = server.send(
        "POST",
        "/v1/predict",
        &[("Content-Type", "text/csv"), ("Accept", "text/html")],
        b"",
    );
    assert_eq!(refused.error(), (406, "not_acceptable".to_owned()));
}

#[test]
fn rows_that_cannot_be_scored_keep_their_place_and_say_why() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    let text = bundled(5);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[2] = lines[2].replacen(|c: char| c.is_ascii_digit(), "x", 1);
    lines[4] = "1,2".to_owned();
    let reply = server.post("/v1/predict", "text/csv", lines.join("\n"));
    let table = Table::parse(&reply.body);
    assert_eq!(table.rows.len(), 5);
    let failed: Vec<bool> = table.column("error").iter().map(|e| !e.is_empty()).collect();
    assert_eq!(failed, [false, true, false, true, false]);
    assert!(
        table.rows[1]["error"].starts_with("line 3, having_IP_Address: "),
        "{:?}",
        table.rows[1]["error"]
    );
    assert!(
        table.rows[3]["error"].contains("2 fields, expected 24; it is: "),
        "{:?}",
        table.rows[3]["error"]
    );
    assert_eq!(
        (
            table.rows[1]["probability"].as_str(),
            table.rows[0]["probability"].is_empty()
        ),
        ("", false)
    );

    let mut rows = records(4);
    rows[1]["having_IP_Address"] = json!("odd");
    rows[2].as_object_mut().unwrap().remove("URL_Length");
    rows[3]["URL_Length"] = json!([1]);
    let reply = server.post("/v1/predict", "application/json", json!(rows).to_string());
    let json = reply.json();
    assert_eq!((json["rows"].as_u64(), json["failed"].as_u64()), (Some(4), Some(3)));
    let fields: Vec<&Value> = json["predictions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["error"]["field"])
        .collect();
    assert_eq!(
        fields,
        [
            &Value::Null,
            &json!("having_IP_Address"),
            &json!("URL_Length"),
            &json!("URL_Length")
        ]
    );
    assert_eq!(json["predictions"][1]["having_IP_Address"], "odd");

    // Where every row lacks a column, the request is wrong; of a stream, each row.
    let mut one = records(1).remove(0);
    one.as_object_mut().unwrap().remove("URL_Length");
    let reply = server.post("/v1/predict", "application/json", one.to_string());
    assert_eq!(reply.error(), (422, "missing_column".to_owned()));
    assert_eq!(reply.json()["error"]["field"], "URL_Length");
    let reply = server.post(
        "/v1/predict",
        "application/x-ndjson",
        format!("{one}\n{{\n{}\n", records(1)[0]),
    );
    let lines: Vec<Value> = reply
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((lines.len(), &lines[0]["error"]["field"]), (3, &json!("URL_Length")));
    assert_eq!(
        (&lines[1]["error"]["line"], &lines[2]["error"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(
        server.post("/v1/predict", "text/csv", "a,b\n1,2\n").error(),
        (422, "missing_column".to_owned())
    );
}

#[test]
fn thresholds_and_reasons_are_asked_for_by_parameters() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    let rows = json!(records(30)).to_string();
    let all = server
        .post("/v1/predict?threshold=0&explain=2", "application/json", &rows)
        .json();
    assert_eq!(
        (all["flagged"].as_u64(), all["threshold"].as_f64()),
        (Some(30), Some(0.0))
    );
    let explained = all["predictions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["reasons"] != "")
        .count();
    assert_eq!(explained, 2);
    let none = server.post("/v1/predict?threshold=1", "application/json", &rows).json();
    assert_eq!(none["flagged"], 0);
    for path in [
        "/v1/predict?threshold=2",
        "/v1/predict?explain=x",
        "/v1/predict?alerts=3",
    ] {
        assert_eq!(
            server.post(path, "application/json", &rows).error(),
            (422, "bad_parameter".to_owned()),
            "{path}"
        );
    }
}

#[test]
fn the_model_the_runs_the_numbers_and_the_description_are_there() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    let model = server.get("/v1/model").json();
    let run = workspace
        .run_directory()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        (model["run_id"].as_str(), model["name"].as_str()),
        (Some(run.as_str()), Some("logistic_regression"))
    );
    assert_eq!(
        (
            model["positive_class"].as_str(),
            model["columns"].as_array().unwrap().len()
        ),
        (Some("malicious"), 23)
    );
    assert!(
        model["threshold"].is_f64() && model["metrics"]["test"]["f1"].is_f64(),
        "{model}"
    );
    let runs = server.get("/v1/runs").json();
    assert_eq!(
        (runs["champion"].as_str(), runs["runs"].as_array().unwrap().len()),
        (Some(run.as_str()), 1)
    );
    assert_eq!(server.get("/healthz").json()["status"], "ok");
    assert_eq!(
        server.get("/readyz").json(),
        json!({"ready": true, "run_id": run, "stale": false})
    );
    assert_eq!(server.get("/ping").status, 200);
    server.post("/v1/predict", "application/json", json!(records(3)).to_string());
    let metrics = server.get("/metrics");
    assert!(metrics.headers["content-type"].starts_with("text/plain; version=0.0.4"));
    for line in [
        "nsec_http_requests_total{route=\"/v1/predict\",code=\"200\"} 1",
        "nsec_rows_scored_total 3",
        &format!("nsec_model_info{{run=\"{run}\",model=\"logistic_regression\"}} 1"),
    ] {
        assert!(metrics.text().lines().any(|l| l == line), "{line}\n{}", metrics.text());
    }
    let api = server.get("/openapi.json").json();
    assert!(api["paths"]["/v1/predict"]["post"].is_object());
    let page = server.get("/");
    assert!(
        page.headers["content-security-policy"].starts_with("default-src 'none'"),
        "{page:?}"
    );
    let validated = server.post("/v1/validate", "text/csv", bundled(20)).json();
    assert_eq!(
        (validated["rows"].as_u64(), validated["rejected_rows"].as_u64()),
        (Some(20), Some(0))
    );
    let validated = server
        .post("/v1/validate", "application/json", json!([{"a": 1}]).to_string())
        .json();
    assert_eq!(validated["status"], "blocked");
    for (method, path, status) in [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/predict", 405),
        ("PUT", "/v1/predict", 405),
        ("POST", "/v1/model", 405),
        ("POST", "/v1/train", 403),
        ("GET", "/v1/jobs/x", 403),
    ] {
        assert_eq!(server.send(method, path, &[], b"").error().0, status, "{method} {path}");
    }
    assert_eq!(server.send("GET", "/v1/predict", &[], b"").headers["allow"], "POST");
}

#[test]
fn another_champion_takes_over_and_a_damaged_one_does_not() {
    let workspace = Workspace::new();
    let server = Server::start(&workspace, &[]);
    assert_eq!(server.get("/readyz").error(), (503, "no_model".to_owned()));
    assert_eq!(server.get("/healthz").status, 200);
    let reply = server.post("/v1/predict", "application/json", "{}");
    assert_eq!(reply.error(), (503, "no_model".to_owned()));
    assert!(reply.headers.contains_key("retry-after"));
    workspace.write("rows.csv", bundled(1_000));
    let train = |model: &str| {
        workspace
            .run(
                &[
                    &"train",
                    &"--data",
                    &"rows.csv",
                    &"--models",
                    &model,
                    &"--search",
                    &"none",
                    &"--json",
                ],
                0,
            )
            .json()
    };
    let first = train("logistic_regression")["run_id"].as_str().unwrap().to_owned();
    server.until("the first model", |server| server.get("/readyz").status == 200);
    let second = train("decision_tree")["run_id"].as_str().unwrap().to_owned();
    workspace.run(&[&"runs", &"promote", &second], 0);
    server.until("the second model", |server| {
        server.get("/v1/model").json()["run_id"] == second.as_str()
    });
    assert_eq!(server.get("/v1/model").json()["name"], "decision_tree");

    // Promoted again, and damaged after that: the last good one goes on.
    workspace.run(&[&"runs", &"promote", &first], 0);
    server.until("the first model again", |server| {
        server.get("/v1/model").json()["run_id"] == first.as_str()
    });
    let model = workspace.path(&format!("Artifacts/{first}/model_trainer/model.bin"));
    let mut bytes = std::fs::read(&model).unwrap();
    bytes.truncate(bytes.len() / 2);
    // At once: half a file would be another trouble.
    let damaged = workspace.write("damaged.bin", bytes);
    std::fs::rename(damaged, &model).unwrap();
    server.until("the trouble", |server| server.get("/readyz").json()["stale"] == true);
    assert_eq!(
        server
            .post("/v1/predict", "application/json", records(1)[0].to_string())
            .status,
        200
    );
    // The model is found stale first, and counted and told after that.
    server.until("the trouble in the metrics", |server| {
        let metrics = server.get("/metrics").text();
        metrics.contains("nsec_model_stale 1") && metrics.contains("nsec_model_reload_failures_total 2")
    });
    server.until("the trouble told", |server| server.told().contains("goes on scoring"));
    workspace.run(&[&"runs", &"promote", &second], 0);
    server.until("recovery", |server| server.get("/readyz").json()["stale"] == false);
}

#[test]
fn open_requests_are_finished_before_the_end() {
    let workspace = Workspace::with_champion();
    let mut server = Server::start(&workspace, &[]);
    let text = bundled(100);
    let (head, tail) = text.split_at(text.len() / 2);
    let mut stream = server.connect();
    let start = format!(
        "POST /v1/predict HTTP/1.1\r\nHost: {}\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n{head}",
        server.address,
        text.len()
    );
    stream.write_all(start.as_bytes()).unwrap();
    server.until("the stream", |server| {
        server.get("/metrics").text().contains("nsec_streams_open 1")
    });
    assert!(Path::new(&workspace.path("logs/serving.json")).exists());
    server.signal("INT");
    server.until("the drain", |server| server.told().contains("ending:"));
    stream.write_all(tail.as_bytes()).unwrap();
    let reply = read_reply(stream);
    assert_eq!((reply.status, Table::parse(&reply.body).rows.len()), (200, 100));
    assert_eq!(server.ended(), Some(130));
    assert_eq!(std::fs::read(workspace.path("logs/serving.json")).unwrap(), b"");

    // A client that does not finish is cut off when the time is over.
    let mut server = Server::start(&workspace, &["--drain-timeout", "1"]);
    let mut stream = server.connect();
    stream
        .write_all(start.replace(&head.len().to_string(), "9").as_bytes())
        .unwrap();
    server.until("the stream", |server| {
        server.get("/metrics").text().contains("nsec_streams_open 1")
    });
    server.signal("TERM");
    assert_eq!(server.ended(), Some(143));
    assert!(server.told().contains("cut off"), "{}", server.told());
}

#[test]
fn single_rows_of_many_callers_at_once_each_get_their_own_answer() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    let rows = records(60);
    let wanted = server
        .post("/v1/predict", "application/json", json!(rows).to_string())
        .json();
    let bad = json!({"having_IP_Address": 1});
    std::thread::scope(|scope| {
        for caller in 0..12 {
            let (server, rows, wanted, bad) = (&server, &rows, &wanted, &bad);
            scope.spawn(move || {
                for at in (caller..rows.len()).step_by(3) {
                    // Among them rows under other names, rows that lack fields, and rows with bad cells.
                    let mut row = rows[at].clone();
                    match at % 5 {
                        0 => row["extra"] = json!(at),
                        1 => row["having_IP_Address"] = json!("odd"),
                        _ => {}
                    }
                    let reply = server.post("/v1/predict", "application/json", row.to_string()).json();
                    assert_eq!(reply["rows"], 1);
                    let got = &reply["predictions"][0];
                    if at % 5 == 1 {
                        assert_eq!(
                            (&reply["failed"], &got["error"]["field"]),
                            (&json!(1), &json!("having_IP_Address"))
                        );
                    } else {
                        let wanted = &wanted["predictions"][at];
                        assert_eq!(got["probability"], wanted["probability"]);
                        assert_eq!(got["row_id"], wanted["row_id"]);
                        assert_eq!(reply["flagged"], u64::from(got["classification"] == "malicious"));
                    }
                    let refused = server.post("/v1/predict", "application/json", bad.to_string());
                    assert_eq!(refused.error(), (422, "missing_column".to_owned()));
                }
            });
        }
    });
}
