//! Owns who looks at what: one document for each console, renewed while it is true, and forgotten by itself.

use std::time::Duration;

use mongodb::IndexModel;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::{IndexOptions, ReturnDocument};
use serde_json::{Map, Value};

use super::connection::{Connection, Patience};
use super::error::MongoError;
use super::json::{to_document, to_object};
use crate::cancel::CancelToken;

/// The collection.
const CLAIMS: &str = "nsec_claims";
/// The field of when it was last true, by the server's clock.
const RENEWED: &str = "renewed";
/// When the server clears it away.
const CLEARED: Duration = Duration::from_secs(300);

/// Has the server clear away what consoles left behind. Without the right to that it stays, and counts for nothing.
///
/// # Errors
/// The server fails.
pub fn prepare_claims(connection: &Connection, cancel: &CancelToken) -> Result<(), MongoError> {
    let claims = connection.database()?.collection::<Document>(CLAIMS);
    let options = IndexOptions::builder().expire_after(CLEARED).build();
    let index = IndexModel::builder().keys(doc! { RENEWED: 1 }).options(options).build();
    let make = async { claims.create_index(index).await };
    match connection.run("making the index of claims", Patience::WORK, cancel, make) {
        Ok(_) | Err(MongoError::NoRights { .. } | MongoError::Server { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Says what a console looks at; nothing takes its claim back. Answers the claims of the others that were true within the
/// last `fresh`.
///
/// # Errors
/// The server fails.
pub fn exchange_claims(
    connection: &Connection,
    console: &str,
    claim: Option<&Map<String, Value>>,
    fresh: Duration,
    cancel: &CancelToken,
) -> Result<Vec<Map<String, Value>>, MongoError> {
    let claims = connection.database()?.collection::<Document>(CLAIMS);
    let mut own = claim.map(to_document).unwrap_or_default();
    // A console without a claim stands there all the same: its answer tells the server's clock.
    own.insert("looks", claim.is_some());
    let exchange = async {
        let renewed = claims
            .find_one_and_update(
                doc! { "_id": console },
                doc! { "$set": own, "$currentDate": { RENEWED: true } },
            )
            .upsert(true)
            .return_document(ReturnDocument::After)
            .await?;
        let now = renewed.and_then(|own| own.get_datetime(RENEWED).ok().copied());
        let now = now.unwrap_or_else(DateTime::now).timestamp_millis();
        let since = DateTime::from_millis(now.saturating_sub(fresh.as_millis() as i64));
        let others = doc! { "_id": { "$ne": console }, "looks": true, RENEWED: { "$gte": since } };
        let mut cursor = claims.find(others).limit(1_000).await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            found.push(to_object(cursor.deserialize_current()?));
        }
        Ok(found)
    };
    connection.run("storing who looks at what", Patience::QUESTION, cancel, exchange)
}

/// Takes a console's claim back for good.
///
/// # Errors
/// The server fails.
pub fn withdraw_claim(connection: &Connection, console: &str, cancel: &CancelToken) -> Result<(), MongoError> {
    let claims = connection.database()?.collection::<Document>(CLAIMS);
    let delete = async { claims.delete_one(doc! { "_id": console }).await };
    let patience = Patience::Within(Duration::from_millis(300));
    connection
        .run("storing who looks at what", patience, cancel, delete)
        .map(drop)
}
