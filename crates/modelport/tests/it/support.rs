//! What the tests are written with: a gateway process, an upstream, and a client that shows bytes.

pub mod client;
pub mod commands;
pub mod gateway;
pub mod h2;
pub mod h2_upstream;
pub mod metrics;
pub mod pages;
pub mod postgres;
pub mod raw;
pub mod redis;
pub mod scripted;
pub mod upstream;
pub mod views;

pub use client::{Exchange, Response, Stream};
pub use gateway::{Gateway, wait_until};
pub use metrics::Metrics;
pub use pages::Pages;
pub use scripted::Scripted;
pub use upstream::Upstream;

/// Prices by which a request costs a dollar, whatever its length.
pub const A_DOLLAR_EACH: &str =
    r#"{"openai_compatible": {"sim-fast": {"price": {"in": 0, "out": 0, "per_request": 1}}}}"#;

/// A base URL behind which nobody listens: the port is reserved.
pub const NOBODY: &str = "http://127.0.0.1:1";
