//! Sessions about the dialogs of Review: scoring a file, watched files, exports, suppression rules; and the question before
//! a promotion.

use std::path::PathBuf;

use nsec_tui::tui::app::{Effect, Panel};
use nsec_tui::worker::{
    ExportScope, Flip, Job, JudgedFlips, Kind, ModelSummary, OpenedReview, PipelineJob, PredictPlan, PredictSummary,
    QueueView, Reply, Report, ReviewJob, ReviewPage, RiskCounts, RowId, RunLine, RunsList, StoreState, SuppressionRule,
    Survey, WatchedFile, WhatIf,
};
use serde_json::json;

use super::session::Session;
use super::world::{World, done, failed, survey};

fn runs() -> RunsList {
    let run = |id: &str, status: &str, model: &str| RunLine {
        run_id: id.to_owned(),
        status: status.to_owned(),
        aliases: Vec::new(),
        started_at: Some("2026-11-27T08:00:00.000Z".to_owned()),
        model: Some(model.to_owned()),
        data: None,
        rows: Some(11_055),
        test_f1: Some(0.95),
        test_pr_auc: Some(0.99),
        seconds: Some(12.5),
        parent: None,
    };
    RunsList {
        champion: Some("20261127T080000Z-0001".to_owned()),
        previous: Vec::new(),
        serving: None,
        runs: vec![
            run("20261127T090000Z-0003", "failed", "random_forest"),
            run("20261127T083000Z-0002", "finished", "logistic\u{1b}[2Jregression"),
            run("20261127T080000Z-0001", "finished", "gradient_boosting"),
        ],
    }
}

fn summary(output: &str, rejected: u64) -> PredictSummary {
    PredictSummary {
        rows: 120_400,
        flagged: 3_120,
        rejected,
        output: output.to_owned(),
        rejects: output.replace(".csv", ".rejects.csv"),
        model: ModelSummary {
            run_id: "20261127T080000Z-0001".to_owned(),
            name: "gradient_boosting".to_owned(),
        },
        threshold: Some(0.41),
        risk: RiskCounts::default(),
        seconds: 2.5,
        rows_per_second: 48_160.0,
        tied_out: 0,
        kept_old: None,
        notes: Vec::new(),
        drift: Vec::new(),
    }
}

/// A scored file without cases in the queue: what stands behind dialogs matters little.
fn opened(path: &str) -> OpenedReview {
    OpenedReview {
        path: PathBuf::from(path),
        name: "output.csv".to_owned(),
        schema: "phishing".to_owned(),
        run: "20261127T080000Z-0001".to_owned(),
        without_model: None,
        threshold: Some(0.41),
        columns: Vec::new(),
        rows: 120_398,
        cases: 64_000,
        flagged: 2_200,
        risk: [60_000, 1_800, 1_200, 1_000],
        rejected: Some((2, PathBuf::from("/srv/phishing/prediction_output/rejects.csv"))),
        label_audit: false,
        analyst: "mira".to_owned(),
        store: StoreState::Ready,
        reasons: Vec::new(),
        tags: Vec::new(),
        list_columns: Vec::new(),
        saved_queues: Vec::new(),
        bulk_confirm: 50,
        suppression_days: 30,
    }
}

fn world() -> World {
    World::new()
        .on(Kind::Runs, |_| done(Reply::Runs(runs())))
        .on(Kind::Review, |job| match job {
            Job::Review(ReviewJob::Open { path }) => {
                let path = path
                    .clone()
                    .unwrap_or_else(|| PathBuf::from("/srv/phishing/prediction_output/output.csv"));
                done(Reply::ReviewOpened(Box::new(opened(path.to_str().unwrap()))))
            }
            _ => Vec::new(),
        })
        .on(Kind::Queue, |job| match job {
            Job::Review(ReviewJob::Arrange { queue, filters, .. }) => done(Reply::Queue(QueueView {
                number: 1,
                queue: queue.clone(),
                filters: filters.clone(),
                ..QueueView::default()
            })),
            _ => Vec::new(),
        })
        .on(Kind::Cases, |_| {
            done(Reply::Cases(ReviewPage {
                first: 0,
                rows: Vec::new(),
            }))
        })
}

