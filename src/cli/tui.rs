//! Owns `tui`: what a console is started with, and how its end becomes an exit code.

use std::io::IsTerminal as _;
use std::sync::Arc;

use super::args::{GlobalArgs, TuiArgs};
use super::error::CliError;
use super::print;
use crate::logging;
use crate::settings::{self, ConsoleColors};
use crate::surroundings::Surroundings;
use crate::text::visible_text;
use crate::tui::app::{App, Start};
use crate::tui::keymap::Keymap;
use crate::tui::run::look::Wish;
use crate::tui::run::{self, ConsoleError, Ending, Setup, TerminalError};
use crate::tui::view::Colors;
use crate::worker::Worker;

/// Where a text is written that no clipboard takes, in the workspace.
const COPIES: &str = "copied.txt";

/// Runs the console and answers the exit code. It watches signals itself: a terminal is to be given back.
pub(super) fn run(args: &TuiArgs, global: &GlobalArgs) -> Result<u8, CliError> {
    let surroundings = Surroundings::find(global.workspace.as_deref(), global.config.as_deref())?;
    let console = surroundings.settings.console.clone();
    let keymap = Keymap::new(&console.keys).map_err(|error| {
        let default = surroundings.workspace.settings_file();
        let file = global.config.as_deref().unwrap_or(&default);
        CliError::from(settings::refused(file, &error.key, error.message))
    })?;
    let mouse = args.mouse || console.mouse;
    let (log, warnings) = logging::init(
        &surroundings.workspace,
        &surroundings.settings.logging,
        global.log_level,
    );
    for warning in &warnings {
        print::line_err(&visible_text(&format!("warning: {warning}")));
    }
    let start = Start {
        data: args.data.clone(),
        mouse,
    };
    let copies = surroundings.workspace.root().join(COPIES);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let surroundings = Arc::new(surroundings);
    // The log outlives the worker: both ways out of the console flush it by dropping it.
    let log = Arc::new(log);
    let log_of_worker = Arc::clone(&log);
    let setup = Setup {
        app: App::new(keymap, start),
        wish: Wish {
            ascii: args.ascii || console.ascii,
            no_color: global.no_color,
            colors: colors(console.colors),
        },
        mouse,
        record: args.record.clone().map(|path| (path, args.record_cells)),
        copies,
        on_screen: std::io::stdout().is_terminal(),
        environment: |name| std::env::var_os(name),
        start_worker: Box::new(move |tell| Worker::start(surroundings, threads, &log_of_worker, tell)),
        flush: Box::new(move || drop(log)),
    };
    let ended = run::run(setup).map(|left| {
        if let Some(word) = &left.word {
            print::line_err(&visible_text(word));
        }
        left.ending
    });
    match ended {
        Ok(Ending::Quit) => Ok(0),
        Ok(Ending::Signal(signal)) => Ok(u8::try_from(128 + signal).unwrap_or(1)),
        Err(error @ ConsoleError::Terminal(TerminalError::NoTerminal)) => Err(CliError::Usage(error.to_string())),
        Err(error) => Err(CliError::failed(error)),
    }
}

/// `None` where the environment decides.
fn colors(wanted: ConsoleColors) -> Option<Colors> {
    match wanted {
        ConsoleColors::Auto => None,
        ConsoleColors::None => Some(Colors::None),
        ConsoleColors::Sixteen => Some(Colors::Sixteen),
        ConsoleColors::Many => Some(Colors::Many),
    }
}
