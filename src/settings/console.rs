//! Owns the settings of the console. What the names of places, actions and keys are, the console knows and checks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many colours the console draws with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsoleColors {
    /// What `TERM` and `NO_COLOR` say.
    #[default]
    Auto,
    /// None: bold, underlined and reversed text only.
    None,
    /// The terminal's own sixteen.
    Sixteen,
    /// 256 fixed ones.
    Many,
}

/// How the console looks and which keys it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConsoleSettings {
    /// Draw in ASCII only, as `--ascii` does. Without it the locale decides.
    pub ascii: bool,
    /// How many colours: `auto` takes what `TERM` says, and none under `NO_COLOR` or `--no-color`, which go before every
    /// value here.
    pub colors: ConsoleColors,
    /// Let the console have the mouse from the start, as `--mouse` does: the wheel scrolls, and selecting text takes Shift.
    pub mouse: bool,
    /// Other keys, by place and action: `{data: {find: ["/", ctrl-s]}}`. A list takes the place of the action's own keys;
    /// an empty one leaves it to the palette. docs/KEYS.md has the names of places, actions and keys.
    pub keys: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}
