//! Owns the Validation panel's state: the last outcome for the open source, what is shown of it, what is being done.

pub mod checks;
pub mod drift;
mod export;
mod reading;
#[cfg(test)]
mod tests;

use self::checks::{CheckItem, Folds};
use self::export::Wish;
pub use self::reading::{consequence, ending};
use super::effect::Effect;
use super::layer::{Answer, Given, Purpose};
use super::list::ListCursor;
use super::panel::{Panel, PanelState};
use super::shared::{Command, Shared};
use crate::tui::keymap::{Action, Context};
use crate::worker::{CheckVerdict, Event, Failure, Kind, News, Reply, Report, Ticket, ValidationOutcome};

/// What the panel shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Checks and their details.
    #[default]
    Checks,
    /// How far columns have moved.
    Drift,
    /// The schema.
    Schema,
}

impl View {
    /// All of them, in the order of the key that goes through them.
    pub const ALL: [Self; 3] = [Self::Checks, Self::Drift, Self::Schema];

    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Checks => "checks",
            Self::Drift => "drift",
            Self::Schema => "schema",
        }
    }
}

/// How far the running check is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all, where known.
    pub total: Option<u64>,
    /// What is being done.
    pub note: String,
}

/// The Validation panel.
#[derive(Debug, Default)]
pub struct ValidationPanel {
    /// What the last check of the open source found.
    pub outcome: Option<ValidationOutcome>,
    /// Why the last check did not end with an outcome.
    pub failure: Option<Failure>,
    /// What stages had to say while they ran: why there is no drift, say.
    pub remarks: Vec<String>,
    /// How far the running check is.
    pub progress: Option<Progress>,
    /// What is shown.
    pub view: View,
    /// Lines of the list of checks.
    pub items: Vec<CheckItem>,
    /// Places in the report's drift, the largest effect first.
    pub drift: Vec<usize>,
    /// Where the cursor is in each view.
    cursors: [ListCursor; 3],
    folds: Folds,
    running: Option<Ticket>,
    writing: Option<Ticket>,
    wish: Option<Wish>,
}

/// Remarks kept; more is in the log.
const MOST_REMARKS: usize = 8;

impl ValidationPanel {
    /// Whether the open source is being checked.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The cursor of the view that is shown.
    pub fn cursor(&self) -> ListCursor {
        self.cursors[self.view as usize]
    }

    /// The check the cursor is on, by its place in the report.
    pub fn current_check(&self) -> Option<usize> {
        match self.items.get(self.cursors[View::Checks as usize].at)? {
            CheckItem::Check(at) => Some(*at),
            CheckItem::Fold { .. } => None,
        }
    }

    /// Lines of the view that is shown.
    fn length(&self, shared: &Shared) -> usize {
        match self.view {
            View::Checks => self.items.len(),
            View::Drift => self.drift.len(),
            View::Schema => shared
                .survey
                .as_ref()
                .map_or(0, |survey| survey.schema.columns.len() + survey.schema.rules.len()),
        }
    }

    /// Lines of the list in sight, as drawing lays it out.
    fn height(&self, shared: &Shared) -> usize {
        list_height(shared.size.0, shared.panel_height(), self.view)
    }

    fn turn(&mut self, by: usize) {
        self.view = View::ALL[(self.view as usize + by) % View::ALL.len()];
    }

    fn arrange(&mut self, shared: &Shared) {
        let report = self.outcome.as_ref().map(|outcome| &outcome.report);
        self.items = report.map_or_else(Vec::new, |report| checks::items(&report.checks, self.folds));
        self.drift = report.map_or_else(Vec::new, |report| drift::order(&report.drift));
        let (length, height) = (self.length(shared), self.height(shared));
        self.cursors[self.view as usize].keep(length, height);
    }

