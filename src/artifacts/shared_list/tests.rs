//! Owns the tests of the list of shared runs.

use serde_json::json;

use super::*;

fn shared(id: &str, manifest: String) -> SharedRun {
    SharedRun {
        id: id.to_owned(),
        manifest,
        files: Vec::new(),
        by: "ann".to_owned(),
        at: "2026-11-27T12:00:00Z".to_owned(),
    }
}

fn manifest(id: &str) -> String {
    let mut manifest = Manifest::started(id.parse().unwrap());
    manifest.model = Some("random_forest".to_owned());
    manifest.metrics = json!({"test": {"f1": 0.5, "pr_auc": 0.75}, "train": {"f1": 1.0}});
    serde_json::to_string(&manifest).unwrap()
}

fn name(name: &str, run: &str) -> SharedName {
    SharedName {
        name: name.to_owned(),
        run: run.to_owned(),
        version: 1,
        by: "ann".to_owned(),
    }
}

const FIRST: &str = "20260101T000000Z-0000";
const SECOND: &str = "20260101T000001Z-0000";

#[test]
fn runs_are_told_by_their_manifests_and_named() {
    let text = manifest(SECOND);
    let bytes = text.len() as u64;
    let runs = [shared(SECOND, text), shared(FIRST, manifest(FIRST))];
    let names = [name("candidate", SECOND), name("champion", FIRST), name("old", SECOND)];
    let list = put_together(&names, &runs);
    assert_eq!(list.champion.as_deref(), Some(FIRST));
    let [second, first] = &list.runs[..] else {
        panic!("{list:?}")
    };
    assert_eq!(
        (second.run_id.as_str(), &second.names[..]),
        (SECOND, &["candidate".to_owned(), "old".to_owned()][..])
    );
    assert_eq!(first.names, ["champion"]);
    assert_eq!(
        (second.model.as_deref(), second.test_f1, second.test_pr_auc),
        (Some("random_forest"), Some(0.5), Some(0.75))
    );
    assert_eq!((second.files, second.bytes), (1, bytes));
}

#[test]
fn a_manifest_that_says_nothing_sensible_is_a_run_of_which_little_is_known() {
    let mut hostile: Value = serde_json::from_str(&manifest(FIRST)).unwrap();
    hostile["metrics"] = json!({"test": {"f1": "high", "pr_auc": null}});
    for text in ["", "[]", "{\"format\": 1}", &hostile.to_string()] {
        let list = put_together(&[], &[shared(FIRST, text.to_owned())]);
        assert_eq!(
            (list.champion, list.runs[0].test_f1, list.runs[0].test_pr_auc),
            (None, None, None),
            "{text}"
        );
        assert_eq!((list.runs[0].run_id.as_str(), list.runs[0].by.as_str()), (FIRST, "ann"));
    }
}

#[test]
fn only_a_run_with_a_manifest_is_here() {
    let directory = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(directory.path());
    let run = workspace.artifacts_dir().join(FIRST);
    std::fs::create_dir_all(&run).unwrap();
    assert!(!is_here(&workspace, FIRST), "a directory alone is no run");
    std::fs::write(run.join(RunFile::Manifest.relative()), "{}").unwrap();
    assert!(is_here(&workspace, FIRST) && !is_here(&workspace, SECOND));
    let outside = directory.path().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::write(outside.join(RunFile::Manifest.relative()), "{}").unwrap();
    for hostile in ["../outside", "", ".", &outside.display().to_string()] {
        assert!(!is_here(&workspace, hostile), "{hostile}");
    }
}
