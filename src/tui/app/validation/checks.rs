//! Owns the order in which checks are shown: what failed first, the gravest on top, the rest folded.

use crate::worker::{CheckOutcome, CheckStatus, Scope, Severity, ValidationOutcome};

/// A line of the list of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckItem {
    /// A check, by its place in the report.
    Check(usize),
    /// What stands for all checks that ended this way, and whether they are shown below.
    Fold {
        /// How they ended.
        status: CheckStatus,
        /// How many.
        count: usize,
        /// Whether they are shown.
        open: bool,
    },
}

/// Which folds are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folds {
    /// Checks that passed.
    pub passed: bool,
    /// Checks that were left out.
    pub skipped: bool,
}

impl Folds {
    /// The switch of the fold for that ending; failures are never folded.
    pub fn of(&mut self, status: CheckStatus) -> Option<&mut bool> {
        match status {
            CheckStatus::Passed => Some(&mut self.passed),
            CheckStatus::Skipped => Some(&mut self.skipped),
            CheckStatus::Failed => None,
        }
    }
}

/// The lines, in order.
pub fn items(checks: &[CheckOutcome], folds: Folds) -> Vec<CheckItem> {
    let with = |status: CheckStatus| {
        let places = checks
            .iter()
            .enumerate()
            .filter(move |(_, check)| check.status == status);
        places.map(|(at, _)| at)
    };
    let mut failed: Vec<usize> = with(CheckStatus::Failed).collect();
    failed.sort_by_key(|at| {
        let check = &checks[*at];
        let of_file = check.scope == Scope::File && check.severity == Severity::Block;
        std::cmp::Reverse((check.severity, of_file, check.failing_rows))
    });
    let mut items: Vec<CheckItem> = failed.into_iter().map(CheckItem::Check).collect();
    for (status, open) in [
        (CheckStatus::Passed, folds.passed),
        (CheckStatus::Skipped, folds.skipped),
    ] {
        let count = with(status).count();
        if count > 0 {
            items.push(CheckItem::Fold { status, count, open });
            if open {
                items.extend(with(status).map(CheckItem::Check));
            }
        }
    }
    items
}

/// How many checks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Failed, by severity: `block`, `warn`, `info`.
    pub failed: [usize; 3],
    /// Passed.
    pub passed: usize,
    /// Left out.
    pub skipped: usize,
}

impl Counts {
    /// Of these checks.
    pub fn of(checks: &[CheckOutcome]) -> Self {
        let mut counts = Self::default();
        for check in checks {
            match (check.status, check.severity) {
                (CheckStatus::Passed, _) => counts.passed += 1,
                (CheckStatus::Skipped, _) => counts.skipped += 1,
                (CheckStatus::Failed, Severity::Block) => counts.failed[0] += 1,
                (CheckStatus::Failed, Severity::Warn) => counts.failed[1] += 1,
                (CheckStatus::Failed, Severity::Info) => counts.failed[2] += 1,
            }
        }
        counts
    }
}

/// A check's name with its column.
pub fn title(check: &CheckOutcome) -> String {
    match &check.column {
        Some(column) => format!("{} {column}", check.id),
        None => check.id.clone(),
    }
}

/// Lines of the rows that fail a check, as far as they are known.
pub fn failing_lines(outcome: &ValidationOutcome, at: usize) -> &[u64] {
    outcome.failing_lines.get(at).map_or(&[], Vec::as_slice)
}