    /// Opens or closes the fold under the cursor; whether there is one. Without `open` it is the other way round.
    fn fold(&mut self, shared: &Shared, open: Option<bool>) -> bool {
        let at = self.cursors[View::Checks as usize].at;
        let item = self.items.get(at).filter(|_| self.view == View::Checks);
        let Some(CheckItem::Fold { status, .. }) = item.copied() else {
            return false;
        };
        if let Some(shown) = self.folds.of(status) {
            *shown = open.unwrap_or(!*shown);
        }
        self.arrange(shared);
        true
    }

    /// Another source: what is known is of the one before.
    fn forget(&mut self, shared: &mut Shared) {
        if let Some(ticket) = self.running.take() {
            shared.cancel(ticket);
        }
        shared.blocked = None;
        let view = self.view;
        *self = Self {
            view,
            ..Self::default()
        };
    }

    fn finished(&mut self, shared: &mut Shared, outcome: ValidationOutcome) {
        self.running = None;
        self.progress = None;
        if outcome.path != shared.source.path {
            return;
        }
        shared.blocked = (outcome.report.status == CheckVerdict::Blocked).then(|| {
            format!(
                "{} is blocked by validation: {}. Mend the data or its schema, or open another file",
                outcome.source,
                outcome.report.blocking_summary()
            )
        });
        if let Some(path) = &outcome.rejects {
            let rows = crate::text::grouped(outcome.report.rejected_rows);
            shared.say(format!("{rows} rejected rows written to {}", path.display()));
        }
        self.outcome = Some(outcome);
        self.failure = None;
        self.cursors = [ListCursor::default(); 3];
        self.arrange(shared);
    }

    fn heard(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Progress { done, total, note } => {
                self.progress = Some(Progress {
                    done: *done,
                    total: *total,
                    note: note.clone(),
                });
            }
            Report::Events(events) => events.iter().for_each(|event| self.stage_said(event)),
            Report::Done(reply) => {
                if let Reply::Validated(outcome) = &**reply {
                    self.finished(shared, (**outcome).clone());
                }
            }
            Report::Failed(failure) => {
                self.running = None;
                self.progress = None;
                self.failure = Some(failure.clone());
                // An older outcome may no longer be true, and says nothing about why this check failed.
                self.outcome = None;
                self.arrange(shared);
            }
            Report::Cancelled => {
                self.running = None;
                self.progress = None;
                shared.say("the check was stopped");
            }
            _ => {}
        }
    }

    fn stage_said(&mut self, event: &Event) {
        match event {
            Event::StageProgress { done, total, note, .. } => {
                self.progress = Some(Progress {
                    done: *done,
                    total: *total,
                    note: note.clone(),
                });
            }
            Event::Message { text, .. } if self.remarks.len() < MOST_REMARKS => self.remarks.push(text.clone()),
            _ => {}
        }
    }
}

/// Lines of the list in a panel of that size: what is left below the heading, and above the details where those are
/// under it and not beside it.
pub fn list_height(width: u16, height: usize, view: View) -> usize {
    let list = height.saturating_sub(3);
    match view {
        View::Schema => list,
        View::Drift => list.saturating_sub(ABOUT_DRIFT),
        View::Checks if is_wide(width) => list,
        View::Checks => list.saturating_sub(details_height(height)),
    }
}

/// Lines below the bars of drift, their rule included.
pub const ABOUT_DRIFT: usize = 4;

/// Lines of the details under the list of checks, their rule included.
pub fn details_height(height: usize) -> usize {
    (height / 2).min(12)
}

/// Whether details stand beside the list.
pub fn is_wide(width: u16) -> bool {
    width >= 120
}

