//! The harness, and the sessions by what they are about.

mod data;
mod data_table;
mod frame;
mod keys;
mod layers;
mod screen;
mod session;
mod world;
