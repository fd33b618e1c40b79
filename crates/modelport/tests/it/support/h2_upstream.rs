//! An upstream that speaks HTTP/2, plain or encrypted, and does what the model it is asked for says.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use http_body_util::{BodyExt, Collected, Full, combinators::BoxBody};
use hyper::{
    body::{Body, Frame, Incoming},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Notify, oneshot},
};
use tokio_rustls::TlsAcceptor;

use super::gateway::wait_until;

const PATIENCE: Duration = Duration::from_secs(10);

/// What a plain answer and a stream say.
pub const PLAIN: &str =
    r#"{"choices":[],"usage":{"prompt_tokens":19,"completion_tokens":4,"total_tokens":23}}"#;
const FIRST: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
const REST: &str =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// How it is set up.
#[derive(Clone, Default)]
pub struct Setup {
    /// The most streams that it allows on a connection.
    pub max_streams: Option<u32>,
    /// The versions it chooses from on an encrypted connection, in its order; none for a plain one.
    pub versions: &'static [&'static str],
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Came {
    pub connection: usize,
    pub version: Version,
    pub authority: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Default)]
struct Shared {
    connections: AtomicUsize,
    came: Mutex<Vec<Came>>,
    cancelled: AtomicUsize,
    release: Notify,
}

/// A running upstream.
pub struct H2Upstream {
    addr: SocketAddr,
    shared: Arc<Shared>,
    /// The certificate to trust, in a file.
    certificate: Option<tempfile::NamedTempFile>,
    _stop: oneshot::Sender<()>,
}

impl H2Upstream {
    pub fn plain() -> Self {
        Self::start(Setup::default())
    }

    pub fn start(setup: Setup) -> Self {
        let (tls, certificate) = tls(setup.versions).unzip();
        let shared = Arc::new(Shared::default());
        let (addr_known, addr) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let its = Arc::clone(&shared);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                addr_known.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    () = accept(listener, setup, tls, its) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            addr: addr.recv().unwrap(),
            shared,
            certificate,
            _stop: stop,
        }
    }

    /// Its OpenAI API.
    pub fn base_url(&self) -> String {
        let scheme = if self.certificate.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://localhost:{}/v1", self.addr.port())
    }

    /// The file with the certificate to trust.
    pub fn certificate(&self) -> &str {
        let file = self.certificate.as_ref().expect("an encrypted upstream");
        file.path().to_str().unwrap()
    }

    /// How many connections were made for completions.
    pub fn connections(&self) -> usize {
        let mut used: Vec<_> = self.came().iter().map(|came| came.connection).collect();
        used.sort_unstable();
        used.dedup();
        used.len()
    }

    /// The completions that came.
    pub fn came(&self) -> Vec<Came> {
        self.shared.came.lock().unwrap().clone()
    }

    /// Waits until this many completions came.
    pub fn wait_for(&self, count: usize) {
        assert!(wait_until(PATIENCE, || self.came().len() == count));
    }

    /// Waits until this many answers were given up by the gateway.
    pub fn wait_for_cancelled(&self, count: usize) {
        let gone = || self.shared.cancelled.load(SeqCst) == count;
        assert!(wait_until(PATIENCE, gone));
    }

    /// Lets the answers to `wait` go.
    pub fn release(&self) {
        self.shared.release.notify_waiters();
    }
}

fn tls(versions: &[&str]) -> Option<(TlsAcceptor, tempfile::NamedTempFile)> {
    if versions.is_empty() {
        return None;
    }
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), made.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = versions
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    Some((TlsAcceptor::from(Arc::new(config)), file))
}

async fn accept(
    listener: TcpListener,
    setup: Setup,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
) {
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let number = shared.connections.fetch_add(1, SeqCst);
        let (tls, shared, setup) = (tls.clone(), Arc::clone(&shared), setup.clone());
        tokio::spawn(async move {
            let Some(tls) = tls else {
                return serve_http2(socket, number, &setup, shared).await;
            };
            let Ok(socket) = tls.accept(socket).await else {
                return;
            };
            if socket.get_ref().1.alpn_protocol() == Some(b"h2") {
                serve_http2(socket, number, &setup, shared).await;
            } else {
                let leave = Arc::new(Notify::new());
                let service = service_fn(move |request| {
                    answer(request, number, Arc::clone(&shared), Arc::clone(&leave))
                });
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service)
                    .await;
            }
        });
    }
}

