//! A client that speaks HTTP/2 from the first byte, many requests at once over one connection.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, time::timeout};

/// Longer than anything in these tests may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection. Made and used inside [`within`].
#[derive(Clone)]
pub struct H2Client {
    sender: SendRequest<Full<Bytes>>,
}

/// Runs what needs a runtime, and not for ever.
pub fn within<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(async { timeout(PATIENCE, work).await })
        .expect("an end in time")
}

impl H2Client {
    pub async fn connect(addr: SocketAddr) -> Self {
        let socket = TcpStream::connect(addr).await.unwrap();
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(socket))
            .await
            .unwrap();
        tokio::spawn(connection);
        Self { sender }
    }

    /// Whether the gateway has closed the connection.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends a request and waits for the head of its answer.
    pub async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        self.sender.send_request(request).await
    }

    /// A chat completion.
    pub async fn chat(&mut self, model: &str, stream: bool) -> hyper::Result<Response<Incoming>> {
        let body = format!(r#"{{"model":"{model}","messages":[],"stream":{stream}}}"#);
        self.send(post(body)).await
    }
}

/// A chat completion with this body.
pub fn post(body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post("http://gateway.test/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Full::new(body.into()))
        .unwrap()
}

/// The rest of an answer and what stands behind it.
pub async fn finish(answer: Response<Incoming>) -> hyper::Result<(String, HeaderMap)> {
    let collected = answer.into_body().collect().await?;
    let trailers = collected.trailers().cloned().unwrap_or_default();
    let text = String::from_utf8(collected.to_bytes().to_vec()).unwrap();
    Ok((text, trailers))
}
