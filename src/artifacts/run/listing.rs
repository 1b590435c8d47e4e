//! Owns reading runs that others left, whatever state they are in.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use super::{LOCK_FILE, RunError, RunFile, RunId};
use crate::artifacts::atomic;
use crate::artifacts::manifest::{MANIFEST_VERSION, Manifest};
use crate::event::RunStatus;
use crate::workspace::Workspace;

/// A larger manifest is not one of ours.
const MAX_MANIFEST_BYTES: u64 = 16 << 20;

/// Threads that read manifests, at most.
const READERS: usize = 8;
/// Manifests that are not worth a thread more.
const MIN_PART: usize = 64;

/// What a run reads as that says `running` and whose process is gone.
const KILLED: &str = "killed";

/// One directory in `Artifacts/`.
#[derive(Clone, Debug)]
pub struct RunEntry {
    /// The directory's name; not a run id where the directory is foreign.
    pub name: String,
    /// The directory.
    pub path: PathBuf,
    /// The manifest, or why the directory holds no usable run.
    pub manifest: Result<Box<Manifest>, String>,
}

impl RunEntry {
    /// The run in that directory, whatever state it is in.
    pub(in crate::artifacts) fn at(path: PathBuf, id: &RunId) -> Self {
        let manifest = read_manifest(&path, id);
        let name = id.to_string();
        Self { name, path, manifest }
    }

    /// The run's id; `None` for a foreign directory.
    pub fn id(&self) -> Option<RunId> {
        self.name.parse().ok()
    }

    /// How it stands, for people: `finished`, `running`, `failed`, `failed (killed)`, `cancelled` or `damaged`.
    pub fn status_text(&self) -> &'static str {
        match &self.manifest {
            // Between `mkdir` and the first manifest: still going, or killed there.
            Err(_) if self.path.join(RunFile::Manifest.relative()).exists() => "damaged",
            Err(_) => match owner(&self.path) {
                Owner::Alive => "running",
                Owner::Gone => "failed (killed)",
                Owner::Unknown => "damaged",
            },
            Ok(m) => match m.status {
                RunStatus::Running => "running",
                RunStatus::Finished => "finished",
                RunStatus::Failed if m.failure.as_deref() == Some(KILLED) => "failed (killed)",
                RunStatus::Failed => "failed",
                RunStatus::Cancelled => "cancelled",
            },
        }
    }

    /// Whether a living process still writes to it, as far as can be told.
    pub fn is_running(&self) -> bool {
        match &self.manifest {
            // A run that is finished may still be compared with the champion.
            Ok(m) => m.status == RunStatus::Running || matches!(owner(&self.path), Owner::Alive),
            // A run between `mkdir` and its first manifest.
            Err(_) => matches!(owner(&self.path), Owner::Alive),
        }
    }
}

