//! Owns the parameters behind the `?` of routes that score.

use crate::pipeline::prediction::{EXPLAIN_LIMIT, RowOptions};
use crate::serve::refusal::Refusal;

/// Reads `threshold=P` and `explain=N`.
///
/// # Errors
/// 422 with the parameter: it is unknown, given twice, or outside its range.
pub(in crate::serve) fn options(query: Option<&str>) -> Result<RowOptions, Refusal> {
    let mut options = RowOptions::PLAIN;
    let (mut explain, mut threshold) = (false, false);
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let wrong = |message: &str| Refusal::unusable("bad_parameter", format!("{name}: {message}")).field(name);
        match name {
            "threshold" => {
                if std::mem::replace(&mut threshold, true) {
                    return Err(wrong("is given twice"));
                }
                let parsed = value.parse::<f64>().ok().filter(|p| (0.0..=1.0).contains(p));
                options.threshold = Some(parsed.ok_or_else(|| wrong("give a probability, 0 to 1"))?);
            }
            "explain" => {
                if std::mem::replace(&mut explain, true) {
                    return Err(wrong("is given twice"));
                }
                let parsed = value.parse::<usize>().ok().filter(|count| *count <= EXPLAIN_LIMIT);
                let range = format!("give a number of rows, 0 to {EXPLAIN_LIMIT}");
                options.explain = parsed.ok_or_else(|| wrong(&range))?;
            }
            _ => {
                return Err(Refusal::unusable(
                    "bad_parameter",
                    "there is no such parameter; there are threshold and explain",
                )
                .field(name));
            }
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_and_wrong_ones_named() {
        assert_eq!(options(None).unwrap(), RowOptions::PLAIN);
        let both = options(Some("explain=3&threshold=0.25")).unwrap();
        assert_eq!((both.explain, both.threshold), (3, Some(0.25)));
        for (query, field) in [
            ("threshold=1.1", "threshold"),
            ("threshold=NaN", "threshold"),
            ("threshold=", "threshold"),
            ("threshold", "threshold"),
            ("explain=-1", "explain"),
            ("explain=100001", "explain"),
            ("explain=1&explain=1", "explain"),
            ("threshold=0&threshold=0", "threshold"),
            ("thresold=0.5", "thresold"),
            ("%00=1", "%00"),
        ] {
            let refusal = options(Some(query)).unwrap_err();
            assert_eq!(
                (refusal.status.as_u16(), refusal.field.as_deref()),
                (422, Some(field)),
                "{query}"
            );
        }
    }
}
