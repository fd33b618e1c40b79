//! One exchange with the gateway.

use std::{fmt::Write as _, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use modelport_provider::{
    Error, credential, failure, profiles,
    settings::Http2,
    splice::Spliced,
    transport::{Tls, Transport},
};
use serde_json::Value;

use super::{Gateway, Question, text};

/// How long the gateway may stay silent. It answers from memory.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer that is read.
const MAX_ANSWER: usize = 16 << 20;

/// What the gateway says.
///
/// # Errors
/// Why nothing can be shown, in words.
pub(super) async fn ask(gateway: &Gateway, question: &Question) -> Result<Value, String> {
    let request = request(gateway, question);
    let (status, body) = exchange(gateway, &request).await.map_err(|error| {
        format!(
            "no gateway answers at {}: {error}. Is it running? --url says where it listens.",
            gateway.base
        )
    })?;
    if !status.is_success() {
        return Err(refused(gateway, status, &body));
    }
    let explained = serde_json::from_slice(&body).ok();
    explained
        .filter(|explained| text(explained, "object") == "route.explanation")
        .ok_or_else(|| {
            format!(
                "what answers at {} is no modelport, or an older one",
                gateway.base
            )
        })
}

fn request(gateway: &Gateway, question: &Question) -> Request<Spliced> {
    let (method, path, own, body) = match question {
        Question::Request { headers, body } => {
            let path = "/route/explain".to_owned();
            (Method::POST, path, headers.clone(), body.clone())
        }
        Question::Past { id } => {
            let path = format!("/route/decisions/{}", encoded(id));
            let nothing = Spliced::from(Bytes::new());
            (Method::GET, path, HeaderMap::new(), nothing)
        }
    };
    let mut request = Request::new(body);
    *request.method_mut() = method;
    let uri = gateway.base.endpoint(&path);
    let path = uri.path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
    let headers = request.headers_mut();
    *headers = credential::auth_headers(&profiles::GENERIC, gateway.key.as_ref(), &own);
    let json = HeaderValue::from_static("application/json");
    headers.entry(header::CONTENT_TYPE).or_insert(json);
    request
}

async fn exchange(
    gateway: &Gateway,
    request: &Request<Spliced>,
) -> Result<(StatusCode, Bytes), String> {
    let in_words = |error: Error| error.to_string();
    let tls = Tls::new().map_err(|fault| fault.to_string())?;
    let target = gateway.base.endpoint("");
    let transport = Transport::new(&target, tls, PATIENCE, Http2::Off).map_err(in_words)?;
    let answer = transport.send(|| request.clone()).await.map_err(in_words)?;
    let (parts, mut body) = answer.into_parts();
    let body = body.collect(MAX_ANSWER).await.map_err(in_words)?;
    Ok((parts.status, body))
}

fn refused(gateway: &Gateway, status: StatusCode, body: &[u8]) -> String {
    let said = failure::read_error_body(body).map_or_else(String::new, |said| said.message);
    let remedy = if status == StatusCode::UNAUTHORIZED {
        " --key-env names the variable that holds the key."
    } else {
        ""
    };
    format!("{} answers {status}: {said}{remedy}", gateway.base)
}

/// A text as one segment of a path.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
