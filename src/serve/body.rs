//! Owns reading a body whole, in bounded memory and time, unpacked where it came packed.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::refusal::Refusal;

/// Whether a body is packed with gzip.
///
/// # Errors
/// 415: with anything else.
pub(super) fn is_packed(headers: &HeaderMap) -> Result<bool, Refusal> {
    let mut packed = false;
    for value in headers.get_all(header::CONTENT_ENCODING) {
        match value.to_str().unwrap_or("?").trim().to_ascii_lowercase().as_str() {
            "identity" | "" => {}
            "gzip" | "x-gzip" if !packed => packed = true,
            other => {
                let message = format!("bodies packed with `{other}` are not read; send gzip, once, or none");
                let refusal = Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", message);
                return Err(refusal.field("Content-Encoding"));
            }
        }
    }
    Ok(packed)
}

/// Refuses at once what says itself that it is too long.
pub(super) fn check_length(headers: &HeaderMap, most: u64) -> Result<(), Refusal> {
    let said = headers.get(header::CONTENT_LENGTH);
    let said = said.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|bytes| bytes > most) {
        return Err(too_long(most));
    }
    Ok(())
}

/// 413 with the limit.
pub(super) fn too_long(most: u64) -> Refusal {
    Refusal::too_large(format!(
        "the body is longer than {most} bytes; send it in pieces, or as a CSV or NDJSON stream"
    ))
}

/// 408.
pub(super) fn too_slow() -> Refusal {
    Refusal::new(
        StatusCode::REQUEST_TIMEOUT,
        "timeout",
        "the body did not come in time; send it faster or in pieces",
    )
}

/// 400: the connection or the packing broke off.
pub(super) fn broken() -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "truncated",
        "the body broke off before its end; send it again",
    )
}

/// Bytes that a body may have without being counted against the room for all.
const SMALL: usize = 64 << 10;
/// What one permit of the room stands for.
const PIECE: usize = 1 << 10;

/// The room for bodies in memory: so many of the longest at once, whoever sends them.
const LONGEST_AT_ONCE: usize = 16;

/// The memory that all bodies together may take.
#[derive(Clone)]
pub(super) struct Room(Arc<Semaphore>);

impl Room {
    /// For bodies of at most `most` bytes.
    pub(super) fn of(most: usize) -> Self {
        let pieces = (most.max(SMALL) / PIECE).saturating_mul(LONGEST_AT_ONCE);
        Self(Arc::new(Semaphore::new(pieces.min(Semaphore::MAX_PERMITS))))
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Refusal> {
        let pieces = u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX);
        Arc::clone(&self.0).try_acquire_many_owned(pieces).map_err(|_| {
            Refusal::unavailable(
                "busy",
                "as many large bodies as the server takes are being answered; try again shortly",
            )
        })
    }
}

/// A body in memory, with the room that it takes.
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    _room: Vec<OwnedSemaphorePermit>,
}

impl std::ops::Deref for Whole {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The whole body, unpacked; at most `most` bytes, within `time`.
pub(super) async fn whole(
    headers: &HeaderMap,
    body: Body,
    most: usize,
    time: Duration,
    room: &Room,
) -> Result<Whole, Refusal> {
    let packed = is_packed(headers)?;
    check_length(headers, most as u64)?;
    let mut held = Vec::new();
    if packed {
        // How much comes out is known only when it is there.
        held.push(room.take(most)?);
    }
    let bytes = tokio::time::timeout(time, collect(body, most, room, &mut held))
        .await
        .map_err(|_| too_slow())??;
    if !packed {
        return Ok(Whole { bytes, _room: held });
    }
    let unpacked = tokio::task::spawn_blocking(move || unpack(&bytes, most));
    unpacked
        .await
        .map_err(|error| Refusal::internal(&error))?
        .map(|unpacked| Whole {
            bytes: Bytes::from(unpacked),
            _room: held,
        })
}

async fn collect(body: Body, most: usize, room: &Room, held: &mut Vec<OwnedSemaphorePermit>) -> Result<Bytes, Refusal> {
    let mut stream = body.into_data_stream();
    let Some(first) = stream.next().await else {
        return Ok(Bytes::new());
    };
    let first = first.map_err(|_| broken())?;
    if first.len() > most {
        return Err(too_long(most as u64));
    }
    let mut all: Option<Vec<u8>> = None;
    let mut taken = SMALL;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| broken())?;
        let all = all.get_or_insert_with(|| first.to_vec());
        if all.len() + chunk.len() > most {
            return Err(too_long(most as u64));
        }
        let more = (all.len() + chunk.len()).saturating_sub(taken);
        if more > 0 {
            let more = more.max(SMALL);
            held.push(room.take(more)?);
            taken += more;
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.map_or(first, Bytes::from))
}

/// A small body may hold a large one: what comes out is counted, not what went in.
fn unpack(bytes: &[u8], most: usize) -> Result<Vec<u8>, Refusal> {
    let mut unpacked = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes).take(most as u64 + 1);
    reader.read_to_end(&mut unpacked).map_err(|error| {
        Refusal::malformed(format!(
            "the body is not whole gzip data ({error}); pack and send it again"
        ))
        .field("Content-Encoding")
    })?;
    if unpacked.len() > most {
        return Err(too_long(most as u64));
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_comes_out_is_bounded_and_what_breaks_off_is_said() {
        let zeros = vec![b'0'; 1 << 20];
        let bomb = packed(&zeros);
        assert!(bomb.len() < 4096);
        assert_eq!(
            unpack(&bomb, 1 << 16).unwrap_err().status,
            StatusCode::PAYLOAD_TOO_LARGE
        );
        assert_eq!(unpack(&bomb, 1 << 20).unwrap(), zeros);
        assert_eq!(unpack(&bomb[..bomb.len() / 2], 1 << 20).unwrap_err().code, "malformed");
        assert_eq!(unpack(b"not packed", 100).unwrap_err().code, "malformed");
    }

    #[test]
    fn only_gzip_once_is_unpacked() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_ENCODING, value.parse().unwrap());
            }
            is_packed(&headers).map_err(|refusal| refusal.status.as_u16())
        };
        assert_eq!(of(&[]), Ok(false));
        assert_eq!(of(&["identity"]), Ok(false));
        assert_eq!(of(&["GZip"]), Ok(true));
        assert_eq!(of(&["gzip, gzip"]), Err(415));
        assert_eq!(of(&["gzip", "gzip"]), Err(415));
        assert_eq!(of(&["br"]), Err(415));
    }
}
