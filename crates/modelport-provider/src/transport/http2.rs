//! HTTP/2 to a provider: many calls share a connection, so each connection has a task of its own
//! that drives it, and a few are kept, each with as many streams as its peer and we allow.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::FutureExt;
use http::{Request, Response, Uri, Version};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::http2::{self, Connection, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::sleep;

mod pool;

use super::{
    Answer, Http2, Line, MAX_CONNECT, Transport, Upload,
    connect::{self, Offer, Socket},
    describe,
    outgoing::Outgoing,
    within,
};
use crate::{
    error::{Error, Stage},
    splice::Spliced,
};
use pool::{Gauge, Opening, Standing, Way};
pub(super) use pool::{Pool, Stream};

/// The most connections to one origin. When all are full, calls wait for a stream.
const MAX_CONNECTIONS: usize = 16;

/// The most streams on one connection, if its peer does not allow fewer.
const MAX_STREAMS: usize = 100;

/// How much of an answer may be under way on one stream, in bytes. A connection has room for all
/// its streams, so that a caller who reads slowly holds up nobody else.
const STREAM_WINDOW: u32 = 128 << 10;
const CONNECTION_WINDOW: u32 = 100 * STREAM_WINDOW;

/// The longest head of an answer, in bytes as RFC 9113 counts them.
const MAX_HEADER_LIST: u32 = 64 << 10;

/// How often a peer with open streams is asked whether it is still there, and how long it may take
/// to answer.
const PING: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(10));

/// The first pause before another look for a peer's settings, and the longest.
const SETTLE_PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// How many connections one call may try before it has failed.
const MAX_TRIES: usize = 3;

/// How many new connections one call may wait for: while all are being made, its turn may come with
/// the last.
const MAX_WAITS: usize = 2 * MAX_CONNECTIONS;

/// How a call failed before its answer.
enum Before {
    /// The provider has not worked on it, so another connection may be tried.
    Unserved(Error),
    Failed(Error),
}

impl Transport {
    /// A call over a stream, or alone where the provider chooses HTTP/1.1.
    pub(super) async fn send_stream(
        &self,
        make: impl Fn() -> Request<Spliced>,
    ) -> Result<Response<Answer>, Error> {
        let silence = self.shared.silence;
        let mut last = None;
        for _ in 0..MAX_TRIES {
            if self.shared.chose_http1.load(Ordering::Relaxed) {
                return self.send_alone(make).await;
            }
            let Some((sender, stream, standing)) = self.find_stream().await? else {
                continue;
            };
            let whole = |body| Outgoing::Whole(Full::new(Box::new(body)));
            let request = self.absolute(make().map(whole));
            let sent = within(silence, Stage::Head, begin(sender, request, standing));
            match sent.await {
                Ok(Ok(response)) => {
                    return Ok(response
                        .map(|incoming| Answer::over(Line::Stream { incoming, stream }, self)));
                }
                Ok(Err(Before::Unserved(error))) => {
                    stream.distrust();
                    last = Some(error);
                }
                Ok(Err(Before::Failed(error))) => return Err(error),
                Err(silent) => {
                    stream.distrust();
                    return Err(silent);
                }
            }
        }
        Err(last.unwrap_or_else(none_stayed))
    }

    /// As [`Transport::send_stream`], for a body that can be sent only once.
    pub(super) async fn upload_stream(
        &self,
        request: Request<Upload>,
    ) -> Result<Response<Answer>, Error> {
        let Some((sender, stream, standing)) = self.find_stream().await? else {
            return Err(none_stayed());
        };
        let progress = request.body().progress();
        let request = self.absolute(request.map(Outgoing::Upload));
        match self
            .while_sent(&progress, begin(sender, request, standing))
            .await
        {
            Ok(Ok(response)) => {
                Ok(response.map(|incoming| Answer::over(Line::Stream { incoming, stream }, self)))
            }
            Ok(Err(Before::Unserved(error) | Before::Failed(error))) | Err(error) => {
                stream.distrust();
                Err(error)
            }
        }
    }

    /// A stream of some connection; `None` when the provider has just chosen HTTP/1.1.
    async fn find_stream(
        &self,
    ) -> Result<Option<(SendRequest<Outgoing>, Stream, Standing)>, Error> {
        for _ in 0..MAX_WAITS {
            match self.shared.streams.way(|| self.opening()) {
                Way::Stream(sender, stream, standing) => {
                    return Ok(Some((sender, stream, standing)));
                }
                Way::Wait(opening) => opening.await?,
            }
            if self.shared.chose_http1.load(Ordering::Relaxed) {
                return Ok(None);
            }
        }
        Err(none_stayed())
    }

