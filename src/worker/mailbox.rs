//! Owns events on their way from a running stage to the console: every point of a series arrives, of progress only the
//! latest, and whoever collects is called once and not for each event.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::event::{Event, EventSink};

use super::job::Ticket;

/// Events that wait to be collected.
pub struct Mailbox {
    ticket: Ticket,
    waiting: Mutex<Vec<Event>>,
    /// Whether the bell was rung since the last collection.
    rung: AtomicBool,
    bell: Box<dyn Fn() + Send + Sync>,
}

impl Mailbox {
    /// Empty; `bell` is called when the first event has come since the last collection.
    pub fn new(ticket: Ticket, bell: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            ticket,
            waiting: Mutex::new(Vec::new()),
            rung: AtomicBool::new(false),
            bell: Box::new(bell),
        }
    }

    /// Whose events these are.
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Takes what has come, in order.
    pub fn collect(&self) -> Vec<Event> {
        // Before the events: one that comes in between rings again, and is at worst collected already.
        self.rung.store(false, Ordering::Release);
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl EventSink for Mailbox {
    fn send(&self, event: Event) {
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            match (waiting.last_mut(), &event) {
                (Some(last @ Event::StageProgress { .. }), Event::StageProgress { .. }) => *last = event,
                _ => waiting.push(event),
            }
        }
        if !self.rung.swap(true, Ordering::AcqRel) {
            (self.bell)();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::super::job::Kind;
    use super::*;
    use crate::event::Stage;

    fn progress(done: u64) -> Event {
        Event::StageProgress {
            stage: Stage::Training,
            done,
            total: None,
            note: String::new(),
        }
    }

    fn started(run_id: &str) -> Event {
        Event::RunStarted { run_id: run_id.into() }
    }

    fn mailbox() -> (Mailbox, Arc<AtomicUsize>) {
        let rings = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&rings);
        let ticket = Ticket {
            id: 1,
            kind: Kind::Train,
        };
        (
            Mailbox::new(ticket, move || _ = counted.fetch_add(1, Ordering::Relaxed)),
            rings,
        )
    }

    #[test]
    fn progress_is_replaced_and_everything_else_kept_in_order() {
        let (mailbox, rings) = mailbox();
        for event in [
            progress(1),
            progress(2),
            started("a"),
            progress(3),
            started("b"),
            progress(4),
            progress(5),
        ] {
            mailbox.send(event);
        }
        assert_eq!(rings.load(Ordering::Relaxed), 1);
        let expected = vec![progress(2), started("a"), progress(3), started("b"), progress(5)];
        assert_eq!(mailbox.collect(), expected);
        assert_eq!(mailbox.collect(), []);
        mailbox.send(started("c"));
        assert_eq!(rings.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn no_event_is_lost_between_threads() {
        let (mailbox, _) = mailbox();
        let mut seen = Vec::new();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let mailbox = &mailbox;
                scope.spawn(move || (0..500).for_each(|at| mailbox.send(started(&format!("{thread} {at}")))));
            }
            while seen.len() < 2_000 {
                seen.extend(mailbox.collect());
            }
        });
        for thread in 0..4 {
            let mine: Vec<&Event> = seen
                .iter()
                .filter(|e| matches!(e, Event::RunStarted { run_id } if run_id.starts_with(&format!("{thread} "))))
                .collect();
            let expected: Vec<Event> = (0..500).map(|at| started(&format!("{thread} {at}"))).collect();
            assert!(mine.into_iter().eq(expected.iter()));
        }
    }
}
