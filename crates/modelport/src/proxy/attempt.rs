//! One attempt at one provider: sends the request and reads the answer far enough to know that it
//! is one. Whether to try again is decided here, but done by the caller.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header, response::Parts};
use modelport_provider::{
    failure::FailureKind,
    openai_compatible::{
        look::Look,
        stream::{Grammar, Sign},
    },
    provider::{Call, UploadCall},
    receipt::Receipt,
    retry::RetryPolicy,
    sse::{SseReader, events},
    transport::Answer,
    usage::Usage,
};

mod named;

use super::{
    Job,
    asked::Asked,
    decoding::Coding,
    dialect::Dialect,
    failure::Failure,
    headers,
    plan::Deployment,
    sending::{Reading, Sending},
    surface::Answers,
};
use crate::{app::Upstream, clock, config::Config, routing::choice::Attempt};

/// The most of an answer that is held back to see that it is whole, and of a stream's preamble.
/// Longer answers are passed on while they arrive.
const MAX_HELD: usize = 1 << 20;

/// The longest answer that is put into another API's words.
const MAX_TRANSLATED: usize = 64 << 20;

/// The most of a refusal's body that is read.
const MAX_REFUSAL: usize = 1 << 20;

/// What some servers put before their JSON.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// An answer that has begun for real: from here on it is the caller's.
pub enum Committed {
    /// A stream of events, with what was held back of it.
    Stream {
        /// The head of the answer.
        parts: Parts,
        /// Whole events, held back until the first output.
        held: Vec<Bytes>,
        /// Carries the event that is not whole yet.
        reader: SseReader,
        /// The rest of the stream.
        rest: Answer,
    },
    /// A whole answer.
    Whole {
        /// The head of the answer.
        parts: Parts,
        /// The answer.
        body: Bytes,
        /// What it used.
        usage: Option<Usage>,
        /// The fields behind it.
        trailers: Option<Box<HeaderMap>>,
    },
    /// An answer that is passed on before it is seen: it is compressed, or too long to be held.
    Opaque {
        /// The head of the answer.
        parts: Parts,
        /// What has been read of it.
        held: Vec<Bytes>,
        /// The rest of it.
        rest: Answer,
    },
}

impl Committed {
    /// The same, and what is waited for of it from now on: what was waited for until here is the attempt's.
    #[must_use]
    pub fn begun(mut self) -> Self {
        match &mut self {
            Self::Stream { rest, .. } | Self::Opaque { rest, .. } => drop(rest.take_waited()),
            Self::Whole { .. } => {}
        }
        self
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        match self {
            Self::Stream { parts, .. } | Self::Whole { parts, .. } | Self::Opaque { parts, .. } => {
                &parts.headers
            }
        }
    }
}

/// Sends the request to a deployment, with this one of its provider's credentials, and waits until its answer is certain.
///
/// # Errors
///
/// A [`Failure`]: nothing has reached the caller, so another attempt may follow.
pub async fn once(
    job: &Job,
    at: &Deployment,
    noted: &mut Attempt,
    sending: &Sending,
) -> Result<Committed, Failure> {
    let Some(upstream) = job.worker.account(at.provider, noted.key) else {
        return Err(Failure::of(
            FailureKind::Connect,
            "the provider is not configured",
        ));
    };
    let (mut parts, mut answer) = send(job, at, upstream, noted, sending).await?.into_parts();
    noted.heard(parts.status, clock::now());
    if let Some(receipt) = parts.extensions.remove::<Receipt>() {
        noted.tells_fields = !receipt.is_empty();
        headers::add_receipt(&mut parts.headers, &receipt);
    }
    if !parts.status.is_success() {
        let body = answer.collect(MAX_REFUSAL).await?;
        return Err(Failure::refused(parts, body));
    }
    // No coding was asked for, and what is coded cannot be looked into while it is held.
    let is_coded = Coding::of(&parts.headers) != Coding::Identity;
    if is_coded && sending.reading.dialect.is_some() {
        return Err(Failure::of(
            FailureKind::Malformed,
            "it compressed an answer that was asked for as it is, and that must be put into another API's words",
        ));
    }
    if is_coded || is_other(&parts.headers, sending.reading) {
        let held = Vec::new();
        return Ok(Committed::Opaque {
            parts,
            held,
            rest: answer,
        });
    }
    let first = first_text(&mut answer).await?;
    if is_event_stream(&parts.headers, &first, job.asked.stream()) {
        stream(parts, first, answer, sending.reading.grammar).await
    } else {
        whole(job, parts, first, answer, sending.reading.dialect).await
    }
}

