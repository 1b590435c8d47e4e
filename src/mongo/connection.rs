//! Owns the connection: a Tokio runtime of its own with one thread, the driver's client on it, and a time limit around
//! everything that is asked of it.
//!
//! Other threads hand in a future and wait for it; none of them ever belongs to the runtime. A `current_thread` runtime
//! would leave the driver's monitors without anybody to run them between two calls.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mongodb::bson::doc;
use mongodb::error::Error;
use mongodb::event::EventHandler;
use mongodb::event::sdam::{SdamEvent, TopologyDescription, TopologyType};
use mongodb::options::{
    AuthMechanism, ClientOptions, CollectionOptions, Compressor, Credential, ReadConcern, ReadPreference,
    SelectionCriteria, Tls, TlsOptions,
};
use mongodb::{Client, Collection, Database};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::error::MongoError;
use super::settings::Target;
use super::trouble::Trouble;
use crate::cancel::{CancelToken, Cancelled};

/// How long a server is looked for that can do what is asked.
const SELECTION: Duration = Duration::from_secs(3);
/// How long one connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);
/// How often a waiting thread looks whether it should give up.
const CANCEL_POLL: Duration = Duration::from_millis(50);
/// How long a name may take to be looked up for `mongodb+srv`.
const LOOK_UP: Duration = Duration::from_secs(4);
/// How long work may be silent before the server is asked whether it is alive, and how long that may take.
const SILENCE: Duration = Duration::from_secs(8);
const SIGN_OF_LIFE: Duration = Duration::from_secs(4);
/// How long finding out what a failure means may go on after the time of a question.
const LAST_WORD: Duration = Duration::from_millis(900);
/// How long the end may take.
const FAREWELL: Duration = Duration::from_millis(500);

/// How long something may take.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// At most this long: for questions that any living server answers at once.
    Within(Duration),
    /// At most this long, while the server answers a ping whenever the work is silent: for work whose size we do not know.
    WhileAlive(Duration),
}

impl Patience {
    /// For a question that any living server answers at once.
    pub const QUESTION: Self = Self::Within(Duration::from_secs(4));
    /// For a batch of rows, an index, a count.
    pub const WORK: Self = Self::WhileAlive(Duration::from_secs(300));
}

/// What the driver last told of the servers.
pub(super) type Watched = Arc<Mutex<Option<TopologyDescription>>>;

/// A client of one server or set of servers.
pub struct Connection {
    /// Taken only when the connection ends.
    parts: Option<(Runtime, Client)>,
    target: Target,
    watched: Watched,
    tls: bool,
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "Connection({}, database {})",
            self.target.address, self.target.database
        )
    }
}

impl Connection {
    /// Makes the client. The server is not asked for anything yet; only `mongodb+srv` looks up a name.
    ///
    /// # Errors
    /// An option, a CA file or a name that cannot be used.
    pub fn open(target: Target) -> Result<Self, MongoError> {
        Self::open_unless(target, &CancelToken::new())
    }

    /// As [`Connection::open`], but the look-up of a name ends at once where somebody asks to stop.
    ///
    /// # Errors
    /// As [`Connection::open`], or that request.
    pub fn open_unless(target: Target, cancel: &CancelToken) -> Result<Self, MongoError> {
        cancel.check()?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(4)
            .thread_name("nsec-mongo")
            .enable_all()
            .build()
            .map_err(MongoError::Threads)?;
        let watched = Watched::default();
        let trouble = Trouble {
            target: &target,
            watched: &watched,
        };
        let options = runtime.block_on(async {
            let parsed = tokio::time::timeout(LOOK_UP, ClientOptions::parse(target.address.for_driver()));
            let parsed = tokio::select! {
                parsed = parsed => parsed,
                () = cancelled(cancel) => return Err(Cancelled.into()),
            };
            parsed
                .map_err(|_| trouble.name_not_found())?
                .map_err(|error| trouble.of_address(&error))
        })?;
        let options = complete(options, &target, Arc::clone(&watched))?;
        let tls = matches!(options.tls, Some(Tls::Enabled(_)));
        let client = runtime
            .block_on(async { Client::with_options(options) })
            .map_err(|error| trouble.of_address(&error))?;
        Ok(Self {
            parts: Some((runtime, client)),
            target,
            watched,
            tls,
        })
    }

