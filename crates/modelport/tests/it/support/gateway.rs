//! A gateway process: the built binary with nothing in its environment but what the test puts
//! there.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::client::{Exchange, Response};

/// What the line of a completion begins with.
const COMPLETION: &str = "/chat/completions";

/// A running gateway; killed when dropped.
pub struct Gateway {
    child: Child,
    addr: SocketAddr,
    output: Arc<Mutex<String>>,
    home: tempfile::TempDir,
}

/// The binary under test, with an empty environment and an empty working directory.
pub fn command(settings: &[(&str, &str)], home: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelport"));
    command
        .env_clear()
        .current_dir(home)
        .envs(settings.iter().copied());
    command
}

/// Runs a command of the binary to its end: its status and all it printed.
pub fn run(arguments: &[&str], settings: &[(&str, &str)]) -> (ExitStatus, String) {
    run_in(&tempfile::tempdir().unwrap(), arguments, settings)
}

/// Runs a command in this working directory.
pub fn run_in(
    home: &tempfile::TempDir,
    arguments: &[&str],
    settings: &[(&str, &str)],
) -> (ExitStatus, String) {
    let output = command(settings, home.path())
        .args(arguments)
        .output()
        .unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status, text)
}

impl Gateway {
    /// Starts a gateway on a free port and waits until it listens.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings)
    }

    /// Starts a gateway in this working directory.
    pub fn start_in(home: tempfile::TempDir, settings: &[(&str, &str)]) -> Self {
        let usual = [
            ("PORT", "0"),
            ("MODELPORT_WORKERS", "1"),
            ("MODELPORT_LOG_FORMAT", "text"),
        ];
        let mut child = command(&usual, home.path())
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Arc::new(Mutex::new(String::new()));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let stderr = child.stderr.take().unwrap();
        keep(stderr, Arc::clone(&output));
        let addr = line
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.split('/').next())
            .and_then(|addr| addr.trim().parse().ok());
        let addr = addr.unwrap_or_else(|| {
            thread::sleep(Duration::from_millis(200));
            panic!("no address in {line:?}; it said {}", output.lock().unwrap())
        });
        output.lock().unwrap().push_str(&line);
        keep(stdout, Arc::clone(&output));
        Self {
            child,
            addr,
            output,
            home,
        }
    }

    /// A gateway whose generic provider is `base_url`, with a key, and no Ollama.
    pub fn before(base_url: &str, more: &[(&str, &str)]) -> Self {
        let mut settings = vec![
            ("OPENAI_COMPATIBLE_BASE_URL", base_url),
            ("OPENAI_COMPATIBLE_API_KEY", "sk-upstream-secret"),
            ("OLLAMA_ENABLED", "false"),
        ];
        settings.extend_from_slice(more);
        Self::start(&settings)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its working directory.
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A request to it.
    pub fn request(&self, method: &str, path: &str) -> Exchange {
        Exchange::new(self.addr, method, path)
    }

    /// The answer to a GET.
    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path).send()
    }

    /// The answer to a chat completion with this body.
    pub fn chat(&self, body: &Value) -> Response {
        self.request("POST", "/v1/chat/completions")
            .body(body.to_string())
            .send()
    }

    /// All it has printed, on both streams.
    pub fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Waits until it has printed `needle`.
    pub fn wait_for_output(&self, needle: &str) -> bool {
        wait_until(Duration::from_secs(10), || self.output().contains(needle))
    }

    /// Waits until the line of a completion that ended so is printed; all must have ended so.
    pub fn wait_for_ending(&self, ending: &str) {
        let line = format!(" {COMPLETION} {ending} ");
        assert!(self.wait_for_output(&line), "{}", self.output());
        let output = self.output();
        let ended_so = output.matches(&line).count();
        assert_eq!(ended_so, self.completions(), "{output}");
    }

    /// How many completions have a line.
    pub fn completions(&self) -> usize {
        self.output().matches(&format!(" {COMPLETION} ")).count()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for its end.
    pub fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let mut status = None;
        wait_until(patience, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether `done` comes true in time. Looks often: there is nothing to be woken by.
pub fn wait_until(patience: Duration, mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        if done() {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    done()
}

/// Keeps what comes from there, as it comes.
pub fn keep(mut from: impl Read + Send + 'static, into: Arc<Mutex<String>>) {
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(got) = from.read(&mut buffer) {
            if got == 0 {
                return;
            }
            let text = String::from_utf8_lossy(&buffer[..got]).into_owned();
            into.lock().unwrap().push_str(&text);
        }
    });
}
