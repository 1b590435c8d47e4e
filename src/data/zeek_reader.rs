//! Owns the reader of Zeek logs in their tab-separated form.

use super::batch::{BatchSize, Header, MalformedRow, RawBatch};
use super::error::DataError;
use super::header_check::check_names;
use super::input::{BlankLines, Input, read_error};
use super::reader::{NullTokens, RowReader};

/// A line longer than this is set apart as malformed instead of being held in memory.
const MAX_LINE: usize = 64 << 20;

/// Reads a Zeek log: `#separator`, `#unset_field`, `#empty_field` and `#fields` at its top, then one row a line.
///
/// Escapes such as `\x09` inside cells stay as they are. A cell that is the unset or the empty marker means "no value".
/// Other lines that start with `#` are comments; a repeated head (joined logs) must name the same fields.
pub(super) struct ZeekReader {
    name: String,
    input: Input,
    separator: u8,
    unset: Vec<u8>,
    empty: Vec<u8>,
    header: Header,
    nulls: NullTokens,
    notes: Vec<String>,
    /// 1-based physical line of the next byte.
    line: u64,
    closed: bool,
    blank: BlankLines,
    size: BatchSize,
    failed: Option<DataError>,
    done: bool,
}

/// One physical line.
enum Line {
    /// Its text is the first `text` bytes available; it takes `consumed` bytes.
    Whole {
        text: usize,
        consumed: usize,
    },
    /// It is longer than [`MAX_LINE`].
    TooLong,
    End,
}

impl ZeekReader {
    /// Reads the head up to the first row.
    ///
    /// # Errors
    /// There is no `#fields` line, the separator is not one byte, or reading failed.
    pub(super) fn open(name: String, input: Input, notes: Vec<String>) -> Result<Self, DataError> {
        let mut reader = Self {
            name,
            input,
            separator: b'\t',
            unset: b"-".to_vec(),
            empty: b"(empty)".to_vec(),
            header: Header::default(),
            nulls: NullTokens::new::<Vec<u8>>([]),
            notes,
            line: 1,
            closed: false,
            blank: BlankLines::default(),
            size: BatchSize::default(),
            failed: None,
            done: false,
        };
        reader.read_head()?;
        reader.nulls = NullTokens::new([reader.unset.clone(), reader.empty.clone()]);
        Ok(reader)
    }

    fn read_head(&mut self) -> Result<(), DataError> {
        loop {
            match self.next_line()? {
                Line::Whole { text, consumed } if self.input.available()[..text].first() == Some(&b'#') => {
                    let directive = self.input.available()[..text].to_vec();
                    self.directive(&directive)?;
                    self.use_line(consumed);
                }
                Line::Whole { text: 0, consumed } => {
                    self.blank.add(self.line);
                    self.use_line(consumed);
                }
                _ => break,
            }
        }
        if self.header.names.is_empty() {
            let reason = "no #fields line before the first row; this is not a complete Zeek log";
            return Err(DataError::content(&self.name, reason));
        }
        Ok(())
    }

