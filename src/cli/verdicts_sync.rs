//! Owns `verdicts sync`: one exchange of verdicts and rules with the team's server, for cron and hosts without a console.

use std::sync::Arc;

use serde::Serialize;

use super::args::MongoArgs;
use super::context::Context;
use super::error::CliError;
use super::mongo::connect;
use super::print;
use super::verdicts::{all_cases, open_store};
use crate::team::{Exchanged, TeamError, share_once};
use crate::text::{counted, grouped, visible_text};
use crate::triage::Statistics;

#[derive(Serialize)]
struct Told {
    server: String,
    #[serde(flatten)]
    exchanged: Exchanged,
    /// Cases on which analysts contradict each other now.
    conflicts: usize,
}

/// Exchanges everything there is.
pub(super) fn run(server: &MongoArgs, context: &Context) -> Result<(), CliError> {
    let mut store = open_store(context)?;
    let connection = Arc::new(connect(server, context)?);
    context.progress.begin_work("verdicts to send");
    let mut progress = |left: u64| _ = context.progress.work(left, "");
    let exchanged = share_once(
        &context.workspace,
        &mut store,
        &connection,
        &context.cancel,
        &mut progress,
    )?;
    let conflicts = Statistics::of(&all_cases(&mut store)?).conflicts.len();
    let told = Told {
        server: connection.target().shown(),
        exchanged,
        conflicts,
    };
    if server.json {
        return print::json(&told);
    }
    let Exchanged {
        sent,
        received,
        rules,
        refused,
        unreadable,
    } = told.exchanged;
    let mut text = format!(
        "{}: {} sent, {} taken in, {} made or withdrawn elsewhere\n",
        visible_text(&told.server),
        counted(sent, "decision"),
        grouped(received),
        counted(rules, "suppression rule")
    );
    if refused > 0 {
        let are = if refused == 1 { "is" } else { "are" };
        let line = format!(
            "{} {are} refused by the server; the log says why\n",
            counted(refused, "decision")
        );
        text.push_str(&line);
    }
    if unreadable > 0 {
        let (were, are) = if unreadable == 1 {
            ("was", "is")
        } else {
            ("were", "are")
        };
        let line = format!(
            "{} there {were} made by a newer nsec-tui and {are} left out here\n",
            counted(unreadable, "decision")
        );
        text.push_str(&line);
    }
    if conflicts > 0 {
        let line = format!(
            "{} on which analysts contradict each other; `nsec-tui verdicts stats` lists them\n",
            counted(conflicts as u64, "case")
        );
        text.push_str(&line);
    }
    print::out(&text)
}

impl From<TeamError> for CliError {
    fn from(error: TeamError) -> Self {
        match error {
            TeamError::Server(inner) => inner.into(),
            TeamError::Store(inner) => inner.into(),
            TeamError::Cancelled(_) => Self::Cancelled,
        }
    }
}