fn predict_plan(session: &mut Session) -> PredictPlan {
    let plan = session.effects().into_iter().find_map(|effect| match effect {
        Effect::Submit(_, Job::Pipeline(PipelineJob::Predict(plan))) => Some(plan),
        _ => None,
    });
    plan.unwrap()
}

fn review_job(session: &mut Session, kind: Kind) -> Option<ReviewJob> {
    session.effects().into_iter().find_map(|effect| match effect {
        Effect::Submit(ticket, Job::Review(job)) if ticket.kind == kind => Some(job),
        _ => None,
    })
}

fn progress(done: u64, total: Option<u64>) -> Report {
    Report::Progress {
        done,
        total,
        note: "rows scored".to_owned(),
    }
}

#[test]
fn a_file_is_scored_from_data_and_reviewed() {
    let mut session = Session::new(world());
    session.keys("1 P").shows("score").shows_plain("score");
    // A path is completed, a wrong value is refused where it stands.
    session.keys("ctrl-u").typed("fl").shows("score-completes");
    session
        .keys("right")
        .typed("c")
        .keys("right down right down right down")
        .typed("2")
        .keys("enter");
    session.shows("score-refused");
    session.keys("ctrl-u").typed("0.5").keys("enter");
    let plan = predict_plan(&mut session);
    assert_eq!(plan.path, Some(PathBuf::from("flows.csv.gz")));
    assert_eq!(
        (plan.threshold, plan.alerts, plan.model.as_str()),
        (Some(0.5), None, "20261127T083000Z-0002")
    );
    session.tell(Kind::Predict, &progress(0, Some(120_400)));
    session.wait(3_000);
    session
        .tell(Kind::Predict, &progress(90_300, Some(120_400)))
        .shows("scoring");
    session.keys("P");
    assert!(session.text().contains("is being scored already"));
    let output = "/srv/phishing/prediction_output/output.csv";
    session.wait(10_000);
    let end = done(Reply::Predicted(Box::new(summary(output, 2)))).remove(0);
    session.tell(Kind::Predict, &end).shows("scored");
    assert_eq!(session.consoles[0].app.panel, Panel::Review);
    session.replays();
    session.effects();
    session.keys("R");
    assert_eq!(session.consoles[0].app.panel, Panel::Data);
    let opened = session.effects().into_iter().any(|effect| {
        matches!(effect, Effect::Submit(t, job) if t.kind == Kind::Open && format!("{job:?}").contains("rejects.csv"))
    });
    assert!(opened);
}

#[test]
fn scoring_that_fails_is_mended_in_the_same_dialog() {
    let mut session = Session::new(world());
    session.keys("4 P down down right right down").typed("50").keys("enter");
    let plan = predict_plan(&mut session);
    assert_eq!((plan.alerts, plan.model.as_str()), (Some(50), "champion"));
    session.tell(Kind::Predict, &failed("new.csv: no such file\u{1b}[2J", &[]).remove(0));
    assert!(session.text().contains("is not scored: new.csv: no such file"));
    session.keys("P").shows("score-again");
    session.keys("enter");
    assert_eq!(predict_plan(&mut session), plan);
    session.effects();
    session.keys("ctrl-c");
    assert!(
        session
            .effects()
            .iter()
            .any(|e| matches!(e, Effect::Cancel(t) if t.kind == Kind::Predict))
    );
    session.tell(Kind::Predict, &Report::Cancelled);
    assert!(session.text().contains("scoring was stopped"));
}

#[test]
fn without_a_model_nothing_is_scored_and_whoever_left_is_not_pulled_back() {
    let world = World::new().on(Kind::Runs, |_| done(Reply::Runs(RunsList::default())));
    let mut session = Session::new(world);
    session.keys("1 P");
    assert!(session.text().contains("there is no model to score with yet"));
    let mut session = Session::new(self::world());
    session.keys("1 P enter 6");
    let end = done(Reply::Predicted(Box::new(summary("/srv/x.csv", 0)))).remove(0);
    session.tell(Kind::Predict, &end);
    assert_eq!(session.consoles[0].app.panel, Panel::Logs);
    assert!(session.text().contains("4 shows them"));
}

