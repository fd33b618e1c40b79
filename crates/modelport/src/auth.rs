//! Who asks: the gateway's own keys, those of the configuration and those of the database.

use std::{net::IpAddr, sync::Arc};

use http::{HeaderMap, header};
use jiff::Timestamp;
use modelport_provider::credential::Secret;
use subtle::{Choice, ConstantTimeEq};

pub mod book;
pub mod directory;
pub mod forwarded;
pub mod key;
pub mod scope;
pub mod secret;
pub mod stored;

use crate::{clock, config::limits::Priority, error::Error};
use directory::{Known, Shown};
use key::Standing;
use secret::Digest;
use stored::Stored;

/// Where the peer's address lies among a request's extensions, where somebody asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The keys that open the gateway; none means that it is open.
#[derive(Clone)]
pub struct Keys {
    /// Digests of the keys of the configuration.
    configured: Vec<[u8; 32]>,
    /// Whether a key is needed even where there is none.
    required: bool,
    stored: Arc<Stored>,
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Tells keys apart and says nothing about them; 0 where none is needed.
    pub number: u64,
    /// The key, where it is one of the database.
    pub known: Option<Arc<Known>>,
}

impl Keys {
    /// Keys from the configuration, and those of the database.
    pub fn new(configured: &[Secret], required: bool, stored: Arc<Stored>) -> Self {
        let configured = configured.iter().map(|key| Digest::of(key.expose()).0);
        Self {
            configured: configured.collect(),
            required,
            stored,
        }
    }

    /// The keys of the database.
    pub fn stored(&self) -> &Arc<Stored> {
        &self.stored
    }

    /// Whether callers need a key, as far as that can be known.
    pub fn are_needed(&self) -> bool {
        self.required || !self.configured.is_empty() || !self.stored.may_be_open()
    }

    /// Who shows a key in `headers`, coming from there. It is shown as `authorization: Bearer`, or as `x-api-key` or
    /// `api-key`, which Anthropic's and Azure's SDKs send.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`] when they show none that opens, [`Error::KeyOver`] when it once did,
    /// [`Error::KeyElsewhere`] when it opens for other addresses only, [`Error::KeysUnread`] when it cannot be told.
    pub fn check(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<Caller, Error> {
        let shown = shown(headers);
        if !self.are_needed() {
            return Ok(Caller::default());
        }
        let Some(shown) = shown else {
            return Err(Error::Unauthorized { presented: false });
        };
        let digest = Digest::of(shown);
        // Every key is looked at, so that the time does not tell which one came close.
        let known = self
            .configured
            .iter()
            .fold(Choice::from(0), |known, key| known | key.ct_eq(&digest.0));
        if known.into() {
            let (first, _) = digest.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
            return Ok(Caller {
                number: u64::from_ne_bytes(*first),
                known: None,
            });
        }
        match self.stored.directory().find(&digest) {
            Some(found) => of_database(found, peer),
            None if self.stored.is_complete() => Err(Error::Unauthorized { presented: true }),
            None => Err(Error::KeysUnread),
        }
    }
}

impl Caller {
    /// How its requests stand to those of others where they wait.
    pub fn priority(&self) -> Priority {
        let known = self.known.as_ref();
        known.map_or(Priority::Normal, |known| known.key.priority)
    }

    /// The value of a tag of its key or of its key's team.
    pub fn tag(&self, name: &str) -> Option<&str> {
        let value = self.known.as_ref()?.tags.get(name)?;
        Some(value)
    }

    /// Whether a provider may be asked, by its id.
    pub fn opens_provider(&self, id: &str) -> bool {
        let known = self.known.as_ref();
        known.is_none_or(|known| known.key.scopes.allow_provider(id))
    }

