//! Owns the token that callers must show: kept as a hash, compared in constant time, never shown.

use std::fmt;

use subtle::ConstantTimeEq as _;

/// Shorter ones can be guessed by trying.
pub const SHORTEST_TOKEN: usize = 16;

/// A token's hash. Hashing first makes what is compared equally long, so that not even the length is told.
#[derive(Clone, Copy)]
pub struct Token([u8; 32]);

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(hidden)")
    }
}

impl Token {
    /// The token in a text, without the white space around it.
    ///
    /// # Errors
    /// It is too short, or has characters that a header cannot carry.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() < SHORTEST_TOKEN {
            return Err(format!(
                "has {} characters, and {SHORTEST_TOKEN} are needed; `openssl rand -hex 32` makes a good one",
                text.len()
            ));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("has characters that a header cannot carry; use ASCII without spaces".to_owned());
        }
        Ok(Self(*blake3::hash(text.as_bytes()).as_bytes()))
    }

    /// Whether the value of an `Authorization` header shows this token.
    pub fn is_shown_by(&self, authorization: &[u8]) -> bool {
        let (scheme, given) = authorization.split_at(authorization.len().min(7));
        let given = blake3::hash(given.trim_ascii());
        scheme.eq_ignore_ascii_case(b"Bearer ") & bool::from(given.as_bytes().ct_eq(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_as_bearer_is_let_in() {
        let token = Token::parse(" 0123456789abcdef\n").unwrap();
        assert!(token.is_shown_by(b"Bearer 0123456789abcdef"));
        assert!(token.is_shown_by(b"bearer  0123456789abcdef"));
        for wrong in [
            &b""[..],
            b"Bearer",
            b"Bearer ",
            b"0123456789abcdef",
            b"Basic 0123456789abcdef",
            b"Bearer 0123456789abcde",
            b"Bearer 0123456789abcdef0",
            b"Bearer 0123456789ABCDEF",
            b"\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert!(!token.is_shown_by(wrong), "{wrong:?}");
        }
        assert_eq!(format!("{token:?}"), "Token(hidden)");
    }

    #[test]
    fn short_and_unsendable_tokens_are_refused() {
        assert!(Token::parse("short").unwrap_err().contains("5 characters"));
        assert!(Token::parse("0123456789 abcdef").is_err());
        assert!(Token::parse("0123456789abcdef\u{e9}").is_err());
    }
}
