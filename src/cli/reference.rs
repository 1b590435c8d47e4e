//! Owns `completions` and `man`: both made from the one table of commands in [`super::args`].

use std::io::{self, Write};

use clap::CommandFactory;
use clap_mangen::Man;

use super::args::{Cli, EXAMPLES, EXIT_CODES};
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
    let mut page = Vec::new();
    whole_page(&mut page).map_err(CliError::failed)?;
    print::bytes_out(&page)
}

fn whole_page(page: &mut Vec<u8>) -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    // They stand in the sections below, not in pages of their own; and there once, not in every command's options.
    let program = Man::new(command.clone().after_help(None::<&str>));
    program.render_title(page)?;
    program.render_name_section(page)?;
    program.render_synopsis_section(page)?;
    program.render_description_section(page)?;
    program.render_options_section(page)?;
    for sub in command.get_subcommands() {
        render(sub, &format!("nsec-tui {}", sub.get_name()), page)?;
    }
    for (title, text) in [("EXIT STATUS", EXIT_CODES), ("EXAMPLES", EXAMPLES)] {
        writeln!(page, ".SH \"{title}\"\n.nf\n{}\n.fi", text.replace('-', "\\-"))?;
    }
    program.render_version_section(page)
}

/// A command that does something gets a section; a group of commands gets its members' sections.
fn render(command: &clap::Command, path: &str, page: &mut Vec<u8>) -> io::Result<()> {
    if command.has_subcommands() {
        return command
            .get_subcommands()
            .try_for_each(|sub| render(sub, &format!("{path} {}", sub.get_name()), page));
    }
    let own = command
        .clone()
        .mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
    let man = Man::new(own);
    writeln!(page, ".SH \"{}\"", path.to_uppercase())?;
    man.render_description_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_options_section(page)
}
