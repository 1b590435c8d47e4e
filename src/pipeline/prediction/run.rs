//! Owns the course of a prediction: inputs in order, one output, one file of rejects, and the threads between them.

use std::fmt::Write as _;
use std::io::{self, BufReader, Seek, Write};
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Instant;

use crate::artifacts::atomic::AtomicFile;
use crate::artifacts::{Timestamp, WriteError, atomic};
use crate::cancel::CancelToken;
use crate::data::{Header, Layout, ReadSettings, RowReader, Source};
use crate::metrics::{BudgetTracker, MetricError};
use crate::pipeline::checking::Checking;
use crate::pipeline::csv_text::push_guarded;
use crate::pipeline::event::{Event, EventSink, Level, Stage};
use crate::pipeline::rejects::RejectWriter;
use crate::pipeline::stream::{detached, open_source};
use crate::pipeline::trained_model::TrainedModel;
use crate::triage::RiskSettings;
use crate::validation::drift::Reference;
use crate::validation::{Purpose, Status, ValidationSettings};

use super::columns::{check_columns, column_order, layout_notes};
use super::drift_watch::DriftWatch;
use super::error::PredictionError;
use super::expected::Expected;
use super::insertion::{insert_in_place, splice};
use super::known_verdicts::KnownVerdicts;
use super::output::{OutputFormat, OutputWriter, ScoredBatch, Written};
use super::scoring::{Scorer, SourceColumns, reasons};
use super::settings::PredictionSettings;
use super::summary::{ModelSummary, PredictSummary, RiskCounts};
use super::top::TopRows;
use super::writing::{joined, prefer_write_error, send, write_all};

/// What to score, with what, and where to.
pub struct PredictRequest<'a> {
    /// The inputs, in order.
    pub inputs: &'a [Source],
    /// What scores.
    pub model: &'a TrainedModel,
    /// The run it is of.
    pub run_id: &'a str,
    /// What its training rows looked like, for drift.
    pub reference: Option<&'a Reference>,
    /// The scored file.
    pub output: &'a Path,
    /// The file of rejected rows.
    pub rejects: &'a Path,
    /// Whether a file in the output's place is kept under another name.
    pub keep_old: bool,
    /// Flag at this probability instead of the model's threshold.
    pub threshold: Option<f64>,
    /// Flag at most this many rows.
    pub alerts: Option<u64>,
    /// Explain this many of the most probable flagged rows.
    pub explain: usize,
    /// Guard text that a spreadsheet would run.
    pub guard: bool,
    /// What was decided about cases before.
    pub known: &'a KnownVerdicts,
    /// How inputs are read.
    pub reading: &'a ReadSettings,
    /// How they are checked.
    pub validation: &'a ValidationSettings,
    /// Bands and actions.
    pub risk: &'a RiskSettings,
    /// Everything else.
    pub settings: &'a PredictionSettings,
}

/// Scores every input. Scored and rejected rows add up to the rows read; both files appear whole or not at all.
///
/// # Errors
/// [`PredictionError`].
pub fn predict(
    request: &PredictRequest<'_>,
    events: &dyn EventSink,
    cancel: &CancelToken,
) -> Result<PredictSummary, PredictionError> {
    let started = Instant::now();
    if let Some(p) = request.threshold
        && !(0.0..=1.0).contains(&p)
    {
        return Err(PredictionError::Usage(format!(
            "--threshold {p} is no probability; give 0 to 1"
        )));
    }
    let prediction = Prediction {
        request,
        events,
        cancel,
    };
    events.send(Event::StageStarted {
        stage: Stage::Prediction,
        total: None,
    });
    let spooled = prediction.spool_standard_input()?;
    let (threshold, tied_out) = match request.alerts {
        Some(alerts) => prediction.budget(alerts, spooled.as_ref())?,
        None => (request.threshold.unwrap_or(request.model.threshold), 0),
    };
    let mut summary = prediction.write(threshold, spooled.as_ref())?;
    summary.tied_out = tied_out;
    summary.seconds = started.elapsed().as_secs_f64();
    summary.rows_per_second = summary.rows as f64 / summary.seconds.max(1e-9);
    let text = format!(
        "{} rows: {} flagged, {} rejected, {:.0} rows a second",
        summary.rows, summary.flagged, summary.rejected, summary.rows_per_second
    );
    tracing::info!(
        rows = summary.rows,
        flagged = summary.flagged,
        rejected = summary.rejected,
        "prediction finished"
    );
    events.send(Event::StageFinished {
        stage: Stage::Prediction,
        seconds: summary.seconds,
        summary: text,
    });
    Ok(summary)
}

