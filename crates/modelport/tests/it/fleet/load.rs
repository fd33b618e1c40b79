//! Callers that ask all gateways at once, and what became of each request.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{GATEWAYS, SOON};
use crate::support::wait_until;

/// How long a caller pauses.
const PAUSE: Duration = Duration::from_millis(50);

/// One request as its caller saw it.
pub struct Ended {
    pub id: String,
    pub gateway: usize,
    /// `None` where no whole answer came.
    pub status: Option<u16>,
    pub sent: Instant,
    pub at: Instant,
}

/// A span of time.
#[derive(Clone, Copy)]
pub struct Span {
    pub from: Instant,
    pub to: Instant,
}

impl Span {
    pub fn holds(&self, at: Instant) -> bool {
        (self.from..=self.to).contains(&at)
    }
}

/// What the callers do.
#[derive(Default)]
pub struct Load {
    pub addrs: Mutex<Vec<SocketAddr>>,
    pub ended: Mutex<Vec<Ended>>,
    next: AtomicUsize,
    is_over: AtomicBool,
}

impl Load {
    /// Asks this gateway until it is over.
    pub fn call(&self, gateway: usize) {
        while !self.is_over.load(Relaxed) {
            let id = format!("r-{}", self.next.fetch_add(1, Relaxed));
            let addr = self.addrs.lock().unwrap()[gateway];
            let sent = Instant::now();
            let status = ask(addr, &id);
            let ended = Ended {
                id,
                gateway,
                status,
                sent,
                at: Instant::now(),
            };
            self.ended.lock().unwrap().push(ended);
            thread::sleep(PAUSE);
        }
    }

    /// Waits until so many requests were answered by a provider.
    pub fn wait_for(&self, count: usize) {
        assert!(wait_until(SOON, || self.count(200) >= count), "{count}");
    }

    pub fn count(&self, status: u16) -> usize {
        let ended = self.ended.lock().unwrap();
        let found = ended.iter().filter(|ended| ended.status == Some(status));
        found.count()
    }

    /// Whether each gateway has refused a request for its cost.
    pub fn is_spent(&self) -> bool {
        let ended = self.ended.lock().unwrap();
        let mut all = 0..GATEWAYS;
        all.all(|gateway| {
            let mut of = ended.iter().filter(|ended| ended.gateway == gateway);
            of.any(|ended| ended.status == Some(402))
        })
    }
}

/// One plain chat: its status, if the answer is whole.
fn ask(addr: SocketAddr, id: &str) -> Option<u16> {
    let messages = [json!({"role": "user", "content": "hi"})];
    let body = json!({"model": "sim-fast", "max_tokens": 3, "messages": messages}).to_string();
    let mut socket = TcpStream::connect(addr).ok()?;
    let length = body.len();
    write!(
        socket,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: {id}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    let status = answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    answer.trim_end().ends_with('}').then_some(status)
}

/// Lets the callers end when dropped.
pub struct Over<'l>(pub &'l Load);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Relaxed);
    }
}
