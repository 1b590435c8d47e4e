//! Owns putting texts into a file that is written already: the reasons, which are known only when every row is scored.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;

/// Bytes moved at once.
const BLOCK: usize = 1 << 20;

/// Copies `from` to `to`, inserting each text at its byte offset. Offsets ascend.
///
/// # Errors
/// A file cannot be read or written, or it ends before an offset.
pub fn splice(from: &mut impl Read, to: &mut impl Write, inserts: &[(u64, Vec<u8>)]) -> io::Result<()> {
    let mut at = 0;
    for (offset, text) in inserts {
        let wanted = offset - at;
        if io::copy(&mut io::Read::by_ref(from).take(wanted), to)? < wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        to.write_all(text)?;
        at = *offset;
    }
    io::copy(from, to)?;
    Ok(())
}

/// Inserts each text at its byte offset into a file of `length` bytes, by moving what is behind it, last piece first.
/// Offsets ascend. What stands before the first of them is not touched. No second file is needed, and the moved bytes
/// land in pages that the system holds already.
///
/// # Errors
/// The file cannot be read or written; it is then of no use.
pub fn insert_in_place(file: &File, length: u64, inserts: &[(u64, Vec<u8>)]) -> io::Result<()> {
    let mut shift: u64 = inserts.iter().map(|(_, text)| text.len() as u64).sum();
    let mut end = length;
    let mut block = Vec::new();
    for (offset, text) in inserts.iter().rev() {
        while end > *offset {
            let start = (*offset).max(end.saturating_sub(BLOCK as u64));
            block.resize((end - start) as usize, 0);
            file.read_exact_at(&mut block, start)?;
            file.write_all_at(&block, start + shift)?;
            end = start;
        }
        shift -= text.len() as u64;
        file.write_all_at(text, *offset + shift)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn in_place(text: &[u8], inserts: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        insert_in_place(file.as_file(), text.len() as u64, inserts).unwrap();
        std::fs::read(file.path()).unwrap()
    }

    fn spliced(text: &[u8], inserts: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut out = Vec::new();
        splice(&mut &*text, &mut out, inserts).unwrap();
        out
    }

    #[test]
    fn texts_go_to_their_offsets() {
        let inserts = [(0, b"0".to_vec()), (3, b"1".to_vec()), (6, b"2".to_vec())];
        assert_eq!(spliced(b"abcdef", &inserts), b"0abc1def2");
        assert_eq!(in_place(b"abcdef", &inserts), b"0abc1def2");
        assert!(splice(&mut &b"ab"[..], &mut Vec::new(), &[(3, vec![])]).is_err());
    }

    #[test]
    fn pieces_longer_than_a_block_are_moved_whole() {
        let text: Vec<u8> = (0..3 * BLOCK + 17).map(|i| (i % 251) as u8).collect();
        let inserts = [(5, vec![b'x'; 2 * BLOCK]), (BLOCK as u64 + 9, b"yy".to_vec())];
        assert!(in_place(&text, &inserts) == spliced(&text, &inserts));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn both_ways_agree(
            text in prop::collection::vec(any::<u8>(), 0..60),
            mut inserts in prop::collection::vec((0_u64..60, prop::collection::vec(any::<u8>(), 0..9)), 0..6),
        ) {
            inserts.retain(|(offset, _)| *offset <= text.len() as u64);
            inserts.sort_by_key(|(offset, _)| *offset);
            let mut wanted = text.clone();
            for (offset, insert) in inserts.iter().rev() {
                wanted.splice(*offset as usize..*offset as usize, insert.iter().copied());
            }
            prop_assert_eq!(&spliced(&text, &inserts), &wanted);
            prop_assert_eq!(&in_place(&text, &inserts), &wanted);
        }
    }
}
