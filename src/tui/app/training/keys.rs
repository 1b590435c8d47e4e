//! Owns what keys do in the Training panel.

use super::dial::{DialState, cheapest, large_step};
use super::live::End;
use super::shown::ShownRun;
use super::{SMOOTHING, Sight, TrainingPanel, View, budget_prompt, costs_prompt};
use crate::tui::app::effect::Effect;
use crate::tui::app::layer::{Confirm, Layer, Purpose};
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::Shared;
use crate::tui::keymap::Action;

impl TrainingPanel {
    pub(super) fn act_on(&mut self, shared: &mut Shared, action: Action) -> bool {
        if self.dial.is_some() && self.act_on_dial(shared, action) {
            return true;
        }
        match action {
            Action::Run => self.open_start(shared),
            Action::NextView => self.turn_view(1),
            Action::PreviousView => self.turn_view(View::ALL.len() - 1),
            Action::Dial => self.open_the_dial(shared),
            Action::NextMetric => self.next_series(shared),
            Action::LogAxis => {
                self.log = !self.log;
                shared.say(if self.log { "logarithmic axis" } else { "linear axis" });
            }
            Action::Smooth => {
                self.smooth = (self.smooth + 1) % SMOOTHING.len();
                match SMOOTHING[self.smooth] {
                    0.0 => shared.say("curves as they are"),
                    weight => shared.say(format!("curves smoothed by {weight}")),
                }
            }
            Action::StopAfterStage => self.stop_after_stage(shared),
            Action::CancelRun => self.cancel_run(shared),
            Action::Copy => self.copy(shared),
            Action::Down | Action::Up | Action::Top | Action::Bottom => self.walk(action),
            Action::PageDown | Action::PageUp | Action::HalfPageDown | Action::HalfPageUp => {
                self.scroll_by(shared, action);
            }
            Action::Left | Action::Right | Action::FirstColumn | Action::LastColumn => {
                self.move_cursor(shared, action);
            }
            Action::Back => return self.back(shared),
            _ => return false,
        }
        true
    }

