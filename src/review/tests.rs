//! Owns what tests of reviews share: small files with a store in memory.

mod deciding;
mod handing;
mod opening;
mod queues;
mod suppressing;
