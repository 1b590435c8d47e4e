//! Owns the manifest: what a run was made from, how it went and what it left.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::run::RunId;
use super::timestamp::Timestamp;
use crate::event::{RunStatus, Stage};

/// The manifest format that this program writes, and the newest it reads.
pub const MANIFEST_VERSION: u32 = 1;

/// Everything to be known about one run. Written when the run starts (`status: running`) and when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of this file.
    pub format: u32,
    /// The run.
    pub run_id: RunId,
    /// How it stands.
    pub status: RunStatus,
    /// Why it failed or was cancelled; one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Wall-clock seconds from start to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Version of the program.
    pub version: String,
    /// Git commit of the program, where it was known at build time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<String>,
    /// The process that makes the run.
    #[serde(default)]
    pub process: ProcessMark,
    /// The data trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataRecord>,
    /// The schema it was read with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaRecord>,
    /// How rows were split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitRecord>,
    /// Seed of every random choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Family of the model chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Its parameters, an object by name.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub params: Value,
    /// Probability from which a row counts as malicious.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Metrics: `{train: {…}, test: {…}}`, objects of numbers that may nest.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub metrics: Value,
    /// Seconds by stage, in the order they ran.
    #[serde(default)]
    pub timings: Vec<StageTiming>,
    /// Files of the run with size and checksum, in path order; the manifest itself is not among them.
    #[serde(default)]
    pub files: Vec<FileRecord>,
    /// The run this one grew from (retraining).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RunId>,
    /// The champion when this run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub champion_at_start: Option<RunId>,
    /// A person's words about the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Further facts by name, written beside the keys above.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

/// The process that makes a run: a hint where the run's lock cannot be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessMark {
    /// Process id.
    pub pid: u32,
    /// Host name, where it could be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Identifies the boot of the host, where it could be found out (Linux).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
}

/// The data of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRecord {
    /// The source as the user named it.
    pub name: String,
    /// SHA-256, in hex, of the header and every cell as read, each with its length before it: the same rows have the
    /// same hash whether they come as CSV, compressed or from standard input.
    pub sha256: String,
    /// Rows read.
    pub rows: u64,
    /// Rows refused by validation.
    #[serde(default)]
    pub rejected_rows: u64,
}

/// The schema of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaRecord {
    /// Its name.
    pub name: String,
    /// SHA-256 of its canonical form, in hex.
    pub sha256: String,
}

/// How rows were split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitRecord {
    /// `grouped`, `stratified` or `time`.
    pub strategy: String,
    /// Its seed.
    pub seed: u64,
    /// Share of rows meant for the test side.
    pub test_fraction: f64,
    /// Rows on the training side.
    pub train_rows: u64,
    /// Rows on the test side.
    pub test_rows: u64,
    /// Share of test rows whose features also stand on the training side.
    pub seen_in_train: f64,
}

/// How long a stage took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageTiming {
    /// Which.
    pub stage: Stage,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// One file of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Path below the run's directory, with `/`.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

impl Manifest {
    /// The manifest of a run that begins now, in this process.
    pub fn started(run_id: RunId) -> Self {
        Self {
            format: MANIFEST_VERSION,
            run_id,
            status: RunStatus::Running,
            failure: None,
            started_at: Timestamp::now(),
            finished_at: None,
            seconds: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            git: option_env!("NSEC_GIT_COMMIT").map(str::to_owned),
            process: ProcessMark::current(),
            data: None,
            schema: None,
            split: None,
            seed: None,
            model: None,
            params: Value::Null,
            threshold: None,
            metrics: Value::Null,
            timings: Vec::new(),
            files: Vec::new(),
            parent: None,
            champion_at_start: None,
            note: None,
            extra: BTreeMap::new(),
        }
    }

    /// Marks the run as ended now; `failure` says why where it did not finish.
    pub fn end(&mut self, status: RunStatus, failure: Option<String>) {
        let now = Timestamp::now();
        self.status = status;
        self.failure = failure;
        self.finished_at = Some(now);
        self.seconds = Some(now.seconds_since(self.started_at));
    }

    /// Notes a stage's time.
    pub fn time_stage(&mut self, stage: Stage, seconds: f64) {
        self.timings.push(StageTiming { stage, seconds });
    }

    /// The record of the file at that path below the run's directory.
    pub fn file(&self, path: &str) -> Option<&FileRecord> {
        self.files.iter().find(|f| f.path == path)
    }
}

impl ProcessMark {
    /// This process.
    pub fn current() -> Self {
        Self {
            pid: std::process::id(),
            host: first_line("/proc/sys/kernel/hostname").or_else(|| first_line("/etc/hostname")),
            boot_id: first_line("/proc/sys/kernel/random/boot_id"),
        }
    }

    /// Whether the process may still live, as far as can be told without asking its lock: on another host, yes;
    /// after another boot, no; else whether there is a process of that id.
    pub fn may_live(&self) -> bool {
        let here = Self::current();
        if self.host != here.host {
            return true;
        }
        if self.boot_id.is_some() && here.boot_id.is_some() && self.boot_id != here.boot_id {
            return false;
        }
        !Path::new("/proc/self").exists() || Path::new("/proc").join(self.pid.to_string()).exists()
    }
}

fn first_line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines()
        .next()
        .map(|l| l.trim().to_owned())
        .filter(|l| !l.is_empty())
}

/// Size and SHA-256 (hex) of a file, read in pieces.
pub fn hash_file(path: &Path) -> io::Result<(u64, String)> {
    hash_reader(File::open(path)?)
}

/// Length and SHA-256 (hex) of everything that `reader` gives.
pub fn hash_reader(mut reader: impl Read) -> io::Result<(u64, String)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 16];
    let mut total = 0_u64;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok((total, hex(&hasher.finalize()))),
            Ok(n) => {
                hasher.update(buffer.get(..n).unwrap_or_default());
                total += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// SHA-256 of `bytes`, in hex.
pub fn hash_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
            text
        })
}
