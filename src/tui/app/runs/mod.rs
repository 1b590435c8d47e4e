//! Owns the Runs panel's state: the list and its filter, the run under the cursor, a comparison, changes under way.

mod answers;
mod choosing;
pub mod comparison;
mod details;
mod labels;
mod promotion;
mod registry;
pub mod rows;
pub mod team;
#[cfg(test)]
mod tests;

pub use labels::Auditing;
pub use promotion::Weighing;

use super::layer::{Answer, Given, Layer, Prompt, Purpose, Reader, ReaderLine};
use super::list::ListCursor;
use super::panel::{Panel, PanelState};
use super::shared::{Command, Shared};
use crate::text::grouped;
use crate::tui::keymap::{Action, Context};
use crate::worker::{Failure, Job, News, RunLine, RunsJob, RunsList, Ticket};

/// Milliseconds the cursor must rest on a run until its details are read: a key held down reads none.
const REST: u64 = 150;

/// One run's details.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// The run.
    pub run_id: String,
    /// Everything about it.
    pub lines: Vec<ReaderLine>,
}

/// Two runs side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The first run.
    pub a: String,
    /// The second.
    pub b: String,
    /// The lines.
    pub lines: Vec<comparison::Line>,
    /// Where one is in them.
    pub cursor: ListCursor,
}

/// A run whose details are on their way.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    ticket: Ticket,
    run_id: String,
    /// Whether they are to be opened when they come.
    open: bool,
}

/// A comparison on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparing {
    ticket: Ticket,
    /// What is being done.
    pub note: String,
    /// Units done, and in all where that is known.
    pub progress: Option<(u64, u64)>,
}

/// The Runs panel.
#[derive(Debug, Default)]
pub struct RunsPanel {
    /// The runs.
    pub list: RunsList,
    /// Whether the list has come.
    pub loaded: bool,
    /// What the runs shown contain.
    pub filter: String,
    /// Places in the list of the runs shown.
    pub visible: Vec<usize>,
    /// Where the cursor is among them.
    pub cursor: ListCursor,
    /// The run marked for a comparison.
    pub marked: Option<String>,
    /// The details read last.
    pub details: Option<Details>,
    /// The comparison that is shown.
    pub comparison: Option<Comparison>,
    /// The comparison that is being made.
    pub comparing: Option<Comparing>,
    /// What went wrong last.
    pub failure: Option<Failure>,
    /// The runs that the team shares.
    pub team: team::Shelf,
    listing: Option<Ticket>,
    wanted: Option<Wanted>,
    changing: Option<Ticket>,
    /// The promotion that is being looked at.
    pub weighing: Option<Weighing>,
    auditing: Option<Auditing>,
    /// When the details of the run under the cursor are to be asked for.
    due: Option<u64>,
    shown: bool,
    /// Whether the list on the screen is known to be old.
    stale: bool,
}

impl RunsPanel {
    /// The run that keys are about: the one the cursor is on, or the second of two that are compared.
    pub fn current(&self) -> Option<&RunLine> {
        match &self.comparison {
            Some(comparison) => self.list.runs.iter().find(|run| run.run_id == comparison.b),
            None => self.list.runs.get(*self.visible.get(self.cursor.at)?),
        }
    }

    fn under_cursor(&self) -> Option<String> {
        let run = self.list.runs.get(*self.visible.get(self.cursor.at)?)?;
        Some(run.run_id.clone())
    }

    /// The champion's run.
    pub fn champion(&self) -> Option<&str> {
        self.list.champion.as_deref()
    }

    /// Whether a run is champion.
    pub fn is_champion(&self, run_id: &str) -> bool {
        self.champion() == Some(run_id)
    }

    /// The details of the run the cursor is on, if they are here.
    pub fn current_details(&self) -> Option<&Details> {
        let run = self.current()?;
        self.details.as_ref().filter(|details| details.run_id == run.run_id)
    }

    fn list_height(shared: &Shared) -> usize {
        list_height(shared.size.0, shared.panel_height())
    }

    fn refresh(&mut self, shared: &mut Shared) {
        self.stale = false;
        self.listing = Some(shared.submit(Job::Runs(RunsJob::List)));
    }

