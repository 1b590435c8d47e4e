//! Owns how the exchange with the team's server is told.

use super::{Standing, TeamLink};
use crate::text::grouped;
use crate::tui::app::shared::Shared;
use crate::worker::{Claim, Failure, Hearing, Link, TeamState, TeamTest};

/// Causes of a failure that are shown.
const MOST_DETAILS: usize = 2;

/// Behind the sign of the indicator. Where there is little room, only the number that counts.
pub fn indicator(standing: Standing, backlog: u64, short: bool) -> String {
    let waiting = grouped(backlog);
    match (standing, backlog) {
        (Standing::Apart, 1..) if short => waiting,
        (Standing::Apart | Standing::Connecting, _) if short => String::new(),
        (Standing::Apart, 0) => "not joined".to_owned(),
        (Standing::Apart, _) => format!("not joined, {waiting} waiting"),
        (Standing::Connecting, 0) => "connecting".to_owned(),
        (Standing::Connecting, _) => format!("connecting, {waiting} waiting"),
        (Standing::Live, 0) => String::new(),
        (_, _) if short && backlog > 0 => waiting,
        (Standing::Live, _) => format!("{waiting} to send"),
        (Standing::Lost, 0) => "lost".to_owned(),
        (Standing::Lost, _) => format!("lost, {waiting} waiting"),
    }
}

/// The exchange in a phrase, for Review: whether verdicts have gone to the team.
pub fn sharing(standing: Standing, backlog: u64) -> String {
    let wait = match backlog {
        0 => "none waits".to_owned(),
        1 => "1 waits here".to_owned(),
        many => format!("{} wait here", grouped(many)),
    };
    match standing {
        Standing::Connecting => "team: connecting".to_owned(),
        Standing::Live if backlog == 0 => "team has all".to_owned(),
        Standing::Live => format!("team: {} to send", grouped(backlog)),
        Standing::Lost => format!("team lost, {wait}"),
        Standing::Apart => format!("team not joined, {wait}"),
    }
}

/// What is said when the console was left with decisions that the team does not have.
pub fn parting(standing: Standing, backlog: u64) -> Option<String> {
    let are = match backlog {
        0 => return None,
        1 => "1 decision is".to_owned(),
        many => format!("{} decisions are", grouped(many)),
    };
    let (it, goes) = if backlog == 1 { ("it", "goes") } else { ("they", "go") };
    let when = if standing == Standing::Apart {
        "once it is joined"
    } else {
        "with the next start"
    };
    Some(format!(
        "{are} not on the team's server yet; {it} {goes} {when}, or: nsec-tui verdicts sync"
    ))
}

/// Whether an error is about the login, which nobody but a person can mend.
pub fn is_login_text(why: &str) -> bool {
    why.contains("login refused") || why.contains("no password for user")
}

/// Whether the server refuses the login, or asks for one.
pub fn is_login(link: &Link) -> bool {
    matches!(link, Link::Lost { why, .. } if why.contains("login refused") || why.contains("asks for a login"))
}

/// Whether a server was not joined because of its address.
pub fn is_address_trouble(why: &str) -> bool {
    why.contains("address cannot be read") || why.contains("no MongoDB server is named")
}

/// Who looks at a case: `mira looks at this now (since 12:03)`.
pub fn looks(claim: &Claim) -> String {
    let since = claim.since.get(11..16).unwrap_or(&claim.since);
    format!("{} looks at this now (since {since})", claim.analyst)
}

/// How the exchange stands, in sentences.
pub fn standing(shared: &Shared) -> Vec<String> {
    let team = &shared.team;
    if let Some(state) = &team.state {
        let mut lines = joined(state);
        // Another one was asked for and is not joined.
        if let Some(failure) = &team.trouble {
            lines.splice(0..0, failed("Nothing was changed", failure));
        }
        return lines;
    }
    let named = shared.survey.as_ref().and_then(|survey| survey.team.as_deref());
    let mut lines = Vec::new();
    match (named, shared.team_standing()) {
        (_, Some(Standing::Connecting)) => lines.push("Joining the server.".to_owned()),
        (Some(named), _) => lines.push(format!("Named by the settings or the environment: {named}")),
        (None, _) => lines.push("No server is named. Everything works without one.".to_owned()),
    }
    match &team.trouble {
        Some(failure) => lines.extend(failed("Not joined", failure)),
        None if shared.team_standing() == Some(Standing::Apart) => lines.push("Not joined.".to_owned()),
        None => {}
    }
    if shared.team_standing() == Some(Standing::Apart) {
        lines.extend(apart(team.backlog()));
    }
    lines
}

