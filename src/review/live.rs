//! Owns how the cases of the open file stand now: the store's events, which cases are judged, contradicted or suppressed.

use std::collections::HashMap;

use super::cases::CaseTable;
use super::contract::Progress;
use super::ledger::Ledger;
use crate::artifacts::Timestamp;
use crate::data::RowId;
use crate::triage::{CaseState, Event, Lane, SuppressionRule, Verdict};

const VERDICT: u8 = 0b0111;
const CONFLICT: u8 = 0b1000;
const SUPPRESSED: u8 = 0b1_0000;

/// What changes while a file is open.
pub(crate) struct Live {
    pub ledger: Ledger,
    /// One byte a case: its verdict's place in [`Verdict::ALL`] from 1, and bits.
    codes: Vec<u8>,
    pub rules: Vec<RuleHere>,
    /// The rule that suppresses a case, by its place among `rules`.
    suppressed_by: HashMap<u32, u16>,
    /// Rows of suppressed cases.
    suppressed_rows: u64,
}

/// A rule with what it does to the open file.
#[derive(Clone, Debug)]
pub(crate) struct RuleHere {
    pub rule: SuppressionRule,
    /// Rows that it suppresses; 0 where it does not hold.
    pub rows: u64,
    /// Why it cannot be applied to this file.
    pub problem: Option<String>,
}

impl Live {
    pub fn new(ledger: Ledger, cases: &CaseTable) -> Self {
        let mut live = Self {
            codes: vec![0; cases.len()],
            ledger,
            rules: Vec::new(),
            suppressed_by: HashMap::new(),
            suppressed_rows: 0,
        };
        let known: Vec<RowId> = live.ledger.states().map(|(row, _)| row).collect();
        for row in known {
            live.renew(cases, row);
        }
        live
    }

    /// Takes events in; answers those that are new.
    pub fn add(&mut self, cases: &CaseTable, events: Vec<Event>) -> Vec<Event> {
        let new = self.ledger.add(events);
        for event in &new {
            self.renew(cases, event.case.row);
        }
        new
    }

    fn renew(&mut self, cases: &CaseTable, row: RowId) {
        let Some(case) = cases.find(row) else { return };
        let mut code = self.codes[case as usize] & SUPPRESSED;
        if let Some(state) = self.ledger.state(row) {
            if let Some(judgement) = &state.verdict {
                code |= judgement.verdict as u8 + 1;
            }
            if !state.conflicts.is_empty() {
                code |= CONFLICT;
            }
        }
        self.codes[case as usize] = code;
    }

    /// Puts rules in force: `suppressed` has the cases with the place of the rule of each.
    pub fn suppress(&mut self, cases: &CaseTable, rules: Vec<RuleHere>, suppressed: HashMap<u32, u16>) {
        for case in self.suppressed_by.keys() {
            self.codes[*case as usize] &= !SUPPRESSED;
        }
        self.suppressed_rows = 0;
        for case in suppressed.keys() {
            self.codes[*case as usize] |= SUPPRESSED;
            self.suppressed_rows += u64::from(cases.copies(*case));
        }
        self.rules = rules;
        self.suppressed_by = suppressed;
    }

    pub fn is_judged(&self, case: u32) -> bool {
        self.codes[case as usize] & VERDICT != 0
    }

    pub fn is_contradicted(&self, case: u32) -> bool {
        self.codes[case as usize] & CONFLICT != 0
    }

    pub fn is_suppressed(&self, case: u32) -> bool {
        self.codes[case as usize] & SUPPRESSED != 0
    }

    /// The condition of the rule that suppresses a case.
    pub fn suppressed_by(&self, case: u32) -> Option<&SuppressionRule> {
        let at = self.suppressed_by.get(&case)?;
        self.rules.get(usize::from(*at)).map(|here| &here.rule)
    }

    /// How a case stands.
    pub fn state(&self, cases: &CaseTable, case: u32) -> CaseState {
        self.ledger.state(cases.id(case)).cloned().unwrap_or_default()
    }

    /// How the work stands, with `view` in front of the analyst.
    pub fn progress(&self, cases: &CaseTable, view: &[u32]) -> Progress {
        let mut counts = [0_u64; 32];
        for code in &self.codes {
            counts[usize::from(code & 31)] += 1;
        }
        let with = |bits: u8| -> u64 {
            let codes = (0_u8..32).filter(|code| code & bits != 0);
            codes.map(|code| counts[usize::from(code)]).sum()
        };
        let of_verdict = |verdict: u8| -> u64 {
            let codes = (0_u8..32).filter(|code| code & VERDICT == verdict);
            codes.map(|code| counts[usize::from(code)]).sum()
        };
        let midnight = chrono::Utc::now()
            .date_naive()
            .and_time(chrono::NaiveTime::MIN)
            .and_utc();
        let today = self.ledger.today(Timestamp::from(midnight));
        let (mut audited, mut malicious) = (0, 0);
        for (row, state) in self.ledger.states() {
            let judgement = state.verdict.as_ref().filter(|j| j.lane == Lane::RandomAudit);
            let told = judgement.and_then(|judgement| judgement.verdict.malicious());
            if let Some(told) = told.filter(|_| cases.find(row).is_some()) {
                audited += 1;
                malicious += u64::from(told);
            }
        }
        Progress {
            judged: view.iter().filter(|case| self.is_judged(**case)).count() as u64,
            of: view.len() as u64,
            verdicts: Verdict::ALL.map(|verdict| of_verdict(verdict as u8 + 1)),
            conflicts: with(CONFLICT),
            suppressed: (with(SUPPRESSED), self.suppressed_rows),
            today: today.verdicts,
            today_right: today.right,
            today_wrong: today.wrong,
            per_hour: today.per_hour,
            audited: (audited, malicious),
        }
    }
}

/// The columns that stand beside a file's own in a filter, in the order of [`live_cells`]; the first five have the names that
/// they have in the file.
pub(crate) const BESIDE: [&str; 8] = [
    "verdict",
    "verdict_reason",
    "note",
    "reviewed_by",
    "reviewed_at",
    "tags",
    "copies",
    "conflicts",
];

/// What stands in them for a case; empty texts where nothing was said of it.
pub(crate) fn live_cells(state: &CaseState, copies: u32) -> [String; 8] {
    let judgement = state.verdict.as_ref();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let tags: Vec<&str> = state.tags.iter().map(String::as_str).collect();
    [
        text(judgement.map(|j| j.verdict.name())),
        text(judgement.and_then(|j| j.reason.as_deref())),
        state.note.clone(),
        text(judgement.map(|j| j.analyst.as_str())),
        judgement.map(|j| j.at.to_string()).unwrap_or_default(),
        tags.join(" "),
        copies.to_string(),
        state.conflicts.len().to_string(),
    ]
}
