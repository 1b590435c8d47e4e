//! Tests of the panel's state: following, filters, and that the worker is asked only while the panel is shown.

use proptest::prelude::*;

use super::*;
use crate::tui::app::layer::LayerKind;

fn lines(from: usize, to: usize) -> Vec<LogLine> {
    let level = |at: usize| [Level::Info, Level::Info, Level::Warning, Level::Error][at % 4];
    let line = |at: usize| LogLine {
        level: level(at),
        text: format!("line {at}"),
    };
    (from..to).map(line).collect()
}

struct Bench {
    panel: LogsPanel,
    shared: Shared,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            panel: LogsPanel::default(),
            shared: Shared::default(),
        };
        bench.shared.size = (80, 24);
        bench.panel.shown(&mut bench.shared);
        bench
    }

    fn loaded(count: usize) -> Self {
        let mut bench = Self::new();
        bench.tell(Report::Done(Box::new(Reply::Log(lines(0, count)))));
        bench
    }

    fn act(&mut self, action: Action) -> bool {
        self.panel.act(&mut self.shared, action)
    }

    fn ticket(&self) -> Option<Ticket> {
        self.shared.effects.iter().rev().find_map(|effect| match effect {
            Effect::Submit(ticket, _) => Some(*ticket),
            _ => None,
        })
    }

    fn tell(&mut self, report: Report) {
        let ticket = self.ticket().unwrap();
        self.panel.news(&mut self.shared, &News { ticket, report });
    }

    fn filter(&mut self, text: &str) {
        let given = Given::Line {
            text: text.to_owned(),
            regex: false,
            exact_case: false,
        };
        let purpose = Purpose::FilterLog;
        self.panel.answered(&mut self.shared, Answer { purpose, given });
    }

    fn here(&self) -> &str {
        self.panel.current().map_or("", |line| &line.text)
    }
}

#[test]
fn the_newest_line_is_followed_until_one_moves_up() {
    let mut bench = Bench::loaded(50);
    assert_eq!(bench.here(), "line 49");
    bench.tell(Report::Logged(lines(50, 53)));
    assert_eq!(bench.here(), "line 52");
    bench.act(Action::Up);
    let first = bench.panel.cursor.first;
    bench.tell(Report::Logged(lines(53, 60)));
    assert_eq!((bench.here(), bench.panel.cursor.first), ("line 51", first));
    bench.act(Action::Bottom);
    bench.tell(Report::Logged(lines(60, 61)));
    assert_eq!(bench.here(), "line 60");
    bench.act(Action::Follow);
    bench.tell(Report::Logged(lines(61, 62)));
    assert_eq!(bench.here(), "line 60");
    bench.act(Action::Follow);
    assert_eq!(bench.here(), "line 61");
}

#[test]
fn the_cursor_stays_on_its_line_when_old_ones_go() {
    let mut bench = Bench::loaded(50);
    bench.act(Action::Up);
    bench.tell(Report::Logged(lines(50, 40 + tail::MOST_LINES)));
    assert_eq!((bench.here(), bench.panel.cursor.at), ("line 48", 8));
    bench.tell(Report::Logged(lines(0, 20)));
    assert_eq!((bench.here(), bench.panel.cursor.at), ("line 60", 0));
}

#[test]
fn filters_narrow_and_are_left_one_by_one() {
    let mut bench = Bench::loaded(40);
    bench.act(Action::NextLevel);
    assert_eq!(bench.panel.tail.shown(), 20);
    bench.act(Action::NextLevel);
    assert_eq!(bench.panel.tail.shown(), 10);
    bench.filter(" LINE 1 ");
    assert_eq!(bench.panel.tail.shown(), 4);
    bench.tell(Report::Logged(lines(100, 104)));
    assert_eq!((bench.panel.tail.shown(), bench.here()), (5, "line 103"));
    assert!(bench.act(Action::Back));
    assert_eq!(bench.panel.tail.shown(), 11);
    assert!(bench.act(Action::Back));
    assert_eq!(bench.panel.tail.shown(), 44);
    assert!(!bench.act(Action::Back));
    bench.filter("nothing");
    assert_eq!(bench.here(), "");
    bench.act(Action::Open);
    assert!(bench.shared.layers.is_empty());
}

#[test]
fn the_worker_tells_only_while_somebody_looks() {
    let mut bench = Bench::loaded(5);
    let ticket = bench.ticket().unwrap();
    bench.panel.command(&mut bench.shared, &Command::Show(Panel::Logs));
    bench.panel.shown(&mut bench.shared);
    assert_eq!(bench.ticket(), Some(ticket));
    bench.panel.command(&mut bench.shared, &Command::Show(Panel::Runs));
    assert_eq!(bench.shared.effects.last(), Some(&Effect::Cancel(ticket)));
    bench.tell(Report::Logged(lines(5, 6)));
    assert_eq!(bench.panel.tail.len(), 5);
    bench.panel.shown(&mut bench.shared);
    assert_ne!(bench.ticket(), Some(ticket));
    bench.tell(Report::Done(Box::new(Reply::Log(lines(0, 9)))));
    assert_eq!((bench.panel.tail.len(), bench.here()), (9, "line 8"));
}

#[test]
fn a_line_is_read_whole_and_a_json_line_by_its_members() {
    let mut bench = Bench::new();
    let text = "{\"level\":\"WARN\",\"message\":\"a \\u001b[2J\",\"rows\":3}";
    let line = LogLine {
        level: Level::Warning,
        text: text.to_owned(),
    };
    bench.tell(Report::Done(Box::new(Reply::Log(vec![line]))));
    bench.act(Action::Open);
    let LayerKind::Reader(reader) = &bench.shared.layers[0].kind else {
        panic!("no reader")
    };
    assert_eq!(reader.lines[0].text, text);
    assert!(reader.lines.contains(&ReaderLine::labelled("rows", "3")));
    assert!(reader.lines.contains(&ReaderLine::labelled("message", "a \u{1b}[2J")));
    bench.act(Action::Copy);
    assert_eq!(bench.shared.effects.last(), Some(&Effect::Copy(text.to_owned())));
}

#[test]
fn a_log_that_cannot_be_read_says_so_until_it_can() {
    let mut bench = Bench::new();
    bench.tell(Report::Failed(Failure::new("logs/x: permission denied")));
    assert!(bench.panel.failure.is_some());
    bench.act(Action::Refresh);
    assert!(bench.panel.failure.is_none());
}

proptest! {
    #[test]
    fn no_order_of_keys_and_news_panics(steps in prop::collection::vec((0usize..12, 0usize..200, 1u16..200, 0u16..60), 0..60)) {
        let mut bench = Bench::new();
        for (kind, action, width, height) in steps {
            match kind {
                0 => bench.tell(Report::Done(Box::new(Reply::Log(lines(0, action))))),
                1 => bench.tell(Report::Logged(lines(action, action + usize::from(height)))),
                2 => bench.tell(Report::Failed(Failure::new("no"))),
                3 => {
                    bench.shared.size = (width, height);
                    bench.panel.woke(&mut bench.shared);
                }
                4 => bench.filter(["", "1", "line"][action % 3]),
                5 => bench.panel.command(&mut bench.shared, &Command::Show(Panel::ALL[action % 6])),
                6 => bench.panel.shown(&mut bench.shared),
                _ => _ = bench.act(Action::ALL[action % Action::ALL.len()]),
            }
            prop_assert!(bench.panel.cursor.at < bench.panel.tail.shown().max(1));
        }
    }
}
