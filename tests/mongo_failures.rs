//! Owns what a MongoDB server that cannot be used looks like: the message, the exit code, and that no password is in any of
//! it.

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

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use common::{Outcome, Workspace, walk};
use mongo_server::{ENCODED, MongoServer, PASSWORD, available, certificates};
use mongodb::bson::{Document, doc};

/// Runs `mongo …` with a password in the environment.
#[track_caller]
fn run(workspace: &Workspace, arguments: &[&str], password: Option<&str>, code: i32) -> Outcome {
    let begun = Instant::now();
    loop {
        let outcome = run_once(workspace, arguments, password);
        // A server of a busy machine may not answer in the few seconds that it gets.
        let was_busy = code == 0 && outcome.code == Some(4) && outcome.err().contains("did not answer");
        if was_busy && begun.elapsed() < Duration::from_mins(1) {
            continue;
        }
        outcome.check(code);
        return outcome;
    }
}

fn run_once(workspace: &Workspace, arguments: &[&str], password: Option<&str>) -> Outcome {
    let mut command = workspace.command();
    for name in ["NSEC_MONGODB_URI", "NSEC_MONGODB_PASSWORD"] {
        command.env_remove(name);
    }
    if let Some(password) = password {
        command.env("NSEC_MONGODB_PASSWORD", password);
    }
    command
        .arg("mongo")
        .args(arguments.iter().map(OsStr::new))
        .write_stdin("");
    Outcome::of(&mut command)
}

/// The one line that a ping which fails says.
#[track_caller]
fn ping_fails(workspace: &Workspace, uri: &str, password: Option<&str>, code: i32) -> String {
    let outcome = run(workspace, &["ping", "--uri", uri], password, code);
    assert!(outcome.stdout.is_empty(), "{}", outcome.out());
    assert_no_password(workspace, &outcome);
    outcome.error()
}

/// Neither the streams nor any file of the workspace hold the password, as it is or encoded.
#[track_caller]
fn assert_no_password(workspace: &Workspace, outcome: &Outcome) {
    let mut texts = vec![
        ("standard output".to_owned(), outcome.out()),
        ("standard error".to_owned(), outcome.err()),
    ];
    for file in walk(workspace.root()) {
        if file.ends_with("password") {
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        texts.push((file.display().to_string(), text));
    }
    for (name, text) in texts {
        for word in ["zebra7", "ss?w", "ss%3Fw", PASSWORD, ENCODED] {
            assert!(!text.contains(word), "{name} holds {word}: {text}");
        }
    }
}

#[test]
fn nobody_named_a_server() {
    let workspace = Workspace::new();
    let error = run(&workspace, &["ping"], None, 2).error();
    assert!(error.contains("--uri, NSEC_MONGODB_URI or mongo.uri"), "{error}");
}

#[test]
fn a_port_where_nothing_listens() {
    let workspace = Workspace::new();
    let error = ping_fails(&workspace, "mongodb://127.0.0.1:1/team", None, 4);
    assert_eq!(
        error,
        "127.0.0.1:1: nothing listens there; check host and port, and that MongoDB runs"
    );
}

#[test]
fn a_name_that_leads_nowhere() {
    let workspace = Workspace::new();
    let error = ping_fails(&workspace, "mongodb://no-such-host.invalid/team", None, 4);
    assert!(error.starts_with("no-such-host.invalid: no such host"), "{error}");
}

/// It takes connections (the system does) and never says a word.
#[test]
fn a_server_that_never_answers() {
    let workspace = Workspace::new();
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let error = ping_fails(&workspace, &format!("mongodb://127.0.0.1:{port}/team"), None, 4);
    assert!(error.contains("takes connections but did not answer"), "{error}");
}

/// Answers every `hello` as a server of long ago would.
#[test]
fn a_server_that_is_too_old() {
    let workspace = Workspace::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let hello = doc! {
                    "ismaster": true, "minWireVersion": 0, "maxWireVersion": 6, "ok": 1.0, "maxBsonObjectSize": 16_777_216,
                    "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000,
                };
                while let Some(request) = read_message(&mut stream) {
                    if stream.write_all(&answer(&request, &hello)).is_err() {
                        break;
                    }
                }
            });
        }
    });
    let error = ping_fails(&workspace, &format!("mongodb://127.0.0.1:{port}/team"), None, 4);
    assert!(
        error.contains("too old (about 3.6); MongoDB 4.2 or later is needed"),
        "{error}"
    );
}

