//! Owns the course of a training run: its stages, what each hands to the next, and how the run ends on disk.

mod ending;

use std::time::Instant;

use crate::artifacts::{DataRecord, Manifest, RegistryStore, RunDir, SchemaRecord, SplitRecord, sweep_killed};
use crate::cancel::CancelToken;
use crate::data::{Fold, RowReader, SplitInput, SplitStrategy, feature_fingerprint, seen_in_train, split};
use crate::metrics::named_metric;
use crate::pipeline::checking::Checking;
use crate::pipeline::comparison::TestRows;
use crate::pipeline::event::{Event, EventSink, Level, RunStatus, Stage};
use crate::pipeline::ingestion::{Dataset, IngestionError, ingest, take_rows};
use crate::pipeline::stream::open_source;
use crate::schema::{Column, Role};
use crate::validation::{Purpose, Report};

use super::cross_validation::TrainingRows;
use super::error::TrainingError;
use super::evaluation::{Finished, SideScores, finish, score_side};
use super::fitting::FitPlan;
use super::limits::TrialGate;
use super::outcome::{ChampionSummary, SideMetrics, SplitSummary, TrainOutcome};
use super::promotion::{PromotionOutcome, ScoredTest, decide};
use super::publication as files;
use super::request::TrainRequest;
use super::selection::{Selection, SelectionInput};
use super::sides::{Side, Sides};

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
        let (train, test) = self.evaluate(&finished, &sides)?;
        let promotion = self.publish(&selection, &finished, (&train, &test), &sides, started)?;
        Ok(self.outcome(report, selection, finished, (train, test), &sides, promotion, started))
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
                files::write_feature_store(&run.directory, dataset, run.cancel)?;
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

    fn warn_about(&self, report: &Report) {
        for text in report.warnings() {
            self.events.send(Event::Message {
                level: Level::Warning,
                text,
            });
        }
    }

    fn split(&mut self, dataset: &Dataset) -> Result<(Sides, Vec<Fold>), TrainingError> {
        let settings = self.request.training;
        self.stage(Stage::Transformation, None, |run| {
            let input = SplitInput {
                groups: &dataset.groups,
                labels: &dataset.labels,
                times: dataset.times.as_deref(),
            };
            let parts = split(settings.split, &input, settings.test_fraction, settings.seed)?;
            let side = |rows: &[usize]| -> Result<Side, TrainingError> {
                Ok(Side {
                    frame: take_rows(&dataset.frame, rows).map_err(IngestionError::from)?,
                    labels: rows.iter().map(|&r| dataset.labels[r]).collect(),
                    groups: rows.iter().map(|&r| dataset.groups[r]).collect(),
                })
            };
            let (train, test) = (side(&parts.train)?, side(&parts.test)?);
            let folds = train.folds(settings, &parts, dataset)?;
            let seen_in_train = seen_in_train(&dataset.groups, &parts.train, &parts.test);
            files::write_split(&run.directory, dataset, &parts, run.cancel)?;
            run.manifest.split = Some(SplitRecord {
                strategy: settings.split.to_string(),
                seed: settings.seed,
                test_fraction: settings.test_fraction,
                train_rows: parts.train.len() as u64,
                test_rows: parts.test.len() as u64,
                seen_in_train,
            });
            run.directory.write_manifest(&run.manifest)?;
            let summary = format!(
                "{} split: {} training rows in {} folds, {} test rows, {:.1} % of them seen in training",
                settings.split,
                parts.train.len(),
                folds.len(),
                parts.test.len(),
                seen_in_train * 100.0
            );
            Ok((
                (
                    Sides {
                        split: parts,
                        train,
                        test,
                        seen_in_train,
                    },
                    folds,
                ),
                summary,
            ))
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

    /// The columns models may learn from: those of the schema that this source has.
    fn columns(&self, side: &Side) -> Vec<Column> {
        let schema = self.request.schema;
        let times = schema.columns.iter().filter(|c| {
            self.request.transform.timestamp_parts && c.role == Role::Timestamp && !schema.is_label(&c.name)
        });
        let here = |c: &&Column| side.frame.column(&c.name).is_ok();
        schema.features().chain(times).filter(here).cloned().collect()
    }

    /// Search, selection, calibration, threshold and the final fit.
    fn fit(&mut self, sides: &Sides, folds: &[Fold]) -> Result<(Selection, Finished), TrainingError> {
        let settings = self.request.training;
        self.stage(Stage::Training, None, |run| {
            let columns = run.columns(&sides.train);
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

    /// Says, to people and in the manifest, that the search was not a whole one.
    fn tell_left_out(&mut self, gate: &TrialGate) {
        let trials = gate.left_out();
        if trials == 0 {
            return;
        }
        let text = format!("time is up: {trials} trials were left out, the model is the best of those that ran");
        tracing::warn!(trials, "time is up; trials were left out");
        let level = Level::Warning;
        self.events.send(Event::Message { level, text });
        self.manifest.extra.insert("trials_left_out".to_owned(), trials.into());
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

    fn evaluate(&mut self, finished: &Finished, sides: &Sides) -> Result<(SideScores, SideScores), TrainingError> {
        self.stage(Stage::Evaluation, None, |run| {
            let train = score_side(&finished.model, &sides.train.frame, &sides.train.labels, run.plan())?;
            let test = score_side(&finished.model, &sides.test.frame, &sides.test.labels, run.plan())?;
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
            Ok(((train, test), summary))
        })
    }

    fn publish(
        &mut self,
        selection: &Selection,
        finished: &Finished,
        (train, test): (&SideScores, &SideScores),
        sides: &Sides,
        started: Instant,
    ) -> Result<PromotionOutcome, TrainingError> {
        self.stage(Stage::Publication, None, |run| {
            let fingerprint = feature_fingerprint(run.request.schema, &sides.train.frame);
            files::write_model(&run.directory, finished, &sides.train.groups, fingerprint)?;
            files::write_scores(&run.directory, selection, finished, train, test)?;
            files::write_permutation(
                &run.directory,
                &finished.model,
                &sides.test,
                run.request.training,
                run.cancel,
            )?;
            files::write_reference(&run.directory, finished, &sides.train.frame)?;
            run.cancel.check()?;
            run.describe(selection, finished, train, test)?;
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
                scores: &test.scores,
                threshold: finished.model.threshold,
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

    fn describe(
        &mut self,
        selection: &Selection,
        finished: &Finished,
        train: &SideScores,
        test: &SideScores,
    ) -> Result<(), TrainingError> {
        let json = |value: serde_json::Result<serde_json::Value>| value.map_err(files::encode_error);
        self.manifest.model = Some(selection.family.name().to_owned());
        self.manifest.params = json(serde_json::to_value(&finished.model.params))?;
        self.manifest.threshold = Some(finished.model.threshold);
        self.manifest.metrics = json(serde_json::to_value(SideMetrics {
            train: train.metrics.clone(),
            test: test.metrics.clone(),
        }))?;
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "each is one stage's result, used once")]
    fn outcome(
        &self,
        report: Report,
        selection: Selection,
        finished: Finished,
        (train, test): (SideScores, SideScores),
        sides: &Sides,
        promotion: PromotionOutcome,
        started: Instant,
    ) -> TrainOutcome {
        let settings = self.request.training;
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
                train_rows: sides.split.train.len(),
                test_rows: sides.split.test.len(),
                seen_in_train: sides.seen_in_train,
            },
            overfit_gap: train.metrics.f1 - test.metrics.f1,
            metrics: SideMetrics {
                train: train.metrics,
                test: test.metrics,
            },
            leaderboard: selection.leaderboard,
            seconds: started.elapsed().as_secs_f64(),
            threshold: finished.threshold,
            promotion,
            rows: report.rows,
            rejected_rows: report.rejected_rows,
        }
    }
}
