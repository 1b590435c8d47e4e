//! Owns what a run leaves on disk: atomic files, run directories with manifests, model bundles, the registry and the
//! audit log.

pub mod atomic;
pub mod audit;
pub mod bundle;
pub mod comparison;
pub mod manifest;
pub mod overview;
pub mod prune;
pub mod registry;
pub mod run;
pub mod serving;
pub mod shared_list;
pub mod sharing;
pub mod timestamp;

pub use atomic::WriteError;
pub use audit::current_user;
pub use bundle::{Bundle, BundleError};
pub use comparison::{RunComparison, compare as compare_runs};
pub use manifest::{DataRecord, Manifest, SchemaRecord, SplitRecord};
pub use overview::{RunOverview, overview as runs_overview};
pub use prune::{delete as delete_run, prune as prune_runs};
pub use registry::{CHAMPION, Promotion, Registry, RegistryError, RegistryStore};
pub use run::{
    RunDir, RunEntry, RunError, RunFile, RunId, count as count_runs, list as list_runs, load as load_run,
    load_directory, sweep_killed,
};
pub use timestamp::Timestamp;
