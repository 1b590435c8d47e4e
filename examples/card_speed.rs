//! Owns a measurement: how long a card of a scored row takes, part by part, for a boosting model of 300 trees x 63 leaves and for
//! the default random forest. Linux only for the CPU line.
//!
//! `cargo run --release --example card_speed -- FILE.csv LABEL [TRAINING ROWS] [CARDS]`
//!
//! Of fewer rows than asked for the file is repeated, each number of a copy moved by up to 5 %, so that trees grow as on data of
//! that size. Rows to show are drawn at random from those the model flags, none of which it learned from.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use nsec_tui::cancel::CancelToken;
use nsec_tui::data::{NullTokens, ReadSettings, RowId, open_bytes};
use nsec_tui::explain::column_shares;
use nsec_tui::metrics::Calibrator;
use nsec_tui::models::{FitContext, NOT_MONOTONE, ParamValue, Params, TrainSet, family};
use nsec_tui::pipeline::checking::Checking;
use nsec_tui::pipeline::ingestion::{Dataset, ingest, take_rows};
use nsec_tui::pipeline::rejects::RejectWriter;
use nsec_tui::pipeline::trained_model::TrainedModel;
use nsec_tui::pipeline::training_reference::TrainingReference;
use nsec_tui::review::card::{CardInput, CardMaker, JudgedCase, JudgedRows, PastScores};
use nsec_tui::schema::{GenerateOptions, Schema, generate};
use nsec_tui::transform::{Preprocessor, TransformSettings};
use nsec_tui::triage::Verdict;
use nsec_tui::validation::{Purpose, ValidationSettings};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Answer<T> = Result<T, Box<dyn Error>>;

/// Cards for which the search by rows is timed beside the other one; it is slow.
const BY_ROWS: usize = 10;

/// Judged cases to search.
const JUDGED: usize = 2_000;

/// Rows held back from training, to show.
const SHOWN: f64 = 0.2;

fn main() -> Answer<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name a file")?;
    let label = arguments.next().ok_or("name its label column")?;
    let training_rows: usize = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let cards: usize = arguments.next().map_or(Ok(1_000), |text| text.parse())?;
    let table = enlarged(&std::fs::read_to_string(&path)?, &label, training_rows)?;
    let (schema, data) = ingested(table, &label)?;
    for (name, params) in [
        ("gradient_boosting", &[("trees", 300), ("max_leaves", 63)][..]),
        ("random_forest", &[]),
    ] {
        let params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), ParamValue::Int(*value)));
        measure(name, Params(params.collect()), &schema, &data, cards)?;
    }
    Ok(())
}

/// The file's text with at least so many rows for training.
fn enlarged(text: &str, label: &str, training_rows: usize) -> Answer<String> {
    let mut lines = text.lines();
    let header = lines.next().ok_or("the file is empty")?;
    let label_at = header
        .split(',')
        .position(|name| name == label)
        .ok_or("no such column")?;
    let rows: Vec<&str> = lines.collect();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut all = format!("{header}\n");
    let wanted = (training_rows as f64 / (1.0 - SHOWN)) as usize;
    for at in 0..wanted.max(rows.len()) {
        let row = rows[at % rows.len()];
        if at < rows.len() {
            all.push_str(row);
        } else {
            let mut moved = |(place, cell): (usize, &str)| match cell.parse::<f64>() {
                Ok(number) if place != label_at && number != 0.0 && number.abs() > 1.0 => {
                    let number = number * rng.random_range(0.95..1.05);
                    if cell.contains('.') {
                        format!("{number:.2}")
                    } else {
                        format!("{number:.0}")
                    }
                }
                _ => cell.to_owned(),
            };
            let cells: Vec<String> = row.split(',').enumerate().map(&mut moved).collect();
            all.push_str(&cells.join(","));
        }
        all.push('\n');
    }
    Ok(all)
}

fn ingested(table: String, label: &str) -> Answer<(Arc<Schema>, Dataset)> {
    let cancel = CancelToken::new();
    let settings = ReadSettings::default();
    let bytes = table.into_bytes();
    let options = GenerateOptions {
        name: "measured".to_owned(),
        origin: "measured.csv".to_owned(),
        label: Some(label.to_owned()),
        max_rows: None,
    };
    let mut reader = open_bytes("measured.csv", bytes.clone(), &settings)?;
    let schema = Arc::new(generate(reader.as_mut(), &options, &cancel)?.schema);
    let validation = ValidationSettings::default();
    let checking = Checking {
        schema: &schema,
        purpose: Purpose::Train,
        settings: &validation,
        reference: None,
        failing_lines: 0,
        cancel: &cancel,
    };
    let mut nowhere = RejectWriter::new(std::io::sink(), false)?;
    let (report, data) = ingest(
        &checking,
        open_bytes("measured.csv", bytes, &settings)?,
        &mut nowhere,
        |_| {},
    )?;
    Ok((schema, data.ok_or_else(|| report.blocking_summary())?))
}

