//! Commands of the binary that are given standard input or a terminal, and what they come to.

use std::{
    io::{Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use super::gateway::{keep, wait_until};

/// How long a command may take to do what is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a command came to.
pub struct Ran {
    /// Its exit status, none after a signal.
    pub status: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

/// Runs a command to its end with this on standard input.
pub fn finish(mut command: Command, input: &str) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // One that complains has not read it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The binary on a terminal of its own, which `script` makes. Control characters that are typed in do there what they do
/// on any terminal.
pub fn on_terminal(arguments: &[&str], settings: &[(&str, &str)], home: &Path) -> Command {
    let binary = env!("CARGO_BIN_EXE_modelport");
    // In the shell's place, whose own end by an interrupt would hide the command's.
    let line = format!("exec {binary} {}", arguments.join(" "));
    let mut command = Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .env("SHELL", "/bin/sh")
        .env_remove("NO_COLOR")
        .envs(settings.iter().copied())
        .current_dir(home);
    command
}

/// A command that runs, with what it has printed so far.
pub struct Running {
    child: Child,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
    _home: tempfile::TempDir,
}

impl Running {
    /// Starts the command that `make` makes for a working directory.
    pub fn of(make: impl FnOnce(&tempfile::TempDir) -> Command) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut child = make(&home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let kept = |from: Box<dyn Read + Send>| {
            let text = Arc::default();
            keep(from, Arc::clone(&text));
            text
        };
        let out = kept(Box::new(child.stdout.take().unwrap()));
        let err = kept(Box::new(child.stderr.take().unwrap()));
        Self {
            child,
            out,
            err,
            _home: home,
        }
    }

    /// What it has printed on standard output.
    pub fn out(&self) -> String {
        self.out.lock().unwrap().clone()
    }

    /// What it has printed on standard error.
    pub fn err(&self) -> String {
        self.err.lock().unwrap().clone()
    }

    /// Waits until its standard output is as it should be.
    pub fn wait_for(&self, done: impl Fn(&str) -> bool) {
        let came = wait_until(PATIENCE, || done(&self.out()));
        assert!(came, "{:?} {:?}", self.out(), self.err());
    }

    /// Gives it this on standard input.
    pub fn type_in(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Whether it has ended.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends SIGINT.
    pub fn interrupt(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end: its exit status.
    pub fn status(&mut self) -> Option<i32> {
        let mut status = None;
        wait_until(PATIENCE, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.and_then(|status| status.code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
