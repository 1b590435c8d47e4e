//! Owns `completions` and `man`: both made from the one table of commands in [`super::args`].

use clap::CommandFactory;

use super::args::Cli;
use super::error::CliError;
use super::print;

/// Prints the completion script of a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "nsec-tui", &mut script);
    print::bytes_out(&script)
}

/// Prints the manual page: the program's, then one section a command.
pub(super) fn man() -> Result<(), CliError> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    render(&command, "nsec-tui", &mut page).map_err(CliError::failed)?;
    print::bytes_out(&page)
}

fn render(command: &clap::Command, path: &str, page: &mut Vec<u8>) -> std::io::Result<()> {
    let man = clap_mangen::Man::new(command.clone()).title(path.to_uppercase().replace(' ', "-"));
    if path == "nsec-tui" {
        man.render(page)?;
    } else {
        page.extend_from_slice(format!(".SH \"{}\"\n", path.to_uppercase()).as_bytes());
        man.render_description_section(page)?;
        man.render_synopsis_section(page)?;
        man.render_options_section(page)?;
    }
    for sub in command.get_subcommands() {
        render(sub, &format!("{path} {}", sub.get_name()), page)?;
    }
    Ok(())
}
