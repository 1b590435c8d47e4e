//! The `nsec-tui` program: hands its arguments to [`nsec_tui::cli`] and its exit code back to the system.

use std::process::ExitCode;

fn main() -> ExitCode {
    nsec_tui::cli::run()
}
