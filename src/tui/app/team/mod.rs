//! The team's server as the console knows it: whether one is named or joined, how the exchange stands, who looks at what.
//! Verdicts are on this host before any of it; nothing here is waited for.

mod dialog;
#[cfg(test)]
mod tests;
pub mod words;

pub use dialog::ADDRESS;

use super::App;
use super::layer::SecretLine;
use super::shared::Shared;
use crate::worker::{
    Claim, Failure, Hearing, Job, Kind, Link, Reply, Report, RowId, TeamAddress, TeamJob, TeamState, TeamTest, Ticket,
};

/// What is known of the team's server.
#[derive(Clone, Debug, Default)]
pub struct TeamLink {
    /// How the exchange stands, while there is one.
    pub state: Option<TeamState>,
    /// Why there is none, where it was tried.
    pub trouble: Option<Failure>,
    /// What the last test found.
    pub tested: Option<Result<TeamTest, Failure>>,
    /// The server that is being joined.
    joining: Option<Ticket>,
    testing: Option<Ticket>,
    /// The address and the password typed last, for this session.
    address: String,
    secret: SecretLine,
    /// Decisions that wait while no server is joined.
    apart: u64,
    /// Decisions of this console that the exchange has not told of yet, for it may be held up by a server that is silent. Below 0
    /// where it told of some first.
    untold: i64,
}

/// How it stands, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// On its way.
    Connecting,
    /// The server answers.
    Live,
    /// It does not, and is tried again by itself.
    Lost,
    /// One is known, and nothing is shared with it.
    Apart,
}

impl TeamLink {
    /// Whether the server is joined, though perhaps it does not answer now.
    pub fn is_joined(&self) -> bool {
        self.state.is_some()
    }

    /// Whether the server answers.
    pub fn is_live(&self) -> bool {
        self.state.as_ref().is_some_and(is_live)
    }

    /// Decisions that wait for the server.
    pub fn backlog(&self) -> u64 {
        let told = self.state.as_ref().map_or(self.apart, |state| state.backlog);
        told.saturating_add_signed(self.untold.max(0))
    }

    /// Whether the server refuses the login: it is joined by wish, and nothing is shared until somebody mends that.
    pub fn is_refused(&self) -> bool {
        matches!(&self.state, Some(state) if words::is_login(&state.link))
    }

    fn wants_user(&self) -> bool {
        matches!(&self.state, Some(TeamState { link: Link::Lost { why, .. }, .. }) if !words::is_login_text(why))
    }

    /// What is known of a server that is not joined any more still holds.
    fn stands(&mut self, state: Option<TeamState>) {
        if let (Some(_), None) = (&self.state, &state) {
            self.apart = self.backlog();
        }
        self.untold = match (&self.state, &state) {
            (Some(before), Some(now)) if is_live(before) == is_live(now) && total(now) >= total(before) => {
                let news = i64::try_from(total(now) - total(before)).unwrap_or(i64::MAX);
                self.untold.saturating_sub(news)
            }
            _ => 0,
        };
        self.state = state;
    }

    /// Whether a server is being tested.
    pub fn is_testing(&self) -> bool {
        self.testing.is_some()
    }

    /// The colleagues who look at a case now.
    pub fn looking_at<'a>(&'a self, schema: &'a str, row: RowId) -> impl Iterator<Item = &'a Claim> {
        let claims = self.state.iter().flat_map(|state| &state.claims);
        claims.filter(move |claim| claim.case.row == row && claim.case.schema == schema)
    }
}

fn is_live(state: &TeamState) -> bool {
    matches!(state.link, Link::Live { .. })
}

/// Decisions of this host that the exchange knows of, whatever became of them.
fn total(state: &TeamState) -> u64 {
    state.backlog.saturating_add(state.sent).saturating_add(state.refused)
}

