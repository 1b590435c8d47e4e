//! Owns cross-validation folds that keep the class mix, and groups together.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::error::{SplitError, class_name};
use super::{Units, check_labels, check_length};

/// One fold: positions in the slices that were given (0-based), each side in ascending order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows to validate on.
    pub validation: Vec<usize>,
}

/// Divides rows into `k` folds, each row validated on exactly once, with nearly the same class mix in each. With
/// `groups`, rows of one group stay together (a greedy balance from the largest group down, in the manner of
/// scikit-learn's `StratifiedGroupKFold`). The same input and seed give the same folds.
///
/// # Errors
/// No rows, differing lengths, one class only, fewer than 2 folds, or more folds than a class has groups (or rows): the
/// message says how many are possible.
pub fn folds(labels: &[bool], groups: Option<&[u64]>, k: usize, seed: u64) -> Result<Vec<Fold>, SplitError> {
    if k < 2 {
        return Err(SplitError::Folds(k));
    }
    check_labels(labels)?;
    let units = match groups {
        Some(groups) => {
            check_length("the column of groups", groups.len(), labels)?;
            Units::grouped(groups, labels)
        }
        None => Units::rows(labels),
    };
    check_enough(&units, k)?;
    let fold_of_unit = balance(&units, k, seed);
    let mut validation: Vec<Vec<usize>> = vec![Vec::new(); k];
    for (row, unit) in units.of_row.iter().enumerate() {
        if let Some(rows) = fold_of_unit.get(*unit).and_then(|&fold| validation.get_mut(fold)) {
            rows.push(row);
        }
    }
    for (i, rows) in validation.iter().enumerate() {
        check_classes(i, rows, labels)?;
    }
    Ok(validation
        .into_iter()
        .map(|validation| Fold {
            train: others(labels.len(), &validation),
            validation,
        })
        .collect())
}

/// `Ok` if each class has a unit for each fold.
fn check_enough(units: &Units, k: usize) -> Result<(), SplitError> {
    let counts = [true, false].map(|malicious| (units.of_class(malicious).len(), malicious));
    let [first, second] = counts;
    let (fewest, malicious) = if second.0 < first.0 { second } else { first };
    if fewest >= k {
        return Ok(());
    }
    Err(units.too_few(malicious, fewest, k))
}

/// The fold of each unit. Units are dealt from the largest down (equal ones in random order), each to the fold in which
/// it leaves the classes spread most evenly, then to the fold with fewest rows, then to the first.
fn balance(units: &Units, k: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..units.all.len()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order.sort_by_key(|&unit| std::cmp::Reverse(units.get(unit).rows()));
    let total = |malicious: bool| {
        let rows: usize = units
            .all
            .iter()
            .map(|unit| if malicious { unit.malicious } else { unit.benign })
            .sum();
        (rows as f64).powi(2).max(1.0)
    };
    let (malicious_weight, benign_weight) = (1.0 / total(true), 1.0 / total(false));
    let mut dealt = vec![super::Unit::default(); k];
    let mut fold_of_unit = vec![0; units.all.len()];
    for unit in order {
        let counts = units.get(unit);
        // Adding m rows to a fold that has M raises the sum of squares, and so the variance of the class's shares over
        // the folds, by 2 M m + m^2; only the first part depends on the fold.
        let unevenness = |fold: &super::Unit| {
            (fold.malicious * counts.malicious) as f64 * malicious_weight
                + (fold.benign * counts.benign) as f64 * benign_weight
        };
        let best = dealt
            .iter_mut()
            .enumerate()
            .min_by(|(_, a), (_, b)| unevenness(a).total_cmp(&unevenness(b)).then(a.rows().cmp(&b.rows())));
        if let (Some((fold, into)), Some(slot)) = (best, fold_of_unit.get_mut(unit)) {
            into.malicious += counts.malicious;
            into.benign += counts.benign;
            *slot = fold;
        }
    }
    fold_of_unit
}

/// Groups of mixed labels can leave a fold without a class although there are enough groups.
fn check_classes(fold: usize, rows: &[usize], labels: &[bool]) -> Result<(), SplitError> {
    for malicious in [true, false] {
        if !rows.iter().any(|&row| labels.get(row) == Some(&malicious)) {
            return Err(SplitError::ClassMissing {
                part: format!("fold {}", fold + 1),
                class: class_name(malicious),
                advice: "too many groups of identical rows have both labels; use fewer folds, or --split stratified",
            });
        }
    }
    Ok(())
}

/// All rows but these, which are in ascending order.
fn others(rows: usize, without: &[usize]) -> Vec<usize> {
    let mut without = without.iter().copied().peekable();
    (0..rows).filter(|&row| without.next_if_eq(&row).is_none()).collect()
}
