//! Owns the proof of docs/ARCHITECTURE.md: the arrows between modules, and the habits every file keeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "functions that tests share fail as tests do: by a panic"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LONGEST_FILE: usize = 500;

struct Source {
    /// Path below `src`, with `/`.
    path: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let base = root().join("src");
    let mut paths = Vec::new();
    walk(&base, &mut paths);
    paths.sort();
    let read = |path: PathBuf| Source {
        text: fs::read_to_string(&path).unwrap(),
        path: path.strip_prefix(&base).unwrap().to_str().unwrap().to_owned(),
    };
    let sources: Vec<Source> = paths.into_iter().map(read).collect();
    assert!(sources.len() > 100, "{} files", sources.len());
    sources
}

impl Source {
    fn is_test(&self) -> bool {
        let file = self.path.rsplit('/').next().unwrap();
        self.path.contains("/tests/") || matches!(file, "tests.rs" | "testing.rs" | "test_data.rs")
    }

    /// The lines that are code outside tests. A module of tests inside a file is its last item.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self
            .text
            .match_indices("#[cfg(test)]\nmod ")
            .find(|(at, _)| self.text[*at..].lines().nth(1).unwrap().ends_with('{'))
            .map_or(self.text.len(), |(at, _)| at);
        let numbered = self.text[..end].lines().enumerate().map(|(at, line)| (at + 1, line));
        numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The module of the table to which the file belongs; none for the crate's two roots.
    fn module(&self) -> Option<String> {
        if matches!(self.path.as_str(), "lib.rs" | "main.rs") {
            return None;
        }
        let below = self.path.strip_prefix("schema/generation");
        if below.is_some_and(|rest| rest.starts_with(['.', '/'])) {
            return Some("schema::generation".to_owned());
        }
        self.path.split(['/', '.']).next().map(str::to_owned)
    }
}

/// Names that `generation` gives to its parent to show; whoever uses one uses `schema::generation`.
const GENERATION: [&str; 5] = [
    "GenerateOptions",
    "Generated",
    "GenerationError",
    "LabelGuess",
    "generate",
];

/// The modules that a line of code uses by `crate::`.
fn used(line: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let before = line[..at].chars().next_back();
        let word = |c: char| c.is_alphanumeric() || c == '_';
        if before.is_some_and(|c| word(c) || c == ':') {
            continue;
        }
        let rest = &line[at + "crate::".len()..];
        let module: String = rest.chars().take_while(|c| word(*c)).collect();
        assert!(
            !module.is_empty(),
            "a use of the crate's root that this test cannot read: {line}"
        );
        let names = &rest[module.len()..];
        if module == "schema" {
            let all: Vec<&str> = names.split(|c: char| !word(c)).filter(|n| !n.is_empty()).collect();
            let (of_generation, others): (Vec<&str>, Vec<&str>) = all.iter().partition(|n| GENERATION.contains(n));
            if !of_generation.is_empty() {
                modules.push("schema::generation".to_owned());
            }
            if others.is_empty() && !of_generation.is_empty() {
                continue;
            }
        }
        modules.push(module);
    }
    modules
}

/// The table of docs/ARCHITECTURE.md, in its order.
fn table() -> Vec<(String, BTreeSet<String>)> {
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let quoted = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| module |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        assert_eq!(cells.len(), 4, "{line}");
        let module = quoted(cells[0]).pop().unwrap();
        let uses: BTreeSet<String> = quoted(cells[3]).into_iter().collect();
        assert!(!uses.is_empty() || cells[3].trim() == "nothing", "{line}");
        (module, uses)
    };
    rows.map(row).collect()
}

#[test]
fn arrows_are_those_of_the_table() {
    let allowed = table();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| !s.is_test()) {
        let Some(module) = source.module() else { continue };
        let own = found.entry(module.clone()).or_default();
        let row = allowed.iter().find(|(name, _)| *name == module);
        let Some((_, allowed)) = row else {
            wrong.push(format!("src/{}: module `{module}` is not in the table", source.path));
            continue;
        };
        for (number, line) in source.code() {
            for target in used(line) {
                // A child may see its parent's other children; the table tells apart what matters.
                if target == module {
                    continue;
                }
                if !allowed.contains(&target) {
                    wrong.push(format!("src/{}:{number}: `{module}` uses `{target}`", source.path));
                }
                own.insert(target);
            }
        }
    }
    // Uses that stand behind `super::` and not `crate::`.
    found.get_mut("schema::generation").unwrap().insert("schema".to_owned());
    assert!(
        wrong.is_empty(),
        "arrows that docs/ARCHITECTURE.md does not have:\n{}",
        wrong.join("\n")
    );
    for (module, uses) in &allowed {
        let unused: Vec<_> = uses.difference(&found[module]).collect();
        assert!(
            unused.is_empty(),
            "docs/ARCHITECTURE.md: `{module}` no longer uses {unused:?}"
        );
    }
}

