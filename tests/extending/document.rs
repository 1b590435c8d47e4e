//! Owns holding the text of docs/EXTENDING.md against the files it quotes.
//!
//! A `rust` block stands word for word in the file that is named last before it; the lines of a `diff` block that are
//! not added stand there in that order, and what is added does not stand there yet.

use std::fs;
use std::path::{Path, PathBuf};

struct Block {
    kind: String,
    file: PathBuf,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The last path of the tree that stands in back quotes in this line.
fn named_file(line: &str) -> Option<PathBuf> {
    let quoted = line.split('`').skip(1).step_by(2);
    let paths = quoted.filter(|text| Path::new(text).extension().is_some_and(|e| e == "rs") && text.contains('/'));
    paths.map(|path| root().join(path)).filter(|path| path.is_file()).last()
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut file = None;
    let mut open = false;
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            open = !open;
            if open {
                let file = file.clone().unwrap_or_default();
                let kind = kind.to_owned();
                let text = String::new();
                blocks.push(Block { kind, file, text });
            }
        } else if open {
            let block = blocks.last_mut().unwrap();
            block.text.push_str(line);
            block.text.push('\n');
        } else if let Some(named) = named_file(line) {
            file = Some(named);
        }
    }
    assert!(!open, "a block is not closed");
    blocks
}

#[test]
fn every_block_stands_in_the_file_it_names() {
    let page = fs::read_to_string(root().join("docs/EXTENDING.md")).unwrap();
    let (mut quoted, mut changed) = (0, 0);
    for Block { kind, file, text } in blocks(&page) {
        let what = format!("{}:\n{text}", file.display());
        match kind.as_str() {
            "rust" => {
                let source = fs::read_to_string(&file).unwrap();
                assert!(source.contains(&text), "not word for word in {what}");
                quoted += 1;
            }
            "diff" => {
                let source = fs::read_to_string(&file).unwrap();
                let mut rest = source.as_str();
                for line in text.lines() {
                    let (sign, line) = line.split_at(1);
                    let whole = format!("\n{line}\n");
                    if sign == "+" {
                        assert!(!source.contains(&whole), "`{line}` is there already in {what}");
                    } else {
                        let at = rest.find(&whole);
                        assert!(at.is_some(), "`{line}` is not, or not in this order, in {what}");
                        rest = &rest[at.unwrap() + whole.len() - 1..];
                    }
                }
                changed += 1;
            }
            "sh" | "text" | "yaml" => {}
            other => panic!("a block of kind `{other}` proves nothing"),
        }
    }
    assert!(quoted >= 8 && changed >= 4, "{quoted} blocks quoted, {changed} changes");
}

#[test]
fn the_whole_example_files_are_shown() {
    let page = fs::read_to_string(root().join("docs/EXTENDING.md")).unwrap();
    for name in ["nearest_centroid", "specificity", "time_order"] {
        let text = fs::read_to_string(root().join(format!("tests/extending/{name}.rs"))).unwrap();
        assert!(
            page.contains(&format!("```rust\n{text}```")),
            "{name}.rs is not shown whole"
        );
    }
}
