//! Turns an answer and a fault into a script. This is where every fault takes effect; nothing here does I/O.

mod events;
mod instead;
mod output;
mod recorded;
mod whole;

use std::time::Duration;

use crate::answer::{Answer, Body, Dialect, Events};
use crate::errors;
use crate::fault::{Break, Connection, Fault, Form};
use crate::http::Version;
use crate::script::{Ending, Script};

use output::Output;

/// What the answer's bytes depend on besides the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// The request's number, for its id.
    pub(crate) id: u64,
    pub(crate) version: Version,
    pub(crate) keep_alive: bool,
    pub(crate) dialect: Dialect,
    pub(crate) timing: Timing,
}

/// How slow the answer is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timing {
    /// Before the head.
    pub(crate) latency: Duration,
    /// From the head to the first token.
    pub(crate) first_token: Duration,
    /// 0 is as fast as possible.
    pub(crate) tokens_per_second: u32,
}

/// Writes the script for an answer, as bent by a fault.
pub(crate) fn stage(script: &mut Script, answer: Answer, fault: Option<&Fault>, setting: &Setting) {
    if let Some(Fault::First(_, fault)) = fault {
        return stage(script, answer, Some(fault), setting);
    }
    script.clear();
    let mut output = Output::new(script, setting);
    output.pause(setting.timing.latency);
    let answer = match fault {
        Some(Fault::Instead(instead)) => instead::answer(*instead, &answer, setting.dialect),
        Some(Fault::Connection(_) | Fault::After(..) | Fault::Form(_) | Fault::First(..))
        | None => answer,
    };
    let ending = match connection(fault).filter(|connection| !answers(*connection)) {
        Some(connection) => unanswered(&mut output, connection, answer.status),
        None => match &answer.body {
            Body::Whole(body) => whole::write(&mut output, &answer, body, fault),
            Body::Events(events) => events::write(&mut output, &answer, events, fault),
            Body::Recorded(recorded) => recorded::write(&mut output, &answer, recorded),
        },
    };
    output.finish(ending);
}

/// The answer is written in spite of the fault, in some form.
fn answers(connection: Connection) -> bool {
    match connection {
        Connection::CloseIdle
        | Connection::SlowHead(_)
        | Connection::Continue
        | Connection::Http10
        | Connection::Short
        | Connection::Long => true,
        Connection::Hang
        | Connection::HangHead
        | Connection::Reset
        | Connection::ResetMidHead
        | Connection::CutHead
        | Connection::Close
        | Connection::NotHttp => false,
    }
}

/// What comes in place of an answer; for a fault that leaves the answer, nothing and a close.
fn unanswered(output: &mut Output<'_>, connection: Connection, status: u16) -> Ending {
    match connection {
        Connection::Hang => Ending::Silence,
        Connection::HangHead => {
            output.status_line(status);
            Ending::Silence
        }
        Connection::Reset => Ending::Reset,
        Connection::ResetMidHead => {
            output.half_head(status);
            Ending::Reset
        }
        Connection::CutHead => {
            output.half_head(status);
            Ending::Close
        }
        Connection::NotHttp => {
            output.raw(errors::NOISE);
            Ending::Close
        }
        Connection::Close
        | Connection::CloseIdle
        | Connection::SlowHead(_)
        | Connection::Continue
        | Connection::Http10
        | Connection::Short
        | Connection::Long => Ending::Close,
    }
}

/// What a form puts before the body.
fn prefix(form: Option<Form>) -> &'static [u8] {
    if form == Some(Form::Bom) {
        b"\xef\xbb\xbf"
    } else if form == Some(Form::LeadingBlank) {
        b"\n\n\n"
    } else {
        b""
    }
}

/// The form of the answer, if the fault is one.
fn form(fault: Option<&Fault>) -> Option<Form> {
    match fault {
        Some(Fault::Form(form)) => Some(*form),
        Some(Fault::Instead(_) | Fault::Connection(_) | Fault::After(..) | Fault::First(..))
        | None => None,
    }
}

/// The trouble around the head, if the fault is one.
fn connection(fault: Option<&Fault>) -> Option<Connection> {
    match fault {
        Some(Fault::Connection(connection)) => Some(*connection),
        Some(Fault::Instead(_) | Fault::After(..) | Fault::Form(_) | Fault::First(..)) | None => {
            None
        }
    }
}

/// The break and after how many events it comes, if the fault is one.
fn broken(fault: Option<&Fault>) -> Option<(usize, Break)> {
    match fault {
        Some(Fault::After(events, how)) => Some((*events, *how)),
        Some(Fault::Instead(_) | Fault::Connection(_) | Fault::Form(_) | Fault::First(..))
        | None => None,
    }
}

#[cfg(test)]
mod tests;
