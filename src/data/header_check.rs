//! Owns refusing headers that no cell could be found by.

use super::batch::Header;
use super::error::DataError;

/// A header of these names, if cells can be found by them. `delimiter` stands between the cells.
///
/// # Errors
/// What is wrong with the names.
pub fn named_header(source: &str, names: Vec<String>, delimiter: u8) -> Result<Header, DataError> {
    check_names(source, &names, delimiter)?;
    Ok(Header { names })
}

/// Refuses names that no cell could be found by: doubled ones, and one that holds another delimiter.
pub(super) fn check_names(source: &str, names: &[String], delimiter: u8) -> Result<(), DataError> {
    if let [only] = names
        && let Some(found) = [b';', b'\t', b'|', b',']
            .into_iter()
            .find(|&d| d != delimiter && only.as_bytes().contains(&d))
    {
        let shown: String = only.chars().take(60).collect();
        let (found, used) = (name_of(found), name_of(delimiter));
        let reason = format!(
            "the header is one column, `{shown}`: cells seem to be separated by {found}, not {used}; set \
             `reading.delimiter` in nsec.yaml to it"
        );
        return Err(DataError::content(source, reason));
    }
    if let Some(column) = names.iter().position(|name| name.contains('\0')) {
        let reason = format!(
            "the name of column {} has NUL bytes; this is not a text table",
            column + 1
        );
        return Err(DataError::content(source, reason));
    }
    let mut seen = std::collections::BTreeMap::new();
    for (column, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if let Some(first) = seen.insert(name.as_str(), column) {
            let shown: String = name.chars().take(60).collect();
            let reason = format!(
                "columns {} and {} are both named {shown:?}; rename one of them",
                first + 1,
                column + 1
            );
            return Err(DataError::content(source, reason));
        }
    }
    Ok(())
}

/// A delimiter in words that survive any escaping of the message.
fn name_of(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "a tab".to_owned(),
        b',' => "a comma".to_owned(),
        b';' => "a semicolon".to_owned(),
        other => format!("`{}`", char::from(other)),
    }
}
