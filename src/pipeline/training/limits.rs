//! Owns how a run may end early without being given up: a time after which no trial begins, and the wish to stop after the
//! present stage.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use crate::cancel::CancelToken;

/// How a run may end early. By default it does not.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// From then on no trial begins; those that have begun are finished, and the best of them is the model. A result then
    /// depends on how fast the machine is, which the run's manifest says by `trials_left_out`.
    pub no_trial_after: Option<Instant>,
    /// Once set, the run ends as cancelled when the present stage is done.
    pub stop_after_stage: CancelToken,
}

/// Says of each trial whether it may begin. The first one always may, so that there is something to choose.
pub struct TrialGate {
    closes: Option<Instant>,
    used: AtomicBool,
    left_out: AtomicUsize,
}

impl TrialGate {
    /// Open until `closes`.
    pub fn new(closes: Option<Instant>) -> Self {
        Self {
            closes,
            used: AtomicBool::new(false),
            left_out: AtomicUsize::new(0),
        }
    }

    /// Whether it ever closes.
    pub fn is_timed(&self) -> bool {
        self.closes.is_some()
    }

    /// Whether one more trial may begin. To be asked once a trial.
    pub fn admits(&self) -> bool {
        let first = !self.used.swap(true, Ordering::AcqRel);
        let in_time = self.closes.is_none_or(|closes| Instant::now() < closes);
        if !first && !in_time {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        first || in_time
    }

    /// Trials that were not let in.
    pub fn left_out(&self) -> usize {
        self.left_out.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_trial_is_let_in_and_none_after_the_time() {
        let gate = TrialGate::new(Some(Instant::now()));
        assert!(gate.is_timed());
        assert_eq!([gate.admits(), gate.admits(), gate.admits()], [true, false, false]);
        assert_eq!(gate.left_out(), 2);
        for closes in [None, Some(Instant::now() + Duration::from_secs(3_600))] {
            let gate = TrialGate::new(closes);
            assert!((0..5).all(|_| gate.admits()));
            assert_eq!(gate.left_out(), 0);
        }
    }
}
