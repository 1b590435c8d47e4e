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
    /// The null texts as readers use them.
    pub fn null_tokens(&self) -> NullTokens {
        NullTokens::new(self.null_texts.iter().map(|text| text.trim_ascii().as_bytes()))
    }

    /// The delimiter as a byte, for a source whose name is given: a tab for `.tsv` while the setting is a comma.
    pub(super) fn delimiter_for(&self, source_name: &str, tab_file: bool) -> Result<u8, DataError> {
        let delimiter = if tab_file && self.delimiter == ',' {
            '\t'
        } else {
            self.delimiter
        };
        match u8::try_from(delimiter) {
            Ok(byte) if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r' | 0) => Ok(byte),
            _ => Err(DataError::content(
                source_name,
                format!(
                    "the delimiter {delimiter:?} cannot be used; set one ASCII character that is no quote or line end"
                ),
            )),
        }
    }
}
