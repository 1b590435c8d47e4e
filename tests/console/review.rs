//! Sessions about the Review panel.

use std::path::PathBuf;

use nsec_tui::tui::app::{Command, Effect, Panel, Session as Saved};
use nsec_tui::tui::run::draw::Painter;
use nsec_tui::tui::view::{Colors, Look};
use nsec_tui::worker::{
    FileJob, Job, Kind, Progress, Queue, Reply, Report, ReviewJob, ReviewNews, RunLine, RunsList, StoreState, Survey,
};

use super::review_world::{SCORED_BY, Setup, id, reviewing, setup};
use super::screen::Screen;
use super::session::Session;
use super::world::{World, done, failed, survey};

/// The same session on both screens, each with a world of its own: what is decided on one is not decided on the other.
fn both(setup: &Setup, run: impl Fn(&mut Session)) {
    for at in 0..2 {
        let mut session = Session::new(reviewing(World::new(), setup.clone()));
        let console = session.consoles.swap_remove(at);
        session.consoles = vec![console];
        session.keys("4");
        run(&mut session);
        session.replays();
    }
}

/// Without colours and in ASCII, of the small screen.
fn shows_plain(session: &mut Session, name: &str) {
    if session.consoles[0].size.0 == 80 {
        session.shows_plain(name);
    }
}

#[test]
fn cases_are_judged_one_after_the_other() {
    both(&setup(1_204), |session| {
        session.shows("review-first-screen");
        shows_plain(session, "review-first-screen");
        session.keys("t f b d x s t").wait(5_000).shows("review-judged");
        shows_plain(session, "review-judged");
        session.keys("u u").shows("review-undone");
        session.keys("ctrl-r").wait(5_000).shows("review-redone");
        session.keys("k*4 t");
        let text = session.text();
        assert!(text.contains("2 / 1,204") || text.contains(" / 1,204"), "{text}");
        session.keys("u*20");
        assert!(session.text().contains("nothing to take back"), "{}", session.text());
        assert!(session.text().contains("0 / 1,204 judged"), "{}", session.text());
    });
}

#[test]
fn many_are_judged_at_once_and_hidden_marks_are_left_alone() {
    both(&setup(60), |session| {
        session.keys("space*3").shows("review-marked");
        shows_plain(session, "review-marked");
        session.keys("l l l l + ").wait(5_000).shows("review-marks-hidden");
        shows_plain(session, "review-marks-hidden");
        session.keys("f").wait(5_000).shows("review-visible-marks-judged");
        session.keys("esc V").shows("review-nothing-hidden-marked");
        session.keys("esc esc V t").shows("review-bulk-question");
        session.keys("y").shows("review-bulk");
        session.keys("u").wait(5_000).shows("review-bulk-undone");
        session.keys("g v j j").shows("review-range");
        session.keys("d").wait(5_000);
        assert!(session.text().contains("d ="), "{}", session.text());
    });
}

#[test]
fn a_conflict_is_shown_and_settled() {
    let setup = Setup {
        conflict: true,
        ..setup(40)
    };
    both(&setup, |session| {
        session.keys("j j").shows("review-conflict");
        shows_plain(session, "review-conflict");
        session.keys("enter").shows("review-card-in-full");
        session.keys("esc t").wait(5_000).shows("review-conflict-settled");
        session.keys("k");
        assert!(!session.text().contains("CONFLICT"), "{}", session.text());
        session.keys("j j").wait(5_000).shows("review-suppressed");
    });
}

#[test]
fn others_verdicts_are_told_of() {
    both(&setup(40), |session| {
        let news = |what: &str, conflicts, store| {
            Report::Reviewed(ReviewNews {
                what: what.to_owned(),
                conflicts,
                progress: Progress {
                    judged: 3,
                    of: 40,
                    conflicts,
                    ..Progress::default()
                },
                store,
            })
        };
        session
            .tell(Kind::Review, &news("3 verdicts by mira", 0, StoreState::Ready))
            .shows("review-others");
        session.tell(Kind::Review, &news("1 verdict by mira", 1, StoreState::Ready));
        assert!(session.text().contains("contradicted on 1 case:"), "{}", session.text());
        let journal = StoreState::Journal("verdicts.db is locked by another program".to_owned());
        session
            .tell(Kind::Review, &news("", 0, journal))
            .wait(9_000)
            .shows("review-journal");
        shows_plain(session, "review-journal");
        let read_only = StoreState::ReadOnly("the workspace is read-only".to_owned());
        session.tell(Kind::Review, &news("", 0, read_only)).keys("t");
        assert!(session.text().contains("nothing was decided"), "{}", session.text());
        session.wait(9_000).shows("review-read-only");
    });
}

