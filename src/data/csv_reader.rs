//! Owns the streaming CSV reader: batches of rows in bounded memory, ragged and unclosed rows set apart by line.

use super::batch::{BatchSize, Header, MalformedRow, Mark, RawBatch};
use super::csv_record::{self, Ending, Record, Scan, line_end};
use super::error::DataError;
use super::header_check::check_names;
use super::input::{BlankLines, Input, read_error};
use super::reader::{NullTokens, RowReader};

/// A record longer than this is set apart as malformed instead of being held in memory.
const MAX_RECORD: usize = 64 << 20;
/// More columns than this is taken for a broken header.
const MAX_COLUMNS: usize = 100_000;
/// After so many quotes that never close, quoted cells may not span lines any more: each such quote costs a look ahead
/// of up to [`MAX_RECORD`], and a hostile file could hold one a line.
const MAX_UNCLOSED: u32 = 16;

/// Reads CSV as RFC 4180 has it, leniently: any line end, quotes anywhere in an unquoted cell are text.
///
/// A quote that does not close before the end of the file (or within 64 MiB) makes the one line on which it opens
/// malformed; reading resumes on the next line.
pub(super) struct CsvReader {
    name: String,
    input: Input,
    delimiter: u8,
    header: Header,
    nulls: NullTokens,
    notes: Vec<String>,
    /// 1-based physical line of the next byte.
    line: u64,
    endings: Endings,
    blank: BlankLines,
    unclosed: u32,
    size: BatchSize,
    state: State,
}

#[derive(Debug)]
enum State {
    Reading,
    Failed(DataError),
    Done,
}

/// Which line ends were seen.
#[derive(Clone, Copy, Debug, Default)]
struct Endings {
    lf: bool,
    crlf: bool,
    cr: bool,
    /// The last line has none.
    unended: bool,
}

enum Step {
    Row,
    Skipped,
    /// The source pauses, and there are rows that need not wait.
    Pause,
    End,
}

impl CsvReader {
    /// Reads the header. `notes` are what is already known of the source.
    ///
    /// # Errors
    /// The source is empty, its header cannot be used, or reading failed.
    pub(super) fn open(
        name: String,
        input: Input,
        delimiter: u8,
        nulls: NullTokens,
        notes: Vec<String>,
    ) -> Result<Self, DataError> {
        let mut reader = Self::at_start(name, input, delimiter, nulls, notes);
        reader.header = reader.read_header()?;
        Ok(reader)
    }

    /// Reads rows without a header line; their cells have these names.
    ///
    /// # Errors
    /// Names that no cell could be found by.
    pub(super) fn with_names(
        name: String,
        input: Input,
        delimiter: u8,
        nulls: NullTokens,
        names: Vec<String>,
    ) -> Result<Self, DataError> {
        let mut reader = Self::at_start(name, input, delimiter, nulls, Vec::new());
        check_names(&reader.name, &names, delimiter)?;
        reader.header = Header { names };
        Ok(reader)
    }

