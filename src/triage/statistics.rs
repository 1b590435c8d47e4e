//! Owns the figures of triage: verdicts by kind, lane and analyst, how far analysts agree, how often the model was right.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::case::{CaseState, Cases, Judgement, undone_groups};
use super::event::{CaseId, Change, Event, Lane};
use super::verdict::Verdict;

/// How many of each verdict, in the order of [`Verdict::ALL`]. Serialises with their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerdictCounts(pub [u64; 5]);

impl VerdictCounts {
    fn add(&mut self, verdict: Verdict) {
        self.0[place(verdict)] += 1;
    }

    /// How many of one.
    pub fn of(&self, verdict: Verdict) -> u64 {
        self.0[place(verdict)]
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

fn place(verdict: Verdict) -> usize {
    Verdict::ALL.iter().position(|v| *v == verdict).unwrap_or(0)
}

impl Serialize for VerdictCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (verdict, count) in Verdict::ALL.iter().zip(self.0) {
            map.serialize_entry(verdict.name(), &count)?;
        }
        map.end()
    }
}

/// The figures of everything that is kept.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Statistics {
    /// Cases that something was said of.
    pub cases: u64,
    /// Cases with a verdict.
    pub judged: u64,
    /// Events.
    pub events: u64,
    /// Cases by the verdict that stands.
    pub verdicts: VerdictCounts,
    /// The same by how they were come to.
    pub lanes: Vec<LaneCounts>,
    /// For each analyst the last verdict they gave on each case.
    pub analysts: Vec<AnalystCounts>,
    /// Pairs of analysts who have both judged a case.
    pub agreement: Vec<Agreement>,
    /// Flagged cases that people picked: how many were rightly flagged. What they picked, the model had chosen.
    pub precision: Precision,
    /// Cases drawn at random: what the model can be held to.
    pub random_audit: RandomAudit,
    /// Cases on which analysts contradict each other, by row id.
    pub conflicts: Vec<Conflict>,
}

/// Cases of a lane.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct LaneCounts {
    /// The lane.
    pub lane: Lane,
    /// Its verdicts.
    pub verdicts: VerdictCounts,
}

/// Cases an analyst has judged.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct AnalystCounts {
    /// Who.
    pub analyst: String,
    /// Their verdicts.
    pub verdicts: VerdictCounts,
}

/// How far two analysts agree on the cases that both have judged.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Agreement {
    /// The two, in the order of their names.
    pub analysts: [String; 2],
    /// Cases that both have judged.
    pub cases: u64,
    /// Those with the same verdict.
    pub agreed: u64,
    /// The second by the first.
    pub raw: f64,
    /// Cohen's kappa over the five verdicts: agreement beyond what chance gives, 1 at most. `None` where both have given one and
    /// the same verdict throughout, so that chance explains all.
    pub kappa: Option<f64>,
}

/// Precision by the run that scored and by the ISO week of the verdict (UTC).
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Precision {
    /// By run.
    pub by_run: Vec<PrecisionLine>,
    /// By week.
    pub by_week: Vec<PrecisionLine>,
}

/// Judged flagged cases of a run or a week. Contested ones are left out.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct PrecisionLine {
    /// The run, or the week: `2026-W48`.
    pub name: String,
    /// Their verdicts.
    pub verdicts: VerdictCounts,
    /// True positives by true and false positives; benign positives, duplicates and undetermined cases say nothing about it.
    pub precision: Option<f64>,
}

/// Cases drawn at random.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct RandomAudit {
    /// Cases with a verdict that says whether they are malicious.
    pub judged: u64,
    /// Of those, malicious ones.
    pub malicious: u64,
    /// Of those that were flagged, precision.
    pub precision: Precision,
    /// Judged cases that were not flagged.
    pub unflagged: u64,
    /// Of those, malicious ones: what the model missed.
    pub missed: u64,
}

/// A case on which analysts contradict each other.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Conflict {
    /// The case.
    #[serde(flatten)]
    pub case: CaseId,
    /// Its verdicts, the one that is shown first.
    pub verdicts: Vec<Said>,
}

/// Who said what when.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Said {
    /// The verdict.
    pub verdict: Verdict,
    /// Who.
    pub analyst: String,
    /// When.
    pub at: crate::artifacts::Timestamp,
}

impl Said {
    fn of(judgement: &Judgement) -> Self {
        Self {
            verdict: judgement.verdict,
            analyst: judgement.analyst.clone(),
            at: judgement.at,
        }
    }
}

impl Conflict {
    /// The contradiction in a case, if there is one.
    pub fn of(case: &CaseId, state: &CaseState) -> Option<Self> {
        let foremost = state.verdict.as_ref().filter(|_| !state.conflicts.is_empty())?;
        let said = std::iter::once(foremost).chain(&state.conflicts).map(Said::of);
        Some(Self {
            case: case.clone(),
            verdicts: said.collect(),
        })
    }
}

/// Precision while it is being counted.
#[derive(Default)]
struct PrecisionCounts {
    by_run: BTreeMap<String, VerdictCounts>,
    by_week: BTreeMap<String, VerdictCounts>,
}

