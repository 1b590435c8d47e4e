//! Owns the tests of the panel's state: the list, what is asked before a change, two runs side by side.

mod promotion;
mod team;

use proptest::prelude::*;
use serde_json::json;

use super::comparison::{Line, verdict};
use super::*;
use crate::tui::app::effect::Effect;
use crate::tui::app::layer::{LayerKind, Tone};
use crate::worker::{Kind, Manifest, MetricDifference, Reply, Report, RunFacts};

fn run(id: &str, model: &str) -> RunLine {
    RunLine {
        run_id: id.to_owned(),
        status: "finished".to_owned(),
        aliases: Vec::new(),
        started_at: Some("2026-11-27T08:40:00.000Z".to_owned()),
        model: Some(model.to_owned()),
        data: Some("Network_Data/phisingData.csv".to_owned()),
        rows: Some(11_055),
        test_f1: Some(0.95),
        test_pr_auc: Some(0.98),
        seconds: Some(12.0),
        parent: None,
    }
}

/// `c` is champion and grew from `a`, which was champion; `d` failed.
fn list() -> RunsList {
    let mut runs = vec![
        run("d", "knn"),
        run("c", "Random_Forest"),
        run("b", "knn"),
        run("a", "forest"),
    ];
    runs[0].status = "failed".to_owned();
    runs[1].parent = Some("a".to_owned());
    runs[1].aliases = vec!["champion".to_owned()];
    runs[1].test_pr_auc = Some(0.99);
    RunsList {
        champion: Some("c".to_owned()),
        previous: vec!["a".to_owned()],
        serving: None,
        runs,
    }
}

struct Bench {
    panel: RunsPanel,
    shared: Shared,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            panel: RunsPanel::default(),
            shared: Shared::default(),
        };
        bench.shared.size = (80, 24);
        bench.panel.shown(&mut bench.shared);
        bench
    }

    fn listed() -> Self {
        let mut bench = Self::new();
        bench.done(Reply::Runs(list()));
        bench
    }

    fn act(&mut self, action: Action) -> bool {
        self.panel.act(&mut self.shared, action)
    }

    fn jobs(&self) -> Vec<(Ticket, Job)> {
        let submitted = self.shared.effects.iter().filter_map(|effect| match effect {
            Effect::Submit(ticket, job) => Some((*ticket, job.clone())),
            _ => None,
        });
        submitted.collect()
    }

    fn job(&self) -> Job {
        self.jobs().last().unwrap().1.clone()
    }

    fn tell(&mut self, report: Report) {
        let ticket = self.jobs().last().unwrap().0;
        self.panel.news(&mut self.shared, &News { ticket, report });
    }

    fn done(&mut self, reply: Reply) {
        self.tell(Report::Done(Box::new(reply)));
    }

    fn on(&mut self, run: &str) -> &mut Self {
        let at = self
            .panel
            .visible
            .iter()
            .position(|at| self.panel.list.runs[*at].run_id == run);
        self.panel.cursor.at = at.unwrap();
        self
    }

    fn flash(&self) -> (&str, bool) {
        let flash = self.shared.flash.as_ref().unwrap();
        (&flash.text, flash.bad)
    }

    fn question(&mut self) -> (String, Vec<String>) {
        let layer = self.shared.layers.pop().unwrap();
        match layer.kind {
            LayerKind::Confirm(confirm) => (confirm.question, confirm.consequences),
            LayerKind::Caution(caution) => (caution.question, caution.consequences),
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self, purpose: Purpose, given: Given) {
        self.panel.answered(&mut self.shared, Answer { purpose, given });
    }

    fn filter(&mut self, text: &str) {
        let given = Given::Line {
            text: text.to_owned(),
            regex: false,
            exact_case: false,
        };
        self.answer(Purpose::FilterRuns, given);
    }
}

