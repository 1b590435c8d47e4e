//! Owns scans: one port over many hosts, many ports of one host; fast or slow; and the authorised scanner, which is benign.

use std::net::Ipv4Addr;

use super::{Campaign, Ends, SECOND, Scenario, client, fixed_server, outside, server};
use crate::synthetic::dice::Dice;
use crate::synthetic::flow::{Flow, Service, Traffic};

const PORTS: [u16; 16] = [
    22, 23, 80, 443, 445, 3389, 21, 25, 8080, 5900, 1433, 3306, 6379, 5432, 9200, 389,
];

/// A scanner: attackers from outside, a taken-over workstation inside, or the security team's own.
#[derive(Debug)]
pub(in crate::synthetic) struct Sweep {
    label: Traffic,
    campaign: Campaign,
    src: Ipv4Addr,
    /// The one host of a vertical scan.
    victim: Option<Ipv4Addr>,
    port: u16,
    mean_gap: f64,
    at: u32,
}

impl Sweep {
    pub(in crate::synthetic) fn new(label: Traffic, rest: f64) -> Self {
        Self {
            label,
            campaign: Campaign::resting(rest),
            src: fixed_server(50),
            victim: None,
            port: 22,
            mean_gap: SECOND,
            at: 0,
        }
    }

    fn plan(&mut self, dice: &mut Dice) {
        if self.label != Traffic::Benign {
            self.src = if dice.chance(0.5) { client(dice) } else { outside(dice) };
        }
        self.victim = if dice.chance(0.4) { Some(server(dice)) } else { None };
        self.port = dice.pick(&PORTS, 22);
        self.mean_gap = if dice.chance(0.25) { 4.0 * SECOND } else { 0.03 * SECOND };
        self.at = dice.below(200);
        self.campaign.begin(dice.between(50, 230));
    }

    fn target(&self, dice: &mut Dice) -> (Ipv4Addr, u16) {
        if let Some(victim) = self.victim {
            // Well-known ports first, as scanners do, then upwards.
            let port = PORTS
                .get(self.at as usize % 64)
                .copied()
                .unwrap_or((self.at * 7 % 10_000 + 1) as u16);
            return (victim, port);
        }
        let last = (self.at % 250 + 1) as u8;
        let dst = if dice.chance(0.5) {
            Ipv4Addr::new(10, 20, 0, last)
        } else {
            Ipv4Addr::new(10, 10, (self.at / 250 % 4) as u8, last)
        };
        (dst, self.port)
    }
}

impl Scenario for Sweep {
    fn step(&mut self, _now: i64, dice: &mut Dice) -> (Flow, f64) {
        if self.campaign.is_over() {
            self.plan(dice);
        }
        self.at = self.at.wrapping_add(1) % 100_000;
        let (dst, port) = self.target(dice);
        let service = match port {
            22 => Service::Ssh,
            21 => Service::Ftp,
            25 => Service::Smtp,
            443 => Service::Ssl,
            _ => Service::Http,
        };
        let ends = Ends::new(self.label, self.src, dst, port, service, dice);
        let flow = match dice.below(100) {
            0..48 => ends.unanswered(u32::from(dice.chance(0.3)), dice),
            48..72 => ends.refused(dice),
            72..82 => ends.touched(dice),
            82..90 => ends.session(
                dice.log_normal(0.8, 1.0),
                dice.size(180.0, 0.8),
                dice.size(420.0, 1.0),
                dice,
            ),
            90..95 => ends.one_way(dice.size(40.0, 0.5), 0.0),
            _ => ends.ping(1, dice.chance(0.4), dice),
        };
        let gap = dice.exponential(self.mean_gap);
        (flow, self.campaign.advance(gap, dice))
    }
}
