//! What is kept, and where.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use modelport_provider::credential::Secret;
use sqlx::postgres::PgConnectOptions;

use super::environment::Environment;
use super::redis::{self, RedisConfig};
use super::server;
use super::setting;
use super::value::{self, Wrong, wrong};

/// The embedded database's file in the directory.
const FILE: &str = "modelport.db";

/// Where things are kept that outlive the process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StorageConfig {
    /// The directory, which need not be there yet; `None` where neither a setting nor the environment names one, and
    /// then nothing outlives the process.
    pub data_dir: Option<PathBuf>,
    /// The database of the ledger; `None` where there is no directory for one and none is named.
    pub database: Option<Database>,
    /// The server through which limits are shared, if they are.
    pub redis: Option<RedisConfig>,
    /// How much of it is kept.
    pub keep: Keep,
}

/// How much of the ledger is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// The days that a row is kept; `None` for no end.
    pub days: Option<u32>,
    /// The size in bytes that the embedded database may have; `None` for no end.
    pub bytes: Option<u64>,
}

/// Which database keeps the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// The embedded one, in this file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(PostgresUrl),
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

/// The URL of a PostgreSQL database, which may hold a password. What is shown of it does not.
#[derive(Debug, Clone)]
pub struct PostgresUrl {
    url: Secret,
    shown: String,
}

impl PostgresUrl {
    /// The URL itself, password and all: for connecting, never for a log.
    pub fn expose(&self) -> &str {
        self.url.expose()
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl PartialEq for PostgresUrl {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for PostgresUrl {}

/// Reads where things are kept. Without a setting it is the user's state directory (XDG Base Directory Specification
/// 0.8).
pub(super) fn read(environment: &mut Environment) -> StorageConfig {
    let name = setting::DATA_DIR.name.to_owned();
    let set = environment.take(&[name], value::text);
    let data_dir = match set {
        Some(found) => Some(PathBuf::from(found.value)),
        None => state_home(environment).map(|home| home.join("modelport")),
    };
    let name = setting::DATABASE_URL.name.to_owned();
    let set = environment.take(&[name], database);
    let database = match (set, &data_dir) {
        (Some(found), _) => Some(found.value),
        (None, Some(directory)) => Some(Database::Sqlite(directory.join(FILE))),
        (None, None) => None,
    };
    let days = server::preset(environment, &setting::KEEP_DAYS, value::days);
    let bytes = server::preset(environment, &setting::MAX_SIZE, value::size);
    StorageConfig {
        data_dir,
        database,
        redis: redis::read(environment),
        keep: Keep {
            days: days.flatten(),
            bytes,
        },
    }
}

/// Reads the URL of a database, of which nothing is repeated: it may hold a password.
pub(super) fn database(text: &str) -> Result<Database, Wrong> {
    const REMEDY: &str =
        "Use sqlite:///path/of/file.db or postgres://user:password@host:5432/database.";
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(wrong("it is no URL", REMEDY));
    };
    match scheme {
        "sqlite" if rest.starts_with('/') && rest.len() > 1 => {
            Ok(Database::Sqlite(PathBuf::from(rest)))
        }
        "sqlite" => Err(wrong("it names no file by its whole path", REMEDY)),
        "postgres" | "postgresql" => postgres(text).map(Database::Postgres),
        _ => Err(wrong(
            "it is the URL of neither SQLite nor PostgreSQL",
            REMEDY,
        )),
    }
}

fn postgres(text: &str) -> Result<PostgresUrl, Wrong> {
    const REMEDY: &str = "Use postgres://user:password@host:5432/database, with every character of the password that is not a letter or a digit as % and two hexadecimal digits.";
    let refused = |_| wrong("it is no URL of PostgreSQL", REMEDY);
    let options = PgConnectOptions::from_str(text).map_err(refused)?;
    let url = Secret::new(text)
        .map_err(|_| wrong("it holds a blank or a character outside ASCII", REMEDY))?;
    let database = options.get_database().unwrap_or(options.get_username());
    let shown = match options.get_socket() {
        Some(socket) => format!("postgres://{}/{database}", socket.display()),
        None => format!(
            "postgres://{}:{}/{database}",
            options.get_host(),
            options.get_port()
        ),
    };
    Ok(PostgresUrl { url, shown })
}

fn state_home(environment: &Environment) -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = Path::new(environment.variables.get(name)?);
        path.is_absolute().then(|| path.to_owned())
    };
    absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))
}

#[cfg(test)]
mod tests {
    use super::super::report::startup_block;
    use super::super::tests::{config, faults, of_file};
    use super::*;

    #[test]
    fn the_setting_comes_before_the_users_state_directory() {
        let check = |settings: &[(&str, &str)], expected: Option<&str>| {
            let found = config(settings).storage.data_dir;
            assert_eq!(found.as_deref().and_then(|path| path.to_str()), expected);
        };
        check(&[], None);
        check(
            &[("HOME", "/home/ada")],
            Some("/home/ada/.local/state/modelport"),
        );
        let xdg = [("HOME", "/home/ada"), ("XDG_STATE_HOME", "/state")];
        check(&xdg, Some("/state/modelport"));
        check(&[("XDG_STATE_HOME", "relative")], None);
        let set = [("HOME", "/home/ada"), ("MODELPORT_DATA_DIR", "/data")];
        check(&set, Some("/data"));
    }

    #[test]
    fn the_configuration_file_says_the_same() {
        let file = "[storage]\ndata_dir = '/data'\nkeep_days = 5\nmax_size = '2 MiB'";
        let storage = of_file(file).unwrap().storage;
        assert_eq!(storage.data_dir.as_deref(), Some(Path::new("/data")));
        let expected = Keep {
            days: Some(5),
            bytes: Some(2 << 20),
        };
        assert_eq!(storage.keep, expected);
    }

    #[test]
    fn the_database_is_a_file_or_a_server_and_its_password_is_never_shown() {
        let check = |settings: &[(&str, &str)], expected: &str| {
            let config = config(settings);
            let shown = config.storage.database.as_ref().unwrap().to_string();
            assert_eq!(shown, expected);
            assert!(!format!("{config:?}").contains("pass-word"));
            assert!(!startup_block(&config, &[]).contains("pass-word"));
        };
        check(&[("MODELPORT_DATA_DIR", "/data")], "/data/modelport.db");
        let url = |url| [("MODELPORT_DATABASE_URL", url)];
        check(&url("sqlite:///srv/a.db"), "/srv/a.db");
        check(
            &url("postgres://ada:pass-word@db.example/ledger"),
            "postgres://db.example:5432/ledger",
        );
        check(
            &url("postgresql://ada:pass-word@127.0.0.1:5433/ledger?sslmode=require"),
            "postgres://127.0.0.1:5433/ledger",
        );
        assert!(
            config(&[("DATABASE_URL", "mysql://x")])
                .storage
                .database
                .is_none()
        );
        let wrong = |url| {
            let said = faults(&[("MODELPORT_DATABASE_URL", url)]);
            assert!(said.contains("MODELPORT_DATABASE_URL"), "{said}");
            assert!(said.contains("Use "), "{said}");
            assert!(!said.contains("pass-word"), "{said}");
        };
        wrong("mysql://ada:pass-word@db.example/ledger");
        wrong("pass-word");
        wrong("sqlite://relative.db");
        wrong("postgres://ada:pass-word@db.example:port/ledger");
    }
}
