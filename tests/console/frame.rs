//! Sessions about what is around the panels.

use nsec_tui::tui::app::{Effect, Message, Panel, Start};
use nsec_tui::worker::{Job, Kind, PipelineJob, Report};

use super::session::Session;
use super::world::{World, failed};

#[test]
fn the_first_screen() {
    let session = Session::new(World::new());
    session.replays();
    assert!(session.text().starts_with("[1 Data] 2 Validation  3 Training "));
}

#[test]
fn a_workspace_that_cannot_be_looked_at_is_told_of() {
    let world = World::new().on(Kind::Survey, |_| {
        failed("cannot read /srv/\u{1b}[2J: permission denied", &[])
    });
    let session = Session::new(world);
    assert!(
        session
            .text()
            .contains("! cannot read /srv/\\x1b[2J: permission denied")
    );
}

#[test]
fn every_panel_has_its_tab_and_tab_goes_round() {
    let mut session = Session::new(World::new());
    for (at, panel) in Panel::ALL.into_iter().enumerate() {
        session.keys(&(at + 1).to_string());
        assert_eq!(session.consoles[0].app.panel, panel);
        assert!(session.text().contains(&format!("[{} {}]", at + 1, panel.title())));
    }
    session.keys("tab");
    assert_eq!(session.consoles[0].app.panel, Panel::Data);
    session.keys("shift-tab shift-tab");
    assert_eq!(session.consoles[0].app.panel, Panel::Runs);
    session.replays();
}

#[test]
fn a_click_on_a_tab_shows_its_panel() {
    let start = Start {
        mouse: true,
        ..Start::default()
    };
    let mut session = Session::started(start, World::new());
    assert!(session.effects().contains(&Effect::Mouse(true)));
    for (x, y, panel) in [
        (8, 0, Panel::Validation),
        (21, 0, Panel::Validation),
        (59, 0, Panel::Logs),
        (60, 0, Panel::Logs),
        (0, 5, Panel::Logs),
        (7, 0, Panel::Data),
    ] {
        session.send(&Message::Click { x, y });
        assert_eq!(session.consoles[0].app.panel, panel, "{x}, {y}");
    }
}

#[test]
fn a_screen_too_small_says_so_and_a_larger_one_goes_on() {
    let mut session = Session::new(World::new());
    session.resize(59, 15).shows("too-small");
    session.resize(10, 1).shows("tiny");
    session.keys("2").resize(80, 24);
    assert!(session.text().contains("[2 Validation]"));
}

#[test]
fn what_was_said_goes_after_a_while() {
    let mut session = Session::new(World::new());
    session.keys("alt-m");
    assert!(
        session
            .text()
            .contains("the program has the mouse; hold Shift to select text")
    );
    assert!(session.effects().contains(&Effect::Mouse(true)));
    session.wait(3_000);
    assert!(session.text().contains("the program has the mouse"));
    session.wait(2_000);
    assert!(!session.text().contains("the program has the mouse"));
}

#[test]
fn what_was_said_is_made_safe() {
    let mut session = Session::new(World::new());
    session.send(&Message::Copied(
        "sent 1\u{1b}]52;c;eA==\u{7} \u{202e}abc to the terminal".to_owned(),
    ));
    assert!(
        session
            .text()
            .contains("sent 1\\x1b]52;c;eA==\\x07 \\u{202e}abc to the terminal")
    );
    session.shows_plain("flash-hostile");
}

#[test]
fn leaving_asks_only_while_work_runs() {
    let mut session = Session::new(World::new());
    session.effects();
    session.keys("q");
    assert!(session.effects().contains(&Effect::Quit));

    let mut session = Session::new(World::new());
    for console in &mut session.consoles {
        console.app.shared.submit(Job::Pipeline(PipelineJob::Validate {
            path: None,
            baseline: None,
            rejects: None,
        }));
    }
    session.keys("q").shows("quit-confirm").shows_plain("quit-confirm");
    session.effects();
    session.keys("n");
    assert!(!session.effects().contains(&Effect::Quit));
    session.keys("q y");
    assert!(session.effects().contains(&Effect::Quit));
}

#[test]
fn ctrl_c_stops_what_runs_and_leaves_when_nothing_does() {
    let mut session = Session::new(World::new());
    for console in &mut session.consoles {
        console.app.shared.submit(Job::Pipeline(PipelineJob::Validate {
            path: None,
            baseline: None,
            rejects: None,
        }));
    }
    session.effects();
    session.keys("ctrl-c");
    let effects = session.effects();
    assert!(
        effects
            .iter()
            .any(|e| matches!(e, Effect::Cancel(t) if t.kind == Kind::Validate))
    );
    assert!(!effects.contains(&Effect::Quit));
    session
        .tell(Kind::Validate, &Report::Cancelled)
        .tell(Kind::Open, &Report::Cancelled)
        .keys("ctrl-c");
    assert!(session.effects().contains(&Effect::Quit));
}
