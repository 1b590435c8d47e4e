//! Owns `score`: rows through a pipe, each answered in its place.

use std::io;
use std::time::Duration;

use clap::Args;

use super::context::Context;
use super::error::CliError;
use crate::pipeline::live_scoring::{Answer, LiveRequest, RowFormat, score_live};
use crate::pipeline::prediction::{RowConditions, RowModel};

/// How long the input must be silent before what has come is answered: no person notices it, and a busy writer at the
/// other end of the pipe is seldom silent for so long.
const PAUSE: Duration = Duration::from_millis(5);

/// `score`.
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// Read rows from standard input and answer them on standard output; said, because nothing else is read
    #[arg(long, required = true)]
    pub stdin: bool,
    /// How rows stand, coming in and going out: csv, tsv (backslash escapes and \N, as ClickHouse's TabSeparated), or
    /// ndjson (one JSON object a line)
    #[arg(long, value_name = "F", value_parser = str::parse::<RowFormat>)]
    pub format: RowFormat,
    /// The model: a run id, champion, or a run's directory
    #[arg(long, value_name = "RUN|champion|DIR", default_value = "champion")]
    pub model: String,
    /// The first line is a row already; with --columns
    #[arg(long, requires = "columns", conflicts_with = "header")]
    pub no_header: bool,
    /// The first line names the columns: what csv and tsv are taken for anyway
    #[arg(long)]
    pub header: bool,
    /// With --no-header: the names of the cells of a row, in order
    #[arg(long, value_name = "a,b,c", value_delimiter = ',', requires = "no_header")]
    pub columns: Vec<String>,
    /// Call rows malicious whose probability is at least this, 0 to 1 [default: the model's own threshold]
    #[arg(long, value_name = "P")]
    pub threshold: Option<f64>,
    /// Write only these of our columns and none of the row's: probability, classification, risk_level, error
    #[arg(long, value_name = "a,b", value_delimiter = ',', value_parser = str::parse::<Answer>)]
    pub only: Vec<Answer>,
}

/// Scores standard input to its end.
pub(super) fn run(args: &ScoreArgs, context: &Context) -> Result<(), CliError> {
    if args.format == RowFormat::Ndjson && (args.no_header || args.header) {
        let text = "ndjson names its cells in every row; leave --header, --no-header and --columns out";
        return Err(CliError::Usage(text.to_owned()));
    }
    let settings = &context.settings;
    let conditions = RowConditions::new(
        &settings.reading,
        &settings.validation,
        &settings.risk,
        &settings.prediction,
    );
    let model = RowModel::load(&context.workspace, &args.model, conditions)?;
    context.log.run_tag().set(Some(model.run_id()));
    let request = LiveRequest {
        model: &model,
        format: args.format,
        names: args.no_header.then_some(&args.columns),
        threshold: args.threshold,
        only: &args.only,
        reading: &settings.reading,
        pause: PAUSE,
    };
    let summary = score_live(io::stdin(), &mut io::stdout(), &request, &context.cancel)?;
    tracing::info!(
        rows = summary.rows,
        flagged = summary.flagged,
        rejected = summary.rejected,
        left = summary.left,
        "stream scored"
    );
    Ok(())
}
