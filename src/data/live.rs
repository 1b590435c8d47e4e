//! Owns sources that answer is awaited from while they are still open: a pipe whose rows are handed on when it pauses.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use super::batch::Header;
use super::csv_reader::CsvReader;
use super::error::DataError;
use super::input::{Input, read_error};
use super::line_reader::LineReader;
use super::reader::RowReader;
use super::settings::ReadSettings;

/// Bytes of one read: what a pipe holds.
const BLOCK: usize = 64 << 10;
/// Blocks read ahead.
const AHEAD: usize = 16;

/// How the rows of a live source stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveFormat {
    /// CSV with a header line.
    Csv,
    /// CSV without one, of cells with these names.
    CsvOf(Vec<String>),
    /// Lines as they are, each a row of the one cell `line`. Where `header`, the first of them is taken apart.
    Lines {
        /// Whether the first line is a header.
        header: bool,
        /// Whether lines of white space alone are passed over.
        skip_blank: bool,
    },
}

/// An open live source.
pub struct LiveSource {
    /// Its rows.
    pub reader: Box<dyn RowReader>,
    /// The first line, where [`LiveFormat::Lines`] has a header.
    pub header: Option<Vec<u8>>,
}

impl LiveSource {
    /// The reader's header, which is that of the rows for CSV.
    pub fn names(&self) -> &Header {
        self.reader.header()
    }
}

/// Opens a stream whose batches end early when nothing comes for `pause`, once they have a row. It is read by a thread of
/// its own, which ends with the stream; it is left behind when the source is dropped before. `None` for a stream without a
/// byte.
///
/// # Errors
/// The stream cannot be read, its header cannot be used, or no thread is to be had.
pub fn open_live(
    name: &str,
    stream: impl Read + Send + 'static,
    format: LiveFormat,
    pause: Duration,
    settings: &ReadSettings,
) -> Result<Option<LiveSource>, DataError> {
    let mut input = Input::live(Box::new(Blocks::read(name, stream, pause)?));
    // Three bytes tell a byte order mark; a stream of fewer is waited for to its end or more.
    while input.available().len() < 3 && !input.at_end() {
        input.fill(3).map_err(|cause| read_error(name, 1, cause))?;
    }
    if input.available().is_empty() {
        return Ok(None);
    }
    let (name, nulls) = (name.to_owned(), settings.null_tokens());
    let delimiter = settings.delimiter_for(&name, false)?;
    let (reader, header): (Box<dyn RowReader>, _) = match format {
        LiveFormat::Csv => (
            Box::new(CsvReader::open(name, input, delimiter, nulls, Vec::new())?),
            None,
        ),
        LiveFormat::CsvOf(names) => (
            Box::new(CsvReader::with_names(name, input, delimiter, nulls, names)?),
            None,
        ),
        LiveFormat::Lines { header, skip_blank } => {
            let mut lines = LineReader::new(name, input, nulls, skip_blank);
            let first = if header { lines.take_line()? } else { None };
            (Box::new(lines), first)
        }
    };
    Ok(Some(LiveSource { reader, header }))
}

/// The blocks of a stream as its thread reads them. A read waits a while for a block and then says `WouldBlock`.
struct Blocks {
    receiver: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    used: usize,
    pause: Duration,
}

impl Blocks {
    fn read(name: &str, mut stream: impl Read + Send + 'static, pause: Duration) -> Result<Self, DataError> {
        let (sender, receiver) = sync_channel(AHEAD);
        let read = move || {
            loop {
                let mut block = vec![0; BLOCK];
                let read = match stream.read(&mut block) {
                    Ok(0) => return,
                    Ok(length) => {
                        block.truncate(length);
                        Ok(block)
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let last = read.is_err();
                if sender.send(read).is_err() || last {
                    return;
                }
            }
        };
        let spawned = thread::Builder::new().name("stream".into()).spawn(read);
        spawned.map_err(|cause| DataError::Open {
            source_name: name.to_owned(),
            reason: "no thread could be started to read it; close other programs and try again".to_owned(),
            cause: Some(cause),
        })?;
        Ok(Self {
            receiver,
            block: Vec::new(),
            used: 0,
            pause,
        })
    }
}

impl Read for Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used == self.block.len() {
            self.block = match self.receiver.recv_timeout(self.pause) {
                Ok(block) => block?,
                Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::WouldBlock.into()),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            };
            self.used = 0;
        }
        let rest = self.block.get(self.used..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.used += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write, pipe};

