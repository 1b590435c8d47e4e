//! A session: the same messages into a console of 80x24 and into one of 160x48.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use nsec_tui::tui::app::{App, Effect, Message, Start, Timed, update};
use nsec_tui::tui::key::KeyPress;
use nsec_tui::tui::keymap::{KeySettings, Keymap};
use nsec_tui::tui::view::Look;
use nsec_tui::worker::{Job, Kind, News, Report, Ticket};

use super::screen::{BARE, PLAIN, Screen};
use super::world::World;

/// Milliseconds between two messages.
const STEP: u64 = 10;

const SIZES: [(u16, u16); 2] = [(80, 24), (160, 48)];

/// Sizes at which nothing may go wrong, whatever is shown.
const ODD_SIZES: [(u16, u16); 4] = [(1, 1), (59, 15), (60, 15), (200, 60)];

/// One console.
pub(super) struct Console {
    pub(super) app: App,
    pub(super) size: (u16, u16),
    /// Every wish so far.
    pub(super) effects: Vec<Effect>,
    /// Jobs that have been given, with their tickets, the latest last.
    jobs: Vec<(Ticket, Job)>,
    /// When it wants to be woken.
    alarms: BTreeSet<u64>,
    world: Rc<RefCell<World>>,
    /// Everything that reached it, as a recording has it.
    pub(super) recording: Vec<String>,
}

impl Console {
    fn new(size: (u16, u16), start: Start, world: Rc<RefCell<World>>) -> Self {
        let keymap = Keymap::new(&KeySettings::default()).unwrap();
        Self {
            app: App::new(keymap, start),
            size,
            effects: Vec::new(),
            jobs: Vec::new(),
            alarms: BTreeSet::new(),
            world,
            recording: Vec::new(),
        }
    }

    /// Takes a message by way of its recording, then everything that the world answers to it.
    fn take(&mut self, at: u64, message: Message) {
        let line = serde_json::to_string(&Timed { at, message }).unwrap();
        let read: Timed = serde_json::from_str(&line).unwrap();
        let again = serde_json::to_string(&read).unwrap();
        assert_eq!(line, again, "a message does not read back as it was written");
        match self.app.for_recording(&read.message) {
            None => self.recording.push(line),
            Some(instead) => {
                let lines = instead.into_iter().map(|message| Timed { at, message });
                self.recording
                    .extend(lines.map(|timed| serde_json::to_string(&timed).unwrap()));
            }
        }
        let mut answers = Vec::new();
        for effect in update(&mut self.app, read.at, read.message) {
            match &effect {
                Effect::Submit(ticket, job) => {
                    self.jobs.push((*ticket, job.clone()));
                    answers.extend(
                        self.world
                            .borrow()
                            .answer(job)
                            .into_iter()
                            .map(|report| (*ticket, report)),
                    );
                }
                Effect::WakeAt(when) => _ = self.alarms.insert(*when),
                _ => {}
            }
            self.effects.push(effect);
        }
        for (ticket, report) in answers {
            self.take(at, Message::News(Box::new(News { ticket, report })));
        }
    }

    /// The latest job of a kind.
    fn job(&self, kind: Kind) -> (Ticket, &Job) {
        let found = self.jobs.iter().rev().find(|(ticket, _)| ticket.kind == kind);
        let (ticket, job) = found.unwrap_or_else(|| panic!("there was no job of kind {kind:?}"));
        (*ticket, job)
    }

    /// Draws it at every size and in every look, checks all that, and answers the screen of its own size.
    fn screen(&self, look: Look) -> Screen {
        for other in [PLAIN, BARE] {
            for size in ODD_SIZES.into_iter().chain([self.size]) {
                Screen::of(&self.app, other, size).check(other);
            }
        }
        self.check_hints();
        Screen::of(&self.app, look, self.size)
    }

    /// The footer's keys do where one is what the footer says.
    fn check_hints(&self) {
        let contexts = self.app.contexts();
        for hint in self.app.keymap.hints(&contexts) {
            assert_eq!(
                self.app.keymap.action(&contexts, hint.key),
                Some(hint.action),
                "{hint:?}"
            );
        }
    }
}

/// The same session at both sizes.
pub(super) struct Session {
    pub(super) consoles: Vec<Console>,
    now: u64,
}