fn facts(run_id: &str) -> RunFacts {
    let manifest = json!({
        "format": 1, "run_id": "20261127T084000Z-ab12", "status": "finished", "started_at": "2026-11-27T08:40:00.000Z",
        "version": "0.1.0", "model": "knn", "params": {"k": 5, "weights": "distance"}, "threshold": 0.41,
        "metrics": {"train": {"f1": 1.0}, "test": {"f1": 0.95, "confusion": {"tp": 1200, "fn": 3, "fp": 4, "tn": 5}}},
        "data": {"name": "x\u{1b}.csv", "sha256": "ab", "rows": 11055},
        "timings": [{"stage": "training", "seconds": 1.5}],
        "files": [{"path": "model_trainer/model.bin", "bytes": 1234567, "sha256": "cd"}],
    });
    let manifest: Manifest = serde_json::from_value(manifest).unwrap();
    RunFacts {
        run_id: run_id.to_owned(),
        directory: "/srv/w/Artifacts/x".to_owned(),
        manifest: Ok(manifest),
        scores: Err("no scores".to_owned()),
    }
}

fn metric(name: &str, low: f64, high: f64) -> MetricDifference {
    MetricDifference {
        name: name.to_owned(),
        difference: low,
        low,
        high,
        probability_better: 0.5,
    }
}

/// `a` and `b` of these names, with a paired difference of an F1.
fn compared(a: &str, b: &str) -> crate::worker::ComparedRuns {
    let side = |id: &str| json!({"run_id": id, "status": "finished", "model": "knn", "started_at": "2026-11-27T08:40:00.000Z", "seconds": 1.0});
    serde_json::from_value(json!({
        "a": a, "b": b,
        "comparison": {
            "a": side("20261127T084000Z-ab12"), "b": side("20261127T084100Z-ab13"),
            "metrics": [{"name": "test.f1", "a": 0.9, "b": 0.95, "difference": 0.05}],
            "params": [{"name": "k", "a": 5, "b": null}], "data": [], "same_test_rows": false,
        },
        "paired": {"Ok": {"rows": 2000, "metrics": [
            {"name": "f1", "difference": 0.05, "low": 0.01, "high": 0.09, "probability_better": 0.99},
            {"name": "brier", "difference": -0.02, "low": -0.04, "high": 0.01, "probability_better": 0.8},
        ]}},
    }))
    .unwrap()
}

#[test]
fn every_word_of_the_filter_must_be_in_the_run() {
    let list = list();
    let ids = |filter: &str| -> String {
        let places = rows::visible(&list, filter);
        places.iter().map(|at| list.runs[*at].run_id.as_str()).collect()
    };
    assert_eq!(ids(""), "dcba");
    assert_eq!(ids("FOREST"), "ca");
    assert_eq!(ids("forest champion"), "c");
    assert_eq!(ids("failed phising"), "d");
    assert_eq!(ids("nothing"), "");
}

#[test]
fn lineage_ends_even_where_it_goes_round() {
    let mut list = list();
    assert_eq!(rows::ancestors(&list, &list.runs[1]), ["a"]);
    assert_eq!(rows::children(&list, "a"), ["c"]);
    list.runs[3].parent = Some("c".to_owned());
    assert_eq!(rows::ancestors(&list, &list.runs[1]), ["a"]);
    list.runs[2].parent = Some("b".to_owned());
    assert!(rows::ancestors(&list, &list.runs[2]).is_empty());
}

#[test]
fn the_cursor_stays_on_its_run_when_the_list_is_read_anew() {
    let mut bench = Bench::listed();
    bench.on("b");
    bench.panel.command(&mut bench.shared, &Command::RunsChanged);
    let mut newer = list();
    newer.runs.insert(0, run("e", "knn"));
    bench.done(Reply::Runs(newer));
    assert_eq!(bench.panel.current().unwrap().run_id, "b");
    bench.filter("forest");
    assert_eq!(bench.panel.visible.len(), 2);
    bench.on("a");
    assert!(bench.act(Action::Back));
    assert_eq!(bench.panel.current().unwrap().run_id, "a");
    assert!(!bench.act(Action::Back));
}

#[test]
fn runs_are_read_when_looked_at_and_not_before() {
    let mut bench = Bench::listed();
    let count = |bench: &Bench| {
        bench
            .jobs()
            .iter()
            .filter(|(ticket, _)| ticket.kind == Kind::Runs)
            .count()
    };
    assert_eq!(count(&bench), 1);
    bench.panel.command(&mut bench.shared, &Command::Show(Panel::Data));
    bench.panel.command(&mut bench.shared, &Command::RunsChanged);
    assert_eq!(count(&bench), 1);
    bench.panel.shown(&mut bench.shared);
    assert_eq!(count(&bench), 2);
}

