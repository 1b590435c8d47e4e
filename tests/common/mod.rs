//! Owns what tests of the binary start from: a fresh workspace, a run of the program, its JSON and its CSV files.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_nsec-tui");

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The first `rows` rows of the bundled data, with the header.
pub(crate) fn bundled(rows: usize) -> String {
    let text = fs::read_to_string(repository("Network_Data/phisingData.csv")).unwrap();
    text.lines()
        .take(rows + 1)
        .flat_map(|line| [line, "\n"])
        .collect::<String>()
}

/// A workspace of a test's own, gone when the test ends.
pub(crate) struct Workspace(TempDir);

impl Workspace {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A workspace in which a small logistic regression is the champion. It is trained once a test binary.
    pub(crate) fn with_champion() -> Self {
        let workspace = Self::new();
        for name in ["Artifacts", "registry.json"] {
            copy_all(&shared_champion().join(name), &workspace.path(name));
        }
        workspace
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and answers its path.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The directory of the only run.
    pub(crate) fn run_directory(&self) -> PathBuf {
        let mut runs: Vec<_> = fs::read_dir(self.path("Artifacts")).unwrap().collect();
        assert_eq!(runs.len(), 1);
        runs.remove(0).unwrap().path()
    }

    /// The program in this workspace, with nothing of the tester's environment that could change what it does.
    pub(crate) fn command(&self) -> assert_cmd::Command {
        let mut command = program();
        command.current_dir(self.root()).arg("--workspace").arg(self.root());
        command
    }

    /// Runs the program with nothing on standard input; the exit code must be `code`.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&dyn AsRef<OsStr>], code: i32) -> Outcome {
        self.run_with(arguments, b"", code)
    }

    /// The same with this on standard input.
    #[track_caller]
    pub(crate) fn run_with(&self, arguments: &[&dyn AsRef<OsStr>], input: &[u8], code: i32) -> Outcome {
        let mut command = self.command();
        command.args(arguments.iter().map(AsRef::as_ref)).write_stdin(input);
        let outcome = Outcome::of(&mut command);
        outcome.check(code);
        outcome
    }

    /// Scores `input` into the default output and answers what `--json` says and the output.
    #[track_caller]
    pub(crate) fn score(&self, input: &Path, options: &[&str]) -> (Value, Table) {
        let mut arguments: Vec<&dyn AsRef<OsStr>> = vec![&"predict", &input, &"--json"];
        arguments.extend(options.iter().map(|o| o as &dyn AsRef<OsStr>));
        let summary = self.run(&arguments, 0).json();
        let table = Table::read(Path::new(summary["output"].as_str().unwrap()));
        let rejects = Table::read(Path::new(summary["rejects"].as_str().unwrap()));
        assert_eq!(summary["rows"], table.rows.len() + rejects.rows.len(), "{summary}");
        assert_eq!(summary["rejected"], rejects.rows.len(), "{summary}");
        (summary, table)
    }

    /// No temporary file is left anywhere in the workspace.
    #[track_caller]
    pub(crate) fn assert_no_leftovers(&self) {
        let left: Vec<_> = walk(self.root())
            .into_iter()
            .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().contains("tmp")))
            .collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

