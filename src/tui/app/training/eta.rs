//! Owns the estimate of how long counted work still takes, and times as people read them.

/// Milliseconds over which the pace is averaged: longer than a fold, shorter than a family.
const MEMORY: f64 = 30_000.0;
/// Milliseconds before which an estimate would be a guess.
const EARLIEST: u64 = 2_000;

/// Pace of work, as a mean in which what is longer ago counts less.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Eta {
    began: Option<u64>,
    /// When the pace was taken last, and how much was done then.
    taken: (u64, u64),
    /// Milliseconds and units, both fading.
    time: f64,
    units: f64,
    done: u64,
    total: Option<u64>,
}

impl Eta {
    /// Takes how far the work is.
    pub fn update(&mut self, now: u64, done: u64, total: Option<u64>) {
        if self.began.is_none() || done < self.done {
            // What was done before it was first looked at took no time that was seen.
            *self = Self {
                began: Some(now),
                taken: (now, done),
                ..Self::default()
            };
        }
        (self.done, self.total) = (done, total);
        let (then, before) = self.taken;
        let elapsed = now.saturating_sub(then) as f64;
        if done > before && elapsed > 0.0 {
            let fading = (-elapsed / MEMORY).exp();
            self.time = self.time * fading + elapsed;
            self.units = self.units * fading + (done - before) as f64;
            self.taken = (now, done);
        }
    }

    /// Units a second, if that can be told yet.
    pub fn pace(&self) -> Option<f64> {
        (self.units > 0.0 && self.time > 0.0).then(|| self.units / self.time * 1000.0)
    }

    /// Milliseconds still to go, if that can be told yet. Counts down between updates, and waits where a unit takes
    /// longer than it should.
    pub fn left(&self, now: u64) -> Option<u64> {
        let open = self.total?.checked_sub(self.done).filter(|open| *open > 0)? as f64;
        if self.units <= 0.0 || now.saturating_sub(self.began?) < EARLIEST {
            return None;
        }
        let pace = self.time / self.units;
        let waited = now.saturating_sub(self.taken.0) as f64;
        Some((open * pace - waited).max((open - 1.0) * pace) as u64)
    }
}

/// Milliseconds as a clock shows them: `0:07`, `12:05`, `1:02:03`.
pub fn clock_text(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}
