//! Owns the Logs panel's state: the log's latest lines, which of them are shown, whether the newest is followed.

pub mod tail;
#[cfg(test)]
mod tests;

use self::tail::Tail;
use super::effect::Effect;
use super::layer::{Answer, Given, Layer, Prompt, Purpose, Reader, ReaderLine};
use super::list::ListCursor;
use super::panel::{Panel, PanelState};
use super::shared::{Command, Shared};
use crate::text::grouped;
use crate::tui::keymap::{Action, Context};
use crate::worker::{Failure, FileJob, Job, Level, LogLine, News, Reply, Report, Ticket};

/// Lines asked for when the panel is shown.
const LINES: usize = 2_000;

/// Columns that a key scrolls sideways.
const SIDEWAYS: usize = 20;

/// Columns beyond which nothing is scrolled.
const FARTHEST: usize = 10_000;

/// The Logs panel.
#[derive(Debug)]
pub struct LogsPanel {
    /// The lines.
    pub tail: Tail,
    /// Whether they have come.
    pub loaded: bool,
    /// Only lines from this level on; `None` shows all.
    pub level: Option<Level>,
    /// What the lines shown contain.
    pub filter: String,
    /// Where the cursor is among the lines shown.
    pub cursor: ListCursor,
    /// Whether the cursor stays on the newest line.
    pub follow: bool,
    /// Columns scrolled to the right.
    pub column: usize,
    /// Why the log cannot be read.
    pub failure: Option<Failure>,
    /// Under which the worker tells what is added.
    ticket: Option<Ticket>,
}

impl Default for LogsPanel {
    fn default() -> Self {
        Self {
            tail: Tail::default(),
            loaded: false,
            level: None,
            filter: String::new(),
            cursor: ListCursor::default(),
            follow: true,
            column: 0,
            failure: None,
            ticket: None,
        }
    }
}

impl LogsPanel {
    /// The line the cursor is on.
    pub fn current(&self) -> Option<&LogLine> {
        self.tail.line(self.cursor.at)
    }

    fn height(shared: &Shared) -> usize {
        shared.panel_height().saturating_sub(1)
    }

    /// Changes lines or what is shown of them, and keeps the cursor on its line, or on the newest one.
    fn change(&mut self, shared: &Shared, change: impl FnOnce(&mut Tail)) {
        let (at, number) = (self.cursor.at, self.tail.number(self.cursor.at));
        let from_top = at - self.cursor.first.min(at);
        change(&mut self.tail);
        let (len, height) = (self.tail.shown(), Self::height(shared));
        if self.follow {
            self.cursor.go(len.saturating_sub(1), len, height);
        } else {
            let at = number.map_or(0, |number| self.tail.place(number));
            // The line stays where it is on the screen.
            self.cursor.first = at.saturating_sub(from_top);
            self.cursor.go(at, len, height);
        }
    }

    fn filter(&mut self, shared: &Shared) {
        let (level, text) = (self.level, self.filter.clone());
        self.change(shared, |tail| tail.filter(level, &text));
    }

    fn next_level(&mut self, shared: &mut Shared) {
        self.level = match self.level {
            None => Some(Level::Warning),
            Some(Level::Info | Level::Warning) => Some(Level::Error),
            Some(Level::Error) => None,
        };
        self.filter(shared);
    }

    fn set_follow(&mut self, shared: &mut Shared, follow: bool) {
        self.follow = follow;
        self.change(shared, |_| {});
    }

    fn read(&mut self, shared: &mut Shared) {
        self.failure = None;
        self.ticket = Some(shared.submit(Job::Files(FileJob::Log { lines: LINES })));
    }

    /// Stops the worker from telling what is added: nobody looks.
    fn leave(&mut self, shared: &mut Shared) {
        if let Some(ticket) = self.ticket.take() {
            // Its first answer has long come, so it is no running job any more; the worker is still told.
            shared.effects.push(Effect::Cancel(ticket));
        }
    }

