//! Owns what the Data panel asks in layers, and what it does with the answers.

use std::path::PathBuf;

use super::find::Find;
use super::jobs::{Asked, Origin};
use super::{DataPanel, Kept, Source};
use crate::text::grouped;
use crate::tui::app::address::holds_password;
use crate::tui::app::layer::{Answer, Confirm, Given, Layer, Picker, PickerItem, Prompt, Purpose};
use crate::tui::app::line_editor::LineEditor;
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::Shared;
use crate::worker::BrowseJob;

/// How the workspace's data is called in the list of files.
const OWN_DATA: &str = "the workspace's data";
/// Lines of a history, and files, that are kept.
const MOST_REMEMBERED: usize = 20;

impl DataPanel {
    pub(super) fn take_answer(&mut self, shared: &mut Shared, answer: Answer) {
        match (answer.purpose, answer.given) {
            (
                Purpose::Find,
                Given::Line {
                    text,
                    regex,
                    exact_case,
                },
            ) => self.find_answered(shared, text, regex, exact_case),
            (Purpose::Filter, Given::Line { text, .. }) => self.filter_answered(shared, text.trim()),
            (Purpose::GoToRow, Given::Line { text, .. }) => self.row_answered(shared, text.trim()),
            (Purpose::ExportView, Given::Line { text, .. }) => self.export(shared, text.trim(), false),
            (Purpose::Replace(of, path), Given::Yes) if *of == Purpose::ExportView => self.export(shared, &path, true),
            (Purpose::RemoveFilter, Given::Choice { item: Some(item), .. }) => self.remove_filter(shared, item),
            (Purpose::GoToColumn, Given::Choice { item: Some(item), .. }) => {
                self.columns.go_to(item);
                self.follow_with_statistics(shared);
            }
            (Purpose::OpenFile, Given::Choice { text, .. }) => self.file_answered(shared, text.trim()),
            _ => {}
        }
    }

    pub(super) fn ask_for_text(&mut self, shared: &mut Shared) {
        self.open_find(shared, "", None);
    }

    fn open_find(&self, shared: &mut Shared, text: &str, error: Option<String>) {
        let before = self.find.clone().unwrap_or_default();
        let mut prompt = Prompt::new("find", "any text; Enter alone finds the last one again")
            .starting_with(text)
            .remembering(&self.finds_typed);
        prompt.regex = Some(before.regex);
        prompt.exact_case = Some(before.exact_case);
        prompt.error = error;
        shared.open(Layer::prompt(Panel::Data, Purpose::Find, prompt));
    }

    /// The text cannot be looked for: back to where it was typed, with the reason.
    pub(super) fn find_refused(&mut self, shared: &mut Shared, message: String) {
        if let Some(find) = self.find.clone() {
            self.open_find(shared, &find.text, Some(message));
            self.find = None;
        }
    }

    fn find_answered(&mut self, shared: &mut Shared, text: String, regex: bool, exact_case: bool) {
        let text = if text.is_empty() {
            match self.finds_typed.last() {
                Some(last) => last.clone(),
                None => return,
            }
        } else {
            text
        };
        remember(&mut self.finds_typed, &text);
        let find = Find {
            text,
            regex,
            exact_case,
            ..Find::default()
        };
        self.begin_find(shared, find);
    }

    /// `error` is what was wrong with `text`: `at character 7: …`.
    pub(super) fn ask_for_filter(&mut self, shared: &mut Shared, text: &str, error: Option<String>) {
        let mut prompt = Prompt::new("filter", "URL_Length = 1 and service like 'http%', or any text")
            .starting_with(text)
            .remembering(&self.filters_typed);
        if let Some(place) = error.as_deref().and_then(place_of_error) {
            let before: String = text.chars().take(place.saturating_sub(1)).collect();
            prompt.line = LineEditor::new(before).within(text.to_owned());
        }
        prompt.error = error;
        prompt.words = self
            .columns
            .all()
            .iter()
            .map(|column| column.info.name.clone())
            .collect();
        shared.open(Layer::prompt(Panel::Data, Purpose::Filter, prompt));
    }

    fn filter_answered(&mut self, shared: &mut Shared, text: &str) {
        if !text.is_empty() {
            remember(&mut self.filters_typed, text);
            self.add_filter(shared, text, Origin::Typed);
        }
    }

