//! Owns what one streaming pass learns of a column: counts of what its cells look like, range, order, values, uniqueness.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

/// Different values kept for one column.
pub(super) const MAX_VALUES: usize = 1_024;
/// Longer values are not kept; such a column is text.
const MAX_VALUE_BYTES: usize = 256;
/// What all kept values may take together, in bytes.
const MAX_KEPT_BYTES: usize = 64 << 20;
/// Cells remembered (as hashes) to find out whether a column's values are unique: for one column, and for all.
const MAX_SEEN: usize = 500_000;
const MAX_SEEN_TOTAL: usize = 4_000_000;
/// Longer cells are not looked into.
const MAX_LOOKED_AT_BYTES: usize = 4_096;

/// Memory left for all columns together.
#[derive(Debug)]
pub(super) struct Memory {
    value_bytes: usize,
    seen: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            value_bytes: MAX_KEPT_BYTES,
            seen: MAX_SEEN_TOTAL,
        }
    }
}

/// What a cell looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Look {
    Int(i64),
    Float(f64),
    /// A whole number that does not fit 64 bits.
    BigInt(f64),
    NotFinite,
    Bool,
    Ip,
    Time,
    Other,
}

/// How often each look was seen, and what goes with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Looks {
    pub(super) ints: u64,
    /// Numbers with a fraction or an exponent.
    pub(super) floats: u64,
    pub(super) big_ints: u64,
    pub(super) not_finite: u64,
    pub(super) bools: u64,
    pub(super) ips: u64,
    pub(super) times: u64,
    /// Whole numbers such as `007`.
    pub(super) leading_zeros: u64,
    /// Floats such as `3.0`.
    pub(super) integral_floats: u64,
    /// Words of letters, digits, `-` and `_` with at least one digit.
    pub(super) key_words: u64,
    /// UUIDs, and hashes in hex.
    pub(super) digests: u64,
    /// Cells with bytes that are not UTF-8.
    pub(super) not_utf8: u64,
}

/// The order of a column's numbers in the file.
#[derive(Clone, Debug)]
pub(super) struct Order {
    previous: Option<f64>,
    pub(super) ascending: bool,
    pub(super) descending: bool,
    /// Never smaller than the one before.
    pub(super) not_falling: bool,
    pub(super) steps: u64,
    /// Steps of exactly one.
    pub(super) unit_steps: u64,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            previous: None,
            ascending: true,
            descending: true,
            not_falling: true,
            steps: 0,
            unit_steps: 0,
        }
    }
}

impl Order {
    fn add(&mut self, value: f64) {
        if let Some(previous) = self.previous {
            self.ascending &= value > previous;
            self.descending &= value < previous;
            self.not_falling &= value >= previous;
            self.steps += 1;
            self.unit_steps += u64::from(value - previous == 1.0);
        }
        self.previous = Some(value);
    }
}

/// Everything learnt of one column.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// Cells with a value.
    pub(super) cells: u64,
    pub(super) nulls: u64,
    pub(super) looks: Looks,
    pub(super) order: Order,
    /// Of the finite numbers.
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) total_bytes: u64,
    pub(super) longest: usize,
    /// The values and how often each stands; `None` once there are too many to keep.
    pub(super) values: Option<HashMap<Box<str>, u64>>,
    kept_bytes: usize,
    /// Hashes of the cells so far; `None` once a value came twice.
    seen: Option<HashSet<u64>>,
    /// Cells whose value was not remembered, since there was no memory left.
    pub(super) unremembered: u64,
    /// Line and text of the first cell that is not a number.
    pub(super) first_word: Option<(u64, String)>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            cells: 0,
            nulls: 0,
            looks: Looks::default(),
            order: Order::default(),
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            total_bytes: 0,
            longest: 0,
            values: Some(HashMap::new()),
            kept_bytes: 0,
            seen: Some(HashSet::new()),
            unremembered: 0,
            first_word: None,
        }
    }
}

impl Profile {
    /// Takes in one cell that has a value.
    pub(super) fn add(&mut self, cell: &[u8], line: u64, memory: &mut Memory) {
        let cell = cell.trim_ascii();
        self.cells += 1;
        self.total_bytes += cell.len() as u64;
        self.longest = self.longest.max(cell.len());
        let (look, text) = match std::str::from_utf8(cell) {
            Ok(text) if text.len() <= MAX_LOOKED_AT_BYTES => (look(text), Some(text)),
            Ok(_) => (Look::Other, None),
            Err(_) => {
                self.looks.not_utf8 += 1;
                (Look::Other, None)
            }
        };
        self.count(look, text.unwrap_or_default());
        if !matches!(look, Look::Int(_) | Look::Float(_) | Look::BigInt(_) | Look::NotFinite)
            && self.first_word.is_none()
        {
            let text = String::from_utf8_lossy(&cell[..cell.len().min(200)]).into_owned();
            self.first_word = Some((line, text));
        }
        self.remember(cell, look, memory);
        self.keep_value(text, memory);
    }

