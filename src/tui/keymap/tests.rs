//! Owns the tests of the table of keys.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

fn settings(context: &str, action: &str, keys: &[&str]) -> KeySettings {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    [(context.to_owned(), [(action.to_owned(), keys)].into())].into()
}

fn refusal(context: &str, action: &str, keys: &[&str]) -> String {
    Keymap::new(&settings(context, action, keys)).unwrap_err().to_string()
}

fn usual() -> Keymap {
    Keymap::new(&KeySettings::default()).unwrap()
}

#[test]
fn every_key_of_the_table_reads_back() {
    for entry in TABLE {
        assert!(!entry.keys.is_empty(), "{entry:?}");
        assert!(!entry.help.is_empty(), "{entry:?}");
        for text in entry.keys {
            let key: KeyPress = text.parse().unwrap();
            assert_eq!(key.to_string(), *text);
        }
    }
}

#[test]
fn no_place_has_a_key_or_an_action_twice() {
    let (mut keys, mut actions) = (BTreeSet::new(), BTreeSet::new());
    for entry in TABLE {
        assert!(actions.insert((entry.context, entry.action)), "{entry:?}");
        for key in entry.keys {
            assert!(keys.insert((entry.context, *key)), "{key} of {entry:?}");
        }
    }
}

#[test]
fn every_action_has_a_key() {
    let bound: BTreeSet<Action> = TABLE.iter().map(|entry| entry.action).collect();
    let unbound: Vec<String> = Action::ALL
        .iter()
        .filter(|a| !bound.contains(a))
        .map(|a| a.name())
        .collect();
    assert!(unbound.is_empty(), "{unbound:?}");
}

#[test]
fn names_are_those_that_serde_writes() {
    for action in Action::ALL {
        assert_eq!(serde_json::to_value(action).unwrap(), action.name());
    }
    for context in Context::ALL {
        assert_eq!(serde_json::to_value(context).unwrap(), context.name());
    }
    assert_eq!(Action::StopAfterStage.name(), "stop-after-stage");
}

/// Every place with what its keys hide of what is under it.
#[test]
fn keys_hide_others_only_where_it_is_meant() {
    const UNDER: [Context; 2] = [Context::Lists, Context::Everywhere];
    const PANELS: [Context; 6] = [
        Context::Data,
        Context::Validation,
        Context::Training,
        Context::Review,
        Context::Runs,
        Context::Logs,
    ];
    let mut hidden = Vec::new();
    let mut chains: Vec<Vec<Context>> = PANELS.iter().map(|panel| [&[*panel][..], &UNDER].concat()).collect();
    chains.push(UNDER.to_vec());
    chains.push([&[Context::Dial, Context::Training][..], &UNDER].concat());
    chains.push([&[Context::SavedQueues, Context::Review][..], &UNDER].concat());
    chains.push([&[Context::TeamRuns][..], &UNDER].concat());
    chains.push(vec![Context::Tags, Context::Everywhere]);
    for chain in chains {
        let inner = chain[0];
        for entry in TABLE.iter().filter(|entry| entry.context == inner) {
            for key in entry.keys {
                let under = TABLE
                    .iter()
                    .find(|other| other.context != inner && chain.contains(&other.context) && other.keys.contains(key));
                // The same, perhaps with other words for it, hides nothing.
                if let Some(other) = under.filter(|other| other.action != entry.action) {
                    hidden.push(format!("{inner:?} {key}: {} over {}", entry.action, other.action));
                }
            }
        }
    }
    // A case is marked with the space bar. While the dial is open it has the arrows, and the key that opened it leaves it.
    // F1 is the first saved queue only where there is one. While a tag is chosen its digit is no panel's.
    let meant = [
        "Review space: mark over page-down",
        "Dial l: more over right",
        "Dial right: more over right",
        "Dial h: less over left",
        "Dial left: less over left",
        "Dial L: much-more over log-axis",
        "Dial pageup: much-more over page-up",
        "Dial pagedown: much-less over page-down",
        "Dial m: previous-choice over next-metric",
        "Dial enter: accept over run",
        "Dial d: back over dial",
        "SavedQueues F1: saved-queue1 over help",
        "Tags 1: tag1 over show-data",
        "Tags 2: tag2 over show-validation",
        "Tags 3: tag3 over show-training",
        "Tags 4: tag4 over show-review",
        "Tags 5: tag5 over show-runs",
        "Tags 6: tag6 over show-logs",
    ];
    assert_eq!(hidden, meant);
}

