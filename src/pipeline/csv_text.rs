//! Owns how cells become CSV text again: quoting (RFC 4180) and the guard against cells that a spreadsheet would run.

/// Appends one cell, quoted where it must be.
pub fn push_cell(line: &mut Vec<u8>, cell: &[u8]) {
    if needs_quotes(cell) {
        push_quoted(line, cell);
    } else {
        line.extend_from_slice(cell);
    }
}

/// Appends one cell with an apostrophe before it if a spreadsheet would take it for a formula.
pub fn push_guarded(line: &mut Vec<u8>, cell: &[u8]) {
    if !is_formula(cell) {
        return push_cell(line, cell);
    }
    let mut guarded = Vec::with_capacity(cell.len() + 1);
    guarded.push(b'\'');
    guarded.extend_from_slice(cell);
    push_cell(line, &guarded);
}

fn needs_quotes(cell: &[u8]) -> bool {
    cell.iter().any(|b| matches!(b, b'"' | b',' | b'\n' | b'\r'))
        || cell.first().is_some_and(u8::is_ascii_whitespace)
        || cell.last().is_some_and(u8::is_ascii_whitespace)
}

fn push_quoted(line: &mut Vec<u8>, cell: &[u8]) {
    line.push(b'"');
    for &byte in cell {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    line.push(b'"');
}

/// A cell that starts like a formula (after white space) and is not a number.
fn is_formula(cell: &[u8]) -> bool {
    match cell.first() {
        Some(b'=' | b'@' | b'\t' | b'\r' | b'\n') => true,
        Some(b'+' | b'-') => !is_number(cell),
        // Full-width signs are taken for their ASCII forms by spreadsheets of some locales.
        Some(0xEF) => [b"\xEF\xBC\x9D", b"\xEF\xBC\x8B", b"\xEF\xBC\x8D", b"\xEF\xBC\xA0"]
            .iter()
            .any(|s| cell.starts_with(*s)),
        Some(b' ') => {
            matches!(cell.trim_ascii_start().first(), Some(b'=' | b'@' | b'+' | b'-')) && !is_number(cell.trim_ascii())
        }
        _ => false,
    }
}

fn is_number(cell: &[u8]) -> bool {
    // A sign and digits is what nearly every such cell is.
    let digits = cell.get(1..).unwrap_or_default();
    let signed = matches!(cell.first(), Some(b'+' | b'-'));
    if signed && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        return true;
    }
    std::str::from_utf8(cell)
        .ok()
        .and_then(|text| text.trim().parse::<f64>().ok())
        .is_some_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(cell: &[u8]) -> String {
        let mut line = Vec::new();
        push_guarded(&mut line, cell);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn numbers_are_never_guarded() {
        for number in ["-1", "+1", "-0.5", "-1e-7", "+1.5E3", "0", "-12345678901234567890"] {
            assert_eq!(guarded(number.as_bytes()), number);
        }
    }

    #[test]
    fn formulas_are_guarded() {
        assert_eq!(guarded(b"=1+1"), "'=1+1");
        assert_eq!(guarded(b"-1+1"), "'-1+1");
        assert_eq!(guarded(b"@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(guarded(b"=cmd|'/C calc'!A1,x"), "\"'=cmd|'/C calc'!A1,x\"");
        assert_eq!(guarded(b"\t=1"), "'\t=1");
        assert_eq!(guarded(b"-"), "'-");
        assert_eq!(guarded(b"-inf"), "'-inf");
        assert_eq!(guarded(b" =1"), "\"' =1\"");
        assert_eq!(guarded(b" @1"), "\"' @1\"");
        assert_eq!(guarded(b" -1"), "\" -1\"");
    }

    #[test]
    fn what_is_written_reads_back() {
        for cell in ["a,b", "say \"x\"", "two\nlines", " padded ", "", "plain", "cr\rcr"] {
            let mut line = Vec::new();
            push_cell(&mut line, cell.as_bytes());
            line.extend_from_slice(b",end\n");
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(line.as_slice());
            let record = reader.records().next().unwrap().unwrap();
            assert_eq!(&record[0], cell);
        }
    }
}
