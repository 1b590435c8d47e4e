//! The Review panel's state: the scored file, its queue, the cases in sight, the card of the one under the cursor, marks,
//! and the decisions on their way. Nothing here is sure of a decision before the worker says that it is on disk.

mod arranging;
mod asking;
mod cards;
mod deciding;
mod dialogs;
mod exporting;
mod file;
mod finding;
mod jobs;
mod layout;
mod marking;
mod marks;
mod news;
mod opening;
mod pending;
mod reading;
mod rules;
mod score_form;
mod scoring;
mod session;
#[cfg(test)]
mod tests;
mod walking;
mod window;
pub mod words;

pub use asking::{Asking, Target};
pub use cards::{Cards, ShownCard};
pub use dialogs::Dialog;
pub use file::Scored;
pub use finding::Find;
pub use jobs::{SimilarTo, Wanted};
pub use layout::{CARD, Layout};
pub use marks::{Marks, Range};
pub use pending::Seen;
pub use session::ReviewSession;
pub use walking::ListColumn;
pub use window::{Sight, Window};

use self::dialogs::Dialogs;
use self::jobs::Jobs;
use self::pending::Pendings;
use super::layer::{Answer, Given, Purpose};
use super::panel::{Panel, PanelState};
use super::shared::{Command, Shared};
use crate::text::{grouped, percent};
use crate::tui::keymap::{Action, Context, TABLE};
use crate::worker::{News, QueueView, ReviewJob, ReviewRow, StoreState};

/// Characters of a cell that are asked for.
const CELL: usize = 120;

/// The Review panel.
#[derive(Debug, Default)]
pub struct ReviewPanel {
    file: Scored,
    view: QueueView,
    similar: Option<SimilarTo>,
    window: Window,
    cards: Cards,
    marks: Marks,
    pending: Pendings,
    jobs: Jobs,
    dialogs: Dialogs,
    find: Option<Find>,
    /// The column of the list that the cursor is on.
    column: usize,
    /// Whether the digit of a tag is waited for.
    tagging: bool,
    /// Until when nothing is decided, because the case under the cursor has changed by itself.
    unsettled: u64,
    /// How far a long job is, in words.
    progress: Option<String>,
    /// The session before, until it is taken up.
    resuming: Option<ReviewSession>,
    shown: bool,
    /// The time as of the last message, for what is shown only for a moment.
    now: u64,
    filters_typed: Vec<String>,
    finds_typed: Vec<String>,
    recent: Vec<String>,
}

impl ReviewPanel {
    /// The file.
    pub fn file(&self) -> &Scored {
        &self.file
    }

    /// The queue that is shown, and how the work stands.
    pub fn view(&self) -> &QueueView {
        &self.view
    }

    /// The case to which those that are shown are alike.
    pub fn similar(&self) -> Option<&SimilarTo> {
        self.similar.as_ref()
    }

    /// The cases in sight.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// The marks.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// What is looked for.
    pub fn find(&self) -> Option<&Find> {
        self.find.as_ref()
    }

    /// Whether the digit of a tag is waited for.
    pub fn is_tagging(&self) -> bool {
        self.tagging
    }

    /// A case with what is being decided about it.
    pub fn seen<'r>(&'r self, row: &'r ReviewRow) -> Seen<'r> {
        self.pending.seen(row)
    }

    /// What is shown of the case under the cursor.
    pub fn card(&self) -> Option<ShownCard<'_>> {
        self.cards.shown(self.now)
    }

    /// How the panel's room is shared out.
    pub fn layout(&self, shared: &Shared) -> Layout {
        Layout::of(shared.size.0, shared.panel_height(), u16::from(self.alarm().is_some()))
    }

    /// What must always be said while it holds: that verdicts are not kept where they should be.
    pub fn alarm(&self) -> Option<String> {
        match &self.file.opened()?.store {
            StoreState::Ready => None,
            StoreState::Journal(why) => Some(format!(
                "verdicts go to the journal for now (they are safe there): {why}"
            )),
            StoreState::ReadOnly(why) => Some(format!("READ ONLY, no verdict can be kept: {why}")),
        }
    }

    /// Fits everything into the screen, and asks for the rows and the card that are needed now.
    fn refresh(&mut self, shared: &mut Shared) {
        self.now = shared.now;
        if self.file.opened().is_none() {
            return;
        }
        let layout = self.layout(shared);
        self.window.resize(usize::from(layout.rows));
        if let Some((first, count)) = self.window.wish() {
            let job = ReviewJob::Page {
                first,
                count,
                columns: self.cell_columns(),
                cell: CELL,
            };
            let ticket = shared.submit(crate::worker::Job::Review(job));
            self.jobs.forget(ticket.kind);
            self.window.asked(ticket, (first, count));
            self.pending.paged();
        }
        self.note_range(shared);
        self.ask_for_card(shared);
    }

    fn ask_for_card(&mut self, shared: &mut Shared) {
        let here = self.window.place().zip(self.window.current().map(|row| row.row));
        let Some((at, row)) = here else {
            if self.window.place().is_none() {
                self.cards.leave();
            }
            return;
        };
        // Nobody looks; the card is asked for when somebody does.
        if self.shown && self.cards.come_to(row, at, shared.now) {
            let ticket = shared.submit(crate::worker::Job::Review(ReviewJob::Card { at }));
            self.cards.asked(ticket);
            if let Some(when) = self.cards.changes_at(shared.now) {
                shared.wake_at(when);
            }
        }
    }

    /// With no file open there is only one to open or to score.
    fn act_without_file(&mut self, shared: &mut Shared, action: Action) -> bool {
        match (action, &self.file) {
            (Action::Open, Scored::Failed { path, .. }) => {
                let path = path.clone();
                self.open(shared, path);
                return true;
            }
            (Action::Back, Scored::Opening { .. }) => return self.jobs.stop(shared),
            (Action::Back, _) => return false,
            _ => {}
        }
        let own = |context| TABLE.iter().any(|e| e.context == context && e.action == action);
        let mine = own(Context::Review) || own(Context::Lists);
        if mine {
            shared.say("no scored file is open yet");
        }
        mine
    }

    fn act_on_file(&mut self, shared: &mut Shared, action: Action) -> bool {
        self.walk(shared, action)
            || self.mark(shared, action)
            || self.act_on_case(shared, action)
            || self.act_on_queue(shared, action)
    }

    fn take(&mut self, shared: &mut Shared, action: Action) -> bool {
        if self.tagging {
            return self.act_on_tags(shared, action);
        }
        if self.act_on_dialogs(shared, action) {
            return true;
        }
        match action {
            Action::OpenFile => self.ask_for_scored_file(shared),
            _ if self.file.opened().is_none() => return self.act_without_file(shared, action),
            Action::Back => return self.back(shared),
            _ => return self.act_on_file(shared, action),
        }
        true
    }

    /// Leaves one layer: what runs, the range, the marks, what is looked for, the similar cases, the last filter.
    fn back(&mut self, shared: &mut Shared) -> bool {
        if self.jobs.stop(shared) {
            shared.say("stopping");
        } else if self.leave_marks() || self.find.take().is_some() {
            // The list is as it was.
        } else if self.similar.is_some() {
            self.leave_similar(shared);
        } else if !self.wanted().filters.is_empty() {
            let last = self.wanted().filters.len() - 1;
            self.remove_filter(shared, last);
        } else {
            return false;
        }
        true
    }
}

