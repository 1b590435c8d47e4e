//! Owns when a frame is drawn: at once for a key, seldom for news, and never faster than the line takes them.

/// Milliseconds between frames that nobody pressed a key for: 30 a second.
const FRAME: u64 = 33;

/// A write that takes longer than this says that the line is slow.
const SLOW: u64 = 15;

/// How long a slow line is left alone at most.
const LONGEST_REST: u64 = 1_000;

/// Why the screen may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Something happened by itself.
    News,
    /// A person did something and waits.
    Person,
}

/// Decides when to draw. Knows no clock: it is told the time, in milliseconds.
#[derive(Debug, Default)]
pub struct Pacer {
    owed: Option<Cause>,
    /// No frame for news before this.
    news_from: u64,
    /// No frame at all before this.
    any_from: u64,
}

impl Pacer {
    /// The screen may have changed.
    pub fn changed(&mut self, cause: Cause) {
        self.owed = self.owed.max(Some(cause));
    }

    /// When the next frame is due: now or in the past means at once.
    pub fn due(&self) -> Option<u64> {
        self.owed.map(|cause| match cause {
            Cause::Person => self.any_from,
            Cause::News => self.news_from.max(self.any_from),
        })
    }

    /// A frame was drawn from `start` and written by `end`. What piled up while a slow line took it is drawn in one
    /// frame after a rest, so that no backlog of frames builds up in front of the person at the other end.
    pub fn drawn(&mut self, start: u64, end: u64) {
        self.owed = None;
        let took = end.saturating_sub(start);
        let rest = if took > SLOW { took.min(LONGEST_REST) } else { 0 };
        self.any_from = end + rest;
        self.news_from = (start + FRAME).max(end + rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_due_until_something_changed() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.due(), None);
        pacer.changed(Cause::News);
        assert_eq!(pacer.due(), Some(0));
        pacer.drawn(100, 101);
        assert_eq!(pacer.due(), None);
    }

    #[test]
    fn news_waits_for_its_turn_and_a_key_does_not() {
        let mut pacer = Pacer::default();
        pacer.drawn(100, 101);
        pacer.changed(Cause::News);
        assert_eq!(pacer.due(), Some(133));
        pacer.changed(Cause::Person);
        assert_eq!(pacer.due(), Some(101), "at once");
        pacer.changed(Cause::News);
        assert_eq!(pacer.due(), Some(101), "news does not put a key off");
    }

    #[test]
    fn news_alone_makes_thirty_frames_a_second() {
        let mut pacer = Pacer::default();
        let mut frames = 0;
        for now in 0..1_000 {
            pacer.changed(Cause::News);
            if pacer.due().is_some_and(|due| due <= now) {
                pacer.drawn(now, now);
                frames += 1;
            }
        }
        assert_eq!(frames, 31, "the first one at once");
    }

    #[test]
    fn a_slow_line_has_half_of_the_time_to_itself() {
        let mut pacer = Pacer::default();
        pacer.drawn(1_000, 1_400);
        pacer.changed(Cause::Person);
        assert_eq!(pacer.due(), Some(1_800));
        pacer.drawn(2_000, 12_000);
        pacer.changed(Cause::Person);
        assert_eq!(pacer.due(), Some(13_000), "but never more than a second");
    }
}
