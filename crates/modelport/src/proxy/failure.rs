//! A failed attempt: what is known of it, whether another may follow, and what the caller is told
//! when none does.

use std::time::{Duration, SystemTime};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, response::Parts};
use modelport_provider::{
    Error as ProviderError,
    error::{RequestFault, Stage},
    failure::{self as taxonomy, ErrorBody, FailureKind, Fault, Lesson},
    receipt::Fate,
    retry, scan,
};

mod envelope;
mod hiding;

use super::{
    Job, Reply, decoding, headers,
    meter::{Ending, Meter},
    sending::Sending,
};
use crate::{
    clock,
    config::ProviderConfig,
    error::{self, Error},
};

/// Why an attempt gave no answer.
pub struct Failure {
    /// Its class.
    pub kind: FailureKind,
    /// Which of the provider's credentials was shown.
    pub(super) key: u16,
    /// How long the provider asked to wait.
    pub retry_after: Option<Duration>,
    /// The provider's own word on whether to try again.
    should_retry: Option<bool>,
    /// The provider's error answer, to be passed on as it came.
    answer: Option<Box<Refusal>>,
    /// What the provider fell silent in, and for how long it was waited.
    silence: Option<(Stage, Duration)>,
    /// What is wrong with the request, where it could not be put into the provider's terms.
    request: Option<Box<RequestFault>>,
    /// What happened, in words.
    said: String,
    /// The field that the provider blames.
    param: Option<Box<str>>,
    /// What the gateway itself has to say, where that and not a provider ended the attempt.
    own: Option<Box<Error>>,
    /// What it teaches about the model.
    pub(super) lesson: Option<Box<Lesson>>,
}

/// A provider's error answer.
struct Refusal {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    /// The body as it reads, where it is compressed.
    text: Option<Vec<u8>>,
    /// Whether the body is a JSON error that a client can read.
    readable: bool,
}

impl Failure {
    /// A failure that only words describe.
    pub fn of(kind: FailureKind, said: &str) -> Self {
        Self {
            kind,
            key: 0,
            retry_after: None,
            should_retry: None,
            answer: None,
            silence: None,
            request: None,
            said: said.to_owned(),
            param: None,
            own: None,
            lesson: None,
        }
    }

    /// An end that the gateway itself puts to an attempt.
    pub fn own(kind: FailureKind, error: Error) -> Self {
        let mut failure = Self::of(kind, &error.to_string());
        failure.own = Some(Box::new(error));
        failure
    }

    /// Whether the gateway itself ended the attempt.
    pub fn is_ours(&self) -> bool {
        self.own.is_some()
    }

    /// An answer with an error status.
    pub fn refused(parts: Parts, body: Bytes) -> Self {
        let text = decoding::whole(&parts.headers, &body);
        let words_of = text.as_deref().unwrap_or(&body);
        let said = taxonomy::read_error_body(words_of);
        let readable = said.is_some() && scan::validate(words_of).is_ok();
        let retry_after = retry::retry_after(&parts.headers, calendar())
            .or_else(|| said.as_ref().and_then(|said| said.retry_after));
        let kind = if parts.status.is_redirection() {
            FailureKind::Malformed
        } else {
            taxonomy::classify(parts.status, said.as_ref())
        };
        Self {
            kind,
            key: 0,
            retry_after,
            should_retry: retry::should_retry(&parts.headers)
                .or_else(|| said.as_ref().and_then(|said| said.retryable)),
            silence: None,
            param: said
                .as_ref()
                .and_then(|said| said.param.as_deref().map(Into::into)),
            request: None,
            own: None,
            lesson: said.as_ref().and_then(taxonomy::lesson).map(Box::new),
            said: words(parts.status, said),
            answer: Some(Box::new(Refusal {
                status: parts.status,
                headers: parts.headers,
                body,
                text,
                readable,
            })),
        }
    }

