//! Owns what a training run tells people beside the progress of its stages.

use super::Run;
use crate::pipeline::event::{Event, Level};
use crate::pipeline::training::limits::TrialGate;
use crate::validation::Report;

impl Run<'_> {
    /// Passes on what validation warns of.
    pub(super) fn warn_about(&self, report: &Report) {
        for text in report.warnings() {
            self.events.send(Event::Message {
                level: Level::Warning,
                text,
            });
        }
    }

    /// Says, to people and in the manifest, that the search was not a whole one.
    pub(super) fn tell_left_out(&mut self, gate: &TrialGate) {
        let trials = gate.left_out();
        if trials == 0 {
            return;
        }
        let text = format!("time is up: {trials} trials were left out, the model is the best of those that ran");
        tracing::warn!(trials, "time is up; trials were left out");
        let level = Level::Warning;
        self.events.send(Event::Message { level, text });
        self.manifest.extra.insert("trials_left_out".to_owned(), trials.into());
    }
}
