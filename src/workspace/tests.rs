//! Owns the tests of finding the workspace.

use std::fs;

use super::*;

#[test]
fn the_first_of_flag_environment_parent_and_data_directory_counts() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("project");
    let deep = root.join("a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::create_dir_all(root.join("data_schema")).unwrap();
    fs::write(root.join("data_schema/schema.yaml"), "").unwrap();

    let explicit = Workspace::locate(Some(Path::new("w")), Some(OsStr::new("/e")), &deep).unwrap();
    assert_eq!(
        (explicit.root(), explicit.origin()),
        (deep.join("w").as_path(), WorkspaceOrigin::Explicit)
    );
    let env = Workspace::locate(None, Some(OsStr::new("/nowhere/e")), &deep).unwrap();
    assert_eq!(
        (env.root(), env.origin()),
        (Path::new("/nowhere/e"), WorkspaceOrigin::Environment)
    );
    let parent = Workspace::locate(None, Some(OsStr::new("")), &deep).unwrap();
    assert_eq!(
        (parent.root(), parent.origin()),
        (root.as_path(), WorkspaceOrigin::Parent)
    );
    fs::write(root.join("a/nsec.yaml"), "").unwrap();
    assert_eq!(
        Workspace::locate(None, None, &deep).unwrap().root(),
        root.join("a"),
        "the nearest"
    );
    assert!(!deep.join("w").exists(), "finding creates nothing");

    let bare = dir.path().join("bare");
    fs::create_dir(&bare).unwrap();
    match Workspace::locate(None, None, &bare) {
        Ok(found) => assert_ne!(found.root(), bare),
        Err(error) => assert!(matches!(error, WorkspaceError::NoHome)),
    }
    fs::create_dir(bare.join("nsec.yaml")).unwrap();
    let not_a_file = Workspace::locate(None, None, &bare);
    assert!(not_a_file.is_err() || not_a_file.unwrap().root() != bare);
}

#[test]
fn a_file_is_no_workspace() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), "").unwrap();
    let error = Workspace::locate(Some(Path::new("f")), None, dir.path()).unwrap_err();
    assert!(error.to_string().contains("not a directory"), "{error}");
    assert!(Workspace::locate(None, Some(OsStr::new("f")), dir.path()).is_err());
}

#[test]
fn the_layout_is_the_contract() {
    let w = Workspace::at("/w");
    let paths = [
        w.settings_file(),
        w.schema_file(),
        w.default_data(),
        w.artifacts_dir(),
        w.registry_file(),
        w.default_output(),
        w.rejects_file(),
        w.audit_file(),
    ];
    let expected = [
        "/w/nsec.yaml",
        "/w/data_schema/schema.yaml",
        "/w/Network_Data/phisingData.csv",
        "/w/Artifacts",
        "/w/registry.json",
        "/w/prediction_output/output.csv",
        "/w/prediction_output/rejects.csv",
        "/w/logs/audit.ndjson",
    ];
    assert_eq!(paths, expected.map(PathBuf::from));
}
