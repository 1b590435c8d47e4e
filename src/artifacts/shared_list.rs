//! Owns what a list of shared runs says of each: read from the manifests as they lie on the server, which others wrote.

use serde_json::Value;

use super::manifest::Manifest;
use super::registry::CHAMPION;
use super::run::{RunFile, RunId};
use crate::cancel::CancelToken;
use crate::mongo::{self, Connection, MongoError, Naming, SharedName, SharedRun};
use crate::workspace::Workspace;

/// The runs that a team shares.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedList {
    /// The team's champion.
    pub champion: Option<String>,
    /// The runs, the newest first.
    pub runs: Vec<SharedOverview>,
}

/// One run of the list. No text is made safe to show yet.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedOverview {
    /// Its id.
    pub run_id: String,
    /// Its names.
    pub names: Vec<String>,
    /// Family of its model; `None` where its manifest does not tell, or cannot be read.
    pub model: Option<String>,
    /// On its test rows.
    pub test_f1: Option<f64>,
    /// On its test rows.
    pub test_pr_auc: Option<f64>,
    /// Who shared it.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// Its files, the manifest among them.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Asks the server for its runs and their names.
///
/// # Errors
/// The server fails.
pub fn shared_list(connection: &Connection, cancel: &CancelToken) -> Result<SharedList, MongoError> {
    let names = mongo::shared_names(connection, cancel)?;
    Ok(put_together(&names, &mongo::shared_runs(connection, cancel)?))
}

/// Gives a shared run a name. `run`: its id, the beginning of it, or another of its names. `expected`: the run that must have
/// the name at present (`Some(None)`: nobody), for who has looked at that one.
///
/// # Errors
/// There is no such run, somebody else was faster, or the server fails.
pub fn name_run(
    connection: &Connection,
    wish: &Naming<'_>,
    expected: Option<Option<&str>>,
    cancel: &CancelToken,
) -> Result<SharedName, MongoError> {
    let id = mongo::find_shared(connection, wish.run, cancel)?.id;
    let wish = Naming {
        run: &id,
        ..wish.clone()
    };
    mongo::name_shared(connection, &wish, expected, cancel)
}

/// Whether a shared run is in this workspace, too.
pub fn is_here(workspace: &Workspace, run_id: &str) -> bool {
    // What is no id is no directory of ours either, whatever lies there.
    let Ok(id) = run_id.parse::<RunId>() else { return false };
    let directory = workspace.artifacts_dir().join(id.as_str());
    directory.join(RunFile::Manifest.relative()).is_file()
}

fn put_together(names: &[SharedName], runs: &[SharedRun]) -> SharedList {
    let champion = names.iter().find(|name| name.name == CHAMPION);
    SharedList {
        champion: champion.map(|name| name.run.clone()),
        runs: runs.iter().map(|run| overview(names, run)).collect(),
    }
}

fn overview(names: &[SharedName], run: &SharedRun) -> SharedOverview {
    let manifest: Option<Manifest> = serde_json::from_str(&run.manifest).ok();
    let metric = |place: &str| {
        let value = manifest.as_ref()?.metrics.pointer(place);
        value.and_then(Value::as_f64)
    };
    let own = names.iter().filter(|name| name.run == run.id);
    SharedOverview {
        run_id: run.id.clone(),
        names: own.map(|name| name.name.clone()).collect(),
        model: manifest.as_ref().and_then(|manifest| manifest.model.clone()),
        test_f1: metric("/test/f1"),
        test_pr_auc: metric("/test/pr_auc"),
        by: run.by.clone(),
        at: run.at.clone(),
        files: run.files.len() + 1,
        bytes: run.bytes(),
    }
}

#[cfg(test)]
mod tests;
