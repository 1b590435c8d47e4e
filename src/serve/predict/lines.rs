//! Owns the blocks of an NDJSON body: lines until there are enough, or until the next would have to be waited for. A line
//! that is no record keeps its place.

use std::io::{self, Read};

use super::source::Queued;
use crate::serve::records;
use crate::serve::table::Table;
use crate::text::{json_reason, visible_text};

/// Rows of a block.
const ROWS: usize = 4_096;
/// Bytes of a block, roughly.
const BYTES: usize = 4 << 20;
/// A longer line is no record, and is passed over.
const LONGEST: usize = 1 << 20;
/// Bytes read at once.
const READ: usize = 64 << 10;

/// Reads lines into tables.
pub(in crate::serve) struct Lines {
    reader: Box<dyn Read + Send>,
    queued: Queued,
    buffer: Vec<u8>,
    /// Where in the buffer the next line begins.
    at: usize,
    /// From where on no line end has been looked for.
    seen: usize,
    line: u64,
    /// Whether the rest of a line that is too long is being passed over.
    skipping: bool,
    /// Whether the last read gave as much as there was room for: a packed body may hold more that need not be waited for.
    was_full: bool,
    ended: bool,
}

impl Lines {
    pub(in crate::serve) fn new(reader: Box<dyn Read + Send>, queued: Queued) -> Self {
        Self {
            reader,
            queued,
            buffer: Vec::new(),
            at: 0,
            seen: 0,
            line: 0,
            skipping: false,
            was_full: false,
            ended: false,
        }
    }

    /// Adds the next rows to a table; whether there were any.
    ///
    /// # Errors
    /// The body cannot be read further.
    pub(in crate::serve) fn fill(&mut self, table: &mut Table) -> io::Result<bool> {
        let (mut bytes, before) = (0, table.rows.len());
        while table.rows.len() - before < ROWS && bytes < BYTES {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer[self.seen..]) {
                let end = self.seen + end;
                bytes += end - self.at;
                if !self.take(end, table) {
                    self.seen = self.at;
                    break;
                }
                self.at = end + 1;
                self.seen = self.at;
                continue;
            }
            self.seen = self.buffer.len();
            if self.ended {
                if self.at < self.buffer.len() || self.skipping {
                    let end = self.buffer.len();
                    if self.take(end, table) {
                        self.at = end;
                    }
                }
                break;
            }
            if self.seen - self.at > LONGEST && !self.skipping {
                self.skipping = true;
                self.line += 1;
                table.push_bad(format!("is longer than {LONGEST} bytes"));
                table.lines.push(self.line);
            }
            if self.skipping {
                self.at = self.seen;
            }
            if table.rows.len() > before && self.queued.is_empty() && !self.was_full {
                break;
            }
            self.read()?;
        }
        Ok(table.rows.len() > before)
    }

    /// Whether nothing is left: a table that is full may end before the body does.
    pub(in crate::serve) fn are_all_in(&self) -> bool {
        self.ended && self.at == self.buffer.len()
    }

    fn read(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.seen -= self.at;
        self.at = 0;
        let before = self.buffer.len();
        self.buffer.resize(before + READ, 0);
        loop {
            match self.reader.read(&mut self.buffer[before..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffer.truncate(before);
                    return Err(error);
                }
                Ok(count) => {
                    self.buffer.truncate(before + count);
                    self.was_full = count == READ;
                    self.ended = count == 0;
                    return Ok(());
                }
            }
        }
    }

    /// Takes in the line that ends there; false if the table has no room for it, and the next one is to take it.
    fn take(&mut self, end: usize, table: &mut Table) -> bool {
        if std::mem::take(&mut self.skipping) {
            return true;
        }
        self.line += 1;
        let mut line = self.buffer[self.at..end].trim_ascii();
        if self.line == 1 {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return true;
        }
        let (rows, names) = (table.rows.len(), table.fields.len());
        if let Err(error) = records::parse_line(line, table) {
            table.rows.truncate(rows);
            table.bad.remove(&rows);
            // A line that is no record leaves no name behind: the rows beside it are what they would be without it.
            table.fields.truncate(names);
            if rows > 0 && records::is_full(&error) {
                self.line -= 1;
                return false;
            }
            let said = error.to_string();
            let reason = visible_text(json_reason(&said));
            table.push_bad(format!("is no record: {reason}"));
        }
        table.lines.push(self.line);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hands out its bytes in pieces.
    struct Pieces(Vec<u8>, usize);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    /// Every row's line, and why it cannot be scored.
    fn rows(text: &[u8], piece: usize) -> Vec<(u64, Option<String>, usize)> {
        let mut lines = Lines::new(Box::new(Pieces(text.to_vec(), piece)), Queued::default());
        let mut all = Vec::new();
        loop {
            let mut table = Table::default();
            if !lines.fill(&mut table).unwrap() {
                return all;
            }
            assert_eq!(table.rows.len(), table.lines.len());
            for (at, row) in table.rows.iter().enumerate() {
                all.push((
                    table.line(at),
                    table.bad.get(&at).map(|bad| bad.reason.clone()),
                    row.len(),
                ));
            }
        }
    }

    #[test]
    fn every_line_is_a_row_and_bad_ones_keep_their_place() {
        let text = b"\xef\xbb\xbf{\"a\": 1}\n\n{\"a\"\r\n{\"a\": 2, \"a\": 3}\n7\n{\"b\": [1]}\n {\"a\": 4}";
        let got = rows(text, 3);
        let lines: Vec<u64> = got.iter().map(|row| row.0).collect();
        assert_eq!(lines, [1, 3, 4, 5, 6, 7]);
        let bad: Vec<bool> = got.iter().map(|row| row.1.is_some()).collect();
        assert_eq!(
            bad,
            [false, true, true, true, false, false],
            "a list is for the schema to judge"
        );
        assert!(got[2].1.as_deref().unwrap().contains("`a` is given twice"), "{got:?}");
        assert_eq!(rows(b"", 3), []);
        assert_eq!(rows(b"\n\n \n", 3), []);
    }

    #[test]
    fn a_line_too_long_for_memory_is_one_bad_row() {
        let mut text = b"{\"a\": \"".to_vec();
        text.resize(5 * LONGEST, b'x');
        text.extend_from_slice(b"\"}\n{\"a\": 1}\n");
        let got = rows(&text, 100_000);
        assert_eq!(
            got.iter().map(|row| (row.0, row.1.is_some())).collect::<Vec<_>>(),
            [(1, true), (2, false)]
        );
        let unended = rows(&text[..3 * LONGEST], 100_000);
        assert_eq!(unended.len(), 1);
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            lines in prop::collection::vec("(\\{\"[ab]\": [0-9]{1,3}\\}|\\{|x| |)", 0..20),
            piece in 1_usize..40,
        ) {
            let text = lines.join("\n");
            let whole: Vec<_> = rows(text.as_bytes(), usize::MAX).into_iter().map(|r| (r.0, r.1)).collect();
            let cut: Vec<_> = rows(text.as_bytes(), piece).into_iter().map(|r| (r.0, r.1)).collect();
            prop_assert_eq!(&whole, &cut);
            let wanted = lines.iter().filter(|line| !line.trim().is_empty()).count();
            prop_assert_eq!(whole.len(), wanted);
        }
    }
}