    /// Applies the filter, and keeps the cursor on its run where that is still shown.
    fn arrange(&mut self, shared: &mut Shared, run_id: Option<&str>) {
        self.visible = rows::visible(&self.list, &self.filter);
        let kept = run_id.and_then(|id| self.visible.iter().position(|at| self.list.runs[*at].run_id == id));
        let at = kept.unwrap_or(self.cursor.at);
        self.cursor.go(at, self.visible.len(), Self::list_height(shared));
        self.rest(shared);
    }

    /// The cursor has come to a run: its details are read when it stays there, where there is room for them.
    fn rest(&mut self, shared: &mut Shared) {
        let known = self.current_details().is_some();
        self.due = None;
        if self.shown && is_wide(shared.size.0) && !known && self.current().is_some() {
            let due = shared.now + REST;
            self.due = Some(due);
            shared.wake_at(due);
        }
    }

    fn want(&mut self, shared: &mut Shared, open: bool) {
        let Some(run_id) = self.current().map(|run| run.run_id.clone()) else {
            return;
        };
        self.due = None;
        if let Some(wanted) = self.wanted.as_mut().filter(|wanted| wanted.run_id == run_id) {
            wanted.open |= open;
            return;
        }
        let job = RunsJob::Show { run: run_id.clone() };
        let ticket = shared.submit(Job::Runs(job));
        self.wanted = Some(Wanted { ticket, run_id, open });
    }

    fn open(&mut self, shared: &mut Shared) {
        match self.current_details() {
            Some(details) => open_details(shared, details),
            None => self.want(shared, true),
        }
    }

    /// Leaves the comparison, what went wrong, or the filter, one at a time.
    fn back(&mut self, shared: &mut Shared) -> bool {
        if let Some(weighing) = &self.weighing {
            shared.cancel(weighing.ticket);
        } else if let Some(comparing) = self.comparing.take() {
            shared.cancel(comparing.ticket);
        } else if self.comparison.take().is_some() || self.failure.take().is_some() {
            self.rest(shared);
        } else if !self.filter.is_empty() {
            self.set_filter(shared, String::new());
        } else {
            return false;
        }
        true
    }

    fn set_filter(&mut self, shared: &mut Shared, filter: String) {
        let run = self.under_cursor();
        self.filter = filter;
        self.arrange(shared, run.as_deref());
    }

    fn ask_for_filter(&self, shared: &mut Shared) {
        let prompt = Prompt::new("only runs with", "words of a run's name, status, model, data or names")
            .starting_with(self.filter.clone());
        shared.open(Layer::prompt(Panel::Runs, Purpose::FilterRuns, prompt));
    }

    /// With two runs side by side the list is not in sight: only what is plainly about the second run is done.
    fn act_on_compared(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::Open | Action::Run | Action::Promote | Action::Rollback => self.act_on_run(shared, action),
            Action::Mark
            | Action::Compare
            | Action::Delete
            | Action::Filter
            | Action::AuditLabels
            | Action::TeamRuns
            | Action::Share => {
                shared.say("leave the comparison first");
                true
            }
            _ => false,
        }
    }

    fn act_on_run(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::Open => self.open(shared),
            Action::Mark => self.mark(shared),
            Action::Compare => self.compare(shared),
            Action::Run => self.show_in_training(shared),
            Action::Promote => self.ask_to_promote(shared),
            Action::AuditLabels => self.audit_labels(shared),
            Action::Rollback => self.ask_to_roll_back(shared),
            Action::Delete => self.ask_to_delete(shared),
            Action::Filter => self.ask_for_filter(shared),
            Action::Share => self.share(shared),
            Action::TeamRuns => self.switch(shared),
            _ => {
                let moved = self.cursor.act(action, self.visible.len(), Self::list_height(shared));
                if moved {
                    self.rest(shared);
                }
                return moved;
            }
        }
        true
    }
}

/// Lines of the list in a panel of that size: below the heading and the table's header, above a few words about the run
/// under the cursor where its details do not stand beside the list.
pub fn list_height(width: u16, height: usize) -> usize {
    let list = height.saturating_sub(2);
    if is_wide(width) {
        list
    } else {
        list.saturating_sub(ABOUT)
    }
}

/// Lines about the run under the cursor, their rule included.
pub const ABOUT: usize = 4;

/// Whether details stand beside the list.
pub fn is_wide(width: u16) -> bool {
    width >= 130
}

