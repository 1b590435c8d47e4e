//! Owns suppression: which cases of the open file rules hide, and what a rule would have hidden of what was judged.
//!
//! A case is hidden only if every row of it meets the rule: what differs from what the rule is about is looked at.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use super::contract::RuleLine;
use super::error::ReviewError;
use super::live::RuleHere;
use super::open::Review;
use crate::artifacts::Timestamp;
use crate::browse::{Conditions, Work, open_text};
use crate::cancel::CancelToken;
use crate::data::RowId;
use crate::pipeline::csv_text::push_cell;
use crate::triage::{CaseState, Cells, EventId, SuppressionRule, Verdict, WhatIf, suppress_line, withdraw_line};

/// Days a rule may hold at most.
const MOST_DAYS: u32 = 3650;
/// What history knows of a case's score.
const SCORE: [&str; 4] = ["probability", "classification", "risk_level", "model_run"];

impl Review {
    /// Every rule of the schema with the rows of this file that it suppresses, the latest first.
    pub fn rules(&self) -> Vec<RuleLine> {
        let live = self.live();
        live.rules.iter().map(|here| (here.rule.clone(), here.rows)).collect()
    }

    /// Reads the rules anew and applies them.
    ///
    /// # Errors
    /// The file has changed, or it was given up. Trouble of the store is no error: then no rule is in force.
    pub fn renew_rules(&self, control: Work<'_>) -> Result<(), ReviewError> {
        // The store is polled on one thread and rules are changed on another: the older look must not win.
        let _one_at_a_time = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        let schema = self.file.schema_name();
        let read = |review: &Self| {
            let mut shelf = review.shelf();
            let rules = shelf.store.as_mut().map(|store| store.rules(schema));
            rules.unwrap_or_else(|| Ok(Vec::new()))
        };
        let rules = read(self).unwrap_or_else(|error| {
            self.shelf()
                .notes
                .push(format!("suppression rules cannot be read: {error}"));
            Vec::new()
        });
        let (mut here, suppressed) = self.apply(rules, control)?;
        let mut shelf = self.shelf();
        let hits: Vec<(EventId, u64)> = here
            .iter()
            .filter(|h| h.rows > 0)
            .map(|h| (h.rule.id, h.rows))
            .collect();
        for (rule, rows) in &hits {
            let counted = shelf
                .store
                .as_mut()
                .map(|s| s.count_hits(*rule, &self.file.content, *rows));
            if let Some(Err(error)) = counted {
                tracing::debug!("the hits of a rule were not counted: {error}");
            }
        }
        if !hits.is_empty()
            && let Some(Ok(counted)) = shelf.store.as_mut().map(|store| store.rules(schema))
        {
            let hits: HashMap<EventId, u64> = counted.into_iter().map(|rule| (rule.id, rule.hits)).collect();
            for rule in here.iter_mut().map(|here| &mut here.rule) {
                rule.hits = hits.get(&rule.id).copied().unwrap_or(rule.hits);
            }
        }
        let before: HashSet<EventId> = self.live().rules.iter().map(|here| here.rule.id).collect();
        for new in here.iter().filter(|here| !before.contains(&here.rule.id)) {
            if let Some(problem) = &new.problem {
                let condition = &new.rule.condition;
                let note =
                    format!("the rule `{condition}` cannot be applied to this file and hides nothing: {problem}");
                shelf.notes.push(note);
            }
        }
        drop(shelf);
        self.live_mut().suppress(self.cases(), here, suppressed);
        Ok(())
    }

    /// What rules do to the file. Of two that suppress a case the first names it.
    fn apply(
        &self,
        rules: Vec<SuppressionRule>,
        control: Work<'_>,
    ) -> Result<(Vec<RuleHere>, HashMap<u32, u16>), ReviewError> {
        let now = Timestamp::now();
        let mut suppressed = HashMap::new();
        let mut here = Vec::with_capacity(rules.len());
        for (at, rule) in rules.into_iter().enumerate() {
            let (mut rows, mut problem) = (0, None);
            if rule.holds_at(now) {
                match Conditions::parse(&self.file.table, &[], std::slice::from_ref(&rule.condition)) {
                    Ok(conditions) => {
                        for case in self.wholly_meeting(&conditions, control)? {
                            rows += u64::from(self.cases().copies(case));
                            suppressed.entry(case).or_insert(u16::try_from(at).unwrap_or(u16::MAX));
                        }
                    }
                    Err(error) => problem = Some(error.to_string()),
                }
            }
            here.push(RuleHere { rule, rows, problem });
        }
        Ok((here, suppressed))
    }