/// Every run directory, oldest first. Torn and foreign directories are listed as damaged; files and hidden entries
/// are passed over. A missing `Artifacts/` is an empty list.
pub fn list(workspace: &Workspace) -> Result<Vec<RunEntry>, RunError> {
    let artifacts = workspace.artifacts_dir();
    let fail = |cause| RunError::Read {
        path: artifacts.clone(),
        cause,
    };
    let entries = match fs::read_dir(&artifacts) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(fail(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(fail)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(read_all(&artifacts, &names))
}

/// How many run directories there are, without a look into them.
pub fn count(workspace: &Workspace) -> usize {
    let Ok(entries) = fs::read_dir(workspace.artifacts_dir()) else {
        return 0;
    };
    let is_run = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.parse::<RunId>().is_ok());
    entries
        .filter_map(Result::ok)
        .filter(|entry| is_run(&entry.file_name()))
        .count()
}

/// The directories of these names, in their order, read by several threads: most of the time goes into waiting and parsing.
fn read_all(artifacts: &Path, names: &[String]) -> Vec<RunEntry> {
    let read =
        |names: &[String]| -> Vec<RunEntry> { names.iter().filter_map(|name| read_entry(artifacts, name)).collect() };
    let part = names.len().div_ceil(READERS).max(MIN_PART);
    if names.len() <= part {
        return read(names);
    }
    thread::scope(|scope| {
        let parts: Vec<_> = names
            .chunks(part)
            .map(|names| scope.spawn(move || read(names)))
            .collect();
        let joined = parts
            .into_iter()
            .map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.flatten().collect()
    })
}

fn read_entry(artifacts: &Path, name: &str) -> Option<RunEntry> {
    let path = artifacts.join(name);
    if !path.is_dir() {
        return None;
    }
    Some(match name.parse::<RunId>() {
        Ok(id) => RunEntry::at(path, &id),
        Err(_) => RunEntry {
            name: name.to_owned(),
            path,
            manifest: Err("not a run directory".to_owned()),
        },
    })
}

/// Removes the temporary files that killed processes left in their runs' directories. What cannot be read or removed
/// is left for the next time.
pub fn sweep_killed(workspace: &Workspace) {
    for entry in list(workspace).unwrap_or_default() {
        let ended_well = entry
            .manifest
            .as_ref()
            .is_ok_and(|m| m.failure.as_deref() != Some(KILLED));
        if ended_well || entry.is_running() || entry.id().is_none() {
            continue;
        }
        atomic::sweep_stale(&entry.path);
        for file in RunFile::ALL {
            let place = entry.path.join(file.relative());
            atomic::sweep_stale(place.parent().unwrap_or(&entry.path));
            atomic::sweep_stale(&place);
        }
    }
}

/// One run by its id, with its directory. A run that says `running` and whose process is gone reads as failed
/// (`killed`).
pub fn load(workspace: &Workspace, id: &RunId) -> Result<(PathBuf, Manifest), RunError> {
    let path = workspace.artifacts_dir().join(id.as_str());
    if !path.is_dir() {
        return Err(RunError::NotFound { id: id.to_string() });
    }
    match read_manifest(&path, id) {
        Ok(manifest) => Ok((path, *manifest)),
        Err(reason) => Err(RunError::Damaged {
            id: id.to_string(),
            reason,
        }),
    }
}

fn read_manifest(directory: &Path, id: &RunId) -> Result<Box<Manifest>, String> {
    read_manifest_of(directory, Some(id))
}

/// The manifest in a directory, which must be of run `id` where one is given.
pub(super) fn read_manifest_of(directory: &Path, id: Option<&RunId>) -> Result<Box<Manifest>, String> {
    let path = directory.join(RunFile::Manifest.relative());
    let bytes = read_limited(&path)?;
    let mut manifest: Box<Manifest> =
        serde_json::from_slice(&bytes).map_err(|e| format!("manifest.json cannot be understood ({e})"))?;
    if manifest.format > MANIFEST_VERSION {
        return Err(format!(
            "manifest.json was made by a newer version of nsec-tui (format {}); update nsec-tui",
            manifest.format
        ));
    }
    if id.is_some_and(|id| manifest.run_id != *id) {
        return Err(format!("manifest.json belongs to run {}", manifest.run_id));
    }
    if manifest.status == RunStatus::Running {
        let gone = match owner(directory) {
            Owner::Alive => false,
            Owner::Gone => true,
            Owner::Unknown => !manifest.process.may_live(),
        };
        if gone {
            manifest.status = RunStatus::Failed;
            manifest.failure = Some(KILLED.to_owned());
        }
    }
    Ok(manifest)
}

fn read_limited(path: &Path) -> Result<Vec<u8>, String> {
    let not_read = |e: io::Error| match e.kind() {
        io::ErrorKind::NotFound => "it has no manifest.json".to_owned(),
        _ => format!("manifest.json cannot be read ({e})"),
    };
    // A FIFO or device in its place would block or never end.
    if !fs::metadata(path).map_err(not_read)?.is_file() {
        return Err("manifest.json is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(not_read)?;
    file.take(MAX_MANIFEST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(not_read)?;
    if bytes.len() as u64 > MAX_MANIFEST_BYTES {
        return Err("manifest.json is larger than any manifest".to_owned());
    }
    Ok(bytes)
}

/// What the run's lock says of the process that made it.
enum Owner {
    Alive,
    Gone,
    Unknown,
}

fn owner(directory: &Path) -> Owner {
    let path = directory.join(LOCK_FILE);
    if !path.is_file() {
        return Owner::Unknown;
    }
    let Ok(file) = File::open(path) else {
        return Owner::Unknown;
    };
    // Shared, so that two readers do not take each other for the run itself.
    match file.try_lock_shared() {
        Ok(()) => Owner::Gone,
        Err(TryLockError::WouldBlock) => Owner::Alive,
        Err(TryLockError::Error(_)) => Owner::Unknown,
    }
}
