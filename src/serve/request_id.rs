//! Owns the id of a request: the caller's own where it is harmless, else one made here.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::HeaderMap;
use uuid::Uuid;

/// The header that carries it, both ways.
pub(super) const REQUEST_ID: &str = "x-request-id";
/// Longest id that is taken over.
const LONGEST: usize = 64;

/// Under which a request stands in the log and in its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestId(String);

impl RequestId {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let harmless = |id: &&str| {
            (1..=LONGEST).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        Self(given.filter(harmless).map_or_else(Self::made, str::to_owned))
    }

    /// Half of it tells servers apart, half counts: asking the system for random bytes costs more than the rest of an id.
    fn made() -> String {
        static SERVER: LazyLock<u64> = LazyLock::new(|| Uuid::now_v7().as_u64_pair().1);
        static NEXT: AtomicU64 = AtomicU64::new(0);
        format!("{:016x}{:016x}", *SERVER, NEXT.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_ids_are_taken_over_and_others_replaced() {
        let of = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, axum::http::HeaderValue::from_bytes(value).unwrap());
            RequestId::of(&headers).0
        };
        assert_eq!(of(b"abc-1.2_Z"), "abc-1.2_Z");
        for odd in [&b""[..], b"a b", b"a\"b", b"a/b", b"\xe9", &[b'a'; 65]] {
            let made = of(odd);
            assert_eq!(made.len(), 32, "{odd:?}");
        }
        assert_ne!(RequestId::of(&HeaderMap::new()), RequestId::of(&HeaderMap::new()));
    }
}