fn open_details(shared: &mut Shared, details: &Details) {
    let reader = Reader::new(details.run_id.clone(), details.lines.clone());
    shared.open(Layer::reader(Panel::Runs, reader));
}

impl PanelState for RunsPanel {
    fn contexts(&self) -> &'static [Context] {
        if self.team.in_sight {
            &[Context::TeamRuns, Context::Lists]
        } else {
            &[Context::Runs, Context::Lists]
        }
    }

    fn act(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::TeamRuns if self.team.in_sight => self.switch(shared),
            _ if self.team.in_sight => return self.act_on_team(shared, action),
            Action::Back => return self.back(shared),
            Action::Copy => self.copy(shared),
            Action::Refresh => self.refresh(shared),
            _ => {
                let height = shared.panel_height().saturating_sub(2);
                return match &mut self.comparison {
                    Some(shown) => {
                        let moved = shown.cursor.act(action, shown.lines.len(), height);
                        moved || self.act_on_compared(shared, action)
                    }
                    None => self.act_on_run(shared, action),
                };
            }
        }
        true
    }

    fn answered(&mut self, shared: &mut Shared, answer: Answer) {
        match (answer.purpose, answer.given) {
            (Purpose::FilterRuns, Given::Line { text, .. }) => self.set_filter(shared, text.trim().to_owned()),
            (Purpose::Promote(run), Given::Yes) => self.change(shared, RunsJob::Promote { run }),
            (Purpose::Rollback, Given::Yes) => self.change(shared, RunsJob::Rollback),
            (Purpose::Delete(run), Given::Yes) => self.change(shared, RunsJob::Delete { run }),
            (Purpose::FetchChampion(run), Given::Yes) => self.fetch(shared, run, true),
            (Purpose::TeamChampion { run, expected }, Given::Yes) => self.promote_shared(shared, run, expected),
            _ => {}
        }
    }

    fn news(&mut self, shared: &mut Shared, news: &News) {
        if self.listing == Some(news.ticket) {
            self.listed(shared, &news.report);
        } else if self.comparing.as_ref().is_some_and(|c| c.ticket == news.ticket) {
            self.compared(shared, &news.report);
        } else if self.weighing.as_ref().is_some_and(|w| w.ticket == news.ticket) {
            self.weighed(shared, &news.report);
        } else if self.auditing.as_ref().is_some_and(|a| a.ticket == news.ticket) {
            self.audited(shared, &news.report);
        } else if self.changing == Some(news.ticket) {
            self.changed(shared, &news.report);
        } else if self.wanted.as_ref().is_some_and(|wanted| wanted.ticket == news.ticket) {
            self.described(shared, &news.report);
        } else {
            _ = self.team_news(shared, news);
        }
    }

    fn command(&mut self, shared: &mut Shared, command: &Command) {
        match command {
            Command::RunsChanged if self.shown => self.refresh(shared),
            Command::RunsChanged => self.stale = true,
            Command::Show(panel) => self.shown = *panel == Panel::Runs,
            _ => {}
        }
    }

    fn work(&self, _shared: &Shared) -> Option<String> {
        let comparing = self.comparing.as_ref().map(|_| "comparing runs".to_owned());
        let auditing = self.auditing.as_ref().map(Auditing::words);
        comparing.or(auditing).or_else(|| self.team.work())
    }

    fn status(&self, _shared: &Shared) -> Option<String> {
        let (at, all) = match &self.comparison {
            _ if self.team.in_sight => (self.team.cursor.at, self.team.len()),
            Some(shown) => (shown.cursor.at, shown.lines.len()),
            None => (self.cursor.at, self.visible.len()),
        };
        (all > 0).then(|| format!("{} / {}", grouped(at as u64 + 1), grouped(all as u64)))
    }

    fn shown(&mut self, shared: &mut Shared) {
        let new = !self.shown;
        self.shown = true;
        // Another program may have made runs meanwhile.
        if new || self.stale {
            self.refresh(shared);
        }
        self.team_shown(shared, new);
        self.rest(shared);
    }

    fn woke(&mut self, shared: &mut Shared) {
        self.cursor.keep(self.visible.len(), Self::list_height(shared));
        self.team_woke(shared);
        if self.due.is_some_and(|due| due <= shared.now) {
            self.want(shared, false);
        }
    }
}
