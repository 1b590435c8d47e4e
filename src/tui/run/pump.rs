//! Owns the loop: what comes in becomes messages, what the state wishes is done, and the screen follows.
//!
//! It sleeps until something comes or a moment asked for is there, and has no beat of its own. What has come is taken
//! in before a frame is drawn, so a held key or a burst of news costs one frame and not one each.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use signal_hook::consts::SIGHUP;

use super::clipboard::{Route, copy};
use super::decode::{Decoder, Input};
use super::draw::Painter;
use super::input::{Typed, Waiting};
use super::pacer::{Cause, Pacer};
use super::record::Recorder;
use super::signals::Notice;
use super::suspend::suspend;
use super::terminal::Terminal;
use super::{Ending, Left};
use crate::tui::app::{App, Effect, Message, Timed, update};
use crate::tui::view::{Look, view};
use crate::worker::{Kind, News, Report, Ticket, Worker};

/// What comes in is taken in for so long before a frame is drawn, although more is there.
const LONGEST_INTAKE: Duration = Duration::from_millis(40);

/// How long the session may take to be on disk when the console is left.
const SESSION_PATIENCE: Duration = Duration::from_millis(250);

/// How long work may take to stop when the console is left by a person.
const PATIENCE: Duration = Duration::from_secs(2);

/// The same after a signal, which leaves a second for everything.
const SHORT_PATIENCE: Duration = Duration::from_millis(650);

/// Rows of one turn of the wheel.
const WHEEL: i16 = 3;

/// What comes in.
pub(super) enum Incoming {
    /// From the terminal.
    Typed(Typed),
    /// From the worker.
    News(Box<News>),
    /// From the system.
    Notice(Notice),
}

/// What the loop is made of.
pub(super) struct Parts {
    pub(super) app: App,
    pub(super) terminal: Terminal,
    pub(super) worker: Arc<Worker>,
    pub(super) incoming: Receiver<Incoming>,
    pub(super) waiting: Waiting,
    pub(super) recorder: Option<Recorder>,
    pub(super) look: Look,
    pub(super) route: Route,
    /// The file for texts that no clipboard takes.
    pub(super) copies: PathBuf,
}

/// The loop with everything it holds.
pub(super) struct Pump {
    parts: Parts,
    begun: Instant,
    decoder: Decoder,
    pacer: Pacer,
    painter: Painter,
    buffer: Buffer,
    /// Moments at which the state wants to be woken.
    alarms: BTreeSet<u64>,
    /// Whether the terminal's size is to be asked for.
    resized: bool,
    /// Whether the next "continued" is the end of a sleep of our own.
    slept: bool,
    /// The session on its way to disk.
    saving: Option<Ticket>,
    ending: Option<Ending>,
}

