//! What a generic provider is set up from.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::OpenAiCompatibleProvider;
use crate::{
    base_url::{BaseUrl, BaseUrlFault},
    client::{Client, Options},
    credential::Secret,
    error::Error,
    settings::{Http2, OpenAiSettings},
    transport::Tls,
};

/// Sets up an [`OpenAiCompatibleProvider`]; what is not set has the defaults of
/// [`OpenAiSettings`], less its model.
#[derive(Debug)]
pub struct Builder {
    id: String,
    base_url: Result<BaseUrl, BaseUrlFault>,
    key: Option<Result<Secret, String>>,
    key_name: String,
    name: Option<String>,
    headers: HeaderMap,
    bad_header: Option<String>,
    default_model: Option<String>,
    silence: Duration,
    max_retries: u32,
    http2: Http2,
    tls: Option<Tls>,
}

impl Builder {
    pub(super) fn new(base_url: Result<BaseUrl, BaseUrlFault>) -> Self {
        let defaults = OpenAiSettings::default();
        Self {
            id: "openai_compatible".to_owned(),
            base_url,
            key: None,
            key_name: "the API key".to_owned(),
            name: None,
            headers: HeaderMap::new(),
            bad_header: None,
            default_model: None,
            silence: defaults.timeout,
            max_retries: defaults.max_retries,
            http2: defaults.http2,
            tls: None,
        }
    }

    /// The name it is configured under; `openai_compatible` unless set.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// The API key.
    #[must_use]
    pub fn api_key(mut self, key: &str) -> Self {
        self.key = Some(Secret::new(key).map_err(|fault| fault.to_string()));
        self
    }

    /// The API key, already checked.
    #[must_use]
    pub fn secret(mut self, key: Secret) -> Self {
        self.key = Some(Ok(key));
        self
    }

    /// What the key is called where a person sets it, for messages that ask to check it.
    #[must_use]
    pub fn key_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.key_name);
        self
    }

    /// The display name; taken from the host unless set.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// A header for every call; wins over the key's.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            _ => self.bad_header = Some(name.to_owned()),
        }
        self
    }

    /// Headers for every call, already checked.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// The model used when a request names none.
    #[must_use]
    pub fn default_model(mut self, model: &str) -> Self {
        self.default_model = Some(model.to_owned());
        self
    }

    /// How long the provider may stay silent.
    #[must_use]
    pub fn timeout(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Retries of the typed API after the first attempt.
    #[must_use]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// Whether to speak HTTP/2.
    #[must_use]
    pub fn http2(mut self, http2: Http2) -> Self {
        self.http2 = http2;
        self
    }

    /// Certificate checking shared with other providers.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The provider.
    ///
    /// # Errors
    ///
    /// `is_invalid` when the URL, the key or a header cannot be used.
    pub fn build(self) -> Result<OpenAiCompatibleProvider, Error> {
        if let Some(name) = self.bad_header {
            return Err(Error::invalid(format_args!(
                "the custom header {name:?} has a name or a value that HTTP does not allow"
            )));
        }
        let base = self
            .base_url
            .map_err(|fault| Error::invalid(format_args!("the base URL: {fault}")))?;
        let profile = base.profile();
        let key = self.key.transpose();
        let key = key.map_err(|fault| Error::invalid(format_args!("the API key: {fault}")))?;
        let tls = match self.tls {
            Some(tls) => tls,
            None => Tls::new().map_err(Error::invalid)?,
        };
        let options = Options {
            id: self.id,
            name: self.name.unwrap_or_else(|| profile.name.to_owned()),
            profile,
            base,
            key,
            key_name: self.key_name,
            custom_headers: self.headers,
            default_model: self.default_model,
            silence: self.silence,
            max_retries: self.max_retries,
            http2: self.http2,
        };
        Ok(OpenAiCompatibleProvider::over(Client::new(options, tls)?))
    }
}
