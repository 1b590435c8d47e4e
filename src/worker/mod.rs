//! The threads beside the console: one for the stages of the pipeline, one for what the screen shows, others for long
//! looks through data. Jobs go in with a ticket; news with the same ticket come back through one closure.

mod browsing;
mod job;
mod mailbox;
mod news;

pub use browsing::{BrowseContext, Browser};
pub use job::{BrowseJob, FileJob, Job, Kind, PipelineJob, RunsJob, Ticket, TrainPlan};
pub use mailbox::Mailbox;
pub use news::{
    Arranged, ComparedRuns, DirectoryEntry, Failure, LogLine, News, OpenedTable, Page, Reply, Report, RunFacts,
    RunLine, RunsList, SchemaColumn, SchemaFacts, Survey, ValidationOutcome,
};
