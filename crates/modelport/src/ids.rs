//! Request ids: the caller's own where it sends a usable one, else a new one that sorts by time.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

pub mod trace;

use crate::clock;

/// The header that carries a request's id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header in which Anthropic's SDKs look for a request's id (anthropic-sdk-python, `_response.py`).
pub const ANTHROPIC_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// The longest id taken from a caller.
const MAX_LENGTH: usize = 128;

/// What one request is called in answers, logs and the provider's view of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id in `headers`, or a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(REQUEST_ID).filter(|value| usable(value));
        Self(given.cloned().unwrap_or_else(fresh))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The id as a header's value.
    pub fn to_header(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn usable(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    !bytes.is_empty() && bytes.len() <= MAX_LENGTH && bytes.iter().all(u8::is_ascii_graphic)
}

/// A new id.
fn fresh() -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    let text = new_uuid().simple().encode_lower(&mut text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unnamed"))
}

/// A UUID of version 7. The time goes down to a quarter of a microsecond (RFC 9562, section 6.2,
/// method 3); the rest is random, from a generator that asks the system only once per thread.
pub fn new_uuid() -> Uuid {
    let since = clock::since_epoch();
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    let fraction = since.subsec_nanos() % 1_000_000 * 4096 / 1_000_000;
    let [.., high, low] = fraction.to_be_bytes();
    let mut rest = [0; 10];
    fastrand::fill(&mut rest);
    rest[0] = high;
    rest[1] = low;
    uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_id_is_kept_if_it_can_be_shown_anywhere() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(value).unwrap());
            RequestId::of(&headers).as_str() == value
        };
        assert!(with("trace-1/a:b"));
        assert!(!with("two words"));
        assert!(!with(&"x".repeat(MAX_LENGTH + 1)));
    }

    #[test]
    fn new_ids_sort_by_time() {
        let ids: Vec<String> = (0..20)
            .map(|_| {
                std::thread::sleep(std::time::Duration::from_micros(50));
                RequestId::of(&HeaderMap::new()).as_str().to_owned()
            })
            .collect();
        let mut sorted = ids.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(ids, sorted);
    }
}
