//! Sessions about the team's server: the indicator, the dialog, who looks at what in Review, the team's runs, and what a
//! recording has of a password.

use std::path::PathBuf;

use nsec_tui::tui::app::{Effect, Message, Timed};
use nsec_tui::tui::run::record::Recorder;
use nsec_tui::worker::{
    Claim, Failure, Hearing, Job, Kind, Link, Reply, Report, RunLine, RunsList, Survey, TeamJob, TeamRunLine, TeamRuns,
    TeamState, TeamTest,
};
use serde_json::json;

use super::review_world::{id, reviewing, setup};
use super::session::Session;
use super::world::{World, done, failed, survey};

const SERVER: &str = "db.example:27017/team";

fn state(backlog: u64, link: Link) -> TeamState {
    TeamState {
        server: SERVER.to_owned(),
        link,
        backlog,
        refused: 0,
        sent: 1_204,
        received: 87,
        claims: Vec::new(),
    }
}

fn live(backlog: u64) -> TeamState {
    let link = Link::Live {
        latency_ms: 4.2,
        hearing: Hearing::Stream,
    };
    state(backlog, link)
}

fn lost(backlog: u64) -> TeamState {
    let why = "db.example:27017: nothing listens there; is the server running? \u{1b}[2J".to_owned();
    state(backlog, Link::Lost { why, retry_seconds: 8 })
}

fn claim(row: &str, schema: &str, analyst: &str) -> Claim {
    serde_json::from_value(json!({"schema": schema, "row": row, "analyst": analyst, "since": "2026-11-27T12:03:44.1Z"}))
        .unwrap()
}

/// A workspace whose settings name a server.
fn named(world: World) -> World {
    world
        .on(Kind::Survey, |_| {
            done(Reply::Survey(Survey {
                team: Some(SERVER.to_owned()),
                ..survey()
            }))
        })
        .on(Kind::Team, |job| match job {
            Job::Team(TeamJob::Leave) => done(Reply::Team(None)),
            _ => done(Reply::Team(Some(state(0, Link::Connecting)))),
        })
}

fn tested() -> TeamTest {
    TeamTest {
        server: "db.example:27017".to_owned(),
        version: "7.0.2".to_owned(),
        topology: "replica set rs0".to_owned(),
        latency_ms: 4.21,
        user: Some("ann\u{202e}".to_owned()),
        database: "team".to_owned(),
        read: true,
        write: false,
        tls: true,
    }
}

#[test]
fn without_a_server_nothing_is_said_of_one() {
    let session = Session::new(World::new());
    assert!(!session.text().contains("team"), "{}", session.text());
}

#[test]
fn the_indicator_is_in_every_panel() {
    let mut session = Session::new(named(World::new()));
    session.shows("team-connecting");
    session.tell(Kind::Team, &Report::Team(live(0)));
    for panel in ["1", "2", "3", "4", "5", "6"] {
        session.keys(panel);
        assert!(session.text().contains("team ✓"), "{panel}: {}", session.text());
    }
    session
        .keys("1")
        .tell(Kind::Team, &Report::Team(live(3)))
        .shows("team-live");
    session
        .tell(Kind::Team, &Report::Team(lost(12)))
        .shows("team-lost")
        .shows_plain("team-lost");
    // What was just said has the line, and the number stays.
    session.keys("alt-m");
    assert!(session.text().contains("team ✗"), "{}", session.text());
    session.wait(9_000).replays();
    session.resize(60, 15);
    assert!(session.text().contains("team ✗ lost, 12 waiting"), "{}", session.text());
}

#[test]
fn a_server_that_is_not_joined_is_told_of_once() {
    let world = named(World::new()).on(Kind::Team, |_| {
        failed("db.example:27017 asks for a login: give a password", &[])
    });
    let mut session = Session::new(world);
    session.shows("team-not-joined");
    session.wait(9_000);
    assert!(session.text().contains("not joined"));
    assert!(!session.text().contains("asks for a login"));
    session.keys("M").shows("team-dialog-not-joined");
}

