//! Owns which form a body has and which form its answer takes: `Content-Type` and `Accept`.

use axum::http::{HeaderMap, StatusCode, header};

use super::refusal::Refusal;

/// A form of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Csv,
    Tsv,
    Ndjson,
}

impl Form {
    /// The type that answers of this form bear.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Tsv => "text/tab-separated-values; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    fn of_type(essence: &str) -> Option<Self> {
        Some(match essence {
            "application/json" => Self::Json,
            "text/csv" | "application/csv" => Self::Csv,
            "text/tab-separated-values" => Self::Tsv,
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines" => {
                Self::Ndjson
            }
            _ => return None,
        })
    }

    /// What a request's body is.
    ///
    /// # Errors
    /// 415: it is not said, or nothing that is read here.
    pub(super) fn of_body(headers: &HeaderMap) -> Result<Self, Refusal> {
        let refused = |message: String| {
            Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message).field("Content-Type")
        };
        let known = "send application/json, text/csv, text/tab-separated-values or application/x-ndjson";
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
            return Err(refused(format!("the body's type is not said; {known}")));
        };
        let value = value.to_str().unwrap_or("?");
        let mut parts = value.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let charset = parts.find_map(|part| part.to_ascii_lowercase().strip_prefix("charset=").map(str::to_owned));
        if let Some(charset) = charset.map(|charset| charset.trim_matches('"').to_owned())
            && !matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii")
        {
            return Err(refused(format!("text in {charset} is not read; send UTF-8")));
        }
        Self::of_type(&essence).ok_or_else(|| refused(format!("`{essence}` is not read; {known}")))
    }

    /// The form of the answer: what `Accept` likes best, else the request's own.
    ///
    /// # Errors
    /// 406: none of the forms is accepted.
    pub(super) fn of_answer(headers: &HeaderMap, own: Self) -> Result<Self, Refusal> {
        let mut best: Option<(u16, Self)> = None;
        let mut said = false;
        for value in headers.get_all(header::ACCEPT) {
            for range in value.to_str().unwrap_or_default().split(',') {
                let mut parts = range.split(';').map(str::trim);
                let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
                if essence.is_empty() {
                    continue;
                }
                said = true;
                let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
                let form = match essence.as_str() {
                    "*/*" => Some(own),
                    "text/*" if matches!(own, Self::Csv | Self::Tsv) => Some(own),
                    "text/*" => Some(Self::Csv),
                    "application/*" if matches!(own, Self::Json | Self::Ndjson) => Some(own),
                    "application/*" => Some(Self::Json),
                    other => Self::of_type(other),
                };
                if let Some(form) = form.filter(|_| quality > 0)
                    && best.is_none_or(|(most, _)| quality > most)
                {
                    best = Some((quality, form));
                }
            }
        }
        match best {
            Some((_, form)) => Ok(form),
            None if !said => Ok(own),
            None => Err(Refusal::new(
                StatusCode::NOT_ACCEPTABLE,
                "not_acceptable",
                "answers are application/json, text/csv, text/tab-separated-values or application/x-ndjson",
            )
            .field("Accept")),
        }
    }
}

/// A quality value in thousandths; what is no number counts as 0.
fn thousandths(text: &str) -> u16 {
    text.parse::<f32>()
        .ok()
        .filter(|quality| (0.0..=1.0).contains(quality))
        .map_or(0, |quality| (quality * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut map = HeaderMap::new();
        map.insert(name, value.parse().unwrap());
        map
    }

    #[test]
    fn bodies_are_told_by_their_type() {
        let of = |value: &str| Form::of_body(&headers("content-type", value)).map_err(|r| r.status.as_u16());
        assert_eq!(of("application/json"), Ok(Form::Json));
        assert_eq!(of("Text/CSV; charset=\"UTF-8\""), Ok(Form::Csv));
        assert_eq!(of("application/x-ndjson;x=y"), Ok(Form::Ndjson));
        assert_eq!(of("text/csv; charset=latin1"), Err(415));
        assert_eq!(of("application/x-www-form-urlencoded"), Err(415));
        assert_eq!(Form::of_body(&HeaderMap::new()).unwrap_err().status.as_u16(), 415);
    }

    #[test]
    fn answers_follow_what_is_liked_best() {
        let of = |value: &str, own| Form::of_answer(&headers("accept", value), own).map_err(|r| r.status.as_u16());
        assert_eq!(of("*/*", Form::Csv), Ok(Form::Csv));
        assert_eq!(
            of("text/html, application/json;q=0.9, */*;q=0.8", Form::Csv),
            Ok(Form::Json)
        );
        assert_eq!(of("application/json;q=0.1, text/csv;q=0.5", Form::Json), Ok(Form::Csv));
        assert_eq!(of("application/*", Form::Ndjson), Ok(Form::Ndjson));
        assert_eq!(of("text/*", Form::Json), Ok(Form::Csv));
        assert_eq!(of("text/html", Form::Json), Err(406));
        assert_eq!(of("application/json;q=0", Form::Json), Err(406));
        assert_eq!(of("application/json;q=x", Form::Json), Err(406));
        assert_eq!(of(" , ", Form::Tsv), Ok(Form::Tsv));
        assert_eq!(Form::of_answer(&HeaderMap::new(), Form::Ndjson), Ok(Form::Ndjson));
    }
}
