//! Owns going over all rows on two threads, in runs of rows, with progress and a way to stop.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use super::cursor::Cursor;
use super::error::BrowseError;
use super::index::Segment;
use super::table::Table;
use crate::cancel::CancelToken;

/// Bytes that one thread takes at once: they stay in its cache.
pub(super) const SEGMENT: u64 = 512 << 10;
/// Longer runs of rows, which hold giant ones, are not held in memory whole.
pub(super) const WHOLE: usize = 72 << 20;
/// Threads at most.
const THREADS: usize = 2;
/// Time between two words on progress.
const REPORT: Duration = Duration::from_millis(34);

/// What long work is given beside its wish.
#[derive(Clone, Copy)]
pub struct Work<'w> {
    /// Asks it to stop.
    pub cancel: &'w CancelToken,
    /// Told how far it is.
    pub progress: &'w dyn Fn(u64, Option<u64>, &str),
}

/// How many threads share long work.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(THREADS)
}

/// Does `work` on every segment, on two threads, and hands the results to `take` in order until that returns `false`.
/// Progress is counted in rows.
pub(super) fn each<T: Send>(
    table: &Table,
    segments: &[Segment],
    control: Work<'_>,
    note: &str,
    work: impl Fn(&mut Cursor, &Segment) -> Result<T, BrowseError> + Sync,
    mut take: impl FnMut(&Segment, T) -> Result<bool, BrowseError>,
) -> Result<(), BrowseError> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let total: u64 = segments.iter().map(|segment| segment.rows).sum();
    let (sender, receiver) = sync_channel(64);
    let outcome = std::thread::scope(|scope| {
        for _ in 0..threads().min(segments.len()) {
            let (sender, next, stop, work) = (sender.clone(), &next, &stop, &work);
            scope.spawn(move || {
                let mut cursor = Cursor::new(
                    table.0.dialect,
                    0,
                    1,
                    (SEGMENT + (SEGMENT >> 2)) as usize,
                    table.quotes(),
                );
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(segment) = segments.get(at) else { return };
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    cursor.go_to(segment.from.offset, segment.from.line, segment.end);
                    let result = control
                        .cancel
                        .check()
                        .map_err(BrowseError::from)
                        .and_then(|()| work(&mut cursor, segment));
                    let failed = result.is_err();
                    if sender.send((at, result)).is_err() || failed {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let (mut expected, mut done, mut told) = (0, 0, Instant::now());
        // The receiver goes when this block ends, so that no thread waits to send.
        let receiver = receiver;
        let mut run = || -> Result<(), BrowseError> {
            for (at, result) in &receiver {
                waiting.insert(at, result?);
                while let Some(result) = waiting.remove(&expected) {
                    let segment = &segments[expected];
                    expected += 1;
                    done += segment.rows;
                    if !take(segment, result)? {
                        return Ok(());
                    }
                }
                if told.elapsed() >= REPORT {
                    told = Instant::now();
                    (control.progress)(done, Some(total), note);
                }
            }
            Ok(())
        };
        let outcome = run();
        stop.store(true, Ordering::Relaxed);
        outcome
    });
    outcome?;
    table.0.store.check()
}
