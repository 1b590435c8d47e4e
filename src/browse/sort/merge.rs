//! Owns the order of rows with keys of any kind: runs in order go to a temporary file and are merged.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use super::super::error::BrowseError;
use super::super::scan::each;
use super::super::select::{next_row, wanted};
use super::super::store::spool_error;
use super::Job;
use super::bytes::{Scratch, Writer};

/// Bytes of keys in a run.
const RUN_BYTES: usize = 20 << 20;
/// Rows in a run: they are put in order without asking whether to stop.
pub(super) const RUN_ROWS: usize = 800_000;
/// Bytes read at once of each run.
const READ: usize = 64 << 10;
/// Rows merged between two questions whether to stop.
const MERGE_STEP: usize = 1 << 16;

/// Keys of the rows of a segment.
#[derive(Default)]
struct Keys {
    bytes: Vec<u8>,
    /// Row and where its key ends.
    rows: Vec<(u32, u32)>,
}

/// The order, made of runs of at most so many rows.
pub(super) fn order(job: &Job<'_>, run_rows: usize) -> Result<Vec<u32>, BrowseError> {
    let writer = Writer::new(job);
    let mut runs = Runs {
        name: job.table.name().to_owned(),
        run_rows,
        ..Runs::default()
    };
    let (table, among) = (job.table, job.among);
    let segments = wanted(table, among);
    each(
        table,
        &segments,
        job.control,
        "reading the sort columns",
        |cursor, segment| {
            let (mut keys, mut scratch) = (Keys::default(), Scratch::default());
            for row in segment.from.row..segment.from.row + segment.rows {
                let at = next_row(table, cursor)?;
                if among.is_none_or(|among| among.contains(row)) {
                    writer.write(cursor.text(at), &mut scratch, &mut keys.bytes);
                    keys.rows.push((row as u32, keys.bytes.len() as u32));
                }
            }
            Ok(keys)
        },
        |_, keys| {
            let mut from = 0;
            for (row, to) in keys.rows {
                runs.add(row, &keys.bytes[from..to as usize])?;
                from = to as usize;
            }
            Ok(true)
        },
    )?;
    runs.merged(job)
}

/// A row of the run in memory.
#[derive(Clone, Copy)]
struct Entry {
    /// The key's first bytes.
    prefix: u64,
    row: u32,
    /// Where the key is: its length, then its bytes.
    at: u32,
}

#[derive(Default)]
struct Runs {
    name: String,
    /// Rows of a run at most.
    run_rows: usize,
    arena: Vec<u8>,
    entries: Vec<Entry>,
    file: Option<File>,
    /// Where each run in the file ends.
    ends: Vec<u64>,
}