/// The program without the tester's environment, outside any workspace.
pub(crate) fn program() -> assert_cmd::Command {
    let mut command = assert_cmd::Command::new(PROGRAM);
    for name in ["NSEC_WORKSPACE", "NO_COLOR", "COLUMNS", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.env("TERM", "dumb");
    command
}

/// Every file below a directory.
pub(crate) fn walk(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            files.extend(walk(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

fn copy_all(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        copy_all(&entry.path(), &to.join(entry.file_name()));
    }
}

/// A workspace with a champion, trained on 1,500 bundled rows the first time it is asked for.
fn shared_champion() -> &'static Path {
    static TRAINED: OnceLock<PathBuf> = OnceLock::new();
    TRAINED.get_or_init(|| {
        // Statics are never dropped, so it stands below target/ and later tests clear it away.
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("champions");
        fs::create_dir_all(&all).unwrap();
        for old in fs::read_dir(&all).unwrap().flatten() {
            let age = old.metadata().and_then(|m| m.modified()).ok();
            let age = age.and_then(|m| SystemTime::now().duration_since(m).ok());
            if age.is_some_and(|age| age > Duration::from_hours(1)) {
                let _ = fs::remove_dir_all(old.path());
            }
        }
        let root = tempfile::tempdir_in(&all).unwrap().keep();
        fs::write(root.join("rows.csv"), bundled(1_500)).unwrap();
        let mut command = program();
        command.current_dir(&root).arg("--workspace").arg(&root);
        command.args([
            "train",
            "--data",
            "rows.csv",
            "--models",
            "logistic_regression",
            "--search",
            "none",
        ]);
        Outcome::of(&mut command).check(0);
        root
    })
}

/// How a run of the program ended.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    command: String,
}

impl Outcome {
    pub(crate) fn of(command: &mut assert_cmd::Command) -> Self {
        let output = command.timeout(Duration::from_mins(2)).output().unwrap();
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: output.stderr,
            command: format!("{command:?}"),
        }
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The exit code, and what holds whatever happens.
    #[track_caller]
    pub(crate) fn check(&self, code: i32) {
        let wrong = self.faults(code);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// What is wrong: another exit code, a panic, characters that a terminal acts on, an error that is not one line.
    pub(crate) fn faults(&self, code: i32) -> Vec<String> {
        let (out, err) = (self.out(), self.err());
        let mut faults = Vec::new();
        if self.code != Some(code) {
            faults.push(format!("exit code {:?}, not {code}", self.code));
        }
        if ["panicked", "RUST_BACKTRACE", "stack overflow"]
            .iter()
            .any(|w| err.contains(w))
        {
            faults.push("a panic".to_owned());
        }
        for (name, text) in [("standard output", &out), ("standard error", &err)] {
            if let Some(c) = text.chars().find(|&c| acts_on_terminal(c)) {
                faults.push(format!("{c:?} on {name}"));
            }
        }
        let errors = err.lines().filter(|l| l.starts_with("nsec-tui: ")).count();
        let last = err.lines().last().unwrap_or_default();
        let is_told = match code {
            0 => errors == 0,
            // Without a command the help is shown instead.
            2 if err.contains("\nUsage: nsec-tui") => errors == 0,
            2 => errors == 1 && (last.starts_with("nsec-tui: ") || last.starts_with("try `nsec-tui")),
            _ => errors == 1 && last.starts_with("nsec-tui: "),
        };
        if !is_told {
            faults.push(format!("{errors} error lines"));
        }
        if !faults.is_empty() {
            let head = |text: &str| text.chars().take(2_000).collect::<String>();
            faults.push(format!("{}\n{}\n{}", self.command, head(&out), head(&err)));
        }
        faults
    }

    /// The one line that says what went wrong.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        let err = self.err();
        let line = err.lines().find_map(|l| l.strip_prefix("nsec-tui: "));
        line.unwrap_or_else(|| panic!("no error line: {err}")).to_owned()
    }

    /// Standard output as exactly one JSON object.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let value: Value = serde_json::from_slice(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.out()));
        assert!(value.is_object(), "{value}");
        value
    }
}

/// Controls (but line ends and tabs), direction marks and invisible characters.
fn acts_on_terminal(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A CSV file with its cells by column.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<BTreeMap<String, String>>,
}

impl Table {
    #[track_caller]
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self::parse(&bytes)
    }

    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = |record: &csv::ByteRecord| -> Vec<String> {
            record.iter().map(|c| String::from_utf8_lossy(c).into_owned()).collect()
        };
        let mut reader = csv::Reader::from_reader(bytes);
        let header = text(reader.byte_headers().unwrap());
        let rows = reader
            .byte_records()
            .map(|r| header.iter().cloned().zip(text(&r.unwrap())).collect())
            .collect();
        Self { header, rows }
    }

    /// The cells of a column.
    #[track_caller]
    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        self.rows.iter().map(|row| row[name].as_str()).collect()
    }
}
