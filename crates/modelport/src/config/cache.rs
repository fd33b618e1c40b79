//! Whether answers are kept to be given again, how many, for how long and for whom.

use std::fmt;
use std::time::Duration;

use super::environment::Environment;
use super::fault::{Fault, Warning};
use super::redis::RedisConfig;
use super::server;
use super::setting;
use super::value::{self, Wrong, wrong};

/// What answers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheConfig {
    /// Where they are.
    pub place: Place,
    /// How long one is given again.
    pub ttl: Duration,
    /// To whom.
    pub scope: Scope,
}

/// Where answers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the memory of the process, of which they may take so many bytes.
    Memory(u64),
    /// In the Redis server.
    Redis,
}

/// Where answers are kept, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Store {
    Memory,
    Redis,
}

/// Whose answers a caller may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those that its own key asked for.
    Key,
    /// Everybody's.
    Shared,
}

impl fmt::Display for CacheConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.scope {
            Scope::Key => "of each key for itself",
            Scope::Shared => "shared by all callers",
        };
        write!(f, "answers {whose}, for {} s, in ", self.ttl.as_secs_f64())?;
        match self.place {
            Place::Memory(bytes) => write!(f, "{bytes} bytes of memory"),
            Place::Redis => f.write_str("the Redis server"),
        }
    }
}

/// Reads what answers are kept; `None` where none are.
pub(super) fn read(
    environment: &mut Environment,
    redis: Option<&RedisConfig>,
) -> Option<CacheConfig> {
    let store = server::preset(environment, &setting::CACHE_STORE, store);
    let max_bytes = server::preset(environment, &setting::CACHE, value::memory);
    let ttl = server::preset(environment, &setting::CACHE_TTL, value::seconds);
    let scope = server::preset(environment, &setting::CACHE_SCOPE, scope);
    let place = match store? {
        Store::Memory => Place::Memory(max_bytes.flatten()?),
        Store::Redis => {
            check_redis(environment, redis);
            Place::Redis
        }
    };
    Some(CacheConfig {
        place,
        ttl: ttl?,
        scope: scope?,
    })
}

/// Looks whether there is a server, and whether memory is given for nothing.
fn check_redis(environment: &mut Environment, redis: Option<&RedisConfig>) {
    if environment.is_set(setting::CACHE.name) {
        environment.warnings.push(Warning {
            origin: server::place(environment, setting::CACHE.name),
            text: "It is not looked at, because answers are kept in the Redis server.".to_owned(),
        });
    }
    // A URL that is set but wrong is a fault of its own.
    if redis.is_some() || environment.is_set(setting::REDIS_URL.name) {
        return;
    }
    let origin = server::place(environment, setting::CACHE_STORE.name);
    let url = if origin.is_of_file() {
        "storage.redis_url"
    } else {
        setting::REDIS_URL.name
    };
    environment.faults.push(Fault {
        origin,
        problem: "there is no Redis server to keep answers in".to_owned(),
        remedy: format!("Name one with {url}, or use memory."),
    });
}

/// Reads where answers are kept.
pub(super) fn store(text: &str) -> Result<Store, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "memory" => Ok(Store::Memory),
        "redis" => Ok(Store::Redis),
        _ => Err(wrong(
            "it is neither memory nor redis",
            "Use memory for that of the process, or redis for the server that several gateways share.",
        )),
    }
}

/// Reads a scope.
pub(super) fn scope(text: &str) -> Result<Scope, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "key" => Ok(Scope::Key),
        "shared" => Ok(Scope::Shared),
        _ => Err(wrong(
            "it is neither key nor shared",
            "Use key for the answers of the caller's own key, or shared for everybody's.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{config, faults, of_file};
    use super::*;

    #[test]
    fn nothing_is_kept_unless_memory_is_given_for_it() {
        assert_eq!(config(&[]).cache, None);
        assert_eq!(config(&[("MODELPORT_CACHE", "0")]).cache, None);
        assert_eq!(config(&[("MODELPORT_CACHE_TTL", "5")]).cache, None);
        let expected = CacheConfig {
            place: Place::Memory(256 << 20),
            ttl: Duration::from_mins(5),
            scope: Scope::Key,
        };
        let found = config(&[("MODELPORT_CACHE", "256MiB")]).cache;
        assert_eq!(found, Some(expected));
        assert_eq!(
            expected.to_string(),
            "answers of each key for itself, for 300 s, in 268435456 bytes of memory"
        );
        let file = "[cache]\nmax_bytes = '2 MiB'\nttl = 1.5\nscope = 'shared'";
        let expected = CacheConfig {
            place: Place::Memory(2 << 20),
            ttl: Duration::from_millis(1500),
            scope: Scope::Shared,
        };
        assert_eq!(of_file(file).unwrap().cache, Some(expected));
        assert_eq!(of_file("[cache]\nmax_bytes = 0").unwrap().cache, None);
    }

    #[test]
    fn answers_are_kept_in_the_server_that_is_named() {
        let redis = ("MODELPORT_REDIS_URL", "redis://a.test");
        let store = ("MODELPORT_CACHE_STORE", "Redis");
        let found = config(&[redis, store]);
        let kept = found.cache.unwrap();
        assert_eq!(kept.place, Place::Redis);
        assert_eq!(
            kept.to_string(),
            "answers of each key for itself, for 300 s, in the Redis server"
        );
        assert!(found.warnings.is_empty());
        let both = config(&[redis, store, ("MODELPORT_CACHE", "2MiB")]);
        assert_eq!(both.cache.map(|kept| kept.place), Some(Place::Redis));
        let warned = both.warnings[0].to_string();
        assert!(warned.starts_with("MODELPORT_CACHE: It is not"), "{warned}");
        let said = faults(&[store]);
        assert!(said.contains("MODELPORT_CACHE_STORE: there is no Redis server"));
        assert!(said.contains("MODELPORT_REDIS_URL"), "{said}");
        let said = of_file("[cache]\nstore = 'redis'").unwrap_err().to_string();
        assert!(said.contains("storage.redis_url"), "{said}");
    }

    #[test]
    fn faults_say_what_would_be_right() {
        let check = |name, text, right: &str| {
            let said = faults(&[(name, text)]);
            assert!(said.contains(name) && said.contains(right), "{said}");
        };
        check("MODELPORT_CACHE", "lots", "256 MiB");
        check("MODELPORT_CACHE", "12", "1 MiB");
        check("MODELPORT_CACHE_TTL", "0", "above 0");
        check("MODELPORT_CACHE_STORE", "disk", "memory");
        check("MODELPORT_CACHE_SCOPE", "team", "shared");
    }
}
