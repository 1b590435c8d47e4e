//! The Data panel's state: the open table, the rows and columns in sight, what is looked for, and the jobs behind them.

mod actions;
mod answers;
mod arrangement;
mod columns;
mod detail;
mod find;
mod jobs;
mod news;
mod session;
mod source;
mod statistics;
#[cfg(test)]
mod tests;
mod window;

pub use arrangement::{Arrangement, PointedRows};
pub use columns::{Columns, GAP, InSight, ShownColumn};
pub use find::Find;
pub use jobs::Progress;
pub use session::DataSession;
pub use source::{OpenTable, Source};
pub use statistics::StatisticsPane;
pub use window::{Sight, Window};

use self::jobs::Jobs;
use super::layer::Answer;
use super::panel::PanelState;
use super::shared::{Command, Shared};
use crate::tui::keymap::{Action, Context};
use crate::worker::{BrowseJob, Job, News};

/// Characters of a cell that are asked for; a row in full is asked for when its cells are wanted whole.
const CELL: usize = 240;

/// The Data panel.
#[derive(Debug, Default)]
pub struct DataPanel {
    source: Source,
    arrangement: Arrangement,
    columns: Columns,
    window: Window,
    find: Option<Find>,
    pane: StatisticsPane,
    jobs: Jobs,
    /// The table that was open, while another one is being opened: it comes back if that fails.
    kept: Option<Box<Kept>>,
    /// The session before, until it is taken up.
    resuming: Option<DataSession>,
    /// Filters and texts that were typed, the latest last.
    filters_typed: Vec<String>,
    finds_typed: Vec<String>,
    /// Files that were open, the latest last.
    recent: Vec<String>,
}

/// What a table was shown with.
#[derive(Debug)]
struct Kept {
    source: Source,
    arrangement: Arrangement,
    columns: Columns,
    window: Window,
}

impl DataPanel {
    /// What is open.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Which rows are shown, in which order.
    pub fn arrangement(&self) -> &Arrangement {
        &self.arrangement
    }

    /// The columns.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The rows.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// What is looked for.
    pub fn find(&self) -> Option<&Find> {
        self.find.as_ref()
    }

    /// The statistics beside the table.
    pub fn pane(&self) -> &StatisticsPane {
        &self.pane
    }

    /// How far the job is that the screen waits for.
    pub fn progress(&self) -> Option<&Progress> {
        self.jobs.progress()
    }

    /// Whether a line is needed for filters or for several sort keys.
    pub fn has_filter_line(&self) -> bool {
        !self.arrangement.pieces().is_empty() || self.arrangement.sort.len() > 1
    }

    /// Lines that the rows have, of a panel of this height.
    pub fn rows_in(&self, panel_height: usize) -> usize {
        // The line about the table, perhaps that of the filters, the names and the types.
        let above = 3 + usize::from(self.has_filter_line());
        panel_height.saturating_sub(above).max(1)
    }

    /// Columns of the screen that the statistics take of a panel of this width.
    pub fn pane_width(&self, panel_width: u16) -> u16 {
        if self.pane.is_open() {
            (panel_width / 2).clamp(30, 60).min(panel_width.saturating_sub(20))
        } else {
            0
        }
    }

    /// Fits everything into the screen, and asks for the rows that are needed now.
    fn refresh(&mut self, shared: &mut Shared) {
        let Source::Open(_) = &self.source else { return };
        let width = shared.size.0;
        self.columns.resize(width - self.pane_width(width));
        self.window.resize(self.rows_in(shared.panel_height()));
        if let Some(wish) = self.window.wish() {
            let job = match wish {
                window::Wish::Rows { first, count } => BrowseJob::Page {
                    first,
                    count,
                    cell: CELL,
                },
                window::Wish::Tail { count } => BrowseJob::Tail { count, cell: CELL },
            };
            let ticket = shared.submit(Job::Browse(job));
            self.window.asked(ticket, wish);
        }
    }
}

impl PanelState for DataPanel {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Data, Context::Lists]
    }

    fn act(&mut self, shared: &mut Shared, action: Action) -> bool {
        let taken = self.take_action(shared, action);
        self.refresh(shared);
        taken
    }

    fn answered(&mut self, shared: &mut Shared, answer: Answer) {
        self.take_answer(shared, answer);
        self.refresh(shared);
    }

    fn news(&mut self, shared: &mut Shared, news: &News) {
        self.take_news(shared, news);
        self.refresh(shared);
    }

    fn command(&mut self, shared: &mut Shared, command: &Command) {
        match command {
            Command::Open(path) => {
                // Whoever asks for a file by name does not want the session's filters on it.
                self.resuming = None;
                self.open(shared, path.clone());
            }
            Command::ShowLines { lines, title, column } => {
                let pointed = PointedRows {
                    lines: lines.clone(),
                    title: title.clone(),
                    column: column.clone(),
                };
                self.show_pointed(shared, pointed);
            }
            _ => {}
        }
        self.refresh(shared);
    }

    fn work(&self, _shared: &Shared) -> Option<String> {
        self.jobs.progress().map(Progress::text)
    }

    fn status(&self, _shared: &Shared) -> Option<String> {
        // What is wrong with the row is said where one looks when a sign beside it makes one wonder.
        let trouble = self.window.current()?.trouble.as_ref()?;
        Some(format!("this row: {trouble}"))
    }

    fn shown(&mut self, shared: &mut Shared) {
        self.refresh(shared);
    }

    fn woke(&mut self, shared: &mut Shared) {
        self.refresh(shared);
    }
}
