//! Owns the tests of what clients of MLflow send and get.

use serde_json::{Value, json};

use crate::common::{Workspace, bundled};
use crate::http::Server;
use crate::routes::records;

#[test]
fn clients_of_mlflow_are_understood() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    let rows = records(3);
    let wanted = server
        .post("/v1/predict", "application/json", json!(rows).to_string())
        .json();
    let names: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    let lists: Vec<Vec<&Value>> = rows
        .iter()
        .map(|row| names.iter().map(|name| &row[name.as_str()]).collect())
        .collect();
    let columns = server.get("/v1/model").json()["columns"].clone();
    let needed: Vec<&str> = columns
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    let bare: Vec<Vec<&Value>> = rows
        .iter()
        .map(|row| needed.iter().map(|name| &row[*name]).collect())
        .collect();
    let by_column: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| {
            (
                (*name).clone(),
                rows.iter().map(|row| row[name.as_str()].clone()).collect(),
            )
        })
        .collect();
    for body in [
        json!({"dataframe_split": {"columns": names, "data": lists, "index": [0, 1, 2]}}),
        json!({ "dataframe_records": rows }),
        json!({"instances": rows, "params": {}}),
        json!({ "instances": bare }),
        json!({ "inputs": by_column }),
    ] {
        let reply = server.post("/invocations", "application/json", body.to_string()).json();
        let got = reply["predictions"]
            .as_array()
            .unwrap_or_else(|| panic!("{reply} {body}"));
        assert_eq!(got.len(), 3);
        for (got, wanted) in got.iter().zip(wanted["predictions"].as_array().unwrap()) {
            assert_eq!(got["probability"], wanted["probability"]);
            assert!(got.get("URL_Length").is_none());
        }
    }
    let csv = server.post("/invocations", "text/csv", bundled(3)).json();
    assert_eq!(csv["predictions"].as_array().unwrap().len(), 3);
    let (status, reason) = server
        .post(
            "/invocations",
            "application/json",
            "{\"instances\": [{\"a\": 1, \"a\": 2}]}",
        )
        .error();
    assert_eq!((status, reason.as_str()), (422, "not_rows"));
    for body in [
        "{}",
        "[]",
        "3",
        "{\"instances\": 3}",
        "{\"dataframe_split\": {}}",
        "{\"x\": 1}",
        "{\"instances\": []}",
    ] {
        assert_eq!(
            server.post("/invocations", "application/json", body).error().0,
            422,
            "{body}"
        );
    }
}