async fn serve_http2<S>(socket: S, number: usize, setup: &Setup, shared: Arc<Shared>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let leave = Arc::new(Notify::new());
    let leaving = Arc::clone(&leave);
    let service =
        service_fn(move |request| answer(request, number, Arc::clone(&shared), Arc::clone(&leave)));
    let connection = http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(setup.max_streams)
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = leaving.notified() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

type Answer = Response<BoxBody<Bytes, Infallible>>;

async fn answer(
    request: Request<Incoming>,
    number: usize,
    shared: Arc<Shared>,
    leave: Arc<Notify>,
) -> Result<Answer, h2::Error> {
    let (parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(Collected::to_bytes)
        .unwrap_or_default();
    if parts.method == "GET" {
        let missing = Full::new(Bytes::from_static(b"{}")).boxed();
        let mut answer = Response::new(missing);
        *answer.status_mut() = http::StatusCode::NOT_FOUND;
        return Ok(answer);
    }
    // A form has no model here, and is answered plainly.
    let ask: Value = serde_json::from_slice(&body).unwrap_or_default();
    let is_first = {
        let mut came = shared.came.lock().unwrap();
        came.push(Came {
            connection: number,
            version: parts.version,
            authority: parts.uri.authority().map(ToString::to_string),
            headers: parts.headers,
            body,
        });
        came.len() == 1
    };
    let mut guard = Cancelled {
        shared: Arc::clone(&shared),
        done: false,
    };
    match ask["model"].as_str().unwrap_or_default() {
        "hang" => std::future::pending().await,
        "wait" => shared.release.notified().await,
        "refuse-first" if is_first => {
            guard.done = true;
            return Err(h2::Reason::REFUSED_STREAM.into());
        }
        "reset" => {
            guard.done = true;
            return Err(h2::Reason::INTERNAL_ERROR.into());
        }
        "leave" => leave.notify_one(),
        "stream" => return Ok(events(vec![FIRST, REST], End::Trailers(guard))),
        "stall" => return Ok(events(vec![FIRST], End::Never(guard))),
        "cut" => return Ok(events(vec![FIRST], End::Silent(guard))),
        _ => {}
    }
    guard.done = true;
    let mut answer = Response::new(Full::new(Bytes::from_static(PLAIN.as_bytes())).boxed());
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert("content-type", json);
    Ok(answer)
}

/// Counts an answer as cancelled if it goes before it is done.
struct Cancelled {
    shared: Arc<Shared>,
    done: bool,
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        if !self.done {
            self.shared.cancelled.fetch_add(1, SeqCst);
        }
    }
}

/// What comes behind the events.
enum End {
    Trailers(Cancelled),
    Silent(Cancelled),
    Never(#[expect(dead_code, reason = "counts when it is dropped")] Cancelled),
}

struct Events {
    left: std::vec::IntoIter<&'static str>,
    end: Option<End>,
}

fn events(events: Vec<&'static str>, end: End) -> Answer {
    let body = Events {
        left: events.into_iter(),
        end: Some(end),
    };
    let mut answer = Response::new(body.boxed());
    let label = HeaderValue::from_static("text/event-stream");
    answer.headers_mut().insert("content-type", label);
    answer
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(event) = self.left.next() {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(event.as_bytes())))));
        }
        match self.end.take() {
            None => Poll::Ready(None),
            Some(End::Silent(mut guard)) => {
                guard.done = true;
                Poll::Ready(None)
            }
            Some(End::Trailers(mut guard)) => {
                guard.done = true;
                let mut trailers = HeaderMap::new();
                trailers.insert("x-checksum", HeaderValue::from_static("7"));
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
            Some(never @ End::Never(_)) => {
                self.end = Some(never);
                Poll::Pending
            }
        }
    }
}
