//! A worker that reviews: it holds some cases, shows them by queue and filter, and takes decisions back and forth. Far
//! simpler than the real one, but what it answers fits together.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use nsec_tui::browse::Direction;
use nsec_tui::worker::{
    Action, Card, CaseState, Change, Decided, Decision, Job, Judgement, Kept, Kind, Progress, Queue, QueueView, Reply,
    Report, ReviewJob, ReviewPage, ReviewRow, RiskLevel, RowId, Selection, Verdict,
};
use serde_json::json;

use super::review_setup::{COLUMNS, judgement};
pub(super) use super::review_setup::{SCORED_BY, Setup, id, setup};
use super::world::{World, done, failed};

struct Engine {
    setup: Setup,
    states: Vec<CaseState>,
    view: Vec<usize>,
    queue: Queue,
    filters: Vec<String>,
    /// What was decided, to be taken back: the words, and the states before.
    done: Vec<Group>,
    undone: Vec<Group>,
    today: [u64; 3],
}

#[derive(Clone)]
struct Group {
    what: String,
    change: Vec<(usize, CaseState, CaseState)>,
}

impl Engine {
    fn new(setup: Setup) -> Self {
        let mut states = vec![CaseState::default(); setup.cases];
        for (at, state) in states.iter_mut().enumerate().take(setup.judged) {
            state.verdict = Some(judgement(Verdict::ALL[at % 5], "ana", at));
        }
        if setup.conflict {
            states[2].verdict = Some(judgement(Verdict::FalsePositive, "mira", 900));
            states[2].conflicts = vec![judgement(Verdict::TruePositive, "ana", 901)];
            "looked at twice".clone_into(&mut states[2].note);
            states[2].tags.insert("escalated".to_owned());
        }
        Self {
            states,
            view: (0..setup.cases).collect(),
            queue: Queue::TopRisk,
            filters: Vec::new(),
            done: Vec::new(),
            undone: Vec::new(),
            today: [0; 3],
            setup,
        }
    }

    fn cell(&self, at: usize, column: usize) -> String {
        match column {
            2 if self.setup.hostile && at == 1 => "ht\u{1b}[2Jtp\u{202e}evil".to_owned(),
            2 => ["http", "dns", "ssh"][at % 3].to_owned(),
            column => ["1", "0", "-1"][(at + column) % 3].to_owned(),
        }
    }

    fn row(&self, at: usize, columns: &[usize]) -> ReviewRow {
        let probability = 0.99 - 0.6 * at as f64 / self.setup.cases.max(2) as f64;
        let risk = match probability {
            p if p > 0.73 => RiskLevel::Critical,
            p if p > 0.47 => RiskLevel::High,
            _ => RiskLevel::Medium,
        };
        let reason = if self.setup.hostile && at == 1 {
            "SSL\u{1b}]52;c;eA==\u{7}State = -1 (+.3)".to_owned()
        } else {
            format!("{} = -1 (+.{})", COLUMNS[3 + at % 2], 30 + at % 40)
        };
        ReviewRow {
            row: id(at),
            ordinal: at as u64 * 9,
            copies: if at % 4 == 1 { 3 } else { 1 },
            probability,
            confidence: probability.max(1.0 - probability),
            flagged: true,
            risk,
            action: if risk == RiskLevel::Critical {
                Action::Block
            } else {
                Action::Investigate
            },
            reason,
            state: self.states[at].clone(),
            suppressed: (self.setup.conflict && at == 4).then(|| "service = 'dns' and web_traffic = 1".to_owned()),
            cells: columns.iter().map(|column| self.cell(at, *column)).collect(),
        }
    }

    fn at_of(&self, row: RowId) -> Option<usize> {
        (0..self.setup.cases).find(|at| id(*at) == row)
    }

    fn progress(&self) -> Progress {
        let judged = self
            .view
            .iter()
            .filter(|at| self.states[**at].verdict.is_some())
            .count() as u64;
        let [today, right, wrong] = self.today;
        Progress {
            judged,
            of: self.view.len() as u64,
            conflicts: self.states.iter().filter(|state| !state.conflicts.is_empty()).count() as u64,
            today,
            today_right: right,
            today_wrong: wrong,
            per_hour: (today > 0).then_some(180.0),
            ..Progress::default()
        }
    }

    fn meets(&self, at: usize, filter: &str) -> bool {
        let value = filter.split('\'').nth(1).unwrap_or(filter);
        let risk = self.row(at, &[]).risk;
        let has = risk.name() == value || (0..COLUMNS.len()).any(|column| self.cell(at, column) == value);
        has != (filter.contains("!=") || filter.contains("<>"))
    }

