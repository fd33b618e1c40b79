//! Which trace a request belongs to, as the header `traceparent` says it (W3C Trace Context, Level 2). It knows nothing of
//! where traces go.

use std::num::NonZeroU64;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The header that says which trace a request belongs to, and which span of it has made the request.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What others add to that header, which is passed on as it is.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The length of the header in its version 00, which all later ones begin with.
const LENGTH: usize = 55;

/// The flag of a trace that is taken.
const SAMPLED: u64 = 1;

/// What one span is called within its trace; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanId(NonZeroU64);

impl SpanId {
    /// A new one.
    pub fn fresh() -> Self {
        Self(NonZeroU64::new(fastrand::u64(1..)).unwrap_or(NonZeroU64::MIN))
    }

    /// Its bytes, as they are sent.
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }
}

/// What a caller says of the trace of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The trace; never zero.
    pub trace: u128,
    /// The caller's span.
    pub span: SpanId,
    /// Whether the caller takes the trace.
    pub is_taken: bool,
}

impl Parent {
    /// What these headers say. One that is not as it has to be counts as none.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(TRACEPARENT).iter();
        let only = all.next()?;
        if all.next().is_some() {
            return None;
        }
        read(only.as_bytes())
    }
}

/// Reads by places, which are the same in all versions.
fn read(text: &[u8]) -> Option<Parent> {
    let (head, rest) = text.split_at_checked(LENGTH)?;
    let version = number(head.get(..2)?)?;
    let is_whole = rest.is_empty() || (version > 0 && rest.starts_with(b"-"));
    let has_dashes = [2, 35, 52].iter().all(|at| head.get(*at) == Some(&b'-'));
    if version == 0xff || !is_whole || !has_dashes {
        return None;
    }
    let (high, low) = (number(head.get(3..19)?)?, number(head.get(19..35)?)?);
    let trace = u128::from(high) << 64 | u128::from(low);
    let span = NonZeroU64::new(number(head.get(36..52)?)?)?;
    let flags = number(head.get(53..)?)?;
    (trace != 0).then_some(Parent {
        trace,
        span: SpanId(span),
        is_taken: flags & SAMPLED != 0,
    })
}

/// A number of at most sixteen hexadecimal digits, with small letters only.
fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(value))
    })
}

/// Adds two digits for each byte.
fn add_digits(text: &mut Vec<u8>, bytes: &[u8]) {
    for half in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        text.push(if half < 10 {
            b'0' + half
        } else {
            b'a' + half - 10
        });
    }
}

/// The trace that a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Its id; never zero.
    pub id: u128,
    /// The caller's span, if the caller named one.
    pub parent: Option<SpanId>,
    /// The request's own span; `None` where this gateway makes none, and only the log names the trace.
    pub span: Option<SpanId>,
    /// Whether it is taken.
    pub is_taken: bool,
}

impl Trace {
    /// A trace that this gateway makes spans of: the caller's goes on, or a new one begins. What is told of its id and
    /// of what the caller has decided says whether it is taken.
    pub fn of_ours(parent: Option<Parent>, takes: impl FnOnce(u128, Option<bool>) -> bool) -> Self {
        let id = parent.map_or_else(|| fastrand::u128(1..), |parent| parent.trace);
        Self {
            id,
            parent: parent.map(|parent| parent.span),
            span: Some(SpanId::fresh()),
            is_taken: takes(id, parent.map(|parent| parent.is_taken)),
        }
    }

    /// The caller's trace, where this gateway makes no spans.
    pub fn of_caller(parent: Parent) -> Self {
        Self {
            id: parent.trace,
            parent: Some(parent.span),
            span: None,
            is_taken: parent.is_taken,
        }
    }

    /// What a request is sent with that this span of ours makes.
    pub fn to_header(self, span: SpanId) -> HeaderValue {
        let mut text = Vec::with_capacity(LENGTH);
        text.extend_from_slice(b"00-");
        add_digits(&mut text, &self.id.to_be_bytes());
        text.push(b'-');
        add_digits(&mut text, &span.to_bytes());
        text.extend_from_slice(if self.is_taken { b"-01" } else { b"-00" });
        HeaderValue::from_maybe_shared(Bytes::from(text)).unwrap_or(HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_callers_trace_is_read() {
        let parent = read(SOUND.as_bytes()).unwrap();
        assert_eq!(parent.trace, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
        assert_eq!(
            parent.span.to_bytes(),
            0xb7ad_6b71_6920_3331_u64.to_be_bytes()
        );
        assert!(parent.is_taken);
        let trace = Trace::of_ours(Some(parent), |_, decided| decided == Some(true));
        assert_eq!(trace.to_header(parent.span), SOUND);
        assert_eq!((trace.parent, trace.id), (Some(parent.span), parent.trace));
        let left = read(SOUND.replace("-01", "-00").as_bytes()).unwrap();
        assert!(!left.is_taken);
        // A later version may have more flags, and more behind them.
        let later = SOUND
            .replace("00-0a", "cc-0a")
            .replace("-01", "-03-what-comes");
        assert_eq!(read(later.as_bytes()), Some(parent));
    }

    #[test]
    fn what_is_not_as_it_has_to_be_counts_as_none() {
        let zero_trace = SOUND.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32));
        let zero_span = SOUND.replace("b7ad6b7169203331", &"0".repeat(16));
        let more = format!("{SOUND}-x");
        let longer = SOUND.replace("00-", "01-") + "x";
        for text in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
            "00-0af7651916cd43dd8448eb211c80319cb-7ad6b7169203331-01",
            &"é".repeat(28),
            &zero_trace,
            &zero_span,
            &more,
            &longer,
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        let mut headers = HeaderMap::new();
        headers.append(TRACEPARENT, HeaderValue::from_static(SOUND));
        assert!(Parent::of(&headers).is_some());
        headers.append(TRACEPARENT, HeaderValue::from_static(SOUND));
        assert_eq!(Parent::of(&headers), None);
    }
}
