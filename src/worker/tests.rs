//! Owns the tests of the worker: what they share.

mod lanes;
mod learning;
mod records;
mod review;
mod scoring;
mod stages;
mod team;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::*;
use crate::embedded;
use crate::logging::LogGuard;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::workspace::Workspace;

/// What is waited for comes in far less; this only ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(120);

/// Everything that was told, in order.
#[derive(Default)]
pub(super) struct Heard {
    news: Mutex<Vec<News>>,
    bell: Condvar,
}

impl Heard {
    pub(super) fn tell(self: &Arc<Self>) -> Tell {
        let heard = Arc::clone(self);
        Arc::new(move |news| {
            heard.news.lock().unwrap().push(news);
            heard.bell.notify_all();
        })
    }

    pub(super) fn all(&self) -> Vec<News> {
        self.news.lock().unwrap().clone()
    }

    /// The reports of one job so far.
    pub(super) fn of(&self, ticket: Ticket) -> Vec<Report> {
        let own = |news: News| (news.ticket == ticket).then_some(news.report);
        self.all().into_iter().filter_map(own).collect()
    }

    /// Waits for a report of that job that `wanted` takes.
    pub(super) fn wait<T>(&self, ticket: Ticket, wanted: impl Fn(&Report) -> Option<T>) -> T {
        let mut news = self.news.lock().unwrap();
        loop {
            let found = news
                .iter()
                .filter(|n| n.ticket == ticket)
                .find_map(|n| wanted(&n.report));
            if let Some(found) = found {
                return found;
            }
            let (next, slept) = self.bell.wait_timeout(news, PATIENCE).unwrap();
            assert!(!slept.timed_out(), "{:?}", *next);
            news = next;
        }
    }

    /// Waits for the end of a job.
    pub(super) fn end(&self, ticket: Ticket) -> Report {
        self.wait(ticket, |report| is_end(report).then(|| report.clone()))
    }

    /// Waits for the answer of a job that must have one.
    pub(super) fn reply(&self, ticket: Ticket) -> Reply {
        match self.end(ticket) {
            Report::Done(reply) => *reply,
            other => panic!("{other:?}"),
        }
    }

    /// Waits for the failure of a job that must fail.
    pub(super) fn failure(&self, ticket: Ticket) -> Failure {
        match self.end(ticket) {
            Report::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn is_end(report: &Report) -> bool {
    matches!(report, Report::Done(_) | Report::Failed(_) | Report::Cancelled)
}

/// A worker over a workspace of its own with a small piece of the bundled data.
pub(super) struct House {
    pub(super) directory: tempfile::TempDir,
    pub(super) workspace: Workspace,
    pub(super) heard: Arc<Heard>,
    pub(super) worker: Worker,
    next: Mutex<u64>,
}

/// Rows of the piece.
pub(super) const ROWS: usize = 400;

impl House {
    pub(super) fn new() -> Self {
        Self::with(&piece(ROWS))
    }

    /// Over this data.
    pub(super) fn with(data: &str) -> Self {
        Self::with_settings(data, Settings::default())
    }

    /// Over this data, with these settings.
    pub(super) fn with_settings(data: &str, settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(directory.path());
        write(&workspace.default_data(), data);
        let surroundings = Surroundings {
            workspace: workspace.clone(),
            settings,
        };
        let heard = Arc::new(Heard::default());
        let worker = Worker::start(Arc::new(surroundings), 2, &LogGuard::default(), heard.tell()).unwrap();
        Self {
            directory,
            workspace,
            heard,
            worker,
            next: Mutex::new(1),
        }
    }

    pub(super) fn submit(&self, job: Job) -> Ticket {
        let mut next = self.next.lock().unwrap();
        let ticket = Ticket {
            id: *next,
            kind: job.kind(),
        };
        *next += 1;
        self.worker.submit(ticket, job);
        ticket
    }

    pub(super) fn ask(&self, job: Job) -> Reply {
        self.heard.reply(self.submit(job))
    }

    pub(super) fn fail(&self, job: Job) -> Failure {
        self.heard.failure(self.submit(job))
    }
}

pub(super) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The header and the first rows of the bundled data.
pub(super) fn piece(rows: usize) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(embedded::DATA_GZ)
        .read_to_string(&mut text)
        .unwrap();
    text.lines().take(rows + 1).flat_map(|line| [line, "\n"]).collect()
}

/// Training with one cheap family and no search.
pub(super) fn quick() -> TrainPlan {
    TrainPlan {
        path: None,
        models: vec!["naive_bayes_categorical".into()],
        search: "none".into(),
        trials: 1,
        split: "grouped".into(),
        test_fraction: 0.2,
        seed: 7,
        threshold_by: "f1".into(),
        minutes: None,
        verdicts: false,
    }
}

/// Training that takes its time.
pub(super) fn slow() -> TrainPlan {
    TrainPlan {
        models: Vec::new(),
        search: "random".into(),
        trials: 200,
        ..quick()
    }
}

pub(super) fn train(plan: TrainPlan) -> Job {
    Job::Pipeline(PipelineJob::Train(plan))
}