    /// The database that is meant.
    ///
    /// # Errors
    /// The connection has ended.
    pub fn database(&self) -> Result<Database, MongoError> {
        Ok(self.client()?.database(&self.target.database))
    }

    /// A collection of the database that is meant, read from the primary and only as far as most servers have it: what could
    /// still be rolled back is not there, whatever the address says.
    pub(super) fn committed<T: Send + Sync>(&self, collection: &str) -> Result<Collection<T>, MongoError> {
        let options = CollectionOptions::builder()
            .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
            .read_concern(ReadConcern::majority())
            .build();
        Ok(self.database()?.collection_with_options(collection, options))
    }

    /// Another database of the same server.
    pub(super) fn other_database(&self, name: &str) -> Result<Database, MongoError> {
        Ok(self.client()?.database(name))
    }

    /// What it is connected to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether TLS is on.
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// What the driver tells of the servers, which have answered; the calling thread must not belong to a Tokio runtime.
    pub(super) fn topology(&self) -> Option<TopologyDescription> {
        let (runtime, _) = self.parts.as_ref()?;
        let is_known = |known: &TopologyDescription| {
            !matches!(
                known.topology_type(),
                TopologyType::Unknown | TopologyType::ReplicaSetNoPrimary
            )
        };
        runtime.block_on(self.trouble().news(is_known))
    }

    /// Waits for work on the server; the calling thread must not belong to a Tokio runtime. `doing` goes into messages:
    /// `storing rows`.
    ///
    /// # Errors
    /// What went wrong in our own words; a limit that ran out; a request to stop.
    pub fn run<T>(
        &self,
        doing: &'static str,
        patience: Patience,
        cancel: &CancelToken,
        work: impl Future<Output = mongodb::error::Result<T>>,
    ) -> Result<T, MongoError> {
        cancel.check()?;
        let Some((runtime, client)) = &self.parts else {
            return Err(self.trouble().ended(doing));
        };
        runtime.block_on(async {
            let begun = Instant::now();
            let watch = self.waiting(doing, patience, client);
            // Finding out what a failure means takes time, too, and ends as well where somebody asks to stop.
            let answer = async {
                tokio::select! {
                    // What came counts, although its time is over by now.
                    biased;
                    result = work => match result {
                        Ok(value) => Ok(value),
                        Err(error) => Err(self.explained(&error, doing, patience, begun).await),
                    },
                    error = watch => Err(error),
                }
            };
            tokio::select! {
                answer = answer => answer,
                () = cancelled(cancel) => Err(Cancelled.into()),
            }
        })
    }

    /// Starts work that goes on by itself; its answer is waited for with [`Connection::run`].
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<JoinHandle<T>, MongoError> {
        match &self.parts {
            Some((runtime, _)) => Ok(runtime.spawn(work)),
            None => Err(self.trouble().ended(doing)),
        }
    }

    /// What a failure means, as far as there is time to find out.
    async fn explained(&self, error: &Error, doing: &'static str, patience: Patience, begun: Instant) -> MongoError {
        let trouble = self.trouble();
        let explained = trouble.of_work(error, doing);
        match patience {
            Patience::WhileAlive(_) => explained.await,
            Patience::Within(limit) => tokio::time::timeout_at(begun + limit + LAST_WORD, explained)
                .await
                .unwrap_or_else(|_| trouble.silent(limit)),
        }
    }

    /// Comes to an end only when the work should be given up.
    async fn waiting(&self, doing: &'static str, patience: Patience, client: &Client) -> MongoError {
        match patience {
            Patience::Within(limit) => {
                tokio::time::sleep(limit).await;
                self.trouble().of_silence(limit).await
            }
            Patience::WhileAlive(limit) => {
                let started = Instant::now();
                while started.elapsed() < limit {
                    tokio::time::sleep(SILENCE).await;
                    let admin = client.database("admin");
                    let ping = admin.run_command(doc! { "ping": 1 });
                    match tokio::time::timeout(SIGN_OF_LIFE, ping).await {
                        Ok(Ok(_)) => {}
                        Ok(Err(error)) => return self.trouble().of_work(&error, doing).await,
                        Err(_) => return self.trouble().of_silence(SILENCE + SIGN_OF_LIFE).await,
                    }
                }
                self.trouble().too_slow(doing, limit)
            }
        }
    }

