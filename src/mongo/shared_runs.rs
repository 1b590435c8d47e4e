//! Owns the runs that a team shares: their files in GridFS, one record a run, and names such as `champion`, which change only
//! if they are still what whoever changes them has seen.
//!
//! A run's record says `whole` once all of its files are there; until then nobody sees it. Files that a killed push left are
//! removed by the next push of that run.

use std::io::{self, Read, Write};

use futures_util::io::{AsyncReadExt as _, AsyncWriteExt as _};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::error::{Error, ErrorKind, WriteFailure};
use mongodb::gridfs::GridFsBucket;
use mongodb::options::{GridFsBucketOptions, ReturnDocument};
use sha2::{Digest, Sha256};

use super::connection::{Connection, Patience};
use super::data_set::durable;
use super::document::hex;
use super::error::MongoError;
use crate::cancel::CancelToken;

/// The collection of the runs' records.
const RUNS: &str = "nsec_runs";
/// The collection of names.
const NAMES: &str = "nsec_names";
/// The bucket of the runs' files.
const BUCKET: &str = "nsec_files";
/// Bytes moved at a time.
const PIECE: usize = 1 << 20;
const DUPLICATE_KEY: i32 = 11000;

/// A file of a shared run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedFile {
    /// Path below the run's directory, with `/`. Whoever writes it to a disk has to look at it first: it comes from others.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
    stored_as: ObjectId,
}

/// A run that somebody shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRun {
    /// Its id.
    pub id: String,
    /// The text of its manifest.
    pub manifest: String,
    /// Its files, but the manifest.
    pub files: Vec<SharedFile>,
    /// Who pushed it.
    pub by: String,
    /// When, in UTC.
    pub at: String,
}

impl SharedRun {
    /// Size of its files and its manifest.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum::<u64>() + self.manifest.len() as u64
    }
}

/// A name of a run that a team shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedName {
    /// The name.
    pub name: String,
    /// The run that has it.
    pub run: String,
    /// How often it changed.
    pub version: i64,
    /// Who gave it.
    pub by: String,
}

/// A wish to give a shared run a name.
#[derive(Clone, Debug)]
pub struct Naming<'a> {
    /// The name.
    pub name: &'a str,
    /// The run that is to have it.
    pub run: &'a str,
    /// Who asks.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// All shared runs that are whole, newest first.
///
/// # Errors
/// The server fails.
pub fn shared_runs(connection: &Connection, cancel: &CancelToken) -> Result<Vec<SharedRun>, MongoError> {
    let mut found = find_runs(connection, doc! { "whole": true }, cancel)?;
    found.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(found)
}

/// The names that runs have.
///
/// # Errors
/// The server fails.
pub fn shared_names(connection: &Connection, cancel: &CancelToken) -> Result<Vec<SharedName>, MongoError> {
    let names = connection.database()?.collection::<Document>(NAMES);
    let find = async {
        let mut found = Vec::new();
        let mut cursor = names
            .find(doc! {})
            .sort(doc! { "_id": 1 })
            .projection(doc! { "history": 0 })
            .await?;
        while cursor.advance().await? {
            found.push(cursor.deserialize_current()?);
        }
        Ok(found)
    };
    let found = connection.run("reading the shared names", Patience::WORK, cancel, find)?;
    Ok(found.iter().filter_map(name_of).collect())
}

/// A run being shared.
pub struct Sharing<'a> {
    connection: &'a Connection,
    cancel: &'a CancelToken,
    bucket: GridFsBucket,
    id: String,
    files: Vec<SharedFile>,
}