#[test]
fn details_are_asked_for_when_the_cursor_rests_beside_a_pane() {
    let mut bench = Bench::listed();
    bench.shared.size = (160, 48);
    bench.act(Action::Down);
    bench.act(Action::Down);
    bench.shared.now += REST - 1;
    bench.panel.woke(&mut bench.shared);
    assert_eq!(bench.job(), Job::Runs(RunsJob::List));
    bench.shared.now += 1;
    bench.panel.woke(&mut bench.shared);
    assert_eq!(bench.job(), Job::Runs(RunsJob::Show { run: "b".to_owned() }));
    let asked = bench.jobs().len();
    bench.act(Action::Open);
    assert_eq!(bench.jobs().len(), asked);
    bench.done(Reply::Run(Box::new(facts("b"))));
    assert!(matches!(bench.shared.layers[0].kind, LayerKind::Reader(_)));
    assert!(bench.panel.current_details().is_some());
    // On a narrow screen there is no pane to fill.
    bench.shared.size = (80, 24);
    bench.act(Action::Down);
    bench.shared.now += 10 * REST;
    bench.panel.woke(&mut bench.shared);
    assert_eq!(bench.jobs().len(), asked);
}

#[test]
fn details_tell_everything_of_a_run() {
    let lines = details::lines(&facts("c"), &list());
    let text = |label: &str| {
        lines
            .iter()
            .find(|line| line.label == label)
            .map(|line| line.text.as_str())
    };
    assert_eq!(text("F1"), Some("  0.9500    1.0000"));
    assert_eq!(
        text("test rows"),
        Some("1,200 caught, 3 missed, 4 false alarms, 5 let through rightly")
    );
    assert_eq!(text("grew from"), Some("a"));
    assert_eq!(text("weights"), Some("distance"));
    assert_eq!(text("training"), Some("    1.50 s"));
    assert_eq!(text("1.2 MB"), Some("model_trainer/model.bin"));
    let damaged = RunFacts {
        manifest: Err("manifest.json is torn".to_owned()),
        ..facts("c")
    };
    let lines = details::lines(&damaged, &list());
    assert_eq!(
        (lines[0].text.as_str(), lines[0].tone),
        ("manifest.json is torn", Tone::Bad)
    );
}

#[test]
fn rolling_back_needs_a_champion_before() {
    let mut bench = Bench::listed();
    bench.act(Action::Rollback);
    assert_eq!(bench.question().0, "Roll back to a?");
    bench.answer(Purpose::Rollback, Given::Yes);
    assert_eq!(bench.job(), Job::Runs(RunsJob::Rollback));
    bench.tell(Report::Failed(Failure::new("the registry is locked")));
    assert_eq!(bench.flash(), ("the registry is locked", true));
    assert!(bench.act(Action::Back) && bench.panel.failure.is_none());
    bench.panel.list.previous.clear();
    bench.act(Action::Rollback);
    assert!(bench.shared.layers.is_empty());
}

#[test]
fn the_champion_is_never_deleted() {
    let mut bench = Bench::listed();
    bench.on("c").act(Action::Delete);
    assert!(bench.shared.layers.is_empty() && bench.flash().1);
    bench.on("a").act(Action::Delete);
    let (_, consequences) = bench.question();
    assert_eq!(consequences.len(), 3, "{consequences:?}");
    bench.answer(Purpose::Delete("a".to_owned()), Given::Yes);
    assert_eq!(bench.job(), Job::Runs(RunsJob::Delete { run: "a".to_owned() }));
    bench.panel.list.runs[2].status = "running".to_owned();
    bench.on("b").act(Action::Delete);
    assert!(bench.shared.layers.is_empty());
}

