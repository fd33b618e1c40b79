//! `modelport completions`: what shells make of the scripts.

use std::process::Command;

use super::check;
use crate::support::commands::finish;

/// What bash offers behind these words, by the script.
fn offered(script: &str, words: &str) -> String {
    let mut bash = Command::new("bash");
    let complete = format!(
        "source /dev/stdin; COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
         _modelport modelport \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"
         echo \"${{COMPREPLY[@]}}\""
    );
    bash.args(["--noprofile", "--norc", "-c", &complete]);
    let ran = finish(bash, script);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    ran.out.trim().to_owned()
}

#[test]
fn bash_takes_its_script_and_completes_with_it() {
    let script = check(&["completions", "bash"], &[], 0, &["_modelport"]);
    let mut bash = Command::new("bash");
    bash.arg("-n");
    let ran = finish(bash, &script);
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""));
    assert_eq!(offered(&script, "modelport sta"), "status");
    assert_eq!(offered(&script, "modelport chat --o"), "--once");
    assert_eq!(offered(&script, "modelport keys rev"), "revoke");
}

#[test]
fn there_is_a_script_for_each_usual_shell() {
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        check(&["completions", shell], &[], 0, &["chat", "key-env"]);
    }
    check(&["completions", "tcsh"], &[], 2, &["tcsh", "zsh"]);
}
