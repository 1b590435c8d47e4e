//! Owns gathering lines that come quickly into few writes: a server that logs each of very many requests would otherwise spend
//! much of its time on writing them one by one.

use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Bytes that wait at most.
const MOST: usize = 64 << 10;
/// Writes do not follow each other sooner. A line that comes alone is written at once.
const APART: Duration = Duration::from_millis(2);

/// A writer that writes when it is flushed, which the thread that it is for does whenever no line waits.
#[derive(Debug)]
pub(super) struct Gathered<W> {
    writer: W,
    waiting: Vec<u8>,
    last: Option<Instant>,
}

impl<W: Write> Gathered<W> {
    pub(super) fn new(writer: W) -> Self {
        Self {
            writer,
            waiting: Vec::new(),
            last: None,
        }
    }

    fn write_waiting(&mut self) -> io::Result<()> {
        let written = self.writer.write_all(&self.waiting);
        // What a full disk does not take is lost, as a line by itself would be; it must not pile up.
        self.waiting.clear();
        written
    }
}

impl<W: Write> Write for Gathered<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(line);
        if self.waiting.len() >= MOST {
            self.write_waiting()?;
        }
        Ok(line.len())
    }

    /// Writes, and waits a moment if it wrote just before: the lines that come meanwhile are the next write.
    fn flush(&mut self) -> io::Result<()> {
        if !self.waiting.is_empty() {
            self.write_waiting()?;
            let last = self.last.replace(Instant::now());
            if last.is_some_and(|last| last.elapsed() < 2 * APART) {
                std::thread::sleep(APART);
            }
        }
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps each write by itself; refuses while `full`.
    #[derive(Default)]
    struct Writes {
        all: Vec<Vec<u8>>,
        full: bool,
    }

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.full {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.all.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_one_write_at_the_flush_and_none_is_kept_back_for_ever() {
        let mut gathered = Gathered::new(Writes::default());
        gathered.write_all(b"one\n").unwrap();
        gathered.write_all(b"two\n").unwrap();
        assert!(gathered.writer.all.is_empty());
        gathered.flush().unwrap();
        gathered.flush().unwrap();
        assert_eq!(gathered.writer.all, [b"one\ntwo\n"]);
        gathered.write_all(&vec![b'x'; MOST]).unwrap();
        assert_eq!(gathered.writer.all.len(), 2, "a long wait is cut short");
    }

    #[test]
    fn what_a_full_disk_refuses_does_not_pile_up() {
        let mut gathered = Gathered::new(Writes {
            full: true,
            ..Writes::default()
        });
        gathered.write_all(b"lost\n").unwrap();
        assert!(gathered.flush().is_err());
        gathered.writer.full = false;
        gathered.write_all(b"kept\n").unwrap();
        gathered.flush().unwrap();
        assert_eq!(gathered.writer.all, [b"kept\n"]);
    }
}
