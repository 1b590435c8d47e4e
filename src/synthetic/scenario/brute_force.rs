//! Owns password guessing: many short sessions against one login service.

use std::net::Ipv4Addr;

use super::{Campaign, Ends, SECOND, Scenario, client, fixed_server, outside, server};
use crate::synthetic::dice::Dice;
use crate::synthetic::flow::{Flow, Service, Traffic};

/// A guesser, alone or with a handful of helpers that take turns.
#[derive(Debug)]
pub(in crate::synthetic) struct BruteForce {
    campaign: Campaign,
    sources: [Ipv4Addr; 4],
    used: u32,
    victim: Ipv4Addr,
    login: (u16, Service),
    median_gap: f64,
}

impl BruteForce {
    pub(in crate::synthetic) fn new(rest: f64) -> Self {
        let home = fixed_server(25);
        Self {
            campaign: Campaign::resting(rest),
            sources: [home; 4],
            used: 1,
            victim: home,
            login: (22, Service::Ssh),
            median_gap: SECOND,
        }
    }

    fn plan(&mut self, dice: &mut Dice) {
        const LOGINS: [(u16, Service); 7] = [
            (22, Service::Ssh),
            (22, Service::Ssh),
            (3389, Service::Rdp),
            (3389, Service::Rdp),
            (21, Service::Ftp),
            (993, Service::Imap),
            (443, Service::Ssl),
        ];
        self.login = dice.pick(&LOGINS, (22, Service::Ssh));
        self.victim = server(dice);
        self.used = dice.between(1, 4);
        let inside = dice.chance(0.35);
        for source in &mut self.sources {
            *source = if inside { client(dice) } else { outside(dice) };
        }
        self.median_gap = if dice.chance(0.3) { 9.0 * SECOND } else { 0.7 * SECOND };
        self.campaign.begin(dice.between(30, 110));
    }
}

impl Scenario for BruteForce {
    fn step(&mut self, _now: i64, dice: &mut Dice) -> (Flow, f64) {
        if self.campaign.is_over() {
            self.plan(dice);
        }
        let src = self.sources[dice.below(self.used) as usize % self.sources.len()];
        let (port, service) = self.login;
        let ends = Ends::new(Traffic::BruteForce, src, self.victim, port, service, dice);
        let flow = match dice.below(100) {
            0..86 => {
                let scale = if service == Service::Ssl { 1.6 } else { 1.0 };
                ends.session(
                    dice.log_normal(1.9, 0.6),
                    dice.size(1_150.0 * scale, 0.4),
                    dice.size(1_900.0 * scale, 0.4),
                    dice,
                )
            }
            86..92 => ends.touched(dice),
            92..96 => ends.refused(dice),
            _ => ends.unanswered(dice.below(3), dice),
        };
        let gap = dice.log_normal(self.median_gap, 0.6);
        (flow, self.campaign.advance(gap, dice))
    }
}
