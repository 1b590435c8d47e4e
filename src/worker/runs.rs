//! Owns the jobs about runs and the registry: listing, showing, comparing, promoting, rolling back, deleting.

use super::failure::Ended;
use super::news::{ComparedRuns, Reply, RunFacts, RunLine, RunsList};
use super::reporter::Reporter;
use crate::artifacts::serving::serving;
use crate::artifacts::{
    CHAMPION, Promotion, Registry, RegistryError, RegistryStore, RunId, RunOverview, current_user, delete_run,
    runs_overview,
};
use crate::pipeline::comparison::TwoRuns;
use crate::pipeline::training::read_scores;
use crate::text::grouped;
use crate::workspace::Workspace;

/// What the audit log has as the reason of a change made here.
pub(super) const REASON: &str = "asked for in the console";

/// Every run, the newest first.
pub(super) fn list(workspace: &Workspace) -> Result<Reply, Ended> {
    let (registry, runs) = runs_overview(workspace)?;
    Ok(Reply::Runs(RunsList {
        champion: registry.champion.as_ref().map(ToString::to_string),
        previous: registry.previous.iter().rev().map(ToString::to_string).collect(),
        serving: serving(workspace).map(|server| server.address),
        runs: runs.into_iter().map(line).collect(),
    }))
}

fn line(run: RunOverview) -> RunLine {
    RunLine {
        run_id: run.run_id,
        status: run.status,
        aliases: run.names,
        started_at: run.started_at.map(|time| time.to_string()),
        model: run.model,
        data: run.data,
        rows: run.rows,
        test_f1: run.test_f1,
        test_pr_auc: run.test_pr_auc,
        seconds: run.seconds,
        parent: run.parent,
    }
}

/// One run with everything it tells, and why it does not tell the rest.
pub(super) fn show(workspace: &Workspace, name: &str) -> Result<Reply, Ended> {
    let store = RegistryStore::new(workspace);
    let (run_id, directory, manifest) = match store.find(name) {
        Ok((directory, manifest)) => (manifest.run_id.to_string(), directory, Ok(manifest)),
        // A damaged run is shown as what it is.
        Err(RegistryError::Run(damage)) => {
            let id = store.resolve(name)?;
            let directory = workspace.artifacts_dir().join(id.as_str());
            if !directory.is_dir() {
                return Err(damage.into());
            }
            (id.to_string(), directory, Err(damage.to_string()))
        }
        Err(other) => return Err(other.into()),
    };
    let scores = match &manifest {
        Ok(_) => read_scores(&directory).map_err(|error| error.to_string()),
        Err(damage) => Err(damage.clone()),
    };
    Ok(Reply::Run(Box::new(RunFacts {
        run_id,
        directory: directory.display().to_string(),
        manifest,
        scores,
    })))
}

/// Two runs side by side.
pub(super) fn compare(workspace: &Workspace, a: &str, b: &str, reporter: &Reporter) -> Result<Reply, Ended> {
    reporter.progress(0, None, "both models on rows new to both");
    let TwoRuns { comparison, paired } = TwoRuns::compare(workspace, a, b, reporter.cancel())?;
    reporter.cancel().check()?;
    Ok(Reply::Compared(Box::new(ComparedRuns {
        a: comparison.a.run_id.to_string(),
        b: comparison.b.run_id.to_string(),
        comparison,
        paired: paired.map_err(|error| error.to_string()),
    })))
}

/// Makes a run champion.
pub(super) fn promote(workspace: &Workspace, name: &str) -> Result<Reply, Ended> {
    let run = RegistryStore::new(workspace).resolve(name)?;
    let registry = make_champion(workspace, run)?;
    Ok(Reply::Registry(champion_now(&registry)))
}

/// Makes a run champion, with a line in the audit log.
pub(super) fn make_champion(workspace: &Workspace, run: RunId) -> Result<Registry, RegistryError> {
    RegistryStore::new(workspace).promote(&Promotion {
        run,
        alias: CHAMPION.to_owned(),
        by: current_user(),
        reason: REASON.to_owned(),
        expected_champion: None,
    })
}

/// Makes the champion before the champion again.
pub(super) fn roll_back(workspace: &Workspace) -> Result<Reply, Ended> {
    let registry = RegistryStore::new(workspace).rollback(&current_user(), REASON)?;
    Ok(Reply::Registry(champion_now(&registry)))
}

/// Who is champion now, in words.
pub(super) fn champion_now(registry: &Registry) -> String {
    match &registry.champion {
        Some(run) => format!("{run} is champion"),
        None => "there is no champion".to_owned(),
    }
}

/// Deletes a run.
pub(super) fn delete(workspace: &Workspace, name: &str) -> Result<Reply, Ended> {
    let store = RegistryStore::new(workspace);
    let id = store.resolve(name)?;
    let bytes = delete_run(&store, &id, &current_user())?;
    let size = grouped(bytes.div_ceil(1_000));
    Ok(Reply::Registry(format!("{id} deleted, {size} kB freed")))
}
