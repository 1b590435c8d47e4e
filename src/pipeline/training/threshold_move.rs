//! Owns moving a model's threshold: a run of its own with the same model, so that the one before can be gone back to.

use std::fs;
use std::path::Path;

use crate::artifacts::{
    CHAMPION, Manifest, Promotion, RegistryStore, RunDir, RunError, RunFile, RunId, WriteError, atomic, load_run,
};
use crate::cancel::CancelToken;
use crate::metrics::{Metrics, evaluate};
use crate::pipeline::event::RunStatus;
use crate::pipeline::kept_rows::{SplitSide, read_kept_rows};

use crate::pipeline::trained_model::{ScoreError, TrainedModel};
use crate::workspace::Workspace;

use super::error::TrainingError;
use super::outcome::SideMetrics;
use super::publication::encode_error;
use super::score_files::{MetricsFile, read_metrics};

/// Whose threshold is to be moved where.
pub struct ThresholdMove<'a> {
    /// Where runs are.
    pub workspace: &'a Workspace,
    /// A finished run.
    pub run: &'a RunId,
    /// From this calibrated probability on a row is flagged.
    pub threshold: f64,
    /// Who asks.
    pub by: &'a str,
}

/// The run with the new threshold.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MovedThreshold {
    /// Its name.
    pub run_id: String,
    /// Whether it is the champion, which it becomes where the run it came from was.
    pub promoted: bool,
    /// On the test rows.
    pub test: Metrics,
}

/// Makes a run with the model of another, and another threshold. If that one was the champion, the new one is.
///
/// # Errors
/// The run is not finished or damaged, the threshold is not from 0 to 1, a file cannot be written, or cancellation; then
/// the registry is as it was.
pub fn move_threshold(wish: &ThresholdMove<'_>, cancel: &CancelToken) -> Result<MovedThreshold, TrainingError> {
    if !(0.0..=1.0).contains(&wish.threshold) {
        return Err(TrainingError::Setting {
            key: "threshold".to_owned(),
            reason: format!("{} is no probability; give a number from 0 to 1", wish.threshold),
        });
    }
    let store = RegistryStore::new(wish.workspace);
    let was_champion = store.read()?.champion.as_ref() == Some(wish.run);
    let (from, old) = load_run(wish.workspace, wish.run)?;
    if old.status != RunStatus::Finished {
        return Err(TrainingError::Setting {
            key: format!("run {}", wish.run),
            reason: "it has no model; take a run that finished".to_owned(),
        });
    }
    let mut model = TrainedModel::load(&from.join(RunFile::Model.relative()))?;
    model.threshold = wish.threshold;
    let metrics = SideMetrics {
        train: side_metrics(&model, &from, SplitSide::Train, cancel)?,
        test: side_metrics(&model, &from, SplitSide::Test, cancel)?,
        // The run does not keep the audit's rows, so what they would score now is not known.
        random_audit: None,
    };
    let (run, mut manifest) = RunDir::create(wish.workspace)?;
    let written = fill(&run, &mut manifest, &old, &from, &model, &metrics);
    if let Err(error) = written.and_then(|()| Ok(cancel.check()?)) {
        let given_up = matches!(error, TrainingError::Cancelled(_));
        let status = if given_up {
            RunStatus::Cancelled
        } else {
            RunStatus::Failed
        };
        manifest.end(status, Some(error.to_string()));
        // The error that is reported is the one that came first.
        let _ = run.write_manifest(&manifest);
        return Err(error);
    }
    manifest.end(RunStatus::Finished, None);
    run.write_manifest(&manifest)?;
    if was_champion {
        store.promote(&Promotion {
            run: run.id().clone(),
            alias: CHAMPION.to_owned(),
            by: wish.by.to_owned(),
            reason: format!("threshold of {} moved to {}", wish.run, wish.threshold),
            expected_champion: Some(Some(wish.run.clone())),
        })?;
    }
    Ok(MovedThreshold {
        run_id: run.id().to_string(),
        promoted: was_champion,
        test: metrics.test,
    })
}

fn side_metrics(
    model: &TrainedModel,
    run: &Path,
    side: SplitSide,
    cancel: &CancelToken,
) -> Result<Metrics, TrainingError> {
    let rows = read_kept_rows(run, side, &model.schema, cancel)?;
    let scores = model.score(&rows.frame, cancel).map_err(|error| match error {
        ScoreError::Transform(error) => TrainingError::from(error),
        ScoreError::Model(error) => error.into(),
    })?;
    Ok(evaluate(&scores, &rows.labels, model.threshold)?)
}

/// Writes the new run's files; those that are the same are links where the file system has them.
fn fill(
    run: &RunDir,
    manifest: &mut Manifest,
    old: &Manifest,
    from: &Path,
    model: &TrainedModel,
    metrics: &SideMetrics,
) -> Result<(), TrainingError> {
    let changed = [RunFile::Model.relative(), RunFile::Metrics.relative()];
    for file in old.files.iter().filter(|f| !changed.contains(&f.path.as_str())) {
        let (source, target) = (from.join(&file.path), run.path().join(&file.path));
        atomic::create_parents(&target)?;
        if fs::hard_link(&source, &target).is_err() {
            fs::copy(&source, &target).map_err(|cause| WriteError::writing(&target, cause))?;
        }
    }
    atomic::create_parents(&run.file(RunFile::Model))?;
    atomic::write_bytes(&run.file(RunFile::Model), &model.encode()?)?;
    atomic::write_json(
        &run.file(RunFile::Metrics),
        &with_threshold(read_metrics(from)?, model, metrics),
    )?;
    let described = Manifest {
        data: old.data.clone(),
        schema: old.schema.clone(),
        split: old.split.clone(),
        seed: old.seed,
        model: old.model.clone(),
        params: old.params.clone(),
        threshold: Some(model.threshold),
        metrics: serde_json::to_value(metrics).map_err(encode_error)?,
        parent: Some(old.run_id.clone()),
        note: Some(format!(
            "threshold {} of {} moved by hand",
            old.threshold.unwrap_or(f64::NAN),
            old.run_id
        )),
        ..manifest.clone()
    };
    *manifest = described;
    run.record_files(manifest).map_err(|error: RunError| error.into())
}

fn with_threshold(mut file: MetricsFile, model: &TrainedModel, metrics: &SideMetrics) -> MetricsFile {
    "hand".clone_into(&mut file.threshold.rule);
    let chosen = &mut file.threshold.out_of_fold;
    chosen.threshold = model.threshold;
    let counts = file
        .dial
        .as_ref()
        .and_then(|dial| dial.confusion(dial.nearest(model.threshold)));
    if let Some(counts) = counts {
        chosen.confusion = counts;
        chosen.flagged = counts.flagged();
        (chosen.precision, chosen.recall, chosen.f1) = (counts.precision(), counts.recall(), counts.f1());
        chosen.tied_out = 0;
    }
    file.train.metrics = metrics.train.clone();
    file.test.metrics = metrics.test.clone();
    file.random_audit = None;
    file
}
