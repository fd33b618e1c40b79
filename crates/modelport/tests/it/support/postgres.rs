//! A throw-away PostgreSQL server from the system's packages, on a free port.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use sqlx::{Connection, PgConnection};

use super::wait_until;

/// The only user of the server, and the password, which must never be seen in any output.
const USER: &str = "ada";
pub const PASSWORD: &str = "pass-word";

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server; stopped and deleted when dropped.
pub struct Postgres {
    home: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

impl Postgres {
    /// Starts a server with an empty database.
    pub fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        if let Some((user, group)) = other_user() {
            chown(home.path(), Some(user), Some(group)).unwrap();
        }
        let password = home.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        let output = program("initdb", home.path())
            .args(["--no-sync", "--no-locale", "--encoding=UTF8"])
            .args(["--auth=scram-sha-256", "--username", USER, "--pwfile"])
            .arg(&password)
            .arg("--pgdata")
            .arg(home.path().join("data"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "initdb: {said}");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .unwrap()
            .port();
        let mut server = Self {
            home,
            port,
            child: None,
        };
        server.resume();
        server
    }

    /// The database's URL.
    pub fn url(&self) -> String {
        format!(
            "postgres://{USER}:{PASSWORD}@127.0.0.1:{}/postgres",
            self.port
        )
    }

    /// Stops the server; its database stays.
    pub fn pause(&mut self) {
        let mut child = self.child.take().unwrap();
        let pid = child.id().to_string();
        // SIGINT is its "fast shutdown": connections are cut.
        let asked = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(asked.success());
        assert!(wait_until(PATIENCE, || child.try_wait().unwrap().is_some()));
    }

    /// Starts the server again, and waits until it answers.
    pub fn resume(&mut self) {
        let log = fs::File::create(self.home.path().join("log")).unwrap();
        let mut server = program("postgres", self.home.path());
        server
            .arg("-D")
            .arg(self.home.path().join("data"))
            .args(["-p", &self.port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .args(["-c", "fsync=off"])
            .stdout(Stdio::null())
            .stderr(log);
        self.child = Some(server.spawn().unwrap());
        let url = self.url();
        let answers = || block_on(PgConnection::connect(&url)).is_ok();
        assert!(wait_until(PATIENCE, answers), "{}", self.log());
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // SIGQUIT is its "immediate shutdown"; killing it would leave its children behind.
            let pid = child.id().to_string();
            let _ = Command::new("kill").args(["-QUIT", &pid]).status();
            let _ = child.wait();
        }
    }
}

/// Runs something to its end.
pub fn block_on<T>(something: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(something)
}

/// A program of the server, run as somebody whom it does not refuse: it does not run as root.
fn program(name: &str, directory: &Path) -> Command {
    let mut command = Command::new(binary(name));
    command
        .current_dir(directory)
        .env_clear()
        .env("LC_ALL", "C");
    if let Some((user, group)) = other_user() {
        command.uid(user).gid(group);
    }
    command
}

/// Where a program of the server is: Debian keeps them out of the path.
fn binary(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut places: Vec<PathBuf> = versions
        .map(|version| version.unwrap().path().join("bin"))
        .collect();
    places.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    places.extend(std::env::split_paths(&path));
    places
        .iter()
        .map(|place| place.join(name))
        .find(|program| program.exists())
        .unwrap_or_else(|| panic!("{name} of PostgreSQL is not installed: run scripts/services"))
}

/// For root, the user and the group that the server's package made.
fn other_user() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &str| {
        let fields = users
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>());
        let mut found = fields.filter(|fields| fields[0] == name);
        let fields = found.next()?;
        Some((fields[2].parse().unwrap(), fields[3].parse().unwrap()))
    };
    Some(of("postgres").or_else(|| of("nobody")).unwrap())
}
