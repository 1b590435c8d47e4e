//! Owns the work between a connection's beginning and its end: what is done when, and what is heard meanwhile.

use std::fs::{self, File};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::error::TeamError;
use super::exchange::{Exchange, Server};
use super::memory::file_stem;
use super::rules::SharedRules;
use super::state::{Claim, Hearing, Link};
use crate::artifacts::Timestamp;
use crate::cancel::CancelToken;
use crate::mongo::{self, Connection, Heard, Watch, exchange_claims, prepare_claims};
use crate::store::LocalStore;
use crate::triage::CaseId;
use crate::workspace::Workspace;

/// How often the server is asked whether it is there.
const PING: Duration = Duration::from_secs(5);
/// How often claims are renewed and read.
const CLAIMS: Duration = Duration::from_secs(2);
/// After how long without renewal a claim counts no more.
const CLAIM_LASTS: Duration = Duration::from_secs(15);
/// How often rules are looked at.
const RULES: Duration = Duration::from_secs(10);
/// How often decisions are looked for where the server cannot tell of them, and where it can: for what a stream may miss.
const POLL_DEAF: Duration = Duration::from_secs(2);
const POLL_HEARING: Duration = Duration::from_secs(30);
/// How often everything is looked at where the server cannot tell, in seconds.
const FULL_LOOK_DEAF: f64 = 600.0;
/// How often it is looked what another console has still to send.
const FOLLOW: Duration = Duration::from_secs(2);
/// How often it is tried to listen where that ended.
const LISTEN_AGAIN: Duration = Duration::from_secs(3);
/// Decisions taken in at once.
const PORTION: usize = 500;

/// When something was last done.
#[derive(Debug, Default)]
struct Last(Option<Instant>);

impl Last {
    /// Whether it is time again; notes that it is done now.
    fn due(&mut self, every: Duration) -> bool {
        let due = self.0.is_none_or(|last| last.elapsed() >= every);
        if due {
            self.0 = Some(Instant::now());
        }
        due
    }

    fn at_once(&mut self) {
        self.0 = None;
    }
}

/// What this console looks at, and since when.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Look {
    pub(super) case: CaseId,
    pub(super) since: Timestamp,
}

/// A connection at work.
pub(super) struct Round {
    server: Server,
    rules: SharedRules,
    watch: Option<Watch>,
    /// Whether the server cannot tell.
    deaf: bool,
    hearing: Hearing,
    /// Held by the one console of this workspace that exchanges; the others only say what they look at.
    lock: Option<File>,
    latency: Duration,
    console: String,
    analyst: String,
    told: Option<Look>,
    pub(super) claims: Vec<Claim>,
    ping: Last,
    asked_claims: Last,
    looked_at_rules: Last,
    looked_there: Last,
    listened: Last,
    followed: Last,
}

impl Round {
    /// Makes sure that the server is there and can be used.
    pub(super) fn begin(
        connection: &Arc<Connection>,
        console: &str,
        analyst: &str,
        cancel: &CancelToken,
    ) -> Result<Self, TeamError> {
        let found = mongo::ping(connection, cancel)?;
        prepare_claims(connection, cancel)?;
        Ok(Self {
            server: Server::open(connection, cancel)?,
            rules: SharedRules::open(connection, cancel)?,
            watch: None,
            deaf: false,
            hearing: Hearing::Polling,
            lock: None,
            latency: Duration::from_secs_f64((found.latency_ms / 1e3).max(0.0)),
            console: console.to_owned(),
            analyst: analyst.to_owned(),
            told: None,
            claims: Vec::new(),
            ping: Last(Some(Instant::now())),
            asked_claims: Last::default(),
            looked_at_rules: Last::default(),
            looked_there: Last::default(),
            listened: Last::default(),
            followed: Last::default(),
        })
    }

    pub(super) fn link(&self) -> Link {
        Link::Live {
            latency_ms: (self.latency.as_secs_f64() * 1e4).round() / 10.0,
            hearing: self.hearing,
        }
    }

    /// Does what is due; whether there is more to do at once. Never waits longer than the server takes, and for a silent one no longer than its limits.
    pub(super) fn tick(
        &mut self,
        exchange: &mut Exchange,
        store: &mut LocalStore,
        workspace: &Workspace,
        look: Option<&Look>,
        cancel: &CancelToken,
    ) -> Result<bool, TeamError> {
        if self.ping.due(PING) {
            let asked = Instant::now();
            self.alive(cancel)?;
            self.latency = asked.elapsed();
        }
        if look != self.told.as_ref() {
            self.asked_claims.at_once();
        }
        if self.asked_claims.due(CLAIMS) {
            self.tell_and_ask(look, cancel)?;
        }
        if self.lock.is_none() {
            self.lock = lock(workspace, exchange.memory.server());
            if self.lock.is_none() {
                self.hearing = Hearing::Another;
                if self.followed.due(FOLLOW) {
                    exchange.follow(store)?;
                }
                return Ok(false);
            }
            if self.hearing == Hearing::Another {
                self.hearing = Hearing::Polling;
                exchange.take_over(store)?;
            }
        }
        self.exchange(exchange, store, cancel)
    }