impl PrecisionCounts {
    fn add(&mut self, judgement: &Judgement) {
        if let Some(score) = judgement.score.as_ref().filter(|score| score.flagged) {
            self.by_run.entry(score.run.clone()).or_default().add(judgement.verdict);
            self.by_week
                .entry(judgement.at.iso_week())
                .or_default()
                .add(judgement.verdict);
        }
    }

    fn lines(self) -> Precision {
        let lines = |counts: BTreeMap<String, VerdictCounts>| counts.into_iter().map(precision_line).collect();
        Precision {
            by_run: lines(self.by_run),
            by_week: lines(self.by_week),
        }
    }
}

fn precision_line((name, verdicts): (String, VerdictCounts)) -> PrecisionLine {
    let right = verdicts.of(Verdict::TruePositive);
    let told = right + verdicts.of(Verdict::FalsePositive);
    PrecisionLine {
        name,
        verdicts,
        precision: (told > 0).then(|| right as f64 / told as f64),
    }
}

impl Statistics {
    /// The figures of these cases.
    pub fn of(cases: &Cases) -> Self {
        let mut statistics = Self {
            cases: cases.len() as u64,
            ..Self::default()
        };
        let mut lanes: BTreeMap<Lane, VerdictCounts> = BTreeMap::new();
        let mut analysts: BTreeMap<String, VerdictCounts> = BTreeMap::new();
        let mut pairs: BTreeMap<[String; 2], [[u64; 5]; 5]> = BTreeMap::new();
        let (mut picked, mut drawn) = (PrecisionCounts::default(), PrecisionCounts::default());
        for (case, state) in cases.iter() {
            let history = cases.history(case);
            statistics.events += history.len() as u64;
            statistics.conflicts.extend(Conflict::of(case, state));
            let own = last_of_each(history);
            for (analyst, verdict) in &own {
                analysts.entry((*analyst).to_owned()).or_default().add(*verdict);
            }
            count_pairs(&own, &mut pairs);
            let Some(judgement) = &state.verdict else { continue };
            statistics.judged += 1;
            statistics.verdicts.add(judgement.verdict);
            lanes.entry(judgement.lane).or_default().add(judgement.verdict);
            if state.settled().is_none() {
                continue;
            }
            match judgement.lane {
                Lane::Picked => picked.add(judgement),
                Lane::RandomAudit => {
                    drawn.add(judgement);
                    statistics.random_audit.count(judgement);
                }
                // These were training rows: the model has seen their labels.
                Lane::LabelAudit => {}
            }
        }
        statistics.lanes = lanes
            .into_iter()
            .map(|(lane, verdicts)| LaneCounts { lane, verdicts })
            .collect();
        let counted = analysts.into_iter();
        statistics.analysts = counted
            .map(|(analyst, verdicts)| AnalystCounts { analyst, verdicts })
            .collect();
        statistics.agreement = pairs.into_iter().map(|(pair, table)| agreement(pair, &table)).collect();
        statistics.precision = picked.lines();
        statistics.random_audit.precision = drawn.lines();
        statistics.conflicts.sort_by(|a, b| a.case.cmp(&b.case));
        statistics
    }
}

impl RandomAudit {
    fn count(&mut self, judgement: &Judgement) {
        let Some(malicious) = judgement.verdict.malicious() else {
            return;
        };
        self.judged += 1;
        self.malicious += u64::from(malicious);
        if judgement.score.as_ref().is_some_and(|score| !score.flagged) {
            self.unflagged += 1;
            self.missed += u64::from(malicious);
        }
    }
}

/// The last verdict of each analyst on a case that counts; nobody who has taken theirs back.
fn last_of_each(history: &[Event]) -> BTreeMap<&str, Verdict> {
    let undone = undone_groups(history);
    let mut last = BTreeMap::new();
    for event in history.iter().filter(|event| !undone.contains(&event.group)) {
        if let Change::Judge { verdict, .. } = &event.change {
            match verdict {
                Some(verdict) => _ = last.insert(event.analyst.as_str(), *verdict),
                None => _ = last.remove(event.analyst.as_str()),
            }
        }
    }
    last
}

/// Puts a case into the table of every pair that has judged it: rows are the first one's verdicts.
fn count_pairs(own: &BTreeMap<&str, Verdict>, pairs: &mut BTreeMap<[String; 2], [[u64; 5]; 5]>) {
    for (at, (first, one)) in own.iter().enumerate() {
        for (second, other) in own.iter().skip(at + 1) {
            let pair = [(*first).to_owned(), (*second).to_owned()];
            pairs.entry(pair).or_default()[place(*one)][place(*other)] += 1;
        }
    }
}

/// Cohen 1960: (observed - expected) / (1 - expected), expected from both analysts' own shares.
fn agreement(analysts: [String; 2], table: &[[u64; 5]; 5]) -> Agreement {
    let cases: u64 = table.iter().flatten().sum();
    let agreed: u64 = (0..5).map(|v| table[v][v]).sum();
    let by_chance: u64 = (0..5)
        .map(|v| table[v].iter().sum::<u64>() * table.iter().map(|row| row[v]).sum::<u64>())
        .sum();
    let n = cases as f64;
    let raw = agreed as f64 / n;
    let expected = by_chance as f64 / (n * n);
    Agreement {
        analysts,
        cases,
        agreed,
        raw,
        kappa: (by_chance < cases * cases).then(|| (raw - expected) / (1.0 - expected)),
    }
}