    /// Cases of which every row meets conditions.
    fn wholly_meeting(&self, conditions: &Conditions, control: Work<'_>) -> Result<Vec<u32>, ReviewError> {
        let mut met: HashMap<u32, u32> = HashMap::new();
        conditions.select(
            &self.file.table,
            control,
            |_, _| {},
            |rows| {
                for case in rows.iter().filter_map(|row| self.cases().of_row(*row)) {
                    *met.entry(case).or_insert(0) += 1;
                }
            },
        )?;
        let whole = met
            .into_iter()
            .filter(|(case, rows)| self.cases().copies(*case) == *rows);
        Ok(whole.map(|(case, _)| case).collect())
    }

    /// Keeps a rule, and applies it.
    ///
    /// # Errors
    /// The condition cannot be understood, something is missing, or it was not kept.
    pub fn add_rule(&self, condition: &str, reason: &str, days: u32, control: Work<'_>) -> Result<(), ReviewError> {
        let condition = condition.trim();
        Conditions::parse(&self.file.table, &[], &[condition.to_owned()])?;
        if reason.trim().is_empty() {
            let text = "a rule needs a reason, for whoever meets it after you";
            return Err(ReviewError::Refused(text.to_owned()));
        }
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(ReviewError::Refused(format!(
                "{days} days: a rule holds for 1 to {MOST_DAYS} days"
            )));
        }
        let now = chrono::Utc::now();
        let rule = SuppressionRule {
            id: EventId::new(),
            schema: self.file.schema_name().to_owned(),
            condition: condition.to_owned(),
            owner: self.analyst.clone(),
            reason: reason.trim().to_owned(),
            made_at: Timestamp::from(now),
            expires_at: Timestamp::from(now + chrono::Duration::days(i64::from(days))),
            withdrawn: None,
            hits: 0,
        };
        self.with_store(|store| store.add_rule(&rule, &suppress_line(&rule, days)))?;
        self.renew_rules(control)
    }

    /// Withdraws a rule.
    ///
    /// # Errors
    /// It is not there, or was not withdrawn.
    pub fn withdraw_rule(&self, rule: EventId, control: Work<'_>) -> Result<(), ReviewError> {
        self.with_store(|store| store.withdraw_rule(rule, &self.analyst, &withdraw_line(rule)))?;
        self.renew_rules(control)
    }

    fn with_store<T>(
        &self,
        act: impl FnOnce(&mut dyn crate::store::VerdictStore) -> Result<T, crate::store::StoreError>,
    ) -> Result<T, ReviewError> {
        let mut shelf = self.shelf();
        let why = shelf.without().to_owned();
        let store = shelf.store.as_mut().ok_or(ReviewError::NoStore(why))?;
        Ok(act(store.as_mut())?)
    }

    /// What a rule would have hidden of the judged cases of the schema, and what it would hide of this file. Judged cases that
    /// are not in the file are told by the cells that were kept with their verdicts and by how they were scored then.
    ///
    /// # Errors
    /// The condition cannot be understood, the file has changed, or the store cannot be read.
    pub fn what_if(&self, condition: &str, control: Work<'_>) -> Result<WhatIf, ReviewError> {
        let condition = [condition.trim().to_owned()];
        let conditions = Conditions::parse(&self.file.table, &[], &condition)?;
        let hidden: HashSet<u32> = self.wholly_meeting(&conditions, control)?.into_iter().collect();
        let mut told = WhatIf {
            rows_now: hidden.iter().map(|case| u64::from(self.cases().copies(*case))).sum(),
            ..WhatIf::default()
        };
        let mut elsewhere: Vec<(RowId, CaseState)> = Vec::new();
        {
            let live = self.live();
            for (row, state) in live.ledger.states().filter(|(_, state)| !state.is_unreviewed()) {
                match self.cases().find(row) {
                    Some(case) if hidden.contains(&case) => count(&mut told, state),
                    Some(_) => {}
                    None => elsewhere.push((row, state.clone())),
                }
            }
        }
        let kept = {
            let mut shelf = self.shelf();
            let cells = shelf.store.as_mut().map(|store| store.cells(self.file.schema_name()));
            cells.unwrap_or_else(|| Ok(Vec::new()))?
        };
        let kept: HashMap<RowId, Cells> = kept.into_iter().map(|(case, cells)| (case.row, cells)).collect();
        let with_cells: Vec<(&Cells, &CaseState)> = elsewhere
            .iter()
            .filter_map(|(row, state)| Some((kept.get(row)?, state)))
            .collect();
        if !with_cells.is_empty() {
            self.of_history(&condition, &with_cells, &mut told, control)?;
        }
        Ok(told)
    }

    /// Asks a condition of cells that were kept, as of a table.
    fn of_history(
        &self,
        condition: &[String; 1],
        cases: &[(&Cells, &CaseState)],
        told: &mut WhatIf,
        control: Work<'_>,
    ) -> Result<(), ReviewError> {
        let mut columns: Vec<&str> = Vec::new();
        let mut known = HashSet::new();
        for (name, _) in cases.iter().flat_map(|(cells, _)| cells.iter()) {
            if known.insert(name.as_str()) {
                columns.push(name);
            }
        }
        columns.retain(|name| !SCORE.contains(name));
        columns.extend(SCORE);
        let mut text = Vec::new();
        write_line(&mut text, columns.iter().map(|name| name.as_bytes()));
        for (cells, state) in cases {
            let cells: HashMap<&str, &str> = cells
                .iter()
                .map(|(name, cell)| (name.as_str(), cell.as_str()))
                .collect();
            let score = score_cells(state);
            let (own, scored) = columns.split_at(columns.len() - SCORE.len());
            let own = own
                .iter()
                .map(|name| cells.get(name).copied().unwrap_or_default().as_bytes());
            // Where the input has a column of that name it is the input's.
            let scored = scored.iter().zip(&score);
            let scored = scored.map(|(name, score)| cells.get(name).copied().unwrap_or(score).as_bytes());
            write_line(&mut text, own.chain(scored));
        }
        let reading = &self.surroundings.settings.reading;
        let (table, indexing) = open_text("the judged cases", text, reading)?;
        indexing.run(&CancelToken::new(), &|_| {});
        let Ok(conditions) = Conditions::parse(&table, &[], condition) else {
            // It asks for a column that is not kept with verdicts, so nothing is known of them.
            tracing::info!("a what-if asks for a column that judged cases do not have");
            return Ok(());
        };
        conditions.select(
            &table,
            control,
            |_, _| {},
            |rows| {
                for (_, state) in rows.iter().filter_map(|row| cases.get(*row as usize)) {
                    count(told, state);
                }
            },
        )?;
        Ok(())
    }
}

/// Counts a judged case that a rule hides. If anybody says that it is a true positive, it is one.
fn count(told: &mut WhatIf, state: &CaseState) {
    let verdicts = state
        .verdict
        .iter()
        .chain(&state.conflicts)
        .map(|judgement| judgement.verdict);
    told.judged += 1;
    if verdicts.clone().any(|verdict| verdict == Verdict::TruePositive) {
        told.true_positives += 1;
    } else if verdicts
        .clone()
        .any(|v| matches!(v, Verdict::FalsePositive | Verdict::BenignPositive))
    {
        told.benign += 1;
    }
}

fn score_cells(state: &CaseState) -> [String; 4] {
    let score = state.verdict.as_ref().and_then(|judgement| judgement.score.as_ref());
    score.map_or_else(Default::default, |score| {
        [
            score.probability.to_string(),
            (if score.flagged { "malicious" } else { "benign" }).to_owned(),
            score.risk.name().to_owned(),
            score.run.clone(),
        ]
    })
}

fn write_line<'c>(text: &mut Vec<u8>, cells: impl Iterator<Item = &'c [u8]>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            text.push(b',');
        }
        push_cell(text, cell);
    }
    text.push(b'\n');
}