impl PanelState for ReviewPanel {
    fn contexts(&self) -> &'static [Context] {
        let saved = self.file.opened().is_some_and(|file| !file.saved_queues.is_empty());
        match (self.tagging, saved) {
            (true, _) => &[Context::Tags],
            (false, true) => &[Context::SavedQueues, Context::Review, Context::Lists],
            (false, false) => &[Context::Review, Context::Lists],
        }
    }

    fn act(&mut self, shared: &mut Shared, action: Action) -> bool {
        let taken = self.take(shared, action);
        self.refresh(shared);
        taken
    }

    fn answered(&mut self, shared: &mut Shared, answer: Answer) {
        if let Purpose::Dialog(dialog) = answer.purpose {
            self.dialog_answered(shared, dialog, answer.given);
        } else if let Purpose::Review(asking) = answer.purpose {
            match (asking, answer.given) {
                (Asking::Decide(decision), Given::Yes) => self.give(shared, decision),
                (Asking::Note(target), Given::Line { text, .. }) => self.note_answered(shared, &target, &text),
                (Asking::Reason(target, codes), Given::Choice { item, text }) => {
                    self.reason_answered(shared, &target, item.and_then(|at| codes.get(at)), &text);
                }
                (asking, given) => self.queue_answered(shared, asking, given),
            }
        }
        self.refresh(shared);
    }

    fn news(&mut self, shared: &mut Shared, news: &News) {
        if !self.dialog_news(shared, news) {
            self.take_news(shared, news);
        }
        self.refresh(shared);
    }

    fn command(&mut self, shared: &mut Shared, command: &Command) {
        self.dialog_command(shared, command);
        match command {
            Command::Review(path) => {
                self.resuming = None;
                self.open(shared, path.clone());
            }
            Command::Show(panel) => self.shown = *panel == Panel::Review,
            _ => {}
        }
        self.refresh(shared);
    }

    fn work(&self, shared: &Shared) -> Option<String> {
        self.progress.clone().or_else(|| self.dialog_work(shared))
    }

    fn status(&self, _shared: &Shared) -> Option<String> {
        let file = self.file.opened()?;
        let mut text = format!(
            "{}: {} cases, {} flagged",
            file.name,
            grouped(file.cases),
            grouped(file.flagged)
        );
        if let Some((rows, path)) = &file.rejected {
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            text.push_str(&format!(", {} rows rejected ({name})", grouped(*rows)));
        }
        let (cases, rows) = self.view.progress.suppressed;
        if cases > 0 {
            text.push_str(&format!("; {} suppressed ({} rows)", grouped(cases), grouped(rows)));
        }
        let (audited, malicious) = self.view.progress.audited;
        if audited > 0 {
            let share = percent(malicious, audited);
            text.push_str(&format!("; of {} drawn at random {share} malicious", grouped(audited)));
        }
        text.push_str(&format!("; by {}", file.run));
        Some(text)
    }

    fn shown(&mut self, shared: &mut Shared) {
        self.shown = true;
        if matches!(self.file, Scored::Closed) {
            let path = self.resuming.as_ref().and_then(ReviewSession::path);
            self.open(shared, path);
        }
        self.refresh(shared);
    }

    fn woke(&mut self, shared: &mut Shared) {
        self.refresh(shared);
        if let Some(when) = self.cards.changes_at(shared.now) {
            shared.wake_at(when);
        }
    }
}