fn read_message(stream: &mut impl std::io::Read) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; i32::from_le_bytes(length) as usize];
    message[..4].copy_from_slice(&length);
    stream.read_exact(&mut message[4..]).ok()?;
    Some(message)
}

/// An answer in the form of the question: OP_REPLY to OP_QUERY, else OP_MSG.
fn answer(request: &[u8], document: &Document) -> Vec<u8> {
    let body = mongodb::bson::serialize_to_vec(document).unwrap();
    let old = request[12..16] == 2004_i32.to_le_bytes();
    let mut message = vec![0; 4];
    message.extend(7_i32.to_le_bytes());
    message.extend(&request[4..8]);
    message.extend(if old { 1_i32 } else { 2013 }.to_le_bytes());
    if old {
        message.extend([0; 4 + 8 + 4]);
        message.extend(1_i32.to_le_bytes());
    } else {
        message.extend([0; 5]);
    }
    message.extend(body);
    let length = (message.len() as i32).to_le_bytes();
    message[..4].copy_from_slice(&length);
    message
}

#[test]
fn a_password_that_is_not_encoded_is_refused_before_anything_is_asked() {
    let workspace = Workspace::new();
    for uri in [
        "mongodb://bob:p@ss?zebra7@127.0.0.1:1/team",
        "mongodb://bob:p@zebra7@127.0.0.1:1/team",
    ] {
        let error = ping_fails(&workspace, uri, None, 2);
        assert!(
            error.contains("@ is %40") && error.contains("NSEC_MONGODB_PASSWORD"),
            "{error}"
        );
        workspace.write("nsec.yaml", format!("mongo:\n  uri: \"{uri}\"\n"));
        let error = run(&workspace, &["ping"], None, 2).error();
        assert!(
            error.contains("line 2: mongo.uri") && !error.contains("zebra7"),
            "{error}"
        );
        std::fs::remove_file(workspace.path("nsec.yaml")).unwrap();
    }
}

#[test]
fn logins_that_are_refused_and_rights_that_are_missing() {
    if !available("logins_that_are_refused_and_rights_that_are_missing") {
        return;
    }
    let server = MongoServer::with_users();
    let workspace = Workspace::new();
    let bob = server.uri_of("bob", "team");
    let port = server.port;

    let error = ping_fails(&workspace, &bob, Some("zebra7 is not it"), 4);
    let expected = format!(
        "127.0.0.1:{port}: login refused for user bob, who was looked up in database admin; check password, user and authSource"
    );
    assert_eq!(error, expected);

    let error = ping_fails(&workspace, &server.uri("team"), None, 4);
    assert!(error.contains("asks for a login"), "{error}");

    let error = ping_fails(&workspace, &bob, None, 2);
    assert!(error.contains("no password for user bob"), "{error}");

    let error = ping_fails(&workspace, &server.uri_of("eve", "team"), Some(PASSWORD), 4);
    assert!(
        error.contains("user eve may not read database team") && error.contains("role read"),
        "{error}"
    );

    let rows = workspace.write("rows.csv", "a,b\n1,2\n");
    let uri = server.uri_of("eve", "other");
    let outcome = run(
        &workspace,
        &["push", rows.to_str().unwrap(), "--uri", &uri],
        Some(PASSWORD),
        4,
    );
    let error = outcome.error();
    assert!(
        error.contains("user eve may not write to database other") && error.contains("role readWrite"),
        "{error}"
    );
    assert_no_password(&workspace, &outcome);

    // What works: the password from the environment, from a file, and in the address, where it leaves the arguments.
    let outcome = run(&workspace, &["ping", "--json", "--uri", &bob], Some(PASSWORD), 0);
    let ping = outcome.json();
    assert_eq!(
        (ping["user"].as_str(), ping["database"].as_str()),
        (Some("bob"), Some("team"))
    );
    assert_eq!(
        (ping["rights"]["read"].as_bool(), ping["rights"]["write"].as_bool()),
        (Some(true), Some(true))
    );
    assert_eq!(ping["tls"].as_bool(), Some(false));
    assert_eq!(ping["server"], format!("127.0.0.1:{port}"));
    assert_no_password(&workspace, &outcome);
    workspace.write("password", format!("{PASSWORD}\n"));
    workspace.write(
        "nsec.yaml",
        format!("mongo:\n  uri: \"{bob}\"\n  password_file: password\n"),
    );
    assert_no_password(&workspace, &run(&workspace, &["ping"], None, 0));
    std::fs::remove_file(workspace.path("nsec.yaml")).unwrap();
    let with_password = bob.replace("bob@", &format!("bob:{ENCODED}@"));
    let outcome = run(&workspace, &["ping", "--uri", &with_password], None, 0);
    assert!(
        outcome.err().contains("other users may have seen the password"),
        "{}",
        outcome.err()
    );
    assert_no_password(&workspace, &outcome);
    assert!(!server.log().contains("zebra7"));
}

