//! Sessions about Training.

use nsec_tui::event::{Event, Level};
use nsec_tui::metrics::{Metrics, ThresholdRule};
use nsec_tui::pipeline::training::MovedThreshold;
use nsec_tui::tui::app::{Command, Effect, Panel};
use nsec_tui::worker::{Job, Kind, PipelineJob, Reply, Report, RunsJob, Survey};

use super::session::Session;
use super::trained::{self, MOVED, RUN};
use super::world::{World, done, failed, plan, survey};

/// A workspace that knows the scores of every run it is asked about.
fn world() -> World {
    World::new().on(Kind::Scores, |job| match job {
        Job::Runs(RunsJob::Scores { run }) => done(Reply::Run(Box::new(trained::facts(run, ThresholdRule::F1)))),
        _ => Vec::new(),
    })
}

/// The same, with a champion, so that Training has a run to show.
fn world_with_a_run() -> World {
    world().on(Kind::Survey, |_| {
        let survey = Survey {
            champion: Some(RUN.to_owned()),
            runs: 1,
            ..survey()
        };
        done(Reply::Survey(survey))
    })
}

/// A session in which a run was started with the dialog as it is.
fn started() -> Session {
    let mut session = Session::new(world());
    session.keys("3 enter enter");
    session
}

fn events(session: &mut Session, events: Vec<Event>) {
    session.tell(Kind::Train, &Report::Events(events));
}

fn jobs(session: &mut Session) -> Vec<Job> {
    let job = |effect| match effect {
        Effect::Submit(_, job) => Some(job),
        _ => None,
    };
    session.effects().into_iter().filter_map(job).collect()
}

fn metrics() -> Metrics {
    trained::scores(ThresholdRule::F1).metrics.test.metrics
}

#[test]
fn without_a_run_three_lines_say_which_key_does_what() {
    let mut session = Session::new(World::new());
    session.keys("3").shows("training-first-start");
    session.replays();
}

#[test]
fn enter_twice_trains_as_the_settings_have_it() {
    let mut session = Session::new(world());
    session.keys("3 enter").shows("training-dialog");
    session.effects();
    session.keys("enter");
    let expected = Job::Pipeline(PipelineJob::Train(plan()));
    assert_eq!(jobs(&mut session), [expected]);
    session.keys("enter");
    assert!(jobs(&mut session).is_empty());
    assert!(session.text().contains("a run is going already"), "{}", session.text());
    session.replays();
}

#[test]
fn a_dialog_with_a_mistake_stays_and_says_which() {
    let mut session = Session::new(world());
    // Only random forest, a test share that is too large, and a rule that is none.
    session.keys("3 enter tab space right right space");
    session.keys("tab tab tab tab backspace 9 tab tab x enter");
    session.shows("training-dialog-mistakes");
    session.keys("backspace 5 tab tab backspace enter");
    let mut expected = plan();
    expected.models = vec!["random_forest".to_owned()];
    expected.test_fraction = 0.5;
    let text = session.text();
    assert!(
        jobs(&mut session).contains(&Job::Pipeline(PipelineJob::Train(expected))),
        "{text}"
    );
    session.replays();
}

#[test]
fn a_run_is_watched_from_anywhere() {
    let mut session = started();
    session.shows("training-begins");
    events(&mut session, trained::up_to_training(0));
    session.wait(10_000);
    events(
        &mut session,
        trained::trial("logistic_regression", 1, &[0.97, 0.968], Some(0.969)),
    );
    events(
        &mut session,
        trained::trial("gradient_boosting", 1, &[0.991, 0.987], Some(0.989)),
    );
    let skipped = Event::ModelSkipped {
        model: "random_forest".to_owned(),
        reason: "too few \u{1b}[31mrows".to_owned(),
    };
    events(&mut session, vec![skipped, trained::progress(10)]);
    events(&mut session, trained::trial("gradient_boosting", 2, &[0.99], None));
    events(&mut session, trained::iterations(2, 2, 1..=45, 300));
    session.wait(2_000);
    session.shows("training-goes").shows_plain("training-goes");
    // A second a fold, 140 to go, of which one should have been done by now.
    assert!(session.text().contains("about 2:19 left"), "{}", session.text());
    session.keys("1");
    assert!(
        session
            .text()
            .contains("training 10/150, about 2:19 left, gradient_boosting 2/10")
    );
    session.keys("3 h h h").shows("training-value-cursor");
    session.keys("esc L w").shows("training-log-smooth");
    session.replays();
}