#[test]
fn notes_reasons_and_tags() {
    both(&setup(40), |session| {
        session.keys("r");
        assert!(session.text().contains("judge the case first"), "{}", session.text());
        session
            .keys("m")
            .typed("seen before, ask mira")
            .shows("review-note-typed");
        session.keys("enter").wait(5_000).keys("t k");
        session.keys("r").shows("review-reasons");
        session.typed("mal").keys("enter").wait(5_000).shows("review-noted");
        session.keys("#").shows("review-tags");
        shows_plain(session, "review-tags");
        session.keys("2").wait(5_000).shows("review-tagged");
        session.keys("# 9");
        assert!(session.text().contains("no tag 9"), "{}", session.text());
        session.keys("r").typed("of my own").keys("enter").wait(5_000);
        session.keys("enter");
        assert!(session.text().contains("(of my own)"), "{}", session.text());
    });
}

#[test]
fn similar_cases_and_back() {
    both(&setup(60), |session| {
        session.keys("j j =").shows("review-similar");
        session.keys("= f").wait(5_000);
        assert!(session.text().contains("up to 4 columns differ"), "{}", session.text());
        session.keys("esc").wait(5_000).shows("review-back-from-similar");
    });
}

#[test]
fn queues_and_filters() {
    let mut setup = setup(200);
    setup.opened.saved_queues = vec!["night shift".to_owned()];
    both(&setup, |session| {
        session.keys("Q").shows("review-queues");
        session.typed("mine").keys("enter").shows("review-queue-empty");
        session.keys("F1").wait(5_000);
        assert!(session.text().contains("night shift"), "{}", session.text());
        session.keys("F2");
        assert!(session.text().contains("no queue 2"), "{}", session.text());
        session.keys("+").wait(5_000).shows("review-filtered");
        session
            .keys("&")
            .typed("port = = 8")
            .keys("enter")
            .shows("review-wrong-filter");
        session
            .keys("esc & ")
            .typed("nowhere")
            .keys("enter")
            .wait(5_000)
            .shows("review-nothing-fits");
        session.keys("F").shows("review-filters");
        session.keys("enter").wait(5_000);
        assert!(session.text().contains("filter nowhere"), "{}", session.text());
    });
}

#[test]
fn a_text_is_found_and_n_follows_it() {
    both(&setup(60), |session| {
        session.keys("/").typed("dns").keys("enter");
        session.keys("n").shows("review-found");
        session.keys("N").wait(5_000);
        assert!(session.text().contains(" 2 / 60"), "{}", session.text());
        session.keys("esc t n");
        assert!(session.text().contains(" 4 / 60"), "{}", session.text());
        session.keys("/").typed("nothing of it").keys("enter");
        assert!(
            session.text().contains("no case here has nothing of it"),
            "{}",
            session.text()
        );
    });
}

#[test]
fn everything_judged_is_said() {
    let setup = Setup {
        judged: 11,
        ..setup(12)
    };
    both(&setup, |session| {
        session.keys("n t").shows("review-all-judged");
        session.keys("s");
        assert!(session.text().contains("every case of top risk is judged (12)"));
    });
}

#[test]
fn without_a_file_the_panel_says_what_to_do() {
    let missing = || {
        World::new().on(Kind::Review, |_| {
            failed("prediction_output/output.csv is not there", &["score a file first"])
        })
    };
    Session::new(missing())
        .keys("4")
        .shows("review-no-file")
        .shows_plain("review-no-file");
    let trained = missing().on(Kind::Survey, |_| {
        done(Reply::Survey(Survey {
            champion: Some(SCORED_BY.to_owned()),
            ..survey()
        }))
    });
    let mut session = Session::new(trained);
    session.keys("4 t").shows("review-no-file-but-a-champion");
    session.keys("o").shows("review-open");
    Session::new(World::new()).keys("4").shows("review-opening");
    let empty = setup(0);
    both(&empty, |session| {
        session.shows("review-nothing-flagged");
    });
}

#[test]
fn without_a_model_the_file_is_reviewed_all_the_same() {
    let mut setup = setup(20);
    setup.opened.without_model = Some(format!("{SCORED_BY} is gone"));
    both(&setup, |session| {
        session.keys("t").wait(5_000).shows("review-without-model");
    });
}

#[test]
fn a_card_on_its_way_is_waited_for_without_a_flicker() {
    let world = reviewing(World::new(), setup(60)).on(Kind::Card, |_| Vec::new());
    let mut session = Session::new(world);
    session.keys("4").wait(1_000).shows("review-card-reading");
    session.tell_by(Kind::Card, |_| failed("the model's file is damaged", &[]));
    assert!(
        session.text().contains("the model's file is damaged"),
        "{}",
        session.text()
    );
}

