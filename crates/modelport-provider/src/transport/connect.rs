//! Opening one connection: name lookup, TCP, and TLS where the URL asks for it.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tower_service::Service;

use crate::error::Error;

/// How providers' certificates are checked: one per process, shared by every transport.
#[derive(Clone)]
pub struct Tls {
    http1: TlsConnector,
    either: TlsConnector,
}

/// The versions of HTTP that the other side of an encrypted connection may choose from.
#[derive(Clone, Copy)]
pub(super) enum Offer {
    Http1,
    Either,
}

/// HTTP/1.1 and HTTP/2 by their names in that choice (RFC 7301 and RFC 9113).
const HTTP1: &[u8] = b"http/1.1";
const HTTP2: &[u8] = b"h2";

/// Why TLS cannot be set up on this machine.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct TlsFault(String);

impl Tls {
    /// Trusts the roots of the operating system and Mozilla's, which stand in where the system
    /// has none, as in a container made from nothing.
    ///
    /// # Errors
    ///
    /// When the cryptography library offers no usable protocol version.
    pub fn new() -> Result<Self, TlsFault> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsFault(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![HTTP1.to_vec()];
        let mut either = config.clone();
        either.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        Ok(Self {
            http1: TlsConnector::from(Arc::new(config)),
            either: TlsConnector::from(Arc::new(either)),
        })
    }

    fn offering(&self, offer: Offer) -> &TlsConnector {
        match offer {
            Offer::Http1 => &self.http1,
            Offer::Either => &self.either,
        }
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

/// The scheme, host and port of a URL: what may be shown of it.
pub(super) fn shown(origin: &Uri) -> String {
    let scheme = origin.scheme_str().unwrap_or("http");
    let host = origin
        .authority()
        .map_or("", |authority| authority.as_str());
    format!("{scheme}://{host}")
}

/// Opens a connection to `origin`; the caller bounds how long it may take.
pub(super) async fn open(
    connector: HttpConnector,
    origin: &Uri,
    tls: Option<&Tls>,
    offer: Offer,
) -> Result<Socket, Error> {
    let tcp = dial(connector, origin).await?;
    let Some(tls) = tls.map(|tls| tls.offering(offer)) else {
        return Ok(Socket::Plain(tcp));
    };
    let host = origin.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| Error::connect(&shown(origin), error))?;
    let stream = tls
        .connect(name, tcp.into_inner())
        .await
        .map_err(|error| Error::connect(&shown(origin), format_args!("TLS: {error}")))?;
    Ok(Socket::Encrypted(Box::new(TokioIo::new(stream))))
}

async fn dial(mut connector: HttpConnector, origin: &Uri) -> Result<TokioIo<TcpStream>, Error> {
    let failed = |error| Error::connect(&shown(origin), chain(&error));
    poll_fn(|cx| connector.poll_ready(cx))
        .await
        .map_err(failed)?;
    connector.call(origin.clone()).await.map_err(failed)
}

/// An error with all its causes: "tcp connect error" alone does not say "connection refused".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// A connection's byte stream.
pub(super) enum Socket {
    Plain(TokioIo<TcpStream>),
    Encrypted(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Socket {
    /// Whether the other side has chosen HTTP/2.
    pub(super) fn chose_http2(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Encrypted(io) => io.inner().get_ref().1.alpn_protocol() == Some(HTTP2),
        }
    }
}

impl Read for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_read(cx, buffer),
            Self::Encrypted(io) => Pin::new(io).poll_read(cx, buffer),
        }
    }
}

impl Write for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_write(cx, bytes),
            Self::Encrypted(io) => Pin::new(io).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_flush(cx),
            Self::Encrypted(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Self::Encrypted(io) => Pin::new(io).poll_shutdown(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(io) => io.is_write_vectored(),
            Self::Encrypted(io) => io.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_write_vectored(cx, slices),
            Self::Encrypted(io) => Pin::new(io).poll_write_vectored(cx, slices),
        }
    }
}
