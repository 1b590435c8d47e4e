//! Owns the tests of naming and opening sources.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::super::testing::{drain, gzip, read, refusal};
use super::*;

fn fails(path: &Path) -> String {
    match open(&Source::Path(path.to_owned()), &ReadSettings::default()) {
        Ok(_) => panic!("{} opened", path.display()),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n'), "{text}");
            text
        }
    }
}

#[test]
fn names_of_sources() {
    assert_eq!(Source::parse("-").unwrap(), Source::Stdin);
    assert_eq!(Source::parse("a/b.csv").unwrap().to_string(), "a/b.csv");
    let text = Source::parse("C://x").unwrap_err().to_string();
    assert!(text.contains("c:// address"), "{text}");
    assert!(matches!(Source::parse(""), Err(DataError::Unsupported { .. })));
    assert!(matches!(Source::parse("odd name://x"), Ok(Source::Path(_))));
}

#[test]
fn addresses_are_refused_without_repeating_them() {
    for (address, reason) in [
        ("https://user:secret@host/x.csv", "only files and mongodb:// are read"),
        ("MongoDB+srv://user:secret@host/db", "names no collection"),
        ("mongodb://user:sec@ret@host/db.c", "must be encoded"),
    ] {
        let error = Source::parse(address).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(reason), "{text}");
        assert!(!text.contains("secret") && !text.contains("host/"), "{text}");
    }
}

#[test]
fn a_collection_is_a_source_that_shows_no_login() {
    let source = Source::parse("mongodb://user:secret@host:1/db.flows.may?authSource=admin").unwrap();
    assert_eq!(source.to_string(), "mongodb://host:1/db.flows.may");
    assert_eq!(source.stem(), "flows");
    assert!(!format!("{source:?}").contains("secret"));
    let Source::Collection(collection) = source else {
        panic!("no collection")
    };
    assert_eq!(collection.collection(), "flows.may");
    assert!(collection.clone().with_query("{").is_err());
    let chosen = collection.with_query(r#"{"a": 1}"#).unwrap();
    assert_eq!(chosen.to_string(), r#"mongodb://host:1/db.flows.may {"a": 1}"#);
}

#[test]
fn files_that_cannot_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("flows.csv"), "a,b\n").unwrap();
    let text = fails(&directory.path().join("flow.csv"));
    assert!(text.contains("did you mean") && text.contains("flows.csv?"), "{text}");
    let text = fails(&directory.path().join("quite_another"));
    assert!(text.contains("no such file; check"), "{text}");
    assert!(fails(&directory.path().join("no/such/place.csv")).contains("no such file"));
    assert!(fails(directory.path()).contains("is a directory"));
    assert!(fails(Path::new("a\0b")).contains("cannot be opened"));
    let locked = directory.path().join("locked.csv");
    fs::write(&locked, "a,b\n").unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    // A superuser may read it all the same.
    if fs::File::open(&locked).is_err() {
        assert!(fails(&locked).contains("no permission"));
    }
    let refused = open_error(&locked, io::Error::from(io::ErrorKind::PermissionDenied));
    assert!(refused.to_string().contains("no permission"));
}

#[test]
fn files_by_their_content() {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let rows = |path: PathBuf| drain(open(&Source::Path(path), &ReadSettings::default()).unwrap(), 10).texts();
    assert_eq!(rows(put("a.csv", b"a,b\n1,2\n")), [["1", "2"]]);
    assert_eq!(rows(put("a.csv.gz", &gzip(b"a,b\n1,2\n"))), [["1", "2"]]);
    assert_eq!(rows(put("packed.csv", &gzip(b"a,b\n1,2\n"))), [["1", "2"]]);
    assert_eq!(rows(put("plain.gz", b"a,b\n1,2\n")), [["1", "2"]]);
    assert_eq!(rows(put("a.tsv", b"a\tb\n1\t2\n")), [["1", "2"]]);
    assert_eq!(
        rows(put("conn.log", b"#separator \\x09\n#fields\ta\tb\n1\t2\n")),
        [["1", "2"]]
    );
    assert_eq!(
        rows(put("conn.log.gz", &gzip(b"#separator \\x09\n#fields\ta\tb\n1\t2\n"))),
        [["1", "2"]]
    );
    assert!(fails(&put("a.parquet", b"a,b\n1,2\n")).contains("not Parquet"));
    assert!(fails(&put("empty.csv", b"")).contains("is empty"));
    assert!(fails(&put("empty.parquet", b"")).contains("is empty"));
    assert!(fails(&put("empty.csv.gz", &gzip(b""))).contains("is empty"));
}

