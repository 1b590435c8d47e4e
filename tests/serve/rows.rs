//! Owns the tests of rows that stand beside others: what becomes of one depends on it alone, however a body is cut and whatever
//! fields its neighbours have.

use serde_json::{Value, json};

use crate::common::Workspace;
use crate::http::Server;
use crate::routes::records;

fn predictions(server: &Server, body: &Value) -> Vec<Value> {
    let reply = server.post("/v1/predict", "application/json", body.to_string());
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["predictions"].as_array().unwrap().clone()
}

fn lines(server: &Server, body: &str) -> Vec<Value> {
    let reply = server.post("/v1/predict", "application/x-ndjson", body);
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What becomes of each row by itself; beside another one that lacks nothing where it lacks what every row of a request must have.
fn one_by_one(server: &Server, rows: &[Value]) -> Vec<Value> {
    let alone = |row: &Value| match row.get("SFH") {
        Some(_) => predictions(server, &json!([row])),
        None => predictions(server, &json!([row, rows[0]])),
    };
    rows.iter().map(|row| alone(row)[0].clone()).collect()
}

/// Rows of every sort that a neighbour could spoil: under an alias, under a name in another case, with a column that may be absent,
/// with it empty, with a list in a field of nobody's.
fn odd_rows() -> Vec<Value> {
    let mut rows = records(12);
    let rename = |row: &mut Value, from: &str, to: &str| {
        let fields = row.as_object_mut().unwrap();
        let value = fields.remove(from).unwrap();
        fields.insert(to.to_owned(), value);
    };
    rename(&mut rows[1], "URL_Length", "LongURL");
    rename(&mut rows[2], "URL_Length", "url_LENGTH");
    rows[3]["on_mouseover"] = json!(1);
    rows[4]["on_mouseover"] = Value::Null;
    rows[5]["tags"] = json!(["a", {"b": [1, -2.5, "x\"y"]}]);
    rename(&mut rows[6], "URL_Length", "LongURL");
    rows[6]["on_mouseover"] = json!(-1);
    rows[7].as_object_mut().unwrap().remove("SFH");
    rows[8]["SFH"] = json!([1]);
    rows
}

#[test]
fn a_rows_result_does_not_depend_on_the_rows_beside_it() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    let rows = odd_rows();
    let alone = one_by_one(&server, &rows);
    let failed: Vec<bool> = alone.iter().map(|row| row["probability"].is_null()).collect();
    let wanted = [
        false, false, false, false, true, false, false, true, true, false, false, false,
    ];
    assert_eq!(failed, wanted, "{alone:#?}");
    assert_eq!(alone[7]["error"]["field"], "SFH");
    assert_eq!(
        alone[5]["tags"],
        json!(["a", {"b": [1, -2.5, "x\"y"]}]),
        "what nobody reads is carried along"
    );
    // Whatever order they come in, and with any of them twice.
    for turn in 0..rows.len() {
        let order: Vec<usize> = (0..rows.len()).map(|at| (at * 5 + turn) % rows.len()).collect();
        let body: Vec<&Value> = order.iter().map(|at| &rows[*at]).collect();
        for (at, got) in order.iter().zip(predictions(&server, &json!(body))) {
            assert_eq!(got, alone[*at], "row {at} of {order:?}");
        }
    }
    // As lines, with lines between them that are no records and leave nothing behind.
    let mut text = String::new();
    for row in &rows {
        text.push_str(&format!("{row}\n{{\"on_mouseover\": 1, \"URL_Length\": 1, oops\n"));
    }
    let got = lines(&server, &text);
    assert_eq!(got.len(), 2 * rows.len());
    for (at, pair) in got.chunks(2).enumerate() {
        assert_eq!(pair[0]["probability"], alone[at]["probability"], "line {at}");
        assert_eq!(pair[0]["row_id"], alone[at]["row_id"], "line {at}");
        assert!(
            pair[1]["error"]["message"]
                .as_str()
                .unwrap()
                .starts_with("is no record"),
            "{}",
            pair[1]
        );
    }
}

#[test]
fn the_rows_of_a_csv_answer_keep_their_columns_whatever_they_lack() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    let rows = odd_rows();
    let mut text = String::new();
    for row in &rows {
        text.push_str(&format!("{row}\n"));
    }
    let reply = server.send(
        "POST",
        "/v1/predict",
        &[("Content-Type", "application/x-ndjson"), ("Accept", "text/csv")],
        text.as_bytes(),
    );
    assert_eq!(reply.status, 200, "{reply:?}");
    let table = crate::common::Table::parse(reply.text().as_bytes());
    assert_eq!(table.rows.len(), rows.len());
    let alone = one_by_one(&server, &rows);
    for (row, alone) in table.rows.iter().zip(&alone) {
        let wanted = alone["probability"]
            .as_f64()
            .map_or_else(String::new, |p| p.to_string());
        assert_eq!(row["probability"], wanted);
    }
    assert_eq!(table.rows[1]["LongURL"], rows[1]["LongURL"].to_string());
    assert_eq!(table.rows[5]["tags"], rows[5]["tags"].to_string());
}
