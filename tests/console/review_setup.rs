//! What stands in a worker that reviews at first: the scored file, its cases and their names.

use std::path::PathBuf;

use nsec_tui::browse::{ColumnInfo, ColumnKind};
use nsec_tui::worker::{Judgement, OpenedReview, RowId, StoreState, Verdict};
use serde_json::json;

/// The run that scored the file.
pub(super) const SCORED_BY: &str = "20261127T081500Z-1a2b";

/// The columns of the file.
pub(super) const COLUMNS: [&str; 6] = [
    "having_IP_Address",
    "URL_Length",
    "service",
    "SSLfinal_State",
    "web_traffic",
    "Result",
];

/// What stands in the world at first.
#[derive(Clone)]
pub(super) struct Setup {
    /// Cases.
    pub(super) cases: usize,
    /// The first so many of them are judged.
    pub(super) judged: usize,
    /// The third is contradicted.
    pub(super) conflict: bool,
    /// Cells, reasons and names try to act on the terminal.
    pub(super) hostile: bool,
    /// The file as it is opened.
    pub(super) opened: OpenedReview,
}

/// A file of some cases that nobody has judged.
pub(super) fn setup(cases: usize) -> Setup {
    let column = |name: &&str| ColumnInfo {
        name: (*name).to_owned(),
        kind: ColumnKind::Integer,
    };
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    Setup {
        cases,
        judged: 0,
        conflict: false,
        hostile: false,
        opened: OpenedReview {
            path: PathBuf::from("/srv/phishing/prediction_output/output.csv"),
            name: "output.csv".to_owned(),
            schema: "phishing".to_owned(),
            run: SCORED_BY.to_owned(),
            without_model: None,
            threshold: Some(0.4123),
            columns: COLUMNS.iter().map(column).collect(),
            rows: 11_055,
            cases: 5_849,
            flagged: cases as u64,
            risk: [4_000, 600, 700, 549],
            rejected: Some((37, PathBuf::from("/srv/phishing/prediction_output/rejects.csv"))),
            label_audit: false,
            analyst: "ana".to_owned(),
            store: StoreState::Ready,
            reasons: vec![
                (Verdict::TruePositive, codes(&["phishing", "malware", "other"])),
                (Verdict::FalsePositive, codes(&["known_good", "model_error"])),
            ],
            tags: codes(&["follow-up", "escalated", "campaign"]),
            list_columns: codes(&["service", "URL_Length"]),
            saved_queues: Vec::new(),
            bulk_confirm: 50,
            suppression_days: 30,
        },
    }
}

/// A case's name.
pub(super) fn id(at: usize) -> RowId {
    RowId(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(at as u64 + 1))
}

/// A verdict as it stands in a case.
pub(super) fn judgement(verdict: Verdict, analyst: &str, at: usize) -> Judgement {
    serde_json::from_value(json!({
        "event": format!("00000000-0000-7000-8000-{at:012x}"),
        "verdict": verdict.name(), "reason": null, "analyst": analyst,
        "at": "2026-11-27T09:30:00.000Z", "lane": "picked", "score": null,
    }))
    .unwrap()
}
