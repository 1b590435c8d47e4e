//! Owns the tests of reading ahead: order, errors in the middle, and readers that never come back.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::data::{Header, NullTokens};

/// What the scripted reader does at each call.
enum Step {
    Rows(&'static [&'static str]),
    Fail,
    /// Waits until the test lets go.
    Block(Receiver<()>),
}

struct Scripted {
    header: Header,
    nulls: NullTokens,
    steps: std::vec::IntoIter<Step>,
    notes: Vec<String>,
    line: u64,
}

fn scripted(steps: Vec<Step>) -> Box<dyn RowReader> {
    Box::new(Scripted {
        header: Header {
            names: vec!["a".to_owned()],
        },
        nulls: NullTokens::default(),
        steps: steps.into_iter(),
        notes: vec!["a byte order mark".to_owned()],
        line: 1,
    })
}

impl RowReader for Scripted {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next_batch(&mut self, _max_rows: usize) -> Result<Option<RawBatch>, DataError> {
        match self.steps.next() {
            None => Ok(None),
            Some(Step::Rows(rows)) => {
                let mut batch = RawBatch::new(1);
                for row in rows {
                    self.line += 1;
                    batch.push(self.line, [row.as_bytes()]);
                }
                Ok(Some(batch))
            }
            Some(Step::Fail) => Err(DataError::Content {
                source_name: "scripted".into(),
                reason: "damaged at line 4".into(),
            }),
            Some(Step::Block(wait)) => {
                let _ = wait.recv();
                Ok(None)
            }
        }
    }

    fn null_tokens(&self) -> &NullTokens {
        &self.nulls
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

#[derive(Debug)]
enum Failure {
    Data(String),
    Cancelled,
    Taker,
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::Data(error.to_string())
    }
}

impl From<Cancelled> for Failure {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

fn cells(batch: &RawBatch) -> Vec<String> {
    (0..batch.rows())
        .map(|row| String::from_utf8_lossy(batch.cell(row, 0)).into_owned())
        .collect()
}

#[test]
fn batches_come_in_order_and_the_notes_at_the_end() {
    let reader = scripted(vec![
        Step::Rows(&["1", "2"]),
        Step::Rows(&["3"]),
        Step::Rows(&["4", "5"]),
    ]);
    let mut seen = Vec::new();
    let notes = for_each_batch::<Failure>(reader, &CancelToken::new(), |batch| {
        seen.extend(cells(&batch));
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, ["1", "2", "3", "4", "5"]);
    assert_eq!(notes, ["a byte order mark"]);
}

#[test]
fn a_reader_that_fails_ends_the_work_after_the_rows_before_it() {
    let reader = scripted(vec![
        Step::Rows(&["1"]),
        Step::Rows(&["2"]),
        Step::Fail,
        Step::Rows(&["4"]),
    ]);
    let mut seen = Vec::new();
    let error = for_each_batch::<Failure>(reader, &CancelToken::new(), |batch| {
        seen.extend(cells(&batch));
        Ok(())
    })
    .unwrap_err();
    assert!(
        matches!(&error, Failure::Data(text) if text.contains("damaged at line 4")),
        "{error:?}"
    );
    assert_eq!(seen, ["1", "2"]);
}

#[test]
fn a_taker_that_fails_ends_the_work() {
    let reader = scripted(vec![Step::Rows(&["1"]), Step::Rows(&["2"]), Step::Rows(&["3"])]);
    let mut calls = 0;
    let error = for_each_batch::<Failure>(reader, &CancelToken::new(), |_| {
        calls += 1;
        Err(Failure::Taker)
    })
    .unwrap_err();
    assert!(matches!(error, Failure::Taker));
    assert_eq!(calls, 1);
}

#[test]
fn cancelling_does_not_wait_for_a_reader_that_blocks() {
    let (release, wait): (Sender<()>, _) = channel();
    let reader = scripted(vec![Step::Rows(&["1"]), Step::Block(wait)]);
    let cancel = CancelToken::new();
    let error = for_each_batch::<Failure>(reader, &cancel, |_| {
        // The reader is in its second call by now or soon; nothing lets it go before this test ends.
        cancel.cancel();
        Ok(())
    })
    .unwrap_err();
    assert!(matches!(error, Failure::Cancelled));
    drop(release);
}

#[test]
fn a_reader_that_panics_is_an_error() {
    struct Panics(Scripted);
    impl RowReader for Panics {
        fn header(&self) -> &Header {
            self.0.header()
        }
        fn next_batch(&mut self, _: usize) -> Result<Option<RawBatch>, DataError> {
            panic!("a defect in a reader");
        }
        fn null_tokens(&self) -> &NullTokens {
            self.0.null_tokens()
        }
    }
    let reader = Panics(Scripted {
        header: Header::default(),
        nulls: NullTokens::default(),
        steps: Vec::new().into_iter(),
        notes: Vec::new(),
        line: 1,
    });
    let error = for_each_batch::<Failure>(Box::new(reader), &CancelToken::new(), |_| Ok(())).unwrap_err();
    assert!(
        matches!(&error, Failure::Data(text) if text.contains("please report")),
        "{error:?}"
    );
}

#[test]
fn opening_can_be_cancelled_while_it_blocks() {
    let cancel = CancelToken::new();
    let (release, wait): (Sender<()>, _) = channel();
    let inside = cancel.clone();
    let result = detached::<(), Failure>("test", &cancel, move || {
        inside.cancel();
        let _ = wait.recv();
    });
    assert!(matches!(result, Err(Failure::Cancelled)));
    drop(release);
    assert_eq!(detached::<u8, Failure>("test", &CancelToken::new(), || 7).unwrap(), 7);
}

#[test]
fn a_source_that_is_not_there_is_an_error_of_the_data() {
    let source = Source::Path("/no/such/file.csv".into());
    let opened = open_source::<Failure>(&source, &ReadSettings::default(), &CancelToken::new());
    assert!(matches!(opened.err(), Some(Failure::Data(text)) if text.contains("/no/such/file.csv")));
}