impl Runs {
    fn add(&mut self, row: u32, key: &[u8]) -> Result<(), BrowseError> {
        let mut prefix = [0; 8];
        let known = key.len().min(8);
        prefix[..known].copy_from_slice(&key[..known]);
        let at = self.arena.len() as u32;
        self.arena.extend_from_slice(&(key.len() as u32).to_le_bytes());
        self.arena.extend_from_slice(key);
        self.entries.push(Entry {
            prefix: u64::from_be_bytes(prefix),
            row,
            at,
        });
        if self.arena.len() >= RUN_BYTES || self.entries.len() >= self.run_rows {
            self.spill()?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        let arena = &self.arena;
        self.entries.sort_unstable_by(|a, b| {
            a.prefix
                .cmp(&b.prefix)
                .then_with(|| key(arena, a.at).cmp(key(arena, b.at)))
                .then(a.row.cmp(&b.row))
        });
    }

    /// Writes the run in memory to the file.
    fn spill(&mut self) -> Result<(), BrowseError> {
        self.sort();
        let failed = |cause| spool_error(&self.name, cause);
        if self.file.is_none() {
            self.file = Some(tempfile::tempfile().map_err(failed)?);
        }
        let mut at = self.ends.last().copied().unwrap_or(0);
        let mut block = Vec::with_capacity(READ * 2);
        for (place, entry) in self.entries.iter().enumerate() {
            let key = key(&self.arena, entry.at);
            block.extend_from_slice(&entry.row.to_le_bytes());
            block.extend_from_slice(&(key.len() as u32).to_le_bytes());
            block.extend_from_slice(key);
            if block.len() >= READ || place + 1 == self.entries.len() {
                if let Some(file) = &self.file {
                    file.write_all_at(&block, at).map_err(failed)?;
                }
                at += block.len() as u64;
                block.clear();
            }
        }
        self.ends.push(at);
        self.arena.clear();
        self.entries.clear();
        Ok(())
    }

    fn merged(mut self, job: &Job<'_>) -> Result<Vec<u32>, BrowseError> {
        job.control.cancel.check()?;
        if self.ends.is_empty() {
            self.sort();
            return Ok(self.entries.iter().map(|entry| entry.row).collect());
        }
        if !self.entries.is_empty() {
            self.spill()?;
        }
        (self.arena, self.entries) = (Vec::new(), Vec::new());
        let Some(file) = &self.file else {
            return Ok(Vec::new());
        };
        let mut from = 0;
        let mut readers = Vec::with_capacity(self.ends.len());
        for &end in &self.ends {
            readers.push(Reader {
                file,
                name: &self.name,
                at: from,
                end,
                block: Vec::new(),
                next: 0,
            });
            from = end;
        }
        let mut heap = BinaryHeap::with_capacity(readers.len());
        for (run, reader) in readers.iter_mut().enumerate() {
            heap.extend(reader.next(run, Vec::new())?.map(Reverse));
        }
        let mut order = Vec::with_capacity(job.rows as usize);
        while let Some(mut top) = heap.peek_mut() {
            order.push(top.0.row);
            let run = top.0.run;
            let used = std::mem::take(&mut top.0.key);
            match readers[run].next(run, used)? {
                Some(next) => *top = Reverse(next),
                None => drop(std::collections::binary_heap::PeekMut::pop(top)),
            }
            if order.len().is_multiple_of(MERGE_STEP) {
                job.control.cancel.check()?;
                (job.control.progress)(order.len() as u64, Some(job.rows), "merging");
            }
        }
        Ok(order)
    }
}

fn key(arena: &[u8], at: u32) -> &[u8] {
    let at = at as usize;
    let length = u32::from_le_bytes([arena[at], arena[at + 1], arena[at + 2], arena[at + 3]]) as usize;
    &arena[at + 4..at + 4 + length]
}

/// The next row of a run.
struct Head {
    key: Vec<u8>,
    row: u32,
    run: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

/// Reads a run.
struct Reader<'r> {
    file: &'r File,
    name: &'r str,
    at: u64,
    end: u64,
    block: Vec<u8>,
    next: usize,
}

impl Reader<'_> {
    /// The next row, its key in `memory`.
    fn next(&mut self, run: usize, mut memory: Vec<u8>) -> Result<Option<Head>, BrowseError> {
        if !self.have(8)? {
            return Ok(None);
        }
        let number = |at: usize| {
            let bytes = &self.block[at..at + 4];
            u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
        };
        let (row, length) = (number(self.next), number(self.next + 4) as usize);
        if !self.have(8 + length)? {
            return Ok(None);
        }
        memory.clear();
        memory.extend_from_slice(&self.block[self.next + 8..self.next + 8 + length]);
        self.next += 8 + length;
        Ok(Some(Head { key: memory, row, run }))
    }

    /// Makes sure that so many bytes are there to be read.
    fn have(&mut self, bytes: usize) -> Result<bool, BrowseError> {
        let left = self.block.len() - self.next;
        if left >= bytes {
            return Ok(true);
        }
        self.block.copy_within(self.next.., 0);
        self.next = 0;
        let more = (READ.max(bytes - left) as u64).min(self.end - self.at) as usize;
        self.block.resize(left + more, 0);
        self.file
            .read_exact_at(&mut self.block[left..], self.at)
            .map_err(|cause| spool_error(self.name, cause))?;
        self.at += more as u64;
        Ok(self.block.len() >= bytes)
    }
}
