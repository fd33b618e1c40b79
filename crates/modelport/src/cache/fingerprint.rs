//! What tells one request from another: all that an answer may depend on, as one number.

use http::HeaderMap;
use sha2::{Digest, Sha256};
use smallvec::SmallVec;

use super::canonical;

/// Stands for all that an answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// A request, by all that its answer may depend on.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The endpoint.
    pub endpoint: &'a str,
    /// Its query string.
    pub query: Option<&'a str>,
    /// Who shares the answer; see [`Cache::circle`](super::Cache::circle).
    pub circle: u64,
    /// Who may answer.
    pub target: Target<'a>,
    /// The headers that a provider gets.
    pub headers: &'a HeaderMap,
    /// The body, which is valid JSON.
    pub body: &'a [u8],
}

/// Who may answer.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    /// This model at this provider, or whoever stands in for it.
    Model {
        /// The provider's id.
        provider: &'a str,
        /// The model as the provider knows it.
        model: &'a str,
    },
    /// Those of a route that take the request, whichever it is that does.
    Route {
        /// The route's name.
        name: &'a str,
        /// Those who take it, by the places of their groups and their own.
        targets: &'a [(usize, usize)],
    },
}

/// Headers that tell who asks, which way the request came and how it is traced. No answer depends on them.
const TELLTALES: [&str; 27] = [
    "b3",
    "baggage",
    "cache-control",
    "cdn-loop",
    "correlation-id",
    "date",
    "dnt",
    "forwarded",
    "from",
    "idempotency-key",
    "origin",
    "pragma",
    "priority",
    "referer",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "true-client-ip",
    "uber-trace-id",
    "user-agent",
    "via",
    "x-amzn-trace-id",
    "x-client-request-id",
    "x-cloud-trace-context",
    "x-correlation-id",
    "x-real-ip",
    "x-request-id",
];

/// The same by what they begin with.
const TELLTALE_FAMILIES: [&str; 7] = [
    "cf-",
    "sec-",
    "x-b3-",
    "x-datadog-",
    "x-forwarded-",
    "x-ot-span-",
    "x-stainless-",
];

impl Fingerprint {
    /// Of a request; `None` for a body that nests too deep.
    pub fn of(question: Question<'_>) -> Option<Self> {
        let body = canonical::form(question.body)?;
        let mut parts = Parts(Sha256::new());
        parts.put(question.endpoint.as_bytes());
        parts.put(question.query.unwrap_or_default().as_bytes());
        parts.put(&question.circle.to_le_bytes());
        match question.target {
            Target::Model { provider, model } => {
                parts.put(b"model");
                parts.put(provider.as_bytes());
                parts.put(model.as_bytes());
            }
            Target::Route { name, targets } => {
                parts.put(b"route");
                parts.put(name.as_bytes());
                parts.count(targets.len());
                for (group, place) in targets {
                    parts.count(*group);
                    parts.count(*place);
                }
            }
        }
        let mut headers: SmallVec<[(&str, &[u8]); 16]> = question
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .filter(|(name, _)| !is_telltale(name))
            .collect();
        // Stable: the values of one header stay in their order.
        headers.sort_by_key(|(name, _)| *name);
        parts.count(headers.len());
        for (name, value) in headers {
            parts.put(name.as_bytes());
            parts.put(value);
        }
        parts.put(&body);
        Some(Self(parts.0.finalize().into()))
    }

    /// As bytes.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// One that differs from those of other numbers.
    #[cfg(test)]
    pub(super) fn numbered(number: u32) -> Self {
        Self(Sha256::digest(number.to_le_bytes()).into())
    }
}

fn is_telltale(name: &str) -> bool {
    TELLTALES.binary_search(&name).is_ok()
        || TELLTALE_FAMILIES
            .iter()
            .any(|family| name.starts_with(family))
}

/// Parts, each with its length before it, so that none can pass for another.
struct Parts(Sha256);

impl Parts {
    fn count(&mut self, number: usize) {
        self.0.update(number.to_le_bytes());
    }

    fn put(&mut self, part: &[u8]) {
        self.count(part.len());
        self.0.update(part);
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_static(name);
            map.append(name, HeaderValue::from_static(value));
        }
        map
    }

    fn of(change: impl FnOnce(&mut Question<'_>)) -> Fingerprint {
        let headers = headers(&[("content-type", "application/json")]);
        let mut question = Question {
            endpoint: "/chat/completions",
            query: None,
            circle: 7,
            target: Target::Model {
                provider: "a",
                model: "m",
            },
            headers: &headers,
            body: b"{\"model\":\"m\"}",
        };
        // The headers that a change puts in live as long as the test.
        change(&mut question);
        Fingerprint::of(question).unwrap()
    }

    fn with(pairs: &[(&'static str, &'static str)]) -> Fingerprint {
        let headers = headers(pairs);
        let headers: &'static HeaderMap = Box::leak(Box::new(headers));
        of(|question| question.headers = headers)
    }

    #[test]
    fn whatever_an_answer_may_depend_on_makes_another() {
        let model = |provider, model| Target::Model { provider, model };
        let route = |name, targets| Target::Route { name, targets };
        let all = [
            of(|_| {}),
            of(|question| question.endpoint = "/completions"),
            of(|question| question.query = Some("a=b")),
            of(|question| question.circle = 8),
            of(|question| question.target = model("b", "m")),
            of(|question| question.target = model("am", "")),
            of(|question| question.target = route("a", &[])),
            of(|question| question.target = route("a", &[(0, 0)])),
            of(|question| question.target = route("a", &[(0, 1)])),
            of(|question| question.body = b"{\"model\":\"n\"}"),
            of(|question| question.body = b"{\"model\":\"m\",\"stream\":true}"),
            with(&[]),
            with(&[("openai-beta", "a")]),
            with(&[("openai-beta", "b")]),
            with(&[("anthropic-beta", "a"), ("anthropic-beta", "b")]),
            with(&[("anthropic-beta", "b"), ("anthropic-beta", "a")]),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(!all[..place].contains(one), "{place}");
        }
    }

    #[test]
    fn what_tells_only_who_asks_and_how_makes_none() {
        assert!(TELLTALES.is_sorted());
        let plain = with(&[("anthropic-version", "1"), ("openai-beta", "a")]);
        let told = with(&[
            ("openai-beta", "a"),
            ("user-agent", "OpenAI/Python"),
            ("x-stainless-retry-count", "1"),
            ("x-request-id", "r-1"),
            ("traceparent", "00-1"),
            ("anthropic-version", "1"),
            ("cache-control", "no-cache"),
            ("x-forwarded-for", "::1"),
        ]);
        assert_eq!(plain, told);
        let spaced = of(|question| question.body = b" { \"model\" : \"m\" } ");
        assert_eq!(spaced, of(|_| {}));
    }
}
