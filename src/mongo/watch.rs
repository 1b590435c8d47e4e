//! Owns hearing at once of records that others add: a change stream on the connection's runtime, whose news wait in a short
//! queue until the thread of whoever wants them comes by.

use futures_util::StreamExt;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::change_stream::event::{ChangeStreamEvent, OperationType, ResumeToken};
use mongodb::error::{Error, ErrorKind};
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TryRecvError};
use tokio::task::JoinHandle;

use super::error::MongoError;
use super::shared_records::{Record, Records, record};

/// News that wait at most; the stream waits then.
const WAITING: usize = 1_000;

/// What is heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// From now on everything is heard.
    Listening,
    /// A record was added. The mark is where to go on after it.
    Added(Record, Mark),
    /// The server cannot tell: a standalone one, or one that does not let us.
    Deaf,
    /// Nothing more will be heard; what the mark was good for is gone, too, where `forgotten`.
    Ended {
        /// The server has forgotten the place that the mark names.
        forgotten: bool,
    },
}

/// A place in the stream, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(pub String);

impl Mark {
    fn of(token: &ResumeToken) -> Option<Self> {
        serde_json::to_string(token).ok().map(Self)
    }

    fn token(&self) -> Option<ResumeToken> {
        serde_json::from_str(&self.0).ok()
    }
}

/// A stream that is listened to until this is dropped.
#[derive(Debug)]
pub struct Watch {
    news: Receiver<Heard>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Listens from a mark on, or from now on.
    ///
    /// # Errors
    /// The connection has ended.
    pub fn start(records: &Records, from: Option<&Mark>) -> Result<Self, MongoError> {
        let collection = records.for_reading()?;
        let token = from.and_then(Mark::token);
        let (tell, news) = channel(WAITING);
        let task = records.connection.spawn("listening", async move {
            let mut watch = collection.watch();
            if let Some(token) = token {
                watch = watch.resume_after(token);
            }
            let end = match watch.await {
                Ok(stream) => listen(stream, &tell).await,
                Err(error) => of_error(&error),
            };
            let _nobody_listens_any_more = tell.send(end).await;
        })?;
        Ok(Self { news, task })
    }

    /// What has been heard since, if anything; never waits.
    pub fn hear(&mut self) -> Option<Heard> {
        match self.news.try_recv() {
            Ok(heard) => Some(heard),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Heard::Ended { forgotten: false }),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Stream = mongodb::change_stream::ChangeStream<ChangeStreamEvent<RawDocumentBuf>>;

async fn listen(mut stream: Stream, tell: &Sender<Heard>) -> Heard {
    if tell.send(Heard::Listening).await.is_err() {
        return Heard::Ended { forgotten: false };
    }
    loop {
        match stream.next().await {
            Some(Ok(change)) => {
                let heard = match change.operation_type {
                    OperationType::Insert => change
                        .full_document
                        .and_then(|document| record(&document))
                        .zip(Mark::of(&change.id))
                        .map(|(record, mark)| Heard::Added(record, mark)),
                    // The collection is gone, and with it all that its stream could tell.
                    OperationType::Invalidate | OperationType::Drop => return Heard::Ended { forgotten: true },
                    _ => None,
                };
                if let Some(heard) = heard
                    && tell.send(heard).await.is_err()
                {
                    return Heard::Ended { forgotten: false };
                }
            }
            Some(Err(error)) => return of_error(&error),
            None => return Heard::Ended { forgotten: false },
        }
    }
}

fn of_error(error: &Error) -> Heard {
    const CANNOT_WATCH: [i32; 5] = [40573, 20, 115, 59, 13];
    const FORGOTTEN: [i32; 4] = [286, 280, 260, 9];
    match error.kind.as_ref() {
        ErrorKind::Command(command) if CANNOT_WATCH.contains(&command.code) => Heard::Deaf,
        ErrorKind::Command(command) => Heard::Ended {
            forgotten: FORGOTTEN.contains(&command.code) || command.message.contains("resume"),
        },
        ErrorKind::MissingResumeToken => Heard::Ended { forgotten: true },
        _ => Heard::Ended { forgotten: false },
    }
}
