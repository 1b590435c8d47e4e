//! Owns carrying out what is asked of the team's server: which one is joined, and the connection for the team's runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::failure::{Ended, Failure};
use super::news::Reply;
use super::reporter::Reporter;
use super::runs;
use super::team_job::{TeamAddress, TeamJob, TeamRunLine, TeamRuns, TeamTest};
use crate::artifacts::shared_list::{SharedOverview, is_here, name_run, shared_list};
use crate::artifacts::sharing::{pull_run, push_run};
use crate::artifacts::{CHAMPION, RegistryStore};
use crate::cancel::CancelToken;
use crate::mongo::{self, Connection, Given, MongoError, Naming, Secret, Target};
use crate::review::analyst;
use crate::store::StoreOptions;
use crate::surroundings::Surroundings;
use crate::team::{Team, TeamOptions, TeamState};
use crate::triage::CaseId;

/// One server at a time. Jobs may run on several threads at once; no lock is held while a server is waited for that another
/// thread needs.
pub(super) struct TeamDesk {
    surroundings: Arc<Surroundings>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    joined: Option<Joined>,
    /// The case that is looked at, for a server that is joined later.
    looking: Option<CaseId>,
}

/// A server that verdicts are shared with.
struct Joined {
    team: Team,
    voice: Arc<Voice>,
    line: Arc<Line>,
}

/// What the exchange is heard through, until it is left.
struct Voice {
    /// `None` once it is left. Held while telling, so that nothing is told after that.
    reporter: Mutex<Option<Reporter>>,
}

impl Voice {
    fn reporter(&self) -> MutexGuard<'_, Option<Reporter>> {
        self.reporter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, state: TeamState) {
        if let Some(reporter) = &*self.reporter() {
            reporter.team(state);
        }
    }
}

/// The connection for runs: opened when the first is asked for, and kept.
struct Line {
    target: Target,
    /// Held while it is opened; only jobs about runs want it, one after the other.
    connection: Mutex<Option<Arc<Connection>>>,
}

impl Line {
    fn connection(&self) -> MutexGuard<'_, Option<Arc<Connection>>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, cancel: &CancelToken) -> Result<Arc<Connection>, MongoError> {
        let mut kept = self.connection();
        if let Some(connection) = &*kept {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(Connection::open_unless(self.target.clone(), cancel)?);
        *kept = Some(Arc::clone(&connection));
        Ok(connection)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(connection) = self.connection().take() {
            part(connection);
        }
    }
}

/// Ends a connection that nobody else has. A silent server is said farewell to for half a second, which is nothing to wait for.
fn part(connection: Arc<Connection>) {
    if let Some(last) = Arc::into_inner(connection) {
        let thread = std::thread::Builder::new().name("nsec-farewell".to_owned());
        // Without a thread it ends here and now.
        let _gone_either_way = thread.spawn(move || drop(last));
    }
}

impl TeamDesk {
    /// Nothing is joined yet.
    pub(super) fn new(surroundings: Arc<Surroundings>) -> Self {
        Self {
            surroundings,
            state: Mutex::default(),
        }
    }

    /// Does one job.
    pub(super) fn run(&self, job: &TeamJob, reporter: &Reporter) -> Result<Reply, Ended> {
        match job {
            TeamJob::Test(address) => self.test(address, reporter),
            TeamJob::Join(address) => self.join(address, reporter),
            TeamJob::Leave => {
                self.leave();
                Ok(Reply::Team(None))
            }
            TeamJob::Runs => self.on_line(reporter, "asking for the team's runs", |connection, cancel| {
                self.runs(connection, cancel)
            }),
            TeamJob::Push { run } => {
                let id = RegistryStore::new(&self.surroundings.workspace).resolve(run)?;
                let by = analyst(&self.surroundings);
                self.on_line(reporter, "sharing the run", |connection, cancel| {
                    let shared = push_run(&self.surroundings.workspace, connection, &id, &by, cancel)?;
                    Ok(Reply::TeamChanged(shared.told("shared")))
                })
            }
            TeamJob::Pull { run, promote } => self.on_line(reporter, "fetching the run", |connection, cancel| {
                self.pull(connection, run, *promote, cancel)
            }),
            TeamJob::Promote { run, expected } => {
                let by = analyst(&self.surroundings);
                let wish = Naming {
                    name: CHAMPION,
                    run,
                    by: &by,
                    reason: runs::REASON,
                };
                self.on_line(reporter, "naming the champion", |connection, cancel| {
                    let named = name_run(connection, &wish, Some(expected.as_deref()), cancel)?;
                    Ok(Reply::TeamChanged(format!("{} is the team's champion", named.run)))
                })
            }
        }
    }