    fn arrange(&mut self, queue: &Queue, filters: &[String], keep: Option<RowId>) -> Vec<Report> {
        if let Some(wrong) = filters.iter().find(|filter| filter.contains("= =")) {
            return failed(&format!("at character 8: `=` is not expected in {wrong}"), &[]);
        }
        let meets = |at: &usize| {
            let state = &self.states[*at];
            let queued = match queue {
                Queue::Unreviewed => state.verdict.is_none(),
                Queue::Mine => state.verdict.is_some(),
                Queue::Conflicts => !state.conflicts.is_empty(),
                Queue::Suppressed => false,
                _ => true,
            };
            queued && filters.iter().all(|filter| self.meets(*at, filter))
        };
        self.view = (0..self.setup.cases).filter(meets).collect();
        self.queue = queue.clone();
        self.filters = filters.to_vec();
        self.shown(keep)
    }

    fn shown(&self, keep: Option<RowId>) -> Vec<Report> {
        let kept = keep.and_then(|row| self.view.iter().position(|at| id(*at) == row));
        done(Reply::Queue(QueueView {
            number: 1,
            queue: self.queue.clone(),
            filters: self.filters.clone(),
            cases: self.view.len() as u64,
            at: kept.map(|at| at as u64),
            progress: self.progress(),
        }))
    }

    /// The next place from one on that suits, going round.
    fn seek(&self, from: u64, direction: Direction, suits: impl Fn(usize) -> bool) -> Option<u64> {
        let len = self.view.len();
        (1..=len)
            .map(|step| match direction {
                Direction::Forward => (from as usize + step) % len,
                Direction::Backward => (from as usize + len * 2 - step) % len,
            })
            .find(|place| suits(self.view[*place]))
            .map(|place| place as u64)
    }

    fn decide(&mut self, decision: &Decision) -> Vec<Report> {
        let (cases, hidden): (Vec<usize>, usize) = match &decision.selection {
            Selection::View => (self.view.clone(), 0),
            Selection::Cases(rows) => {
                let all: Vec<usize> = rows.iter().filter_map(|row| self.at_of(*row)).collect();
                let shown: BTreeSet<usize> = self.view.iter().copied().collect();
                let kept: Vec<usize> = all
                    .iter()
                    .copied()
                    .filter(|at| all.len() == 1 || shown.contains(at))
                    .collect();
                let hidden = all.len() - kept.len();
                (kept, hidden)
            }
        };
        let mut group = Group {
            what: String::new(),
            change: Vec::new(),
        };
        for at in &cases {
            let before = self.states[*at].clone();
            let mut after = before.clone();
            match &decision.change {
                Change::Judge { verdict, reason } => {
                    after.verdict = verdict.map(|verdict| Judgement {
                        reason: reason.clone(),
                        ..judgement(verdict, "ana", 1_000 + *at)
                    });
                    after.conflicts.clear();
                    verdict.map_or("no verdict", Verdict::words).clone_into(&mut group.what);
                    self.today[0] += 1;
                    self.today[1] += u64::from(*verdict == Some(Verdict::TruePositive));
                    self.today[2] += u64::from(*verdict == Some(Verdict::FalsePositive));
                }
                Change::Reason { reason } => {
                    if let Some(judgement) = &mut after.verdict {
                        judgement.reason.clone_from(reason);
                    }
                    group.what = format!("reason {}", reason.as_deref().unwrap_or("taken away"));
                }
                Change::Note { text } => {
                    after.note.clone_from(text);
                    "note".clone_into(&mut group.what);
                }
                Change::Tag { tag, on } => {
                    if *on {
                        after.tags.insert(tag.clone());
                    } else {
                        after.tags.remove(tag);
                    }
                    group.what = format!("tag {tag} {}", if *on { "on" } else { "off" });
                }
                Change::Undo { .. } | Change::Redo { .. } => {}
            }
            self.states[*at] = after.clone();
            group.change.push((*at, before, after));
        }
        if cases.len() > 1 {
            group.what.push_str(&format!(" on {} cases", cases.len()));
        }
        self.undone.clear();
        let what = group.what.clone();
        self.done.push(group);
        self.decided(what, cases.len() as u64, hidden as u64, None)
    }

    fn decided(&self, what: String, cases: u64, hidden: u64, at: Option<u64>) -> Vec<Report> {
        done(Reply::Decided(Decided {
            what,
            cases,
            hidden,
            kept: Kept::Stored,
            progress: self.progress(),
            conflicts: 0,
            at,
        }))
    }

    fn take_back(&mut self, redo: bool) -> Vec<Report> {
        let from = if redo { &mut self.undone } else { &mut self.done };
        let Some(group) = from.pop() else {
            let what = if redo {
                "there is nothing to decide again"
            } else {
                "there is nothing to take back"
            };
            return failed(what, &[]);
        };
        for (at, before, after) in &group.change {
            self.states[*at] = if redo { after.clone() } else { before.clone() };
        }
        let at = group
            .change
            .first()
            .and_then(|(at, ..)| self.view.iter().position(|of| of == at));
        let lead = if redo { "decided again" } else { "taken back" };
        let what = format!("{lead}: {}", group.what);
        let cases = group.change.len() as u64;
        if redo { &mut self.done } else { &mut self.undone }.push(group);
        self.decided(what, cases, 0, at.map(|at| at as u64))
    }

