//! Owns scoring single rows of many callers together: most of what scoring one row costs it costs a batch as well. Nobody waits
//! for company: a row is scored at once while there is a core for it, and those that come meanwhile are the next batch.
//! A row's result does not depend on the rows beside it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::answer::{Answer, Counts, Input};
use super::{for_table, push_json_head, push_json_tail, refusal_of};
use crate::cancel::CancelToken;
use crate::pipeline::prediction::{RowOptions, RowOutcome};
use crate::serve::media::Form;
use crate::serve::refusal::Refusal;
use crate::serve::served::Served;
use crate::serve::state::Shared;
use crate::serve::table::Table;

/// Rows of one batch; the rest is the next one.
const MOST: usize = 64;

/// A row that waits for its batch.
struct Waiting {
    table: Table,
    answer: oneshot::Sender<Result<Vec<u8>, Refusal>>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// Batches that are being scored.
    busy: usize,
}

/// The rows of all callers that wait.
#[derive(Default)]
pub(in crate::serve) struct Together(Mutex<Queue>);

/// A batch that is being scored; another may begin when it goes, however it goes.
struct Place<'a>(&'a Together);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.lock().busy -= 1;
    }
}

impl Together {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Scores the only row of a table, alone or with others, by the model's own threshold and without reasons.
    pub(in crate::serve) async fn score(shared: &Arc<Shared>, table: Table) -> Result<Vec<u8>, Refusal> {
        let together = &shared.together;
        let answer = {
            let mut queue = together.lock();
            if queue.busy < shared.options.threads.max(1) {
                queue.busy += 1;
                Err(table)
            } else {
                let (answer, answered) = oneshot::channel();
                queue.waiting.push(Waiting { table, answer });
                Ok(answered)
            }
        };
        match answer {
            Ok(answered) => answered
                .await
                .map_err(|_| Refusal::internal(&"a batch of rows ended"))?,
            Err(table) => {
                let place = Place(together);
                let mut own = batch(shared, vec![table]);
                drop(place);
                if !together.lock().waiting.is_empty() {
                    tokio::spawn(Self::drain(Arc::clone(shared)));
                }
                own.pop()
                    .unwrap_or_else(|| Err(Refusal::internal(&"a row was not scored")))
            }
        }
    }

    /// Scores what waits, batch by batch, until nothing does.
    async fn drain(shared: Arc<Shared>) {
        loop {
            let next = {
                let mut queue = shared.together.lock();
                if queue.waiting.is_empty() || queue.busy >= shared.options.threads.max(1) {
                    // Whoever is busy looks again when it is done.
                    return;
                }
                queue.busy += 1;
                let count = queue.waiting.len().min(MOST);
                queue.waiting.drain(..count).collect::<Vec<_>>()
            };
            let place = Place(&shared.together);
            let (tables, answers): (Vec<Table>, Vec<_>) = next.into_iter().map(|row| (row.table, row.answer)).unzip();
            let results = batch(&shared, tables);
            drop(place);
            for (answer, result) in answers.into_iter().zip(results) {
                // A caller that is gone wants no answer.
                let _ = answer.send(result);
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Scores tables of one row each, those of one header together; an answer for each, in order.
fn batch(shared: &Shared, tables: Vec<Table>) -> Vec<Result<Vec<u8>, Refusal>> {
    let served = match shared.served() {
        Ok(served) => served,
        Err(refusal) => return tables.iter().map(|_| Err(refusal.clone())).collect(),
    };
    let mut results = Vec::with_capacity(tables.len());
    let mut tables = tables.into_iter().peekable();
    while let Some(mut table) = tables.next() {
        let mut count = 1;
        while let Some(other) = tables.next_if(|other| other.names == table.names) {
            table.append(other);
            count += 1;
        }
        match scored(shared, &served, table) {
            Ok(texts) => results.extend(texts.into_iter().map(Ok)),
            Err(refusal) => results.extend(std::iter::repeat_n(Err(refusal), count)),
        }
    }
    results
}

fn scored(shared: &Shared, served: &Served, mut table: Table) -> Result<Vec<Vec<u8>>, Refusal> {
    let options = RowOptions::PLAIN;
    let scorer = for_table(served, &mut table, false)?;
    let rows = scorer
        .score(table.batch(), &options, &CancelToken::new())
        .map_err(|error| refusal_of(&error))?;
    let mut text = Vec::with_capacity(1024 * table.rows.len());
    let mut head = Vec::with_capacity(128);
    push_json_head(&mut head, served, &options);
    // A row of NDJSON is one of JSON with a line end, which no JSON text has inside.
    let mut answer = Answer::new(Form::Ndjson, served, &scorer);
    let counts = answer.push_rows(served, &Input::Table(&table), &rows, 0, &mut text);
    shared
        .metrics
        .scored(counts.rows - counts.failed, counts.flagged, counts.failed);
    let mut results = rows.iter();
    let mut texts = Vec::with_capacity(table.rows.len());
    for (at, line) in text.split(|byte| *byte == b'\n').take(table.rows.len()).enumerate() {
        let outcome = if table.bad.contains_key(&at) {
            None
        } else {
            results.next().map(|row| row.outcome)
        };
        let (flagged, failed) = match outcome {
            Some(RowOutcome::Scored(row, _)) => (row.malicious, false),
            Some(RowOutcome::Rejected(_)) | None => (false, true),
        };
        let mut out = Vec::with_capacity(head.len() + line.len() + 64);
        out.extend_from_slice(&head);
        out.extend_from_slice(line);
        let counts = Counts {
            rows: 1,
            flagged: u64::from(flagged),
            failed: u64::from(failed),
        };
        push_json_tail(&mut out, counts);
        texts.push(out);
    }
    Ok(texts)
}
