//! Owns everyday traffic: people at work, machines among themselves, and automation that looks a little like an attack.

use super::{
    Campaign, Ends, SECOND, Scenario, activity, client, fixed_server, hour_of_day, outside, public_server, server, site,
};
use crate::synthetic::dice::Dice;
use crate::synthetic::flow::{Flow, Service, Traffic};

const B: Traffic = Traffic::Benign;

/// People: web, names, mail, files and logins, in the rhythm of the working day.
#[derive(Debug)]
pub(in crate::synthetic) struct People;

impl Scenario for People {
    fn step(&mut self, now: i64, dice: &mut Dice) -> (Flow, f64) {
        let flow = match dice.below(1000) {
            0..360 => browsing(dice),
            360..560 => name_lookup(dice),
            560..760 => visitor(dice),
            760..860 => mail(dice),
            860..910 => files_and_directory(dice),
            910..950 => upload(dice),
            950..966 => login(dice),
            966..986 => mishap(dice),
            _ => {
                let far = site(dice);
                let near = client(dice);
                Ends::new(B, near, far, 0, Service::Http, dice).ping(dice.between(1, 5), dice.chance(0.85), dice)
            }
        };
        (flow, dice.exponential(SECOND / (1.6 * activity(now))))
    }
}

fn browsing(dice: &mut Dice) -> Flow {
    let (near, far) = (client(dice), site(dice));
    let up = dice.size(1_900.0, 1.0) + 90;
    let down = dice.size(16_000.0, 1.7) + 120;
    let seconds = dice.log_normal(6.0, 1.6);
    match dice.below(10) {
        0 => Ends::new(B, near, far, 80, Service::Http, dice).session(seconds * 0.3, up / 2, down, dice),
        1 | 2 => Ends::new(B, near, far, 443, Service::Ssl, dice).exchange(seconds, up, down, dice),
        3 => Ends::new(B, near, far, dice.pick(&[8080, 8443, 3000], 8443), Service::Ssl, dice)
            .session(seconds, up, down, dice),
        _ => Ends::new(B, near, far, 443, Service::Ssl, dice).session(seconds, up, down, dice),
    }
}

fn name_lookup(dice: &mut Dice) -> Flow {
    let resolver = fixed_server(5 + dice.below(2) as u8);
    let ends = Ends::new(B, client(dice), resolver, 53, Service::Dns, dice);
    // Long names are those of content networks and of signed records.
    let query = if dice.chance(0.08) {
        dice.size(110.0, 0.35)
    } else {
        dice.size(38.0, 0.25)
    };
    if dice.chance(0.03) {
        ends.one_way(query, 0.0)
    } else {
        let answer = query + dice.size(75.0, 0.8);
        ends.exchange(dice.log_normal(0.012, 1.4), query, answer, dice)
    }
}

/// Somebody from outside on our web servers.
fn visitor(dice: &mut Dice) -> Flow {
    let (far, near) = (outside(dice), public_server(dice));
    let seconds = dice.log_normal(1.5, 1.4);
    let (up, down) = (dice.size(900.0, 0.8), dice.size(9_000.0, 1.5));
    if dice.chance(0.15) {
        Ends::new(B, far, near, 80, Service::Http, dice).session(seconds, up, down, dice)
    } else if dice.chance(0.06) {
        Ends::new(B, far, near, 443, Service::Ssl, dice).unanswered(dice.below(3), dice)
    } else {
        Ends::new(B, far, near, 443, Service::Ssl, dice).session(seconds, up, down, dice)
    }
}

fn mail(dice: &mut Dice) -> Flow {
    let post = fixed_server(15);
    if dice.chance(0.75) {
        let (up, down) = (dice.size(700.0, 0.6), dice.size(5_000.0, 1.6));
        Ends::new(B, client(dice), post, 993, Service::Imap, dice).session(dice.log_normal(2.5, 1.3), up, down, dice)
    } else {
        let far = outside(dice);
        let (src, dst) = if dice.chance(0.5) { (far, post) } else { (post, far) };
        let (up, down) = (dice.size(14_000.0, 1.7), dice.size(600.0, 0.4));
        Ends::new(B, src, dst, 25, Service::Smtp, dice).session(dice.log_normal(1.8, 0.9), up, down, dice)
    }
}

fn files_and_directory(dice: &mut Dice) -> Flow {
    let near = client(dice);
    if dice.chance(0.6) {
        let (mut up, mut down) = (dice.size(3_000.0, 1.4), dice.size(60_000.0, 2.0));
        if dice.chance(0.3) {
            std::mem::swap(&mut up, &mut down);
        }
        Ends::new(B, near, fixed_server(10), 445, Service::Smb, dice).session(
            dice.log_normal(12.0, 1.6),
            up,
            down,
            dice,
        )
    } else {
        let (up, down) = (dice.size(420.0, 0.5), dice.size(900.0, 0.9));
        Ends::new(B, near, fixed_server(10), 389, Service::Ldap, dice).session(
            dice.log_normal(0.2, 1.2),
            up,
            down,
            dice,
        )
    }
}