#[test]
fn ten_thousand_iterations_stay_exact_at_the_last_and_the_best() {
    let mut session = started();
    events(&mut session, trained::up_to_training(0));
    for chunk in 0..20 {
        let iterations = trained::iterations(1, 1, chunk * 500 + 1..=(chunk + 1) * 500, 10_000);
        events(&mut session, iterations);
    }
    let text = session.text();
    let best = trained::losses(53).1;
    assert!(text.contains(&format!("best {best:.4} at 53")), "{text}");
    let (_, series) = session.consoles[0].app.training.shown_series().unwrap();
    assert!(series.buckets().len() <= 1024);
    assert_eq!(series.last().unwrap().iteration, 10_000);
    session.shows("training-many-iterations");
}

#[test]
fn a_run_stops_after_its_stage_when_asked_to() {
    let mut session = started();
    events(&mut session, trained::up_to_training(30));
    session.keys("S S");
    let stops = session
        .effects()
        .iter()
        .filter(|e| matches!(e, Effect::StopAfterStage(_)))
        .count();
    assert_eq!(stops, 1);
    assert!(session.text().contains("stops after this stage"));
    session.tell(Kind::Train, &Report::Cancelled);
    session.shows("training-stopped");
    // Nothing ticks any more.
    session.effects();
    session.wait(10_000);
    assert!(
        session
            .effects()
            .iter()
            .all(|effect| !matches!(effect, Effect::WakeAt(_)))
    );
    session.replays();
}

#[test]
fn a_run_is_cancelled_now() {
    let mut session = started();
    events(&mut session, trained::up_to_training(30));
    session.keys("K");
    assert!(
        session
            .effects()
            .iter()
            .any(|effect| matches!(effect, Effect::Cancel(_)))
    );
    session.tell(Kind::Train, &Report::Cancelled);
    assert!(session.text().contains("cancelled"), "{}", session.text());
    session.keys("K");
    assert!(session.text().contains("no run is going"));
    session.keys("enter enter");
    assert!(jobs(&mut session).contains(&Job::Pipeline(PipelineJob::Train(plan()))));
}

#[test]
fn a_failure_is_shown_with_the_lines_of_the_log() {
    let mut session = started();
    events(&mut session, trained::up_to_training(30));
    let message = "cannot write Artifacts/x: no space left on device; free some and train again";
    let details = [
        "caused by: No space left",
        "12:00:01 ERROR \u{1b}]52;c;aGk=\u{7}stage failed",
    ];
    session.tell(Kind::Train, &failed(message, &details)[0]);
    session.shows("training-failed").shows_plain("training-failed");
    assert!(session.text().contains("\\x1b]52"), "{}", session.text());
    session.replays();
}

#[test]
fn what_a_finished_run_scored_is_shown_at_once() {
    let mut session = started();
    let mut news = trained::up_to_training(150);
    news.push(Event::Message {
        level: Level::Warning,
        text: "training F1 is above test F1".to_owned(),
    });
    events(&mut session, news);
    session.tell(
        Kind::Train,
        &Report::Done(Box::new(Reply::Trained(Box::new(trained::outcome())))),
    );
    session.wait(5_000).shows("training-finished");
    for view in ["roc", "pr", "calibration", "gain", "confusion", "importances"] {
        session.keys("v").shows(&format!("training-{view}"));
    }
    session.keys("v").keys("v 0 l*30").shows("training-roc-cursor");
    session.keys("j j y");
    let copied = session.effects().into_iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text),
        _ => None,
    });
    assert_eq!(
        copied.as_deref(),
        Some("random_forest\t0.9897\ttrained\t10\t0.42\tdepth=6 learning_rate=0.1")
    );
    session.replays();
}

