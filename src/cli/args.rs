//! Owns the command line: every command, flag and help text. Completions and the man page are made from it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::export_onnx::ExportOnnxArgs;
use super::export_sql::ExportSqlArgs;
use super::score::ScoreArgs;
use crate::data::{CollectionSource, Source, SplitStrategy};
use crate::metrics::ThresholdRule;
use crate::models::SearchStrategy;
use crate::mongo::MongoError;
use crate::settings::LogLevel;

/// Examples under `--help`, and in the manual page.
pub(super) const EXAMPLES: &str = "  nsec-tui                                        open the console
  nsec-tui train                                  learn from the workspace's data
  nsec-tui validate --data new.csv                check a file before it is scored
  nsec-tui predict new.csv --alerts 50            flag the 50 rows most likely malicious
  nsec-tui schema generate flows.csv --output flows.yaml
  nsec-tui train --data flows.csv --schema flows.yaml
  nsec-tui runs list";

/// Exit codes, under `--help` and in the manual page.
pub(super) const EXIT_CODES: &str = "  0              done
  1              failed
  2              wrong use: a flag, a setting or a schema
  3              the data is blocked by validation
  4              a model, run or store is unreachable or damaged
  129, 130, 143  ended by SIGHUP, Ctrl-C or SIGTERM";

/// Learns to tell malicious network traffic and phishing sites from benign ones, and scores files with what it learned.
#[derive(Debug, Parser)]
#[command(
    name = "nsec-tui",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = format!("Examples:\n{EXAMPLES}\n\nExit codes:\n{EXIT_CODES}"),
)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,

    /// What to do; nothing opens the console.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The heading under which every command's help lists them.
const GLOBAL: &str = "Options of every command";

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// Where settings, data, runs and output are [default: NSEC_WORKSPACE, else the nearest directory upwards with
    /// nsec.yaml or data_schema/schema.yaml, else the user's data directory]
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL)]
    pub workspace: Option<PathBuf>,

    /// Settings file [default: the workspace's nsec.yaml, which need not exist]
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    pub config: Option<PathBuf>,

    /// How much is logged: off, error, warn, info, debug or trace; at debug an error on the terminal shows its causes
    /// [default: the setting logging.level, info]
    #[arg(long, global = true, value_name = "L", value_parser = str::parse::<LogLevel>, help_heading = GLOBAL)]
    pub log_level: Option<LogLevel>,

    /// No colour on the terminal (NO_COLOR does the same)
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub no_color: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the console: browse, validate, train, compare; without any command it opens, too
    Tui(TuiArgs),
    /// Train models, compare them by cross-validation and keep the best as a versioned run
    Train(TrainArgs),
    /// Check data against the schema; with a baseline, measure its drift
    Validate(ValidateArgs),
    /// Score data with a trained model
    Predict(PredictArgs),
    /// Score rows as they come through a pipe and answer each in its place
    Score(ScoreArgs),
    /// Serve predictions over HTTP, with an upload page for people
    Serve(super::serve::ServeArgs),
    /// Generate or check a schema
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// List, show, compare, promote, roll back and prune training runs
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Test, fill and read the MongoDB server that a team shares
    #[command(subcommand)]
    Mongo(MongoCommand),
    /// Decide, export, import and count decisions; find doubtful training labels, write cleaned data
    #[command(subcommand)]
    Verdicts(VerdictsCommand),
    /// Write a model down for other engines
    #[command(subcommand)]
    Export(ExportCommand),
    /// Generate synthetic data for demos and load tests; never evidence of accuracy
    #[command(subcommand)]
    Generate(GenerateCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page; read it with: nsec-tui man | man -l -
    Man,
}

/// `tui`.
#[derive(Debug, Default, Args)]
pub struct TuiArgs {
    /// A .csv, .csv.gz, .parquet or Zeek .log file to start with; without it the last session is taken up
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Draw with ASCII alone, for fonts and terminals that have no more (LANG=C does the same)
    #[arg(long)]
    pub ascii: bool,
    /// Let the console have the mouse; Alt-m gives it back
    #[arg(long)]
    pub mouse: bool,
    /// Write the session down in this new file, one JSON line a message; what stands in cells is hidden
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// With --record: write down what stands in cells, too
    #[arg(long, requires = "record")]
    pub record_cells: bool,
}

