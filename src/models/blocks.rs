//! Owns scoring many rows in pieces, so that a slow model can be stopped between them.

use std::time::{Duration, Instant};

use ndarray::{ArrayView2, Axis, Slice};

use crate::cancel::CancelToken;

use super::classifier::{Classifier, ModelError};

/// Rows of the first piece: even k-nearest neighbours scores so few in a moment.
const FIRST: usize = 256;

/// Pieces grow while they take less than this. A row's score does not depend on the rows beside it, so the size of a
/// piece, and with it the clock, changes no result.
const QUICK: Duration = Duration::from_millis(25);

/// P(malicious) of each row of `x`, as [`Classifier::predict_proba`] gives it, given up soon after a cancellation.
///
/// # Errors
/// The model refuses the matrix, or cancellation.
pub fn predict_in_blocks(
    model: &dyn Classifier,
    x: ArrayView2<'_, f32>,
    cancel: &CancelToken,
) -> Result<Vec<f64>, ModelError> {
    let rows = x.nrows();
    let mut scores = Vec::with_capacity(rows);
    let mut size = FIRST;
    while scores.len() < rows {
        cancel.check()?;
        let end = (scores.len() + size).min(rows);
        let started = Instant::now();
        scores.extend(model.predict_proba(x.slice_axis(Axis(0), Slice::from(scores.len()..end)))?);
        if started.elapsed() < QUICK {
            size = size.saturating_mul(4);
        }
        if scores.len() != end {
            let reason = format!("gave {} scores for {end} rows", scores.len());
            return Err(ModelError::Engine {
                family: model.family(),
                reason,
            });
        }
    }
    cancel.check()?;
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ndarray::Array2;

    use super::*;

    /// Scores a row by its first value; notes the pieces, and may cancel after some.
    struct Noting {
        pieces: Mutex<Vec<usize>>,
        cancel_after: usize,
        cancel: CancelToken,
        lose_a_row: bool,
    }

    impl Classifier for Noting {
        fn family(&self) -> &'static str {
            "noting"
        }
        fn width(&self) -> usize {
            1
        }
        fn predict_proba(&self, x: ArrayView2<'_, f32>) -> Result<Vec<f64>, ModelError> {
            let mut pieces = self.pieces.lock().unwrap();
            pieces.push(x.nrows());
            if pieces.len() == self.cancel_after {
                self.cancel.cancel();
            }
            let skip = usize::from(self.lose_a_row);
            Ok(x.column(0).iter().skip(skip).map(|v| f64::from(*v)).collect())
        }
        fn save(&self) -> Result<Vec<u8>, ModelError> {
            Ok(Vec::new())
        }
    }

    fn noting(cancel_after: usize) -> Noting {
        Noting {
            pieces: Mutex::default(),
            cancel_after,
            cancel: CancelToken::new(),
            lose_a_row: false,
        }
    }

    #[test]
    fn every_row_is_scored_once_and_in_order() {
        for rows in [0, 1, FIRST - 1, FIRST, FIRST + 1, 5_000] {
            let x = Array2::from_shape_fn((rows, 1), |(row, _)| row as f32);
            let model = noting(0);
            let scores = predict_in_blocks(&model, x.view(), &model.cancel).unwrap();
            assert_eq!(scores, (0..rows).map(|row| row as f64).collect::<Vec<_>>());
            assert_eq!(model.pieces.lock().unwrap().iter().sum::<usize>(), rows);
        }
    }

    #[test]
    fn a_cancelled_scoring_stops_after_the_piece_it_is_at() {
        let x = Array2::zeros((100_000, 1));
        let model = noting(2);
        let result = predict_in_blocks(&model, x.view(), &model.cancel);
        assert!(matches!(result, Err(ModelError::Cancelled(_))));
        assert_eq!(model.pieces.lock().unwrap().len(), 2);
    }

    #[test]
    fn a_model_that_loses_rows_is_found_out() {
        let model = Noting {
            lose_a_row: true,
            ..noting(0)
        };
        let result = predict_in_blocks(&model, Array2::zeros((10, 1)).view(), &model.cancel);
        assert!(matches!(result, Err(ModelError::Engine { .. })));
        let single = predict_in_blocks(&model, Array2::zeros((1, 1)).view(), &model.cancel);
        assert!(
            matches!(single, Err(ModelError::Engine { .. })),
            "no endless loop either"
        );
    }
}
