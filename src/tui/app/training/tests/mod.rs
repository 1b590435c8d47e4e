//! Proof of the panel's parts: values worked out by hand, and properties.

mod parts;
mod series;
mod start;