    /// An error inside an answer whose status promised success. What surrounds it there, a piece
    /// of a completion or of a stream, is left behind.
    pub fn in_band(said: ErrorBody, body: &[u8]) -> Self {
        let kind = taxonomy::classify_in_band(&said);
        let status = taxonomy::status_in_band(&said);
        let json = HeaderValue::from_static("application/json");
        let body = envelope::around(&said, body);
        Self {
            kind,
            key: 0,
            retry_after: said.retry_after,
            should_retry: said.retryable,
            silence: None,
            own: None,
            lesson: taxonomy::lesson(&said).map(Box::new),
            param: said.param.map(Into::into),
            request: None,
            said: said.message,
            answer: Some(Box::new(Refusal {
                status,
                headers: HeaderMap::from_iter([(header::CONTENT_TYPE, json)]),
                body: Bytes::from(body),
                text: None,
                readable: true,
            })),
        }
    }

    /// A success that is not a completion: HTML, half a JSON document, garbage.
    pub fn not_json(status: StatusCode, body: &[u8]) -> Self {
        let begins: String = String::from_utf8_lossy(body)
            .chars()
            .filter(|c| !c.is_control())
            .take(60)
            .collect();
        let said = format!(
            "its answer ({}) is not a JSON object but begins with {begins:?}",
            status.as_u16()
        );
        Self::of(FailureKind::Malformed, &said)
    }

    /// Whether the same provider may be asked again.
    pub fn may_retry(&self) -> bool {
        if matches!(self.silence, Some((Stage::Head | Stage::Body, _))) {
            return false;
        }
        self.should_retry.unwrap_or_else(|| self.kind.may_retry())
    }

    /// Whether the provider was asked at all: a request that cannot be put into its terms never left.
    pub fn was_sent(&self) -> bool {
        self.request.is_none()
    }

    /// Whether another provider may be asked.
    pub fn may_fail_over(&self) -> bool {
        self.kind.may_fail_over() && (!self.is_ours() || self.is_busy())
    }

    /// Whether there was no place at the provider nor room to wait for one, so that it was not asked.
    pub fn is_busy(&self) -> bool {
        self.is_ours() && self.kind == FailureKind::RateLimited
    }

    /// The provider's status, if it answered.
    pub fn status(&self) -> Option<StatusCode> {
        self.answer.as_ref().map(|answer| answer.status)
    }

    /// What happened, in words.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// What the caller is told of a failure at this place of the plan.
    pub(super) fn into_reply(
        self,
        job: &Job,
        at: usize,
        mut sending: Sending,
        mut meter: Meter,
    ) -> Result<Reply, Error> {
        let Some(at) = job.plan.deployments.get(at) else {
            return Err(Error::Internal);
        };
        let Some(config) = job.worker.app.config.providers.get(at.provider) else {
            return Err(Error::Internal);
        };
        if let Some(field) = self.blamed(job) {
            sending.receipt.note(&field, Fate::Refused);
        }
        let answer = self.answer.as_ref();
        meter.told(answer.map(|answer| &answer.headers), &sending.receipt);
        let mut reply = if self.passed_on() {
            self.pass_on(job, meter)
        } else {
            let error = self.into_error(config);
            meter.fail(&error);
            error.into_reply(job.surface.envelope(), &job.id)
        };
        headers::add_resolution(reply.headers_mut(), &config.id, &at.model);
        headers::add_receipt(reply.headers_mut(), &sending.receipt);
        Ok(reply)
    }

    /// Whether the provider's own answer is what the caller should read: always when the fault is
    /// the caller's, and otherwise when it says more than we could.
    fn passed_on(&self) -> bool {
        let Some(answer) = &self.answer else {
            return false;
        };
        match self.kind.fault() {
            Fault::Credential => false,
            Fault::Caller => answer.readable || self.kind != FailureKind::NotFound,
            Fault::Provider => answer.readable,
        }
    }