/// `train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// A .csv, .csv.gz, .parquet or Zeek .log file, - for CSV on standard input, or mongodb://HOST/DATABASE.COLLECTION
    /// [default: the workspace's Network_Data/phisingData.csv, else the bundled copy]
    #[arg(long, value_name = "SRC", value_parser = Source::parse)]
    pub data: Option<Source>,
    /// Only the documents of a MongoDB collection that fit this filter, in extended JSON: '{"Result": -1}'
    #[arg(long, value_name = "JSON")]
    pub query: Option<String>,
    /// Schema file [default: the workspace's data_schema/schema.yaml, else the bundled one]
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Model families to train, comma separated, or all [setting: training.models]
    #[arg(long, value_name = "a,b|all", value_delimiter = ',')]
    pub models: Vec<String>,
    /// How hyper-parameters are searched: none, grid or random [setting: training.search]
    #[arg(long, value_name = "HOW")]
    pub search: Option<SearchStrategy>,
    /// Trials for each family with --search random [setting: training.trials]
    #[arg(long, value_name = "N")]
    pub trials: Option<usize>,
    /// Seed of every random choice; the same seed gives the same model [setting: training.seed]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Threads to use; their number never changes the model [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// How test rows are set aside: grouped (rows with the same features stay on one side), stratified or time (the
    /// latest rows) [setting: training.split]
    #[arg(long, value_name = "HOW")]
    pub split: Option<SplitStrategy>,
    /// Share of rows set aside for the test, 0.05 to 0.5 [setting: training.test_fraction]
    #[arg(long, value_name = "F")]
    pub test_fraction: Option<f64>,
    /// Metric that selects the best model in cross-validation [setting: training.select_by]
    #[arg(long, value_name = "METRIC")]
    pub select_by: Option<String>,
    /// How the threshold is chosen: f1, alerts:N, cost:FP,FN or fpr:X [setting: training.threshold_by]
    #[arg(long, value_name = "RULE")]
    pub threshold_by: Option<ThresholdRule>,
    /// Learn from what people judged, too: true positives as malicious, false positives as benign [settings:
    /// training.verdicts]
    #[arg(long)]
    pub with_verdicts: bool,
    /// Take over the finished trials of this interrupted run, which must be of the same data and settings
    #[arg(long, value_name = "RUN")]
    pub resume: Option<String>,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// `validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// A .csv, .csv.gz, .parquet or Zeek .log file, - for CSV on standard input, or mongodb://HOST/DATABASE.COLLECTION
    /// [default: the workspace's Network_Data/phisingData.csv, else the bundled copy]
    #[arg(long, value_name = "SRC", value_parser = Source::parse)]
    pub data: Option<Source>,
    /// Only the documents of a MongoDB collection that fit this filter, in extended JSON: '{"Result": -1}'
    #[arg(long, value_name = "JSON")]
    pub query: Option<String>,
    /// Schema file [default: the workspace's data_schema/schema.yaml, else the bundled one]
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Measure drift against this run's training rows, or against the rows of this file
    #[arg(long, value_name = "RUN|SRC")]
    pub baseline: Option<String>,
    /// Write rejected rows to this CSV file
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Store the report as a document of this collection, too: mongodb://HOST/DATABASE.COLLECTION
    #[arg(long, value_name = "COLLECTION", value_parser = boxed_collection)]
    pub report_to: Option<Box<CollectionSource>>,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// Boxed, for an address with all of its options is large.
fn boxed_collection(text: &str) -> Result<Box<CollectionSource>, MongoError> {
    CollectionSource::parse(text).map(Box::new)
}

