//! The load generator behind `bench/run`: an upstream that costs next to nothing, and clients that
//! send requests or hold streams through whatever stands at `--target`, check every answer byte for
//! byte, and print one line of JSON. It measures the caller's side only; what a proxy costs in CPU
//! and memory is read by `bench/run`, which starts the clock between `ready` and the answer to it.

mod exchange;
mod http;
mod pacer;
mod report;
mod requests;
mod streams;
mod upstream;

use std::io;
use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand};

/// Simulated provider and load for measuring a proxy.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Answer chat requests on 127.0.0.1.
    Upstream(upstream::Options),
    /// Send non-streaming chat requests over kept-alive connections.
    Requests(requests::Options),
    /// Hold streams open at once and read each to its end.
    Streams(streams::Options),
}

/// What both kinds of load need.
#[derive(Args, Clone)]
struct Target {
    /// Address of the proxy, or of the upstream itself.
    #[arg(long = "target")]
    address: SocketAddr,
    /// The request's `model`.
    #[arg(long, default_value = "bench-model")]
    model: String,
    /// The key that is shown to the proxy.
    #[arg(long, default_value = "bench-caller")]
    key: String,
    /// Length of each request body in bytes.
    #[arg(long, default_value_t = 1024)]
    body_bytes: usize,
}

fn main() -> io::Result<()> {
    let cli = Cli::parse();
    // One thread: the generator shares its core with the upstream, and a second thread would only
    // add wake-ups between the two.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match cli.role {
        Role::Upstream(options) => runtime.block_on(upstream::serve(options)),
        Role::Requests(options) => runtime.block_on(requests::run(options)),
        Role::Streams(options) => runtime.block_on(streams::run(options)),
    }
}