/// What waits while no server is joined.
fn apart(waiting: u64) -> Option<String> {
    match waiting {
        0 => None,
        1 => Some("1 decision waits for it, and is safe on this host.".to_owned()),
        many => Some(format!(
            "{} decisions wait for it, and are safe on this host.",
            grouped(many)
        )),
    }
}

fn joined(state: &TeamState) -> Vec<String> {
    let mut lines = Vec::new();
    match &state.link {
        Link::Connecting => lines.push(format!("Joined: {}; connecting.", state.server)),
        Link::Live { latency_ms, hearing } => {
            let hearing = match hearing {
                Hearing::Stream => "it tells at once what others decide",
                Hearing::Polling => "it is asked every few seconds what others decide",
                Hearing::Another => "another console of this workspace exchanges with it",
            };
            lines.push(format!(
                "Joined: {}, answers in {latency_ms:.1} ms; {hearing}.",
                state.server
            ));
        }
        link @ Link::Lost { why, retry_seconds } => {
            // The host is named once.
            let host = state.server.split('/').next().unwrap_or_default();
            let why = why
                .strip_prefix(host)
                .and_then(|rest| rest.strip_prefix(": "))
                .unwrap_or(why);
            if is_login(link) {
                lines.push(format!("Not joined: {why} ({})", state.server));
            } else {
                lines.push(format!("Joined: {}, lost: {why}", state.server));
            }
            lines.push(format!("It is tried again in {retry_seconds} s by itself."));
        }
    }
    let waiting = match state.backlog {
        0 => "nothing waits".to_owned(),
        1 => "1 decision waits, and is safe on this host".to_owned(),
        many => format!("{} decisions wait, and are safe on this host", grouped(many)),
    };
    lines.push(format!(
        "Sent {}, received {}; {waiting}.",
        grouped(state.sent),
        grouped(state.received)
    ));
    match state.refused {
        0 => {}
        1 => lines.push("1 decision is refused by the server; the log says why.".to_owned()),
        many => lines.push(format!(
            "{} decisions are refused by the server; the log says why.",
            grouped(many)
        )),
    }
    lines
}

/// What a test found, in sentences.
pub fn test(team: &TeamLink) -> Vec<String> {
    if team.is_testing() {
        return vec!["Testing the connection.".to_owned()];
    }
    match &team.tested {
        None => Vec::new(),
        Some(Ok(test)) => found(test),
        Some(Err(failure)) => failed("The test failed", failure),
    }
}

fn found(test: &TeamTest) -> Vec<String> {
    let who = test
        .user
        .as_ref()
        .map_or_else(|| "Without a login".to_owned(), |user| format!("As {user}"));
    let rights = match (test.read, test.write) {
        (true, true) => "may be read and written",
        (true, false) => "may be read but NOT written, so nothing can be shared",
        (false, true) => "may be written but NOT read, so nothing of others can be seen",
        (false, false) => "may NEITHER be read nor written",
    };
    let tls = if test.tls {
        "The connection is encrypted (TLS)."
    } else {
        "The connection is NOT encrypted (no TLS)."
    };
    vec![
        format!(
            "Tested: {} answers in {:.1} ms; MongoDB {}, {}.",
            test.server, test.latency_ms, test.version, test.topology
        ),
        format!("{who}, database {} {rights}. {tls}", test.database),
    ]
}

fn failed(what: &str, failure: &Failure) -> Vec<String> {
    let first = format!("{what}: {}", failure.message);
    [first]
        .into_iter()
        .chain(failure.details.iter().take(MOST_DETAILS).cloned())
        .collect()
}
