//! Owns what keys do whatever the panel: changing panels, help, the palette, paths, leaving.

use std::path::{Path, PathBuf};

use super::address::is_address;
use super::effect::Effect;
use super::layer::{Answer, Confirm, FieldValue, Given, Layer, LayerKind, Picker, PickerItem, Prompt, Purpose};
use super::shared::Command;
use super::{App, Panel};
use crate::tui::keymap::{Action, Context, Entry, SIGNS, Sign};
use crate::worker::{DirectoryEntry, FileJob, Job, Kind};

/// Work that is worth a question before it is given up.
const WORK: [Kind; 8] = [
    Kind::Train,
    Kind::Validate,
    Kind::Threshold,
    Kind::Export,
    Kind::Predict,
    Kind::LabelAudit,
    Kind::Handover,
    Kind::TeamChange,
];

impl App {
    /// Does what holds everywhere; whether it was that.
    pub(super) fn act_globally(&mut self, action: Action) -> bool {
        match action {
            Action::ShowData => self.shared.request(Command::Show(Panel::Data)),
            Action::ShowValidation => self.shared.request(Command::Show(Panel::Validation)),
            Action::ShowTraining => self.shared.request(Command::Show(Panel::Training)),
            Action::ShowReview => self.shared.request(Command::Show(Panel::Review)),
            Action::ShowRuns => self.shared.request(Command::Show(Panel::Runs)),
            Action::ScoreFile => self.shared.request(Command::Score),
            Action::ShowLogs => self.shared.request(Command::Show(Panel::Logs)),
            Action::NextPanel => self.shared.request(Command::Show(self.beside(1))),
            Action::PreviousPanel => self.shared.request(Command::Show(self.beside(Panel::ALL.len() - 1))),
            Action::Help => self.open_commands(Purpose::Help),
            Action::Palette => self.open_commands(Purpose::Palette),
            Action::Team => self.open_team(),
            Action::Redraw => self.shared.effects.push(Effect::Redraw),
            Action::Suspend => self.shared.effects.push(Effect::Suspend),
            Action::ToggleMouse => {
                self.mouse = !self.mouse;
                self.shared.effects.push(Effect::Mouse(self.mouse));
                let words = if self.mouse {
                    "the program has the mouse; hold Shift to select text"
                } else {
                    "the terminal has the mouse"
                };
                self.shared.say(words);
            }
            Action::CancelWork => self.cancel_or_quit(),
            Action::Quit => self.ask_to_quit(),
            Action::Back => self.shared.flash = None,
            _ => return false,
        }
        true
    }

    fn beside(&self, by: usize) -> Panel {
        let at = Panel::ALL.iter().position(|panel| *panel == self.panel).unwrap_or(0);
        Panel::ALL[(at + by) % Panel::ALL.len()]
    }

    /// What runs and is worth a question.
    fn work(&self) -> Vec<Kind> {
        WORK.into_iter()
            .filter(|kind| self.shared.running(*kind).is_some())
            .collect()
    }

    fn cancel_or_quit(&mut self) {
        let everything = [
            Kind::Arrange,
            Kind::Find,
            Kind::Count,
            Kind::Statistics,
            Kind::Compare,
            Kind::Flips,
            Kind::Open,
            Kind::Queue,
            Kind::Seek,
        ];
        let running = WORK
            .into_iter()
            .chain(everything)
            .filter_map(|kind| self.shared.running(kind));
        let running: Vec<_> = running.collect();
        if running.is_empty() {
            self.quit();
        } else {
            for ticket in running {
                self.shared.cancel(ticket);
            }
            self.shared.say("stopping");
        }
    }

    fn ask_to_quit(&mut self) {
        let work = self.work();
        if work.is_empty() {
            return self.quit();
        }
        let names: Vec<&str> = work.iter().map(|kind| work_name(*kind)).collect();
        let confirm = Confirm {
            question: format!("Leave while {} runs?", names.join(" and ")),
            consequences: vec!["It is given up; what it has not finished is lost.".to_owned()],
        };
        self.layers
            .push(Layer::new(None, Purpose::Quit, LayerKind::Confirm(confirm)));
    }

    /// Leaves, once what was decided is on disk: a verdict and `q` typed at once must not lose the verdict. Whoever asks a
    /// second time waits no longer.
    pub(super) fn quit(&mut self) {
        if self.shared.running(Kind::Decide).is_some() && !self.leaving {
            self.leaving = true;
            return self.shared.say("leaving as soon as the last verdict is on disk");
        }
        self.save_session();
        self.shared.effects.push(Effect::Quit);
    }

    pub(super) fn answered_globally(&mut self, answer: Answer) {
        match (answer.purpose, answer.given) {
            (Purpose::Quit, Given::Yes) => self.quit(),
            (Purpose::Team, Given::Fields(values)) => self.team_answered(&values),
            (Purpose::Help | Purpose::Palette, Given::Choice { item: Some(item), .. }) => {
                if let Some(entry) = self.listed.get(item) {
                    _ = self.act(entry.action);
                }
            }
            _ => {}
        }
    }

