//! Owns the errors of starting and running a server.

use std::io;
use std::net::SocketAddr;

use super::jobs::BookError;
use crate::artifacts::RegistryError;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Others could reach the server, and nothing would keep them out.
    #[error(
        "{0} can be reached from other hosts, and no token is set; give --token-file FILE (or NSEC_TOKEN), listen on \
         127.0.0.1, or say --insecure"
    )]
    Open(SocketAddr),
    /// The address cannot be listened on.
    #[error("{address}: {}", reason(cause))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// No thread is to be had.
    #[error("no threads are to be had: {0}; raise the limit of processes (ulimit -u)")]
    Threads(io::Error),
    /// The run that is to be served is not there, or several are meant.
    #[error(transparent)]
    Run(#[from] RegistryError),
    /// Training jobs cannot be recorded.
    #[error(transparent)]
    Jobs(#[from] BookError),
}

fn reason(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::AddrInUse => "another program listens there; choose another --listen ADDRESS:PORT".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this host has no such address; choose another --listen".to_owned(),
        io::ErrorKind::PermissionDenied => "the system does not allow it; choose a port from 1024 on".to_owned(),
        _ => cause.to_string(),
    }
}
