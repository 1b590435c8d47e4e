//! Owns the command line: every command, flag and help text. Completions and the man page are made from it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::data::{Source, SplitStrategy};
use crate::metrics::ThresholdRule;
use crate::models::SearchStrategy;
use crate::settings::LogLevel;

/// Learns to tell malicious network traffic and phishing sites from benign ones, and scores files with what it learned.
///
/// Exit codes: 0 done; 1 failed; 2 usage; 3 data blocked by validation; 4 a store or model is unreachable or damaged;
/// 129, 130, 143 ended by SIGHUP, Ctrl-C, SIGTERM.
#[derive(Debug, Parser)]
#[command(name = "nsec-tui", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// Workspace directory; else NSEC_WORKSPACE, the nearest parent with nsec.yaml or data_schema/schema.yaml, or the
    /// user's data directory.
    #[arg(long, global = true, value_name = "DIR")]
    pub workspace: Option<PathBuf>,

    /// Settings file instead of the workspace's nsec.yaml.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// How much is logged: error, warn, info, debug or trace. At debug an error shows its causes.
    #[arg(long, global = true, value_name = "L", value_parser = str::parse::<LogLevel>)]
    pub log_level: Option<LogLevel>,

    /// No colour on the terminal (NO_COLOR does the same).
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train models, compare them honestly and keep the best as a versioned run
    Train(TrainArgs),
    /// Check a source against the schema, and its drift against a baseline
    Validate(ValidateArgs),
    /// Score files with a trained model
    Predict(PredictArgs),
    /// Generate or check a schema
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// List, compare, promote and prune training runs
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Generate synthetic data for demos and load tests; never evidence of accuracy
    #[command(subcommand)]
    Generate(GenerateCommand),
    /// Print shell completions
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Source: a .csv, .csv.gz, .parquet or Zeek .log path, or - for standard input [default: the workspace's data]
    #[arg(long, value_name = "SRC", value_parser = Source::parse)]
    pub data: Option<Source>,
    /// Schema file [default: the workspace's]
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Families to train, comma separated, or all
    #[arg(long, value_name = "a,b|all", value_delimiter = ',')]
    pub models: Vec<String>,
    /// How hyper-parameters are searched: none, grid or random
    #[arg(long, value_name = "HOW")]
    pub search: Option<SearchStrategy>,
    /// Trials a family with --search random
    #[arg(long, value_name = "N")]
    pub trials: Option<usize>,
    /// Seed of every random choice
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Threads; never changes the result [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// How test rows are set aside: grouped, stratified or time
    #[arg(long, value_name = "HOW")]
    pub split: Option<SplitStrategy>,
    /// Share of rows set aside for the test
    #[arg(long, value_name = "F")]
    pub test_fraction: Option<f64>,
    /// Metric that selects the best model in cross-validation
    #[arg(long, value_name = "METRIC")]
    pub select_by: Option<String>,
    /// How the threshold is chosen: f1, alerts:N, cost:FP,FN or fpr:X
    #[arg(long, value_name = "RULE")]
    pub threshold_by: Option<ThresholdRule>,
    /// Take finished trials from this interrupted run of the same data and settings
    #[arg(long, value_name = "RUN")]
    pub resume: Option<String>,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// `validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Source: a .csv, .csv.gz, .parquet or Zeek .log path, or - for standard input [default: the workspace's data]
    #[arg(long, value_name = "SRC", value_parser = Source::parse)]
    pub data: Option<Source>,
    /// Schema file [default: the workspace's]
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Measure drift against this run's training data, or against this source
    #[arg(long, value_name = "RUN|SRC")]
    pub baseline: Option<String>,
    /// Write rejected rows to this CSV file
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// `predict`.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// Sources to score, in order: paths, or - for standard input
    #[arg(required = true, value_name = "INPUT", value_parser = Source::parse)]
    pub inputs: Vec<Source>,
    /// Model: a run id, champion, or a run's directory
    #[arg(long, value_name = "RUN|champion|DIR", default_value = "champion")]
    pub model: String,
    /// Output file [default: the workspace's prediction_output/output.csv]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Flag rows whose probability is at least this, instead of the model's threshold
    #[arg(long, value_name = "P", conflicts_with = "alerts")]
    pub threshold: Option<f64>,
    /// Flag at most this many rows, the most probable ones
    #[arg(long, value_name = "N")]
    pub alerts: Option<u64>,
    /// Give reasons for the N most probable flagged rows
    #[arg(long, value_name = "N")]
    pub explain: Option<usize>,
    /// Do not guard text cells that a spreadsheet would run as a formula
    #[arg(long)]
    pub raw: bool,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// `schema …`.
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    /// Write a schema for a source, each guess with its reason
    Generate {
        /// Source: a path, or - for standard input
        #[arg(value_name = "SRC", value_parser = Source::parse)]
        source: Source,
        /// The label's column, instead of a guess
        #[arg(long, value_name = "COL")]
        label: Option<String>,
        /// Where to write it [default: standard output]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Check a schema file
    Check {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// `runs …`.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List runs, newest first
    List {
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Show one run
    Show {
        /// Run id, champion, or a run's directory
        run: String,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Compare two runs: metrics, parameters, data, and whether the difference is real
    Compare {
        /// Run id, champion, or a run's directory
        a: String,
        /// Run id, champion, or a run's directory
        b: String,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Make a run the one that an alias names
    Promote {
        /// Run id
        run: String,
        /// The alias
        #[arg(long = "as", value_name = "ALIAS", default_value = "champion")]
        alias: String,
        /// Why, for the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Make the previous champion the champion again
    Rollback {
        /// Why, for the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Delete old runs; champions are kept
    Prune {
        /// How many of the newest runs to keep
        #[arg(long, value_name = "N")]
        keep: usize,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
}

/// `generate …`.
#[derive(Debug, Subcommand)]
pub enum GenerateCommand {
    /// Synthetic network flows: scans, brute force, beacons, exfiltration, DoS among benign traffic
    Flows(GenerateArgs),
    /// Synthetic phishing-site features
    Phishing(GenerateArgs),
}

/// Options of `generate …`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Rows to write
    #[arg(long, value_name = "N")]
    pub rows: u64,
    /// CSV file to write, or - for standard output
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// The same seed gives the same bytes
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
}