    fn count(&mut self, look: Look, text: &str) {
        let looks = &mut self.looks;
        let number = match look {
            Look::Int(value) => {
                looks.ints += 1;
                let digits = text.trim_start_matches(['-', '+']);
                looks.leading_zeros += u64::from(digits.len() > 1 && digits.starts_with('0'));
                Some(value as f64)
            }
            Look::Float(value) => {
                looks.floats += 1;
                looks.integral_floats += u64::from(value.fract() == 0.0);
                Some(value)
            }
            Look::BigInt(value) => {
                looks.big_ints += 1;
                Some(value)
            }
            Look::NotFinite => {
                looks.not_finite += 1;
                None
            }
            Look::Bool => {
                looks.bools += 1;
                None
            }
            Look::Ip => {
                looks.ips += 1;
                None
            }
            Look::Time => {
                looks.times += 1;
                None
            }
            Look::Other => None,
        };
        looks.key_words += u64::from(is_key_word(text));
        looks.digests += u64::from(is_digest(text));
        if let Some(value) = number {
            self.min = self.min.min(value);
            self.max = self.max.max(value);
            self.order.add(value);
        }
    }

    /// Watches for a value that comes twice; fractions are not watched, they name nothing.
    fn remember(&mut self, cell: &[u8], look: Look, memory: &mut Memory) {
        let Some(seen) = &mut self.seen else { return };
        let mut hasher = DefaultHasher::new();
        match look {
            Look::Int(value) => value.hash(&mut hasher),
            Look::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => (value as i64).hash(&mut hasher),
            Look::Float(_) if self.looks.floats > self.looks.integral_floats + 8 => {
                memory.seen += seen.len();
                self.seen = None;
                return;
            }
            _ => cell.hash(&mut hasher),
        }
        let hash = hasher.finish();
        if seen.contains(&hash) {
            memory.seen += seen.len();
            self.seen = None;
        } else if seen.len() >= MAX_SEEN || memory.seen == 0 {
            self.unremembered += 1;
        } else {
            seen.insert(hash);
            memory.seen -= 1;
        }
    }

    fn keep_value(&mut self, text: Option<&str>, memory: &mut Memory) {
        let Some(values) = &mut self.values else { return };
        if let Some(count) = text.and_then(|t| values.get_mut(t)) {
            *count += 1;
            return;
        }
        match text {
            Some(text)
                if text.len() <= MAX_VALUE_BYTES
                    && values.len() < MAX_VALUES
                    && memory.value_bytes >= text.len() + 64 =>
            {
                values.insert(text.into(), 1);
                self.kept_bytes += text.len() + 64;
                memory.value_bytes -= text.len() + 64;
            }
            _ => {
                memory.value_bytes += self.kept_bytes;
                self.values = None;
            }
        }
    }

    /// Whether no value came twice, as far as was remembered.
    pub(super) fn is_unique(&self) -> bool {
        self.seen.is_some() && self.cells > 0
    }

    /// Whether uniqueness was watched over every cell.
    pub(super) fn is_proven_unique(&self) -> bool {
        self.is_unique() && self.unremembered == 0
    }

    /// Finite numbers.
    pub(super) fn numbers(&self) -> u64 {
        self.looks.ints + self.looks.floats + self.looks.big_ints
    }

    /// Whether every number is whole (`3` or `3.0`), and there is one.
    pub(super) fn is_integral(&self) -> bool {
        self.numbers() > 0 && self.looks.floats == self.looks.integral_floats && self.looks.not_finite == 0
    }

    /// Values and counts in order of their text; `None` where there were too many to keep.
    pub(super) fn sorted_values(&self) -> Option<Vec<(&str, u64)>> {
        let mut values: Vec<(&str, u64)> = self.values.as_ref()?.iter().map(|(v, n)| (v.as_ref(), *n)).collect();
        values.sort_unstable();
        Some(values)
    }
}

fn look(text: &str) -> Look {
    if let Ok(value) = text.parse::<i64>() {
        return Look::Int(value);
    }
    if let Ok(value) = text.parse::<f64>() {
        let whole = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-'));
        return match (value.is_finite(), whole) {
            (false, _) => Look::NotFinite,
            (true, true) => Look::BigInt(value),
            (true, false) => Look::Float(value),
        };
    }
    if ["true", "false", "t", "f", "yes", "no"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
    {
        Look::Bool
    } else if text.parse::<IpAddr>().is_ok() {
        Look::Ip
    } else if is_time(text) {
        Look::Time
    } else {
        Look::Other
    }
}

/// RFC 3339, or `YYYY-MM-DD` with or without a time of day.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 10 || bytes.len() > 40 || bytes[4] != b'-' {
        return false;
    }
    chrono::DateTime::parse_from_rfc3339(text).is_ok()
        || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
        || chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").is_ok()
}

fn is_key_word(text: &str) -> bool {
    text.len() >= 4
        && text.len() <= 128
        && text.bytes().any(|b| b.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'{' | b'}'))
}

fn is_digest(text: &str) -> bool {
    let text = text.trim_start_matches('{').trim_end_matches('}');
    let uuid = text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| {
            if matches!(i, 8 | 13 | 18 | 23) {
                b == b'-'
            } else {
                b.is_ascii_hexdigit()
            }
        });
    let hex = text.len() >= 16
        && text.len() <= 128
        && text.len().is_multiple_of(2)
        && text.bytes().all(|b| b.is_ascii_hexdigit())
        && text.bytes().any(|b| b.is_ascii_alphabetic());
    uuid || hex
}
