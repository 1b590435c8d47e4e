//! Owns the ids of STIX objects: UUIDs of version 5, so that the same thing has the same id in every bundle.

use serde_json::{Map, Value};
use sha1::{Digest, Sha1};
use uuid::{Builder, Uuid};

/// The namespace of observables (STIX 2.1, section 2.9).
const OBSERVABLES: Uuid = Uuid::from_u128(0x00abedb4_aa42_466c_9c01_fed23315a9b7);
/// The namespace of everything else that this program makes: version 5 of `nsec-tui` among domain names.
const OURS: Uuid = Uuid::from_u128(0x7f92889d_3fd6_55ed_8e30_038b12847281);

fn version_5(namespace: Uuid, name: &[u8]) -> Uuid {
    let digest = Sha1::new()
        .chain_update(namespace.as_bytes())
        .chain_update(name)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_sha1_bytes(bytes).into_uuid()
}

/// The id of an observable by the properties that make it what it is.
pub(super) fn observable(kind: &str, properties: &Map<String, Value>) -> String {
    let mut sorted: Vec<(&String, &Value)> = properties.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    // Canonical JSON (RFC 8785): sorted names, no spaces. Texts and whole numbers are what serde_json writes.
    let sorted: Map<String, Value> = sorted
        .into_iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let text = Value::Object(sorted).to_string();
    format!("{kind}--{}", version_5(OBSERVABLES, text.as_bytes()))
}

/// The id of any other object by what it is about.
pub(super) fn object(kind: &str, of: &[&str]) -> String {
    let mut name = kind.as_bytes().to_vec();
    for part in of {
        name.extend_from_slice(&(part.len() as u64).to_le_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    format!("{kind}--{}", version_5(OURS, &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of Python's `uuid.uuid5(uuid.NAMESPACE_DNS, "nsec-tui")` and of stix2 3.0.2.
    #[test]
    fn ids_are_those_of_other_programs() {
        let names = Uuid::from_u128(0x6ba7b810_9dad_11d1_80b4_00c04fd430c8);
        assert_eq!(version_5(names, b"nsec-tui"), OURS);
        let value = |text: &str| Map::from_iter([("value".to_owned(), Value::from(text))]);
        assert_eq!(
            observable("ipv4-addr", &value("198.51.100.3")),
            "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"
        );
        assert_eq!(
            observable("url", &value("https://example.com/\"\u{fc}")),
            "url--65856915-9f23-5405-8e41-f90960effeda"
        );
    }

    #[test]
    fn parts_of_a_name_do_not_run_together() {
        assert_ne!(object("note", &["ab", "c"]), object("note", &["a", "bc"]));
        assert_ne!(object("note", &["a"]), object("note", &["a", ""]));
        assert_ne!(object("note", &["a"])[4..], object("opinion", &["a"])[7..]);
    }
}
