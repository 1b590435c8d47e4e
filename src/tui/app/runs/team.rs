//! Owns the team's runs in the Runs panel: the list, and what is asked of the server about them.

use super::RunsPanel;
use super::rows::is_usable;
use crate::tui::app::effect::Effect;
use crate::tui::app::layer::{Confirm, Layer, Purpose};
use crate::tui::app::list::ListCursor;
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::{Command, Shared};
use crate::tui::keymap::Action;
use crate::worker::{Failure, Job, Kind, News, Reply, Report, TeamJob, TeamRunLine, TeamRuns, Ticket};

/// Lines about the run under the cursor, their rule included.
pub const ABOUT: usize = 4;

const NOT_JOINED: &str = "no team's server is joined; M joins one";

/// The team's runs.
#[derive(Debug, Default)]
pub struct Shelf {
    /// Whether they are in the place of this host's runs.
    pub in_sight: bool,
    /// The runs, once they are here.
    pub list: Option<TeamRuns>,
    /// Where the cursor is among them.
    pub cursor: ListCursor,
    /// What went wrong last.
    pub failure: Option<Failure>,
    /// Whether that was the list, which a later answer makes good.
    failed_to_list: bool,
    listing: Option<Ticket>,
    changes: Vec<Change>,
    /// Whether the list is known to be old.
    stale: bool,
    /// Whether the server answered when it was last heard of.
    live: bool,
}

/// A change under way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    ticket: Ticket,
    what: String,
    note: String,
    /// The run that becomes the team's champion by it.
    champion: Option<String>,
}

impl Shelf {
    /// The run the cursor is on.
    pub fn current(&self) -> Option<&TeamRunLine> {
        self.list.as_ref()?.runs.get(self.cursor.at)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.as_ref().map_or(0, |list| list.runs.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The team's champion.
    pub fn champion(&self) -> Option<&str> {
        self.list.as_ref()?.champion.as_deref()
    }

    /// Whether they are being asked for.
    pub fn is_reading(&self) -> bool {
        self.listing.is_some()
    }

    /// Half a line about what is under way.
    pub(super) fn work(&self) -> Option<String> {
        let change = self.changes.last()?;
        let note = if change.note.is_empty() { "" } else { ": " };
        Some(format!("{}{note}{}", change.what, change.note))
    }

    fn height(shared: &Shared) -> usize {
        shared.panel_height().saturating_sub(2 + ABOUT)
    }

    fn ask(&mut self, shared: &mut Shared) {
        self.stale = false;
        if shared.team.is_joined() {
            self.listing = Some(shared.submit(Job::Team(TeamJob::Runs)));
        }
    }

    fn change(&mut self, shared: &mut Shared, what: String, job: TeamJob) {
        self.failure = None;
        let champion = match &job {
            TeamJob::Promote { run, .. } => Some(run.clone()),
            _ => None,
        };
        let ticket = shared.submit(Job::Team(job));
        self.changes.push(Change {
            ticket,
            what,
            note: String::new(),
            champion,
        });
    }

    /// Nothing that is known holds of another server, or of none.
    fn forget(&mut self) {
        (self.list, self.failure, self.listing) = (None, None, None);
        self.cursor = ListCursor::default();
    }

    fn listed(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Done(reply) => {
                let Reply::TeamRuns(list) = &**reply else { return };
                let run = self.current().map(|run| run.run_id.clone());
                let kept = run.and_then(|run| list.runs.iter().position(|line| line.run_id == run));
                if let Some(before) = self.list.as_ref().filter(|before| before.champion != list.champion) {
                    shared.say(match (&before.champion, &list.champion) {
                        (_, Some(run)) => format!("the team's champion is {run} now"),
                        (_, None) => "the team has no champion any more".to_owned(),
                    });
                }
                if std::mem::take(&mut self.failed_to_list) {
                    self.failure = None;
                }
                self.list = Some(list.clone());
                self.cursor
                    .go(kept.unwrap_or(self.cursor.at), self.len(), Self::height(shared));
            }
            Report::Failed(failure) => {
                self.failure = Some(failure.clone());
                self.failed_to_list = true;
            }
            Report::Cancelled => {}
            _ => return,
        }
        self.listing = None;
    }
}

impl RunsPanel {
    /// The team's runs in the place of this host's, or the other way round.
    pub(super) fn switch(&mut self, shared: &mut Shared) {
        self.team.in_sight = !self.team.in_sight;
        if self.team.in_sight {
            self.team.ask(shared);
        } else {
            self.rest(shared);
        }
    }

    /// The panel is shown; `new` is whether it was not before.
    pub(super) fn team_shown(&mut self, shared: &mut Shared, new: bool) {
        // Whoever comes to the panel is told of another champion, too.
        let curious = new && self.team.list.is_some() && shared.team.is_live();
        if self.team.in_sight && (new || self.team.stale) || curious {
            self.team.ask(shared);
        }
    }

    pub(super) fn team_woke(&mut self, shared: &Shared) {
        let len = self.team.len();
        self.team.cursor.keep(len, Shelf::height(shared));
    }

    pub(super) fn act_on_team(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::Back if self.team.failure.take().is_some() => {}
            Action::Back => self.switch(shared),
            Action::Refresh => {
                self.team.failure = None;
                if shared.team.is_joined() {
                    self.team.ask(shared);
                } else {
                    shared.say(NOT_JOINED);
                }
            }
            Action::Copy => {
                if let Some(run) = self.team.current() {
                    shared.effects.push(Effect::Copy(run.run_id.clone()));
                }
            }
            Action::Fetch | Action::FetchChampion | Action::Promote => self.about_shared_run(shared, action),
            _ => {
                let len = self.team.len();
                return self.team.cursor.act(action, len, Shelf::height(shared));
            }
        }
        true
    }

