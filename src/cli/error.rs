//! Owns how errors become exit codes and the one line a person reads.

use std::error::Error;
use std::io;

use crate::artifacts::{RegistryError, RunError, WriteError};
use crate::cancel::Cancelled;
use crate::data::DataError;
use crate::export::ExportError;
use crate::models::ModelError;
use crate::mongo::MongoError;
use crate::pipeline::ingestion::IngestionError;
use crate::pipeline::label_audit::LabelAuditError;
use crate::pipeline::label_cleaning::CleaningError;
use crate::pipeline::live_scoring::LiveError;
use crate::pipeline::prediction::PredictionError;
use crate::pipeline::trained_model::ModelFileError;
use crate::pipeline::training::TrainingError;
use crate::pipeline::validation::ValidationStageError;
use crate::review::ReviewError;
use crate::schema::{GenerationError, SchemaError};
use crate::settings::SettingsError;
use crate::store::StoreError;
use crate::surroundings::SurroundingsError;
use crate::workspace::WorkspaceError;

/// How a command ended, when it did not end well.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Wrong use: a flag's value, a setting, a schema.
    #[error("{0}")]
    Usage(String),
    /// The data did not pass validation. The report was printed already.
    #[error("{0}")]
    Blocked(String),
    /// A model, run or store is unreachable or damaged.
    #[error("{0}")]
    Unreachable(String),
    /// Anything else that failed.
    #[error("{message}")]
    Failed {
        /// The line a person reads.
        message: String,
        /// The cause, if there is one.
        #[source]
        cause: Option<Box<dyn Error + Send + Sync>>,
    },
    /// Stopped on request.
    #[error("cancelled")]
    Cancelled,
}

impl CliError {
    /// The exit code of the command line's contract; a signal's own code goes before this.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed { .. } => 1,
            Self::Usage(_) => 2,
            Self::Blocked(_) => 3,
            Self::Unreachable(_) => 4,
            Self::Cancelled => 130,
        }
    }

    /// A failure with its cause kept for the log.
    pub fn failed(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed {
            message: error.to_string(),
            cause: Some(Box::new(error)),
        }
    }
}

impl From<Cancelled> for CliError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl From<SettingsError> for CliError {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Read { .. } => Self::failed(error),
            SettingsError::Invalid { .. } => Self::Usage(error.to_string()),
        }
    }
}

impl From<SchemaError> for CliError {
    fn from(error: SchemaError) -> Self {
        match error {
            SchemaError::Open { .. } => Self::failed(error),
            content @ SchemaError::Content { .. } => Self::Usage(content.to_string()),
        }
    }
}

impl From<GenerationError> for CliError {
    fn from(error: GenerationError) -> Self {
        match error {
            GenerationError::Cancelled(_) => Self::Cancelled,
            GenerationError::Source(data) => data.into(),
            other => Self::Usage(other.to_string()),
        }
    }
}

impl From<SurroundingsError> for CliError {
    fn from(error: SurroundingsError) -> Self {
        match error {
            SurroundingsError::Workspace(inner) => inner.into(),
            SurroundingsError::Settings(inner) => inner.into(),
            SurroundingsError::Schema(inner) => inner.into(),
            SurroundingsError::Here(_) => Self::failed(error),
            SurroundingsError::BadSchema { .. } => Self::Usage(error.to_string()),
        }
    }
}

impl From<WorkspaceError> for CliError {
    fn from(error: WorkspaceError) -> Self {
        Self::failed(error)
    }
}

impl From<DataError> for CliError {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Content { .. } => Self::Blocked(error.to_string()),
            DataError::Unsupported { .. } => Self::Usage(error.to_string()),
            DataError::Mongo(inner) => inner.into(),
            DataError::Read { ref cause, .. } if is_damage(cause.as_ref()) => Self::Blocked(error.to_string()),
            DataError::Open { .. } | DataError::Read { .. } => Self::failed(error),
        }
    }
}

/// Whether reading stopped at damaged content (cut off, broken inside), which is for the owner of the data to mend, and
/// not at a failing disk or connection. Readers give no cause where they found the damage themselves.
fn is_damage(cause: Option<&io::Error>) -> bool {
    cause.is_none_or(|cause| {
        matches!(
            cause.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        )
    })
}

impl From<IngestionError> for CliError {
    fn from(error: IngestionError) -> Self {
        match error {
            IngestionError::Data(data) => data.into(),
            IngestionError::Blocked { .. } => Self::Blocked(error.to_string()),
            IngestionError::Cancelled(_) => Self::Cancelled,
            other => Self::failed(other),
        }
    }
}