#[test]
fn the_table_has_no_circle_and_no_stranger() {
    let mut above = BTreeSet::new();
    for (module, uses) in table() {
        for used in &uses {
            assert!(
                above.contains(used),
                "`{module}` uses `{used}`, which does not stand above it"
            );
        }
        assert!(above.insert(module.clone()), "`{module}` stands twice");
    }
    let modules: BTreeSet<String> = sources().iter().filter_map(Source::module).collect();
    assert_eq!(above, modules);
}

#[test]
fn no_arrow_hides_behind_super() {
    for source in sources().iter().filter(|s| !s.is_test()) {
        let path = source
            .path
            .strip_suffix("/mod.rs")
            .unwrap_or(source.path.strip_suffix(".rs").unwrap());
        let depth = path.split('/').count();
        for (number, line) in source.code() {
            for up in (1..6).rev() {
                let reaches = line.contains(&"super::".repeat(up));
                assert!(
                    !reaches || up < depth,
                    "src/{}:{number}: reaches the crate's root by `super`",
                    source.path
                );
            }
        }
    }
    // What is below `data` must not reach up into its own sibling above it.
    let below = |s: &&Source| s.path.starts_with("schema/") && s.module().as_deref() == Some("schema");
    for source in sources()
        .iter()
        .filter(below)
        .filter(|s| !s.is_test() && s.path != "schema/mod.rs")
    {
        let found = source.code().find(|(_, line)| line.contains("generation::"));
        assert!(found.is_none(), "src/{}: {found:?}", source.path);
    }
}

#[test]
fn every_file_says_first_what_it_owns() {
    for source in sources() {
        let first = source.text.lines().next().unwrap_or_default();
        let file = source.path.rsplit('/').next().unwrap();
        let sentence = matches!(file, "mod.rs" | "lib.rs" | "main.rs") || source.path.contains("/tests/");
        let right = if sentence {
            first.starts_with("//! ")
        } else {
            first.starts_with("//! Owns ")
        };
        assert!(right, "src/{}: {first}", source.path);
    }
}

#[test]
fn files_are_short_and_named_after_a_subject() {
    for source in sources() {
        let lines = source.text.lines().count();
        assert!(lines <= LONGEST_FILE, "src/{}: {lines} lines", source.path);
        for part in source.path.trim_end_matches(".rs").split('/') {
            let vague = ["util", "utils", "helper", "helpers", "misc", "common", "stuff"].contains(&part);
            assert!(!vague, "src/{}: `{part}` is no subject", source.path);
        }
    }
}

#[test]
fn only_the_command_line_prints() {
    let printing = [
        "println!",
        "print!",
        "eprintln!",
        "eprint!",
        "dbg!",
        "stdout()",
        "stderr()",
    ];
    for source in sources().iter().filter(|s| !s.is_test() && !s.path.starts_with("cli/")) {
        for (number, line) in source.code() {
            let found = printing.iter().find(|word| line.contains(**word));
            assert!(found.is_none(), "src/{}:{number}: {line}", source.path);
        }
    }
}

#[test]
fn models_and_metrics_know_no_files_and_no_tables() {
    let foreign = ["std::fs", "std::path", "polars", "std::env", "std::net", "std::process"];
    let inner = ["models/", "metrics/", "explain/", "triage/", "event.rs", "cancel.rs"];
    let chosen = |s: &&Source| inner.iter().any(|p| s.path.starts_with(p)) && !s.is_test();
    for source in sources().iter().filter(chosen) {
        for (number, line) in source.code() {
            let found = foreign.iter().find(|word| line.contains(**word));
            assert!(found.is_none(), "src/{}:{number}: {line}", source.path);
        }
    }
}

/// The console's state and its drawing can be replayed anywhere: they ask nothing of the system and tell it nothing.
#[test]
fn state_and_drawing_of_the_console_do_no_io_and_have_no_clock() {
    let foreign = [
        "std::fs",
        "std::io",
        "std::net",
        "std::process",
        "std::env",
        "std::thread",
        "std::time",
        "crossterm",
        "signal_hook",
        "File::",
        "Instant",
        "SystemTime",
        ".exists()",
        ".canonicalize()",
        ".metadata()",
    ];
    let inner = ["tui/app/", "tui/view/", "tui/keymap", "tui/key.rs"];
    let mut files = 0;
    for source in sources() {
        if !inner.iter().any(|p| source.path.starts_with(p)) || source.is_test() {
            continue;
        }
        files += 1;
        for (number, line) in source.code() {
            let found = foreign.iter().find(|word| line.contains(**word));
            assert!(found.is_none(), "src/{}:{number}: {line}", source.path);
        }
    }
    assert!(files > 40, "{files} files looked at");
}
