//! What a provider is shown of us: the key, the custom headers, and the rule by which they make one set of headers.
//! It does not decide where a key may go; that is settled when the settings are read.

use std::fmt;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::profile::{CredentialStyle, Profile};

/// The most custom headers one provider takes.
pub const MAX_CUSTOM_HEADERS: usize = 64;

const API_KEY: HeaderName = HeaderName::from_static("api-key");
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Headers that belong to the connection or the message's framing, so nobody may set them.
const REFUSED: [&str; 12] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A key that fits into a header: not empty, visible ASCII. Its memory is wiped when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

/// A key that no header can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// Nothing but blanks.
    #[error("it is empty")]
    Empty,
    /// A space, a line break, a control character or a letter outside ASCII within it.
    #[error("it holds a blank, a line break or a character outside ASCII, which a key cannot")]
    Character,
}

impl Secret {
    /// Takes a key, less the blanks around it.
    ///
    /// # Errors
    /// When it is empty or holds a character that a key cannot.
    pub fn new(text: &str) -> Result<Self, SecretFault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SecretFault::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SecretFault::Character);
        }
        Ok(Self(SecretString::from(text)))
    }

    /// The key itself: for a header or a comparison, never for a log.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The headers of every call to one provider: its credential, then the custom headers, which win over it. A custom
/// `authorization` or `api-key` replaces the default credential whichever of the two that is; no key, no credential.
pub fn auth_headers(profile: &Profile, key: Option<&Secret>, custom: &HeaderMap) -> HeaderMap {
    headers_in(profile.credential, key, custom)
}

/// As [`auth_headers`], for an API beside the main one that takes the key in a header of its own.
pub(crate) fn headers_in(
    style: CredentialStyle,
    key: Option<&Secret>,
    custom: &HeaderMap,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(custom.len() + 1);
    if let Some(key) = key
        && !has_credential(custom)
    {
        let (name, value) = match style {
            CredentialStyle::Bearer => (AUTHORIZATION, format!("Bearer {}", key.expose())),
            CredentialStyle::ApiKey => (API_KEY, key.expose().to_owned()),
            CredentialStyle::XApiKey => (X_API_KEY, key.expose().to_owned()),
        };
        // A `Secret` is visible ASCII, so this holds.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    for (name, value) in custom {
        headers.append(name, value.clone());
    }
    headers
        .values_mut()
        .for_each(|value| value.set_sensitive(true));
    headers
}

/// Whether custom headers bring a credential of their own.
pub fn has_credential(custom: &HeaderMap) -> bool {
    [AUTHORIZATION, API_KEY, X_API_KEY]
        .iter()
        .any(|name| custom.contains_key(name))
}

/// What is wrong with a text of custom headers. It names headers, never their values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomHeadersFault {
    /// Not JSON at all.
    #[error("it is not JSON (line {line}, column {column})")]
    NotJson {
        /// Where reading stopped, counted from 1.
        line: usize,
        /// Where reading stopped, counted from 1.
        column: usize,
    },
    /// JSON, but no object.
    #[error("it is JSON but not an object")]
    NotAnObject,
    /// A value that is no string.
    #[error("the value of {0:?} is not a string")]
    NotAString(String),
    /// A key that no header can have as its name.
    #[error("{0:?} is not a header name")]
    Name(String),
    /// A header that only the connection itself may set.
    #[error("{0:?} is set by the connection itself")]
    Refused(String),
    /// A value with a line break or another character that a header cannot carry.
    #[error("the value of {0:?} holds a character that a header cannot carry")]
    Value(String),
    /// The same name twice, letter case aside.
    #[error("{0:?} is given twice")]
    Twice(String),
    /// More than [`MAX_CUSTOM_HEADERS`].
    #[error("there are more than {MAX_CUSTOM_HEADERS} headers")]
    TooMany,
}

/// Reads custom headers from a JSON object of strings; every value counts as secret.
///
/// # Errors
/// When the text is no such object or a header may not be set; the fault names the header, never its value.
pub fn custom_headers_from_json(text: &str) -> Result<HeaderMap, CustomHeadersFault> {
    let json: serde_json::Value =
        serde_json::from_str(text).map_err(|fault| CustomHeadersFault::NotJson {
            line: fault.line(),
            column: fault.column(),
        })?;
    let serde_json::Value::Object(object) = json else {
        return Err(CustomHeadersFault::NotAnObject);
    };
    if object.len() > MAX_CUSTOM_HEADERS {
        return Err(CustomHeadersFault::TooMany);
    }
    let mut headers = HeaderMap::with_capacity(object.len());
    for (key, value) in object {
        let (name, value) = custom_header(&key, &value)?;
        if headers.insert(name, value).is_some() {
            return Err(CustomHeadersFault::Twice(key));
        }
    }
    Ok(headers)
}

fn custom_header(
    key: &str,
    value: &serde_json::Value,
) -> Result<(HeaderName, HeaderValue), CustomHeadersFault> {
    let name = HeaderName::try_from(key).map_err(|_| CustomHeadersFault::Name(key.to_owned()))?;
    if REFUSED.contains(&name.as_str()) {
        return Err(CustomHeadersFault::Refused(key.to_owned()));
    }
    let Some(text) = value.as_str() else {
        return Err(CustomHeadersFault::NotAString(key.to_owned()));
    };
    let mut value =
        HeaderValue::from_str(text).map_err(|_| CustomHeadersFault::Value(key.to_owned()))?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests;
