//! The console's state: `update` takes a message and answers what is wanted of the world. No I/O, no clock, no threads.

mod address;
pub mod data;
mod effect;
mod globals;
pub mod layer;
pub mod line_editor;
pub mod list;
pub mod logs;
mod message;
mod panel;
mod record;
pub mod review;
pub mod runs;
mod session;
mod shared;
pub mod team;
pub mod training;
pub mod validation;

use std::path::PathBuf;

pub use effect::Effect;
pub use globals::size_text;
pub use message::{Message, Timed};
pub use panel::{Panel, PanelState};
pub use session::Session;
pub use shared::{Command, Flash, OpenSource, Shared};

use self::data::DataPanel;
use self::layer::{Answer, Layer, LayerKind, Outcome, Purpose};
use self::logs::LogsPanel;
use self::review::ReviewPanel;
use self::runs::RunsPanel;
use self::training::TrainingPanel;
use self::validation::ValidationPanel;
use super::key::KeyPress;
use super::keymap::{Action, Context, Entry, Keymap};
use crate::worker::{Failure, FileJob, Job, Kind, News, Reply, Report};

/// What the program was started with.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// `--data`: the console starts clean on it; without it the session before is taken up.
    pub data: Option<PathBuf>,
    /// The program has the mouse from the start.
    pub mouse: bool,
}

/// The whole state of the console.
pub struct App {
    /// The keys in force.
    pub keymap: Keymap,
    /// What all panels share.
    pub shared: Shared,
    /// The panel that is shown.
    pub panel: Panel,
    /// Layers above the panel, the last on top.
    pub layers: Vec<Layer>,
    /// The Data panel.
    pub data: DataPanel,
    /// The Validation panel.
    pub validation: ValidationPanel,
    /// The Training panel.
    pub training: TrainingPanel,
    /// The Review panel.
    pub review: ReviewPanel,
    /// The Runs panel.
    pub runs: RunsPanel,
    /// The Logs panel.
    pub logs: LogsPanel,
    /// Whether the program has the mouse.
    pub mouse: bool,
    start: Start,
    saved: SavedSession,
    /// Somebody wants to leave; decisions that are on their way to the disk are waited for.
    leaving: bool,
    /// What help or palette lists while it is open. The keys of where one is may change under it.
    listed: Vec<&'static Entry>,
}

/// What of the session is on disk already.
#[derive(Default)]
struct SavedSession {
    text: String,
    /// When the session is to be saved, if it has changed.
    due: Option<u64>,
}

impl App {
    /// Before anything has happened.
    pub fn new(keymap: Keymap, start: Start) -> Self {
        Self {
            keymap,
            shared: Shared::default(),
            panel: Panel::default(),
            layers: Vec::new(),
            data: DataPanel::default(),
            validation: ValidationPanel::default(),
            training: TrainingPanel::default(),
            review: ReviewPanel::default(),
            runs: RunsPanel::default(),
            logs: LogsPanel::default(),
            mouse: start.mouse,
            start,
            saved: SavedSession::default(),
            leaving: false,
            listed: Vec::new(),
        }
    }

    /// A panel's state.
    pub fn panel(&self, panel: Panel) -> &dyn PanelState {
        match panel {
            Panel::Data => &self.data,
            Panel::Validation => &self.validation,
            Panel::Training => &self.training,
            Panel::Review => &self.review,
            Panel::Runs => &self.runs,
            Panel::Logs => &self.logs,
        }
    }

    /// Where keys are pressed now, the innermost first.
    pub fn contexts(&self) -> Vec<Context> {
        if let Some(layer) = self.layers.last() {
            return vec![layer.context()];
        }
        let mut contexts = self.panel(self.panel).contexts().to_vec();
        contexts.push(Context::Everywhere);
        contexts
    }

    /// Lines of a list on one screen, for paging.
    pub fn page(&self) -> usize {
        self.shared.panel_height().saturating_sub(2).max(1)
    }

