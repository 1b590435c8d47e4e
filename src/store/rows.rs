//! Owns how events, cells and rules become rows of the database, and rows become them again.

use rusqlite::types::Type;
use rusqlite::{Connection, Row, Statement, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::journal::Entry;
use crate::artifacts::Timestamp;
use crate::data::RowId;
use crate::triage::{CaseId, Cells, Change, Event, EventId, Score, SuppressionRule};

/// Statements that put things in, made once a transaction.
pub(super) struct Inserter<'c> {
    connection: &'c Connection,
    event: Statement<'c>,
    cells: Statement<'c>,
    next_place: i64,
    /// Events that were not there before.
    pub(super) new_events: u64,
    /// Rules, withdrawals and hits that were not there before.
    pub(super) new_rules: u64,
}

const INSERT_EVENT: &str = "INSERT INTO events (place, id, group_id, at, analyst, schema, row_id, kind, verdict, reason, \
     note, tag, tag_on, target, seen, lane, run, probability, threshold, risk, flagged, file, seen_besides) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23) \
     ON CONFLICT (id) DO NOTHING";

const INSERT_CELLS: &str =
    "INSERT INTO cells (schema, row_id, cells) VALUES (?1, ?2, ?3) ON CONFLICT (schema, row_id) DO NOTHING";

impl<'c> Inserter<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            event: connection.prepare(INSERT_EVENT)?,
            cells: connection.prepare(INSERT_CELLS)?,
            next_place: connection.query_row("SELECT coalesce(max(place), 0) + 1 FROM events", [], |row| row.get(0))?,
            new_events: 0,
            new_rules: 0,
        })
    }

    pub(super) fn entry(&mut self, entry: &Entry) -> rusqlite::Result<()> {
        match entry {
            Entry::Events(events) => events.iter().try_for_each(|event| self.event(event)),
            Entry::Rule(rule) => self.rule(rule),
            Entry::Withdrawal { rule, at, by } => self.of_rule(
                "INSERT INTO withdrawals (rule, at, by) SELECT id, ?2, ?3 FROM rules WHERE id = ?1 \
                 ON CONFLICT (rule) DO NOTHING",
                params![rule.to_string(), at.to_string(), by],
            ),
            Entry::Hits { rule, file, hits } => self.of_rule(
                "INSERT INTO hits (rule, file, hits) SELECT id, ?2, ?3 FROM rules WHERE id = ?1 \
                 ON CONFLICT (rule, file) DO NOTHING",
                params![rule.to_string(), file, i64::try_from(*hits).unwrap_or(i64::MAX)],
            ),
        }
    }

    fn event(&mut self, event: &Event) -> rusqlite::Result<()> {
        let columns = Columns::of(&event.change);
        let score = event.score.as_ref();
        let row_id = event.case.row.to_string();
        let added = self.event.execute(params![
            self.next_place,
            event.id.to_string(),
            event.group.to_string(),
            event.at.to_string(),
            event.analyst,
            event.case.schema,
            row_id,
            columns.kind,
            columns.verdict,
            columns.reason,
            columns.note,
            columns.tag,
            columns.tag_on,
            columns.target.map(|group| group.to_string()),
            event.seen.map(|seen| seen.to_string()),
            word(&event.lane)?,
            score.map(|s| s.run.as_str()),
            score.map(|s| s.probability),
            score.and_then(|s| s.threshold),
            score.map(|s| word(&s.risk)).transpose()?,
            score.map(|s| s.flagged),
            score.map(|s| s.file.as_str()),
            besides(event)?,
        ])?;
        self.next_place += added as i64;
        self.new_events += added as u64;
        if let Some(cells) = &event.cells {
            let text = serde_json::to_string(cells).map_err(unwritable)?;
            self.cells.execute(params![event.case.schema, row_id, text])?;
        }
        Ok(())
    }

    fn rule(&mut self, rule: &SuppressionRule) -> rusqlite::Result<()> {
        let sql = "INSERT INTO rules (id, schema, condition, owner, reason, made_at, expires_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING";
        self.of_rule(
            sql,
            params![
                rule.id.to_string(),
                rule.schema,
                rule.condition,
                rule.owner,
                rule.reason,
                rule.made_at.to_string(),
                rule.expires_at.to_string()
            ],
        )
    }

    fn of_rule(&mut self, sql: &str, parameters: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<()> {
        self.new_rules += self.connection.execute(sql, parameters)? as u64;
        Ok(())
    }
}

/// What was seen besides, as a JSON list; nothing where there is nothing.
fn besides(event: &Event) -> rusqlite::Result<Option<String>> {
    let some = (!event.seen_besides.is_empty()).then_some(&event.seen_besides);
    some.map(|ids| serde_json::to_string(ids).map_err(unwritable))
        .transpose()
}

/// A change in the columns of its kind.
#[derive(Default)]
struct Columns<'e> {
    kind: &'static str,
    verdict: Option<&'static str>,
    reason: Option<&'e str>,
    note: Option<&'e str>,
    tag: Option<&'e str>,
    tag_on: Option<bool>,
    target: Option<EventId>,
}