    pub(super) fn ask_for_filters(&mut self, shared: &mut Shared) {
        let item = |text: &&str| PickerItem {
            label: (*text).to_owned(),
            ..PickerItem::default()
        };
        let items: Vec<PickerItem> = self.wanted().pieces().iter().map(item).collect();
        if items.is_empty() {
            return shared.say("there is no filter");
        }
        let picker = Picker::new("filters; Enter removes one", items);
        shared.open(Layer::picker(Panel::Data, Purpose::RemoveFilter, picker));
    }

    fn remove_filter(&mut self, shared: &mut Shared, piece: usize) {
        let wanted = self.wanted().without(piece);
        if wanted != *self.wanted() {
            self.arrange(shared, wanted, Origin::Key);
        }
    }

    pub(super) fn ask_for_row(shared: &mut Shared, text: &str, error: Option<String>) {
        let hint = "a row's number, +100, -100, 50%";
        let mut prompt = Prompt::new("row", hint).starting_with(text);
        prompt.error = error;
        shared.open(Layer::prompt(Panel::Data, Purpose::GoToRow, prompt));
    }

    fn row_answered(&mut self, shared: &mut Shared, text: &str) {
        if text.is_empty() {
            return;
        }
        let count = self.window.count();
        let rows = count.estimated.unwrap_or(count.known).max(count.known);
        let here = self.window.place().unwrap_or(count.known.saturating_sub(1));
        match row_meant(text, here, rows) {
            Some(row) => {
                if count.complete && row >= count.known {
                    shared.say(format!("the last row is {}", grouped(count.known)));
                }
                self.window.go_to(row);
            }
            None => Self::ask_for_row(
                shared,
                text,
                Some("not a row; write 1200, +100, -100 or 50%".to_owned()),
            ),
        }
    }

    pub(super) fn ask_for_column(&mut self, shared: &mut Shared) {
        let schema = shared.survey.as_ref().map(|survey| &survey.schema);
        let items = self.columns.all().iter().map(|column| {
            let known = schema.and_then(|schema| super::columns::described(schema, &column.info.name));
            PickerItem {
                label: column.info.name.clone(),
                about: known.map(|known| known.description.clone()).unwrap_or_default(),
                aside: if column.hidden {
                    "hidden".to_owned()
                } else {
                    column.about.clone()
                },
                group: String::new(),
            }
        });
        let picker = Picker::new("column", items.collect());
        shared.open(Layer::picker(Panel::Data, Purpose::GoToColumn, picker));
    }

    pub(super) fn ask_for_file(&mut self, shared: &mut Shared) {
        let item = |path: &String| PickerItem {
            label: path.clone(),
            group: "open before".to_owned(),
            ..PickerItem::default()
        };
        let open = self.source.path().and_then(|path| path.to_str());
        let others = self.recent.iter().rev().filter(|path| Some(path.as_str()) != open);
        let own = PickerItem {
            label: OWN_DATA.to_owned(),
            about: shared
                .survey
                .as_ref()
                .map(|survey| survey.default_data.clone())
                .unwrap_or_default(),
            group: "or".to_owned(),
            ..PickerItem::default()
        };
        let mut picker = Picker::new(
            "open a path or mongodb://HOST/DB.COLLECTION",
            others.map(item).chain([own]).collect(),
        );
        picker.free_text = true;
        picker.path = true;
        shared.open(Layer::picker(Panel::Data, Purpose::OpenFile, picker));
    }

    fn file_answered(&mut self, shared: &mut Shared, text: &str) {
        if let Some(why) = holds_password(text) {
            return shared.complain(why);
        }
        let path = (!text.is_empty() && text != OWN_DATA).then(|| PathBuf::from(text));
        self.resuming = None;
        self.open(shared, path);
    }

    /// Opens a source. The table that is open is put aside until that is known to go well.
    pub(super) fn open(&mut self, shared: &mut Shared, path: Option<PathBuf>) {
        self.jobs.give_up(shared);
        self.find = None;
        self.pane = super::StatisticsPane::default();
        let source = std::mem::replace(&mut self.source, Source::Opening { path: path.clone() });
        let kept = Kept {
            source,
            arrangement: std::mem::take(&mut self.arrangement),
            columns: std::mem::take(&mut self.columns),
            window: std::mem::take(&mut self.window),
        };
        // One whose rows are still being counted would be counted no further.
        if matches!(&kept.source, Source::Open(table) if table.rows.complete) {
            self.kept = Some(Box::new(kept));
        }
        self.jobs.ask(shared, BrowseJob::Open { path }, Asked::Open);
    }

