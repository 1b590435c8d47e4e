//! Owns finding out what a failure of the driver means: from the kind of its error, from what it last told of the servers,
//! and where these do not tell enough, from a look of our own at the host.

use std::io;
use std::net::ToSocketAddrs;
use std::sync::PoisonError;
use std::time::Duration;

use mongodb::ServerInfo;
use mongodb::error::{Error, ErrorKind, WriteFailure};
use mongodb::event::sdam::TopologyDescription;
use mongodb::options::ServerAddress;

use super::connection::Watched;
use super::error::MongoError;
use super::settings::Target;

/// How long our own look at the host may take.
const LOOK: Duration = Duration::from_millis(900);
/// How long the driver's news may be behind its failures, and how often they are looked for.
const NEWS: Duration = Duration::from_millis(800);
const NEWS_POLL: Duration = Duration::from_millis(5);
/// Hosts that are looked at.
const MOST_KNOCKS: usize = 8;
/// Characters of a server's words that are shown.
const WORDS: usize = 300;

/// What is needed to tell what a failure means.
pub(super) struct Trouble<'a> {
    pub(super) target: &'a Target,
    pub(super) watched: &'a Watched,
}

/// What our own look at a host found, the worst first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    NoName,
    Refused,
    Dropped,
    Takes,
}

