//! Owns what every kind of synthetic traffic shares: who lives at which address, and the shapes flows take.

mod beacon;
mod benign;
mod brute_force;
mod dos;
mod exfiltration;
mod scan;

use std::net::Ipv4Addr;

pub(super) use beacon::Beacon;
pub(super) use benign::{Automation, Machines, People};
pub(super) use brute_force::BruteForce;
pub(super) use dos::Flood;
pub(super) use exfiltration::Exfiltration;
pub(super) use scan::Sweep;

use super::dice::Dice;
use super::flow::{ConnState, Flags, Flow, Protocol, Service, Traffic};

pub(super) const SECOND: f64 = 1_000_000.0;

/// A source of flows: asked at its time, it gives one flow and says how long until its next.
pub(super) trait Scenario: std::fmt::Debug + Send {
    /// The flow that starts at `now` (microseconds), and the microseconds until this source is to be asked again.
    fn step(&mut self, now: i64, dice: &mut Dice) -> (Flow, f64);
}

/// Counts down the flows of a campaign and then lets the attacker rest.
#[derive(Clone, Debug)]
pub(super) struct Campaign {
    left: u32,
    /// Mean seconds between campaigns.
    rest: f64,
}

impl Campaign {
    pub(super) fn resting(rest: f64) -> Self {
        Self { left: 0, rest }
    }

    /// Whether a new campaign is to be laid out before this flow.
    fn is_over(&self) -> bool {
        self.left == 0
    }

    fn begin(&mut self, flows: u32) {
        self.left = flows.max(1);
    }

    /// Takes one flow off; `gap` microseconds to the next, or a rest of half to one and a half times the mean.
    fn advance(&mut self, gap: f64, dice: &mut Dice) -> f64 {
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            gap
        } else {
            self.rest * SECOND * (0.5 + dice.unit())
        }
    }
}

/// The two ends of a flow, its service and its label.
#[derive(Clone, Copy, Debug)]
struct Ends {
    label: Traffic,
    src: Ipv4Addr,
    dst: Ipv4Addr,
    src_port: u16,
    dst_port: u16,
    service: Option<Service>,
}

/// A workstation: one of 400 in 10.10.0.0/22.
fn client(dice: &mut Dice) -> Ipv4Addr {
    let n = dice.below(400);
    Ipv4Addr::new(10, 10, (n / 100) as u8, 10 + (n % 100) as u8)
}

/// One of our servers, 10.20.0.5 to 10.20.0.60.
fn server(dice: &mut Dice) -> Ipv4Addr {
    Ipv4Addr::new(10, 20, 0, dice.between(5, 60) as u8)
}

/// A server that the outside may reach: 10.20.0.20 to 10.20.0.26.
fn public_server(dice: &mut Dice) -> Ipv4Addr {
    Ipv4Addr::new(10, 20, 0, dice.between(20, 26) as u8)
}

fn fixed_server(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 20, 0, last)
}

/// Any address outside: the three networks of RFC 5737.
fn outside(dice: &mut Dice) -> Ipv4Addr {
    let last = dice.between(1, 254) as u8;
    match dice.below(3) {
        0 => Ipv4Addr::new(192, 0, 2, last),
        1 => Ipv4Addr::new(198, 51, 100, last),
        _ => Ipv4Addr::new(203, 0, 113, last),
    }
}

/// A web site outside; low addresses are the popular ones.
fn site(dice: &mut Dice) -> Ipv4Addr {
    let u = dice.unit();
    let n = (600.0 * u * u) as u32;
    let last = 1 + (n % 200) as u8;
    match n / 200 {
        0 => Ipv4Addr::new(203, 0, 113, last),
        1 => Ipv4Addr::new(198, 51, 100, last),
        _ => Ipv4Addr::new(192, 0, 2, last),
    }
}

/// A port that an operating system hands out to the side that asks.
fn ephemeral(dice: &mut Dice) -> u16 {
    let high = if dice.chance(0.7) { 60_999 } else { 65_535 };
    let low = if high == 60_999 { 32_768 } else { 49_152 };
    dice.between(low, high) as u16
}

impl Ends {
    fn new(label: Traffic, src: Ipv4Addr, dst: Ipv4Addr, dst_port: u16, service: Service, dice: &mut Dice) -> Self {
        let src_port = ephemeral(dice);
        // Two draws from one pool may meet; nobody talks to himself over the wire.
        let dst = if src == dst { fixed_server(61) } else { dst };
        Self {
            label,
            src,
            dst,
            src_port,
            dst_port,
            service: Some(service),
        }
    }

    fn flow(self, protocol: Protocol) -> Flow {
        Flow {
            start_micros: 0,
            id: 0,
            src_ip: self.src,
            dst_ip: self.dst,
            src_port: Some(self.src_port),
            dst_port: Some(self.dst_port),
            protocol,
            service: None,
            conn_state: ConnState::S0,
            duration_micros: 0,
            orig_bytes: 0,
            resp_bytes: 0,
            orig_pkts: 1,
            resp_pkts: 0,
            flags: None,
            label: self.label,
        }
    }

    /// A TCP connection that carried data and mostly closed in order.
    fn session(self, seconds: f64, orig_bytes: u64, resp_bytes: u64, dice: &mut Dice) -> Flow {
        let (conn_state, flags) = match dice.below(100) {
            0..88 => (ConnState::Sf, Flags::Fspa),
            88..93 => (ConnState::Rsto, Flags::Srpa),
            93..97 => (ConnState::Rstr, Flags::Srpa),
            97..99 => (ConnState::S1, Flags::Spa),
            _ => (ConnState::Oth, Flags::Pa),
        };
        let (orig_pkts, resp_pkts) = packets(orig_bytes, resp_bytes, dice);
        Flow {
            service: self.service,
            conn_state,
            // A round trip at the least.
            duration_micros: (seconds * SECOND).clamp(300.0, 86_400.0 * SECOND) as u64,
            orig_bytes,
            resp_bytes,
            orig_pkts: orig_pkts + u64::from(3 + dice.below(3)),
            resp_pkts: resp_pkts + u64::from(2 + dice.below(3)),
            flags: Some(flags),
            ..self.flow(Protocol::Tcp)
        }
    }

