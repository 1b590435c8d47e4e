//! Owns what belongs to an open table: its index thread, the view shown, and the matches found last.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::browse::{
    BrowseError, Indexing, Matches, Pattern, RowCount, Table, TableRow, View, Work, open_collection, open_embedded,
    open_file,
};
use crate::cancel::CancelToken;
use crate::data::Source;
use crate::surroundings::Surroundings;
use crate::worker::news::OpenedTable;

use super::BrowseContext;

/// An open table.
pub(super) struct Opened {
    pub(super) table: Table,
    /// The view, and how many there were before it.
    shown: RwLock<(u64, View)>,
    found: Mutex<Option<(Sought, Matches)>>,
    stop: CancelToken,
}

/// What was looked for in which view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sought {
    view: u64,
    text: String,
    regex: bool,
    case: Option<bool>,
}

impl Sought {
    pub(super) fn new(view: u64, text: &str, regex: bool, case: Option<bool>) -> Self {
        Self {
            view,
            text: text.to_owned(),
            regex,
            case,
        }
    }
}

impl Opened {
    /// Opens a path, else the workspace's data, and begins to index it.
    pub(super) fn open(
        surroundings: &Surroundings,
        path: Option<&Path>,
        context: &BrowseContext<'_>,
    ) -> Result<Self, BrowseError> {
        let named = path.map(Source::named);
        let settings = &surroundings.settings.reading;
        let (table, indexing) = match surroundings.source(named.as_ref()) {
            Source::Path(path) => open_file(&path, settings)?,
            Source::Embedded(data) => open_embedded(data, settings)?,
            Source::Stdin => open_file(Path::new("/dev/stdin"), settings)?,
            Source::Collection(collection) => open_collection(&collection, settings)?,
        };
        let stop = CancelToken::new();
        index_behind(indexing, stop.clone(), Arc::clone(&context.rows));
        Ok(Self {
            table,
            shown: RwLock::new((0, View::all())),
            found: Mutex::new(None),
            stop,
        })
    }

    /// The answer to whoever opened it.
    pub(super) fn told(&self, first: Vec<TableRow>) -> OpenedTable {
        OpenedTable {
            path: self.table.path().map(Path::to_path_buf),
            name: self.table.name().to_owned(),
            format: self.table.format().to_owned(),
            bytes: self.table.bytes(),
            columns: self.table.columns().to_vec(),
            rows: self.table.row_count(),
            first,
        }
    }

    /// The view shown, with its number.
    pub(super) fn view(&self) -> (u64, View) {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn show(&self, view: View) {
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        *shown = (shown.0 + 1, view);
    }

    /// All matches, if they were looked for last.
    pub(super) fn known_matches(&self, sought: &Sought) -> Option<Matches> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found
            .as_ref()
            .filter(|(known, _)| known == sought)
            .map(|(_, matches)| matches.clone())
    }

    /// Finds all matches and keeps them.
    pub(super) fn matches(
        &self,
        view: &View,
        sought: Sought,
        pattern: &Pattern,
        control: Work<'_>,
    ) -> Result<Matches, BrowseError> {
        let matches = Matches::all(&self.table, view, pattern, control)?;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some((sought, matches.clone()));
        Ok(matches)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Indexes on a thread of its own. Where there can be none, whoever needs all rows is told that they cannot be had.
fn index_behind(indexing: Indexing, stop: CancelToken, rows: Arc<dyn Fn(RowCount) + Send + Sync>) {
    if indexing.is_done() {
        return;
    }
    let thread = std::thread::Builder::new().name("nsec-index".to_owned());
    if let Err(error) = thread.spawn(move || indexing.run(&stop, &*rows)) {
        tracing::warn!("no thread for the index: {error}");
    }
}
