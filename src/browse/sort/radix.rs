//! Owns putting many whole numbers in order in place, on two threads.

use std::sync::Mutex;
use std::sync::PoisonError;

use super::super::error::BrowseError;
use super::super::scan::threads;
use crate::cancel::CancelToken;

const BUCKETS: usize = 1 << 10;

/// Puts numbers of at most `bits` bits in order: first by their highest bits, in place, then bucket by bucket.
pub(super) fn sort(numbers: &mut [u64], bits: u32, cancel: &CancelToken) -> Result<(), BrowseError> {
    if numbers.len() < BUCKETS * 8 {
        numbers.sort_unstable();
        return Ok(());
    }
    let shift = bits.saturating_sub(BUCKETS.trailing_zeros());
    let bucket = |number: u64| ((number >> shift) as usize).min(BUCKETS - 1);
    let mut counts = vec![0_usize; BUCKETS];
    for &number in numbers.iter() {
        counts[bucket(number)] += 1;
    }
    cancel.check()?;
    let mut next = vec![0_usize; BUCKETS];
    for at in 1..BUCKETS {
        next[at] = next[at - 1] + counts[at - 1];
    }
    let ends: Vec<usize> = next.iter().zip(&counts).map(|(start, count)| start + count).collect();
    for at in 0..BUCKETS {
        while next[at] < ends[at] {
            let mut number = numbers[next[at]];
            // Each number goes to its bucket and what was there goes on, until one comes that belongs here.
            loop {
                let home = bucket(number);
                if home == at {
                    break;
                }
                std::mem::swap(&mut number, &mut numbers[next[home]]);
                next[home] += 1;
            }
            numbers[next[at]] = number;
            next[at] += 1;
        }
    }
    cancel.check()?;
    let mut parts = Vec::with_capacity(BUCKETS);
    let mut rest = numbers;
    for count in counts {
        let (part, behind) = rest.split_at_mut(count);
        parts.push(part);
        rest = behind;
    }
    let parts = Mutex::new(parts.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..threads() {
            scope.spawn(|| {
                while !cancel.is_cancelled() {
                    let part = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(part) = part else { return };
                    part.sort_unstable();
                }
            });
        }
    });
    cancel.check()?;
    Ok(())
}
