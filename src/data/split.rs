//! Owns the split of rows into training and test rows, and how many test rows were seen in training.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

mod error;
mod folds;
mod time;

pub use error::SplitError;
pub use folds::{Fold, folds};
pub use time::time_folds;

use error::class_name;

/// How rows are divided into training and test rows.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum SplitStrategy {
    /// Rows with identical features stay on one side, so that no test row was seen in training.
    #[default]
    Grouped,
    /// At random within each class. Copies of a row land on both sides, and scores look better than they are.
    Stratified,
    /// The latest rows are the test rows, as when a model meets tomorrow's traffic.
    Time,
}

impl SplitStrategy {
    /// All strategies.
    pub const ALL: [Self; 3] = [Self::Grouped, Self::Stratified, Self::Time];

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grouped => "grouped",
            Self::Stratified => "stratified",
            Self::Time => "time",
        }
    }
}

impl fmt::Display for SplitStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for SplitStrategy {
    type Err = SplitError;

    fn from_str(text: &str) -> Result<Self, SplitError> {
        Self::ALL
            .into_iter()
            .find(|strategy| strategy.name() == text)
            .ok_or_else(|| SplitError::UnknownStrategy(text.chars().take(80).collect()))
    }
}

/// What a split goes by; one entry a row.
#[derive(Clone, Copy, Debug)]
pub struct SplitInput<'a> {
    /// Equal for rows with identical features: a hash of the feature vector.
    pub groups: &'a [u64],
    /// True for malicious.
    pub labels: &'a [bool],
    /// When each row happened, in any unit; only a time split reads it.
    pub times: Option<&'a [Option<i64>]>,
}

/// Row numbers (0-based) of both sides, each in ascending order. Together they are all rows, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows to test on, once, at the end.
    pub test: Vec<usize>,
}

/// Divides rows into training and test rows. The same input and seed give the same split.
///
/// - Grouped: groups are drawn at random among those that are mostly malicious and those that are not, so that both
///   sides have the same mix. The test side differs from the share asked for by at most the rows of the largest group,
///   or of the smallest where a class would otherwise be missing from a side.
/// - Stratified: rows are drawn at random within each class; the share is met to the row.
/// - Time: the latest rows are the test rows; the seed plays no part. Rows of one time stay on one side, at the change
///   of time nearest to the share asked for. The test side can lack a class, the training side cannot.
///
/// # Errors
/// No rows, differing lengths, a fraction that is not between 0 and 1, one class only, a class with fewer than two units
/// to divide, rows without a time in a time split, or rows that all have the same time.
pub fn split(
    strategy: SplitStrategy,
    input: &SplitInput<'_>,
    test_fraction: f64,
    seed: u64,
) -> Result<Split, SplitError> {
    if !(test_fraction > 0.0 && test_fraction < 1.0) {
        return Err(SplitError::TestFraction(test_fraction));
    }
    check_labels(input.labels)?;
    match strategy {
        SplitStrategy::Grouped => {
            check_length("the column of groups", input.groups.len(), input.labels)?;
            random_split(&Units::grouped(input.groups, input.labels), test_fraction, seed)
        }
        SplitStrategy::Stratified => random_split(&Units::rows(input.labels), test_fraction, seed),
        SplitStrategy::Time => {
            let times = input.times.ok_or(SplitError::NoTimes)?;
            time::time_split(times, input.labels, test_fraction)
        }
    }
}

/// The share of test rows whose group (feature vector) is among the training rows, 0 to 1; 0 without test rows. Row
/// numbers beyond the end of `groups` count as unseen.
pub fn seen_in_train(groups: &[u64], train: &[usize], test: &[usize]) -> f64 {
    if test.is_empty() {
        return 0.0;
    }
    let known: HashSet<u64> = train.iter().filter_map(|&row| groups.get(row).copied()).collect();
    let seen = test
        .iter()
        .filter(|&&row| groups.get(row).is_some_and(|group| known.contains(group)))
        .count();
    seen as f64 / test.len() as f64
}

/// `Ok` if there are rows of both classes.
fn check_labels(labels: &[bool]) -> Result<(), SplitError> {
    let first = *labels.first().ok_or(SplitError::Empty)?;
    if labels.iter().all(|&label| label == first) {
        return Err(SplitError::OneClass {
            rows: labels.len(),
            class: class_name(first),
        });
    }
    Ok(())
}

fn check_length(what: &'static str, rows: usize, labels: &[bool]) -> Result<(), SplitError> {
    if rows == labels.len() {
        Ok(())
    } else {
        Err(SplitError::Lengths {
            what,
            rows,
            labels: labels.len(),
        })
    }
}

