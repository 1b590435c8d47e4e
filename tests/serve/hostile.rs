//! Owns the tests of what a server must survive: bodies that are broken, huge, packed or slow, and callers that are many.
//! After each the next request works.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::common::{Table, Workspace, bundled};
use crate::http::{Reply, Server, read_reply, try_reply};

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A server still does its work, and never said that something went wrong inside.
#[track_caller]
fn still_works(server: &Server) {
    let reply = server.post("/v1/predict", "text/csv", bundled(3));
    assert_eq!(
        (reply.status, Table::parse(&reply.body).rows.len()),
        (200, 3),
        "{reply:?}"
    );
    let metrics = server.get("/metrics").text();
    for line in metrics
        .lines()
        .filter(|line| line.starts_with("nsec_http_requests_total"))
    {
        let code = line
            .split("code=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap();
        assert!(!code.starts_with('5') || code == "503", "{line}");
    }
    assert!(!server.told().contains("panicked"), "{}", server.told());
}

#[test]
fn bodies_that_are_no_rows_are_refused_by_what_is_wrong_with_them() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    let json = "application/json";
    for (kind, body, status, code) in [
        (json, "", 400, "malformed"),
        (json, "{", 400, "malformed"),
        (json, "[1,2]", 422, "not_rows"),
        (json, "null", 422, "not_rows"),
        (json, "[]", 422, "no_rows"),
        (json, "{\"a\":1,\"a\":2}", 422, "not_rows"),
        (json, "{\"a\":1}", 422, "missing_column"),
        (json, "\u{0}", 400, "malformed"),
        ("text/csv", "", 422, "not_rows"),
        ("text/csv", "a,a\n1,2\n", 422, "not_rows"),
        ("text/csv", "PAR1PAR1PAR1PAR1PAR1", 422, "not_rows"),
        ("text/csv", "a\n\"1", 422, "missing_column"),
        ("application/x-ndjson", "\n\n", 422, "no_rows"),
        ("text/plain", "a", 415, "unsupported_media_type"),
        ("multipart/form-data", "a", 415, "unsupported_media_type"),
        ("text/csv; charset=utf-16", "a", 415, "unsupported_media_type"),
    ] {
        assert_eq!(
            server.post("/v1/predict", kind, body).error(),
            (status, code.to_owned()),
            "{kind} {body:?}"
        );
    }
    assert_eq!(server.send("POST", "/v1/predict", &[], b"{}").error().0, 415);
    let deep = "[".repeat(200_000);
    let deeper = format!("{{\"a\": {deep}");
    for path in ["/v1/predict", "/invocations", "/v1/validate"] {
        assert_eq!(server.post(path, json, &deep).error().0, 422, "{path}");
        assert_eq!(server.post(path, json, &deeper).error().0, 400, "{path}");
    }
    for path in ["/v1/predict", "/v1/validate", "/invocations"] {
        let odd = server.post(path, json, b"{\"a\": \"\xff\xfe\"}");
        assert_eq!(odd.error().0, 400, "{path}");
    }
    still_works(&server);
}

#[test]
fn columns_by_the_ten_thousand_are_carried_or_refused() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    let mut row = serde_json::Map::new();
    let table = Table::parse(bundled(1).as_bytes());
    for name in &table.header {
        row.insert(name.clone(), json!(table.rows[0][name]));
    }
    for at in 0..10_000 {
        row.insert(format!("extra {at}"), json!(at));
    }
    let reply = server.post(
        "/v1/predict",
        "application/json",
        Value::Object(row.clone()).to_string(),
    );
    assert_eq!(
        (reply.status, &reply.json()["predictions"][0]["extra 9999"]),
        (200, &json!(9999))
    );
    let names: Vec<String> = row.keys().map(|name| format!("\"{name}\"")).collect();
    let cells: Vec<String> = row.values().map(|value| value.to_string().replace('"', "")).collect();
    let csv = format!("{}\n{}\n", names.join(","), cells.join(","));
    let reply = server.post("/v1/predict", "text/csv", csv);
    assert_eq!(
        (reply.status, Table::parse(&reply.body).header.len()),
        (200, row.len() + 14)
    );
    for at in 10_000..25_000 {
        row.insert(format!("extra {at}"), json!(at));
    }
    let body = Value::Object(row).to_string();
    assert_eq!(
        server.post("/v1/predict", "application/json", &body).error(),
        (413, "too_large".to_owned())
    );
    // An unknown name for every row: the cells grow with the square.
    let square: Vec<String> = (0..9_000).map(|at| format!("{{\"c{at}\":1}}")).collect();
    let reply = server.post("/v1/predict", "application/json", format!("[{}]", square.join(",")));
    assert_eq!(reply.error(), (413, "too_large".to_owned()));
    let reply = server.post("/v1/predict", "application/x-ndjson", square.join("\n"));
    assert_eq!((reply.status, reply.text().lines().count()), (200, 9_000));
    still_works(&server);
}