fn fitted(name: &str, params: &Params, schema: &Arc<Schema>, data: &Dataset, rows: &[usize]) -> Answer<TrainedModel> {
    let frame = take_rows(&data.frame, rows)?;
    let labels: Vec<bool> = rows.iter().map(|row| data.labels[*row]).collect();
    let family = family(name)?;
    let columns: Vec<_> = schema.features().cloned().collect();
    let settings = TransformSettings::default();
    let preprocessor = Preprocessor::fit(&frame, &columns, &labels, &family.wants(), &settings)?;
    let matrix = preprocessor.transform(&frame)?;
    let set = TrainSet {
        matrix: &matrix,
        labels: &labels,
        weights: None,
    };
    let mut context = FitContext {
        seed: 1,
        threads: 2,
        cancel: &CancelToken::new(),
        validation: None,
        early_stopping: None,
        monotone: &NOT_MONOTONE,
        on_iteration: &mut |_| {},
    };
    Ok(TrainedModel {
        schema: Arc::clone(schema),
        classifier: family.fit(&set, params, &mut context)?,
        preprocessor,
        params: params.clone(),
        calibrator: Calibrator::Identity,
        threshold: 0.5,
    })
}

/// Milliseconds of one part, card by card, and what it used of a core in all.
#[derive(Default)]
struct Part(Vec<f64>, f64);

/// Milliseconds that this thread has run; the system counts them in its own ticks, so only sums of many say something.
fn ran() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ')
        .next()
        .and_then(|text| text.parse::<f64>().ok())
        .unwrap_or(f64::NAN)
        / 1e6
}

impl Part {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let before = ran();
        let begun = Instant::now();
        let answer = work();
        self.0.push(begun.elapsed().as_secs_f64() * 1e3);
        self.1 += ran() - before;
        answer
    }

    fn say(&mut self, what: &str) -> Answer<()> {
        self.0.sort_by(f64::total_cmp);
        let at = |share: f64| {
            self.0
                .get(((self.0.len() as f64 - 1.0) * share) as usize)
                .copied()
                .unwrap_or(f64::NAN)
        };
        Ok(writeln!(
            std::io::stdout(),
            "  {what:<34} p50 {:>8.3}  p99 {:>8.3}  most {:>8.3} ms   CPU mean {:>7.3}   n {}",
            at(0.5),
            at(0.99),
            at(1.0),
            self.1 / self.0.len() as f64,
            self.0.len()
        )?)
    }
}

/// A model with what its cards are made from, and rows it did not learn from.
struct Setting<'d> {
    data: &'d Dataset,
    model: TrainedModel,
    reference: TrainingReference,
    maker: CardMaker,
    /// Rows of the data that are shown.
    shown: Vec<usize>,
    probabilities: Vec<f64>,
    /// Places in `shown` of flagged rows.
    flagged: Vec<usize>,
    rng: ChaCha8Rng,
}

impl<'d> Setting<'d> {
    fn new(name: &str, params: &Params, schema: &Arc<Schema>, data: &'d Dataset) -> Answer<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let sides: Vec<bool> = data.labels.iter().map(|_| rng.random_bool(SHOWN)).collect();
        let side = |shown: bool| -> Vec<usize> { (0..sides.len()).filter(|row| sides[*row] == shown).collect() };
        let (train, shown) = (side(false), side(true));
        let begun = Instant::now();
        let model = fitted(name, params, schema, data, &train)?;
        let bytes = model.encode()?;
        writeln!(
            std::io::stdout(),
            "{name}: {} training rows x {} columns, fitted in {:.1} s, model.bin {} KB",
            train.len(),
            model.preprocessor.columns().count(),
            begun.elapsed().as_secs_f64(),
            bytes.len() / 1024
        )?;
        let frame = take_rows(&data.frame, &train)?;
        let labels: Vec<bool> = train.iter().map(|row| data.labels[*row]).collect();
        let begun = Instant::now();
        let reference = TrainingReference::of(&model, &frame, &labels)?;
        let seconds = begun.elapsed().as_secs_f64();
        writeln!(std::io::stdout(), "  reference read in {seconds:.2} s")?;
        let probabilities = model.score(&take_rows(&data.frame, &shown)?, &CancelToken::new())?;
        let told = shown.iter().map(|row| data.labels[*row]).zip(&probabilities);
        let past = PastScores::new(told.map(|(label, probability)| (*probability, label)));
        let copy = TrainedModel::decode(&bytes, "copy")?;
        let copied = TrainingReference::of(&copy, &frame, &labels)?;
        let maker = CardMaker::of("run".to_owned(), copy, Some(copied), Some(past), NullTokens::default())?;
        let above = |at: &usize| probabilities[*at] >= model.threshold;
        let flagged: Vec<usize> = (0..shown.len()).filter(above).collect();
        Ok(Self {
            data,
            model,
            reference,
            maker,
            shown,
            probabilities,
            flagged,
            rng,
        })
    }