/// Rows of one unit.
#[derive(Clone, Copy, Debug, Default)]
struct Unit {
    benign: usize,
    malicious: usize,
}

impl Unit {
    fn rows(self) -> usize {
        self.benign + self.malicious
    }

    /// The class it is drawn with; evenly mixed ones count as malicious.
    fn is_malicious(self) -> bool {
        self.malicious >= self.benign
    }
}

/// What is kept together when rows are drawn.
#[derive(Clone, Copy)]
enum Kept {
    /// Nothing: each row for itself.
    Rows,
    /// Rows with identical features.
    Groups,
}

/// Rows in units that are drawn whole.
struct Units {
    /// The unit of each row. Units are numbered by their first row, never by their hash.
    of_row: Vec<usize>,
    all: Vec<Unit>,
    /// What is kept together.
    kept: Kept,
}

impl Units {
    fn grouped(groups: &[u64], labels: &[bool]) -> Self {
        let mut numbers: HashMap<u64, usize> = HashMap::new();
        let mut units: Vec<Unit> = Vec::new();
        let of_row = groups
            .iter()
            .zip(labels)
            .map(|(&group, &label)| {
                let number = *numbers.entry(group).or_insert(units.len());
                if number == units.len() {
                    units.push(Unit::default());
                }
                if let Some(unit) = units.get_mut(number) {
                    unit.malicious += usize::from(label);
                    unit.benign += usize::from(!label);
                }
                number
            })
            .collect();
        Self {
            of_row,
            all: units,
            kept: Kept::Groups,
        }
    }

    fn rows(labels: &[bool]) -> Self {
        let unit = |&label: &bool| Unit {
            malicious: usize::from(label),
            benign: usize::from(!label),
        };
        Self {
            of_row: (0..labels.len()).collect(),
            all: labels.iter().map(unit).collect(),
            kept: Kept::Rows,
        }
    }

    /// The numbers of the units that are drawn with a class, in order of their first row.
    fn of_class(&self, malicious: bool) -> Vec<usize> {
        (0..self.all.len())
            .filter(|&unit| self.get(unit).is_malicious() == malicious)
            .collect()
    }

    fn get(&self, unit: usize) -> Unit {
        self.all.get(unit).copied().unwrap_or_default()
    }

    /// The error for a class that has `units` units where `needed` are needed.
    fn too_few(&self, malicious: bool, units: usize, needed: usize) -> SplitError {
        let fewer_folds = if needed > 2 && units >= 2 {
            format!("use at most {units} folds, or ")
        } else {
            String::new()
        };
        let (unit, more) = match self.kept {
            Kept::Rows => ("rows", "give more rows of that class"),
            Kept::Groups => ("groups of identical rows", "give more data, or use --split stratified"),
        };
        SplitError::TooFew {
            class: class_name(malicious),
            unit,
            units,
            needed,
            advice: fewer_folds + more,
        }
    }
}

fn random_split(units: &Units, test_fraction: f64, seed: u64) -> Result<Split, SplitError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut in_test = vec![false; units.all.len()];
    for malicious in [true, false] {
        let mut members = units.of_class(malicious);
        if members.len() < 2 {
            return Err(units.too_few(malicious, members.len(), 2));
        }
        members.shuffle(&mut rng);
        draw_test(units, &members, test_fraction, &mut in_test);
    }
    let (test, train) = (0..units.of_row.len())
        .partition(|&row| units.of_row.get(row).and_then(|&unit| in_test.get(unit)) == Some(&true));
    Ok(Split { train, test })
}

/// Marks members for the test side, in their order, each that brings its rows nearer to the share asked for. At least
/// one member is marked, and one is not.
fn draw_test(units: &Units, members: &[usize], test_fraction: f64, in_test: &mut [bool]) {
    let mut mark = |unit: usize, test: bool| {
        if let Some(side) = in_test.get_mut(unit) {
            *side = test;
        }
    };
    let target = test_fraction * members.iter().map(|&unit| units.get(unit).rows()).sum::<usize>() as f64;
    let (mut rows, mut marked) = (0, 0);
    for &unit in members {
        let with = rows + units.get(unit).rows();
        if (with as f64 - target).abs() < (rows as f64 - target).abs() {
            mark(unit, true);
            rows = with;
            marked += 1;
        }
    }
    let smallest = members.iter().copied().min_by_key(|&unit| units.get(unit).rows());
    if let Some(smallest) = smallest.filter(|_| marked == 0 || marked == members.len()) {
        mark(smallest, marked == 0);
    }
}

#[cfg(test)]
mod tests;
