//! Owns category encoding: which categories a column has, and what each becomes. One-hot, ordinal, target statistics
//! and native codes share one table of categories; its last code, `other`, stands for everything else.

use serde::{Deserialize, Serialize};

use super::cells::{Cells, KeyView};
use super::keys::{KeyLimits, KeyTable, Keys, Tally, choose_keys};
use super::one_cell::OneCell;
use super::scale::Scale;
use super::settings::{CategoryImputation, TransformSettings};
use super::wants::{CategoryEncoding, MissingValues, Scaling};
use super::{ip, port, time};

/// Characters of a category shown in a feature's name.
const SHOWN: usize = 64;

/// A column, or something read out of it, as categories.
///
/// Codes: `0..keys` are the keys in ascending order, then `missing_category` if there is one, then `other`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CategoryStep {
    /// What the keys are read from.
    pub(super) view: KeyView,
    /// The categories with a code of their own, strictly ascending.
    pub(super) keys: Keys,
    /// A category of its own for missing cells, by this name.
    pub(super) missing_category: Option<String>,
    /// The code of a missing cell; `None` passes missing on.
    pub(super) missing_code: Option<u32>,
    /// What the codes become.
    pub(super) encoding: Encoding,
}

/// What codes become.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Encoding {
    /// One 0/1 feature a code. Where missing is passed on, a missing cell is 0 in all of them.
    OneHot,
    /// One categorical feature that holds the code.
    Native,
    /// One numeric feature.
    Numbers {
        /// What the numbers mean.
        meaning: Meaning,
        /// One a code, before scaling.
        values: Vec<f64>,
        /// Fitted scaling.
        scale: Scale,
    },
}

/// What the numbers of [`Encoding::Numbers`] mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Meaning {
    /// Rank by training frequency, 0 the most frequent (of equals the lower code); `other` is -1.
    FrequencyRank,
    /// (malicious + prior rows x prior) / (rows + prior rows), where prior is the share of malicious over all training
    /// rows; `other` takes the share of the rows folded into it, which is the prior itself where there were none.
    ///
    /// A training row's own label is in its category's number: the matrix of the training rows is made by the same
    /// `transform` as every other, without leave-one-out. The prior rows bound that leak (a category of one row moves
    /// by 1 / (1 + prior rows)); scores on held-out folds are honest, as the preprocessor is fitted inside each fold.
    MaliciousShare,
}

/// What fitting a category step needs to know.
pub(super) struct CategoryFit<'a> {
    pub(super) labels: &'a [bool],
    pub(super) settings: &'a TransformSettings,
    pub(super) encoding: CategoryEncoding,
    pub(super) missing: MissingValues,
    pub(super) scaling: Scaling,
}

impl CategoryStep {
    /// Fits on training cells: chooses the categories, the fill for missing cells and the numbers.
    pub(super) fn fit(cells: &Cells<'_>, view: KeyView, fit: &CategoryFit<'_>) -> Self {
        let (keys, mode) = choose_keys(cells, view, KeyLimits::of(view, fit.settings));
        let mut step = Self {
            view,
            keys,
            missing_category: None,
            missing_code: None,
            encoding: Encoding::OneHot,
        };
        if fit.missing == MissingValues::Impute {
            step.missing_code = Some(match fit.settings.impute_categories {
                CategoryImputation::Mode => mode.unwrap_or(step.other()),
                CategoryImputation::Constant => step.code_for_missing(cells, fit),
            });
        }
        step.encoding = match fit.encoding {
            CategoryEncoding::OneHot => Encoding::OneHot,
            CategoryEncoding::Native => Encoding::Native,
            CategoryEncoding::Ordinal => step.numbers(cells, fit, Meaning::FrequencyRank),
            CategoryEncoding::TargetStatistics => step.numbers(cells, fit, Meaning::MaliciousShare),
        };
        step
    }

    /// With a constant: an existing category of that name, else one of its own if training cells were missing,
    /// else `other`.
    fn code_for_missing(&mut self, cells: &Cells<'_>, fit: &CategoryFit<'_>) -> u32 {
        let name = &fit.settings.missing_category;
        if let Some(code) = (0..self.other()).find(|&code| self.text(code) == *name) {
            return code;
        }
        if cells.any_missing() {
            self.missing_category = Some(name.clone());
            return self.other() - 1;
        }
        self.other()
    }

    /// Works out the number of each code from the training rows.
    fn numbers(&self, cells: &Cells<'_>, fit: &CategoryFit<'_>, meaning: Meaning) -> Encoding {
        let codes = self.codes_of(cells, &KeyTable::new(&self.keys, self.other()));
        let mut tallies = vec![Tally::default(); self.codes()];
        for (&code, &malicious) in codes.iter().zip(fit.labels) {
            if let Some(tally) = tallies.get_mut(code as usize) {
                tally.add(malicious);
            }
        }
        let values = match meaning {
            Meaning::FrequencyRank => frequency_ranks(&tallies),
            Meaning::MaliciousShare => malicious_shares(&tallies, fit.labels, fit.settings.target_prior_rows),
        };
        let training: Vec<f64> = codes
            .iter()
            .map(|&code| values.get(code as usize).copied().unwrap_or(f64::NAN))
            .collect();
        let scale = Scale::fit(fit.scaling, &training);
        Encoding::Numbers { meaning, values, scale }
    }

