//! One call of a receiver of traces, by HTTP or by gRPC, and what its answer means.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use modelport_provider::{
    retry,
    settings::Http2,
    splice::Spliced,
    transport::{Tls, Transport},
};
use prost::Message;

use super::wire::{Export, Exported};
use crate::{
    clock,
    config::{TraceProtocol, TracesConfig},
};

/// The path of the call by gRPC (opentelemetry-proto, `trace_service.proto`).
const GRPC_PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// What stands before a message of gRPC: whether it is compressed, and its length.
const GRPC_PREFIX: usize = 5;

/// The most that is read of an answer.
const MAX_ANSWER: usize = 1 << 16;

/// The most of what a receiver says that is repeated.
const MAX_SAID: usize = 200;

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("modelport/", env!("CARGO_PKG_VERSION")));

/// The way to a receiver.
pub(super) struct Line {
    transport: Transport,
    protocol: TraceProtocol,
    path: Uri,
    headers: HeaderMap,
    patience: Duration,
}

/// Why a call has failed.
pub(super) struct Failed {
    pub(super) problem: String,
    /// Whether the same may be taken later.
    pub(super) may_repeat: bool,
    /// When, if the receiver says so.
    pub(super) after: Option<Duration>,
}

impl Failed {
    fn for_good(problem: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            may_repeat: false,
            after: None,
        }
    }

    fn for_now(problem: impl Into<String>, after: Option<Duration>) -> Self {
        Self {
            problem: problem.into(),
            may_repeat: true,
            after,
        }
    }
}

impl Line {
    /// No connection is made yet.
    ///
    /// # Errors
    ///
    /// When no certificates can be checked on this machine, or the receiver's URL has no host.
    pub(super) fn new(config: &TracesConfig) -> std::io::Result<Self> {
        let target = config.endpoint.target();
        let tls = Tls::new().map_err(std::io::Error::other)?;
        let is_plain = target.scheme() == Some(&http::uri::Scheme::HTTP);
        let (http2, path, content) = match config.protocol {
            TraceProtocol::Http => (Http2::Off, path_of(target), "application/x-protobuf"),
            TraceProtocol::Grpc => (
                if is_plain {
                    Http2::PriorKnowledge
                } else {
                    Http2::Auto
                },
                Uri::from_static(GRPC_PATH),
                "application/grpc",
            ),
        };
        let transport = Transport::new(target, tls, config.timeout, http2);
        let mut headers = config.headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content));
        headers.insert(header::USER_AGENT, USER_AGENT);
        if config.protocol == TraceProtocol::Grpc {
            headers.insert(header::TE, HeaderValue::from_static("trailers"));
        }
        Ok(Self {
            transport: transport.map_err(std::io::Error::other)?,
            protocol: config.protocol,
            path,
            headers,
            patience: config.timeout,
        })
    }

    /// A message as it is sent.
    pub(super) fn encode(&self, message: &Export) -> Bytes {
        let length = message.encoded_len();
        let mut bytes = BytesMut::with_capacity(GRPC_PREFIX + length);
        if self.protocol == TraceProtocol::Grpc {
            bytes.put_u8(0);
            bytes.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
        }
        message.encode_raw(&mut bytes);
        bytes.freeze()
    }

    /// Sends a message, and gives how many of its spans the receiver did not want.
    pub(super) async fn send(&self, message: &Bytes) -> Result<u64, Failed> {
        let work = async {
            let answer = self.transport.send(|| self.request(message)).await;
            let (head, mut body) = answer?.into_parts();
            let said = body.collect(MAX_ANSWER).await?;
            let trailers = body.take_trailers();
            Ok::<_, modelport_provider::Error>((head, said, trailers))
        };
        let (head, said, trailers) = match tokio::time::timeout(self.patience, work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(Failed::for_now(error.to_string(), None)),
            Err(_) => {
                let millis = self.patience.as_millis();
                return Err(Failed::for_now(
                    format!("no answer within {millis} ms"),
                    None,
                ));
            }
        };
        taken(head.status, &head.headers)?;
        match self.protocol {
            TraceProtocol::Http => Ok(unwanted(&said)),
            TraceProtocol::Grpc => {
                taken_by_grpc(trailers.as_ref().unwrap_or(&head.headers))?;
                Ok(unwanted(said.get(GRPC_PREFIX..).unwrap_or_default()))
            }
        }
    }

    fn request(&self, message: &Bytes) -> Request<Spliced> {
        let mut request = Request::new(Spliced::from(message.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

fn path_of(target: &Uri) -> Uri {
    let path = target.path_and_query();
    path.map_or_else(|| Uri::from_static("/"), |path| path.clone().into())
}

/// What a status means (OTLP 1.9, "Failures" and "OTLP/HTTP Throttling"). A redirection is not followed: it would take a
/// key elsewhere.
fn taken(status: StatusCode, headers: &HeaderMap) -> Result<(), Failed> {
    if status.is_success() {
        return Ok(());
    }
    let problem = format!("it answered with {}", status.as_u16());
    match status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => {
            let after = retry::retry_after(headers, clock::calendar());
            Err(Failed::for_now(problem, after))
        }
        _ => Err(Failed::for_good(problem)),
    }
}

/// What gRPC's own status means (OTLP 1.9, "OTLP/gRPC Throttling": the codes that may be tried again).
fn taken_by_grpc(fields: &HeaderMap) -> Result<(), Failed> {
    let word = |name: &str| fields.get(name).and_then(|value| value.to_str().ok());
    let Some(status) = word("grpc-status") else {
        return Err(Failed::for_good("it does not answer as gRPC does"));
    };
    let said: String = word("grpc-message")
        .unwrap_or_default()
        .chars()
        .take(MAX_SAID)
        .collect();
    let problem = format!("it answered with status {status} of gRPC {said:?}");
    match status {
        "0" => Ok(()),
        "1" | "4" | "8" | "10" | "11" | "14" | "15" => Err(Failed::for_now(problem, None)),
        _ => Err(Failed::for_good(problem)),
    }
}

/// How many spans an answer says were not wanted. One that cannot be read says nothing.
fn unwanted(answer: &[u8]) -> u64 {
    let answer = Exported::decode(answer).unwrap_or_default();
    let partial = answer.partial_success.unwrap_or_default();
    u64::try_from(partial.rejected_spans).unwrap_or(0)
}
