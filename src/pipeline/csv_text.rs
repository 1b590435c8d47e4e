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

/// A cell without the apostrophe that [`push_guarded`] put before it. (One that had its own apostrophe before a formula loses
/// it; no reader of guarded text can tell.)
pub fn unguarded(cell: &[u8]) -> &[u8] {
    match cell {
        [b'\'', rest @ ..] if is_formula(rest) => rest,
        whole => whole,
    }
}

/// Whether rows of cells that commas and line feeds separate are CSV text as they stand: `rows` rows, none of whose cells
/// needs quotes or (where `guard` is on) an apostrophe. May be false where they are, never true where they are not.
///
/// The loop is free of branches over neighbouring bytes of two slices, so it runs 16 bytes at a time.
#[allow(
    clippy::needless_bitwise_bool,
    reason = "branches would keep the loop from running 16 bytes at a time"
)]
pub fn is_plain(text: &[u8], rows: usize, guard: bool) -> bool {
    let (Some(&first), Some(b'\n')) = (text.first(), text.last()) else {
        return rows == 0 && text.is_empty();
    };
    // The first cell has no byte before it.
    let (mut odd, mut signed, mut other) = (starts_oddly(first) | (first == b'"'), first == b'-', false);
    other |= !(ends_cell(first) | first.is_ascii_digit() | signed);
    for (&before, &byte) in text.iter().zip(&text[1..]) {
        let (starts, ends) = (ends_cell(before), ends_cell(byte));
        let sign = starts & (byte == b'-');
        odd |= (byte == b'"') | (byte == b'\r') | (starts & starts_oddly(byte));
        odd |= ends & (is_space(before) | (before == b'-'));
        signed |= sign;
        other |= !(ends | byte.is_ascii_digit() | sign);
    }
    // Beside a sign only digits, or the cell might be a formula. Rows that had quotes have more line feeds than rows.
    let odd = odd || (guard && signed && other);
    !odd && memchr::memchr_iter(b'\n', text).count() == rows
}

#[allow(
    clippy::needless_bitwise_bool,
    reason = "branches would keep the loop from running 16 bytes at a time"
)]
fn ends_cell(byte: u8) -> bool {
    (byte == b',') | (byte == b'\n')
}

/// The first byte of a cell that may need quotes or a guard; a minus sign apart.
#[allow(
    clippy::needless_bitwise_bool,
    reason = "branches would keep the loop from running 16 bytes at a time"
)]
fn starts_oddly(byte: u8) -> bool {
    is_space(byte) | (byte == b'=') | (byte == b'@') | (byte == b'+') | (byte == 0xEF)
}

#[allow(
    clippy::needless_bitwise_bool,
    reason = "branches would keep the loop from running 16 bytes at a time"
)]
fn is_space(byte: u8) -> bool {
    (byte == b' ') | (byte == b'\t') | (byte == 0x0C) | (byte == b'\r')
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plain_text_is_what_cells_are_written_as(
            rows in prop::collection::vec(
                prop::collection::vec(
                    prop::collection::vec(prop::sample::select(b"0123456789---.a\"\r\n=+@ \t\x0c\xef\xbc\x8b".to_vec()), 0..5),
                    2..5,
                ),
                1..4,
            ),
            guard: bool,
        ) {
            let (mut text, mut written) = (Vec::new(), Vec::new());
            for row in &rows {
                for (at, cell) in row.iter().enumerate() {
                    let separator = if at + 1 == row.len() { b'\n' } else { b',' };
                    text.extend_from_slice(cell);
                    text.push(separator);
                    if guard { push_guarded(&mut written, cell) } else { push_cell(&mut written, cell) }
                    written.push(separator);
                }
            }
            if is_plain(&text, rows.len(), guard) {
                prop_assert_eq!(text, written);
            }
        }

        #[test]
        fn whole_numbers_and_words_are_plain(rows in prop::collection::vec((any::<i64>(), any::<u32>()), 1..9)) {
            let numbers = rows.iter().map(|(a, b)| format!("{a},{b}\n")).collect::<Vec<_>>().concat();
            prop_assert!(is_plain(numbers.as_bytes(), rows.len(), true));
            let words = rows.iter().map(|(_, b)| format!("{b}.5,tcp-{b},,2026-11-23T10:00:00Z\n")).collect::<Vec<_>>().concat();
            prop_assert!(is_plain(words.as_bytes(), rows.len(), true));
        }
    }

    #[test]
    fn what_needs_a_guard_or_quotes_is_not_plain() {
        for row in [
            &b"-,1\n"[..],
            b"1,-\n",
            b"-1-1,2\n",
            b"-a,2\n",
            b"1,-1.5.2\n",
            b"a,=1\n",
            b"a,b \n",
            b" a,b\n",
            b"a\n,b\n",
        ] {
            assert!(!is_plain(row, 1, true), "{row:?}");
        }
        assert!(is_plain(b"-a,-1-1\n", 1, false));
        assert!(is_plain(b"", 0, true) && !is_plain(b"", 1, true));
        assert!(!is_plain(b"a,b", 1, true));
    }

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
        assert_eq!(guarded(b" =1"), "' =1");
        assert_eq!(guarded(b" @1"), "' @1");
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
