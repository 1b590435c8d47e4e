//! Staleness, cancelling, ends, panics and the order of news, with work that the test holds in its hands.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::*;
use crate::browse::RowCount;
use crate::event::EventSink;

/// What one job is told to do, one thing after the other.
enum Step {
    Progress(u64),
    Event(u64),
    Panic,
    /// Answers, whatever its token says.
    Answer,
    /// Ends when it is asked to stop.
    UntilCancelled,
}

/// A worker whose jobs do what the test sends them. A job says that it has begun.
struct Hands {
    worker: Worker,
    heard: Arc<Heard>,
    begun: Mutex<Receiver<u64>>,
    steps: Mutex<HashMap<u64, Sender<Step>>>,
    waiting: Arc<Mutex<HashMap<u64, Receiver<Step>>>>,
}

impl Hands {
    fn new() -> Self {
        let heard = Arc::new(Heard::default());
        let waiting: Arc<Mutex<HashMap<u64, Receiver<Step>>>> = Arc::default();
        let (say, begun) = channel();
        let (of_job, say) = (Arc::clone(&waiting), Mutex::new(say));
        let work = move |_: &Job, reporter: &Reporter| {
            let id = reporter.ticket().id;
            let steps = of_job.lock().unwrap().remove(&id).unwrap();
            say.lock().unwrap().send(id).unwrap();
            for step in steps {
                match step {
                    Step::Progress(done) => reporter.progress(done, None, ""),
                    Step::Event(at) => reporter.send(event(at)),
                    Step::Panic => panic!("step {id} is\nbad"),
                    Step::Answer => break,
                    Step::UntilCancelled => {
                        while !reporter.cancel().is_cancelled() {
                            thread::sleep(Duration::from_millis(1));
                        }
                        return Err(Ended::Failed(Failure::new("interrupted")));
                    }
                }
            }
            Ok(Reply::SessionSaved)
        };
        Self {
            worker: Worker::with(Box::new(work), heard.tell()).unwrap(),
            heard,
            begun: Mutex::new(begun),
            steps: Mutex::default(),
            waiting,
        }
    }

    fn submit(&self, id: u64, job: Job) -> Ticket {
        let (step, steps) = channel();
        self.steps.lock().unwrap().insert(id, step);
        self.waiting.lock().unwrap().insert(id, steps);
        let ticket = Ticket { id, kind: job.kind() };
        self.worker.submit(ticket, job);
        ticket
    }

    fn step(&self, id: u64, step: Step) {
        self.steps.lock().unwrap()[&id].send(step).unwrap();
    }

    /// Waits until a job begins.
    fn begun(&self) -> u64 {
        self.begun.lock().unwrap().recv_timeout(PATIENCE).unwrap()
    }
}

fn event(at: u64) -> Event {
    Event::RunStarted { run_id: at.to_string() }
}

fn count(known: u64) -> RowCount {
    RowCount {
        known,
        complete: false,
        estimated: None,
    }
}

fn page() -> Job {
    let (first, count, cell) = (0, 10, 100);
    Job::Browse(BrowseJob::Page { first, count, cell })
}

fn validate() -> Job {
    Job::Pipeline(PipelineJob::Validate {
        path: None,
        baseline: None,
        rejects: None,
    })
}

fn done() -> Report {
    Report::Done(Box::new(Reply::SessionSaved))
}

#[test]
fn a_page_is_answered_while_training_runs() {
    let hands = Hands::new();
    let training = hands.submit(1, train(quick()));
    assert_eq!(hands.begun(), 1);
    assert_eq!((hands.worker.running(), hands.worker.busy()), (Some(training), true));
    let page = hands.submit(2, page());
    assert_eq!(hands.begun(), 2);
    hands.step(2, Step::Answer);
    assert_eq!(hands.heard.end(page), done());
    hands.step(1, Step::Answer);
    assert_eq!(hands.heard.end(training), done());
    let order: Vec<u64> = hands.heard.all().iter().map(|news| news.ticket.id).collect();
    assert_eq!(order, [2, 1]);
    assert_eq!((hands.worker.running(), hands.worker.busy()), (None, false));
}

