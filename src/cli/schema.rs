//! Owns `schema generate` and `schema check`.

use super::args::SchemaCommand;
use super::context::Context;
use super::error::CliError;
use super::print;
use crate::artifacts::atomic;
use crate::data::open;
use crate::schema::{GenerateOptions, Loaded, Severity, generate};
use crate::surroundings::describe;
use crate::text::visible_text;

/// Runs a schema command.
pub(super) fn run(command: &SchemaCommand, context: &Context) -> Result<(), CliError> {
    match command {
        SchemaCommand::Generate { source, label, output } => {
            let mut reader = open(source, &context.settings.reading)?;
            let options = GenerateOptions {
                name: source.stem(),
                origin: source.to_string(),
                label: label.clone(),
                ..GenerateOptions::default()
            };
            let generated = generate(reader.as_mut(), &options, &context.cancel)?;
            for note in &generated.notes {
                context.progress.line(&visible_text(note));
            }
            match output {
                None => print::out(&generated.yaml),
                Some(path) => {
                    atomic::write_bytes(path, generated.yaml.as_bytes()).map_err(CliError::failed)?;
                    context.progress.line(&format!(
                        "wrote {}; check the label line, then train with it",
                        path.display()
                    ));
                    Ok(())
                }
            }
        }
        SchemaCommand::Check { file } => {
            let loaded = Loaded::read(file)?;
            for note in &loaded.notes {
                print::out(&format!("note: {}\n", visible_text(note)))?;
            }
            let problems = loaded.schema.check();
            for problem in &problems {
                let word = match problem.severity {
                    Severity::Block => "error",
                    Severity::Warn => "warning",
                    Severity::Info => "note",
                };
                print::out(&format!("{word}: {}\n", visible_text(&describe(problem))))?;
            }
            let errors = problems.iter().filter(|p| p.severity == Severity::Block).count();
            if errors > 0 {
                return Err(CliError::Usage(format!(
                    "{}: {errors} errors; it cannot be used as it is",
                    file.display()
                )));
            }
            let features = loaded.schema.features().count();
            print::out(&format!(
                "{}: sound, {} columns, {features} features\n",
                file.display(),
                loaded.schema.columns.len()
            ))
        }
    }
}
