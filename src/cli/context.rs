//! Owns what every command starts from: the workspace, the settings, the log and a way to be stopped.

use std::path::Path;
use std::sync::Arc;

use super::args::GlobalArgs;
use super::error::CliError;
use super::password;
use super::progress::Progress;
use crate::cancel::CancelToken;
use crate::data::{CollectionSource, Source};
use crate::logging::{self, LogGuard};
use crate::mongo::{Given, Target};
use crate::schema::Schema;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::text::visible_text;
use crate::workspace::Workspace;

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
    /// What all of this was found in.
    pub(super) surroundings: Arc<Surroundings>,
}

impl Context {
    /// Finds the workspace, reads its settings and opens its log.
    pub(super) fn open(global: &GlobalArgs, cancel: &CancelToken) -> Result<Self, CliError> {
        let surroundings = Surroundings::find(global.workspace.as_deref(), global.config.as_deref())?;
        let progress = Progress::new(Progress::color_allowed(global.no_color));
        // Work goes on without a log: a full disk must not keep an analyst from scoring to another one.
        let (log, warnings) = logging::init(
            &surroundings.workspace,
            &surroundings.settings.logging,
            global.log_level,
        );
        for warning in &warnings {
            progress.line(&format!("warning: {warning}"));
        }
        Ok(Self {
            workspace: surroundings.workspace.clone(),
            settings: surroundings.settings.clone(),
            cancel: cancel.clone(),
            progress,
            log,
            surroundings: Arc::new(surroundings),
        })
    }

    /// The schema of a command: the file named, else the workspace's, else the bundled one.
    pub(super) fn schema(&self, named: Option<&Path>) -> Result<Arc<Schema>, CliError> {
        let found = self.surroundings.schema(named)?;
        for note in &found.notes {
            self.progress.line(&visible_text(&format!("{}: {note}", found.origin)));
        }
        Ok(found.schema)
    }

    /// The source of a command: the one named, else the workspace's data, else the bundled data. A collection gets what is
    /// needed to log in, and the filter.
    pub(super) fn source(&self, named: Option<&Source>, query: Option<&str>) -> Result<Source, CliError> {
        let collection = match (self.surroundings.source(named), query) {
            (Source::Collection(collection), _) => collection,
            (_, Some(_)) => {
                let text = "--query chooses documents of a MongoDB collection, and this source is none";
                return Err(CliError::Usage(text.to_owned()));
            }
            (other, None) => return Ok(other),
        };
        let mut complete = self.collection(*collection)?;
        if let Some(query) = query {
            complete = complete.with_query(query)?;
        }
        Ok(Source::Collection(Box::new(complete)))
    }

    /// A collection with what is needed to log in; a person is asked for a password that is nowhere.
    pub(super) fn collection(&self, named: CollectionSource) -> Result<CollectionSource, CliError> {
        let given = Given::from_environment(None, self.workspace.root());
        let target = Target::of(named.address().clone(), &self.settings.mongo, &given)?;
        Ok(named.with_target(target.complete(password::ask)?))
    }
}