#[test]
fn a_newer_job_of_a_kind_ends_the_older_ones_once() {
    let hands = Hands::new();
    // One runs, one waits, the third is the one that counts.
    let first = hands.submit(1, page());
    hands.step(1, Step::UntilCancelled);
    assert_eq!(hands.begun(), 1);
    let second = hands.submit(2, page());
    assert_eq!(
        hands.heard.end(first),
        Report::Cancelled,
        "also one that calls it a failure"
    );
    let third = hands.submit(3, page());
    while hands.begun() != 3 {
        hands.step(2, Step::Answer);
    }
    hands.step(3, Step::Answer);
    assert_eq!(hands.heard.end(third), done());
    assert_eq!(hands.heard.end(second), Report::Cancelled);
    for ticket in [first, second, third] {
        assert_eq!(hands.heard.of(ticket).len(), 1);
    }
}

#[test]
fn a_waiting_job_ends_at_once_when_it_is_given_up() {
    let hands = Hands::new();
    let training = hands.submit(1, train(quick()));
    assert_eq!(hands.begun(), 1);
    let validation = hands.submit(2, validate());
    hands.worker.cancel(validation);
    // The lane is still busy.
    assert_eq!(hands.heard.end(validation), Report::Cancelled);
    assert_eq!(hands.heard.of(training), []);
    hands.step(1, Step::Answer);
    assert_eq!(hands.heard.end(training), done());
}

#[test]
fn what_was_changed_is_told_also_when_it_was_given_up_too_late() {
    let hands = Hands::new();
    let promote = |run: &str| Job::Runs(RunsJob::Promote { run: run.into() });
    let first = hands.submit(1, promote("a"));
    assert_eq!(hands.begun(), 1);
    // A confirmed change does not make another one stale.
    let second = hands.submit(2, promote("b"));
    hands.worker.cancel(first);
    hands.step(1, Step::Answer);
    assert_eq!(hands.heard.end(first), done());
    assert_eq!(hands.begun(), 2);
    hands.step(2, Step::Answer);
    assert_eq!(hands.heard.end(second), done());
}

#[test]
fn a_panic_is_a_failure_and_the_lane_goes_on() {
    let hands = Hands::new();
    let first = hands.submit(1, page());
    hands.step(1, Step::Panic);
    let failure = hands.heard.failure(first);
    assert!(failure.message.contains("step 1 is bad"), "{}", failure.message);
    assert_eq!(hands.begun(), 1);
    let second = hands.submit(2, page());
    hands.step(2, Step::Answer);
    assert_eq!(hands.heard.end(second), done());
}

#[test]
fn every_event_arrives_in_order_and_the_last_progress_before_the_end() {
    const EVENTS: u64 = 5_000;
    let hands = Hands::new();
    let ticket = hands.submit(1, train(quick()));
    for at in 1..=EVENTS {
        hands.step(1, Step::Event(at));
        hands.step(1, Step::Progress(at));
    }
    hands.step(1, Step::Answer);
    assert_eq!(hands.heard.end(ticket), done());
    let reports = hands.heard.of(ticket);
    assert!(reports.len() < EVENTS as usize / 10, "{} reports", reports.len());
    let of = |report: &Report| match report {
        Report::Events(events) => events.clone(),
        _ => Vec::new(),
    };
    let events: Vec<Event> = reports.iter().flat_map(of).collect();
    assert!(events.into_iter().eq((1..=EVENTS).map(event)));
    let progress: Vec<u64> = reports
        .iter()
        .filter_map(|report| match report {
            Report::Progress { done, .. } => Some(*done),
            _ => None,
        })
        .collect();
    assert!(progress.is_sorted() && progress.last() == Some(&EVENTS));
    assert_eq!(reports.iter().position(is_end), Some(reports.len() - 1));
}

#[test]
fn rows_are_told_after_the_end_until_another_table_is_opened() {
    let keep: Arc<Mutex<Vec<Reporter>>> = Arc::default();
    let (heard, of_job) = (Arc::new(Heard::default()), Arc::clone(&keep));
    let work = move |_: &Job, reporter: &Reporter| {
        of_job.lock().unwrap().push(reporter.clone());
        Ok(Reply::SessionSaved)
    };
    let worker = Worker::with(Box::new(work), heard.tell()).unwrap();
    let open = || Job::Browse(BrowseJob::Open { path: None });
    let ticket = |id| Ticket { id, kind: Kind::Open };
    worker.submit(ticket(1), open());
    assert_eq!(heard.end(ticket(1)), done());
    let index = keep.lock().unwrap()[0].clone();
    index.rows(count(7));
    heard.wait(ticket(1), |report| (*report == Report::Rows(count(7))).then_some(()));
    index.progress(1, None, "too late");
    worker.submit(ticket(2), open());
    assert_eq!(heard.end(ticket(2)), done());
    assert!(index.cancel().is_cancelled(), "the index of the table before stops");
    index.rows(count(8));
    keep.lock().unwrap()[1].rows(count(9));
    heard.wait(ticket(2), |report| (*report == Report::Rows(count(9))).then_some(()));
    assert_eq!(heard.of(ticket(1)), [done(), Report::Rows(count(7))]);
}

