//! Owns what every command and the console start from: the workspace, its settings, and which schema and data are meant
//! where nobody names any.

use std::path::Path;
use std::sync::Arc;

use crate::data::{CollectionSource, EmbeddedTable, Source};
use crate::embedded;
use crate::mongo::{Found, Given, Target};
use crate::schema::{Loaded, Schema, SchemaError, SchemaProblem, Severity};
use crate::settings::{self, Settings, SettingsError};
use crate::workspace::{Workspace, WorkspaceError};

/// The data inside the program.
pub const BUNDLED: EmbeddedTable = EmbeddedTable {
    name: "the bundled data",
    bytes: embedded::DATA_GZ,
};

/// A workspace with its settings.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where files are kept.
    pub workspace: Workspace,
    /// Typed settings.
    pub settings: Settings,
}

/// Why there is nothing to start from.
#[derive(Debug, thiserror::Error)]
pub enum SurroundingsError {
    /// The present directory is gone.
    #[error("the present directory cannot be found: {0}; change to another one")]
    Here(std::io::Error),
    /// No workspace.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Wrong settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A schema that cannot be read.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A schema that nothing can be checked with.
    #[error("{origin}: {problem}{more}")]
    BadSchema {
        /// Where the schema is.
        origin: String,
        /// Its worst problem.
        problem: String,
        /// How many more there are.
        more: String,
    },
}

/// A schema with where it came from.
#[derive(Clone, Debug)]
pub struct FoundSchema {
    /// The schema.
    pub schema: Arc<Schema>,
    /// Its file, or that it is the bundled one.
    pub origin: String,
    /// What a person should know about how it was read.
    pub notes: Vec<String>,
}

impl Surroundings {
    /// Finds the workspace and reads its settings.
    ///
    /// # Errors
    /// No workspace, or settings that are wrong; says which line.
    pub fn find(workspace: Option<&Path>, config: Option<&Path>) -> Result<Self, SurroundingsError> {
        let here = std::env::current_dir().map_err(SurroundingsError::Here)?;
        let from_environment = std::env::var_os("NSEC_WORKSPACE");
        let workspace = Workspace::locate(workspace, from_environment.as_deref(), &here)?;
        let settings = settings::load(config, &workspace.settings_file())?;
        Ok(Self { workspace, settings })
    }

    /// The schema named, else the workspace's, else the bundled one.
    ///
    /// # Errors
    /// It cannot be read, or nothing can be checked with it.
    pub fn schema(&self, named: Option<&Path>) -> Result<FoundSchema, SurroundingsError> {
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
        let problems = loaded.schema.check();
        let mut blocking = problems.iter().filter(|p| p.severity == Severity::Block);
        if let Some(worst) = blocking.next() {
            let more = match blocking.count() {
                0 => String::new(),
                more => format!(" (and {more} more; `schema check` lists them)"),
            };
            return Err(SurroundingsError::BadSchema {
                origin,
                problem: describe(worst),
                more,
            });
        }
        Ok(FoundSchema {
            schema: Arc::new(loaded.schema),
            origin,
            notes: loaded.notes,
        })
    }

    /// A collection with what is needed to log in, as far as nobody has to be asked for it.
    fn with_login(&self, collection: &CollectionSource) -> CollectionSource {
        let given = Given::from_environment(None, self.workspace.root());
        match Target::of(collection.address().clone(), &self.settings.mongo, &given) {
            Ok(Found::Ready(target)) => collection.clone().with_target(target),
            // Opening it says what is missing.
            Ok(Found::AskPassword(_)) | Err(_) => collection.clone(),
        }
    }

    /// The source named, else the workspace's data, else the bundled data. A collection gets the login that the settings
    /// and the environment give.
    pub fn source(&self, named: Option<&Source>) -> Source {
        match named {
            Some(Source::Collection(collection)) => return Source::Collection(Box::new(self.with_login(collection))),
            Some(source) => return source.clone(),
            None => {}
        }
        let data = self.workspace.default_data();
        if data.exists() {
            Source::Path(data)
        } else {
            Source::Embedded(BUNDLED)
        }
    }
}

/// One problem of a schema in one line.
pub fn describe(problem: &SchemaProblem) -> String {
    format!("{}: {}; {}", problem.place, problem.message, problem.advice)
}
