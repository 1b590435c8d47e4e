//! Owns the course of a training run: its stages, what each hands to the next, and how the run ends on disk.

mod ending;
mod splitting;
mod telling;

use std::time::Instant;

use crate::artifacts::{DataRecord, Manifest, RegistryStore, RunDir, SchemaRecord, sweep_killed};
use crate::cancel::CancelToken;
use crate::data::{Fold, RowReader, SplitStrategy, feature_fingerprint};
use crate::metrics::named_metric;
use crate::pipeline::checking::Checking;
use crate::pipeline::comparison::TestRows;
use crate::pipeline::event::{Event, EventSink, Level, RunStatus, Stage};
use crate::pipeline::ingestion::{Dataset, IngestionError, ingest};
use crate::pipeline::stream::open_source;
use crate::schema::Role;
use crate::validation::{Purpose, Report};

use super::cross_validation::TrainingRows;
use super::error::TrainingError;
use super::evaluation::{Evaluated, Finished, finish, score_side};
use super::fitting::FitPlan;
use super::limits::TrialGate;
use super::outcome::{AuditMetrics, ChampionSummary, SideMetrics, SplitSummary, TrainOutcome};
use super::promotion::{PromotionOutcome, ScoredTest, decide};
use super::publication as files;
use super::request::TrainRequest;
use super::selection::{Selection, SelectionInput};
use super::sides::{Sides, learned_columns};
use super::split_files::write_feature_store;

/// Trains, compares, evaluates and publishes. The run's directory tells how it ended whatever happens.
///
/// # Errors
/// [`TrainingError`]; the run's manifest says `failed` or `cancelled` then.
pub fn train(
    request: &TrainRequest<'_>,
    events: &dyn EventSink,
    cancel: &CancelToken,
) -> Result<TrainOutcome, TrainingError> {
    request.training.check()?;
    if request.schema.label.is_none() {
        return Err(TrainingError::NoLabel {
            schema: request.schema.name.clone(),
        });
    }
    let has_times = request.schema.columns.iter().any(|c| c.role == Role::Timestamp);
    if request.training.split == SplitStrategy::Time && !has_times {
        return Err(TrainingError::NoTimestamp {
            schema: request.schema.name.clone(),
        });
    }
    request.training.check_monotone(request.schema)?;
    if let Some(name) = request.resume {
        files::run_to_resume(request, name)?;
    }
    let started = Instant::now();
    // Opened before the run exists: a mistyped path must not leave a failed run behind.
    let reader = open_source::<IngestionError>(request.source, request.reading, cancel)?;
    sweep_killed(request.workspace);
    let (directory, manifest) = RunDir::create(request.workspace)?;
    events.send(Event::RunStarted {
        run_id: directory.id().to_string(),
    });
    let mut run = Run {
        request,
        events,
        cancel,
        directory,
        manifest,
        done: None,
    };
    let result = run.stages(reader, started);
    run.end(result)
}

struct Run<'a> {
    request: &'a TrainRequest<'a>,
    events: &'a dyn EventSink,
    cancel: &'a CancelToken,
    directory: RunDir,
    manifest: Manifest,
    /// The last stage that was finished.
    done: Option<Stage>,
}

