//! Owns what a training run is asked for.

use std::sync::Arc;

use crate::data::{ReadSettings, Source};
use crate::pipeline::judged::JudgedCases;
use crate::schema::Schema;
use crate::transform::TransformSettings;
use crate::validation::ValidationSettings;
use crate::workspace::Workspace;

use super::limits::Limits;
use super::settings::TrainingSettings;

/// What to train on, and how.
pub struct TrainRequest<'a> {
    /// Where runs are kept.
    pub workspace: &'a Workspace,
    /// The data.
    pub source: &'a Source,
    /// What it must look like.
    pub schema: &'a Arc<Schema>,
    /// How it is read.
    pub reading: &'a ReadSettings,
    /// How it is checked.
    pub validation: &'a ValidationSettings,
    /// How columns become features.
    pub transform: &'a TransformSettings,
    /// How models are trained.
    pub training: &'a TrainingSettings,
    /// Threads; never changes the result.
    pub threads: usize,
    /// An interrupted run whose finished trials are taken over.
    pub resume: Option<&'a str>,
    /// What people judged, where it is to be learned from.
    pub verdicts: Option<&'a JudgedCases>,
    /// How the run may end early.
    pub limits: &'a Limits,
}