impl Trouble<'_> {
    /// The hosts, as messages name them.
    pub(super) fn server(&self) -> String {
        self.target.address.hosts().to_owned()
    }

    pub(super) fn name_not_found(&self) -> MongoError {
        MongoError::NameNotFound { server: self.server() }
    }

    pub(super) fn too_slow(&self, doing: &'static str, limit: Duration) -> MongoError {
        MongoError::TooSlow {
            server: self.server(),
            doing,
            seconds: limit.as_secs(),
        }
    }

    pub(super) fn ended(&self, doing: &'static str) -> MongoError {
        self.driver(doing, "the connection was closed".to_owned())
    }

    fn driver(&self, doing: &'static str, what: String) -> MongoError {
        MongoError::Driver {
            server: self.server(),
            doing,
            what: self.clean(&what),
        }
    }

    /// Short, and without the password.
    pub(super) fn clean(&self, text: &str) -> String {
        let text = self
            .target
            .password
            .as_ref()
            .map_or_else(|| text.to_owned(), |secret| secret.scrub(text));
        crate::text::shortened(text.as_bytes(), WORDS)
    }

    /// A client could not be made of the address.
    pub(super) fn of_address(&self, error: &Error) -> MongoError {
        match error.kind.as_ref() {
            ErrorKind::DnsResolve { .. } => self.name_not_found(),
            // It was asked about an address without user and password.
            ErrorKind::InvalidArgument { message, .. } | ErrorKind::InvalidTlsConfig { message, .. } => {
                MongoError::BadAddress {
                    why: self.clean(message),
                }
            }
            ErrorKind::Io(cause) => MongoError::BadAddress {
                why: format!("a file that it names cannot be read ({})", cause.kind()),
            },
            other => self.driver("connecting", kind_name(other).to_owned()),
        }
    }

    /// The server let a limit pass.
    pub(super) async fn of_silence(&self, waited: Duration) -> MongoError {
        match self.look().await {
            Look::Takes if self.target.wants_tls() && !self.was_heard() => MongoError::SilentTls {
                server: self.server(),
                seconds: waited.as_secs(),
            },
            Look::Takes => self.silent(waited),
            other => self.of_look(&other),
        }
    }

    /// It takes connections and says nothing.
    pub(super) fn silent(&self, waited: Duration) -> MongoError {
        MongoError::Silent {
            server: self.server(),
            seconds: waited.as_secs(),
        }
    }

    /// Whether any server has ever said who it is.
    fn was_heard(&self) -> bool {
        let known = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let servers = known.iter().flat_map(|known| known.servers().into_values());
        servers.into_iter().any(|server| server.max_wire_version().is_some())
    }

    /// Work on the server failed.
    pub(super) async fn of_work(&self, error: &Error, doing: &'static str) -> MongoError {
        match error.kind.as_ref() {
            ErrorKind::Authentication { .. } => self.login_refused(error),
            ErrorKind::Command(command) => self.of_code(command.code, &command.message, doing),
            ErrorKind::Write(WriteFailure::WriteError(write)) => self.of_code(write.code, &write.message, doing),
            ErrorKind::Write(WriteFailure::WriteConcernError(write)) => self.of_code(write.code, &write.message, doing),
            ErrorKind::InsertMany(many) => match (&many.write_errors, &many.write_concern_error) {
                (Some(errors), _) if !errors.is_empty() => self.of_code(errors[0].code, &errors[0].message, doing),
                (_, Some(concern)) => self.of_code(concern.code, &concern.message, doing),
                _ => self.driver(doing, "storing rows failed without a reason".to_owned()),
            },
            ErrorKind::ServerSelection { .. } => self.no_server(doing).await,
            ErrorKind::IncompatibleServer { .. } => self.too_old(None),
            ErrorKind::Io(cause) => self.of_io(cause, doing).await,
            ErrorKind::ConnectionPoolCleared { .. } => self.lost(doing).await,
            ErrorKind::DnsResolve { .. } => self.name_not_found(),
            ErrorKind::InvalidTlsConfig { message, .. } | ErrorKind::InvalidArgument { message, .. } => {
                self.driver(doing, message.clone())
            }
            other => self.driver(doing, kind_name(other).to_owned()),
        }
    }

    fn login_refused(&self, error: &Error) -> MongoError {
        match &self.target.address.user {
            None => MongoError::LoginNeeded { server: self.server() },
            Some(user) => {
                // A mechanism that the server does not have is no wrong password.
                if let ErrorKind::Authentication { message, .. } = error.kind.as_ref()
                    && message.contains("mechanism")
                {
                    return self.driver("logging in", message.clone());
                }
                MongoError::WrongPassword {
                    server: self.server(),
                    user: user.clone(),
                    source_db: self.target.login_database().to_owned(),
                }
            }
        }
    }

    /// What a server's code means.
    pub(super) fn of_code(&self, code: i32, message: &str, doing: &'static str) -> MongoError {
        const UNAUTHORIZED: i32 = 13;
        const AUTHENTICATION_FAILED: i32 = 18;
        const ATLAS_ERROR: i32 = 8000;
        const NOT_PRIMARY: [i32; 4] = [10107, 13435, 13436, 189];
        const SHUTTING_DOWN: [i32; 3] = [91, 11600, 11602];
        let user = self.target.address.user.clone();
        match (code, user) {
            (UNAUTHORIZED, None) => MongoError::LoginNeeded { server: self.server() },
            (UNAUTHORIZED, Some(user)) => {
                let writes = ["storing", "writing", "making"]
                    .iter()
                    .any(|word| doing.starts_with(word));
                let (action, role) = if writes {
                    ("write to", "readWrite")
                } else {
                    ("read", "read")
                };
                MongoError::NoRights {
                    server: self.server(),
                    user,
                    action,
                    database: self.target.database.clone(),
                    role,
                }
            }
            (AUTHENTICATION_FAILED | ATLAS_ERROR, Some(user)) => MongoError::WrongPassword {
                server: self.server(),
                user,
                source_db: self.target.login_database().to_owned(),
            },
            (code, _) if NOT_PRIMARY.contains(&code) => MongoError::NoPrimary {
                server: self.server(),
                state: "the server asked is not the primary".to_owned(),
            },
            (code, _) if SHUTTING_DOWN.contains(&code) => MongoError::Lost {
                server: self.server(),
                doing,
            },
            (code, _) => MongoError::Server {
                server: self.server(),
                doing,
                code,
                message: self.clean(message),
            },
        }
    }

    /// No server could be chosen: what the driver knows of them says why.
    async fn no_server(&self, doing: &'static str) -> MongoError {
        let Some(known) = self.news(tells_of_a_server).await else {
            return self.of_silence(Duration::from_secs(3)).await;
        };
        if let Some(_not_compatible) = known.compatibility_error() {
            return self.too_old(Some(&known));
        }
        let servers = known.servers();
        // The driver drops whoever is of another set.
        if let (true, Some(set)) = (servers.is_empty(), self.target.address.option("replicaset")) {
            return MongoError::OtherSet {
                server: self.server(),
                set: crate::text::shortened(set.as_bytes(), WORDS),
            };
        }
        let failures: Vec<&Error> = servers.values().filter_map(|server| server.error()).collect();
        if let Some(failure) = failures.first() {
            return match failure.kind.as_ref() {
                ErrorKind::Io(cause) => self.of_io_at_start(cause, doing).await,
                ErrorKind::IncompatibleServer { .. } => self.too_old(Some(&known)),
                ErrorKind::DnsResolve { .. } => self.name_not_found(),
                ErrorKind::Authentication { .. } => self.login_refused(failure),
                ErrorKind::Command(command) => self.of_code(command.code, &command.message, doing),
                ErrorKind::InvalidResponse { .. } => MongoError::HungUp { server: self.server() },
                other => self.driver(doing, kind_name(other).to_owned()),
            };
        }
        if known.has_readable_server(None) || servers.values().any(|server| server.max_wire_version().is_some()) {
            return MongoError::NoPrimary {
                server: self.server(),
                state: format!("{:?}", known.topology_type()),
            };
        }
        self.of_silence(Duration::from_secs(3)).await
    }

    /// What the driver last told of the servers, waited for a moment until it says what is asked for: its failures reach us
    /// straight away, its news by a task of its own, which may be behind.
    pub(super) async fn news(&self, said: impl Fn(&TopologyDescription) -> bool) -> Option<TopologyDescription> {
        let waited_since = tokio::time::Instant::now();
        loop {
            let known = self.watched.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if known.as_ref().is_some_and(&said) || waited_since.elapsed() >= NEWS {
                return known;
            }
            tokio::time::sleep(NEWS_POLL).await;
        }
    }

    fn too_old(&self, known: Option<&TopologyDescription>) -> MongoError {
        let wire = known.and_then(|known| known.servers().values().filter_map(ServerInfo::max_wire_version).min());
        let version = match wire {
            Some(8) => "about 4.2".to_owned(),
            Some(7) => "about 4.0".to_owned(),
            Some(6) => "about 3.6".to_owned(),
            Some(5) => "about 3.4".to_owned(),
            Some(older) if older < 5 => "3.2 or earlier".to_owned(),
            Some(newer) => format!("protocol version {newer}"),
            None => "its version is not known".to_owned(),
        };
        MongoError::TooOld {
            server: self.server(),
            version,
        }
    }

    /// The first connection failed.
    async fn of_io_at_start(&self, cause: &io::Error, doing: &'static str) -> MongoError {
        match cause.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
                MongoError::HungUp { server: self.server() }
            }
            _ => self.of_io(cause, doing).await,
        }
    }

    async fn of_io(&self, cause: &io::Error, doing: &'static str) -> MongoError {
        match cause.kind() {
            io::ErrorKind::ConnectionRefused => MongoError::Refused { server: self.server() },
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
                MongoError::Unreachable { server: self.server() }
            }
            io::ErrorKind::InvalidData => self.of_handshake(cause),
            io::ErrorKind::TimedOut => self.of_silence(Duration::from_secs(3)).await,
            _ => match self.look().await {
                Look::Takes => MongoError::Lost {
                    server: self.server(),
                    doing,
                },
                other => self.of_look(&other),
            },
        }
    }

    async fn lost(&self, doing: &'static str) -> MongoError {
        match self.look().await {
            Look::Takes => MongoError::Lost {
                server: self.server(),
                doing,
            },
            other => self.of_look(&other),
        }
    }

    /// TLS failed: the certificate, or the other side does not speak it at all. The library's error has no type that we
    /// could name, so its words decide between the two.
    fn of_handshake(&self, cause: &io::Error) -> MongoError {
        let words = cause.get_ref().map(ToString::to_string).unwrap_or_default();
        let certificate = words.strip_prefix("invalid peer certificate: ");
        let Some(what) = certificate else {
            return MongoError::NotTls { server: self.server() };
        };
        let why = if what.contains("UnknownIssuer") || what.contains("unknown issuer") {
            "signed by an authority that is not known here".to_owned()
        } else if what.to_lowercase().contains("expired") {
            "it has expired".to_owned()
        } else if what.contains("NotValidForName") || what.contains("not valid for name") {
            "it was made for another host name".to_owned()
        } else {
            self.clean(what)
        };
        MongoError::Untrusted {
            server: self.server(),
            why,
        }
    }

    fn of_look(&self, look: &Look) -> MongoError {
        match look {
            Look::NoName => self.name_not_found(),
            Look::Refused => MongoError::Refused { server: self.server() },
            Look::Dropped | Look::Takes => MongoError::Unreachable { server: self.server() },
        }
    }

    /// Knocks at the hosts, at all of them at once: the best that any of them shows.
    async fn look(&self) -> Look {
        let mut hosts: Vec<String> = match self.watched.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(known) => known.servers().keys().filter_map(|address| place(address)).collect(),
            None => Vec::new(),
        };
        if hosts.is_empty() {
            hosts = self.target.address.hosts().split(',').map(with_port).collect();
        }
        let knocks = hosts.into_iter().take(MOST_KNOCKS).map(|host| async {
            let looked = tokio::time::timeout(LOOK, knock(host)).await;
            looked.unwrap_or(Look::Dropped)
        });
        futures_util::future::join_all(knocks)
            .await
            .into_iter()
            .max()
            .unwrap_or(Look::NoName)
    }
}

