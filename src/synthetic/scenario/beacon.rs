//! Owns command-and-control beacons: a taken-over host calls home at an even pace with small, even messages.

use std::net::Ipv4Addr;

use super::{Ends, SECOND, Scenario, client, fixed_server, outside};
use crate::synthetic::dice::Dice;
use crate::synthetic::flow::{Flow, Service, Traffic};

/// One implant after another: each lives for some hundred calls, then is found, and another host falls.
#[derive(Debug)]
pub(in crate::synthetic) struct Beacon {
    calls_left: u32,
    src: Ipv4Addr,
    home: Ipv4Addr,
    channel: (u16, Service),
    period: f64,
    /// Share of the period by which calls come early or late.
    jitter: f64,
    up: f64,
    down: f64,
}

impl Beacon {
    pub(in crate::synthetic) fn new() -> Self {
        let nobody = fixed_server(60);
        Self {
            calls_left: 0,
            src: nobody,
            home: nobody,
            channel: (443, Service::Ssl),
            period: 60.0,
            jitter: 0.1,
            up: 300.0,
            down: 300.0,
        }
    }

    fn plan(&mut self, dice: &mut Dice) {
        const CHANNELS: [(u16, Service); 8] = [
            (443, Service::Ssl),
            (443, Service::Ssl),
            (443, Service::Ssl),
            (443, Service::Ssl),
            (80, Service::Http),
            (8080, Service::Http),
            (8443, Service::Ssl),
            (53, Service::Dns),
        ];
        self.src = client(dice);
        self.home = outside(dice);
        self.channel = dice.pick(&CHANNELS, (443, Service::Ssl));
        self.period = dice.pick(&[20.0, 30.0, 60.0, 60.0, 120.0, 300.0], 60.0);
        self.jitter = dice.pick(&[0.02, 0.1, 0.2, 0.37], 0.1);
        self.up = dice.log_normal(360.0, 0.4);
        self.down = dice.log_normal(480.0, 0.5);
        self.calls_left = dice.between(40, 400);
    }
}

impl Scenario for Beacon {
    fn step(&mut self, _now: i64, dice: &mut Dice) -> (Flow, f64) {
        if self.calls_left == 0 {
            self.plan(dice);
        }
        self.calls_left -= 1;
        let (port, service) = self.channel;
        let ends = Ends::new(Traffic::C2Beacon, self.src, self.home, port, service, dice);
        let padding = u64::from(dice.below(24));
        let up = self.up as u64 + padding;
        let flow = if service == Service::Dns {
            ends.exchange(dice.log_normal(0.05, 0.7), up / 4 + 20, self.down as u64 / 3 + 30, dice)
        } else if dice.chance(0.04) {
            // Work to do: a module comes down, results go up.
            ends.session(
                dice.log_normal(4.0, 0.8),
                dice.size(9_000.0, 1.0),
                dice.size(60_000.0, 1.2),
                dice,
            )
        } else if dice.chance(0.03) {
            ends.unanswered(dice.between(1, 3), dice)
        } else {
            ends.session(dice.log_normal(0.3, 0.5), up, self.down as u64 + padding, dice)
        };
        let pause = self.period * SECOND * (1.0 + self.jitter * (2.0 * dice.unit() - 1.0));
        (flow, pause)
    }
}
