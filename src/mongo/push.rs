//! Owns storing rows: in batches, without order, each under an `_id` that only the same row of the same data set has.
//!
//! Rows that are there already are told by the server (code 11000) and counted, so that a push which was killed is
//! simply run again. One batch is on its way while the next one is put together.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mongodb::bson::doc;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::error::{Error, ErrorKind};
use mongodb::options::InsertManyOptions;
use mongodb::results::InsertManyResult;
use mongodb::{Collection, IndexModel};
use tokio::task::JoinHandle;

use super::address::check_collection;
use super::connection::{Connection, Patience};
use super::data_set::{self, data_sets, durable};
use super::document::{FieldKind, Fields, ROW_FIELD, SET_FIELD, encode};
use super::error::MongoError;
use crate::cancel::CancelToken;

/// Rows sent at a time.
pub const BATCH_ROWS: usize = 1_000;
/// Bytes sent at a time, if the rows are long: a message takes 48 MB.
const BATCH_BYTES: usize = 16 << 20;
/// The largest document that a server takes.
const MAX_DOCUMENT: usize = 16 << 20;
/// Batches on their way at once.
const IN_FLIGHT: usize = 2;
/// Refusals that are kept to be shown.
const SHOWN: usize = 5;
/// Waits before a batch is sent again whose connection was lost.
const WAITS: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
/// The server's code for a key that is there already.
const DUPLICATE_KEY: i32 = 11000;

/// A run of rows as text cells.
pub trait Cells {
    /// How many rows.
    fn rows(&self) -> usize;
    /// A cell's bytes; row and column count from 0 and are in range.
    fn cell(&self, row: usize, column: usize) -> &[u8];
}

/// What is to be stored, and where.
#[derive(Clone, Debug)]
pub struct PushRequest<'a> {
    /// The collection.
    pub collection: &'a str,
    /// The data set's name. Rows of the same name, number and cells are the same row.
    pub set: &'a str,
    /// The columns, and what their cells are stored as.
    pub columns: &'a [(String, FieldKind)],
}

/// What became of the rows so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pushed {
    /// Rows that were not there before.
    pub new: u64,
    /// Rows that were there already.
    pub there: u64,
    /// Rows that the server refused, or that are too large for it.
    pub failed: u64,
    /// The first of them: row number, and why.
    pub refused: Vec<(u64, String)>,
    /// Rows of this data set in the collection that are not in the source: of an earlier version of it. Known at the end.
    pub others: u64,
    /// Whether the server would not make the index by which rows are read back in order.
    pub no_index: bool,
    /// Wall-clock time.
    pub took: Duration,
}

impl Pushed {
    /// Rows that were dealt with.
    pub fn rows(&self) -> u64 {
        self.new + self.there + self.failed
    }

    fn refuse(&mut self, row: u64, why: String) {
        self.failed += 1;
        if self.refused.len() < SHOWN {
            self.refused.push((row, why));
        }
    }
}

/// Why a push did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum PushError<E> {
    /// The server.
    #[error(transparent)]
    Mongo(#[from] MongoError),
    /// The collection holds a data set of this name with other columns.
    #[error(
        "collection {collection} holds a data set {set} with other columns; name another collection by --into, or in the address of --output"
    )]
    OtherColumns {
        /// The collection.
        collection: String,
        /// The data set.
        set: String,
    },
    /// The source.
    #[error(transparent)]
    Source(E),
}