    fn at_start(name: String, mut input: Input, delimiter: u8, nulls: NullTokens, mut notes: Vec<String>) -> Self {
        if input.available().starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
            notes.push("starts with a UTF-8 byte order mark, which is not part of the first column's name".to_owned());
        }
        Self {
            name,
            input,
            delimiter,
            header: Header::default(),
            nulls,
            notes,
            line: 1,
            endings: Endings::default(),
            blank: BlankLines::default(),
            unclosed: 0,
            size: BatchSize::default(),
            state: State::Reading,
        }
    }

    fn read_header(&mut self) -> Result<Header, DataError> {
        loop {
            let mut cells = RawBatch::new(0);
            let at_end = self.input.at_end();
            if self.input.available().is_empty() && at_end {
                return Err(DataError::content(
                    &self.name,
                    "the file is empty; a header line with column names is needed",
                ));
            }
            let scanned = match self.input.available() {
                [] => Scan::Partial { quoted: false },
                data => csv_record::scan(data, at_end, self.delimiter, MAX_COLUMNS, &mut cells),
            };
            match scanned {
                Scan::Record(record) => {
                    let columns = record.cells;
                    if columns > MAX_COLUMNS {
                        let reason =
                            format!("the header has {columns} columns, more than {MAX_COLUMNS}; is this a table?");
                        return Err(DataError::content(&self.name, reason));
                    }
                    let names = cells.names();
                    check_names(&self.name, &names, self.delimiter)?;
                    self.advance(record.consumed, record.lines, record.ending);
                    return Ok(Header { names });
                }
                Scan::Blank { consumed, ending } => self.skip_blank(consumed, ending),
                Scan::Partial { quoted } => {
                    let length = self.input.available().len();
                    if (quoted && at_end) || length >= MAX_RECORD {
                        let what = if quoted {
                            "a quote in the header never closes"
                        } else {
                            "the header is longer than 64 MiB"
                        };
                        return Err(DataError::read(
                            &self.name,
                            self.line,
                            format!("{what}; repair the first line"),
                            None,
                        ));
                    }
                    self.fill(length)?;
                }
            }
        }
    }

    fn advance(&mut self, consumed: usize, lines: u64, ending: Ending) {
        self.input.consume(consumed);
        self.line += lines;
        match ending {
            Ending::Lf => self.endings.lf = true,
            Ending::CrLf => self.endings.crlf = true,
            Ending::Cr => self.endings.cr = true,
            Ending::None => self.endings.unended = true,
        }
    }

    fn skip_blank(&mut self, consumed: usize, ending: Ending) {
        self.blank.add(self.line);
        self.advance(consumed, 1, ending);
    }

    /// Reads on, at least doubling what is available, so that rescanning a long record costs no more than reading it.
    fn fill(&mut self, length: usize) -> Result<(), DataError> {
        self.input
            .fill((length * 2).min(MAX_RECORD))
            .map_err(|cause| read_error(&self.name, self.line, cause))
    }

    /// Reads the next row into `batch`, or one blank line past.
    fn step(&mut self, batch: &mut RawBatch) -> Result<Step, DataError> {
        loop {
            if !self.endings.cr
                && let Some(step) = self.plain_line(batch)
            {
                return Ok(step);
            }
            let at_end = self.input.at_end();
            let Some(data) = self.record_window() else {
                if at_end {
                    return Ok(Step::End);
                }
                let length = self.input.available().len();
                if length >= MAX_RECORD {
                    return self.too_long(batch, "longer than 64 MiB");
                }
                self.fill(length)?;
                if self.input.take_pause() {
                    return Ok(Step::Pause);
                }
                continue;
            };
            let (length, whole_line) = (data.len(), self.unclosed >= MAX_UNCLOSED);
            let mark = batch.mark();
            match csv_record::scan(data, at_end || whole_line, self.delimiter, batch.columns(), batch) {
                Scan::Record(record) => {
                    self.take_record(record, mark, batch);
                    return Ok(Step::Row);
                }
                Scan::Blank { consumed, ending } => {
                    self.skip_blank(consumed, ending);
                    return Ok(Step::Skipped);
                }
                Scan::Partial { quoted } => {
                    batch.roll_back(mark);
                    let given_up = at_end || whole_line || length >= MAX_RECORD;
                    if quoted && given_up {
                        self.unclosed = self.unclosed.saturating_add(1);
                        return self.too_long(batch, "a quote opens on this line and never closes");
                    }
                    if given_up {
                        return self.too_long(batch, "longer than 64 MiB");
                    }
                    self.fill(length)?;
                    if self.input.take_pause() {
                        return Ok(Step::Pause);
                    }
                }
            }
        }
    }

    /// The bytes in which the next record is looked for: all that is available, or, once too many quotes have not
    /// closed, one physical line. `None` if more must be read first.
    fn record_window(&self) -> Option<&[u8]> {
        let data = self.input.available();
        if data.is_empty() {
            return None;
        }
        if self.unclosed < MAX_UNCLOSED {
            return Some(data);
        }
        match memchr::memchr2(b'\n', b'\r', data) {
            Some(at) => match line_end(data, at, self.input.at_end()) {
                Some((0, _)) | None => None,
                Some((length, _)) => Some(&data[..at + length]),
            },
            None => self.input.at_end().then_some(data),
        }
    }

    /// The quick path: a whole line without quotes and without a carriage return inside. `None` if it is not that.
    #[inline]
    fn plain_line(&mut self, batch: &mut RawBatch) -> Option<Step> {
        let data = self.input.available();
        let feed = memchr::memchr(b'\n', data)?;
        let line = &data[..feed];
        let (line, ending) = match memchr::memchr2(b'"', b'\r', line) {
            None => (line, Ending::Lf),
            Some(at) if at + 1 == feed && line[at] == b'\r' => (&line[..at], Ending::CrLf),
            Some(_) => return None,
        };
        if line.is_empty() {
            self.skip_blank(feed + 1, ending);
            return Some(Step::Skipped);
        }
        let mark = batch.mark();
        let columns = batch.columns();
        let cells = batch.copy_delimited(line, self.delimiter, columns);
        if cells == columns {
            batch.end_row(self.line);
        } else {
            batch.roll_back(mark);
            let reason = MalformedRow::width_reason(cells, columns);
            batch.malformed.push(MalformedRow::new(self.line, reason, line));
        }
        self.advance(feed + 1, 1, ending);
        Some(Step::Row)
    }

    fn take_record(&mut self, record: Record, mark: Mark, batch: &mut RawBatch) {
        let columns = batch.columns();
        if record.cells == columns {
            batch.end_row(self.line);
        } else {
            batch.roll_back(mark);
            let mut reason = MalformedRow::width_reason(record.cells, columns);
            if record.lines > 1 {
                let last = self.line + record.lines - 1;
                reason = format!("{reason}; a quote joins lines {} to {last}", self.line);
            }
            let text = &self.input.available()[..record.consumed];
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            batch.malformed.push(MalformedRow::new(self.line, reason, text));
        }
        self.advance(record.consumed, record.lines, record.ending);
    }

    /// Sets the current physical line apart and goes on behind it, however long it is.
    fn too_long(&mut self, batch: &mut RawBatch, reason: &str) -> Result<Step, DataError> {
        // Half a line is passed over already, so pauses are waited out.
        self.input.stop_at_pause(false);
        let text = self.input.available();
        let end = memchr::memchr2(b'\n', b'\r', text).unwrap_or(text.len());
        batch
            .malformed
            .push(MalformedRow::new(self.line, reason.to_owned(), &text[..end]));
        loop {
            let data = self.input.available();
            let at_end = self.input.at_end();
            let Some(at) = memchr::memchr2(b'\n', b'\r', data) else {
                if at_end {
                    self.advance(data.len(), 1, Ending::None);
                    return Ok(Step::Row);
                }
                self.input.consume(data.len());
                self.fill(0)?;
                continue;
            };
            match line_end(data, at, at_end) {
                Some((length, ending)) if length > 0 => {
                    self.advance(at + length, 1, ending);
                    return Ok(Step::Row);
                }
                _ => {
                    self.input.consume(at);
                    self.fill(2)?;
                }
            }
        }
    }

    fn finish(&mut self) {
        self.state = State::Done;
        let Endings { lf, crlf, cr, unended } = self.endings;
        let kinds: Vec<&str> = [(lf, "LF"), (crlf, "CRLF"), (cr, "CR")]
            .iter()
            .filter(|k| k.0)
            .map(|k| k.1)
            .collect();
        if kinds.len() > 1 {
            self.notes.push(format!("mixed line ends: {}", kinds.join(", ")));
        }
        if self.input.saw_nul() {
            self.notes
                .push("has NUL bytes, which are kept as part of their cells".to_owned());
        }
        if unended {
            self.notes.push("the last line has no line end".to_owned());
        }
        self.notes.extend(self.blank.note());
    }
}

impl RowReader for CsvReader {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next_batch(&mut self, max_rows: usize) -> Result<Option<RawBatch>, DataError> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Done => return Ok(None),
            State::Failed(error) => return Err(error),
            State::Reading => self.state = State::Reading,
        }
        let mut batch = RawBatch::with_room(self.header.names.len(), self.size);
        while batch.has_room(max_rows) {
            self.input.stop_at_pause(batch.total_rows() > 0);
            match self.step(&mut batch) {
                Ok(Step::Row | Step::Skipped) => {}
                Ok(Step::Pause) => break,
                Ok(Step::End) => {
                    self.finish();
                    break;
                }
                Err(error) if batch.total_rows() == 0 => {
                    self.state = State::Done;
                    return Err(error);
                }
                Err(error) => {
                    self.state = State::Failed(error);
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