    /// The table that was open before comes back; whether there is one.
    pub(super) fn come_back(&mut self) -> bool {
        let Some(kept) = self.kept.take() else { return false };
        self.source = kept.source;
        self.arrangement = kept.arrangement;
        self.columns = kept.columns;
        self.window = kept.window;
        self.window.dropped();
        true
    }

    pub(super) fn ask_for_export(&mut self, shared: &mut Shared) {
        let Source::Open(table) = &self.source else { return };
        let text = format!("{}-view.csv", table.stem());
        Self::open_export(shared, &text, None);
    }

    pub(super) fn open_export(shared: &mut Shared, text: &str, error: Option<String>) {
        let mut prompt = Prompt::new("write the view to", "a path ending in .csv").starting_with(text);
        prompt.path = true;
        prompt.error = error;
        shared.open(Layer::prompt(Panel::Data, Purpose::ExportView, prompt));
    }

    fn export(&mut self, shared: &mut Shared, path: &str, replace: bool) {
        if path.is_empty() {
            return;
        }
        let job = BrowseJob::Export {
            columns: self.columns.visible().collect(),
            path: PathBuf::from(path),
            replace,
        };
        self.jobs.ask(shared, job, Asked::Export(path.to_owned()));
    }

    pub(super) fn ask_to_replace(shared: &mut Shared, path: String) {
        let confirm = Confirm {
            question: format!("Replace {path}?"),
            consequences: vec!["The file that is there now is lost.".to_owned()],
        };
        let purpose = Purpose::Replace(Box::new(Purpose::ExportView), path);
        shared.open(Layer::confirm(Panel::Data, purpose, confirm));
    }

    /// Takes note of a file that was opened.
    pub(super) fn remember_file(&mut self) {
        let path = self.source.path().and_then(|path| path.to_str()).map(str::to_owned);
        if let Some(path) = path {
            remember(&mut self.recent, &path);
        }
    }
}

/// Puts a line at the end of a history, once.
fn remember(history: &mut Vec<String>, line: &str) {
    history.retain(|older| older != line);
    history.push(line.to_owned());
    let over = history.len().saturating_sub(MOST_REMEMBERED);
    history.drain(..over);
}

/// The character that a message is about, 1-based.
fn place_of_error(message: &str) -> Option<usize> {
    let digits = message.strip_prefix("at character ")?;
    digits.split(':').next()?.parse().ok()
}

/// The row that is meant, 0-based: its number, so many further, so many back, or a share of all.
fn row_meant(text: &str, here: u64, rows: u64) -> Option<u64> {
    let digits: String = text.chars().filter(|c| !matches!(c, ',' | '_' | '\'' | ' ')).collect();
    if let Some(share) = digits.strip_suffix('%') {
        let share: f64 = share.parse().ok().filter(|share| (0.0..=100.0).contains(share))?;
        return Some((share / 100.0 * rows.saturating_sub(1) as f64) as u64);
    }
    if let Some(by) = digits.strip_prefix('+') {
        return Some(here.saturating_add(by.parse().ok()?));
    }
    if let Some(by) = digits.strip_prefix('-') {
        return Some(here.saturating_sub(by.parse().ok()?));
    }
    digits.parse::<u64>().ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_meant_by_number_by_distance_and_by_share() {
        for (text, row) in [
            ("1", Some(0)),
            ("1,200", Some(1_199)),
            ("+10", Some(110)),
            ("-10", Some(90)),
            ("-1000", Some(0)),
            ("50%", Some(499)),
            ("100 %", Some(999)),
            ("0", None),
            ("101%", None),
            ("x", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(row_meant(text, 100, 1_000), row, "{text}");
        }
    }

    #[test]
    fn a_history_has_each_line_once_and_not_too_many() {
        let mut history = Vec::new();
        for at in 0..30 {
            remember(&mut history, &at.to_string());
        }
        remember(&mut history, "15");
        assert_eq!(history.len(), MOST_REMEMBERED);
        assert_eq!(history.last().map(String::as_str), Some("15"));
        assert_eq!(history.iter().filter(|line| *line == "15").count(), 1);
        assert_eq!(place_of_error("at character 7: x"), Some(7));
        assert_eq!(place_of_error("no column at character 7"), None);
    }
}
