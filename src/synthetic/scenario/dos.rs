//! Owns denial of service: SYN floods from forged addresses, UDP amplification, and floods of plausible requests.

use std::net::Ipv4Addr;

use super::{Campaign, Ends, SECOND, Scenario, fixed_server, outside, public_server};
use crate::synthetic::dice::Dice;
use crate::synthetic::flow::{ConnState, Flags, Flow, Service, Traffic};

#[derive(Clone, Copy, Debug)]
enum Kind {
    Syn,
    Amplification,
    Requests,
}

/// Somebody who wants a service down.
#[derive(Debug)]
pub(in crate::synthetic) struct Flood {
    campaign: Campaign,
    kind: Kind,
    victim: Ipv4Addr,
    port: u16,
    mean_gap: f64,
}

impl Flood {
    pub(in crate::synthetic) fn new(rest: f64) -> Self {
        Self {
            campaign: Campaign::resting(rest),
            kind: Kind::Syn,
            victim: fixed_server(20),
            port: 443,
            mean_gap: SECOND,
        }
    }

    fn plan(&mut self, dice: &mut Dice) {
        self.kind = dice.pick(&[Kind::Syn, Kind::Syn, Kind::Amplification, Kind::Requests], Kind::Syn);
        self.victim = public_server(dice);
        self.port = dice.pick(&[443, 80], 443);
        self.mean_gap = dice.log_normal(0.012, 0.6) * SECOND;
        self.campaign.begin(dice.between(120, 480));
    }
}

impl Scenario for Flood {
    fn step(&mut self, _now: i64, dice: &mut Dice) -> (Flow, f64) {
        if self.campaign.is_over() {
            self.plan(dice);
        }
        let src = outside(dice);
        let service = if self.port == 443 { Service::Ssl } else { Service::Http };
        let ends = Ends::new(Traffic::Dos, src, self.victim, self.port, service, dice);
        let flow = match self.kind {
            Kind::Syn if dice.chance(0.3) => {
                // Half open: our answer is repeated into the void.
                let answers = u64::from(dice.between(1, 4));
                Flow {
                    conn_state: ConnState::S1,
                    resp_pkts: answers,
                    flags: Some(Flags::Sa),
                    duration_micros: dice.size(30_000.0, 1.0) + (answers - 1) * 1_000_000,
                    ..ends.unanswered(0, dice)
                }
            }
            Kind::Syn => ends.unanswered(u32::from(dice.chance(0.1)), dice),
            Kind::Amplification => {
                let (port, service) = dice.pick(
                    &[(123, Service::Ntp), (53, Service::Dns), (389, Service::Ldap)],
                    (53, Service::Dns),
                );
                let amplified = Ends {
                    src_port: port,
                    dst_port: ends.src_port,
                    service: Some(service),
                    ..ends
                };
                amplified.one_way(dice.size(2_600.0, 0.9), dice.log_normal(0.01, 1.0))
            }
            Kind::Requests => ends.session(
                dice.log_normal(1.2, 1.2),
                dice.size(700.0, 0.6),
                dice.size(6_000.0, 1.4),
                dice,
            ),
        };
        let gap = dice.exponential(self.mean_gap);
        (flow, self.campaign.advance(gap, dice))
    }
}
