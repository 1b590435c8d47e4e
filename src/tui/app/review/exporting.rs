//! Owns writing cases to a file: the dialog, the question before a file is replaced, and what came of it.

use std::path::{Path, PathBuf};

use super::ReviewPanel;
use super::dialogs::Dialog;
use super::score_form::not_a_file;
use crate::text::{counted, grouped};
use crate::tui::app::layer::{Confirm, Field, FieldValue, Form, Layer, PathLine, Purpose};
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::Shared;
use crate::worker::{ExportScope, Job, Reply, Report, ReviewJob, Ticket};

/// Formats: as the worker is told, as a person reads them, and the ending of a file.
const FORMATS: [(&str, &str, &str); 5] = [
    ("csv", "CSV, as predict writes it", "csv"),
    ("ndjson", "NDJSON, Elastic Common Schema", "ndjson"),
    ("stix", "STIX 2.1 bundle", "stix.json"),
    ("parquet", "Parquet", "parquet"),
    ("md", "hand-over of the shift, Markdown", "md"),
];

/// Which rows: as a person reads them, and the word in a file's name.
const SCOPES: [(ExportScope, &str, &str); 3] = [
    (ExportScope::All, "all of the file", "reviewed"),
    (ExportScope::View, "what is shown: queue and filters", "view"),
    (ExportScope::Judged, "those with a verdict", "judged"),
];

/// What is to be written where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportWish {
    format: String,
    scope: ExportScope,
    path: PathBuf,
}

/// An export under way.
#[derive(Clone, Debug)]
pub(super) struct Exporting {
    ticket: Ticket,
    wish: ExportWish,
}

fn form(path: &str, format: usize, scope: usize, problem: Option<String>) -> Form {
    let choice = |options: Vec<String>, at| FieldValue::Choice { options, at };
    let formats = FORMATS.iter().map(|(_, words, _)| (*words).to_owned()).collect();
    let scopes = SCOPES.iter().map(|(_, words, _)| (*words).to_owned()).collect();
    let field = |name, label, help, value| Field {
        name,
        label,
        help,
        value,
        error: None,
    };
    let file = FieldValue::Path(PathLine::new(path));
    Form {
        title: "write cases to a file".to_owned(),
        notes: problem.into_iter().collect(),
        fields: vec![
            field("format", "format", "how it is written", choice(formats, format)),
            field("rows", "rows", "which cases", choice(scopes, scope)),
            field("file", "file", "empty is beside the scored file, named after it", file),
        ],
        cursor: 0,
        check: Some(|fields| {
            let path = fields.last().map_or("", |field| field.value.text()).trim();
            not_a_file(path).map(|problem| ("file", problem)).into_iter().collect()
        }),
    }
}

fn place(values: &[(&'static str, FieldValue)], name: &str) -> usize {
    let value = values.iter().find(|(field, _)| *field == name).map(|(_, value)| value);
    match value {
        Some(FieldValue::Choice { at, .. }) => *at,
        _ => 0,
    }
}

/// Where it goes if nobody says where.
fn beside(scored: &Path, word: &str, ending: &str) -> PathBuf {
    let stem = scored.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    scored.with_file_name(format!("{}-{word}.{ending}", stem.unwrap_or_default()))
}

impl ReviewPanel {
    pub(super) fn ask_for_export(&self, shared: &mut Shared) {
        if self.dialogs.exporting.is_some() {
            return shared.complain("cases are being written already; ctrl-c stops that");
        }
        let layer = Layer::form(Panel::Review, Purpose::Dialog(Dialog::Export), form("", 0, 0, None));
        shared.open(layer);
    }

    pub(super) fn export_answered(&mut self, shared: &mut Shared, values: &[(&'static str, FieldValue)]) {
        let Some(file) = self.file.opened() else { return };
        let (format, scope) = (place(values, "format"), place(values, "rows"));
        let text = values
            .iter()
            .find(|(name, _)| *name == "file")
            .map_or("", |(_, value)| value.text());
        let (name, _, ending) = FORMATS.get(format).copied().unwrap_or(FORMATS[0]);
        let (rows, _, word) = SCOPES.get(scope).copied().unwrap_or(SCOPES[0]);
        let path = match text.trim() {
            "" => beside(&file.path, word, ending),
            text => PathBuf::from(text),
        };
        if path == file.path {
            let problem = "That is the file under review; name another one.".to_owned();
            let form = form(text, format, scope, Some(problem));
            return shared.open(Layer::form(Panel::Review, Purpose::Dialog(Dialog::Export), form));
        }
        let wish = ExportWish {
            format: name.to_owned(),
            scope: rows,
            path,
        };
        self.export(shared, wish, false);
    }

    pub(super) fn export(&mut self, shared: &mut Shared, wish: ExportWish, replace: bool) {
        let job = ReviewJob::Export {
            format: wish.format.clone(),
            scope: wish.scope,
            path: wish.path.clone(),
            replace,
        };
        let ticket = shared.submit(Job::Review(job));
        self.dialogs.exporting = Some(Exporting { ticket, wish });
    }

    /// Takes news of an export; whether they were of one.
    pub(super) fn export_news(&mut self, shared: &mut Shared, ticket: Ticket, report: &Report) -> bool {
        let Some(exporting) = self.dialogs.exporting.as_ref().filter(|e| e.ticket == ticket) else {
            return false;
        };
        match report {
            Report::Done(reply) => {
                if let Reply::RowsWritten {
                    path,
                    rows,
                    without_indicator,
                } = &**reply
                {
                    let path = path.display();
                    match without_indicator {
                        0 => shared.say(format!("{} written to {path}", counted(*rows, "row"))),
                        without => shared.complain(format!(
                            "{} of {} written, the others have no URL, domain or address; {path}",
                            grouped(rows.saturating_sub(*without)),
                            counted(*rows, "row"),
                        )),
                    }
                }
            }
            Report::Failed(failure) if failure.message.contains("is there already") => {
                let confirm = Confirm {
                    question: format!("Replace {}?", exporting.wish.path.display()),
                    consequences: vec!["The file that is there now is lost.".to_owned()],
                };
                let purpose = Purpose::Dialog(Dialog::ReplaceExport(exporting.wish.clone()));
                shared.open(Layer::confirm(Panel::Review, purpose, confirm));
            }
            Report::Failed(failure) => shared.complain(format!("nothing is written: {}", failure.message)),
            Report::Cancelled => shared.say("stopped; nothing is written"),
            _ => return true,
        }
        self.dialogs.exporting = None;
        true
    }

    /// Half a line about the export under way.
    pub(super) fn export_work(&self) -> Option<String> {
        let exporting = self.dialogs.exporting.as_ref()?;
        let name = exporting
            .wish
            .path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        Some(format!("writing {}", name.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_what_is_reviewed() {
        let scored = Path::new("/srv/prediction_output/output.csv");
        let named = |scope: usize, format: usize| beside(scored, SCOPES[scope].2, FORMATS[format].2);
        assert_eq!(named(0, 0), Path::new("/srv/prediction_output/output-reviewed.csv"));
        assert_eq!(named(2, 2), Path::new("/srv/prediction_output/output-judged.stix.json"));
        assert_eq!(named(1, 4), Path::new("/srv/prediction_output/output-view.md"));
    }
}
