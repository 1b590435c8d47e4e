//! The harness, and the sessions by what they are about.

mod data;
mod data_table;
mod dialogs;
mod frame;
mod keys;
mod known;
mod layers;
mod logs;
mod pictures;
mod recorded;
mod review;
mod review_setup;
mod review_world;
mod runs;
mod screen;
mod session;
mod team;
mod trained;
mod training;
mod training_random;
mod validation;
mod world;
