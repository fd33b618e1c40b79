//! Connections to one provider: opening them, keeping them, and carrying one call over one of them.
//!
//! A call and the connection it runs on live in one task: the connection is driven by whoever
//! awaits the answer, so there is no task and no wake-up between a request and its socket, and
//! dropping the call closes the socket at once. Retrying, choosing and reading are not done here,
//! with one exception: a pooled connection that turns out to be dead before it answered is
//! replaced by a fresh one, since nothing was lost.
//!
//! That is HTTP/1.1. A connection of HTTP/2 carries many calls, so it has a task of its own; see
//! `http2`.

use std::{
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::client::legacy::connect::HttpConnector;

mod answer;
mod connect;
mod http2;
mod outgoing;

pub use answer::Answer;
pub use connect::{Tls, TlsFault};
pub use outgoing::{Progress, Upload, UploadError, UploadStream};

use crate::{
    error::{Error, Stage},
    settings::Http2,
    splice::Spliced,
};
use answer::Line;
use connect::{Offer, Socket};
use outgoing::Outgoing;

/// How long an unused connection is kept. Shorter than the idle timeouts of the usual load
/// balancers (60 s and up), so that we rather than they close it.
const KEEP_IDLE: Duration = Duration::from_secs(50);

/// The most unused connections kept per origin.
const MAX_IDLE: usize = 1024;

/// The longest a connection, name lookup and TLS included, may take to be made.
const MAX_CONNECT: Duration = Duration::from_secs(10);

/// Connections to one origin, and how patient to be with it.
#[derive(Clone)]
pub struct Transport {
    shared: Arc<Shared>,
}

struct Shared {
    origin: Uri,
    host: HeaderValue,
    tls: Option<Tls>,
    connector: HttpConnector,
    silence: Duration,
    idle: Mutex<Vec<Idle>>,
    http2: Http2,
    streams: http2::Pool,
    /// Whether the origin, asked which version it speaks, has chosen HTTP/1.1.
    chose_http1: AtomicBool,
}

struct Idle {
    connection: Box<Connection>,
    since: Instant,
}

/// An open connection and the half that sends requests into it.
struct Connection {
    sender: SendRequest<Outgoing>,
    driver: http1::Connection<Socket, Outgoing>,
}

impl Transport {
    /// Connections to the origin (scheme, host and port) of `target`.
    ///
    /// `silence` is how long the provider may stay silent: until the head of an answer, and
    /// between two reads of its body.
    ///
    /// # Errors
    ///
    /// `is_invalid` when `target` has no host.
    pub fn new(target: &Uri, tls: Tls, silence: Duration, http2: Http2) -> Result<Self, Error> {
        let authority = target
            .authority()
            .ok_or_else(|| Error::invalid("the base URL has no host"))?;
        let host = HeaderValue::from_str(authority.as_str())
            .map_err(|_| Error::invalid("the host of the base URL cannot be sent as a header"))?;
        let encrypted = target.scheme() == Some(&http::uri::Scheme::HTTPS);
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_keepalive(Some(Duration::from_mins(1)));
        Ok(Self {
            shared: Arc::new(Shared {
                origin: target.clone(),
                host,
                tls: encrypted.then_some(tls),
                connector,
                silence,
                idle: Mutex::new(Vec::new()),
                http2,
                streams: http2::Pool::default(),
                chose_http1: AtomicBool::new(false),
            }),
        })
    }

    /// The same origin with no connections yet, for a thread that shares none.
    #[must_use]
    pub fn fresh(&self) -> Self {
        let shared = &self.shared;
        Self {
            shared: Arc::new(Shared {
                origin: shared.origin.clone(),
                host: shared.host.clone(),
                tls: shared.tls.clone(),
                connector: shared.connector.clone(),
                silence: shared.silence,
                idle: Mutex::new(Vec::new()),
                http2: shared.http2,
                streams: http2::Pool::default(),
                chose_http1: AtomicBool::new(false),
            }),
        }
    }

    /// How long the provider may stay silent.
    pub fn silence(&self) -> Duration {
        self.shared.silence
    }

    /// Sends one request and waits for the head of its answer.
    ///
    /// `make` makes the request, its URI as path and query alone; `host` is set here. It is made
    /// anew when a kept connection proves dead before it answered.
    ///
    /// # Errors
    ///
    /// `is_connect`, `is_timeout` or `is_closed`; any status is an `Ok`.
    pub async fn send(
        &self,
        make: impl Fn() -> Request<Spliced>,
    ) -> Result<Response<Answer>, Error> {
        match self.shared.http2 {
            Http2::Off => self.send_alone(make).await,
            Http2::Auto if self.shared.tls.is_none() => self.send_alone(make).await,
            // Apart, so that the usual call does not carry its size.
            Http2::Auto | Http2::PriorKnowledge => Box::pin(self.send_stream(make)).await,
        }
    }

    /// A call over a connection of its own, with HTTP/1.1.
    async fn send_alone(
        &self,
        make: impl Fn() -> Request<Spliced>,
    ) -> Result<Response<Answer>, Error> {
        let silence = self.shared.silence;
        loop {
            let kept = self.take_idle();
            let was_kept = kept.is_some();
            let connection = match kept {
                Some(connection) => connection,
                None => self.connection().await?,
            };
            // Pinned here, so that what waits for it holds a pointer and not another copy.
            let answer = pin!(exchange(connection, self.addressed(make())));
            match within(silence, Stage::Head, answer).await {
                Ok(answer) => return Ok(self.answer(answer)),
                Err(error) if was_kept && error.is_closed() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// As [`Transport::send`], for a body that arrives while it is sent and can be sent only once: it goes over a
    /// connection of its own, which cannot have died before. The provider's silence counts from the last byte sent.
    pub(crate) async fn upload(&self, request: Request<Upload>) -> Result<Response<Answer>, Error> {
        if self.shared.http2 == Http2::PriorKnowledge {
            return Box::pin(self.upload_stream(request)).await;
        }
        let connection = self.connection().await?;
        let progress = request.body().progress();
        let request = self.to_host(request.map(Outgoing::Upload));
        let answer = exchange(connection, request);
        Ok(self.answer(self.while_sent(&progress, answer).await?))
    }

    /// Waits for an answer; the provider's silence counts from the last byte sent.
    async fn while_sent<T>(
        &self,
        progress: &Progress,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut answer = pin!(answer);
        let mut sent = 0;
        loop {
            match within(self.shared.silence, Stage::Head, &mut answer).await {
                Err(error) if error.is_timeout() && progress.sent() > sent => {
                    sent = progress.sent();
                }
                result => return result,
            }
        }
    }

    async fn connection(&self) -> Result<Box<Connection>, Error> {
        let limit = self.shared.silence.min(MAX_CONNECT);
        within(limit, Stage::Connect, Box::pin(self.connect())).await
    }

    fn addressed(&self, request: Request<Spliced>) -> Request<Outgoing> {
        self.to_host(request.map(|body| Outgoing::Whole(Full::new(Box::new(body)))))
    }

    fn to_host(&self, mut request: Request<Outgoing>) -> Request<Outgoing> {
        let host = self.shared.host.clone();
        request.headers_mut().insert(header::HOST, host);
        request
    }

    /// Closes the kept connections that have been unused for too long.
    pub fn sweep(&self) {
        let now = Instant::now();
        let mut idle = self.idle();
        idle.retain(|idle| now.duration_since(idle.since) < KEEP_IDLE);
        if idle.is_empty() {
            // An origin with many servers may choose otherwise the next time.
            self.shared.chose_http1.store(false, Ordering::Relaxed);
        }
        drop(idle);
        self.shared.streams.sweep();
    }

    fn answer(&self, answer: (Box<Connection>, Response<Incoming>)) -> Response<Answer> {
        let (connection, response) = answer;
        response.map(|incoming| {
            Answer::over(
                Line::Own {
                    incoming,
                    connection,
                },
                self,
            )
        })
    }

    async fn connect(&self) -> Result<Box<Connection>, Error> {
        let socket = self.open(Offer::Http1).await?;
        self.begin(socket).await
    }

    async fn open(&self, offer: Offer) -> Result<Socket, Error> {
        let shared = &self.shared;
        let tls = shared.tls.as_ref();
        connect::open(shared.connector.clone(), &shared.origin, tls, offer).await
    }

    /// Begins HTTP/1.1 on a new connection.
    async fn begin(&self, socket: Socket) -> Result<Box<Connection>, Error> {
        let handshake = http1::Builder::new().handshake(socket).await;
        let (sender, driver) = handshake
            .map_err(|error| Error::connect(&connect::shown(&self.shared.origin), error))?;
        Ok(Box::new(Connection { sender, driver }))
    }

    /// The most recently used connection that is still open, so that the others can grow old.
    fn take_idle(&self) -> Option<Box<Connection>> {
        loop {
            let Idle {
                mut connection,
                since,
            } = self.idle().pop()?;
            let open = since.elapsed() < KEEP_IDLE && connection.is_idle();
            if open {
                return Some(connection);
            }
        }
    }

    fn keep(&self, mut connection: Box<Connection>) {
        if !connection.is_idle() {
            return;
        }
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE {
            idle.push(Idle {
                connection,
                since: Instant::now(),
            });
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        // The list stays whole whatever happened while it was held.
        self.shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("origin", &connect::shown(&self.shared.origin))
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Whether the connection is open and between two calls. Polls it once without asking to be
    /// woken: that is enough to see a close that has already arrived.
    fn is_idle(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        let open = Pin::new(&mut self.driver).poll(&mut cx).is_pending();
        open && self.sender.is_ready()
    }
}

/// Sends the request and drives the connection until the head of the answer is there.
async fn exchange(
    mut connection: Box<Connection>,
    request: Request<Outgoing>,
) -> Result<(Box<Connection>, Response<Incoming>), Error> {
    let Connection { sender, driver } = &mut *connection;
    poll_fn(|cx| {
        if sender.is_ready() {
            return Poll::Ready(Ok(()));
        }
        match Pin::new(&mut *driver).poll(cx) {
            Poll::Ready(_) => Poll::Ready(Err(Error::closed("closed while idle"))),
            Poll::Pending if sender.is_ready() => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    })
    .await?;
    let mut response = pin!(sender.send_request(request));
    let response = poll_fn(|cx| {
        // Only driving the connection can make the response ready, so the response itself is
        // polled with a waker that does nothing and wakes nobody twice.
        let mut quiet = Context::from_waker(Waker::noop());
        let driven = Pin::new(&mut *driver).poll(cx);
        match (response.as_mut().poll(&mut quiet), driven) {
            (Poll::Ready(result), _) => Poll::Ready(result.map_err(|error| before_answer(&error))),
            (Poll::Pending, Poll::Ready(Err(error))) => Poll::Ready(Err(before_answer(&error))),
            (Poll::Pending, Poll::Ready(Ok(()))) => {
                Poll::Ready(Err(Error::closed("the provider closed it")))
            }
            (Poll::Pending, Poll::Pending) => Poll::Pending,
        }
    })
    .await?;
    Ok((connection, response))
}

fn before_answer(error: &hyper::Error) -> Error {
    if error.is_parse() {
        Error::malformed(format_args!("the provider's answer is not HTTP: {error}"))
    } else {
        Error::closed(describe(error))
    }
}

/// A hyper error with its cause: the cause alone says "connection reset by peer".
fn describe(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

async fn within<T>(
    limit: Duration,
    stage: Stage,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(Error::silent(stage, limit)),
    }
}
