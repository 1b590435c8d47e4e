//! Owns copying: over the terminal into the clipboard of whoever sits in front of it, or else into a file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::terminal::Terminal;
use crate::text::grouped;

/// Bytes of text that terminals take: 100,000 with everything around it.
pub const LIMIT: usize = 74_994;

/// Bytes that GNU screen passes on in one piece.
const SCREEN_PIECE: usize = 240;

/// How a text is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Copying {
    /// By these bytes to the terminal. Whether it takes them cannot be known: "sent to the terminal" is all that may
    /// be said.
    Send(Vec<u8>),
    /// Not over this terminal, for this reason.
    Refuse(Refusal),
}

/// Why the terminal is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// More than terminals take.
    TooLong,
    /// A terminal that has no clipboard.
    NoClipboard,
}

/// What copying has to know of its surroundings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    clipboard: bool,
    tmux: bool,
    screen: bool,
}

impl Route {
    /// The way to the clipboard, as far as the environment tells.
    pub fn find(get: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| get(name).is_some_and(|value| !value.is_empty());
        let term = get("TERM").unwrap_or_default();
        let term = term.to_string_lossy();
        let none = term.is_empty() || term.starts_with("vt") || ["linux", "dumb", "unknown"].contains(&&*term);
        Self {
            clipboard: !none,
            tmux: set("TMUX"),
            screen: set("STY"),
        }
    }

    /// How to copy a text.
    pub fn copy(&self, text: &str) -> Copying {
        if text.len() > LIMIT {
            return Copying::Refuse(Refusal::TooLong);
        }
        if !self.clipboard {
            return Copying::Refuse(Refusal::NoClipboard);
        }
        let command = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
        if self.screen {
            return Copying::Send(through_screen(&command));
        }
        let mut bytes = command.clone().into_bytes();
        if self.tmux {
            // tmux takes the command itself or lets it through, as it is set up.
            let inner = command.replace('\x1b', "\x1b\x1b");
            bytes.extend_from_slice(format!("\x1bPtmux;{inner}\x1b\\").as_bytes());
        }
        Copying::Send(bytes)
    }
}

/// Copies a text over the terminal, or else into a file; the line to say about it.
pub fn copy(route: &Route, terminal: &Terminal, file: &Path, text: &str) -> String {
    let characters = grouped(text.chars().count() as u64);
    let why = match route.copy(text) {
        Copying::Send(bytes) => {
            return match terminal.write(&bytes) {
                Ok(()) => format!("sent to the terminal: {characters} characters"),
                Err(gone) => gone.to_string(),
            };
        }
        Copying::Refuse(Refusal::TooLong) => format!("{characters} characters are more than a terminal takes"),
        Copying::Refuse(Refusal::NoClipboard) => "this terminal has no clipboard".to_owned(),
    };
    match write_private(file, text) {
        Ok(()) => format!("{why}: written to {}", file.display()),
        Err(cause) => format!("not copied: {why}, and {}: {cause}", file.display()),
    }
}

/// Writes a file that nobody else may read.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// GNU screen passes on strings of a bounded length, one after the other.
fn through_screen(command: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(command.len() * 2);
    for piece in command.as_bytes().chunks(SCREEN_PIECE) {
        bytes.extend_from_slice(b"\x1bP");
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\x1b\\");
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(variables: &[(&str, &str)]) -> Route {
        Route::find(|name| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    fn sent(variables: &[(&str, &str)], text: &str) -> String {
        match route(variables).copy(text) {
            Copying::Send(bytes) => String::from_utf8(bytes).unwrap(),
            Copying::Refuse(reason) => panic!("{reason:?}"),
        }
    }

    #[test]
    fn a_text_goes_to_the_clipboard_of_the_terminal() {
        let xterm = ("TERM", "xterm-256color");
        assert_eq!(sent(&[xterm], "a,b\n"), "\x1b]52;c;YSxiCg==\x07");
        assert_eq!(sent(&[xterm], ""), "\x1b]52;c;\x07");
        assert_eq!(sent(&[xterm], "\x1b]52;c;x\x07"), "\x1b]52;c;G101MjtjO3gH\x07");
    }

    #[test]
    fn multiplexers_are_told_to_pass_it_on() {
        assert_eq!(
            sent(&[("TERM", "tmux-256color"), ("TMUX", "/tmp/tmux-0/default,1,0")], "a"),
            "\x1b]52;c;YQ==\x07\x1bPtmux;\x1b\x1b]52;c;YQ==\x07\x1b\\"
        );
        let through = sent(&[("TERM", "screen"), ("STY", "1.pts-0.host")], &"x".repeat(300));
        assert_eq!(through.matches("\x1bP").count(), 2);
        assert!(through.split("\x1b\\").all(|piece| piece.len() <= SCREEN_PIECE + 2));
        let inner = through.replace("\x1b\\", "").replace("\x1bP", "");
        assert!(inner.starts_with("\x1b]52;c;eHh4") && inner.ends_with('\x07'));
    }

    #[test]
    fn what_no_terminal_takes_is_refused() {
        let xterm = [("TERM", "xterm")];
        assert!(matches!(route(&xterm).copy(&"x".repeat(LIMIT)), Copying::Send(bytes) if bytes.len() == 100_000));
        let refused = |reason| Copying::Refuse(reason);
        assert_eq!(route(&xterm).copy(&"x".repeat(LIMIT + 1)), refused(Refusal::TooLong));
        for term in ["linux", "dumb", "vt220", ""] {
            assert_eq!(
                route(&[("TERM", term)]).copy("a"),
                refused(Refusal::NoClipboard),
                "{term}"
            );
        }
    }
}