#[test]
fn the_dial_says_what_a_threshold_does_and_enter_takes_it() {
    let mut session = Session::new(world_with_a_run());
    session.keys("3 d").shows("training-dial");
    session.keys("enter");
    assert!(session.text().contains("that is the model's threshold already"));
    session
        .keys("L L l")
        .shows("training-dial-moved")
        .shows_plain("training-dial-moved");
    session
        .keys("c ctrl-u")
        .typed("1,20")
        .keys("enter m")
        .shows("training-dial-cheapest");
    session.keys("a").typed("100").keys("enter");
    // 100 of 1,000 rows are 40 of these 400.
    assert!(
        session.text().contains("alerts: 100.0 in 1,000 rows"),
        "{}",
        session.text()
    );
    session.keys("enter").shows("training-dial-question");
    session.effects();
    session.keys("y");
    let asked = jobs(&mut session);
    let [Job::Pipeline(PipelineJob::MoveThreshold { run, threshold })] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(run, RUN);
    let stop = session.consoles[0].app.training.open_dial().unwrap().2;
    assert_eq!((stop.threshold, stop.counts.flagged()), (*threshold, 40));
    let moved = MovedThreshold {
        run_id: MOVED.to_owned(),
        promoted: true,
        test: metrics(),
    };
    session.tell(
        Kind::Threshold,
        &Report::Done(Box::new(Reply::ThresholdMoved(Box::new(moved)))),
    );
    assert!(session.text().contains(&format!("run {MOVED} ")), "{}", session.text());
    assert_eq!(session.consoles[0].app.training.shown_run().as_deref(), Some(MOVED));
    session.replays();
}

#[test]
fn a_threshold_that_cannot_be_moved_stays() {
    let mut session = Session::new(world_with_a_run());
    session.keys("3 d G enter y");
    session.tell(Kind::Threshold, &failed("the run is damaged", &[])[0]);
    assert!(
        session
            .text()
            .contains("the threshold is as it was: the run is damaged")
    );
    session.keys("b enter");
    assert!(
        session.text().contains("that is the model's threshold already"),
        "{}",
        session.text()
    );
    session.keys("esc").keys("esc");
    assert!(session.consoles[0].app.training.open_dial().is_none());
}

#[test]
fn blocked_training_says_why_and_leads_to_validation() {
    let mut session = Session::new(world());
    for console in &mut session.consoles {
        console.app.shared.blocked = Some("3 of 11,055 rows have no label; at most 0 may".to_owned());
    }
    session.keys("3 enter").shows("training-blocked");
    session.effects();
    session.keys("y");
    assert!(jobs(&mut session).iter().all(|job| job.kind() != Kind::Train));
    assert_eq!(session.consoles[0].app.panel, Panel::Validation);
}

#[test]
fn runs_without_scores_or_thresholds_say_so() {
    let world = World::new().on(Kind::Scores, |job| match job {
        Job::Runs(RunsJob::Scores { run }) if run == RUN => {
            let mut facts = trained::facts(run, ThresholdRule::F1);
            if let Ok(scores) = &mut facts.scores {
                scores.metrics.dial = None;
                scores.metrics.importances.clear();
                scores.learning_curves.clear();
            }
            done(Reply::Run(Box::new(facts)))
        }
        Job::Runs(RunsJob::Scores { run }) => {
            let mut facts = trained::facts(run, ThresholdRule::F1);
            facts.scores = Err("metrics.json is damaged".to_owned());
            done(Reply::Run(Box::new(facts)))
        }
        _ => Vec::new(),
    });
    let mut session = Session::new(world);
    let show = |session: &mut Session, run: &str| {
        for console in &mut session.consoles {
            console.app.shared.request(Command::ShowRun(run.to_owned()));
        }
        session.keys("3");
    };
    show(&mut session, RUN);
    session.keys("d");
    assert!(
        session.text().contains("this run has kept no thresholds"),
        "{}",
        session.text()
    );
    show(&mut session, MOVED);
    session.keys("v").shows("training-unreadable");
    session.keys("d G enter");
}

#[test]
fn another_run_is_looked_at_while_one_goes() {
    let mut session = started();
    events(&mut session, trained::up_to_training(30));
    for console in &mut session.consoles {
        console.app.shared.request(Command::ShowRun(MOVED.to_owned()));
    }
    session.keys("j").shows("training-another-run");
    assert_eq!(session.consoles[0].app.training.shown_run().as_deref(), Some(MOVED));
    // What the run answers does not take the other one away.
    session.keys("esc esc");
    assert!(session.text().contains("30/150"), "{}", session.text());
    for console in &mut session.consoles {
        console.app.shared.request(Command::ShowRun(MOVED.to_owned()));
    }
    session.keys("v");
    session.tell(
        Kind::Train,
        &Report::Done(Box::new(Reply::Trained(Box::new(trained::outcome())))),
    );
    assert_eq!(session.consoles[0].app.training.shown_run().as_deref(), Some(MOVED));
    session.keys("esc");
    assert_eq!(session.consoles[0].app.training.shown_run().as_deref(), Some(RUN));
}