    /// The code of each cell. A missing cell that is passed on has the code one beyond `other`.
    pub(super) fn codes_of(&self, cells: &Cells<'_>, table: &KeyTable) -> Vec<u32> {
        let other = self.other();
        let missing = self.missing_code.unwrap_or(other + 1);
        let codes = match table {
            KeyTable::Dense { low, codes } => cells.map_int_keys(self.view, |cell| {
                cell.map_or(missing, |key| dense_code(*low, codes, key).unwrap_or(other))
            }),
            KeyTable::Sparse(codes) => cells.map_int_keys(self.view, |cell| {
                cell.map_or(missing, |key| codes.get(&key).copied().unwrap_or(other))
            }),
            KeyTable::Texts(codes) => {
                cells.map_texts(|cell| cell.map_or(missing, |key| codes.get(key).copied().unwrap_or(other)))
            }
        };
        codes.unwrap_or_default()
    }

    /// The code of one cell, as [`CategoryStep::codes_of`] gives it; `None` if its column has no such keys.
    pub(super) fn code_of(&self, cell: &OneCell<'_>, table: &KeyTable) -> Option<u32> {
        let other = self.other();
        if cell.is_missing() {
            return Some(self.missing_code.unwrap_or(other + 1));
        }
        let code = match table {
            KeyTable::Dense { low, codes } => dense_code(*low, codes, cell.int_key(self.view)?),
            KeyTable::Sparse(codes) => codes.get(&cell.int_key(self.view)?).copied(),
            KeyTable::Texts(codes) => codes.get(cell.text()?).copied(),
        };
        Some(code.unwrap_or(other))
    }

    /// Number of codes, `other` included.
    pub(super) fn codes(&self) -> usize {
        self.other() as usize + 1
    }

    /// The code of everything unseen, rare or beyond the cap.
    pub(super) fn other(&self) -> u32 {
        (self.keys.len() + usize::from(self.missing_category.is_some())) as u32
    }

    /// A code's category in full.
    pub(super) fn text(&self, code: u32) -> String {
        match (&self.keys, &self.missing_category) {
            (Keys::Texts(texts), _) if (code as usize) < texts.len() => texts[code as usize].clone(),
            (Keys::Ints(keys), _) if (code as usize) < keys.len() => {
                let key = keys[code as usize];
                match self.view {
                    KeyView::Value => key.to_string(),
                    KeyView::Truth => (key != 0).to_string(),
                    KeyView::WideNetwork => ip::wide_label(key),
                    KeyView::NarrowNetwork => ip::narrow_label(key),
                    KeyView::PortBand => port::band_label(key).to_owned(),
                    KeyView::PortService => port::service_label(key),
                    KeyView::Weekday => time::weekday_label(key).to_owned(),
                }
            }
            (_, Some(name)) if code != self.other() => name.clone(),
            _ => "(other)".to_owned(),
        }
    }

    /// A code's category as part of a feature's name, shortened.
    pub(super) fn label(&self, code: u32) -> String {
        let text = self.text(code);
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    /// What is encoded, for names and descriptions: `src_ip network`.
    pub(super) fn title(&self, column: &str) -> String {
        match self.view {
            KeyView::Value | KeyView::Truth => column.to_owned(),
            KeyView::WideNetwork => format!("{column} network"),
            KeyView::NarrowNetwork => format!("{column} subnetwork"),
            KeyView::PortBand => format!("{column} band"),
            KeyView::PortService => format!("{column} service"),
            KeyView::Weekday => format!("{column} weekday"),
        }
    }
}

/// The code of a key in a [`KeyTable::Dense`]; `None` beyond its ends.
#[inline]
fn dense_code(low: i64, codes: &[u32], key: i64) -> Option<u32> {
    let at = key.wrapping_sub(low) as u64;
    usize::try_from(at).ok().and_then(|at| codes.get(at)).copied()
}

/// Rank of each code by rows, most first, of equals the lower code; -1 for the last code (`other`).
fn frequency_ranks(tallies: &[Tally]) -> Vec<f64> {
    let own = tallies.len().saturating_sub(1);
    let mut order: Vec<usize> = (0..own).collect();
    order.sort_by_key(|&code| (std::cmp::Reverse(tallies[code].rows), code));
    let mut ranks = vec![-1.0; tallies.len()];
    for (rank, code) in order.into_iter().enumerate() {
        ranks[code] = rank as f64;
    }
    ranks
}

/// The smoothed share of malicious rows of each code.
fn malicious_shares(tallies: &[Tally], labels: &[bool], prior_rows: f64) -> Vec<f64> {
    let malicious = labels.iter().filter(|&&m| m).count();
    let prior = if labels.is_empty() {
        0.0
    } else {
        malicious as f64 / labels.len() as f64
    };
    tallies
        .iter()
        .map(|t| {
            let weight = t.rows as f64 + prior_rows;
            if weight > 0.0 {
                (t.malicious as f64 + prior_rows * prior) / weight
            } else {
                prior
            }
        })
        .collect()
}
