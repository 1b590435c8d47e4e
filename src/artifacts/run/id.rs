//! Owns the names of runs.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::artifacts::timestamp::Timestamp;

/// `yyyymmddThhmmssZ-xxxx`: the UTC second a run began in and four hex digits, the millisecond and chance. Sorts by
/// time, so that the newest run is the newest of its second too. A value of this type is always well formed, so it can
/// stand in a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// Text that is not a run's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a run id (yyyymmddThhmmssZ-xxxx)", shortened(text))]
pub struct InvalidRunId {
    text: String,
}

impl RunId {
    /// A name for a run that begins at `now`. Two calls in one millisecond may give the same; `mkdir` decides.
    pub fn generate(now: Timestamp) -> Self {
        // Each `RandomState` has fresh keys from the operating system; a few bits need no more than that.
        let random = RandomState::new().build_hasher().finish() % CHANCES;
        let suffix = u64::from(now.millisecond()) * CHANCES + random;
        Self(format!("{}-{suffix:04x}", now.compact()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names a millisecond: 1,000 times this fits four hex digits.
const CHANCES: u64 = 65;

/// `d` a digit, `x` a lower-case hex digit, anything else itself.
const PATTERN: &[u8; 21] = b"ddddddddTddddddZ-xxxx";

fn fits(byte: u8, pattern: u8) -> bool {
    match pattern {
        b'd' => byte.is_ascii_digit(),
        b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        other => byte == other,
    }
}

impl FromStr for RunId {
    type Err = InvalidRunId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for RunId {
    type Error = InvalidRunId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = text.as_bytes();
        if bytes.len() == PATTERN.len() && bytes.iter().zip(PATTERN).all(|(b, p)| fits(*b, *p)) {
            Ok(Self(text))
        } else {
            Err(InvalidRunId { text })
        }
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// At most 40 characters with control characters escaped: the text may come from a hostile file.
fn shortened(text: &str) -> String {
    let escaped: String = text.chars().take(40).flat_map(char::escape_default).collect();
    if text.chars().nth(40).is_some() {
        format!("{escaped}...")
    } else {
        escaped
    }
}