impl Shared {
    /// How the team's server stands; `None` where none is named or joined.
    pub fn team_standing(&self) -> Option<Standing> {
        let named = self.survey.as_ref().is_some_and(|survey| survey.team.is_some());
        match &self.team.state {
            Some(_) if self.team.is_refused() => Some(Standing::Apart),
            Some(state) => Some(match state.link {
                Link::Connecting => Standing::Connecting,
                Link::Live { .. } => Standing::Live,
                Link::Lost { .. } => Standing::Lost,
            }),
            None if self.team.joining.is_some() => Some(Standing::Connecting),
            None => (named || self.team.trouble.is_some()).then_some(Standing::Apart),
        }
    }
}

impl App {
    /// Joins the server that the settings or the environment name, if they do.
    pub(super) fn join_named_server(&mut self) {
        let named = self.shared.survey.as_ref().is_some_and(|survey| survey.team.is_some());
        if named {
            self.join(TeamAddress::default());
        }
    }

    fn join(&mut self, address: TeamAddress) {
        let ticket = self.shared.submit(Job::Team(TeamJob::Join(address)));
        let team = &mut self.shared.team;
        // The server before is left only when it is known that another one can be joined.
        team.trouble = None;
        team.joining = Some(ticket);
    }

    /// Takes note of decisions that nobody has counted yet.
    pub(super) fn decided_here(&mut self, cases: u64) {
        let team = &mut self.shared.team;
        match &team.state {
            None => team.apart = team.apart.saturating_add(cases),
            // Another console of this workspace sends them, and tells this one nothing of it.
            Some(state)
                if matches!(
                    state.link,
                    Link::Live {
                        hearing: Hearing::Another,
                        ..
                    }
                ) => {}
            Some(_) => team.untold = team.untold.saturating_add_unsigned(cases),
        }
    }

    /// What a person who leaves is told when the terminal is theirs again.
    pub fn parting_word(&self) -> Option<String> {
        let standing = self.shared.team_standing()?;
        words::parting(standing, self.shared.team.backlog())
    }

    /// Takes what the worker says of the server.
    pub(super) fn told_of_team(&mut self, ticket: Ticket, report: &Report) {
        let refused = self.shared.team.is_refused();
        match (ticket.kind, report) {
            // After a failure it is the server before, which is still joined.
            (Kind::Team, Report::Team(state)) => self.shared.team.stands(Some(state.clone())),
            (Kind::Team, Report::Done(reply)) => {
                let Reply::Team(state) = &**reply else { return };
                let team = &mut self.shared.team;
                (team.joining, team.trouble) = (None, None);
                team.stands(state.clone());
            }
            (Kind::Team, Report::Failed(failure)) => self.not_joined(failure),
            (Kind::Team, Report::Cancelled) => self.shared.team.joining = None,
            (Kind::TeamTest, Report::Done(reply)) => {
                let Reply::TeamTested(test) = &**reply else { return };
                self.team_tested(Some(Ok(test.clone())));
            }
            (Kind::TeamTest, Report::Failed(failure)) => self.team_tested(Some(Err(failure.clone()))),
            (Kind::TeamTest, Report::Cancelled) => self.team_tested(None),
            _ => return,
        }
        if !refused && self.shared.team.is_refused() {
            self.ask_for_password();
        }
        self.refresh_team_dialog();
    }

    /// Told once; the indicator and the dialog say it from then on.
    fn not_joined(&mut self, failure: &Failure) {
        let team = &mut self.shared.team;
        team.joining = None;
        team.stands(None);
        team.trouble = Some(failure.clone());
        if words::is_login_text(&failure.message) {
            self.ask_for_password();
        }
        if !self.team_dialog_is_open() {
            let key = self.team_key();
            // The cause comes first: what there is to do stands in the dialog, too.
            let cause = failure.message.split("; ").next().unwrap_or_default();
            let text = format!("team not joined: {cause}; {key} opens the dialog");
            self.shared.complain(text);
        }
    }
}
