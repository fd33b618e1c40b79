//! The head of a request, and the request as a whole. Pure.

use std::ops::Range;

use bytes::Bytes;

use super::NoRequest;

/// How long the body of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Exact(usize),
    Chunked,
}

/// What the head says about the message, and where its parts are.
#[derive(Debug)]
pub(super) struct Head {
    method: Range<usize>,
    target: Range<usize>,
    headers: Vec<(Range<usize>, Range<usize>)>,
    pub(super) length: Length,
    pub(super) expects_continue: bool,
    keep_alive: bool,
    version: Version,
}

/// The version of HTTP a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Http10,
    Http11,
}

impl Head {
    /// Reads a head that ends with an empty line.
    pub(super) fn parse(head: &[u8]) -> Result<Self, NoRequest> {
        let bad = |reason| NoRequest::Refused(400, reason);
        let mut lines = Lines { head, at: 0 };
        let line = lines.next().ok_or(bad("there is no request line"))?;
        let (method, target, version) =
            request_line(head, line).ok_or(bad("the request line is not HTTP/1"))?;
        let mut parsed = Self {
            method,
            target,
            headers: Vec::with_capacity(16),
            length: Length::Exact(0),
            expects_continue: false,
            keep_alive: version == Version::Http11,
            version,
        };
        for line in lines {
            let text = part(head, &line);
            let colon =
                memchr::memchr(b':', text.as_bytes()).ok_or(bad("a header has no colon"))?;
            let name = line.start..line.start.saturating_add(colon);
            let value = trimmed(head, name.end.saturating_add(1)..line.end);
            parsed
                .note(part(head, &name), part(head, &value))
                .map_err(bad)?;
            parsed.headers.push((name, value));
        }
        Ok(parsed)
    }

    /// Acts on the headers that frame the message.
    fn note(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        if name.eq_ignore_ascii_case("content-length") {
            let length = value
                .parse()
                .map_err(|_| "the content-length is not a number")?;
            match self.length {
                Length::Exact(before) if before == 0 || before == length => {
                    self.length = Length::Exact(length);
                }
                Length::Exact(_) | Length::Chunked => return Err("the length is given twice"),
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if !value.eq_ignore_ascii_case("chunked") || self.length != Length::Exact(0) {
                return Err("the transfer-encoding is not plain chunked");
            }
            self.length = Length::Chunked;
        } else if name.eq_ignore_ascii_case("expect") {
            self.expects_continue = value.eq_ignore_ascii_case("100-continue");
        } else if name.eq_ignore_ascii_case("connection") {
            self.keep_alive = match self.version {
                Version::Http11 => !value.eq_ignore_ascii_case("close"),
                Version::Http10 => value.eq_ignore_ascii_case("keep-alive"),
            };
        }
        Ok(())
    }
}

/// The lines of a head up to the empty one, as ranges.
struct Lines<'a> {
    head: &'a [u8],
    at: usize,
}

impl Iterator for Lines<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.head.get(self.at..)?;
        let length = memchr::memmem::find(rest, b"\r\n").filter(|length| *length > 0)?;
        let line = self.at..self.at.saturating_add(length);
        self.at = line.end.saturating_add(2);
        Some(line)
    }
}

fn request_line(head: &[u8], line: Range<usize>) -> Option<(Range<usize>, Range<usize>, Version)> {
    let bytes = head.get(line.clone())?;
    let first = memchr::memchr(b' ', bytes)?;
    let last = memchr::memrchr(b' ', bytes).filter(|last| *last > first)?;
    let version = match bytes.get(last.saturating_add(1)..)? {
        b"HTTP/1.1" => Version::Http11,
        b"HTTP/1.0" => Version::Http10,
        _ => return None,
    };
    let at = |offset: usize| line.start.saturating_add(offset);
    Some((
        line.start..at(first),
        at(first.saturating_add(1))..at(last),
        version,
    ))
}

/// A part of the head as text; empty when it is not UTF-8.
fn part<'a>(head: &'a [u8], range: &Range<usize>) -> &'a str {
    head.get(range.clone())
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .unwrap_or_default()
}

fn trimmed(head: &[u8], range: Range<usize>) -> Range<usize> {
    let bytes = head.get(range.clone()).unwrap_or_default();
    let start = range.end.saturating_sub(bytes.trim_ascii_start().len());
    start..start.saturating_add(bytes.trim_ascii().len())
}

/// A request that has arrived whole.
#[derive(Debug)]
pub(crate) struct Request {
    head: Head,
    bytes: Bytes,
    body: Bytes,
}

impl Request {
    pub(super) fn new(head: Head, bytes: Bytes, body: Bytes) -> Self {
        Self { head, bytes, body }
    }

