//! Owns the record of a data set: which columns its file has, in which order, and whether all of its rows are there.
//!
//! One document in the collection `nsec_data_sets` for each data set in each collection.

use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::{Acknowledgment, WriteConcern};

use super::connection::{Connection, Patience};
use super::document::Fields;
use super::error::MongoError;
use crate::cancel::CancelToken;

/// The collection of these records.
pub const DATA_SETS: &str = "nsec_data_sets";

/// What is known of a data set in a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// Its name.
    pub name: String,
    /// Columns in the file's order.
    pub columns: Vec<String>,
    /// The field of each column.
    pub fields: Vec<String>,
    /// Rows of the file; known once a push came to its end.
    pub rows: Option<u64>,
}

/// Acknowledged by most servers and on their disks.
pub(super) fn durable() -> WriteConcern {
    WriteConcern::builder()
        .w(Acknowledgment::Majority)
        .journal(true)
        .build()
}

fn key(collection: &str, set: &str) -> Document {
    doc! { "_id": { "collection": collection, "set": set } }
}

/// Every data set in a collection, by name.
pub fn data_sets(connection: &Connection, collection: &str, cancel: &CancelToken) -> Result<Vec<DataSet>, MongoError> {
    let records = connection.database()?.collection::<Document>(DATA_SETS);
    let find = async {
        let mut found = Vec::new();
        let mut cursor = records
            .find(doc! { "_id.collection": collection })
            .sort(doc! { "_id": 1 })
            .await?;
        while cursor.advance().await? {
            found.push(cursor.deserialize_current()?);
        }
        Ok(found)
    };
    let found = connection.run("reading the list of data sets", Patience::QUESTION, cancel, find)?;
    Ok(found.iter().filter_map(read).collect())
}

fn read(record: &Document) -> Option<DataSet> {
    let texts = |key: &str| -> Option<Vec<String>> {
        let texts = record.get_array(key).ok()?.iter();
        texts.map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let (columns, fields) = (texts("columns")?, texts("fields")?);
    (columns.len() == fields.len()).then_some(DataSet {
        name: record.get_document("_id").ok()?.get_str("set").ok()?.to_owned(),
        columns,
        fields,
        rows: record.get_i64("rows").ok().and_then(|rows| u64::try_from(rows).ok()),
    })
}

/// Says that rows of a data set are being stored: until [`finish`], nobody may take it for whole.
pub(super) fn begin(
    connection: &Connection,
    collection: &str,
    set: &str,
    fields: &Fields,
    cancel: &CancelToken,
) -> Result<(), MongoError> {
    let change = doc! {
        "$set": { "columns": fields.columns(), "fields": fields.names(), "begun": DateTime::now() },
        "$unset": { "rows": "" },
    };
    change_record(connection, collection, set, change, cancel)
}

/// Says that all rows are there.
pub(super) fn finish(
    connection: &Connection,
    collection: &str,
    set: &str,
    rows: u64,
    cancel: &CancelToken,
) -> Result<(), MongoError> {
    let change = doc! { "$set": { "rows": rows as i64, "finished": DateTime::now() } };
    change_record(connection, collection, set, change, cancel)
}

fn change_record(
    connection: &Connection,
    collection: &str,
    set: &str,
    change: Document,
    cancel: &CancelToken,
) -> Result<(), MongoError> {
    let records = connection.database()?.collection::<Document>(DATA_SETS);
    let write = async {
        records
            .update_one(key(collection, set), change)
            .upsert(true)
            .write_concern(durable())
            .await
    };
    connection
        .run("writing the record of the data set", Patience::WORK, cancel, write)
        .map(drop)
}
