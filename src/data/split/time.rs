//! Owns splits and folds in the order of time: train on the past, test on what came after.

use super::error::{SplitError, class_name};
use super::folds::Fold;
use super::{Split, check_labels, check_length};

/// The latest rows are the test rows.
pub(super) fn time_split(times: &[Option<i64>], labels: &[bool], test_fraction: f64) -> Result<Split, SplitError> {
    check_length("the column of times", times.len(), labels)?;
    let ordered = in_order_of_time(times)?;
    let rows = ordered.len();
    let target = rows - (rows as f64 * test_fraction).round() as usize;
    let cut = nearest_change(&ordered, target).ok_or(SplitError::TooFewTimes {
        parts: 2,
        advice: "all rows have the same time; use --split grouped",
    })?;
    let train = rows_between(&ordered, 0, cut);
    needs_both_classes(&train, labels, || {
        "the training side of the time split (its earliest rows)".to_owned()
    })?;
    Ok(Split {
        train,
        test: rows_between(&ordered, cut, rows),
    })
}

/// Folds with an expanding window: the rows are cut by time into `k + 1` parts of nearly equal size, and fold `i` trains
/// on the first `i` of them and is validated on the next. Rows of one time stay in one part. Unlike in other folds,
/// the earliest part is never validated on. A validation part can lack a class, a training part cannot.
///
/// # Errors
/// No rows, differing lengths, one class only, fewer than 2 folds, rows without a time, too few different times for so
/// many folds, or a training part with one class only.
pub fn time_folds(times: &[Option<i64>], labels: &[bool], k: usize) -> Result<Vec<Fold>, SplitError> {
    const ADVICE: &str = "use fewer folds, or --split grouped";
    if k < 2 {
        return Err(SplitError::Folds(k));
    }
    check_labels(labels)?;
    check_length("the column of times", times.len(), labels)?;
    let ordered = in_order_of_time(times)?;
    let rows = ordered.len();
    let too_few = || SplitError::TooFewTimes {
        parts: k.saturating_add(1),
        advice: ADVICE,
    };
    if k >= rows {
        return Err(too_few());
    }
    let mut cuts = Vec::new();
    for part in 1..=k {
        let target = (rows as u128 * part as u128 / (k as u128 + 1)) as usize;
        let cut = nearest_change(&ordered, target).ok_or_else(too_few)?;
        if cuts.last().is_some_and(|&last| cut <= last) {
            return Err(too_few());
        }
        cuts.push(cut);
    }
    cuts.push(rows);
    let mut folds = Vec::with_capacity(k);
    for (i, (&from, &to)) in cuts.iter().zip(cuts.iter().skip(1)).enumerate() {
        let train = rows_between(&ordered, 0, from);
        needs_both_classes(&train, labels, || format!("the training part of time fold {}", i + 1))?;
        folds.push(Fold {
            train,
            validation: rows_between(&ordered, from, to),
        });
    }
    Ok(folds)
}

/// Times with their rows, in order; rows of one time in row order.
fn in_order_of_time(times: &[Option<i64>]) -> Result<Vec<(i64, usize)>, SplitError> {
    let mut ordered: Vec<(i64, usize)> = times
        .iter()
        .enumerate()
        .filter_map(|(row, time)| time.map(|time| (time, row)))
        .collect();
    if let Some(first) = times.iter().position(Option::is_none) {
        let missing = times.len() - ordered.len();
        return Err(SplitError::RowsWithoutTime {
            missing,
            rows: times.len(),
            first: first + 1,
        });
    }
    ordered.sort_unstable();
    Ok(ordered)
}

/// The place nearest to `target` where the time changes, with rows on both sides of it; the earlier of two equally near.
fn nearest_change(ordered: &[(i64, usize)], target: usize) -> Option<usize> {
    let target = target.min(ordered.len().checked_sub(1)?);
    let at = ordered.get(target)?.0;
    let before = ordered.partition_point(|&(time, _)| time < at);
    let after = ordered.partition_point(|&(time, _)| time <= at);
    let earlier = Some(before).filter(|&cut| cut > 0);
    let later = Some(after).filter(|&cut| cut < ordered.len());
    match (earlier, later) {
        (Some(earlier), Some(later)) if later - target < target - earlier => Some(later),
        (earlier, later) => earlier.or(later),
    }
}

fn rows_between(ordered: &[(i64, usize)], from: usize, to: usize) -> Vec<usize> {
    let mut rows: Vec<usize> = ordered
        .get(from..to)
        .unwrap_or_default()
        .iter()
        .map(|&(_, row)| row)
        .collect();
    rows.sort_unstable();
    rows
}

fn needs_both_classes(rows: &[usize], labels: &[bool], part: impl Fn() -> String) -> Result<(), SplitError> {
    for malicious in [true, false] {
        if !rows.iter().any(|&row| labels.get(row) == Some(&malicious)) {
            return Err(SplitError::ClassMissing {
                part: part(),
                class: class_name(malicious),
                advice: "give data in which both classes occur early, use fewer folds, or --split grouped",
            });
        }
    }
    Ok(())
}
