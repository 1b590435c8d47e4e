//! Owns the counting of distinct values in bounded memory: whole numbers and category texts.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use polars::prelude::{Int64Chunked, StringChunked};

/// Longest category text, in bytes, that stands for itself; longer ones are represented by their start and a hash.
const LONGEST_KEY: usize = 256;

/// Counts of whole numbers, up to a number of distinct ones.
#[derive(Clone, Debug)]
pub(crate) struct IntCounts {
    /// Counts of -128 to 127: the common case costs one array access.
    dense: Vec<u64>,
    sparse: BTreeMap<i64, u64>,
    /// Most distinct values in `sparse`.
    limit: usize,
    /// Occurrences of values beyond the limit.
    pub(crate) other: u64,
}

impl IntCounts {
    /// Counts nothing yet; `known` values always have a place, `limit` further ones outside -128..=127 too.
    pub(crate) fn new(known: impl IntoIterator<Item = i64>, limit: usize) -> Self {
        let sparse: BTreeMap<i64, u64> = known
            .into_iter()
            .filter(|v| !(-128..128).contains(v))
            .map(|v| (v, 0))
            .collect();
        Self {
            dense: vec![0; 256],
            limit: limit + sparse.len(),
            sparse,
            other: 0,
        }
    }

    /// Counts a column's values; nulls are left out.
    pub(crate) fn add(&mut self, cells: &Int64Chunked) {
        for chunk in cells.downcast_iter() {
            if chunk.validity().is_none_or(|v| v.unset_bits() == 0) {
                chunk.values().iter().for_each(|value| self.count(*value));
            } else {
                chunk.iter().flatten().for_each(|value| self.count(*value));
            }
        }
    }

    #[inline]
    fn count(&mut self, value: i64) {
        if let Some(count) = usize::try_from(value.wrapping_add(128))
            .ok()
            .and_then(|at| self.dense.get_mut(at))
        {
            *count += 1;
        } else if let Some(count) = self.sparse.get_mut(&value) {
            *count += 1;
        } else if self.sparse.len() < self.limit {
            self.sparse.insert(value, 1);
        } else {
            self.other += 1;
        }
    }

    /// Distinct values seen, `other` not among them.
    pub(crate) fn distinct(&self) -> usize {
        self.dense.iter().filter(|c| **c > 0).count() + self.sparse.values().filter(|c| **c > 0).count()
    }

    /// Values with their counts, by value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        let dense = self
            .dense
            .iter()
            .enumerate()
            .map(|(at, count)| (at as i64 - 128, *count));
        let sparse = self.sparse.iter().map(|(value, count)| (*value, *count));
        dense.chain(sparse).filter(|(_, count)| *count > 0)
    }
}

/// Counts of texts, up to a number of distinct ones.
#[derive(Clone, Debug)]
pub(crate) struct TextCounts {
    counts: HashMap<String, u64>,
    limit: usize,
    /// Occurrences of texts beyond the limit.
    pub(crate) other: u64,
}

impl TextCounts {
    /// Counts nothing yet; `known` texts always have a place, `limit` further ones too.
    pub(crate) fn new(known: impl IntoIterator<Item = String>, limit: usize) -> Self {
        let counts: HashMap<String, u64> = known.into_iter().map(|text| (text, 0)).collect();
        Self {
            limit: limit + counts.len(),
            counts,
            other: 0,
        }
    }

    /// Counts a column's texts under `key`; nulls are left out.
    pub(crate) fn add(&mut self, cells: &StringChunked, key: impl for<'a> Fn(&'a str) -> Cow<'a, str>) {
        for chunk in cells.downcast_iter() {
            for text in chunk.iter().flatten() {
                self.count(&key(text), 1);
            }
        }
    }

    /// Counts one text `times` times.
    pub(crate) fn count(&mut self, key: &str, times: u64) {
        if let Some(count) = self.counts.get_mut(key) {
            *count += times;
        } else if self.counts.len() < self.limit {
            self.counts.insert(key.to_owned(), times);
        } else {
            self.other += times;
        }
    }

    /// Texts with their counts, most frequent first, ties by text.
    pub(crate) fn ranked(&self) -> Vec<(String, u64)> {
        let mut all: Vec<_> = self
            .counts
            .iter()
            .filter(|(_, c)| **c > 0)
            .map(|(t, c)| (t.clone(), *c))
            .collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all
    }

    /// How often this text was counted.
    pub(crate) fn of(&self, key: &str) -> u64 {
        self.counts.get(key).copied().unwrap_or(0)
    }
}

/// The text under which a category is counted: itself, or for a very long one its start and a hash.
pub(crate) fn category_key(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_KEY {
        return Cow::Borrowed(text);
    }
    let start: String = text.chars().take(32).collect();
    Cow::Owned(format!("{start}…#{}", blake3::hash(text.as_bytes()).to_hex()))
}

/// The network under which an address is counted: the /8 of an IPv4 address, the first 16 bits of an IPv6 address.
/// Single addresses differ from batch to batch by nature.
pub(crate) fn network_key(address: &str) -> Cow<'_, str> {
    let end = address.find(['.', ':']).unwrap_or(address.len().min(LONGEST_KEY));
    match (address.get(..end), address.as_bytes().get(end)) {
        (Some(first), Some(b'.')) => Cow::Owned(format!("{first}.0.0.0/8")),
        (Some(first), Some(b':')) => Cow::Owned(format!("{first}::/16")),
        _ => category_key(address),
    }
}
