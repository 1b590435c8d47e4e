//! Owns where the console's session is kept: one small file a workspace, in the user's state directory, for nobody else.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::failure::{Ended, Failure};
use super::news::Reply;
use crate::artifacts::atomic::AtomicFile;
use crate::workspace::Workspace;

/// A larger file is no session.
const MAX_BYTES: u64 = 1 << 20;

/// Keeps the session.
pub(super) fn save(workspace: &Workspace, session: &str) -> Result<Reply, Ended> {
    let Some(path) = file_of(workspace) else {
        let message = "the session is not kept: there is no home directory; set XDG_STATE_HOME";
        return Err(Ended::Failed(Failure::new(message)));
    };
    save_at(&path, session)?;
    Ok(Reply::SessionSaved)
}

/// The session kept last; none where there is none that can be read.
pub(super) fn read(workspace: &Workspace) -> Option<String> {
    read_at(&file_of(workspace)?)
}

/// The file of a workspace: by its path, so that two workspaces do not share a session.
fn file_of(workspace: &Workspace) -> Option<PathBuf> {
    let project = directories::ProjectDirs::from("", "", "nsec-tui")?;
    let state = project.state_dir().unwrap_or_else(|| project.data_local_dir());
    let root = fs::canonicalize(workspace.root()).unwrap_or_else(|_| workspace.root().to_owned());
    let name = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex();
    Some(state.join("sessions").join(format!("{}.json", &name[..16])))
}

pub(super) fn save_at(path: &Path, session: &str) -> Result<(), Ended> {
    if let Some(directory) = path.parent() {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(|cause| Failure::new(format!("{}: cannot be made: {cause}", directory.display())))
            .map_err(Ended::Failed)?;
    }
    let failed = |cause: std::io::Error| {
        Ended::Failed(Failure::new(format!(
            "{}: the session cannot be kept: {cause}",
            path.display()
        )))
    };
    let mut file = AtomicFile::create(path)?;
    // What an analyst looked at is nobody else's business.
    if let Some(open) = file.file().map_err(failed)? {
        open.set_permissions(fs::Permissions::from_mode(0o600))
            .map_err(failed)?;
    }
    file.write_all(session.as_bytes()).map_err(failed)?;
    Ok(file.commit()?)
}

pub(super) fn read_at(path: &Path) -> Option<String> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path)
        .ok()?
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .ok()?;
    (text.len() as u64 <= MAX_BYTES).then_some(text)
}
