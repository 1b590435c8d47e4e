//! Owns what every command starts from: the workspace, the settings, the log and a way to be stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::GlobalArgs;
use super::error::CliError;
use super::progress::Progress;
use crate::cancel::CancelToken;
use crate::data::{EmbeddedTable, Source};
use crate::embedded;
use crate::logging::{self, LogGuard};
use crate::schema::{Loaded, Schema, SchemaProblem, Severity};
use crate::settings::{self, Settings};
use crate::text::visible_text;
use crate::workspace::Workspace;

/// The data inside the program.
const BUNDLED: EmbeddedTable = EmbeddedTable {
    name: "the bundled data",
    bytes: embedded::DATA_GZ,
};

/// What every command starts from.
pub(super) struct Context {
    /// Where files are kept.
    pub(super) workspace: Workspace,
    /// Typed settings.
    pub(super) settings: Settings,
    /// Stops the work.
    pub(super) cancel: CancelToken,
    /// Shows events to a person.
    pub(super) progress: Progress,
    /// Writes what is left of the log when it goes.
    pub(super) log: LogGuard,
}

impl Context {
    /// Finds the workspace, reads its settings and opens its log.
    pub(super) fn open(global: &GlobalArgs, cancel: &CancelToken) -> Result<Self, CliError> {
        let here = std::env::current_dir().map_err(CliError::failed)?;
        let from_environment = std::env::var_os("NSEC_WORKSPACE");
        let workspace = Workspace::locate(global.workspace.as_deref(), from_environment.as_deref(), &here)?;
        let settings = settings::load(global.config.as_deref(), &workspace.settings_file())?;
        let progress = Progress::new(Progress::color_allowed(global.no_color));
        // Work goes on without a log: a full disk must not keep an analyst from scoring to another one.
        let (log, warnings) = logging::init(&workspace, &settings.logging, global.log_level);
        for warning in &warnings {
            progress.line(&format!("warning: {warning}"));
        }
        Ok(Self {
            workspace,
            settings,
            cancel: cancel.clone(),
            progress,
            log,
        })
    }

    /// The schema of a command: the file named, else the workspace's, else the bundled one.
    pub(super) fn schema(&self, named: Option<&Path>) -> Result<Arc<Schema>, CliError> {
        let workspace_schema = self.workspace.schema_file();
        let (loaded, origin) = match named {
            Some(path) => (Loaded::read(path)?, path.display().to_string()),
            None if workspace_schema.exists() => {
                (Loaded::read(&workspace_schema)?, workspace_schema.display().to_string())
            }
            None => (
                Loaded::parse(embedded::SCHEMA, "bundled schema")?,
                "bundled schema".to_owned(),
            ),
        };
        for note in &loaded.notes {
            self.progress.line(&visible_text(&format!("{origin}: {note}")));
        }
        let problems = loaded.schema.check();
        if let Some(worst) = problems.iter().find(|p| p.severity == Severity::Block) {
            let more = problems.iter().filter(|p| p.severity == Severity::Block).count() - 1;
            let rest = if more > 0 {
                format!(" (and {more} more; `schema check` lists them)")
            } else {
                String::new()
            };
            return Err(CliError::Usage(format!("{origin}: {}{rest}", describe(worst))));
        }
        Ok(Arc::new(loaded.schema))
    }

    /// The source of a command: the one named, else the workspace's data, else the bundled data.
    pub(super) fn source(&self, named: Option<&Source>) -> Source {
        if let Some(source) = named {
            return source.clone();
        }
        let data: PathBuf = self.workspace.default_data();
        if data.exists() {
            Source::Path(data)
        } else {
            Source::Embedded(BUNDLED)
        }
    }
}

/// One problem of a schema in one line.
pub(super) fn describe(problem: &SchemaProblem) -> String {
    format!("{}: {}; {}", problem.place, problem.message, problem.advice)
}
