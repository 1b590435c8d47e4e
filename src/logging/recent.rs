//! Owns the latest lines of the log in memory: for a console that shows them as they come, and for a failure that tells
//! what was logged about it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::Level;

/// Lines that are kept.
const MOST: usize = 1_000;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentLine {
    /// How grave.
    pub level: Level,
    /// The run it belongs to.
    pub run: Option<String>,
    /// As it stands in the file.
    pub text: String,
}

/// Hears each line. Called by whoever logs, so it must not wait, and must not log.
type Listener = Arc<dyn Fn(&RecentLine) + Send + Sync>;

/// The latest lines. Clones are the same lines.
#[derive(Clone, Default)]
pub struct Recent(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    kept: VecDeque<RecentLine>,
    listener: Option<Listener>,
}

impl Recent {
    /// Takes a line.
    pub(super) fn push(&self, line: RecentLine) {
        // The line that goes is freed when nobody waits for the lock.
        let (heard, _oldest) = {
            let mut lines = self.lines();
            let heard = lines.listener.clone().map(|listener| (listener, line.clone()));
            let oldest = if lines.kept.len() >= MOST {
                lines.kept.pop_front()
            } else {
                None
            };
            lines.kept.push_back(line);
            (heard, oldest)
        };
        if let Some((listener, line)) = heard {
            listener(&line);
        }
    }

    /// The last lines of a run, the oldest first.
    pub fn of_run(&self, run: &str, most: usize) -> Vec<RecentLine> {
        let lines = self.lines();
        let own = lines.kept.iter().filter(|line| line.run.as_deref() == Some(run));
        let mut last: Vec<RecentLine> = own.rev().take(most).cloned().collect();
        last.reverse();
        last
    }

    /// The lines kept, the oldest first. From here on `listener` hears each further one, and the listener before it none.
    pub fn listen(&self, listener: impl Fn(&RecentLine) + Send + Sync + 'static) -> Vec<RecentLine> {
        let mut lines = self.lines();
        lines.listener = Some(Arc::new(listener));
        lines.kept.iter().cloned().collect()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recent({} lines)", self.lines().kept.len())
    }
}
