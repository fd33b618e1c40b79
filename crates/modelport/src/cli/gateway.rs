//! A running gateway as commands reach it: where it listens, the key that is shown to it, and one exchange with it.

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use clap::Args;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use modelport_provider::{
    Error,
    base_url::BaseUrl,
    credential::{self, Secret},
    failure, profiles,
    settings::Http2,
    splice::Spliced,
    transport::{Answer, Tls, Transport},
};

use super::{BAD_CONFIGURATION, Refusal, key_from};
use crate::config::{self, ServerConfig};

/// The variable that holds a caller's key.
const CALLER_KEY: &str = "MODELPORT_KEY";

/// The setting that holds the admin keys.
const ADMIN_KEY: &str = "MODELPORT_ADMIN_KEY";

/// The longest answer that is read whole, in bytes.
const MAX_ANSWER: usize = 16 << 20;

/// Which gateway a caller means.
#[derive(Debug, Args)]
pub(super) struct At {
    /// Where the gateway listens; where the configuration says unless given
    #[arg(long)]
    url: Option<String>,
    /// The variable that holds the key, of the environment or of .env; `MODELPORT_KEY` unless given, else the first
    /// configured key, which only this machine and the configured host are shown
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
}

impl At {
    /// As this command looks for it.
    pub(super) fn search(&self, command: &'static str) -> Search<'_> {
        Search {
            command,
            url: self.url.as_deref(),
            key_env: self.key_env.as_deref(),
            shows: Shows::CallerKey,
        }
    }
}

/// Which gateway is meant, and by which options that was said.
pub(super) struct Search<'o> {
    /// The command that asks, as its complaints begin.
    pub(super) command: &'static str,
    /// The value of `--url`.
    pub(super) url: Option<&'o str>,
    /// The value of `--key-env`.
    pub(super) key_env: Option<&'o str>,
    /// What is shown to the gateway.
    pub(super) shows: Shows,
}

/// What a command shows to the gateway.
#[derive(Clone, Copy)]
pub(super) enum Shows {
    /// A key of somebody who sends requests.
    CallerKey,
    /// A key that opens the admin API.
    AdminKey,
}

/// Whom to ask.
pub(super) struct Gateway {
    base: BaseUrl,
    key: Option<Secret>,
    shows: Shows,
}

/// Connections to a gateway.
pub(super) struct Line<'g> {
    gateway: &'g Gateway,
    transport: Transport,
}

impl Search<'_> {
    /// A refusal with this status, as this command says it.
    pub(super) fn refusal(&self, status: u8, words: impl std::fmt::Display) -> Refusal {
        Refusal {
            words: format!("modelport {}: {words}", self.command),
            status,
        }
    }

    fn wrong(&self, words: impl std::fmt::Display) -> Refusal {
        self.refusal(BAD_CONFIGURATION, words)
    }

    fn address(&self, url: &str) -> Result<BaseUrl, Refusal> {
        BaseUrl::parse(url).map_err(|fault| self.wrong(format!("--url: {fault}")))
    }

    /// The key that was meant for this gateway, whichever it is.
    fn named_key(&self) -> Result<Option<Secret>, Refusal> {
        let (variable, key) = match (self.key_env, self.shows) {
            (Some(variable), _) => {
                let key = key_from(variable).map_err(|words| self.wrong(words))?;
                (variable, Some(key))
            }
            (None, Shows::CallerKey) => {
                let key = config::variable(CALLER_KEY).map_err(|fault| self.wrong(fault))?;
                (CALLER_KEY, key)
            }
            // It is a setting of the gateway, and so meant for the configured one alone.
            (None, Shows::AdminKey) => (ADMIN_KEY, None),
        };
        let key = key.map(|key| Secret::new(&key)).transpose();
        key.map_err(|fault| self.wrong(format!("{variable}: {fault}")))
    }

    fn configured(&self, server: &ServerConfig) -> Result<BaseUrl, Refusal> {
        let url = server.url().ok_or_else(|| {
            self.wrong("the configured port is 0, which takes a free one. Say with --url where the gateway listens.")
        })?;
        self.address(&url)
    }
}

impl Gateway {
    /// The gateway that is meant; the configuration says what the options do not.
    pub(super) fn find(file: Option<PathBuf>, search: &Search<'_>) -> Result<Self, Refusal> {
        let shows = search.shows;
        let named = search.named_key()?;
        let given = search.url.map(|url| search.address(url)).transpose()?;
        let (given, named) = match (given, named) {
            // Then the configuration has nothing to add.
            (Some(base), Some(key)) => {
                let key = Some(key);
                return Ok(Self { base, key, shows });
            }
            some => some,
        };
        let config =
            config::load_from_process(file).map_err(|faults| Refusal::configuration(&faults))?;
        let base = match given {
            Some(base) => base,
            None => search.configured(&config.server)?,
        };
        let key = named.or_else(|| shows.own_key(&config.server, &base));
        Ok(Self { base, key, shows })
    }

