//! `modelport completions`: what a shell completes of the commands and their options.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, show};

/// For which shell.
#[derive(Debug, Args)]
#[command(
    after_help = "bash:  modelport completions bash > ~/.local/share/bash-completion/completions/modelport\n\
    zsh:   modelport completions zsh > \"${fpath[1]}/_modelport\"\n\
    fish:  modelport completions fish > ~/.config/fish/completions/modelport.fish\n\
    A shell that starts after that has them."
)]
pub struct Options {
    /// The shell
    shell: Shell,
}

/// Prints the script and gives the exit status.
pub fn run(options: &Options) -> u8 {
    let mut script = Vec::new();
    generate(options.shell, &mut Cli::command(), "modelport", &mut script);
    show(&String::from_utf8_lossy(&script));
    0
}
