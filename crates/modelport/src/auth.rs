//! Who asks: the gateway's own keys, compared without telling by time how much of one is right.

use http::{HeaderMap, header};
use modelport_provider::credential::Secret;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::error::Error;

/// The keys that open the gateway, as digests; none means that it is open.
#[derive(Clone)]
pub struct Keys(Vec<[u8; 32]>);

impl Keys {
    /// Keys from the configuration.
    pub fn new(keys: &[Secret]) -> Self {
        Self(keys.iter().map(|key| digest(key.expose())).collect())
    }

    /// Which key of ours `headers` show, by a number that tells keys apart and nothing about them; 0 where none is
    /// needed. It is shown as `authorization: Bearer`, or as `x-api-key` or `api-key`, which Anthropic's and Azure's SDKs send.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`] when they do not.
    pub fn check(&self, headers: &HeaderMap) -> Result<u64, Error> {
        if self.0.is_empty() {
            return Ok(0);
        }
        let Some(shown) = shown(headers) else {
            return Err(Error::Unauthorized { presented: false });
        };
        let shown = digest(shown);
        // Every key is looked at, so that the time does not tell which one came close.
        let known = self
            .0
            .iter()
            .fold(Choice::from(0), |known, key| known | key.ct_eq(&shown));
        if known.into() {
            let (first, _) = shown.split_first_chunk().unwrap_or((&[0; 8], &[]));
            Ok(u64::from_ne_bytes(*first))
        } else {
            Err(Error::Unauthorized { presented: true })
        }
    }
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

fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
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
        Keys::new(&keys).check(&headers).map(|_| ())
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