    fn about_shared_run(&mut self, shared: &mut Shared, action: Action) {
        if !shared.team.is_joined() {
            return shared.complain(NOT_JOINED);
        }
        let Some(run) = self.team.current().cloned() else {
            return;
        };
        match action {
            Action::Fetch if run.here => shared.say(format!("{} is on this host already", run.run_id)),
            Action::Fetch => self.fetch(shared, run.run_id, false),
            Action::FetchChampion => self.ask_to_use(shared, run),
            _ => self.ask_to_promote_shared(shared, run),
        }
    }

    /// Fetches a run, and makes it champion here where that was confirmed.
    pub(super) fn fetch(&mut self, shared: &mut Shared, run: String, promote: bool) {
        let what = format!("fetching {run}");
        self.team.change(shared, what, TeamJob::Pull { run, promote });
    }

    fn ask_to_use(&self, shared: &mut Shared, run: TeamRunLine) {
        if self.is_champion(&run.run_id) {
            return shared.say(format!("{} is champion here already", run.run_id));
        }
        let mut consequences = vec!["Predictions that name no model use it from then on.".to_owned()];
        if let Some(champion) = self.champion() {
            consequences.push(format!("{champion} steps down here; rolling back undoes that."));
        }
        let fetched = if run.here { "Make" } else { "Fetch" };
        let then = if run.here { "champion" } else { "and make it champion" };
        let confirm = Confirm {
            question: format!("{fetched} {} {then} here?", run.run_id),
            consequences,
        };
        let purpose = Purpose::FetchChampion(run.run_id);
        shared.open(Layer::confirm(Panel::Runs, purpose, confirm));
    }

    fn ask_to_promote_shared(&self, shared: &mut Shared, run: TeamRunLine) {
        let expected = self.team.champion().map(str::to_owned);
        if expected.as_ref() == Some(&run.run_id) {
            return shared.say(format!("{} is the team's champion already", run.run_id));
        }
        let mut consequences = vec!["Whoever fetches the team's champion gets it from then on.".to_owned()];
        consequences.push(match &expected {
            Some(champion) => format!("{champion} steps down. If it is not champion any more, nothing is changed."),
            None => "There is no champion yet. If there is one by now, nothing is changed.".to_owned(),
        });
        let confirm = Confirm {
            question: format!("Make {} the team's champion?", run.run_id),
            consequences,
        };
        let purpose = Purpose::TeamChampion {
            run: run.run_id,
            expected,
        };
        shared.open(Layer::confirm(Panel::Runs, purpose, confirm));
    }

    pub(super) fn promote_shared(&mut self, shared: &mut Shared, run: String, expected: Option<String>) {
        let what = format!("making {run} the team's champion");
        self.team.change(shared, what, TeamJob::Promote { run, expected });
    }

    /// Shares the run of this host that the cursor is on.
    pub(super) fn share(&mut self, shared: &mut Shared) {
        let Some(run) = self.current() else { return };
        if !shared.team.is_joined() {
            return shared.complain(NOT_JOINED);
        }
        if !is_usable(run) {
            return shared.complain(format!(
                "{} is {}: only finished runs are shared",
                run.run_id, run.status
            ));
        }
        let run = run.run_id.clone();
        self.team
            .change(shared, format!("sharing {run}"), TeamJob::Push { run });
        self.failure = None;
    }

    /// News of the team's runs; whether they were.
    pub(super) fn team_news(&mut self, shared: &mut Shared, news: &News) -> bool {
        if self.team.listing == Some(news.ticket) {
            self.team.listed(shared, &news.report);
        } else if let Some(at) = self.team.changes.iter().position(|c| c.ticket == news.ticket) {
            self.team_changed(shared, at, &news.report);
        } else if news.ticket.kind == Kind::Team {
            self.team_told(shared, &news.report);
        } else {
            return false;
        }
        true
    }

    fn team_changed(&mut self, shared: &mut Shared, at: usize, report: &Report) {
        let change = match report {
            Report::Progress { note, .. } => return self.team.changes[at].note.clone_from(note),
            Report::Done(_) | Report::Failed(_) | Report::Cancelled => self.team.changes.remove(at),
            _ => return,
        };
        let Change { what, champion, .. } = change;
        match report {
            Report::Done(reply) => {
                if let Reply::TeamChanged(done) = &**reply {
                    shared.say(done.clone());
                }
                // One's own change is no news when the list comes.
                if let (Some(list), Some(_)) = (&mut self.team.list, &champion) {
                    list.champion = champion;
                }
                self.team.stale = true;
                shared.request(Command::RunsChanged);
            }
            Report::Failed(failure) => {
                shared.complain(failure.message.clone());
                let list = if self.team.in_sight {
                    &mut self.team.failure
                } else {
                    &mut self.failure
                };
                *list = Some(failure.clone());
                self.team.failed_to_list = false;
                // Somebody else may have changed what was on the screen.
                self.team.stale = true;
            }
            _ => shared.say(format!("given up: {what}")),
        }
        self.team_shown(shared, false);
    }

    /// The server was joined or left, or answers again.
    fn team_told(&mut self, shared: &mut Shared, report: &Report) {
        if matches!(report, Report::Done(_) | Report::Failed(_)) {
            self.team.forget();
            self.team.stale = true;
        }
        let live = shared.team.is_live();
        let before = std::mem::replace(&mut self.team.live, live);
        let again = live && !before;
        self.team.stale |= again && self.team.in_sight;
        if self.shown && self.team.in_sight && (again || self.team.stale) {
            self.team.failure = None;
            self.team.ask(shared);
        }
    }
}