    /// The caller's top-level field that the provider refuses the request for.
    fn blamed(&self, job: &Job) -> Option<String> {
        if !matches!(self.kind, FailureKind::BadRequest) {
            return None;
        }
        let param = self.param.as_deref()?;
        let field = param.split(['.', '[']).next()?;
        let mut names = job.asked.names(&job.body);
        names.any(|name| name == field).then(|| field.to_owned())
    }

    fn pass_on(self, job: &Job, mut meter: Meter) -> Reply {
        let (kind, said) = (self.kind, self.said);
        let (status, upstream_headers, body) = match self.answer {
            Some(answer) => (answer.status, answer.headers, answer.body),
            None => (StatusCode::BAD_GATEWAY, HeaderMap::new(), Bytes::new()),
        };
        let mut headers = headers::to_caller(upstream_headers, job.surface.envelope(), &job.id);
        let body = if envelope::fits(job.surface.envelope(), &body) {
            body
        } else {
            let json = HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, json);
            let kind = error::anthropic_type(status);
            let body = error::anthropic_body(kind, &said, None, job.id.as_str());
            Bytes::from(body.to_string())
        };
        let mut reply = Response::new(Body::from(body));
        *reply.status_mut() = status;
        *reply.headers_mut() = headers;
        meter.passed_on(status, kind, &said);
        meter.settle(Ending::Refused);
        reply
    }

    fn into_error(self, config: &ProviderConfig) -> Error {
        if let Some(error) = self.own {
            return *error;
        }
        if let Some(fault) = self.request {
            return Error::BadRequest {
                message: fault.message,
                param: fault.param,
                code: fault.code,
            };
        }
        let provider = config.name.clone();
        let status = self.status();
        let code = status.map_or(200, |status| status.as_u16());
        if let Some((stage, _)) = self.silence
            && stage != Stage::Connect
        {
            let what = match stage {
                Stage::Connect => "no connection was made",
                Stage::Head => "no answer began",
                Stage::Body => "the answer began and then stopped",
            };
            return Error::silent(config, what);
        }
        match self.kind {
            FailureKind::Credential | FailureKind::Permission => Error::Credential {
                provider,
                status: code,
                said: sentence(&self.said),
                variable: config.key_setting(self.key.into()).to_owned(),
            },
            FailureKind::OutOfCredit => Error::OutOfCredit {
                provider,
                status: code,
                said: self.said,
            },
            FailureKind::Connect => Error::Unreachable {
                provider,
                cause: self.said,
                variable: config.base_url_variable.clone(),
            },
            FailureKind::NotFound => Error::Upstream {
                provider,
                what: format!(
                    "{code} without an error body that a client could read: {} Check that {} is the API's base URL.",
                    sentence(&self.said),
                    config.base_url_variable
                ),
                status: StatusCode::BAD_GATEWAY,
                retry_after: None,
            },
            _ => Error::Upstream {
                provider,
                what: self.said,
                status: status
                    .filter(|status| keeps(*status))
                    .unwrap_or(StatusCode::BAD_GATEWAY),
                retry_after: self.retry_after.map(whole_seconds),
            },
        }
    }
}

/// Seconds, rounded up: a client that comes back early has come in vain.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// Statuses that tell a client when and whether to come back.
fn keeps(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 503 | 504 | 529)
}

fn words(status: StatusCode, said: Option<ErrorBody>) -> String {
    match said {
        Some(said) => said.message,
        None => format!(
            "{} {}",
            status.as_u16(),
            status.canonical_reason().unwrap_or("without a message")
        ),
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

fn calendar() -> SystemTime {
    clock::calendar()
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        Self {
            kind: error.failure(),
            key: 0,
            retry_after: error.retry_after(),
            should_retry: None,
            answer: None,
            silence: error.silence(),
            request: error.request_fault().cloned().map(Box::new),
            said: error.to_string(),
            param: None,
            own: None,
            lesson: None,
        }
    }
}
