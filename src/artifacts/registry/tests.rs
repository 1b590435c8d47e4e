//! Owns the tests of the registry.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::*;
use crate::artifacts::audit::AuditEntry;
use crate::artifacts::bundle::Bundle;
use crate::artifacts::run::RunDir;

fn workspace() -> (tempfile::TempDir, Workspace) {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(dir.path());
    (dir, workspace)
}

fn ended_run(workspace: &Workspace, status: RunStatus) -> RunId {
    let (run, mut manifest) = RunDir::create(workspace).unwrap();
    let mut bundle = Bundle::new();
    bundle.sections.insert("run".into(), run.id().as_str().into());
    bundle.write(&run.file(RunFile::Model)).unwrap();
    run.record_files(&mut manifest).unwrap();
    manifest.end(status, None);
    run.write_manifest(&manifest).unwrap();
    run.id().clone()
}

fn finished_run(workspace: &Workspace) -> RunId {
    ended_run(workspace, RunStatus::Finished)
}

fn wish(run: &RunId, alias: &str) -> Promotion {
    Promotion {
        run: run.clone(),
        alias: alias.to_owned(),
        by: "tester".to_owned(),
        reason: "because".to_owned(),
        expected_champion: None,
    }
}

fn audit_lines(workspace: &Workspace) -> Vec<AuditEntry> {
    let text = fs::read_to_string(workspace.audit_file()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn promotion_and_rollback() {
    let (_dir, workspace) = workspace();
    let store = RegistryStore::new(&workspace);
    assert_eq!(store.read().unwrap(), Registry::default());
    assert!(!workspace.registry_file().exists(), "reading writes nothing");
    assert!(matches!(store.rollback("t", ""), Err(RegistryError::NoPrevious)));
    let runs: Vec<RunId> = (0..3).map(|_| finished_run(&workspace)).collect();
    for run in &runs {
        store.promote(&wish(run, CHAMPION)).unwrap();
    }
    let now = store.read().unwrap();
    assert_eq!(now.champion.as_ref(), Some(&runs[2]));
    assert_eq!(now.previous, runs[..2]);
    store.promote(&wish(&runs[2], CHAMPION)).unwrap();
    assert_eq!(store.read().unwrap(), now, "already so");

    let back = store.rollback("tester", "worse on Monday").unwrap();
    assert_eq!(
        (back.champion.as_ref(), back.previous.as_slice()),
        (Some(&runs[1]), &runs[..1])
    );
    // A former champion comes back: it is not its own predecessor.
    let again = store.promote(&wish(&runs[0], CHAMPION)).unwrap();
    assert_eq!(again.previous, [runs[1].clone()]);
    assert_eq!(again.champion.as_ref(), Some(&runs[0]));

    let actions: Vec<String> = again.history.iter().map(|c| c.action.clone()).collect();
    assert_eq!(
        actions,
        [
            "promote champion",
            "promote champion",
            "promote champion",
            "rollback",
            "promote champion"
        ]
    );
    assert_eq!(again.history[3].replaced.as_ref(), Some(&runs[2]));
    let audit = audit_lines(&workspace);
    assert_eq!(audit.iter().map(|e| e.action.clone()).collect::<Vec<_>>(), actions);
    assert_eq!(audit[3].reason, "worse on Monday");
}

#[test]
fn aliases_and_names_resolve() {
    let (_dir, workspace) = workspace();
    let store = RegistryStore::new(&workspace);
    assert!(
        store
            .resolve("champion")
            .unwrap_err()
            .to_string()
            .contains("no champion yet")
    );
    let run = finished_run(&workspace);
    store.promote(&wish(&run, "night-shift")).unwrap();
    assert_eq!(store.read().unwrap().champion, None);
    assert_eq!(store.resolve("night-shift").unwrap(), run);
    assert_eq!(store.resolve(run.as_str()).unwrap(), run);
    assert_eq!(store.resolve(&run.as_str()[..9]).unwrap(), run);
    let _second = finished_run(&workspace);
    assert!(store.resolve("20").unwrap_err().to_string().contains("fits 2 runs"));
    for nothing in ["", "x", "../..", "\u{1b}[2J"] {
        let text = store.resolve(nothing).unwrap_err().to_string();
        assert!(
            text.contains("no run and no alias") && !text.contains('\u{1b}'),
            "{text}"
        );
    }
    for bad in ["", "A", "../x", "a b", "1", "-x", &"a".repeat(41), "a\n"] {
        let result = store.promote(&wish(&run, bad));
        assert!(matches!(result, Err(RegistryError::BadAlias { .. })), "{bad}");
    }
}

#[test]
fn only_sound_finished_runs_are_promoted() {
    let (_dir, workspace) = workspace();
    let store = RegistryStore::new(&workspace);
    let refuse = |run: &RunId, word: &str| {
        let text = store.promote(&wish(run, CHAMPION)).unwrap_err().to_string();
        assert!(text.contains(word), "{text}");
    };
    let (running, _) = RunDir::create(&workspace).unwrap();
    refuse(running.id(), "still running");
    let killed = running.id().clone();
    drop(running);
    refuse(&killed, "killed");
    refuse(&ended_run(&workspace, RunStatus::Cancelled), "cancelled");
    refuse(&"20200101T000000Z-0000".parse().unwrap(), "no run");

    let model = |run: &RunId| {
        workspace
            .artifacts_dir()
            .join(run.as_str())
            .join(RunFile::Model.relative())
    };
    let tampered = finished_run(&workspace);
    fs::write(model(&tampered), b"something else").unwrap();
    refuse(&tampered, "not the one the run wrote");
    let gone = finished_run(&workspace);
    fs::remove_file(model(&gone)).unwrap();
    refuse(&gone, "is missing");
    let torn = finished_run(&workspace);
    fs::write(workspace.artifacts_dir().join(torn.as_str()).join("manifest.json"), "{").unwrap();
    refuse(&torn, "damaged");
    assert!(!workspace.registry_file().exists());
    assert!(!workspace.audit_file().exists());
}

#[test]
fn a_promotion_can_insist_on_the_champion_it_was_compared_with() {
    let (_dir, workspace) = workspace();
    let store = RegistryStore::new(&workspace);
    let (a, b) = (finished_run(&workspace), finished_run(&workspace));
    let against = |run: &RunId, expected: Option<&RunId>| Promotion {
        expected_champion: Some(expected.cloned()),
        ..wish(run, CHAMPION)
    };
    store.promote(&against(&a, None)).unwrap();
    let late = store.promote(&against(&b, None));
    assert!(matches!(late, Err(RegistryError::ChampionChanged { now: Some(now) }) if now == a));
    store.promote(&against(&b, Some(&a))).unwrap();
}

#[test]
fn writers_at_once_lose_no_change() {
    let (_dir, workspace) = workspace();
    let runs: Vec<RunId> = (0..3).map(|_| finished_run(&workspace)).collect();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let (workspace, runs) = (&workspace, &runs);
            scope.spawn(move || {
                let store = RegistryStore::new(workspace).with_lock_wait(Duration::from_mins(2));
                for i in 0..4 {
                    store.promote(&wish(&runs[i % 3], &format!("w{writer}-{i}"))).unwrap();
                    store.read().unwrap();
                }
            });
        }
    });
    let registry = RegistryStore::new(&workspace).read().unwrap();
    assert_eq!(registry.aliases.len(), 32);
    assert_eq!(registry.history.len(), 32);
    assert_eq!(audit_lines(&workspace).len(), 32);
}

