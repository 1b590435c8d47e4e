//! Predictions over HTTP: the champion of a workspace behind `/v1/predict`, by the code that `predict` goes through. Limits
//! on everything that a caller can make large, slow or many.

mod about;
mod body;
mod connections;
mod error;
mod guard;
mod health;
mod jobs;
mod media;
mod metrics;
mod mlflow;
mod names;
mod openapi;
mod options;
mod origin;
mod page;
mod predict;
mod records;
mod refusal;
mod request_id;
mod route;
mod run;
mod served;
mod shape;
mod state;
mod table;
mod token;
mod unique;
mod validate;

pub use error::ServeError;
pub use jobs::BookError;
pub use options::{Limits, ServeOptions};
pub use run::{Told, serve};
pub use token::{SHORTEST_TOKEN, Token};
