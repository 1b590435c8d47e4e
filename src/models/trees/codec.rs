//! Owns the bytes of a saved ensemble: little-endian, variable-length whole numbers, a node in about ten bytes.
//!
//! Values and covers of splits are not written: they follow from the leaves.

use super::ensemble::{Ensemble, Link};
use super::error::TreeError;
use super::tree::{Node, Split, Test, Tree};

/// Changes whenever older programs could misread the bytes.
const VERSION: u8 = 1;

const SPLIT: u8 = 1;
const ONE_OF: u8 = 2;
const MISSING_LEFT: u8 = 4;

/// Bytes of the smallest tree: no sets, one node, a leaf.
const LEAST_TREE: usize = 11;

/// The bytes of an ensemble; the same ensemble gives the same bytes.
pub fn encode(ensemble: &Ensemble) -> Vec<u8> {
    let mut out = vec![VERSION, u8::from(ensemble.link == Link::Mean)];
    out.extend(ensemble.base.to_le_bytes());
    push_count(&mut out, ensemble.width);
    push_count(&mut out, ensemble.trees.len());
    for tree in &ensemble.trees {
        push_count(&mut out, tree.sets.len());
        out.extend(tree.sets.iter().flat_map(|word| word.to_le_bytes()));
        push_count(&mut out, tree.nodes.len());
        for (at, node) in tree.nodes.iter().enumerate() {
            push_node(&mut out, at, node);
        }
    }
    out
}

