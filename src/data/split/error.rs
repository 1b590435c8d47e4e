//! Owns the errors of splitting rows: what, and what to do next.

/// Why rows could not be split.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// No rows at all.
    #[error("no rows to split: give a source with rows")]
    Empty,
    /// Columns that belong to the same rows differ in length.
    #[error("{what} has {rows} rows, the labels have {labels}: they must belong to the same rows")]
    Lengths {
        /// The column.
        what: &'static str,
        /// Its rows.
        rows: usize,
        /// The labels' rows.
        labels: usize,
    },
    /// A test share that leaves a side empty.
    #[error("test fraction {0}: expected a number between 0 and 1, for example 0.2")]
    TestFraction(f64),
    /// A name that is no strategy.
    #[error("unknown split `{0}`: expected grouped, stratified or time")]
    UnknownStrategy(String),
    /// Fewer than two folds.
    #[error("{0} folds: expected at least 2")]
    Folds(usize),
    /// All rows have the same label.
    #[error("all {rows} rows are {class}: a model needs both malicious and benign rows; check the schema's label")]
    OneClass {
        /// Rows.
        rows: usize,
        /// Their class.
        class: &'static str,
    },
    /// A class with too few units to have one on each side, or in each fold.
    #[error("{class} {unit}: {units}, and {needed} are needed: {advice}")]
    TooFew {
        /// The class.
        class: &'static str,
        /// What is kept together: rows, or groups of identical rows.
        unit: &'static str,
        /// How many there are.
        units: usize,
        /// How many are needed.
        needed: usize,
        /// What to do.
        advice: String,
    },
    /// A part of the split that has to hold both classes does not.
    #[error("{part} has no {class} row: {advice}")]
    ClassMissing {
        /// The part: `the training side`, `fold 2`.
        part: String,
        /// The class it lacks.
        class: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A time split of rows that have no time.
    #[error(
        "a time split needs a timestamp in every row, and {missing} of {rows} have none (first: data row {first}): fill \
         them in, or use --split grouped"
    )]
    RowsWithoutTime {
        /// Rows without.
        missing: usize,
        /// All rows.
        rows: usize,
        /// 1-based number of the first row without.
        first: usize,
    },
    /// A time split of a table without times.
    #[error(
        "a time split needs a column with role `timestamp`, and the schema names none: name one, or use --split grouped"
    )]
    NoTimes,
    /// Too few moments to cut between.
    #[error(
        "a time split into {parts} parts needs rows at {parts} different times at least, suitably spread: {advice}"
    )]
    TooFewTimes {
        /// Parts asked for.
        parts: usize,
        /// What to do.
        advice: &'static str,
    },
}

/// The name of a label's class.
pub(super) fn class_name(malicious: bool) -> &'static str {
    if malicious { "malicious" } else { "benign" }
}
