//! The simulated provider inside the test's process, where the test can look at what arrived.

use std::{net::SocketAddr, time::Duration};

use modelport_sim::{Fault, ListingShape, Options, Seen, Sim};
use tokio::runtime::{Builder, Runtime};

use super::gateway::wait_until;

/// A running simulated provider.
pub struct Upstream {
    sim: Option<Sim>,
    runtime: Runtime,
}

impl Upstream {
    /// One that answers as fast as it can.
    pub fn start() -> Self {
        Self::with(Options::default())
    }

    /// One with these options.
    pub fn with(options: Options) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let options = Options {
            quiet: true,
            ..options
        };
        let sim = runtime.block_on(Sim::start(options)).unwrap();
        Self {
            sim: Some(sim),
            runtime,
        }
    }

    fn sim(&self) -> &Sim {
        self.sim.as_ref().unwrap()
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.sim().addr()
    }

    /// Its OpenAI API.
    pub fn base_url(&self) -> String {
        self.sim().base_url()
    }

    /// Its root, where Ollama's API is.
    pub fn root_url(&self) -> String {
        self.sim().root_url()
    }

    /// The completions that have arrived, by either API.
    pub fn completions(&self) -> Vec<Seen> {
        let all = self.sim().requests().into_iter();
        all.filter(|seen| seen.path.contains("/chat/completions") || seen.path == "/api/chat")
            .collect()
    }

    /// Everything that has arrived.
    pub fn requests(&self) -> Vec<Seen> {
        self.sim().requests()
    }

    /// From now on every completion meets this fault.
    pub fn set_fault(&self, spec: Option<&str>) {
        let fault = spec.map(|spec| {
            spec.parse::<Fault>()
                .unwrap_or_else(|_| panic!("no fault {spec}"))
        });
        self.sim().set_fault(fault);
    }

    /// From now on its listing has this shape.
    pub fn set_listing(&self, shape: ListingShape) {
        self.sim().set_listing(shape);
    }

    /// Waits until what has arrived satisfies `done`.
    pub fn wait_for(&self, patience: Duration, done: impl Fn(&[Seen]) -> bool) -> bool {
        wait_until(patience, || done(&self.completions()))
    }

    /// Takes the provider down.
    pub fn stop(&mut self) {
        if let Some(sim) = self.sim.take() {
            self.runtime.block_on(sim.stop());
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stop();
    }
}