#[test]
fn two_runs_are_compared_and_keys_are_about_the_second() {
    let mut bench = Bench::listed();
    bench.on("a").act(Action::Mark);
    bench.on("b").act(Action::Compare);
    let pair = |a: &str, b: &str| {
        Job::Runs(RunsJob::Compare {
            a: a.to_owned(),
            b: b.to_owned(),
        })
    };
    assert_eq!(bench.job(), pair("a", "b"));
    bench.tell(Report::Progress {
        done: 1,
        total: Some(4),
        note: "scores".to_owned(),
    });
    assert_eq!(bench.panel.comparing.as_ref().unwrap().progress, Some((1, 4)));
    bench.on("d");
    bench.done(Reply::Compared(Box::new(compared("a", "b"))));
    assert_eq!(bench.panel.current().unwrap().run_id, "b");
    bench.act(Action::Delete);
    assert!(bench.shared.layers.is_empty());
    bench.act(Action::Promote);
    bench.tell(Report::Failed(Failure::new("no verdicts")));
    assert_eq!(bench.question().0, "Make b champion?");
    bench.act(Action::Bottom);
    bench.act(Action::Copy);
    assert!(matches!(bench.shared.effects.last(), Some(Effect::Copy(text)) if text == "the same in both"));
    bench.act(Action::Back);
    assert_eq!(bench.panel.current().unwrap().run_id, "b");
    // Without a mark the champion is what one compares with.
    bench.act(Action::Back);
    bench.panel.marked = None;
    bench.on("a").act(Action::Compare);
    assert_eq!(bench.job(), pair("c", "a"));
    bench.act(Action::Back);
    assert!(matches!(bench.shared.effects.last(), Some(Effect::Cancel(ticket)) if ticket.kind == Kind::Compare));
    bench.on("c").act(Action::Compare);
    assert!(bench.flash().1);
}

#[test]
fn a_difference_is_real_where_its_interval_leaves_out_zero() {
    for (name, low, high, words) in [
        ("f1", 0.001, 0.02, "real: b is better"),
        ("f1", -0.02, -0.001, "real: a is better"),
        ("f1", -0.02, 0.02, "could be chance"),
        ("f1", 0.0, 0.02, "could be chance"),
        ("f1", f64::NAN, f64::NAN, "could be chance"),
        ("brier", -0.02, -0.001, "real: b is better"),
        ("brier", 0.001, 0.02, "real: a is better"),
    ] {
        assert_eq!(verdict(&metric(name, low, high)), words, "{name} {low} {high}");
    }
}

#[test]
fn a_comparison_begins_with_the_answer() {
    let mut compared = compared("a", "b");
    let lines = comparison::lines(&compared);
    assert_eq!(comparison::reach(&lines), 0.09);
    assert!(lines.contains(&Line::Both {
        name: "test.f1".to_owned(),
        a: "0.9000".to_owned(),
        b: "0.9500".to_owned(),
        difference: "+0.0500".to_owned(),
    }));
    assert!(lines.contains(&Line::Both {
        name: "k".to_owned(),
        a: "5".to_owned(),
        b: "-".to_owned(),
        difference: String::new(),
    }));
    compared.paired = Err("only 12 test rows are new to both".to_owned());
    let lines = comparison::lines(&compared);
    let warnings = lines
        .iter()
        .filter(|line| matches!(line, Line::Note { warning: true, .. }));
    assert_eq!(warnings.count(), 2);
}

#[test]
fn only_a_run_with_a_model_is_shown_in_training() {
    let mut bench = Bench::listed();
    bench.on("d").act(Action::Run);
    assert!(bench.shared.commands.is_empty() && bench.flash().1);
    bench.on("b").act(Action::Run);
    let expected = [Command::ShowRun("b".to_owned()), Command::Show(Panel::Training)];
    assert_eq!(bench.shared.commands, expected);
}

proptest! {
    #[test]
    fn no_order_of_keys_and_news_panics(steps in prop::collection::vec((0usize..14, 0usize..200, 1u16..200, 0u16..60), 0..60)) {
        let mut bench = Bench::new();
        for (kind, action, width, height) in steps {
            let report = match kind {
                0 => Report::Done(Box::new(Reply::Runs(list()))),
                1 => Report::Done(Box::new(Reply::Runs(RunsList::default()))),
                2 => Report::Done(Box::new(Reply::Compared(Box::new(compared("a", "b"))))),
                3 => Report::Done(Box::new(Reply::Run(Box::new(facts("c"))))),
                4 => Report::Failed(Failure::new("no")),
                5 => Report::Cancelled,
                6 => {
                    bench.shared.size = (width, height);
                    bench.shared.now += u64::from(width);
                    bench.panel.woke(&mut bench.shared);
                    continue;
                }
                7 => {
                    bench.filter(["", "knn", "nothing"][action % 3]);
                    continue;
                }
                _ => {
                    bench.act(Action::ALL[action % Action::ALL.len()]);
                    continue;
                }
            };
            bench.tell(report);
            prop_assert!(bench.panel.cursor.at < bench.panel.visible.len().max(1));
        }
    }
}
