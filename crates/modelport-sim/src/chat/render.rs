//! A completion in OpenAI's forms: whole or as events, for chat and for the legacy endpoint. Written by hand into one buffer,
//! because the simulator is also what benchmarks measure against.

use std::fmt;
use std::io::Write;

use super::{Call, Completion, Content, Finish, Pieces, Reporting, Stamp};
use crate::answer::{DONE, Dialect, Events};

/// Which of OpenAI's endpoints answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `/chat/completions`.
    Chat,
    /// `/completions`.
    Text,
}

impl Operation {
    fn id_prefix(self) -> &'static str {
        match self {
            Self::Chat => "chatcmpl-sim-",
            Self::Text => "cmpl-sim-",
        }
    }

    fn chunk_object(self) -> &'static str {
        match self {
            Self::Chat => "chat.completion.chunk",
            Self::Text => "text_completion",
        }
    }

    fn whole_object(self) -> &'static str {
        match self {
            Self::Chat => "chat.completion",
            Self::Text => "text_completion",
        }
    }
}

/// The answer in one piece.
pub(crate) fn whole(
    operation: Operation,
    completion: &Completion,
    reporting: Reporting,
    stamp: Stamp,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    opening(
        &mut out,
        operation,
        operation.whole_object(),
        completion,
        stamp,
    );
    for index in 0..completion.choices {
        if index > 0 {
            out.push(b',');
        }
        match operation {
            Operation::Chat => {
                put(&mut out, format_args!(r#"{{"index":{index},"message":"#));
                message(&mut out, &completion.content);
            }
            Operation::Text => {
                put(&mut out, format_args!(r#"{{"index":{index},"text":"#));
                string(&mut out, text(&completion.content));
            }
        }
        put(
            &mut out,
            format_args!(
                r#","logprobs":null,"finish_reason":"{}"}}"#,
                completion.finish.name()
            ),
        );
    }
    out.push(b']');
    if reporting != Reporting::Never {
        usage(
            &mut out,
            completion.prompt_tokens,
            completion.output_tokens * completion.choices,
        );
    }
    out.push(b'}');
    out
}

/// The answer as a stream.
pub(crate) fn events(
    operation: Operation,
    completion: &Completion,
    reporting: Reporting,
    stamp: Stamp,
) -> Events {
    let mut prefix = Vec::with_capacity(256);
    opening(
        &mut prefix,
        operation,
        operation.chunk_object(),
        completion,
        stamp,
    );
    let mut stream = Stream {
        operation,
        prefix,
        reporting,
        prompt_tokens: completion.prompt_tokens,
        sent: 0,
        events: Events::new(Dialect::OpenAi),
    };
    if operation == Operation::Chat {
        let content: &[u8] = match &completion.content {
            Content::Text(_) => br#"{"role":"assistant","content":"","refusal":null}"#,
            Content::Calls(_) => br#"{"role":"assistant","content":null,"refusal":null}"#,
        };
        (0..completion.choices)
            .for_each(|index| stream.chunk(index, None, |out| out.extend_from_slice(content)));
    }
    stream.events.end_preamble();
    match &completion.content {
        Content::Text(pieces) => stream.text(pieces, completion.choices),
        Content::Calls(calls) => {
            (0..completion.choices).for_each(|index| stream.calls(index, calls));
        }
    }
    stream.events.end_content();
    stream.sent = completion.output_tokens * completion.choices;
    for index in 0..completion.choices {
        stream.chunk(index, Some(completion.finish), |out| {
            stream_end(out, operation);
        });
    }
    if reporting == Reporting::AtEnd {
        stream.usage_chunk();
    }
    stream.events.push(|out| out.extend_from_slice(DONE));
    stream.events
}

fn stream_end(out: &mut Vec<u8>, operation: Operation) {
    out.extend_from_slice(match operation {
        Operation::Chat => b"{}",
        Operation::Text => br#""""#,
    });
}

/// A stream that is being written.
struct Stream {
    operation: Operation,
    /// What every chunk starts with, up to its choices.
    prefix: Vec<u8>,
    reporting: Reporting,
    prompt_tokens: usize,
    /// Tokens so far.
    sent: usize,
    events: Events,
}

impl Stream {
    fn text(&mut self, pieces: &Pieces, choices: usize) {
        for piece in pieces.iter() {
            for index in 0..choices {
                self.sent += 1;
                match self.operation {
                    Operation::Chat => self.chunk(index, None, |out| {
                        out.extend_from_slice(br#"{"content":"#);
                        string(out, piece);
                        out.push(b'}');
                    }),
                    Operation::Text => self.chunk(index, None, |out| string(out, piece)),
                }
            }
        }
    }

    /// A tool call comes as its name first and its arguments in fragments after (recorded OpenAI stream, 2026-11-22).
    fn calls(&mut self, index: usize, calls: &[Call]) {
        for (place, call) in calls.iter().enumerate() {
            self.chunk(index, None, |out| {
                put(out, format_args!(r#"{{"tool_calls":[{{"index":{place},"id":"call_sim_{place}","type":"function","function":{{"name":"#));
                string(out, &call.name);
                out.extend_from_slice(br#","arguments":""}}]}"#);
            });
            for fragment in Pieces::fragments(&call.arguments).iter() {
                self.sent += 1;
                self.chunk(index, None, |out| {
                    put(
                        out,
                        format_args!(
                            r#"{{"tool_calls":[{{"index":{place},"function":{{"arguments":"#
                        ),
                    );
                    string(out, fragment);
                    out.extend_from_slice(b"}}]}");
                });
            }
        }
    }

    /// One chunk with one choice; `delta` writes its new part.
    fn chunk(&mut self, index: usize, finish: Option<Finish>, delta: impl FnOnce(&mut Vec<u8>)) {
        let Self {
            operation,
            prefix,
            reporting,
            prompt_tokens,
            sent,
            events,
        } = self;
        events.push(|out| {
            out.extend_from_slice(prefix);
            put(
                out,
                format_args!(
                    r#"{{"index":{index},"{}":"#,
                    if *operation == Operation::Chat {
                        "delta"
                    } else {
                        "text"
                    }
                ),
            );
            delta(out);
            out.extend_from_slice(br#","logprobs":null,"finish_reason":"#);
            match finish {
                Some(finish) => {
                    put(out, format_args!(r#""{}"}}]"#, finish.name()));
                }
                None => out.extend_from_slice(b"null}]"),
            }
            match reporting {
                // A stream that ends with usage says null until then (OpenAI's API reference, stream options).
                Reporting::AtEnd => out.extend_from_slice(br#","usage":null"#),
                Reporting::Each => usage(out, *prompt_tokens, *sent),
                Reporting::Never => {}
            }
            out.push(b'}');
        });
    }

    fn usage_chunk(&mut self) {
        let Self {
            prefix,
            prompt_tokens,
            sent,
            events,
            ..
        } = self;
        events.push(|out| {
            out.extend_from_slice(prefix);
            out.push(b']');
            usage(out, *prompt_tokens, *sent);
            out.push(b'}');
        });
    }
}

/// Everything up to the first choice.
fn opening(
    out: &mut Vec<u8>,
    operation: Operation,
    object: &str,
    completion: &Completion,
    stamp: Stamp,
) {
    let Stamp { id, created } = stamp;
    put(
        out,
        format_args!(
            r#"{{"id":"{}{id:06}","object":"{object}","created":{created},"model":"#,
            operation.id_prefix()
        ),
    );
    string(out, &completion.model);
    out.extend_from_slice(br#","system_fingerprint":"fp_sim","choices":["#);
}

fn message(out: &mut Vec<u8>, content: &Content) {
    match content {
        Content::Text(pieces) => {
            out.extend_from_slice(br#"{"role":"assistant","content":"#);
            string(out, pieces.text());
            out.extend_from_slice(br#","refusal":null}"#);
        }
        Content::Calls(calls) => {
            out.extend_from_slice(
                br#"{"role":"assistant","content":null,"refusal":null,"tool_calls":["#,
            );
            for (place, call) in calls.iter().enumerate() {
                put(
                    out,
                    format_args!(
                        r#"{}{{"id":"call_sim_{place}","type":"function","function":{{"name":"#,
                        if place > 0 { "," } else { "" }
                    ),
                );
                string(out, &call.name);
                out.extend_from_slice(br#","arguments":"#);
                string(out, &call.arguments);
                out.extend_from_slice(b"}}");
            }
            out.extend_from_slice(b"]}");
        }
    }
}

fn text(content: &Content) -> &str {
    match content {
        Content::Text(pieces) => pieces.text(),
        Content::Calls(_) => "",
    }
}

fn usage(out: &mut Vec<u8>, input: usize, output: usize) {
    put(
        out,
        format_args!(
            r#","usage":{{"prompt_tokens":{input},"completion_tokens":{output},"total_tokens":{}"#,
            input + output
        ),
    );
    out.extend_from_slice(br#","prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#);
}

/// Appends formatted text.
fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let _ = out.write_fmt(text);
}

/// Appends a JSON string.
fn string(out: &mut Vec<u8>, text: &str) {
    // Writing a string to memory does not fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests;
