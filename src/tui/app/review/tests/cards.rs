//! Owns what is shown of a case while its card is on its way, and that leaving waits for the last verdict.

use super::super::ShownCard;
use super::{Bench, decided, row};
use crate::tui::app::{Effect, Message, update};
use crate::worker::{Card, Failure, Reply, Report, ReviewJob};

fn card_job(job: &ReviewJob) -> bool {
    matches!(job, ReviewJob::Card { .. })
}

fn card(number: u64) -> Reply {
    Reply::Card(Box::new(Card {
        row: row(number),
        at: number,
        columns: Vec::new(),
        other: Vec::new(),
        smallest_change: None,
        neighbours: Vec::new(),
        reliability: None,
        history: Vec::new(),
        missing: Vec::new(),
    }))
}

/// The number of the card that is shown, and how: `o`wn, `b`efore, `d`immed, `r`eading, `f`ailed.
fn shown(bench: &Bench) -> (u64, char) {
    match bench.app.review.card() {
        Some(ShownCard::Own(card)) => (card.at, 'o'),
        Some(ShownCard::Before(card, false)) => (card.at, 'b'),
        Some(ShownCard::Before(card, true)) => (card.at, 'd'),
        Some(ShownCard::Reading) => (0, 'r'),
        Some(ShownCard::Failed(_)) => (0, 'f'),
        None => (0, '-'),
    }
}

fn wait(bench: &mut Bench, milliseconds: u64) {
    bench.now += milliseconds;
    bench.send(Message::Woke);
}

#[test]
fn the_card_before_stays_for_a_moment_and_one_that_was_read_is_there_at_once() {
    let mut bench = Bench::new();
    assert_eq!(shown(&bench), (0, 'r'));
    bench.answer(card_job, card(0));
    assert_eq!(shown(&bench), (0, 'o'));
    bench.keys("j");
    assert_eq!(shown(&bench), (0, 'b'));
    wait(&mut bench, 60);
    assert_eq!(shown(&bench), (0, 'd'));
    wait(&mut bench, 400);
    assert_eq!(shown(&bench), (0, 'r'));
    bench.answer(card_job, card(1));
    assert_eq!(shown(&bench), (1, 'o'));
    bench.keys("k");
    assert_eq!(shown(&bench), (0, 'o'));
    let asked = bench.asked(card_job);
    bench.keys("j");
    assert_eq!((shown(&bench), bench.asked(card_job)), ((1, 'o'), asked + 1));
    // A key that moves nothing asks for nothing.
    bench.keys("l");
    assert_eq!(bench.asked(card_job), asked + 1);
}

#[test]
fn a_card_that_is_late_is_not_taken_for_another_case() {
    let mut bench = Bench::new();
    let (late, _) = bench.latest(card_job);
    bench.keys("j j");
    bench.tell(late, Report::Done(Box::new(card(0))));
    assert_ne!(shown(&bench).1, 'o');
    bench.answer(card_job, card(2));
    assert_eq!(shown(&bench), (2, 'o'));
}

#[test]
fn a_card_of_another_case_has_the_rows_read_anew_once() {
    let mut bench = Bench::new();
    let pages = |bench: &Bench| bench.asked(|job| matches!(job, ReviewJob::Page { .. }));
    let (before, cards) = (pages(&bench), bench.asked(card_job));
    bench.answer(card_job, card(7));
    assert_eq!((pages(&bench), bench.asked(card_job)), (before + 1, cards));
    bench.page_comes();
    assert_eq!(bench.asked(card_job), cards + 1);
    bench.answer(card_job, card(7));
    bench.page_comes();
    assert_eq!(bench.asked(card_job), cards + 1, "this would go on for ever");
}

#[test]
fn a_card_that_fails_says_why_and_can_be_come_back_to() {
    let mut bench = Bench::new();
    let (ticket, _) = bench.latest(card_job);
    let failure = Failure {
        message: "model.bin is damaged".to_owned(),
        details: Vec::new(),
    };
    bench.tell(ticket, Report::Failed(failure));
    assert_eq!(shown(&bench).1, 'f');
    bench.keys("j k");
    bench.answer(card_job, card(0));
    assert_eq!(shown(&bench), (0, 'o'));
}

#[test]
fn enter_opens_the_card_when_it_comes() {
    let mut bench = Bench::new();
    bench.keys("enter");
    assert!(bench.app.layers.is_empty());
    bench.answer(card_job, card(0));
    assert_eq!(bench.app.layers.len(), 1);
    bench.keys("esc j enter k");
    bench.answer(card_job, card(0));
    assert!(bench.app.layers.is_empty(), "it was wanted of another case");
}

fn quits(bench: &mut Bench, message: Message) -> bool {
    bench.now += 10;
    update(&mut bench.app, bench.now, message).contains(&Effect::Quit)
}

fn key(name: &str) -> Message {
    Message::Key(name.parse().unwrap())
}

#[test]
fn leaving_waits_for_the_last_verdict() {
    let mut bench = Bench::new();
    bench.keys("t f");
    assert!(!quits(&mut bench, key("q")));
    let tickets: Vec<_> = bench.decisions().into_iter().map(|(ticket, _)| ticket).collect();
    let news = |ticket| {
        let report = Report::Done(Box::new(decided("true positive", None)));
        Message::News(Box::new(crate::worker::News { ticket, report }))
    };
    assert!(!quits(&mut bench, news(tickets[0])));
    assert!(quits(&mut bench, news(tickets[1])));

    let mut bench = Bench::new();
    bench.keys("t");
    assert!(!quits(&mut bench, key("q")));
    assert!(quits(&mut bench, key("q")), "whoever asks twice means it");
}
