//! A plain HTTP client: one connection per exchange, nothing hidden, so that a test sees what
//! was sent and what came back to the byte.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use serde_json::Value;

/// Longer than anything in these tests may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of a chunk of a chunked request: odd, so that chunks end anywhere.
const CHUNK: usize = 1021;

/// A request being put together.
pub struct Exchange {
    addr: SocketAddr,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    chunked: bool,
}

impl Exchange {
    /// A request to `addr`.
    pub fn new(addr: SocketAddr, method: &str, path: &str) -> Self {
        Self {
            addr,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
            chunked: false,
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body, as JSON by its label.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.headers
            .push(("content-type".to_owned(), "application/json".to_owned()));
        self.body = Some(body.into());
        self
    }

    /// Sets the body, with no label.
    pub fn raw_body(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }

    /// Sends the body in chunks, without saying how long it is.
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Sends the request and reads the whole answer.
    pub fn send(self) -> Response {
        self.open().finish()
    }

    /// Sends the request and reads the head of the answer.
    pub fn open(self) -> Stream {
        let socket = self.write();
        Stream::read_head(socket)
    }

    /// Sends the request and does not read: for leaving before an answer.
    pub fn write(&self) -> TcpStream {
        let mut socket = TcpStream::connect(self.addr).expect("connect to the gateway");
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: localhost\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = self.body.as_deref().unwrap_or_default();
        if self.chunked {
            head.push_str("transfer-encoding: chunked\r\n");
        } else if self.body.is_some() {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("connection: close\r\n\r\n");
        let mut message = head.into_bytes();
        if self.chunked {
            for chunk in body.chunks(CHUNK) {
                message.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                message.extend_from_slice(chunk);
                message.extend_from_slice(b"\r\n");
            }
            message.extend_from_slice(b"0\r\n\r\n");
        } else {
            message.extend_from_slice(body);
        }
        // A refusal may come, and the connection go, before the whole body was taken.
        let _ = socket.write_all(&message);
        socket
    }
}

/// An answer whose head has been read.
pub struct Stream {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    reader: BufReader<TcpStream>,
    chunked: bool,
    left: Option<usize>,
    cut: bool,
}

impl Stream {
    fn read_head(socket: TcpStream) -> Self {
        let mut reader = BufReader::new(socket);
        let line = read_line(&mut reader);
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("not a status line: {line:?}"));
        let mut headers = Vec::new();
        loop {
            let line = read_line(&mut reader);
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').expect("a header");
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let get = |wanted: &str| headers.iter().find(|(name, _)| name == wanted);
        let chunked = get("transfer-encoding").is_some_and(|(_, value)| value == "chunked");
        let left = get("content-length").map(|(_, value)| value.parse().unwrap());
        Self {
            status,
            reader,
            chunked,
            left,
            headers,
            cut: false,
        }
    }

    /// The next piece of the body as it was framed, `None` at its end, be it cut or whole.
    pub fn next_piece(&mut self) -> Option<Vec<u8>> {
        let piece = if self.chunked {
            self.next_chunk()
        } else {
            self.next_part()
        };
        piece.unwrap_or_else(|_| {
            self.cut = true;
            None
        })
    }

    fn next_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
        let mut piece = vec![0; size];
        self.reader.read_exact(&mut piece)?;
        read_line(&mut self.reader);
        Ok((size > 0).then_some(piece))
    }

    fn next_part(&mut self) -> io::Result<Option<Vec<u8>>> {
        let limit = self.left.unwrap_or(usize::MAX).min(64 << 10);
        let mut piece = vec![0; limit];
        let got = if limit == 0 {
            0
        } else {
            self.reader.read(&mut piece)?
        };
        piece.truncate(got);
        if let Some(left) = &mut self.left {
            if got == 0 && *left > 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            *left -= got;
        }
        Ok((got > 0).then_some(piece))
    }

    /// Reads until `needle` has come by; false when the body ends first.
    pub fn read_until(&mut self, needle: &str) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = String::new();
        while Instant::now() < deadline {
            let Some(piece) = self.next_piece() else {
                return false;
            };
            seen.push_str(&String::from_utf8_lossy(&piece));
            if seen.contains(needle) {
                return true;
            }
        }
        false
    }

    /// The rest of the answer, which must be whole.
    pub fn finish(self) -> Response {
        let (response, whole) = self.finish_anyhow();
        assert!(whole, "the answer was cut: {:?}", response.text());
        response
    }

    /// The rest of the answer, and whether it came to its end.
    pub fn finish_anyhow(mut self) -> (Response, bool) {
        let mut body = Vec::new();
        while let Some(piece) = self.next_piece() {
            body.extend_from_slice(&piece);
        }
        let response = Response {
            status: self.status,
            headers: self.headers,
            body,
        };
        (response, !self.cut)
    }
}

fn read_line(reader: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    reader
        .read_line(&mut line)
        .expect("a line from the gateway");
    line.trim_end().to_owned()
}

/// A whole answer.
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", self.text()))
    }

    /// The data of the body's events, in order.
    pub fn events(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter_map(|line| line.strip_prefix("data:"));
        lines.map(|data| data.trim_start().to_owned()).collect()
    }
}