/// `predict`.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// What to score, in order: .csv, .csv.gz, .parquet or Zeek .log files, - for CSV on standard input, or
    /// mongodb://HOST/DATABASE.COLLECTION
    #[arg(required = true, value_name = "INPUT", value_parser = Source::parse)]
    pub inputs: Vec<Source>,
    /// Only the documents of a MongoDB collection that fit this filter, in extended JSON: '{"Result": -1}'
    #[arg(long, value_name = "JSON")]
    pub query: Option<String>,
    /// The model: a run id, champion, or a run's directory
    #[arg(long, value_name = "RUN|champion|DIR", default_value = "champion")]
    pub model: String,
    /// Scored file; rows that cannot be scored go to NAME.rejects.csv beside it. mongodb://HOST/DATABASE.COLLECTION stores
    /// the scored rows there, and writes the default file, too [default: the workspace's prediction_output/output.csv, with
    /// rejects.csv]
    #[arg(long, value_name = "FILE|COLLECTION")]
    pub output: Option<PathBuf>,
    /// Flag rows whose probability is at least this, 0 to 1 [default: the model's own threshold]
    #[arg(long, value_name = "P", conflicts_with = "alerts")]
    pub threshold: Option<f64>,
    /// Flag at most this many rows, the most probable ones; rows that tie at the cut stay out
    #[arg(long, value_name = "N")]
    pub alerts: Option<u64>,
    /// Give reasons for the N most probable flagged rows, in points: all the evidence in a row, for malicious and
    /// against, is 100 points [setting: prediction.explain]
    #[arg(long, value_name = "N")]
    pub explain: Option<usize>,
    /// Write text cells as they are, even where a spreadsheet would run them as a formula
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
        /// A .csv, .csv.gz, .parquet or Zeek .log file, or - for CSV on standard input
        #[arg(value_name = "SRC", value_parser = Source::parse)]
        source: Source,
        /// The column that holds the label [default: guessed, with the reason written beside it]
        #[arg(long, value_name = "COL")]
        label: Option<String>,
        /// Where to write it [default: standard output]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Check a schema file; lists everything wrong with it
    Check {
        /// The schema file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// `runs …`.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List runs, newest first
    List {
        /// The runs that the team shares on its MongoDB server
        #[arg(long)]
        remote: bool,
        /// Which server.
        #[command(flatten)]
        server: MongoArgs,
    },
    /// Share a finished run: its files and manifest go to the team's MongoDB server
    Push {
        /// Run id, champion, or another alias
        run: String,
        /// Which server.
        #[command(flatten)]
        server: MongoArgs,
    },
    /// Fetch a shared run into this workspace; refused if a file is not what the manifest tells
    Pull {
        /// Run id, champion, or another name that the team shares
        run: String,
        /// Which server.
        #[command(flatten)]
        server: MongoArgs,
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
    /// Make a run the champion, which predict uses, or give it another alias
    Promote {
        /// Run id
        run: String,
        /// The alias it gets
        #[arg(long = "as", value_name = "ALIAS", default_value = "champion")]
        alias: String,
        /// Why, for the audit log
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
        /// Give the name to a shared run, for the whole team
        #[arg(long)]
        remote: bool,
        /// Which server.
        #[command(flatten)]
        server: MongoArgs,
    },
    /// Make the previous champion the champion again
    Rollback {
        /// Why, for the audit log
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Delete old runs; the champion, its predecessors and aliased runs are kept
    Prune {
        /// How many of the newest runs to keep
        #[arg(long, value_name = "N")]
        keep: usize,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
}

/// `mongo …`.
#[derive(Debug, Subcommand)]
pub enum MongoCommand {
    /// Test the connection: server, version, topology, latency, user, rights, TLS
    Ping {
        /// Which server.
        #[command(flatten)]
        server: MongoArgs,
    },
    /// Store the rows of a file in a collection; rows that are there already are not stored again
    Push {
        /// A .csv, .csv.gz, .parquet or Zeek .log file, or - for CSV on standard input
        #[arg(value_name = "SRC", value_parser = Source::parse)]
        source: Source,
        /// The collection [default: the file's name without its endings]
        #[arg(long, value_name = "COLLECTION")]
        into: Option<String>,
        /// Which server.
        #[command(flatten)]
        server: MongoArgs,
    },
    /// Write a collection to a CSV file, in the order of the file that was pushed
    Pull {
        /// The collection
        collection: String,
        /// CSV file to write, or - for standard output
        file: PathBuf,
        /// Only the documents that fit this filter, in extended JSON: '{"Result": -1}'
        #[arg(long, value_name = "JSON")]
        query: Option<String>,
        /// Which server.
        #[command(flatten)]
        server: MongoArgs,
    },
}

/// Options of `mongo …`.
#[derive(Debug, Args)]
pub struct MongoArgs {
    /// The server: mongodb://USER@HOST:PORT/DATABASE?tls=true, or mongodb+srv://…; the password comes from
    /// NSEC_MONGODB_PASSWORD, the setting mongo.password_file, or is asked for [default: NSEC_MONGODB_URI, else the
    /// setting mongo.uri]
    #[arg(long, value_name = "URI")]
    pub uri: Option<String>,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// `verdicts …`.
#[derive(Debug, Subcommand)]
pub enum VerdictsCommand {
    /// Write judged cases, or the rows of a scored file with their verdicts
    Export(super::verdicts_export::VerdictsExportArgs),
    /// Take in what another analyst decided; contradictions are listed, and nobody's verdict is lost
    Import {
        /// Files by verdicts export (CSV, NDJSON), or another workspace's logs/audit.ndjson
        #[arg(required_unless_present = "from_audit", value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Take over whatever this workspace's own logs/audit.ndjson has and the store lacks
        #[arg(long, conflicts_with = "files")]
        from_audit: bool,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Count verdicts by kind, lane and analyst; agreement, precision by run and week, contradictions
    Stats {
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Exchange verdicts and suppression rules with the team's MongoDB server, once; a console does so by itself
    Sync {
        /// Which server
        #[command(flatten)]
        server: MongoArgs,
    },
    /// Commands that decide
    #[command(flatten)]
    Set(super::verdicts_set::SetCommand),
    /// Commands about labels
    #[command(flatten)]
    Labels(super::verdicts_labels::LabelsCommand),
}

/// `export …`.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// An ONNX graph with everything inside, rows to check a runtime with, and a Spark job
    Onnx(ExportOnnxArgs),
    /// One SQL query with everything inside, for a linear model or a few small trees
    Sql(ExportSqlArgs),
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
    /// Seed; the same seed gives the same bytes
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
}
