//! Whole-process tests: the built binary, started with environment variables, talked to over
//! sockets, in front of the simulated provider.
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::too_many_lines,
    reason = "test helpers"
)]

mod api;
mod auth;
mod cache;
mod cancellation;
mod cli;
mod configuration_file;
mod costs;
mod degradation;
mod dialects;
mod discovery;
mod failover;
mod faults;
mod fidelity;
mod fleet;
mod keys;
mod ledger;
mod lessons;
mod limits;
mod logs;
mod metrics;
mod ollama;
mod openai_compatible_provider;
mod openrouter_backward_compatibility;
mod overrides;
mod parameters;
mod probe;
mod profiles;
mod recorded;
mod resolution;
mod retries;
mod routing;
mod secrets;
mod shared_limits;
mod shutdown;
mod support;
mod surfaces;
mod traces;
mod unread;
mod usage;
mod webhook;
mod wire;
