//! Bytes to the gateway and bytes back, for what no well-behaved client would send.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Longer than an answer may take that waits for nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends `message` and gives all that comes back until the gateway closes.
pub fn exchange(addr: SocketAddr, message: &[u8]) -> String {
    let mut socket = TcpStream::connect(addr).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    // A refusal may come, and the connection go, before everything was taken.
    let _ = socket.write_all(message);
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
