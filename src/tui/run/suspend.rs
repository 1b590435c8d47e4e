//! Owns going to sleep on Ctrl-Z: back to the shell with the terminal as it was, and up again on `fg`.

use std::fs;
use std::io;

use signal_hook::consts::SIGTSTP;
use signal_hook::low_level::emulate_default_handler;

use super::terminal::Terminal;

/// Parents that are looked at before a shell must have been found.
const FAR: usize = 32;

/// Sleeps until the shell wakes the program; the screen has to be drawn anew then. False if no shell would ever wake
/// it, as under `ssh -t host nsec-tui`: then nothing happens.
///
/// # Errors
/// The terminal cannot be taken again.
pub fn suspend(terminal: &Terminal) -> io::Result<bool> {
    if is_orphaned() {
        return Ok(false);
    }
    terminal.leave();
    // Stops every thread; the next line runs after the shell's `fg`.
    let stopped = emulate_default_handler(SIGTSTP);
    terminal.retake()?;
    stopped.map(|()| true)
}

/// Whether no process of the session could wake this one's group. Where that cannot be found out, a shell is assumed.
fn is_orphaned() -> bool {
    let read = |process: &str| parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?);
    let Some(own) = read("self") else { return false };
    let mut parent = own.parent;
    for _ in 0..FAR {
        let Some(process) = read(&parent.to_string()) else {
            // It cannot be seen, or there is none.
            return parent == 0;
        };
        if process.group != own.group {
            return process.session != own.session;
        }
        parent = process.parent;
    }
    false
}

/// What a process's `stat` file tells of its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    parent: i64,
    group: i64,
    session: i64,
}

/// Its name stands in parentheses and may hold anything, so what counts comes behind the last one.
fn parse(stat: &str) -> Option<Place> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut numbers = rest.split_whitespace().skip(1).map(str::parse::<i64>);
    let mut next = || numbers.next()?.ok();
    Some(Place {
        parent: next()?,
        group: next()?,
        session: next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_placed_whatever_its_name() {
        let place = Place {
            parent: 21,
            group: 20,
            session: 19,
        };
        assert_eq!(parse("22 (nsec-tui) S 21 20 19 34816 22 4194304"), Some(place));
        assert_eq!(parse("22 (a) R 1 1 1) S 21 20 19 0"), Some(place));
        assert_eq!(parse("22 (nsec-tui) S 21"), None);
        assert_eq!(parse(""), None);
    }
}
