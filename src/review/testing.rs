//! Owns what tests of this part share: a store in memory that several reviews use at once, and scored files.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use tempfile::TempDir;

use super::contract::{Decision, Selection};
use super::open::{OpenedStore, Review};
use super::{QueueView, ReviewError};
use crate::artifacts::Timestamp;
use crate::browse::Work;
use crate::cancel::CancelToken;
use crate::data::RowId;
use crate::settings::Settings;
use crate::store::{Kept, Standing, StoreError, VerdictStore};
use crate::surroundings::Surroundings;
use crate::triage::{CaseId, Cells, Change, Event, EventId, Queue, SuppressionRule, Verdict};
use crate::workspace::Workspace;

/// What all handles see.
#[derive(Default)]
pub(crate) struct Shared {
    pub events: Vec<Event>,
    pub rules: Vec<SuppressionRule>,
    pub hits: HashMap<(EventId, String), u64>,
    pub writes: u64,
    /// Why appended events only go to the journal.
    pub journal: Option<String>,
}

/// A handle of a store in memory.
pub(crate) struct MemoryStore {
    shared: Arc<Mutex<Shared>>,
    seen: u64,
}

impl MemoryStore {
    pub fn new(shared: &Arc<Mutex<Shared>>) -> Self {
        Self {
            shared: Arc::clone(shared),
            seen: 0,
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }

    /// Own writes are no news, but they hide none of others.
    fn wrote(&mut self) {
        let mut shared = self.shared.lock().unwrap();
        let fresh = shared.writes == self.seen;
        shared.writes += 1;
        if fresh {
            self.seen = shared.writes;
        }
    }
}

impl VerdictStore for MemoryStore {
    fn append(&mut self, events: &[Event], _: &str) -> Result<Kept, StoreError> {
        let journal = self.shared().journal.clone();
        if let Some(why) = journal {
            return Ok(Kept::Journalled(why));
        }
        {
            let mut shared = self.shared();
            let known: HashSet<EventId> = shared.events.iter().map(|event| event.id).collect();
            let new = events.iter().filter(|event| !known.contains(&event.id)).cloned();
            shared.events.extend(new.collect::<Vec<_>>());
        }
        self.wrote();
        Ok(Kept::Stored)
    }

    fn events_since(&mut self, place: i64) -> Result<(Vec<Event>, i64), StoreError> {
        let shared = self.shared();
        Ok((shared.events[place as usize..].to_vec(), shared.events.len() as i64))
    }

    fn has_changed(&mut self) -> Result<bool, StoreError> {
        let writes = self.shared().writes;
        Ok(std::mem::replace(&mut self.seen, writes) != writes)
    }

    fn cells(&mut self, schema: &str) -> Result<Vec<(CaseId, Cells)>, StoreError> {
        let shared = self.shared();
        let own = shared.events.iter().filter(|event| event.case.schema == schema);
        Ok(own.filter_map(|e| Some((e.case.clone(), e.cells.clone()?))).collect())
    }

    fn rules(&mut self, schema: &str) -> Result<Vec<SuppressionRule>, StoreError> {
        let shared = self.shared();
        let own = shared.rules.iter().rev().filter(|rule| rule.schema == schema);
        let with_hits = own.map(|rule| {
            let hits = shared.hits.iter().filter(|((id, _), _)| *id == rule.id);
            SuppressionRule {
                hits: hits.map(|(_, hits)| hits).sum(),
                ..rule.clone()
            }
        });
        Ok(with_hits.collect())
    }

    fn add_rule(&mut self, rule: &SuppressionRule, _: &str) -> Result<Kept, StoreError> {
        self.shared().rules.push(rule.clone());
        self.wrote();
        Ok(Kept::Stored)
    }

    fn withdraw_rule(&mut self, rule: EventId, by: &str, _: &str) -> Result<Kept, StoreError> {
        for own in self.shared().rules.iter_mut().filter(|own| own.id == rule) {
            own.withdrawn = Some((Timestamp::now(), by.to_owned()));
        }
        self.wrote();
        Ok(Kept::Stored)
    }

    fn standing(&self) -> Standing {
        let journal = self.shared().journal.clone();
        journal.map_or(Standing::Ready, Standing::Journal)
    }

