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
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Uri, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::time::{Sleep, sleep};

mod connect;
mod http2;
mod outgoing;

pub use connect::{Tls, TlsFault};
pub use outgoing::{Progress, Upload, UploadError, UploadStream};

use crate::{
    error::{Error, Stage},
    ollama::Translation,
    settings::Http2,
    splice::Spliced,
};
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
        while let Some(connection) = self.take_idle() {
            let request = self.addressed(make());
            match within(silence, Stage::Head, exchange(connection, request)).await {
                Ok(answer) => return Ok(self.answer(answer)),
                Err(error) if error.is_closed() => {}
                Err(error) => return Err(error),
            }
        }
        let connection = self.connection().await?;
        let request = self.addressed(make());
        let answer = within(silence, Stage::Head, exchange(connection, request)).await?;
        Ok(self.answer(answer))
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
        let mut answer = std::pin::pin!(answer);
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
    let mut response = std::pin::pin!(sender.send_request(request));
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

/// The body of a provider's answer. Reading it drives the connection; reading it to its end gives
/// the connection back; dropping it before closes the connection, or over HTTP/2 the stream, and so
/// cancels the call.
pub struct Answer {
    line: Line,
    home: Transport,
    timer: Option<Pin<Box<Sleep>>>,
    trailers: Option<Box<HeaderMap>>,
    translation: Option<Box<Translation>>,
}

/// What an answer comes over.
enum Line {
    /// A connection of HTTP/1.1 that carries nothing else.
    Own {
        incoming: Incoming,
        connection: Box<Connection>,
    },
    /// A stream of a connection of HTTP/2, which has a task of its own.
    Stream {
        incoming: Incoming,
        stream: http2::Stream,
    },
    /// The answer has ended, or was given up.
    Over,
}

impl Answer {
    fn over(line: Line, home: &Transport) -> Self {
        Self {
            line,
            home: home.clone(),
            timer: None,
            trailers: None,
            translation: None,
        }
    }

    /// The same answer, put into other terms while it is read.
    pub(crate) fn translated(mut self, translation: Translation) -> Self {
        self.translation = Some(Box::new(translation));
        self
    }

    /// The next piece of the body, `None` at its end.
    ///
    /// # Errors
    ///
    /// `is_cut` when the connection ends before the body does; `is_timeout` when nothing comes.
    pub async fn data(&mut self) -> Option<Result<Bytes, Error>> {
        poll_fn(|cx| self.poll_data(cx)).await
    }

