//! Owns the tests of the team's runs: what is asked of the server, what is asked of people first, and what news change.

use super::*;
use crate::worker::{Hearing, Link, TeamJob, TeamRunLine, TeamRuns, TeamState};

fn state(link: Link) -> TeamState {
    TeamState {
        server: "db.example:27017/team".to_owned(),
        link,
        backlog: 0,
        refused: 0,
        sent: 0,
        received: 0,
        claims: Vec::new(),
    }
}

fn live() -> TeamState {
    state(Link::Live {
        latency_ms: 1.0,
        hearing: Hearing::Stream,
    })
}

fn shared_run(id: &str, here: bool) -> TeamRunLine {
    TeamRunLine {
        run_id: id.to_owned(),
        names: Vec::new(),
        model: Some("knn".to_owned()),
        test_f1: None,
        test_pr_auc: None,
        by: "mira".to_owned(),
        at: "2026-11-27T08:40:00.000Z".to_owned(),
        bytes: 1,
        here,
    }
}

/// `x` is the team's champion and not here, `c` is here and champion here.
fn shelf() -> TeamRuns {
    TeamRuns {
        server: "db.example:27017/team".to_owned(),
        champion: Some("x".to_owned()),
        runs: vec![shared_run("x", false), shared_run("c", true), shared_run("y", false)],
    }
}

fn joined() -> Bench {
    let mut bench = Bench::listed();
    bench.shared.team.state = Some(live());
    bench
}

fn in_sight() -> Bench {
    let mut bench = joined();
    bench.act(Action::TeamRuns);
    bench.done(Reply::TeamRuns(shelf()));
    bench
}

