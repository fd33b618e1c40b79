//! Passing an answer on as it comes, and reading along: the caller's answer, from one that is certain.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header, response::Parts};

mod aside;
pub(super) mod continuing;
mod story;
mod stream;
mod trailers;
mod unseen;

use super::{
    Job, Reply, admission,
    attempt::Committed,
    headers,
    meter::{Ending, Meter},
    plan::Deployment,
    sending::Sending,
};
use crate::limits::admission::Standing;
use aside::Aside;
use stream::{Relay, Words};
use trailers::WithTrailers;
use unseen::Unseen;

/// What the comment begins with that tells in a stream what it cost.
pub(super) const COST: &[u8] = b": modelport-cost ";

/// The caller's answer, from one that is certain.
pub fn reply(
    job: &Job,
    at: &Deployment,
    sending: &Sending,
    committed: Committed,
    mut meter: Meter,
) -> Reply {
    match committed.begun() {
        Committed::Whole {
            parts,
            body,
            usage,
            trailers,
        } => {
            if let Some(usage) = usage {
                meter.used(usage);
            }
            meter.begin(parts.status);
            let (limits, cost) = (meter.limits(), meter.cost());
            meter.settle(Ending::Answered);
            let trailers = trailers.and_then(|fields| headers::trailers_to_caller(*fields));
            let body = match trailers {
                Some(trailers) => Body::new(WithTrailers::new(body, trailers)),
                None => Body::from(body),
            };
            let mut reply = Response::new(body);
            *reply.status_mut() = parts.status;
            *reply.headers_mut() = to_caller(job, at, sending, parts.headers, limits);
            headers::add_cost(reply.headers_mut(), cost);
            reply
        }
        Committed::Stream {
            parts,
            held,
            reader,
            rest,
        } => {
            let relay = Relay::new(job, at.provider, sending, rest, reader, meter);
            begin(job, at, sending, parts, held, relay).map(Body::new)
        }
        Committed::Opaque { parts, held, rest } => {
            meter.begin(parts.status);
            let limits = meter.limits();
            let grammar = sending.reading.grammar;
            let aside = Aside::new(&parts.headers, job.asked.stream(), grammar);
            let (id, name) = (job.id.clone(), job.provider_name(at).to_owned());
            let unseen = Unseen::new(held, rest, &parts.headers, aside, meter, id, name);
            let mut reply = Response::new(Body::new(unseen));
            *reply.status_mut() = parts.status;
            // Its length stays as the provider gave it, so that a cut is seen as one.
            let length = parts.headers.get(header::CONTENT_LENGTH).cloned();
            *reply.headers_mut() = to_caller(job, at, sending, parts.headers, limits);
            if let Some(length) = length {
                reply.headers_mut().insert(header::CONTENT_LENGTH, length);
            }
            reply
        }
    }
}

/// The beginning of a stream.
fn begin(
    job: &Job,
    at: &Deployment,
    sending: &Sending,
    parts: Parts,
    held: Vec<Bytes>,
    mut relay: Relay,
) -> Response<Relay> {
    relay.meter.begin(parts.status);
    let limits = relay.meter.limits();
    if let Some(dialect) = sending.reading.dialect {
        relay.words = Words::Others(dialect.stream(job));
    }
    for block in held {
        relay.pass(block);
    }
    let mut reply = Response::new(relay);
    *reply.status_mut() = parts.status;
    *reply.headers_mut() = to_caller(job, at, sending, parts.headers, limits);
    reply
}

fn to_caller(
    job: &Job,
    at: &Deployment,
    sending: &Sending,
    upstream: HeaderMap,
    limits: Option<Standing>,
) -> HeaderMap {
    // Over HTTP/1.1 only the fields that are announced here may follow the body.
    let announced: Vec<HeaderValue> = if job.takes_trailers {
        upstream.get_all(header::TRAILER).iter().cloned().collect()
    } else {
        Vec::new()
    };
    let mut headers = headers::to_caller(upstream, job.surface.envelope(), &job.id);
    for names in announced {
        headers.append(header::TRAILER, names);
    }
    headers::add_resolution(&mut headers, job.provider_id(at), &at.model);
    headers::add_receipt(&mut headers, &sending.receipt);
    if let Some(limits) = limits {
        admission::add_headers(&mut headers, limits);
    }
    headers
}