    /// A TCP connection opened and left again without a byte of payload.
    fn touched(self, dice: &mut Dice) -> Flow {
        let reset = dice.chance(0.5);
        Flow {
            conn_state: if reset { ConnState::Rsto } else { ConnState::Sf },
            duration_micros: dice.size(20_000.0, 1.2).max(100),
            orig_pkts: u64::from(dice.between(2, 4)),
            resp_pkts: u64::from(dice.between(1, 3)),
            flags: Some(if reset { Flags::Sra } else { Flags::Fsa }),
            ..self.flow(Protocol::Tcp)
        }
    }

    /// SYNs into the void: the retries of TCP stacks wait 1, 2, 4 seconds.
    fn unanswered(self, retries: u32, dice: &mut Dice) -> Flow {
        let waited = f64::from((1u32 << retries.min(6)) - 1) * SECOND;
        let spread = if retries == 0 { 0.0 } else { dice.unit() * 60_000.0 };
        Flow {
            duration_micros: (waited + spread) as u64,
            orig_pkts: u64::from(retries) + 1,
            flags: Some(Flags::S),
            ..self.flow(Protocol::Tcp)
        }
    }

    /// A SYN answered by a reset, some tried twice.
    fn refused(self, dice: &mut Dice) -> Flow {
        let tries = 1 + u64::from(dice.chance(0.25));
        Flow {
            conn_state: ConnState::Rej,
            duration_micros: dice.size(4_000.0, 1.3).max(20) + (tries - 1) * 1_000_000,
            orig_pkts: tries,
            resp_pkts: tries,
            flags: Some(Flags::Sra),
            ..self.flow(Protocol::Tcp)
        }
    }

    /// Datagrams both ways.
    fn exchange(self, seconds: f64, orig_bytes: u64, resp_bytes: u64, dice: &mut Dice) -> Flow {
        let (orig_pkts, resp_pkts) = packets(orig_bytes, resp_bytes, dice);
        Flow {
            service: self.service,
            conn_state: ConnState::Sf,
            duration_micros: (seconds * SECOND).clamp(150.0, 86_400.0 * SECOND) as u64,
            orig_bytes,
            resp_bytes,
            orig_pkts: orig_pkts.max(1),
            resp_pkts: resp_pkts.max(1),
            ..self.flow(Protocol::Udp)
        }
    }

    /// Datagrams that nobody answers.
    fn one_way(self, orig_bytes: u64, seconds: f64) -> Flow {
        let orig_pkts = orig_bytes.div_ceil(1_440).max(1);
        Flow {
            service: self.service,
            duration_micros: if orig_pkts > 1 {
                (seconds * SECOND).clamp(10.0, 3_600.0 * SECOND) as u64
            } else {
                0
            },
            orig_bytes,
            orig_pkts,
            ..self.flow(Protocol::Udp)
        }
    }

    /// ICMP echo.
    fn ping(self, count: u32, answered: bool, dice: &mut Dice) -> Flow {
        let count = u64::from(count.max(1));
        let bytes = count * 56;
        let round_trip = dice.size(9_000.0, 1.2).max(50);
        Flow {
            src_port: None,
            dst_port: None,
            conn_state: if answered { ConnState::Sf } else { ConnState::S0 },
            duration_micros: (count - 1) * 1_000_000 + if answered { round_trip } else { 0 },
            orig_bytes: bytes,
            resp_bytes: if answered { bytes } else { 0 },
            orig_pkts: count,
            resp_pkts: if answered { count } else { 0 },
            ..self.flow(Protocol::Icmp)
        }
    }
}

/// Packets each side needs for these bytes, with one acknowledgement for two packets of the other side.
fn packets(orig_bytes: u64, resp_bytes: u64, dice: &mut Dice) -> (u64, u64) {
    let full = 1_448 - u64::from(dice.below(200));
    let orig = orig_bytes.div_ceil(full);
    let resp = resp_bytes.div_ceil(full);
    (orig + resp / 2, resp + orig / 2)
}

/// How much of the working day's peak there is at `now`: 1 around eleven and three on working days, an eighth at night
/// and less than half of that at the week-end.
fn activity(now: i64) -> f64 {
    const BY_HOUR: [f64; 25] = [
        0.13, 0.12, 0.12, 0.12, 0.13, 0.16, 0.25, 0.50, 0.80, 0.95, 1.00, 1.00, 0.80, 0.85, 1.00, 1.00, 0.90, 0.70,
        0.50, 0.38, 0.30, 0.25, 0.20, 0.16, 0.13,
    ];
    let hour = hour_of_day(now);
    let at = (hour as usize).min(23);
    let level = BY_HOUR[at] + (BY_HOUR[at + 1] - BY_HOUR[at]) * (hour - at as f64);
    if is_weekend(now) { 0.45 * level.min(0.5) } else { level }
}

/// Hours since midnight UTC, in `[0, 24)`.
fn hour_of_day(now: i64) -> f64 {
    now.rem_euclid(86_400_000_000) as f64 / 3_600_000_000.0
}

/// Whether the UTC day is a Saturday or Sunday; 1970-01-01 was a Thursday.
fn is_weekend(now: i64) -> bool {
    matches!(now.div_euclid(86_400_000_000).rem_euclid(7), 2 | 3)
}
