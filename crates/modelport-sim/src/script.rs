//! What to do on a socket, as a list: bytes to write, pauses, and how it ends. `stage` writes scripts, `play` follows them.

use std::time::Duration;

/// The most room for bytes that is kept for the next answer of a connection.
const MAX_KEPT: usize = 256 * 1024;

/// A script. One is used again for all requests of a connection, so that a plain answer allocates nothing for it.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) bytes: Vec<u8>,
    pub(crate) steps: Vec<Step>,
    pub(crate) ending: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Writes the bytes up to here in one write; so many events are complete then.
    Write { end: usize, events: usize },
    /// Lets the client's side run, so that what is written in pieces is read in pieces.
    Yield,
    /// Waits.
    Pause(Duration),
    /// Waits until the next token is due.
    Token,
}

/// What happens to the connection after the last step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Ending {
    /// It waits for the next request.
    #[default]
    KeepAlive,
    /// It waits for the next request and closes when it has come.
    CloseOnNext,
    /// A clean close.
    Close,
    /// A TCP reset.
    Reset,
    /// Silence until the client goes away.
    Silence,
}

impl Script {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(MAX_KEPT);
        self.steps.clear();
        self.ending = Ending::default();
    }
}
