//! Owns which columns of an open file have drifted against the training rows of the run that scored it.

use std::collections::BTreeSet;

use super::row_text::RowText;
use crate::cancel::{CancelToken, Cancelled};
use crate::schema::DriftThresholds;
use crate::validation::drift::{BatchProfile, Reference, drift};

/// Names of columns.
pub(super) type Drifted = BTreeSet<String>;

/// Rows typed between two looks at the token.
const ROWS: usize = 4096;

/// The columns of which any distance is at its threshold or above, over columns' names and rows.
pub(super) fn drifted_columns(
    text: &RowText,
    reference: &Reference,
    thresholds: &DriftThresholds,
    (columns, rows): (&[String], &[Vec<String>]),
    cancel: &CancelToken,
) -> Result<Drifted, Cancelled> {
    let mut profile = BatchProfile::new(reference);
    for some in rows.chunks(ROWS) {
        cancel.check()?;
        profile.add(&text.frame_of(columns, some));
    }
    let found = drift(reference, &profile, thresholds).into_iter();
    let drifted = found.filter(|entry| entry.drifted == Some(true));
    Ok(drifted.map(|entry| entry.column).collect())
}
