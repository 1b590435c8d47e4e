//! Owns arranging: which cases a queue has under filters, and in which order. What is arranged stays as it is while it is
//! worked on, so that a verdict never moves the list under the cursor.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use super::cases::{CaseTable, NONE};
use super::contract::QueueView;
use super::error::ReviewError;
use super::live::{BESIDE, live_cells};
use super::open::Review;
use crate::browse::{Beside, Conditions, Work, each_row};
use crate::data::RowId;
use crate::triage::{Lane, Queue, SavedQueue, audit_place, is_audited};

/// The number of the next view.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Cases in an order.
#[derive(Debug)]
pub(crate) struct CaseView {
    /// Never the same twice.
    pub number: u64,
    pub queue: Queue,
    pub filters: Vec<String>,
    pub order: Vec<u32>,
    /// The place of every case of the file; [`NONE`] where it is not in the view.
    places: Vec<u32>,
    /// How a verdict on its cases is come to.
    pub lane: Lane,
}

impl CaseView {
    /// Nothing yet.
    pub fn empty(cases: usize) -> Self {
        Self::new(Queue::default(), Vec::new(), Vec::new(), cases, Lane::Picked)
    }

    fn new(queue: Queue, filters: Vec<String>, order: Vec<u32>, cases: usize, lane: Lane) -> Self {
        let mut places = vec![NONE; cases];
        for (place, case) in order.iter().enumerate() {
            places[*case as usize] = place as u32;
        }
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            queue,
            filters,
            order,
            places,
            lane,
        }
    }

    /// Where a case is in it.
    pub fn place(&self, case: u32) -> Option<u64> {
        let place = self.places.get(case as usize).copied()?;
        (place != NONE).then_some(u64::from(place))
    }

    /// The case at a place.
    pub fn case(&self, at: u64) -> Option<u32> {
        self.order.get(usize::try_from(at).ok()?).copied()
    }

    /// How many cases.
    pub fn len(&self) -> u64 {
        self.order.len() as u64
    }
}

/// A queue with its conditions, saved ones replaced by what they stand for.
struct Plan {
    base: Queue,
    conditions: Vec<String>,
}

impl Review {
    /// Shows a queue.
    ///
    /// A condition is met by a case if any of its rows meets it. Verdict, reason, note, reviewer and time are the store's,
    /// whatever the file's own columns say, and stand beside its columns together with `tags` (separated by blanks), `copies`
    /// and `conflicts`.
    ///
    /// # Errors
    /// A condition cannot be understood, a run cannot score the file, the file has changed, or it was given up.
    pub fn arrange(
        &self,
        queue: &Queue,
        filters: &[String],
        keep: Option<RowId>,
        control: Work<'_>,
    ) -> Result<QueueView, ReviewError> {
        let plan = self.plan(queue, filters)?;
        let beside = self.beside_names();
        let names: Vec<&str> = beside.iter().map(String::as_str).collect();
        // What cannot be understood is said before anything long is done.
        let conditions = Conditions::parse(&self.file.table, &names, &plan.conditions)?;
        let mut order = self.members(&plan.base, control)?;
        if !conditions.is_empty() {
            let met = self.meeting(&conditions, control)?;
            order.retain(|case| met[*case as usize]);
        }
        control.cancel.check()?;
        let lane = match plan.base {
            // Only what nobody picked says how often the model is right in general.
            _ if self.file.doubt.is_some() => Lane::LabelAudit,
            Queue::RandomAudit if plan.conditions.is_empty() => Lane::RandomAudit,
            _ => Lane::Picked,
        };
        let view = CaseView::new(queue.clone(), filters.to_vec(), order, self.cases().len(), lane);
        Ok(self.shown(view, keep))
    }

