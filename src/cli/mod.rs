//! The command line: arguments, signals, logging, and one file a command. Of the console it knows how to start it.
//!
//! Standard output belongs to results (`--json`: exactly one object); people and progress are told on standard error.

pub mod args;
mod context;
mod error;
mod export_onnx;
mod export_sql;
mod generate;
mod hidden;
mod mongo;
mod password;
mod predict;
mod print;
mod progress;
mod reference;
mod runs;
mod schema;
mod score;
mod serve;
mod signals;
mod train;
mod tui;
mod usage;
mod validate;
mod verdicts;
mod verdicts_export;
mod verdicts_import;
mod verdicts_labels;
mod verdicts_set;
mod verdicts_sync;

use std::process::ExitCode;

use clap::Parser;

use self::args::{Cli, Command, ExportCommand, GlobalArgs, TuiArgs};
use self::context::Context;
use self::error::CliError;
use self::signals::SignalWatch;
use crate::cancel::CancelToken;
use crate::models::silence_engine_panics;

/// Parses the command line, runs the command and answers its exit code.
pub fn run() -> ExitCode {
    if let Err(error) = hidden::take_passwords_out() {
        print::error(&error, None);
        return ExitCode::from(error.exit_code());
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage::show(&error)),
    };
    silence_engine_panics();
    let command = match cli.command {
        Some(Command::Tui(args)) => return console(&args, &cli.global),
        None => return console(&TuiArgs::default(), &cli.global),
        Some(command) => command,
    };
    let cancel = CancelToken::new();
    let grace = match &command {
        Command::Serve(args) => args.grace(),
        _ => signals::GRACE,
    };
    let signals = match SignalWatch::install(cancel.clone(), grace) {
        Ok(signals) => signals,
        Err(error) => {
            print::line_err(&format!("nsec-tui: signals cannot be watched: {error}"));
            return ExitCode::from(1);
        }
    };
    let result = dispatch(&command, &cli.global, &cancel);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(code) = signals.exit_code().filter(|_| cancel.is_cancelled()) {
                return ExitCode::from(code);
            }
            print::error(&error, cli.global.log_level);
            ExitCode::from(error.exit_code())
        }
    }
}

/// The console watches signals itself.
fn console(args: &TuiArgs, global: &GlobalArgs) -> ExitCode {
    match tui::run(args, global) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            print::log(&error);
            print::error(&error, global.log_level);
            ExitCode::from(error.exit_code())
        }
    }
}

fn dispatch(command: &Command, global: &GlobalArgs, cancel: &CancelToken) -> Result<(), CliError> {
    match command {
        Command::Completions { shell } => return reference::completions(*shell),
        Command::Man => return reference::man(),
        Command::Generate(command) => return generate::run(command, cancel),
        _ => {}
    }
    let context = Context::open(global, cancel)?;
    let result = match command {
        Command::Train(args) => train::run(args, &context),
        Command::Validate(args) => validate::run(args, &context),
        Command::Predict(args) => predict::run(args, &context),
        Command::Score(args) => score::run(args, &context),
        Command::Schema(command) => schema::run(command, &context),
        Command::Serve(args) => serve::run(args, &context),
        Command::Runs(command) => runs::run(command, &context),
        Command::Mongo(command) => mongo::run(command, &context),
        Command::Verdicts(command) => verdicts::run(command, &context),
        Command::Export(ExportCommand::Onnx(args)) => export_onnx::run(args, &context),
        Command::Export(ExportCommand::Sql(args)) => export_sql::run(args, &context),
        Command::Tui(_) | Command::Completions { .. } | Command::Man | Command::Generate(_) => Ok(()),
    };
    if let Err(error) = &result {
        print::log(error);
    }
    result
}
