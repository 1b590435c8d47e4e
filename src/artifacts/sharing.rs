//! Owns a run's way to the team's MongoDB server and back: every file is held against the manifest's SHA-256 on both ways, and
//! a run that was fetched appears whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;

use super::atomic::{self, TEMP_PREFIX};
use super::manifest::{self, Manifest};
use super::run::{self, RunError, RunFile, RunId};
use crate::cancel::CancelToken;
use crate::event::RunStatus;
use crate::mongo::{self, Connection, MongoError, SharedFile, SharedRun, Sharing};
use crate::workspace::Workspace;

/// Why a run could not be shared or fetched.
#[derive(Debug, thiserror::Error)]
pub enum SharingError {
    /// The server.
    #[error(transparent)]
    Mongo(#[from] MongoError),
    /// The run here.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A run that is not finished.
    #[error("run {id} is not finished and cannot be shared; name a finished one (`nsec-tui runs list`)")]
    NotFinished {
        /// The run.
        id: RunId,
    },
    /// A file that is not what the manifest tells.
    #[error("run {id} is refused: {path} {what}")]
    Refused {
        /// The run.
        id: String,
        /// The file.
        path: String,
        /// What does not fit.
        what: String,
    },
    /// A file could not be read or written.
    #[error("{}: {}", path.display(), atomic::advice(cause))]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
}

/// What became of a run that was to be shared or fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The run.
    pub id: RunId,
    /// Whether it was there already, and nothing was done.
    pub there: bool,
    /// Files that were moved, the manifest among them.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Shared {
    /// What became of it, in one line; `done` is `shared` or `fetched`.
    pub fn told(&self, done: &str) -> String {
        if self.there {
            return format!("run {} is there already", self.id);
        }
        let megabytes = self.bytes as f64 / 1e6;
        format!("run {} {done}: {} files, {megabytes:.1} MB", self.id, self.files)
    }
}

/// Shares a finished run: its files and its manifest.
///
/// # Errors
/// It is not finished, a file is not the one that the run wrote, or the server fails.
pub fn push_run(
    workspace: &Workspace,
    connection: &Connection,
    id: &RunId,
    by: &str,
    cancel: &CancelToken,
) -> Result<Shared, SharingError> {
    let (directory, manifest) = run::load(workspace, id)?;
    if manifest.status != RunStatus::Finished {
        return Err(SharingError::NotFinished { id: id.clone() });
    }
    let path = directory.join(RunFile::Manifest.relative());
    let text = fs::read_to_string(&path).map_err(|cause| SharingError::File { path, cause })?;
    let mut shared = Shared {
        id: id.clone(),
        there: true,
        files: 0,
        bytes: 0,
    };
    let Some(mut sharing) = Sharing::begin(connection, id.as_str(), &text, by, cancel)? else {
        return Ok(shared);
    };
    shared.there = false;
    for record in &manifest.files {
        let path = directory.join(&record.path);
        let fail = |cause| SharingError::File {
            path: path.clone(),
            cause,
        };
        let mut file = File::open(&path).map_err(fail)?;
        let sha256 = sharing.file(&record.path, &mut file)?.map_err(fail)?;
        if sha256 != record.sha256 {
            let what = "is not the one that the run wrote".to_owned();
            return Err(SharingError::Refused {
                id: id.to_string(),
                path: record.path.clone(),
                what,
            });
        }
        shared.files += 1;
        shared.bytes += record.bytes;
    }
    sharing.finish()?;
    shared.files += 1;
    shared.bytes += text.len() as u64;
    Ok(shared)
}

