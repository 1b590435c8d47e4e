//! Owns writing to the two standard streams: results to one, people's lines to the other. Never panics on a closed
//! pipe.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::error::CliError;
use crate::settings::LogLevel;
use crate::text::visible_text;

/// Writes a result to standard output.
///
/// # Errors
/// Standard output cannot be written; a closed pipe is no error.
pub(super) fn out(text: &str) -> Result<(), CliError> {
    bytes_out(text.as_bytes())
}

/// Writes bytes to standard output.
///
/// # Errors
/// As [`out`].
pub(super) fn bytes_out(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Failed {
            message: format!("standard output: {error}"),
            cause: Some(Box::new(error)),
        }),
        _ => Ok(()),
    }
}

/// Writes one JSON object and a line end to standard output.
///
/// # Errors
/// The value cannot be encoded, or as [`out`].
pub(super) fn json<T: Serialize>(value: &T) -> Result<(), CliError> {
    let mut text = escaped_json(&serde_json::to_string_pretty(value).map_err(CliError::failed)?);
    text.push('\n');
    out(&text)
}

/// JSON in which characters that a terminal would act on, or not show, are escaped too. JSON itself asks it only of the
/// first 32; C1 controls and direction marks would reach the terminal as they are. They stand in strings only, so the
/// value stays the same.
fn escaped_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        let (mut bytes, mut units) = ([0; 4], [0; 2]);
        let as_text: &str = c.encode_utf8(&mut bytes);
        if matches!(c, ' '..='~' | '\n') || visible_text(as_text) == as_text {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// Writes one line to standard error. A closed standard error is no reason to stop.
pub(super) fn line_err(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Tells a person what went wrong: one line, with the causes at log level debug.
pub(super) fn error(error: &CliError, level: Option<LogLevel>) {
    if matches!(error, CliError::Cancelled) {
        return line_err("cancelled");
    }
    line_err(&format!("nsec-tui: {}", visible_text(&error.to_string())));
    if matches!(level, Some(LogLevel::Debug | LogLevel::Trace)) {
        for cause in causes(error) {
            line_err(&format!("  because {}", visible_text(&cause)));
        }
    }
}

/// Puts an error with its causes into the log.
pub(super) fn log(error: &CliError) {
    if matches!(error, CliError::Cancelled) {
        tracing::info!("ended as was asked");
        return;
    }
    let causes = causes(error);
    tracing::error!(exit_code = error.exit_code(), causes = ?causes, "{error}");
}

/// The causes below an error, each once: layers that only pass a message on repeat it.
fn causes(error: &CliError) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = error.source();
    let mut last = error.to_string();
    while let Some(cause) = next {
        let text = cause.to_string();
        if text != last {
            causes.push(text.clone());
        }
        last = text;
        next = cause.source();
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_holds_no_character_that_a_terminal_acts_on_and_keeps_its_value() {
        let text = "a\u{9b}31m \u{202e} \u{200b} \u{7f} \u{e0001} \u{1b} \\ \" \n \t é 日 \u{1f600}";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let escaped = escaped_json(&json);
        assert!(
            !escaped
                .chars()
                .any(|c| (c.is_control() && c != '\n') || "\u{202e}\u{200b}\u{e0001}".contains(c)),
            "{escaped}"
        );
        assert!(escaped.contains("é 日 \u{1f600}"), "{escaped}");
        let back: Vec<String> = serde_json::from_str(&escaped).unwrap();
        assert_eq!(back, [text]);
    }
}