#[test]
fn the_dialog_connects_and_tests() {
    let world = World::new()
        .on(Kind::TeamTest, |_| Vec::new())
        .on(Kind::Team, |job| match job {
            Job::Team(TeamJob::Leave) => done(Reply::Team(None)),
            _ => done(Reply::Team(Some(state(0, Link::Connecting)))),
        });
    let mut session = Session::new(world);
    session.keys("M").shows("team-dialog").shows_plain("team-dialog");
    session.typed("mongodb://ann:secret@db.example/team").keys("enter");
    session.shows("team-dialog-password-in-address");
    session.keys("ctrl-u").typed("mongodb://ann@db.example/team");
    session.keys("tab").typed("Zebra 7").shows("team-dialog-password");
    session.shows_plain("team-dialog-password");
    session.keys("tab left enter").shows("team-dialog-testing");
    session
        .tell(Kind::TeamTest, &done(Reply::TeamTested(tested()))[0])
        .shows("team-dialog-tested");
    session.keys("enter");
    let why = "db.example:27017 takes connections but did not answer for 3 s: it may be frozen or far away; try again, or ask \
               whoever runs it";
    let failure = Failure {
        message: why.to_owned(),
        details: vec![
            "first \u{1b}[2J detail".to_owned(),
            "second".to_owned(),
            "third".to_owned(),
        ],
    };
    session
        .tell(Kind::TeamTest, &Report::Failed(failure))
        .shows("team-dialog-test-failed");
    session.keys("right enter");
    session
        .tell(Kind::Team, &Report::Team(live(3)))
        .shows("team-dialog-joined");
    session
        .tell(Kind::Team, &Report::Team(lost(12)))
        .shows("team-dialog-lost");
    session.replays();
    session.keys("esc");
    assert!(session.text().contains("team ✗ lost, 12 waiting"), "{}", session.text());
}

#[test]
fn a_recording_on_disk_holds_no_password_and_is_played_again() {
    let mut session = Session::new(World::new());
    session.keys("M tab");
    let directory = tempfile::tempdir().unwrap();
    let path: PathBuf = directory.path().join("session.ndjson");
    // With everything that stands in cells: a password is left out all the same.
    let mut recorder = Recorder::create(&path, true).unwrap();
    let password = "Zebra 7 stripes";
    for c in password.chars() {
        let message = Message::Key(nsec_tui::tui::key::KeyPress::char(c));
        let instead = session.consoles[0].app.for_recording(&message);
        for message in instead.unwrap_or_else(|| vec![message.clone()]) {
            recorder.take(&Timed { at: 1, message });
        }
        session.send(&message);
    }
    recorder.flush();
    let text = std::fs::read_to_string(&path).unwrap();
    let messages: Vec<Timed> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(messages.len(), password.len());
    assert!(
        messages.iter().all(|timed| timed.message == messages[0].message),
        "{text}"
    );
    session.replays();
}

#[test]
fn review_says_who_looks_and_what_waits() {
    let mut session = Session::new(named(reviewing(World::new(), setup(1_204))));
    session.keys("4").wait(5_000);
    let schema = "phishing";
    let mut told = live(3);
    told.claims = vec![
        claim(&id(0).to_string(), schema, "mira"),
        claim(&id(2).to_string(), schema, "om\u{1b}[2Jar"),
        // Of another schema: another case.
        claim(&id(4).to_string(), "flows", "zoe"),
    ];
    session
        .tell(Kind::Team, &Report::Team(told.clone()))
        .shows("review-claims");
    session.shows_plain("review-claims");
    session.keys("enter");
    assert!(
        session.text().contains("mira looks at this now (since 12:03)"),
        "{}",
        session.text()
    );
    session.keys("esc space k").wait(5_000).shows("review-claims-marked");
    told.claims.clear();
    told.link = lost(12).link;
    told.backlog = 12;
    session.tell(Kind::Team, &Report::Team(told)).shows("review-team-lost");
    assert!(!session.text().contains("looks at this"), "{}", session.text());
    session.replays();
}

fn shared_run(at: usize, by: &str) -> TeamRunLine {
    TeamRunLine {
        run_id: format!("20261127T08{at:02}00Z-{at:04x}"),
        names: if at == 2 {
            vec!["champion".to_owned(), "night\u{1b}[2J".to_owned()]
        } else {
            Vec::new()
        },
        model: (at != 3).then(|| "gradient_boosting".to_owned()),
        test_f1: (at != 3).then_some(0.951),
        test_pr_auc: (at != 3).then_some(0.989),
        by: by.to_owned(),
        at: format!("2026-11-27T09:{at:02}:00.000Z"),
        bytes: 1_234_567 * at as u64,
        here: at == 1,
    }
}

