//! Owns the counts and the lists of a hand-over.

use std::collections::{BTreeMap, HashSet};

use super::markdown::code;
use crate::artifacts::Timestamp;
use crate::data::RowId;
use crate::export::row::ExportRow;
use crate::triage::{Judgement, Lane, RiskLevel, Verdict};

/// Cases in a list at most.
const MOST: usize = 50;

/// A case in a list.
pub(super) struct Case {
    pub(super) row: RowId,
    pub(super) copies: u64,
    pub(super) risk: RiskLevel,
    pub(super) probability: f64,
    /// In Markdown, as are the next.
    pub(super) verdict: String,
    pub(super) said: Vec<String>,
}

/// The cases of a list with the highest probability, and how many there are.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) count: u64,
    /// The most probable first, of equals the earlier in the file.
    pub(super) cases: Vec<Case>,
}

impl Listed {
    fn add(&mut self, row: &ExportRow, said: Vec<String>) {
        self.count += 1;
        let place = self
            .cases
            .partition_point(|case| case.probability.total_cmp(&row.probability).is_ge());
        if place >= MOST {
            return;
        }
        let case = Case {
            row: row.case.row,
            copies: row.copies,
            risk: row.risk,
            probability: row.probability,
            verdict: row.state.verdict.as_ref().map_or("–".to_owned(), spoken),
            said,
        };
        self.cases.insert(place, case);
        self.cases.truncate(MOST);
    }
}

/// A verdict with who gave it.
fn spoken(judged: &Judgement) -> String {
    format!("{} by {}", judged.verdict.words(), code(&judged.analyst))
}

/// Everything a hand-over says of rows. Cases count once, however many rows they are.
pub(super) struct Tally {
    pub(super) from: Timestamp,
    to: Timestamp,
    seen: HashSet<RowId>,
    pub(super) rows: u64,
    /// Cases with a verdict, and cases.
    pub(super) all: (u64, u64),
    pub(super) flagged: (u64, u64),
    /// In the order of [`RiskLevel::ALL`].
    pub(super) by_risk: [(u64, u64); 4],
    /// In the order of [`Verdict::ALL`].
    pub(super) ever: [u64; 5],
    pub(super) shift: [u64; 5],
    /// True and false positives of the shift among flagged cases.
    pub(super) flagged_shift: (u64, u64),
    /// Malicious cases among those drawn at random whose verdict says which, and how many those are.
    pub(super) audited: (u64, u64),
    pub(super) analysts: BTreeMap<String, [u64; 5]>,
    pub(super) conflicts: Listed,
    pub(super) marked: Listed,
    pub(super) critical: Listed,
    /// Cases and rows.
    pub(super) suppressed: (u64, u64),
}

impl Tally {
    pub(super) fn new(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from,
            to,
            seen: HashSet::new(),
            rows: 0,
            all: (0, 0),
            flagged: (0, 0),
            by_risk: [(0, 0); 4],
            ever: [0; 5],
            shift: [0; 5],
            flagged_shift: (0, 0),
            audited: (0, 0),
            analysts: BTreeMap::new(),
            conflicts: Listed::default(),
            marked: Listed::default(),
            critical: Listed::default(),
            suppressed: (0, 0),
        }
    }

    pub(super) fn add(&mut self, row: &ExportRow) {
        self.rows += 1;
        self.suppressed.1 += u64::from(row.suppressed.is_some());
        if !self.seen.insert(row.case.row) {
            return;
        }
        self.suppressed.0 += u64::from(row.suppressed.is_some());
        let judged = u64::from(!row.state.is_unreviewed());
        let count = |(done, of): &mut (u64, u64)| {
            *done += judged;
            *of += 1;
        };
        count(&mut self.all);
        if row.flagged {
            count(&mut self.flagged);
        }
        count(&mut self.by_risk[row.risk as usize]);
        self.count_verdicts(row);
        self.list(row);
    }

    fn count_verdicts(&mut self, row: &ExportRow) {
        if let Some(judged) = &row.state.verdict {
            self.ever[place(judged.verdict)] += 1;
            if let (Lane::RandomAudit, Some(malicious)) = (judged.lane, judged.verdict.malicious()) {
                self.audited.0 += u64::from(malicious);
                self.audited.1 += 1;
            }
            if self.is_of_the_shift(judged) {
                self.shift[place(judged.verdict)] += 1;
                match judged.verdict {
                    Verdict::TruePositive if row.flagged => self.flagged_shift.0 += 1,
                    Verdict::FalsePositive if row.flagged => self.flagged_shift.1 += 1,
                    _ => {}
                }
            }
        }
        for judged in row.state.verdict.iter().chain(&row.state.conflicts) {
            if self.is_of_the_shift(judged) {
                self.analysts.entry(judged.analyst.clone()).or_default()[place(judged.verdict)] += 1;
            }
        }
    }

    fn is_of_the_shift(&self, judged: &Judgement) -> bool {
        (self.from..=self.to).contains(&judged.at)
    }

    fn list(&mut self, row: &ExportRow) {
        let state = &row.state;
        let note = (!state.note.is_empty()).then(|| format!("note {}", code(&state.note)));
        if !state.conflicts.is_empty() {
            let others = state.conflicts.iter().map(|judged| format!("but {}", spoken(judged)));
            self.conflicts.add(row, others.chain(note.clone()).collect());
        }
        if note.is_some() || !state.tags.is_empty() {
            let tags = state.tags.iter().map(|tag| format!("tag {}", code(tag)));
            self.marked.add(row, tags.chain(note).collect());
        }
        if row.risk == RiskLevel::Critical && state.is_unreviewed() && row.suppressed.is_none() {
            let reasons = (!row.reasons.is_empty()).then(|| code(&row.reasons));
            self.critical.add(row, reasons.into_iter().collect());
        }
    }
}

/// A verdict's place in [`Verdict::ALL`].
fn place(verdict: Verdict) -> usize {
    Verdict::ALL.iter().position(|v| *v == verdict).unwrap_or(0)
}
