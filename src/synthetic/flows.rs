//! Owns the generator of synthetic network flows: it asks all sources of traffic in time order, without end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::Write;

use super::dice::Dice;
use super::error::GenerateError;
use super::flow::{Clock, Flow, HEADER, Traffic};
use super::scenario::{
    Automation, Beacon, BruteForce, Campaign, Exfiltration, Flood, Machines, People, SECOND, Scenario, Sweep,
};
use crate::cancel::CancelToken;

/// Lines are handed to the output in blocks of about this many bytes; between blocks the cancel token is asked.
const BLOCK: usize = 128 * 1024;

/// What may be varied besides the seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowOptions {
    /// When the first flow may start, microseconds since 1970-01-01 UTC; clamped to the years 1970 to 2200.
    pub start_micros: i64,
    /// How often attackers act: 1 gives about one malicious flow in five, 0 none. Clamped to 0..=100; NaN counts as 0.
    pub attack_intensity: f64,
}

impl Default for FlowOptions {
    /// Monday 2026-01-05 08:00 UTC; about one malicious flow in five.
    fn default() -> Self {
        Self {
            start_micros: 1_767_600_000_000_000,
            attack_intensity: 1.0,
        }
    }
}

/// An endless row of synthetic flows in time order, the same for the same seed and options.
///
/// Memory does not grow with the number of flows. The first N flows do not depend on how many are taken. The traffic is
/// invented; it is no evidence of how well a model does.
#[derive(Debug)]
pub struct FlowGenerator {
    dice: Dice,
    sources: Vec<Box<dyn Scenario>>,
    /// When each source is to be asked next; the index breaks ties, so the order is total.
    calendar: BinaryHeap<Reverse<(i64, usize)>>,
    /// Flows given so far.
    given: u64,
    id_key: u64,
}

impl FlowGenerator {
    /// A generator for this seed.
    pub fn new(seed: u64, options: FlowOptions) -> Self {
        let intensity = if options.attack_intensity > 0.0 {
            options.attack_intensity.min(100.0)
        } else {
            0.0
        };
        let mut dice = Dice::new(seed);
        let id_key = dice.bits();
        let mut sources: Vec<Box<dyn Scenario>> = vec![
            Box::new(People),
            Box::new(Machines),
            Box::new(Automation(Campaign::resting(3_600.0))),
            Box::new(Sweep::new(Traffic::Benign, 5_400.0)),
        ];
        if intensity > 0.0 {
            sources.extend(attackers(intensity));
        }
        let start = options.start_micros.clamp(0, 7_258_118_400_000_000);
        // Everybody shows up within ten minutes, so that a short file has every kind of traffic.
        let calendar = (0..sources.len())
            .map(|at| Reverse((start + (dice.unit() * 600.0 * SECOND) as i64 * i64::from(at > 1), at)))
            .collect();
        Self {
            dice,
            sources,
            calendar,
            given: 0,
            id_key,
        }
    }
}

/// The attackers; each rests between campaigns for a time that shrinks with `intensity`.
fn attackers(intensity: f64) -> Vec<Box<dyn Scenario>> {
    let mut all: Vec<Box<dyn Scenario>> = Vec::new();
    for _ in 0..2 {
        all.push(Box::new(Sweep::new(Traffic::Scan, 3_000.0 / intensity)));
        all.push(Box::new(BruteForce::new(2_700.0 / intensity)));
        all.push(Box::new(Exfiltration::new(3_600.0 / intensity)));
    }
    all.push(Box::new(Flood::new(5_400.0 / intensity)));
    for _ in 0..((4.0 * intensity) as usize).max(1) {
        all.push(Box::new(Beacon::new()));
    }
    all
}

impl Iterator for FlowGenerator {
    type Item = Flow;

    fn next(&mut self) -> Option<Flow> {
        let mut slot = self.calendar.peek_mut()?;
        let Reverse((now, at)) = *slot;
        let (mut flow, wait) = self.sources.get_mut(at)?.step(now, &mut self.dice);
        // Replacing the top in place sifts once, where pop and push would sift twice. A wait is at least 1 us.
        *slot = Reverse((now.saturating_add((wait as i64).max(1)), at));
        drop(slot);
        flow.start_micros = now;
        flow.id = mix(self.given.wrapping_add(self.id_key));
        self.given = self.given.wrapping_add(1);
        Some(flow)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014): a bijection on 64 bits, so that ids never repeat.
fn mix(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// What a flow file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowSummary {
    /// Rows written, the header not counted.
    pub rows: u64,
    /// Bytes written, header included.
    pub bytes: u64,
    /// Rows of each label, in the order of [`Traffic::ALL`].
    pub labels: Vec<(Traffic, u64)>,
}

/// Writes a header and `rows` synthetic flows as CSV (LF line ends) with the default options.
///
/// The columns are those of `data_schema/network_flows.yaml`. A longer file of the same seed begins with a shorter one.
/// The output gets blocks of about 128 KiB and is flushed at the end.
///
/// # Errors
/// [`GenerateError::Write`] when `out` refuses, [`GenerateError::Cancelled`] when asked to stop.
pub fn write_csv(rows: u64, seed: u64, out: impl Write, cancel: &CancelToken) -> Result<FlowSummary, GenerateError> {
    write_flows_of(FlowGenerator::new(seed, FlowOptions::default()), rows, out, cancel)
}

/// Writes a header and the next `rows` flows of a generator.
fn write_flows_of(
    generator: FlowGenerator,
    rows: u64,
    mut out: impl Write,
    cancel: &CancelToken,
) -> Result<FlowSummary, GenerateError> {
    let mut counts = vec![0u64; Traffic::ALL.len()];
    let (mut done, mut bytes) = (0u64, 0u64);
    let mut block = Vec::with_capacity(BLOCK + 1024);
    let mut clock = Clock::default();
    block.extend_from_slice(HEADER.as_bytes());
    block.push(b'\n');
    cancel.check()?;
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    for flow in generator.take(rows) {
        if block.len() >= BLOCK {
            out.write_all(&block)
                .map_err(|cause| GenerateError::Write { rows: done, cause })?;
            bytes += block.len() as u64;
            block.clear();
            cancel.check()?;
        }
        flow.write_line(&mut clock, &mut block);
        counts[flow.label as usize] += 1;
        done += 1;
    }
    out.write_all(&block)
        .and_then(|()| out.flush())
        .map_err(|cause| GenerateError::Write { rows: done, cause })?;
    Ok(FlowSummary {
        rows: done,
        bytes: bytes + block.len() as u64,
        labels: Traffic::ALL.iter().copied().zip(counts).collect(),
    })
}

#[cfg(test)]
mod tests;