    /// Shows the cases alike to one: those that differ from it in at most `differences` of the columns a model may look at,
    /// the nearest first, itself before all.
    ///
    /// # Errors
    /// There is no such case, the file has changed, or it was given up.
    pub fn similar(&self, row: RowId, differences: usize, control: Work<'_>) -> Result<QueueView, ReviewError> {
        let case = self.find_case(row)?;
        let columns = self.file.feature_columns();
        let target = self.file.table.read([self.cases().ordinal(case)], usize::MAX >> 4)?;
        let target: Vec<Vec<u8>> = target.first().map_or_else(Vec::new, |row| {
            let cells = columns
                .iter()
                .map(|&column| row.cells[column].trim().as_bytes().to_vec());
            cells.collect()
        });
        let mut near: Vec<(usize, u32)> = Vec::new();
        each_row(
            &self.file.table,
            &columns,
            control,
            "comparing",
            |row, cells| {
                let other = self
                    .cases()
                    .of_row(row)
                    .filter(|&case| self.cases().ordinal(case) == row)?;
                let mut differs = 0;
                for (slot, own) in target.iter().enumerate() {
                    // Bytes that are no text were replaced in the target's cells; such cells differ.
                    differs += usize::from(cells.get(slot).trim_ascii() != own.as_slice());
                    if differs > differences {
                        return None;
                    }
                }
                Some((differs, other))
            },
            |found| near.extend(found),
        )?;
        let live = self.live();
        near.retain(|(_, other)| *other == case || !live.is_suppressed(*other));
        drop(live);
        near.sort_unstable_by_key(|&(differs, other)| (other != case, differs, other));
        let order = near.into_iter().map(|(_, other)| other).collect();
        let now = self.view();
        let view = CaseView::new(
            now.queue.clone(),
            now.filters.clone(),
            order,
            self.cases().len(),
            // Training rows are judged about their labels, whichever way one comes to them.
            if self.file.doubt.is_some() {
                Lane::LabelAudit
            } else {
                Lane::Picked
            },
        );
        Ok(self.shown(view, Some(row)))
    }

    /// Which of these cases are in the view.
    pub fn in_view(&self, rows: &[RowId]) -> Vec<RowId> {
        let view = self.view();
        let inside = |row: &&RowId| self.cases().find(**row).and_then(|case| view.place(case)).is_some();
        rows.iter().filter(inside).copied().collect()
    }

    fn shown(&self, view: CaseView, keep: Option<RowId>) -> QueueView {
        let view = self.show(view);
        let kept = keep.and_then(|row| self.cases().find(row));
        QueueView {
            number: view.number,
            queue: view.queue.clone(),
            filters: view.filters.clone(),
            cases: view.len(),
            at: kept.and_then(|case| view.place(case)),
            progress: self.live().progress(self.cases(), &view.order),
        }
    }

    pub(super) fn find_case(&self, row: RowId) -> Result<u32, ReviewError> {
        self.cases().find(row).ok_or_else(|| ReviewError::NoCase {
            case: row.to_string(),
            name: self.file.name().to_owned(),
        })
    }

    fn plan(&self, queue: &Queue, filters: &[String]) -> Result<Plan, ReviewError> {
        let mut conditions = filters.to_vec();
        let Queue::Saved { name } = queue else {
            let base = queue.clone();
            return Ok(Plan { base, conditions });
        };
        let saved = &self.surroundings.settings.triage.queues;
        let Some(SavedQueue { filter, order, .. }) = saved.iter().find(|queue| queue.name == *name) else {
            let names: Vec<&str> = saved.iter().map(|queue| queue.name.as_str()).collect();
            let known = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            return Err(ReviewError::NoQueue {
                name: name.clone(),
                known,
            });
        };
        if !filter.trim().is_empty() {
            conditions.insert(0, filter.clone());
        }
        let base = match order.as_str() {
            "most_uncertain" => Queue::MostUncertain,
            "random_audit" => Queue::RandomAudit,
            "unreviewed" => Queue::Unreviewed,
            "all" => Queue::All,
            _ => Queue::TopRisk,
        };
        Ok(Plan { base, conditions })
    }

