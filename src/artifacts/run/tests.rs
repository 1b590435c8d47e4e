//! Owns the tests of run directories.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::artifacts::manifest::{DataRecord, SchemaRecord, SplitRecord};
use crate::event::{RunStatus, Stage};

fn workspace() -> (tempfile::TempDir, Workspace) {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(dir.path());
    (dir, workspace)
}

#[test]
fn run_ids_are_checked() {
    let id = RunId::generate(Timestamp::now());
    assert_eq!(id.as_str().parse::<RunId>().unwrap(), id);
    for bad in [
        "",
        "../../etc/passwd",
        "20261123T084000Z-ABCD",
        "20261123T084000Z-abc",
        "20261123T084000Z-abcd/",
        "20261123 084000Z-abcd",
        "٢0261123T084000Z-abc",
    ] {
        let error = bad.parse::<RunId>().unwrap_err().to_string();
        assert!(error.contains("not a run id"), "{error}");
    }
    let hostile = format!("\x1b[2J{}", "x".repeat(1_000_000));
    let error = hostile.parse::<RunId>().unwrap_err().to_string();
    assert!(error.len() < 120 && !error.contains('\x1b'), "{error}");
    assert!(serde_json::from_str::<RunId>("\"../x\"").is_err());
}

#[test]
fn a_taken_name_is_never_used_again() {
    let (dir, workspace) = workspace();
    fs::create_dir_all(workspace.artifacts_dir()).unwrap();
    let mut wanted = [
        "20261123T084000Z-0000",
        "20261123T084000Z-0000",
        "20261123T084000Z-0001",
    ]
    .iter();
    let mut names = |_| wanted.next().unwrap().parse().unwrap();
    let (first, _) = make_unique(&workspace.artifacts_dir(), &mut names).unwrap();
    let (second, _) = make_unique(&workspace.artifacts_dir(), &mut names).unwrap();
    assert_eq!(
        (first.as_str(), second.as_str()),
        ("20261123T084000Z-0000", "20261123T084000Z-0001")
    );
    let mut stubborn = |_| "20261123T084000Z-0000".parse().unwrap();
    assert!(make_unique(&workspace.artifacts_dir(), &mut stubborn).is_err());
    drop(dir);
}

#[test]
fn many_runs_at_once_get_names_of_their_own() {
    let (_dir, workspace) = workspace();
    let mut ids: Vec<RunId> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| RunDir::create(&workspace).unwrap().0.id().clone()))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    assert_eq!(list(&workspace).unwrap().len(), 20);
}

fn filled(mut manifest: Manifest) -> Manifest {
    manifest.data = Some(DataRecord {
        name: "x\u{1b}[31m.csv".into(),
        sha256: "ab".repeat(32),
        rows: 11_055,
        rejected_rows: 0,
    });
    manifest.schema = Some(SchemaRecord {
        name: "phishing".into(),
        sha256: "cd".repeat(32),
    });
    manifest.split = Some(SplitRecord {
        strategy: "grouped".into(),
        seed: 1,
        test_fraction: 0.2,
        train_rows: 8844,
        test_rows: 2211,
        seen_in_train: 0.0,
    });
    manifest.seed = Some(u64::MAX);
    manifest.params = json!({"penalty": 0.1, "depth": 6});
    manifest.metrics = json!({"test": {"f1": 0.1 + 0.2, "confusion": {"tp": 1}}});
    manifest.extra.insert("selected_by".into(), json!("pr_auc"));
    manifest.time_stage(Stage::Training, 1.5);
    manifest
}

#[test]
fn a_manifest_reads_back_as_written() {
    let (_dir, workspace) = workspace();
    let (run, manifest) = RunDir::create(&workspace).unwrap();
    assert_eq!(load(&workspace, run.id()).unwrap().1.status, RunStatus::Running);
    atomic::write_bytes(&run.file(RunFile::Model), b"abc").unwrap();
    atomic::write_bytes(&run.file(RunFile::Metrics), b"{}").unwrap();
    assert!(run.make_directory(RunFile::Validated).unwrap().is_dir());
    let mut manifest = filled(manifest);
    run.record_files(&mut manifest).unwrap();
    manifest.end(RunStatus::Finished, None);
    run.write_manifest(&manifest).unwrap();
    let (path, read) = load(&workspace, run.id()).unwrap();
    assert_eq!(read, manifest);
    assert_eq!(path, run.path());
    let paths: Vec<&str> = read.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["model_trainer/metrics.json", "model_trainer/model.bin"]);
    // sha256("abc"), FIPS 180-2, appendix B.1.
    let model = read.file("model_trainer/model.bin").unwrap();
    assert_eq!(
        model.sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(model.bytes, 3);
}

#[test]
fn a_run_whose_process_is_gone_reads_as_killed() {
    let (_dir, workspace) = workspace();
    let (run, _) = RunDir::create(&workspace).unwrap();
    let id = run.id().clone();
    assert!(list(&workspace).unwrap()[0].is_running());
    drop(run); // as the system does it for a killed process: the lock goes, the manifest stays
    // A process that another test starts has the lock, too, for a moment.
    let begun = Instant::now();
    while list(&workspace).unwrap()[0].is_running() {
        assert!(begun.elapsed() < Duration::from_mins(1), "the lock is still there");
        std::thread::sleep(Duration::from_millis(5));
    }
    let entry = &list(&workspace).unwrap()[0];
    assert_eq!(entry.status_text(), "failed (killed)");
    assert_eq!(load(&workspace, &id).unwrap().1.status, RunStatus::Failed);
}