    /// As [`Answer::data`], for use inside another body.
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if self.translation.is_some() {
            return self.poll_translated(cx);
        }
        self.poll_wire(cx)
    }

    /// What the pieces that arrive become.
    fn poll_translated(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            if self.translation.as_ref().is_none_or(|made| made.is_over()) {
                return Poll::Ready(None);
            }
            let piece = match std::task::ready!(self.poll_wire(cx)) {
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(piece)) => Some(piece),
                None => None,
            };
            let Some(translation) = &mut self.translation else {
                continue;
            };
            let made = match piece {
                Some(piece) => translation.push(&piece),
                None => translation.finish(),
            };
            if !matches!(&made, Ok(made) if made.is_empty()) {
                return Poll::Ready(Some(made));
            }
        }
    }

    /// The pieces as they arrive.
    fn poll_wire(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let frame = match &mut self.line {
                Line::Own {
                    incoming,
                    connection,
                } => poll_own(incoming, connection, cx),
                Line::Stream { incoming, .. } => {
                    Pin::new(incoming).poll_frame(cx).map(Driven::Frame)
                }
                Line::Over => return Poll::Ready(None),
            };
            match frame {
                Poll::Ready(Driven::Frame(frame)) => {
                    if let Some(result) = self.received(frame) {
                        return Poll::Ready(result);
                    }
                }
                Poll::Ready(Driven::Closed) => {
                    self.line = Line::Over;
                    return Poll::Ready(Some(Err(Error::cut("the connection closed"))));
                }
                Poll::Pending => return self.poll_silence(cx),
            }
        }
    }

    /// The whole body, up to `limit` bytes.
    ///
    /// # Errors
    ///
    /// As [`Answer::data`], and `is_malformed` when the body is longer than `limit`.
    pub async fn collect(&mut self, limit: usize) -> Result<Bytes, Error> {
        let Some(first) = self.data().await.transpose()? else {
            return Ok(Bytes::new());
        };
        let mut whole = first;
        let mut parts: Option<bytes::BytesMut> = None;
        while let Some(next) = self.data().await.transpose()? {
            let parts =
                parts.get_or_insert_with(|| bytes::BytesMut::from(std::mem::take(&mut whole)));
            if parts.len() + next.len() > limit {
                return Err(Error::malformed(format_args!(
                    "the provider's answer is longer than {limit} bytes"
                )));
            }
            parts.extend_from_slice(&next);
        }
        Ok(parts.map_or(whole, bytes::BytesMut::freeze))
    }

    /// The fields behind the body, if there were any; known once the body has been read to its end.
    pub fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take().map(|trailers| *trailers)
    }

    /// What a frame means to the reader; `None` for one that carries no data, the trailers.
    #[expect(
        clippy::option_option,
        reason = "the inner option is the end of the body"
    )]
    fn received(
        &mut self,
        frame: Option<Result<Frame<Bytes>, hyper::Error>>,
    ) -> Option<Option<Result<Bytes, Error>>> {
        self.timer = None;
        match frame {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => Some(Some(Ok(data))),
                Err(frame) => {
                    self.trailers = frame.into_trailers().ok().map(Box::new);
                    None
                }
            },
            Some(Err(error)) => {
                self.line = Line::Over;
                Some(Some(Err(Error::cut(describe(&error)))))
            }
            None => {
                let line = std::mem::replace(&mut self.line, Line::Over);
                if let Line::Own { connection, .. } = line {
                    self.home.keep(connection);
                }
                Some(None)
            }
        }
    }

    /// Nothing to read: starts or looks at the clock of the provider's silence.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let silence = self.home.silence();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(silence)));
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        if let Line::Stream { stream, .. } = &self.line {
            stream.distrust();
        }
        self.line = Line::Over;
        Poll::Ready(Some(Err(Error::silent(Stage::Body, silence))))
    }
}

/// What driving a connection came to.
enum Driven {
    Frame(Option<Result<Frame<Bytes>, hyper::Error>>),
    Closed,
}

/// Drives a connection until it has something of its answer.
fn poll_own(
    incoming: &mut Incoming,
    connection: &mut Connection,
    cx: &mut Context<'_>,
) -> Poll<Driven> {
    let mut quiet = Context::from_waker(Waker::noop());
    // Asking first tells the connection that the body is wanted; what is already there comes out
    // at once.
    if let Poll::Ready(frame) = Pin::new(&mut *incoming).poll_frame(&mut quiet) {
        return Poll::Ready(Driven::Frame(frame));
    }
    let driven = Pin::new(&mut connection.driver).poll(cx);
    if let Poll::Ready(frame) = Pin::new(incoming).poll_frame(&mut quiet) {
        return Poll::Ready(Driven::Frame(frame));
    }
    driven.map(|_| Driven::Closed)
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.get_mut()
            .poll_data(cx)
            .map(|data| data.map(|result| result.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        let is_over = |made: &Translation| made.is_over();
        matches!(self.line, Line::Over) && self.translation.as_deref().is_none_or(is_over)
    }

    fn size_hint(&self) -> SizeHint {
        if self.translation.is_some() {
            return SizeHint::default();
        }
        match &self.line {
            Line::Own { incoming, .. } | Line::Stream { incoming, .. } => incoming.size_hint(),
            Line::Over => SizeHint::with_exact(0),
        }
    }
}