    use super::*;

    const PAUSE: Duration = Duration::from_millis(5);

    fn csv(text: &[u8], format: LiveFormat) -> Option<LiveSource> {
        open_live("x", Cursor::new(text.to_vec()), format, PAUSE, &ReadSettings::default()).unwrap()
    }

    #[test]
    fn a_pause_ends_a_batch_that_has_rows_and_nothing_else() {
        let (reader, mut writer) = pipe().unwrap();
        writer.write_all(b"a,b\n1,2\n3,4\n5,").unwrap();
        let settings = ReadSettings::default();
        let mut source = open_live("x", reader, LiveFormat::Csv, PAUSE, &settings)
            .unwrap()
            .unwrap();
        assert_eq!(source.names().names, ["a", "b"]);
        let batch = source.reader.next_batch(1000).unwrap().unwrap();
        assert_eq!(batch.rows(), 2);
        // The row that was cut in two by the pause comes whole.
        let later = thread::spawn(move || {
            thread::sleep(PAUSE * 10);
            writer.write_all(b"\"6\n7\"\n").unwrap();
        });
        let batch = source.reader.next_batch(1000).unwrap().unwrap();
        later.join().unwrap();
        assert_eq!(
            (batch.rows(), batch.cell(0, 0), batch.cell(0, 1)),
            (1, &b"5"[..], &b"6\n7"[..])
        );
        assert!(source.reader.next_batch(1000).unwrap().is_none());
    }

    #[test]
    fn lines_are_handed_on_at_a_pause() {
        let (reader, mut writer) = pipe().unwrap();
        writer.write_all(b"head\none\ntw").unwrap();
        let format = LiveFormat::Lines {
            header: true,
            skip_blank: true,
        };
        let mut source = open_live("x", reader, format, PAUSE, &ReadSettings::default())
            .unwrap()
            .unwrap();
        assert_eq!(source.header.as_deref(), Some(&b"head"[..]));
        assert_eq!(source.reader.next_batch(9).unwrap().unwrap().cell(0, 0), b"one");
        writer.write_all(b"o").unwrap();
        drop(writer);
        let batch = source.reader.next_batch(9).unwrap().unwrap();
        assert_eq!((batch.rows(), batch.cell(0, 0), batch.line(0)), (1, &b"two"[..], 3));
    }

    #[test]
    fn a_stream_without_a_byte_is_none() {
        assert!(csv(b"", LiveFormat::Csv).is_none());
        let mut short = csv(b"1", LiveFormat::CsvOf(vec!["a".into()])).unwrap();
        assert_eq!(short.reader.next_batch(9).unwrap().unwrap().cell(0, 0), b"1");
    }

    #[test]
    fn rows_without_a_header_have_the_names_given() {
        let names = || ["a", "b"].map(str::to_owned).to_vec();
        let mut source = csv(b"\xef\xbb\xbf1,2\r\n3\r\n", LiveFormat::CsvOf(names())).unwrap();
        let batch = source.reader.next_batch(9).unwrap().unwrap();
        assert_eq!(
            (source.names().names.clone(), batch.cell(0, 0), batch.line(0)),
            (names(), &b"1"[..], 1)
        );
        assert_eq!((batch.malformed.len(), batch.malformed[0].line), (1, 2));
        let twice = LiveFormat::CsvOf(vec!["a".into(), "a".into()]);
        let error = open_live("x", Cursor::new(b"1,2\n"), twice, PAUSE, &ReadSettings::default())
            .err()
            .unwrap();
        assert!(error.to_string().contains("both named"), "{error}");
    }
}
