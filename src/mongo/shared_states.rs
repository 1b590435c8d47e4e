//! Owns documents that several hosts keep up to date together: each has a version, and a change is made only to the version
//! that it was worked out from.

use std::collections::HashMap;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use mongodb::bson::{Bson, Document, doc};
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
    pub version: Option<Version>,
    /// Its fields.
    pub body: Map<String, Value>,
}

/// The version of a document, as it stands there: others may have written anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Version(Option<Bson>);

impl Version {
    fn next(&self) -> i64 {
        let known = match &self.0 {
            Some(Bson::Int64(known)) => *known,
            Some(Bson::Int32(known)) => i64::from(*known),
            _ => 0,
        };
        known.saturating_add(1)
    }

    fn filter(&self) -> Bson {
        self.0.clone().unwrap_or_else(|| doc! { "$exists": false }.into())
    }
}

/// The versions of documents that are there, and what stands in one of their fields if that is a whole number.
///
/// # Errors
/// The server fails.
pub fn state_versions(
    connection: &Connection,
    collection: &str,
    ids: &[String],
    field: &str,
    cancel: &CancelToken,
) -> Result<HashMap<String, (Version, Option<i64>)>, MongoError> {
    let states = connection.committed::<Document>(collection)?;
    let find = async {
        let mut cursor = states
            .find(doc! { "_id": { "$in": ids } })
            .projection(doc! { "version": 1, field: 1 })
            .batch_size(5_000)
            .await?;
        let mut found = HashMap::new();
        while cursor.advance().await? {
            let state = cursor.current();
            if let Ok(id) = state.get_str("_id") {
                let version = state
                    .get("version")
                    .ok()
                    .flatten()
                    .and_then(|version| Bson::try_from(version).ok());
                found.insert(id.to_owned(), (Version(version), state.get_i64(field).ok()));
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
                new.insert("version", version.next());
                let change = doc! { "$set": new };
                let update = documents.update_one(doc! { "_id": &id, "version": version.filter() }, change);
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
    matches!(error.kind.as_ref(), ErrorKind::Write(WriteFailure::WriteError(write)) if write.code == DUPLICATE_KEY && write.message.contains("_id_"))
}
