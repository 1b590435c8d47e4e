//! Owns asking a person for a password: on a terminal only, and without showing what is typed.

use std::io::{self, BufReader, IsTerminal as _, Read as _, Write as _};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::cancel::Cancelled;
use crate::mongo::{MongoError, Secret};
use crate::text::visible_text;

/// Longer is no password.
const LONGEST: usize = 1024;

/// Asks for a user's password. `None` where nobody can be asked, or nothing was typed.
///
/// # Errors
/// Ctrl-C.
pub(super) fn ask(user: &str) -> Result<Option<Secret>, MongoError> {
    let (mut input, mut output) = (io::stdin(), io::stderr());
    if !input.is_terminal() || !output.is_terminal() {
        return Ok(None);
    }
    let _ = write!(output, "password for {}: ", visible_text(user));
    let _ = output.flush();
    let Ok(raw) = Raw::enter() else { return Ok(None) };
    let typed = read(&mut input);
    drop(raw);
    let _ = writeln!(output);
    typed
}

/// A terminal that shows nothing and hands over every key.
struct Raw;

impl Raw {
    fn enter() -> io::Result<Self> {
        enable_raw_mode().map(|()| Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _the_terminal_is_gone = disable_raw_mode();
    }
}

fn read(input: &mut impl io::Read) -> Result<Option<Secret>, MongoError> {
    const INTERRUPT: u8 = 0x03;
    const END: u8 = 0x04;
    const BACKSPACE: u8 = 0x08;
    const ERASE_ALL: u8 = 0x15;
    const DELETE: u8 = 0x7f;
    let mut typed = Vec::new();
    for byte in BufReader::new(input).bytes() {
        match byte {
            Err(_) | Ok(END) => return Ok(None),
            Ok(b'\r' | b'\n') => break,
            Ok(INTERRUPT) => return Err(Cancelled.into()),
            Ok(ERASE_ALL) => typed.clear(),
            Ok(BACKSPACE | DELETE) => {
                // Not only the last byte of a character.
                while typed.pop().is_some_and(|byte: u8| (0x80..0xc0).contains(&byte)) {}
            }
            Ok(byte) if typed.len() < LONGEST => typed.push(byte),
            Ok(_) => {}
        }
    }
    Ok(String::from_utf8(typed)
        .ok()
        .filter(|text| !text.is_empty())
        .map(Secret::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Option<String> {
        read(&mut &keys[..]).unwrap().map(|secret| secret.reveal().to_owned())
    }

    #[test]
    fn keys_become_a_password() {
        assert_eq!(typed(b"s3cret\r").as_deref(), Some("s3cret"));
        assert_eq!(
            typed("wrong\u{15}gr\u{fc}\u{7f}\u{fc}n\n".as_bytes()).as_deref(),
            Some("gr\u{fc}n")
        );
        assert_eq!(typed(b"\r"), None);
        assert_eq!(typed(b"abc\x04"), None);
        assert!(matches!(read(&mut &b"abc\x03"[..]), Err(MongoError::Cancelled(_))));
    }
}