    fn ask_for_filter(&self, shared: &mut Shared) {
        let prompt = Prompt::new("only lines with", "words, whatever their case").starting_with(self.filter.clone());
        shared.open(Layer::prompt(Panel::Logs, Purpose::FilterLog, prompt));
    }

    fn open(&self, shared: &mut Shared) {
        let Some(line) = self.current() else { return };
        let reader = Reader::new("log line", read_lines(&line.text));
        shared.open(Layer::reader(Panel::Logs, reader));
    }

    fn scroll(&mut self, action: Action) {
        self.column = match action {
            Action::Left => self.column.saturating_sub(SIDEWAYS),
            Action::Right => (self.column + SIDEWAYS).min(FARTHEST),
            _ => 0,
        };
    }

    /// Takes a filter away, if there is one.
    fn back(&mut self, shared: &mut Shared) -> bool {
        if self.filter.is_empty() && self.level.is_none() {
            return false;
        }
        if self.filter.is_empty() {
            self.level = None;
        }
        self.filter.clear();
        self.filter(shared);
        true
    }

    fn walk(&mut self, shared: &mut Shared, action: Action) -> bool {
        let (len, height) = (self.tail.shown(), Self::height(shared));
        if !self.cursor.act(action, len, height) {
            return false;
        }
        match action {
            Action::Bottom => self.follow = true,
            Action::Up | Action::PageUp | Action::HalfPageUp | Action::Top => self.follow = false,
            _ => {}
        }
        true
    }
}

/// The line as it stands, and a JSON object's members a line each, which is how people read it.
fn read_lines(text: &str) -> Vec<ReaderLine> {
    let mut lines = vec![ReaderLine::plain(text)];
    if let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text) {
        lines.push(ReaderLine::default());
        lines.extend(members.into_iter().map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            ReaderLine::labelled(name, text)
        }));
    }
    lines
}

impl PanelState for LogsPanel {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Logs, Context::Lists]
    }

    fn act(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::Follow => self.set_follow(shared, !self.follow),
            Action::NextLevel => self.next_level(shared),
            Action::Filter => self.ask_for_filter(shared),
            Action::Refresh => self.read(shared),
            Action::Open => self.open(shared),
            Action::Copy => {
                if let Some(line) = self.current() {
                    shared.effects.push(Effect::Copy(line.text.clone()));
                }
            }
            Action::Left | Action::Right | Action::FirstColumn => self.scroll(action),
            Action::Back => return self.back(shared),
            _ => return self.walk(shared, action),
        }
        true
    }

    fn answered(&mut self, shared: &mut Shared, answer: Answer) {
        if let (Purpose::FilterLog, Given::Line { text, .. }) = (answer.purpose, answer.given) {
            text.trim().clone_into(&mut self.filter);
            self.filter(shared);
        }
    }

    fn news(&mut self, shared: &mut Shared, news: &News) {
        if self.ticket != Some(news.ticket) {
            return;
        }
        match &news.report {
            Report::Done(reply) => {
                if let Reply::Log(lines) = &**reply {
                    self.loaded = true;
                    self.change(shared, |tail| tail.replace(lines));
                }
            }
            Report::Logged(lines) => self.change(shared, |tail| tail.append(lines)),
            Report::Failed(failure) => self.failure = Some(failure.clone()),
            _ => {}
        }
    }

    fn command(&mut self, shared: &mut Shared, command: &Command) {
        if let Command::Show(panel) = command
            && *panel != Panel::Logs
        {
            self.leave(shared);
        }
    }

    fn status(&self, _shared: &Shared) -> Option<String> {
        let all = self.tail.shown();
        (all > 0).then(|| format!("{} / {}", grouped(self.cursor.at as u64 + 1), grouped(all as u64)))
    }

    fn shown(&mut self, shared: &mut Shared) {
        if self.ticket.is_none() {
            self.read(shared);
        }
    }

    fn woke(&mut self, shared: &mut Shared) {
        self.cursor.keep(self.tail.shown(), Self::height(shared));
    }
}
