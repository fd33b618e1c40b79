//! Serving one connection, of either version of HTTP, until it ends or the gateway does.

use std::{net::IpAddr, sync::Arc, time::Duration};

use http::Request;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::Watcher,
    service::TowerToHyperService,
};
use tokio::{net::TcpStream, sync::watch, time::timeout};

use super::preface::{self, Version};
use crate::{
    api::admin,
    auth::{Peer, stored::Stored},
    endpoints,
};

/// How long a connection may take to send a request's head, or stay unused between two.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// The most streams that one connection of HTTP/2 may have open.
const MAX_STREAMS: u32 = 256;

/// The longest head of a request over HTTP/2, in bytes as RFC 9113 counts them.
const MAX_HEADER_LIST: u32 = 64 << 10;

/// How much of a body may be under way on one stream, and on one connection.
const WINDOWS: (u32, u32) = (1 << 20, 4 << 20);

/// How much of an answer waits for a slow reader of one stream.
const MAX_UNSENT: usize = 64 << 10;

/// How often a client on HTTP/2 is asked whether it is still there, and how long it may take to
/// answer.
const PING: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));

/// What serves the requests of one connection.
#[derive(Clone)]
struct Service {
    inner: TowerToHyperService<endpoints::Service>,
    peer: Option<IpAddr>,
    stored: Arc<Stored>,
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = <TowerToHyperService<endpoints::Service> as hyper::service::Service<
        Request<Incoming>,
    >>::Response;
    type Error = <TowerToHyperService<endpoints::Service> as hyper::service::Service<
        Request<Incoming>,
    >>::Error;
    type Future = <TowerToHyperService<endpoints::Service> as hyper::service::Service<
        Request<Incoming>,
    >>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        // Kept with a request only where a key asks for it, or the admin API may, because it costs an allocation.
        let is_asked =
            self.stored.asks_addresses() || request.uri().path().starts_with(admin::PATH);
        if let Some(peer) = self.peer.filter(|_| is_asked) {
            request.extensions_mut().insert(Peer(peer));
        }
        self.inner.call(request)
    }
}

/// Serves connections, each with its own version.
pub(super) struct Connections {
    service: TowerToHyperService<endpoints::Service>,
    stored: Arc<Stored>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Connections {
    pub(super) fn new(service: endpoints::Service, stored: Arc<Stored>) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEADER_LIST)
            .initial_stream_window_size(WINDOWS.0)
            .initial_connection_window_size(WINDOWS.1)
            .max_send_buf_size(MAX_UNSENT)
            .keep_alive_interval(PING.0)
            .keep_alive_timeout(PING.1);
        Self {
            service: TowerToHyperService::new(service),
            stored,
            http1,
            http2,
        }
    }

    /// Begins to serve one connection, and holds on to `guard` until that ends. A connection that
    /// has sent nothing yet ends when `ending` does; a later one when its requests are answered
    /// after `watcher` was told.
    pub(super) async fn begin(
        self: Arc<Self>,
        socket: TcpStream,
        watcher: Watcher,
        mut ending: watch::Receiver<()>,
        guard: impl Send + 'static,
    ) {
        let version = tokio::select! {
            biased;
            version = timeout(HEAD_TIMEOUT, preface::version(&socket)) => version,
            _ = ending.changed() => return,
        };
        let Ok(Ok(version)) = version else { return };
        let service = Service {
            inner: self.service.clone(),
            peer: socket.peer_addr().ok().map(|peer| peer.ip()),
            stored: Arc::clone(&self.stored),
        };
        let io = TokioIo::new(socket);
        // A task of its own, so that what was needed to tell the version is gone.
        match version {
            Version::Http1 => {
                let connection = self.http1.serve_connection(io, service);
                tokio::spawn(to_its_end(watcher.watch(connection), guard));
            }
            Version::Http2 => {
                let connection = self.http2.serve_connection(io, service);
                tokio::spawn(to_its_end(watcher.watch(connection), guard));
            }
        }
    }
}

/// A connection that breaks is the peer's business; its requests are recorded.
async fn to_its_end<T>(
    connection: impl Future<Output = hyper::Result<T>>,
    guard: impl Send + 'static,
) {
    let _ = connection.await;
    drop(guard);
}