struct Prediction<'a> {
    request: &'a PredictRequest<'a>,
    events: &'a dyn EventSink,
    cancel: &'a CancelToken,
}

/// An input with its layout known.
struct Input {
    reader: Box<dyn RowReader>,
    header: Header,
    layout: Layout,
}

impl Prediction<'_> {
    fn checking(&self) -> Checking<'_> {
        Checking {
            schema: &self.request.model.schema,
            purpose: Purpose::Score,
            settings: self.request.validation,
            // Drift is measured on the first rows only, by `DriftWatch`; every row more would cost time.
            reference: None,
            failing_lines: 0,
            cancel: self.cancel,
        }
    }

    /// Standard input can be read only once; an alert budget needs two looks, so it goes to a temporary file.
    fn spool_standard_input(&self) -> Result<Option<tempfile::TempPath>, PredictionError> {
        let wanted = self.request.alerts.is_some() && self.request.inputs.contains(&Source::Stdin);
        if !wanted {
            return Ok(None);
        }
        let directory = std::env::temp_dir();
        let failed = |cause| PredictionError::Temporary {
            directory: directory.clone(),
            cause,
        };
        let file = tempfile::Builder::new()
            .prefix("nsec-stdin-")
            .suffix(".csv")
            .tempfile()
            .map_err(failed)?;
        let mut handle = file.reopen().map_err(failed)?;
        // On a thread of its own: the input may never end, and cancellation must not wait for it.
        let copied = detached::<_, PredictionError>("spooler", self.cancel, move || {
            io::copy(&mut io::stdin().lock(), &mut handle)
        })?;
        copied.map_err(failed)?;
        Ok(Some(file.into_temp_path()))
    }

    fn open(&self, source: &Source, spooled: Option<&tempfile::TempPath>) -> Result<Input, PredictionError> {
        let spooled = spooled
            .filter(|_| *source == Source::Stdin)
            .map(|path| Source::Path(path.to_path_buf()));
        let source_now = spooled.as_ref().unwrap_or(source);
        let reader = open_source::<PredictionError>(source_now, self.request.reading, self.cancel)?;
        let header = reader.header().clone();
        let layout = Layout::resolve(&self.request.model.schema, &header);
        check_columns(self.request.model, &source.to_string(), &layout)?;
        Ok(Input { reader, header, layout })
    }

    /// A first look at all inputs, for the threshold that flags at most `alerts` rows.
    fn budget(&self, alerts: u64, spooled: Option<&tempfile::TempPath>) -> Result<(f64, u64), PredictionError> {
        let scorer = self.scorer(0.0);
        let mut budget = BudgetTracker::new(alerts);
        let mut rows = 0;
        let inputs = self.open_all(spooled)?;
        let mut expected = self.expected(&inputs);
        for (at, input) in inputs.into_iter().enumerate() {
            self.checking().run::<PredictionError>(input.reader, |batch, _| {
                let (probabilities, _) = scorer.probabilities(&batch)?;
                for probability in probabilities {
                    budget.push(probability)?;
                }
                rows += batch.raw.rows() as u64;
                expected.read(at, batch.raw.rows() as u64, batch.raw.byte_len() as u64);
                self.progress(rows, expected.total(), "rows ranked");
                Ok(())
            })?;
        }
        let cut = match budget.finish() {
            // No row can be scored; the second look says why.
            Err(MetricError::Empty) => return Ok((f64::INFINITY, 0)),
            cut => cut?,
        };
        Ok((cut.threshold, cut.tied_out))
    }

    fn scorer(&self, threshold: f64) -> Scorer<'_> {
        Scorer {
            model: self.request.model,
            cancel: self.cancel,
            risk: self.request.risk,
            threshold,
            top: TopRows::new(self.request.explain),
            counts: RiskCounts::default(),
            flagged: 0,
            scored: 0,
        }
    }

    fn progress(&self, done: u64, total: Option<u64>, note: &str) {
        let note = note.to_owned();
        self.events.send(Event::StageProgress {
            stage: Stage::Prediction,
            done,
            total,
            note,
        });
    }

    fn open_all(&self, spooled: Option<&tempfile::TempPath>) -> Result<Vec<Input>, PredictionError> {
        self.request.inputs.iter().map(|s| self.open(s, spooled)).collect()
    }

    fn expected(&self, inputs: &[Input]) -> Expected {
        let readers = inputs.iter().map(|input| &*input.reader as &dyn RowReader);
        Expected::of(self.request.inputs.iter().zip(readers))
    }

    fn write(&self, threshold: f64, spooled: Option<&tempfile::TempPath>) -> Result<PredictSummary, PredictionError> {
        let inputs = self.open_all(spooled)?;
        let Some(first) = inputs.first().map(|input| input.header.clone()) else {
            return Err(PredictionError::Usage("name at least one input".to_owned()));
        };
        let order = inputs
            .iter()
            .zip(self.request.inputs)
            .map(|(input, source)| column_order(&first, &input.header, source))
            .collect::<Result<Vec<_>, _>>()?;
        let format = OutputFormat {
            guard: self.request.guard,
            sources: self.request.inputs.iter().map(ToString::to_string).collect(),
            order,
            model_run: self.request.run_id.to_owned(),
            known: self.request.known.written(self.request.guard),
        };
        atomic::create_parents(self.request.output)?;
        for written in [self.request.output, self.request.rejects] {
            // What killed predictions left half written.
            atomic::sweep_stale(
                written
                    .parent()
                    .filter(|p| !p.as_os_str().is_empty())
                    .unwrap_or(Path::new(".")),
            );
        }
        let mut output = AtomicFile::create_with_parents(self.request.output)?;
        let failed = |cause| WriteError::writing(self.request.output, cause);
        // Reasons are filled in afterwards. A device or pipe cannot be gone back in: its rows go to a temporary file first.
        let mut draft = if self.request.explain > 0 && !output.is_file() {
            let directory = self.request.output.parent().unwrap_or(Path::new("."));
            Some(tempfile::tempfile_in(directory).map_err(failed)?)
        } else {
            None
        };
        let mut scored = {
            let target: &mut (dyn Write + Send) = match &mut draft {
                Some(file) => file,
                None => &mut output,
            };
            self.stream(inputs, threshold, format, &first, target)?
        };
        if let Some(mut reason) = scored.blocked {
            if scored.summary.rejected > 0 {
                scored.rejects.commit()?;
                let _ = write!(reason, "; {} says why", self.request.rejects.display());
            }
            return Err(PredictionError::Blocked(reason));
        }
        let inserts = self.reasons(&mut scored);
        if let Some(draft) = &mut draft {
            draft.rewind().map_err(failed)?;
            splice(&mut BufReader::with_capacity(1 << 20, draft), &mut output, &inserts).map_err(failed)?;
        } else if let Some(file) = output.file().map_err(failed)? {
            insert_in_place(file, scored.written, &inserts).map_err(failed)?;
        }
        let kept = if self.request.keep_old {
            output.commit_keeping_old(Timestamp::now())?
        } else {
            output.commit().map(|()| None)?
        };
        scored.rejects.commit()?;
        scored.summary.kept_old = kept.map(|path| path.display().to_string());
        Ok(scored.summary)
    }

    /// Reads, checks and scores on this thread (and the pool), while a second reads ahead and a third writes.
    fn stream(
        &self,
        inputs: Vec<Input>,
        threshold: f64,
        format: OutputFormat,
        header: &Header,
        out: impl Write + Send,
    ) -> Result<Streamed, PredictionError> {
        let rejects = AtomicFile::create_with_parents(self.request.rejects)?;
        let rejects_failed = |cause| WriteError::writing(self.request.rejects, cause);
        let mut rejects = RejectWriter::new(rejects, inputs.len() > 1).map_err(rejects_failed)?;
        let output_failed = |cause| WriteError::writing(self.request.output, cause);
        let writer = OutputWriter::new(out, format, header).map_err(output_failed)?;
        let mut scorer = self.scorer(threshold);
        let mut drift = DriftWatch::new(self.request);
        let (mut rows, mut notes, mut blocked) = (0, Vec::new(), None);
        let mut expected = self.expected(&inputs);
        let Written { bytes, places } = thread::scope(|scope| {
            let (sender, receiver) = sync_channel::<ScoredBatch>(2);
            let writing = scope.spawn(move || write_all(writer, &receiver));
            for (at, (input, source)) in inputs.into_iter().zip(self.request.inputs).enumerate() {
                rejects.set_source(&source.to_string());
                notes.extend(layout_notes(source, &input.layout));
                let columns = SourceColumns::find(
                    self.request.model,
                    &input.layout,
                    &input.header.names,
                    self.request.risk,
                );
                let result = self.checking().run::<PredictionError>(input.reader, |batch, _| {
                    let read = (batch.raw.rows() + batch.raw.malformed.len()) as u64;
                    rows += read;
                    expected.read(at, read, batch.raw.byte_len() as u64);
                    rejects.write(&batch.verdict.rejects).map_err(rejects_failed)?;
                    let typed = drift
                        .wants_more()
                        .then(|| (batch.typed.frame.clone(), batch.verdict.accepted.clone()));
                    let scored = scorer.score(batch, at, &columns)?;
                    if let Some((frame, accepted)) = typed {
                        drift.add(&frame, &accepted, &scored)?;
                    }
                    self.progress(rows, expected.total(), "rows scored");
                    send(&sender, scored)
                });
                match result {
                    Ok((report, _)) if report.status == Status::Blocked => {
                        blocked
                            .get_or_insert_with(|| format!("{source} cannot be scored: {}", report.blocking_summary()));
                    }
                    Ok(_) => {}
                    Err(error) => {
                        drop(sender);
                        return Err(prefer_write_error(writing, error, self.request.output));
                    }
                }
            }
            drop(sender);
            joined(writing)?.map_err(|cause| output_failed(cause).into())
        })?;
        let summary = PredictSummary {
            rows,
            flagged: scorer.flagged,
            rejected: rows - scorer.scored,
            output: self.request.output.display().to_string(),
            rejects: self.request.rejects.display().to_string(),
            model: ModelSummary {
                run_id: self.request.run_id.to_owned(),
                name: self.request.model.classifier.family().to_owned(),
            },
            threshold: threshold.is_finite().then_some(threshold),
            risk: scorer.counts,
            seconds: 0.0,
            rows_per_second: 0.0,
            tied_out: 0,
            kept_old: None,
            notes,
            drift: drift.finish(),
        };
        for text in &summary.notes {
            self.events.send(Event::Message {
                level: Level::Info,
                text: text.clone(),
            });
        }
        Ok(Streamed {
            summary,
            top: scorer.top,
            written: bytes,
            places,
            rejects: rejects.into_inner(),
            blocked,
        })
    }

    /// The reasons of the rows that get some, with their place in the output.
    fn reasons(&self, scored: &mut Streamed) -> Vec<(u64, Vec<u8>)> {
        let top = std::mem::replace(&mut scored.top, TopRows::new(0)).into_rows();
        let mut inserts = Vec::with_capacity(top.len());
        for candidate in &top {
            let Ok(at) = scored.places.binary_search_by_key(&candidate.row, |(row, _)| *row) else {
                continue;
            };
            let mut cell = Vec::new();
            let text = reasons(self.request.model, candidate, self.request.settings.reasons);
            push_guarded(&mut cell, text.as_bytes());
            inserts.push((scored.places[at].1, cell));
        }
        inserts
    }
}

/// What streaming leaves for the last steps.
struct Streamed {
    summary: PredictSummary,
    top: TopRows,
    /// Bytes of the output.
    written: u64,
    places: Vec<(u64, u64)>,
    rejects: AtomicFile,
    /// Why an input cannot be scored.
    blocked: Option<String>,
}
