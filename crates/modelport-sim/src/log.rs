//! The log of a simulator that runs as a command: one line a request on standard output. It shows no headers and no bodies.

use std::io::{self, Write};

use crate::fault::Fault;
use crate::http::Request;
use crate::seen::Outcome;
use crate::server::Shared;

/// Says what became of a request.
pub(crate) fn finished(
    shared: &Shared,
    request: &Request,
    outcome: Outcome,
    status: u16,
    fault: Option<&Fault>,
) {
    if shared.options.quiet {
        return;
    }
    let fault = fault.map_or_else(String::new, |fault| format!(" (fault {fault})"));
    let became = became(outcome, status);
    line(&format!(
        "{} {} {became}{fault}",
        request.method(),
        request.target()
    ));
}

fn became(outcome: Outcome, status: u16) -> String {
    match outcome {
        Outcome::Running => "running".to_owned(),
        Outcome::Answered => status.to_string(),
        Outcome::Faulted => "faulted".to_owned(),
        Outcome::Cancelled {
            after_ms,
            events_sent,
        } => {
            format!("cancelled after {after_ms} ms, {events_sent} events sent")
        }
    }
}

/// Says that a connection was closed on a request, as an earlier fault wanted.
pub(crate) fn closed(shared: &Shared, request: &Request) {
    if !shared.options.quiet {
        line(&format!(
            "{} {} closed (fault close-idle)",
            request.method(),
            request.target()
        ));
    }
}

/// Writes a line to standard output.
pub(crate) fn line(text: &str) {
    // A closed pipe is no reason to stop answering.
    let _ = writeln!(io::stdout(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_became_of_a_request() {
        let cancelled = Outcome::Cancelled {
            after_ms: 412,
            events_sent: 3,
        };
        for (outcome, text) in [
            (Outcome::Running, "running"),
            (Outcome::Answered, "200"),
            (Outcome::Faulted, "faulted"),
            (cancelled, "cancelled after 412 ms, 3 events sent"),
        ] {
            assert_eq!(became(outcome, 200), text);
        }
    }
}
