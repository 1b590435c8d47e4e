//! What stands in for the worker: it answers jobs from a table, at once and always the same.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nsec_tui::worker::{DirectoryEntry, FileJob, Job, Kind, Reply, Report, SchemaFacts, Survey, TrainPlan};

/// An answer to a job: what is told about it, in order. None leaves it running.
type Answer = Box<dyn Fn(&Job) -> Vec<Report>>;

/// Answers by what a job is about.
#[derive(Default)]
pub(super) struct World {
    answers: BTreeMap<Kind, Answer>,
}

/// An answer that ends its job.
pub(super) fn done(reply: Reply) -> Vec<Report> {
    vec![Report::Done(Box::new(reply))]
}

/// A failure that ends its job.
pub(super) fn failed(message: &str, details: &[&str]) -> Vec<Report> {
    vec![Report::Failed(nsec_tui::worker::Failure {
        message: message.to_owned(),
        details: details.iter().map(|line| (*line).to_owned()).collect(),
    })]
}

/// A workspace that nobody has trained in.
pub(super) fn survey() -> Survey {
    Survey {
        workspace: "/srv/phishing".to_owned(),
        default_data: "Network_Data/phisingData.csv".to_owned(),
        schema: SchemaFacts {
            name: "phishing".to_owned(),
            origin: "bundled".to_owned(),
            label: Some("Result".to_owned()),
            malicious: vec!["-1".to_owned()],
            ..SchemaFacts::default()
        },
        models: ["logistic_regression", "random_forest", "gradient_boosting"]
            .map(str::to_owned)
            .to_vec(),
        plan: Some(plan()),
        ..Survey::default()
    }
}

/// The training dialog without any change.
pub(super) fn plan() -> TrainPlan {
    TrainPlan {
        path: None,
        models: Vec::new(),
        search: "random".to_owned(),
        trials: 10,
        split: "grouped".to_owned(),
        test_fraction: 0.2,
        seed: 42,
        threshold_by: "f1".to_owned(),
        minutes: None,
        verdicts: false,
    }
}

/// The entries of any directory.
fn directory(path: &std::path::Path) -> Reply {
    let entry = |name: &str, directory, bytes| DirectoryEntry {
        name: name.to_owned(),
        directory,
        bytes,
    };
    Reply::Directory {
        path: PathBuf::from(path),
        entries: vec![
            entry("Artifacts", true, 0),
            entry("Network_Data", true, 0),
            entry("flows.csv.gz", false, 91_300_000),
            entry("flows.parquet", false, 12_400_000),
            entry("conn\u{1b}[2J.log", false, 812),
        ],
    }
}

impl World {
    /// Knows the workspace: its survey, its directories, the session's file.
    pub(super) fn new() -> Self {
        Self::default()
            .on(Kind::Survey, |_| done(Reply::Survey(survey())))
            .on(Kind::Session, |_| done(Reply::SessionSaved))
            .on(Kind::Directory, |job| match job {
                Job::Files(FileJob::List { path }) => done(directory(path)),
                _ => Vec::new(),
            })
    }

    /// Answers jobs of a kind this way.
    pub(super) fn on(mut self, kind: Kind, answer: impl Fn(&Job) -> Vec<Report> + 'static) -> Self {
        self.answers.insert(kind, Box::new(answer));
        self
    }

    pub(super) fn answer(&self, job: &Job) -> Vec<Report> {
        self.answers
            .get(&job.kind())
            .map(|answer| answer(job))
            .unwrap_or_default()
    }
}
