//! `modelport man`: the manual page, with a section for each command, made from what `--help` says.

use std::{fmt::Write, io};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::{Cli, FAILED, complain, show};

/// What begins each text that is rendered, and is needed once.
const PREAMBLE: [&str; 2] = [".ie \\n(.g", ".el .ds Aq"];

/// Prints the page and gives the exit status.
pub(super) fn run() -> u8 {
    match page() {
        Ok(page) => {
            show(&page);
            0
        }
        Err(error) => {
            complain(format!("modelport man: {error}"));
            FAILED
        }
    }
}

/// The page in roff.
fn page() -> io::Result<String> {
    let mut cli = Cli::command()
        .disable_help_flag(true)
        .disable_help_subcommand(true);
    cli.build();
    let man = Man::new(cli.clone());
    let mut head = Vec::new();
    man.render_title(&mut head)?;
    man.render_name_section(&mut head)?;
    man.render_synopsis_section(&mut head)?;
    man.render_options_section(&mut head)?;
    let mut page = text(head)?;
    page.push_str(".SH SETTINGS AND EXIT STATUS\n");
    add_closing_words(&man, &mut page)?;
    page.push_str(".SH COMMANDS\n");
    for command in cli.get_subcommands() {
        add(command, &mut page)?;
    }
    Ok(without_repeated_preamble(&page))
}

/// Adds a command's section, or those of its own commands.
fn add(command: &Command, page: &mut String) -> io::Result<()> {
    if command.has_subcommands() {
        return command.get_subcommands().try_for_each(|one| add(one, page));
    }
    // The page tells of this option once.
    let command = command.clone().mut_arg("config", |arg| arg.hide(true));
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let _ = writeln!(page, ".SS {name}");
    let man = Man::new(command.clone());
    let mut sections = Vec::new();
    man.render_description_section(&mut sections)?;
    man.render_synopsis_section(&mut sections)?;
    man.render_options_section(&mut sections)?;
    for line in text(sections)?.lines() {
        match line.strip_prefix(".SH ") {
            None => page.push_str(line),
            Some("DESCRIPTION" | "SYNOPSIS" | "OPTIONS") => page.push_str(".PP"),
            Some(heading) => {
                let _ = write!(page, ".PP\n.I {heading}");
            }
        }
        page.push('\n');
    }
    if command.get_after_help().is_some() {
        page.push_str(".PP\n");
        add_closing_words(&man, page)?;
    }
    Ok(())
}

/// Adds what `--help` ends with, its lines being lines here too.
fn add_closing_words(man: &Man, page: &mut String) -> io::Result<()> {
    let mut words = Vec::new();
    man.render_extra_section(&mut words)?;
    for line in text(words)?
        .lines()
        .filter(|line| !line.starts_with(".SH "))
    {
        page.push_str(line);
        page.push('\n');
        if !line.starts_with('.') {
            page.push_str(".br\n");
        }
    }
    Ok(())
}

fn text(roff: Vec<u8>) -> io::Result<String> {
    String::from_utf8(roff).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

fn without_repeated_preamble(page: &str) -> String {
    let mut is_first = true;
    let mut kept = String::with_capacity(page.len());
    for line in page.lines() {
        if PREAMBLE.iter().any(|begin| line.starts_with(begin)) {
            let ends = line.starts_with(PREAMBLE[1]);
            if !is_first {
                continue;
            }
            is_first = !ends;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}
