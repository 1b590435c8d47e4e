//! Owns the upload page: one document with its style and script inside, allowed by their hashes and nothing else.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::state::Shared;

const DOCUMENT: &str = include_str!("../../assets/serve/page.html");
const STYLE: &str = include_str!("../../assets/serve/page.css");
const SCRIPT: &str = include_str!("../../assets/serve/page.js");

/// The page and what it is sent with.
pub(super) struct Page {
    text: String,
    policy: String,
}

impl Page {
    /// Puts it together. With `token` it has a field for one.
    pub(super) fn new(token: bool) -> Self {
        let text = DOCUMENT
            .replace("/*STYLE*/", STYLE)
            .replace("/*SCRIPT*/", SCRIPT)
            .replace(
                "data-token=\"\"",
                if token {
                    "data-token=\"needed\""
                } else {
                    "data-token=\"\""
                },
            );
        let policy = format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'self'; img-src data:; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
            hash(SCRIPT),
            hash(STYLE)
        );
        Self { text, policy }
    }
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// `GET /`.
pub(super) async fn page(State(shared): State<Arc<Shared>>) -> Response {
    let page = &shared.page;
    let mut response = page.text.clone().into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, page.policy.as_str()),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_asks_no_other_host_and_runs_only_its_own_script() {
        let page = Page::new(false);
        for sign in [
            "http://",
            "https://",
            " src=",
            "@import",
            "url(",
            "innerHTML",
            "eval(",
            "document.write",
            " style=",
            " onclick=",
        ] {
            assert!(!page.text.contains(sign), "{sign}");
        }
        // What is hashed is what stands between the tags.
        let between = |from: &str, to: &str| {
            let start = page.text.find(from).unwrap() + from.len();
            let end = start + page.text[start..].find(to).unwrap();
            hash(&page.text[start..end])
        };
        assert!(page.policy.contains(&between("<script>", "</script>")));
        assert!(page.policy.contains(&between("<style>", "</style>")));
        assert!(!page.policy.contains("unsafe"));
        assert!(Page::new(true).text.contains("data-token=\"needed\""));
        assert!(!page.text.contains("data-token=\"needed\""));
    }
}
