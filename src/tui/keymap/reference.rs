//! Owns `docs/KEYS.md`: the reference of all keys, made from the table.

use std::fmt::Write;

use super::{Context, SIGNS, TABLE};

const INTRODUCTION: &str = "\
# Keys

<!-- Made from src/tui/keymap/table.rs: change that, then run `NSEC_UPDATE_DOCS=1 cargo test --lib keymap`. -->

The console shows the keys of where one is in its last line; `?` lists them all, narrows the list by what is typed, and
does what the chosen line says. `:` does the same by name. A key of a layer (a prompt, a list, a dialog) goes before one
of the panel under it, a key of a panel before one that holds everywhere.

Other keys can be given in `nsec.yaml`, by place and action; a list takes the place of the action's own keys, an empty one
leaves it to the palette. Keys are written `x`, `X`, `ctrl-x`, `alt-x`, `shift-tab`, `F5`, `space`, `enter`, `esc`, `up`,
`pagedown`. A place, an action or a key that does not exist is an error that names its line, and so are one key for two
actions of a place and an action without which there would be no way out.

```yaml
console:
  keys:
    data:
      find: [\"/\", ctrl-s]
      copy: [c]
      go-to-column: [ctrl-o]
```

Where text is typed, the usual keys of a shell move and delete: `ctrl-a` `ctrl-e` to its ends, `ctrl-w` a word, `ctrl-u`
and `ctrl-k` to its ends, `alt-b` `alt-f` by words, `ctrl-h` and `backspace` a character.
";

/// The text of `docs/KEYS.md`.
pub fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    for context in Context::ALL {
        let entries: Vec<_> = TABLE.iter().filter(|entry| entry.context == context).collect();
        if entries.is_empty() {
            continue;
        }
        push(&mut page, &format!("\n## {} (`{}`)\n", context.title(), context.name()));
        push(&mut page, "| Keys | Action | What it does |\n|---|---|---|");
        for entry in entries {
            let keys: Vec<String> = entry.keys.iter().map(|key| format!("`{key}`")).collect();
            let help = entry.help.replace('|', "\\|");
            push(
                &mut page,
                &format!("| {} | `{}` | {help} |", keys.join(" "), entry.action),
            );
        }
    }
    push(&mut page, "\n## Signs in Review's list\n");
    push(&mut page, "| Sign | In ASCII | What it means |\n|---|---|---|");
    for sign in SIGNS {
        push(
            &mut page,
            &format!("| `{}` | `{}` | {} |", sign.sign, sign.ascii, sign.help),
        );
    }
    page
}

fn push(page: &mut String, line: &str) {
    let _a_string_takes_everything = writeln!(page, "{line}");
}