#[test]
fn a_frozen_server_is_told_from_a_dead_one_and_works_again_afterwards() {
    if !available("a_frozen_server_is_told_from_a_dead_one_and_works_again_afterwards") {
        return;
    }
    let mut server = MongoServer::start(&[]);
    let workspace = Workspace::new();
    let uri = server.uri("team");
    server.freeze();
    let error = ping_fails(&workspace, &uri, None, 4);
    assert!(error.contains("takes connections but did not answer"), "{error}");
    server.thaw();
    run(&workspace, &["ping", "--uri", &uri], None, 0);
    let other_set = format!("{uri}?replicaSet=wrong");
    let error = ping_fails(&workspace, &other_set, None, 4);
    assert!(error.contains("no server there is of replica set wrong"), "{error}");
    server.kill();
    let error = ping_fails(&workspace, &uri, None, 4);
    assert!(error.contains("nothing listens there"), "{error}");
}

#[test]
fn certificates_are_checked() {
    let test = "certificates_are_checked";
    if !available(test) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let Some((authority, certificate, key)) = certificates(directory.path()) else {
        let _ = writeln!(
            std::io::stderr().lock(),
            "SKIPPED {test}: no openssl program to make certificates with"
        );
        return;
    };
    let options = [
        "--tls-cert-file",
        certificate.to_str().unwrap(),
        "--tls-key-file",
        key.to_str().unwrap(),
    ];
    let server = MongoServer::start(&options);
    let workspace = Workspace::new();
    let (plain, port) = (server.uri("team"), server.port);
    let tls = format!("{plain}?tls=true");
    let error = ping_fails(&workspace, &tls, None, 4);
    assert!(
        error.contains("certificate is not trusted (signed by an authority that is not known here)"),
        "{error}"
    );
    let error = ping_fails(&workspace, &plain, None, 4);
    assert!(error.contains("hung up") && error.contains("tls=true"), "{error}");
    workspace.write("ca.pem", std::fs::read(&authority).unwrap());
    workspace.write("nsec.yaml", "mongo:\n  ca_file: ca.pem\n");
    let ping = run(&workspace, &["ping", "--json", "--uri", &plain], None, 0).json();
    assert_eq!(ping["tls"].as_bool(), Some(true));
    let wrong_name = format!("mongodb://127.0.0.2:{port}/team");
    let error = run(&workspace, &["ping", "--uri", &wrong_name], None, 4).error();
    assert!(error.contains("127.0.0.2"), "{error}");
    workspace.write("ca.pem", "no certificate");
    let error = run(&workspace, &["ping", "--uri", &plain], None, 2).error();
    assert!(error.contains("holds no certificate"), "{error}");
    workspace.write("nsec.yaml", "");
    let bare = MongoServer::start(&[]);
    let error = ping_fails(&workspace, &format!("{}?tls=true", bare.uri("team")), None, 4);
    assert!(
        error.contains("or does not talk TLS") && error.contains("take tls=true out"),
        "{error}"
    );
}

/// It reads the greeting and closes, as servers do that expect TLS.
#[test]
fn a_server_that_hangs_up() {
    let workspace = Workspace::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 16]);
        }
    });
    let error = ping_fails(&workspace, &format!("mongodb://127.0.0.1:{port}/team"), None, 4);
    assert!(error.contains("hung up before it said who it is"), "{error}");
}
