//! Owns run directories: their names, making them, writing to them, and reading what others left.

mod directory;
mod id;
mod listing;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub use directory::load_directory;
pub use id::{InvalidRunId, RunId};
pub use listing::{RunEntry, count, list, load, sweep_killed};

use super::atomic::{self, WriteError};
use super::manifest::{self, FileRecord, Manifest};
use super::timestamp::Timestamp;
use crate::workspace::Workspace;

/// Held by the process that makes the run; whoever can lock it knows that the process is gone.
pub(super) const LOCK_FILE: &str = ".lock";

/// How many names are tried before giving up; each has a fresh random suffix.
const MAX_NAMES: usize = 1000;

/// Why a run could not be made, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The directory could not be made.
    #[error("{}: cannot make the run directory: {}", path.display(), atomic::advice(cause))]
    Create {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// A file of the run could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file of the run could not be read.
    #[error("{}: cannot read: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// There is no such run.
    #[error("no run `{id}` in this workspace; `nsec-tui runs list` shows what there is")]
    NotFound {
        /// As asked for.
        id: String,
    },
    /// The run's manifest is missing or cannot be understood.
    #[error("run {id} is damaged: {reason}; it cannot be used, train again or restore it from a copy")]
    Damaged {
        /// The run.
        id: String,
        /// What is wrong.
        reason: String,
    },
}

/// The places of a run directory's layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunFile {
    /// The manifest.
    Manifest,
    /// Directory: the data as read.
    FeatureStore,
    /// Directory: training and test side.
    Ingested,
    /// Directory: rows that passed validation.
    Validated,
    /// Directory: rows that did not.
    Invalid,
    /// The validation report.
    ValidationReport,
    /// The drift report.
    DriftReport,
    /// The fitted preprocessor, to be read by people.
    Preprocessor,
    /// The model bundle.
    Model,
    /// Metrics and curves.
    Metrics,
    /// The leaderboard.
    Leaderboard,
    /// Iteration metrics.
    LearningCurves,
}

impl RunFile {
    /// Every place, in the order the stages write them.
    pub const ALL: [Self; 12] = [
        Self::Manifest,
        Self::FeatureStore,
        Self::Ingested,
        Self::Validated,
        Self::Invalid,
        Self::ValidationReport,
        Self::DriftReport,
        Self::Preprocessor,
        Self::Model,
        Self::Metrics,
        Self::Leaderboard,
        Self::LearningCurves,
    ];

    /// The path below the run's directory.
    pub fn relative(self) -> &'static str {
        match self {
            Self::Manifest => "manifest.json",
            Self::FeatureStore => "data_ingestion/feature_store",
            Self::Ingested => "data_ingestion/ingested",
            Self::Validated => "data_validation/validated",
            Self::Invalid => "data_validation/invalid",
            Self::ValidationReport => "data_validation/report.json",
            Self::DriftReport => "data_validation/drift_report/report.yaml",
            Self::Preprocessor => "data_transformation/preprocessor.json",
            Self::Model => "model_trainer/model.bin",
            Self::Metrics => "model_trainer/metrics.json",
            Self::Leaderboard => "model_trainer/leaderboard.json",
            Self::LearningCurves => "model_trainer/learning_curves.json",
        }
    }
}

/// The directory of a run that this process makes. While it lives, others see the run as running.
#[derive(Debug)]
pub struct RunDir {
    id: RunId,
    path: PathBuf,
    /// Released by the system however the process ends. `None` where the file system has no locks.
    _lock: Option<File>,
}

impl RunDir {
    /// Makes a new directory in `Artifacts/` under a name nobody has, and writes the manifest of a run that begins
    /// now. Sub-directories are made when they are written to.
    pub fn create(workspace: &Workspace) -> Result<(Self, Manifest), RunError> {
        let artifacts = workspace.artifacts_dir();
        let fail = |path: &Path, cause| RunError::Create {
            path: path.to_path_buf(),
            cause,
        };
        atomic::create_parents(&artifacts.join("run")).map_err(RunError::Write)?;
        let (id, path) = make_unique(&artifacts, &mut RunId::generate).map_err(|e| fail(&artifacts, e))?;
        let lock = File::create(path.join(LOCK_FILE)).map_err(|e| fail(&path, e))?;
        let lock = lock.lock().is_ok().then_some(lock);
        atomic::sync_directory(&artifacts).map_err(|e| fail(&path, e))?;
        let run = Self { id, path, _lock: lock };
        let manifest = Manifest::started(run.id.clone());
        run.write_manifest(&manifest)?;
        Ok((run, manifest))
    }

    /// The run's name.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where that file stands. Writers of `artifacts::atomic` that make parents make its directory.
    pub fn file(&self, file: RunFile) -> PathBuf {
        self.path.join(file.relative())
    }

    /// Makes one of the layout's directories and returns it.
    pub fn make_directory(&self, file: RunFile) -> Result<PathBuf, RunError> {
        let path = self.file(file);
        fs::create_dir_all(&path).map_err(|cause| RunError::Create {
            path: path.clone(),
            cause,
        })?;
        Ok(path)
    }

    /// Writes the manifest, whole or not at all.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), RunError> {
        Ok(atomic::write_json(&self.file(RunFile::Manifest), manifest)?)
    }

    /// Enters every file of the run (but the manifest) with size and SHA-256 into the manifest, in path order.
    pub fn record_files(&self, manifest: &mut Manifest) -> Result<(), RunError> {
        let mut files = Vec::new();
        collect_files(&self.path, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        manifest.files = files;
        Ok(())
    }
}

/// Makes a directory under the first name from `names` that is free. `mkdir` decides, so two processes cannot get the
/// same one.
fn make_unique(artifacts: &Path, names: &mut dyn FnMut(Timestamp) -> RunId) -> io::Result<(RunId, PathBuf)> {
    for _ in 0..MAX_NAMES {
        let id = names(Timestamp::now());
        let path = artifacts.join(id.as_str());
        match fs::create_dir(&path) {
            Ok(()) => return Ok((id, path)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "no free run name found; try again",
    ))
}

fn collect_files(root: &Path, below: &str, files: &mut Vec<FileRecord>) -> Result<(), RunError> {
    let directory = root.join(below);
    let fail = |path: &Path, cause| RunError::Read {
        path: path.to_path_buf(),
        cause,
    };
    for entry in fs::read_dir(&directory).map_err(|e| fail(&directory, e))? {
        let entry = entry.map_err(|e| fail(&directory, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        let kind = entry.file_type().map_err(|e| fail(&entry.path(), e))?;
        let ours = path == RunFile::Manifest.relative() || path == LOCK_FILE;
        if kind.is_dir() {
            collect_files(root, &path, files)?;
        } else if kind.is_file() && !ours && !path.contains(atomic::TEMP_PREFIX) {
            let (bytes, sha256) = manifest::hash_file(&entry.path()).map_err(|e| fail(&entry.path(), e))?;
            files.push(FileRecord { path, bytes, sha256 });
        }
    }
    Ok(())
}