async fn send(
    job: &Job,
    at: &Deployment,
    upstream: &Upstream,
    noted: &Attempt,
    sending: &Sending,
) -> Result<Response<Answer>, Failure> {
    let traced = headers::traced(&job.headers, job.trace, noted.span);
    let headers = traced.as_deref().unwrap_or(&job.headers);
    let (path, model) = (&sending.path, &*at.model);
    let (Some(form), Asked::Form(ask)) = (&job.arriving, &job.asked) else {
        let body = &sending.body;
        let call = Call {
            path,
            model,
            headers,
            body,
        };
        return Ok(upstream.send(call).await?);
    };
    let Some(body) = form.send(ask, model) else {
        return Err(Failure::of(
            FailureKind::Truncated,
            "the request's body has been sent already",
        ));
    };
    let call = UploadCall {
        path,
        model,
        headers,
        body,
    };
    // Boxed so that a chat's future is not as large.
    Ok(Box::pin(upstream.send_upload(call)).await?)
}

/// An answer that is neither JSON nor a stream of events, where such a one is allowed: audio, subtitles.
fn is_other(headers: &HeaderMap, reading: Reading) -> bool {
    let label = headers.get(header::CONTENT_TYPE);
    let is = |prefix: &[u8]| label.is_some_and(|label| label.as_bytes().starts_with(prefix));
    match reading.answers {
        Answers::Json => false,
        Answers::Labelled => !is(b"application/json") && !is(b"text/event-stream"),
    }
}

/// The most blank lines before an answer that are passed on, in bytes.
const MAX_BLANK: usize = 64 << 10;

/// The first piece that is not blank, behind the blank ones before it. `DeepSeek` sends blank lines while it waits for
/// capacity (its rate-limit documentation, 2026-11).
async fn first_text(answer: &mut Answer) -> Result<Bytes, Failure> {
    let mut blank = Vec::new();
    while let Some(piece) = answer.data().await {
        let piece = piece?;
        if piece.trim_ascii().is_empty() {
            if blank.len() + piece.len() <= MAX_BLANK {
                blank.extend_from_slice(&piece);
            }
            continue;
        }
        if blank.is_empty() {
            return Ok(piece);
        }
        blank.extend_from_slice(&piece);
        return Ok(Bytes::from(blank));
    }
    Err(Failure::of(
        FailureKind::Malformed,
        "it answered with an empty body",
    ))
}

/// What an answer is, told by its label and, where the label is wrong, by how it begins.
fn is_event_stream(headers: &HeaderMap, first: &[u8], asked: bool) -> bool {
    let begins = first.trim_ascii_start();
    let labelled = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|label| label.as_bytes().starts_with(b"text/event-stream"));
    if labelled {
        return !begins.starts_with(b"{");
    }
    asked
        && (begins.starts_with(b"data:")
            || begins.starts_with(b"event:")
            || begins.starts_with(b":"))
}

/// Clients choose their parser by the label, so a wrong one is put right.
fn label(headers: &mut HeaderMap, right: &'static str) {
    let is_right = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|label| label.as_bytes().starts_with(right.as_bytes()));
    if !is_right {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(right));
    }
}

/// Holds a stream back until its first real output.
async fn stream(
    mut parts: Parts,
    first: Bytes,
    mut answer: Answer,
    grammar: Grammar,
) -> Result<Committed, Failure> {
    label(&mut parts.headers, "text/event-stream");
    let mut reader = SseReader::default();
    let mut held = Vec::new();
    let mut size = 0;
    let mut piece = Some(first);
    while let Some(chunk) = piece {
        let block = match reader.push(&chunk) {
            Ok(block) => block,
            Err(too_long) => {
                return Err(Failure::of(FailureKind::Malformed, &too_long.to_string()));
            }
        };
        let output = has_output(&block, grammar)?;
        size += block.len();
        if !block.is_empty() {
            held.push(block);
        }
        if output || size > MAX_HELD {
            return Ok(Committed::Stream {
                parts,
                held,
                reader,
                rest: answer,
            });
        }
        piece = answer.data().await.transpose()?;
    }
    // An answer may end without the blank line that closes its last event.
    if has_output(reader.unfinished(), grammar)? {
        return Ok(Committed::Stream {
            parts,
            held,
            reader,
            rest: answer,
        });
    }
    Err(Failure::of(
        FailureKind::Truncated,
        "its stream ended before any output",
    ))
}