impl<'a> Sharing<'a> {
    /// Begins to share a run. `None` if it is there already and whole, with the same manifest.
    ///
    /// # Errors
    /// Another run of that id is there, or the server fails.
    pub fn begin(
        connection: &'a Connection,
        id: &str,
        manifest: &str,
        by: &str,
        cancel: &'a CancelToken,
    ) -> Result<Option<Self>, MongoError> {
        let runs = connection.database()?.collection::<Document>(RUNS);
        let find = async { runs.find_one(doc! { "_id": id }).await };
        let known = connection.run("reading the shared runs", Patience::WORK, cancel, find)?;
        if let Some(known) = &known
            && known.get_bool("whole").unwrap_or(false)
        {
            if known.get_str("manifest").is_ok_and(|known| known == manifest) {
                return Ok(None);
            }
            return Err(MongoError::Conflict {
                server: connection.trouble().server(),
                what: format!("another run is shared under the id {id} already"),
            });
        }
        let sharing = Self {
            connection,
            cancel,
            bucket: bucket(connection)?,
            id: id.to_owned(),
            files: Vec::new(),
        };
        for upload in known.iter().flat_map(|known| known.get_array("uploads")).flatten() {
            sharing.remove(upload.clone())?;
        }
        let change = doc! {
            "$set": { "whole": false, "manifest": manifest, "by": by, "at": DateTime::now() },
            "$unset": { "uploads": "", "files": "" },
        };
        sharing.change(change)?;
        Ok(Some(sharing))
    }

    /// Stores one file and answers its SHA-256.
    ///
    /// # Errors
    /// The file cannot be read (the inner error), or the server fails.
    pub fn file(&mut self, path: &str, from: &mut dyn Read) -> Result<io::Result<String>, MongoError> {
        let id = ObjectId::new();
        self.change(doc! { "$push": { "uploads": id } })?;
        let name = format!("{}/{path}", self.id);
        let open = async { self.bucket.open_upload_stream(name).id(Bson::ObjectId(id)).await };
        let mut upload = self
            .connection
            .run("storing a file", Patience::WORK, self.cancel, open)?;
        let mut hasher = Sha256::new();
        let mut bytes = 0_u64;
        let mut piece = vec![0; PIECE];
        loop {
            let read = match from.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Err(error)),
            };
            let part = &piece[..read];
            hasher.update(part);
            bytes += read as u64;
            let write = async { upload.write_all(part).await.map_err(of_stream) };
            self.connection
                .run("storing a file", Patience::WORK, self.cancel, write)?;
        }
        let close = async { upload.close().await.map_err(of_stream) };
        self.connection
            .run("storing a file", Patience::WORK, self.cancel, close)?;
        let sha256 = hex(&hasher.finalize());
        self.files.push(SharedFile {
            path: path.to_owned(),
            bytes,
            sha256: sha256.clone(),
            stored_as: id,
        });
        Ok(Ok(sha256))
    }

    /// Shows the run to others.
    ///
    /// # Errors
    /// The server fails.
    pub fn finish(self) -> Result<(), MongoError> {
        let files: Vec<Document> = self
            .files
            .iter()
            .map(|file| {
                doc! { "path": &file.path, "bytes": file.bytes as i64, "sha256": &file.sha256, "stored_as": file.stored_as }
            })
            .collect();
        self.change(
            doc! { "$set": { "whole": true, "files": files, "at": DateTime::now() }, "$unset": { "uploads": "" } },
        )
    }

    fn change(&self, change: Document) -> Result<(), MongoError> {
        let runs = self.connection.database()?.collection::<Document>(RUNS);
        let write = async {
            runs.update_one(doc! { "_id": &self.id }, change)
                .upsert(true)
                .write_concern(durable())
                .await
        };
        self.connection
            .run("writing the record of the run", Patience::WORK, self.cancel, write)
            .map(drop)
    }

    /// Removes what a killed push stored of a file.
    fn remove(&self, upload: Bson) -> Result<(), MongoError> {
        let delete = async {
            match self.bucket.delete(upload).await {
                // Its pieces are gone; the file itself was never finished.
                Err(error) if matches!(error.kind.as_ref(), ErrorKind::GridFs(_)) => Ok(()),
                other => other,
            }
        };
        self.connection
            .run("writing the record of the run", Patience::WORK, self.cancel, delete)
    }
}

