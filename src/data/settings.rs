//! Owns the settings of reading sources.

use serde::{Deserialize, Serialize};

use super::error::DataError;
use crate::schema::{DEFAULT_NULL_TEXTS, NullTokens};

/// How files are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadSettings {
    /// The character between the cells of a CSV file: one ASCII character, not a quote or a line end. Files named
    /// `.tsv` or `.tab` are read with a tab while this is a comma.
    pub delimiter: char,
    /// The cell texts that mean "no value" in CSV and Parquet files; surrounding white space does not count. An empty
    /// cell always means it. Zeek logs name their own.
    pub null_texts: Vec<String>,
}

impl Default for ReadSettings {
    fn default() -> Self {
        Self {
            delimiter: ',',
            null_texts: DEFAULT_NULL_TEXTS.map(str::to_owned).to_vec(),
        }
    }
}

impl ReadSettings {
    /// Checks what types alone do not.
    ///
    /// # Errors
    /// The first key with a value that cannot be used, and why.
    pub fn check(&self) -> Result<(), (String, String)> {
        if delimiter_byte(self.delimiter).is_none() {
            let message = format!("{:?} cannot be used; give {DELIMITER}", self.delimiter);
            return Err(("delimiter".to_owned(), message));
        }
        Ok(())
    }

    /// The null texts as readers use them.
    pub fn null_tokens(&self) -> NullTokens {
        NullTokens::new(self.null_texts.iter().map(|text| text.trim_ascii().as_bytes()))
    }

    /// The delimiter as a byte, for a source whose name is given: a tab for `.tsv` while the setting is a comma.
    ///
    /// # Errors
    /// The setting is no byte that can stand between cells.
    pub fn delimiter_for(&self, source_name: &str, tab_file: bool) -> Result<u8, DataError> {
        let delimiter = if tab_file && self.delimiter == ',' {
            '\t'
        } else {
            self.delimiter
        };
        delimiter_byte(delimiter).ok_or_else(|| {
            DataError::content(
                source_name,
                format!("the delimiter {delimiter:?} cannot be used; set {DELIMITER}"),
            )
        })
    }
}

/// What a delimiter may be.
const DELIMITER: &str = "one ASCII character that is no quote or line end";

fn delimiter_byte(delimiter: char) -> Option<u8> {
    u8::try_from(delimiter)
        .ok()
        .filter(|byte| byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r' | 0))
}