    fn with_panel<T>(&mut self, panel: Panel, run: impl FnOnce(&mut dyn PanelState, &mut Shared) -> T) -> T {
        let shared = &mut self.shared;
        match panel {
            Panel::Data => run(&mut self.data, shared),
            Panel::Validation => run(&mut self.validation, shared),
            Panel::Training => run(&mut self.training, shared),
            Panel::Review => run(&mut self.review, shared),
            Panel::Runs => run(&mut self.runs, shared),
            Panel::Logs => run(&mut self.logs, shared),
        }
    }

    fn with_each(&mut self, mut run: impl FnMut(&mut dyn PanelState, &mut Shared)) {
        for panel in Panel::ALL {
            self.with_panel(panel, |state, shared| run(state, shared));
        }
    }
}

/// Takes a message at a time and answers what is wanted of the world, in order.
pub fn update(app: &mut App, at: u64, message: Message) -> Vec<Effect> {
    app.shared.now = app.shared.now.max(at);
    match message {
        Message::Started { width, height } => app.started((width, height)),
        Message::Key(key) => app.press(key),
        Message::Paste(text) => app.paste(&text),
        Message::Wheel(rows) => app.wheel(rows),
        Message::Click { x, y } => app.click(x, y),
        Message::Resized { width, height } => {
            app.shared.size = (width, height);
            app.with_each(|panel, shared| panel.woke(shared));
        }
        Message::News(news) => app.told(&news),
        Message::Woke => app.woke(),
        Message::Copied(text) => app.shared.say(text),
        Message::Ending => app.save_session(),
    }
    app.settle();
    std::mem::take(&mut app.shared.effects)
}

impl App {
    fn started(&mut self, size: (u16, u16)) {
        self.shared.size = size;
        if self.mouse {
            self.shared.effects.push(Effect::Mouse(true));
        }
        if let Some(path) = self.start.data.clone() {
            self.shared.request(Command::Open(Some(path)));
        }
        self.shared.submit(Job::Files(FileJob::Survey));
    }

    fn press(&mut self, key: KeyPress) {
        let action = self.keymap.action(&self.contexts(), key);
        if let Some(layer) = self.layers.last_mut() {
            let page = usize::from(self.shared.size.1).saturating_sub(8);
            let outcome = match action {
                Some(action) => layer.act(action, page),
                None => layer.press(key),
            };
            if outcome == Outcome::Ignored {
                self.press_under_layer(key);
            } else {
                self.layer_did(outcome);
            }
        } else if let Some(action) = action {
            _ = self.act(action);
        }
    }

    /// With a layer open only what has nothing to do with panels goes through to the console.
    fn press_under_layer(&mut self, key: KeyPress) {
        let through = [Action::Redraw, Action::Suspend, Action::ToggleMouse];
        let action = self.keymap.action(&[Context::Everywhere], key);
        if let Some(action) = action.filter(|action| through.contains(action)) {
            _ = self.act(action);
        }
    }

    /// Does what a key or a command of the palette asks; whether anything took it.
    pub fn act(&mut self, action: Action) -> bool {
        let panel = self.panel;
        let taken = self.with_panel(panel, |state, shared| state.act(shared, action)) || self.act_globally(action);
        self.touch_session();
        taken
    }

    fn paste(&mut self, text: &str) {
        if let Some(layer) = self.layers.last_mut() {
            let outcome = layer.paste(text);
            self.layer_did(outcome);
        }
    }

    fn wheel(&mut self, rows: i16) {
        let action = if rows < 0 { Action::Up } else { Action::Down };
        for _ in 0..rows.unsigned_abs().min(100) {
            match self.layers.last_mut() {
                Some(layer) => _ = layer.act(action, 1),
                None => _ = self.act(action),
            }
        }
    }

    /// A click on a panel's tab shows the panel; elsewhere it means nothing.
    fn click(&mut self, x: u16, y: u16) {
        if !self.layers.is_empty() || y > 0 {
            return;
        }
        let panels = Panel::ALL.into_iter();
        let ends = panels.scan(0, |end, panel| {
            *end += self.tab(panel).chars().count() + 2;
            Some((*end, panel))
        });
        let hit = ends.into_iter().find(|(end, _)| usize::from(x) < *end);
        if let Some((_, panel)) = hit {
            self.shared.request(Command::Show(panel));
        }
    }

