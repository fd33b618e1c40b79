//! Whether answers are kept to be given again, how many, for how long and for whom.

use std::fmt;
use std::time::Duration;

use super::environment::Environment;
use super::server;
use super::setting;
use super::value::{self, Wrong, wrong};

/// What answers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheConfig {
    /// The memory that they may take, in bytes.
    pub max_bytes: u64,
    /// How long one is given again.
    pub ttl: Duration,
    /// To whom.
    pub scope: Scope,
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
        write!(
            f,
            "answers {whose}, for {} s, in {} bytes of memory",
            self.ttl.as_secs_f64(),
            self.max_bytes
        )
    }
}

/// Reads what answers are kept; `None` where none are.
pub(super) fn read(environment: &mut Environment) -> Option<CacheConfig> {
    let max_bytes = server::preset(environment, &setting::CACHE, value::memory);
    let ttl = server::preset(environment, &setting::CACHE_TTL, value::seconds);
    let scope = server::preset(environment, &setting::CACHE_SCOPE, scope);
    Some(CacheConfig {
        max_bytes: max_bytes.flatten()?,
        ttl: ttl?,
        scope: scope?,
    })
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
            max_bytes: 256 << 20,
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
            max_bytes: 2 << 20,
            ttl: Duration::from_millis(1500),
            scope: Scope::Shared,
        };
        assert_eq!(of_file(file).unwrap().cache, Some(expected));
        assert_eq!(of_file("[cache]\nmax_bytes = 0").unwrap().cache, None);
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
        check("MODELPORT_CACHE_SCOPE", "team", "shared");
    }
}
