//! Owns `generate`: synthetic data to a file or standard output.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::args::{GenerateArgs, GenerateCommand};
use super::error::CliError;
use super::print;
use crate::artifacts::WriteError;
use crate::artifacts::atomic::AtomicFile;
use crate::cancel::CancelToken;
use crate::synthetic::{GenerateError, write_flows, write_phishing};

/// Writes synthetic rows.
pub(super) fn run(command: &GenerateCommand, cancel: &CancelToken) -> Result<(), CliError> {
    let (GenerateCommand::Flows(args) | GenerateCommand::Phishing(args)) = command;
    if args.output.as_os_str() == "-" {
        let standard_output = Path::new("standard output");
        let mut out = BufWriter::new(io::stdout().lock());
        return match write(command, args, &mut out, cancel) {
            Err(GenerateError::Write { cause, .. }) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result.map_err(|error| failed(error, standard_output)).and_then(|()| {
                out.flush()
                    .map_err(|cause| CliError::failed(WriteError::writing(standard_output, cause)))
            }),
        };
    }
    let name = args.output.display().to_string();
    let mut file = AtomicFile::create(&args.output).map_err(CliError::failed)?;
    write(command, args, &mut file, cancel).map_err(|error| failed(error, &args.output))?;
    file.commit().map_err(CliError::failed)?;
    print::line_err(&format!(
        "{name}: {} synthetic rows, seed {}; no evidence of accuracy",
        args.rows, args.seed
    ));
    Ok(())
}

fn write(
    command: &GenerateCommand,
    args: &GenerateArgs,
    out: &mut dyn Write,
    cancel: &CancelToken,
) -> Result<(), GenerateError> {
    match command {
        GenerateCommand::Flows(_) => write_flows(args.rows, args.seed, out, cancel).map(drop),
        GenerateCommand::Phishing(_) => write_phishing(args.rows, args.seed, out, cancel).map(drop),
    }
}

fn failed(error: GenerateError, output: &Path) -> CliError {
    match error {
        GenerateError::Cancelled(_) => CliError::Cancelled,
        GenerateError::Write { cause, .. } => CliError::failed(WriteError::writing(output, cause)),
    }
}
