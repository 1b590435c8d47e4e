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