#[test]
fn without_a_lock_file_the_process_itself_is_looked_for() {
    let (_dir, workspace) = workspace();
    let (run, mut manifest) = RunDir::create(&workspace).unwrap();
    fs::remove_file(run.path().join(LOCK_FILE)).unwrap();
    assert_eq!(
        load(&workspace, run.id()).unwrap().1.status,
        RunStatus::Running,
        "this process lives"
    );
    if manifest.process.boot_id.is_some() {
        manifest.process.boot_id = Some("another boot".into());
        run.write_manifest(&manifest).unwrap();
        assert_eq!(load(&workspace, run.id()).unwrap().1.status, RunStatus::Failed);
    }
    manifest.process.host = Some("elsewhere".into());
    run.write_manifest(&manifest).unwrap();
    assert_eq!(
        load(&workspace, run.id()).unwrap().1.status,
        RunStatus::Running,
        "cannot be told from here"
    );
}

#[test]
fn torn_and_foreign_directories_are_listed_as_damaged() {
    let (_dir, workspace) = workspace();
    let artifacts = workspace.artifacts_dir();
    assert!(list(&workspace).unwrap().is_empty(), "no Artifacts/ yet");
    let (run, manifest) = RunDir::create(&workspace).unwrap();
    run.write_manifest(&manifest).unwrap();
    let good = fs::read(run.file(RunFile::Manifest)).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    let deep = "[".repeat(200_000);
    let cases: [(&str, Option<Vec<u8>>); 8] = [
        ("20200101T000000Z-0001", None),
        ("20200101T000000Z-0002", Some(Vec::new())),
        ("20200101T000000Z-0003", Some(good[..good.len() / 2].to_vec())),
        ("20200101T000000Z-0004", Some(good.clone())), // another run's manifest
        (
            "20200101T000000Z-0005",
            Some(text.replace("\"format\": 1", "\"format\": 99").into_bytes()),
        ),
        ("20200101T000000Z-0006", Some(deep.into_bytes())),
        ("20200101T000000Z-0007", Some(vec![0xff; 100])),
        ("my notes", Some(good.clone())),
    ];
    for (name, content) in &cases {
        fs::create_dir(artifacts.join(name)).unwrap();
        if let Some(content) = content {
            fs::write(artifacts.join(name).join("manifest.json"), content).unwrap();
        }
    }
    fs::create_dir_all(artifacts.join("20200101T000000Z-0008/manifest.json")).unwrap();
    fs::create_dir(artifacts.join(".hidden")).unwrap();
    fs::write(artifacts.join("file.txt"), "").unwrap();
    symlink("nowhere", artifacts.join("20200101T000000Z-0009")).unwrap();
    let runs = list(&workspace).unwrap();
    assert_eq!(runs.len(), cases.len() + 2);
    let sound: Vec<&str> = runs
        .iter()
        .filter(|r| r.manifest.is_ok())
        .map(|r| r.name.as_str())
        .collect();
    assert_eq!(sound, [run.id().as_str()]);
    let reason = |name: &str| {
        let entry = runs.iter().find(|r| r.name == name).unwrap();
        assert_eq!(entry.status_text(), "damaged");
        entry.manifest.clone().unwrap_err()
    };
    assert!(reason("20200101T000000Z-0001").contains("no manifest.json"));
    assert!(reason("20200101T000000Z-0004").contains("belongs to run"));
    assert!(reason("20200101T000000Z-0005").contains("newer version"));
    assert!(reason("my notes").contains("not a run directory"));
    let error = load(&workspace, &"20200101T000000Z-0003".parse().unwrap()).unwrap_err();
    assert!(matches!(error, RunError::Damaged { .. }), "{error}");
    let error = load(&workspace, &"20200101T000000Z-00ff".parse().unwrap()).unwrap_err();
    assert!(matches!(error, RunError::NotFound { .. }), "{error}");
}

#[test]
fn an_artifacts_directory_behind_a_link_works() {
    let (dir, workspace) = workspace();
    fs::create_dir(dir.path().join("big disk")).unwrap();
    symlink("big disk", workspace.artifacts_dir()).unwrap();
    let (run, _) = RunDir::create(&workspace).unwrap();
    assert!(
        dir.path()
            .join("big disk")
            .join(run.id().as_str())
            .join("manifest.json")
            .is_file()
    );
    assert_eq!(list(&workspace).unwrap().len(), 1);
}

#[test]
fn an_unusable_workspace_is_an_error() {
    let (dir, workspace) = workspace();
    fs::write(workspace.artifacts_dir(), "a file").unwrap();
    let error = RunDir::create(&workspace).unwrap_err().to_string();
    assert!(error.contains("Artifacts"), "{error}");
    assert!(list(&workspace).is_err());
    fs::remove_file(workspace.artifacts_dir()).unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
    if let Err(error) = RunDir::create(&workspace) {
        assert!(error.to_string().contains("permission denied"), "{error}");
    }
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

proptest! {
    #[test]
    fn ids_sort_as_time_does(a in 0_i64..4_000_000_000_000, step in 1_i64..3_000) {
        let b = a + step;
        let id = |ms| RunId::generate(chrono::DateTime::from_timestamp_millis(ms).unwrap().into());
        prop_assert!(id(a) < id(b));
        let one = id(a);
        prop_assert_eq!(one.as_str().parse::<RunId>().unwrap(), one);
    }
}
