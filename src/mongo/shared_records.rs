//! Owns records that a team only ever adds to: adding them, which ones are there, reading them, and hearing of new ones.
//!
//! A record is a document `{_id, arrived, …}`. `arrived` is when it was sent, by the server's clock as far as the sender
//! knows it: good enough to look for the latest ones first, never to tell which came first.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use mongodb::bson::raw::{RawDocument, RawDocumentBuf};
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::InsertManyOptions;
use mongodb::{Collection, IndexModel};
use serde_json::{Map, Value};

use super::connection::{Connection, Patience};
use super::data_set::durable;
use super::error::MongoError;
use super::json::{to_document, to_object};
use super::push::one_by_one;
use crate::cancel::CancelToken;

/// The field of when a record was sent.
pub(super) const ARRIVED: &str = "arrived";
/// Records that are asked for by name at once.
const NAMES_AT_ONCE: usize = 200;

/// A record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its name.
    pub id: String,
    /// Everything else.
    pub body: Map<String, Value>,
}

/// What became of records that were to be added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Records that were not there.
    pub new: u64,
    /// Records that were there already.
    pub there: u64,
    /// Records that the server does not take, by their place, with its reason.
    pub refused: Vec<(usize, String)>,
}

/// Names of records, with the latest moment at which one was sent, in milliseconds by the server's clock.
pub type NamesSince = (Vec<String>, Option<i64>);

/// A collection of records.
#[derive(Clone, Debug)]
pub struct Records {
    pub(super) connection: Arc<Connection>,
    pub(super) collection: &'static str,
    /// The server's clock less ours, in milliseconds.
    clock: Arc<AtomicI64>,
}