#[test]
fn watched_files_are_told_and_listed() {
    let world = world().on(Kind::Survey, |_| {
        done(Reply::Survey(Survey {
            watched: Some("/var/spool/flows".to_owned()),
            ..survey()
        }))
    });
    let mut session = Session::new(world);
    let watch = session.effects();
    assert!(
        watch
            .iter()
            .any(|e| matches!(e, Effect::Submit(_, Job::Pipeline(PipelineJob::Watch))))
    );
    session.keys("4 W");
    assert!(session.text().contains("nothing has come into /var/spool/flows yet"));
    let file = |name: &str, at: &str, earlier, outcome| {
        Report::Watched(WatchedFile {
            name: name.to_owned(),
            at: format!("2026-11-27T{at}:07.123Z"),
            earlier,
            outcome,
        })
    };
    session.tell(
        Kind::Watch,
        &file("old.csv", "08:00", true, Ok(summary("/srv/old.csv", 0))),
    );
    assert!(!session.text().contains("old.csv"));
    session.tell(
        Kind::Watch,
        &file("new\u{1b}[2J.csv", "09:12", false, Ok(summary("/srv/new.csv", 3))),
    );
    session.shows("watched-told");
    let reason = Err("bad.csv: no column URL_Length".to_owned());
    session.tell(Kind::Watch, &file("bad.csv", "09:30", false, reason));
    session.keys("W").shows("watched-list").shows_plain("watched-list");
    session.keys("enter");
    assert!(
        session
            .text()
            .contains("there is nothing to review: bad.csv: no column")
    );
    session.effects();
    session.keys("W down enter");
    let job = review_job(&mut session, Kind::Review);
    assert_eq!(
        job,
        Some(ReviewJob::Open {
            path: Some(PathBuf::from("/srv/new.csv"))
        })
    );
}

#[test]
fn cases_are_written_and_a_file_is_replaced_only_when_asked() {
    let mut session = Session::new(world());
    session.keys("4 e").shows("review-export").shows_plain("review-export");
    session.effects();
    session.keys("right right down right right enter");
    let expected = |replace| ReviewJob::Export {
        format: "stix".to_owned(),
        scope: ExportScope::Judged,
        path: PathBuf::from("/srv/phishing/prediction_output/output-judged.stix.json"),
        replace,
    };
    assert_eq!(review_job(&mut session, Kind::Handover), Some(expected(false)));
    session.tell(Kind::Handover, &failed("/srv/x: is there already", &[]).remove(0));
    session.shows("review-export-replaces");
    session.keys("y");
    assert_eq!(review_job(&mut session, Kind::Handover), Some(expected(true)));
    let written = |without_indicator| {
        done(Reply::RowsWritten {
            path: PathBuf::from("/srv/x.json"),
            rows: 1_204,
            without_indicator,
        })
    };
    session.tell(Kind::Handover, &written(0)[0]);
    assert!(session.text().contains("1,204 rows written to /srv/x.json"));
    // What the format has no place for is no row that was written.
    session.keys("e right right enter");
    session.tell(Kind::Handover, &written(1_200)[0]);
    assert!(
        session
            .text()
            .contains("4 of 1,204 rows written, the others have no URL, domain or address"),
        "{}",
        session.text()
    );
    // Not over what is under review.
    session
        .keys("e down down")
        .typed("/srv/phishing/prediction_output/output.csv")
        .keys("enter");
    assert!(session.text().contains("under review; name another one"));
    session.keys("ctrl-u").typed("-").keys("enter esc");
}

