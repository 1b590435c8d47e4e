//! Owns data theft: a few large uploads, a long drip of middling ones, or a tunnel through DNS; more often at night.

use std::net::Ipv4Addr;

use super::{Campaign, Ends, SECOND, Scenario, client, fixed_server, hour_of_day, outside, server};
use crate::synthetic::dice::Dice;
use crate::synthetic::flow::{Flow, Service, Traffic};

#[derive(Clone, Copy, Debug)]
enum Way {
    Bulk,
    Drip,
    Tunnel,
}

/// Somebody who carries data out.
#[derive(Debug)]
pub(in crate::synthetic) struct Exfiltration {
    campaign: Campaign,
    way: Way,
    src: Ipv4Addr,
    drop_point: Ipv4Addr,
    port: u16,
}

impl Exfiltration {
    pub(in crate::synthetic) fn new(rest: f64) -> Self {
        let nobody = fixed_server(60);
        Self {
            campaign: Campaign::resting(rest),
            way: Way::Bulk,
            src: nobody,
            drop_point: nobody,
            port: 443,
        }
    }

    fn plan(&mut self, dice: &mut Dice) {
        self.src = if dice.chance(0.5) { client(dice) } else { server(dice) };
        self.drop_point = outside(dice);
        self.port = dice.pick(&[443, 443, 443, 22, 8443], 443);
        let flows;
        (self.way, flows) = match dice.below(10) {
            0..3 => (Way::Bulk, dice.between(4, 16)),
            3..8 => (Way::Drip, dice.between(20, 70)),
            _ => (Way::Tunnel, dice.between(60, 180)),
        };
        self.campaign.begin(flows);
    }
}

impl Scenario for Exfiltration {
    fn step(&mut self, now: i64, dice: &mut Dice) -> (Flow, f64) {
        if self.campaign.is_over() {
            self.plan(dice);
        }
        let service = if self.port == 22 { Service::Ssh } else { Service::Ssl };
        let ends = Ends::new(
            Traffic::Exfiltration,
            self.src,
            self.drop_point,
            self.port,
            service,
            dice,
        );
        let (flow, median_gap) = match self.way {
            Way::Bulk => {
                let up = dice.size(30_000_000.0, 1.3);
                let down = 3_000 + (up as f64 * dice.log_normal(0.006, 0.8)) as u64;
                (
                    ends.session(up as f64 / dice.log_normal(2_500_000.0, 0.8), up, down, dice),
                    40.0,
                )
            }
            Way::Drip => {
                let up = dice.size(500_000.0, 1.2);
                let down = 1_500 + (up as f64 * dice.log_normal(0.015, 0.8)) as u64;
                (ends.session(dice.log_normal(14.0, 1.0), up, down, dice), 30.0)
            }
            Way::Tunnel => {
                let resolver = fixed_server(5 + dice.below(2) as u8);
                let tunnel = Ends::new(Traffic::Exfiltration, self.src, resolver, 53, Service::Dns, dice);
                let (up, down) = (dice.size(130.0, 0.3), dice.size(120.0, 0.4));
                (tunnel.exchange(dice.log_normal(0.03, 0.8), up, down, dice), 0.4)
            }
        };
        let gap = dice.log_normal(median_gap * SECOND, 0.7);
        let mut wait = self.campaign.advance(gap, dice);
        if self.campaign.is_over() && (7.0..19.0).contains(&hour_of_day(now)) {
            // Thieves prefer the hours in which nobody looks.
            wait *= 2.0;
        }
        (flow, wait)
    }
}
