//! Owns what verdicts make of the training side: corrected labels, cases added from the store, the random audit held apart,
//! and nothing that stands on the test side.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use polars::prelude::DataFrame;

use super::{BenignPositive, VerdictSettings, VerdictUse};
use crate::cancel::CancelToken;
use crate::data::{RowId, Split, SplitStrategy, row_ids};
use crate::pipeline::ingestion::{Dataset, IngestionError, take_rows};
use crate::pipeline::judged::{JudgedCase, JudgedCases, TypedCases, type_cases};
use crate::schema::Schema;
use crate::triage::{Cells, Lane, Verdict};
use crate::validation::ValidationSettings;

/// The training side after verdicts.
#[derive(Default)]
pub(in crate::pipeline::training) struct Taught {
    /// Rows of the dataset that are learned from, ascending.
    pub(in crate::pipeline::training) rows: Vec<usize>,
    /// Their labels.
    pub(in crate::pipeline::training) labels: Vec<bool>,
    /// Cases that are learned from beside them.
    pub(in crate::pipeline::training) added: Option<Added>,
    /// Weights of `rows` and then of the added cases; `None` where all are 1.
    pub(in crate::pipeline::training) weights: Option<Vec<f32>>,
    /// Typed columns and labels of the random audit, where it has cases that can be scored.
    pub(in crate::pipeline::training) audit: Option<(DataFrame, Vec<bool>)>,
    /// What was taken, where verdicts were asked for.
    pub(in crate::pipeline::training) used: Option<VerdictUse>,
}

/// Cases from the store, by row id.
pub(in crate::pipeline::training) struct Added {
    /// Typed columns, those of the dataset.
    pub(in crate::pipeline::training) frame: DataFrame,
    /// Labels by verdict.
    pub(in crate::pipeline::training) labels: Vec<bool>,
    /// Feature hashes.
    pub(in crate::pipeline::training) groups: Vec<u64>,
    /// As the dataset's.
    pub(in crate::pipeline::training) times: Option<Vec<Option<i64>>>,
    /// The stored cells.
    pub(in crate::pipeline::training) cells: Vec<Cells>,
}

/// What teaching goes by.
#[derive(Clone, Copy)]
pub(in crate::pipeline::training) struct Lesson<'a> {
    pub(in crate::pipeline::training) dataset: &'a Dataset,
    pub(in crate::pipeline::training) parts: &'a Split,
    pub(in crate::pipeline::training) strategy: SplitStrategy,
    pub(in crate::pipeline::training) schema: &'a Arc<Schema>,
    pub(in crate::pipeline::training) validation: &'a ValidationSettings,
    pub(in crate::pipeline::training) settings: &'a VerdictSettings,
    pub(in crate::pipeline::training) cancel: &'a CancelToken,
}

/// Makes the training side of the judged cases; without any, of the data alone.
///
/// # Errors
/// A check cannot run, or cancellation.
pub(in crate::pipeline::training) fn teach(
    lesson: Lesson<'_>,
    judged: Option<&JudgedCases>,
) -> Result<Taught, IngestionError> {
    let Some(judged) = judged else {
        return Ok(Taught {
            rows: lesson.parts.train.clone(),
            labels: lesson.parts.train.iter().map(|&r| lesson.dataset.labels[r]).collect(),
            ..Taught::default()
        });
    };
    let mut used = VerdictUse {
        sha256: judged.hash(),
        judged: judged.cases.len() as u64,
        conflicting: judged.conflicting,
        weight: lesson.settings.weight,
        ..VerdictUse::default()
    };
    let labelled = lesson.labelled(judged, &mut used);
    let (audit, lessons): (Vec<_>, Vec<_>) = labelled
        .into_iter()
        .partition(|(case, _)| case.lane == Lane::RandomAudit && !lesson.settings.learn_from_audit);
    let audit = lesson.typed(audit, &mut used)?;
    let sides = SidesOf::new(lesson);
    let held_out: HashSet<u64> = audit.typed.groups.iter().copied().collect();
    let (ids, mut rows) = (sides.train_ids(), Vec::new());
    used.audited = audit.labels.len() as u64;
    // Audit cases whose cells were not kept are still no lesson: their rows go by id.
    let audited_ids: HashSet<RowId> = audit.ids.iter().copied().collect();
    for (&row, id) in lesson.parts.train.iter().zip(&ids) {
        if held_out.contains(&lesson.dataset.groups[row]) || audited_ids.contains(id) {
            used.held_out_rows += 1;
        } else {
            rows.push((row, *id));
        }
    }
    let rest = sides.correct(lessons, &rows, &mut used);
    let added = lesson.add(rest.open, &sides, &held_out, &mut used)?;
    let weight = lesson.settings.weight as f32;
    let extra = added.as_ref().map_or(0, |added| added.labels.len());
    let weights = (weight != 1.0).then(|| {
        let of_rows = rest.judged.iter().map(|judged| if *judged { weight } else { 1.0 });
        of_rows.chain(std::iter::repeat_n(weight, extra)).collect()
    });
    Ok(Taught {
        rows: rows.into_iter().map(|(row, _)| row).collect(),
        labels: rest.labels,
        added,
        weights,
        audit: (!audit.labels.is_empty()).then_some((audit.typed.frame, audit.labels)),
        used: Some(used),
    })
}

