//! modelport, an LLM gateway: one OpenAI-compatible port in front of every model.
//!
//! The binary is a thin face of this library. Where a request goes is in [`proxy`]; what may be
//! configured is in [`config`]; ARCHITECTURE.md draws the map.

pub mod accounting;
pub mod anthropic;
pub mod api;
pub mod app;
pub mod auth;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dashboard;
pub mod endpoints;
pub mod error;
pub mod ids;
pub mod limits;
pub mod models;
pub mod proxy;
pub mod redis_server;
pub mod responses;
pub mod routing;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod times;
pub mod translation;