    fn input(&self, at: usize) -> CardInput {
        let cells = self.data.text.cells(self.shown[at]);
        let cells = cells.map(|cell| String::from_utf8_lossy(cell).into_owned());
        CardInput {
            row: RowId(at as u64),
            cells: self.data.header.names.iter().cloned().zip(cells).collect(),
            probability: self.probabilities[at],
            flagged: true,
            threshold: None,
        }
    }

    /// Judged rows, and what taking each in cost.
    fn judged(&self) -> (JudgedRows, Part) {
        let mut judged = self.maker.no_judged_rows();
        let mut judging = Part::default();
        for (at, place) in self.flagged.iter().take(JUDGED).enumerate() {
            let case = JudgedCase {
                row: RowId(u64::MAX - at as u64),
                verdict: Verdict::TruePositive,
                analyst: "a".to_owned(),
                score: None,
                cells: Some(self.input(*place).cells),
            };
            judging.time(|| self.maker.judge(&mut judged, case));
        }
        (judged, judging)
    }
}

fn measure(name: &str, params: Params, schema: &Arc<Schema>, data: &Dataset, cards: usize) -> Answer<()> {
    let cancel = CancelToken::new();
    let mut setting = Setting::new(name, &params, schema, data)?;
    let (judged, mut judging) = setting.judged();
    let [mut whole, mut model_part, mut finish] = [(); 3].map(|()| Part::default());
    let [mut score, mut evidence, mut change, mut near, mut by_rows] = [(); 5].map(|()| Part::default());
    let (mut found, mut two, mut scored) = (0, 0, 0);
    for card in 0..cards {
        let at = setting.flagged[setting.rng.random_range(0..setting.flagged.len())];
        let (
            input,
            Setting {
                model,
                reference,
                maker,
                ..
            },
        ) = (setting.input(at), &setting);
        whole.time(|| maker.make(&input, &judged, &cancel))?;
        let parts = model_part.time(|| maker.explain(&input, &cancel))?;
        finish.time(|| maker.finish(&input, &parts, &judged));
        let one = data.frame.slice(setting.shown[at] as i64, 1);
        let row = reference.row(&one, 0)?;
        let matrix = model.matrix(&one)?;
        score.time(|| model.probabilities(&matrix, &cancel))?;
        evidence.time(|| {
            let contributions = model.classifier.contributions(matrix.values.row(0));
            contributions.map(|c| column_shares(&c, &matrix.features))
        });
        let fast = change.time(|| reference.smallest_change(model, &row, model.threshold, &cancel))?;
        near.time(|| reference.rows.nearest(&row, 5));
        found += usize::from(fast.is_some());
        two += usize::from(fast.as_ref().is_some_and(|change| change.fields.len() == 2));
        scored = scored.max(fast.as_ref().map_or(0, |change| change.scored));
        if card < BY_ROWS {
            let slow = by_rows.time(|| reference.smallest_change_by_rows(model, &row, model.threshold, &cancel))?;
            if slow != fast {
                return Err(format!("not the same change: {slow:?}, {fast:?}").into());
            }
        }
    }
    whole.say("the whole card")?;
    model_part.say("  what judged rows do not change")?;
    finish.say("  judged rows, text (2,000 judged)")?;
    score.say("of it: score")?;
    evidence.say("of it: shares of the evidence")?;
    change.say("of it: smallest change")?;
    near.say("of it: nearest training rows")?;
    by_rows.say("(smallest change row by row)")?;
    judging.say("(a verdict)")?;
    writeln!(
        std::io::stdout(),
        "  {found} of {cards} have a smallest change, {two} of two fields; at most {scored} changes scored"
    )?;
    Ok(())
}