#[test]
fn a_lock_held_elsewhere_is_waited_for_and_then_said() {
    let (_dir, workspace) = workspace();
    let run = finished_run(&workspace);
    let store = RegistryStore::new(&workspace).with_lock_wait(Duration::from_millis(50));
    let held = store.lock().unwrap();
    let error = store.promote(&wish(&run, CHAMPION)).unwrap_err();
    assert!(matches!(error, RegistryError::Locked { .. }), "{error}");
    assert_eq!(store.read().unwrap(), Registry::default(), "reading never waits");
    drop(held);
    store.promote(&wish(&run, CHAMPION)).unwrap();
}

#[test]
fn a_damaged_registry_is_never_overwritten() {
    let (_dir, workspace) = workspace();
    let run = finished_run(&workspace);
    let store = RegistryStore::new(&workspace);
    let deep = format!("{{\"version\":1,\"x\":{}", "[".repeat(100_000));
    for bad in [
        "",
        "{",
        "[]",
        "null",
        "{\"version\":\"1\"}",
        "{\"version\":1,\"champion\":\"../../etc\"}",
        "{\"version\":1,\"previous\":[1]}",
        "{\"version\":1,\"aliases\":{\"a\":null}}",
        "{\"version\":-1}",
        deep.as_str(),
    ] {
        fs::write(workspace.registry_file(), bad).unwrap();
        let error = store.read().unwrap_err();
        assert!(matches!(error, RegistryError::Damaged { .. }), "{error}");
        assert!(!error.to_string().contains('\n'));
        assert!(store.promote(&wish(&run, CHAMPION)).is_err());
        assert_eq!(fs::read_to_string(workspace.registry_file()).unwrap(), bad);
    }
    fs::write(workspace.registry_file(), "{\"version\":2,\"anything\":[]}").unwrap();
    assert!(matches!(
        store.read(),
        Err(RegistryError::NewerVersion { found: 2, .. })
    ));
    fs::remove_file(workspace.registry_file()).unwrap();
    fs::create_dir(workspace.registry_file()).unwrap();
    assert!(store.read().is_err());
}

