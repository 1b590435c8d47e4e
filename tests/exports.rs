//! What is exported, through the library: each format read back by another reader than our own, hostile cells in all of them,
//! properties of any rows at all, and (tests/exports/check_*.py) what other programs make of the files.

#[cfg(test)]
mod common;

#[cfg(test)]
#[path = "exports/bundles.rs"]
mod bundles;
#[cfg(test)]
#[path = "exports/ecs.rs"]
mod ecs;
#[cfg(test)]
#[path = "exports/files.rs"]
mod files;
#[cfg(test)]
#[path = "exports/hand_over.rs"]
mod hand_over;
#[cfg(test)]
#[path = "exports/programs.rs"]
mod programs;
#[cfg(test)]
#[path = "exports/rows.rs"]
mod rows;
#[cfg(test)]
#[path = "exports/tables.rs"]
mod tables;
