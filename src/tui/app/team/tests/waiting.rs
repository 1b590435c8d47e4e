//! Owns the tests of what is told of decisions that wait for the server.

use super::super::words::{indicator, sharing};
use super::*;

#[test]
fn what_waits_is_told_without_a_joined_server_and_when_one_leaves() {
    let mut bench = Bench::new(Some("db.example:27017/team"));
    assert_eq!(bench.app.parting_word(), None);
    bench.reply(Kind::Team, Reply::Team(Some(live(2))));
    let word = bench.app.parting_word().unwrap();
    assert_eq!(
        word,
        "2 decisions are not on the team's server yet; they go with the next start, or: nsec-tui verdicts sync"
    );
    bench.keys("M");
    bench.keys("tab tab");
    bench.app.shared.team.stands(None);
    bench.app.decided_here(1);
    assert_eq!(bench.app.shared.team.backlog(), 3);
    assert_eq!(bench.standing(), Some(Standing::Apart));
    assert!(bench.app.parting_word().unwrap().contains("they go once it is joined"));
}

#[test]
fn what_the_exchange_has_not_told_of_waits_too() {
    let mut bench = Bench::new(Some("db.example:27017/team"));
    bench.reply(Kind::Team, Reply::Team(Some(live(0))));
    let backlog = |bench: &Bench| bench.app.shared.team.backlog();
    // A server that is silent holds the exchange up before anything is told.
    bench.app.decided_here(2);
    assert_eq!(backlog(&bench), 2);
    assert!(bench.app.parting_word().unwrap().starts_with("2 decisions are not"));
    let mut sent = live(0);
    sent.sent += 1;
    bench.tell(Kind::Team, Report::Team(sent.clone()));
    assert_eq!(backlog(&bench), 1);
    sent.sent += 1;
    bench.tell(Kind::Team, Report::Team(sent.clone()));
    assert_eq!(backlog(&bench), 0);
    // Told before the decision itself is.
    sent.sent += 1;
    bench.tell(Kind::Team, Report::Team(sent.clone()));
    bench.app.decided_here(1);
    assert_eq!(backlog(&bench), 0);
    // When it knows that the server is lost it has counted them.
    bench.app.decided_here(3);
    bench.tell(Kind::Team, Report::Team(lost(3)));
    assert_eq!(backlog(&bench), 3);
}

#[test]
fn the_indicator_says_what_waits() {
    for (standing, backlog, long, short) in [
        (Standing::Connecting, 0, "connecting", ""),
        (Standing::Live, 0, "", ""),
        (Standing::Live, 3, "3 to send", "3"),
        (Standing::Lost, 0, "lost", "lost"),
        (Standing::Lost, 1_200, "lost, 1,200 waiting", "1,200"),
        (Standing::Apart, 0, "not joined", ""),
        (Standing::Apart, 2, "not joined, 2 waiting", "2"),
    ] {
        assert_eq!(indicator(standing, backlog, false), long);
        assert_eq!(indicator(standing, backlog, true), short);
    }
    for (standing, backlog, text) in [
        (Standing::Live, 0, "team has all"),
        (Standing::Live, 3, "team: 3 to send"),
        (Standing::Lost, 12, "team lost, 12 wait here"),
        (Standing::Apart, 1, "team not joined, 1 waits here"),
    ] {
        assert_eq!(sharing(standing, backlog), text);
    }
    assert_eq!(looks(&live(0).claims[0]), "mira looks at this now (since 12:03)");
}