#[test]
fn formats_that_are_not_read() {
    assert!(refusal(b"PK\x03\x04rest".to_vec()).contains("ZIP"));
    assert!(refusal(b"\xff\xfea\0,\0".to_vec()).contains("UTF-16"));
    assert!(refusal("{\"a\": 1}\n").contains("JSON"));
    assert!(refusal(gzip(&gzip(b"a,b\n"))).contains("twice"));
    assert!(refusal(gzip(b"PAR1....")).contains("inside gzip"));
    let noise: Vec<u8> = (0..2000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    assert!(refusal(noise).contains("binary"));
    assert_eq!(read("a,b\n\0\0\0,\0\0\0\n").rows.len(), 1);
}

#[test]
fn latin_1_text_is_not_taken_for_binary() {
    let mut text = b"name,city\n".to_vec();
    for _ in 0..50 {
        text.extend_from_slice(b"J\xf6rg,M\xfcnchen\n");
    }
    assert_eq!(read(text).rows.len(), 50);
}

#[test]
fn embedded_tables_open_like_files() {
    let packed: &'static [u8] = Box::leak(gzip(b"a,b\n1,2\n").into_boxed_slice());
    let source = Source::Embedded(EmbeddedTable {
        name: "built-in data",
        bytes: packed,
    });
    assert_eq!(source.to_string(), "built-in data");
    assert!(!format!("{source:?}").contains("31, 139"));
    let all = drain(open(&source, &ReadSettings::default()).unwrap(), 10);
    assert_eq!(all.texts(), [["1", "2"]]);
}

#[test]
fn readers_that_give_a_byte_at_a_time() {
    struct Drip(Vec<u8>, usize);
    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.1 % 3 == 2 {
                self.1 += 1;
                return Err(io::Error::from(io::ErrorKind::Interrupted));
            }
            let Some(byte) = self.0.first().copied() else {
                return Ok(0);
            };
            self.0.remove(0);
            self.1 += 1;
            buffer[0] = byte;
            Ok(1)
        }
    }
    let text = b"\xef\xbb\xbfa,b\r\n\"1\r\n\",2\r\n3,\"4\"\"\"\r5,6".to_vec();
    let settings = ReadSettings::default();
    let slow = drain(
        Opening::new("t", &settings)
            .stream(Box::new(Drip(text.clone(), 0)))
            .unwrap(),
        10,
    );
    let fast = read(text);
    assert_eq!(slow.rows, fast.rows);
    assert_eq!(slow.rows.len(), 3);
}

#[test]
fn a_read_that_fails_comes_after_the_rows_before_it() {
    struct Broken(usize);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 > 2 {
                return Err(io::Error::other("disk on fire"));
            }
            let text = if self.0 == 1 {
                &b"a,b\n1,2\n3,4\n5"[..]
            } else {
                b",6\n7"
            };
            buffer[..text.len()].copy_from_slice(text);
            Ok(text.len())
        }
    }
    let settings = ReadSettings::default();
    let reader = Opening::new("t", &settings).stream(Box::new(Broken(0)));
    let all = match reader {
        Ok(reader) => drain(reader, 10),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(all.lines(), [2, 3, 4]);
    let text = all.error.unwrap().to_string();
    assert!(text.starts_with("t:5:") && text.contains("disk on fire"), "{text}");
}
