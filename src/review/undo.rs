//! Owns what one analyst can take back: the groups of their decisions in order, rebuilt from events, so that it outlives the
//! console.

use std::collections::HashMap;

use crate::data::RowId;
use crate::triage::{Change, Event, EventId};

/// Decisions that were made with one key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    /// Its name.
    pub id: EventId,
    /// The cases.
    pub rows: Vec<RowId>,
    /// What was decided.
    pub change: Change,
}

/// The groups that stand and those that were taken back, the latest last.
#[derive(Debug, Default)]
pub(crate) struct UndoStack {
    groups: HashMap<EventId, Group>,
    standing: Vec<EventId>,
    undone: Vec<EventId>,
}

impl UndoStack {
    /// Takes in an event of the analyst, in the store's order.
    pub fn add(&mut self, event: &Event) {
        match &event.change {
            Change::Undo { undone } => shift(*undone, &mut self.standing, &mut self.undone),
            Change::Redo { redone } => shift(*redone, &mut self.undone, &mut self.standing),
            change => {
                if let Some(group) = self.groups.get_mut(&event.group) {
                    group.rows.push(event.case.row);
                    return;
                }
                let group = Group {
                    id: event.group,
                    rows: vec![event.case.row],
                    change: change.clone(),
                };
                self.groups.insert(event.group, group);
                self.standing.push(event.group);
                // What was taken back before cannot come back behind a new decision.
                self.undone.clear();
            }
        }
    }

    /// The latest group that stands and touches a case that is at hand: what cannot be seen is not taken back.
    pub fn to_undo(&self, at_hand: impl Fn(RowId) -> bool) -> Option<&Group> {
        self.latest(&self.standing, at_hand)
    }

    /// The group that was taken back last and touches a case that is at hand.
    pub fn to_redo(&self, at_hand: impl Fn(RowId) -> bool) -> Option<&Group> {
        self.latest(&self.undone, at_hand)
    }

    fn latest(&self, ids: &[EventId], at_hand: impl Fn(RowId) -> bool) -> Option<&Group> {
        let groups = ids.iter().rev().filter_map(|id| self.groups.get(id));
        groups
            .into_iter()
            .find(|group| group.rows.iter().any(|row| at_hand(*row)))
    }
}

/// Moves a group from one list to the other. Each of its cases says so; only the first moves it.
fn shift(group: EventId, from: &mut Vec<EventId>, to: &mut Vec<EventId>) {
    if let Some(at) = from.iter().rposition(|id| *id == group) {
        from.remove(at);
        to.push(group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::{CaseId, Verdict};

    fn event(row: u64, group: Option<EventId>, change: Change) -> Event {
        let case = CaseId {
            schema: "s".to_owned(),
            row: RowId(row),
        };
        let mut event = Event::now(case, "ana", change);
        event.group = group.unwrap_or(event.group);
        event
    }

    fn judge(row: u64, group: Option<EventId>) -> Event {
        let verdict = Some(Verdict::FalsePositive);
        event(row, group, Change::Judge { verdict, reason: None })
    }

    #[test]
    fn groups_go_back_and_forth_in_order() {
        let mut stack = UndoStack::default();
        let first = judge(1, None);
        let second = judge(2, None);
        for event in [&first, &second, &judge(3, Some(second.group))] {
            stack.add(event);
        }
        let all = |_| true;
        assert_eq!(stack.to_undo(all).unwrap().rows, [RowId(2), RowId(3)]);
        assert_eq!(stack.to_undo(|row| row == RowId(1)).unwrap().id, first.group);
        assert_eq!(stack.to_redo(all), None);
        for row in [2, 3] {
            let undone = second.group;
            stack.add(&event(row, None, Change::Undo { undone }));
        }
        assert_eq!(stack.to_undo(all).unwrap().id, first.group);
        assert_eq!(stack.to_redo(all).unwrap().id, second.group);
        stack.add(&event(1, None, Change::Undo { undone: first.group }));
        assert_eq!(
            (stack.to_undo(all), stack.to_redo(all).unwrap().id),
            (None, first.group)
        );
        stack.add(&event(1, None, Change::Redo { redone: first.group }));
        assert_eq!(stack.to_redo(all).unwrap().id, second.group);
        stack.add(&judge(9, None));
        assert_eq!(stack.to_redo(all), None);
        assert_eq!(stack.to_undo(all).unwrap().rows, [RowId(9)]);
        // An undo of what is not known does nothing.
        let undone = EventId::new();
        stack.add(&event(9, None, Change::Undo { undone }));
        assert_eq!(stack.to_undo(all).unwrap().rows, [RowId(9)]);
    }
}
