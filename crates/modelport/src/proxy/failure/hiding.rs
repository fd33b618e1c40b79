//! Our own credentials in what a provider says. Some put the key that they refuse into their
//! message, which the caller and the log get to see.

use bytes::Bytes;
use http::{HeaderMap, header};
use memchr::memmem;

use super::{Failure, Refusal};
use crate::config::FurtherKey;

/// What stands in place of a secret.
const HIDDEN: &str = "[hidden]";

/// The shortest text that is taken for a secret, in bytes: hiding shorter ones would hide words.
const MIN_SECRET: usize = 8;

impl Failure {
    /// Without what the provider repeats of the headers or keys that it was shown.
    #[must_use]
    pub fn hiding(mut self, shown: &HeaderMap, further: &[FurtherKey]) -> Self {
        let further = further.iter().map(|further| further.key.expose());
        let further = further.filter(|key| key.len() >= MIN_SECRET);
        for secret in secrets(shown).chain(further) {
            self.said = self.said.replace(secret, HIDDEN);
            if let Some(answer) = &mut self.answer {
                answer.hide(secret);
            }
        }
        self
    }
}

impl Refusal {
    fn hide(&mut self, secret: &str) {
        let text = self.text.as_deref().unwrap_or(&self.body);
        if memmem::find(text, secret.as_bytes()).is_none() {
            return;
        }
        let text = String::from_utf8_lossy(text).replace(secret, HIDDEN);
        self.body = Bytes::from(text);
        if self.text.take().is_some() {
            // It was compressed, and goes out as it reads.
            self.headers.remove(header::CONTENT_ENCODING);
        }
    }
}

/// What is secret in these headers, without a scheme such as `Bearer`.
fn secrets(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.values().filter(|value| value.is_sensitive());
    values
        .filter_map(|value| value.to_str().ok())
        .map(|value| value.rsplit(' ').next().unwrap_or(value))
        .filter(|secret| secret.len() >= MIN_SECRET)
}