/// Stores all rows that `next` gives (none at the end), tells after each batch how far it is, and answers what became of
/// them.
///
/// # Errors
/// The server fails or refuses altogether, the source fails, or somebody asks to stop. What is stored stays; a later push
/// goes on from there.
pub fn push<C: Cells, E>(
    connection: &Connection,
    request: &PushRequest<'_>,
    next: &mut dyn FnMut() -> Result<Option<C>, E>,
    tell: &mut dyn FnMut(&Pushed),
    cancel: &CancelToken,
) -> Result<Pushed, PushError<E>> {
    check_collection(request.collection)?;
    let started = Instant::now();
    let fields = Fields::new(request.columns);
    let known = data_sets(connection, request.collection, cancel)?;
    if known
        .iter()
        .any(|known| known.name == request.set && known.columns != fields.columns())
    {
        return Err(PushError::OtherColumns {
            collection: request.collection.to_owned(),
            set: request.set.to_owned(),
        });
    }
    data_set::begin(connection, request.collection, request.set, &fields, cancel)?;
    let mut sender = Sender {
        connection,
        cancel,
        collection: connection.database()?.collection(request.collection),
        under_way: VecDeque::new(),
        batch: Batch::default(),
        pushed: Pushed::default(),
    };
    let mut row = 0;
    while let Some(chunk) = next().map_err(PushError::Source)? {
        let mut line: Vec<&[u8]> = Vec::with_capacity(request.columns.len());
        for at in 0..chunk.rows() {
            row += 1;
            line.clear();
            line.extend((0..request.columns.len()).map(|column| chunk.cell(at, column)));
            let document = encode(&fields, request.set, row, &line);
            if sender.add(row, document)? {
                sender.pushed.took = started.elapsed();
                tell(&sender.pushed);
            }
        }
    }
    sender.send()?;
    while sender.settle_one()? {}
    let mut pushed = std::mem::take(&mut sender.pushed);
    // Made last: a server makes an index of many rows in a fraction of the time that it takes to keep one up row by row.
    pushed.no_index = !make_index(connection, request.collection, cancel)?;
    if known.iter().any(|known| known.name == request.set) {
        let stored = count(connection, request, cancel)?;
        pushed.others = stored.saturating_sub(pushed.new + pushed.there);
    }
    if pushed.failed == 0 {
        data_set::finish(connection, request.collection, request.set, row, cancel)?;
    }
    pushed.took = started.elapsed();
    tell(&pushed);
    Ok(pushed)
}

