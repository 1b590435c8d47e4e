//! Owns the tests of `runs`: listing, showing, comparing, promoting, rolling back, pruning, and who becomes champion.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod training_common;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use training_common::{Place, read_json};

const QUICK: [&str; 5] = ["train", "--json", "--search", "none", "--models"];

fn train(place: &Place, models: &str, more: &[&str]) -> Value {
    place.run(&[&QUICK[..], &[models], more].concat()).json()
}

fn id(outcome: &Value) -> String {
    outcome["run_id"].as_str().expect("a run").to_owned()
}

fn reason(outcome: &Value) -> &str {
    outcome["promotion"]["reason"].as_str().expect("a reason")
}

fn champion(place: &Place) -> Value {
    read_json(&place.path("registry.json"))["champion"].clone()
}

/// A champion that may look at one feature, then one that may look at all, on rows that neither learned from.
#[test]
fn a_clearly_better_model_is_promoted_and_the_registry_goes_back_and_forth() {
    let place = Place::new();
    place.phishing("first.csv", 500, 51);
    place.phishing("second.csv", 1_500, 52);
    place.write("nsec.yaml", "transform:\n  top_k: 1\n");
    let weak = train(&place, "decision_tree", &["--data", "first.csv"]);
    assert_eq!(
        (&weak["promoted"], reason(&weak)),
        (&true.into(), "there was no champion")
    );
    place.write("nsec.yaml", "");
    let strong = train(&place, "naive_bayes_categorical", &["--data", "second.csv"]);
    assert_eq!(strong["promoted"], true, "{}", reason(&strong));
    assert!(reason(&strong).starts_with("better: pr_auc +"), "{}", reason(&strong));
    assert_eq!(strong["promotion"]["champion"], weak["run_id"]);
    assert!(strong["promotion"]["fresh_rows"].as_u64().unwrap() >= 200);
    assert_eq!(champion(&place), strong["run_id"]);

    // The same again: no better, not promoted, and it says so.
    let same = train(&place, "naive_bayes_categorical", &["--data", "second.csv"]);
    assert_eq!(same["promoted"], false);
    assert!(reason(&same).starts_with("not shown to be better"), "{}", reason(&same));
    assert_eq!(champion(&place), strong["run_id"]);

    let test_rows = strong["split"]["test_rows"].as_u64();
    comparing(&place, &id(&weak), &id(&strong), &id(&same), test_rows);
    naming(&place, &id(&weak), &id(&strong), &id(&same));
    pruning(&place, &id(&weak), &id(&strong), &id(&same));
}

