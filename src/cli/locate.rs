//! Owns finding the run a person means: an id, an alias, or a directory.

use std::path::{Path, PathBuf};

use super::error::CliError;
use crate::artifacts::{Manifest, RegistryStore, load_directory, load_run};
use crate::workspace::Workspace;

/// The directory and manifest of a run named by id, unique beginning of an id, alias or directory.
pub(super) fn run_named(workspace: &Workspace, name: &str) -> Result<(PathBuf, Manifest), CliError> {
    let as_directory = Path::new(name);
    if name.contains(std::path::MAIN_SEPARATOR) || as_directory.join("manifest.json").is_file() {
        let manifest = load_directory(as_directory)?;
        return Ok((as_directory.to_owned(), manifest));
    }
    let id = RegistryStore::new(workspace).resolve(name)?;
    Ok(load_run(workspace, &id)?)
}
