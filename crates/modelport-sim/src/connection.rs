//! One connection: reads a request, has it answered, notes what became of it, and starts over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::answer::Dialect;
use crate::control;
use crate::errors;
use crate::http::{NoRequest, Request, Version, Wire};
use crate::log;
use crate::play::{Played, play};
use crate::routes::{self, Turn};
use crate::script::{Ending, Script};
use crate::seen::Outcome;
use crate::server::Shared;
use crate::stage::{Setting, Timing, stage};

/// How long the rest of a refused request may take to arrive, so that the refusal is not lost to a reset.
const REFUSED_REST: Duration = Duration::from_millis(200);

/// What becomes of the connection after an exchange.
enum Next {
    Request,
    CloseOnRequest,
    Close,
    Reset,
}

/// Serves a connection until it ends.
pub(crate) async fn serve(shared: Arc<Shared>, stream: TcpStream, number: u64) {
    // Without it events are delayed by tens of milliseconds; a socket that refuses it is gone.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut wire = Wire::new(stream);
    let mut script = Script::default();
    let mut next = Next::Request;
    loop {
        let request = match wire.read_request().await {
            Ok(request) => Arc::new(request),
            Err(NoRequest::Gone) => return,
            Err(NoRequest::Refused(status, message)) => {
                return refuse(wire, script, status, message).await;
            }
        };
        if matches!(next, Next::CloseOnRequest) {
            let id = shared.seen.arrived(number, &request);
            shared.seen.finished(id, Outcome::Faulted);
            log::closed(&shared, &request);
            return wire.close().await;
        }
        next = exchange(&shared, &mut wire, &mut script, &request, number).await;
        match next {
            Next::Request | Next::CloseOnRequest => {}
            Next::Close => return wire.close().await,
            Next::Reset => return wire.reset(),
        }
    }
}

/// Answers one request.
async fn exchange(
    shared: &Shared,
    wire: &mut Wire,
    script: &mut Script,
    request: &Arc<Request>,
    connection: u64,
) -> Next {
    if let Some(answer) = control::answer(shared, request) {
        stage(
            script,
            answer,
            None,
            &setting(request, 0, Dialect::OpenAi, Timing::default()),
        );
        return match play(wire, script, 0).await {
            Played::ToTheEnd => next(script.ending),
            Played::ClientGone { .. } => Next::Close,
        };
    }
    let id = shared.seen.arrived(connection, request);
    let started = Instant::now();
    let Turn {
        answer,
        fault,
        dialect,
        timing,
    } = routes::turn(shared, request, id);
    let status = answer.status;
    stage(
        script,
        answer,
        fault.as_ref(),
        &setting(request, id, dialect, timing),
    );
    let (outcome, next) = match play(wire, script, timing.tokens_per_second).await {
        Played::ToTheEnd if fault.is_some() => (Outcome::Faulted, next(script.ending)),
        Played::ToTheEnd => (Outcome::Answered, next(script.ending)),
        Played::ClientGone { events } => {
            let after_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            (
                Outcome::Cancelled {
                    after_ms,
                    events_sent: events,
                },
                Next::Close,
            )
        }
    };
    shared.seen.finished(id, outcome);
    log::finished(shared, request, outcome, status, fault.as_ref());
    next
}

fn next(ending: Ending) -> Next {
    match ending {
        Ending::KeepAlive => Next::Request,
        Ending::CloseOnNext => Next::CloseOnRequest,
        Ending::Close | Ending::Silence => Next::Close,
        Ending::Reset => Next::Reset,
    }
}

fn setting(request: &Request, id: u64, dialect: Dialect, timing: Timing) -> Setting {
    Setting {
        id,
        version: request.version(),
        keep_alive: request.keep_alive(),
        dialect,
        timing,
    }
}

/// Answers what could not be read as a request, and closes.
async fn refuse(mut wire: Wire, mut script: Script, status: u16, message: &str) {
    let answer = errors::unreadable(status, message).answer(Dialect::OpenAi);
    let setting = Setting {
        id: 0,
        version: Version::Http11,
        keep_alive: false,
        dialect: Dialect::OpenAi,
        timing: Timing::default(),
    };
    stage(&mut script, answer, None, &setting);
    if play(&mut wire, &script, 0).await == Played::ToTheEnd {
        // Elapsing is fine: then the client is slow, not gone.
        let _ = tokio::time::timeout(REFUSED_REST, wire.client_gone()).await;
    }
    wire.close().await;
}