fn rule(id: u8, condition: &str, withdrawn: bool) -> SuppressionRule {
    let withdrawn = withdrawn.then(|| json!(["2026-11-20T10:00:00.000Z", "omar"]));
    serde_json::from_value(json!({
        "id": format!("018f0000-0000-7000-8000-0000000000{id:02x}"), "schema": "phishing", "condition": condition,
        "owner": "mira", "reason": "own\u{1b}[2J resolver", "made_at": "2026-11-01T10:00:00.000Z",
        "expires_at": "2026-12-01T10:00:00.000Z", "withdrawn": withdrawn, "hits": 12_345,
    }))
    .unwrap()
}

#[test]
fn a_rule_is_weighed_before_it_is_kept() {
    let world = world()
        .on(Kind::Rules, |_| {
            done(Reply::Rules(vec![
                (rule(1, "port = 53", false), 210),
                (rule(2, "URL_Length = 1", true), 0),
            ]))
        })
        .on(Kind::WhatIf, |job| match job {
            Job::Review(ReviewJob::WhatIf { condition }) if condition.contains("prot") => {
                failed("at character 1: there is no column `prot`; did you mean `port`?", &[])
            }
            _ => done(Reply::WhatIf(WhatIf {
                judged: 41,
                true_positives: 3,
                benign: 30,
                rows_now: 1_204,
            })),
        });
    let mut session = Session::new(world);
    session.keys("4 S").shows("rules").shows_plain("rules");
    session
        .keys("enter")
        .typed("prot = 53")
        .keys("down")
        .typed("own resolver")
        .keys("enter")
        .shows("rule-refused");
    session
        .keys("ctrl-u")
        .typed("port = 53")
        .keys("enter")
        .shows("rule-weighed")
        .shows_plain("rule-weighed");
    // Enter is no.
    session.effects();
    session.keys("enter");
    assert_eq!(review_job(&mut session, Kind::Rules), None);
    session
        .keys("S enter")
        .typed("port = 53")
        .keys("down")
        .typed("own resolver")
        .keys("down ctrl-u")
        .typed("7");
    session.keys("enter y").shows("rule-weighed-again");
    session.effects();
    session.keys("y");
    let kept = ReviewJob::AddRule {
        condition: "port = 53".to_owned(),
        reason: "own resolver".to_owned(),
        days: 7,
    };
    assert_eq!(review_job(&mut session, Kind::Rules), Some(kept));
    assert!(session.text().contains("the rule is kept"));
    session.replays();
    session.keys("S down enter").shows("rule-withdraw");
    session.effects();
    session.keys("y");
    assert!(matches!(
        review_job(&mut session, Kind::Rules),
        Some(ReviewJob::WithdrawRule { .. })
    ));
    session.keys("S down down enter");
    assert!(session.text().contains("omar withdrew it on 2026-11-20"));
}

#[test]
fn a_promotion_that_makes_something_worse_is_answered_with_no_by_enter() {
    let flip = |at| Flip {
        row: RowId(at),
        before: 0.91,
        after: 0.12,
        analyst: "mira\u{1b}[2J".to_owned(),
    };
    let flips = JudgedFlips {
        champion: "20261127T080000Z-0001".to_owned(),
        run: "20261127T083000Z-0002".to_owned(),
        judged: 312,
        lost: (0..2).map(flip).collect(),
        cleared: (2..7).map(flip).collect(),
        ..JudgedFlips::default()
    };
    let mut session = Session::new(world());
    session.keys("5 j p").shows("promote-weighing");
    let reply = done(Reply::Flips(Box::new(flips))).remove(0);
    session
        .tell(Kind::Flips, &reply)
        .shows("promote-worse")
        .shows_plain("promote-worse");
    session.keys("l").shows("promote-rows");
    session.keys("esc").shows("promote-worse");
    session.effects();
    session.keys("enter");
    let promoted = |session: &mut Session| {
        let effects = session.effects();
        effects
            .iter()
            .any(|e| matches!(e, Effect::Submit(t, _) if t.kind == Kind::Registry))
    };
    assert!(!promoted(&mut session));
    session.keys("p").tell(Kind::Flips, &reply).keys("y");
    assert!(promoted(&mut session));
}
