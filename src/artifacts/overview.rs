//! Owns what a list of runs says of each: read from all manifests at once, so that thousands of runs stay fast.

use serde::Serialize;

use super::registry::{Registry, RegistryError, RegistryStore};
use super::run::{self, RunEntry};
use super::timestamp::Timestamp;
use crate::workspace::Workspace;

/// One run of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunOverview {
    /// Its directory's name.
    pub run_id: String,
    /// As [`RunEntry::status_text`].
    pub status: String,
    /// Its names in the registry.
    pub names: Vec<String>,
    /// Family of its model.
    pub model: Option<String>,
    /// Its source.
    pub data: Option<String>,
    /// Rows read.
    pub rows: Option<u64>,
    /// On its test rows.
    pub test_f1: Option<f64>,
    /// On its test rows.
    pub test_pr_auc: Option<f64>,
    /// Wall-clock seconds.
    pub seconds: Option<f64>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// The run it came from.
    pub parent: Option<String>,
}

/// The registry, and every run, the newest first.
///
/// # Errors
/// The registry or `Artifacts/` cannot be read. A run that cannot be read is listed as damaged.
pub fn overview(workspace: &Workspace) -> Result<(Registry, Vec<RunOverview>), RegistryError> {
    let registry = RegistryStore::new(workspace).read()?;
    let mut runs: Vec<RunOverview> = run::list(workspace)?.iter().map(|entry| of(entry, &registry)).collect();
    runs.reverse();
    Ok((registry, runs))
}

fn of(entry: &RunEntry, registry: &Registry) -> RunOverview {
    let manifest = entry.manifest.as_deref().ok();
    let metric = |name: &str| manifest.and_then(|m| m.metrics["test"][name].as_f64());
    RunOverview {
        run_id: entry.name.clone(),
        status: entry.status_text().to_owned(),
        names: entry.id().map(|id| registry.names_of(&id)).unwrap_or_default(),
        model: manifest.and_then(|m| m.model.clone()),
        data: manifest.and_then(|m| m.data.as_ref()).map(|d| d.name.clone()),
        rows: manifest.and_then(|m| m.data.as_ref()).map(|d| d.rows),
        test_f1: metric("f1"),
        test_pr_auc: metric("pr_auc"),
        seconds: manifest.and_then(|m| m.seconds),
        started_at: manifest.map(|m| m.started_at),
        parent: manifest.and_then(|m| m.parent.as_ref()).map(ToString::to_string),
    }
}
