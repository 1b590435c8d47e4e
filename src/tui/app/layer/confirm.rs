//! Owns a question that is answered yes or no.

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// What is asked, a line.
    pub question: String,
    /// What follows from yes, a line each.
    pub consequences: Vec<String>,
}
