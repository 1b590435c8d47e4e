//! Whatever is pressed and whatever the worker says, in any order: Training neither panics nor runs on when nothing does.

use nsec_tui::event::{Event, Level, Stage};
use nsec_tui::metrics::ThresholdRule;
use nsec_tui::pipeline::training::MovedThreshold;
use nsec_tui::tui::app::{App, Effect, Message, Panel, Start, update};
use nsec_tui::tui::keymap::{KeySettings, Keymap};
use nsec_tui::tui::view::{Colors, Look};
use nsec_tui::worker::{Failure, Kind, News, Reply, Report, Survey, Ticket};
use proptest::prelude::*;

use super::screen::Screen;
use super::trained::{self, MOVED, RUN};
use super::world::survey;

const KEYS: [&str; 40] = [
    "enter",
    "r",
    "v",
    "V",
    "d",
    "m",
    "L",
    "w",
    "S",
    "K",
    "y",
    "j",
    "k",
    "h",
    "l",
    "g",
    "G",
    "0",
    "$",
    "pagedown",
    "pageup",
    "ctrl-d",
    "esc",
    "b",
    "a",
    "c",
    "H",
    "tab",
    "space",
    "right",
    "5",
    ",",
    "n",
    "3",
    "1",
    "backspace",
    "up",
    "down",
    "left",
    "q",
];

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    Key(usize),
    Wait(u64),
    Size(u16, u16),
    /// News of the latest job of a kind.
    News(Kind, usize, f64, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let number = prop_oneof![4 => -1.0..2.0_f64, 1 => any::<f64>()];
    let kind = prop::sample::select(vec![
        Kind::Train,
        Kind::Train,
        Kind::Train,
        Kind::Scores,
        Kind::Threshold,
    ]);
    prop_oneof![
        8 => (0..KEYS.len()).prop_map(Step::Key),
        1 => (0u64..90_000).prop_map(Step::Wait),
        1 => (0u16..200, 0u16..60).prop_map(|(width, height)| Step::Size(width, height)),
        6 => (kind, 0usize..16, number, 0usize..400).prop_map(|(kind, what, x, n)| Step::News(kind, what, x, n)),
    ]
}

fn report(kind: Kind, what: usize, x: f64, n: usize) -> Report {
    let reply = |reply: Reply| Report::Done(Box::new(reply));
    match (kind, what) {
        (_, 0) => Report::Cancelled,
        (_, 1) => Report::Failed(Failure {
            message: "a\u{1b}[2Jb".repeat(n),
            details: vec!["\u{202e}".to_owned(); n % 60],
        }),
        (Kind::Train, 2) => reply(Reply::Trained(Box::new(trained::outcome()))),
        (Kind::Train, 3) => Report::Events(trained::up_to_training(n as u64)),
        (Kind::Train, 4) => Report::Events(vec![Event::StageStarted {
            stage: Stage::Training,
            total: Some(0),
        }]),
        (Kind::Train, 5) => Report::Events(vec![Event::StageFinished {
            stage: Stage::Training,
            seconds: x,
            summary: "s".repeat(n),
        }]),
        (Kind::Train, 6) => Report::Events(trained::trial("gradient_boosting", n, &[x, x], Some(x))),
        (Kind::Train, 7) => Report::Events(trained::trial("b\u{7}", n, &[x], None)),
        (Kind::Train, 8) => Report::Events(vec![Event::ModelSkipped {
            model: "c".to_owned(),
            reason: "r".repeat(n),
        }]),
        (Kind::Train, 9) => Report::Events(vec![Event::Message {
            level: Level::Error,
            text: "\n".repeat(n),
        }]),
        (Kind::Train, 10) => Report::Progress {
            done: 1,
            total: None,
            note: String::new(),
        },
        (Kind::Train, _) => Report::Events(vec![Event::Iteration {
            model: "gradient_boosting".to_owned(),
            trial: Some(what),
            fold: n.is_multiple_of(2).then_some(1),
            iteration: n,
            of: n / 2,
            metric: "log_loss".to_owned(),
            train: x,
            validation: (!n.is_multiple_of(3)).then_some(-x),
        }]),
        (Kind::Threshold, _) => reply(Reply::ThresholdMoved(Box::new(MovedThreshold {
            run_id: MOVED.to_owned(),
            promoted: false,
            test: trained::scores(ThresholdRule::F1).metrics.test.metrics,
        }))),
        _ => {
            let mut facts = trained::facts(RUN, ThresholdRule::Alerts(n as u64));
            if what % 4 == 2 {
                facts.scores = Err("unreadable".to_owned());
            }
            reply(Reply::Run(Box::new(facts)))
        }
    }
}

/// A console with the jobs it has given and when it wants to be woken.
struct Lab {
    app: App,
    now: u64,
    jobs: Vec<Ticket>,
    alarms: Vec<u64>,
    looks: usize,
}

impl Lab {
    fn new() -> Self {
        let app = App::new(Keymap::new(&KeySettings::default()).unwrap(), Start::default());
        let mut lab = Self {
            app,
            now: 0,
            jobs: Vec::new(),
            alarms: Vec::new(),
            looks: 0,
        };
        lab.take(Message::Started { width: 80, height: 24 });
        let survey = Survey {
            champion: Some(RUN.to_owned()),
            ..survey()
        };
        lab.tell(Kind::Survey, Report::Done(Box::new(Reply::Survey(survey))));
        lab.key("3");
        lab
    }

    fn take(&mut self, message: Message) {
        for effect in update(&mut self.app, self.now, message) {
            match effect {
                Effect::Submit(ticket, _) => self.jobs.push(ticket),
                Effect::WakeAt(at) => self.alarms.push(at),
                _ => {}
            }
        }
    }

    fn key(&mut self, key: &str) {
        self.take(Message::Key(key.parse().unwrap()));
    }

    fn tell(&mut self, kind: Kind, report: Report) {
        let found = self.jobs.iter().rev().find(|ticket| ticket.kind == kind).copied();
        if let Some(ticket) = found {
            self.take(Message::News(Box::new(News { ticket, report })));
        }
    }

    fn wait(&mut self, milliseconds: u64) {
        let until = self.now + milliseconds;
        while let Some(at) = self.alarms.iter().copied().filter(|at| *at <= until).min() {
            self.alarms.retain(|other| *other > at);
            self.now = self.now.max(at);
            self.take(Message::Woke);
        }
        self.now = until;
    }

    fn look(&mut self, size: (u16, u16)) {
        self.looks += 1;
        let colors = [Colors::None, Colors::Sixteen, Colors::Many][self.looks % 3];
        let look = Look {
            colors,
            ascii: self.looks.is_multiple_of(2),
        };
        Screen::of(&self.app, look, size).check(look);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_makes_training_panic(steps in prop::collection::vec(step(), 1..70)) {
        let mut lab = Lab::new();
        let mut size = (80, 24);
        for step in steps {
            match step {
                Step::Key(at) => lab.key(KEYS[at]),
                Step::Wait(milliseconds) => lab.wait(milliseconds),
                Step::Size(width, height) => {
                    size = (width, height);
                    lab.take(Message::Resized { width, height });
                }
                Step::News(kind, what, x, n) => lab.tell(kind, report(kind, what, x, n)),
            }
            lab.look(size);
        }
        prop_assert!(Panel::ALL.contains(&lab.app.panel));
        // When its run is over it asks for nothing more.
        lab.tell(Kind::Train, Report::Cancelled);
        lab.wait(100_000);
        prop_assert!(lab.alarms.is_empty(), "{:?}", lab.alarms);
    }
}
