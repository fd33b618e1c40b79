//! One exchange with the gateway.

use std::{fmt::Write as _, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use modelport_provider::splice::Spliced;
use serde_json::Value;

use super::{Gateway, Question, text};

/// How long the gateway may stay silent. It answers from memory.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the gateway says.
///
/// # Errors
/// Why nothing can be shown, in words.
pub(super) async fn ask(gateway: &Gateway, question: &Question) -> Result<Value, String> {
    let line = gateway.line(PATIENCE)?;
    let (status, body) = line.exchange(&request(gateway, question)).await?;
    if !status.is_success() {
        return Err(gateway.refused(status, &body));
    }
    let explained = serde_json::from_slice(&body).ok();
    explained
        .filter(|explained| text(explained, "object") == "route.explanation")
        .ok_or_else(|| {
            format!(
                "what answers at {} is no modelport, or an older one",
                gateway.base()
            )
        })
}

fn request(gateway: &Gateway, question: &Question) -> Request<Spliced> {
    match question {
        Question::Request { headers, body } => {
            let uri = gateway.base().endpoint("/route/explain");
            gateway.request(Method::POST, &uri, headers, body.clone())
        }
        Question::Past { id } => {
            let path = format!("/route/decisions/{}", encoded(id));
            let uri = gateway.base().endpoint(&path);
            let nothing = Spliced::from(Bytes::new());
            gateway.request(Method::GET, &uri, &HeaderMap::new(), nothing)
        }
    }
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
