//! The server through which several gateways share their limits.

use std::fmt;

use modelport_provider::credential::Secret;
use url::Url;

use super::environment::Environment;
use super::server;
use super::setting;
use super::value::{Wrong, wrong};

/// Redis' own port.
const PORT: u16 = 6379;

/// The server, and what is done without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// Where it is.
    pub url: RedisUrl,
    /// What becomes of requests with limits while it does not answer.
    pub away: Away,
}

/// What becomes of requests with limits while the server does not answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Away {
    /// Each gateway goes on with its share of every limit.
    #[default]
    Local,
    /// They are refused.
    Refuse,
}

/// The URL of a Redis server, which may hold a password. What is shown of it does not.
#[derive(Debug, Clone)]
pub struct RedisUrl {
    url: Secret,
    shown: String,
}

impl RedisUrl {
    /// The URL itself, password and all: for connecting, never for a log.
    pub fn expose(&self) -> &str {
        self.url.expose()
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl PartialEq for RedisUrl {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for RedisUrl {}

/// Reads which server it is, if there is one.
pub(super) fn read(environment: &mut Environment) -> Option<RedisConfig> {
    let away = server::preset(environment, &setting::REDIS_AWAY, away).unwrap_or_default();
    let url = server::preset(environment, &setting::REDIS_URL, url)?;
    Some(RedisConfig { url, away })
}

/// Reads the URL of a server, of which nothing is repeated: it may hold a password.
pub(crate) fn url(text: &str) -> Result<RedisUrl, Wrong> {
    const REMEDY: &str = "Use redis://user:password@host:6379/0, or rediss:// for TLS, with every character of the password that is not a letter or a digit as % and two hexadecimal digits.";
    let refused = || wrong("it is no URL of a Redis server", REMEDY);
    let parsed = Url::parse(text).map_err(|_| refused())?;
    if !matches!(parsed.scheme(), "redis" | "rediss") {
        return Err(wrong(
            "it begins with neither redis:// nor rediss://",
            REMEDY,
        ));
    }
    let host = parsed.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or_else(refused)?;
    let database = parsed.path().trim_start_matches('/');
    if !database.is_empty() && database.parse::<u16>().is_err() {
        return Err(wrong("its database is no number", REMEDY));
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(wrong("there is something behind its database", REMEDY));
    }
    let url = Secret::new(text)
        .map_err(|_| wrong("it holds a blank or a character outside ASCII", REMEDY))?;
    let shown = format!(
        "{}://{host}:{}/{}",
        parsed.scheme(),
        parsed.port().unwrap_or(PORT),
        if database.is_empty() { "0" } else { database },
    );
    Ok(RedisUrl { url, shown })
}

/// Reads what is done without the server.
pub(super) fn away(text: &str) -> Result<Away, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "local" => Ok(Away::Local),
        "refuse" => Ok(Away::Refuse),
        _ => Err(wrong(
            "it is neither local nor refuse",
            "Use local, so that each gateway goes on with its share of every limit, or refuse.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::startup_block;
    use super::super::tests::{config, faults};
    use super::*;

    #[test]
    fn limits_are_shared_through_a_server_whose_password_is_never_shown() {
        assert!(config(&[]).storage.redis.is_none());
        let check = |url: &str, expected: &str| {
            let config = config(&[("MODELPORT_REDIS_URL", url)]);
            let redis = config.storage.redis.as_ref().unwrap();
            assert_eq!(redis.url.to_string(), expected);
            assert_eq!((redis.url.expose(), redis.away), (url, Away::Local));
            let block = startup_block(&config, &[]);
            assert!(block.contains(expected), "{block}");
            assert!(!block.contains("pass-word"));
            assert!(!format!("{config:?}").contains("pass-word"));
        };
        check("redis://127.0.0.1", "redis://127.0.0.1:6379/0");
        check(
            "redis://ada:pass-word@a.test:7000/3",
            "redis://a.test:7000/3",
        );
        check("rediss://:pass-word@[::1]/", "rediss://[::1]:6379/0");
        let refuse = config(&[
            ("MODELPORT_REDIS_URL", "redis://a.test"),
            ("MODELPORT_REDIS_AWAY", "Refuse"),
        ]);
        assert_eq!(refuse.storage.redis.unwrap().away, Away::Refuse);
        let wrong = |name: &str, value: &str| {
            let said = faults(&[(name, value)]);
            assert!(said.contains(name) && said.contains("Use "), "{said}");
            assert!(!said.contains("pass-word"), "{said}");
        };
        wrong("MODELPORT_REDIS_URL", "http://ada:pass-word@a.test");
        wrong("MODELPORT_REDIS_URL", "pass-word");
        wrong("MODELPORT_REDIS_URL", "redis:///pass-word");
        wrong("MODELPORT_REDIS_URL", "redis://a.test/pass-word");
        wrong("MODELPORT_REDIS_URL", "redis://ada:pass-word@a.test:port/0");
        wrong("MODELPORT_REDIS_AWAY", "guess");
    }
}