#[test]
fn rows_that_are_counted_before_the_answer_are_told_after_it() {
    let heard = Arc::new(Heard::default());
    let work = |_: &Job, reporter: &Reporter| {
        reporter.rows(count(7));
        // Long enough that whatever is told before the end would be told now.
        std::thread::sleep(Duration::from_millis(120));
        Ok(Reply::SessionSaved)
    };
    let worker = Worker::with(Box::new(work), heard.tell()).unwrap();
    let ticket = Ticket {
        id: 1,
        kind: Kind::Open,
    };
    worker.submit(ticket, Job::Browse(BrowseJob::Open { path: None }));
    heard.wait(ticket, |report| (*report == Report::Rows(count(7))).then_some(()));
    assert_eq!(heard.of(ticket), [done(), Report::Rows(count(7))]);
}

#[test]
fn at_the_end_everything_is_given_up() {
    let hands = Hands::new();
    let training = hands.submit(1, train(quick()));
    hands.step(1, Step::UntilCancelled);
    assert_eq!(hands.begun(), 1);
    let waiting = hands.submit(2, validate());
    assert!(hands.worker.shutdown(PATIENCE));
    assert_eq!(hands.heard.end(training), Report::Cancelled);
    assert_eq!(hands.heard.end(waiting), Report::Cancelled);
    let late = hands.submit(3, page());
    assert_eq!(hands.heard.of(late), [], "nobody listens any more");
    assert!(hands.worker.shutdown(Duration::ZERO));
}

#[test]
fn a_job_that_does_not_stop_is_left_behind() {
    let hands = Hands::new();
    hands.submit(1, train(quick()));
    assert_eq!(hands.begun(), 1);
    assert!(!hands.worker.shutdown(Duration::from_millis(10)));
    hands.step(1, Step::Answer);
    assert!(hands.worker.shutdown(PATIENCE));
}

fn team_state(sent: u64) -> TeamState {
    TeamState {
        server: "db.example:27017/team".to_owned(),
        link: Link::Connecting,
        backlog: 0,
        refused: 0,
        sent,
        received: 0,
        claims: Vec::new(),
    }
}

#[test]
fn how_the_exchange_stands_is_told_after_the_answer_until_it_is_left() {
    let keep: Arc<Mutex<Vec<Reporter>>> = Arc::default();
    let (heard, of_job) = (Arc::new(Heard::default()), Arc::clone(&keep));
    let work = move |_: &Job, reporter: &Reporter| {
        // Two come before the answer, which may have been made of the first.
        reporter.team(team_state(1));
        reporter.team(team_state(2));
        of_job.lock().unwrap().push(reporter.clone());
        Ok(Reply::SessionSaved)
    };
    let worker = Worker::with(Box::new(work), heard.tell()).unwrap();
    let ticket = |id| Ticket { id, kind: Kind::Team };
    worker.submit(ticket(1), Job::Team(TeamJob::Join(TeamAddress::default())));
    heard.wait(ticket(1), |report| {
        (*report == Report::Team(team_state(2))).then_some(())
    });
    assert_eq!(heard.of(ticket(1)), [done(), Report::Team(team_state(2))]);
    let first = keep.lock().unwrap()[0].clone();
    first.team(team_state(3));
    assert_eq!(heard.of(ticket(1)).last(), Some(&Report::Team(team_state(3))));
    worker.submit(ticket(2), Job::Team(TeamJob::Leave));
    assert_eq!(heard.end(ticket(2)), done());
    first.team(team_state(4));
    assert_eq!(heard.of(ticket(1)).len(), 3, "what is left says nothing more");
}

#[test]
fn a_long_push_keeps_nobody_from_joining_and_testing() {
    let hands = Hands::new();
    let run = "a".to_owned();
    let push = hands.submit(1, Job::Team(TeamJob::Push { run }));
    assert_eq!(hands.begun(), 1);
    let test = hands.submit(2, Job::Team(TeamJob::Test(TeamAddress::default())));
    assert_eq!(hands.begun(), 2);
    let join = hands.submit(3, Job::Team(TeamJob::Join(TeamAddress::default())));
    assert_eq!(hands.begun(), 3);
    for (id, ticket) in [(3, join), (2, test), (1, push)] {
        hands.step(id, Step::Answer);
        assert_eq!(hands.heard.end(ticket), done());
    }
}