/// Calls, shared documents, pictures: much more goes out than comes in.
fn upload(dice: &mut Dice) -> Flow {
    let up = dice.size(450_000.0, 2.0);
    let down = 2_000 + (up as f64 * dice.log_normal(0.02, 0.9)) as u64;
    let seconds = dice.log_normal(25.0, 1.4);
    Ends::new(B, client(dice), site(dice), 443, Service::Ssl, dice).session(seconds, up, down, dice)
}

fn login(dice: &mut Dice) -> Flow {
    let (port, service) = dice.pick(
        &[
            (22, Service::Ssh),
            (22, Service::Ssh),
            (3389, Service::Rdp),
            (21, Service::Ftp),
        ],
        (22, Service::Ssh),
    );
    let from_home = dice.chance(0.35);
    let src = if from_home { outside(dice) } else { client(dice) };
    let ends = Ends::new(B, src, server(dice), port, service, dice);
    if dice.chance(0.3) {
        // A mistyped password.
        ends.session(
            dice.log_normal(2.4, 0.6),
            dice.size(1_250.0, 0.35),
            dice.size(2_000.0, 0.35),
            dice,
        )
    } else {
        ends.session(
            dice.log_normal(300.0, 1.7),
            dice.size(22_000.0, 1.5),
            dice.size(90_000.0, 1.8),
            dice,
        )
    }
}

/// Hosts that are down, services that moved, printers that sleep.
fn mishap(dice: &mut Dice) -> Flow {
    let dst = if dice.chance(0.6) { server(dice) } else { site(dice) };
    let port = dice.pick(&[443, 80, 445, 22, 3389, 9100, 8080, 5432, 389, 631], 443);
    let ends = Ends::new(B, client(dice), dst, port, Service::Http, dice);
    if dice.chance(0.5) {
        ends.refused(dice)
    } else {
        ends.unanswered(dice.between(0, 3), dice)
    }
}

/// Machines: time, monitoring, agents that report home, name look-ups of servers, backups at night. No working day.
#[derive(Debug)]
pub(in crate::synthetic) struct Machines;

impl Scenario for Machines {
    fn step(&mut self, now: i64, dice: &mut Dice) -> (Flow, f64) {
        let monitor = fixed_server(51);
        let flow = match dice.below(100) {
            0..14 => Ends::new(B, server(dice), fixed_server(7), 123, Service::Ntp, dice).exchange(
                dice.log_normal(0.004, 0.9),
                48,
                48,
                dice,
            ),
            14..24 => Ends::new(B, monitor, server(dice), 0, Service::Http, dice).ping(
                dice.between(1, 3),
                dice.chance(0.93),
                dice,
            ),
            24..36 => {
                let port = dice.pick(&[22, 80, 443, 25, 389, 445], 443);
                Ends::new(B, monitor, server(dice), port, Service::Http, dice).touched(dice)
            }
            36..46 => {
                let (up, down) = (dice.size(85.0, 0.2), dice.size(140.0, 0.4));
                Ends::new(B, monitor, server(dice), 161, Service::Snmp, dice).exchange(
                    dice.log_normal(0.01, 1.0),
                    up,
                    down,
                    dice,
                )
            }
            46..72 => agent(dice),
            72..95 => name_lookup(dice),
            _ => backup(now, dice),
        };
        (flow, dice.exponential(SECOND / 0.35))
    }
}

/// Updates and telemetry: small, regular, always the same; a beacon with a good conscience.
fn agent(dice: &mut Dice) -> Flow {
    let (up, down) = (dice.size(420.0, 0.3), dice.size(520.0, 0.5));
    let (src, dst, seconds) = (client(dice), site(dice), dice.log_normal(0.35, 0.7));
    Ends::new(B, src, dst, 443, Service::Ssl, dice).session(seconds, up, down, dice)
}

/// To the backup server or, sometimes, a provider outside; mostly at night.
fn backup(now: i64, dice: &mut Dice) -> Flow {
    let night = !(6.0..21.0).contains(&hour_of_day(now));
    let up = dice.size(if night { 60_000_000.0 } else { 1_500_000.0 }, 1.6);
    let down = 4_000 + up / 300;
    let to_provider = dice.chance(0.35);
    let dst = if to_provider { site(dice) } else { fixed_server(40) };
    let ends = Ends::new(
        B,
        server(dice),
        dst,
        if to_provider { 443 } else { 22 },
        if to_provider { Service::Ssl } else { Service::Ssh },
        dice,
    );
    ends.session(up as f64 / dice.log_normal(6_000_000.0, 0.8), up, down, dice)
}

/// Configuration management: every so often a burst of short SSH sessions from one host to all servers.
#[derive(Debug)]
pub(in crate::synthetic) struct Automation(pub(in crate::synthetic) Campaign);

impl Scenario for Automation {
    fn step(&mut self, _now: i64, dice: &mut Dice) -> (Flow, f64) {
        if self.0.is_over() {
            self.0.begin(dice.between(20, 56));
        }
        let dst = server(dice);
        let ends = Ends::new(B, fixed_server(52), dst, 22, Service::Ssh, dice);
        let flow = if dice.chance(0.04) {
            ends.unanswered(3, dice)
        } else {
            ends.session(
                dice.log_normal(3.0, 0.7),
                dice.size(2_600.0, 0.6),
                dice.size(3_400.0, 0.6),
                dice,
            )
        };
        let gap = dice.log_normal(0.7 * SECOND, 0.5);
        (flow, self.0.advance(gap, dice))
    }
}