    /// Makes a connection and puts it where calls find it.
    fn opening(&self) -> Opening {
        let home = self.clone();
        let limit = self.shared.silence.min(MAX_CONNECT);
        let work = async move {
            let made = within(limit, Stage::Connect, Box::pin(home.make())).await;
            home.shared.streams.opened();
            match made? {
                Made::Http2(sender, gauge) => home.shared.streams.add(sender, gauge),
                Made::Http1(connection) => {
                    home.shared.chose_http1.store(true, Ordering::Relaxed);
                    home.keep(connection);
                }
            }
            Ok(())
        };
        work.boxed().shared()
    }

    async fn make(&self) -> Result<Made, Error> {
        let socket = self.open(Offer::Either).await?;
        if self.shared.http2 != Http2::PriorKnowledge && !socket.chose_http2() {
            return Ok(Made::Http1(self.begin(socket).await?));
        }
        let failed = |cause| Error::connect(&connect::shown(&self.shared.origin), cause);
        let made = handshake(socket).await;
        let (sender, mut connection) = made.map_err(|error| failed(describe(&error)))?;
        settled(&mut connection).await.map_err(failed)?;
        let gauge = Arc::new(Gauge::new(connection.current_max_send_streams()));
        tokio::spawn(Driver {
            connection,
            gauge: Arc::clone(&gauge),
        });
        Ok(Made::Http2(sender, gauge))
    }

    /// The request as HTTP/2 has it: the host is part of the URI.
    fn absolute(&self, mut request: Request<Outgoing>) -> Request<Outgoing> {
        let mut parts = self.shared.origin.clone().into_parts();
        parts.path_and_query = request.uri().path_and_query().cloned();
        // The origin has a scheme and a host, and a request a path, so there is no other case.
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
        *request.version_mut() = Version::HTTP_2;
        request
    }
}

/// A new connection, by what its peer speaks.
enum Made {
    Http1(Box<super::Connection>),
    Http2(SendRequest<Outgoing>, Arc<Gauge>),
}

type Handshaken = (
    SendRequest<Outgoing>,
    Connection<Socket, Outgoing, TokioExecutor>,
);

async fn handshake(socket: Socket) -> hyper::Result<Handshaken> {
    http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_max_send_streams(0)
        .max_header_list_size(MAX_HEADER_LIST)
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1)
        .handshake(socket)
        .await
}

/// Waits for the settings of a new connection's peer: before them nobody knows how many streams it
/// allows, and a call in excess of them would wait while another connection has room. They come
/// with the first bytes, and nothing tells when, so this looks again and again.
async fn settled(
    connection: &mut Connection<Socket, Outgoing, TokioExecutor>,
) -> Result<(), String> {
    let (mut pause, longest) = SETTLE_PAUSES;
    loop {
        let mut driven = pin!(&mut *connection);
        match poll_fn(|cx| Poll::Ready(driven.as_mut().poll(cx))).await {
            Poll::Ready(Ok(())) => return Err("it was closed at once".to_owned()),
            Poll::Ready(Err(error)) => {
                return Err(format!("HTTP/2 could not begin: {}", describe(&error)));
            }
            Poll::Pending if connection.current_max_send_streams() > 0 => return Ok(()),
            Poll::Pending => {}
        }
        sleep(pause).await;
        pause = longest.min(pause * 2);
    }
}

/// Sends the request and waits for the head of its answer.
async fn begin(
    mut sender: SendRequest<Outgoing>,
    request: Request<Outgoing>,
    standing: Standing,
) -> Result<Result<Response<Incoming>, Before>, Error> {
    Ok(sender.send_request(request).await.map_err(|error| {
        let shown = Error::closed(describe(&error));
        if is_unserved(&error, standing) {
            Before::Unserved(shown)
        } else {
            Before::Failed(shown)
        }
    }))
}

fn none_stayed() -> Error {
    Error::closed("no connection of HTTP/2 stayed open")
}

/// Whether a call that failed so was not worked on: the connection was gone before the call was
/// sent, or the provider says that it has not looked at it (RFC 9113, section 8.7). A connection
/// that was idle and then broke was closed while the call was under way.
fn is_unserved(error: &hyper::Error, standing: Standing) -> bool {
    if error.is_canceled() || error.is_closed() {
        return true;
    }
    let cause =
        std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<h2::Error>());
    let Some(cause) = cause else { return false };
    let refused = cause.is_remote() && cause.reason() == Some(h2::Reason::REFUSED_STREAM);
    let going_away = cause.is_remote() && cause.is_go_away();
    refused || going_away || (cause.is_io() && standing == Standing::Idle)
}

/// Drives a connection, and passes on how many streams its peer allows.
struct Driver {
    connection: Connection<Socket, Outgoing, TokioExecutor>,
    gauge: Arc<Gauge>,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driven = pin!(&mut self.connection).poll(cx);
        let allowed = self.connection.current_max_send_streams();
        self.gauge.allow(allowed);
        driven.map(|_| ())
    }
}
