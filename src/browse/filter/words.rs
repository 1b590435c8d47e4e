//! Owns the words in which the console builds conditions from cells.

/// The condition that keeps, or drops, the rows that have this value in this column, so written that it is read back as
/// meant. An empty value stands for cells without one.
pub fn condition(column: &str, value: &str, keep: bool) -> String {
    let plain = column
        .chars()
        .enumerate()
        .all(|(at, c)| c == '_' || c.is_ascii_alphabetic() || (at > 0 && c.is_ascii_digit()));
    let name = if plain && !column.is_empty() && !is_keyword(column) {
        column.to_owned()
    } else {
        format!("\"{}\"", column.replace('"', "\"\""))
    };
    if value.is_empty() {
        let not = if keep { "" } else { "not " };
        return format!("{name} is {not}null");
    }
    let operator = if keep { "=" } else { "!=" };
    // Only numbers written in the one usual way: `01` and `1` may be two things, and long ones are names.
    let digits = value.strip_prefix('-').unwrap_or(value);
    let usual = digits == "0" && value == "0" || !digits.starts_with('0');
    if usual && !digits.is_empty() && digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{name} {operator} {value}");
    }
    format!("{name} {operator} '{}'", value.replace('\'', "''"))
}

/// Words that are no names unless quoted.
pub(super) fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "like", "ilike", "in", "is", "null", "between"]
        .iter()
        .any(|k| word.eq_ignore_ascii_case(k))
}
