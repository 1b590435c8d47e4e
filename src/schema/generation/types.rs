//! Owns the choice of a column's type and domain from its profile.

use super::profile::Profile;
use crate::schema::model::{Column, ColumnType, Severity};
use crate::schema::reading::shown;
use crate::schema::vocabulary::{names_port, names_time};

/// Whole numbers with at most this many values are listed, not ranged.
const MAX_LISTED_INTS: usize = 12;
/// Categories with more values than this are not listed.
const MAX_LISTED_WORDS: usize = 128;
/// Nor are they where a value is longer than this, in bytes.
const MAX_LISTED_BYTES: usize = 100;
/// Columns of longer words than this, in bytes on average, are free text.
const MAX_MEAN_WORD: u64 = 64;
/// Unix seconds of 1990 and of 2100: numbers between may be times.
pub(super) const UNIX_1990: f64 = 631_152_000.0;
pub(super) const UNIX_2100: f64 = 4_102_444_800.0;

/// A column's type, with what a person should know.
pub(super) struct Typed {
    pub(super) kind: ColumnType,
    pub(super) remarks: Vec<String>,
}

/// The type that the cells of a column fit.
pub(super) fn type_of(name: &str, profile: &Profile) -> Typed {
    let mut remarks = Vec::new();
    let looks = &profile.looks;
    let numbers = profile.numbers() + looks.not_finite;
    let kind = if profile.cells == 0 {
        ColumnType::Text
    } else if fits(profile, numbers) && looks.leading_zeros == 0 {
        stray(profile, numbers, "a number", &mut remarks);
        number_type(name, profile, &mut remarks)
    } else if fits(profile, looks.bools) && !is_one_letter(profile) {
        stray(profile, looks.bools, "true or false", &mut remarks);
        ColumnType::Bool
    } else if fits(profile, looks.ips) {
        stray(profile, looks.ips, "an IP address", &mut remarks);
        ColumnType::Ip
    } else if fits(profile, looks.times) {
        stray(profile, looks.times, "a time", &mut remarks);
        ColumnType::Timestamp
    } else {
        if looks.leading_zeros > 0 && numbers == profile.cells {
            remarks.push("numbers with leading zeros are codes, not quantities".to_owned());
        }
        word_type(profile, &mut remarks)
    };
    Typed { kind, remarks }
}

/// All cells, or all but one in two hundred where there are many.
fn fits(profile: &Profile, cells: u64) -> bool {
    let others = profile.cells - cells.min(profile.cells);
    cells > 0 && (others == 0 || (profile.cells >= 200 && others.saturating_mul(200) <= profile.cells))
}

/// Says how many cells will not read as the type chosen.
fn stray(profile: &Profile, fitting: u64, what: &str, remarks: &mut Vec<String>) {
    let others = profile.cells - fitting.min(profile.cells);
    if others == 0 {
        return;
    }
    let example = match &profile.first_word {
        Some((line, text)) if what == "a number" => format!(", the first is `{}` on line {line}", shown(text, 40)),
        _ => String::new(),
    };
    remarks.push(format!(
        "{others} of {} cells do not read as {what} and would be rejected{example}",
        profile.cells
    ));
}

fn number_type(name: &str, profile: &Profile, remarks: &mut Vec<String>) -> ColumnType {
    let looks = &profile.looks;
    if names_time(name) && profile.min >= UNIX_1990 && profile.max <= UNIX_2100 {
        remarks.push("Unix seconds, by its name and range".to_owned());
        return ColumnType::Timestamp;
    }
    if looks.not_finite > 0 {
        remarks.push(format!(
            "{} cells are infinite or not a number; rows with such a cell are rejected",
            looks.not_finite
        ));
    }
    if looks.big_ints > 0 {
        if profile.is_unique() && looks.floats == 0 {
            remarks.push("whole numbers too large for 64 bits, read as text".to_owned());
            return ColumnType::Text;
        }
        remarks.push("has whole numbers too large for 64 bits, read as float".to_owned());
    }
    if looks.floats + looks.big_ints + looks.not_finite > 0 {
        ColumnType::Float
    } else if names_port(name) && profile.min >= 0.0 && profile.max <= 65_535.0 && profile.max > 1.0 {
        ColumnType::Port
    } else {
        ColumnType::Int
    }
}

/// Whether a column holds nothing but one single letter, which `t` and `f` may be without meaning true or false.
fn is_one_letter(profile: &Profile) -> bool {
    profile.longest == 1 && profile.values.as_ref().is_some_and(|v| v.len() == 1)
}

fn word_type(profile: &Profile, remarks: &mut Vec<String>) -> ColumnType {
    let different = profile.values.as_ref().map(|v| v.len() as u64);
    let reason = if profile.total_bytes > MAX_MEAN_WORD * profile.cells {
        Some(format!(
            "text: {} bytes a cell on average",
            profile.total_bytes / profile.cells.max(1)
        ))
    } else if different.is_none() {
        Some(format!(
            "text: more than {} different values, or very long ones",
            super::profile::MAX_VALUES
        ))
    } else if different.is_some_and(|d| d > 20 && profile.cells >= 50 && d * 2 > profile.cells) {
        Some(format!(
            "text: {} different values in {} cells",
            different.unwrap_or_default(),
            profile.cells
        ))
    } else {
        None
    };
    match reason {
        Some(reason) => {
            remarks.push(format!("{reason}; free text is not learned from"));
            ColumnType::Text
        }
        None => ColumnType::Category,
    }
}

/// Sets the values or the range that were seen; outside them a new value only warns.
pub(super) fn set_domain(column: &mut Column, profile: &Profile) {
    match column.kind {
        ColumnType::Int => match listed_ints(profile) {
            Some(values) => column.allowed = Some(values),
            None => set_range(column, profile),
        },
        ColumnType::Float => set_range(column, profile),
        ColumnType::Category => column.allowed = listed_words(profile),
        _ => {}
    }
    if column.allowed.is_some() || column.min.is_some() {
        column.severity = Severity::Warn;
    }
}

fn set_range(column: &mut Column, profile: &Profile) {
    if profile.min <= profile.max {
        column.min = Some(profile.min);
        column.max = Some(profile.max);
    }
}

fn listed_ints(profile: &Profile) -> Option<Vec<String>> {
    let mut values: Vec<i64> = profile.values.as_ref()?.keys().filter_map(|v| v.parse().ok()).collect();
    values.sort_unstable();
    values.dedup();
    let few = values.len() <= MAX_LISTED_INTS && profile.cells >= 3 * values.len() as u64;
    few.then(|| values.iter().map(i64::to_string).collect())
}

fn listed_words(profile: &Profile) -> Option<Vec<String>> {
    let values = profile.sorted_values()?;
    let listable = values.len() <= MAX_LISTED_WORDS
        && profile.looks.not_utf8 == 0
        && values.iter().all(|(v, _)| v.len() <= MAX_LISTED_BYTES);
    listable.then(|| values.iter().map(|(v, _)| (*v).to_owned()).collect())
}
