//! Owns what the next start takes up again.

use serde::{Deserialize, Serialize};

use super::data::DataSession;
use super::review::ReviewSession;
use super::shared::Command;
use super::{App, Panel};
use crate::worker::{FileJob, Job};

/// Milliseconds after a change until it is on disk: often enough for a line that drops, seldom enough for a disk.
const SAVE_AFTER: u64 = 2_000;

/// What was shown when the console was left. Everything in it is optional, so that another version's can be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The panel.
    pub panel: Panel,
    /// The Data panel.
    pub data: DataSession,
    /// The Review panel.
    pub review: ReviewSession,
    /// The run shown in Training.
    pub run: Option<String>,
}

impl App {
    /// What the next start would take up.
    pub fn session(&self) -> Session {
        Session {
            panel: self.panel,
            data: self.data.session(),
            review: self.review.session(),
            run: self.training.shown_run(),
        }
    }

    /// Takes note that the session may have changed.
    pub(super) fn touch_session(&mut self) {
        if self.saved.due.is_none() {
            let due = self.shared.now + SAVE_AFTER;
            self.saved.due = Some(due);
            self.shared.wake_at(due);
        }
    }

    pub(super) fn save_session(&mut self) {
        self.saved.due = None;
        // Before the survey is back nothing has been resumed, and an empty session would replace the one on disk.
        if self.shared.survey.is_none() {
            return;
        }
        let Ok(session) = serde_json::to_string(&self.session()) else {
            return;
        };
        if session != self.saved.text {
            self.saved.text.clone_from(&session);
            self.shared.submit(Job::Files(FileJob::SaveSession { session }));
        }
    }

    /// Takes up the session before, or begins with the workspace's own data.
    pub(super) fn resume(&mut self) {
        if self.start.data.is_some() {
            return;
        }
        let survey = self.shared.survey.as_ref();
        let text = survey.and_then(|survey| survey.session.clone());
        let session: Option<Session> = text.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let Some(session) = session else {
            self.shared.request(Command::Open(None));
            return;
        };
        self.saved.text = text.unwrap_or_default();
        self.data.resume(&mut self.shared, &session.data);
        self.review.resume(&session.review);
        if let Some(run) = session.run {
            self.training.resume(&mut self.shared, run);
        }
        self.shared.request(Command::Show(session.panel));
    }
}
