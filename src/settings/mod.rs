//! Owns `nsec.yaml`: the settings of every part, typed, each with a default, read with errors that name the line.
//!
//! A new section is one line in [`Settings`]: a field whose type derives `JsonSchema`, `Serialize` and `Deserialize`,
//! has `#[serde(default, deny_unknown_fields)]` and a `Default`. Checking, messages and `docs/SETTINGS.md` follow
//! from the type.

mod check;
mod console;
mod locate;
pub mod reference;
#[cfg(test)]
mod tests;
mod watch;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_yaml::Value;

pub use self::console::{ConsoleColors, ConsoleSettings};
pub use self::watch::WatchSettings;
pub use crate::logging::{LogLevel, LoggingSettings};

use crate::data::ReadSettings;
use crate::mongo::MongoSettings;
use crate::pipeline::prediction::PredictionSettings;
use crate::pipeline::training::{TrainingError, TrainingSettings};
use crate::transform::{TransformError, TransformSettings};
use crate::triage::{RiskSettings, TriageSettings};
use crate::validation::ValidationSettings;
use crate::workspace::WorkspaceSettings;

/// A larger file is no settings file.
const MAX_BYTES: u64 = 1 << 20;

/// Everything that `nsec.yaml` can say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Who may use the workspace.
    pub workspace: WorkspaceSettings,
    /// Log files in `logs/`.
    pub logging: LoggingSettings,
    /// How sources are read.
    pub reading: ReadSettings,
    /// How rows are checked.
    pub validation: ValidationSettings,
    /// How columns become features.
    pub transform: TransformSettings,
    /// How models are trained, selected and promoted.
    pub training: TrainingSettings,
    /// How files are scored.
    pub prediction: PredictionSettings,
    /// Risk bands and recommended actions.
    pub risk: RiskSettings,
    /// How flagged rows are reviewed.
    pub triage: TriageSettings,
    /// The MongoDB server that a team shares. Everything works without it.
    pub mongo: MongoSettings,
    /// The directory whose new files are scored.
    pub watch: WatchSettings,
    /// How the console looks, and its keys.
    pub console: ConsoleSettings,
}

impl Settings {
    /// What the types cannot say: ranges, names of metrics and models, values that must fit together. Gives each
    /// section's first wrong key and what is wrong with it.
    fn validate(&self) -> Vec<(String, String)> {
        let Self {
            // Nothing in these can be wrong beyond their types.
            workspace: _,
            logging: _,
            reading,
            validation,
            transform,
            training,
            prediction,
            risk,
            triage,
            mongo,
            watch,
            // The console checks the names of keys when it begins, and says with `refused` what is wrong.
            console: _,
        } = self;
        let sections = [
            ("reading", reading.check()),
            ("validation", validation.check()),
            ("transform", transform.check().map_err(of_transform)),
            ("training", training.check().map_err(of_training)),
            ("prediction", prediction.check()),
            ("risk", risk.validate()),
            ("triage", triage.check()),
            ("mongo", mongo.check()),
            ("watch", watch.check()),
        ];
        let wrong = |(section, result): (&str, Result<(), (String, String)>)| {
            result.err().map(|(key, message)| (format!("{section}.{key}"), message))
        };
        sections.into_iter().filter_map(wrong).collect()
    }
}

fn of_transform(error: TransformError) -> (String, String) {
    match error {
        TransformError::Setting { key, expected } => (key.to_owned(), format!("expected {expected}")),
        other => (String::new(), other.to_string()),
    }
}

fn of_training(error: TrainingError) -> (String, String) {
    match error {
        TrainingError::Setting { key, reason } => (key.strip_prefix("training.").unwrap_or(&key).to_owned(), reason),
        other => (String::new(), other.to_string()),
    }
}

/// One thing wrong in a settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// 1-based line, where known.
    pub line: Option<usize>,
    /// The key's path: `risk.bands.low`; empty for the file as a whole.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", crate::text::visible_text(&self.key))?;
        }
        f.write_str(&crate::text::visible_text(&self.message))
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file could not be read.
    #[error("{file}: cannot read the settings: {cause}")]
    Read {
        /// The file.
        file: String,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The file says something that cannot be meant.
    #[error("{file}: {}; docs/SETTINGS.md lists every key", in_one_line(problems))]
    Invalid {
        /// The file.
        file: String,
        /// What is wrong, in the order of the file; at least one.
        problems: Vec<Problem>,
    },
}

/// The first problems; a person mends a few at a time.
fn in_one_line(problems: &[Problem]) -> String {
    const SHOWN: usize = 5;
    let text = problems
        .iter()
        .take(SHOWN)
        .map(Problem::to_string)
        .collect::<Vec<_>>()
        .join("; ");
    match problems.len().saturating_sub(SHOWN) {
        0 => text,
        more => text + &format!("; and {more} more"),
    }
}

