//! Owns addresses of servers as people type them: whether a text is one, whether a password stands in it, and what of it may
//! be shown or recorded. Whether a server can be reached by it is for others to find out.

use std::ops::Range;

/// How addresses begin.
const SCHEMES: [&str; 2] = ["mongodb://", "mongodb+srv://"];

/// Stands in the place of every character that nobody may see.
pub const HIDDEN: char = '*';

/// Whether a text is meant as the address of a server and not as a path.
pub fn is_address(text: &str) -> bool {
    behind_scheme(text).is_some()
}

/// Where the part behind the scheme begins.
fn behind_scheme(text: &str) -> Option<usize> {
    let blank = text.len() - text.trim_start().len();
    let rest = &text[blank..];
    let scheme = SCHEMES.into_iter().find(|scheme| {
        rest.get(..scheme.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    })?;
    Some(blank + scheme.len())
}

/// Where the password of an address stands, if one does: between the first colon and the last `@`, whatever is in it.
fn password(text: &str) -> Option<Range<usize>> {
    let start = behind_scheme(text)?;
    let end = start + text[start..].rfind('@')?;
    let colon = start + text[start..end].find(':')?;
    Some(colon + 1..end)
}

/// A text as it may be shown and printed: without the password, if it is an address that holds one.
pub fn shown(text: &str) -> String {
    match password(text) {
        Some(at) => format!("{}***{}", &text[..at.start], &text[at.end..]),
        None => text.to_owned(),
    }
}

/// Why an address is not taken, where a password stands in it.
pub fn holds_password(text: &str) -> Option<&'static str> {
    password(text).map(
        |_| "leave the password out of the address; NSEC_MONGODB_PASSWORD or mongo.password_file is the place for it",
    )
}

/// Why a text names nothing that rows are read from, where it is not empty.
pub fn not_a_source(text: &str) -> Option<String> {
    if text == "-" {
        return Some("the console has no standard input; name a file".to_owned());
    }
    if is_address(text) {
        return holds_password(text).map(str::to_owned);
    }
    if text.contains("://") {
        return Some("only files and mongodb:// are read; fetch the data and name the file".to_owned());
    }
    text.ends_with('/')
        .then(|| "that is a directory; name a file in it".to_owned())
}

/// Whether a character typed behind `before` may be part of a password, so that no recording may have it: all that follows the
/// first colon of an address does, for as long as no `@` has come nobody can tell it from a port. `address` says that the line
/// is one whatever it begins with. Blanks are recorded: around an address they are cut off, and within none may stand.
pub fn may_be_secret(before: &str, c: char, address: bool) -> bool {
    if matches!(c, '@' | ' ') {
        return false;
    }
    match behind_scheme(before) {
        Some(start) => before[start..].contains(':'),
        None => address && !begins_a_scheme(before, c) && before.contains(':'),
    }
}

/// Whether a text and a character behind it are the beginning of a scheme.
pub fn begins_a_scheme(before: &str, c: char) -> bool {
    let mut text = before.trim_start().to_ascii_lowercase();
    text.push(c);
    SCHEMES.into_iter().any(|scheme| scheme.starts_with(&text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a recording has of a text typed from its beginning.
    fn recorded(text: &str, address: bool) -> String {
        let mut before = String::new();
        let mut out = String::new();
        for c in text.chars() {
            out.push(if may_be_secret(&before, c, address) { HIDDEN } else { c });
            before.push(c);
        }
        out
    }

    #[test]
    fn passwords_in_addresses_are_found_and_hidden() {
        for (text, shown_as) in [
            ("mongodb://ann:pw@h:27017/team", "mongodb://ann:***@h:27017/team"),
            (" MONGODB+srv://ann:p:w/@x@h/team", " MONGODB+srv://ann:***@h/team"),
            ("mongodb://ann@h:27017/team", "mongodb://ann@h:27017/team"),
            ("mongodb://h:27017/team", "mongodb://h:27017/team"),
            ("ann:pw@h", "ann:pw@h"),
            ("/srv/a:b@c.csv", "/srv/a:b@c.csv"),
            ("", ""),
        ] {
            assert_eq!(shown(text), shown_as);
            assert_eq!(holds_password(text).is_some(), text != shown_as, "{text}");
        }
    }

    #[test]
    fn what_may_be_a_password_is_not_recorded() {
        for (text, expected) in [
            ("mongodb://ann:pw/1@h/t", "mongodb://ann:****@***"),
            ("mongodb://h:27/t", "mongodb://h:****"),
            ("mongodb://h/team.flows", "mongodb://h/team.flows"),
            ("/srv/a:b", "/srv/a:b"),
        ] {
            assert_eq!(recorded(text, false), expected);
            // Whether it is refused must not depend on what is hidden.
            assert_eq!(holds_password(text).is_some(), holds_password(expected).is_some());
            assert_eq!(is_address(text), is_address(expected));
        }
        assert_eq!(recorded("ann:pw@h", true), "ann:**@*");
        assert_eq!(recorded("mongodb://ann:p w", true), "mongodb://ann:* *");
        assert_eq!(recorded("mongodb://ann:pw@h", true), "mongodb://ann:**@*");
    }

    #[test]
    fn sources_are_files_and_collections() {
        for text in ["", "a.csv", "/srv/a.csv", "mongodb://h/d.c", "mongodb+srv://ann@h/d.c"] {
            assert_eq!(not_a_source(text), None, "{text}");
        }
        for text in ["-", "/srv/", "http://h/a.csv", "mongodb://ann:pw@h/d.c"] {
            let why = not_a_source(text).unwrap();
            assert!(!why.contains("pw@"), "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_password_is_shown(user in "[a-z]{1,5}", pw in "[a-z0-9@:/?#%é]{4,12}", rest in "[a-z/.?]{0,9}") {
            let text = format!("mongodb://{user}:ZQ{pw}QZ@{rest}");
            prop_assert!(!shown(&text).contains("ZQ"), "{}", shown(&text));
            prop_assert!(!recorded(&text, false).contains("ZQ"));
            prop_assert!(!recorded(&text, true).contains("QZ"));
        }

        #[test]
        fn any_text_is_taken(text in any::<String>()) {
            _ = (shown(&text), holds_password(&text), not_a_source(&text), recorded(&text, true));
        }
    }
}
