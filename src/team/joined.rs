//! Owns the exchange that goes on while a console is open: the thread beside it, when it tries again, and what is asked of it.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::error::TeamError;
use super::exchange::Exchange;
use super::memory::Memory;
use super::round::{Look, Round};
use super::state::{Link, TeamState};
use crate::artifacts::Timestamp;
use crate::cancel::CancelToken;
use crate::mongo::{Connection, MongoError, Target, withdraw_claim};
use crate::store::{LocalStore, StoreOptions, VerdictStore};
use crate::text::visible_text;
use crate::triage::{CaseId, EventId};
use crate::workspace::Workspace;

/// How often it is looked whether something is to be done.
const TICK: Duration = Duration::from_millis(250);
/// Between two words about how it stands. What came and went in between nobody needs to know.
const WORDS: Duration = Duration::from_millis(500);
/// After a refused login it is tried again so late: a server may lock the account.
const REFUSED_WAIT: u64 = 300;
/// Waits after failed attempts, in seconds; the last one again and again.
const WAITS: [u64; 5] = [1, 2, 4, 8, 15];

/// Who hears how the exchange stands. Called from its thread, twice a second at most.
pub type TellTeam = Arc<dyn Fn(TeamState) + Send + Sync>;

/// What is shared, with which server, in whose name.
#[derive(Clone, Debug)]
pub struct TeamOptions {
    /// Whose store is shared.
    pub workspace: Workspace,
    /// How that store is opened.
    pub store: StoreOptions,
    /// Who looks at cases here.
    pub analyst: String,
    /// The server.
    pub target: Target,
}

/// An exchange that goes on until this is dropped.
pub struct Team(Arc<Table>);

/// What the console and the thread share.
struct Table {
    sheet: Mutex<Sheet>,
    bell: Condvar,
    closing: CancelToken,
}

struct Sheet {
    state: TeamState,
    look: Option<Look>,
}

impl Team {
    /// Begins; never waits for the server.
    ///
    /// # Errors
    /// No thread is to be had.
    pub fn join(options: TeamOptions, tell: TellTeam) -> io::Result<Self> {
        let state = TeamState {
            server: options.target.shown(),
            link: Link::Connecting,
            backlog: 0,
            refused: 0,
            sent: 0,
            received: 0,
            claims: Vec::new(),
        };
        let table = Arc::new(Table {
            sheet: Mutex::new(Sheet { state, look: None }),
            bell: Condvar::new(),
            closing: CancelToken::new(),
        });
        // Dropped on an error, it ends the thread that has begun.
        let team = Self(Arc::clone(&table));
        let shared = Arc::clone(&table);
        thread::Builder::new()
            .name("nsec-team-says".to_owned())
            .spawn(move || shared.announce(&tell))?;
        thread::Builder::new()
            .name("nsec-team".to_owned())
            .spawn(move || Clerk::new(table, options).work())?;
        Ok(team)
    }

    /// Says which case is looked at here; `None` is none. Never waits.
    pub fn look_at(&self, case: Option<CaseId>) {
        let mut sheet = self.0.sheet();
        if sheet.look.as_ref().map(|look| &look.case) == case.as_ref() {
            return;
        }
        sheet.look = case.map(|case| Look {
            case,
            since: Timestamp::now(),
        });
        drop(sheet);
        self.0.bell.notify_all();
    }

    /// How it stands.
    pub fn state(&self) -> TeamState {
        self.0.sheet().state.clone()
    }
}

impl Drop for Team {
    /// The thread ends by itself; what it has not sent goes with the next start.
    fn drop(&mut self) {
        self.0.closing.cancel();
        self.0.bell.notify_all();
    }
}

impl Table {
    fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.sheet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells how it stands when that has changed, also while the other thread waits for a silent server.
    fn announce(&self, tell: &TellTeam) {
        let mut told: Option<TeamState> = None;
        while !self.closing.is_cancelled() {
            let state = self.sheet().state.clone();
            if told.as_ref().is_none_or(|told| differs(told, &state)) {
                tell(state.clone());
                told = Some(state);
            }
            thread::sleep(WORDS);
        }
    }

    /// Waits until something may be to be done.
    fn rest(&self, most: Duration) {
        let sheet = self.sheet();
        if !self.closing.is_cancelled() {
            drop(self.bell.wait_timeout(sheet, most));
        }
    }
}

/// The thread.
struct Clerk {
    table: Arc<Table>,
    options: TeamOptions,
    /// Names this console among the claims.
    console: String,
    store: Option<LocalStore>,
    exchange: Option<Exchange>,
    connection: Option<Arc<Connection>>,
}

