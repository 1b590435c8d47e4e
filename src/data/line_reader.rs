//! Owns reading a stream line by line: each line is a row of one cell, cut into cells by whoever knows its form.

use super::batch::{Header, MalformedRow, RawBatch};
use super::error::DataError;
use super::input::{Input, read_error};
use super::reader::{NullTokens, RowReader};

/// A line longer than this is set apart as malformed instead of being held in memory.
const MAX_LINE: usize = 64 << 20;

/// Reads lines, without their line ends (LF or CRLF).
pub(super) struct LineReader {
    name: String,
    input: Input,
    header: Header,
    nulls: NullTokens,
    /// Lines of white space alone are no rows.
    skip_blank: bool,
    /// 1-based number of the next line.
    line: u64,
    failed: Option<DataError>,
}

/// What is next in the stream.
enum Next {
    /// A line of so many bytes, and those of its line end.
    Line(usize, usize),
    /// A line too long to be held.
    TooLong,
    Pause,
    End,
}

impl LineReader {
    /// Of a stream that begins with a row. The cell's name is `line`.
    pub(super) fn new(name: String, mut input: Input, nulls: NullTokens, skip_blank: bool) -> Self {
        if input.available().starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
        }
        Self {
            name,
            input,
            header: Header {
                names: vec!["line".to_owned()],
            },
            nulls,
            skip_blank,
            line: 1,
            failed: None,
        }
    }

    /// Takes the next line out of the stream, before any batch is read: a header. `None` at the end.
    ///
    /// # Errors
    /// The stream cannot be read, or the line is longer than 64 MiB.
    pub(super) fn take_line(&mut self) -> Result<Option<Vec<u8>>, DataError> {
        match self.next()? {
            Next::Line(length, ending) => {
                let line = self.input.available()[..length].to_vec();
                self.input.consume(length + ending);
                self.line += 1;
                Ok(Some(without_return(&line).to_vec()))
            }
            Next::TooLong => Err(DataError::read(
                &self.name,
                self.line,
                "the header is longer than 64 MiB; repair the first line".to_owned(),
                None,
            )),
            Next::Pause | Next::End => Ok(None),
        }
    }

    fn next(&mut self) -> Result<Next, DataError> {
        let mut looked_at = 0;
        loop {
            let data = self.input.available();
            let length = data.len();
            if let Some(at) = memchr::memchr(b'\n', &data[looked_at..]) {
                return Ok(Next::Line(looked_at + at, 1));
            }
            if self.input.at_end() {
                return Ok(if length > 0 { Next::Line(length, 0) } else { Next::End });
            }
            if length >= MAX_LINE {
                return Ok(Next::TooLong);
            }
            looked_at = length;
            self.input
                .fill((length * 2).clamp(1, MAX_LINE))
                .map_err(|cause| read_error(&self.name, self.line, cause))?;
            if self.input.take_pause() {
                return Ok(Next::Pause);
            }
        }
    }

    /// Goes past a line of any length, keeping its beginning.
    fn skip_long(&mut self, batch: &mut RawBatch) -> Result<(), DataError> {
        self.input.stop_at_pause(false);
        let reason = "longer than 64 MiB".to_owned();
        let row = MalformedRow::new(self.line, reason, self.input.available());
        batch.malformed.push(row);
        loop {
            let data = self.input.available();
            if let Some(at) = memchr::memchr(b'\n', data) {
                self.input.consume(at + 1);
                break;
            }
            self.input.consume(data.len());
            if self.input.at_end() {
                break;
            }
            self.input
                .fill(1)
                .map_err(|cause| read_error(&self.name, self.line, cause))?;
        }
        self.line += 1;
        Ok(())
    }

    /// Reads one line into `batch`; whether the batch may go on.
    fn step(&mut self, batch: &mut RawBatch) -> Result<bool, DataError> {
        match self.next()? {
            Next::Line(length, ending) => {
                let line = without_return(&self.input.available()[..length]);
                if !(self.skip_blank && line.trim_ascii().is_empty()) {
                    batch.bytes_mut().extend_from_slice(line);
                    batch.end_cell();
                    batch.end_row(self.line);
                }
                self.input.consume(length + ending);
                self.line += 1;
                Ok(true)
            }
            Next::TooLong => self.skip_long(batch).map(|()| true),
            Next::Pause | Next::End => Ok(false),
        }
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl RowReader for LineReader {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next_batch(&mut self, max_rows: usize) -> Result<Option<RawBatch>, DataError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut batch = RawBatch::new(1);
        while batch.has_room(max_rows) {
            self.input.stop_at_pause(batch.total_rows() > 0);
            match self.step(&mut batch) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) if batch.total_rows() == 0 => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok((batch.total_rows() > 0).then_some(batch))
    }

    fn null_tokens(&self) -> &NullTokens {
        &self.nulls
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn lines(text: &[u8], skip_blank: bool) -> Vec<(u64, Vec<u8>)> {
        let mut input = Input::new(Box::new(Cursor::new(text.to_vec())));
        input.fill(1).unwrap();
        let mut reader = LineReader::new("x".into(), input, NullTokens::default(), skip_blank);
        let mut all = Vec::new();
        while let Some(batch) = reader.next_batch(3).unwrap() {
            assert!(batch.rows() <= 3 && batch.malformed.is_empty());
            all.extend((0..batch.rows()).map(|row| (batch.line(row), batch.cell(row, 0).to_vec())));
        }
        assert!(reader.next_batch(3).unwrap().is_none());
        all
    }

    #[test]
    fn lines_keep_their_numbers_whatever_ends_them() {
        let text = b"\xef\xbb\xbfa\r\n\n b\t\n\r\nlast";
        let all = [(1, &b"a"[..]), (2, b""), (3, b" b\t"), (4, b""), (5, b"last")];
        let owned = |rows: &[(u64, &[u8])]| rows.iter().map(|(n, l)| (*n, l.to_vec())).collect::<Vec<_>>();
        assert_eq!(lines(text, false), owned(&all));
        assert_eq!(lines(text, true), owned(&[all[0], all[2], all[4]]));
        assert_eq!(lines(b"", false), []);
    }

    #[test]
    fn a_line_too_long_to_be_held_is_set_apart() {
        let mut text = vec![b'x'; MAX_LINE + 10_000_000];
        text.extend_from_slice(b"\nnext\n");
        let input = Input::new(Box::new(Cursor::new(text)));
        let mut reader = LineReader::new("x".into(), input, NullTokens::default(), false);
        let batch = reader.next_batch(10).unwrap().unwrap();
        assert_eq!((batch.rows(), batch.malformed.len()), (1, 1));
        assert_eq!((batch.line(0), batch.cell(0, 0)), (2, &b"next"[..]));
        assert_eq!(
            (batch.malformed[0].line, batch.malformed[0].raw.len()),
            (1, MalformedRow::MAX_RAW)
        );
    }
}