#[test]
fn packed_bodies_are_unpacked_within_the_limits() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &["--max-body", "1000000", "--max-stream", "3000000"]);
    let text = bundled(50);
    let send = |kind: &str, body: &[u8]| {
        let headers = [("Content-Type", kind), ("Content-Encoding", "gzip")];
        server.send("POST", "/v1/predict", &headers, body)
    };
    let reply = send("text/csv", &packed(text.as_bytes()));
    assert_eq!((reply.status, Table::parse(&reply.body).rows.len()), (200, 50));
    let mut bomb = text.lines().next().unwrap().as_bytes().to_vec();
    bomb.push(b'\n');
    bomb.resize(200 << 20, b'1');
    let bomb = packed(&bomb);
    assert!(bomb.len() < 1_000_000);
    assert_eq!(send("text/csv", &bomb).error(), (413, "too_large".to_owned()));
    assert_eq!(send("application/json", &bomb).error(), (413, "too_large".to_owned()));
    // Of lines the first may be answered before the rest has come in; then the answer breaks off.
    let mut stream = server.connect();
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/x-ndjson\r\n\
         Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        server.address,
        bomb.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let _ = stream.write_all(&bomb);
    if let Ok(reply) = try_reply(stream) {
        assert_eq!(reply.error(), (413, "too_large".to_owned()));
    }
    let half = packed(text.as_bytes());
    assert_eq!(
        send("text/csv", &half[..half.len() / 2]).error(),
        (400, "malformed".to_owned())
    );
    assert_eq!(send("application/json", b"{}").error(), (400, "malformed".to_owned()));
    // Packed without saying so, and packed twice: nothing unpacks it without a bound.
    assert_eq!(
        server
            .post("/v1/predict", "text/csv", packed(text.as_bytes()))
            .error()
            .0,
        415
    );
    assert_eq!(send("text/csv", &packed(&packed(text.as_bytes()))).error().0, 415);
    let odd = server.send(
        "POST",
        "/v1/predict",
        &[("Content-Type", "text/csv"), ("Content-Encoding", "br")],
        b"x",
    );
    assert_eq!(odd.error(), (415, "unsupported_encoding".to_owned()));
    still_works(&server);
}