/// Whether any server was heard, is known to have failed, or was dropped.
fn tells_of_a_server(known: &TopologyDescription) -> bool {
    let servers = known.servers();
    known.compatibility_error().is_some()
        || servers.is_empty()
        || servers
            .into_values()
            .any(|server| server.error().is_some() || server.max_wire_version().is_some())
}

async fn knock(host: String) -> Look {
    let name = host.clone();
    let found =
        tokio::task::spawn_blocking(move || name.to_socket_addrs().is_ok_and(|mut found| found.next().is_some()));
    if !found.await.unwrap_or(false) {
        return Look::NoName;
    }
    match tokio::net::TcpStream::connect(host).await {
        Ok(_) => Look::Takes,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Look::Refused,
        Err(_) => Look::Dropped,
    }
}

fn place(address: &ServerAddress) -> Option<String> {
    match address {
        ServerAddress::Tcp { host, port, .. } => Some(format!("{host}:{}", port.unwrap_or(27017))),
        _ => None,
    }
}

fn with_port(host: &str) -> String {
    let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
    if after.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:27017")
    }
}

/// Kinds of failure that have no message of their own.
fn kind_name(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidResponse { .. } => "the server's answer cannot be understood",
        ErrorKind::SessionsNotSupported => "the server has no sessions",
        ErrorKind::Transaction { .. } => "the transaction failed",
        ErrorKind::MissingResumeToken => "the stream of changes cannot be taken up again",
        ErrorKind::GridFs(_) => "a stored file is not there or not whole",
        ErrorKind::Shutdown => "the connection was closed",
        ErrorKind::Internal { .. } => "an inner error of the MongoDB driver",
        _ => "an unexpected error of the MongoDB driver",
    }
}