impl Run<'_> {
    fn stages(&mut self, reader: Box<dyn RowReader>, started: Instant) -> Result<TrainOutcome, TrainingError> {
        self.manifest.seed = Some(self.request.training.seed);
        self.manifest.schema = Some(SchemaRecord {
            name: self.request.schema.name.clone(),
            sha256: self.request.schema.hash(),
        });
        self.manifest.champion_at_start = RegistryStore::new(self.request.workspace).read()?.champion;
        let (report, dataset) = self.ingest(reader)?;
        let dataset = self.validate(&report, dataset)?;
        let (sides, folds) = self.split(&dataset)?;
        let (selection, finished) = self.fit(&sides, &folds)?;
        let evaluated = self.evaluate(&finished, &sides)?;
        let promotion = self.publish(&selection, &finished, &evaluated, &sides, started)?;
        Ok(self.outcome(report, selection, finished, evaluated, &sides, promotion, started))
    }

    /// Runs one stage between its two events and notes its time; the stage answers a summary beside its result.
    fn stage<T>(
        &mut self,
        stage: Stage,
        total: Option<u64>,
        work: impl FnOnce(&mut Self) -> Result<(T, String), TrainingError>,
    ) -> Result<T, TrainingError> {
        self.cancel.check()?;
        self.request.limits.stop_after_stage.check()?;
        let started = Instant::now();
        tracing::info!(%stage, "stage started");
        self.events.send(Event::StageStarted { stage, total });
        let (result, summary) = work(self)?;
        let seconds = started.elapsed().as_secs_f64();
        tracing::info!(%stage, seconds, %summary, "stage finished");
        self.manifest.time_stage(stage, seconds);
        self.done = Some(stage);
        self.events.send(Event::StageFinished {
            stage,
            seconds,
            summary,
        });
        Ok(result)
    }

    /// Reads and checks the rows in one pass; the report on the whole is for the next stage.
    fn ingest(&mut self, reader: Box<dyn RowReader>) -> Result<(Report, Option<Dataset>), TrainingError> {
        let request = self.request;
        self.stage(Stage::Ingestion, None, |run| {
            let checking = Checking {
                schema: request.schema,
                purpose: Purpose::Train,
                settings: request.validation,
                reference: None,
                failing_lines: 0,
                cancel: run.cancel,
            };
            let mut rejects = files::RejectFile::create(&run.directory)?;
            let events = run.events;
            let (report, dataset) = ingest(&checking, reader, rejects.writer(), |done| {
                let (stage, note) = (Stage::Ingestion, "rows read and checked".to_owned());
                events.send(Event::StageProgress {
                    stage,
                    done,
                    total: None,
                    note,
                });
            })?;
            rejects.commit()?;
            if let Some(dataset) = &dataset {
                write_feature_store(&run.directory, dataset, run.cancel)?;
            }
            let summary = format!("{} rows of {}", report.rows, request.source);
            Ok(((report, dataset), summary))
        })
    }

    /// Writes and tells what the checks found; a blocked source ends the run here.
    fn validate(&mut self, report: &Report, dataset: Option<Dataset>) -> Result<Dataset, TrainingError> {
        let request = self.request;
        self.stage(Stage::Validation, None, |run| {
            files::write_report(&run.directory, report)?;
            run.warn_about(report);
            let Some(dataset) = dataset else {
                let (source_name, reason) = (request.source.to_string(), report.blocking_summary());
                return Err(IngestionError::Blocked { source_name, reason }.into());
            };
            run.manifest.data = Some(DataRecord {
                name: request.source.to_string(),
                sha256: dataset.hash.clone(),
                rows: report.rows,
                rejected_rows: report.rejected_rows,
            });
            let malicious = dataset.labels.iter().filter(|l| **l).count();
            let accepted = dataset.labels.len();
            let summary = format!(
                "{accepted} rows accepted, {} rejected, {malicious} malicious",
                report.rejected_rows
            );
            Ok((dataset, summary))
        })
    }

    fn plan(&self) -> FitPlan<'_> {
        FitPlan {
            seed: self.request.training.seed,
            threads: self.request.threads,
            class_weight: self.request.transform.class_weight,
            early_stopping: &self.request.training.early_stopping,
            monotone: &self.request.training.monotone,
            cancel: self.cancel,
        }
    }

    /// Search, selection, calibration, threshold and the final fit.
    fn fit(&mut self, sides: &Sides, folds: &[Fold]) -> Result<(Selection, Finished), TrainingError> {
        let settings = self.request.training;
        self.stage(Stage::Training, None, |run| {
            let columns = learned_columns(run.request.schema, run.request.transform, &sides.train.frame);
            let rows = sides.train.rows(&columns, run.request.transform);
            let log = files::open_trial_log(run.request, &run.directory, &run.manifest)?;
            if run.request.resume.is_some() {
                let text = format!(
                    "{} finished trials are taken over from the resumed run",
                    log.taken_over()
                );
                run.events.send(Event::Message {
                    level: Level::Info,
                    text,
                });
            }
            let gate = TrialGate::new(run.request.limits.no_trial_after);
            let input = SelectionInput {
                rows: &rows,
                folds,
                // Folds run side by side, so each fit has one thread.
                plan: FitPlan {
                    threads: 1,
                    ..run.plan()
                },
                threads: run.request.threads,
                select_by: named_metric(&settings.select_by)?,
                log: &log,
                gate: &gate,
                events: run.events,
            };
            let selection = input.run(settings)?;
            run.tell_left_out(&gate);
            let finished = run.finish(&selection, &rows, folds)?;
            let summary = format!(
                "{} trials of {} families; best by {}: {} ({:.4})",
                selection.trials.len(),
                selection.leaderboard.iter().filter(|r| r.selected_by.is_some()).count(),
                settings.select_by,
                selection.family.name(),
                selection.trial.score().unwrap_or(f64::NAN)
            );
            Ok(((selection, finished), summary))
        })
    }

    fn finish(
        &self,
        selection: &Selection,
        rows: &TrainingRows<'_>,
        folds: &[Fold],
    ) -> Result<Finished, TrainingError> {
        let request = self.request;
        let note = format!("{}: calibration, threshold and final fit", selection.family.name());
        self.events.send(Event::StageProgress {
            stage: Stage::Training,
            done: 0,
            total: None,
            note,
        });
        let finished = finish(
            selection,
            rows,
            folds,
            request.schema,
            request.training,
            self.plan(),
            self.events,
        )?;
        for text in &finished.notes {
            self.events.send(Event::Message {
                level: Level::Warning,
                text: text.clone(),
            });
        }
        Ok(finished)
    }

    fn evaluate(&mut self, finished: &Finished, sides: &Sides) -> Result<Evaluated, TrainingError> {
        self.stage(Stage::Evaluation, None, |run| {
            let train = score_side(&finished.model, &sides.train.frame, &sides.train.labels, run.plan())?;
            let test = score_side(&finished.model, &sides.test.frame, &sides.test.labels, run.plan())?;
            let random_audit = sides.audit.as_ref().map(|(frame, labels)| {
                let scored = score_side(&finished.model, frame, labels, run.plan())?;
                Ok::<_, TrainingError>(AuditMetrics::of(scored.metrics))
            });
            let random_audit = random_audit.transpose()?;
            let gap = train.metrics.f1 - test.metrics.f1;
            if gap > run.request.training.overfit_warning {
                let text = format!(
                    "training F1 {:.3} is {gap:.3} above test F1 {:.3}: the model fits its training rows too closely",
                    train.metrics.f1, test.metrics.f1
                );
                run.events.send(Event::Message {
                    level: Level::Warning,
                    text,
                });
            }
            let summary = format!(
                "test rows: F1 {:.4}, ROC-AUC {:.4}, PR-AUC {:.4} at threshold {:.4}",
                test.metrics.f1,
                test.metrics.roc_auc.unwrap_or(f64::NAN),
                test.metrics.pr_auc.unwrap_or(f64::NAN),
                finished.model.threshold
            );
            let evaluated = Evaluated {
                train,
                test,
                random_audit,
            };
            Ok((evaluated, summary))
        })
    }

    fn publish(
        &mut self,
        selection: &Selection,
        finished: &Finished,
        evaluated: &Evaluated,
        sides: &Sides,
        started: Instant,
    ) -> Result<PromotionOutcome, TrainingError> {
        self.stage(Stage::Publication, None, |run| {
            let fingerprint = feature_fingerprint(run.request.schema, &sides.train.frame);
            files::write_model(&run.directory, finished, &sides.train.groups, fingerprint)?;
            files::write_scores(&run.directory, selection, finished, evaluated)?;
            files::write_permutation(
                &run.directory,
                &finished.model,
                &sides.test,
                run.request.training,
                run.cancel,
            )?;
            files::write_reference(&run.directory, finished, &sides.train.frame)?;
            run.cancel.check()?;
            run.describe(selection, finished, evaluated)?;
            files::strip_trials(&run.directory, selection)?;
            run.directory.record_files(&mut run.manifest)?;
            run.manifest.end(RunStatus::Finished, None);
            run.manifest.seconds = Some(started.elapsed().as_secs_f64());
            run.directory.write_manifest(&run.manifest)?;
            let settings = run.request.training;
            let rows = TestRows {
                frame: &sides.test.frame,
                labels: &sides.test.labels,
                groups: &sides.test.groups,
            };
            let scored = ScoredTest {
                rows,
                scores: &evaluated.test.scores,
                model: &finished.model,
                judged: run.request.verdicts,
                validation: run.request.validation,
                trained: &sides.train.groups,
                fingerprint,
            };
            let promotion = decide(
                run.request.workspace,
                run.directory.id(),
                &scored,
                named_metric(&settings.select_by)?,
                &settings.promotion,
                settings.seed,
                run.cancel,
            );
            // The run is whole; what keeps it from being compared or promoted is told, and is no failure of it.
            let promotion = promotion.unwrap_or_else(|error| PromotionOutcome::undecided(run.directory.id(), &error));
            let verdict = if promotion.promoted { "promoted" } else { "not promoted" };
            let summary = format!("{verdict}: {}", promotion.reason);
            Ok((promotion, summary))
        })
    }

    #[expect(clippy::too_many_arguments, reason = "each is one stage's result, used once")]
    fn outcome(
        &self,
        report: Report,
        selection: Selection,
        finished: Finished,
        evaluated: Evaluated,
        sides: &Sides,
        promotion: PromotionOutcome,
        started: Instant,
    ) -> TrainOutcome {
        let settings = self.request.training;
        let Evaluated {
            train,
            test,
            random_audit,
        } = evaluated;
        TrainOutcome {
            run_id: self.directory.id().to_string(),
            run_dir: self.directory.path().display().to_string(),
            champion: ChampionSummary {
                model: selection.family.name().to_owned(),
                params: finished.model.params.clone(),
                threshold: finished.model.threshold,
            },
            promoted: promotion.promoted,
            split: SplitSummary {
                strategy: settings.split.to_string(),
                seed: settings.seed,
                train_rows: sides.train.labels.len(),
                test_rows: sides.test.labels.len(),
                seen_in_train: sides.seen_in_train,
            },
            overfit_gap: train.metrics.f1 - test.metrics.f1,
            metrics: SideMetrics {
                train: train.metrics,
                test: test.metrics,
                random_audit,
            },
            verdicts: sides.verdicts.clone(),
            leaderboard: selection.leaderboard,
            seconds: started.elapsed().as_secs_f64(),
            threshold: finished.threshold,
            promotion,
            rows: report.rows,
            rejected_rows: report.rejected_rows,
        }
    }
}
