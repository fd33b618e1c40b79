//! The connections of HTTP/2 to one origin, and which of them a call goes over.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use futures_util::future::{BoxFuture, Shared, WeakShared};
use hyper::client::conn::http2::SendRequest;

use super::{
    super::{KEEP_IDLE, outgoing::Outgoing},
    MAX_CONNECTIONS, MAX_STREAMS,
};
use crate::error::Error;

/// A connection being made: everybody who needs it drives it.
pub(super) type Opening = Shared<BoxFuture<'static, Result<(), Error>>>;

/// The connections to one origin.
#[derive(Default)]
pub(in crate::transport) struct Pool(Mutex<State>);

#[derive(Default)]
struct State {
    open: Vec<Member>,
    opening: Option<WeakShared<BoxFuture<'static, Result<(), Error>>>>,
}

struct Member {
    sender: SendRequest<Outgoing>,
    gauge: Arc<Gauge>,
    standing: Standing,
    last_used: Instant,
}

/// What is known of a connection by all who use it.
pub(super) struct Gauge {
    streams: AtomicUsize,
    /// How many streams its peer allows.
    allowed: AtomicUsize,
    distrusted: AtomicBool,
}

/// One stream of a connection, counted while it is there.
pub(in crate::transport) struct Stream(Arc<Gauge>);

/// Where a call may go.
pub(super) enum Way {
    Stream(SendRequest<Outgoing>, Stream, Standing),
    Wait(Opening),
}

/// What a connection carried when a call came to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Fresh,
    Idle,
    Busy,
}

impl Pool {
    /// Where the next call goes: the connection with the fewest streams, if it has room, else one
    /// that is being made or that `open` makes.
    pub(super) fn way(&self, open: impl FnOnce() -> Opening) -> Way {
        let mut state = self.lock();
        state.open.retain(Member::is_usable);
        let has_more = state.open.len() < MAX_CONNECTIONS;
        let best = state
            .open
            .iter_mut()
            .min_by_key(|member| member.gauge.streams());
        if let Some(member) = best
            && (member.gauge.has_room() || !has_more)
        {
            return member.take();
        }
        let opening = state.opening.as_ref().and_then(WeakShared::upgrade);
        Way::Wait(opening.unwrap_or_else(|| {
            let opening = open();
            state.opening = opening.downgrade();
            opening
        }))
    }

    /// No connection is being made any more.
    pub(super) fn opened(&self) {
        self.lock().opening = None;
    }

    pub(super) fn add(&self, sender: SendRequest<Outgoing>, gauge: Arc<Gauge>) {
        self.lock().open.push(Member {
            sender,
            gauge,
            standing: Standing::Fresh,
            last_used: Instant::now(),
        });
    }

    /// Lets go of the connections that have been unused for too long.
    pub(in crate::transport) fn sweep(&self) {
        self.lock().open.retain(|member| {
            let unused = member.gauge.streams() == 0 && member.last_used.elapsed() >= KEEP_IDLE;
            member.is_usable() && !unused
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The list stays whole whatever happened while it was held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    fn is_usable(&self) -> bool {
        !self.sender.is_closed() && !self.gauge.distrusted.load(Ordering::Relaxed)
    }

    fn take(&mut self) -> Way {
        let standing = match self.gauge.streams() {
            0 => self.standing,
            _ => Standing::Busy,
        };
        self.standing = Standing::Idle;
        self.last_used = Instant::now();
        self.gauge.streams.fetch_add(1, Ordering::Relaxed);
        Way::Stream(
            self.sender.clone(),
            Stream(Arc::clone(&self.gauge)),
            standing,
        )
    }
}

impl Gauge {
    pub(super) fn new(allowed: usize) -> Self {
        Self {
            streams: AtomicUsize::new(0),
            allowed: AtomicUsize::new(allowed),
            distrusted: AtomicBool::new(false),
        }
    }

    /// Notes how many streams the peer allows now.
    pub(super) fn allow(&self, streams: usize) {
        self.allowed.store(streams, Ordering::Relaxed);
    }

    fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    fn has_room(&self) -> bool {
        self.streams() < self.allowed.load(Ordering::Relaxed).min(MAX_STREAMS)
    }
}

impl Stream {
    /// Gives the connection no further calls; those that it has go on.
    pub(in crate::transport) fn distrust(&self) {
        self.0.distrusted.store(true, Ordering::Relaxed);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}
