//! Owns what is said of a job that went wrong.

use std::error::Error;

use serde::{Deserialize, Serialize};

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// One line: what, where, what to do. Not yet made safe to draw.
    pub message: String,
    /// Its causes and the last lines of the log about it.
    pub details: Vec<String>,
}

/// How a job ended that has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was given up.
    Cancelled,
    /// It went wrong.
    Failed(Failure),
}

/// Causes of causes that are told.
const MOST_CAUSES: usize = 16;

impl Failure {
    /// A failure without causes.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// An error with those of its causes that its text does not tell already.
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let mut failure = Self::new(error.to_string());
        let mut said = failure.message.clone();
        let mut next = error.source();
        for _ in 0..MOST_CAUSES {
            let Some(cause) = next else { break };
            next = cause.source();
            let text = cause.to_string();
            if !said.contains(&text) {
                failure.details.push(format!("because: {text}"));
                said = text;
            }
        }
        failure
    }
}

impl<E: Error + 'static> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Failed(Failure::of(&error))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Outer {
        text: &'static str,
        source: io::Error,
    }

    #[test]
    fn causes_are_told_once() {
        let source = || io::Error::other("the disk is full");
        let text = "a.csv: cannot write";
        let failure = Failure::of(&Outer { text, source: source() });
        assert_eq!(failure.message, "a.csv: cannot write");
        assert_eq!(failure.details, ["because: the disk is full"]);
        let text = "a.csv: the disk is full; free some space";
        assert_eq!(
            Failure::of(&Outer { text, source: source() }).details,
            Vec::<String>::new()
        );
    }
}
