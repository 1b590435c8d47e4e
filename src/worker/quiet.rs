//! Owns that nothing but the console writes to the screen while the console has it: panics of other threads and warnings of
//! libraries go to the log.

use std::sync::Once;
use std::thread;

/// From now on a panic of any thread but the one that calls this is logged and not printed, and so are the warnings of the
/// data frame engine. Panics of the calling thread go to the hook that was in place, so a hook that puts the terminal in
/// order is to be set before. More calls do nothing.
pub fn keep_off_the_screen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let console = thread::current().id();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if thread::current().id() == console {
                before(info);
                return;
            }
            let payload = info.payload();
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            let place = info.location().map(ToString::to_string);
            tracing::error!(
                thread = thread::current().name().unwrap_or("unnamed"),
                place,
                "panicked: {}",
                text.unwrap_or("no message")
            );
        }));
        polars::error::set_warning_function(|text, kind| tracing::warn!(target: "polars", ?kind, "{text}"));
    });
}
