//! Owns reading a run from a directory that a person names, which may lie outside any workspace under any name.

use std::path::Path;

use super::listing::read_manifest_of;
use super::{RunError, RunFile};
use crate::artifacts::manifest::Manifest;

/// The manifest in a run's directory.
pub fn load_directory(directory: &Path) -> Result<Manifest, RunError> {
    if !directory.join(RunFile::Manifest.relative()).is_file() {
        return Err(RunError::NotFound {
            id: directory.display().to_string(),
        });
    }
    read_manifest_of(directory, None)
        .map(|manifest| *manifest)
        .map_err(|reason| RunError::Damaged {
            id: directory.display().to_string(),
            reason,
        })
}
