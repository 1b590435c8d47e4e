//! Owns storing one document by itself: a report that somebody wants to keep where the team can see it.

use mongodb::bson::{Document, serialize_to_document};
use mongodb::error::{Error, ErrorKind, WriteFailure};
use serde::Serialize;

use super::address::check_collection;
use super::connection::{Connection, Patience};
use super::data_set::durable;
use super::error::MongoError;
use crate::cancel::CancelToken;

/// The server's code for a key that is there already.
const DUPLICATE_KEY: i32 = 11000;

/// Stores a record as one document, whose `_id` is a field of it, on the disks of most servers. Answers whether it was new; one
/// of that `_id` that is there already stays as it is.
///
/// # Errors
/// It is no document, the collection cannot have that name, or the server fails or refuses.
pub fn keep_record<T: Serialize>(
    connection: &Connection,
    collection: &str,
    record: &T,
    cancel: &CancelToken,
) -> Result<bool, MongoError> {
    check_collection(collection)?;
    let encoded = serialize_to_document(record);
    let documents = connection.database()?.collection::<Document>(collection);
    let insert = async {
        let document = encoded.map_err(Error::custom)?;
        match documents.insert_one(document).write_concern(durable()).await {
            Ok(_) => Ok(true),
            Err(error) if is_there(&error) => Ok(false),
            Err(error) => Err(error),
        }
    };
    connection.run("storing the record", Patience::WORK, cancel, insert)
}

/// Whether the `_id` is taken. Another unique index of the collection's owner is no sign that the record is there.
fn is_there(error: &Error) -> bool {
    matches!(
        error.kind.as_ref(),
        ErrorKind::Write(WriteFailure::WriteError(write)) if write.code == DUPLICATE_KEY && write.message.contains("_id_")
    )
}
