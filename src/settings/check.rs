//! Owns holding a YAML value against the JSON schema of the settings types: unknown keys, wrong types, wrong words.

use regex::Regex;
use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

/// How alike two names must be for one to be offered for the other (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.7;

/// Schemas refer to each other; none of ours does so deeper.
const MAX_DEPTH: usize = 64;

/// One thing wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The key's path.
    pub(super) key: Vec<String>,
    /// What is wrong and what would be right.
    pub(super) message: String,
}

/// Everything in `value` that `schema` does not allow, in the order of the file.
pub(super) fn check(value: &Yaml, schema: &Json) -> Vec<Finding> {
    let mut checker = Checker {
        root: schema,
        findings: Vec::new(),
    };
    checker.value(value, schema, &mut Vec::new());
    checker.findings
}

struct Checker<'s> {
    root: &'s Json,
    findings: Vec<Finding>,
}

impl<'s> Checker<'s> {
    fn value(&mut self, value: &Yaml, schema: &'s Json, path: &mut Vec<String>) {
        if path.len() > MAX_DEPTH {
            return self.find(path, "nested too deeply".to_owned());
        }
        let schema = resolve(schema, self.root);
        // A section whose every key is commented out.
        if value.is_null() && path.len() <= 1 && schema.get("properties").is_some() {
            return;
        }
        if let Some(options) = schema.get("anyOf").and_then(Json::as_array) {
            return self.optional(value, options, path);
        }
        if let Some(words) = words(schema) {
            return self.word(value, &words, path);
        }
        let expected = types(schema);
        if !expected.is_empty() && !expected.iter().any(|t| has_type(value, t)) {
            let wanted: Vec<&str> = expected.iter().map(|t| type_name(t)).collect();
            let message = format!("expected {}, found {}", wanted.join(" or "), kind(value));
            return self.find(path, message);
        }
        self.range(value, schema, path);
        self.text(value, schema, path);
        match value {
            Yaml::Mapping(map) => self.mapping(map, schema, path),
            Yaml::Sequence(items) => {
                if let Some(inner) = schema.get("items") {
                    for (i, item) in items.iter().enumerate() {
                        path.push(i.to_string());
                        self.value(item, inner, path);
                        path.pop();
                    }
                }
            }
            _ => {}
        }
    }

    /// `Option<T>` of a named type: null or the one other.
    fn optional(&mut self, value: &Yaml, options: &'s [Json], path: &mut Vec<String>) {
        let is_null = |option: &&Json| option.get("type").and_then(Json::as_str) == Some("null");
        if value.is_null() && options.iter().any(|o| is_null(&o)) {
            return;
        }
        let mut others = options.iter().filter(|o| !is_null(o));
        // Where there are several, serde decides.
        if let (Some(only), None) = (others.next(), others.next()) {
            self.value(value, only, path);
        }
    }

    fn mapping(&mut self, map: &serde_yaml::Mapping, schema: &'s Json, path: &mut Vec<String>) {
        let properties = schema.get("properties").and_then(Json::as_object);
        let further = schema.get("additionalProperties");
        for (key, inner) in map {
            let key = key_text(key);
            path.push(key.clone());
            match (properties.and_then(|p| p.get(&key)), further) {
                (Some(known), _) => self.value(inner, known, path),
                (None, Some(Json::Bool(false))) => {
                    let names = properties
                        .into_iter()
                        .flat_map(|p| p.keys())
                        .map(String::as_str)
                        .collect::<Vec<_>>();
                    self.find(path, format!("no such key; {}", suggestion(&key, &names)));
                }
                (None, Some(any)) => self.value(inner, any, path),
                (None, None) => {}
            }
            path.pop();
        }
    }

    fn word(&mut self, value: &Yaml, words: &[&str], path: &[String]) {
        match value.as_str() {
            Some(word) if words.contains(&word) => {}
            Some(word) => {
                let message = format!("`{}` is not allowed; {}", shortened(word), suggestion(word, words));
                self.find(path, message);
            }
            // YAML reads a bare `off` as text but `no` and `null` are easily meant as words.
            None => self.find(
                path,
                format!("expected one of {}, found {}", listed(words), kind(value)),
            ),
        }
    }