    pub(crate) fn method(&self) -> &str {
        part(&self.bytes, &self.head.method)
    }

    /// Path and query as they were sent.
    pub(crate) fn target(&self) -> &str {
        part(&self.bytes, &self.head.target)
    }

    /// The path without a slash at the end, and the query without its question mark.
    pub(crate) fn path_and_query(&self) -> (&str, &str) {
        let (path, query) = self.target().split_once('?').unwrap_or((self.target(), ""));
        (path.trim_end_matches('/'), query)
    }

    /// The first header of this name, which is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let is_it = |range: &Range<usize>| {
            range.len() == name.len()
                && self
                    .bytes
                    .get(range.clone())
                    .is_some_and(|bytes| bytes.eq_ignore_ascii_case(name.as_bytes()))
        };
        let (_, value) = self.head.headers.iter().find(|(found, _)| is_it(found))?;
        Some(part(&self.bytes, value))
    }

    /// All headers in the order in which they came, with the names as they were written.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head
            .headers
            .iter()
            .map(|(name, value)| (part(&self.bytes, name), part(&self.bytes, value)))
    }

    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }

    /// The client will use the connection again.
    pub(crate) fn keep_alive(&self) -> bool {
        self.head.keep_alive
    }

    pub(crate) fn version(&self) -> Version {
        self.head.version
    }

    /// Bytes of head and body.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len().saturating_add(self.body.len())
    }
}

#[cfg(test)]
impl Default for Request {
    fn default() -> Self {
        let bytes = Bytes::from_static(b"GET / HTTP/1.1\r\n\r\n");
        Self {
            head: Head::parse(&bytes).unwrap(),
            bytes,
            body: Bytes::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(head: &'static str) -> Result<Request, NoRequest> {
        Ok(Request::new(
            Head::parse(head.as_bytes())?,
            Bytes::from_static(head.as_bytes()),
            Bytes::new(),
        ))
    }

    #[test]
    fn a_head_is_read() {
        let request = request("POST /v1/models/?a=b HTTP/1.1\r\nHost: x\r\nX-Sim-TPS: \t5 \r\nempty:\r\nContent-Length: 7\r\n\r\n").unwrap();
        assert_eq!(
            (request.method(), request.target()),
            ("POST", "/v1/models/?a=b")
        );
        assert_eq!(request.path_and_query(), ("/v1/models", "a=b"));
        assert_eq!(
            (
                request.header("x-sim-tps"),
                request.header("empty"),
                request.header("none")
            ),
            (Some("5"), Some(""), None)
        );
        assert_eq!(
            request.headers().map(|(name, _)| name).collect::<Vec<_>>(),
            ["Host", "X-Sim-TPS", "empty", "Content-Length"]
        );
        assert_eq!(
            (request.head.length, request.keep_alive()),
            (Length::Exact(7), true)
        );
    }

    #[test]
    fn framing_follows_the_headers() {
        let check = |headers: &str, version: &str| {
            let head = format!("GET / {version}\r\n{headers}\r\n");
            Head::parse(head.as_bytes())
                .map(|head| (head.length, head.keep_alive, head.expects_continue))
                .ok()
        };
        for (headers, version, expected) in [
            ("", "HTTP/1.1", Some((Length::Exact(0), true, false))),
            (
                "Connection: close\r\n",
                "HTTP/1.1",
                Some((Length::Exact(0), false, false)),
            ),
            ("", "HTTP/1.0", Some((Length::Exact(0), false, false))),
            (
                "connection: Keep-Alive\r\n",
                "HTTP/1.0",
                Some((Length::Exact(0), true, false)),
            ),
            (
                "Transfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n",
                "HTTP/1.1",
                Some((Length::Chunked, true, true)),
            ),
            (
                "content-length: 5\r\ncontent-length: 5\r\n",
                "HTTP/1.1",
                Some((Length::Exact(5), true, false)),
            ),
            (
                "content-length: 5\r\ncontent-length: 6\r\n",
                "HTTP/1.1",
                None,
            ),
            (
                "content-length: 5\r\ntransfer-encoding: chunked\r\n",
                "HTTP/1.1",
                None,
            ),
            (
                "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
                "HTTP/1.1",
                None,
            ),
            ("transfer-encoding: gzip, chunked\r\n", "HTTP/1.1", None),
            ("content-length: -1\r\n", "HTTP/1.1", None),
            ("no colon\r\n", "HTTP/1.1", None),
            ("", "HTTP/2", None),
        ] {
            assert_eq!(check(headers, version), expected, "{version} {headers:?}");
        }
    }
}