/// The index by which rows are read in the file's order. Whether it is there; without the right to make one, reading
/// sorts instead.
fn make_index(connection: &Connection, collection: &str, cancel: &CancelToken) -> Result<bool, MongoError> {
    let rows = connection.database()?.collection::<RawDocumentBuf>(collection);
    let index = IndexModel::builder().keys(doc! { SET_FIELD: 1, ROW_FIELD: 1 }).build();
    let make = async { rows.create_index(index).await };
    match connection.run("making the index of row numbers", Patience::WORK, cancel, make) {
        Ok(_) => Ok(true),
        Err(MongoError::NoRights { .. } | MongoError::Server { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn count(connection: &Connection, request: &PushRequest<'_>, cancel: &CancelToken) -> Result<u64, MongoError> {
    let rows = connection.database()?.collection::<RawDocumentBuf>(request.collection);
    let count = async { rows.count_documents(doc! { SET_FIELD: request.set }).await };
    connection.run("counting the rows", Patience::WORK, cancel, count)
}

/// Documents to be sent together, with their row numbers.
#[derive(Default)]
struct Batch {
    documents: Vec<RawDocumentBuf>,
    rows: Vec<u64>,
    bytes: usize,
}

/// A batch on its way. Its documents are kept until it is settled: it may have to be sent again.
struct UnderWay {
    rows: Vec<u64>,
    documents: Arc<Vec<RawDocumentBuf>>,
    answer: Answer,
}

type Answer = JoinHandle<mongodb::error::Result<InsertManyResult>>;

struct Sender<'a> {
    connection: &'a Connection,
    cancel: &'a CancelToken,
    collection: Collection<RawDocumentBuf>,
    under_way: VecDeque<UnderWay>,
    batch: Batch,
    pushed: Pushed,
}

impl Sender<'_> {
    /// Takes a document in; says whether a batch was settled meanwhile.
    fn add(&mut self, row: u64, document: RawDocumentBuf) -> Result<bool, MongoError> {
        let bytes = document.as_bytes().len();
        if bytes > MAX_DOCUMENT {
            self.pushed.refuse(
                row,
                format!("its document would have {bytes} bytes, more than the 16 MiB that a server takes"),
            );
            return Ok(false);
        }
        let mut settled = false;
        if self.batch.rows.len() == BATCH_ROWS || self.batch.bytes + bytes > BATCH_BYTES {
            settled = self.send()?;
        }
        self.batch.bytes += bytes;
        self.batch.rows.push(row);
        self.batch.documents.push(document);
        Ok(settled)
    }

    /// Sends the batch; waits for the oldest one on its way where there are enough. Says whether one was settled.
    fn send(&mut self) -> Result<bool, MongoError> {
        if self.batch.rows.is_empty() {
            return Ok(false);
        }
        let settled = self.under_way.len() >= IN_FLIGHT && self.settle_one()?;
        let Batch { documents, rows, .. } = std::mem::take(&mut self.batch);
        let documents = Arc::new(documents);
        let answer = self.insert(&documents)?;
        self.under_way.push_back(UnderWay {
            rows,
            documents,
            answer,
        });
        Ok(settled)
    }

    fn insert(&self, documents: &Arc<Vec<RawDocumentBuf>>) -> Result<Answer, MongoError> {
        let (collection, documents) = (self.collection.clone(), Arc::clone(documents));
        self.connection.spawn("storing rows", async move {
            let options = InsertManyOptions::builder()
                .ordered(false)
                .write_concern(durable())
                .build();
            collection.insert_many(documents.iter()).with_options(options).await
        })
    }

    /// Waits for the oldest batch on its way; says whether there was one. After a failure that may pass it is sent again:
    /// what was stored of it is there already, then.
    fn settle_one(&mut self) -> Result<bool, MongoError> {
        let Some(UnderWay {
            rows,
            documents,
            mut answer,
        }) = self.under_way.pop_front()
        else {
            return Ok(false);
        };
        let mut waits = WAITS.iter();
        let refused = loop {
            match self.answer(answer) {
                Ok(refused) => break refused,
                Err(error) => {
                    let wait = waits.next().filter(|_| error.may_pass() && !self.cancel.is_cancelled());
                    let Some(wait) = wait else { return Err(error) };
                    tracing::warn!("{error}; the rows are sent again");
                    std::thread::sleep(*wait);
                    answer = self.insert(&documents)?;
                }
            }
        };
        self.pushed.new += (rows.len() - refused.len().min(rows.len())) as u64;
        for (index, why) in refused {
            match why {
                None => self.pushed.there += 1,
                Some(why) => {
                    let why = self.connection.trouble().clean(&why);
                    self.pushed.refuse(rows.get(index).copied().unwrap_or_default(), why);
                }
            }
        }
        Ok(true)
    }

    /// Waits for a batch's answer: the rows that were not stored.
    fn answer(&self, answer: Answer) -> Result<Vec<(usize, Option<String>)>, MongoError> {
        let wait = async {
            match answer.await {
                Ok(Ok(_)) => Ok(Vec::new()),
                Ok(Err(error)) => one_by_one(error),
                Err(_) => Err(Error::custom("a task of the runtime ended early")),
            }
        };
        self.connection.run("storing rows", Patience::WORK, self.cancel, wait)
    }
}

impl Drop for Sender<'_> {
    /// After a failure nobody waits for what is still on its way.
    fn drop(&mut self) {
        for batch in &self.under_way {
            batch.answer.abort();
        }
    }
}

/// The rows that were not stored, by place in the batch: none for those that are there already, else the server's reason.
/// An error about the batch as a whole is handed back.
pub(super) fn one_by_one(error: Error) -> mongodb::error::Result<Vec<(usize, Option<String>)>> {
    match error.kind.as_ref() {
        ErrorKind::InsertMany(many) if many.write_concern_error.is_none() => {
            let errors = many.write_errors.iter().flatten();
            let sorted = errors.map(|error| {
                // Another unique index of the collection's owner is no sign that the row is there.
                let there = error.code == DUPLICATE_KEY && error.message.contains("_id_");
                (
                    error.index,
                    (!there).then(|| format!("{} (code {})", error.message, error.code)),
                )
            });
            Ok(sorted.collect())
        }
        _ => Err(error),
    }
}