    fn card(&self, place: u64) -> Vec<Report> {
        let Some(at) = self.view.get(place as usize).copied() else {
            return failed("there is no such case", &[]);
        };
        let row = serde_json::to_value(self.row(at, &[2, 1])).unwrap();
        let column = |column: usize, share: f64, usual: &str| {
            json!({"column": COLUMNS[column], "value": self.cell(at, column), "share": share, "usual": usual,
                "unseen": column == 2 && at == 1, "drifted": column == 4})
        };
        let verdict = self.states[at].verdict.as_ref();
        let history: Vec<_> = verdict
            .iter()
            .map(|judgement| {
                json!({"at": "2026-11-27 09:30", "analyst": judgement.analyst, "what": judgement.verdict.words(),
                    "undone": false, "lane": "picked"})
            })
            .collect();
        let card = json!({
            "row": row, "at": place,
            "columns": [
                column(3, 0.31, "-1 in 14 %, 1 in 71 %"),
                column(4, 0.22, "median 0.3, 90 % within 0 to 12"),
                column(1, -0.18, "1 in 80 %"),
                column(2, 0.07, "http in 61 %, dns in 20 %"),
                column(0, -0.02, "1 in 93 %"),
            ],
            "other": [["Result", "1"]],
            "smallest_change": {"fields": [{"column": "SSLfinal_State", "from": {"int": 1}, "to": {"int": -1}}],
                "before": 0.97, "after": 0.314, "distance": 0.03, "scored": 120},
            "neighbours": [
                {"source": {"from": "judged", "row": id(at + 1), "verdict": "false_positive", "analyst": "mira"},
                    "distance": 0.03, "differs": [["web_traffic", "1", "-1"]], "differences": 1},
                {"source": {"from": "training", "row": 4_711, "malicious": true},
                    "distance": 0.0, "differs": [], "differences": 0},
            ],
            "reliability": {"from": 0.85, "to": 0.95, "rows": 214, "malicious": 207, "judged": 12, "true_positives": 11},
            "history": history, "missing": [],
        });
        let card: Card = serde_json::from_value(card).unwrap();
        done(Reply::Card(Box::new(card)))
    }

    fn answer(&mut self, job: &ReviewJob) -> Vec<Report> {
        match job {
            ReviewJob::Open { .. } => done(Reply::ReviewOpened(Box::new(self.setup.opened.clone()))),
            ReviewJob::Arrange { queue, filters, keep } => self.arrange(queue, filters, *keep),
            ReviewJob::Similar { row, differences } => {
                let Some(like) = self.at_of(*row) else {
                    return Vec::new();
                };
                self.view = (0..self.setup.cases)
                    .filter(|at| at % 7 == like % 7)
                    .take(differences * 2)
                    .collect();
                self.shown(Some(*row))
            }
            ReviewJob::InView { rows } => {
                let shown = rows.iter().filter(|row| self.view.iter().any(|at| id(*at) == **row));
                done(Reply::InView(shown.copied().collect()))
            }
            ReviewJob::Page {
                first, count, columns, ..
            } => {
                let rows = self.view.iter().skip(*first as usize).take(*count);
                let rows = rows.map(|at| self.row(*at, columns)).collect();
                done(Reply::Cases(ReviewPage { first: *first, rows }))
            }
            ReviewJob::NextUnreviewed { from, direction } => {
                let found = self.seek(*from, *direction, |at| self.states[at].verdict.is_none());
                done(Reply::CaseAt(found))
            }
            ReviewJob::Find {
                text, from, direction, ..
            } => {
                let has = |at| (0..COLUMNS.len()).any(|column| self.cell(at, column).contains(text.as_str()));
                done(Reply::CaseAt(self.seek(*from, *direction, has)))
            }
            ReviewJob::Card { at } => self.card(*at),
            ReviewJob::Decide(decision) => self.decide(decision),
            ReviewJob::Undo => self.take_back(false),
            ReviewJob::Redo => self.take_back(true),
            _ => Vec::new(),
        }
    }
}

/// Teaches a world to review.
pub(super) fn reviewing(world: World, setup: Setup) -> World {
    let engine = Rc::new(RefCell::new(Engine::new(setup)));
    let kinds = [
        Kind::Review,
        Kind::Queue,
        Kind::Marks,
        Kind::Cases,
        Kind::Seek,
        Kind::Card,
        Kind::Decide,
    ];
    kinds.into_iter().fold(world, |world, kind| {
        let engine = Rc::clone(&engine);
        world.on(kind, move |job| match job {
            Job::Review(job) => engine.borrow_mut().answer(job),
            _ => Vec::new(),
        })
    })
}
