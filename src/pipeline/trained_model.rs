//! Owns the one object that scores: schema, preprocessor, classifier, calibrator and threshold together, to and from
//! `model.bin`. Training publishes it and prediction loads it, so the two cannot differ.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use polars::prelude::DataFrame;

use crate::artifacts::{Bundle, BundleError};
use crate::cancel::CancelToken;
use crate::metrics::Calibrator;
use crate::models::{self, Classifier, ModelError, Params, predict_in_blocks};
use crate::schema::Schema;
use crate::transform::{FeatureMatrix, Preprocessor, TransformError};

/// Everything needed to turn typed rows into calibrated probabilities of malicious.
pub struct TrainedModel {
    /// The schema it was trained under.
    pub schema: Arc<Schema>,
    /// Fitted on training rows only.
    pub preprocessor: Preprocessor,
    /// The fitted model.
    pub classifier: Box<dyn Classifier>,
    /// Its hyper-parameters.
    pub params: Params,
    /// From the model's probability to a calibrated one.
    pub calibrator: Calibrator,
    /// Rows with a calibrated probability of at least this are flagged.
    pub threshold: f64,
}

/// Why a model cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// The file is not there or cannot be read.
    #[error("model {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The container does not fit: damaged, of another kind, or made by a newer version.
    #[error("model {path}: {source}")]
    Container {
        /// The file.
        path: String,
        /// What does not fit.
        source: BundleError,
    },
    /// A part inside is missing or damaged.
    #[error("model {path}: its {section} is damaged: {reason}; train again or take another run")]
    Section {
        /// The file.
        path: String,
        /// The part.
        section: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The model could not be written.
    #[error("the model cannot be encoded: {0}")]
    Encode(String),
}

/// Why rows could not be scored.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// The rows do not fit the preprocessor.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// The model refused the matrix, or was stopped.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl TrainedModel {
    /// The matrix its classifier sees for these rows.
    ///
    /// # Errors
    /// A column it needs is missing or of another type.
    pub fn matrix(&self, frame: &DataFrame) -> Result<FeatureMatrix, TransformError> {
        self.preprocessor.transform(frame)
    }

    /// Calibrated P(malicious) of each row of a matrix made by [`TrainedModel::matrix`].
    ///
    /// # Errors
    /// The model refuses the matrix, or cancellation.
    pub fn probabilities(&self, matrix: &FeatureMatrix, cancel: &CancelToken) -> Result<Vec<f64>, ModelError> {
        let raw = predict_in_blocks(self.classifier.as_ref(), matrix, cancel)?;
        Ok(self.calibrator.apply_all(&raw))
    }

    /// Calibrated P(malicious) of each row of typed columns.
    ///
    /// # Errors
    /// The rows do not fit the preprocessor or the model, or cancellation.
    pub fn score(&self, frame: &DataFrame, cancel: &CancelToken) -> Result<Vec<f64>, ScoreError> {
        Ok(self.probabilities(&self.matrix(frame)?, cancel)?)
    }

    /// The bytes of `model.bin`. The same model gives the same bytes: no time, path or run id is in them.
    ///
    /// # Errors
    /// A part cannot be encoded.
    pub fn encode(&self) -> Result<Vec<u8>, ModelFileError> {
        let encode = |e: &dyn std::fmt::Display| ModelFileError::Encode(e.to_string());
        let mut sections = BTreeMap::new();
        let json = |v: serde_json::Result<Vec<u8>>| v.map_err(|e| encode(&e));
        sections.insert("schema".to_owned(), json(serde_json::to_vec(self.schema.as_ref()))?);
        sections.insert("family".to_owned(), self.classifier.family().as_bytes().to_vec());
        sections.insert("params".to_owned(), json(serde_json::to_vec(&self.params))?);
        sections.insert("classifier".to_owned(), self.classifier.save().map_err(|e| encode(&e))?);
        sections.insert(
            "preprocessor".to_owned(),
            rmp_serde::to_vec(&self.preprocessor).map_err(|e| encode(&e))?,
        );
        sections.insert(
            "calibrator".to_owned(),
            rmp_serde::to_vec(&self.calibrator).map_err(|e| encode(&e))?,
        );
        sections.insert("threshold".to_owned(), self.threshold.to_le_bytes().to_vec());
        Ok(Bundle { sections }.encode())
    }

    /// Reads `model.bin`. `path` is only named in errors. Damaged bytes are an error, never a panic.
    ///
    /// # Errors
    /// The container or a part of it does not fit.
    pub fn decode(bytes: &[u8], path: &str) -> Result<Self, ModelFileError> {
        let bundle = Bundle::decode(bytes).map_err(|source| ModelFileError::Container {
            path: path.to_owned(),
            source,
        })?;
        let sections = Sections { bundle: &bundle, path };
        let family = std::str::from_utf8(sections.bytes("family")?).map_err(|e| sections.damaged("family", &e))?;
        let classifier =
            models::load(family, sections.bytes("classifier")?).map_err(|e| sections.damaged("classifier", &e))?;
        let preprocessor: Preprocessor = sections.messagepack("preprocessor")?;
        preprocessor
            .validate()
            .map_err(|e| sections.damaged("preprocessor", &e))?;
        if preprocessor.features().len() != classifier.width() {
            return Err(sections.damaged("classifier", &"it has another number of features than the preprocessor"));
        }
        let threshold: [u8; 8] = sections
            .bytes("threshold")?
            .try_into()
            .map_err(|_| sections.damaged("threshold", &"not eight bytes"))?;
        let threshold = f64::from_le_bytes(threshold);
        if threshold.is_nan() {
            return Err(sections.damaged("threshold", &"not a number"));
        }
        Ok(Self {
            schema: Arc::new(sections.json("schema")?),
            preprocessor,
            classifier,
            params: sections.json("params")?,
            calibrator: sections.messagepack("calibrator")?,
            threshold,
        })
    }

    /// Reads a `model.bin` file.
    ///
    /// # Errors
    /// The file cannot be read, or [`TrainedModel::decode`] refuses it.
    pub fn load(path: &Path) -> Result<Self, ModelFileError> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|source| ModelFileError::Read {
            path: name.clone(),
            source,
        })?;
        Self::decode(&bytes, &name)
    }
}

/// The parts of an open container, read with errors that name them.
struct Sections<'a> {
    bundle: &'a Bundle,
    path: &'a str,
}

impl Sections<'_> {
    fn bytes(&self, section: &'static str) -> Result<&[u8], ModelFileError> {
        self.bundle
            .sections
            .get(section)
            .map(Vec::as_slice)
            .ok_or_else(|| self.damaged(section, &"missing"))
    }

    fn json<T: serde::de::DeserializeOwned>(&self, section: &'static str) -> Result<T, ModelFileError> {
        serde_json::from_slice(self.bytes(section)?).map_err(|e| self.damaged(section, &e))
    }

    fn messagepack<T: serde::de::DeserializeOwned>(&self, section: &'static str) -> Result<T, ModelFileError> {
        rmp_serde::from_slice(self.bytes(section)?).map_err(|e| self.damaged(section, &e))
    }

    fn damaged(&self, section: &'static str, reason: &dyn std::fmt::Display) -> ModelFileError {
        ModelFileError::Section {
            path: self.path.to_owned(),
            section,
            reason: reason.to_string(),
        }
    }
}
