//! Owns the fitted preprocessor: what it is fitted on, what it makes of a frame, how it is saved and read back.

use std::sync::Arc;

use polars::prelude::DataFrame;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::schema::{Column, TypedCell};

use super::check::check;
use super::describe;
use super::error::TransformError;
use super::fit::fit;
use super::matrix::{Feature, FeatureMatrix};
use super::plan::Plan;
use super::recipe::Recipe;
use super::settings::TransformSettings;
use super::step::Fitted;
use super::wants::Wants;

/// Turns typed columns into the matrix a model learns from and scores. Fitted on training rows only.
///
/// The matrix of the training rows is made by the same [`Preprocessor::transform`] as every later one, and the object
/// that is saved is the object that is used: training and scoring cannot differ.
///
/// Serialises to the same bytes every time, floats exactly; no time, path or thread count is in it. Reading back
/// checks the content: what is damaged is an error.
#[derive(Clone, Debug)]
pub struct Preprocessor {
    fitted: Fitted,
    plan: Plan,
}

impl Preprocessor {
    /// Fits on training rows.
    ///
    /// `frame` has the typed columns of [`crate::schema::ColumnType`], null for missing; columns may stand in any
    /// order, others may be there too. `columns` are the schema's features ([`crate::schema::Schema::features`]), and
    /// its timestamps where `timestamp_parts` is on. A column that is not required may be absent. `labels` has one
    /// entry a row, true for malicious.
    ///
    /// # Errors
    /// A required column that is missing or of another type, no rows, labels of another number, a setting outside its
    /// range, more than 65,536 features, or no feature that varies.
    pub fn fit(
        frame: &DataFrame,
        columns: &[Column],
        labels: &[bool],
        wants: &Wants,
        settings: &TransformSettings,
    ) -> Result<Self, TransformError> {
        Self::compile(fit(frame, columns, labels, *wants, settings)?)
    }

    /// The matrix of these rows: rows x [`Preprocessor::width`]. A row's values do not depend on the rows beside it;
    /// no rows give a matrix of 0 rows. Uses rayon's current pool, with the same result for every number of threads.
    ///
    /// # Errors
    /// A needed column ([`Preprocessor::columns`]) that is missing or of another type.
    pub fn transform(&self, frame: &DataFrame) -> Result<FeatureMatrix, TransformError> {
        self.plan.run(&self.fitted, frame)
    }

    /// The features of one row, the values that [`Preprocessor::transform`] gives it: `cell` has the cell of the nth of
    /// [`Preprocessor::columns`]. `None` where one row is not enough to know (gaps filled from similar rows), or a cell is
    /// not of its column's type.
    pub fn transform_row<'a>(&self, cell: impl Fn(usize) -> TypedCell<'a>) -> Option<Vec<f32>> {
        self.plan.run_row(&self.fitted, cell)
    }

    /// Names of the columns that [`Preprocessor::transform`] needs, in the schema's order. Columns all of whose
    /// features were dropped are not among them.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.plan
            .needed()
            .filter_map(|index| self.fitted.columns.get(index))
            .map(|c| c.name.as_str())
    }

    /// The features of every matrix it makes.
    pub fn features(&self) -> &Arc<[Feature]> {
        self.plan.features()
    }

    /// Number of features.
    pub fn width(&self) -> usize {
        self.plan.features().len()
    }

    /// What it does, step by step, for those who write it down in another language. `None` where gaps are filled from
    /// similar rows, which no formula says.
    pub fn recipe(&self) -> Option<Recipe<'_>> {
        Recipe::of(&self.fitted)
    }

    /// Whether each feature of a row depends on the cell of its own [`Feature::source`] alone. Not so where gaps are filled from
    /// similar rows.
    pub fn is_columnwise(&self) -> bool {
        self.fitted.neighbours.is_none()
    }

    /// What was done, one line a column, for people: `service: one-hot, 24 categories + other`.
    pub fn describe(&self) -> Vec<String> {
        describe::describe(&self.fitted)
    }

    /// Checks that its content holds together. Reading one back has done this already.
    ///
    /// # Errors
    /// [`TransformError::Damaged`] with the first thing found wrong, [`TransformError::TooWide`].
    pub fn validate(&self) -> Result<(), TransformError> {
        check(&self.fitted)
    }

    fn compile(fitted: Fitted) -> Result<Self, TransformError> {
        check(&fitted)?;
        let plan = Plan::new(&fitted);
        Ok(Self { fitted, plan })
    }
}

impl PartialEq for Preprocessor {
    fn eq(&self, other: &Self) -> bool {
        self.fitted == other.fitted
    }
}

impl Serialize for Preprocessor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fitted.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Preprocessor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::compile(Fitted::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
