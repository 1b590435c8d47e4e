//! Owns the tests of removing old runs.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::artifacts::atomic;
use crate::artifacts::registry::{CHAMPION, Promotion};
use crate::artifacts::run::{RunDir, RunFile};
use crate::event::RunStatus;
use crate::workspace::Workspace;

/// A finished run with a chosen name, so that age is known.
fn run_named(workspace: &Workspace, second: u32) -> RunId {
    let (run, mut manifest) = RunDir::create(workspace).unwrap();
    crate::artifacts::Bundle::new()
        .write(&run.file(RunFile::Model))
        .unwrap();
    atomic::write_bytes(&run.file(RunFile::Metrics), &[b'x'; 1000]).unwrap();
    let id: RunId = format!("20260101T0000{second:02}Z-0000").parse().unwrap();
    manifest.run_id = id.clone();
    run.record_files(&mut manifest).unwrap();
    manifest.end(RunStatus::Finished, None);
    run.write_manifest(&manifest).unwrap();
    fs::rename(run.path(), workspace.artifacts_dir().join(id.as_str())).unwrap();
    id
}

fn promote(store: &RegistryStore, run: &RunId, alias: &str) {
    let wish = Promotion {
        run: run.clone(),
        alias: alias.to_owned(),
        by: "t".into(),
        reason: String::new(),
        expected_champion: None,
    };
    store.promote(&wish).unwrap();
}

#[test]
fn old_runs_go_and_protected_ones_stay() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(dir.path());
    let store = RegistryStore::new(&workspace);
    let runs: Vec<RunId> = (0..8).map(|i| run_named(&workspace, i)).collect();
    promote(&store, &runs[0], CHAMPION);
    promote(&store, &runs[1], CHAMPION);
    promote(&store, &runs[2], "night");
    // Still running, and older than all others.
    let (running, mut manifest) = RunDir::create(&workspace).unwrap();
    let running_id: RunId = "20250101T000000Z-0000".parse().unwrap();
    manifest.run_id = running_id.clone();
    running.write_manifest(&manifest).unwrap();
    fs::rename(running.path(), workspace.artifacts_dir().join(running_id.as_str())).unwrap();
    // Damaged counts as a run; foreign things and links are not touched.
    let torn: RunId = "20250101T000001Z-0000".parse().unwrap();
    fs::create_dir(workspace.artifacts_dir().join(torn.as_str())).unwrap();
    fs::create_dir(workspace.artifacts_dir().join("notes")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("precious"), "x").unwrap();
    symlink(
        elsewhere.path(),
        workspace.artifacts_dir().join("20240101T000000Z-0000"),
    )
    .unwrap();
    symlink(
        elsewhere.path(),
        workspace.artifacts_dir().join(runs[3].as_str()).join("link"),
    )
    .unwrap();
    let doomed = workspace
        .artifacts_dir()
        .join(format!("{DOOMED_PREFIX}20230101T000000Z-0000"));
    fs::create_dir(&doomed).unwrap();
    fs::write(doomed.join("x"), "left by a killed prune").unwrap();

    let pruned = prune(&store, 2, "t").unwrap();
    assert_eq!(
        pruned.removed,
        [torn, runs[3].clone(), runs[4].clone(), runs[5].clone()]
    );
    assert_eq!(
        pruned.spared,
        [running_id.clone(), runs[0].clone(), runs[1].clone(), runs[2].clone()]
    );
    assert!(pruned.bytes > 3000 && pruned.bytes < 30_000, "{}", pruned.bytes);
    let left: Vec<String> = run::list(&workspace).unwrap().into_iter().map(|r| r.name).collect();
    let expected = [
        "20240101T000000Z-0000",
        running_id.as_str(),
        runs[0].as_str(),
        runs[1].as_str(),
        runs[2].as_str(),
        runs[6].as_str(),
        runs[7].as_str(),
        "notes",
    ];
    assert_eq!(left, expected);
    assert!(elsewhere.path().join("precious").is_file());
    assert!(!doomed.exists());
    assert_eq!(prune(&store, 2, "t").unwrap().removed, Vec::<RunId>::new());
    let audit = fs::read_to_string(workspace.audit_file()).unwrap();
    assert_eq!(audit.lines().filter(|l| l.contains("\"prune\"")).count(), 4);
    drop(running);
}

#[test]
fn nothing_is_removed_while_the_registry_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(dir.path());
    let run = run_named(&workspace, 0);
    fs::write(workspace.registry_file(), "{").unwrap();
    assert!(prune(&RegistryStore::new(&workspace), 0, "t").is_err());
    assert!(workspace.artifacts_dir().join(run.as_str()).is_dir());
}

#[test]
fn an_empty_workspace_has_nothing_to_prune() {
    let dir = tempfile::tempdir().unwrap();
    let store = RegistryStore::new(&Workspace::at(dir.path().join("new")));
    assert_eq!(prune(&store, 0, "t").unwrap(), Pruned::default());
}

#[test]
fn one_run_is_deleted_and_protected_ones_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(dir.path());
    let store = RegistryStore::new(&workspace);
    let runs: Vec<RunId> = (0..5).map(|i| run_named(&workspace, i)).collect();
    promote(&store, &runs[0], CHAMPION);
    promote(&store, &runs[1], CHAMPION);
    promote(&store, &runs[2], "night");
    let refused = |id: &RunId| delete(&store, id, "t").unwrap_err().to_string();
    assert!(refused(&runs[1]).contains("it is the champion"));
    assert!(refused(&runs[2]).contains("it is named `night`"));
    let (running, _) = RunDir::create(&workspace).unwrap();
    assert!(refused(running.id()).contains("still running"));
    let gone: RunId = "20200101T000000Z-0000".parse().unwrap();
    assert!(matches!(
        delete(&store, &gone, "t"),
        Err(RegistryError::Run(RunError::NotFound { .. }))
    ));
    // A link in a run's place is not followed.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("precious"), "x").unwrap();
    symlink(elsewhere.path(), workspace.artifacts_dir().join(gone.as_str())).unwrap();
    assert!(matches!(
        delete(&store, &gone, "t"),
        Err(RegistryError::Run(RunError::NotFound { .. }))
    ));
    assert!(elsewhere.path().join("precious").exists());

    let bytes = delete(&store, &runs[3], "t").unwrap();
    assert!(bytes > 1_000, "{bytes}");
    // A damaged run can be deleted too, and so can a former champion.
    fs::write(
        workspace.artifacts_dir().join(runs[4].as_str()).join("manifest.json"),
        "{",
    )
    .unwrap();
    delete(&store, &runs[4], "t").unwrap();
    delete(&store, &runs[0], "t").unwrap();
    assert_eq!(store.read().unwrap().previous, []);
    let left: Vec<String> = run::list(&workspace)
        .unwrap()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert!(runs[1..3].iter().all(|id| left.contains(&id.to_string())) && !left.contains(&runs[0].to_string()));
    let audit = fs::read_to_string(workspace.audit_file()).unwrap();
    let deleted = audit.lines().filter(|line| line.contains("\"delete\"")).count();
    assert_eq!(deleted, 3);
}
