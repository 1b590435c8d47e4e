//! Owns specificity: the share of benign rows that are left alone.

use crate::metrics::{Confusion, Metric};

/// The entry, as it would stand in the list.
pub(super) static SPECIFICITY: Metric = Metric {
    name: "specificity",
    title: "Specificity",
    higher_is_better: true,
    uses_threshold: true,
    compute: |rows, threshold| {
        let counts = Confusion::at(rows, threshold);
        let benign = counts.tn + counts.fp;
        (benign > 0).then(|| counts.tn as f64 / benign as f64)
    },
};