/// The shared run of an id, a name, or the beginning of one id only.
///
/// # Errors
/// There is none, or several; the server fails.
pub fn find_shared(connection: &Connection, wanted: &str, cancel: &CancelToken) -> Result<SharedRun, MongoError> {
    let named = shared_names(connection, cancel)?
        .into_iter()
        .find(|known| known.name == wanted);
    let id = named.map_or_else(|| wanted.to_owned(), |name| name.run);
    let runs = shared_runs(connection, cancel)?;
    let exact = runs.iter().find(|run| run.id == id);
    let mut fitting = runs.iter().filter(|run| !id.is_empty() && run.id.starts_with(&id));
    let only = match (fitting.next(), fitting.next()) {
        (Some(run), None) => Some(run),
        _ => None,
    };
    exact.or(only).cloned().ok_or_else(|| MongoError::NoRun {
        server: connection.trouble().server(),
        run: wanted.to_owned(),
    })
}

/// Writes a file of a shared run to `out`.
///
/// # Errors
/// What is stored is not what was pushed, `out` cannot be written (the inner error), or the server fails.
pub fn fetch(
    connection: &Connection,
    run: &str,
    file: &SharedFile,
    out: &mut dyn Write,
    cancel: &CancelToken,
) -> Result<io::Result<()>, MongoError> {
    let damaged = |what: &str| MongoError::Damaged {
        server: connection.trouble().server(),
        run: run.to_owned(),
        what: format!("{} {what}", file.path),
    };
    let bucket = bucket(connection)?;
    let open = async { bucket.open_download_stream(Bson::ObjectId(file.stored_as)).await };
    let missing = |error| {
        if matches!(error, MongoError::Driver { .. }) {
            damaged("is not there")
        } else {
            error
        }
    };
    let mut download = connection
        .run("reading a file", Patience::WORK, cancel, open)
        .map_err(missing)?;
    let mut hasher = Sha256::new();
    let mut bytes = 0_u64;
    let mut piece = vec![0; PIECE];
    loop {
        let read = async { download.read(&mut piece).await.map_err(of_stream) };
        let read = connection
            .run("reading a file", Patience::WORK, cancel, read)
            .map_err(missing)?;
        if read == 0 {
            break;
        }
        hasher.update(&piece[..read]);
        bytes += read as u64;
        if bytes > file.bytes {
            return Err(damaged("is larger than it was"));
        }
        if let Err(error) = out.write_all(&piece[..read]) {
            return Ok(Err(error));
        }
    }
    if bytes != file.bytes || hex(&hasher.finalize()) != file.sha256 {
        return Err(damaged("has another SHA-256 than it had"));
    }
    Ok(Ok(()))
}

