//! Owns the MongoDB server of the tests: a process of its own on a free port, gone with the value.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A password with every character that means something in an address.
pub(crate) const PASSWORD: &str = "p@ss?w%rd:/#zebra7";
/// The same, encoded.
pub(crate) const ENCODED: &str = "p%40ss%3Fw%25rd%3A%2F%23zebra7";

/// Why there is no server, found out once a test binary.
fn missing() -> Option<&'static str> {
    static MISSING: OnceLock<Option<String>> = OnceLock::new();
    let reason = MISSING.get_or_init(|| {
        let install = script().arg("install").output();
        match install {
            Ok(output) if output.status.success() => None,
            Ok(output) => {
                let said = [output.stdout, output.stderr].concat();
                Some(String::from_utf8_lossy(&said).trim().to_owned())
            }
            Err(error) => Some(format!("scripts/mongo-server does not start: {error}")),
        }
    });
    reason.as_deref()
}

fn script() -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/mongo-server"))
}

/// Whether tests with a server can run. Where they cannot, says so past the test harness, which would swallow it; where
/// `scripts/test` has installed the server, it must be there.
pub(crate) fn available(test: &str) -> bool {
    let Some(reason) = missing() else { return true };
    assert!(
        std::env::var_os("NSEC_TEST_MONGODB").is_none(),
        "the MongoDB server was installed and is gone: {reason}"
    );
    let _ = writeln!(std::io::stderr().lock(), "SKIPPED {test}: no MongoDB server ({reason})");
    false
}

/// A running server.
pub(crate) struct MongoServer {
    child: Child,
    pub(crate) port: u16,
    /// Where it keeps its data and its log.
    directory: TempDir,
    options: Vec<String>,
}

impl MongoServer {
    /// A server on a data directory of its own.
    pub(crate) fn start(options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let (child, port) = spawn(directory.path(), 0, &options);
        Self {
            child,
            port,
            directory,
            options,
        }
    }

    /// The same data, the same port, other options.
    pub(crate) fn restart(&mut self, options: &[&str]) {
        self.stop();
        self.options = options.iter().map(|option| (*option).to_owned()).collect();
        self.again();
    }

    /// Starts it again after [`MongoServer::kill`].
    pub(crate) fn again(&mut self) {
        let (child, port) = spawn(self.directory.path(), self.port, &self.options);
        self.child = child;
        self.port = port;
    }

    /// A server with two users, who are known in database `admin` and have [`PASSWORD`]: bob may read and write `team`, eve
    /// may read `other`.
    pub(crate) fn with_users() -> Self {
        let mut server = Self::start(&[]);
        let make = |user: &str, role: &str, database: &str| {
            mongodb::bson::doc! { "createUser": user, "pwd": PASSWORD, "roles": [{ "role": role, "db": database }] }
        };
        server.command("admin", make("bob", "readWrite", "team"));
        server.command("admin", make("eve", "read", "other"));
        server.restart(&["--auth"]);
        server
    }

    /// Runs a command as nobody.
    pub(crate) fn command(&self, database: &str, command: mongodb::bson::Document) -> mongodb::bson::Document {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let client = mongodb::Client::with_uri_str(self.uri("")).await.unwrap();
            client.database(database).run_command(command).await.unwrap()
        })
    }

    /// The address without a login.
    pub(crate) fn uri(&self, database: &str) -> String {
        format!("mongodb://127.0.0.1:{}/{database}", self.port)
    }

    /// The address with a user's name, who is looked up in `admin`.
    pub(crate) fn uri_of(&self, user: &str, database: &str) -> String {
        format!("mongodb://{user}@127.0.0.1:{}/{database}?authSource=admin", self.port)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Where it keeps its data; tests put their own files there.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Stops all of it, as a debugger would. It still takes connections.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(sent.success());
    }

    fn stop(&mut self) {
        self.signal("CONT");
        self.signal("TERM");
        let limit = Instant::now() + Duration::from_mins(1);
        while Instant::now() < limit {
            if self.child.try_wait().unwrap().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.kill();
    }
}

impl Drop for MongoServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port of before may be taken for a moment, by a connection to elsewhere.
fn spawn(directory: &Path, port: u16, options: &[String]) -> (Child, u16) {
    let limit = Instant::now() + Duration::from_mins(2);
    loop {
        match try_spawn(directory, port, options, limit) {
            Ok(server) => return server,
            Err(said) => assert!(port != 0 && Instant::now() < limit, "the server ended: {said}"),
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The server with its port, or what it said before it ended.
fn try_spawn(directory: &Path, port: u16, options: &[String], limit: Instant) -> Result<(Child, u16), String> {
    let log = directory.join("log");
    let mut child = script()
        .arg("run")
        .args(["--port", &port.to_string(), "--storage-path"])
        .arg(directory.join("data"))
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    loop {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let port = said.split("listening on 127.0.0.1:").nth(1).and_then(|rest| {
            let (digits, _) = rest.split_once('\n')?;
            digits.trim().parse().ok()
        });
        if let Some(port) = port {
            return Ok((child, port));
        }
        if child.try_wait().unwrap().is_some() {
            return Err(said);
        }
        assert!(Instant::now() < limit, "the server does not come up: {said}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A certificate authority and a certificate for 127.0.0.1 that it signed, made by the `openssl` program: the paths of the
/// authority's certificate, the server's, and its key. `None` where there is no such program.
pub(crate) fn certificates(directory: &Path) -> Option<(PathBuf, PathBuf, PathBuf)> {
    let path = |name: &str| directory.join(name);
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(directory)
            .output()
            .ok()?;
        output.status.success().then_some(())
    };
    let key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ];
    let authority = [
        "req",
        "-x509",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-subj",
        "/CN=Authority of a test",
    ];
    run(&[&authority[..], &key, &["-addext", "keyUsage=critical,keyCertSign"]].concat())?;
    run(&[
        &[
            "req",
            "-keyout",
            "server.key",
            "-out",
            "server.csr",
            "-subj",
            "/CN=127.0.0.1",
        ][..],
        &key[..5],
    ]
    .concat())?;
    fs::write(
        path("names"),
        "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n",
    )
    .ok()?;
    run(&[
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "names",
        "-out",
        "server.pem",
    ])?;
    Some((path("ca.pem"), path("server.pem"), path("server.key")))
}
