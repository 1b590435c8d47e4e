//! Owns what the keys of marks do, and which cases a decision is about.

use super::asking::Target;
use super::jobs::Asked;
use super::marks::LONGEST_RANGE;
use super::{Marks, ReviewPanel};
use crate::text::grouped;
use crate::tui::app::shared::Shared;
use crate::tui::keymap::Action;
use crate::worker::{Kind, ReviewJob, ReviewPage};

impl ReviewPanel {
    /// Does what a key of marks asks; whether it is one.
    pub(super) fn mark(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::Mark => self.mark_here(shared),
            Action::MarkRange => {
                if let Some(at) = self.window.place() {
                    self.marks.all = false;
                    self.marks.toggle_range(at);
                }
            }
            Action::MarkAll => {
                self.marks.range = None;
                self.marks.all = !self.marks.all && self.window.cases() > 0;
            }
            _ => return false,
        }
        true
    }

    fn mark_here(&mut self, shared: &mut Shared) {
        if self.marks.all {
            self.marks.all = false;
            return shared.say("not all any more");
        }
        if let Some(range) = &self.marks.range {
            // The range becomes marks, so that another can be drawn.
            let Some(rows) = range.rows() else {
                return shared.say("the range is still being read");
            };
            self.marks.range = None;
            self.marks.restore(&rows);
            return;
        }
        let Some(row) = self.window.current() else {
            return shared.say("there is no case here yet");
        };
        self.marks.toggle(row.row);
        self.window.step(1, false);
    }

    /// Leaves the range, or all marks; whether there were some.
    pub(super) fn leave_marks(&mut self) -> bool {
        if self.marks.range.take().is_some() {
            return true;
        }
        let any = !self.marks.is_empty();
        self.marks.clear();
        any
    }

    /// Names the cases of the range, those that are not in sight too.
    pub(super) fn note_range(&mut self, shared: &mut Shared) {
        let Some(at) = self.window.place().filter(|_| self.marks.range.is_some()) else {
            return;
        };
        let kept = self.window.kept().map(|(at, row)| (at, row.row));
        self.marks.reach(at, kept);
        let gap = self.marks.range.as_ref().and_then(super::marks::Range::gap);
        if let Some((first, count)) = gap
            && !self.window.is_waiting()
            && self.jobs.running(Kind::Cases).is_none()
        {
            let job = ReviewJob::Page {
                first,
                count,
                columns: Vec::new(),
                cell: 0,
            };
            self.jobs.ask(shared, job, Asked::Range);
        }
    }

    pub(super) fn range_came(&mut self, shared: &mut Shared, page: &ReviewPage) {
        let Some(at) = self.window.place() else { return };
        let gap = |marks: &Marks| marks.range.as_ref().and_then(super::marks::Range::gap);
        let before = gap(&self.marks);
        let rows = page.rows.iter().enumerate();
        self.marks
            .reach(at, rows.map(|(at, row)| (page.first + at as u64, row.row)));
        // Rows that do not come although they were asked for would be asked for without end.
        if before.is_some() && gap(&self.marks) == before {
            self.marks.range = None;
            shared.complain("the cases of this range cannot be read; draw it anew");
        }
    }

    /// The cases that a decision made now is about; `None` if there is none, which is then said.
    pub(super) fn target(&mut self, shared: &mut Shared) -> Option<Target> {
        if self.marks.all {
            if self.jobs.running(Kind::Queue).is_some() {
                shared.complain("the queue is being made; nothing was decided");
                return None;
            }
            return Some(Target::View);
        }
        if self.marks.is_empty() {
            let row = self.window.current().map(|row| row.row);
            if row.is_none() {
                shared.say("the case is still being read; nothing was decided");
            }
            return row.map(Target::One);
        }
        self.marked_target(shared)
    }

    fn marked_target(&mut self, shared: &mut Shared) -> Option<Target> {
        if self.marks.is_unknown() {
            shared.say("the marked cases are being looked for in this queue; nothing was decided");
            return None;
        }
        let mut rows = self.marks.visible();
        if let Some(range) = &self.marks.range {
            if range.size() > LONGEST_RANGE {
                let most = grouped(LONGEST_RANGE);
                shared.complain(format!(
                    "a range holds {most} cases at most; V takes all that meet a filter"
                ));
                return None;
            }
            let Some(known) = range.rows() else {
                shared.say("the range is still being read; nothing was decided");
                return None;
            };
            rows.extend(known);
            rows.sort_unstable();
            rows.dedup();
        }
        if rows.is_empty() {
            let (_, hidden) = self.marks.counts();
            shared.complain(format!(
                "all {} marked cases are hidden by the filter or the queue; nothing was decided",
                grouped(hidden)
            ));
            return None;
        }
        Some(Target::Marked(rows))
    }

    /// How many cases a target has.
    pub(super) fn size_of(&self, target: &Target) -> u64 {
        match target {
            Target::One(_) => 1,
            Target::Marked(rows) => rows.len() as u64,
            Target::View => self.window.cases(),
        }
    }
}
