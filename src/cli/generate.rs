//! Owns `generate`: synthetic data to a file or standard output.

use std::io::{self, BufWriter, Write};

use super::args::{GenerateArgs, GenerateCommand};
use super::error::CliError;
use super::print;
use crate::artifacts::atomic::AtomicFile;
use crate::cancel::CancelToken;
use crate::synthetic::{flows, phishing};

/// Writes synthetic rows.
pub(super) fn run(command: &GenerateCommand, cancel: &CancelToken) -> Result<(), CliError> {
    let (GenerateCommand::Flows(args) | GenerateCommand::Phishing(args)) = command;
    if args.output.as_os_str() == "-" {
        let mut out = BufWriter::new(io::stdout().lock());
        return match write(command, args, &mut out, cancel).and_then(|()| out.flush()) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(e) => Err(failed(&e, "standard output", cancel)),
            Ok(()) => Ok(()),
        };
    }
    let name = args.output.display().to_string();
    let mut file = AtomicFile::create(&args.output).map_err(CliError::failed)?;
    write(command, args, &mut file, cancel).map_err(|e| failed(&e, &name, cancel))?;
    file.commit().map_err(CliError::failed)?;
    print::line_err(&format!("{name}: {} synthetic rows, seed {}; no evidence of accuracy", args.rows, args.seed));
    Ok(())
}

fn write(command: &GenerateCommand, args: &GenerateArgs, out: &mut dyn Write, cancel: &CancelToken) -> io::Result<()> {
    match command {
        GenerateCommand::Flows(_) => flows::write_csv(args.rows, args.seed, out, cancel),
        GenerateCommand::Phishing(_) => phishing::write_csv(args.rows, args.seed, out, cancel),
    }
}

fn failed(error: &io::Error, name: &str, cancel: &CancelToken) -> CliError {
    if cancel.is_cancelled() {
        return CliError::Cancelled;
    }
    CliError::Failed { message: format!("{name}: {error}"), cause: None }
}