/// Fetches a shared run into this workspace, under the id that it has. `name`: its id, the beginning of it, or a shared name.
///
/// # Errors
/// There is none, one of its files is not what its manifest tells, another run of that id is here, or the server fails.
/// Nothing of it is here then.
pub fn pull_run(
    workspace: &Workspace,
    connection: &Connection,
    name: &str,
    cancel: &CancelToken,
) -> Result<Shared, SharingError> {
    let found = mongo::find_shared(connection, name, cancel)?;
    let manifest = checked_manifest(&found)?;
    let id = manifest.run_id.clone();
    let artifacts = workspace.artifacts_dir();
    let target = artifacts.join(id.as_str());
    let mut shared = Shared {
        id,
        there: true,
        files: 0,
        bytes: 0,
    };
    if let Ok(present) = fs::read_to_string(target.join(RunFile::Manifest.relative())) {
        if present == found.manifest {
            return Ok(shared);
        }
        let what = "is another one than that of the run which is here already".to_owned();
        return Err(refused(&found, RunFile::Manifest.relative(), what));
    }
    shared.there = false;
    let fail = |path: &Path| {
        let path = path.to_path_buf();
        move |cause| SharingError::File { path, cause }
    };
    fs::create_dir_all(&artifacts).map_err(fail(&artifacts))?;
    let prefix = format!("{TEMP_PREFIX}{}-", std::process::id());
    let nest: TempDir = tempfile::Builder::new()
        .prefix(&prefix)
        .tempdir_in(&artifacts)
        .map_err(fail(&artifacts))?;
    let root = nest.path().join("run");
    for file in &found.files {
        let path = root.join(&file.path);
        let parent = path.parent().unwrap_or(&root);
        fs::create_dir_all(parent).map_err(fail(parent))?;
        let mut out = File::create_new(&path).map_err(fail(&path))?;
        mongo::fetch(connection, &found.id, file, &mut out, cancel)?.map_err(fail(&path))?;
        out.sync_all().map_err(fail(&path))?;
        shared.files += 1;
        shared.bytes += file.bytes;
    }
    let path = root.join(RunFile::Manifest.relative());
    fs::create_dir_all(&root).map_err(fail(&root))?;
    fs::write(&path, &found.manifest)
        .and_then(|()| File::open(&path)?.sync_all())
        .map_err(fail(&path))?;
    fs::rename(&root, &target).map_err(fail(&target))?;
    atomic::sync_directory(&artifacts).map_err(fail(&artifacts))?;
    shared.files += 1;
    shared.bytes += found.manifest.len() as u64;
    Ok(shared)
}

fn refused(run: &SharedRun, path: &str, what: String) -> SharingError {
    SharingError::Refused {
        id: mongo::redacted(&run.id),
        path: path.to_owned(),
        what,
    }
}

/// The manifest of a shared run, if it is one, is that run's, and tells of exactly the files that are stored. What comes
/// from the server was written by others: no path of theirs may lead out of the run's directory.
fn checked_manifest(run: &SharedRun) -> Result<Manifest, SharingError> {
    let place = RunFile::Manifest.relative();
    let manifest: Manifest = serde_json::from_str(&run.manifest)
        .map_err(|error| refused(run, place, format!("cannot be read ({error})")))?;
    if manifest.run_id.as_str() != run.id {
        return Err(refused(run, place, "belongs to another run".to_owned()));
    }
    if manifest.format > manifest::MANIFEST_VERSION {
        return Err(refused(
            run,
            place,
            "was made by a newer version of nsec-tui; update nsec-tui".to_owned(),
        ));
    }
    if manifest.status != RunStatus::Finished {
        return Err(refused(run, place, "is that of a run which did not finish".to_owned()));
    }
    for SharedFile {
        path, bytes, sha256, ..
    } in &run.files
    {
        let stays = Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if path.is_empty() || !stays || path == place || path.contains('\0') {
            return Err(refused(run, path, "is no path of a run's file".to_owned()));
        }
        match manifest.file(path) {
            None => return Err(refused(run, path, "is not in the manifest".to_owned())),
            Some(record) if record.bytes != *bytes || record.sha256 != *sha256 => {
                return Err(refused(
                    run,
                    path,
                    "has another size or SHA-256 than the manifest tells".to_owned(),
                ));
            }
            Some(_) => {}
        }
    }
    let missing = manifest
        .files
        .iter()
        .find(|record| !run.files.iter().any(|file| file.path == record.path));
    match missing {
        Some(record) => Err(refused(run, &record.path, "is not there".to_owned())),
        None => Ok(manifest),
    }
}
