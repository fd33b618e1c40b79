//! A throw-away Redis server from the system's packages, on a free port, that keeps nothing.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The password, which must never be seen in any output.
pub const PASSWORD: &str = "pass-word";

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; stopped when dropped.
pub struct Redis {
    home: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

impl Redis {
    /// Starts an empty server.
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .unwrap()
            .port();
        let mut server = Self {
            home: tempfile::tempdir().unwrap(),
            port,
            child: None,
        };
        server.resume();
        server
    }

    /// Listens with TLS too, by a certificate for `localhost`: the URL for that.
    pub fn listen_with_tls(&self, certificate: &Path, key: &Path) -> String {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .unwrap()
            .port();
        let (certificate, key) = (certificate.display(), key.display());
        let said = self.say(&format!(
            "CONFIG SET tls-cert-file {certificate} tls-key-file {key} tls-ca-cert-file {certificate} tls-auth-clients no tls-port {port}"
        ));
        assert_eq!(said.as_deref(), Some("+OK\r\n"));
        format!("rediss://:{PASSWORD}@localhost:{port}/0")
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://:{PASSWORD}@127.0.0.1:{}/0", self.port)
    }

    /// Stops the server; all that it knew is lost.
    pub fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts it again, empty, and waits until it answers.
    pub fn resume(&mut self) {
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .args(["--requirepass", PASSWORD])
            .arg("--dir")
            .arg(self.home.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is not installed: run scripts/services");
        self.child = Some(child);
        let since = Instant::now();
        while self.say("PING").is_none_or(|said| !said.contains("PONG")) {
            assert!(since.elapsed() < PATIENCE, "redis-server does not answer");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends it a signal: STOP lets it hang, CONT go on.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        let signal = format!("-{signal}");
        let sent = Command::new("kill").args([&signal, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// What it answers to a command without blanks in its words; `None` if it is not there.
    pub fn say(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "AUTH {PASSWORD}\r\n{command}\r\nQUIT\r\n").ok()?;
        let mut said = String::new();
        stream.read_to_string(&mut said).ok()?;
        let said = said.strip_prefix("+OK\r\n")?;
        Some(said.strip_suffix("+OK\r\n").unwrap_or(said).to_owned())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
