//! The address of a provider's API: reading what people write, and putting paths behind it. It makes no calls and
//! does not decide which key goes there.

mod ollama;
mod path;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Host, Url};

use crate::profile::Profile;
use crate::profiles;

/// The longest base URL, in bytes.
pub const MAX_BASE_URL: usize = 2048;

/// The one query parameter that is shown; any other may be a key.
const SHOWN_PARAMETER: &str = "api-version";

/// A checked and normalised base URL: everything before `/chat/completions` (for Ollama: before `/api`), without a
/// final slash. Two that compare equal reach the same API.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    /// As in the authority, without the port; an IPv6 address keeps its brackets.
    host: String,
    path: String,
    query: Option<String>,
    /// What is known of the provider: by its host, unless it was named.
    profile: &'static Profile,
    /// Names this very base, and stands in for an endpoint that no URI can hold.
    itself: Uri,
}

/// Why a text is no base URL. It never repeats the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlFault {
    /// Nothing but blanks.
    #[error("it is empty")]
    Empty,
    /// Over [`MAX_BASE_URL`].
    #[error("it is longer than {MAX_BASE_URL} bytes")]
    TooLong,
    /// Not a URL; the parser's reason.
    #[error("it is not a URL ({0})")]
    NotAUrl(String),
    /// A scheme other than http and https, or none.
    #[error("it does not begin with http:// or https://")]
    Scheme,
    /// A user name or a password before the host.
    #[error("it holds a user name or a password, which belong into an API key or a custom header")]
    UserInfo,
}

impl BaseUrl {
    /// Reads the base URL of an OpenAI-compatible API and normalises it. An endpoint's suffix such as
    /// `/chat/completions` is cut; a missing path is completed by what is known of the host.
    ///
    /// # Errors
    /// When it is no http or https URL, or holds a user name or a password.
    pub fn parse(text: &str) -> Result<Self, BaseUrlFault> {
        let url = read(text)?;
        let profile = profiles::for_host(host(&url));
        Self::assemble(&url, path::openai(&url, profile), profile)
    }

    /// As [`parse`](Self::parse), for a provider that its host does not tell: a proxy in front of Azure, a server of one's own.
    ///
    /// # Errors
    /// As there.
    pub fn parse_as(text: &str, profile: &'static Profile) -> Result<Self, BaseUrlFault> {
        let url = read(text)?;
        Self::assemble(&url, path::openai(&url, profile), profile)
    }

    /// Reads the root of an Ollama server; a final `/v1` or `/api` is cut. The forms of Ollama's own `OLLAMA_HOST`
    /// are understood as well: `host`, `host:port`, `:port`, a bare IPv6 address; `0.0.0.0` means this machine.
    ///
    /// # Errors
    /// When it is neither such a form nor an http or https URL, or holds a user name or a password.
    pub fn parse_ollama(text: &str) -> Result<Self, BaseUrlFault> {
        let url = read(&ollama::as_url(text))?;
        let path = path::ollama(&url);
        Self::assemble(&url, path, profiles::for_host(host(&url)))
    }

    /// The full address of an endpoint of this API, `path` being such as `/chat/completions`, with or without a
    /// query of its own. The base's query goes with it. What a URI cannot hold is percent-encoded; a path over the
    /// URI's limit of 65,534 bytes gives the base itself.
    pub fn endpoint(&self, path: &str) -> Uri {
        self.concatenate(&[path])
    }

    /// As [`endpoint`](Self::endpoint), for an API that wants the model in the path as well: classic Azure takes
    /// `/deployments/MODEL/chat/completions`, though not for every endpoint. Any other base ignores `model`.
    pub fn endpoint_for_model(&self, path: &str, model: &str) -> Uri {
        if !self.is_dated() || !path::belongs_to_a_deployment(path) {
            return self.endpoint(path);
        }
        let model = utf8_percent_encode(model, NON_ALPHANUMERIC).to_string();
        self.concatenate(&["/deployments/", &model, path])
    }

    /// Whether this is an API of dated versions, Azure's classic one.
    pub fn is_dated(&self) -> bool {
        self.profile.dated_path == Some(self.path.as_str())
    }

    /// The full address of `path` at the root of the host: a server's own API beside the one below this base.
    pub fn root(&self, path: &str) -> Uri {
        self.address(path)
    }

