//! `modelport man`: the page names every command and option, and roff takes it.

use std::process::Command;

use super::check;
use crate::support::commands::finish;

#[test]
fn every_command_has_a_section() {
    let page = check(&["man"], &[], 0, &[".TH modelport 1", ".SH NAME"]);
    let help = check(&["--help"], &[], 0, &[]);
    let commands = help.split("Commands:\n").nth(1).unwrap();
    let commands = commands.lines().take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let section = format!("\n.SS modelport {name}");
        assert!(page.contains(&section), "{name}");
    }
    for words in [
        ".SS modelport keys rotate\n",
        ".SH SETTINGS AND EXIT STATUS\n",
        "\\-\\-once",
        "Exit status: 0 the last answer came whole",
    ] {
        assert!(page.contains(words), "{words:?} is not in the page");
    }
    assert_eq!(page.matches(".SH OPTIONS").count(), 1);
}

#[test]
fn man_shows_it_without_a_warning() {
    let page = check(&["man"], &[], 0, &[]);
    let mut man = Command::new("man");
    man.args(["--warnings", "-l", "-"]).envs([
        ("MANWIDTH", "80"),
        ("LC_ALL", "C.UTF-8"),
        ("PAGER", "cat"),
    ]);
    if Command::new("man").arg("--version").output().is_err() {
        // Not every machine has it.
        return;
    }
    let ran = finish(man, &page);
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.contains("modelport chat [--system]"), "{}", ran.out);
}