#[test]
fn hostile_cells_do_nothing() {
    let mut setup = Setup {
        hostile: true,
        ..setup(20)
    };
    setup.opened.name = "out\u{1b}]0;x\u{7}.csv".to_owned();
    setup.opened.tags = vec!["\u{202e}tag".to_owned()];
    both(&setup, |session| {
        session.keys("j").shows("review-hostile");
        shows_plain(session, "review-hostile");
        session.keys("#").shows("review-hostile-tag");
    });
}

#[test]
fn the_review_is_taken_up_where_it_was_left() {
    let world = || reviewing(World::new(), setup(60));
    let mut first = Session::new(world());
    first.keys("4 l l l l + j j t").wait(5_000);
    let saved = first.effects().into_iter().rev().find_map(|effect| match effect {
        Effect::Submit(_, Job::Files(FileJob::SaveSession { session })) => Some(session),
        _ => None,
    });
    let text = saved.unwrap();
    let saved: Saved = serde_json::from_str(&text).unwrap();
    assert_eq!((saved.panel, saved.review.filters.len()), (Panel::Review, 1));
    assert!(saved.review.row.is_some());
    let again = world().on(Kind::Survey, move |_| {
        done(Reply::Survey(Survey {
            session: Some(text.clone()),
            ..survey()
        }))
    });
    let second = Session::new(again);
    assert!(second.text().contains("[4 Review]"));
    assert!(second.text().contains(" 4 / 20"), "{}", second.text());
}

#[test]
fn another_part_opens_a_file_here() {
    let mut session = Session::new(reviewing(World::new(), setup(60)));
    for console in &mut session.consoles {
        let path = Some(PathBuf::from("/srv/incoming/new.csv"));
        console.app.shared.request(Command::Review(path));
        console.app.shared.request(Command::Show(Panel::Review));
    }
    session.keys("ctrl-l");
    let opened: Vec<ReviewJob> = session
        .effects()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Submit(_, Job::Review(job @ ReviewJob::Open { .. })) => Some(job),
            _ => None,
        })
        .collect();
    assert_eq!(opened.len(), 1, "{opened:?}");
    assert!(session.text().contains("1 / 60"));
}

#[test]
fn a_disagreement_names_the_other_run() {
    let run = |name: &str| RunLine {
        run_id: name.to_owned(),
        status: "finished".to_owned(),
        aliases: Vec::new(),
        started_at: None,
        model: Some("random_forest".to_owned()),
        data: None,
        rows: None,
        test_f1: None,
        test_pr_auc: None,
        seconds: None,
        parent: None,
    };
    let runs = RunsList {
        runs: vec![run(SCORED_BY), run("20261126T081500Z-0001")],
        ..RunsList::default()
    };
    let world = reviewing(World::new(), setup(60)).on(Kind::Runs, move |_| done(Reply::Runs(runs.clone())));
    let mut session = Session::new(world);
    session
        .keys("4 Q")
        .typed("disa")
        .keys("enter")
        .shows("review-other-run");
    session.effects();
    session.keys("enter");
    let asked = session.effects().into_iter().find_map(|effect| match effect {
        Effect::Submit(_, Job::Review(ReviewJob::Arrange { queue, .. })) => Some(queue),
        _ => None,
    });
    let run = "20261126T081500Z-0001".to_owned();
    assert_eq!(asked, Some(Queue::Disagreement { run }));
}

#[test]
fn what_is_copied_is_what_the_cursor_is_on() {
    let mut session = Session::new(reviewing(World::new(), setup(20)));
    session.keys("4");
    session.effects();
    session.keys("y Y");
    let copied: Vec<String> = session
        .effects()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Copy(text) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(copied, ["critical".to_owned(), id(0).to_string()]);
}

/// Bytes that keys cost over a line, with the card that comes with them.
#[test]
fn a_move_costs_few_bytes() {
    let look = Look {
        colors: Colors::Sixteen,
        ascii: false,
    };
    let mut session = Session::new(reviewing(World::new(), setup(1_204)));
    session.keys("4");
    let (width, height) = session.consoles[1].size;
    let mut painter = Painter::new(look);
    let frame = |session: &Session, painter: &mut Painter| {
        let screen = Screen::of(&session.consoles[1].app, look, (width, height));
        painter.frame(&screen.buffer, screen.cursor).len()
    };
    frame(&session, &mut painter);
    for (key, most) in [("j", 900), ("t", 1_200), ("l", 120)] {
        session.keys(key).wait(9_000);
        let bytes = frame(&session, &mut painter);
        assert!(bytes <= most, "{key}: {bytes} bytes");
    }
}
