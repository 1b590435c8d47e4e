//! Reviewing through the worker: a file that a run scored, decisions in the workspace's store, two consoles at once.

use super::*;
use crate::review::Decision;

/// A run, and its workspace's data scored by it.
fn scored() -> House {
    let house = House::new();
    let Reply::Trained(trained) = house.ask(train(quick())) else {
        panic!("nothing was trained");
    };
    let plan = PredictPlan {
        path: None,
        model: trained.run_id.clone(),
        threshold: None,
        alerts: None,
        output: None,
    };
    house.ask(Job::Pipeline(PipelineJob::Predict(plan)));
    house
}

fn review(job: ReviewJob) -> Job {
    Job::Review(job)
}

fn open() -> Job {
    review(ReviewJob::Open { path: None })
}

fn arrange(house: &House, queue: Queue) -> QueueView {
    let filters = Vec::new();
    let keep = None;
    match house.ask(review(ReviewJob::Arrange { queue, filters, keep })) {
        Reply::Queue(view) => view,
        other => panic!("{other:?}"),
    }
}

fn page(house: &House, count: usize) -> Vec<ReviewRow> {
    let job = ReviewJob::Page {
        first: 0,
        count,
        columns: vec![0],
        cell: 20,
    };
    match house.ask(review(job)) {
        Reply::Cases(page) => page.rows,
        other => panic!("{other:?}"),
    }
}

fn decide(house: &House, rows: &[&ReviewRow], verdict: Verdict) -> Decided {
    let decision = Decision {
        selection: Selection::Cases(rows.iter().map(|row| row.row).collect()),
        change: Change::Judge {
            verdict: Some(verdict),
            reason: None,
        },
        view: None,
    };
    match house.ask(review(ReviewJob::Decide(decision))) {
        Reply::Decided(decided) => decided,
        other => panic!("{other:?}"),
    }
}

/// A second console on the same workspace.
fn beside(house: &House, analyst: &str) -> House {
    let mut settings = Settings::default();
    settings.triage.analyst = Some(analyst.to_owned());
    let surroundings = Surroundings {
        workspace: house.workspace.clone(),
        settings,
    };
    let heard = Arc::new(Heard::default());
    House {
        directory: tempfile::tempdir().unwrap(),
        workspace: house.workspace.clone(),
        worker: Worker::start(Arc::new(surroundings), 2, &LogGuard::default(), heard.tell()).unwrap(),
        heard,
        next: Mutex::new(1_000_000),
    }
}

#[test]
fn a_scored_file_is_reviewed_and_the_store_keeps_it() {
    let house = scored();
    let Reply::ReviewOpened(opened) = house.ask(open()) else {
        panic!("nothing was opened");
    };
    assert_eq!((opened.rows, &opened.without_model), (ROWS as u64, &None));
    assert!(
        opened.threshold.is_some() && opened.flagged > 20 && opened.cases < opened.rows,
        "{opened:?}"
    );
    assert_eq!(opened.store, StoreState::Ready);
    let view = arrange(&house, Queue::TopRisk);
    assert_eq!(view.cases, opened.flagged);
    let rows = page(&house, 12);
    assert!(rows.is_sorted_by(|a, b| a.probability >= b.probability));
    assert!(!rows[0].reason.is_empty());
    let Reply::Card(card) = house.ask(review(ReviewJob::Card { at: 3 })) else {
        panic!("no card");
    };
    assert_eq!((card.at, card.row.row), (3, rows[3].row));
    assert!(!card.columns.is_empty() && !card.neighbours.is_empty(), "{card:?}");

    let done = decide(&house, &[&rows[0]], Verdict::TruePositive);
    assert_eq!((done.cases, &done.kept), (1, &Kept::Stored));
    decide(&house, &[&rows[1], &rows[2]], Verdict::FalsePositive);
    assert!(matches!(house.ask(review(ReviewJob::Undo)), Reply::Decided(done) if done.cases == 2));
    let out = house.directory.path().join("out.csv");
    let export = ReviewJob::Export {
        format: "csv".to_owned(),
        scope: ExportScope::Judged,
        path: out.clone(),
        replace: false,
    };
    let written = house.ask(review(export));
    assert!(matches!(written, Reply::RowsWritten { rows, .. } if rows == card_rows(&rows_of(&house))));
    assert!(fs::read_to_string(&out).unwrap().contains("true_positive"));

    // Another console, later.
    let again = beside(&house, "mira");
    again.ask(open());
    arrange(&again, Queue::TopRisk);
    let row = &page(&again, 1)[0];
    assert_eq!(row.state.verdict.as_ref().unwrap().verdict, Verdict::TruePositive);
    let marks = ReviewJob::InView {
        rows: vec![row.row, RowId(1)],
    };
    assert_eq!(again.ask(review(marks)), Reply::InView(vec![row.row]));
}

