//! Owns what can go wrong between us and a MongoDB server: one kind a cause, each with what to do next.
//!
//! Nothing here is made of the driver's own texts for people (they append labels and dumps, and repeat addresses); what a
//! server said is kept short and scrubbed of the password.

use std::io;
use std::path::PathBuf;

use crate::cancel::Cancelled;

/// Why something could not be done with a MongoDB server.
#[derive(Debug, thiserror::Error)]
pub enum MongoError {
    /// Nobody said which server.
    #[error("no MongoDB server is named; give --uri, NSEC_MONGODB_URI or mongo.uri in nsec.yaml")]
    NoAddress,
    /// An address, or a name in it, that cannot be read.
    #[error("the MongoDB address cannot be read: {why}")]
    BadAddress {
        /// What is wrong; nothing of the address.
        why: String,
    },
    /// A filter that cannot be read.
    #[error("the query cannot be read: {why}; write a filter in extended JSON, such as {{\"Result\": -1}}")]
    BadQuery {
        /// What is wrong, with its place.
        why: String,
    },
    /// A file of ours (CA certificates, password) that cannot be used.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        why: String,
        /// What the operating system said.
        #[source]
        cause: Option<io::Error>,
    },
    /// A user, and nowhere a password.
    #[error(
        "no password for user {user}; give it by NSEC_MONGODB_PASSWORD, mongo.password_file, or on a terminal when asked"
    )]
    NoPassword {
        /// The user.
        user: String,
    },
    /// The host's name leads nowhere.
    #[error("{server}: no such host; check its name, and that the DNS can be reached")]
    NameNotFound {
        /// Where.
        server: String,
    },
    /// Nothing listens there.
    #[error("{server}: nothing listens there; check host and port, and that MongoDB runs")]
    Refused {
        /// Where.
        server: String,
    },
    /// No way there: packets are dropped, or there is no route.
    #[error("{server}: cannot be reached; check the network, the firewall and the port")]
    Unreachable {
        /// Where.
        server: String,
    },
    /// It takes connections and says nothing.
    #[error(
        "{server}: takes connections but did not answer for {seconds} s; it is frozen or overloaded, look at its process"
    )]
    Silent {
        /// Where.
        server: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It takes connections and does not answer the beginning of TLS: frozen, or it waits for something else.
    #[error(
        "{server}: takes connections but did not begin TLS within {seconds} s; it is frozen, or does not talk TLS (then take \
         tls=true out of the address)"
    )]
    SilentTls {
        /// Where.
        server: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It answers, but the work took longer than anybody should wait.
    #[error("{server}: alive, but {doing} took more than {seconds} s; try again when it has less to do")]
    TooSlow {
        /// Where.
        server: String,
        /// What was being done.
        doing: &'static str,
        /// How long it was waited for.
        seconds: u64,
    },
    /// Its certificate is not to be trusted.
    #[error("{server}: its TLS certificate is not trusted ({why}); name the CA's file in mongo.ca_file or tlsCAFile")]
    Untrusted {
        /// Where.
        server: String,
        /// What the certificate lacks.
        why: String,
    },
    /// It does not talk TLS.
    #[error("{server}: does not talk TLS; take tls=true out of the address if the server really is without it")]
    NotTls {
        /// Where.
        server: String,
    },
    /// It hangs up at once.
    #[error("{server}: hung up before it said who it is; if it talks TLS, add tls=true to the address")]
    HungUp {
        /// Where.
        server: String,
    },
    /// User or password are wrong.
    #[error(
        "{server}: login refused for user {user}, who was looked up in database {source_db}; check password, user and authSource"
    )]
    WrongPassword {
        /// Where.
        server: String,
        /// Who.
        user: String,
        /// Where the server looked for the user.
        source_db: String,
    },
    /// It lets nobody do this without a login.
    #[error(
        "{server}: asks for a login; put the user into the address (mongodb://USER@HOST/…) and the password into NSEC_MONGODB_PASSWORD"
    )]
    LoginNeeded {
        /// Where.
        server: String,
    },
    /// The user may not do it.
    #[error(
        "{server}: user {user} may not {action} database {database}; ask its administrator for the role {role} there"
    )]
    NoRights {
        /// Where.
        server: String,
        /// Who.
        user: String,
        /// `read`, `write to`.
        action: &'static str,
        /// Which database.
        database: String,
        /// A role that would do.
        role: &'static str,
    },
    /// A server from before the driver's time.
    #[error("{server}: too old ({version}); MongoDB 4.2 or later is needed")]
    TooOld {
        /// Where.
        server: String,
        /// Its version, as far as its protocol tells.
        version: String,
    },
    /// A replica set that nobody leads.
    #[error(
        "{server}: no server there takes writes at the moment ({state}); wait for the election, or check the set's state"
    )]
    NoPrimary {
        /// Where.
        server: String,
        /// What is known of it.
        state: String,
    },
    /// What answers is in another replica set than the address names, or in none.
    #[error(
        "{server}: no server there is of replica set {set}; take replicaSet out of the address, then `nsec-tui mongo ping` tells \
         the set's name"
    )]
    OtherSet {
        /// Where.
        server: String,
        /// The name in the address.
        set: String,
    },
    /// The connection went away in the middle of something.
    #[error(
        "{server}: the connection was lost while {doing}; run it again, what is stored already is not stored twice"
    )]
    Lost {
        /// Where.
        server: String,
        /// What was being done.
        doing: &'static str,
    },
    /// The server refused, for a reason of its own.
    #[error("{server}: {doing} failed: {message} (code {code})")]
    Server {
        /// Where.
        server: String,
        /// What was being done.
        doing: &'static str,
        /// The server's code.
        code: i32,
        /// Its words, short and scrubbed.
        message: String,
    },
    /// Something else in the driver.
    #[error("{server}: {doing} failed: {what}")]
    Driver {
        /// Where.
        server: String,
        /// What was being done.
        doing: &'static str,
        /// The kind of failure.
        what: String,
    },
    /// Nothing is stored under this name.
    #[error("{server}: database {database} has no collection {collection}{hint}")]
    NoCollection {
        /// Where.
        server: String,
        /// Which database.
        database: String,
        /// Which collection.
        collection: String,
        /// `; did you mean …?`, or nothing.
        hint: String,
    },
    /// Somebody else was faster, or has something else under the same name.
    #[error("{server}: {what}; look at it and decide again")]
    Conflict {
        /// Where.
        server: String,
        /// What is there now.
        what: String,
    },
    /// No such shared run.
    #[error("{server}: no shared run {run}; `nsec-tui runs list --remote` shows what there is")]
    NoRun {
        /// Where.
        server: String,
        /// As asked for.
        run: String,
    },
    /// What is stored is not what was pushed.
    #[error(
        "{server}: run {run} is damaged there: {what}; nothing of it was taken, push it again from where it was made"
    )]
    Damaged {
        /// Where.
        server: String,
        /// Which run.
        run: String,
        /// What is wrong.
        what: String,
    },
    /// The runtime's threads cannot be started.
    #[error("the threads that talk to MongoDB cannot be started: {0}")]
    Threads(#[source] io::Error),
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl MongoError {
    /// Whether the mistake is in what we were told (an address, a setting, a query) and no server was asked.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoAddress
                | Self::BadAddress { .. }
                | Self::BadQuery { .. }
                | Self::File { .. }
                | Self::NoPassword { .. }
        )
    }

    /// Whether the same may well work some seconds later: a server that restarts, an election. Not where long waiting was in
    /// vain already.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. } | Self::NoPrimary { .. } | Self::Lost { .. } | Self::HungUp { .. }
        )
    }
}
