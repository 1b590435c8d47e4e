//! Owns `train`: settings with the command line's overrides, and the leaderboard a person reads.

use std::fmt::Write;
use std::num::NonZero;
use std::thread::available_parallelism;

use super::args::TrainArgs;
use super::context::Context;
use super::error::CliError;
use super::print;
use crate::metrics::Metrics;
use crate::pipeline::event::{Event, EventSink};
use crate::pipeline::training::{LeaderboardRow, Limits, Spread, TrainOutcome, TrainRequest, TrainingSettings, train};
use crate::text::{visible_text, wrap};
use crate::worker::judged_cases;

/// Trains and prints what came of it.
pub(super) fn run(args: &TrainArgs, context: &Context) -> Result<(), CliError> {
    let schema = context.schema(args.schema.as_deref())?;
    let source = context.source(args.data.as_ref(), args.query.as_deref())?;
    let training = overridden(context.settings.training.clone(), args);
    let judged = args
        .with_verdicts
        .then(|| judged_cases(&context.workspace, context.settings.workspace.shared, &schema.name))
        .transpose()?;
    let threads = args
        .threads
        .map_or_else(|| available_parallelism().map_or(1, NonZero::get), usize::from);
    // The pool only scores and encodes in fixed blocks; a pool that exists already serves as well.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    let request = TrainRequest {
        workspace: &context.workspace,
        source: &source,
        schema: &schema,
        reading: &context.settings.reading,
        validation: &context.settings.validation,
        transform: &context.settings.transform,
        training: &training,
        threads,
        resume: args.resume.as_deref(),
        verdicts: judged.as_ref(),
        limits: &Limits::default(),
    };
    let events = |event: Event| {
        if let Event::RunStarted { run_id } = &event {
            context.log.run_tag().set(Some(run_id));
        }
        context.progress.send(event);
    };
    let outcome = train(&request, &events, &context.cancel)?;
    if args.json {
        print::json(&outcome)
    } else {
        print::out(&report(&outcome, &training.select_by))
    }
}

fn overridden(mut training: TrainingSettings, args: &TrainArgs) -> TrainingSettings {
    if !args.models.is_empty() {
        training.models.clone_from(&args.models);
    }
    training.search = args.search.unwrap_or(training.search);
    training.trials = args.trials.unwrap_or(training.trials);
    training.seed = args.seed.unwrap_or(training.seed);
    training.split = args.split.unwrap_or(training.split);
    training.test_fraction = args.test_fraction.unwrap_or(training.test_fraction);
    if let Some(metric) = &args.select_by {
        training.select_by.clone_from(metric);
    }
    if let Some(rule) = &args.threshold_by {
        training.threshold_by.clone_from(rule);
    }
    training
}

fn report(outcome: &TrainOutcome, select_by: &str) -> String {
    let mut text = leaderboard(&outcome.leaderboard, select_by);
    let split = &outcome.split;
    let _ = writeln!(
        text,
        "\n{} rows learned from, {} test rows scored once ({} split, seed {});\n{:.1} % of the test \
         rows were seen in training",
        split.train_rows,
        split.test_rows,
        split.strategy,
        split.seed,
        split.seen_in_train * 100.0
    );
    if let Some(used) = &outcome.verdicts {
        wrap(&mut text, "", &visible_text(&used.sentence()), 0, 80);
    }
    let _ = writeln!(text, "\n{:22} {:>8} {:>8}", "malicious class", "training", "test");
    let (train, test) = (&outcome.metrics.train, &outcome.metrics.test);
    for (name, value) in [
        ("F1", (|m: &Metrics| Some(m.f1)) as fn(&Metrics) -> Option<f64>),
        ("precision", |m| Some(m.precision)),
        ("recall", |m| Some(m.recall)),
        ("accuracy", |m| Some(m.accuracy)),
        ("ROC-AUC", |m| m.roc_auc),
        ("PR-AUC", |m| m.pr_auc),
        ("Brier (less is better)", |m| Some(m.brier)),
    ] {
        let _ = writeln!(text, "{name:22} {:>8} {:>8}", number(value(train)), number(value(test)));
    }
    let c = &test.confusion;
    let _ = writeln!(
        text,
        "\ntest rows flagged: {} right, {} wrong; missed: {}",
        c.tp, c.fp, c.fn_
    );
    if let Some(audit) = &outcome.metrics.random_audit {
        let m = &audit.metrics;
        let _ = writeln!(
            text,
            "random audit, {} cases: F1 {:.4}, precision {:.4}, recall {:.4}, ROC-AUC {}",
            audit.n,
            m.f1,
            m.precision,
            m.recall,
            number(m.roc_auc)
        );
    }
    let champion = &outcome.champion;
    let _ = writeln!(
        text,
        "\n{} ({}) at threshold {:.4} by {}",
        champion.model, champion.params, champion.threshold, outcome.threshold.rule
    );
    let verdict = if outcome.promoted {
        "promoted to champion"
    } else {
        "not promoted"
    };
    let _ = writeln!(text, "{verdict}: {}", outcome.promotion.reason);
    let _ = writeln!(text, "{}", outcome.run_dir);
    text
}

/// One line a family, within 80 columns. `+-` is the standard deviation of F1 over the folds.
fn leaderboard(rows: &[LeaderboardRow], select_by: &str) -> String {
    let mut text = format!("cross-validation on the training rows, best by {select_by} first\n");
    let _ = writeln!(
        text,
        "  {:23} {:>6} {:>6} {:>8} {:>7} {:>6} {:>7} {:>7}",
        "model", "F1", "+-", "ROC-AUC", "PR-AUC", "Brier", "fit s", "us/row"
    );
    for row in rows {
        let Some(cv) = &row.cv else {
            wrap(
                &mut text,
                &format!("  {:23} ", row.model),
                &visible_text(&row.status),
                26,
                80,
            );
            continue;
        };
        let mark = if row.status == "champion" { '*' } else { ' ' };
        let mean = |spread: Option<Spread>| number(spread.map(|s| s.mean));
        let _ = writeln!(
            text,
            "{mark} {:23} {:>6} {:>6} {:>8} {:>7} {:>6} {:>7} {:>7}",
            row.model,
            mean(cv.f1),
            number(cv.f1.map(|s| s.sd)),
            mean(cv.roc_auc),
            mean(cv.pr_auc),
            mean(cv.brier),
            row.fit_seconds.map_or_else(String::new, |s| format!("{s:.3}")),
            row.predict_us_per_row.map_or_else(String::new, |s| format!("{s:.1}")),
        );
    }
    text
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"))
}
