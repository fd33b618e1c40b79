//! An answer in one piece, and how it breaks.

use super::output::{Output, Transfer};
use crate::answer::Answer;
use crate::errors;
use crate::fault::{Break, Connection, Fault, Form};
use crate::script::Ending;

/// Bytes that `short` promises beyond what it sends.
const MISSING: usize = 64;

/// Writes the answer; the ending it calls for.
pub(super) fn write(
    output: &mut Output<'_>,
    answer: &Answer,
    body: &[u8],
    fault: Option<&Fault>,
) -> Ending {
    if let Some((_, how)) = super::broken(fault) {
        return broken(output, answer, body, how);
    }
    match super::form(fault) {
        Some(form) => formed(output, answer, body, form),
        None => plain(output, answer, body, super::connection(fault)),
    }
}

fn plain(
    output: &mut Output<'_>,
    answer: &Answer,
    body: &[u8],
    connection: Option<Connection>,
) -> Ending {
    let length = if connection == Some(Connection::Short) {
        body.len() + MISSING
    } else if connection == Some(Connection::Long) {
        body.len() / 2
    } else {
        body.len()
    };
    output.head(answer, Transfer::Length(length), None, connection);
    output.body(body);
    if length != body.len() {
        Ending::Close
    } else if connection == Some(Connection::CloseIdle) {
        Ending::CloseOnNext
    } else {
        super::events::kept(output)
    }
}

fn formed(output: &mut Output<'_>, answer: &Answer, body: &[u8], form: Form) -> Ending {
    let prefix = super::prefix(Some(form));
    let body = if form == Form::TruncatedJson {
        half(body)
    } else {
        body
    };
    let transfer = if form == Form::Gzip {
        Transfer::Chunked
    } else {
        Transfer::Length(prefix.len() + body.len())
    };
    output.head(answer, transfer, Some(form), None);
    if form == Form::Gzip {
        output.compress();
    }
    output.body(prefix);
    output.body(body);
    output.end_body();
    super::events::kept(output)
}

fn broken(output: &mut Output<'_>, answer: &Answer, body: &[u8], how: Break) -> Ending {
    let mut middle = |ending| {
        output.head(answer, Transfer::Length(body.len()), None, None);
        output.raw(half(body));
        ending
    };
    let replaced = match how {
        Break::Stall => return middle(Ending::Silence),
        Break::Reset => return middle(Ending::Reset),
        Break::Cut | Break::CutHalf => return middle(Ending::Close),
        Break::Eof | Break::Malformed => {
            Answer::whole(answer.status, answer.content_type, half(body).to_vec())
        }
        Break::ErrorEvent | Break::ErrorEventDone | Break::ErrorNamed | Break::Swallowed => {
            Answer::json(200, &errors::in_band().body(output.setting.dialect))
        }
        Break::ErrorFinish => super::instead::choice_error(),
    };
    match &replaced.body {
        crate::answer::Body::Whole(body) => plain(output, &replaced, body, None),
        crate::answer::Body::Events(_) | crate::answer::Body::Recorded(_) => Ending::Close,
    }
}

fn half(body: &[u8]) -> &[u8] {
    body.get(..body.len() / 2).unwrap_or_default()
}