/// Gives a shared run a name, if the name is still what it was when it was looked up. `expected`: the run that must have it
/// (`Some(None)`: nobody), for who compared with that one.
///
/// # Errors
/// [`MongoError::Conflict`]: somebody else was faster. Or the run is not shared; or the server fails.
pub fn name_shared(
    connection: &Connection,
    naming: &Naming<'_>,
    expected: Option<Option<&str>>,
    cancel: &CancelToken,
) -> Result<SharedName, MongoError> {
    if find_shared(connection, naming.run, cancel)?.id != naming.run {
        return Err(MongoError::NoRun {
            server: connection.trouble().server(),
            run: naming.run.to_owned(),
        });
    }
    let seen = shared_names(connection, cancel)?
        .into_iter()
        .find(|known| known.name == naming.name);
    let conflict = |now: Option<&str>| MongoError::Conflict {
        server: connection.trouble().server(),
        what: format!(
            "{} was given to {} meanwhile",
            naming.name,
            now.unwrap_or("another run")
        ),
    };
    let has = seen.as_ref().map(|seen| seen.run.as_str());
    if expected.is_some_and(|expected| expected != has) {
        return Err(conflict(has));
    }
    if let Some(seen) = seen.as_ref().filter(|seen| seen.run == naming.run) {
        return Ok(seen.clone());
    }
    let names = connection.database()?.collection::<Document>(NAMES);
    let now = DateTime::now();
    let event = doc! {
        "run": naming.run, "replaced": has.map(str::to_owned), "by": naming.by, "reason": naming.reason, "at": now,
    };
    let change = async {
        let Some(seen) = &seen else {
            let first = doc! {
                "_id": naming.name, "run": naming.run, "version": 1_i64, "by": naming.by, "at": now, "history": [event],
            };
            return match names.insert_one(&first).write_concern(durable()).await {
                Ok(_) => Ok(Some(first)),
                Err(error) if is_duplicate(&error) => Ok(None),
                Err(error) => Err(error),
            };
        };
        let change = doc! {
            "$set": { "run": naming.run, "by": naming.by, "at": now },
            "$inc": { "version": 1_i64 },
            "$push": { "history": event },
        };
        let update = names.find_one_and_update(doc! { "_id": naming.name, "version": seen.version }, change);
        update
            .return_document(ReturnDocument::After)
            .write_concern(durable())
            .await
    };
    let changed = connection.run("writing the name of the run", Patience::WORK, cancel, change)?;
    changed.as_ref().and_then(name_of).ok_or_else(|| conflict(None))
}

fn is_duplicate(error: &Error) -> bool {
    matches!(error.kind.as_ref(), ErrorKind::Write(WriteFailure::WriteError(write)) if write.code == DUPLICATE_KEY)
}

fn bucket(connection: &Connection) -> Result<GridFsBucket, MongoError> {
    let options = GridFsBucketOptions::builder()
        .bucket_name(BUCKET.to_owned())
        .write_concern(durable())
        .build();
    Ok(connection.database()?.gridfs_bucket(options))
}

fn find_runs(connection: &Connection, filter: Document, cancel: &CancelToken) -> Result<Vec<SharedRun>, MongoError> {
    let runs = connection.database()?.collection::<Document>(RUNS);
    let find = async {
        let mut found = Vec::new();
        let mut cursor = runs.find(filter).await?;
        while cursor.advance().await? {
            found.push(cursor.deserialize_current()?);
        }
        Ok(found)
    };
    let found = connection.run("reading the shared runs", Patience::WORK, cancel, find)?;
    Ok(found.iter().filter_map(run_of).collect())
}

fn run_of(record: &Document) -> Option<SharedRun> {
    let text = |key: &str| record.get_str(key).ok().map(str::to_owned);
    let files = record.get_array("files").ok()?.iter().map(|file| {
        let file = file.as_document()?;
        Some(SharedFile {
            path: file.get_str("path").ok()?.to_owned(),
            bytes: u64::try_from(file.get_i64("bytes").ok()?).ok()?,
            sha256: file.get_str("sha256").ok()?.to_owned(),
            stored_as: file.get_object_id("stored_as").ok()?,
        })
    });
    Some(SharedRun {
        id: text("_id")?,
        manifest: text("manifest")?,
        files: files.collect::<Option<_>>()?,
        by: text("by").unwrap_or_default(),
        at: record
            .get_datetime("at")
            .ok()
            .and_then(|at| at.try_to_rfc3339_string().ok())
            .unwrap_or_default(),
    })
}

fn name_of(record: &Document) -> Option<SharedName> {
    let text = |key: &str| record.get_str(key).ok().map(str::to_owned);
    Some(SharedName {
        name: text("_id")?,
        run: text("run")?,
        version: record.get_i64("version").ok()?,
        by: text("by").unwrap_or_default(),
    })
}

/// The driver hands its own errors through the interface of streams.
fn of_stream(error: io::Error) -> Error {
    error.downcast::<Error>().unwrap_or_else(Error::from)
}