impl Session {
    /// Begins a console in this world.
    pub(super) fn new(world: World) -> Self {
        Self::started(Start::default(), world)
    }

    /// Begins a console with something on its command line.
    pub(super) fn started(start: Start, world: World) -> Self {
        let world = Rc::new(RefCell::new(world));
        let console = |size| Console::new(size, start.clone(), Rc::clone(&world));
        let mut session = Self {
            consoles: SIZES.map(console).into(),
            now: 0,
        };
        for console in &mut session.consoles {
            let (width, height) = console.size;
            console.take(0, Message::Started { width, height });
        }
        session
    }

    /// Sends a message.
    pub(super) fn send(&mut self, message: &Message) -> &mut Self {
        self.now += STEP;
        for console in &mut self.consoles {
            console.take(self.now, message.clone());
        }
        self
    }

    /// Presses keys, with spaces between them; `j*20` is twenty times `j`.
    pub(super) fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            let (name, times) = match key.split_once('*') {
                Some((name, times)) if !name.is_empty() && !times.is_empty() => (name, times.parse().unwrap()),
                _ => (key, 1),
            };
            let press: KeyPress = name.parse().unwrap_or_else(|error| panic!("{error}"));
            for _ in 0..times {
                self.send(&Message::Key(press));
            }
        }
        self
    }

    /// Types a text, a key a character.
    pub(super) fn typed(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            let name = if c == ' ' { "space".to_owned() } else { c.to_string() };
            self.keys(&name);
        }
        self
    }

    /// Says something about the latest job of a kind.
    pub(super) fn tell(&mut self, kind: Kind, report: &Report) -> &mut Self {
        self.tell_by(kind, |_| vec![report.clone()])
    }

    /// Says something about the latest job of a kind, whatever it asks.
    pub(super) fn tell_by(&mut self, kind: Kind, answer: impl Fn(&Job) -> Vec<Report>) -> &mut Self {
        self.now += STEP;
        for console in &mut self.consoles {
            let (ticket, job) = console.job(kind);
            for report in answer(job) {
                console.take(self.now, Message::News(Box::new(News { ticket, report })));
            }
        }
        self
    }

    /// Lets time pass; consoles are woken when they asked to be.
    pub(super) fn wait(&mut self, milliseconds: u64) -> &mut Self {
        let until = self.now + milliseconds;
        for console in &mut self.consoles {
            while let Some(alarm) = console.alarms.first().copied().filter(|alarm| *alarm <= until) {
                console.alarms.remove(&alarm);
                console.take(alarm.max(self.now), Message::Woke);
            }
        }
        self.now = until;
        self
    }

    /// Changes both terminals' size.
    pub(super) fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        for console in &mut self.consoles {
            console.size = (width, height);
        }
        self.send(&Message::Resized { width, height })
    }

    /// Holds both screens against their snapshots.
    pub(super) fn shows(&mut self, name: &str) -> &mut Self {
        for console in &self.consoles {
            let (width, height) = console.size;
            assert_snapshot(&format!("{name}@{width}x{height}"), &console.screen(PLAIN).text());
        }
        self
    }

    /// Holds the small screen, without colours and in ASCII, against its snapshot, and its styles with it.
    pub(super) fn shows_plain(&mut self, name: &str) -> &mut Self {
        let screen = self.consoles[0].screen(BARE);
        let text = format!("{}\n{}", screen.text(), screen.styles());
        assert_snapshot(&format!("{name}@bare"), &text);
        self
    }

    /// The small screen's text.
    pub(super) fn text(&self) -> String {
        self.consoles[0].screen(PLAIN).text()
    }

    /// What the small console has wished for since this was last asked.
    pub(super) fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.consoles[0].effects)
    }

    /// The small console's recording fed to a new one must end on the same screen.
    pub(super) fn replays(&self) {
        let first = &self.consoles[0];
        let mut again = App::new(Keymap::new(&KeySettings::default()).unwrap(), Start::default());
        for line in &first.recording {
            let timed: Timed = serde_json::from_str(line).unwrap();
            update(&mut again, timed.at, timed.message);
        }
        assert_eq!(Screen::of(&again, PLAIN, first.size).text(), first.screen(PLAIN).text());
    }
}

fn assert_snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
