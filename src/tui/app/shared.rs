//! Owns what all panels share: facts of the workspace, the size, tickets, and the wishes they leave behind.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::effect::Effect;
use super::layer::{Layer, Purpose};
use super::panel::Panel;
use super::team::TeamLink;
use crate::worker::{Job, Kind, Survey, Ticket, TrainPlan};

/// A request from one part of the console to another.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show a panel.
    Show(Panel),
    /// Open a source in Data; `None` is the workspace's own.
    Open(Option<PathBuf>),
    /// Show the rows at these lines of the open source in Data, with a column marked.
    ShowLines {
        /// 1-based lines, ascending.
        lines: Vec<u64>,
        /// What these rows have in common, for the filter line.
        title: String,
        /// The column to mark.
        column: Option<String>,
    },
    /// Check the open source.
    Validate,
    /// Train with this plan.
    Train(TrainPlan),
    /// Ask what is to be scored, with which model.
    Score,
    /// Open a scored file in Review, whatever was open there; `None` is the one that `predict` writes to by default. Whoever
    /// wants it seen also asks for [`Command::Show`].
    Review(Option<PathBuf>),
    /// Show the curves and the dial of a finished run in Training.
    ShowRun(String),
    /// The runs on disk have changed.
    RunsChanged,
    /// The source open in Data has changed.
    SourceChanged,
    /// The session before is to be taken up.
    Resume,
}

/// A line shown for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// The line, not yet made safe to draw.
    pub text: String,
    /// Whether something went wrong.
    pub bad: bool,
    /// When it goes.
    pub until: u64,
}

/// The source that Data has open, as other panels need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenSource {
    /// The path; `None` is the workspace's own data.
    pub path: Option<PathBuf>,
    /// Its name.
    pub name: String,
}

/// How long a flash stays, in milliseconds.
const FLASH: u64 = 4_000;
/// For so long nothing that came by itself takes its place.
const ANSWER: u64 = 1_500;

/// What all panels share.
#[derive(Debug, Default)]
pub struct Shared {
    /// Milliseconds since the program began.
    pub now: u64,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// What the workspace holds; `None` until the survey is back.
    pub survey: Option<Survey>,
    /// What is open in Data.
    pub source: OpenSource,
    /// The team's server.
    pub team: TeamLink,
    /// Why training on the open source is blocked, as validation found.
    pub blocked: Option<String>,
    /// A line shown for a while.
    pub flash: Option<Flash>,
    /// The last one that answered a key or told how something ended.
    answer: Option<Flash>,
    /// What panels want opened above them, the last on top.
    pub layers: Vec<Layer>,
    /// What panels want of each other.
    pub commands: Vec<Command>,
    /// What is wanted of the world.
    pub effects: Vec<Effect>,
    latest: BTreeMap<Kind, u64>,
    running: Vec<Ticket>,
    next_ticket: u64,
}

impl Shared {
    /// Gives the worker a job. A job of the same kind that still runs becomes stale.
    pub fn submit(&mut self, job: Job) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket {
            id: self.next_ticket,
            kind: job.kind(),
        };
        self.latest.insert(ticket.kind, ticket.id);
        self.running.push(ticket);
        self.effects.push(Effect::Submit(ticket, job));
        ticket
    }

    /// Gives up a job. It is still running until the worker says that it ended.
    pub fn cancel(&mut self, ticket: Ticket) {
        if self.running.contains(&ticket) {
            self.effects.push(Effect::Cancel(ticket));
        }
    }

    /// Whether no newer job of its kind was given.
    pub fn is_latest(&self, ticket: Ticket) -> bool {
        self.latest.get(&ticket.kind) == Some(&ticket.id)
    }

    /// Whether a job has not ended yet.
    pub fn is_running(&self, ticket: Ticket) -> bool {
        self.running.contains(&ticket)
    }

    /// The newest job of a kind that has not ended yet.
    pub fn running(&self, kind: Kind) -> Option<Ticket> {
        self.running.iter().rev().find(|t| t.kind == kind).copied()
    }

    /// Takes note that a job has ended.
    pub fn ended(&mut self, ticket: Ticket) {
        self.running.retain(|t| *t != ticket);
    }

    /// Shows a line for a while.
    pub fn say(&mut self, text: impl Into<String>) {
        self.flash(text.into(), false);
    }

    /// Shows for a while that something went wrong.
    pub fn complain(&mut self, text: impl Into<String>) {
        self.flash(text.into(), true);
    }

    /// Tells what came by itself, and whether that is bad. It does not take the place of the answer to a key that was pressed a
    /// moment ago.
    pub fn mention(&mut self, text: impl Into<String>, bad: bool) {
        let text = text.into();
        let fresh = |answer: &&Flash| self.flash.is_some() && answer.until.saturating_sub(self.now) > FLASH - ANSWER;
        let (text, bad) = match self.answer.as_ref().filter(fresh) {
            Some(answer) => (format!("{}; {text}", answer.text), answer.bad || bad),
            None => (text, bad),
        };
        let until = self.now + FLASH;
        self.flash = Some(Flash { text, bad, until });
        self.wake_at(until);
    }

    fn flash(&mut self, text: String, bad: bool) {
        let until = self.now + FLASH;
        let flash = Flash { text, bad, until };
        self.answer = Some(flash.clone());
        self.flash = Some(flash);
        self.wake_at(until);
    }

    /// Asks to be told when this time has come.
    pub fn wake_at(&mut self, at: u64) {
        self.effects.push(Effect::WakeAt(at));
    }

    /// Opens a layer.
    pub fn open(&mut self, layer: Layer) {
        self.layers.push(layer);
    }

    /// Asks another part of the console for something.
    pub fn request(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// The open picker for a purpose, to fill it when its list has come.
    pub fn layer_mut(&mut self, purpose: &Purpose) -> Option<&mut Layer> {
        self.layers.iter_mut().rev().find(|layer| layer.purpose() == purpose)
    }

    /// Rows that a panel has for itself: all but the line of panels, the status line and the footer.
    pub fn panel_height(&self) -> usize {
        usize::from(self.size.1).saturating_sub(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_by_itself_does_not_take_the_place_of_a_fresh_answer() {
        let mut shared = Shared::default();
        let said = |shared: &Shared| {
            let flash = shared.flash.as_ref().unwrap();
            (flash.text.clone(), flash.bad)
        };
        shared.complain("nothing was decided");
        shared.mention("jan: 1 verdict", false);
        assert_eq!(said(&shared), ("nothing was decided; jan: 1 verdict".to_owned(), true));
        // More of it takes the place of what came by itself before.
        shared.mention("jan: 2 verdicts", false);
        assert_eq!(said(&shared), ("nothing was decided; jan: 2 verdicts".to_owned(), true));
        shared.say("kept");
        shared.now += ANSWER;
        shared.mention("contradicted", true);
        assert_eq!(said(&shared), ("contradicted".to_owned(), true));
    }
}
