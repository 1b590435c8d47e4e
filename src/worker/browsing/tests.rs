//! Tests of carrying out browse jobs.