/// A case with the label that its verdict gives it.
type Labelled<'a> = (&'a JudgedCase, bool);

/// Typed cases with their labels, one a row.
struct TypedLabels {
    typed: TypedCases,
    labels: Vec<bool>,
    /// Ids of all cases, also of those that could not be typed.
    ids: Vec<RowId>,
}

impl Lesson<'_> {
    /// The cases that have something to teach, in order; the others are counted.
    fn labelled<'a>(&self, judged: &'a JudgedCases, used: &mut VerdictUse) -> Vec<Labelled<'a>> {
        let mut labelled = Vec::new();
        for case in &judged.cases {
            let label = match (case.verdict, self.settings.benign_positive) {
                (Verdict::BenignPositive, BenignPositive::Benign) => Some(false),
                (Verdict::BenignPositive, BenignPositive::Malicious) => Some(true),
                (verdict, _) => verdict.malicious(),
            };
            match (label, case.verdict) {
                (Some(label), _) => labelled.push((case, label)),
                (None, Verdict::BenignPositive) => used.benign_positives += 1,
                (None, Verdict::Duplicate) => used.duplicates += 1,
                (None, _) => used.undetermined += 1,
            }
        }
        labelled
    }

    /// Types the cells of cases as the dataset's columns.
    fn typed(&self, cases: Vec<Labelled<'_>>, used: &mut VerdictUse) -> Result<TypedLabels, IngestionError> {
        let names: Vec<&str> = self
            .dataset
            .frame
            .get_column_names()
            .into_iter()
            .map(polars::prelude::PlSmallStr::as_str)
            .collect();
        let (cases, labels): (Vec<&JudgedCase>, Vec<bool>) = cases.into_iter().unzip();
        let typed = type_cases(
            &cases,
            &names,
            self.schema,
            &self.dataset.nulls,
            self.validation,
            self.cancel,
        )?;
        used.unusable += typed.unusable;
        if used.unusable_why.is_none() {
            used.unusable_why.clone_from(&typed.why);
        }
        for name in &typed.unknown {
            if !used.unknown_columns.contains(name) {
                used.unknown_columns.push(name.clone());
            }
        }
        Ok(TypedLabels {
            labels: typed
                .places
                .iter()
                .filter_map(|&place| labels.get(place).copied())
                .collect(),
            ids: cases.iter().map(|case| case.row).collect(),
            typed,
        })
    }

    /// Cases that are not in the data, but for those that the test side or the audit must not meet in training.
    fn add(
        &self,
        open: Vec<Labelled<'_>>,
        sides: &SidesOf<'_>,
        held_out: &HashSet<u64>,
        used: &mut VerdictUse,
    ) -> Result<Option<Added>, IngestionError> {
        let cells: Vec<Option<&Cells>> = open.iter().map(|(case, _)| case.cells.as_ref()).collect();
        let TypedLabels { typed, labels, .. } = self.typed(open, used)?;
        let mut taken = Vec::new();
        for row in 0..labels.len() {
            let time = typed.times.as_ref().and_then(|times| times.get(row).copied().flatten());
            if sides.test_groups.contains(&typed.groups[row]) {
                used.in_test += 1;
            } else if sides.is_too_late(time) {
                used.too_late += 1;
            } else if held_out.contains(&typed.groups[row]) {
                // The audit drew another case with these features.
                used.unusable += 1;
                used.unusable_why
                    .get_or_insert_with(|| "the random audit drew a case of the same features".to_owned());
            } else {
                taken.push(row);
            }
        }
        used.added = taken.len() as u64;
        used.added_malicious = taken.iter().filter(|&&row| labels[row]).count() as u64;
        if taken.is_empty() {
            return Ok(None);
        }
        let names: Vec<&str> = self
            .dataset
            .frame
            .get_column_names()
            .into_iter()
            .map(polars::prelude::PlSmallStr::as_str)
            .collect();
        Ok(Some(Added {
            frame: take_rows(&typed.frame, &taken)?.select(names)?,
            labels: taken.iter().map(|&row| labels[row]).collect(),
            groups: taken.iter().map(|&row| typed.groups[row]).collect(),
            times: typed.times.map(|times| taken.iter().map(|&row| times[row]).collect()),
            cells: taken
                .iter()
                .map(|&row| cells[typed.places[row]].cloned().unwrap_or_default())
                .collect(),
        }))
    }
}

