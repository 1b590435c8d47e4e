//! Owns how many rows inputs will have come to: counted where the file says it, else told from the bytes read so far.

use std::fs::File;
use std::io::Read;

use crate::data::{RowReader, Source};

/// What is known of an input before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// It says how many rows it has.
    Rows(u64),
    /// Bytes of a text file that is not packed.
    Bytes(u64),
    /// A stream, or packed.
    Unknown,
}

/// How many rows inputs will have come to, as far as that can be told.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    sizes: Vec<Size>,
    /// The input being read.
    at: usize,
    /// Rows of the inputs before it.
    rows_before: u64,
    /// Rows of it.
    rows: u64,
    /// Bytes of all text inputs so far, and the rows in them.
    text: (u64, u64),
}

impl Expected {
    /// Of inputs that are about to be read in this order.
    pub(super) fn of<'a>(inputs: impl IntoIterator<Item = (&'a Source, &'a dyn RowReader)>) -> Self {
        Self {
            sizes: inputs
                .into_iter()
                .map(|(source, reader)| size(source, reader))
                .collect(),
            ..Self::default()
        }
    }

    /// Takes in that input `at` has come to `rows` rows more, of so many bytes.
    pub(super) fn read(&mut self, at: usize, rows: u64, bytes: u64) {
        if at != self.at {
            self.rows_before += self.rows;
            (self.at, self.rows) = (at, 0);
        }
        self.rows += rows;
        if matches!(self.sizes.get(at), Some(Size::Bytes(_))) {
            self.text.0 += bytes;
            self.text.1 += rows;
        }
    }

    /// Rows in all; `None` where that cannot be told. Never fewer than were read.
    pub(super) fn total(&self) -> Option<u64> {
        let mut total = self.rows_before;
        for (at, size) in self.sizes.iter().enumerate().skip(self.at) {
            let whole = match size {
                Size::Rows(rows) => *rows,
                Size::Bytes(bytes) => {
                    let (read, rows) = self.text;
                    if read == 0 {
                        return None;
                    }
                    (*bytes as f64 * rows as f64 / read as f64) as u64
                }
                Size::Unknown => return None,
            };
            total += if at == self.at { whole.max(self.rows) } else { whole };
        }
        Some(total)
    }
}

fn size(source: &Source, reader: &dyn RowReader) -> Size {
    if let Some(rows) = reader.row_count() {
        return Size::Rows(rows);
    }
    match source {
        Source::Path(path) => {
            // Only of a regular file: opening a pipe would take its first bytes, or wait.
            let Some(metadata) = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file) else {
                return Size::Unknown;
            };
            let mut magic = [0; 2];
            match File::open(path).and_then(|mut file| file.read_exact(&mut magic)) {
                Ok(()) if magic != [0x1f, 0x8b] => Size::Bytes(metadata.len()),
                _ => Size::Unknown,
            }
        }
        Source::Stdin | Source::Embedded(_) | Source::Collection(_) => Size::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_file_is_told_from_what_was_read_of_it() {
        let mut expected = Expected {
            sizes: vec![Size::Bytes(1_000)],
            ..Expected::default()
        };
        assert_eq!(expected.total(), None);
        expected.read(0, 10, 100);
        assert_eq!(expected.total(), Some(100));
        // Quotes and blank lines are no cells: what is read is never less than what there is.
        expected.read(0, 100, 800);
        assert_eq!(expected.total(), Some(122));
        expected.read(0, 20, 50);
        assert_eq!(expected.total(), Some(136));
        expected.read(0, 10, 100);
        assert_eq!(expected.total(), Some(140));
    }

    #[test]
    fn several_inputs_add_up_and_one_that_is_unknown_leaves_all_unknown() {
        let mut expected = Expected {
            sizes: vec![Size::Rows(50), Size::Bytes(200), Size::Rows(7)],
            ..Expected::default()
        };
        expected.read(0, 50, 500);
        assert_eq!(expected.total(), None);
        expected.read(1, 5, 100);
        assert_eq!(expected.total(), Some(50 + 10 + 7));
        expected.read(2, 7, 70);
        assert_eq!(expected.total(), Some(50 + 5 + 7));
        expected.sizes[2] = Size::Unknown;
        assert_eq!(expected.total(), None);
    }
}
