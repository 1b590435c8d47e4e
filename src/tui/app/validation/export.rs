//! Owns writing the report and the rejected rows to files: where to, whether a file there may be replaced.

use std::path::{Path, PathBuf};

use super::ValidationPanel;
use crate::tui::app::Panel;
use crate::tui::app::globals::directory_of;
use crate::tui::app::layer::{Confirm, Layer, Prompt, Purpose};
use crate::tui::app::shared::Shared;
use crate::worker::{DirectoryEntry, FileJob, Job, PipelineJob, Ticket};

/// A file that is wanted and whose directory is being looked at, so that nothing is replaced unasked.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    ticket: Ticket,
    purpose: Purpose,
    path: String,
}

/// Where a file goes if nobody says otherwise.
fn proposal(shared: &Shared, name: &str) -> String {
    match shared.survey.as_ref().map(|survey| survey.workspace.as_str()) {
        Some(workspace) if !workspace.is_empty() => Path::new(workspace).join(name).display().to_string(),
        _ => name.to_owned(),
    }
}

impl ValidationPanel {
    /// Asks where the report, or the rejected rows, go.
    pub(super) fn ask_for_path(&mut self, shared: &mut Shared, purpose: Purpose) {
        let Some(outcome) = &self.outcome else {
            return shared.complain("nothing to write yet: check the data first");
        };
        let rejects = purpose == Purpose::ExportRejects;
        if rejects && outcome.report.rejected_rows == 0 {
            return shared.say("no row was rejected, so there is nothing to write");
        }
        let (title, hint, name) = if rejects {
            (
                "write rejected rows to",
                "a CSV file; the data is checked once more",
                "validation_rejects.csv",
            )
        } else {
            ("write report to", "a JSON file", "validation_report.json")
        };
        let mut prompt = Prompt::new(title, hint).starting_with(proposal(shared, name));
        prompt.path = true;
        shared.open(Layer::prompt(Panel::Validation, purpose, prompt));
    }

    /// Takes a path: looks first at what is there.
    pub(super) fn take_path(&mut self, shared: &mut Shared, purpose: Purpose, path: &str) {
        let path = path.trim();
        if path.is_empty() || path.ends_with('/') {
            return shared.complain("name a file, not a directory");
        }
        let ticket = shared.submit(Job::Files(FileJob::List {
            path: directory_of(path),
        }));
        self.wish = Some(Wish {
            ticket,
            purpose,
            path: path.to_owned(),
        });
    }

    /// The wish that waited for this listing.
    pub(super) fn wish_of(&mut self, ticket: Ticket) -> Option<Wish> {
        self.wish.take_if(|wish| wish.ticket == ticket)
    }

    /// Writes, or asks whether the file there may be replaced. A directory that cannot be listed is the writer's to tell.
    pub(super) fn listed(&mut self, shared: &mut Shared, wish: Wish, entries: &[DirectoryEntry]) {
        let name = wish.path.rsplit('/').next().unwrap_or_default();
        match entries.iter().find(|entry| entry.name == name) {
            Some(entry) if entry.directory => shared.complain(format!("{} is a directory; name a file", wish.path)),
            Some(_) => {
                let confirm = Confirm {
                    question: format!("Replace {}?", wish.path),
                    consequences: vec!["There is a file of that name; what is in it is lost.".to_owned()],
                };
                let purpose = Purpose::Replace(Box::new(wish.purpose), wish.path);
                shared.open(Layer::confirm(Panel::Validation, purpose, confirm));
            }
            None => self.write(shared, &wish.purpose, &wish.path, false),
        }
    }

    pub(super) fn write(&mut self, shared: &mut Shared, purpose: &Purpose, path: &str, replace: bool) {
        let path = PathBuf::from(path);
        if *purpose == Purpose::ExportRejects {
            self.check(shared, Some(path));
            return;
        }
        let Some(outcome) = &self.outcome else { return };
        match outcome.report.to_json() {
            Ok(text) => {
                let job = FileJob::Write { path, text, replace };
                self.writing = Some(shared.submit(Job::Files(job)));
            }
            Err(error) => shared.complain(format!("the report cannot be written: {error}")),
        }
    }

    /// Has the open source checked; rejected rows go to a file where one is named.
    pub(super) fn check(&mut self, shared: &mut Shared, rejects: Option<PathBuf>) {
        let path = shared.source.path.clone();
        self.failure = None;
        self.progress = None;
        let job = PipelineJob::Validate {
            path,
            baseline: None,
            rejects,
        };
        self.running = Some(shared.submit(Job::Pipeline(job)));
    }
}
