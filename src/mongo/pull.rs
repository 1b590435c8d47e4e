//! Owns reading rows: a cursor over a collection, in the file's order where the rows are ours, taken up again where it
//! broke off.

use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{Bson, Document, RawBson, doc};
use mongodb::{Collection, Cursor};

use super::address::check_collection;
use super::connection::{Connection, Patience};
use super::data_set::{DataSet, data_sets};
use super::document::{Fields, Marks, Misfit, ROW_FIELD, Row, SET_FIELD, decode};
use super::error::MongoError;
use crate::cancel::CancelToken;

/// Documents that the server sends at a time.
const BATCH: u32 = 5_000;
/// Documents whose fields are taken for the columns where no record tells them.
const SAMPLE: i64 = 100;
/// Waits before a broken cursor is opened again; so many times in a row without a document between.
const WAITS: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
/// The server's code for a cursor that it has forgotten.
const CURSOR_NOT_FOUND: i32 = 43;

/// A collection being read.
pub struct Reading {
    connection: Arc<Connection>,
    cancel: CancelToken,
    collection: Collection<RawDocumentBuf>,
    query: Document,
    fields: Fields,
    sets: Vec<DataSet>,
    cursor: Option<Cursor<RawDocumentBuf>>,
    last: Option<Place>,
    failures: usize,
    resumed: u64,
    ended: bool,
}

/// How far the reading is.
#[derive(Clone, Debug)]
enum Place {
    Row { set: String, row: i64 },
    Id(Bson),
}

/// A filter as people write it: extended JSON.
///
/// # Errors
/// [`MongoError::BadQuery`] says what is wrong, and where.
pub fn parse_query(text: &str) -> Result<Document, MongoError> {
    let bad = |why: String| MongoError::BadQuery { why };
    let value: serde_json::Value = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
    if !value.is_object() {
        return Err(bad("it is no object".to_owned()));
    }
    let query: Document =
        serde_json::from_value(value).map_err(|e| bad(crate::text::shortened(e.to_string().as_bytes(), 200)))?;
    if query.keys().any(|key| key == "$where") {
        return Err(bad("$where would run a script on the server".to_owned()));
    }
    Ok(query)
}

impl Reading {
    /// Finds out what columns the collection has. Rows that were pushed have the columns of their file; of other
    /// documents, the fields of the first hundred are taken.
    ///
    /// # Errors
    /// There is no such collection, or the server fails.
    pub fn open(
        connection: Arc<Connection>,
        collection: &str,
        query: Document,
        cancel: &CancelToken,
    ) -> Result<Self, MongoError> {
        check_collection(collection)?;
        let rows = connection.database()?.collection(collection);
        let sets = data_sets(&connection, collection, cancel)?;
        let fields = if sets.is_empty() {
            sampled(&connection, &rows, cancel)?
        } else {
            together(&sets)
        };
        Ok(Self {
            connection,
            cancel: cancel.clone(),
            collection: rows,
            query,
            fields,
            sets,
            cursor: None,
            last: None,
            failures: 0,
            resumed: 0,
            ended: false,
        })
    }

    /// The columns' names.
    pub fn columns(&self) -> &[String] {
        self.fields.columns()
    }

    /// The data sets that the collection holds, as far as they were pushed by us.
    pub fn sets(&self) -> &[DataSet] {
        &self.sets
    }

    /// How often the reading was taken up again after a failure.
    pub fn resumed(&self) -> u64 {
        self.resumed
    }

