//! Owns which cases are shown: queues, filters, similar cases, and what is typed to find one.

use super::asking::Asking;
use super::jobs::{Asked, Origin, SimilarTo, Wanted};
use super::{Find, ListColumn, ReviewPanel};
use crate::browse::condition;
use crate::text::counted;
use crate::tui::app::effect::Effect;
use crate::tui::app::layer::{Given, Layer, Picker, PickerItem, Prompt, Purpose};
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::Shared;
use crate::tui::keymap::Action;
use crate::worker::{Failure, Job, Queue, QueueView, ReviewJob, RowId, RunsJob, RunsList};

/// In how many columns similar cases may differ at first, and how many more each time.
const DIFFERENCES: usize = 2;
/// A value that is longer than this is no value to filter by.
const LONGEST_VALUE: usize = 4_096;
/// Lines of a history that are kept.
const MOST_REMEMBERED: usize = 20;
/// The column of the scored file that holds the band.
const RISK_COLUMN: &str = "risk_level";

impl ReviewPanel {
    /// Does what a key about the queue asks; whether it is such a key.
    pub(super) fn act_on_queue(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::Queues => self.ask_for_queue(shared),
            Action::Similar => self.show_similar(shared),
            Action::Filter => self.ask_for_filter(shared, "", None),
            Action::Filters => self.ask_for_filters(shared),
            Action::KeepValue => self.filter_by_value(shared, true),
            Action::DropValue => self.filter_by_value(shared, false),
            Action::Find => {
                let before = self.find.clone().unwrap_or_default();
                self.ask_for_text(
                    shared,
                    &Find {
                        text: String::new(),
                        ..before
                    },
                    None,
                );
            }
            _ => return self.saved_queue(shared, action),
        }
        true
    }

    fn saved_queue(&mut self, shared: &mut Shared, action: Action) -> bool {
        const KEYS: [Action; 9] = [
            Action::SavedQueue1,
            Action::SavedQueue2,
            Action::SavedQueue3,
            Action::SavedQueue4,
            Action::SavedQueue5,
            Action::SavedQueue6,
            Action::SavedQueue7,
            Action::SavedQueue8,
            Action::SavedQueue9,
        ];
        let Some(at) = KEYS.iter().position(|key| *key == action) else {
            return false;
        };
        match self.file.opened().and_then(|file| file.saved_queues.get(at)) {
            Some(name) => {
                let queue = Queue::Saved { name: name.clone() };
                self.show_queue(shared, queue);
            }
            None => shared.say(format!(
                "the settings have no queue {} (triage.queues in nsec.yaml)",
                at + 1
            )),
        }
        true
    }

    /// The queue and filters that are shown once what is on its way is there, so that quick keys add up.
    pub(super) fn wanted(&self) -> Wanted {
        if let Some(wanted) = self.jobs.arranging() {
            return wanted.clone();
        }
        match &self.similar {
            Some(similar) => similar.before.clone(),
            None => Wanted {
                queue: self.view.queue.clone(),
                filters: self.view.filters.clone(),
            },
        }
    }

    pub(super) fn arrange(&mut self, shared: &mut Shared, wanted: Wanted, keep: Option<RowId>, origin: Origin) {
        let job = ReviewJob::Arrange {
            queue: wanted.queue.clone(),
            filters: wanted.filters.clone(),
            keep,
        };
        self.jobs.ask(shared, job, Asked::Arrange(wanted, origin));
    }

    fn here(&self) -> Option<RowId> {
        self.window.current().map(|row| row.row)
    }

    fn show_queue(&mut self, shared: &mut Shared, queue: Queue) {
        let filters = self.wanted().filters;
        // A queue begins at its first case.
        self.arrange(shared, Wanted { queue, filters }, None, Origin::Key);
    }

    /// Queues to choose from; the last one is asked more of.
    fn queues(&self) -> Vec<(Queue, &'static str)> {
        let Some(file) = self.file.opened() else {
            return Vec::new();
        };
        let mut queues = vec![
            (Queue::TopRisk, "flagged cases, the highest risk first"),
            (Queue::Unreviewed, "flagged cases that nobody has judged"),
            (Queue::MostUncertain, "nearest to the threshold first, flagged or not"),
            (Queue::RandomAudit, "drawn at random: what the model cannot have chosen"),
            (Queue::Mine, "what you have judged, the latest first"),
            (Queue::Conflicts, "analysts contradict each other"),
            (Queue::Suppressed, "hidden by suppression rules"),
            (Queue::All, "every case, in the file's order"),
        ];
        if file.label_audit {
            queues.insert(0, (Queue::LabelAudit, "labels that the model contradicts most"));
        }
        for name in &file.saved_queues {
            queues.push((Queue::Saved { name: name.clone() }, "out of the settings"));
        }
        let run = String::new();
        queues.push((Queue::Disagreement { run }, "what two runs disagree about"));
        queues
    }

    fn ask_for_queue(&mut self, shared: &mut Shared) {
        let mut saved = 0;
        let items = self.queues().into_iter().map(|(queue, about)| PickerItem {
            label: match &queue {
                Queue::Disagreement { .. } => "disagreement with another run".to_owned(),
                other => other.title(),
            },
            about: about.to_owned(),
            aside: if matches!(queue, Queue::Saved { .. }) && saved < 9 {
                saved += 1;
                format!("F{saved}")
            } else {
                String::new()
            },
            group: String::new(),
        });
        let picker = Picker::new("queue", items.collect());
        shared.open(Layer::picker(Panel::Review, Purpose::Review(Asking::Queue), picker));
    }

    fn queue_chosen(&mut self, shared: &mut Shared, at: usize) {
        let Some((queue, _)) = self.queues().into_iter().nth(at) else {
            return;
        };
        if matches!(queue, Queue::Disagreement { .. }) {
            self.jobs.ask_any(shared, Job::Runs(RunsJob::List), Asked::Runs);
        } else {
            self.show_queue(shared, queue);
        }
    }

    /// The runs have come, one of which is to be compared with.
    pub(super) fn ask_for_run(&self, shared: &mut Shared, list: &RunsList) {
        let own = self.file.opened().map(|file| file.run.as_str());
        let others = list
            .runs
            .iter()
            .filter(|run| run.status == "finished" && Some(run.run_id.as_str()) != own);
        let items: Vec<PickerItem> = others
            .map(|run| PickerItem {
                label: run.run_id.clone(),
                about: run.model.clone().unwrap_or_default(),
                aside: run.aliases.join(", "),
                group: String::new(),
            })
            .collect();
        if items.is_empty() {
            return shared.say("there is no other finished run to compare with");
        }
        let runs = items.iter().map(|item| item.label.clone()).collect();
        let picker = Picker::new("disagreement with", items);
        let purpose = Purpose::Review(Asking::OtherRun(runs));
        shared.open(Layer::picker(Panel::Review, purpose, picker));
    }

    fn show_similar(&mut self, shared: &mut Shared) {
        let Some(row) = self.here() else {
            return shared.say("there is no case here yet");
        };
        let more = self.similar.as_ref().filter(|similar| similar.row == row);
        let differences = more.map_or(0, |similar| similar.differences) + DIFFERENCES;
        let similar = SimilarTo {
            row,
            differences,
            before: self.wanted(),
        };
        let job = ReviewJob::Similar { row, differences };
        self.jobs.ask(shared, job, Asked::Similar(similar));
    }

    pub(super) fn leave_similar(&mut self, shared: &mut Shared) {
        if let Some(similar) = &self.similar {
            let (before, row) = (similar.before.clone(), similar.row);
            self.arrange(shared, before, Some(row), Origin::Key);
        }
    }

    /// Another view is there.
    pub(super) fn arranged(&mut self, shared: &mut Shared, view: &QueueView, similar: Option<SimilarTo>) {
        self.view = view.clone();
        self.similar = similar;
        self.window.show(view.cases, view.at.unwrap_or(0));
        if view.cases == 0 {
            self.cards.leave();
        }
        let marked = self.marks.other_view();
        if !marked.is_empty() {
            self.jobs.ask(shared, ReviewJob::InView { rows: marked }, Asked::Marks);
        }
        if let Some(similar) = &self.similar {
            let others = view.cases.saturating_sub(1);
            shared.say(format!(
                "{}, up to {} differ; = lets more differ, Esc goes back",
                counted(others, "similar case"),
                counted(similar.differences as u64, "column")
            ));
        }
    }

    pub(super) fn arrange_failed(&mut self, shared: &mut Shared, wanted: &Wanted, origin: Origin, failure: &Failure) {
        let message = failure.message.clone();
        match origin {
            Origin::Typed => {
                let text = wanted.filters.last().cloned().unwrap_or_default();
                self.ask_for_filter(shared, &text, Some(message));
            }
            Origin::Session => {
                shared.complain(format!("queue and filters of last time are left out: {message}"));
                self.arrange(shared, Wanted::default(), None, Origin::Opening);
            }
            Origin::Key | Origin::Opening => shared.complain(message),
        }
    }

    fn refuses_filter(&self, shared: &mut Shared) -> bool {
        let refuses = self.similar.is_some();
        if refuses {
            shared.complain("these are similar cases; Esc goes back to the queue, where filters hold");
        }
        refuses
    }

    fn ask_for_filter(&self, shared: &mut Shared, text: &str, error: Option<String>) {
        if self.refuses_filter(shared) {
            return;
        }
        let mut prompt = Prompt::new("filter", "URL_Length = 1 and service like 'http%', or any text")
            .starting_with(text)
            .remembering(&self.filters_typed);
        prompt.error = error;
        if let Some(file) = self.file.opened() {
            prompt.words = file.columns.iter().map(|column| column.name.clone()).collect();
        }
        shared.open(Layer::prompt(Panel::Review, Purpose::Review(Asking::Filter), prompt));
    }

    fn add_filter(&mut self, shared: &mut Shared, filter: &str, origin: Origin) {
        if self.refuses_filter(shared) {
            return;
        }
        let mut wanted = self.wanted();
        if wanted.filters.iter().any(|present| present == filter) {
            return shared.say("this filter is there already");
        }
        wanted.filters.push(filter.to_owned());
        let here = self.here();
        self.arrange(shared, wanted, here, origin);
    }

    fn ask_for_filters(&self, shared: &mut Shared) {
        let item = |text: &String| PickerItem {
            label: text.clone(),
            ..PickerItem::default()
        };
        let items: Vec<PickerItem> = self.wanted().filters.iter().map(item).collect();
        if items.is_empty() {
            return shared.say("there is no filter");
        }
        let picker = Picker::new("filters; Enter removes one", items);
        shared.open(Layer::picker(
            Panel::Review,
            Purpose::Review(Asking::RemoveFilter),
            picker,
        ));
    }

    pub(super) fn remove_filter(&mut self, shared: &mut Shared, at: usize) {
        let mut wanted = self.wanted();
        if at < wanted.filters.len() && !self.refuses_filter(shared) {
            wanted.filters.remove(at);
            let here = self.here();
            self.arrange(shared, wanted, here, Origin::Key);
        }
    }

    /// The value under the cursor with its column of the file, where it is one to filter by.
    fn value(&self) -> Option<(String, String)> {
        let row = self.window.current()?;
        match self.column().1 {
            ListColumn::Risk => Some((RISK_COLUMN.to_owned(), row.risk.name().to_owned())),
            ListColumn::Cell(at) => {
                let place = *self.cell_columns().get(at)?;
                let column = self.file.opened()?.columns.get(place)?;
                Some((column.name.clone(), row.cells.get(at)?.clone()))
            }
            ListColumn::Probability | ListColumn::Verdict | ListColumn::Reason => None,
        }
    }

    fn filter_by_value(&mut self, shared: &mut Shared, keep: bool) {
        match self.value() {
            Some((_, value)) if value.len() > LONGEST_VALUE || value.ends_with('\u{2026}') => {
                shared.complain("this value is too long to filter by");
            }
            Some((column, value)) => self.add_filter(shared, &condition(&column, &value, keep), Origin::Key),
            None if self.window.current().is_none() => shared.say("there is no case here yet"),
            None => shared.say("go to the risk or to a column of the file: h and l; verdicts have queues (Q)"),
        }
    }

    pub(super) fn copy(&self, shared: &mut Shared) {
        let Some(row) = self.window.current() else { return };
        let text = match self.column().1 {
            ListColumn::Risk => row.risk.name().to_owned(),
            ListColumn::Probability => row.probability.to_string(),
            ListColumn::Verdict => self.seen(row).verdict.map(|v| v.name().to_owned()).unwrap_or_default(),
            ListColumn::Reason => row.reason.clone(),
            ListColumn::Cell(at) => row.cells.get(at).cloned().unwrap_or_default(),
        };
        shared.effects.push(Effect::Copy(text));
    }

    /// Takes what was answered about the queue or the file.
    pub(super) fn queue_answered(&mut self, shared: &mut Shared, asking: Asking, given: Given) {
        match (asking, given) {
            (
                Asking::Find,
                Given::Line {
                    text,
                    regex,
                    exact_case,
                },
            ) => self.find_answered(shared, text, regex, exact_case),
            (Asking::Filter, Given::Line { text, .. }) => {
                let text = text.trim();
                if !text.is_empty() {
                    remember(&mut self.filters_typed, text);
                    self.add_filter(shared, text, Origin::Typed);
                }
            }
            (Asking::RemoveFilter, Given::Choice { item: Some(at), .. }) => self.remove_filter(shared, at),
            (Asking::Queue, Given::Choice { item: Some(at), .. }) => self.queue_chosen(shared, at),
            (Asking::OtherRun(runs), Given::Choice { item: Some(at), .. }) => {
                if let Some(run) = runs.get(at).cloned() {
                    self.show_queue(shared, Queue::Disagreement { run });
                }
            }
            (Asking::OpenScored, Given::Choice { text, .. }) => self.file_answered(shared, text.trim()),
            _ => {}
        }
    }
}

/// Puts a line at the end of a history, once.
pub(super) fn remember(history: &mut Vec<String>, line: &str) {
    history.retain(|older| older != line);
    history.push(line.to_owned());
    let over = history.len().saturating_sub(MOST_REMEMBERED);
    history.drain(..over);
}