fn team_job(bench: &Bench) -> TeamJob {
    match bench.job() {
        Job::Team(job) => job,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_list_is_asked_for_when_it_comes_in_sight_and_not_without_a_server() {
    let mut bench = Bench::listed();
    let jobs = bench.jobs().len();
    bench.act(Action::TeamRuns);
    assert_eq!(bench.jobs().len(), jobs);
    assert_eq!(bench.panel.contexts(), [Context::TeamRuns, Context::Lists]);
    for action in [Action::Fetch, Action::FetchChampion, Action::Promote, Action::Refresh] {
        assert!(bench.act(action));
        assert!(bench.flash().0.contains("M joins one"));
    }
    assert_eq!(bench.jobs().len(), jobs);
    assert!(bench.act(Action::Back) && !bench.panel.team.in_sight);
    let bench = in_sight();
    assert_eq!(team_job(&bench), TeamJob::Runs);
    assert_eq!(bench.panel.team.len(), 3);
}

#[test]
fn fetching_promoting_and_sharing_ask_what_they_must() {
    let mut bench = in_sight();
    bench.act(Action::Fetch);
    let fetch = |run: &str, promote| TeamJob::Pull {
        run: run.to_owned(),
        promote,
    };
    assert_eq!(team_job(&bench), fetch("x", false));
    bench.act(Action::Promote);
    assert!(bench.flash().0.contains("the team's champion already"));
    bench.act(Action::FetchChampion);
    let (question, consequences) = bench.question();
    assert_eq!(question, "Fetch x and make it champion here?");
    assert!(consequences[1].starts_with("c steps down here"), "{consequences:?}");
    bench.answer(Purpose::FetchChampion("x".to_owned()), Given::Yes);
    assert_eq!(team_job(&bench), fetch("x", true));
    bench.act(Action::Down);
    bench.act(Action::Fetch);
    assert!(bench.flash().0.contains("on this host already"));
    bench.act(Action::FetchChampion);
    assert!(bench.flash().0.contains("champion here already"));
    bench.act(Action::Promote);
    let purpose = bench.shared.layers.last().unwrap().purpose().clone();
    let expected = Some("x".to_owned());
    assert_eq!(
        purpose,
        Purpose::TeamChampion {
            run: "c".to_owned(),
            expected: expected.clone()
        }
    );
    bench.answer(purpose, Given::Yes);
    assert_eq!(
        team_job(&bench),
        TeamJob::Promote {
            run: "c".to_owned(),
            expected
        }
    );
    bench.act(Action::TeamRuns);
    bench.on("d").act(Action::Share);
    assert!(bench.flash().1, "a failed run is not shared");
    bench.on("b").act(Action::Share);
    assert_eq!(team_job(&bench), TeamJob::Push { run: "b".to_owned() });
}

#[test]
fn after_a_change_both_lists_are_asked_for_anew() {
    let mut bench = in_sight();
    bench.act(Action::Bottom);
    bench.act(Action::Fetch);
    bench.act(Action::Top);
    bench.act(Action::Fetch);
    let pulls: Vec<Ticket> = bench.jobs().iter().rev().take(2).map(|(ticket, _)| *ticket).collect();
    assert_eq!(bench.panel.work(&bench.shared).as_deref(), Some("fetching x"));
    let note = Report::Progress {
        done: 1,
        total: None,
        note: "model.bin".to_owned(),
    };
    bench.tell(note);
    assert_eq!(
        bench.panel.work(&bench.shared).as_deref(),
        Some("fetching x: model.bin")
    );
    // The earlier one ends first, though a later one was given.
    for (ticket, run) in [(pulls[1], "y"), (pulls[0], "x")] {
        bench.shared.commands.clear();
        let report = Report::Done(Box::new(Reply::TeamChanged(format!("{run} fetched"))));
        bench.panel.news(&mut bench.shared, &News { ticket, report });
        assert_eq!(bench.flash().0, format!("{run} fetched"));
        assert_eq!(bench.shared.commands, [Command::RunsChanged]);
        assert_eq!(team_job(&bench), TeamJob::Runs);
    }
    assert_eq!(bench.panel.work(&bench.shared), None);
}

#[test]
fn a_failure_is_told_and_the_list_asked_for_anew() {
    let mut bench = in_sight();
    bench.act(Action::Fetch);
    bench.tell(Report::Failed(Failure::new("the hash does not fit")));
    assert_eq!(bench.flash(), ("the hash does not fit", true));
    assert_eq!(team_job(&bench), TeamJob::Runs);
    bench.tell(Report::Failed(Failure::new("no answer")));
    assert_eq!(bench.panel.team.failure.as_ref().unwrap().message, "no answer");
    assert_eq!(bench.panel.team.len(), 3, "what was known stays");
    assert!(bench.act(Action::Back) && bench.panel.team.failure.is_none() && bench.panel.team.in_sight);
}

#[test]
fn another_server_has_other_runs_and_one_that_answers_again_is_asked() {
    let mut bench = in_sight();
    let ticket = Ticket {
        id: 900,
        kind: Kind::Team,
    };
    let told = |bench: &mut Bench, report: Report| {
        let before = bench.jobs().len();
        bench.panel.news(&mut bench.shared, &News { ticket, report });
        bench.jobs().len() - before
    };
    assert_eq!(told(&mut bench, Report::Team(live())), 1, "the first word of it");
    assert_eq!(
        told(&mut bench, Report::Team(live())),
        0,
        "nothing is asked again and again"
    );
    bench.shared.team.state = Some(state(Link::Lost {
        why: "gone".to_owned(),
        retry_seconds: 4,
    }));
    let lost = bench.shared.team.state.clone().unwrap();
    assert_eq!(told(&mut bench, Report::Team(lost)), 0);
    bench.shared.team.state = Some(live());
    assert_eq!(told(&mut bench, Report::Team(live())), 1);
    assert_eq!(told(&mut bench, Report::Done(Box::new(Reply::Team(Some(live()))))), 1);
    assert!(bench.panel.team.list.is_none());
    bench.shared.team.state = None;
    assert_eq!(told(&mut bench, Report::Done(Box::new(Reply::Team(None)))), 0);
}

#[test]
fn another_champion_is_told_and_an_old_error_goes_with_a_good_list() {
    let mut bench = in_sight();
    bench.act(Action::Refresh);
    bench.tell(Report::Failed(Failure::new("nothing listens there")));
    assert!(bench.panel.team.failure.is_some());
    bench.shared.flash = None;
    bench.panel.team_shown(&mut bench.shared, true);
    bench.done(Reply::TeamRuns(TeamRuns {
        champion: Some("y".to_owned()),
        ..shelf()
    }));
    assert!(bench.panel.team.failure.is_none());
    assert_eq!(bench.flash(), ("the team's champion is y now", false));
}