    /// Where its API for callers is.
    pub(super) fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// Connections to it; it may stay silent for so long.
    ///
    /// # Errors
    /// Why there can be none, in words.
    pub(super) fn line(&self, silence: Duration) -> Result<Line<'_>, String> {
        let tls = Tls::new().map_err(|fault| fault.to_string())?;
        let target = self.base.endpoint("");
        let transport = Transport::new(&target, tls, silence, Http2::Off);
        Ok(Line {
            gateway: self,
            transport: transport.map_err(|error| error.to_string())?,
        })
    }

    /// A request with these headers and the gateway's key, where they have none.
    pub(super) fn request(
        &self,
        method: Method,
        uri: &Uri,
        own: &HeaderMap,
        body: Spliced,
    ) -> Request<Spliced> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        let path = uri.path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
        let headers = request.headers_mut();
        *headers = credential::auth_headers(&profiles::GENERIC, self.key.as_ref(), own);
        let json = HeaderValue::from_static("application/json");
        headers.entry(header::CONTENT_TYPE).or_insert(json);
        request
    }

    /// What a refusal comes to, in words.
    pub(super) fn refused(&self, status: StatusCode, body: &[u8]) -> String {
        let said = failure::read_error_body(body).map_or_else(String::new, |said| said.message);
        let remedy = match (status, self.shows) {
            (StatusCode::UNAUTHORIZED, Shows::CallerKey) => {
                format!(" Set {CALLER_KEY} to the key, or name its variable with --key-env.")
            }
            (StatusCode::UNAUTHORIZED, Shows::AdminKey) => {
                format!(" Set {ADMIN_KEY} to the key, or name its variable with --key-env.")
            }
            _ => String::new(),
        };
        format!("{} answers {status}: {said}{remedy}", self.base)
    }
}

impl Line<'_> {
    /// Whom it leads to.
    pub(super) fn gateway(&self) -> &Gateway {
        self.gateway
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// # Errors
    /// That nobody answers, in words.
    pub(super) async fn send(
        &self,
        request: &Request<Spliced>,
    ) -> Result<Response<Answer>, String> {
        let sent = self.transport.send(|| request.clone()).await;
        sent.map_err(|error| self.away(&error))
    }

    /// Sends a request and reads its answer whole.
    ///
    /// # Errors
    /// As [`Line::send`].
    pub(super) async fn exchange(
        &self,
        request: &Request<Spliced>,
    ) -> Result<(StatusCode, Bytes), String> {
        let (parts, mut body) = self.send(request).await?.into_parts();
        let body = body.collect(MAX_ANSWER).await;
        Ok((parts.status, body.map_err(|error| self.away(&error))?))
    }

    fn away(&self, error: &Error) -> String {
        format!(
            "no gateway answers at {}: {error}. Is it running? --url says where it listens.",
            self.gateway.base
        )
    }
}

impl Shows {
    /// The first configured key, where it may be shown.
    fn own_key(self, server: &ServerConfig, base: &BaseUrl) -> Option<Secret> {
        let host = base.host().trim_matches(['[', ']']);
        let keys = match self {
            Self::CallerKey => &server.api_keys,
            Self::AdminKey => &server.admin_keys,
        };
        let key = keys.first()?;
        server.is_at(host).then(|| key.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    #[test]
    fn a_configured_key_is_shown_to_no_other_host() {
        let settings = [
            ("HOST", "192.0.2.1"),
            ("MODELPORT_API_KEY", "first-caller-key-1"),
            ("MODELPORT_ADMIN_KEY", "first-admin-key-1"),
        ];
        let settings = settings.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let config = config::load(settings.into_iter(), None, None).unwrap();
        for (shows, expected) in [
            (Shows::CallerKey, "first-caller-key-1"),
            (Shows::AdminKey, "first-admin-key-1"),
        ] {
            let shown = |url: &str| {
                let key = shows.own_key(&config.server, &BaseUrl::parse(url).unwrap());
                key.is_some_and(|key| key.expose() == expected)
            };
            assert!(shown("http://192.0.2.1:8000") && shown("https://192.0.2.1/v1"));
            assert!(shown("http://127.0.0.1:9000") && shown("http://[::1]:1"));
            assert!(shown("http://localhost") && !shown("http://192.0.2.2:8000"));
            assert!(!shown("https://example.test") && !shown("http://localhost.example.test"));
        }
    }
}
