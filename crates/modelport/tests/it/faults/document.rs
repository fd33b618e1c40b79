//! Writes the table as the page `docs/faults.md`.

use std::fmt::Write;

use super::table::{Cell, Outcome, Row, SILENCE};

const INTRODUCTION: &str = "# What a client sees of a provider's faults

Each fault is one the simulated provider can show: run `modelport demo` and ask for the model `fault/NAME`, such as `fault/cut-3`.
A test provokes every one of them and compares what a client sees with this page.
";

const EXPLANATION: &str = "- **whole answer**: the provider's answer, complete and unaltered.
- **a status and a code**: an error in OpenAI's envelope; nothing of an answer came before it. The codes that begin with `upstream_` are modelport's own words, the others the provider's.
- **error event**: output had come already, so the stream ends with an event that holds the error. No `[DONE]` follows, so no client takes it for a whole answer.
- **cut**: the connection ends before the answer is complete, which every HTTP client reports.
";

/// The page.
pub(super) fn write(faults: &[(&str, &str)], rows: &[Row]) -> String {
    let mut page = format!(
        "{INTRODUCTION}The settings are `OPENAI_COMPATIBLE_TIMEOUT={SILENCE}` and `OPENAI_COMPATIBLE_MAX_RETRIES=1`; no other provider has the model.\nA time is given where something is waited for: a silent provider, or the pause before a retry.\n\n{EXPLANATION}\n| Fault | What the provider does | A plain answer | A streamed answer |\n|---|---|---|---|\n"
    );
    for ((spec, what), row) in faults.iter().zip(rows) {
        let (plain, streamed) = (cell(&row.plain), cell(&row.streamed));
        let _ = writeln!(page, "| `{spec}` | {what} | {plain} | {streamed} |");
    }
    page
}

fn cell(cell: &Cell) -> String {
    let mut text = match &cell.outcome {
        Outcome::Whole => "whole answer".to_owned(),
        Outcome::Refused(status, code) => format!("{status} `{code}`"),
        Outcome::ErrorEvent(code) => format!("error event `{code}`"),
        Outcome::Cut => "cut".to_owned(),
    };
    if cell.attempts != 1 {
        let _ = write!(text, ", {} attempts", cell.attempts);
    }
    if cell.seconds > 0.0 {
        let _ = write!(text, ", {} s", cell.seconds);
    }
    text
}
