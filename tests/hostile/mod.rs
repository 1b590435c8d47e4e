//! Owns the hostile files: how each small fixture is made, and the big ones that are not kept in the repository.
//!
//! `README.md` beside this file says what each is meant to show; `expected.json` says it to programs.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};

/// Where the small fixtures stand.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/files")
}

/// A small table: a header and rows of text cells.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<Vec<u8>>>,
}

/// 120 sound rows of the bundled data: 60 phishing, 60 legitimate, no two with the same features, in file order. No column
/// is constant, none gives the label away (the best alone reaches an AUC of .88).
pub(crate) fn sound() -> Table {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Network_Data/phisingData.csv")).unwrap();
    let mut lines = text.lines();
    let header: Vec<String> = lines.next().unwrap().split(',').map(str::to_owned).collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    let mut labels: BTreeMap<&[&str], BTreeSet<&str>> = BTreeMap::new();
    for row in &rows {
        let (label, features) = row.split_last().unwrap();
        labels.entry(features).or_default().insert(label);
    }
    let mut taken: BTreeMap<&str, u32> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for row in &rows {
        let (label, features) = row.split_last().unwrap();
        let count = taken.entry(label).or_default();
        if *count < 60 && labels[features].len() == 1 && seen.insert(features) {
            *count += 1;
            kept.push(row.iter().map(|c| c.as_bytes().to_vec()).collect());
        }
    }
    Table { header, rows: kept }
}

impl Table {
    fn column(&self, name: &str) -> usize {
        self.header.iter().position(|h| h == name).unwrap()
    }

    /// Puts `value` into the row that stands on `line` (the header is line 1).
    fn set(&mut self, line: usize, column: &str, value: impl AsRef<[u8]>) -> &mut Self {
        let at = self.column(column);
        self.rows[line - 2][at] = value.as_ref().to_vec();
        self
    }

    fn set_all(&mut self, column: &str, value: impl Fn(&[Vec<u8>]) -> Vec<u8>) -> &mut Self {
        let at = self.column(column);
        for row in &mut self.rows {
            row[at] = value(row);
        }
        self
    }

    fn drop_column(&mut self, name: &str) -> &mut Self {
        let at = self.column(name);
        self.header.remove(at);
        for row in &mut self.rows {
            row.remove(at);
        }
        self
    }

    /// A further column at the end; the cell of each row by its line.
    fn add(&mut self, name: &str, cell: impl Fn(usize) -> Vec<u8>) -> &mut Self {
        self.header.push(name.to_owned());
        for (i, row) in self.rows.iter_mut().enumerate() {
            row.push(cell(i + 2));
        }
        self
    }

    fn rename(&mut self, from: &str, to: &str) -> &mut Self {
        let at = self.column(from);
        to.clone_into(&mut self.header[at]);
        self
    }

    /// The lines, without line ends.
    fn lines(&self, delimiter: &str) -> Vec<Vec<u8>> {
        let mut lines = vec![self.header.join(delimiter).into_bytes()];
        lines.extend(self.rows.iter().map(|r| r.join(delimiter.as_bytes())));
        lines
    }

    pub(crate) fn csv(&self) -> Vec<u8> {
        ended(&self.lines(","), b"\n")
    }
}