/// Rows of the first case, which is the only judged one.
fn card_rows(rows: &[ReviewRow]) -> u64 {
    rows[0].copies
}

fn rows_of(house: &House) -> Vec<ReviewRow> {
    page(house, 1)
}

#[test]
fn two_consoles_hear_each_other() {
    let house = scored();
    let mira = beside(&house, "mira");
    let opened = house.submit(open());
    assert!(matches!(house.heard.reply(opened), Reply::ReviewOpened(_)));
    mira.ask(open());
    arrange(&house, Queue::TopRisk);
    arrange(&mira, Queue::TopRisk);
    let rows = page(&mira, 3);
    decide(&mira, &[&rows[0], &rows[1]], Verdict::FalsePositive);
    let news = house.heard.wait(opened, |report| match report {
        Report::Reviewed(news) if news.what.contains("by mira") => Some(news.clone()),
        _ => None,
    });
    assert_eq!(news.what, "2 verdicts by mira");
    assert_eq!(news.progress.verdicts, [0, 0, 2, 0, 0]);
    // Whoever has seen a verdict and says otherwise settles it.
    let done = decide(&house, &[&rows[0]], Verdict::TruePositive);
    assert_eq!((done.conflicts, done.progress.verdicts), (0, [1, 0, 1, 0, 0]));
}

#[test]
fn another_run_is_asked_and_disagrees_where_it_does() {
    let house = scored();
    let mut plan = quick();
    plan.models = vec!["logistic_regression".to_owned()];
    let Reply::Trained(other) = house.ask(train(plan)) else {
        panic!("nothing was trained");
    };
    house.ask(open());
    let run = other.run_id.clone();
    let view = arrange(&house, Queue::Disagreement { run });
    let all = arrange(&house, Queue::All);
    assert!(
        view.cases > 0 && view.cases < all.cases / 4,
        "{} of {}",
        view.cases,
        all.cases
    );
    let none = ReviewJob::Arrange {
        queue: Queue::Disagreement {
            run: "nobody".to_owned(),
        },
        filters: Vec::new(),
        keep: None,
    };
    assert!(house.fail(review(none)).message.contains("nobody"));
}

#[test]
fn what_cannot_be_reviewed_says_why() {
    let house = House::new();
    let failure = house.fail(open());
    assert!(failure.message.contains("there is no scored file yet"), "{failure:?}");
    let nothing = house.fail(review(ReviewJob::Undo));
    assert!(nothing.message.contains("no scored file is open"), "{nothing:?}");
    let path = Some(house.workspace.default_data());
    let failure = house.fail(review(ReviewJob::Open { path }));
    assert!(failure.message.contains("was not scored"), "{failure:?}");
}

#[test]
fn the_case_on_the_card_is_told_until_its_file_is_closed() {
    use crate::review::OpenedStore;
    use crate::triage::CaseId;
    use crate::worker::pacer::Pacer;
    use crate::worker::review::Reviewer;

    let house = scored();
    let surroundings = Surroundings {
        workspace: house.workspace.clone(),
        settings: Settings::default(),
    };
    let told: Arc<Mutex<Vec<Option<CaseId>>>> = Arc::default();
    let tell = Arc::clone(&told);
    let reviewer = Reviewer::new(
        Arc::new(surroundings),
        Box::new(OpenedStore::local),
        Box::new(move |case| tell.lock().unwrap().push(case)),
    );
    let pacer = Arc::new(Pacer::new(house.heard.tell()));
    let reporter = Reporter::new(
        Ticket {
            id: 9,
            kind: Kind::Card,
        },
        &pacer,
    );
    let ask = |job| reviewer.run(&job, &reporter).unwrap();
    ask(ReviewJob::Open { path: None });
    let (queue, filters, keep) = (Queue::TopRisk, Vec::new(), None);
    ask(ReviewJob::Arrange { queue, filters, keep });
    let Reply::Card(card) = ask(ReviewJob::Card { at: 2 }) else {
        panic!("no card");
    };
    let schema = match house.ask(Job::Files(FileJob::Survey)) {
        Reply::Survey(survey) => survey.schema.name,
        other => panic!("{other:?}"),
    };
    let case = CaseId {
        schema,
        row: card.row.row,
    };
    assert_eq!(*told.lock().unwrap(), [None, Some(case.clone())]);
    assert!(reviewer.run(&ReviewJob::Card { at: 1_000_000 }, &reporter).is_err());
    assert_eq!(told.lock().unwrap().len(), 2, "there is no such case");
    ask(ReviewJob::Open { path: None });
    assert_eq!(told.lock().unwrap().last(), Some(&None));
}
