//! The harness, and the sessions by what they are about.

mod frame;
mod keys;
mod layers;
mod logs;
mod runs;
mod screen;
mod session;
mod validation;
mod world;
