//! The server: what it is made of, how it starts and stops, and what tests may ask of it.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::connection;
use crate::fault::Fault;
use crate::listing::ListingShape;
use crate::options::Options;
use crate::replay::Recordings;
use crate::seen::{Ring, Seen};

/// The most spellings of faults with `@N` that are counted; beyond them such a fault no longer shows.
const MAX_COUNTED: usize = 4096;

/// A running simulator. Dropping it stops it and cuts its connections.
pub struct Sim {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Sim {
    /// Starts a simulator on the current runtime.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on, or the folder of recorded answers cannot be read.
    pub async fn start(options: Options) -> io::Result<Self> {
        let recordings = match &options.replay {
            Some(folder) => Some(Recordings::read(folder, options.replay_piece)?),
            None => None,
        };
        let listener = TcpListener::bind((options.host.as_str(), options.port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(options, recordings));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            accepting,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of its OpenAI API, with `/v1` and without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The URL of its root, without a slash at the end: the base URL of its Ollama API.
    pub fn root_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The last requests, oldest first, at most [`Options::seen`] of them. Those under `/__sim/` are left out.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.seen.all()
    }

    /// Forgets the requests so far.
    pub fn clear(&self) {
        self.shared.seen.clear();
    }

    /// Sets the fault of every completion and embedding from now on; the count of `@N` starts anew.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.shared.set_fault(fault);
    }

    /// Sets the shape of the listing from now on.
    pub fn set_listing(&self, listing: ListingShape) {
        self.shared.set_listing(listing);
    }

    /// Stops it: when this returns, the port is free.
    pub async fn stop(mut self) {
        self.accepting.abort();
        // The task ends by being aborted, which is what was asked for.
        let _ = (&mut self.accepting).await;
    }

    /// Waits until it stops by itself, which only a failure of the runtime makes it do.
    pub(crate) async fn wait(mut self) {
        let _ = (&mut self.accepting).await;
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) recordings: Option<Recordings>,
    pub(crate) seen: Ring,
    state: Mutex<State>,
}

/// What tests change while it runs.
struct State {
    fault: Option<Fault>,
    listing: ListingShape,
    /// Requests that a fault with `@N` was given to, by its spelling.
    given: HashMap<String, u32>,
}

impl Shared {
    fn new(options: Options, recordings: Option<Recordings>) -> Self {
        let state = State {
            fault: options.fault.clone(),
            listing: options.listing,
            given: HashMap::new(),
        };
        Self {
            seen: Ring::new(options.seen),
            state: Mutex::new(state),
            recordings,
            options,
        }
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        self.lock().fault.clone()
    }

    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.lock();
        if let Some(fault) = &fault {
            state.given.remove(&fault.to_string());
        }
        state.fault = fault;
    }

    pub(crate) fn listing(&self) -> ListingShape {
        self.lock().listing
    }

    pub(crate) fn set_listing(&self, listing: ListingShape) {
        self.lock().listing = listing;
    }

    /// The fault for one more request, unless it has had its number of them.
    pub(crate) fn still(&self, fault: Fault) -> Option<Fault> {
        let spelling = fault.to_string();
        let Fault::First(requests, fault) = fault else {
            return Some(fault);
        };
        let mut state = self.lock();
        if state.given.len() >= MAX_COUNTED && !state.given.contains_key(&spelling) {
            return None;
        }
        let given = state.given.entry(spelling).or_default();
        (*given < requests).then(|| {
            *given += 1;
            *fault
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut number = 0_u64;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    number += 1;
                    connections.spawn(connection::serve(Arc::clone(&shared), stream, number));
                }
                // Out of files, mostly: others must close before more can be accepted.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
