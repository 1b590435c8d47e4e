//! Owns the proof of README.md, docs/DEPENDENCIES.md and the help texts: what they name is there, and is all there is.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share fail as tests do: by a panic"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

const COMMANDS: [&[&str]; 37] = [
    &[],
    &["tui"],
    &["train"],
    &["validate"],
    &["predict"],
    &["serve"],
    &["score"],
    &["schema", "generate"],
    &["schema", "check"],
    &["runs", "list"],
    &["runs", "push"],
    &["runs", "pull"],
    &["runs", "show"],
    &["runs", "compare"],
    &["runs", "promote"],
    &["runs", "rollback"],
    &["runs", "prune"],
    &["mongo", "ping"],
    &["mongo", "push"],
    &["mongo", "pull"],
    &["verdicts", "export"],
    &["verdicts", "import"],
    &["verdicts", "stats"],
    &["verdicts", "sync"],
    &["verdicts", "set"],
    &["verdicts", "undo"],
    &["verdicts", "redo"],
    &["verdicts", "suppress"],
    &["verdicts", "withdraw"],
    &["verdicts", "audit-labels"],
    &["verdicts", "clean"],
    &["export", "onnx"],
    &["export", "sql"],
    &["generate", "flows"],
    &["generate", "phishing"],
    &["completions"],
    &["man"],
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn output(arguments: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_nsec-tui"))
        .args(arguments)
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    assert!(run.status.success(), "{arguments:?}");
    assert!(
        run.stderr.is_empty(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    String::from_utf8(run.stdout).unwrap()
}

fn help(command: &[&str]) -> String {
    output(&[command, &["--help"]].concat())
}

/// Words that begin with `--`.
fn flags(text: &str) -> BTreeSet<String> {
    let inside = |c: char| c.is_ascii_lowercase() || c == '-';
    text.split(|c| !inside(c))
        .filter(|word| word.starts_with("--") && word.len() > 3)
        .map(str::to_owned)
        .collect()
}

#[test]
fn readme_names_only_commands_and_options_that_exist() {
    let page = read("README.md");
    let known: BTreeSet<String> = COMMANDS.iter().flat_map(|c| flags(&help(c))).collect();
    let of_cargo = ["--release".to_owned()];
    for flag in flags(&page) {
        assert!(
            known.contains(&flag) || of_cargo.contains(&flag),
            "README.md names {flag}"
        );
    }
    let calls = page.lines().filter_map(|line| line.trim().strip_prefix("$ nsec-tui "));
    let mut shown = 0;
    for call in calls {
        let words: Vec<&str> = call.split_whitespace().take_while(|w| !w.starts_with('-')).collect();
        let known = COMMANDS.iter().filter(|c| !c.is_empty()).any(|c| words.starts_with(c));
        assert!(known, "README.md calls `nsec-tui {call}`");
        shown += 1;
    }
    assert!(shown >= 5, "{shown} calls");
}

#[test]
fn readme_has_the_exit_codes_of_the_help() {
    let codes = |text: &str, after: &str| -> Vec<String> {
        let lines = text.lines().skip_while(|line| !line.starts_with(after)).skip(1);
        let codes = lines.map(str::trim).filter(|line| !line.is_empty());
        codes
            .take_while(|line| line.starts_with(|c: char| c.is_ascii_digit()))
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    };
    let ours = codes(&help(&[]), "Exit codes:");
    assert_eq!(ours.len(), 6, "{ours:?}");
    assert_eq!(codes(&read("README.md"), "## Exit codes"), ours);
    let list = help(&[]);
    let list = list
        .split("Examples:\n")
        .nth(1)
        .unwrap()
        .lines()
        .filter(|l| !l.is_empty() && !l.ends_with(':'));
    for line in list {
        assert!(line.starts_with("  "), "not in line with the others: {line}");
    }
}

#[test]
fn readme_and_help_say_what_a_point_is() {
    let sentence = "all the evidence in a row, for malicious and against, is 100 points";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (name, text) in [("README.md", read("README.md")), ("the help", help(&["predict"]))] {
        assert_eq!(words(&text).matches(sentence).count(), 1, "{name}");
    }
}

#[test]
fn readme_agrees_with_the_manifest_and_the_families() {
    let (page, manifest) = (read("README.md"), read("Cargo.toml"));
    let version = manifest
        .lines()
        .find_map(|l| l.strip_prefix("rust-version = "))
        .unwrap();
    assert!(page.contains(&format!("Rust {} or later", version.trim_matches('"'))));
    for family in nsec_tui::models::families() {
        assert!(
            page.contains(family.name()),
            "README.md does not show {}",
            family.name()
        );
    }
    let links = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for link in links.filter(|link| !link.starts_with("http")) {
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(link).exists(),
            "README.md links to {link}"
        );
    }
}

#[test]
fn the_manual_page_has_every_command_and_option_once() {
    let page = output(&["man"]).replace("\\-", "-");
    for command in COMMANDS.iter().filter(|c| !c.is_empty()) {
        let title = format!(".SH \"NSEC-TUI {}\"", command.join(" ").to_uppercase());
        let section = page
            .split(&title)
            .nth(1)
            .unwrap_or_else(|| panic!("no section {title}"));
        let section = section.split("\n.SH \"NSEC-TUI ").next().unwrap();
        assert!(
            !section.contains("--workspace"),
            "{command:?} repeats the options of every command"
        );
        let own = flags(
            &help(command)
                .split("Options of every command")
                .next()
                .unwrap()
                .replace("--help", ""),
        );
        for flag in own {
            assert!(section.contains(&flag), "{command:?}: {flag} is not in the manual page");
        }
    }
    for title in [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "\"EXIT STATUS\"",
        "EXAMPLES",
    ] {
        let title = format!("\n.SH {title}");
        let quoted = title.replace("EXAMPLES", "\"EXAMPLES\"");
        assert!(page.contains(&title) || page.contains(&quoted), "{title}");
    }
}

#[test]
fn every_dependency_has_its_line_with_the_locked_version() {
    let (page, manifest, lock) = (read("docs/DEPENDENCIES.md"), read("Cargo.toml"), read("Cargo.lock"));
    let mut locked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    // The lock file's own format version is the one without quotes.
    let quoted = |line: &'static str| line.split('"').nth(1).unwrap_or_default();
    let lock: &'static str = lock.leak();
    let mut name = "";
    for line in lock.lines() {
        if line.starts_with("name = ") {
            name = quoted(line);
        } else if line.starts_with("version = ") {
            locked.entry(name).or_default().push(quoted(line));
        }
    }
    let mut named = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies]");
        } else if let Some((key, value)) = line.split_once(" = ").filter(|_| inside) {
            let renamed = value
                .split("package = \"")
                .nth(1)
                .and_then(|rest| rest.split('"').next());
            named.insert(renamed.unwrap_or(key).to_owned());
        }
    }
    assert!(named.len() > 30, "{named:?}");
    let mut described = BTreeSet::new();
    for line in page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| crate"))
    {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 7, "{line}");
        let name = cells[1].split([',', ' ']).next().unwrap();
        let version = cells[2].split(',').next().unwrap();
        let here = locked.get(name).is_some_and(|versions| versions.contains(&version));
        assert!(
            here,
            "{name} {version} is not what Cargo.lock has: {:?}",
            locked.get(name)
        );
        described.insert(name.to_owned());
    }
    assert_eq!(described, named);
}
