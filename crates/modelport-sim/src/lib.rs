//! A simulated model provider: a real HTTP server that speaks the OpenAI API and Ollama's, with faults on demand.
//!
//! [`Sim::start`] runs one inside a test; [`run`] is the command. Faults are asked for with one spelling ([`Fault`]) in three ways:
//! the option [`Options::fault`], the request header `x-sim-fault`, or a model named `fault/SPEC`. The headers `x-sim-latency-ms`,
//! `x-sim-ttft-ms`, `x-sim-tps` and `x-sim-tokens` override the option of the same meaning for one request.
//!
//! Scripts in other languages use `GET /__sim/requests` (what arrived), `DELETE /__sim/requests`, `PUT /__sim/fault` and
//! `PUT /__sim/listing` with a spelling as the body; an empty body clears the fault.
//!
//! With [`Options::replay`] a folder of recorded answers is given again byte for byte: the model `replay/FILE` is answered with
//! that file, and its listing is the folder's.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use modelport_sim::{Options, Sim};
//!
//! let sim = Sim::start(Options::default()).await?;
//! sim.set_fault(Some("status-503@2".parse()?));
//! assert!(sim.base_url().ends_with("/v1"));
//! sim.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod answer;
mod base64;
mod chat;
mod connection;
mod control;
mod embeddings;
mod errors;
mod fault;
mod http;
mod listing;
mod log;
mod media;
mod ollama;
mod options;
mod play;
mod replay;
mod responses;
mod routes;
mod script;
mod seen;
mod server;
mod stage;

use std::io;

pub use fault::{Break, Connection, Fault, Form, Instead, InvalidFault, RetryAfter};
pub use listing::{InvalidListing, ListingShape};
pub use options::Options;
pub use seen::{Outcome, Seen};
pub use server::Sim;

/// Runs a simulator as a command: prints its URL, then one line a request unless [`Options::quiet`]. It does not return while the
/// simulator runs.
///
/// # Errors
///
/// When the address cannot be listened on, or the folder of recorded answers cannot be read.
pub async fn run(options: Options) -> io::Result<()> {
    let sim = Sim::start(options).await?;
    log::line(&format!("modelport-sim listens on {}", sim.base_url()));
    sim.wait().await;
    Ok(())
}