    /// The cases of a queue in its order.
    fn members(&self, queue: &Queue, control: Work<'_>) -> Result<Vec<u32>, ReviewError> {
        let cases = self.cases();
        let every = 0..cases.len() as u32;
        // Long looks come before the lock, so that decisions do not wait.
        let other = match queue {
            Queue::Disagreement { run } => Some(self.other_scores(run, control)?),
            _ => None,
        };
        let doubt = match (queue, self.file.doubt) {
            (Queue::LabelAudit, Some(column)) => self.file.numbers(column, control)?,
            (Queue::LabelAudit, None) => {
                return Err(ReviewError::NoLabelAudit {
                    name: self.file.name().to_owned(),
                });
            }
            _ => Vec::new(),
        };
        let live = self.live();
        let open = |case: &u32| !live.is_suppressed(*case);
        let pick =
            |keep: &dyn Fn(u32) -> bool| -> Vec<u32> { every.clone().filter(open).filter(|c| keep(*c)).collect() };
        let mut chosen = match queue {
            Queue::TopRisk | Queue::Saved { .. } => pick(&|case| cases.flagged(case)),
            Queue::Unreviewed => pick(&|case| cases.flagged(case) && !live.is_judged(case)),
            Queue::MostUncertain => pick(&|_| true),
            Queue::Disagreement { .. } => pick(&|case| {
                other
                    .as_ref()
                    .is_some_and(|other| other.disagrees(case, cases.flagged(case)))
            }),
            Queue::RandomAudit => {
                let share = self.surroundings.settings.triage.audit_fraction;
                pick(&|case| is_audited(cases.id(case), share))
            }
            Queue::Mine => {
                let mut mine: Vec<_> = live
                    .ledger
                    .mine()
                    .filter_map(|(row, m)| Some((cases.find(row)?, m)))
                    .collect();
                mine.retain(|(case, _)| open(case));
                mine.sort_unstable_by_key(|(_, judgement)| Reverse((judgement.at, judgement.event)));
                return Ok(mine.into_iter().map(|(case, _)| case).collect());
            }
            Queue::Conflicts => pick(&|case| live.is_contradicted(case)),
            Queue::Suppressed => every.clone().filter(|case| live.is_suppressed(*case)).collect(),
            Queue::All => return Ok(every.collect()),
            Queue::LabelAudit => pick(&|case| !doubt[case as usize].is_nan()),
        };
        drop(live);
        match queue {
            Queue::MostUncertain => {
                let threshold = self.file.threshold.unwrap_or(0.5);
                CaseTable::sort_by_number(&mut chosen, |case| (cases.probability(case) - threshold).abs());
            }
            Queue::Disagreement { .. } => {
                let gap = |case| {
                    other
                        .as_ref()
                        .map_or(0.0, |other| other.gap(case, cases.probability(case)))
                };
                CaseTable::sort_by_number(&mut chosen, |case| -gap(case));
            }
            Queue::RandomAudit => chosen.sort_unstable_by_key(|&case| audit_place(cases.id(case))),
            Queue::LabelAudit => CaseTable::sort_by_number(&mut chosen, |case| -doubt[case as usize]),
            _ => cases.sort_by_risk(&mut chosen),
        }
        Ok(chosen)
    }

    /// The names under which the live columns stand beside the file's: ours as the file has them; the others free ones.
    pub(super) fn beside_names(&self) -> Vec<String> {
        let columns = self.file.table.columns();
        let names = BESIDE.iter().enumerate().map(|(at, name)| {
            if let Some(Some(own)) = self.file.ours.stale.get(at) {
                return columns[*own].name.clone();
            }
            let mut name = (*name).to_owned();
            while columns.iter().any(|column| column.name.eq_ignore_ascii_case(&name)) {
                name.insert_str(0, "nsec_");
            }
            name
        });
        names.collect()
    }

    /// Which cases meet conditions.
    fn meeting(&self, conditions: &Conditions, control: Work<'_>) -> Result<Vec<bool>, ReviewError> {
        let cases = self.cases();
        // Taken once, so that decisions do not wait for a long look.
        let live: HashMap<u32, [String; 8]> = {
            let live = self.live();
            let known = live.ledger.states().filter_map(|(row, state)| {
                let case = cases.find(row)?;
                Some((case, live_cells(state, cases.copies(case))))
            });
            known.collect()
        };
        let mut met = vec![false; cases.len()];
        let beside = |row: u64, out: &mut Beside<'_>| {
            let case = cases.of_row(row);
            if let Some(cells) = case.and_then(|case| live.get(&case)) {
                for cell in cells {
                    out.push(cell);
                }
                return;
            }
            for _ in 0..6 {
                out.push("");
            }
            let copies = case.map_or(0, |case| cases.copies(case));
            // Nearly every case is one row.
            if copies == 1 {
                out.push("1");
            } else {
                out.push(&copies.to_string());
            }
            out.push("0");
        };
        conditions.select(&self.file.table, control, beside, |rows| {
            for case in rows.iter().filter_map(|row| cases.of_row(*row)) {
                met[case as usize] = true;
            }
        })?;
        Ok(met)
    }

    /// Forgets what another run said, so that it is asked again.
    pub fn forget_other_scores(&self) {
        *self.other.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
