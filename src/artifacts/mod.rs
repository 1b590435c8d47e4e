//! Owns what a run leaves on disk: atomic files, run directories with manifests, model bundles, the registry and the
//! audit log.

pub mod atomic;
pub mod audit;
pub mod bundle;
pub mod comparison;
pub mod manifest;
pub mod prune;
pub mod registry;
pub mod run;
pub mod timestamp;

pub use bundle::{Bundle, BundleError};
pub use manifest::Manifest;
pub use registry::{Registry, RegistryError, RegistryStore};
pub use run::{RunDir, RunEntry, RunError, RunFile, RunId};
pub use timestamp::Timestamp;