    /// The commands that can be given here: help has those of this panel first, with their headings; both have all.
    fn commands(&self, purpose: &Purpose) -> Vec<&'static Entry> {
        let mut contexts = self.panel(self.panel).contexts().to_vec();
        contexts.push(Context::Everywhere);
        if *purpose == Purpose::Palette {
            // Moving a cursor is nothing one would look up by name.
            contexts.retain(|context| *context != Context::Lists);
        }
        contexts
            .iter()
            .flat_map(|context| self.keymap.of(*context))
            .map(|binding| binding.entry)
            .collect()
    }

    fn open_commands(&mut self, purpose: Purpose) {
        self.listed = self.commands(&purpose);
        let mut items: Vec<PickerItem> = self.listed.iter().map(|entry| self.command_item(entry)).collect();
        // Behind the keys, so that choosing one does nothing.
        if purpose == Purpose::Help && self.panel == Panel::Review {
            items.extend(SIGNS.iter().map(sign_item));
        }
        let title = if purpose == Purpose::Help { "keys" } else { "commands" };
        let layer = Layer::new(None, purpose, LayerKind::Picker(Picker::new(title, items)));
        self.layers.push(layer);
    }

    fn command_item(&self, entry: &Entry) -> PickerItem {
        let binding = self.keymap.of(entry.context).find(|b| std::ptr::eq(b.entry, entry));
        let keys = binding.map(|b| b.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        PickerItem {
            label: entry.action.name(),
            about: entry.help.to_owned(),
            aside: keys.unwrap_or_default(),
            group: entry.context.title().to_owned(),
        }
    }

    /// Asks for the entries of the directory that is being typed.
    pub(super) fn suggest_paths(&mut self) {
        let text = match self.layers.last().map(|layer| &layer.kind) {
            Some(
                LayerKind::Prompt(Prompt { path: true, line, .. }) | LayerKind::Picker(Picker { path: true, line, .. }),
            ) => line.text().to_owned(),
            Some(LayerKind::Form(form)) => match form.fields.get(form.cursor).map(|field| &field.value) {
                Some(FieldValue::Path(path)) => path.line.text().to_owned(),
                _ => return,
            },
            _ => return,
        };
        if is_address(&text) {
            return;
        }
        let path = directory_of(&text);
        self.shared.submit(Job::Files(FileJob::List { path }));
    }

    /// Gives the entries of a directory to the layer that types a path in it.
    pub(super) fn suggest(&mut self, path: &Path, entries: &[DirectoryEntry]) {
        match self.layers.last_mut().map(|layer| &mut layer.kind) {
            Some(LayerKind::Prompt(prompt)) if prompt.path && directory_of(prompt.line.text()) == path => {
                prompt.words = entries.iter().map(entry_label).collect();
            }
            Some(LayerKind::Picker(picker)) if picker.path && directory_of(picker.line.text()) == path => {
                let item = |entry: &DirectoryEntry| PickerItem {
                    label: entry_label(entry),
                    aside: if entry.directory {
                        String::new()
                    } else {
                        size_text(entry.bytes)
                    },
                    ..PickerItem::default()
                };
                picker.fill(entries.iter().map(item).collect());
            }
            Some(LayerKind::Form(form)) => {
                let current = form.current().map(|field| &mut field.value);
                if let Some(FieldValue::Path(line)) = current
                    && directory_of(line.line.text()) == path
                {
                    line.words = entries.iter().map(entry_label).collect();
                }
            }
            _ => {}
        }
    }
}

fn sign_item(sign: &Sign) -> PickerItem {
    PickerItem {
        label: sign.name.to_owned(),
        about: sign.help.to_owned(),
        aside: sign.sign.to_owned(),
        group: "signs in the list".to_owned(),
    }
}

fn work_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Train => "training",
        Kind::Validate => "validation",
        Kind::Threshold => "moving the threshold",
        Kind::Predict => "scoring",
        Kind::LabelAudit => "the label audit",
        Kind::TeamChange => "fetching or sharing a run",
        _ => "writing a file",
    }
}

/// The directory part of a path being typed; the present directory where it has none.
pub(super) fn directory_of(text: &str) -> PathBuf {
    match text.rfind('/') {
        Some(at) => PathBuf::from(&text[..=at]),
        None => PathBuf::from("."),
    }
}

fn entry_label(entry: &DirectoryEntry) -> String {
    if entry.directory {
        format!("{}/", entry.name)
    } else {
        entry.name.clone()
    }
}

/// Bytes for people: `913 MB`.
pub fn size_text(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        (value, unit) = (value / 1000.0, next);
    }
    if unit == "B" || value >= 9.95 {
        format!("{value:.0} {unit}")
    } else {
        format!("{value:.1} {unit}")
    }
}
