//! Owns the workspace: which directory it is, and where each file of the layout stands in it.

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The environment variable that names the workspace.
pub const WORKSPACE_VARIABLE: &str = "NSEC_WORKSPACE";

/// Who may use the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkspaceSettings {
    /// Whether everybody of the directory's group judges in it: the store of verdicts and the audit log are written by the
    /// group (mode 0660 instead of 0600), in directories that hand their group on.
    pub shared: bool,
}

/// How the workspace was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkspaceOrigin {
    /// Named on the command line.
    Explicit,
    /// Named by `NSEC_WORKSPACE`.
    Environment,
    /// The nearest directory, upwards from the current one, that holds `nsec.yaml` or `data_schema/schema.yaml`.
    Parent,
    /// The user's data directory, because nothing else was found.
    UserData,
}

/// Why there is no workspace.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The path names something that is not a directory.
    #[error("{}: not a directory; give --workspace (or {WORKSPACE_VARIABLE}) a directory", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// The user has no home directory.
    #[error("no workspace found and no home directory known; give --workspace DIR or set {WORKSPACE_VARIABLE}")]
    NoHome,
}

/// The directory that holds data, schema, runs, outputs and logs. Finding it creates nothing: directories are made
/// by whoever writes to them first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
    origin: WorkspaceOrigin,
}

impl Workspace {
    /// Finds the workspace: `explicit` (`--workspace`), else `env` (the value of `NSEC_WORKSPACE`; empty counts as
    /// unset), else the nearest of `cwd` and its parents that holds `nsec.yaml` or `data_schema/schema.yaml`, else the
    /// user's data directory (XDG). A named directory need not exist yet.
    pub fn locate(explicit: Option<&Path>, env: Option<&OsStr>, cwd: &Path) -> Result<Self, WorkspaceError> {
        if let Some(path) = explicit {
            return Self::named(path, cwd, WorkspaceOrigin::Explicit);
        }
        if let Some(value) = env.filter(|v| !v.is_empty()) {
            return Self::named(Path::new(value), cwd, WorkspaceOrigin::Environment);
        }
        if let Some(found) = cwd.ancestors().find(|directory| marks_workspace(directory)) {
            return Ok(Self {
                root: found.to_path_buf(),
                origin: WorkspaceOrigin::Parent,
            });
        }
        let dirs = directories::ProjectDirs::from("", "", "nsec-tui").ok_or(WorkspaceError::NoHome)?;
        Ok(Self {
            root: dirs.data_dir().to_path_buf(),
            origin: WorkspaceOrigin::UserData,
        })
    }

    /// The workspace at `root`, whatever it holds.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            origin: WorkspaceOrigin::Explicit,
        }
    }

    fn named(path: &Path, cwd: &Path, origin: WorkspaceOrigin) -> Result<Self, WorkspaceError> {
        let root = cwd.join(path);
        if root.exists() && !root.is_dir() {
            return Err(WorkspaceError::NotADirectory { path: root });
        }
        Ok(Self { root, origin })
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How it was found.
    pub fn origin(&self) -> WorkspaceOrigin {
        self.origin
    }

    /// `nsec.yaml`: settings, optional.
    pub fn settings_file(&self) -> PathBuf {
        self.root.join("nsec.yaml")
    }

    /// `data_schema/schema.yaml`: the schema.
    pub fn schema_file(&self) -> PathBuf {
        self.schema_dir().join("schema.yaml")
    }

    /// `data_schema/`: schemas.
    pub fn schema_dir(&self) -> PathBuf {
        self.root.join("data_schema")
    }

    /// `Network_Data/phisingData.csv`: the default data.
    pub fn default_data(&self) -> PathBuf {
        self.root.join("Network_Data").join("phisingData.csv")
    }

    /// `Artifacts/`: one directory a run.
    pub fn artifacts_dir(&self) -> PathBuf {
        self.root.join("Artifacts")
    }

    /// `registry.json`: champion and other aliases.
    pub fn registry_file(&self) -> PathBuf {
        self.root.join("registry.json")
    }

    /// `registry.lock`: held while the registry is changed; its content means nothing.
    pub fn registry_lock_file(&self) -> PathBuf {
        self.root.join("registry.lock")
    }

    /// `verdicts.db`: the store of verdicts.
    pub fn verdicts_file(&self) -> PathBuf {
        self.root.join("verdicts.db")
    }

    /// `prediction_output/`: where predictions go by default.
    pub fn output_dir(&self) -> PathBuf {
        self.root.join("prediction_output")
    }

    /// `prediction_output/output.csv`: the default output.
    pub fn default_output(&self) -> PathBuf {
        self.output_dir().join("output.csv")
    }

    /// `prediction_output/rejects.csv`: rows that could not be scored.
    pub fn rejects_file(&self) -> PathBuf {
        self.output_dir().join("rejects.csv")
    }

    /// `prediction_output/watched/`: what came of files in the watched directory.
    pub fn watched_dir(&self) -> PathBuf {
        self.output_dir().join("watched")
    }

    /// `watch.ndjson`: which files of the watched directory were scored, one line a change.
    pub fn watch_ledger_file(&self) -> PathBuf {
        self.root.join("watch.ndjson")
    }

    /// `watch.lock`: held by the one program that watches; its content means nothing.
    pub fn watch_lock_file(&self) -> PathBuf {
        self.root.join("watch.lock")
    }

    /// `logs/`: the logs.
    pub fn logs_dir(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// `logs/serving.json`: the mark of the server that runs on it; counts only while that server locks it.
    pub fn serving_file(&self) -> PathBuf {
        self.logs_dir().join("serving.json")
    }

    /// `logs/audit.ndjson`: one line a state change.
    pub fn audit_file(&self) -> PathBuf {
        self.logs_dir().join("audit.ndjson")
    }
}

fn marks_workspace(directory: &Path) -> bool {
    directory.join("nsec.yaml").is_file() || directory.join("data_schema").join("schema.yaml").is_file()
}
