//! Owns validating a source by itself: every row checked in one pass, rejects written, drift against a baseline.

use std::path::Path;
use std::sync::Arc;

use crate::artifacts::WriteError;
use crate::artifacts::atomic::AtomicFile;
use crate::cancel::{CancelToken, Cancelled};
use crate::data::{DataError, ReadSettings, Source};
use crate::pipeline::checking::{CheckedBatch, Checking};
use crate::pipeline::event::{Event, EventSink, Stage};
use crate::pipeline::ingestion::{IngestionError, keep};
use crate::pipeline::rejects::RejectWriter;
use crate::pipeline::stream::open_source;
use crate::pipeline::trained_model::ModelFileError;
use crate::schema::Schema;
use crate::validation::drift::{Reference, ReferenceBuilder};
use crate::validation::{Purpose, Report, Status, ValidationSettings};

/// Why a source could not be validated.
#[derive(Debug, thiserror::Error)]
pub enum ValidationStageError {
    /// It cannot be read, or a check cannot run.
    #[error(transparent)]
    Ingestion(#[from] IngestionError),
    /// The baseline run's model or reference cannot be read.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// The rejects cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<DataError> for ValidationStageError {
    fn from(error: DataError) -> Self {
        Self::Ingestion(error.into())
    }
}

impl From<Cancelled> for ValidationStageError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Ingestion(cancelled.into())
    }
}

/// What drift is measured against.
pub enum Baseline {
    /// A run's training rows.
    Reference(Arc<Reference>),
    /// The rows of another source.
    Source(Source),
}

/// What to validate, and how.
pub struct ValidateRequest<'a> {
    /// The source.
    pub source: &'a Source,
    /// What it must look like.
    pub schema: &'a Arc<Schema>,
    /// How it is read.
    pub reading: &'a ReadSettings,
    /// How it is checked.
    pub settings: &'a ValidationSettings,
    /// What drift is measured against.
    pub baseline: Option<&'a Baseline>,
    /// Where rejected rows go.
    pub rejects: Option<&'a Path>,
    /// Lines of failing rows that each outcome keeps, at most.
    pub failing_lines: usize,
}

/// Checks a source to its end.
///
/// # Errors
/// It cannot be read, a check cannot run, the rejects cannot be written, or cancellation.
pub fn validate(
    request: &ValidateRequest<'_>,
    events: &dyn EventSink,
    cancel: &CancelToken,
) -> Result<Report, ValidationStageError> {
    let started = std::time::Instant::now();
    events.send(Event::StageStarted {
        stage: Stage::Validation,
        total: None,
    });
    let reference = match request.baseline {
        None => None,
        Some(Baseline::Reference(reference)) => Some(Arc::clone(reference)),
        Some(Baseline::Source(source)) => Some(Arc::new(reference_of(request, source, cancel)?)),
    };
    let reader = open_source::<ValidationStageError>(request.source, request.reading, cancel)?;
    let checking = Checking {
        schema: request.schema,
        purpose: Purpose::Validate,
        settings: request.settings,
        reference,
        failing_lines: request.failing_lines,
        cancel,
    };
    let mut rejects = request.rejects.map(open_rejects).transpose()?;
    let mut rows = 0;
    let (report, _) = checking.run::<ValidationStageError>(reader, |batch, _| {
        let CheckedBatch { raw, verdict, .. } = batch;
        rows += (raw.rows() + raw.malformed.len()) as u64;
        if let (Some(writer), Some(path)) = (&mut rejects, request.rejects) {
            writer
                .write(&verdict.rejects)
                .map_err(|cause| WriteError::writing(path, cause))?;
        }
        let note = "rows checked".to_owned();
        events.send(Event::StageProgress {
            stage: Stage::Validation,
            done: rows,
            total: None,
            note,
        });
        Ok(())
    })?;
    if let Some(writer) = rejects {
        writer.into_inner().commit()?;
    }
    let seconds = started.elapsed().as_secs_f64();
    let summary = format!(
        "{} rows of {}, {} rejected",
        report.rows, request.source, report.rejected_rows
    );
    events.send(Event::StageFinished {
        stage: Stage::Validation,
        seconds,
        summary,
    });
    Ok(report)
}

fn open_rejects(path: &Path) -> Result<RejectWriter<AtomicFile>, ValidationStageError> {
    let file = AtomicFile::create_with_parents(path)?;
    Ok(RejectWriter::new(file, false).map_err(|cause| WriteError::writing(path, cause))?)
}

/// The accepted rows of a source as a reference.
fn reference_of(
    request: &ValidateRequest<'_>,
    source: &Source,
    cancel: &CancelToken,
) -> Result<Reference, ValidationStageError> {
    let reader = open_source::<ValidationStageError>(source, request.reading, cancel)?;
    let checking = Checking {
        schema: request.schema,
        purpose: Purpose::Score,
        settings: request.settings,
        reference: None,
        failing_lines: 0,
        cancel,
    };
    let mut builder = ReferenceBuilder::new(request.schema);
    let (report, _) = checking.run::<ValidationStageError>(reader, |batch, _| {
        builder.add(&keep(&batch.typed.frame, &batch.verdict.accepted).map_err(IngestionError::from)?);
        Ok(())
    })?;
    if report.status == Status::Blocked {
        return Err(IngestionError::Blocked {
            source_name: format!("baseline {source}"),
            reason: report.blocking_summary(),
        }
        .into());
    }
    Ok(builder.finish())
}