/// The data's two sides, as verdicts are held against them.
struct SidesOf<'a> {
    lesson: Lesson<'a>,
    ids: Vec<RowId>,
    test_ids: HashSet<RowId>,
    test_groups: HashSet<u64>,
    /// The earliest test row's time, in a time split.
    test_begins: Option<i64>,
}

/// What corrections leave.
struct Corrected<'a> {
    /// Labels of the rows that are learned from.
    labels: Vec<bool>,
    /// Whether somebody judged them.
    judged: Vec<bool>,
    /// Cases that are not in the data.
    open: Vec<Labelled<'a>>,
}

impl<'a> SidesOf<'a> {
    fn new(lesson: Lesson<'a>) -> Self {
        let (dataset, test) = (lesson.dataset, &lesson.parts.test);
        let ids = row_ids(lesson.schema, &dataset.frame);
        let times = dataset
            .times
            .as_ref()
            .filter(|_| lesson.strategy == SplitStrategy::Time);
        Self {
            lesson,
            test_ids: test.iter().map(|&row| ids[row]).collect(),
            test_groups: test.iter().map(|&row| dataset.groups[row]).collect(),
            test_begins: times.and_then(|times| test.iter().filter_map(|&row| times[row]).min()),
            ids,
        }
    }

    fn train_ids(&self) -> Vec<RowId> {
        self.lesson.parts.train.iter().map(|&row| self.ids[row]).collect()
    }

    /// A case without a time may be from any time.
    fn is_too_late(&self, time: Option<i64>) -> bool {
        self.test_begins
            .is_some_and(|begins| time.is_none_or(|time| time >= begins))
    }

    /// Gives training rows the labels of their verdicts.
    fn correct<'c>(&self, lessons: Vec<Labelled<'c>>, rows: &[(usize, RowId)], used: &mut VerdictUse) -> Corrected<'c> {
        let dataset = self.lesson.dataset;
        let verdicts: HashMap<RowId, bool> = lessons.iter().map(|(case, label)| (case.row, *label)).collect();
        let mut met = HashSet::new();
        let (mut labels, mut judged) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for (row, id) in rows {
            let given = dataset.labels[*row];
            // Without groups a copy of a test row may stand here: its verdict would tell the test's answer.
            let verdict = verdicts
                .get(id)
                .filter(|_| !self.test_groups.contains(&dataset.groups[*row]));
            if let Some(verdict) = verdict {
                met.insert(*id);
                let count = if *verdict == given {
                    &mut used.confirmed_rows
                } else {
                    &mut used.corrected_rows
                };
                *count += 1;
            }
            labels.push(verdict.copied().unwrap_or(given));
            judged.push(verdict.is_some());
        }
        used.cases_in_data = met.len() as u64;
        let mut open = Vec::new();
        for (case, label) in lessons {
            if self.test_ids.contains(&case.row) && !met.contains(&case.row) {
                used.in_test += 1;
            } else if !met.contains(&case.row) {
                open.push((case, label));
            }
        }
        Corrected { labels, judged, open }
    }
}
