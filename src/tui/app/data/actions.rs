//! Owns what keys do in the Data panel.

use super::find::{Find, is_cut};
use super::jobs::{Asked, Origin, RowUse};
use super::{Arrangement, DataPanel, PointedRows, Source, detail};
use crate::browse::{Direction, TableRow, condition};
use crate::text::grouped;
use crate::tui::app::effect::Effect;
use crate::tui::app::layer::Layer;
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::{Command, Shared};
use crate::tui::keymap::{Action, Context, TABLE};
use crate::worker::{BrowseJob, Kind};

/// A value that is longer than this is no value to filter by.
const LONGEST_VALUE: usize = 4_096;

impl DataPanel {
    pub(super) fn take_action(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::OpenFile => self.ask_for_file(shared),
            Action::Back => return self.back(shared),
            _ if !matches!(self.source, Source::Open(_)) => return self.act_without_table(shared, action),
            _ => {
                return self.move_rows(action)
                    || self.move_columns(shared, action)
                    || self.do_something(shared, action);
            }
        }
        true
    }

    /// With no table open there is only a file to open, or the failed one again.
    fn act_without_table(&mut self, shared: &mut Shared, action: Action) -> bool {
        match (action, &self.source) {
            (Action::Open, Source::Failed { path, .. }) => {
                let path = path.clone();
                self.open(shared, path);
                true
            }
            // Another file may be named there.
            (Action::ScoreFile, _) => false,
            _ if TABLE
                .iter()
                .any(|entry| entry.context == Context::Data && entry.action == action) =>
            {
                shared.say("no table is open yet");
                true
            }
            _ => false,
        }
    }

    fn move_rows(&mut self, action: Action) -> bool {
        let page = self.window.height() as i64;
        match action {
            Action::Down => self.window.step(1, false),
            Action::Up => self.window.step(-1, false),
            Action::PageDown => self.window.step(page, true),
            Action::PageUp => self.window.step(-page, true),
            Action::HalfPageDown => self.window.step(page / 2, true),
            Action::HalfPageUp => self.window.step(-page / 2, true),
            Action::Top => self.window.to_top(),
            Action::Bottom => self.window.to_bottom(),
            _ => return false,
        }
        true
    }

    fn move_columns(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::Left => self.columns.step(false),
            Action::Right => self.columns.step(true),
            Action::FirstColumn => self.columns.end(false),
            Action::LastColumn => self.columns.end(true),
            Action::WidenColumn => self.columns.widen(2),
            Action::NarrowColumn => self.columns.widen(-2),
            Action::HideColumn if !self.columns.hide() => shared.say("the last column stays"),
            Action::HideColumn => shared.say("column hidden; X shows all again"),
            Action::ShowColumns => match self.columns.show_all() {
                0 => shared.say("no column is hidden"),
                shown => shared.say(format!("{} shown again", columns_text(shown))),
            },
            Action::FreezeColumns => {
                let words = if self.columns.toggle_frozen() {
                    format!("{} frozen; f here again undoes it", columns_text(self.columns.frozen()))
                } else {
                    "no column is frozen".to_owned()
                };
                shared.say(words);
            }
            _ => return false,
        }
        self.follow_with_statistics(shared);
        true
    }

    fn do_something(&mut self, shared: &mut Shared, action: Action) -> bool {
        let column = self.columns.cursor();
        match action {
            Action::Find => self.ask_for_text(shared),
            Action::FindNext => self.find_on(shared, Direction::Forward),
            Action::FindPrevious => self.find_on(shared, Direction::Backward),
            Action::Filter => self.ask_for_filter(shared, "", None),
            Action::Filters => self.ask_for_filters(shared),
            Action::KeepValue => self.with_row(shared, RowUse::Filter { column, keep: true }),
            Action::DropValue => self.with_row(shared, RowUse::Filter { column, keep: false }),
            Action::SortAscending => self.sort(shared, false),
            Action::SortDescending => self.sort(shared, true),
            Action::ClearSort => self.clear_sort(shared),
            Action::ColumnStatistics => self.toggle_statistics(shared),
            Action::Open => self.with_row(shared, RowUse::Detail),
            Action::Copy => self.with_row(shared, RowUse::CopyCell(column)),
            Action::CopyRow => self.with_row(shared, RowUse::CopyRow),
            Action::GoToRow => Self::ask_for_row(shared, "", None),
            Action::GoToColumn => self.ask_for_column(shared),
            Action::Export => self.ask_for_export(shared),
            _ => return false,
        }
        true
    }

    /// Leaves one layer: what runs, the statistics, the match. Nothing that would have to be typed again is lost.
    fn back(&mut self, shared: &mut Shared) -> bool {
        if self.jobs.stop(shared) {
            shared.say("stopping");
        } else if self.pane.close() {
            // The table has the whole width again.
        } else if self.find.take().is_some() {
            if let Some(ticket) = self.jobs.running(Kind::Count) {
                shared.cancel(ticket);
            }
        } else {
            return false;
        }
        true
    }

    /// Asks for other rows, or another order.
    pub(super) fn arrange(&mut self, shared: &mut Shared, wanted: Arrangement, origin: Origin) {
        let job = wanted.job();
        self.jobs.ask(shared, job, Asked::Arrange(wanted, origin));
    }

    /// What is wanted once the change that is on its way is there, so that quick keys add up.
    pub(super) fn wanted(&self) -> &Arrangement {
        self.jobs.arranging().map_or(&self.arrangement, |(wanted, _)| wanted)
    }

    /// Whether rows that were pointed at stand in the way of filters and orders of all rows.
    pub(super) fn refuses_change(&self, shared: &mut Shared) -> bool {
        let pointed = self.wanted().pointed.is_some();
        if pointed {
            shared.complain("these rows were picked by their lines; F and Enter bring the others back first");
        }
        pointed
    }

    fn sort(&mut self, shared: &mut Shared, descending: bool) {
        if self.columns.current().is_none() || self.refuses_change(shared) {
            return;
        }
        let wanted = self.wanted().sorted_by(self.columns.cursor(), descending);
        if wanted != *self.wanted() {
            self.arrange(shared, wanted, Origin::Key);
        }
    }

    fn clear_sort(&mut self, shared: &mut Shared) {
        let mut wanted = self.wanted().clone();
        if wanted.sort.is_empty() {
            shared.say("the rows are in the file's order");
        } else if !self.refuses_change(shared) {
            wanted.sort.clear();
            self.arrange(shared, wanted, Origin::Key);
        }
    }

    pub(super) fn show_pointed(&mut self, shared: &mut Shared, pointed: PointedRows) {
        if !matches!(self.source, Source::Open(_)) {
            return shared.complain("no table is open to show these rows of");
        }
        shared.request(Command::Show(Panel::Data));
        if let Some(column) = pointed.column.as_deref().and_then(|name| self.columns.named(name)) {
            self.columns.go_to(column);
        }
        let wanted = Arrangement {
            pointed: Some(pointed),
            ..self.wanted().clone()
        };
        self.arrange(shared, wanted, Origin::Key);
    }

    pub(super) fn find_on(&mut self, shared: &mut Shared, direction: Direction) {
        let Some(find) = &self.find else {
            return self.ask_for_text(shared);
        };
        let rows = self.window.count().known;
        let from = self.window.place().unwrap_or(rows.saturating_sub(1));
        let first = self.window.row(0).filter(|_| from == 0);
        let from_top = first.is_some_and(|row| find.surely_not_in(row));
        let job = find.job((from, self.columns.cursor()), direction);
        let asked = Asked::Find {
            from,
            direction,
            from_top,
        };
        self.jobs.ask(shared, job, asked);
    }

    pub(super) fn begin_find(&mut self, shared: &mut Shared, find: Find) {
        self.find = Some(find);
        self.find_on(shared, Direction::Forward);
    }

    fn toggle_statistics(&mut self, shared: &mut Shared) {
        let Some((column, _)) = self.columns.current() else {
            return;
        };
        if self.pane.column == Some(column) {
            self.pane.close();
        } else {
            self.show_statistics(shared, column);
        }
    }

    /// An open pane goes with the cursor.
    pub(super) fn follow_with_statistics(&mut self, shared: &mut Shared) {
        let column = self.columns.cursor();
        if self.pane.is_open() && self.pane.column != Some(column) {
            self.show_statistics(shared, column);
        }
    }

    pub(super) fn show_statistics(&mut self, shared: &mut Shared, column: usize) {
        if !self.pane.show(column) {
            return;
        }
        let job = BrowseJob::Statistics {
            column,
            label: self.label(shared),
        };
        self.jobs.ask(shared, job, Asked::Statistics(column));
    }

    /// The schema's label among the columns, by its name or another one it is known by.
    fn label(&self, shared: &Shared) -> Option<usize> {
        let schema = &shared.survey.as_ref()?.schema;
        let label = schema.label.as_deref()?;
        let known = schema.columns.iter().find(|column| column.name == label);
        let aliases = known
            .into_iter()
            .flat_map(|column| column.aliases.iter().map(String::as_str));
        std::iter::once(label)
            .chain(aliases)
            .find_map(|name| self.columns.named(name))
    }

    /// Does something with the cursor's row, which is read in full first where its cells were shortened.
    fn with_row(&mut self, shared: &mut Shared, wish: RowUse) {
        let Some(row) = self.window.current() else {
            return shared.say("there is no row here");
        };
        let cut = match wish {
            RowUse::CopyCell(column) | RowUse::Filter { column, .. } => {
                row.cells.get(column).is_some_and(|cell| is_cut(cell))
            }
            RowUse::Detail | RowUse::CopyRow => row.cells.iter().any(|cell| is_cut(cell)),
        };
        match self.window.place() {
            _ if !cut => {
                let row = row.clone();
                self.use_row(shared, &row, wish);
            }
            Some(at) => _ = self.jobs.ask(shared, BrowseJob::Row { at }, Asked::Row(wish)),
            None => shared.say("the rows are still being counted; in a moment this can be done"),
        }
    }

    pub(super) fn use_row(&mut self, shared: &mut Shared, row: &TableRow, wish: RowUse) {
        match wish {
            RowUse::Detail => {
                let schema = shared.survey.as_ref().map(|survey| survey.schema.clone());
                let reader = detail::reader(
                    self.window.place(),
                    row,
                    self.columns.all(),
                    self.columns.cursor(),
                    &schema.unwrap_or_default(),
                );
                shared.open(Layer::reader(Panel::Data, reader));
            }
            RowUse::CopyCell(column) => {
                let cell = row.cells.get(column).cloned().unwrap_or_default();
                shared.effects.push(Effect::Copy(cell));
            }
            RowUse::CopyRow => {
                let line = detail::csv_line(row, self.columns.visible());
                shared.effects.push(Effect::Copy(line));
            }
            RowUse::Filter { column, keep } => self.filter_by(shared, row, column, keep),
        }
    }

    fn filter_by(&mut self, shared: &mut Shared, row: &TableRow, column: usize, keep: bool) {
        let (Some(shown), Some(value)) = (self.columns.all().get(column), row.cells.get(column)) else {
            return;
        };
        if value.len() > LONGEST_VALUE {
            return shared.complain(format!(
                "a value of {} bytes is too long to filter by",
                grouped(value.len() as u64)
            ));
        }
        let filter = condition(&shown.info.name, value, keep);
        self.add_filter(shared, &filter, Origin::Key);
    }

    pub(super) fn add_filter(&mut self, shared: &mut Shared, filter: &str, origin: Origin) {
        if self.refuses_change(shared) {
            return;
        }
        match self.wanted().and(filter) {
            Some(wanted) => self.arrange(shared, wanted, origin),
            None => shared.say("this filter is there already"),
        }
    }
}

fn columns_text(count: usize) -> String {
    match count {
        1 => "1 column".to_owned(),
        count => format!("{} columns", grouped(count as u64)),
    }
}
