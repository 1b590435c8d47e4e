//! Owns what can go wrong with the exchange.

use crate::cancel::Cancelled;
use crate::mongo::MongoError;
use crate::store::StoreError;

/// Why decisions are not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    /// The server.
    #[error(transparent)]
    Server(#[from] MongoError),
    /// The store on this host.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was given up.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl TeamError {
    /// Whether it was given up on request.
    pub fn is_cancel(&self) -> bool {
        matches!(self, Self::Cancelled(_) | Self::Server(MongoError::Cancelled(_)))
    }
}