impl From<ValidationStageError> for CliError {
    fn from(error: ValidationStageError) -> Self {
        match error {
            ValidationStageError::Ingestion(inner) => inner.into(),
            ValidationStageError::Model(inner) => inner.into(),
            ValidationStageError::Write(inner) => inner.into(),
        }
    }
}

impl From<ModelFileError> for CliError {
    fn from(error: ModelFileError) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::NotFound { .. } | RunError::Damaged { .. } | RunError::Read { .. } => {
                Self::Unreachable(error.to_string())
            }
            RunError::Create { .. } | RunError::Write(_) => Self::failed(error),
        }
    }
}

impl From<RegistryError> for CliError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Run(run) => run.into(),
            RegistryError::Write(_) | RegistryError::Audit(_) => Self::failed(error),
            RegistryError::BadAlias { .. } => Self::Usage(error.to_string()),
            other => Self::Unreachable(other.to_string()),
        }
    }
}

impl From<MongoError> for CliError {
    fn from(error: MongoError) -> Self {
        match error {
            MongoError::Cancelled(_) => Self::Cancelled,
            MongoError::Threads(_) => Self::failed(error),
            _ if error.is_usage() => Self::Usage(error.to_string()),
            _ => Self::Unreachable(error.to_string()),
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Score { .. } | StoreError::NoSuchRule(_) => Self::Usage(error.to_string()),
            other => Self::Unreachable(other.to_string()),
        }
    }
}

impl From<ExportError> for CliError {
    fn from(error: ExportError) -> Self {
        Self::failed(error)
    }
}

impl From<ReviewError> for CliError {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Data(data) => data.into(),
            ReviewError::Run(run) => run.into(),
            ReviewError::Model(model) => model.into(),
            ReviewError::Store(store) => store.into(),
            ReviewError::Export(export) => export.into(),
            ReviewError::Cancelled(_) => Self::Cancelled,
            other => Self::failed(other),
        }
    }
}

impl From<WriteError> for CliError {
    fn from(error: WriteError) -> Self {
        Self::failed(error)
    }
}

impl From<TrainingError> for CliError {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Ingestion(inner) => inner.into(),
            TrainingError::Run(inner) => inner.into(),
            TrainingError::Registry(inner) => inner.into(),
            TrainingError::Cancelled(_) => Self::Cancelled,
            TrainingError::Setting { .. }
            | TrainingError::NoLabel { .. }
            | TrainingError::NoTimestamp { .. }
            | TrainingError::Resume { .. }
            | TrainingError::Model(ModelError::UnknownFamily { .. }) => Self::Usage(error.to_string()),
            other => Self::failed(other),
        }
    }
}

impl From<LabelAuditError> for CliError {
    fn from(error: LabelAuditError) -> Self {
        match error {
            LabelAuditError::Registry(inner) => inner.into(),
            LabelAuditError::Model(inner) => inner.into(),
            LabelAuditError::Training(inner) => inner.into(),
            LabelAuditError::Write(inner) => inner.into(),
            LabelAuditError::Cancelled(_) => Self::Cancelled,
            LabelAuditError::Unfinished { .. } | LabelAuditError::Rows { .. } => Self::Unreachable(error.to_string()),
            LabelAuditError::Metric(_) => Self::failed(error),
        }
    }
}

impl From<CleaningError> for CliError {
    fn from(error: CleaningError) -> Self {
        match error {
            CleaningError::Data(inner) => inner.into(),
            CleaningError::Registry(inner) => inner.into(),
            CleaningError::Model(inner) => inner.into(),
            CleaningError::Write(inner) => inner.into(),
            CleaningError::Cancelled(_) => Self::Cancelled,
            CleaningError::NotCsv { .. } | CleaningError::NoLabel { .. } | CleaningError::Same { .. } => {
                Self::Usage(error.to_string())
            }
            CleaningError::Uncut { .. } => Self::Blocked(error.to_string()),
        }
    }
}

impl From<LiveError> for CliError {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Prediction(inner) => inner.into(),
            LiveError::Write(_) => Self::failed(error),
        }
    }
}

impl From<PredictionError> for CliError {
    fn from(error: PredictionError) -> Self {
        match error {
            PredictionError::Ingestion(inner) => inner.into(),
            PredictionError::Registry(inner) => inner.into(),
            PredictionError::NoModel { .. } => Self::Unreachable(error.to_string()),
            PredictionError::Blocked(_) | PredictionError::MissingColumns(_) => Self::Blocked(error.to_string()),
            PredictionError::Model(inner) => inner.into(),
            PredictionError::Usage(_) => Self::Usage(error.to_string()),
            PredictionError::Cancelled(_) => Self::Cancelled,
            other => Self::failed(other),
        }
    }
}
