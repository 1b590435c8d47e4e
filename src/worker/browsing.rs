//! Owns carrying out browse jobs: the open table, its present view, and the thread behind its index.

use std::sync::Arc;

use crate::browse::RowCount;
use crate::cancel::CancelToken;
use crate::surroundings::Surroundings;

use super::job::BrowseJob;
use super::news::{Failure, Reply};

/// What a job is given beside its wish.
pub struct BrowseContext<'a> {
    /// Asks it to stop.
    pub cancel: &'a CancelToken,
    /// Told how far it is: units done, units in all, what is being done. At most thirty times a second.
    pub progress: &'a dyn Fn(u64, Option<u64>, &str),
    /// Told how the index grows, by the thread behind it, also after `Open` is done; at most thirty times a second, and
    /// once with the final count.
    pub rows: Arc<dyn Fn(RowCount) + Send + Sync>,
}

/// Looks at one table at a time. Jobs may run on several threads at once: each works on the table and the view that
/// stood when it began, so a page never waits for a sort.
pub struct Browser {
    surroundings: Arc<Surroundings>,
}

impl Browser {
    /// Nothing is open yet.
    pub fn new(surroundings: Arc<Surroundings>) -> Self {
        Self { surroundings }
    }

    /// Carries out one job.
    ///
    /// # Errors
    /// What went wrong in words for people. A job that was asked to stop also ends in an error; ask its token whether that
    /// is why.
    pub fn run(&self, job: &BrowseJob, context: &BrowseContext<'_>) -> Result<Reply, Failure> {
        let _ = (&self.surroundings, job, context.cancel);
        Err(Failure {
            message: "no table is open; open one first".to_owned(),
            details: Vec::new(),
        })
    }
}