/// Reads settings: the file that a person named (`--config`), which must exist, else `default_file`
/// (`<workspace>/nsec.yaml`), which need not.
pub fn load(named: Option<&Path>, default_file: &Path) -> Result<Settings, SettingsError> {
    let path: PathBuf = named.unwrap_or(default_file).to_path_buf();
    let file = path.display().to_string();
    let fail = |cause| SettingsError::Read {
        file: file.clone(),
        cause,
    };
    let opened = match File::open(&path) {
        Ok(opened) => opened,
        Err(e) if e.kind() == io::ErrorKind::NotFound && named.is_none() => return Ok(Settings::default()),
        Err(e) => return Err(fail(e)),
    };
    let mut bytes = Vec::new();
    opened.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(fail)?;
    let whole = |message: &str| SettingsError::Invalid {
        file: file.clone(),
        problems: vec![Problem {
            line: None,
            key: String::new(),
            message: message.to_owned(),
        }],
    };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(whole("it is larger than 1 MB, which no settings file is"));
    }
    let text = String::from_utf8(bytes).map_err(|_| whole("it is not UTF-8 text"))?;
    parse(&text, &file)
}

/// Reads settings from text; `file` names it in errors. An empty text, and sections without content, mean defaults.
pub fn parse(text: &str, file: &str) -> Result<Settings, SettingsError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let invalid = |mut problems: Vec<Problem>| {
        problems.sort_by_key(|p| p.line);
        SettingsError::Invalid {
            file: file.to_owned(),
            problems,
        }
    };
    let located = |key: &[String], message: String| Problem {
        line: locate::line_of(text, key),
        key: key.join("."),
        message,
    };
    let value: Value = serde_yaml::from_str(text).map_err(|e| invalid(vec![from_yaml(&e)]))?;
    if value.is_null() {
        return Ok(Settings::default());
    }
    let value = written_out(value);
    let schema = schemars::schema_for!(Settings);
    let findings = check::check(&value, schema.as_value());
    let mut problems: Vec<Problem> = findings.into_iter().map(|f| located(&f.key, f.message)).collect();
    match serde_yaml::from_value::<Settings>(without_empty_sections(value)) {
        Ok(settings) => {
            for (key, message) in settings.validate() {
                let path: Vec<String> = key.split('.').map(str::to_owned).collect();
                if problems.iter().all(|known| known.key != key) {
                    problems.push(located(&path, message));
                }
            }
            if problems.is_empty() {
                return Ok(settings);
            }
        }
        // What keeps it from being read was found above, unless only the types themselves can tell.
        Err(error) if problems.is_empty() => {
            problems.push(located_by_reading(text, &error).unwrap_or_else(|| from_yaml(&error)));
        }
        Err(_) => {}
    }
    Err(invalid(problems))
}

/// The error of whoever finds later that a key of the file cannot be meant, with its line as all the others have it.
/// `key` is its path: `console.keys.data.find`.
pub fn refused(file: &Path, key: &str, message: String) -> SettingsError {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let path: Vec<String> = key.split('.').map(str::to_owned).collect();
    SettingsError::Invalid {
        file: file.display().to_string(),
        problems: vec![Problem {
            line: locate::line_of(&text, &path),
            key: key.to_owned(),
            message,
        }],
    }
}

fn from_yaml(error: &serde_yaml::Error) -> Problem {
    let text = error.to_string();
    // The line stands in front already.
    let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
    Problem {
        line: error.location().map(|l| l.line()),
        key: String::new(),
        message,
    }
}

/// A value tree has no lines; reading the text anew says where the same error stands.
fn located_by_reading(text: &str, error: &serde_yaml::Error) -> Option<Problem> {
    let again = serde_yaml::from_str::<Settings>(text).err()?;
    let (line, message) = (from_yaml(&again).line, from_yaml(error).message);
    let tree: Value = serde_yaml::from_str(text).ok()?;
    let sections = tree.as_mapping()?.iter();
    let mut paths = sections.filter_map(|(section, inner)| Some((section.as_str()?, inner.as_mapping()?)));
    let key = paths.find_map(|(section, inner)| {
        let mut keys = inner.keys().filter_map(Value::as_str);
        keys.find_map(|key| {
            let path = [section.to_owned(), key.to_owned()];
            (locate::line_of(text, &path) == line).then(|| path.join("."))
        })
    })?;
    Some(Problem { line, key, message })
}

/// With short forms as what they stand for: `watch: DIR`.
fn written_out(mut value: Value) -> Value {
    if let Some(watch) = value.get_mut("watch")
        && watch.is_string()
    {
        let directory = std::mem::take(watch);
        let key = Value::String("directory".to_owned());
        *watch = Value::Mapping([(key, directory)].into_iter().collect());
    }
    value
}

/// Without keys that have no value at the top: a section whose every key is commented out.
fn without_empty_sections(value: Value) -> Value {
    match value {
        Value::Mapping(map) => Value::Mapping(map.into_iter().filter(|(_, v)| !v.is_null()).collect()),
        other => other,
    }
}
