//! An upstream that answers every completion with the same bytes, for what the simulated provider
//! has no fault for, and for comparing to the byte.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

/// A running scripted upstream. Its listing is a 404.
pub struct Scripted {
    addr: SocketAddr,
    stopped: Arc<AtomicBool>,
}

/// What comes after the answer.
#[derive(Clone, Copy)]
enum After {
    Close,
    Silence,
}

impl Scripted {
    /// Writes `answer` after each completion has arrived whole, then closes.
    pub fn start(answer: impl Into<Vec<u8>>) -> Self {
        Self::then(answer.into(), After::Close)
    }

    /// An upstream whose completion has this content type, begins with these bytes, and does not
    /// end.
    pub fn unending(content_type: &str, body: &[u8]) -> Self {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n"
        );
        Self::then([head.as_bytes(), body, b"\r\n"].concat(), After::Silence)
    }

    fn then(answer: Vec<u8>, after: After) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&stopped);
        thread::spawn(move || {
            for socket in listener.incoming() {
                if is_over.load(SeqCst) {
                    return;
                }
                let (socket, answer) = (socket.unwrap(), answer.clone());
                thread::spawn(move || serve(socket, &answer, after));
            }
        });
        Self { addr, stopped }
    }

    /// An upstream whose completion has this content type and this body.
    pub fn answering(content_type: &str, body: &[u8]) -> Self {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n"
        );
        Self::start([head.as_bytes(), body].concat())
    }

    /// Its OpenAI API.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stopped.store(true, SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.addr);
    }
}

fn serve(socket: TcpStream, answer: &[u8], after: After) {
    let mut reader = BufReader::new(socket);
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|got| got > 2) {}
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length
        .and_then(|length| length.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let missing = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let is_completion = head.starts_with("POST");
    let _ = reader
        .get_mut()
        .write_all(if is_completion { answer } else { missing });
    match after {
        After::Close => {}
        After::Silence => {
            // Until the gateway closes.
            let _ = reader.read_to_end(&mut body);
        }
    }
}
