//! Owns who does which job, and what all of them need.

use std::sync::Arc;

use super::browsing::{BrowseContext, Browser};
use super::failure::{Ended, Failure};
use super::job::{BrowseJob, FileJob, Job, PipelineJob, RunsJob};
use super::news::Reply;
use super::reporter::Reporter;
use super::review::Reviewer;
use super::team::TeamDesk;
use super::{files, learning, log_tail, pipeline, predict, runs, session, survey, watch};
use crate::logging::{LogGuard, Recent, RunTag};
use crate::review::OpenedStore;
use crate::surroundings::Surroundings;

/// What jobs need.
pub(super) struct Desk {
    pub(super) surroundings: Arc<Surroundings>,
    /// Threads that a stage may use.
    pub(super) threads: usize,
    /// The run that log lines belong to.
    pub(super) run_tag: RunTag,
    /// The latest lines of the log.
    pub(super) recent: Recent,
    browser: Browser,
    reviewer: Reviewer,
    team: Arc<TeamDesk>,
}

/// Lines of the log told of a failed run.
const MOST_LOG_LINES: usize = 12;

impl Desk {
    pub(super) fn new(surroundings: Arc<Surroundings>, threads: usize, log: &LogGuard) -> Self {
        let team = Arc::new(TeamDesk::new(Arc::clone(&surroundings)));
        let claims = Arc::clone(&team);
        Self {
            browser: Browser::new(Arc::clone(&surroundings)),
            reviewer: Reviewer::new(
                Arc::clone(&surroundings),
                Box::new(OpenedStore::local),
                Box::new(move |case| claims.look_at(case)),
            ),
            team,
            surroundings,
            threads: threads.max(1),
            run_tag: log.run_tag(),
            recent: log.recent(),
        }
    }

    /// Does a job to its end.
    pub(super) fn work(&self, job: &Job, reporter: &Reporter) -> Result<Reply, Ended> {
        if reporter.cancel().is_cancelled() {
            return Err(Ended::Cancelled);
        }
        match job {
            Job::Browse(job) => self.browse(job, reporter),
            Job::Pipeline(job) => match job {
                PipelineJob::Validate {
                    path,
                    baseline,
                    rejects,
                } => pipeline::validate(self, path.as_deref(), baseline.as_deref(), rejects.as_deref(), reporter),
                PipelineJob::Train(plan) => pipeline::train(self, plan, reporter),
                PipelineJob::MoveThreshold { run, threshold } => {
                    pipeline::move_threshold(self, run, *threshold, reporter)
                }
                PipelineJob::Predict(plan) => predict::predict(self, plan, reporter),
                PipelineJob::Watch => watch::watch(self, reporter),
                PipelineJob::AuditLabels { run } => learning::audit_labels(self, run, reporter),
                PipelineJob::Flips { run } => learning::flips(self, run, reporter),
            },
            Job::Review(job) => self.reviewer.run(job, reporter),
            Job::Team(job) => self.team.run(job, reporter),
            Job::Runs(job) => {
                let workspace = &self.surroundings.workspace;
                match job {
                    RunsJob::List => runs::list(workspace),
                    RunsJob::Show { run } | RunsJob::Scores { run } => runs::show(workspace, run),
                    RunsJob::Compare { a, b } => runs::compare(workspace, a, b, reporter),
                    RunsJob::Promote { run } => runs::promote(workspace, run),
                    RunsJob::Rollback => runs::roll_back(workspace),
                    RunsJob::Delete { run } => runs::delete(workspace, run),
                }
            }
            Job::Files(job) => match job {
                FileJob::Survey => Ok(survey::survey(&self.surroundings)),
                FileJob::List { path } => files::list(path),
                FileJob::Write { path, text, replace } => files::write(path, text, *replace),
                FileJob::Log { lines } => log_tail::follow(self, *lines, reporter),
                FileJob::SaveSession { session } => session::save(&self.surroundings.workspace, session),
            },
        }
    }

    fn browse(&self, job: &BrowseJob, reporter: &Reporter) -> Result<Reply, Ended> {
        let of_index = reporter.clone();
        let context = BrowseContext {
            cancel: reporter.cancel(),
            progress: &|done, total, note| reporter.progress(done, total, note),
            rows: Arc::new(move |count| of_index.rows(count)),
        };
        self.browser.run(job, &context).map_err(Ended::Failed)
    }

    /// A failure with the last lines that the log has of a run.
    pub(super) fn with_log(&self, mut failure: Failure, run: Option<&str>) -> Failure {
        if let Some(run) = run {
            let lines = self.recent.of_run(run, MOST_LOG_LINES);
            failure.details.extend(lines.into_iter().map(|line| line.text));
        }
        failure
    }
}
