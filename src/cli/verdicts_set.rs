//! Owns `verdicts set`, `undo`, `redo`, `suppress` and `withdraw`: from a shell or a script, what the console does with a key.
//! The audit log names these command lines.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, BufRead};

use chrono::Utc;
use clap::{Args, Subcommand};
use serde_json::json;

use super::context::Context;
use super::error::CliError;
use super::print;
use super::verdicts::{all_cases, open_store};
use super::verdicts_export::schema_of;
use crate::artifacts::Timestamp;
use crate::data::RowId;
use crate::review::analyst;
use crate::store::{Kept, VerdictStore};
use crate::text::{grouped, visible_text};
use crate::triage::{
    CaseId, Cases, Change, Event, EventId, SuppressionRule, Verdict, command_line, suppress_line, withdraw_line,
};

/// Commands that decide.
#[derive(Debug, Subcommand)]
pub enum SetCommand {
    /// Decide about cases by their row ids
    Set(SetArgs),
    /// Take back what was decided together
    Undo {
        /// The group, as the audit log has it
        group: EventId,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Decide anew what was taken back
    Redo {
        /// The group, as the audit log has it
        group: EventId,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Make a rule: rows that meet a condition are counted and exported as suppressed, and offered to nobody
    Suppress {
        /// As the console's filters are written: "port = 443 and host like 'cdn%'"
        condition: String,
        /// Why, for whoever meets the rule later
        #[arg(long)]
        reason: String,
        /// Days it holds [default: the setting triage.suppression_days]
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
        /// The schema [default: the one whose cases were judged, else the workspace's]
        #[arg(long, value_name = "NAME")]
        schema: Option<String>,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Withdraw a rule
    Withdraw {
        /// The rule, as the audit log has it
        rule: EventId,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
}

/// `verdicts set`.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// Row ids; - reads them from standard input, one a line
    #[arg(required = true, value_name = "ROW_ID")]
    rows: Vec<String>,
    /// true_positive, benign_positive, false_positive, duplicate, undetermined, or unreviewed
    #[arg(long = "as", value_name = "VERDICT", required_unless_present_any = ["reason", "note", "tag", "untag"])]
    verdict: Option<String>,
    /// A reason code; empty takes it away
    #[arg(long)]
    reason: Option<String>,
    /// A note; empty takes it away
    #[arg(long)]
    note: Option<String>,
    /// A tag to put on
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// A tag to take off
    #[arg(long, value_name = "TAG")]
    untag: Vec<String>,
    /// The schema of the rows [default: the one whose cases were judged, else the workspace's]
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Runs a command that decides.
pub(super) fn run(command: &SetCommand, context: &Context) -> Result<(), CliError> {
    match command {
        SetCommand::Set(args) => set(args, context),
        SetCommand::Undo { group, json } => undo(context, *group, Change::Undo { undone: *group }, *json),
        SetCommand::Redo { group, json } => undo(context, *group, Change::Redo { redone: *group }, *json),
        SetCommand::Suppress {
            condition,
            reason,
            days,
            schema,
            json,
        } => suppress(context, condition, reason, *days, schema.as_deref(), *json),
        SetCommand::Withdraw { rule, json } => withdraw(context, *rule, *json),
    }
}

fn set(args: &SetArgs, context: &Context) -> Result<(), CliError> {
    let changes = changes_of(args)?;
    let rows = rows_of(&args.rows)?;
    let mut store = open_store(context)?;
    let cases = all_cases(&mut store)?;
    let schema = schema_of(args.schema.as_deref(), context, &cases)?;
    let who = analyst(&context.surroundings);
    let (group, at) = (EventId::new(), Timestamp::now());
    let mut kept = Kept::Stored;
    for change in &changes {
        let event = |row: &RowId| {
            let case = CaseId {
                schema: schema.clone(),
                row: *row,
            };
            let seen = own_view(&cases, &case, &who);
            Event {
                group,
                at: seen.map_or(at, |seen| at.max(seen.at.next())),
                seen: seen.map(|seen| seen.id),
                ..Event::now(case, who.clone(), change.clone())
            }
        };
        let events: Vec<Event> = rows.iter().map(event).collect();
        kept = store.append(&events, &command_line(change, &schema, &rows))?;
    }
    report(&kept, "decided", rows.len() as u64, ("undo", group), args.json)
}

/// What a person at a shell has seen of a case: their own history. What others decided meanwhile is a conflict, not a thing
/// that a script may talk over.
fn own_view<'c>(cases: &'c Cases, case: &CaseId, who: &str) -> Option<&'c Event> {
    let history = cases.history(case);
    let own = history.iter().take_while(|event| event.analyst == who);
    own.last()
}

fn changes_of(args: &SetArgs) -> Result<Vec<Change>, CliError> {
    let mut changes = Vec::new();
    let reason = args.reason.clone().filter(|reason| !reason.is_empty());
    match args.verdict.as_deref() {
        None if args.reason.is_some() => changes.push(Change::Reason { reason }),
        None => {}
        Some("unreviewed") => changes.push(Change::Judge { verdict: None, reason }),
        Some(verdict) => {
            let verdict = verdict.parse::<Verdict>().map_err(CliError::Usage)?;
            let verdict = Some(verdict);
            changes.push(Change::Judge { verdict, reason });
        }
    }
    changes.extend(args.note.iter().map(|text| Change::Note { text: text.clone() }));
    let tags = args.tag.iter().map(|tag| (tag, true));
    let tags = tags.chain(args.untag.iter().map(|tag| (tag, false)));
    changes.extend(tags.map(|(tag, on)| Change::Tag { tag: tag.clone(), on }));
    Ok(changes)
}

fn rows_of(words: &[String]) -> Result<Vec<RowId>, CliError> {
    let mut rows = Vec::new();
    let mut known = BTreeSet::new();
    let mut take = |text: &str| -> Result<(), CliError> {
        let row = text.trim().parse::<RowId>().map_err(CliError::Usage)?;
        if known.insert(row) {
            rows.push(row);
        }
        Ok(())
    };
    for word in words {
        if word != "-" {
            take(word)?;
            continue;
        }
        for line in io::stdin().lock().lines() {
            let line = line.map_err(|cause| CliError::Usage(format!("standard input cannot be read: {cause}")))?;
            if !line.trim().is_empty() {
                take(&line)?;
            }
        }
    }
    Ok(rows)
}

fn undo(context: &Context, group: EventId, change: Change, json: bool) -> Result<(), CliError> {
    let mut store = open_store(context)?;
    let (all, _) = store.events_since(0)?;
    let mut seen = HashSet::new();
    let of_group = all.into_iter().filter(|event| event.group == group);
    let cases: Vec<CaseId> = of_group
        .map(|event| event.case)
        .filter(|case| seen.insert(case.clone()))
        .collect();
    if cases.is_empty() {
        let text = format!("no decision has the group {group}; the audit log names them");
        return Err(CliError::Usage(text));
    }
    let who = analyst(&context.surroundings);
    let (id, at) = (EventId::new(), Timestamp::now());
    let command = command_line(&change, "", &[]);
    let events: Vec<Event> = cases
        .into_iter()
        .map(|case| Event {
            group: id,
            at,
            ..Event::now(case, who.clone(), change.clone())
        })
        .collect();
    let kept = store.append(&events, &command)?;
    let (what, back) = match change {
        Change::Undo { .. } => ("taken back", "redo"),
        _ => ("decided anew", "undo"),
    };
    report(&kept, what, events.len() as u64, (back, group), json)
}

fn suppress(
    context: &Context,
    condition: &str,
    reason: &str,
    days: Option<u32>,
    schema: Option<&str>,
    json: bool,
) -> Result<(), CliError> {
    if condition.trim().is_empty() || reason.trim().is_empty() {
        return Err(CliError::Usage("a rule needs a condition and a reason".to_owned()));
    }
    let mut store = open_store(context)?;
    let cases = all_cases(&mut store)?;
    let days = days.unwrap_or(context.settings.triage.suppression_days);
    let now = Utc::now();
    let rule = SuppressionRule {
        id: EventId::new(),
        schema: schema_of(schema, context, &cases)?,
        condition: condition.trim().to_owned(),
        owner: analyst(&context.surroundings),
        reason: reason.trim().to_owned(),
        made_at: Timestamp::from(now),
        expires_at: Timestamp::from(now + chrono::Duration::days(i64::from(days))),
        withdrawn: None,
        hits: 0,
    };
    let kept = store.add_rule(&rule, &suppress_line(&rule, days))?;
    if json {
        return print::json(&json!({ "rule": rule, "kept": kept }));
    }
    print::out(&format!(
        "rule {} holds until {}{}\n",
        rule.id,
        rule.expires_at,
        journalled(&kept)
    ))
}

fn withdraw(context: &Context, rule: EventId, json: bool) -> Result<(), CliError> {
    let who = analyst(&context.surroundings);
    let kept = open_store(context)?.withdraw_rule(rule, &who, &withdraw_line(rule))?;
    if json {
        return print::json(&json!({ "withdrawn": rule, "kept": kept }));
    }
    print::out(&format!("rule {rule} is withdrawn{}\n", journalled(&kept)))
}

/// `back` is the command and the group that undo it.
fn report(kept: &Kept, what: &str, cases: u64, back: (&str, EventId), json: bool) -> Result<(), CliError> {
    let (command, group) = back;
    if json {
        return print::json(&json!({ "cases": cases, "group": group, "kept": kept }));
    }
    let noun = if cases == 1 { "case" } else { "cases" };
    print::out(&format!(
        "{what}: {} {noun}; `nsec-tui verdicts {command} {group}` reverses it{}\n",
        grouped(cases),
        journalled(kept)
    ))
}

fn journalled(kept: &Kept) -> String {
    match kept {
        Kept::Stored => String::new(),
        Kept::Journalled(why) => format!(" (in the journal for now: {})", visible_text(why)),
    }
}