    /// Says which case is looked at. Never waits.
    pub(super) fn look_at(&self, case: Option<CaseId>) {
        let mut state = self.state();
        if state.looking == case {
            return;
        }
        if let Some(joined) = &state.joined {
            joined.team.look_at(case.clone());
        }
        state.looking = case;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a person typed, completed by the environment and the settings.
    fn target(&self, wanted: &TeamAddress) -> Result<Target, Ended> {
        let typed = |text: &Option<Secret>| text.clone().filter(|text| !text.is_empty());
        let uri = typed(&wanted.uri).map(|uri| uri.reveal().trim().to_owned());
        let mut given = Given::from_environment(uri.filter(|uri| !uri.is_empty()), self.surroundings.workspace.root());
        let password = typed(&wanted.password);
        if password.is_some() {
            given.password_variable.clone_from(&password);
        }
        let found = Target::find(&self.surroundings.settings.mongo, &given);
        let mut target = found.and_then(|found| found.complete(|_| Ok(None))).map_err(missing)?;
        // What somebody types goes before what stands in an address, too.
        if target.address.user.is_some() && password.is_some() {
            target.password = password;
        }
        Ok(target)
    }

    fn test(&self, address: &TeamAddress, reporter: &Reporter) -> Result<Reply, Ended> {
        let target = self.target(address)?;
        reporter.progress(0, None, format!("asking {}", target.shown()));
        let connection = Connection::open_unless(target, reporter.cancel())?;
        let found = mongo::ping(&connection, reporter.cancel());
        part(Arc::new(connection));
        let found = found?;
        Ok(Reply::TeamTested(TeamTest {
            server: found.server,
            version: found.version,
            topology: found.topology,
            latency_ms: found.latency_ms,
            user: found.user,
            database: found.database,
            read: found.rights.read,
            write: found.rights.write,
            tls: found.tls,
        }))
    }

    /// Begins to share. The server before is left once it is known where to go instead; it is kept where an address cannot be
    /// read or a login lacks something.
    fn join(&self, address: &TeamAddress, reporter: &Reporter) -> Result<Reply, Ended> {
        let target = match self.target(address) {
            Ok(target) => target,
            Err(ended) => {
                self.stay(reporter);
                return Err(ended);
            }
        };
        self.leave();
        let voice = Arc::new(Voice {
            reporter: Mutex::new(Some(reporter.clone())),
        });
        let options = TeamOptions {
            workspace: self.surroundings.workspace.clone(),
            store: StoreOptions {
                shared: self.surroundings.settings.workspace.shared,
                ..StoreOptions::default()
            },
            analyst: analyst(&self.surroundings),
            target: target.clone(),
        };
        let mouth = Arc::clone(&voice);
        let team = Team::join(options, Arc::new(move |state| mouth.tell(state)))
            .map_err(|error| Failure::new(format!("the thread that shares verdicts cannot be started: {error}")))
            .map_err(Ended::Failed)?;
        let line = Arc::new(Line {
            target,
            connection: Mutex::default(),
        });
        let answer = {
            let mut state = self.state();
            if state.looking.is_some() {
                team.look_at(state.looking.clone());
            }
            let answer = team.state();
            state.joined = Some(Joined { team, voice, line });
            answer
        };
        if reporter.cancel().is_cancelled() {
            self.leave();
            return Err(Ended::Cancelled);
        }
        Ok(Reply::Team(Some(answer)))
    }

    /// Goes on with the server that is joined, which from now on is heard through this job; how it stands follows the failure.
    fn stay(&self, reporter: &Reporter) {
        let state = self.state();
        if let Some(joined) = &state.joined {
            *joined.voice.reporter() = Some(reporter.clone());
            reporter.team(joined.team.state());
        }
    }

    /// Shares no more. Once this is back, nothing more is told of it.
    fn leave(&self) {
        let joined = self.state().joined.take();
        if let Some(joined) = joined {
            *joined.voice.reporter() = None;
        }
    }

    /// Has something done over the connection for runs.
    fn on_line(
        &self,
        reporter: &Reporter,
        doing: &str,
        work: impl FnOnce(&Connection, &CancelToken) -> Result<Reply, Ended>,
    ) -> Result<Reply, Ended> {
        let line = self.state().joined.as_ref().map(|joined| Arc::clone(&joined.line));
        let Some(line) = line else {
            let text = "no team's server is joined; connect to one first";
            return Err(Ended::Failed(Failure::new(text)));
        };
        reporter.progress(0, None, format!("{doing}, {}", line.target.shown()));
        let connection = line.open(reporter.cancel())?;
        let answer = work(&connection, reporter.cancel());
        drop(line);
        part(connection);
        answer
    }

    fn runs(&self, connection: &Connection, cancel: &CancelToken) -> Result<Reply, Ended> {
        let list = shared_list(connection, cancel)?;
        Ok(Reply::TeamRuns(TeamRuns {
            server: connection.target().shown(),
            champion: list.champion,
            runs: list.runs.into_iter().map(|run| self.run_line(run)).collect(),
        }))
    }

    fn run_line(&self, run: SharedOverview) -> TeamRunLine {
        TeamRunLine {
            here: is_here(&self.surroundings.workspace, &run.run_id),
            run_id: run.run_id,
            names: run.names,
            model: run.model,
            test_f1: run.test_f1,
            test_pr_auc: run.test_pr_auc,
            by: run.by,
            at: run.at,
            bytes: run.bytes,
        }
    }

    fn pull(&self, connection: &Connection, run: &str, promote: bool, cancel: &CancelToken) -> Result<Reply, Ended> {
        let workspace = &self.surroundings.workspace;
        let shared = pull_run(workspace, connection, run, cancel)?;
        let fetched = shared.told("fetched");
        if !promote {
            return Ok(Reply::TeamChanged(fetched));
        }
        cancel.check()?;
        let files = if shared.there {
            "it was on this host already".to_owned()
        } else {
            format!("fetched {} files, {:.1} MB", shared.files, shared.bytes as f64 / 1e6)
        };
        match runs::make_champion(workspace, shared.id) {
            // What matters stands where a narrow line does not cut it off.
            Ok(registry) => Ok(Reply::TeamChanged(format!(
                "{} here now; {files}",
                runs::champion_now(&registry)
            ))),
            Err(error) => {
                let mut failure = Failure::of(&error);
                failure.message = format!("{fetched}, but {}", failure.message);
                Err(Ended::Failed(failure))
            }
        }
    }
}

/// What is missing, as whoever sits before the dialog can give it.
fn missing(error: MongoError) -> Ended {
    let text = match error {
        MongoError::NoAddress => {
            "no MongoDB server is named; type its address in the dialog, or give it by NSEC_MONGODB_URI or mongo.uri in nsec.yaml"
                .to_owned()
        }
        MongoError::NoPassword { user } => format!(
            "no password for user {user}; type it in the dialog, or give it by NSEC_MONGODB_PASSWORD or mongo.password_file"
        ),
        other => return other.into(),
    };
    Ended::Failed(Failure::new(text))
}
