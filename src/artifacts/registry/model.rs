//! Owns what `registry.json` holds, and reading it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{RegistryError, read_error};
use crate::artifacts::run::RunId;
use crate::artifacts::timestamp::Timestamp;

/// The format that this program writes, and the newest it reads.
pub const REGISTRY_VERSION: u32 = 1;

/// The name of the run that predicts unless another is asked for.
pub const CHAMPION: &str = "champion";

/// Older changes are only in the audit log.
const MAX_HISTORY: usize = 1000;

/// A larger file is no registry.
const MAX_BYTES: u64 = 16 << 20;

/// Names for runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    /// Format of this file.
    pub version: u32,
    /// The run that predicts unless another is asked for.
    #[serde(default)]
    pub champion: Option<RunId>,
    /// Champions before it, oldest first; rollback takes the last.
    #[serde(default)]
    pub previous: Vec<RunId>,
    /// Other names.
    #[serde(default)]
    pub aliases: BTreeMap<String, RunId>,
    /// Changes, oldest first; the last 1,000.
    #[serde(default)]
    pub history: Vec<Change>,
}

/// One change of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub time: Timestamp,
    /// `promote <alias>` or `rollback`.
    pub action: String,
    /// The run that got the name.
    pub run: RunId,
    /// The run that had it.
    #[serde(default)]
    pub replaced: Option<RunId>,
    /// Who did it.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            version: REGISTRY_VERSION,
            champion: None,
            previous: Vec::new(),
            aliases: BTreeMap::new(),
            history: Vec::new(),
        }
    }
}

impl Registry {
    /// The run of that name: `champion` or another alias.
    pub fn get(&self, alias: &str) -> Option<&RunId> {
        if alias == CHAMPION {
            self.champion.as_ref()
        } else {
            self.aliases.get(alias)
        }
    }

    /// The names of a run, `champion` first.
    pub fn names_of(&self, run: &RunId) -> Vec<String> {
        let champion = (self.champion.as_ref() == Some(run)).then(|| CHAMPION.to_owned());
        let others = self.aliases.iter().filter(|(_, named)| *named == run);
        champion
            .into_iter()
            .chain(others.map(|(name, _)| name.clone()))
            .collect()
    }

    /// Every run that has, or as champion had, a name. These are never pruned.
    pub fn named_runs(&self) -> impl Iterator<Item = &RunId> {
        self.champion.iter().chain(&self.previous).chain(self.aliases.values())
    }

    pub(super) fn set(&mut self, alias: &str, run: &RunId) {
        if alias == CHAMPION {
            self.previous.retain(|id| id != run);
            self.previous.extend(self.champion.replace(run.clone()));
        } else {
            self.aliases.insert(alias.to_owned(), run.clone());
        }
    }

    pub(super) fn remember(&mut self, change: Change) {
        self.history.push(change);
        let surplus = self.history.len().saturating_sub(MAX_HISTORY);
        self.history.drain(..surplus);
    }
}

/// Whether `name` can be an alias: it cannot be taken for a run id, a path or an option.
pub(super) fn is_alias(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// Only what is needed to tell a newer format from damage.
#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

pub(super) fn read(path: &Path) -> Result<Registry, RegistryError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Registry::default()),
        Err(e) => return Err(read_error(path, e)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| read_error(path, e))?;
    let damaged = |reason: String| RegistryError::Damaged {
        path: path.to_path_buf(),
        reason,
    };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(damaged("it is larger than any registry".to_owned()));
    }
    let VersionOnly { version } = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
    if version > REGISTRY_VERSION {
        return Err(RegistryError::NewerVersion {
            path: path.to_path_buf(),
            found: version,
        });
    }
    serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))
}
