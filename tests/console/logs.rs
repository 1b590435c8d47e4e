//! Sessions about the Logs panel.

use nsec_tui::tui::app::Effect;
use nsec_tui::worker::{Kind, Level, LogLine, Reply, Report};

use super::session::Session;
use super::world::{World, done, failed};

fn lines(from: usize, to: usize) -> Vec<LogLine> {
    let line = |at: usize| {
        let (level, word) = [
            (Level::Info, " INFO"),
            (Level::Info, " INFO"),
            (Level::Warning, " WARN"),
            (Level::Error, "ERROR"),
        ][at % 4];
        let what = match at % 5 {
            0 => format!("stage finished, {at} rows"),
            1 => "hostile \u{1b}]52;c;eA==\u{7}\u{1b}[2J \u{202e}text".to_owned(),
            2 => format!("a long line {}", "and more of it ".repeat(20)),
            3 => "漢字 wide".to_owned(),
            _ => "trial 3 of 10".to_owned(),
        };
        LogLine {
            level,
            text: format!(
                "2026-11-27T08:40:{:02}.000000Z {word} nsec_tui::pipeline: {what}",
                at % 60
            ),
        }
    };
    (from..to).map(line).collect()
}

fn world(count: usize) -> World {
    World::new().on(Kind::Log, move |_| done(Reply::Log(lines(0, count))))
}

#[test]
fn the_newest_lines_are_followed() {
    let mut session = Session::new(world(60));
    session.keys("6").shows("logs").shows_plain("logs");
    session
        .tell(Kind::Log, &Report::Logged(lines(60, 63)))
        .shows("logs-grown");
    session.keys("k");
    session
        .tell(Kind::Log, &Report::Logged(lines(63, 70)))
        .shows("logs-not-followed");
    session.keys("G");
    assert!(session.text().contains("70 / 70"));
    session.replays();
    session.effects();
    session.keys("1");
    assert!(
        session
            .effects()
            .iter()
            .any(|effect| matches!(effect, Effect::Cancel(t) if t.kind == Kind::Log))
    );
}

#[test]
fn lines_are_filtered_scrolled_and_read() {
    let mut session = Session::new(world(60));
    session.keys("6 L").shows("logs-warnings");
    session.keys("/").typed("long").keys("enter").shows("logs-filtered");
    session.keys("l l l").shows("logs-sideways");
    session.keys("0 enter").shows("logs-line");
    session
        .keys("esc /")
        .typed(" nothing at all")
        .keys("enter")
        .shows("logs-filtered-away");
    session.keys("esc esc");
    assert!(session.text().contains("60 lines, all levels"));
}

#[test]
fn an_empty_log_and_an_unreadable_one_are_told_apart() {
    Session::new(world(0)).keys("6").shows("logs-empty");
    let world = World::new().on(Kind::Log, |_| {
        failed("logs/nsec-tui.log: permission denied \u{1b}[2J", &[])
    });
    Session::new(world).keys("6").shows("logs-failed");
}
