//! One configured provider as its calls see it: where they go, what they carry, how failures are
//! read and retried. What differs between protocols is in `openai_compatible` and `ollama`.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header,
};

use crate::{
    base_url::BaseUrl,
    credential::{self, Secret, auth_headers},
    error::Error,
    failure::{self, ErrorBody},
    profile::{Place, Profile},
    provider::{Health, HealthState},
    retry::{self, RetryPolicy},
    settings::Http2,
    splice::Spliced,
    transport::{Answer, Tls, Transport, Upload},
};

/// The longest error body that is read; the rest of it would not help anybody.
pub(crate) const MAX_ERROR_BODY: usize = 1 << 20;

/// The longest listing that is read: OpenRouter's is under 2 MiB.
const MAX_LISTING_BODY: usize = 32 << 20;

/// How long a probe waits: nobody wants to look at a page for longer.
const PROBE_PATIENCE: Duration = Duration::from_secs(5);

/// Everything a provider is made from.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) profile: &'static Profile,
    pub(crate) base: BaseUrl,
    pub(crate) key: Option<Secret>,
    /// What the key is called where a person sets it.
    pub(crate) key_name: String,
    pub(crate) custom_headers: HeaderMap,
    pub(crate) default_model: Option<String>,
    pub(crate) silence: Duration,
    pub(crate) max_retries: u32,
    pub(crate) http2: Http2,
}

#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) options: Options,
    headers: HeaderMap,
    /// The headers of its Messages API, where that takes the key in another.
    messages_headers: Option<Box<HeaderMap>>,
    /// Where chats go, unless that depends on the model: made once, not for every request.
    chat: Option<Uri>,
    transport: Transport,
}

/// The endpoint that nearly all calls go to.
const CHAT: &str = "/chat/completions";

/// The version of Anthropic's API that is spoken where a caller names none (its API reference, "Versioning").
const ANTHROPIC_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");
/// The header that names it.
const ANTHROPIC_VERSION_NAME: HeaderName = HeaderName::from_static("anthropic-version");

impl Client {
    pub(crate) fn new(options: Options, tls: Tls) -> Result<Self, Error> {
        let target = options.base.endpoint("");
        Ok(Self {
            headers: auth_headers(
                options.profile,
                options.key.as_ref(),
                &options.custom_headers,
            ),
            messages_headers: messages_headers(&options).map(Box::new),
            chat: fixed_uri(&options.base, CHAT),
            transport: Transport::new(&target, tls, options.silence, options.http2)?,
            options,
        })
    }

    /// The same provider with connections of its own.
    pub(crate) fn with_own_connections(&self) -> Self {
        Self {
            options: self.options.clone(),
            headers: self.headers.clone(),
            messages_headers: self.messages_headers.clone(),
            chat: self.chat.clone(),
            transport: self.transport.fresh(),
        }
    }

    /// Where calls of `path` for `model` go.
    pub(crate) fn uri(&self, path: &str, model: &str) -> Uri {
        match &self.chat {
            Some(uri) if path == CHAT => uri.clone(),
            _ => self.options.base.endpoint_for_model(path, model),
        }
    }

    /// The address of a place, with this query behind it.
    pub(crate) fn place(&self, place: Place, query: &str) -> Uri {
        let base = &self.options.base;
        match place {
            Place::Below(path) => base.endpoint(&format!("{path}{query}")),
            Place::Root(path) => base.root(&format!("{path}{query}")),
        }
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(crate) fn retry_policy(&self) -> RetryPolicy {
        RetryPolicy {
            max_retries: self.options.max_retries,
        }
    }

    /// As [`Client::post`], to the provider's Messages API.
    pub(crate) async fn post_messages(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Spliced,
    ) -> Result<Response<Answer>, Error> {
        let mut headers = headers.clone();
        if !headers.contains_key(&ANTHROPIC_VERSION_NAME) {
            headers.insert(ANTHROPIC_VERSION_NAME, ANTHROPIC_VERSION);
        }
        let own = self.messages_headers.as_deref().unwrap_or(&self.headers);
        self.send(uri, &headers, own, body).await
    }

    /// As [`Client::post`], of a body that arrives while it is sent.
    pub(crate) async fn upload(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        upload: Upload,
    ) -> Result<Response<Answer>, Error> {
        let mut request = Request::new(upload);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = relative(uri);
        let mut all = headers.clone();
        add_headers(&mut all, &self.headers);
        *request.headers_mut() = all;
        self.transport.upload(request).await
    }

    /// Sends `body` to `uri` with the provider's own headers over the caller's.
    pub(crate) async fn post(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Spliced,
    ) -> Result<Response<Answer>, Error> {
        self.send(uri, headers, &self.headers, body).await
    }

    async fn send(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        own: &HeaderMap,
        body: &Spliced,
    ) -> Result<Response<Answer>, Error> {
        self.transport
            .send(|| {
                let mut request = Request::new(body.clone());
                *request.method_mut() = Method::POST;
                *request.uri_mut() = relative(uri);
                let mut all = headers.clone();
                add_headers(&mut all, own);
                *request.headers_mut() = all;
                request
            })
            .await
    }

    /// Asks for `uri` and reads the whole answer, whatever its status.
    pub(crate) async fn get(&self, uri: &Uri) -> Result<(StatusCode, HeaderMap, Bytes), Error> {
        let response = self.transport.send(|| {
            let mut request = Request::new(Spliced::from(Bytes::new()));
            *request.uri_mut() = relative(uri);
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::ACCEPT, json);
            add_headers(request.headers_mut(), &self.headers);
            request
        });
        let (parts, mut answer) = response.await?.into_parts();
        let body = answer.collect(MAX_LISTING_BODY).await?;
        Ok((parts.status, parts.headers, body))
    }