    fn exchange(
        &mut self,
        exchange: &mut Exchange,
        store: &mut LocalStore,
        cancel: &CancelToken,
    ) -> Result<bool, TeamError> {
        if exchange.backlog() > 0 {
            self.looked_at_rules.at_once();
        }
        if self.watch.is_none() && !self.deaf && self.listened.due(LISTEN_AGAIN) {
            self.watch = Some(Watch::start(&self.server.events, exchange.memory.mark().as_ref())?);
        }
        self.hear(exchange, store)?;
        let every = match self.hearing {
            Hearing::Stream => POLL_HEARING,
            Hearing::Polling | Hearing::Another => POLL_DEAF,
        };
        if self.hearing == Hearing::Polling && exchange.memory.looked_before(FULL_LOOK_DEAF) {
            // Where nobody tells, the senders' clocks decide what is found; now and then they are not asked.
            exchange.memory.forget();
        }
        if self.looked_there.due(every) {
            exchange.look_there(&self.server, store, cancel)?;
        }
        let more = exchange.send_some(&self.server, store, cancel)?;
        if self.looked_at_rules.due(RULES) {
            self.rules.exchange(store, cancel)?;
        }
        Ok(more)
    }

    /// Takes in what was heard since the last time.
    fn hear(&mut self, exchange: &mut Exchange, store: &mut LocalStore) -> Result<(), TeamError> {
        let Some(watch) = &mut self.watch else { return Ok(()) };
        let (mut records, mut mark, mut ended) = (Vec::new(), None, None);
        while records.len() < PORTION {
            match watch.hear() {
                None => break,
                Some(Heard::Listening) => {
                    self.hearing = Hearing::Stream;
                    // What came between the last look and now was heard by nobody.
                    self.looked_there.at_once();
                }
                Some(Heard::Added(record, place)) => {
                    records.push(record);
                    mark = Some(place);
                }
                Some(end @ (Heard::Deaf | Heard::Ended { .. })) => {
                    ended = Some(end);
                    break;
                }
            }
        }
        if !records.is_empty() {
            exchange.take_in(records, store)?;
        }
        if let Some(mark) = mark {
            exchange.memory.go_on_after(mark);
            exchange.remember();
        }
        match ended {
            None => {}
            Some(Heard::Deaf) => {
                self.watch = None;
                self.deaf = true;
                self.hearing = Hearing::Polling;
            }
            Some(end) => {
                if end == (Heard::Ended { forgotten: true }) {
                    exchange.memory.forget();
                }
                self.watch = None;
                self.hearing = Hearing::Polling;
                // What was missed is looked for; whether the server is there at all, too.
                self.looked_there.at_once();
                self.ping.at_once();
            }
        }
        Ok(())
    }

    fn alive(&self, cancel: &CancelToken) -> Result<(), TeamError> {
        Ok(self.server.events.alive(cancel)?)
    }

    /// Says what is looked at here and asks what others look at.
    fn tell_and_ask(&mut self, look: Option<&Look>, cancel: &CancelToken) -> Result<(), TeamError> {
        let own = look.map(|look| {
            let claim = Claim {
                case: look.case.clone(),
                analyst: self.analyst.clone(),
                since: look.since.to_string(),
            };
            match serde_json::to_value(claim) {
                Ok(Value::Object(object)) => object,
                Ok(_) | Err(_) => Map::new(),
            }
        });
        let others = exchange_claims(
            &self.server.connection,
            &self.console,
            own.as_ref(),
            CLAIM_LASTS,
            cancel,
        )?;
        let others = others.into_iter().map(Value::Object);
        let mut claims: Vec<Claim> = others.filter_map(|claim| serde_json::from_value(claim).ok()).collect();
        claims.sort_by(|a, b| (&b.since, &b.analyst).cmp(&(&a.since, &a.analyst)));
        self.claims = claims;
        self.told = look.cloned();
        Ok(())
    }
}

/// The right to exchange for this workspace, if no other console has it. Where there can be no lock, everybody has.
fn lock(workspace: &Workspace, server: &str) -> Option<File> {
    let path = workspace.logs_dir().join(format!("{}.lock", file_stem(server)));
    let _a_missing_directory_is_told_by_the_open = fs::create_dir_all(workspace.logs_dir());
    let file = File::options().create(true).truncate(false).write(true).open(path);
    match file {
        Ok(file) => match file.try_lock() {
            Err(fs::TryLockError::WouldBlock) => None,
            Ok(()) | Err(fs::TryLockError::Error(_)) => Some(file),
        },
        Err(_) => File::open("/dev/null").ok(),
    }
}
