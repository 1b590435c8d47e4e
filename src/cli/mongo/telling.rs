//! Owns telling a person how far a push or a pull is.

use std::time::{Duration, Instant};

use super::super::context::Context;
use crate::text::grouped;

/// How often a person without a terminal is told how far it is.
const TOLD: Duration = Duration::from_secs(2);

/// Tells a person how far it is: a bar on a terminal, a line now and then elsewhere.
pub(super) struct Teller<'a> {
    context: &'a Context,
    last: Instant,
}

impl<'a> Teller<'a> {
    pub(super) fn new(context: &'a Context, name: &str) -> Self {
        context.progress.begin_work(name);
        Self {
            context,
            last: Instant::now(),
        }
    }

    pub(super) fn tell(&mut self, rows: u64, took: Duration, note: &str) {
        let speed = format!("{} rows/s", grouped(rate(rows, took)));
        let note = if note.is_empty() {
            speed
        } else {
            format!("{speed}, {note}")
        };
        let drawn = self.context.progress.work(rows, &note);
        if !drawn && self.last.elapsed() >= TOLD {
            self.last = Instant::now();
            self.context.progress.line(&format!("{} rows, {note}", grouped(rows)));
        }
    }
}

/// Rows a second.
pub(super) fn rate(rows: u64, took: Duration) -> u64 {
    (rows as f64 / took.as_secs_f64().max(1e-3)) as u64
}
