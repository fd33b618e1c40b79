//! The simulator over real sockets, seen by a client that reads HTTP byte by byte.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests; the switches for tests do not reach them"
)]

mod cancel;
mod client;
mod connection;
mod control;
mod faults;
mod replay;
mod service;