    /// What stands on a panel's tab: its key and its name.
    pub fn tab(&self, panel: Panel) -> String {
        match self.keymap.key_for(&[Context::Everywhere], panel.shown_by()) {
            Some(key) => format!("{key} {}", panel.title()),
            None => panel.title().to_owned(),
        }
    }

    fn layer_did(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Stays | Outcome::Ignored => {}
            Outcome::Typed => self.suggest_paths(),
            Outcome::Shows(reader) => self
                .layers
                .push(Layer::new(None, Purpose::Read, LayerKind::Reader(reader))),
            Outcome::Copies(text) => self.shared.effects.push(Effect::Copy(text)),
            Outcome::Closes => _ = self.layers.pop(),
            Outcome::Answers(given) => {
                let Some(layer) = self.layers.pop() else { return };
                let answer = Answer {
                    purpose: layer.purpose().clone(),
                    given,
                };
                match layer.owner {
                    Some(panel) => self.with_panel(panel, |state, shared| state.answered(shared, answer)),
                    None => self.answered_globally(answer),
                }
                self.touch_session();
            }
        }
    }

    fn told(&mut self, news: &News) {
        let ticket = news.ticket;
        let ended = matches!(news.report, Report::Done(_) | Report::Failed(_) | Report::Cancelled);
        if ended {
            self.shared.ended(ticket);
            if self.leaving && self.shared.running(Kind::Decide).is_none() {
                self.quit();
            }
        }
        // Decisions and changes of shared runs follow each other faster than they are done; each answer says what became of one.
        let never_stale = matches!(ticket.kind, Kind::Decide | Kind::TeamChange);
        if !never_stale && !self.shared.is_latest(ticket) {
            return;
        }
        match &news.report {
            Report::Done(reply) => self.told_globally(reply),
            Report::Failed(failure) => self.failed_globally(ticket.kind, failure),
            _ => {}
        }
        self.told_of_team(ticket, &news.report);
        self.with_each(|panel, shared| panel.news(shared, news));
    }

    fn told_globally(&mut self, reply: &Reply) {
        match reply {
            Reply::Survey(survey) => {
                let first = self.shared.survey.is_none();
                self.shared.survey = Some(survey.clone());
                if first {
                    self.decided_here(survey.team_waiting);
                    self.resume();
                    self.join_named_server();
                }
            }
            Reply::Decided(decided) => self.decided_here(decided.cases),
            Reply::Directory { path, entries } => self.suggest(path, entries),
            _ => {}
        }
    }

    /// What no panel has asked for is nobody else's to report.
    fn failed_globally(&mut self, kind: Kind, failure: &Failure) {
        match kind {
            Kind::Survey | Kind::Session => self.shared.complain(failure.message.clone()),
            // A directory that cannot be read has nothing to suggest; whoever opens a file in it is told why it fails.
            _ => {}
        }
    }

    fn woke(&mut self) {
        let now = self.shared.now;
        if self.shared.flash.as_ref().is_some_and(|flash| flash.until <= now) {
            self.shared.flash = None;
        }
        if self.saved.due.is_some_and(|due| due <= now) {
            self.save_session();
        }
        self.with_each(|panel, shared| panel.woke(shared));
    }

    /// Carries out what panels asked of each other, and opens what they want opened.
    fn settle(&mut self) {
        // A command may lead to another, never round in a circle; the bound is against a mistake.
        for _ in 0..64 {
            let commands = std::mem::take(&mut self.shared.commands);
            if commands.is_empty() {
                break;
            }
            for command in commands {
                if let Command::Show(panel) = command {
                    self.show(panel);
                }
                self.with_each(|panel, shared| panel.command(shared, &command));
            }
        }
        self.layers.append(&mut self.shared.layers);
    }

    fn show(&mut self, panel: Panel) {
        self.panel = panel;
        self.with_panel(panel, |state, shared| state.shown(shared));
    }
}