impl Clerk {
    fn new(table: Arc<Table>, options: TeamOptions) -> Self {
        Self {
            table,
            options,
            console: EventId::new().to_string(),
            store: None,
            exchange: None,
            connection: None,
        }
    }

    fn work(mut self) {
        let mut failures = 0;
        while !self.table.closing.is_cancelled() {
            let Err(error) = self.connected(&mut failures) else {
                break;
            };
            if error.is_cancel() {
                break;
            }
            let seconds = match &error {
                TeamError::Server(MongoError::WrongPassword { .. } | MongoError::LoginNeeded { .. }) => REFUSED_WAIT,
                _ => WAITS[failures.min(WAITS.len() - 1)],
            };
            failures += 1;
            let why = visible_text(&error.to_string()).into_owned();
            tracing::warn!("the team's server: {why}; tried again in {seconds} s");
            self.wait(&why, Instant::now() + Duration::from_secs(seconds));
        }
        if let Some(connection) = &self.connection {
            let _what_is_left_is_cleared_away = withdraw_claim(connection, &self.console, &CancelToken::new());
        }
    }

    /// Works until the connection is lost or it is to end.
    fn connected(&mut self, failures: &mut usize) -> Result<(), TeamError> {
        self.open_store()?;
        let closing = self.table.closing.clone();
        let connection = match &self.connection {
            // The driver finds its way back by itself.
            Some(connection) => Arc::clone(connection),
            None => Arc::new(Connection::open_unless(self.options.target.clone(), &closing)?),
        };
        self.connection = Some(Arc::clone(&connection));
        let mut round = Round::begin(&connection, &self.console, &self.options.analyst, &closing)?;
        *failures = 0;
        loop {
            closing.check()?;
            let look = self.table.sheet().look.clone();
            self.look_here()?;
            self.say(round.link(), &round.claims);
            let more = match (&mut self.store, &mut self.exchange) {
                (Some(store), Some(exchange)) => {
                    round.tick(exchange, store, &self.options.workspace, look.as_ref(), &closing)?
                }
                _ => false,
            };
            self.say(round.link(), &round.claims);
            if !more {
                self.table.rest(TICK);
            }
        }
    }

    /// Sees what was decided here, so that it is counted while the server may keep us waiting.
    fn look_here(&mut self) -> Result<(), TeamError> {
        if let (Some(store), Some(exchange)) = (&mut self.store, &mut self.exchange)
            && store.has_changed()?
        {
            exchange.look_here(store)?;
        }
        Ok(())
    }

    fn open_store(&mut self) -> Result<(), TeamError> {
        if self.store.is_none() {
            self.store = Some(LocalStore::open(&self.options.workspace, self.options.store.clone())?);
        }
        if let (Some(store), None) = (&mut self.store, &self.exchange) {
            let memory = Memory::read(&self.options.workspace, &self.options.target.shown());
            self.exchange = Some(Exchange::open(&self.options.workspace, store, memory)?);
        }
        Ok(())
    }

    /// Lets time pass while the server is away; decisions go on meanwhile, and are counted.
    fn wait(&mut self, why: &str, until: Instant) {
        while !self.table.closing.is_cancelled() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            if let Err(error) = self.look_here() {
                tracing::warn!("the store of verdicts cannot be read for the team: {error}");
            }
            let lost = Link::Lost {
                why: why.to_owned(),
                retry_seconds: left.as_secs() + 1,
            };
            self.say(lost, &[]);
            self.table.rest(TICK.min(left));
        }
    }

    /// Notes how it stands.
    fn say(&mut self, link: Link, claims: &[super::Claim]) {
        let (backlog, refused, sent, received) = self.exchange.as_ref().map_or((0, 0, 0, 0), |exchange| {
            (exchange.backlog(), exchange.refused(), exchange.sent, exchange.received)
        });
        let state = TeamState {
            server: self.options.target.shown(),
            link,
            backlog,
            refused,
            sent,
            received,
            claims: claims.to_vec(),
        };
        self.table.sheet().state = state;
    }
}

/// Whether a person would want to know; how fast exactly the server answers, nobody does.
fn differs(told: &TeamState, now: &TeamState) -> bool {
    let rounded = |state: &TeamState| {
        let mut state = state.clone();
        if let Link::Live { latency_ms, .. } = &mut state.link {
            // Told anew when it doubles.
            *latency_ms = latency_ms.max(8.0).log2().round();
        }
        state
    };
    rounded(told) != rounded(now)
}