    fn range(&mut self, value: &Yaml, schema: &Json, path: &[String]) {
        let Some(number) = value.as_f64() else { return };
        if !number.is_finite() {
            return self.find(path, "expected a finite number".to_owned());
        }
        let bound = |name: &str| schema.get(name).and_then(Json::as_f64);
        if let Some(low) = bound("minimum").filter(|low| number < *low) {
            self.find(path, format!("{number} is too small; the least is {low}"));
        }
        if let Some(high) = bound("maximum").filter(|high| number > *high) {
            self.find(path, format!("{number} is too large; the most is {high}"));
        }
    }

    /// Text of a fixed form (`threshold_by`) or length (`delimiter`).
    fn text(&mut self, value: &Yaml, schema: &Json, path: &[String]) {
        let Some(text) = value.as_str() else { return };
        let length = |name: &str| schema.get(name).and_then(Json::as_u64);
        let characters = text.chars().count() as u64;
        if length("minLength").is_some_and(|least| characters < least)
            || length("maxLength").is_some_and(|most| characters > most)
        {
            return self.find(path, format!("expected one character, found `{}`", shortened(text)));
        }
        let pattern = schema.get("pattern").and_then(Json::as_str);
        let Some(Ok(pattern)) = pattern.map(Regex::new) else {
            return;
        };
        if !pattern.is_match(text) {
            let examples = schema.get("examples").and_then(Json::as_array).into_iter().flatten();
            let examples: Vec<&str> = examples.filter_map(Json::as_str).collect();
            let message = format!(
                "`{}` is not of the right form; for example {}",
                shortened(text),
                listed(&examples)
            );
            self.find(path, message);
        }
    }

    fn find(&mut self, path: &[String], message: String) {
        self.findings.push(Finding {
            key: path.to_vec(),
            message,
        });
    }
}

/// Follows `$ref`s into `$defs`.
pub(super) fn resolve<'s>(schema: &'s Json, root: &'s Json) -> &'s Json {
    let mut current = schema;
    for _ in 0..MAX_DEPTH {
        let target = current
            .get("$ref")
            .and_then(Json::as_str)
            .and_then(|reference| root.pointer(reference.strip_prefix('#')?));
        match target {
            Some(next) => current = next,
            None => break,
        }
    }
    current
}

/// The words of an enumeration, in either way that schemars writes one.
pub(super) fn words(schema: &Json) -> Option<Vec<&str>> {
    let plain = schema.get("enum").and_then(Json::as_array);
    if let Some(values) = plain {
        return values.iter().map(Json::as_str).collect();
    }
    let options = schema.get("oneOf").and_then(Json::as_array)?;
    let mut all = Vec::new();
    for option in options {
        match option.get("const").and_then(Json::as_str) {
            Some(word) => all.push(word),
            None => all.extend(words(option)?),
        }
    }
    Some(all)
}

/// The types a schema allows, as JSON schema names them.
pub(super) fn types(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A JSON schema type in plain words.
pub(super) fn type_name(json_type: &str) -> &str {
    match json_type {
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "string" => "text",
        "array" => "a list",
        "object" => "keys with values",
        "null" => "nothing",
        other => other,
    }
}

fn has_type(value: &Yaml, json_type: &str) -> bool {
    match json_type {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_bool(),
        "string" => value.is_string(),
        "array" => value.is_sequence(),
        "object" => value.is_mapping(),
        "null" => value.is_null(),
        _ => true,
    }
}

/// What a value is, in plain words, short.
fn kind(value: &Yaml) -> String {
    match value {
        Yaml::Null => "nothing".to_owned(),
        Yaml::Bool(b) => format!("`{b}`"),
        Yaml::Number(n) => format!("the number {n}"),
        Yaml::String(text) => format!("the text `{}`", shortened(text)),
        Yaml::Sequence(_) => "a list".to_owned(),
        Yaml::Mapping(_) => "keys with values".to_owned(),
        Yaml::Tagged(_) => "a tagged value".to_owned(),
    }
}

fn key_text(key: &Yaml) -> String {
    match key {
        Yaml::String(text) => text.clone(),
        Yaml::Bool(b) => b.to_string(),
        Yaml::Number(n) => n.to_string(),
        Yaml::Null => "null".to_owned(),
        _ => "(a key that is not text)".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    let short: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        format!("{short}...")
    } else {
        short
    }
}

/// The nearest name if one is near, else all of them.
fn suggestion(given: &str, names: &[&str]) -> String {
    // Long input would make the comparison slow and cannot be a slip of a short name.
    let given = given.chars().take(100).collect::<String>().to_lowercase();
    let nearest = names
        .iter()
        .map(|name| (strsim::jaro_winkler(&given, name), *name))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("use one of {}", listed(names)),
    }
}

fn listed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
