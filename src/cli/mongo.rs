//! Owns `mongo`: connecting as the command line, the environment and the settings say, and testing the connection.

mod pull;
mod push;
pub(super) mod results;
mod rows;
mod telling;

use std::fmt::Write as _;

use super::args::{MongoArgs, MongoCommand};
use super::context::Context;
use super::error::CliError;
use super::{password, print};
use crate::mongo::{self, Connection, Given, Target};
use crate::text::visible_text;

/// Problems that are named one by one.
const SHOWN: usize = 5;

/// Runs a command on the server.
pub(super) fn run(command: &MongoCommand, context: &Context) -> Result<(), CliError> {
    match command {
        MongoCommand::Ping { server } => ping(server, context),
        MongoCommand::Push { source, into, server } => push::run(source, into.as_deref(), server, context),
        MongoCommand::Pull {
            collection,
            file,
            query,
            server,
        } => pull::run(collection, file, query.as_deref(), server, context),
    }
}

/// Connects as the command line, the environment and the settings say.
pub(super) fn connect(server: &MongoArgs, context: &Context) -> Result<Connection, CliError> {
    let given = Given::from_environment(server.uri.clone(), context.workspace.root());
    let target = Target::find(&context.settings.mongo, &given)?.complete(password::ask)?;
    Ok(Connection::open(target)?)
}

fn ping(server: &MongoArgs, context: &Context) -> Result<(), CliError> {
    let connection = connect(server, context)?;
    let found = mongo::ping(&connection, &context.cancel)?;
    if server.json {
        return print::json(&found);
    }
    let rights = match (found.rights.read, found.rights.write) {
        (true, true) => "read and write",
        (true, false) => "read only",
        (false, _) => "none",
    };
    let lines = [
        ("server", found.server),
        ("version", found.version),
        ("topology", found.topology),
        ("latency", format!("{:.1} ms", found.latency_ms)),
        (
            "user",
            found
                .user
                .unwrap_or_else(|| "none; the server asks for no login".to_owned()),
        ),
        ("database", found.database),
        ("rights", rights.to_owned()),
        ("TLS", if found.tls { "yes" } else { "no" }.to_owned()),
    ];
    let mut text = String::new();
    for (name, value) in lines {
        let _ = writeln!(text, "{name:<10}{}", visible_text(&value));
    }
    print::out(&text)
}