#[test]
fn a_torn_audit_line_spoils_no_other() {
    let (_dir, workspace) = workspace();
    let run = finished_run(&workspace);
    fs::create_dir_all(workspace.logs_dir()).unwrap();
    fs::write(workspace.audit_file(), "{\"time\":\"2026-").unwrap();
    RegistryStore::new(&workspace).promote(&wish(&run, CHAMPION)).unwrap();
    let text = fs::read_to_string(workspace.audit_file()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    let entry: AuditEntry = serde_json::from_str(lines[1]).unwrap();
    assert_eq!(entry.subject, run.as_str());
}

#[test]
fn without_its_audit_line_nothing_changes() {
    let (_dir, workspace) = workspace();
    let run = finished_run(&workspace);
    fs::create_dir_all(workspace.audit_file()).unwrap(); // a directory in its place
    let store = RegistryStore::new(&workspace);
    let error = store.promote(&wish(&run, CHAMPION)).unwrap_err();
    assert!(matches!(error, RegistryError::Audit(_)), "{error}");
    assert_eq!(store.read().unwrap(), Registry::default());
}

#[test]
fn an_unwritable_registry_is_said_in_the_audit_log() {
    let (dir, workspace) = workspace();
    let run = finished_run(&workspace);
    let store = RegistryStore::new(&workspace);
    fs::create_dir_all(workspace.logs_dir()).unwrap();
    drop(store.lock().unwrap());
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let result = store.promote(&wish(&run, CHAMPION));
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    // The superuser may write anywhere.
    if let Err(error) = result {
        assert!(matches!(error, RegistryError::Write(_)), "{error}");
        let actions: Vec<String> = audit_lines(&workspace).into_iter().map(|e| e.action).collect();
        assert_eq!(actions, ["promote champion", "failed: promote champion"]);
    }
}

#[test]
fn history_is_bounded() {
    let mut registry = Registry::default();
    let run: RunId = "20200101T000000Z-0000".parse().unwrap();
    for i in 0..1500 {
        registry.remember(Change {
            time: Timestamp::now(),
            action: i.to_string(),
            run: run.clone(),
            replaced: None,
            by: String::new(),
            reason: String::new(),
        });
    }
    assert_eq!(registry.history.len(), 1000);
    assert_eq!(registry.history[0].action, "500");
}
