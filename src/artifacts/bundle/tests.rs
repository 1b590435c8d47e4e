//! Owns the tests of the model bundle's container.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

fn sample() -> Bundle {
    let mut bundle = Bundle::new();
    bundle.sections.insert("schema".into(), b"name: x".to_vec());
    bundle.sections.insert("model".into(), vec![0, 1, 2, 255]);
    bundle.sections.insert("empty".into(), Vec::new());
    bundle
}

/// Gives hand-made bytes a checksum that fits, so that what lies behind the checksum is tested.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    bytes[16..24].copy_from_slice(&length);
    let sum = checksum(&bytes);
    bytes[CHECKSUM_AT..HEADER].copy_from_slice(&sum);
    bytes
}

#[test]
fn the_layout_is_the_documented_one() {
    let mut bundle = Bundle::new();
    bundle.sections.insert("ab".into(), b"xyz".to_vec());
    let bytes = bundle.encode();
    assert_eq!(bytes.len(), 56 + 8 + 2 + 8 + 3);
    assert_eq!(&bytes[..8], b"\x89NSECMB\n");
    assert_eq!(&bytes[8..12], &1_u32.to_le_bytes());
    assert_eq!(&bytes[12..16], &1_u32.to_le_bytes());
    assert_eq!(&bytes[16..24], &77_u64.to_le_bytes());
    assert_eq!(&bytes[64..66], b"ab");
    assert_eq!(&bytes[74..], b"xyz");
    let mut hasher = Sha256::new();
    hasher.update(&bytes[..24]);
    hasher.update(&bytes[56..]);
    assert_eq!(&bytes[24..56], hasher.finalize().as_slice());
}

#[test]
fn refusals_say_why() {
    let good = sample().encode();
    assert!(matches!(Bundle::decode(b""), Err(BundleError::NotABundle)));
    assert!(matches!(
        Bundle::decode(b"PK\x03\x04 something else"),
        Err(BundleError::NotABundle)
    ));

    let text = Bundle::decode(&good[..good.len() - 1]).unwrap_err().to_string();
    assert!(text.contains("damaged") && text.contains("bytes where"), "{text}");
    let text = Bundle::decode(&good[..30]).unwrap_err().to_string();
    assert!(text.contains("inside its header"), "{text}");

    let mut newer = good.clone();
    newer[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let text = Bundle::decode(&newer).unwrap_err().to_string();
    assert!(text.contains("newer version"), "{text}");

    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let text = Bundle::decode(&flipped).unwrap_err().to_string();
    assert!(text.contains("checksum"), "{text}");

    let text = sample().section("calibrator").unwrap_err().to_string();
    assert!(text.contains("no section `calibrator`"), "{text}");
}

#[test]
fn a_hostile_table_is_refused_though_its_checksum_fits() {
    let good = sample().encode();
    // Lengths that overflow, that point behind the end, and more sections than there are bytes.
    for (at, bytes) in [
        (56, u64::MAX.to_le_bytes().to_vec()),
        (56, (1_u64 << 40).to_le_bytes().to_vec()),
        (56 + 8 + 5, (u64::MAX / 2).to_le_bytes().to_vec()),
        (12, u32::MAX.to_le_bytes().to_vec()),
        (12, 0_u32.to_le_bytes().to_vec()),
        (64, vec![0xff, 0xfe]),
        (64, b"zzzzz".to_vec()),
    ] {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(&bytes);
        let result = Bundle::decode(&sealed(bad));
        assert!(matches!(result, Err(BundleError::Damaged { .. })), "{at}: {result:?}");
    }
    let mut longer = good;
    longer.push(0);
    assert!(matches!(
        Bundle::decode(&sealed(longer)),
        Err(BundleError::Damaged { .. })
    ));
}

#[test]
fn files_round_trip_and_errors_name_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model_trainer/model.bin");
    let text = Bundle::read(&path).unwrap_err().to_string();
    assert!(text.contains("model.bin") && text.contains("cannot read"), "{text}");
    sample().write(&path).unwrap();
    assert_eq!(Bundle::read(&path).unwrap(), sample());
    std::fs::write(&path, b"junk").unwrap();
    let text = Bundle::read(&path).unwrap_err().to_string();
    assert!(
        text.contains("model.bin") && text.contains("not a model bundle"),
        "{text}"
    );
    assert!(Bundle::read(dir.path()).is_err());
}

proptest! {
    #[test]
    fn any_sections_round_trip_to_the_same_bytes(sections in btree_map(".{0,12}", vec(any::<u8>(), 0..200), 0..8)) {
        let bundle = Bundle { sections };
        let bytes = bundle.encode();
        let read = Bundle::decode(&bytes).unwrap();
        prop_assert_eq!(&read, &bundle);
        prop_assert_eq!(read.encode(), bytes);
    }

    #[test]
    fn any_changed_byte_is_noticed(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let mut bytes = sample().encode();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(Bundle::decode(&bytes).is_err());
    }

    #[test]
    fn any_truncation_is_noticed(at in any::<prop::sample::Index>()) {
        let bytes = sample().encode();
        prop_assert!(Bundle::decode(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(noise in vec(any::<u8>(), 0..300)) {
        let mut bytes = sample().encode();
        bytes.truncate(56);
        bytes.extend_from_slice(&noise);
        let _whatever = Bundle::decode(&sealed(bytes));
        let _whatever = Bundle::decode(&noise);
    }
}