impl PanelState for ValidationPanel {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Validation, Context::Lists]
    }

    fn act(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::Run => {
                self.remarks.clear();
                self.check(shared, None);
            }
            Action::NextView => self.turn(1),
            Action::PreviousView => self.turn(View::ALL.len() - 1),
            Action::Open => self.open(shared),
            Action::Right => return self.fold(shared, Some(true)),
            Action::Left => return self.fold(shared, Some(false)),
            Action::Copy => {
                if let Some(text) = self.line_to_copy(shared) {
                    shared.effects.push(Effect::Copy(text));
                }
            }
            Action::Export => self.ask_for_path(shared, Purpose::ExportReport),
            Action::ExportRejects => self.ask_for_path(shared, Purpose::ExportRejects),
            Action::Back if self.failure.is_some() => self.failure = None,
            _ => {
                let (length, height) = (self.length(shared), self.height(shared));
                return self.cursors[self.view as usize].act(action, length, height);
            }
        }
        true
    }

    fn answered(&mut self, shared: &mut Shared, answer: Answer) {
        match (answer.purpose, answer.given) {
            (purpose @ (Purpose::ExportReport | Purpose::ExportRejects), Given::Line { text, .. }) => {
                self.take_path(shared, purpose, &text);
            }
            (Purpose::Replace(purpose, path), Given::Yes) => self.write(shared, &purpose, &path, true),
            _ => {}
        }
    }

    fn news(&mut self, shared: &mut Shared, news: &News) {
        if self.running == Some(news.ticket) {
            return self.heard(shared, &news.report);
        }
        if news.ticket.kind == Kind::Directory {
            let entries: &[_] = match &news.report {
                Report::Done(reply) => match &**reply {
                    Reply::Directory { entries, .. } => entries,
                    _ => &[],
                },
                Report::Failed(_) => &[],
                _ => return,
            };
            if let Some(wish) = self.wish_of(news.ticket) {
                self.listed(shared, wish, entries);
            }
            return;
        }
        if self.writing == Some(news.ticket) {
            match &news.report {
                Report::Done(reply) => {
                    if let Reply::Written { path } = &**reply {
                        shared.say(format!("report written to {}", path.display()));
                    }
                }
                Report::Failed(failure) => shared.complain(failure.message.clone()),
                Report::Cancelled => {}
                _ => return,
            }
            self.writing = None;
        }
    }

    fn command(&mut self, shared: &mut Shared, command: &Command) {
        match command {
            Command::Validate if !self.is_running() => {
                self.remarks.clear();
                self.check(shared, None);
            }
            Command::SourceChanged => self.forget(shared),
            _ => {}
        }
    }

    fn work(&self, _shared: &Shared) -> Option<String> {
        self.running?;
        let progress = self.progress.as_ref();
        let known = progress.and_then(|p| p.total.filter(|total| *total > 0).map(|total| (p.done, total)));
        Some(match known {
            Some((done, total)) => format!("validation {}", crate::text::percent(done.min(total), total)),
            None => "validation".to_owned(),
        })
    }

    fn status(&self, shared: &Shared) -> Option<String> {
        let length = self.length(shared);
        (length > 0).then(|| format!("{} / {length}", self.cursor().at + 1))
    }

    fn woke(&mut self, shared: &mut Shared) {
        let (length, height) = (self.length(shared), self.height(shared));
        self.cursors[self.view as usize].keep(length, height);
    }
}

impl ValidationPanel {
    /// Shows the failing rows in Data, or what there is to read about the line.
    fn open(&mut self, shared: &mut Shared) {
        if self.fold(shared, None) {
            return;
        }
        let found = self.outcome.as_ref().zip(self.current_check());
        if let (View::Checks, Some((outcome, at))) = (self.view, found) {
            let lines = checks::failing_lines(outcome, at);
            if !lines.is_empty() {
                let check = &outcome.report.checks[at];
                let title = if (lines.len() as u64) < check.failing_rows {
                    format!("{}, the first {}", checks::title(check), lines.len())
                } else {
                    checks::title(check)
                };
                shared.request(Command::ShowLines {
                    lines: lines.to_vec(),
                    title,
                    column: check.column.clone(),
                });
                shared.request(Command::Show(Panel::Data));
                return;
            }
        }
        if let Some(reader) = self.reader(shared) {
            shared.open(reader);
        }
    }
}