    /// Takes in one `#` line.
    fn directive(&mut self, line: &[u8]) -> Result<(), DataError> {
        if let Some(value) = line.strip_prefix(b"#separator") {
            self.separator = parse_separator(value.trim_ascii()).ok_or_else(|| {
                let reason = "#separator is not one character; only logs with a one-character separator are read";
                DataError::read(&self.name, self.line, reason, None)
            })?;
            return Ok(());
        }
        let mut parts = line.split(|&byte| byte == self.separator);
        let (key, first) = (parts.next().unwrap_or_default(), parts.next());
        match (key, first) {
            (b"#unset_field", Some(value)) => self.unset = value.to_vec(),
            (b"#empty_field", Some(value)) => self.empty = value.to_vec(),
            (b"#close", _) => self.closed = true,
            (b"#fields", Some(first)) => {
                self.closed = false;
                let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
                let names: Vec<String> = std::iter::once(first).chain(parts).map(text).collect();
                if self.header.names.is_empty() {
                    check_names(&self.name, &names, self.separator)?;
                    self.header = Header { names };
                } else if self.header.names != names {
                    let reason = "a second #fields line names other fields; split the file into one log each";
                    return Err(DataError::read(&self.name, self.line, reason, None));
                }
            }
            (b"#types", Some(_)) => {
                let types = parts.count() + 1;
                let fields = self.header.names.len();
                if fields > 0 && types != fields {
                    self.notes
                        .push(format!("#types names {types} types for {fields} fields"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn use_line(&mut self, consumed: usize) {
        self.input.consume(consumed);
        self.line += 1;
    }

    /// Finds the next line, reading on as needed; does not use it up.
    fn next_line(&mut self) -> Result<Line, DataError> {
        loop {
            let data = self.input.available();
            if let Some(feed) = memchr::memchr(b'\n', data) {
                let text = feed - usize::from(data[..feed].last() == Some(&b'\r'));
                return Ok(Line::Whole {
                    text,
                    consumed: feed + 1,
                });
            }
            let length = data.len();
            if self.input.at_end() {
                return Ok(if length == 0 {
                    Line::End
                } else {
                    Line::Whole {
                        text: length,
                        consumed: length,
                    }
                });
            }
            if length >= MAX_LINE {
                return Ok(Line::TooLong);
            }
            self.fill((length * 2).min(MAX_LINE))?;
        }
    }

    fn fill(&mut self, wanted: usize) -> Result<(), DataError> {
        self.input
            .fill(wanted)
            .map_err(|cause| read_error(&self.name, self.line, cause))
    }

    /// Reads the next line into `batch`; `false` at the end.
    fn step(&mut self, batch: &mut RawBatch) -> Result<bool, DataError> {
        let (text, consumed) = match self.next_line()? {
            Line::End => return Ok(false),
            Line::TooLong => return self.skip_long(batch).map(|()| true),
            Line::Whole { text, consumed } => (text, consumed),
        };
        let row = &self.input.available()[..text];
        if row.first() == Some(&b'#') {
            let directive = row.to_vec();
            self.directive(&directive)?;
        } else if row.is_empty() {
            self.blank.add(self.line);
        } else {
            let mark = batch.mark();
            let columns = batch.columns();
            let cells = batch.copy_delimited(row, self.separator, columns);
            if cells == columns {
                batch.end_row(self.line);
            } else {
                batch.roll_back(mark);
                let reason = MalformedRow::width_reason(cells, columns);
                batch.malformed.push(MalformedRow::new(self.line, reason, row));
            }
        }
        self.use_line(consumed);
        Ok(true)
    }

    fn skip_long(&mut self, batch: &mut RawBatch) -> Result<(), DataError> {
        let row = MalformedRow::new(self.line, "longer than 64 MiB".to_owned(), self.input.available());
        batch.malformed.push(row);
        loop {
            let data = self.input.available();
            let feed = memchr::memchr(b'\n', data);
            let consumed = feed.map_or(data.len(), |at| at + 1);
            self.input.consume(consumed);
            if feed.is_some() || self.input.at_end() {
                self.line += 1;
                return Ok(());
            }
            self.fill(0)?;
        }
    }

    fn finish(&mut self) {
        self.done = true;
        if !self.closed {
            self.notes
                .push("no #close line at the end; the log may be incomplete".to_owned());
        }
        if self.input.saw_nul() {
            self.notes
                .push("has NUL bytes, which are kept as part of their cells".to_owned());
        }
        self.notes.extend(self.blank.note());
    }
}

/// `\x09` or the character itself.
fn parse_separator(value: &[u8]) -> Option<u8> {
    match value {
        [] => Some(b'\t'),
        [byte] => Some(*byte),
        [b'\\', b'x', digits @ ..] if digits.len() == 2 => {
            u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        }
        _ => None,
    }
    .filter(|byte| byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | b'#'))
}

impl RowReader for ZeekReader {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next_batch(&mut self, max_rows: usize) -> Result<Option<RawBatch>, DataError> {
        if let Some(error) = self.failed.take() {
            self.done = true;
            return Err(error);
        }
        if self.done {
            return Ok(None);
        }
        let mut batch = RawBatch::with_room(self.header.names.len(), self.size);
        while batch.has_room(max_rows) {
            match self.step(&mut batch) {
                Ok(true) => {}
                Ok(false) => {
                    self.finish();
                    break;
                }
                Err(error) if batch.total_rows() == 0 => {
                    self.done = true;
                    return Err(error);
                }
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        self.size = batch.size();
        Ok((batch.total_rows() > 0).then_some(batch))
    }

    fn null_tokens(&self) -> &NullTokens {
        &self.nulls
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

#[cfg(test)]
mod tests;