#[test]
fn what_is_too_large_is_refused_early() {
    let workspace = Workspace::with_champion();
    let server = Server::start(
        &workspace,
        &["--max-body", "100000", "--max-rows", "5", "--max-stream", "200000"],
    );
    let big = vec![b' '; 4 << 20];
    assert_eq!(
        server.post("/v1/predict", "application/json", &big).error(),
        (413, "too_large".to_owned())
    );
    // Nothing of it is read: the length says it.
    let mut stream = server.connect();
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nHost: {}\r\nContent-Type: text/csv\r\nContent-Length: 1000000000000\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(read_reply(stream).error(), (413, "too_large".to_owned()));
    // Chunks have no length, so they are counted.
    let reply = chunked(
        &server,
        "application/json",
        std::iter::repeat_n(&b"          "[..], 20_000),
    );
    assert_eq!(reply.error(), (413, "too_large".to_owned()));
    let text = bundled(1);
    let (header, row) = text.split_once('\n').unwrap();
    let head = format!("{header}\n");
    let rows = std::iter::once(head.as_bytes()).chain(std::iter::repeat_n(row.as_bytes(), 20_000));
    assert_eq!(
        chunked(&server, "text/csv", rows).error(),
        (413, "too_large".to_owned())
    );
    let rows = format!("[{}]", ["{}"; 6].join(","));
    assert_eq!(
        server.post("/v1/predict", "application/json", rows).error(),
        (413, "too_large".to_owned())
    );
    assert_eq!(
        server.post("/invocations", "text/csv", bundled(6)).error(),
        (413, "too_large".to_owned())
    );
    let long = format!("/{}", "a".repeat(100_000));
    let mut stream = server.connect();
    stream
        .write_all(format!("GET {long} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
        .unwrap();
    let status = try_reply(stream).map(|reply| reply.status);
    assert!(status.is_ok_and(|status| (400..500).contains(&status)));
    still_works(&server);
}

/// Sends a body in chunks, as far as the server takes it.
fn chunked<'a>(server: &Server, kind: &str, chunks: impl Iterator<Item = &'a [u8]>) -> Reply {
    let mut stream = server.connect();
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let writer = &mut std::io::BufWriter::new(stream.try_clone().unwrap());
    for chunk in chunks {
        let sent = write!(writer, "{:x}\r\n", chunk.len()).and_then(|()| writer.write_all(chunk));
        if sent.and_then(|()| writer.write_all(b"\r\n")).is_err() {
            break;
        }
    }
    let _ = writer.write_all(b"0\r\n\r\n").and_then(|()| writer.flush());
    read_reply(stream)
}

#[test]
fn chunks_of_any_size_are_a_body_and_broken_ones_an_error() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    let text = bundled(30);
    for size in [1, 7, 1_000] {
        let reply = chunked(&server, "text/csv", text.as_bytes().chunks(size));
        assert_eq!(
            (reply.status, Table::parse(&reply.body).rows.len()),
            (200, 30),
            "{size}"
        );
    }
    for broken in ["zz\r\nabc", "5\r\nab", "ffffffffffffffffff\r\n"] {
        let mut stream = server.connect();
        let head = format!(
            "POST /v1/predict HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{broken}",
            server.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let status = try_reply(stream).map(|reply| reply.status);
        assert!(
            status.as_ref().map_or(true, |status| *status == 400),
            "{broken:?}: {status:?}"
        );
    }
    // A body shorter than it says, in every form.
    for kind in ["application/json", "text/csv", "application/x-ndjson"] {
        let mut stream = server.connect();
        let head = format!(
            "POST /v1/predict HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nContent-Length: 100000\r\n\r\n{}",
            server.address,
            bundled(3)
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let reply = try_reply(stream);
        assert!(
            reply.as_ref().map_or(true, |reply| reply.status == 400),
            "{kind}: {reply:?}"
        );
    }
    still_works(&server);
}

#[test]
fn a_client_that_sends_all_before_it_reads_gets_all() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    // Far more than sockets and memory hold on both ways.
    let text = bundled(1);
    let (header, row) = text.split_once('\n').unwrap();
    let count = 300_000;
    let body = format!("{header}\n{}", row.repeat(count));
    assert!(body.len() > 12 << 20);
    let reply = server.post("/v1/predict", "text/csv", body);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.text().lines().count(), count + 1);
    still_works(&server);
}

#[test]
fn slow_clients_are_let_go() {
    let workspace = Workspace::with_champion();
    let limits = [
        "--header-timeout",
        "3",
        "--request-timeout",
        "3",
        "--idle-timeout",
        "3",
        "--max-connections",
        "8",
    ];
    let server = Server::start(&workspace, &limits);
    // More slow heads than connections are allowed: the others get their turn all the same.
    let mut slow: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for stream in &mut slow {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            .unwrap();
    }
    still_works(&server);
    for mut stream in slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    }
    for kind in ["application/json", "text/csv"] {
        let mut stream = server.connect();
        let head = format!(
            "POST /v1/predict HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nContent-Length: 1000\r\n\r\n[",
            server.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        assert_eq!(read_reply(stream).error(), (408, "timeout".to_owned()), "{kind}");
    }
    still_works(&server);
}

#[test]
fn a_client_that_does_not_read_is_let_go() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &["--idle-timeout", "3", "--max-spool", "100000"]);
    let text = bundled(1);
    let (header, row) = text.split_once('\n').unwrap();
    let body = format!("{header}\n{}", row.repeat(300_000));
    let mut stream = server.connect();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nHost: {}\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n",
        server.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let _ = stream.write_all(body.as_bytes());
    server.until("the end of the stream", |server| {
        server.get("/metrics").text().contains("nsec_streams_open 0")
    });
    assert!(
        try_reply(stream).is_err(),
        "an answer that broke off must not look whole"
    );
    still_works(&server);
}

#[test]
fn more_streams_than_allowed_are_asked_to_come_again() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &["--max-streams", "1"]);
    let mut first = server.connect();
    let text = bundled(10);
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nHost: {}\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n",
        server.address,
        text.len()
    );
    first.write_all(head.as_bytes()).unwrap();
    server.until("the stream", |server| {
        server.get("/metrics").text().contains("nsec_streams_open 1")
    });
    let refused = server.post("/v1/predict", "text/csv", &text);
    assert_eq!(refused.error(), (503, "busy".to_owned()));
    assert!(refused.headers.contains_key("retry-after"));
    first.write_all(text.as_bytes()).unwrap();
    assert_eq!(read_reply(first).status, 200);
    server.until("room", |server| {
        server.get("/metrics").text().contains("nsec_streams_open 0")
    });
    still_works(&server);
}