impl Records {
    /// Asks the server for its clock. Indexes are made where we may; without them all of this works, slower.
    ///
    /// # Errors
    /// The server fails.
    pub fn open(
        connection: &Arc<Connection>,
        collection: &'static str,
        keys: &[&str],
        cancel: &CancelToken,
    ) -> Result<Self, MongoError> {
        let clock = Arc::new(AtomicI64::new(server_ahead(connection, cancel)?));
        let by_keys: Document = keys.iter().map(|key| ((*key).to_owned(), 1.into())).collect();
        let indexes = [doc! { ARRIVED: 1 }, by_keys].map(|keys| IndexModel::builder().keys(keys).build());
        let records = connection.database()?.collection::<Document>(collection);
        let make = async { records.create_indexes(indexes).await };
        match connection.run("making the indexes of records", Patience::WORK, cancel, make) {
            Ok(_) | Err(MongoError::NoRights { .. } | MongoError::Server { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(Self {
            connection: Arc::clone(connection),
            collection,
            clock,
        })
    }

    /// Asks whether the server is there, and for its clock.
    ///
    /// # Errors
    /// It does not answer.
    pub fn alive(&self, cancel: &CancelToken) -> Result<(), MongoError> {
        self.clock
            .store(server_ahead(&self.connection, cancel)?, Ordering::Relaxed);
        Ok(())
    }

    /// The server's clock, in milliseconds.
    fn now(&self) -> i64 {
        DateTime::now()
            .timestamp_millis()
            .saturating_add(self.clock.load(Ordering::Relaxed))
    }

    /// How many there are, about.
    ///
    /// # Errors
    /// The server fails.
    pub fn count(&self, cancel: &CancelToken) -> Result<u64, MongoError> {
        let collection = self.for_reading()?;
        let count = async { collection.estimated_document_count().await };
        self.connection
            .run("counting the decisions", Patience::WORK, cancel, count)
    }

    /// Documents are taken apart one by one, so that one that is not in order spoils no other.
    pub(super) fn for_reading(&self) -> Result<Collection<RawDocumentBuf>, MongoError> {
        self.connection.committed(self.collection)
    }

    /// Adds records; when this returns they are on the disks of most servers. One that is there is left as it is.
    ///
    /// # Errors
    /// The server fails, or refuses a record. Some of them may be there.
    pub fn add(&self, records: &[Record], cancel: &CancelToken) -> Result<Added, MongoError> {
        if records.is_empty() {
            return Ok(Added::default());
        }
        let arrived = DateTime::from_millis(self.now());
        let documents = records.iter().map(|record| {
            let mut document = doc! { "_id": &record.id, ARRIVED: arrived };
            document.extend(to_document(&record.body));
            document
        });
        let documents: Vec<Document> = documents.collect();
        let options = InsertManyOptions::builder()
            .ordered(false)
            .write_concern(durable())
            .build();
        let collection = self.connection.database()?.collection::<Document>(self.collection);
        let add = async {
            match collection.insert_many(&documents).with_options(options).await {
                Ok(_) => Ok(Vec::new()),
                Err(error) => one_by_one(error),
            }
        };
        let kept_out = self
            .connection
            .run("storing what was decided", Patience::WORK, cancel, add)?;
        let mut refused = Vec::new();
        let mut there = 0;
        for (place, why) in kept_out {
            match why {
                None => there += 1,
                Some(why) => refused.push((place, self.connection.trouble().clean(&why))),
            }
        }
        Ok(Added {
            new: (records.len() as u64).saturating_sub(there + refused.len() as u64),
            there,
            refused,
        })
    }

    /// Names of the records that were sent from a moment on (milliseconds by the server's clock), or of all; and the latest of
    /// these moments, which is never in the future.
    ///
    /// # Errors
    /// The server fails.
    pub fn names(&self, since: Option<i64>, cancel: &CancelToken) -> Result<NamesSince, MongoError> {
        let filter = since.map_or_else(
            Document::new,
            |since| doc! { ARRIVED: { "$gte": DateTime::from_millis(since) } },
        );
        let (collection, now) = (self.for_reading()?, self.now());
        let find = async {
            let (mut names, mut latest) = (Vec::new(), since);
            let mut cursor = collection
                .find(filter)
                .projection(doc! { "_id": 1, ARRIVED: 1 })
                .batch_size(5_000)
                .await?;
            while cursor.advance().await? {
                let found = cursor.current();
                if let Ok(id) = found.get_str("_id") {
                    names.push(id.to_owned());
                }
                let arrived = found.get_datetime(ARRIVED).ok().map(DateTime::timestamp_millis);
                latest = latest.max(arrived.map(|arrived| arrived.min(now)));
            }
            Ok((names, latest))
        };
        self.connection
            .run("reading which decisions are there", Patience::WORK, cancel, find)
    }

    /// Records by name, in portions.
    ///
    /// # Errors
    /// The server fails, or `take` does.
    pub fn read<E: From<MongoError>>(
        &self,
        names: &[String],
        cancel: &CancelToken,
        mut take: impl FnMut(Vec<Record>) -> Result<(), E>,
    ) -> Result<(), E> {
        for some in names.chunks(NAMES_AT_ONCE) {
            take(self.find(doc! { "_id": { "$in": some } }, cancel)?)?;
        }
        Ok(())
    }

    /// All records whose fields are like one of these, each of which has the same fields.
    ///
    /// # Errors
    /// The server fails.
    pub fn alike(&self, any_of: &[Map<String, Value>], cancel: &CancelToken) -> Result<Vec<Record>, MongoError> {
        if any_of.is_empty() {
            return Ok(Vec::new());
        }
        let any: Vec<Document> = any_of.iter().map(to_document).collect();
        self.find(doc! { "$or": any }, cancel)
    }

    fn find(&self, filter: Document, cancel: &CancelToken) -> Result<Vec<Record>, MongoError> {
        let collection = self.for_reading()?;
        let find = async {
            let mut found = Vec::new();
            let mut cursor = collection.find(filter).batch_size(1_000).await?;
            while cursor.advance().await? {
                found.extend(record(cursor.current()));
            }
            Ok(found)
        };
        self.connection
            .run("reading what others decided", Patience::WORK, cancel, find)
    }
}

/// A document as a record; `None` if its name is none of ours. One that is not in order has nothing but its name.
pub(super) fn record(document: &RawDocument) -> Option<Record> {
    let id = document.get_str("_id").ok()?.to_owned();
    let mut body = Document::try_from(document).map(to_object).unwrap_or_default();
    body.remove("_id");
    body.remove(ARRIVED);
    Some(Record { id, body })
}

/// The server's clock less ours, in milliseconds.
fn server_ahead(connection: &Connection, cancel: &CancelToken) -> Result<i64, MongoError> {
    let admin = connection.other_database("admin")?;
    let ask = async { admin.run_command(doc! { "hello": 1 }).await };
    let hello = connection.run("asking whether it is there", Patience::QUESTION, cancel, ask)?;
    let now = DateTime::now().timestamp_millis();
    let theirs = hello.get_datetime("localTime").map_or(now, |at| at.timestamp_millis());
    Ok(theirs.saturating_sub(now))
}