    /// Hands the next documents to `take`, at most `most`; says whether there may be more.
    ///
    /// # Errors
    /// The server fails and does not come back for some seconds, or somebody asks to stop.
    pub fn next_rows(&mut self, most: usize, take: &mut dyn FnMut(Result<&Row, &Misfit>)) -> Result<bool, MongoError> {
        let mut left = most;
        while left > 0 && !self.ended {
            match self.some_rows(&mut left, take) {
                Ok(()) => {}
                Err(error) if self.may_go_on(&error) => {
                    tracing::warn!("{error}; reading is taken up again");
                    self.cursor = None;
                    std::thread::sleep(WAITS[self.failures.min(WAITS.len() - 1)]);
                    self.failures += 1;
                    self.resumed += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(!self.ended)
    }

    fn may_go_on(&self, error: &MongoError) -> bool {
        let passes = error.may_pass()
            || matches!(
                error,
                MongoError::Server {
                    code: CURSOR_NOT_FOUND,
                    ..
                }
            );
        passes && self.failures < WAITS.len() && !self.cancel.is_cancelled()
    }

    fn some_rows(&mut self, left: &mut usize, take: &mut dyn FnMut(Result<&Row, &Misfit>)) -> Result<(), MongoError> {
        let mut cursor = match self.cursor.take() {
            Some(cursor) => cursor,
            None => self.find()?,
        };
        let (fields, last, failures, ended) = (&self.fields, &mut self.last, &mut self.failures, &mut self.ended);
        let read = async {
            let mut row = Row::default();
            while *left > 0 {
                if !cursor.advance().await? {
                    *ended = true;
                    break;
                }
                *failures = 0;
                *left -= 1;
                let document = cursor.current();
                match decode(fields, document, &mut row) {
                    Ok(marks) => {
                        note_place(last, marks);
                        take(Ok(&row));
                    }
                    Err(misfit) => {
                        note_place(last, marks_of(document));
                        take(Err(&misfit));
                    }
                }
            }
            Ok(cursor)
        };
        self.cursor = Some(
            self.connection
                .run("reading rows", Patience::WORK, &self.cancel, read)?,
        );
        Ok(())
    }

    fn find(&self) -> Result<Cursor<RawDocumentBuf>, MongoError> {
        let mut wanted = Document::new();
        for field in self.fields.names() {
            wanted.insert(field, 1);
        }
        for ours in [SET_FIELD, ROW_FIELD, "nsec_text"] {
            wanted.insert(ours, 1);
        }
        let order = if self.sets.is_empty() {
            doc! { "_id": 1 }
        } else {
            doc! { SET_FIELD: 1, ROW_FIELD: 1 }
        };
        let find = async {
            let find = self
                .collection
                .find(self.filter())
                .sort(order)
                .batch_size(BATCH)
                .allow_disk_use(true);
            // A field whose name begins with a dollar or holds a dot cannot be asked for.
            let nameable = self
                .fields
                .names()
                .iter()
                .all(|name| !name.contains(['.', '$']) && !name.is_empty());
            if nameable {
                find.projection(wanted).await
            } else {
                find.await
            }
        };
        self.connection.run("reading rows", Patience::WORK, &self.cancel, find)
    }

    /// What is asked for, and of that only what was not read yet.
    fn filter(&self) -> Document {
        let mut parts = Vec::new();
        if !self.query.is_empty() {
            parts.push(self.query.clone());
        }
        if !self.sets.is_empty() {
            let names: Vec<&str> = self.sets.iter().map(|set| set.name.as_str()).collect();
            parts.push(doc! { SET_FIELD: { "$in": names } });
        }
        match &self.last {
            None => {}
            Some(Place::Id(id)) => parts.push(doc! { "_id": { "$gt": id.clone() } }),
            Some(Place::Row { set, row }) => parts.push(doc! { "$or": [
                { SET_FIELD: { "$gt": set } },
                { SET_FIELD: set, ROW_FIELD: { "$gt": row } },
            ] }),
        }
        match parts.len() {
            0 => Document::new(),
            1 => parts.swap_remove(0),
            _ => doc! { "$and": parts },
        }
    }
}

fn marks_of(document: &mongodb::bson::raw::RawDocument) -> Marks {
    Marks {
        set: document.get_str(SET_FIELD).ok().map(str::to_owned),
        row: document.get_i64(ROW_FIELD).ok(),
        id: document.get("_id").ok().flatten().map(RawBson::from),
    }
}

fn note_place(last: &mut Option<Place>, marks: Marks) {
    match (last, marks) {
        (
            Some(Place::Row { set: known, row }),
            Marks {
                set: Some(set),
                row: Some(at),
                ..
            },
        ) => {
            if *known != set {
                *known = set;
            }
            *row = at;
        }
        (
            last,
            Marks {
                set: Some(set),
                row: Some(row),
                ..
            },
        ) => *last = Some(Place::Row { set, row }),
        (last, Marks { id: Some(id), .. }) => {
            if let Ok(id) = Bson::try_from(id) {
                *last = Some(Place::Id(id));
            }
        }
        _ => {}
    }
}

/// The columns of all data sets, each once, in the order in which they first come.
fn together(sets: &[DataSet]) -> Fields {
    let (mut columns, mut names): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for set in sets {
        for (column, field) in set.columns.iter().zip(&set.fields) {
            if !names.contains(field) {
                columns.push(column.clone());
                names.push(field.clone());
            }
        }
    }
    Fields::known(columns, names)
}

/// The fields of the first documents.
fn sampled(
    connection: &Connection,
    collection: &Collection<RawDocumentBuf>,
    cancel: &CancelToken,
) -> Result<Fields, MongoError> {
    let mut names: Vec<String> = Vec::new();
    let mut documents = 0;
    let look = async {
        let mut cursor = collection.find(doc! {}).sort(doc! { "_id": 1 }).limit(SAMPLE).await?;
        while cursor.advance().await? {
            documents += 1;
            for element in cursor.current().iter().flatten() {
                let name = element.0.as_str();
                if name != "_id" && !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
        Ok(())
    };
    connection.run("reading the first documents", Patience::WORK, cancel, look)?;
    if documents == 0 {
        return Err(missing(connection, collection.name(), cancel));
    }
    Ok(Fields::known(names.clone(), names))
}

/// Nothing stands in the collection: is there one of a similar name?
fn missing(connection: &Connection, collection: &str, cancel: &CancelToken) -> MongoError {
    let names = connection.database().and_then(|database| {
        let list = async { database.list_collection_names().await };
        connection.run("reading the list of collections", Patience::QUESTION, cancel, list)
    });
    let names = names.unwrap_or_default();
    let near = names
        .iter()
        .filter(|name| name.as_str() != collection)
        .map(|name| (strsim::jaro_winkler(name, collection), name))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match near {
        Some((_, name)) => format!("; did you mean {name}?"),
        None if names.iter().any(|name| name == collection) => " with a document in it".to_owned(),
        None => "; check its name, or push a file into it".to_owned(),
    };
    MongoError::NoCollection {
        server: connection.trouble().server(),
        database: connection.target().database.clone(),
        collection: collection.to_owned(),
        hint,
    }
}

#[cfg(test)]
mod tests;
