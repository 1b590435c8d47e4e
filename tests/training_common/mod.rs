//! Owns what the tests of training share: a fresh workspace, the program run in it, and what it leaves behind.

#![allow(dead_code, reason = "each test program uses a part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A workspace of its own, gone with the value.
pub struct Place {
    directory: tempfile::TempDir,
}

/// How a command ended.
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// The one object on standard output; nothing may stand beside it.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.err);
        let value: Value = serde_json::from_str(&self.out).expect("exactly one JSON value");
        assert!(value.is_object());
        value
    }

    /// Standard error once progress and warnings are left out: the line that says what went wrong.
    pub fn complaint(&self) -> &str {
        let mut lines = self.err.lines().filter(|l| l.starts_with("nsec-tui: "));
        let line = lines.next().unwrap_or_else(|| panic!("no error line in: {}", self.err));
        assert_eq!(lines.next(), None, "one line only");
        line
    }

    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }
}

impl Default for Place {
    fn default() -> Self {
        Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        }
    }
}

impl Place {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.root().join(below)
    }

    /// The program, told to work here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nsec-tui"));
        command
            .current_dir(self.root())
            .env("NSEC_WORKSPACE", self.root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().expect("the program starts"))
    }

    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().expect("the program starts")
    }

    /// Writes `rows` synthetic flows to `name`.
    pub fn flows(&self, name: &str, rows: usize, seed: u64) {
        self.generate("flows", name, rows, seed);
    }

    /// Writes `rows` synthetic phishing rows to `name`.
    pub fn phishing(&self, name: &str, rows: usize, seed: u64) {
        self.generate("phishing", name, rows, seed);
    }

    fn generate(&self, what: &str, name: &str, rows: usize, seed: u64) {
        let (rows, seed) = (rows.to_string(), seed.to_string());
        let arguments = ["generate", what, "--rows", &rows, "--output", name, "--seed", &seed];
        self.run(&arguments).expect(0);
    }

    /// The directories of all runs, oldest first.
    pub fn runs(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path("Artifacts")) else {
            return Vec::new();
        };
        let mut runs: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
        runs.sort();
        runs
    }

    /// What `runs list --json` says of every run, newest first.
    pub fn listed(&self) -> Vec<Value> {
        let listed = self.run(&["runs", "list", "--json"]).json();
        listed["runs"].as_array().expect("a list").clone()
    }

    pub fn read(&self, below: &str) -> Vec<u8> {
        let path = self.path(below);
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub fn write(&self, below: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, bytes).expect("written");
    }
}

/// The file of the repository.
pub fn repository(below: &str) -> String {
    format!("{}/{below}", env!("CARGO_MANIFEST_DIR"))
}

pub fn read_json(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Sends a signal by its name (`INT`) to a process.
pub fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .stderr(Stdio::null())
        .status();
    // A process that ended meanwhile is no failure; what it left tells.
    status.expect("kill runs");
}

/// Waits for a process, which must end within `limit`: a hang must not hang the tests. Its output is read meanwhile.
pub fn wait(mut child: Child, limit: Duration) -> (Ended, Duration) {
    let started = Instant::now();
    let id = child.id();
    let (done, watch) = std::sync::mpsc::channel::<()>();
    let watcher = std::thread::spawn(move || {
        let hung = watch.recv_timeout(limit).is_err();
        if hung {
            let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
        }
        hung
    });
    drop(child.stdin.take());
    let output = child.wait_with_output().expect("it ends");
    let took = started.elapsed();
    let _ = done.send(());
    assert!(
        !watcher.join().expect("the watcher ends"),
        "it did not end within {limit:?}"
    );
    (Ended::of(output), took)
}

/// A small generator of moments: SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    /// From 0 to 1.
    pub fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Names of temporary files anywhere below a directory.
pub fn temporary_files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(temporary_files(&path));
        } else if entry.file_name().to_string_lossy().starts_with(".nsec-tmp-") {
            found.push(path);
        }
    }
    found
}
