//! Owns documents that several hosts keep up to date together: each has a version, and a change is made only to the version
//! that it was worked out from.

use std::collections::HashMap;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use mongodb::bson::{Document, doc};
use mongodb::error::{Error, ErrorKind, WriteFailure};
use serde_json::{Map, Value};

use super::connection::{Connection, Patience};
use super::data_set::durable;
use super::error::MongoError;
use super::json::to_document;
use crate::cancel::CancelToken;

const DUPLICATE_KEY: i32 = 11000;
/// Changes that are on their way at once.
const IN_FLIGHT: usize = 16;

/// What a document is to say.
#[derive(Clone, Debug)]
pub struct NewState {
    /// Its name.
    pub id: String,
    /// The version it was worked out from; `None` if there was no such document.
    pub version: Option<i64>,
    /// Its fields.
    pub body: Map<String, Value>,
}

/// The versions of documents that are there.
///
/// # Errors
/// The server fails.
pub fn state_versions(
    connection: &Connection,
    collection: &str,
    ids: &[String],
    cancel: &CancelToken,
) -> Result<HashMap<String, i64>, MongoError> {
    let states = connection.database()?.collection::<Document>(collection);
    let find = async {
        let mut cursor = states
            .find(doc! { "_id": { "$in": ids } })
            .projection(doc! { "version": 1 })
            .batch_size(5_000)
            .await?;
        let mut found = HashMap::new();
        while cursor.advance().await? {
            let state = cursor.current();
            if let (Ok(id), Ok(version)) = (state.get_str("_id"), state.get_i64("version")) {
                found.insert(id.to_owned(), version);
            }
        }
        Ok(found)
    };
    connection.run("reading how cases stand", Patience::WORK, cancel, find)
}

/// Makes changes; answers the documents that had another version by then, which have to be worked out again.
///
/// # Errors
/// The server fails; some of the changes may have been made.
pub fn change_states(
    connection: &Connection,
    collection: &str,
    states: Vec<NewState>,
    cancel: &CancelToken,
) -> Result<Vec<String>, MongoError> {
    let documents = connection.database()?.collection::<Document>(collection);
    let write = async {
        let changes = states.into_iter().map(|state| {
            let documents = documents.clone();
            async move {
                let NewState { id, version, body } = state;
                let mut new = to_document(&body);
                let Some(version) = version else {
                    new.insert("_id", &id);
                    new.insert("version", 1_i64);
                    return match documents.insert_one(new).write_concern(durable()).await {
                        Ok(_) => Ok(None),
                        Err(error) if is_duplicate(&error) => Ok(Some(id)),
                        Err(error) => Err(error),
                    };
                };
                let change = doc! { "$set": new, "$inc": { "version": 1_i64 } };
                let update = documents.update_one(doc! { "_id": &id, "version": version }, change);
                let done = update.write_concern(durable()).await?;
                Ok((done.matched_count == 0).then_some(id))
            }
        });
        let outdated: Vec<Option<String>> = stream::iter(changes).buffer_unordered(IN_FLIGHT).try_collect().await?;
        Ok(outdated.into_iter().flatten().collect())
    };
    connection.run("writing how cases stand", Patience::WORK, cancel, write)
}

fn is_duplicate(error: &Error) -> bool {
    matches!(error.kind.as_ref(), ErrorKind::Write(WriteFailure::WriteError(write)) if write.code == DUPLICATE_KEY)
}
