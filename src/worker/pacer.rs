//! Owns the pace of news: one thread that sleeps until something waits, tells it at once, and then not again for a while.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::job::Ticket;
use super::lanes::Tell;
use super::news::{News, Report};
use super::reporter::Voice;

/// Between two rounds: a little less than thirty a second.
const ROUND: Duration = Duration::from_millis(34);

/// Who has something to say, and the one closure that hears it.
pub(super) struct Pacer {
    tell: Tell,
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    due: Vec<Arc<Voice>>,
    /// Jobs that were given up before they began.
    given_up: Vec<Ticket>,
    closed: bool,
}

impl Pacer {
    pub(super) fn new(tell: Tell) -> Self {
        Self {
            tell,
            state: Mutex::default(),
            bell: Condvar::new(),
        }
    }

    /// Tells now. May wait for the console, so it is for the threads of the worker only.
    pub(super) fn tell(&self, news: News) {
        (self.tell)(news);
    }

    /// Has that voice heard in the next round. Never waits.
    pub(super) fn visit(&self, voice: Arc<Voice>) {
        self.state().due.push(voice);
        self.bell.notify_one();
    }

    /// Has it told that a job was given up before it began. Never waits.
    pub(super) fn given_up(&self, ticket: Ticket) {
        self.state().given_up.push(ticket);
        self.bell.notify_one();
    }

    /// Ends the thread once nothing waits.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.bell.notify_one();
    }

    /// The thread's work.
    pub(super) fn run(&self) {
        loop {
            let (due, given_up) = {
                let mut state = self.state();
                while state.due.is_empty() && state.given_up.is_empty() {
                    if state.closed {
                        return;
                    }
                    state = self.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                (std::mem::take(&mut state.due), std::mem::take(&mut state.given_up))
            };
            let began = Instant::now();
            for ticket in given_up {
                let report = Report::Cancelled;
                self.tell(News { ticket, report });
            }
            for voice in &due {
                voice.flush();
            }
            std::thread::sleep(ROUND.saturating_sub(began.elapsed()));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
