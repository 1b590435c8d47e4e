//! Tests of tables as a whole: against another reader, against plain evaluation, on hostile files.

mod files;
mod reading;
mod searching;
