//! Owns the target that feeds damaged bytes to the reader of saved ensembles: it refuses them, or what it read can be
//! scored, explained and written again. Memory must stay within a small multiple of the input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tree_engine::models::trees::{Explainer, Predictor, decode, encode};

fuzz_target!(|bytes: &[u8]| {
    let Ok(ensemble) = decode(bytes) else { return };
    let row = vec![0.5f32; ensemble.width];
    let score = ensemble.score(&row);
    let Ok(predictor) = Predictor::new(&ensemble) else {
        return;
    };
    assert_eq!(predictor.score(&row).unwrap(), score);
    if ensemble.trees.len() < 8 && ensemble.width < 64 {
        assert_eq!(Explainer::new(&ensemble).contributions(&row).1.len(), ensemble.width);
    }
    assert_eq!(decode(&encode(&ensemble)).unwrap(), ensemble);
});
