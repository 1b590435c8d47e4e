//! Owns lines of CSV with tabs between their cells.

/// A line of CSV with tabs between its cells. What tabs and line ends inside cells become has no common form; quotes, as in
/// CSV, are what our own reader takes.
pub(super) fn tab_separated(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut cell = Vec::new();
    let mut quoted = false;
    let finish = |cell: &mut Vec<u8>, out: &mut Vec<u8>| {
        let needs = cell.iter().any(|b| matches!(b, b'\t' | b'"' | b'\n' | b'\r'));
        if needs {
            out.push(b'"');
            for &byte in cell.iter() {
                if byte == b'"' {
                    out.push(b'"');
                }
                out.push(byte);
            }
            out.push(b'"');
        } else {
            out.extend_from_slice(cell);
        }
        cell.clear();
    };
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.peek() == Some(&b'"') => {
                bytes.next();
                cell.push(b'"');
            }
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                finish(&mut cell, &mut out);
                out.push(b'\t');
            }
            b'\n' if !quoted => {
                finish(&mut cell, &mut out);
                out.push(b'\n');
            }
            other => cell.push(other),
        }
    }
    finish(&mut cell, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_become_tabs_but_for_those_inside_cells() {
        let of = |line: &str| String::from_utf8(tab_separated(line.as_bytes())).unwrap();
        assert_eq!(of("a,\"b,c\",\"say \"\"x\"\"\",\n"), "a\tb,c\t\"say \"\"x\"\"\"\t\n");
        assert_eq!(of("\"two\nlines\",\"t\tb\"\n"), "\"two\nlines\"\t\"t\tb\"\n");
    }
}