/// Whether these events hold output; an error among them before any is a failure.
fn has_output(block: &[u8], grammar: Grammar) -> Result<bool, Failure> {
    for event in events(block).filter(|event| event.has_data) {
        match grammar.read_first(&event.data) {
            Sign::Preamble => {}
            Sign::Output | Sign::Done => return Ok(true),
            Sign::Error(said) => return Err(Failure::in_band(said, &event.data)),
            Sign::Malformed => {
                return Err(Failure::of(
                    FailureKind::Malformed,
                    "its stream holds an event that is not JSON",
                ));
            }
        }
    }
    Ok(false)
}

/// Holds a plain answer back until it is whole and seen to be one.
async fn whole(
    job: &Job,
    mut parts: Parts,
    first: Bytes,
    mut answer: Answer,
    dialect: Option<Dialect>,
) -> Result<Committed, Failure> {
    let mut held = vec![first];
    let mut size = held.iter().map(Bytes::len).sum::<usize>();
    while let Some(piece) = answer.data().await.transpose()? {
        size += piece.len();
        held.push(piece);
        if size > MAX_HELD && dialect.is_none() {
            return Ok(Committed::Opaque {
                parts,
                held,
                rest: answer,
            });
        }
        if size > MAX_TRANSLATED {
            return Err(Failure::of(
                FailureKind::Malformed,
                "its answer is too long to be put into another API's words",
            ));
        }
    }
    let body = join(held, size);
    // Clients pass over a byte order mark, which JSON itself does not allow.
    let json = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
    let Ok(look) = Look::at(json) else {
        return Err(Failure::not_json(parts.status, &body));
    };
    if let Some(said) = look.error() {
        return Err(Failure::in_band(said, &body));
    }
    let usage = look.usage();
    let body = match dialect {
        None => body,
        Some(dialect) => match dialect.whole(job, json) {
            Some(body) => body,
            None => return Err(Failure::not_json(parts.status, &body)),
        },
    };
    label(&mut parts.headers, "application/json");
    Ok(Committed::Whole {
        parts,
        body,
        usage,
        trailers: answer.take_trailers().map(Box::new),
    })
}

fn join(mut held: Vec<Bytes>, size: usize) -> Bytes {
    if held.len() == 1 {
        return held.pop().unwrap_or_default();
    }
    let mut whole = bytes::BytesMut::with_capacity(size);
    for piece in held {
        whole.extend_from_slice(&piece);
    }
    whole.freeze()
}

/// How long to wait before the same provider is tried again; `None` when it is not.
///
/// A provider that fell silent is not asked again: it may well be at work on the first request,
/// and would be paid twice.
pub fn wait_before_retry(
    config: &Config,
    provider: usize,
    failure: &Failure,
    retries: u32,
) -> Option<Duration> {
    let max_retries = config.providers.get(provider)?.max_retries;
    if !failure.may_retry() {
        return None;
    }
    RetryPolicy { max_retries }.delay(retries, failure.retry_after, fastrand::f64())
}

/// Tells at DEBUG how an attempt went.
pub fn note_success(job: &Job, at: &Deployment, sending: &Sending, took: Duration) {
    let params = (!sending.receipt.is_empty()).then(|| sending.receipt.to_string());
    tracing::debug!(
        params,
        request_id = job.id.as_str(),
        provider = job.provider_id(at),
        url = job.base_url(at),
        duration_ms = millis(took),
        "attempt answered"
    );
}

/// Tells at DEBUG how an attempt failed and what follows.
pub fn note_failure(
    job: &Job,
    at: &Deployment,
    failure: &Failure,
    took: Duration,
    wait: Option<Duration>,
) {
    tracing::debug!(
        request_id = job.id.as_str(),
        provider = job.provider_id(at),
        url = job.base_url(at),
        status = failure.status().map(|status| status.as_u16()),
        failure = failure.kind.as_str(),
        cause = failure.said(),
        duration_ms = millis(took),
        retry_in_ms = wait.map(millis),
        "attempt failed"
    );
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