    /// Calls until the provider accepts, retries are used up, or trying again cannot help.
    pub(crate) async fn accepted(
        &self,
        uri: &Uri,
        body: &Bytes,
    ) -> Result<Response<Answer>, Error> {
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
        let mut retries = 0;
        loop {
            let body = Spliced::from(body.clone());
            let sent = self.post(uri, &headers, &body).await;
            let error = match sent {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) => refusal(answer).await,
                Err(error) => error,
            };
            let Some(wait) = self.wait_before_retry(&error, retries) else {
                return Err(error);
            };
            retries += 1;
            tokio::time::sleep(wait).await;
        }
    }

    fn wait_before_retry(&self, error: &Error, retries: u32) -> Option<Duration> {
        if !error.failure().may_retry() {
            return None;
        }
        self.retry_policy()
            .delay(retries, error.retry_after(), jitter())
    }

    /// A sign of life from `GET uri`, read as a person would read it.
    pub(crate) async fn probe(&self, uri: Uri) -> Health {
        let path = uri.path().to_owned();
        let start = Instant::now();
        let asked = tokio::time::timeout(PROBE_PATIENCE, self.get(&uri)).await;
        let latency = Some(start.elapsed());
        let (state, reason) = match asked {
            Ok(Ok((status, _, body))) => self.read_probe(status, &path, &body),
            Ok(Err(error)) => (HealthState::Unhealthy, error.to_string()),
            Err(_) => (
                HealthState::Unhealthy,
                format!(
                    "no answer from {path} within {} s",
                    PROBE_PATIENCE.as_secs()
                ),
            ),
        };
        Health {
            state,
            reason,
            latency,
        }
    }

    fn read_probe(&self, status: StatusCode, path: &str, body: &[u8]) -> (HealthState, String) {
        let code = status.as_u16();
        let key = &self.options.key_name;
        match code {
            200..=299 => (HealthState::Healthy, format!("{code} from {path}")),
            401 | 403 => (
                HealthState::Unhealthy,
                format!("{code} from {path}: check {key}"),
            ),
            404 | 405 => (
                HealthState::Healthy,
                format!(
                    "reachable, but {code} from {path}: it has no listing there, or the base URL is wrong"
                ),
            ),
            429 => (
                HealthState::Degraded,
                format!("reachable, but rate limited (429 from {path})"),
            ),
            _ => {
                let said =
                    failure::read_error_body(body).map_or_else(String::new, |said| said.message);
                (
                    HealthState::Unhealthy,
                    format!("{code} from {path}: {said}"),
                )
            }
        }
    }
}

fn add_headers(headers: &mut HeaderMap, own: &HeaderMap) {
    for (name, value) in own {
        headers.insert(name.clone(), value.clone());
    }
}

/// The headers of a Messages API that takes the key otherwise than the main API.
fn messages_headers(options: &Options) -> Option<HeaderMap> {
    let style = options.profile.messages?.credential;
    (style != options.profile.credential)
        .then(|| credential::headers_in(style, options.key.as_ref(), &options.custom_headers))
}

/// The URI of an endpoint, if it is the same for every model.
fn fixed_uri(base: &BaseUrl, path: &str) -> Option<Uri> {
    let uri = base.endpoint_for_model(path, "one");
    (uri == base.endpoint_for_model(path, "another")).then_some(uri)
}

/// A URI as it stands in a request: path and query, without the host.
fn relative(uri: &Uri) -> Uri {
    uri.path_and_query()
        .map_or_else(Uri::default, |path| Uri::from(path.clone()))
}

/// Reads an answer with an error status into an error.
pub(crate) async fn refusal(answer: Response<Answer>) -> Error {
    let (parts, mut body) = answer.into_parts();
    match body.collect(MAX_ERROR_BODY).await {
        Ok(bytes) => refusal_of(parts.status, &parts.headers, &bytes),
        Err(error) => error,
    }
}

pub(crate) fn refusal_of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    let said = failure::read_error_body(body);
    let kind = failure::classify(status, said.as_ref());
    let now = SystemTime::now();
    let hint = retry::retry_after(headers, now)
        .or_else(|| said.as_ref().and_then(|said| said.retry_after));
    let said = said
        .unwrap_or_else(|| ErrorBody::from_text(status.canonical_reason().unwrap_or("no message")));
    Error::refused(status, kind, said, hint)
}

/// A random number from 0 to 1 for the back-off, without a generator of our own: the hash keys
/// that the standard library draws from the operating system.
fn jitter() -> f64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let random = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}
