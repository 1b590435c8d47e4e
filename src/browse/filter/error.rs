//! Owns saying what is wrong with a condition, and where.

/// A condition that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {message}", at.saturating_add(1))]
pub struct FilterError {
    /// Where, in characters, 0-based.
    pub at: usize,
    /// What was found, what was expected, what to do.
    pub message: String,
}

impl FilterError {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}
