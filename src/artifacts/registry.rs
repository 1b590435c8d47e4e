//! Owns `registry.json`: which run is champion, who was before, and other names for runs.

mod lock;
mod model;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use model::{CHAMPION, Change, REGISTRY_VERSION, Registry};

use super::atomic::{self, WriteError};
use super::audit::{self, AuditEntry, AuditError};
use super::bundle::BundleError;
use super::manifest::{self, Manifest};
use super::run::{self, RunError, RunFile, RunId};
use super::timestamp::Timestamp;
use crate::event::RunStatus;
use crate::workspace::Workspace;

/// How long a change waits for another process to finish its own.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// Why the registry could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The file could not be read.
    #[error("{}: cannot read the registry: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The file is not a registry.
    #[error(
        "{}: the registry is damaged: {reason}; restore it from a copy, or remove it and promote a run \
         (`nsec-tui runs promote RUN`)",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A later version of this program wrote it.
    #[error("{}: the registry was made by a newer version of nsec-tui (format {found}); update nsec-tui", path.display())]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// Another process changes it and does not finish.
    #[error("{}: another nsec-tui has been changing the registry for {seconds} s; wait for it and try again", path.display())]
    Locked {
        /// The lock's file.
        path: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It could not be written, or its lock could not be made.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The audit log could not be written.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The run could not be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The run has no model that could be used.
    #[error("run {id} cannot be promoted: it is {state}; name a finished run (`nsec-tui runs list`)")]
    NotFinished {
        /// The run.
        id: RunId,
        /// How it stands.
        state: String,
    },
    /// The run's model is missing or is not the one its manifest tells of.
    #[error("run {id} cannot be promoted: its model.bin {reason}; name another run, or train again")]
    BadModel {
        /// The run.
        id: RunId,
        /// What is wrong with it.
        reason: String,
    },
    /// The champion is not the one that the caller compared with.
    #[error("the champion changed meanwhile (it is {} now); compare again", now.as_ref().map_or("none", RunId::as_str))]
    ChampionChanged {
        /// The present champion.
        now: Option<RunId>,
    },
    /// There is nobody to go back to.
    #[error("there is no previous champion to go back to; `nsec-tui runs promote RUN` chooses one")]
    NoPrevious,
    /// The name cannot be an alias.
    #[error("`{}` cannot be an alias; use 1 to 40 of a-z, 0-9, `-` and `_`, beginning with a letter", name.escape_default())]
    BadAlias {
        /// The name.
        name: String,
    },
    /// The run is not to be deleted.
    #[error("run {id} is kept: {why}")]
    Kept {
        /// The run.
        id: RunId,
        /// What keeps it, and what to do.
        why: String,
    },
    /// The name fits no run, or several.
    #[error("{reason}; `nsec-tui runs list` shows what there is")]
    Unresolved {
        /// What was asked for, and what was found.
        reason: String,
    },
}

/// A wish to promote a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// The run.
    pub run: RunId,
    /// The name it gets; [`CHAMPION`] makes it the champion.
    pub alias: String,
    /// Who asks.
    pub by: String,
    /// Why.
    pub reason: String,
    /// `Some(champion)`: only if the champion is still that one, so that a comparison made before still holds.
    pub expected_champion: Option<Option<RunId>>,
}

/// The registry on disk. Every change happens under a lock that processes share: read, change, write atomically,
/// audited.
#[derive(Clone, Debug)]
pub struct RegistryStore {
    pub(super) workspace: Workspace,
    lock_wait: Duration,
}

impl RegistryStore {
    /// The registry of that workspace. Touches nothing.
    pub fn new(workspace: &Workspace) -> Self {
        Self {
            workspace: workspace.clone(),
            lock_wait: LOCK_WAIT,
        }
    }

    /// The registry as it stands; empty where there is none yet. Needs no lock, for the file is always whole.
    pub fn read(&self) -> Result<Registry, RegistryError> {
        model::read(&self.workspace.registry_file())
    }

    /// Gives a finished run a name. Promoting a run to what it already is changes nothing.
    pub fn promote(&self, wish: &Promotion) -> Result<Registry, RegistryError> {
        if !model::is_alias(&wish.alias) {
            return Err(RegistryError::BadAlias {
                name: wish.alias.clone(),
            });
        }
        self.locked(|registry| {
            if let Some(expected) = &wish.expected_champion
                && registry.champion != *expected
            {
                return Err(RegistryError::ChampionChanged {
                    now: registry.champion.clone(),
                });
            }
            self.check_usable(&wish.run)?;
            let before = registry.get(&wish.alias).cloned();
            if before.as_ref() == Some(&wish.run) {
                return Ok(None);
            }
            registry.set(&wish.alias, &wish.run);
            Ok(Some(Change {
                time: Timestamp::now(),
                action: format!("promote {}", wish.alias),
                run: wish.run.clone(),
                replaced: before,
                by: wish.by.clone(),
                reason: wish.reason.clone(),
            }))
        })
    }

    /// Makes the previous champion the champion again; the present one is not among the previous ones afterwards.
    pub fn rollback(&self, by: &str, reason: &str) -> Result<Registry, RegistryError> {
        self.locked(|registry| {
            let back = registry.previous.last().cloned().ok_or(RegistryError::NoPrevious)?;
            self.check_usable(&back)?;
            registry.previous.pop();
            let replaced = registry.champion.replace(back.clone());
            Ok(Some(Change {
                time: Timestamp::now(),
                action: "rollback".to_owned(),
                run: back,
                replaced,
                by: by.to_owned(),
                reason: reason.to_owned(),
            }))
        })
    }

