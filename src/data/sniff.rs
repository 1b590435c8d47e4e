//! Owns telling a source's format from its first bytes.

/// Bytes looked at.
pub(super) const SAMPLE: usize = 8 << 10;

/// What a source holds, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Delimited text.
    Csv,
    /// A Zeek log in its tab-separated form.
    Zeek,
    /// Parquet.
    Parquet,
    /// A gzip stream of something.
    Gzip,
    /// Something that is not read; says what it is and what to do.
    Unreadable(&'static str),
}

/// Formats that people hand over by mistake, by their magic bytes.
const KNOWN: [(&[u8], &str); 14] = [
    (
        b"PK\x03\x04",
        "a ZIP archive or a spreadsheet; unpack it or export it as CSV",
    ),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet; export it as CSV"),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed with zstd; unpack it first (gzip is read)",
    ),
    (b"BZh", "compressed with bzip2; unpack it first (gzip is read)"),
    (b"\xfd7zXZ", "compressed with xz; unpack it first (gzip is read)"),
    (b"SQLite format 3", "an SQLite database; export the table as CSV"),
    (b"ARROW1", "an Arrow file; write it as Parquet or CSV"),
    (b"Obj\x01", "an Avro file; write it as Parquet or CSV"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture; make logs of it with Zeek first"),
    (b"\xa1\xb2\xc3\xd4", "a packet capture; make logs of it with Zeek first"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture; make logs of it with Zeek first"),
    (b"\x7fELF", "a program, not a table"),
    (b"%PDF", "a PDF document, not a table"),
    (b"\x89PNG", "an image, not a table"),
];

/// Tells the format of a source from its first bytes (up to [`SAMPLE`]; not all of a short source's need be there).
pub fn format_of(sample: &[u8]) -> Format {
    if sample.starts_with(b"PAR1") {
        return Format::Parquet;
    }
    if sample.starts_with(b"\x1f\x8b") {
        return Format::Gzip;
    }
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| sample.starts_with(magic)) {
        return Format::Unreadable(what);
    }
    if sample.starts_with(b"\xff\xfe") || sample.starts_with(b"\xfe\xff") {
        return Format::Unreadable("UTF-16 text; save it as UTF-8");
    }
    let text = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
    if [&b"#separator"[..], b"#fields", b"#set_separator", b"#path"]
        .iter()
        .any(|key| text.starts_with(key))
    {
        return Format::Zeek;
    }
    if text.starts_with(b"{\"") || text.starts_with(b"[{") {
        return Format::Unreadable(
            "JSON; only CSV, Parquet and tab-separated Zeek logs are read (LogAscii::use_json=F)",
        );
    }
    if is_binary(sample) {
        return Format::Unreadable("binary data in no known format; CSV, Parquet and Zeek logs are read");
    }
    Format::Csv
}

/// Whether more than 30 % of a sample of at least 64 bytes are control characters or not UTF-8.
fn is_binary(sample: &[u8]) -> bool {
    if sample.len() < 64 {
        return false;
    }
    let control = sample
        .iter()
        .filter(|&&byte| byte == 0x7f || (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')))
        .count();
    let broken: usize = sample.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    (control + broken) * 10 > sample.len() * 3
}