    /// The base that lies `tail` below this one: Ollama's OpenAI layer is its root with `/v1`.
    #[must_use]
    pub fn below(&self, tail: &str) -> Self {
        let mut base = self.clone();
        base.path.push_str(tail);
        base
    }

    /// The host, lower-case, without a port; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Scheme, host and port, as in `https://openrouter.ai`.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// What is known of the provider: by its host, unless it was named.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// Whether both lie on the same host, whatever the port and scheme.
    pub fn same_host(&self, other: &Self) -> bool {
        self.host == other.host
    }

    /// Whether calls are encrypted.
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Whether the host is this machine or, by its address or name, on a private network.
    pub fn is_private(&self) -> bool {
        match Host::parse(&self.host) {
            Ok(Host::Ipv4(address)) => is_private_v4(address),
            Ok(Host::Ipv6(address)) => is_private_v6(address),
            Ok(Host::Domain(name)) => is_private_name(&name),
            Err(_) => false,
        }
    }

    fn assemble(url: &Url, path: String, profile: &'static Profile) -> Result<Self, BaseUrlFault> {
        let host = host(url).trim_end_matches('.').to_owned();
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let scheme = if url.scheme() == "https" {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        };
        let authority = Authority::try_from(authority).map_err(not_a_url)?;
        let query = url
            .query()
            .filter(|query| !query.is_empty())
            .map(ToOwned::to_owned);
        let itself = Uri::builder()
            .scheme(scheme.clone())
            .authority(authority.clone())
            .path_and_query(join(&path, &["/"], query.as_deref()))
            .build()
            .map_err(not_a_url)?;
        Ok(Self {
            scheme,
            authority,
            host,
            path,
            query,
            profile,
            itself,
        })
    }

    fn concatenate(&self, tail: &[&str]) -> Uri {
        self.address(&join(&self.path, tail, self.query.as_deref()))
    }

    fn address(&self, text: &str) -> Uri {
        let path_and_query =
            PathAndQuery::try_from(text).or_else(|_| PathAndQuery::try_from(path::encode(text)));
        let Ok(path_and_query) = path_and_query else {
            return self.itself.clone();
        };
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path_and_query);
        Uri::from_parts(parts).unwrap_or_else(|_| self.itself.clone())
    }
}

/// Shows no credentials: in a query only `api-version` keeps its value.
impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)?;
        let pairs = self.query.iter().flat_map(|query| query.split('&'));
        for (index, pair) in pairs.enumerate() {
            let separator = if index == 0 { '?' } else { '&' };
            match pair.split_once('=') {
                Some((name, value)) if name.eq_ignore_ascii_case(SHOWN_PARAMETER) => {
                    write!(f, "{separator}{name}={value}")?;
                }
                Some((name, _)) => write!(f, "{separator}{name}=***")?,
                None => write!(f, "{separator}***")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

fn read(text: &str) -> Result<Url, BaseUrlFault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(BaseUrlFault::Empty);
    }
    if text.len() > MAX_BASE_URL {
        return Err(BaseUrlFault::TooLong);
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => return Err(BaseUrlFault::Scheme),
        Err(fault) => return Err(not_a_url(fault)),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BaseUrlFault::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BaseUrlFault::UserInfo);
    }
    Ok(url)
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

fn not_a_url(fault: impl fmt::Display) -> BaseUrlFault {
    BaseUrlFault::NotAUrl(fault.to_string())
}

/// Plain concatenation: joining by URL rules would drop the last segment of the base.
fn join(base: &str, tail: &[&str], query: Option<&str>) -> String {
    let mut text = String::with_capacity(USUAL_LENGTH);
    text.push_str(base);
    text.extend(tail.iter().copied());
    if let Some(query) = query {
        text.push(if text.contains('?') { '&' } else { '?' });
        text.push_str(query);
    }
    text
}

/// Room for the usual endpoint, so that one is written in a single allocation.
const USUAL_LENGTH: usize = 128;

fn is_private_v4(address: Ipv4Addr) -> bool {
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_unspecified()
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    match IpAddr::V6(address).to_canonical() {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
    }
}

/// A name without a dot is found only on the own network; the suffixes are reserved for such.
fn is_private_name(name: &str) -> bool {
    !name.contains('.')
        || [".localhost", ".local", ".internal", ".lan", ".home.arpa"]
            .iter()
            .any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests;
