//! Owns the settings of the watched directory.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The directory whose new files are scored while a console is open. `watch: DIR` is short for `watch: {directory: DIR}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WatchSettings {
    /// The directory; a relative path is below the workspace. A file dropped there is scored once, with the champion, when it
    /// is complete; the outputs go to `prediction_output/watched/`.
    pub directory: Option<PathBuf>,
}

impl WatchSettings {
    /// What the types cannot say.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn check(&self) -> Result<(), (String, String)> {
        match &self.directory {
            Some(directory) if directory.as_os_str().is_empty() => {
                Err(("directory".to_owned(), "expected the name of a directory".to_owned()))
            }
            _ => Ok(()),
        }
    }
}
