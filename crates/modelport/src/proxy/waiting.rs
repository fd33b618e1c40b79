//! A stream whose first output is long in coming.
//!
//! Load balancers and clients give up on a connection that says nothing, so after a grace the head
//! goes out, and comments after it that no client shows to anybody. Which provider answers is still
//! open: content has not been sent, so a failing provider can still be replaced unseen.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::{Job, Reply, decoding, headers, meter::Meter, run};
use crate::{
    error::{Envelope, Error},
    ids::{REQUEST_ID, RequestId},
};

/// How long the head of a stream is held back. The idle timeouts of load balancers begin at 30 s.
const GRACE: Duration = Duration::from_secs(15);

/// How often a waiting stream shows that it is alive.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// With what it does.
pub(super) const ALIVE: &[u8] = b": waiting for the provider\n\n";

/// The most of a plain answer that is turned into an event.
const MAX_PLAIN: usize = 8 << 20;

/// The making of an answer.
pub(super) type Work = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send>>;

/// Answers within the grace with whatever the providers give, and after it with a stream that
/// waits for them.
pub(super) async fn within_grace(job: Box<Job>, meter: Meter) -> Result<Reply, Error> {
    let grace = Grace::of(&job);
    grace.hold(Box::pin(run(job, meter))).await
}

/// What is known of an answer before there is one.
pub(super) struct Grace {
    /// Its headers, should they go out before any provider has given others.
    pub(super) head: HeaderMap,
    id: RequestId,
    envelope: Envelope,
}

impl Grace {
    /// Of the answer to this request.
    pub(super) fn of(job: &Job) -> Self {
        Self {
            head: head(job),
            id: job.id.clone(),
            envelope: job.surface.envelope(),
        }
    }

    /// Answers with what the work gives, or after the grace with a stream that waits for that.
    pub(super) async fn hold(self, work: Work) -> Result<Reply, Error> {
        hold(work, self.head, self.id, self.envelope).await
    }
}

/// The headers of an answer that goes out before any provider has given one.
fn head(job: &Job) -> HeaderMap {
    let mut head = HeaderMap::new();
    let events = HeaderValue::from_static("text/event-stream");
    head.insert(header::CONTENT_TYPE, events);
    let no_cache = HeaderValue::from_static("no-cache");
    head.insert(header::CACHE_CONTROL, no_cache);
    head.insert(REQUEST_ID, job.id.to_header());
    if let Some(first) = job.plan.first() {
        headers::add_resolution(&mut head, job.provider_id(first), &first.model);
    }
    head
}

async fn hold(
    mut work: Work,
    head: HeaderMap,
    id: RequestId,
    envelope: Envelope,
) -> Result<Reply, Error> {
    if let Ok(result) = tokio::time::timeout(GRACE, &mut work).await {
        return result;
    }
    let mut reply = Response::new(Body::new(Waiting::new(work, id, envelope)));
    *reply.headers_mut() = head;
    Ok(reply)
}

/// A stream that shows that it is alive until the work behind it gives an answer.
struct Waiting {
    stage: Stage,
    ticks: Interval,
    id: RequestId,
    envelope: Envelope,
}

enum Stage {
    /// Waiting for an answer; the first comment goes out at once, with the head.
    Working(Work),
    /// Passing an answer on.
    Passing(Body),
    /// Collecting an answer that is not a stream, to be said in one event.
    Collecting(Pin<Box<dyn Future<Output = Bytes> + Send>>),
    Over,
}

impl Waiting {
    fn new(work: Work, id: RequestId, envelope: Envelope) -> Self {
        let mut ticks = interval_at(tokio::time::Instant::now(), KEEP_ALIVE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            stage: Stage::Working(work),
            ticks,
            id,
            envelope,
        }
    }

    fn answered(&mut self, result: Result<Reply, Error>) -> Option<Bytes> {
        match result {
            Err(error) => {
                self.stage = Stage::Over;
                Some(error.event(self.envelope, &self.id))
            }
            Ok(reply) => match form(&reply) {
                Form::Events => {
                    self.stage = Stage::Passing(reply.into_body());
                    None
                }
                Form::Refusal => {
                    let event = as_event(reply, self.envelope);
                    self.stage = Stage::Collecting(Box::pin(event));
                    None
                }
                Form::Other(what) => {
                    self.stage = Stage::Over;
                    Some(unfit(&reply, what).event(self.envelope, &self.id))
                }
            },
        }
    }
}

/// What an answer is to a stream that has begun already.
enum Form {
    Events,
    /// A status and its reason, to be said in one event.
    Refusal,
    /// Something that cannot be said in the events that were promised.
    Other(&'static str),
}

fn form(reply: &Reply) -> Form {
    let label = reply.headers().get(header::CONTENT_TYPE);
    let is_stream = label.is_some_and(|label| label.as_bytes().starts_with(b"text/event-stream"));
    if !reply.status().is_success() {
        Form::Refusal
    } else if reply.headers().contains_key(header::CONTENT_ENCODING) {
        Form::Other("it compressed an answer that was asked for as it is")
    } else if is_stream {
        Form::Events
    } else {
        Form::Other("it answered in one piece where a stream was asked for")
    }
}

fn unfit(reply: &Reply, what: &str) -> Error {
    let provider = reply.headers().get(headers::PROVIDER);
    let provider = provider.and_then(|id| id.to_str().ok()).unwrap_or_default();
    Error::Upstream {
        provider: provider.to_owned(),
        what: what.to_owned(),
        status: StatusCode::BAD_GATEWAY,
        retry_after: None,
    }
}

/// A refusal as one event.
async fn as_event(reply: Reply, envelope: Envelope) -> Bytes {
    let (parts, body) = reply.into_parts();
    let limited = http_body_util::Limited::new(body, MAX_PLAIN);
    let whole = limited
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let json: Option<Box<serde_json::value::RawValue>> = whole.ok().and_then(|bytes| {
        let text = decoding::whole(&parts.headers, &bytes);
        serde_json::from_slice(text.as_deref().unwrap_or(&bytes)).ok()
    });
    let text = json.map_or_else(
        || r#"{"error":{"message":"The provider refused, and its reason could not be read.","type":"upstream_error","param":null,"code":"upstream_failed"}}"#.to_owned(),
        |json| json.get().replace(['\n', '\r'], " "),
    );
    let name = match envelope {
        Envelope::OpenAi => "",
        Envelope::Anthropic => "event: error\n",
    };
    Bytes::from(format!("{name}data: {text}\n\n"))
}

impl HttpBody for Waiting {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        loop {
            match &mut this.stage {
                Stage::Working(work) => match work.as_mut().poll(cx) {
                    Poll::Ready(result) => {
                        if let Some(event) = this.answered(result) {
                            return Poll::Ready(Some(Ok(Frame::data(event))));
                        }
                    }
                    Poll::Pending => {
                        ready!(this.ticks.poll_tick(cx));
                        let comment = Bytes::from_static(ALIVE);
                        return Poll::Ready(Some(Ok(Frame::data(comment))));
                    }
                },
                Stage::Passing(body) => return Pin::new(body).poll_frame(cx),
                Stage::Collecting(event) => {
                    let event = ready!(event.as_mut().poll(cx));
                    this.stage = Stage::Over;
                    return Poll::Ready(Some(Ok(Frame::data(event))));
                }
                Stage::Over => return Poll::Ready(None),
            }
        }
    }
}

#[cfg(test)]
mod tests;