    pub(super) fn trouble(&self) -> Trouble<'_> {
        Trouble {
            target: &self.target,
            watched: &self.watched,
        }
    }

    pub(super) fn client(&self) -> Result<&Client, MongoError> {
        match &self.parts {
            Some((_, client)) => Ok(client),
            None => Err(self.trouble().ended("working")),
        }
    }
}

impl Drop for Connection {
    /// Says farewell where the server listens, and never waits long.
    fn drop(&mut self) {
        if let Some((runtime, client)) = self.parts.take() {
            // In a runtime's own thread nothing may block; the driver then ends with its runtime.
            if tokio::runtime::Handle::try_current().is_err() {
                let _a_silent_server_need_not_answer =
                    runtime.block_on(async { tokio::time::timeout(FAREWELL, client.shutdown()).await });
            }
            runtime.shutdown_background();
        }
    }
}

/// Never ends while nobody asks to stop.
async fn cancelled(cancel: &CancelToken) {
    while !cancel.is_cancelled() {
        tokio::time::sleep(CANCEL_POLL).await;
    }
}

/// What the address says, completed by the login, our limits and our ear for the driver's news.
fn complete(mut options: ClientOptions, target: &Target, watched: Watched) -> Result<ClientOptions, MongoError> {
    options.app_name.get_or_insert_with(|| "nsec-tui".to_owned());
    options.server_selection_timeout.get_or_insert(SELECTION);
    options.connect_timeout.get_or_insert(CONNECT);
    options.compressors.get_or_insert_with(|| vec![Compressor::Snappy]);
    if let Some(file) = &target.ca_file {
        if matches!(options.tls, Some(Tls::Disabled)) {
            return Err(MongoError::BadAddress {
                why: "it turns TLS off, and mongo.ca_file names certificates for it; take one of the two away"
                    .to_owned(),
            });
        }
        let mut tls = match options.tls.take() {
            Some(Tls::Enabled(tls)) => tls,
            _ => TlsOptions::default(),
        };
        tls.ca_file_path.get_or_insert_with(|| file.clone());
        options.tls = Some(Tls::Enabled(tls));
    }
    if let Some(Tls::Enabled(TlsOptions {
        ca_file_path: Some(file),
        ..
    })) = &options.tls
    {
        check_certificates(file)?;
    }
    if let Some(user) = &target.address.user {
        options.credential = Some(credential(target, user)?);
    }
    options.sdam_event_handler = Some(EventHandler::callback(move |event: SdamEvent| {
        if let SdamEvent::TopologyDescriptionChanged(change) = event {
            *watched.lock().unwrap_or_else(PoisonError::into_inner) = Some(change.new_description);
        }
    }));
    Ok(options)
}

fn credential(target: &Target, user: &str) -> Result<Credential, MongoError> {
    let mechanism = match target.address.option("authmechanism") {
        None => None,
        Some("SCRAM-SHA-256") => Some(AuthMechanism::ScramSha256),
        Some("SCRAM-SHA-1") => Some(AuthMechanism::ScramSha1),
        Some(_) => {
            return Err(MongoError::BadAddress {
                why: "its authMechanism is not supported; leave it out, or write SCRAM-SHA-256".to_owned(),
            });
        }
    };
    let mut credential = Credential::default();
    credential.username = Some(user.to_owned());
    credential.password = target.password.as_ref().map(|password| password.reveal().to_owned());
    credential.source = Some(target.login_database().to_owned());
    credential.mechanism = mechanism;
    Ok(credential)
}

/// The driver takes a file without any certificate for one, and then trusts nobody.
fn check_certificates(file: &std::path::Path) -> Result<(), MongoError> {
    let refused = |why: &str, cause| MongoError::File {
        path: file.to_path_buf(),
        why: why.to_owned(),
        cause,
    };
    let bytes = std::fs::read(file).map_err(|cause| {
        refused(
            "the CA file cannot be read; check mongo.ca_file or tlsCAFile",
            Some(cause),
        )
    })?;
    let mark = b"-----BEGIN CERTIFICATE-----";
    if !bytes.windows(mark.len()).any(|window| window == mark) {
        return Err(refused(
            "the CA file holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
            None,
        ));
    }
    Ok(())
}