    /// The run that a person means: `champion`, another alias, a run id, or the only run whose id begins so.
    pub fn resolve(&self, name: &str) -> Result<RunId, RegistryError> {
        let registry = self.read()?;
        if let Some(id) = registry.get(name) {
            return Ok(id.clone());
        }
        let unresolved = |reason: String| Err(RegistryError::Unresolved { reason });
        if name == CHAMPION {
            return unresolved("there is no champion yet; train first, or promote a run".to_owned());
        }
        if let Ok(id) = name.parse::<RunId>() {
            return Ok(id);
        }
        let shown = name.chars().take(60).collect::<String>().escape_default().to_string();
        let runs = run::list(&self.workspace)?;
        let mut fitting = runs
            .iter()
            .filter_map(run::RunEntry::id)
            .filter(|id| !name.is_empty() && id.as_str().starts_with(name));
        match (fitting.next(), fitting.count()) {
            (None, _) => unresolved(format!("no run and no alias `{shown}`")),
            (Some(id), 0) => Ok(id),
            (Some(_), more) => unresolved(format!("`{shown}` fits {} runs; give more of the id", more + 1)),
        }
    }

    /// The directory and manifest of the run that a person means: as [`RegistryStore::resolve`], or a directory.
    pub fn find(&self, name: &str) -> Result<(PathBuf, Manifest), RegistryError> {
        let as_directory = Path::new(name);
        if name.contains(std::path::MAIN_SEPARATOR) || as_directory.join(RunFile::Manifest.relative()).is_file() {
            return Ok((as_directory.to_owned(), run::load_directory(as_directory)?));
        }
        Ok(run::load(&self.workspace, &self.resolve(name)?)?)
    }

    /// Whether the run is finished and its model is the one the manifest tells of.
    fn check_usable(&self, id: &RunId) -> Result<(), RegistryError> {
        let (directory, manifest) = run::load(&self.workspace, id)?;
        if manifest.status != RunStatus::Finished {
            let state = match (manifest.status, &manifest.failure) {
                (RunStatus::Running, _) => "still running".to_owned(),
                (RunStatus::Cancelled, _) => "cancelled".to_owned(),
                (_, Some(why)) => format!("failed ({})", why.escape_default()),
                (_, None) => "failed".to_owned(),
            };
            return Err(RegistryError::NotFinished { id: id.clone(), state });
        }
        let bad = |reason: String| RegistryError::BadModel { id: id.clone(), reason };
        let model = directory.join(RunFile::Model.relative());
        if !model.is_file() {
            return Err(bad("is missing".to_owned()));
        }
        let (_, sha256) = manifest::hash_file(&model).map_err(|e| bad(format!("cannot be read ({e})")))?;
        match manifest.file(RunFile::Model.relative()) {
            Some(record) if record.sha256 != sha256 => Err(bad("is not the one the run wrote".to_owned())),
            Some(_) => Ok(()),
            None => super::Bundle::read(&model)
                .map(|_| ())
                .map_err(|e: BundleError| bad(format!("is refused ({e})"))),
        }
    }

    /// Runs `change` on the registry under the lock. What it returns is audited and written; `None` means that
    /// nothing changed.
    fn locked<F>(&self, change: F) -> Result<Registry, RegistryError>
    where
        F: FnOnce(&mut Registry) -> Result<Option<Change>, RegistryError>,
    {
        let _lock = self.lock()?;
        let path = self.workspace.registry_file();
        let mut registry = model::read(&path)?;
        // What a killed process left of a registry half written.
        atomic::sweep_stale(self.workspace.root());
        if let Some(done) = change(&mut registry)? {
            // The audit line comes first: no change without its line. A change that then fails is said, too.
            self.audit(&done, &done.action)?;
            let action = done.action.clone();
            registry.remember(done.clone());
            if let Err(error) = atomic::write_json(&path, &registry) {
                self.audit(&done, &format!("failed: {action}"))?;
                return Err(error.into());
            }
        }
        Ok(registry)
    }

    /// Waits for the lock; it is released when the returned guard is dropped, or when the process dies.
    pub(super) fn lock(&self) -> Result<lock::Guard, RegistryError> {
        lock::acquire(&self.workspace.registry_lock_file(), self.lock_wait)
    }

    fn audit(&self, change: &Change, action: &str) -> Result<(), AuditError> {
        let entry = AuditEntry {
            time: change.time,
            action: action.to_owned(),
            subject: change.run.to_string(),
            by: change.by.clone(),
            reason: change.reason.clone(),
            details: serde_json::json!({ "replaced": change.replaced }),
        };
        audit::append(&self.workspace, &entry)
    }

    #[cfg(test)]
    fn with_lock_wait(mut self, wait: Duration) -> Self {
        self.lock_wait = wait;
        self
    }
}

/// The path is not taken apart further: it is only shown.
fn read_error(path: &Path, cause: io::Error) -> RegistryError {
    RegistryError::Read {
        path: path.to_path_buf(),
        cause,
    }
}
