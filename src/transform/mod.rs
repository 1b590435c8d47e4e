//! From typed columns to the matrix a model learns from: a preprocessor fitted on training rows only.
//!
//! One [`Preprocessor`] is fitted inside each fold and once for the final model, saved with it, and read back for
//! scoring: training and scoring run the same code on the same fitted object.

mod cells;
mod check;
mod describe;
mod encode;
mod error;
mod fit;
mod impute;
mod ip;
mod keys;
mod matrix;
mod numeric;
mod one_cell;
mod plan;
mod port;
mod preprocessor;
mod recipe;
mod scale;
mod select;
mod settings;
mod step;
mod time;
mod wants;

pub use cells::{Flag, KeyView, NumberView};
pub use error::TransformError;
pub use keys::Keys;
pub use matrix::{Feature, FeatureKind, FeatureMatrix};
pub use numeric::Shape;
pub use preprocessor::Preprocessor;
pub use recipe::{Codes, Made, Recipe, RecipeColumn, RecipePart};
pub use scale::Scale;
pub use settings::{
    CategoryImputation, ClassWeight, FeatureRanking, NumberImputation, NumericTransform, TransformSettings,
    class_weights,
};
pub use wants::{CategoryEncoding, MissingValues, Scaling, Wants};

#[cfg(test)]
mod tests;
