//! Owns the preprocessor as a recipe: what is read of each column and what becomes of it, for those who write it down in
//! another language (ONNX, SQL). Dropped features are left out of it.

use crate::schema::ColumnType;

use super::cells::{Flag, KeyView, NumberView};
use super::encode::{CategoryStep, Encoding};
use super::keys::Keys;
use super::numeric::{Shape, narrow};
use super::scale::Scale;
use super::step::{Fitted, Step};

/// What a preprocessor does. The features of all parts, in order, are the matrix's columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe<'a> {
    /// The columns that are read, in the schema's order.
    pub columns: Vec<RecipeColumn<'a>>,
}

/// One column that is read.
#[derive(Clone, Debug, PartialEq)]
pub struct RecipeColumn<'a> {
    /// Canonical name.
    pub name: &'a str,
    /// Its type.
    pub kind: ColumnType,
    /// What is made of it, in feature order.
    pub parts: Vec<RecipePart<'a>>,
}

/// One or more neighbouring features made of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct RecipePart<'a> {
    /// How.
    pub made: Made<'a>,
    /// Number of features.
    pub width: usize,
}

/// How features are made. A number is clamped to ± the largest `f32` when it is read and before it becomes an `f32`;
/// infinities count as missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Made<'a> {
    /// One number: filled, shaped, scaled, in this order, in `f64`.
    Number {
        /// What it is read from.
        view: NumberView,
        /// What stands for missing; `None` passes missing on as NaN.
        fill: Option<f64>,
        /// Shaping.
        shape: Shape,
        /// Scaling.
        scale: Scale,
    },
    /// A 0/1 feature for each of these codes, ascending.
    OneHot {
        /// How a cell becomes a code.
        codes: Codes<'a>,
        /// The codes that have a feature.
        kept: Vec<u32>,
    },
    /// One feature: the value of the code.
    Lookup {
        /// How a cell becomes a code.
        codes: Codes<'a>,
        /// One a code.
        values: Vec<f32>,
    },
    /// A 0/1 feature each.
    Flags(Vec<Flag>),
}

/// How a cell becomes a code: the place of its key, else `other`.
#[derive(Clone, Debug, PartialEq)]
pub struct Codes<'a> {
    /// What the key is read from.
    pub view: KeyView,
    /// The keys of codes 0, 1, …, strictly ascending.
    pub keys: &'a Keys,
    /// The code of a missing cell; `None` passes missing on: 0 in every one-hot feature, NaN from a lookup.
    pub missing: Option<u32>,
    /// The code of every other key, the last one.
    pub other: u32,
}

impl<'a> Recipe<'a> {
    pub(super) fn of(fitted: &'a Fitted) -> Option<Self> {
        if fitted.neighbours.is_some() {
            return None;
        }
        let mut next = 0;
        let mut columns = Vec::new();
        for column in &fitted.columns {
            let mut parts = Vec::new();
            for step in &column.steps {
                let width = step.width();
                // Which features of this step are left.
                let kept: Vec<usize> = (0..width).filter(|&at| !fitted.is_dropped(next + at)).collect();
                next += width;
                if !kept.is_empty() {
                    parts.push(RecipePart {
                        width: kept.len(),
                        made: made(step, &kept),
                    });
                }
            }
            if !parts.is_empty() {
                columns.push(RecipeColumn {
                    name: &column.name,
                    kind: column.kind,
                    parts,
                });
            }
        }
        Some(Self { columns })
    }
}

fn made<'a>(step: &'a Step, kept: &[usize]) -> Made<'a> {
    match step {
        Step::Number(number) => Made::Number {
            view: number.view,
            fill: number.fill,
            shape: number.shape,
            scale: number.scale,
        },
        Step::Flags(flags) => Made::Flags(kept.iter().filter_map(|&at| flags.get(at).copied()).collect()),
        Step::Category(category) => match &category.encoding {
            Encoding::OneHot => Made::OneHot {
                codes: codes(category),
                kept: kept.iter().map(|&at| at as u32).collect(),
            },
            Encoding::Native => Made::Lookup {
                codes: codes(category),
                values: (0..category.codes()).map(|code| code as f32).collect(),
            },
            Encoding::Numbers { values, scale, .. } => Made::Lookup {
                codes: codes(category),
                values: values.iter().map(|&value| narrow(scale.apply(value))).collect(),
            },
        },
    }
}

fn codes(category: &CategoryStep) -> Codes<'_> {
    Codes {
        view: category.view,
        keys: &category.keys,
        missing: category.missing_code,
        other: category.other(),
    }
}