/// Each line with this line end.
fn ended(lines: &[Vec<u8>], end: &[u8]) -> Vec<u8> {
    lines.iter().flat_map(|l| [&l[..], end].concat()).collect()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Every small fixture with its bytes. Those of compressed ones may differ between versions of the compressor.
pub(crate) fn small() -> Vec<(&'static str, Vec<u8>)> {
    let mut all = containers();
    all.extend(structure());
    all.extend(columns());
    all.extend(cells());
    all.extend(labels());
    all
}

/// The file as a whole: empty, compressed, broken off, of another format.
fn containers() -> Vec<(&'static str, Vec<u8>)> {
    let csv = sound().csv();
    let packed = gz(&csv);
    let half = csv.len() / 2;
    let utf16 = [0xFFu8, 0xFE]
        .into_iter()
        .chain(csv.iter().flat_map(|&b| [b, 0]))
        .collect();
    // The magic at the front and data without a footer: what an interrupted copy leaves.
    let parquet: Vec<u8> = b"PAR1".iter().copied().chain((0..=255).cycle().take(2000)).collect();
    vec![
        ("sound.csv", csv.clone()),
        ("empty.csv", Vec::new()),
        ("only_line_ends.csv", b"\n\n\r\n\n".to_vec()),
        ("header_only.csv", ended(&sound().lines(",")[..1], b"\n")),
        ("utf16.csv", utf16),
        ("zero_byte.csv.gz", Vec::new()),
        ("empty_member.csv.gz", gz(b"")),
        ("truncated.csv.gz", packed[..packed.len() / 2].to_vec()),
        ("not_gzip.csv.gz", csv.clone()),
        ("two_members.csv.gz", [gz(&csv[..half]), gz(&csv[half..])].concat()),
        ("zero_byte.parquet", Vec::new()),
        ("truncated.parquet", parquet),
        ("not_parquet.parquet", csv),
    ]
}

/// Lines: their ends, their number of fields, their quotes.
fn structure() -> Vec<(&'static str, Vec<u8>)> {
    let sound = sound();
    let lines = sound.lines(",");
    let bom = [b"\xEF\xBB\xBF".to_vec(), sound.csv()].concat();
    let mixed = lines
        .iter()
        .enumerate()
        .flat_map(|(i, l)| [&l[..], if i % 3 == 0 { b"\r\n" } else { b"\n" }].concat())
        .collect();
    let mut no_final = sound.csv();
    no_final.pop();
    let blank = ended(&lines, b"\n")
        .into_iter()
        .flat_map(|b| if b == b'\n' { vec![b'\n', b'\n'] } else { vec![b] })
        .collect();
    let mut ragged = lines.clone();
    let cut = ragged[39].iter().rposition(|&b| b == b',').unwrap();
    ragged[39].truncate(cut);
    ragged[79].extend_from_slice(b",1,1");
    let mut unclosed = lines.clone();
    unclosed[59].insert(0, b'"');
    let mut quoted = sound.clone();
    quoted.add("note", |line| match line {
        10 => b"\"two\nlines, \"\"quoted\"\"\"".to_vec(),
        20 => b"\"three\r\nlines\n\"".to_vec(),
        _ => b"plain".to_vec(),
    });
    quoted.set(30, "SFH", "9");
    let mut inch = sound.clone();
    inch.add("note", |line| {
        if line == 15 {
            b"5\" disk".to_vec()
        } else {
            b"plain".to_vec()
        }
    });
    let mut nul = sound.clone();
    nul.set(50, "SFH", b"-\x001");
    let nul = [nul.csv(), vec![0; 512]].concat();
    vec![
        ("bom.csv", bom),
        ("crlf.csv", ended(&lines, b"\r\n")),
        ("mixed_line_ends.csv", mixed),
        ("no_final_line_end.csv", no_final),
        ("blank_lines.csv", blank),
        ("ragged.csv", ended(&ragged, b"\n")),
        ("unclosed_quote.csv", ended(&unclosed, b"\n")),
        ("quoted_line_ends.csv", quoted.csv()),
        ("quote_inside_cell.csv", inch.csv()),
        ("nul_bytes.csv", nul),
    ]
}

/// Columns: names, order, delimiter.
fn columns() -> Vec<(&'static str, Vec<u8>)> {
    let sound = sound();
    let with = |edit: &dyn Fn(&mut Table)| {
        let mut table = sound.clone();
        edit(&mut table);
        table
    };
    let mut reversed = sound.clone();
    reversed.header.reverse();
    reversed.rows.iter_mut().for_each(|r| r.reverse());
    let aliases = with(&|t| {
        t.rename("having_IP_Address", "having_IPhaving_IP_Address");
        t.rename("URL_Length", "URLURL_Length").rename("port_no", "port");
        t.header.insert(0, "index".to_owned());
        for (i, row) in t.rows.iter_mut().enumerate() {
            row.insert(0, (i + 1).to_string().into_bytes());
        }
    });
    let unnamed = with(&|t| {
        t.header.insert(0, String::new());
        for (i, row) in t.rows.iter_mut().enumerate() {
            row.insert(0, i.to_string().into_bytes());
        }
    });
    let escapes = with(&|t| {
        for name in [
            "a\u{1b}[2Jb",
            "c\u{1b}]52;c;aGk=\u{7}d",
            "e\u{202e}f",
            "\"g\nh\"",
            "=1+1",
            "i\u{9b}31mj",
        ] {
            t.add(name, |_| b"x".to_vec());
        }
    });
    let non_utf8 = {
        let table = with(&|t| {
            t.add("BYTE", |_| b"x".to_vec());
        });
        let mut bytes = table.csv();
        let at = bytes.windows(4).position(|w| w == b"BYTE").unwrap();
        bytes[at] = 0xFF;
        bytes
    };
    vec![
        ("semicolons.csv", ended(&sound.lines(";"), b"\n")),
        ("tabs.csv", ended(&sound.lines("\t"), b"\n")),
        (
            "duplicate_headers.csv",
            with(&|t| {
                t.add("URL_Length", |_| b"1".to_vec());
            })
            .csv(),
        ),
        (
            "missing_column.csv",
            with(&|t| {
                t.drop_column("SSLfinal_State");
            })
            .csv(),
        ),
        (
            "misspelt_column.csv",
            with(&|t| {
                t.rename("SSLfinal_State", "SSLfinal_Stat");
            })
            .csv(),
        ),
        ("other_order.csv", reversed.csv()),
        ("aliases.csv", aliases.csv()),
        ("unnamed_index.csv", unnamed.csv()),
        ("escapes_in_headers.csv", escapes.csv()),
        ("non_utf8_header.csv", non_utf8),
        (
            "constant_column.csv",
            with(&|t| {
                t.set_all("DNSRecord", |_| b"1".to_vec());
            })
            .csv(),
        ),
        (
            "all_null_column.csv",
            with(&|t| {
                t.set_all("URL_Length", |_| Vec::new());
            })
            .csv(),
        ),
    ]
}

/// Cells that cannot be read or must not pass.
fn cells() -> Vec<(&'static str, Vec<u8>)> {
    let sound = sound();
    let filled = |column: &str, first: usize, values: &[&[u8]]| {
        let mut table = sound.clone();
        for (i, value) in values.iter().enumerate() {
            table.set(first + i, column, value);
        }
        table
    };
    let mut formulas = sound.clone();
    formulas.add("note", |line| match line {
        10 => b"=cmd|' /C calc'!A0".to_vec(),
        11 => b"+1+1".to_vec(),
        12 => b"-2+3".to_vec(),
        13 => b"@SUM(A1:A9)".to_vec(),
        14 => b"\t=1+1".to_vec(),
        15 => b"\"=HYPERLINK(\"\"http://192.0.2.1/\"\",\"\"x\"\")\"".to_vec(),
        _ => b"plain".to_vec(),
    });
    formulas.set(45, "SFH", "=cmd()");
    let numbers: [&[u8]; 9] = [
        b"1e999",
        b"-1e999",
        b"inf",
        b"-Infinity",
        b"99999999999999999999",
        b"1.5",
        b"0x1",
        "\u{ff11}".as_bytes(),
        b"--1",
    ];
    let escapes: [&[u8]; 6] = [
        b"\x1b[2J1",
        b"\x1b]52;c;cm0gLXJmIC8=\x07",
        b"\x1b]8;;http://192.0.2.1/\x1b\\1",
        "\u{202e}1".as_bytes(),
        "1\u{200b}".as_bytes(),
        "\u{9b}31m1".as_bytes(),
    ];
    vec![
        ("huge_numbers.csv", filled("SFH", 25, &numbers).csv()),
        (
            "number_forms.csv",
            filled("SFH", 25, &[b"1.0", b"-1.0", b"+1", b" 1 "]).csv(),
        ),
        ("not_allowed.csv", filled("DNSRecord", 33, &[b"7", b"0"]).csv()),
        (
            "null_cells.csv",
            filled("SFH", 20, &[b"", b"NA", b"NaN", b"null"]).csv(),
        ),
        (
            "non_utf8.csv",
            filled("SFH", 30, &[b"\xE9", b"1\xFF", b"\xC3\x28"]).csv(),
        ),
        ("escapes_in_cells.csv", filled("SFH", 60, &escapes).csv()),
        ("formulas.csv", formulas.csv()),
        ("zeek_odd_types.log", zeek(true)),
        ("zeek_no_fields.log", zeek(false)),
    ]
}

/// A Zeek log with the same rows: types that Zeek does not know or that contradict the schema, `(empty)`, an unset cell
/// on the row after ten others, a comment in the middle.
fn zeek(with_fields: bool) -> Vec<u8> {
    let mut table = sound();
    table.add("tags", |line| {
        if line % 2 == 0 {
            b"(empty)".to_vec()
        } else {
            b"a\\x09b,c".to_vec()
        }
    });
    let kinds = [
        "string",
        "vector[count]",
        "frobnicate",
        "interval",
        "set[enum]",
        "double",
    ];
    let types: Vec<&str> = (0..table.header.len()).map(|i| kinds[i % kinds.len()]).collect();
    let mut lines: Vec<Vec<u8>> = vec![
        b"#separator \\x09".to_vec(),
        b"#set_separator\t,".to_vec(),
        b"#empty_field\t(empty)".to_vec(),
        b"#unset_field\t-".to_vec(),
        b"#path\tsites".to_vec(),
    ];
    if with_fields {
        lines.push(format!("#fields\t{}", table.header.join("\t")).into_bytes());
        lines.push(format!("#types\t{}", types.join("\t")).into_bytes());
    }
    table.set(12, "SFH", "-");
    let rows = table.lines("\t").split_off(1);
    lines.extend(rows.iter().take(60).cloned());
    lines.push(b"#comment in the middle".to_vec());
    lines.extend(rows.iter().skip(60).cloned());
    lines.push(b"#close\t2026-01-05-08-00-00".to_vec());
    ended(&lines, b"\n")
}

/// Labels: absent, of one kind, out of their domain, given away.
fn labels() -> Vec<(&'static str, Vec<u8>)> {
    let sound = sound();
    let mut one_class = sound.clone();
    one_class.rows.retain(|r| r.last().unwrap() == b"-1");
    let mut absent = sound.clone();
    absent.drop_column("Result");
    let mut outside = sound.clone();
    outside
        .set(50, "Result", "2")
        .set(51, "Result", "")
        .set(52, "Result", "phishing");
    let mut leak = sound.clone();
    leak.set_all("SSLfinal_State", |row| row.last().unwrap().clone());
    let mut conflicts = sound.clone();
    for line in [2, 3, 4] {
        let mut row = conflicts.rows[line - 2].clone();
        conflicts.rows.push(row.clone());
        let label = row.last_mut().unwrap();
        *label = if label == b"1" { b"-1".to_vec() } else { b"1".to_vec() };
        conflicts.rows.push(row);
    }
    vec![
        ("one_class.csv", one_class.csv()),
        ("label_missing.csv", absent.csv()),
        ("label_outside.csv", outside.csv()),
        ("label_leak.csv", leak.csv()),
        ("duplicates_and_conflicts.csv", conflicts.csv()),
    ]
}

/// Writes the big files, which are made when needed: a cell of 10 MB, 5,000 columns, 100,000 rows that are all bad.
pub(crate) fn write_big(directory: &Path) {
    for (name, bytes) in big() {
        std::fs::write(directory.join(name), bytes).unwrap();
    }
}

pub(crate) fn big() -> Vec<(&'static str, Vec<u8>)> {
    let mut long = sound();
    long.set(50, "SFH", vec![b'A'; 10 << 20]);
    let mut long_note = sound();
    long_note.add("note", |line| {
        if line == 50 {
            vec![b'A'; 10 << 20]
        } else {
            b"x".to_vec()
        }
    });
    let mut wide = sound();
    for i in wide.header.len()..5_000 {
        wide.add(&format!("extra_{i}"), |_| b"1".to_vec());
    }
    let mut bad = sound();
    bad.set_all("SFH", |_| b"9".to_vec());
    let rows = bad.rows.clone();
    bad.rows = rows.into_iter().cycle().take(100_000).collect();
    vec![
        ("ten_megabyte_cell.csv", long.csv()),
        ("ten_megabyte_extra_cell.csv", long_note.csv()),
        ("five_thousand_columns.csv", wide.csv()),
        ("all_rows_bad.csv", bad.csv()),
    ]
}