    fn notices(&mut self) -> Vec<String> {
        Vec::new()
    }

    fn count_hits(&mut self, rule: EventId, file: &str, hits: u64) -> Result<(), StoreError> {
        self.shared().hits.insert((rule, file.to_owned()), hits);
        Ok(())
    }
}

/// A workspace with a schema, a store, and scored files.
pub(crate) struct Desk {
    pub directory: TempDir,
    pub shared: Arc<Mutex<Shared>>,
    pub settings: Settings,
}

const SCHEMA: &str = "\
name: small
label: {column: label, malicious: [\"1\"], benign: [\"0\"]}
columns:
  - {name: a, type: int}
  - {name: b, type: int}
  - {name: url, type: text, role: ignore}
  - {name: label, type: int}
";

/// A row of a scored file: id, a, b, probability, flagged.
pub(crate) type Row = (u64, i64, i64, f64, bool);

pub(crate) const HEADER: &str = "a,b,url,label,row_id,classification,probability,confidence,risk_level,recommended_action,\
reasons,model_run,verdict,verdict_reason,note,reviewed_by,reviewed_at";

impl Desk {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let schema = directory.path().join("data_schema");
        std::fs::create_dir_all(&schema).unwrap();
        std::fs::write(schema.join("schema.yaml"), SCHEMA).unwrap();
        Self {
            directory,
            shared: Arc::default(),
            settings: Settings::default(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a scored file of these rows.
    pub fn write(&self, name: &str, rows: &[Row]) -> PathBuf {
        let mut text = format!("{HEADER}\n");
        for &(id, a, b, p, flagged) in rows {
            text += &line(id, a, b, p, flagged);
        }
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn surroundings(&self, analyst: &str) -> Arc<Surroundings> {
        let mut settings = self.settings.clone();
        settings.triage.analyst = Some(analyst.to_owned());
        let workspace = Workspace::at(self.directory.path());
        Arc::new(Surroundings { workspace, settings })
    }

    pub fn try_open(&self, name: &str, analyst: &str) -> Result<Review, ReviewError> {
        let store = OpenedStore::new(Box::new(MemoryStore::new(&self.shared)));
        let path = self.path(name);
        quietly(|work| Review::open(&self.surroundings(analyst), Some(&path), store, work))
    }

    pub fn open(&self, name: &str, analyst: &str) -> Review {
        self.try_open(name, analyst).unwrap()
    }
}

pub(crate) fn line(id: u64, a: i64, b: i64, p: f64, flagged: bool) -> String {
    let (class, confidence) = if flagged { ("malicious", p) } else { ("benign", 1.0 - p) };
    let (risk, action) = match p * 100.0 {
        ..=21.0 => ("low", "allow"),
        ..=47.0 => ("medium", "allow"),
        ..=73.0 => ("high", "investigate"),
        _ => ("critical", "block"),
    };
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{a},{b},http://x{id}.example/,1,{id:016x},{class},{p},{confidence},{risk},{action},a = {a} raises risk by 31 \
         points; b = {b} lowers risk by 2 points,20260101T000000Z-abcd,,,,,"
    );
    text
}

/// Does long work without anybody watching.
pub(crate) fn quietly<T>(work: impl FnOnce(Work<'_>) -> T) -> T {
    work(Work {
        cancel: &CancelToken::new(),
        progress: &|_, _, _| {},
    })
}

/// Shows a queue under filters.
pub(crate) fn arrange(review: &Review, queue: Queue, filters: &[&str]) -> QueueView {
    let filters: Vec<String> = filters.iter().map(|f| (*f).to_owned()).collect();
    quietly(|work| review.arrange(&queue, &filters, None, work)).unwrap()
}

/// The ids of the present view, in order.
pub(crate) fn ids(review: &Review) -> Vec<u64> {
    let page = review.page(0, 1000, &[], 40).unwrap();
    page.rows.iter().map(|row| row.row.0).collect()
}

pub(crate) fn judge(verdict: Verdict) -> Change {
    Change::Judge {
        verdict: Some(verdict),
        reason: None,
    }
}

pub(crate) fn about(rows: &[u64], change: Change) -> Decision {
    Decision {
        selection: Selection::Cases(rows.iter().map(|row| RowId(*row)).collect()),
        change,
        view: None,
    }
}
