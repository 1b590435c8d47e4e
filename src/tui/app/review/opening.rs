//! Owns opening a scored file: which, what is taken up of the session before, and how its failure is told.

use std::path::PathBuf;

use super::arranging::remember;
use super::asking::Asking;
use super::jobs::{Asked, Origin, Wanted};
use super::{Marks, ReviewPanel, Scored, Window};
use crate::tui::app::address::is_address;
use crate::tui::app::layer::{Layer, Picker, PickerItem, Purpose};
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::Shared;
use crate::worker::{Failure, OpenedReview, Queue, QueueView, ReviewJob};

/// Where `predict` writes if it is not told otherwise, below the workspace.
pub const SCORED_ROWS: &str = "prediction_output/output.csv";

impl ReviewPanel {
    /// Opens a file; the one that was open is left. Decisions that are on their way are kept all the same.
    pub(super) fn open(&mut self, shared: &mut Shared, path: Option<PathBuf>) {
        self.jobs.give_up(shared);
        self.view = QueueView::default();
        self.similar = None;
        self.window = Window::default();
        self.cards.forget();
        self.marks = Marks::default();
        self.find = None;
        self.tagging = false;
        self.file = Scored::Opening {
            path: path.clone(),
            note: String::new(),
        };
        let job = ReviewJob::Open { path: path.clone() };
        self.jobs.ask(shared, job, Asked::Open(path));
    }

    pub(super) fn opened(&mut self, shared: &mut Shared, opened: &OpenedReview) {
        if let Some(path) = opened.path.to_str() {
            remember(&mut self.recent, path);
        }
        self.file = Scored::Open(Box::new(opened.clone()));
        if let Some(session) = self.resuming.take() {
            let wanted = Wanted {
                queue: session.queue,
                filters: session.filters,
            };
            return self.arrange(shared, wanted, session.row, Origin::Session);
        }
        let queue = if opened.label_audit {
            Queue::LabelAudit
        } else {
            Queue::default()
        };
        let wanted = Wanted {
            queue,
            filters: Vec::new(),
        };
        self.arrange(shared, wanted, None, Origin::Opening);
    }

    pub(super) fn open_failed(&mut self, shared: &mut Shared, path: Option<PathBuf>, failure: &Failure) {
        if path.is_some() && self.resuming.take().is_some() {
            shared.complain(format!("{}; here is what was scored last", failure.message));
            return self.open(shared, None);
        }
        self.resuming = None;
        self.file = Scored::Failed {
            path,
            failure: failure.clone(),
        };
    }

    pub(super) fn ask_for_scored_file(&self, shared: &mut Shared) {
        let open = self.file.path().and_then(|path| path.to_str());
        let others = self.recent.iter().rev().filter(|path| Some(path.as_str()) != open);
        let item = |path: &String| PickerItem {
            label: path.clone(),
            group: "open before".to_owned(),
            ..PickerItem::default()
        };
        let last = PickerItem {
            label: SCORED_ROWS.to_owned(),
            about: "what was scored last".to_owned(),
            group: "or".to_owned(),
            ..PickerItem::default()
        };
        let mut picker = Picker::new("review; type a path", others.map(item).chain([last]).collect());
        picker.free_text = true;
        picker.path = true;
        let purpose = Purpose::Review(Asking::OpenScored);
        shared.open(Layer::picker(Panel::Review, purpose, picker));
    }

    pub(super) fn file_answered(&mut self, shared: &mut Shared, text: &str) {
        if is_address(text) {
            return shared
                .complain("only scored files are reviewed; score the collection, and review what comes of it");
        }
        let path = (!text.is_empty() && text != SCORED_ROWS).then(|| PathBuf::from(text));
        self.resuming = None;
        self.open(shared, path);
    }
}