fn team_runs() -> TeamRuns {
    TeamRuns {
        server: SERVER.to_owned(),
        champion: Some(shared_run(2, "").run_id),
        runs: vec![
            shared_run(4, "om\u{202e}ar"),
            shared_run(3, "mira"),
            shared_run(2, "mira"),
            shared_run(1, "a-long-name-of-somebody"),
        ],
    }
}

fn own_runs() -> RunsList {
    let run = RunLine {
        run_id: shared_run(1, "").run_id,
        status: "finished".to_owned(),
        aliases: vec!["champion".to_owned()],
        started_at: None,
        model: Some("gradient_boosting".to_owned()),
        data: None,
        rows: None,
        test_f1: Some(0.951),
        test_pr_auc: Some(0.989),
        seconds: None,
        parent: None,
    };
    RunsList {
        champion: Some(run.run_id.clone()),
        previous: Vec::new(),
        serving: None,
        runs: vec![run],
    }
}

fn with_runs() -> World {
    named(World::new())
        .on(Kind::Runs, |_| done(Reply::Runs(own_runs())))
        .on(Kind::TeamRuns, |_| done(Reply::TeamRuns(team_runs())))
}

#[test]
fn the_teams_runs_are_listed_fetched_and_promoted() {
    let mut session = Session::new(with_runs());
    session.tell(Kind::Team, &Report::Team(live(0)));
    session.keys("5").wait(500);
    session.keys("s");
    let progress = Report::Progress {
        done: 1,
        total: Some(4),
        note: "model.bin".to_owned(),
    };
    session.tell(Kind::TeamChange, &progress).shows("team-runs-sharing");
    session.tell(Kind::TeamChange, &done(Reply::TeamChanged("shared".to_owned()))[0]);
    session
        .keys("T")
        .wait(9_000)
        .shows("team-runs")
        .shows_plain("team-runs");
    session.keys("F").shows("team-runs-use");
    session.keys("n p").shows("team-runs-promote");
    session.effects();
    session.keys("y");
    let job = session.effects().into_iter().find_map(|effect| match effect {
        Effect::Submit(_, Job::Team(job)) => Some(job),
        _ => None,
    });
    let expected = TeamJob::Promote {
        run: shared_run(4, "").run_id,
        expected: Some(shared_run(2, "").run_id),
    };
    assert_eq!(job, Some(expected));
    let why = "the team's champion is another one by now: nothing was changed; R shows which";
    session
        .tell(Kind::TeamChange, &failed(why, &[])[0])
        .shows("team-runs-refused");
    session.keys("esc esc");
    assert!(session.text().contains("1 run"), "{}", session.text());
    session.replays();
}

#[test]
fn without_a_server_the_teams_runs_say_how_to_join() {
    let mut session = Session::new(World::new().on(Kind::Runs, |_| done(Reply::Runs(own_runs()))));
    session.keys("5 T").shows("team-runs-not-joined");
    let world = with_runs().on(Kind::TeamRuns, |_| {
        failed("db.example:27017: nothing listens there", &["try again"])
    });
    let mut session = Session::new(world);
    session.keys("5 T").shows("team-runs-failed");
    let world = with_runs().on(Kind::TeamRuns, |_| {
        done(Reply::TeamRuns(TeamRuns {
            server: SERVER.to_owned(),
            champion: None,
            runs: Vec::new(),
        }))
    });
    let mut session = Session::new(world);
    session.keys("5 T").shows("team-runs-none");
}

#[test]
fn a_collection_is_opened_by_its_address() {
    let mut session = Session::new(World::new());
    session.keys("1 o").typed("mongodb://h/fl").keys("esc o");
    session.effects();
    session.typed("mongodb://ann@h/team.flows").shows("data-open-address");
    let listed = |effects: &[Effect]| {
        let listed = effects
            .iter()
            .filter(|e| matches!(e, Effect::Submit(t, _) if t.kind == Kind::Directory));
        listed.count()
    };
    let typed = session.effects();
    // Until the scheme is whole it could be a path; after that no directory is looked at.
    assert_eq!(listed(&typed), "mongodb:/".len());
    session.keys("enter");
    let opened = session.effects().into_iter().any(|effect| {
        matches!(effect, Effect::Submit(t, job) if t.kind == Kind::Open && format!("{job:?}").contains("mongodb://ann@h/team.flows"))
    });
    assert!(opened);
}
