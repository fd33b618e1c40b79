//! An upstream whose listing is written by the test, page by page, for what the simulated provider
//! would not say. It answers one request at a time.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

use serde_json::Value;

/// A running upstream.
pub struct Pages {
    addr: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
}

impl Pages {
    /// Answers each path, with its query, by `page`; `None` is a 404.
    pub fn start(page: impl Fn(&str) -> Option<Value> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let (seen, is_over) = (Arc::clone(&asked), Arc::clone(&stopped));
        thread::spawn(move || {
            for socket in listener.incoming() {
                if is_over.load(SeqCst) {
                    return;
                }
                answer(socket.unwrap(), &page, &seen);
            }
        });
        Self {
            addr,
            asked,
            stopped,
        }
    }

    /// Its OpenAI API.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// The paths that were asked for, with their queries.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.stopped.store(true, SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.addr);
    }
}

fn answer(socket: TcpStream, page: &impl Fn(&str) -> Option<Value>, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(socket);
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|got| got > 2) {}
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    // An unread body would turn the close into a reset.
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.trim().parse().unwrap());
    let _ = reader.read_exact(&mut vec![0; length]);
    let (status, body) = match page(&path) {
        Some(body) => ("200 OK", body.to_string()),
        None => ("404 Not Found", "{}".to_owned()),
    };
    seen.lock().unwrap().push(path);
    let length = body.len();
    let _ = write!(
        reader.get_mut(),
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    );
}
