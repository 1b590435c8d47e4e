//! Owns what the tests of the transformation share: schema columns, wants, and looking into a matrix.

mod categories;
mod derived;
mod numbers;
mod properties;
mod saved;
mod selection;

use polars::prelude::*;

use super::*;
use crate::schema::{Column as SchemaColumn, ColumnType, Role, Severity};

/// What a family that takes numbers as they are wants.
const PLAIN: Wants = Wants {
    categories: CategoryEncoding::OneHot,
    discrete_as_categories: false,
    scaling: Scaling::None,
    missing: MissingValues::Impute,
};

fn column(name: &str, kind: ColumnType) -> SchemaColumn {
    SchemaColumn {
        name: name.to_owned(),
        kind,
        required: true,
        nullable: true,
        allowed: None,
        min: None,
        max: None,
        pattern: None,
        unique: false,
        aliases: Vec::new(),
        description: None,
        role: Role::Feature,
        severity: Severity::Block,
    }
}

/// Settings under which every category counts, however rare, and no number is transformed.
fn settings() -> TransformSettings {
    TransformSettings {
        min_category_rows: 1,
        numeric_transform: NumericTransform::None,
        ..TransformSettings::default()
    }
}

fn fit_with(
    frame: &DataFrame,
    columns: &[SchemaColumn],
    labels: &[bool],
    wants: Wants,
    settings: &TransformSettings,
) -> Preprocessor {
    Preprocessor::fit(frame, columns, labels, &wants, settings).unwrap()
}

/// Labels that alternate, beginning with benign.
fn alternating(rows: usize) -> Vec<bool> {
    (0..rows).map(|row| row % 2 == 1).collect()
}

fn names(preprocessor: &Preprocessor) -> Vec<&str> {
    preprocessor.features().iter().map(|f| f.name.as_str()).collect()
}

/// The values of one feature.
fn feature(matrix: &FeatureMatrix, name: &str) -> Vec<f32> {
    let at = matrix.features.iter().position(|f| f.name == name);
    let at = at.unwrap_or_else(|| panic!("no feature `{name}` among {:?}", matrix.features));
    matrix.values.column(at).to_vec()
}

fn assert_close(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        // One rounding to f32 is allowed; the work itself is in f64.
        let error = (f64::from(*found) - expected).abs();
        assert!(error <= 1e-7 * expected.abs().max(1e-3), "{found} is not {expected}");
    }
}

/// Bit patterns, so that NaN equals NaN and -0 differs from 0.
fn bits(matrix: &FeatureMatrix) -> Vec<u32> {
    matrix.values.iter().map(|v| v.to_bits()).collect()
}