    /// Whether an endpoint may be called.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] when not.
    pub fn allowed_at(&self, path: &str) -> Result<(), Error> {
        match &self.known {
            Some(known) if !known.key.scopes.allow_endpoint(path) => Err(Error::Forbidden {
                message: format!(
                    "The API key {} does not open {path}. It opens {}.",
                    known.key.prefix(),
                    known.key.scopes.endpoints.join(", ")
                ),
                param: None,
                code: "endpoint_not_allowed",
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// The refusal of a model.
    pub fn no_model(&self, requested: &str) -> Error {
        let key = self.known.as_ref().map(|known| &known.key);
        let models = key.map(|key| key.scopes.models.iter().map(|model| model.0.as_str()));
        let models: Vec<&str> = models.into_iter().flatten().collect();
        Error::Forbidden {
            message: format!(
                "The API key {} does not open the model {requested:?}. It opens {}.",
                key.map_or("", |key| key.prefix()),
                models.join(", ")
            ),
            param: Some("model"),
            code: "model_not_allowed",
        }
    }

    /// The refusal of everybody who could answer.
    pub fn no_provider(&self) -> Error {
        let key = self.known.as_ref().map(|known| &known.key);
        let providers = key.map(|key| key.scopes.providers.join(", "));
        Error::Forbidden {
            message: format!(
                "No provider that the API key {} opens has this model. It opens {}.",
                key.map_or("", |key| key.prefix()),
                providers.unwrap_or_default()
            ),
            param: Some("model"),
            code: "provider_not_allowed",
        }
    }
}

/// Whether `headers` show one of these admin keys.
///
/// # Errors
///
/// [`Error::AdminClosed`] where there are none, [`Error::NoAdmin`] when they show none of them.
pub fn check_admin(keys: &[Secret], headers: &HeaderMap) -> Result<(), Error> {
    if keys.is_empty() {
        return Err(Error::AdminClosed);
    }
    let Some(shown) = shown(headers) else {
        return Err(Error::NoAdmin { presented: false });
    };
    let shown = Digest::of(shown);
    let known = keys.iter().fold(Choice::from(0), |known, key| {
        known | Digest::of(key.expose()).0.ct_eq(&shown.0)
    });
    if known.into() {
        Ok(())
    } else {
        Err(Error::NoAdmin { presented: true })
    }
}

fn of_database(found: &Shown, peer: Option<IpAddr>) -> Result<Caller, Error> {
    let known = &found.known;
    let key = &known.key;
    // Most keys need no look at the clock.
    if key.revoked.is_some() || key.expires.is_some() || found.until.is_some() {
        let now = Timestamp::try_from(clock::calendar()).unwrap_or(Timestamp::MAX);
        let over = |what| Err(Error::KeyOver { what });
        match key.standing(now) {
            Standing::Revoked => return over("was revoked"),
            Standing::Expired => return over("has expired"),
            Standing::Active if found.until.is_some_and(|until| until <= now) => {
                return over("was replaced by another when it was rotated");
            }
            Standing::Active => {}
        }
    }
    if !key.scopes.allow_address(peer) {
        return Err(Error::KeyElsewhere { peer });
    }
    Ok(Caller {
        number: known.number,
        known: Some(Arc::clone(known)),
    })
}

fn shown(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim());
    let plain = |name| {
        headers
            .get(name)
            .and_then(|value: &http::HeaderValue| value.to_str().ok())
    };
    bearer
        .or_else(|| plain("x-api-key"))
        .or_else(|| plain("api-key"))
        .filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(keys: &[&str], header: Option<(&'static str, &str)>) -> Result<(), Error> {
        let keys: Vec<Secret> = keys.iter().map(|key| Secret::new(key).unwrap()).collect();
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let stored = Arc::new(Stored::default());
        let keys = Keys::new(&keys, false, stored);
        keys.check(&headers, None).map(|_| ())
    }

    #[test]
    fn keys_open_and_others_do_not() {
        let missing = Err(Error::Unauthorized { presented: false });
        let wrong = Err(Error::Unauthorized { presented: true });
        let keys = ["first-key", "second-key"];
        assert_eq!(check(&[], None), Ok(()));
        assert_eq!(check(&keys, None), missing);
        assert_eq!(
            check(&keys, Some(("authorization", "Bearer first-key"))),
            Ok(())
        );
        assert_eq!(
            check(&keys, Some(("authorization", "bearer second-key"))),
            Ok(())
        );
        assert_eq!(
            check(&keys, Some(("authorization", "Bearer first-ke"))),
            wrong
        );
        assert_eq!(check(&keys, Some(("authorization", "Bearer "))), missing);
        assert_eq!(
            check(&keys, Some(("authorization", "Basic first-key"))),
            missing
        );
        assert_eq!(check(&keys, Some(("x-api-key", "second-key"))), Ok(()));
        assert_eq!(check(&keys, Some(("api-key", "first-key"))), Ok(()));
    }
}
