//! A recorded answer: its bytes as they are, in pieces if asked for.

use super::output::{Output, Transfer};
use crate::answer::{Answer, Recorded};
use crate::fault::Form;
use crate::script::Ending;

/// Writes the answer; the ending it calls for. A stream is sent in chunks, as nobody knows its length before its end.
pub(super) fn write(output: &mut Output<'_>, answer: &Answer, recorded: &Recorded) -> Ending {
    let transfer = if recorded.streamed {
        Transfer::Chunked
    } else {
        Transfer::Length(recorded.bytes.len())
    };
    let piece = recorded.piece.map(std::num::NonZero::get);
    output.head(answer, transfer, piece.map(Form::Split), None);
    for bytes in recorded.bytes.chunks(piece.unwrap_or(usize::MAX)) {
        output.body(bytes);
    }
    output.end_body();
    super::events::kept(output)
}