impl Pump {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            painter: Painter::new(parts.look),
            parts,
            begun: Instant::now(),
            decoder: Decoder::default(),
            pacer: Pacer::default(),
            buffer: Buffer::default(),
            alarms: BTreeSet::new(),
            resized: false,
            slept: false,
            saving: None,
            ending: None,
        }
    }

    /// Runs until the console is left, and gives the terminal back.
    pub(super) fn run(mut self) -> Left {
        let (width, height) = self.parts.terminal.size();
        self.give(Message::Started { width, height }, Cause::Person);
        loop {
            self.draw_if_due();
            if let Some(ending) = self.ending {
                self.leave(ending);
                return Left {
                    ending,
                    word: self.parts.app.parting_word(),
                };
            }
            self.wait();
            self.keep_time();
        }
    }

    /// Milliseconds since the beginning.
    fn now(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    /// Sleeps until something comes or is due, and takes in all that is there.
    fn wait(&mut self) {
        let deadlines = [self.pacer.due(), self.decoder.deadline(), self.alarms.first().copied()];
        let first = match deadlines.into_iter().flatten().min() {
            None => self.parts.incoming.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => {
                let at = self.begun + Duration::from_millis(due);
                let left = at.saturating_duration_since(Instant::now());
                self.parts.incoming.recv_timeout(left)
            }
        };
        match first {
            Ok(incoming) => self.take(incoming),
            Err(RecvTimeoutError::Timeout) => return,
            // The reader of the terminal holds an end of it, so this is the end of everything.
            Err(RecvTimeoutError::Disconnected) => self.ending = Some(Ending::Signal(SIGHUP)),
        }
        let until = Instant::now() + LONGEST_INTAKE;
        while self.ending.is_none() && Instant::now() < until {
            match self.parts.incoming.try_recv() {
                Ok(incoming) => self.take(incoming),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
    }

    fn take(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Typed(Typed::Bytes { at, bytes }) => {
                self.parts.waiting.done(bytes.len());
                let mut inputs = Vec::new();
                // What was pressed apart stays apart, however late it is looked at.
                let came = at.saturating_duration_since(self.begun).as_millis() as u64;
                self.decoder.feed(&bytes, came, &mut inputs);
                self.typed(inputs);
            }
            Incoming::Typed(Typed::Gone) => self.end_by(SIGHUP),
            Incoming::News(news) => self.told(*news),
            Incoming::Notice(notice) => match notice {
                Notice::Leave(signal) => self.end_by(signal),
                Notice::Resized => self.resized = true,
                Notice::Suspend => {
                    if let Some(message) = self.sleep() {
                        self.give(message, Cause::Person);
                    }
                }
                Notice::Continued => self.continued(),
            },
        }
    }

    fn told(&mut self, news: News) {
        let ended = matches!(news.report, Report::Done(_) | Report::Failed(_) | Report::Cancelled);
        if ended && self.saving == Some(news.ticket) {
            self.saving = None;
        }
        self.give(Message::News(Box::new(news)), Cause::News);
    }

    fn typed(&mut self, inputs: Vec<Input>) {
        for input in inputs {
            // Keys behind the one that leaves were meant for what is behind the console.
            if self.ending.is_some() {
                return;
            }
            let message = match input {
                Input::Key(key) => Message::Key(key),
                Input::Paste(text) => Message::Paste(text),
                Input::Wheel { up, .. } => Message::Wheel(if up { -WHEEL } else { WHEEL }),
                Input::Click { column: x, row: y } => Message::Click { x, y },
            };
            self.give(message, Cause::Person);
        }
    }

    /// Does what time has brought.
    fn keep_time(&mut self) {
        let now = self.now();
        // Bytes that wait may belong to what is open.
        if !self.parts.waiting.any() {
            let mut inputs = Vec::new();
            self.decoder.expire(now, &mut inputs);
            self.typed(inputs);
        }
        if std::mem::take(&mut self.resized) {
            let (width, height) = self.parts.terminal.size();
            // Whatever the terminal made of its lines, it is drawn over.
            self.painter.forget();
            self.give(Message::Resized { width, height }, Cause::News);
        }
        let due = self.alarms.first().is_some_and(|alarm| *alarm <= now);
        if due {
            self.alarms = self.alarms.split_off(&(now + 1));
            self.give(Message::Woke, Cause::News);
        }
    }

    /// Gives the state a message and does what it wishes, and what follows from that.
    fn give(&mut self, message: Message, cause: Cause) {
        let mut messages = VecDeque::from([message]);
        while let Some(message) = messages.pop_front() {
            let at = self.now();
            let timed = Timed { at, message };
            if let Some(recorder) = &mut self.parts.recorder {
                match self.parts.app.for_recording(&timed.message) {
                    None => recorder.take(&timed),
                    Some(instead) => {
                        for message in instead {
                            recorder.take(&Timed { at, message });
                        }
                    }
                }
            }
            for effect in update(&mut self.parts.app, at, timed.message) {
                messages.extend(self.carry_out(effect));
            }
        }
        self.pacer.changed(cause);
    }

    /// Does what the state wishes; what came of it, where the state is told.
    fn carry_out(&mut self, effect: Effect) -> Option<Message> {
        match effect {
            Effect::Submit(ticket, job) => {
                if ticket.kind == Kind::Session {
                    self.saving = Some(ticket);
                }
                self.parts.worker.submit(ticket, job);
            }
            Effect::Cancel(ticket) => self.parts.worker.cancel(ticket),
            Effect::StopAfterStage(ticket) => self.parts.worker.stop_after_stage(ticket),
            Effect::Copy(text) => {
                let Parts {
                    route,
                    terminal,
                    copies,
                    ..
                } = &self.parts;
                return Some(Message::Copied(copy(route, terminal, copies, &text)));
            }
            Effect::Mouse(on) => self.parts.terminal.set_mouse(on),
            Effect::WakeAt(at) => {
                // A wish for the past is one for the next moment, so that a mistake cannot make the loop spin.
                self.alarms.insert(at.max(self.now() + 1));
            }
            Effect::Redraw => self.painter.forget(),
            Effect::Suspend => return self.sleep(),
            Effect::Quit => self.ending = Some(Ending::Quit),
        }
        None
    }

    /// Sleeps until the shell wakes the program; what to tell the state if no shell would.
    fn sleep(&mut self) -> Option<Message> {
        match suspend(&self.parts.terminal) {
            Ok(true) => {
                self.slept = true;
                self.wake_up();
                None
            }
            Ok(false) => Some(Message::Copied(
                "no shell would wake the program again; q leaves it".to_owned(),
            )),
            Err(error) => {
                tracing::error!("the terminal cannot be taken again: {error}");
                self.end_by(SIGHUP);
                None
            }
        }
    }

    /// The system says that the program goes on. After a stop that it had no say in, the terminal is to be taken anew.
    fn continued(&mut self) {
        if std::mem::take(&mut self.slept) {
            return;
        }
        if let Err(error) = self.parts.terminal.retake() {
            tracing::error!("the terminal cannot be taken again: {error}");
            return self.end_by(SIGHUP);
        }
        self.wake_up();
    }

    fn wake_up(&mut self) {
        self.painter.forget();
        self.resized = true;
        self.pacer.changed(Cause::Person);
    }

    fn end_by(&mut self, signal: i32) {
        if self.ending.is_none() {
            self.ending = Some(Ending::Signal(signal));
        }
    }

    fn draw_if_due(&mut self) {
        let start = self.now();
        if self.ending.is_some() || self.pacer.due().is_none_or(|due| due > start) {
            return;
        }
        let (width, height) = self.parts.app.shared.size;
        let area = Rect::new(0, 0, width, height);
        if self.buffer.area == area {
            self.buffer.reset();
        } else {
            self.buffer = Buffer::empty(area);
        }
        let cursor = view(&self.parts.app, self.parts.look, &mut self.buffer);
        let bytes = self.painter.frame(&self.buffer, cursor);
        let begun = Instant::now();
        if self.parts.terminal.write(bytes).is_err() {
            return self.end_by(SIGHUP);
        }
        // Only what the line took says how fast it is.
        let end = self.now();
        self.pacer.drawn(end - begun.elapsed().as_millis() as u64, end);
        if let Some(recorder) = &mut self.parts.recorder {
            recorder.flush();
        }
    }

    /// Leaves: the session to disk, work to its end, the terminal to its owner. The terminal comes last, for as long as
    /// this process lives its reader takes what is typed.
    fn leave(&mut self, ending: Ending) {
        let patience = match ending {
            Ending::Quit => PATIENCE,
            Ending::Signal(_) => {
                self.give(Message::Ending, Cause::News);
                SHORT_PATIENCE
            }
        };
        self.wait_for_session();
        if !self.parts.worker.shutdown(patience) {
            tracing::warn!("work did not stop in time and is left behind");
        }
        if let Some(recorder) = &mut self.parts.recorder {
            recorder.flush();
        }
        if ending != Ending::Signal(SIGHUP) {
            self.parts.terminal.leave();
        }
    }

    fn wait_for_session(&mut self) {
        let until = Instant::now() + SESSION_PATIENCE;
        while let Some(saving) = self.saving {
            let left = until.saturating_duration_since(Instant::now());
            match self.parts.incoming.recv_timeout(left) {
                Ok(Incoming::News(news)) if news.ticket == saving => {
                    if !matches!(news.report, Report::Progress { .. }) {
                        return;
                    }
                }
                Ok(_) => {}
                Err(_) => return tracing::warn!("the session was not kept in time"),
            }
        }
    }
}
