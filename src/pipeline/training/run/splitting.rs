//! Owns the stage that divides rows into training and test rows, and what verdicts change on the training side.

use super::Run;
use crate::artifacts::SplitRecord;
use crate::data::{Fold, SplitInput, seen_in_train, split};
use crate::pipeline::event::{Event, Level, Stage};
use crate::pipeline::ingestion::Dataset;
use crate::pipeline::training::TrainingError;
use crate::pipeline::training::publication::encode_error;
use crate::pipeline::training::sides::{Side, Sides};
use crate::pipeline::training::split_files::write_split;
use crate::pipeline::training::verdicts::{Lesson, VerdictUse, teach};

impl Run<'_> {
    pub(super) fn split(&mut self, dataset: &Dataset) -> Result<(Sides, Vec<Fold>), TrainingError> {
        let settings = self.request.training;
        self.stage(Stage::Transformation, None, |run| {
            let input = SplitInput {
                groups: &dataset.groups,
                labels: &dataset.labels,
                times: dataset.times.as_deref(),
            };
            let parts = split(settings.split, &input, settings.test_fraction, settings.seed)?;
            let lesson = Lesson {
                dataset,
                parts: &parts,
                strategy: settings.split,
                schema: run.request.schema,
                validation: run.request.validation,
                settings: &settings.verdicts,
                cancel: run.cancel,
            };
            let taught = teach(lesson, run.request.verdicts)?;
            let (train, test) = (Side::taught(dataset, &taught)?, Side::test(dataset, &parts)?);
            let folds = train.folds(settings)?;
            let seen_in_train = seen_in_train(&dataset.groups, &taught.rows, &parts.test);
            write_split(
                &run.directory,
                dataset,
                run.request.schema,
                &taught,
                &parts.test,
                run.cancel,
            )?;
            let summary = format!(
                "{} split: {} training rows in {} folds, {} test rows, {:.1} % of them seen in training",
                settings.split,
                train.labels.len(),
                folds.len(),
                test.labels.len(),
                seen_in_train * 100.0
            );
            let sides = Sides {
                train,
                test,
                seen_in_train,
                audit: taught.audit,
                verdicts: taught.used,
            };
            run.note_split(&sides)?;
            Ok(((sides, folds), summary))
        })
    }

    /// Puts the split and what came of verdicts into the manifest, and tells the latter.
    fn note_split(&mut self, sides: &Sides) -> Result<(), TrainingError> {
        let settings = self.request.training;
        self.manifest.split = Some(SplitRecord {
            strategy: settings.split.to_string(),
            seed: settings.seed,
            test_fraction: settings.test_fraction,
            train_rows: sides.train.labels.len() as u64,
            test_rows: sides.test.labels.len() as u64,
            seen_in_train: sides.seen_in_train,
        });
        if let Some(used) = &sides.verdicts {
            let record = serde_json::to_value(used).map_err(encode_error)?;
            self.manifest.extra.insert("verdicts".to_owned(), record);
            self.tell_verdicts(used);
        }
        Ok(self.directory.write_manifest(&self.manifest)?)
    }

    fn tell_verdicts(&self, used: &VerdictUse) {
        let text = used.sentence();
        tracing::info!(verdicts = %text, "verdicts taken");
        let level = if used.unusable > 0 { Level::Warning } else { Level::Info };
        self.events.send(Event::Message { level, text });
    }
}