    fn act_on_dial(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::More => self.turn_dial(|dial, state, _| state.step(1, dial)),
            Action::Less => self.turn_dial(|dial, state, _| state.step(-1, dial)),
            Action::MuchMore => self.turn_dial(|dial, state, _| state.step(large_step(dial), dial)),
            Action::MuchLess => self.turn_dial(|dial, state, _| state.step(-large_step(dial), dial)),
            Action::Top => self.turn_dial(|_, state, _| state.stop = 0),
            Action::Bottom => self.turn_dial(|dial, state, _| state.step(isize::MAX, dial)),
            Action::NextChoice => self.turn_dial(|dial, state, _| state.stop = dial.best_f1()),
            Action::PreviousChoice => self.turn_dial(|dial, state, costs| state.stop = cheapest(dial, costs)),
            Action::Costs => {
                let costs = self.costs();
                shared.open(costs_prompt(format!("{},{}", costs.false_alarm, costs.miss), None));
            }
            Action::Budget => shared.open(budget_prompt(String::new(), None)),
            Action::Accept => self.ask_for_threshold(shared),
            Action::Back | Action::Dial => self.dial = None,
            _ => return false,
        }
        true
    }

    fn open_the_dial(&mut self, shared: &mut Shared) {
        let Sight::Finished(run) = self.sight() else {
            let words = if self.is_going() {
                "the dial is there when the run has finished"
            } else {
                "no finished run is shown; Enter trains one, 5 lists what there is"
            };
            return shared.complain(words);
        };
        match (run.dial(), run.threshold()) {
            (Some(dial), Some(threshold)) => self.dial = Some(DialState::new(dial, threshold)),
            _ => shared.complain("this run has kept no thresholds; train anew to have a dial"),
        }
    }

    fn ask_for_threshold(&mut self, shared: &mut Shared) {
        if self.moving.is_some() {
            return shared.complain("a threshold is being moved already");
        }
        let Some((_, state, reading)) = self.open_dial() else {
            return;
        };
        if state.stop == state.own {
            return shared.say("that is the model's threshold already");
        }
        let Some(run) = self.finished.as_ref().map(|run| run.run_id.clone()) else {
            return;
        };
        let counts = reading.counts;
        let confirm = Confirm {
            question: format!("Make {:.4} the threshold of the model of {run}?", reading.threshold),
            consequences: vec![
                format!(
                    "On rows it was not fitted on: precision {:.4}, recall {:.4}, F1 {:.4}; {} of {} rows flagged.",
                    counts.precision(),
                    counts.recall(),
                    counts.f1(),
                    counts.flagged(),
                    counts.rows()
                ),
                "A new run gets the model with this threshold; the run shown stays as it is.".to_owned(),
                "If the run shown is champion, the new one takes its place; Runs can roll that back.".to_owned(),
            ],
        };
        shared.open(Layer::confirm(Panel::Training, Purpose::Threshold(run), confirm));
    }

    fn turn_view(&mut self, by: usize) {
        self.view = self.view.beside(by);
        (self.cursor, self.scroll, self.dial) = (None, 0, None);
    }

    fn next_series(&mut self, shared: &mut Shared) {
        let Some(curves) = self.sight().curves().filter(|curves| !curves.all().is_empty()) else {
            return shared.say("no fit with iterations yet");
        };
        let next = curves.after(self.pinned.as_ref(), self.selected.as_deref()).cloned();
        self.view = View::Curve;
        self.pinned = next;
        self.cursor = None;
    }

    fn stop_after_stage(&mut self, shared: &mut Shared) {
        match self.run.as_mut().filter(|run| run.is_going()) {
            None => shared.say("no run is going"),
            Some(run) if run.stopping => shared.say("it stops after this stage already; K cancels it now"),
            Some(run) => {
                run.stopping = true;
                shared.effects.push(Effect::StopAfterStage(run.ticket));
                shared.say("the run stops when this stage is done; K cancels it now");
            }
        }
    }

    fn cancel_run(&mut self, shared: &mut Shared) {
        match self.run.as_mut().filter(|run| run.is_going()) {
            None => shared.say("no run is going"),
            Some(run) => {
                run.cancelling = true;
                shared.cancel(run.ticket);
                shared.say("cancelling the run");
            }
        }
    }

    fn copy(&mut self, shared: &mut Shared) {
        let Some(row) = self.selected_row() else {
            return shared.say("no leaderboard to copy from");
        };
        let (state, why) = row.state.words();
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let state = if why.is_empty() {
            state.to_owned()
        } else {
            format!("{state}: {why}")
        };
        let cells = [
            row.model.clone(),
            number(row.score),
            state,
            row.trials.to_string(),
            number(row.seconds),
            row.params.to_string(),
        ];
        shared.effects.push(Effect::Copy(cells.join("\t")));
    }

    fn walk(&mut self, action: Action) {
        let Some(board) = self.sight().board() else { return };
        let rows = board.rows();
        let last = rows.len().saturating_sub(1);
        let at = rows.iter().position(|row| Some(&row.model) == self.selected.as_ref());
        let to = match (action, at) {
            (Action::Down, Some(at)) => (at + 1).min(last),
            (Action::Up, Some(at)) => at.saturating_sub(1),
            (Action::Bottom, _) => last,
            _ => 0,
        };
        let model = rows.get(to).map(|row| row.model.clone());
        if model != self.selected {
            (self.pinned, self.cursor) = (None, None);
            self.selected = model;
        }
    }

    fn scroll_by(&mut self, shared: &Shared, action: Action) {
        let page = shared.panel_height().saturating_sub(4).max(2);
        let lines = match self.sight() {
            Sight::Live(run) => match &run.end {
                End::Failed(failure) => failure.details.len(),
                _ => run.messages.len(),
            },
            Sight::Finished(ShownRun { metrics: Ok(file), .. }) => file.importances.len(),
            _ => 0,
        };
        let to = match action {
            Action::PageDown => self.scroll + page,
            Action::HalfPageDown => self.scroll + page / 2,
            Action::PageUp => self.scroll.saturating_sub(page),
            _ => self.scroll.saturating_sub(page / 2),
        };
        self.scroll = to.min(lines.saturating_sub(1));
    }

    /// A step is a place, or a column of the plot where there are more places than columns.
    fn move_cursor(&mut self, shared: &Shared, action: Action) {
        let Some((first, last)) = self.cursor_range() else {
            return;
        };
        let width = usize::from(shared.size.0);
        // Beside a leaderboard the plot has about half of a wide screen.
        let columns = if width >= 120 {
            width / 2
        } else {
            width.saturating_sub(8).max(10)
        };
        let step = ((last - first) / columns).max(1);
        let to = match (action, self.cursor) {
            (Action::FirstColumn, _) | (Action::Right, None) => first,
            (Action::LastColumn, _) | (_, None) => last,
            (Action::Left, Some(at)) => at.saturating_sub(step),
            (_, Some(at)) => at.saturating_add(step),
        };
        self.cursor = Some(to.clamp(first, last));
    }

    /// Leaves one thing; whether there was one.
    fn back(&mut self, shared: &mut Shared) -> bool {
        if self.cursor.take().is_some() {
            return true;
        }
        if self.pinned.is_some() || self.selected.is_some() {
            (self.pinned, self.selected) = (None, None);
            return true;
        }
        if !self.look_finished {
            return false;
        }
        let Some(run) = &self.run else { return false };
        let shown = self.finished.as_ref().map(|shown| &shown.run_id);
        let own = match (&run.end, &run.run_id) {
            (End::Finished(_), Some(id)) if shown == Some(id) => return false,
            (End::Finished(_), Some(id)) => Some(id.clone()),
            _ => None,
        };
        self.look_at_live();
        if let Some(id) = own {
            self.load(shared, id);
        }
        true
    }
}
