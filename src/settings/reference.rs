//! Owns `docs/SETTINGS.md`: the reference of all settings, made from their types.

use std::fmt::Write;

use serde_json::Value;

use super::Settings;
use super::check::{resolve, type_name, types, words};

const INTRODUCTION: &str = "\
# Settings

<!-- Made from the types in src/: change those, then run `NSEC_UPDATE_DOCS=1 cargo test --lib settings`. -->

`nsec.yaml` in the workspace, or the file given with `--config`. The file is optional and so is every key: what is not
there has its default. A key that does not exist, a value of another type and a value out of its range are errors (exit
code 2) that name the file, the line and the key. Options on the command line go before settings.

```yaml
logging:
  level: debug
risk:
  bands: {low: 20, medium: 50, high: 80}
```
";

/// The text of `docs/SETTINGS.md`.
pub fn markdown() -> String {
    let schema = schemars::schema_for!(Settings);
    let root = schema.as_value();
    let defaults = serde_json::to_value(Settings::default()).unwrap_or_default();
    let mut page = INTRODUCTION.to_owned();
    for (section, property) in properties(root) {
        let inner = resolve(property, root);
        let about = description(property).or_else(|| description(inner)).unwrap_or_default();
        push(&mut page, &format!("\n## `{section}`\n\n{about}"));
        push(&mut page, "\n| Key | Type | Default | Meaning |\n|---|---|---|---|");
        rows(&mut page, section, inner, defaults.get(section), root);
    }
    page
}

/// One row a key; keys of keys with their dotted path.
fn rows(page: &mut String, prefix: &str, schema: &Value, defaults: Option<&Value>, root: &Value) {
    for (name, property) in properties(schema) {
        let path = format!("{prefix}.{name}");
        let inner = resolve(property, root);
        let default = defaults.and_then(|d| d.get(name));
        if properties(inner).next().is_some() {
            rows(page, &path, inner, default, root);
            continue;
        }
        let meaning = description(property).or_else(|| description(inner)).unwrap_or_default();
        let cells = [
            format!("`{path}`"),
            type_text(property, root),
            default_text(default),
            meaning,
        ];
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        push(page, &format!("| {} |", cells.join(" | ")));
    }
}

fn push(page: &mut String, line: &str) {
    let _a_string_takes_everything = writeln!(page, "{line}");
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// A doc comment as one line.
fn description(schema: &Value) -> Option<String> {
    let text = schema.get("description")?.as_str()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn type_text(schema: &Value, root: &Value) -> String {
    let schema = resolve(schema, root);
    if let Some(words) = words(schema) {
        return words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", ");
    }
    if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
        let texts: Vec<String> = options.iter().map(|option| type_text(option, root)).collect();
        return texts.join(" or ");
    }
    let mut texts: Vec<String> = Vec::new();
    for json_type in types(schema) {
        texts.push(
            match (json_type, schema.get("items"), schema.get("additionalProperties")) {
                ("array", Some(items), _) => format!("list of: {}", type_text(items, root)),
                ("object", _, Some(values)) if values.is_object() => format!("name: {}", type_text(values, root)),
                _ => type_name(json_type).to_owned(),
            },
        );
    }
    if texts.is_empty() {
        "anything".to_owned()
    } else {
        texts.join(" or ")
    }
}

fn default_text(default: Option<&Value>) -> String {
    match default {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(Value::String(text)) => format!("`{text}`"),
        Some(Value::Number(n)) => match n.as_f64() {
            Some(v) if v.fract() == 0.0 && v.abs() < 1e15 => format!("`{v}`"),
            _ => format!("`{n}`"),
        },
        Some(other) => format!("`{other}`"),
    }
}
