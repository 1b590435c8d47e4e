//! Owns a MongoDB collection as a source: which one, which of its documents, and how its rows become batches.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::batch::{Header, MalformedRow, RawBatch};
use super::error::DataError;
use super::header_check::check_names;
use super::reader::{NullTokens, RowReader};
use crate::cancel::CancelToken;
use crate::mongo::{Address, Connection, Given, MongoError, MongoSettings, Reading, Target, parse_query};

/// Documents asked for between two looks at the size of a batch.
const STEP: usize = 1_000;

/// A collection, and which of its documents are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionSource {
    address: Address,
    collection: String,
    query: Option<String>,
    /// Found out by whoever knows the settings; else the environment alone says how to log in.
    target: Option<Target>,
}

impl CollectionSource {
    /// Reads `mongodb://HOST/DATABASE.COLLECTION`.
    ///
    /// # Errors
    /// It cannot be read, or names no collection; the message repeats nothing of it.
    pub fn parse(text: &str) -> Result<Self, MongoError> {
        let address = Address::parse(text)?;
        let collection = address.collection.clone().ok_or_else(|| MongoError::BadAddress {
            why: "it names no collection; write mongodb://HOST:PORT/DATABASE.COLLECTION".to_owned(),
        })?;
        Ok(Self {
            address,
            collection,
            query: None,
            target: None,
        })
    }

    /// The same, only the documents that fit a filter in extended JSON.
    ///
    /// # Errors
    /// The filter cannot be read.
    pub fn with_query(mut self, query: &str) -> Result<Self, MongoError> {
        parse_query(query)?;
        self.query = Some(query.to_owned());
        Ok(self)
    }

    /// The same with what is needed to connect.
    pub fn with_target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The collection's name.
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// Makes a client of its server; nothing is asked of it yet.
    ///
    /// # Errors
    /// What is needed to log in is not known, or cannot be used.
    pub fn connect(&self) -> Result<Connection, MongoError> {
        let target = if let Some(target) = &self.target {
            target.clone()
        } else {
            let given = Given::from_environment(None, Path::new(""));
            Target::of(self.address.clone(), &MongoSettings::default(), &given)?.complete(|_| Ok(None))?
        };
        Connection::open(target)
    }
}

/// The address without its login, and the filter.
impl fmt::Display for CollectionSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(out)?;
        match &self.query {
            Some(query) => write!(out, " {query}"),
            None => Ok(()),
        }
    }
}

/// Reads a collection as a file is read. The line of a row is its number in the file it was pushed from, as if that file
/// had one line a row; documents of others are counted.
pub(super) struct CollectionReader {
    name: String,
    reading: Reading,
    header: Header,
    nulls: NullTokens,
    notes: Vec<String>,
    /// Whether a filter leaves rows out.
    chosen: bool,
    /// Rows handed out.
    rows: u64,
    /// How often reading was taken up again, as far as the notes tell.
    interruptions: u64,
    ended: bool,
}

impl CollectionReader {
    /// Connects and finds out which columns there are.
    ///
    /// # Errors
    /// The server cannot be used, there is no such collection, or two of its columns have one name.
    pub(super) fn open(source: &CollectionSource, nulls: NullTokens) -> Result<Self, DataError> {
        let query = source
            .query
            .as_deref()
            .map(parse_query)
            .transpose()?
            .unwrap_or_default();
        let connection = Arc::new(source.connect()?);
        let reading = Reading::open(connection, &source.collection, query, &CancelToken::new())?;
        let name = source.to_string();
        let header = Header {
            names: reading.columns().to_vec(),
        };
        check_names(&name, &header.names, b',')?;
        let unfinished = reading.sets().iter().filter(|set| set.rows.is_none());
        let notes =
            unfinished.map(|set| format!("data set {} is not whole: its push did not come to its end", set.name));
        Ok(Self {
            notes: notes.collect(),
            name,
            reading,
            header,
            nulls,
            chosen: source.query.is_some(),
            rows: 0,
            interruptions: 0,
            ended: false,
        })
    }
}

impl RowReader for CollectionReader {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next_batch(&mut self, max_rows: usize) -> Result<Option<RawBatch>, DataError> {
        let mut batch = RawBatch::new(self.header.names.len());
        while !self.ended && batch.has_room(max_rows) {
            let wanted = (max_rows.max(1) - batch.total_rows()).min(STEP);
            let rows = &mut self.rows;
            let more = self.reading.next_rows(wanted, &mut |document| {
                *rows += 1;
                match document {
                    Ok(row) => {
                        let number = row.number.and_then(|number| u64::try_from(number).ok());
                        batch.push(number.unwrap_or(*rows) + 1, row.cells());
                    }
                    Err(misfit) => {
                        let reason = format!("document {}: {}", misfit.id, misfit.reason);
                        batch.malformed.push(MalformedRow::new(*rows + 1, reason, b""));
                    }
                }
            })?;
            self.ended = !more;
        }
        let times = std::mem::replace(&mut self.interruptions, self.reading.resumed());
        if self.interruptions > times {
            let times = self.interruptions - times;
            self.notes.push(format!(
                "{}: the connection was lost and taken up again {times} times",
                self.name
            ));
        }
        Ok((batch.total_rows() > 0).then_some(batch))
    }

    fn null_tokens(&self) -> &NullTokens {
        &self.nulls
    }

    fn row_count(&self) -> Option<u64> {
        match self.reading.sets() {
            [only] if !self.chosen => only.rows,
            _ => None,
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
