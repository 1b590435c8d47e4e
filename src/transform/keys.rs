//! Owns the keys of categories: which ones get a code of their own, and the table that finds a cell's code.

use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::cells::{Cells, KeyView};
use super::port;
use super::settings::TransformSettings;

/// Longer texts (in bytes) never become a category of their own, so that hostile cells cannot swell the model.
const LONGEST_CATEGORY: usize = 1024;
/// Keys that span no more than this are looked up in an array.
const DENSE_SPAN: u64 = 4096;

/// Categories, strictly ascending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// Whole numbers, and everything that is read as one.
    Ints(Vec<i64>),
    /// Texts, in byte order.
    Texts(Vec<String>),
}

/// Training rows of a category.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) rows: usize,
    pub(super) malicious: usize,
}

impl Tally {
    pub(super) fn add(&mut self, malicious: bool) {
        self.rows += 1;
        self.malicious += usize::from(malicious);
    }
}

/// When a category gets a code of its own.
#[derive(Clone, Copy)]
pub(super) struct KeyLimits {
    min_rows: usize,
    most: usize,
}

impl KeyLimits {
    /// The limits for this view.
    pub(super) fn of(view: KeyView, settings: &TransformSettings) -> Self {
        Self {
            min_rows: settings.min_category_rows,
            most: match view {
                KeyView::WideNetwork | KeyView::NarrowNetwork => settings.ip_max_groups,
                _ => settings.max_categories,
            },
        }
    }
}

/// The categories of training cells that get a code of their own, and the code of the most frequent one.
pub(super) fn choose_keys(cells: &Cells<'_>, view: KeyView, limits: KeyLimits) -> (Keys, Option<u32>) {
    if let Cells::Text(texts) = cells {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for text in texts.iter().flatten().filter(|t| t.len() <= LONGEST_CATEGORY) {
            *counts.entry(text).or_default() += 1;
        }
        let (keys, mode) = most_frequent(counts, limits);
        return (Keys::Texts(keys.into_iter().map(str::to_owned).collect()), mode);
    }
    let mut counts: HashMap<i64, usize> = HashMap::new();
    let unlisted = matches!(view, KeyView::PortBand | KeyView::PortService).then_some(port::UNLISTED);
    for key in cells
        .map_int_keys(view, |cell| cell)
        .unwrap_or_default()
        .into_iter()
        .flatten()
    {
        if Some(key) != unlisted {
            *counts.entry(key).or_default() += 1;
        }
    }
    let (keys, mode) = most_frequent(counts, limits);
    (Keys::Ints(keys), mode)
}

/// The most frequent keys within the limits, ascending, and the place of the most frequent (of equals the lowest key).
fn most_frequent<K: Ord + Hash + Clone>(counts: HashMap<K, usize>, limits: KeyLimits) -> (Vec<K>, Option<u32>) {
    let mut counted: Vec<(K, usize)> = counts
        .into_iter()
        .filter(|(_, rows)| *rows >= limits.min_rows)
        .collect();
    counted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counted.truncate(limits.most);
    let mode = counted.first().map(|(key, _)| key.clone());
    let mut keys: Vec<K> = counted.into_iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    let place = mode.and_then(|mode| keys.binary_search(&mode).ok()).map(|at| at as u32);
    (keys, place)
}

impl Keys {
    /// Number of keys.
    pub fn len(&self) -> usize {
        match self {
            Self::Ints(keys) => keys.len(),
            Self::Texts(keys) => keys.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether they ascend strictly, as the codes need.
    pub(super) fn ascend(&self) -> bool {
        match self {
            Self::Ints(keys) => keys.is_sorted_by(|a, b| a < b),
            Self::Texts(keys) => keys.is_sorted_by(|a, b| a < b),
        }
    }
}

/// From key to code, for the inner loop; built once when a preprocessor is fitted or read back.
#[derive(Clone, Debug)]
pub(super) enum KeyTable {
    /// `codes[key - low]`, for whole numbers that lie close together; gaps hold the code of `other`.
    Dense {
        /// The smallest key.
        low: i64,
        /// One for each whole number from `low` to the largest key.
        codes: Vec<u32>,
    },
    /// Whole numbers far apart.
    Sparse(HashMap<i64, u32>),
    /// Texts.
    Texts(HashMap<String, u32>),
}

impl KeyTable {
    /// The table of ascending keys.
    pub(super) fn new(keys: &Keys, other: u32) -> Self {
        let ints = match keys {
            Keys::Texts(texts) => return Self::Texts(texts.iter().cloned().zip(0..).collect()),
            Keys::Ints(ints) => ints,
        };
        let (Some(&low), Some(&high)) = (ints.first(), ints.last()) else {
            return Self::Sparse(HashMap::new());
        };
        let span = high.abs_diff(low);
        if span > DENSE_SPAN {
            return Self::Sparse(ints.iter().copied().zip(0..).collect());
        }
        let mut codes = vec![other; span as usize + 1];
        for (key, code) in ints.iter().zip(0..) {
            codes[key.abs_diff(low) as usize] = code;
        }
        Self::Dense { low, codes }
    }
}