fn comparing(place: &Place, weak: &str, strong: &str, same: &str, test_rows: Option<u64>) {
    let compared = place.run(&["runs", "compare", strong, same, "--json"]).json();
    let paired = &compared["paired"];
    assert_eq!(
        paired["rows"].as_u64(),
        test_rows,
        "all test rows: neither trained on one"
    );
    let names: Vec<&str> = paired["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["f1", "roc_auc", "pr_auc", "brier"]);
    for metric in paired["metrics"].as_array().unwrap() {
        assert_eq!(
            metric["difference"].as_f64(),
            Some(0.0),
            "the same model twice: {metric}"
        );
    }
    let compared = place.run(&["runs", "compare", weak, "champion", "--json"]).json();
    let metrics = compared["paired"]["metrics"].as_array().unwrap();
    let pr_auc = metrics.iter().find(|m| m["name"] == "pr_auc").unwrap();
    assert!(
        pr_auc["low"].as_f64().unwrap() > 0.0,
        "the second is really better: {pr_auc}"
    );
    let text = place.run(&["runs", "compare", weak, strong]).expect(0).out;
    assert!(
        text.contains("paired bootstrap, 90 %") && text.contains("real"),
        "{text}"
    );
    let text = place.run(&["runs", "compare", strong, same]).expect(0).out;
    assert!(text.contains("could be chance"), "{text}");
    place.run(&["runs", "compare", strong, "nothing"]).expect(4);
}

fn naming(place: &Place, weak: &str, strong: &str, same: &str) {
    let listed = place.listed();
    let ids: Vec<&str> = listed.iter().map(|run| run["run_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [same, strong, weak], "newest first");
    assert_eq!(listed[1]["names"], Value::Array(vec!["champion".into()]));
    assert_eq!(listed[0]["names"], Value::Array(Vec::new()));
    assert!(
        listed
            .iter()
            .all(|run| run["status"] == "finished" && run["test_f1"].is_f64())
    );
    let text = place.run(&["runs", "list"]).expect(0).out;
    assert!(
        text.lines()
            .any(|line| line.starts_with(strong) && line.ends_with("<- champion")),
        "{text}"
    );

    let shown = place.run(&["runs", "show", "champion", "--json"]).json();
    assert_eq!(shown["run_id"], strong);
    // The beginning of an id will do where no other run begins so.
    assert_eq!(
        place.run(&["runs", "show", weak, "--json"]).json()["model"],
        "decision_tree"
    );
    let directory = place.path("Artifacts").join(weak);
    let by_path = place
        .run(&["runs", "show", directory.to_str().unwrap(), "--json"])
        .json();
    assert_eq!(by_path["run_id"], weak);
    let text = place.run(&["runs", "show", strong]).expect(0).out;
    assert!(
        text.contains("naive_bayes_categorical") && text.contains("1500 rows"),
        "{text}"
    );

    let back = place.run(&["runs", "rollback", "--reason", "test", "--json"]).json();
    assert_eq!(back["champion"], weak);
    let ended = place.run(&["runs", "rollback"]).expect(4);
    assert!(ended.complaint().contains("no previous champion"), "{}", ended.err);
    assert_eq!(place.run(&["runs", "promote", same, "--json"]).json()["champion"], same);
    let text = place
        .run(&["runs", "promote", strong, "--as", "night-shift"])
        .expect(0)
        .out;
    assert!(
        text.contains(&format!("champion: {same}")) && text.contains(&format!("night-shift: {strong}")),
        "{text}"
    );
    place
        .run(&["runs", "promote", strong, "--as", "Not An Alias"])
        .expect(2);
    assert_eq!(
        place.run(&["runs", "show", "night-shift", "--json"]).json()["run_id"],
        strong
    );
    let audit = fs::read_to_string(place.path("logs/audit.ndjson")).unwrap();
    let actions: Vec<String> = audit
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["action"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let promotions = "promote champion";
    let wanted = [promotions, promotions, "rollback", promotions, "promote night-shift"];
    assert_eq!(actions, wanted, "one line a change, none for what was refused");
}

fn pruning(place: &Place, weak: &str, strong: &str, same: &str) {
    let pruned = place.run(&["runs", "prune", "--keep", "0", "--json"]).json();
    assert_eq!(pruned["removed"], Value::Array(Vec::new()));
    assert_eq!(
        pruned["spared"],
        Value::Array(vec![weak.into(), strong.into(), same.into()])
    );
    // Two nobodies more: the older goes.
    let third = id(&train(place, "naive_bayes_gaussian", &["--data", "first.csv"]));
    let fourth = id(&train(place, "naive_bayes_gaussian", &["--data", "first.csv"]));
    let pruned = place.run(&["runs", "prune", "--keep", "1", "--json"]).json();
    assert_eq!(pruned["removed"], Value::Array(vec![third.clone().into()]));
    assert!(pruned["bytes"].as_u64().unwrap() > 10_000);
    let left: BTreeSet<String> = place
        .listed()
        .iter()
        .map(|run| run["run_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(left, [weak, strong, same, &fourth].map(str::to_owned).into());
    let text = place.run(&["runs", "prune", "--keep", "1"]).expect(0).out;
    assert!(text.starts_with("0 runs removed"), "{text}");
    place.run(&["runs", "show", &third]).expect(4);
}

#[test]
fn with_few_new_rows_a_person_decides() {
    let place = Place::new();
    place.phishing("rows.csv", 500, 51);
    train(&place, "decision_tree", &["--data", "rows.csv"]);
    let second = train(&place, "naive_bayes_categorical", &["--data", "rows.csv"]);
    assert_eq!(second["promoted"], false);
    let why = reason(&second);
    assert!(
        why.contains("left to a person") && why.contains("only 100 test rows"),
        "{why}"
    );
    assert!(why.contains(&format!("runs promote {}", id(&second))), "{why}");
    let text = place
        .run(&[
            "train",
            "--data",
            "rows.csv",
            "--models",
            "naive_bayes_gaussian",
            "--search",
            "none",
        ])
        .expect(0)
        .out;
    assert!(text.contains("not promoted: left to a person"), "{text}");
    place.run(&["runs", "promote", &id(&second)]).expect(0);
    assert_eq!(champion(&place), second["run_id"]);
}

#[test]
fn a_run_without_a_sound_model_is_not_promoted() {
    let place = Place::new();
    place.phishing("rows.csv", 300, 51);
    let good = id(&train(&place, "naive_bayes_gaussian", &["--data", "rows.csv"]));
    // Failed: one class. Killed: says running, its process is gone. Then a model and a manifest that were changed.
    let text = fs::read_to_string(place.path("rows.csv")).unwrap();
    let header = text.lines().next().unwrap();
    place.write("empty.csv", format!("{header}\n"));
    place.run(&["train", "--data", "empty.csv", "--json"]).expect(3);
    let failed = place.listed()[0]["run_id"].as_str().unwrap().to_owned();
    let copy = |name: &str, change: &dyn Fn(&std::path::Path, &mut Value)| {
        let from = place.path("Artifacts").join(&good);
        let to = place.path("Artifacts").join(name);
        fs::create_dir_all(to.join("model_trainer")).unwrap();
        fs::copy(from.join("model_trainer/model.bin"), to.join("model_trainer/model.bin")).unwrap();
        let mut manifest = read_json(&from.join("manifest.json"));
        manifest["run_id"] = name.into();
        change(&to, &mut manifest);
        if !to.join("manifest.json").exists() {
            fs::write(to.join("manifest.json"), manifest.to_string()).unwrap();
        }
    };
    copy("20200101T000000Z-0001", &|run, manifest| {
        manifest["status"] = "running".into();
        fs::write(run.join(".lock"), "").unwrap();
    });
    copy("20200101T000000Z-0002", &|run, _| {
        fs::write(run.join("model_trainer/model.bin"), "x").unwrap();
    });
    copy("20200101T000000Z-0003", &|run, _| {
        fs::remove_file(run.join("model_trainer/model.bin")).unwrap();
    });
    copy("20200101T000000Z-0004", &|run, _| {
        fs::write(run.join("manifest.json"), "{\"run_id\":").unwrap();
    });
    for (run, why) in [
        (failed.as_str(), "it is failed"),
        ("20200101T000000Z-0001", "it is failed (killed)"),
        ("20200101T000000Z-0002", "is not the one the run wrote"),
        ("20200101T000000Z-0003", "is missing"),
        ("20200101T000000Z-0004", "is damaged"),
        ("20200101T000000Z-9999", "no run `20200101T000000Z-9999`"),
    ] {
        let ended = place.run(&["runs", "promote", run]).expect(4);
        assert!(ended.complaint().contains(why), "{run}: {}", ended.err);
        assert_eq!(champion(&place), good);
    }
    let statuses: BTreeSet<String> = place
        .listed()
        .iter()
        .map(|r| r["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        statuses,
        ["damaged", "failed", "failed (killed)", "finished"]
            .map(str::to_owned)
            .into()
    );
    // A model that was changed is not scored with either.
    let ended = place
        .run(&["predict", "rows.csv", "--model", "20200101T000000Z-0002"])
        .expect(4);
    assert!(ended.complaint().contains("model.bin"), "{}", ended.err);
}

#[test]
fn an_empty_workspace_is_no_error() {
    let place = Place::new();
    assert!(place.listed().is_empty());
    assert!(place.run(&["runs", "list"]).expect(0).out.contains("no runs yet"));
    let ended = place.run(&["runs", "show", "champion"]).expect(4);
    assert!(ended.complaint().contains("no champion yet"), "{}", ended.err);
    let pruned = place.run(&["runs", "prune", "--keep", "3", "--json"]).json();
    assert_eq!(pruned["removed"], Value::Array(Vec::new()));
    assert!(!place.path("Artifacts").exists());
    assert!(!place.path("registry.json").exists());
}

/// Several processes in one workspace: all finish, names differ, one is champion, and no change of the registry is
/// lost.
#[test]
fn processes_that_train_at_once_do_not_disturb_each_other() {
    let place = Place::new();
    place.phishing("rows.csv", 600, 51);
    let arguments = [
        &QUICK[..],
        &["naive_bayes_gaussian", "--data", "rows.csv", "--threads", "1"],
    ]
    .concat();
    let children: Vec<_> = (0..3).map(|_| place.spawn(&arguments)).collect();
    let outcomes: Vec<Value> = children
        .into_iter()
        .map(|child| {
            training_common::wait(child, std::time::Duration::from_secs(120))
                .0
                .json()
        })
        .collect();
    let ids: BTreeSet<String> = outcomes.iter().map(id).collect();
    assert_eq!(ids.len(), 3);
    let promoted: Vec<&Value> = outcomes.iter().filter(|o| o["promoted"] == true).collect();
    assert_eq!(promoted.len(), 1, "the first to ask");
    assert_eq!(champion(&place), promoted[0]["run_id"]);
    let listed = place.listed();
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|run| run["status"] == "finished"));
    let registry = read_json(&place.path("registry.json"));
    assert_eq!(registry["history"].as_array().unwrap().len(), 1);
    let models: BTreeSet<Vec<u8>> = ids
        .iter()
        .map(|id| place.read(&format!("Artifacts/{id}/model_trainer/model.bin")))
        .collect();
    assert_eq!(models.len(), 1, "the same data and seed");
    let log = fs::read_to_string(place.path("logs/training_pipeline.log")).unwrap();
    assert!(ids.iter().all(|id| log.contains(id.as_str())), "each run is in the log");
}