impl<'e> Columns<'e> {
    fn of(change: &'e Change) -> Self {
        let kind = change_kind(change);
        let mut columns = Self {
            kind,
            ..Self::default()
        };
        match change {
            Change::Judge { verdict, reason } => {
                columns.verdict = verdict.map(crate::triage::Verdict::name);
                columns.reason = reason.as_deref();
            }
            Change::Reason { reason } => columns.reason = reason.as_deref(),
            Change::Note { text } => columns.note = Some(text),
            Change::Tag { tag, on } => {
                columns.tag = Some(tag);
                columns.tag_on = Some(*on);
            }
            Change::Undo { undone: group } | Change::Redo { redone: group } => columns.target = Some(*group),
        }
        columns
    }
}

/// As the `kind` column and the journal's `action` say it.
pub(super) fn change_kind(change: &Change) -> &'static str {
    match change {
        Change::Judge { .. } => "judge",
        Change::Reason { .. } => "reason",
        Change::Note { .. } => "note",
        Change::Tag { .. } => "tag",
        Change::Undo { .. } => "undo",
        Change::Redo { .. } => "redo",
    }
}

pub(super) const SELECT_EVENTS: &str = "SELECT place, id, group_id, at, analyst, schema, row_id, kind, verdict, reason, \
     note, tag, tag_on, target, seen, lane, run, probability, threshold, risk, flagged, file, seen_besides FROM events";

/// An event with its place; its cells stand in a table of their own.
pub(super) fn event_of(row: &Row<'_>) -> rusqlite::Result<(i64, Event)> {
    let optional = |at: usize| row.get::<_, Option<String>>(at);
    let text = |at: usize| Ok::<_, rusqlite::Error>(optional(at)?.unwrap_or_default());
    let target = || parsed::<EventId>(row, 13);
    let change = match text(7)?.as_str() {
        "judge" => Change::Judge {
            verdict: optional(8)?
                .map(|name| name.parse().map_err(|e: String| unreadable(8, e)))
                .transpose()?,
            reason: optional(9)?,
        },
        "reason" => Change::Reason { reason: optional(9)? },
        "note" => Change::Note { text: text(10)? },
        "tag" => Change::Tag {
            tag: text(11)?,
            on: row.get(12)?,
        },
        "undo" => Change::Undo { undone: target()? },
        "redo" => Change::Redo { redone: target()? },
        other => return Err(unreadable(7, format!("`{other}` is no change"))),
    };
    let score = match optional(16)? {
        None => None,
        Some(run) => Some(Score {
            run,
            probability: row.get(17)?,
            threshold: row.get(18)?,
            risk: unworded(19, text(19)?)?,
            flagged: row.get(20)?,
            file: text(21)?,
        }),
    };
    let event = Event {
        id: parsed(row, 1)?,
        group: parsed(row, 2)?,
        at: unworded(3, text(3)?)?,
        analyst: text(4)?,
        case: CaseId {
            schema: text(5)?,
            row: parsed::<RowId>(row, 6)?,
        },
        change,
        seen: match optional(14)? {
            None => None,
            Some(_) => Some(parsed(row, 14)?),
        },
        seen_besides: match optional(22)? {
            None => Vec::new(),
            Some(text) => serde_json::from_str(&text).map_err(|e| unreadable(22, e))?,
        },
        score,
        lane: unworded(15, text(15)?)?,
        cells: None,
    };
    Ok((row.get(0)?, event))
}

/// `schema, row_id, cells`.
pub(super) fn cells_of(row: &Row<'_>) -> rusqlite::Result<(CaseId, Cells)> {
    let case = CaseId {
        schema: row.get(0)?,
        row: parsed(row, 1)?,
    };
    let text: String = row.get(2)?;
    Ok((case, serde_json::from_str(&text).map_err(|e| unreadable(2, e))?))
}

pub(super) const SELECT_RULES: &str = "SELECT r.id, r.schema, r.condition, r.owner, r.reason, r.made_at, r.expires_at, \
     w.at, w.by, (SELECT coalesce(sum(h.hits), 0) FROM hits h WHERE h.rule = r.id) \
     FROM rules r LEFT JOIN withdrawals w ON w.rule = r.id";

pub(super) fn rule_of(row: &Row<'_>) -> rusqlite::Result<SuppressionRule> {
    let withdrawn = match row.get::<_, Option<String>>(7)? {
        None => None,
        Some(at) => Some((unworded::<Timestamp>(7, at)?, row.get(8)?)),
    };
    Ok(SuppressionRule {
        id: parsed(row, 0)?,
        schema: row.get(1)?,
        condition: row.get(2)?,
        owner: row.get(3)?,
        reason: row.get(4)?,
        made_at: unworded(5, row.get(5)?)?,
        expires_at: unworded(6, row.get(6)?)?,
        withdrawn,
        hits: row.get::<_, i64>(9)?.max(0) as u64,
    })
}

fn parsed<T: std::str::FromStr>(row: &Row<'_>, at: usize) -> rusqlite::Result<T>
where
    T::Err: ToString,
{
    let text: String = row.get(at)?;
    text.parse().map_err(|e: T::Err| unreadable(at, e.to_string()))
}

/// The one word as which a value serialises.
fn word<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    match serde_json::to_value(value).map_err(unwritable)? {
        serde_json::Value::String(word) => Ok(word),
        other => Ok(other.to_string()),
    }
}

fn unworded<T: DeserializeOwned>(at: usize, word: String) -> rusqlite::Result<T> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|e| unreadable(at, e))
}

fn unwritable(cause: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(cause))
}

/// Told apart from what SQLite itself finds: [`super::database::Trouble::Damaged`] either way.
fn unreadable(at: usize, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, Type::Text, cause.into())
}