#[test]
fn the_innermost_place_has_the_key() {
    let keymap = usual();
    let l = "l".parse().unwrap();
    let chain = [Context::Dial, Context::Training, Context::Lists, Context::Everywhere];
    assert_eq!(keymap.action(&chain, l), Some(Action::More));
    assert_eq!(keymap.action(&chain[1..], l), Some(Action::Right));
    assert_eq!(keymap.action(&[Context::Prompt], l), None);
}

#[test]
fn a_person_can_have_other_keys() {
    let keymap = Keymap::new(&settings("data", "find", &["ctrl-s", "F3"])).unwrap();
    let chain = [Context::Data, Context::Lists, Context::Everywhere];
    assert_eq!(keymap.action(&chain, "F3".parse().unwrap()), Some(Action::Find));
    assert_eq!(keymap.action(&chain, "/".parse().unwrap()), None);
    assert_eq!(keymap.key_for(&chain, Action::Find).as_deref(), Some("ctrl-s"));
    let silent = Keymap::new(&settings("data", "find", &[])).unwrap();
    assert_eq!(silent.key_for(&chain, Action::Find), None);
    assert!(silent.hints(&chain).iter().all(|hint| hint.action != Action::Find));
}

#[test]
fn hints_name_a_key_that_is_not_hidden() {
    // Data takes the first key of the help; the footer must name the other.
    let keymap = Keymap::new(&settings("data", "find", &["?"])).unwrap();
    let hints = keymap.hints(&[Context::Data, Context::Lists, Context::Everywhere]);
    let key = |action| {
        hints
            .iter()
            .find(|hint| hint.action == action)
            .map(|hint| hint.key.to_string())
    };
    assert_eq!(key(Action::Find).as_deref(), Some("?"));
    assert_eq!(key(Action::Help).as_deref(), Some("F1"));
}

#[test]
fn keys_that_cannot_be_are_refused_with_what_would_be_right() {
    for (refusal, expected) in [
        (
            refusal("dta", "find", &["x"]),
            "console.keys.dta: there is no such place; did you mean `data`?",
        ),
        (
            refusal("data", "fnid", &["x"]),
            "console.keys.data.fnid: nothing of that name is done there; did you mean `find`?",
        ),
        (
            refusal("data", "qqq", &["x"]),
            "console.keys.data.qqq: nothing of that name is done there; docs/KEYS.md lists the names",
        ),
        (
            refusal("data", "find", &["n"]),
            "console.keys.data.find-next: n would do both find and find-next; give one of them another key",
        ),
        (
            refusal("data", "find", &["F3", "F3"]),
            "console.keys.data.find: F3 stands there twice",
        ),
        (
            refusal("prompt", "complete", &["x"]),
            "console.keys.prompt.complete: x types a character there; take one with ctrl- or alt-",
        ),
        (
            refusal("data", "find", &["ctrl-i"]),
            "console.keys.data.find: terminals send tab for ctrl-i; take another key",
        ),
        (
            refusal("prompt", "back", &[]),
            "console.keys.prompt.back: without a key for it there is no way out; give it one",
        ),
    ] {
        assert_eq!(refusal, expected);
    }
    assert!(refusal("data", "find", &["ctrl-nope"]).starts_with("console.keys.data.find: "));
}

#[test]
fn the_committed_reference_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/KEYS.md");
    let generated = reference::markdown();
    if std::env::var_os("NSEC_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/KEYS.md is not what the table says; run NSEC_UPDATE_DOCS=1 cargo test --lib keymap"
    );
    assert!(generated.contains("| `/` | `find` | "));
}
