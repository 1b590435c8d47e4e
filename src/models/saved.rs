//! Owns the bytes of a saved model: one version byte, then MessagePack without field names.

use std::io::Cursor;

use serde::{Deserialize, Serialize};

use super::classifier::ModelError;

/// `version` and `model`. The same model gives the same bytes.
///
/// # Errors
/// [`ModelError::Engine`] for a model that cannot be written.
pub fn write<T: Serialize>(family: &'static str, version: u8, model: &T) -> Result<Vec<u8>, ModelError> {
    let mut bytes = vec![version];
    rmp_serde::encode::write(&mut bytes, model).map_err(|e| ModelError::Engine {
        family,
        reason: format!("the model could not be written: {e}"),
    })?;
    Ok(bytes)
}

/// Reads what [`write()`] wrote, to the last byte. The caller checks that the content makes sense.
///
/// # Errors
/// [`ModelError::Damaged`] for another version, bytes that do not fit, or bytes left over.
pub fn read<T: for<'a> Deserialize<'a>>(family: &'static str, version: u8, bytes: &[u8]) -> Result<T, ModelError> {
    let Some((found, body)) = bytes.split_first() else {
        return Err(damaged(family, "it is empty"));
    };
    if *found != version {
        let reason = format!("format {found}, but this program reads format {version}; train again");
        return Err(damaged(family, reason));
    }
    let mut reader = rmp_serde::Deserializer::new(Cursor::new(body));
    let model =
        T::deserialize(&mut reader).map_err(|e| damaged(family, format!("at byte {}: {e}", reader_end(&reader))))?;
    let end = reader_end(&reader);
    if end == body.len() as u64 + 1 {
        Ok(model)
    } else {
        let left = body.len() as u64 + 1 - end;
        Err(damaged(family, format!("{left} bytes follow its end at byte {end}")))
    }
}

/// Offset in the whole file, version byte included.
fn reader_end(reader: &rmp_serde::Deserializer<rmp_serde::decode::ReadReader<Cursor<&[u8]>>>) -> u64 {
    reader.position() + 1
}

/// A [`ModelError::Damaged`].
pub fn damaged(family: &'static str, reason: impl Into<String>) -> ModelError {
    ModelError::Damaged {
        family,
        reason: reason.into(),
    }
}
