//! Owns the search for columns that name rows instead of describing them: row numbers, keys and times.

use super::profile::Profile;
use super::types::{UNIX_1990, UNIX_2100};
use crate::schema::model::{ColumnType, Role};
use crate::schema::reading::shown;
use crate::schema::vocabulary::{names_key, names_measurement, names_row_number, names_time};

/// In order by chance: one in 8! = 40,320.
const ROWS_TO_TRUST_ORDER: u64 = 8;
/// A counter that starts anew is told by its steps only in so many rows.
const ROWS_TO_TRUST_STEPS: u64 = 20;
/// Fewer unique values than this prove nothing by themselves.
const ROWS_TO_TRUST_UNIQUE: u64 = 200;
/// So many collisions expected by chance, and none seen (probability e^-8), means that values are kept apart on purpose.
const TELLING_COLLISIONS: f64 = 8.0;

/// What a column is for, and why where that is not "a feature".
pub(super) struct Decision {
    pub(super) role: Role,
    /// Whether the values are a key that may stand only once.
    pub(super) unique: bool,
    pub(super) remark: Option<String>,
}

impl Decision {
    fn feature(remark: Option<String>) -> Self {
        Self {
            role: Role::Feature,
            unique: false,
            remark,
        }
    }

    fn id(profile: &Profile, reason: &str) -> Self {
        Self {
            role: Role::Id,
            unique: profile.is_proven_unique() && profile.nulls == 0,
            remark: Some(format!("id: {reason}")),
        }
    }

    fn out(role: Role, reason: &str) -> Self {
        Self {
            role,
            unique: false,
            remark: Some(format!("{}: {reason}", role.word())),
        }
    }
}

/// Decides the role of a column that is not the label. `time_taken` says that an earlier column is the timestamp.
pub(super) fn decide(name: &str, kind: ColumnType, profile: &Profile, time_taken: bool) -> Decision {
    if profile.cells == 0 {
        return Decision::out(Role::Ignore, "no row has a value");
    }
    if kind == ColumnType::Timestamp || is_clock(name, profile) {
        return if time_taken {
            Decision::out(Role::Ignore, "another time; an earlier column orders the rows already")
        } else {
            Decision::out(
                Role::Timestamp,
                "says when a row happened; orders a time split, is not learned from",
            )
        };
    }
    if name.trim().is_empty() || shown(name, 8).starts_with("Unnamed") {
        return Decision::id(
            profile,
            "a column without a name, as an index is when a table is saved with its row numbers",
        );
    }
    if let Some(decision) = row_number(name, profile) {
        return decision;
    }
    match kind {
        ColumnType::Int | ColumnType::Float if profile.is_integral() => integer_key(name, profile),
        ColumnType::Float => Decision::feature(in_order(profile)),
        ColumnType::Category | ColumnType::Text => word_key(name, kind, profile),
        _ => Decision::feature(None),
    }
}

/// A number named as a time that only grows, such as seconds since the capture began, or one that counts milliseconds,
/// microseconds or nanoseconds since 1970.
fn is_clock(name: &str, profile: &Profile) -> bool {
    if !names_time(name) || profile.numbers() != profile.cells {
        return false;
    }
    let counts = |unit: f64| profile.min >= UNIX_1990 * unit && profile.max <= UNIX_2100 * unit;
    let many = profile
        .values
        .as_ref()
        .is_none_or(|v| v.len() as u64 > ROWS_TO_TRUST_ORDER);
    [1e3, 1e6, 1e9].into_iter().any(counts) || (profile.order.not_falling && many)
}

/// A whole number that follows the order of the rows.
fn row_number(name: &str, profile: &Profile) -> Option<Decision> {
    if !profile.is_integral() || profile.numbers() != profile.cells {
        return None;
    }
    let order = &profile.order;
    let all_unit = order.steps > 0 && order.unit_steps == order.steps;
    let in_order = order.ascending || order.descending;
    let trusted = profile.cells >= ROWS_TO_TRUST_ORDER;
    if all_unit && (trusted || (profile.cells >= 3 && !names_measurement(name))) {
        return Some(Decision::id(
            profile,
            &format!("a row number: {} to {}, one more in each row", profile.min, profile.max),
        ));
    }
    if in_order && order.steps > 0 && (trusted || (names_row_number(name) && profile.cells >= 2)) {
        let way = if order.ascending { "ascending" } else { "descending" };
        return Some(Decision::id(
            profile,
            &format!(
                "a row number: unique and {way} through the whole file, so it could only give away the order of the rows"
            ),
        ));
    }
    if profile.cells >= ROWS_TO_TRUST_STEPS && order.unit_steps * 10 >= order.steps * 9 {
        return Some(Decision::id(
            profile,
            "a row number that starts anew: nearly every value is one more than the one before",
        ));
    }
    if names_row_number(name) && profile.is_unique() {
        return Some(Decision::id(profile, "a row number by its name, and unique"));
    }
    None
}

/// Unique whole numbers in no order: a key, if the name or chance says so.
fn integer_key(name: &str, profile: &Profile) -> Decision {
    if !profile.is_unique() || profile.cells < 2 {
        return Decision::feature(None);
    }
    if names_key(name) {
        return Decision::id(profile, "unique, and a key by its name");
    }
    if names_measurement(name) {
        return Decision::feature(Some(format!(
            "unique in all {} rows, but measured by its name, so it stays a feature; give it the role `id` if it is a key",
            profile.cells
        )));
    }
    let n = profile.cells as f64;
    // Birthday bound: n values drawn from a range of r collide n^2 / 2r times.
    let expected = n * n / (2.0 * (profile.max - profile.min + 1.0));
    if expected >= TELLING_COLLISIONS {
        return Decision::id(
            profile,
            "unique whole numbers in a range in which chance would repeat some: a key, or shuffled row numbers",
        );
    }
    if profile.cells >= ROWS_TO_TRUST_UNIQUE {
        return Decision::id(
            profile,
            &format!("unique whole numbers in all {} rows: a key", profile.cells),
        );
    }
    Decision::feature(Some(format!(
        "unique in all {} rows, too few to tell a key from a quantity; give it the role `id` if it is a key",
        profile.cells
    )))
}

/// Fractions that only grow or only fall follow the order of the file, but they may be measured all the same.
fn in_order(profile: &Profile) -> Option<String> {
    let order = &profile.order;
    (profile.cells >= ROWS_TO_TRUST_STEPS && order.steps > 0 && (order.ascending || order.descending)).then(|| {
        "the file is sorted by this column; give it the role `ignore` if it only gives away the order of the rows"
            .to_owned()
    })
}

/// Unique words: identifiers such as UUIDs and hashes. Other unique text stays text.
fn word_key(name: &str, kind: ColumnType, profile: &Profile) -> Decision {
    if !profile.is_unique() || profile.cells < 2 {
        return Decision::feature(None);
    }
    if profile.looks.digests == profile.cells {
        return Decision::id(profile, "unique UUIDs or hashes");
    }
    let words = profile.looks.key_words == profile.cells;
    if names_key(name) && (words || !names_time(name)) {
        return Decision::id(profile, "unique, and a key by its name");
    }
    if words && profile.cells >= ROWS_TO_TRUST_STEPS {
        return Decision::id(profile, &format!("unique identifiers in all {} rows", profile.cells));
    }
    if kind == ColumnType::Category && profile.cells >= ROWS_TO_TRUST_STEPS {
        return Decision::id(
            profile,
            &format!("a different word in each of the {} rows", profile.cells),
        );
    }
    Decision::feature(None)
}
