//! Owns what is under review: no file yet, one that is being opened, one that could not be, or an open one.

use std::path::{Path, PathBuf};

use crate::worker::{Failure, OpenedReview, StoreState};

/// The scored file.
#[derive(Clone, Debug, Default)]
pub enum Scored {
    /// Nobody has asked for one.
    #[default]
    Closed,
    /// On its way.
    Opening {
        /// The path; `None` is the one that `predict` writes to by default.
        path: Option<PathBuf>,
        /// What is being done.
        note: String,
    },
    /// It could not be opened.
    Failed {
        /// The path, as above.
        path: Option<PathBuf>,
        /// Why.
        failure: Failure,
    },
    /// Open.
    Open(Box<OpenedReview>),
}

impl Scored {
    /// The open file.
    pub fn opened(&self) -> Option<&OpenedReview> {
        match self {
            Self::Open(opened) => Some(opened),
            _ => None,
        }
    }

    pub(super) fn opened_mut(&mut self) -> Option<&mut OpenedReview> {
        match self {
            Self::Open(opened) => Some(opened),
            _ => None,
        }
    }

    /// The path that was asked for.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Closed => None,
            Self::Opening { path, .. } | Self::Failed { path, .. } => path.as_deref(),
            Self::Open(opened) => Some(&opened.path),
        }
    }

    /// Why nothing can be decided, where that is so.
    pub fn read_only(&self) -> Option<&str> {
        match &self.opened()?.store {
            StoreState::ReadOnly(why) => Some(why),
            _ => None,
        }
    }
}