fn push_node(out: &mut Vec<u8>, at: usize, node: &Node) {
    let Some(split) = &node.split else {
        out.push(0);
        out.extend(node.value.to_le_bytes());
        out.extend(node.cover.to_le_bytes());
        return;
    };
    let one_of = matches!(split.test, Test::OneOf { .. });
    out.push(SPLIT | if one_of { ONE_OF } else { 0 } | if split.missing_left { MISSING_LEFT } else { 0 });
    push_count(out, split.feature as usize);
    push_count(out, split.left as usize - at);
    out.extend(split.gain.to_le_bytes());
    match split.test {
        Test::AtMost(threshold) => out.extend(threshold.to_le_bytes()),
        Test::OneOf { first, words } => {
            push_count(out, first as usize);
            push_count(out, words as usize);
        }
    }
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn push_count(out: &mut Vec<u8>, mut count: usize) {
    while count >= 0x80 {
        out.push(count as u8 | 0x80);
        count >>= 7;
    }
    out.push(count as u8);
}

/// Reads what [`encode`] wrote, to the last byte. What it answers can be scored with.
///
/// # Errors
/// [`TreeError::Damaged`] with the place: another version, bytes that do not fit, are too few or too many.
pub fn decode(bytes: &[u8]) -> Result<Ensemble, TreeError> {
    let mut reader = Reader { bytes, at: 0 };
    let version = reader.byte()?;
    if version != VERSION {
        return Err(reader.damaged(&format!(
            "format {version}, but this program reads format {VERSION}; train again"
        )));
    }
    let link = match reader.byte()? {
        0 => Link::LogOdds,
        1 => Link::Mean,
        _ => return Err(reader.damaged("an unknown way to put trees together")),
    };
    let base = f64::from_le_bytes(reader.array()?);
    let width = reader.count()?;
    let trees = reader.count_of(LEAST_TREE)?;
    let mut ensemble = Ensemble {
        link,
        base,
        width,
        trees: Vec::with_capacity(trees),
    };
    for _ in 0..trees {
        let tree = reader.tree()?;
        tree.check(width).map_err(|reason| reader.damaged(&reason))?;
        ensemble.trees.push(tree);
    }
    // Values of splits follow from leaves that are known to be sound by now.
    ensemble.trees.iter_mut().for_each(Tree::sum_up);
    if reader.at != bytes.len() {
        return Err(reader.damaged("bytes follow the end"));
    }
    ensemble.check().map_err(|reason| reader.damaged(&reason))?;
    Ok(ensemble)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn damaged(&self, reason: &str) -> TreeError {
        TreeError::Damaged(format!("at byte {}: {reason}", self.at))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], TreeError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(found) = rest.first_chunk::<N>() else {
            return Err(self.damaged("it ends too early"));
        };
        self.at += N;
        Ok(*found)
    }

    fn byte(&mut self) -> Result<u8, TreeError> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Result<f32, TreeError> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    fn count(&mut self) -> Result<usize, TreeError> {
        let mut count = 0usize;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            count |= usize::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(count);
            }
        }
        Err(self.damaged("a number that does not end"))
    }

    /// A count of things of at least `size` bytes each, for which there must be bytes left.
    fn count_of(&mut self, size: usize) -> Result<usize, TreeError> {
        let count = self.count()?;
        if count.saturating_mul(size) > self.bytes.len() - self.at {
            return Err(self.damaged("more parts than bytes"));
        }
        Ok(count)
    }

    fn small(&mut self) -> Result<u32, TreeError> {
        u32::try_from(self.count()?).map_err(|_| self.damaged("a number that is too large"))
    }

    fn tree(&mut self) -> Result<Tree, TreeError> {
        let words = self.count_of(4)?;
        let sets = (0..words)
            .map(|_| Ok(u32::from_le_bytes(self.array()?)))
            .collect::<Result<_, TreeError>>()?;
        let count = self.count_of(9)?;
        let nodes = (0..count).map(|at| self.node(at)).collect::<Result<_, TreeError>>()?;
        Ok(Tree { nodes, sets })
    }

    fn node(&mut self, at: usize) -> Result<Node, TreeError> {
        let flags = self.byte()?;
        if flags == 0 {
            return Ok(Node {
                split: None,
                value: self.number()?,
                cover: self.number()?,
            });
        }
        if flags & SPLIT == 0 || flags > (SPLIT | ONE_OF | MISSING_LEFT) {
            return Err(self.damaged("a node of no known kind"));
        }
        let feature = self.small()?;
        let distance = self.small()?;
        let gain = self.number()?;
        let test = if flags & ONE_OF == 0 {
            Test::AtMost(self.number()?)
        } else {
            Test::OneOf {
                first: self.small()?,
                words: self.small()?,
            }
        };
        Ok(Node {
            split: Some(Split {
                feature,
                left: (at as u32).saturating_add(distance),
                test,
                missing_left: flags & MISSING_LEFT != 0,
                gain,
            }),
            ..Node::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaf(value: f32, cover: f32) -> Node {
        Node {
            split: None,
            value,
            cover,
        }
    }

    fn split(feature: u32, left: u32, test: Test, missing_left: bool) -> Node {
        Node {
            split: Some(Split {
                feature,
                left,
                test,
                missing_left,
                gain: 0.75,
            }),
            ..Node::default()
        }
    }

    /// Both kinds of splits, either side for missing values, features of one and of three bytes.
    fn ensemble(link: Link) -> Ensemble {
        let nodes = vec![
            split(0, 1, Test::AtMost(-0.5), true),
            split(70_000, 3, Test::OneOf { first: 1, words: 1 }, false),
            split(200, 5, Test::OneOf { first: 0, words: 2 }, true),
            leaf(1.5, 2.0),
            leaf(-1.5, 6.0),
            leaf(0.25, 1.0),
            leaf(f32::MIN_POSITIVE, 3.0),
        ];
        let sets = vec![0x8000_0001, 0xDEAD_BEEF];
        let stump = Tree {
            nodes: vec![leaf(9.0, 4.0)],
            sets: Vec::new(),
        };
        let mut trees = vec![Tree { nodes, sets }, stump];
        trees.iter_mut().for_each(Tree::sum_up);
        Ensemble {
            link,
            base: -1.25,
            width: 70_001,
            trees,
        }
    }

    /// Bytes up to the number of trees, for a forest of one column.
    fn head() -> Vec<u8> {
        let mut bytes = vec![VERSION, 1];
        bytes.extend(0f64.to_le_bytes());
        bytes.push(1);
        bytes
    }

    fn refusal(bytes: &[u8]) -> String {
        decode(bytes).unwrap_err().to_string()
    }

    /// A refusal of `head` and more.
    fn refused(more: &[u8]) -> String {
        refusal(&[&head(), more].concat())
    }

    #[test]
    fn what_is_written_is_read_back() {
        for link in [Link::LogOdds, Link::Mean] {
            let ensemble = ensemble(link);
            assert_eq!(ensemble.check(), Ok(()));
            assert_eq!(decode(&encode(&ensemble)).unwrap(), ensemble);
        }
    }

    #[test]
    fn the_bytes_of_a_small_forest_by_hand() {
        let nodes = vec![split(0, 1, Test::AtMost(1.0), true), leaf(0.0, 1.0), leaf(1.0, 1.0)];
        let mut tree = Tree {
            nodes,
            sets: Vec::new(),
        };
        tree.sum_up();
        let forest = Ensemble {
            link: Link::Mean,
            base: 0.0,
            width: 300,
            trees: vec![tree],
        };
        let mut expected = vec![1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xAC, 0x02, 1, 0, 3];
        expected.extend([5, 0, 1, 0, 0, 0x40, 0x3F, 0, 0, 0x80, 0x3F]);
        expected.extend([0, 0, 0, 0, 0, 0, 0, 0x80, 0x3F]);
        expected.extend([0, 0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F]);
        assert_eq!(encode(&forest), expected);
        assert_eq!(decode(&expected).unwrap(), forest);
    }

    #[test]
    fn a_beginning_is_refused_at_every_length() {
        let bytes = encode(&ensemble(Link::Mean));
        for length in 0..bytes.len() {
            let refused = decode(&bytes[..length]);
            assert!(matches!(refused, Err(TreeError::Damaged(_))), "{length}: {refused:?}");
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_gives_an_ensemble_that_can_be_scored_with() {
        let bytes = encode(&ensemble(Link::Mean));
        let mut refusals = 0;
        for at in 0..bytes.len() {
            for change in 1..=255 {
                let mut damaged = bytes.clone();
                damaged[at] ^= change;
                match decode(&damaged) {
                    Ok(found) => {
                        assert_eq!(found.check(), Ok(()), "byte {at} ^ {change}");
                        assert!(found.score(&vec![0.5; found.width]).is_finite());
                    }
                    Err(TreeError::Damaged(_)) => refusals += 1,
                    Err(other) => panic!("byte {at} ^ {change}: {other:?}"),
                }
            }
        }
        assert!(refusals > 0 && refusals < 255 * bytes.len());
    }

    #[test]
    fn bytes_behind_the_end_are_refused() {
        let mut bytes = encode(&ensemble(Link::Mean));
        bytes.push(0);
        assert!(refusal(&bytes).ends_with("bytes follow the end"));
    }

    #[test]
    fn another_version_and_another_link_are_refused() {
        for version in [0, 2, 255] {
            assert!(refusal(&[version]).contains(&format!("format {version}, but this program reads format 1")));
        }
        assert!(refusal(&[VERSION, 2]).contains("an unknown way to put trees together"));
    }

    #[test]
    fn more_parts_than_bytes_are_refused_before_there_is_room_for_them() {
        // 2^35 - 1 trees, words of sets and nodes: no machine has the memory.
        let huge = [0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
        let trees = refused(&huge);
        let words = refused(&[&[1][..], &huge, &[0; 20]].concat());
        let nodes = refused(&[&[1, 0][..], &huge, &[0; 20]].concat());
        for reason in [trees, words, nodes] {
            assert!(reason.ends_with("more parts than bytes"), "{reason}");
        }
        // One tree more than there is room for.
        assert!(refused(&[&[2][..], &[0; LEAST_TREE * 2 - 1]].concat()).ends_with("more parts than bytes"));
    }

    #[test]
    fn numbers_that_do_not_end_or_are_too_large_are_refused() {
        assert!(refused(&[0xFF; 40]).ends_with("a number that does not end"));
        let feature = [&[1, 0, 1, SPLIT][..], &[0xFF, 0xFF, 0xFF, 0xFF, 0x7F], &[0; 20]].concat();
        assert!(refused(&feature).ends_with("a number that is too large"));
    }

    #[test]
    fn nodes_of_no_known_kind_are_refused() {
        for flags in [ONE_OF, MISSING_LEFT, ONE_OF | MISSING_LEFT, 8, 9, 255] {
            let bytes = [&[1, 0, 1, flags][..], &[0; 20]].concat();
            assert!(refused(&bytes).ends_with("a node of no known kind"), "{flags}");
        }
    }

    #[test]
    fn a_refusal_names_the_place_and_the_reason() {
        // A split that leads to itself.
        let tree = [1, 0, 1, SPLIT, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(refused(&tree), "damaged: at byte 25: node 0 leads nowhere");
        assert!(refused(&[0]).ends_with("a forest without trees"));
    }

    #[test]
    fn leaves_so_heavy_that_their_sum_is_no_number_are_refused() {
        let mut forest = ensemble(Link::Mean);
        forest.trees[0].nodes[5].cover = f32::MAX;
        forest.trees[0].nodes[6].cover = f32::MAX;
        assert!(refusal(&encode(&forest)).ends_with("tree 0: node 0 holds a number that is not finite"));
    }

    proptest! {
        #[test]
        fn counts_are_read_as_written(count in prop_oneof![0..300usize, 0..1usize << 35]) {
            let mut bytes = Vec::new();
            push_count(&mut bytes, count);
            let mut reader = Reader { bytes: &bytes, at: 0 };
            prop_assert_eq!(reader.count().unwrap(), count);
            prop_assert_eq!(reader.at, bytes.len());
        }

        #[test]
        fn any_bytes_are_refused_or_sound(bytes in proptest::collection::vec(any::<u8>(), 0..120), trees in 0..3u8) {
            // Behind a sound head more of them get as far as nodes.
            let behind_head = [&head()[..], &[trees], &bytes].concat();
            for bytes in [&bytes, &behind_head] {
                if let Ok(found) = decode(bytes) {
                    prop_assert_eq!(found.check(), Ok(()));
                }
            }
        }
    }
}
