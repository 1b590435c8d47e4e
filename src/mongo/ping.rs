//! Owns the test of a connection: who answers, how fast, who we are there and what we may do.

use std::time::{Duration, Instant};

use mongodb::bson::{Bson, Document, doc};
use mongodb::event::sdam::TopologyType;
use serde::Serialize;

use super::connection::{Connection, Patience};
use super::data_set::DATA_SETS;
use super::error::MongoError;
use crate::cancel::CancelToken;

/// What a connection test found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ping {
    /// Host and port.
    pub server: String,
    /// The server's version.
    pub version: String,
    /// `replica set NAME`, `standalone`, `sharded cluster`, `load balanced`.
    pub topology: String,
    /// One question and its answer over the open connection, the fastest of three, in milliseconds.
    pub latency_ms: f64,
    /// Who we are logged in as; none where the server asks nobody.
    pub user: Option<String>,
    /// The database that is meant.
    pub database: String,
    /// What we may do there.
    pub rights: Rights,
    /// Whether the connection is encrypted and the server's certificate was checked.
    pub tls: bool,
}

/// What may be done in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rights {
    /// Reading was tried and worked.
    pub read: bool,
    /// Writing is granted by a privilege or a role, or the server knows no users at all. Nothing was written.
    pub write: bool,
}

/// All questions together; the rest of the five seconds is for finding out what a failure means.
const BUDGET: Duration = Duration::from_secs(4);

/// Asks the server who it is and what we may do, in five seconds at most.
///
/// # Errors
/// Every way in which a server can fail to answer, or refuse to.
pub fn ping(connection: &Connection, cancel: &CancelToken) -> Result<Ping, MongoError> {
    let started = Instant::now();
    let left = || Patience::Within(BUDGET.saturating_sub(started.elapsed()));
    let admin = connection.other_database("admin")?;
    let ask =
        |doing, question: Document| connection.run(doing, left(), cancel, async { admin.run_command(question).await });
    ask("connecting", doc! { "ping": 1 })?;
    let mut latency = Duration::MAX;
    for _ in 0..3 {
        let asked = Instant::now();
        ask("connecting", doc! { "ping": 1 })?;
        latency = latency.min(asked.elapsed());
    }
    let build = ask("asking for its version", doc! { "buildInfo": 1 })?;
    let status = ask(
        "asking who we are",
        doc! { "connectionStatus": 1, "showPrivileges": true },
    )?;
    let probe = connection.database()?.collection::<Document>(DATA_SETS);
    let read = async { probe.find_one(doc! {}).projection(doc! { "_id": 1 }).await };
    connection.run("reading", left(), cancel, read)?;
    let database = connection.target().database.clone();
    let who = status.get_document("authInfo").cloned().unwrap_or_default();
    Ok(Ping {
        server: connection.trouble().server(),
        version: build.get_str("version").unwrap_or("unknown").to_owned(),
        topology: topology(connection),
        latency_ms: (latency.as_secs_f64() * 1e6).round() / 1e3,
        user: documents(&who, "authenticatedUsers")
            .next()
            .and_then(|user| user.get_str("user").ok())
            .map(str::to_owned),
        rights: Rights {
            read: true,
            write: may_write(&who, &database),
        },
        database,
        tls: connection.tls(),
    })
}

fn topology(connection: &Connection) -> String {
    let Some(known) = connection.topology() else {
        return "unknown".to_owned();
    };
    match known.topology_type() {
        TopologyType::ReplicaSetWithPrimary => match known.set_name() {
            Some(name) => format!("replica set {name}"),
            None => "replica set".to_owned(),
        },
        TopologyType::ReplicaSetNoPrimary => "replica set without a primary".to_owned(),
        TopologyType::Sharded => "sharded cluster".to_owned(),
        TopologyType::LoadBalanced => "load balanced".to_owned(),
        TopologyType::Single => match known.servers().values().find_map(|server| server.replica_set_name()) {
            Some(name) => format!("one server of replica set {name}"),
            None => "standalone".to_owned(),
        },
        _ => "unknown".to_owned(),
    }
}

fn documents<'a>(of: &'a Document, key: &str) -> impl Iterator<Item = &'a Document> {
    of.get_array(key).into_iter().flatten().filter_map(Bson::as_document)
}

/// Whether a privilege or a role lets the user write. Servers that know no users list none of both.
fn may_write(who: &Document, database: &str) -> bool {
    if documents(who, "authenticatedUsers").next().is_none() {
        return true;
    }
    let by_privilege = documents(who, "authenticatedUserPrivileges").any(|privilege| {
        let place = privilege.get_document("resource").ok();
        let fits = place.is_some_and(|place| {
            let named = |key: &str| place.get_str(key).ok();
            place.get_bool("anyResource").unwrap_or(false)
                || (named("collection") == Some("")
                    && matches!(named("db"), Some(name) if name.is_empty() || name == database))
        });
        fits && privilege
            .get_array("actions")
            .is_ok_and(|actions| actions.iter().any(|a| a.as_str() == Some("insert")))
    });
    let by_role = documents(who, "authenticatedUserRoles").any(|role| {
        let named = |key: &str| role.get_str(key).unwrap_or_default();
        match named("role") {
            "readWrite" | "dbOwner" => named("db") == database,
            "readWriteAnyDatabase" | "root" | "restore" => named("db") == "admin",
            _ => false,
        }
    });
    by_privilege || by_role
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(role: &str, db: &str) -> Document {
        doc! {
            "authenticatedUsers": [{ "user": "bob", "db": "admin" }],
            "authenticatedUserRoles": [{ "role": role, "db": db }],
            "authenticatedUserPrivileges": [],
        }
    }

    #[test]
    fn rights_come_from_roles_privileges_or_from_a_server_without_users() {
        assert!(may_write(&doc! { "authenticatedUsers": [] }, "team"));
        assert!(may_write(&who("readWrite", "team"), "team"));
        assert!(!may_write(&who("readWrite", "other"), "team"));
        assert!(!may_write(&who("read", "team"), "team"));
        assert!(may_write(&who("root", "admin"), "team"));
        assert!(!may_write(&who("root", "team"), "team"));
        let mut by_privilege = who("custom", "team");
        let granted = doc! { "resource": { "db": "team", "collection": "" }, "actions": ["find", "insert"] };
        by_privilege.insert("authenticatedUserPrivileges", vec![granted]);
        assert!(may_write(&by_privilege, "team"));
        assert!(!may_write(&by_privilege, "other"));
    }
}
