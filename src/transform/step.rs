//! Owns what a fitted preprocessor consists of, as it is saved: columns, their steps, and the features dropped.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::schema::ColumnType;

use super::cells::{Flag, NumberView};
use super::encode::{CategoryStep, Encoding};
use super::impute::Neighbours;
use super::matrix::{Feature, FeatureKind};
use super::numeric::Shape;
use super::scale::Scale;
use super::wants::MissingValues;

/// Everything fitted, as it stands in `preprocessor.json` and in `model.bin`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fitted {
    /// Version of this layout.
    pub(super) format: u32,
    /// What happens to missing values.
    pub(super) missing: MissingValues,
    /// The columns, in the schema's order.
    pub(super) columns: Vec<FittedColumn>,
    /// Nearest-neighbour imputation, if asked for.
    pub(super) neighbours: Option<Neighbours>,
    /// Features left out, ascending.
    pub(super) dropped: Vec<Dropped>,
}

/// One schema column and what becomes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FittedColumn {
    /// Canonical name.
    pub(super) name: String,
    /// Its type.
    pub(super) kind: ColumnType,
    /// What is made of it, in order; empty if nothing is.
    pub(super) steps: Vec<Step>,
    /// Why nothing is, for people.
    pub(super) note: Option<String>,
}

/// One thing made of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// One numeric feature.
    Number(NumberStep),
    /// Categories.
    Category(CategoryStep),
    /// One 0/1 feature each, at most eight.
    Flags(Vec<Flag>),
}

/// A number: filled, transformed, scaled, in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberStep {
    /// What it is read from.
    pub(super) view: NumberView,
    /// The number for missing cells; `None` passes missing on.
    pub(super) fill: Option<f64>,
    /// Fitted transform.
    pub(super) shape: Shape,
    /// Fitted scaling.
    pub(super) scale: Scale,
}

/// A feature that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dropped {
    /// Its index among the features of all steps.
    pub(super) feature: u32,
    /// Why.
    pub(super) reason: DropReason,
}

/// Why a feature was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DropReason {
    /// The same in every training row.
    Constant,
    /// Too close to an earlier feature.
    Correlated,
    /// Not among the best `top_k`.
    Ranked,
}

impl NumberStep {
    /// Fills, transforms and scales one raw number (NaN for missing).
    #[inline]
    pub(super) fn apply(&self, x: f64) -> f64 {
        let x = match self.fill {
            Some(fill) if x.is_nan() => fill,
            _ => x,
        };
        self.scale.apply(self.shape.apply(x))
    }
}

impl Step {
    /// Number of features it makes.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Number(_) => 1,
            Self::Category(category) => match category.encoding {
                Encoding::OneHot => category.codes(),
                Encoding::Native | Encoding::Numbers { .. } => 1,
            },
            Self::Flags(flags) => flags.len(),
        }
    }

    /// The features it makes of a column, in order.
    fn features(&self, column: &str) -> Vec<(String, FeatureKind)> {
        match self {
            Self::Number(number) => {
                let name = match number.view {
                    NumberView::Value => column.to_owned(),
                    NumberView::HourSine => format!("{column} hour (sine)"),
                    NumberView::HourCosine => format!("{column} hour (cosine)"),
                };
                vec![(name, FeatureKind::Numeric)]
            }
            Self::Category(category) => {
                let title = category.title(column);
                match category.encoding {
                    Encoding::OneHot => (0..category.codes() as u32)
                        .map(|code| (format!("{title}={}", category.label(code)), FeatureKind::Indicator))
                        .collect(),
                    Encoding::Native => {
                        let cardinality = category.codes() as u32;
                        vec![(title, FeatureKind::Categorical { cardinality })]
                    }
                    Encoding::Numbers { .. } => vec![(title, FeatureKind::Numeric)],
                }
            }
            Self::Flags(flags) => flags
                .iter()
                .map(|flag| (format!("{column} is {}", flag.word()), FeatureKind::Indicator))
                .collect(),
        }
    }
}

impl Flag {
    /// The flag for people: `private`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Private => "private",
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Multicast => "multicast",
            Self::Ipv6 => "IPv6",
            Self::Weekend => "at the weekend",
            Self::Night => "at night",
        }
    }
}

impl Fitted {
    /// The layout written by this version of the program.
    pub(super) const FORMAT: u32 = 1;

    /// Features of all steps, dropped ones included.
    pub(super) fn width(&self) -> usize {
        self.columns.iter().flat_map(|c| &c.steps).map(Step::width).sum()
    }

    /// Whether a feature, counted over all steps, was left out.
    pub(super) fn is_dropped(&self, feature: usize) -> bool {
        self.dropped
            .binary_search_by_key(&feature, |d| d.feature as usize)
            .is_ok()
    }

    /// The features of all steps, dropped ones included, in order. Names that columns or categories with odd names
    /// would share are told apart by ` #2`, ` #3`, …
    pub(super) fn all_features(&self) -> Vec<Feature> {
        let mut taken: HashMap<String, u64> = HashMap::new();
        let mut features = Vec::with_capacity(self.width());
        for column in &self.columns {
            for (name, kind) in column.steps.iter().flat_map(|step| step.features(&column.name)) {
                features.push(Feature {
                    name: free_name(name, &mut taken),
                    source: column.name.clone(),
                    kind,
                });
            }
        }
        features
    }
}

/// The name, or the first of `name #2`, `name #3`, … that is free; `taken` counts how often a name was asked for.
fn free_name(name: String, taken: &mut HashMap<String, u64>) -> String {
    let mut count = taken.get(&name).copied().unwrap_or(0);
    let mut free = name.clone();
    while taken.contains_key(&free) {
        count += 1;
        free = format!("{name} #{count}");
    }
    taken.insert(free.clone(), 1);
    if free != name {
        taken.insert(name, count);
    }
    free
}
