//! Owns the tests of who may use the server, under which name a request is known, and what is refused before it starts.

use crate::common::Workspace;
use crate::http::Server;
use crate::routes::records;

#[test]
fn a_run_that_is_named_and_not_there_is_an_error_at_once() {
    let workspace = Workspace::new();
    let refused = workspace.run(&[&"serve", &"--listen", &"127.0.0.1:0", &"--model", &"nope"], 4);
    assert!(refused.error().contains("nope"), "{}", refused.error());
    let refused = workspace.run(&[&"serve", &"--listen", &"127.0.0.1:0", &"--model", &"./nowhere"], 4);
    assert!(refused.error().contains("nowhere"), "{}", refused.error());
}

/// What is there, and cannot be used at the moment, may be usable later.
#[test]
fn a_run_that_cannot_be_read_now_is_waited_for() {
    let workspace = Workspace::with_champion();
    let run = workspace
        .run_directory()
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    let registry = std::fs::read(workspace.path("registry.json")).unwrap();
    workspace.write("registry.json", "{");
    let server = Server::start(&workspace, &["--model", &run[..15]]);
    assert_eq!(server.get("/readyz").status, 503);
    workspace.write("registry.json", registry);
    server.until("the model", |server| server.get("/readyz").status == 200);
    assert_eq!(server.get("/v1/model").json()["run_id"], run.as_str());
}

#[test]
fn a_token_is_asked_for_and_others_are_kept_out() {
    let workspace = Workspace::with_champion();
    let token = "0123456789abcdef0123";
    let file = workspace.write("token", format!("{token}\n"));
    let server = Server::start(
        &workspace,
        &["--token-file", file.to_str().unwrap(), "--listen", "0.0.0.0:0"],
    );
    let told = server.told();
    assert!(
        told.contains("can be read by other users") && !told.contains(token),
        "{told}"
    );
    for path in ["/v1/model", "/v1/runs", "/metrics"] {
        let refused = server.get(path);
        assert_eq!(refused.error(), (401, "unauthorized".to_owned()), "{path}");
        assert_eq!(refused.headers["www-authenticate"], "Bearer");
        let bearer = format!("Bearer {token}");
        assert_eq!(server.send("GET", path, &[("Authorization", &bearer)], b"").status, 200);
        for wrong in ["Bearer x", "Basic abc", &bearer[..bearer.len() - 1], ""] {
            assert_eq!(server.send("GET", path, &[("Authorization", wrong)], b"").status, 401);
        }
    }
    for path in ["/", "/healthz", "/readyz", "/ping", "/openapi.json"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    drop(server);
    let log = std::fs::read_to_string(workspace.path("logs/nsec-tui.log")).unwrap();
    assert!(!log.contains(token));
    let from_environment = Server::start_with(&workspace, &[], &[("NSEC_TOKEN", token)]);
    assert_eq!(from_environment.get("/v1/model").status, 401);

    let refused = workspace.run(&[&"serve", &"--listen", &"0.0.0.0:0"], 2);
    assert!(refused.error().contains("--token-file"), "{}", refused.error());
    workspace.write("short", "abc");
    let refused = workspace.run(&[&"serve", &"--token-file", &"short"], 2);
    assert!(refused.error().contains("16 are needed"), "{}", refused.error());
    let loud = Server::start(&workspace, &["--listen", "0.0.0.0:0", "--insecure"]);
    assert!(loud.told().contains("warning: anybody who reaches"), "{}", loud.told());
    assert_eq!(loud.get("/v1/model").status, 200);
}

#[test]
fn pages_of_other_sites_are_kept_out_without_a_token() {
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &["--allow-host", "scorer.internal"]);
    let own = format!("http://{}", server.address);
    let row = records(1)[0].to_string();
    let post = |headers: &[(&str, &str)]| {
        let headers = [&[("Content-Type", "application/json")], headers].concat();
        server.send("POST", "/v1/predict", &headers, row.as_bytes())
    };
    assert_eq!(post(&[("Origin", &own), ("Sec-Fetch-Site", "same-origin")]).status, 200);
    assert_eq!(post(&[("Host", "scorer.internal")]).status, 200);
    assert_eq!(
        post(&[("Origin", "http://evil.example")]).error(),
        (403, "cross_site".to_owned())
    );
    assert_eq!(post(&[("Origin", "null")]).error(), (403, "cross_site".to_owned()));
    assert_eq!(
        post(&[("Sec-Fetch-Site", "cross-site")]).error(),
        (403, "cross_site".to_owned())
    );
    assert_eq!(
        post(&[("Host", "evil.example")]).error(),
        (403, "foreign_host".to_owned())
    );
    let get = server.send("GET", "/v1/model", &[("Host", "evil.example")], b"");
    assert_eq!(get.error(), (403, "foreign_host".to_owned()));
    assert!(!get.headers.contains_key("access-control-allow-origin"));
}

#[test]
fn request_ids_are_echoed_and_logged() {
    let workspace = Workspace::with_champion();
    let mut server = Server::start(&workspace, &[]);
    let reply = server.send("GET", "/v1/model", &[("X-Request-Id", "mine-42")], b"");
    assert_eq!(reply.headers["x-request-id"], "mine-42");
    let made = server.send("GET", "/v1/model", &[("X-Request-Id", "a b\"")], b"");
    assert_eq!(made.headers["x-request-id"].len(), 32);
    server.signal("TERM");
    assert_eq!(server.ended(), Some(143));
    let log = std::fs::read_to_string(workspace.path("logs/nsec-tui.log")).unwrap();
    assert!(
        log.contains("mine-42") && log.contains(&made.headers["x-request-id"]),
        "{log}"
    );
}
