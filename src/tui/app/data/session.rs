//! Owns what of the Data panel the next start takes up again. Columns are kept by name, so that a file that has changed
//! since loses only what it no longer has.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Arrangement, Columns, DataPanel, Source};
use crate::browse::SortKey;
use crate::tui::app::shared::Shared;

/// What of the panel the next start takes up again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataSession {
    /// The path that was open; `None` for the workspace's own data.
    pub path: Option<String>,
    /// Conditions.
    pub filters: Vec<String>,
    /// Sort keys: the column, and whether the greatest came first.
    pub sort: Vec<(String, bool)>,
    /// The cursor's column.
    pub column: Option<String>,
    /// The cursor's row, 0-based in the view.
    pub row: u64,
    /// The row on top.
    pub top: u64,
    /// Columns left out.
    pub hidden: Vec<String>,
    /// The last of the frozen columns.
    pub frozen: Option<String>,
    /// Widths that a person chose.
    pub widths: Vec<(String, u16)>,
    /// Filters that were typed.
    pub filters_typed: Vec<String>,
    /// Texts that were looked for.
    pub finds_typed: Vec<String>,
    /// Files that were open.
    pub recent: Vec<String>,
}

impl DataSession {
    /// Gives the columns back what they had; answers the rows and their order, and the names of what is gone.
    pub(super) fn restore(&self, columns: &mut Columns) -> (Arrangement, Vec<String>) {
        let mut missing = Vec::new();
        let mut place = |columns: &Columns, name: &String| {
            let found = columns.named(name);
            if found.is_none() && !missing.contains(name) {
                missing.push(name.clone());
            }
            found
        };
        for (name, width) in &self.widths {
            if let Some(at) = place(columns, name) {
                columns.set_width(at, *width);
            }
        }
        for name in &self.hidden {
            if let Some(at) = place(columns, name) {
                columns.set_hidden(at);
            }
        }
        if let Some(at) = self.frozen.as_ref().and_then(|name| place(columns, name)) {
            columns.set_frozen(at + 1);
        }
        if let Some(at) = self.column.as_ref().and_then(|name| place(columns, name)) {
            columns.go_to(at);
        }
        let keys = self.sort.iter().filter_map(|(name, descending)| {
            Some(SortKey {
                column: place(columns, name)?,
                descending: *descending,
            })
        });
        let arrangement = Arrangement {
            filters: self.filters.clone(),
            sort: keys.collect(),
            pointed: None,
        };
        (arrangement, missing)
    }
}

impl DataPanel {
    /// What the next start would take up.
    pub fn session(&self) -> DataSession {
        let remembered = DataSession {
            filters_typed: self.filters_typed.clone(),
            finds_typed: self.finds_typed.clone(),
            recent: self.recent.clone(),
            ..DataSession::default()
        };
        match (&self.resuming, &self.source) {
            // Not taken up yet, so it is still what the next start wants.
            (Some(resuming), _) => resuming.clone(),
            (None, Source::Open(_)) => self.session_of_table(remembered),
            (None, source) => DataSession {
                path: source.path().and_then(|path| path.to_str()).map(str::to_owned),
                ..remembered
            },
        }
    }

    fn session_of_table(&self, remembered: DataSession) -> DataSession {
        let all = self.columns.all();
        let name = |at: usize| all.get(at).map(|column| column.info.name.clone());
        let keys = self.arrangement.sort.iter();
        let frozen = self.columns.frozen().checked_sub(1);
        let last = self.window.count().known.saturating_sub(1);
        DataSession {
            path: self.source.path().and_then(|path| path.to_str()).map(str::to_owned),
            filters: self.arrangement.filters.clone(),
            sort: keys
                .filter_map(|key| Some((name(key.column)?, key.descending)))
                .collect(),
            column: name(self.columns.cursor()),
            row: self.window.expected().or(self.window.place()).unwrap_or(last),
            top: self.window.top(),
            hidden: all.iter().filter(|c| c.hidden).map(|c| c.info.name.clone()).collect(),
            frozen: frozen.and_then(name),
            widths: all
                .iter()
                .filter(|c| c.chosen)
                .map(|c| (c.info.name.clone(), c.width))
                .collect(),
            ..remembered
        }
    }

    /// Takes up the session before.
    pub fn resume(&mut self, shared: &mut Shared, session: &DataSession) {
        self.filters_typed.clone_from(&session.filters_typed);
        self.finds_typed.clone_from(&session.finds_typed);
        self.recent.clone_from(&session.recent);
        self.resuming = Some(session.clone());
        self.open(shared, session.path.as_ref().map(PathBuf::from));
    }
}
