//! Follows a script on a socket, and notices a client that goes away meanwhile.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::http::Wire;
use crate::script::{Ending, Script, Step};

/// What was written gets so long to be read before a reset: a reset may overtake data.
const BEFORE_RESET: Duration = Duration::from_millis(20);

/// How following a script ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Played {
    /// All of it was done; the connection's ending is still to be carried out.
    ToTheEnd,
    /// The client went away after so many events.
    ClientGone { events: usize },
}

/// Follows the script up to its ending. `tokens_per_second` paces [`Step::Token`].
pub(crate) async fn play(wire: &mut Wire, script: &Script, tokens_per_second: u32) -> Played {
    let interval = Duration::from_secs(1)
        .checked_div(tokens_per_second)
        .unwrap_or_default();
    let mut written = 0;
    let mut events = 0;
    let mut due = None;
    for step in &script.steps {
        let here = match *step {
            Step::Write {
                end,
                events: complete,
            } => {
                let here = wire
                    .write(script.bytes.get(written..end).unwrap_or_default())
                    .await
                    .is_ok();
                (written, events) = (end, if here { events + complete } else { events });
                here
            }
            Step::Yield => {
                tokio::task::yield_now().await;
                true
            }
            Step::Pause(time) => wait(wire, Instant::now() + time).await,
            Step::Token => {
                // Counted from the first token, so that lateness of one does not delay the rest.
                let next = due.unwrap_or_else(Instant::now) + interval;
                due = Some(next);
                wait(wire, next).await
            }
        };
        if !here {
            return Played::ClientGone { events };
        }
    }
    match script.ending {
        Ending::KeepAlive | Ending::CloseOnNext | Ending::Close => Played::ToTheEnd,
        Ending::Reset => {
            wait(wire, Instant::now() + BEFORE_RESET).await;
            Played::ToTheEnd
        }
        Ending::Silence => {
            wire.client_gone().await;
            Played::ClientGone { events }
        }
    }
}

/// Waits; false when the client goes away before the time.
async fn wait(wire: &mut Wire, until: Instant) -> bool {
    tokio::select! {
        biased;
        () = sleep_until(until) => true,
        () = wire.client_gone() => false,
    }
}
