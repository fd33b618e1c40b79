//! The response object, and the events that lead to it.

use serde_json::{Value, json};

use super::ResponsesAsk;
use crate::answer::{Dialect, Events, Framing};
use crate::chat::{Call, Completion, Content, Finish, Pieces, Reporting, Stamp};

/// The answer in one piece.
pub(crate) fn whole(
    ask: &ResponsesAsk,
    completion: &Completion,
    reporting: Reporting,
    stamp: Stamp,
) -> Vec<u8> {
    Render::new(ask, completion, reporting, stamp)
        .end()
        .to_string()
        .into_bytes()
}

/// The answer as a stream.
pub(crate) fn events(
    ask: &ResponsesAsk,
    completion: &Completion,
    reporting: Reporting,
    stamp: Stamp,
) -> Events {
    let render = Render::new(ask, completion, reporting, stamp);
    let mut stream = Stream {
        events: Events::framed(Dialect::OpenAi, Framing::Named),
    };
    let begun = render.response("in_progress", &[], &Value::Null);
    stream.push("response.created", json!({ "response": begun }));
    stream.push("response.in_progress", json!({ "response": begun }));
    match &completion.content {
        Content::Text(pieces) => render.text_events(&mut stream, pieces),
        Content::Calls(calls) => render.call_events(&mut stream, calls),
    }
    let name = match completion.finish {
        Finish::Stop | Finish::ToolCalls => "response.completed",
        Finish::Length => "response.incomplete",
    };
    stream.push(name, json!({ "response": render.end() }));
    stream.events
}

struct Stream {
    events: Events,
}

impl Stream {
    /// Adds an event: its type stands first, where the framing looks for it.
    fn push(&mut self, name: &str, mut body: Value) {
        let mut event = json!({ "type": name, "sequence_number": self.events.len() });
        if let (Some(event), Some(body)) = (event.as_object_mut(), body.as_object_mut()) {
            event.append(body);
        }
        self.events
            .push(|out| out.extend_from_slice(event.to_string().as_bytes()));
    }
}

struct Render<'a> {
    ask: &'a ResponsesAsk,
    completion: &'a Completion,
    reporting: Reporting,
    stamp: Stamp,
}

impl<'a> Render<'a> {
    fn new(
        ask: &'a ResponsesAsk,
        completion: &'a Completion,
        reporting: Reporting,
        stamp: Stamp,
    ) -> Self {
        Self {
            ask,
            completion,
            reporting,
            stamp,
        }
    }

    fn response(&self, status: &str, output: &[Value], usage: &Value) -> Value {
        let reason = (status == "incomplete").then(|| json!({ "reason": "max_output_tokens" }));
        let mut response = json!({
            "id": format!("resp_sim_{:06}", self.stamp.id), "object": "response", "created_at": self.stamp.created,
            "status": status, "background": false, "error": null, "incomplete_details": reason, "instructions": null,
            "max_output_tokens": null, "model": self.completion.model, "output": output, "parallel_tool_calls": true,
            "previous_response_id": null, "reasoning": { "effort": null, "summary": null }, "service_tier": "default",
            "store": true, "temperature": 1.0, "text": { "format": { "type": "text" } }, "tool_choice": "auto", "tools": [],
            "top_p": 1.0, "truncation": "disabled", "usage": usage, "user": null, "metadata": {},
        });
        if let Some(members) = response.as_object_mut() {
            members.extend(self.ask.repeated.clone());
        }
        response
    }

    /// The response when all is said.
    fn end(&self) -> Value {
        let output = match &self.completion.content {
            Content::Text(pieces) => vec![self.message(self.status(), &[part(pieces.text())])],
            Content::Calls(calls) => {
                let numbered = calls.iter().enumerate();
                let calls = numbered
                    .map(|(place, call)| self.call(place, call, "completed", &call.arguments));
                calls.collect()
            }
        };
        let usage = match self.reporting {
            Reporting::AtEnd | Reporting::Each => self.usage(),
            Reporting::Never => Value::Null,
        };
        self.response(self.status(), &output, &usage)
    }

    fn status(&self) -> &'static str {
        match self.completion.finish {
            Finish::Stop | Finish::ToolCalls => "completed",
            Finish::Length => "incomplete",
        }
    }

    fn usage(&self) -> Value {
        let (input, output) = (self.completion.prompt_tokens, self.completion.output_tokens);
        json!({
            "input_tokens": input, "input_tokens_details": { "cached_tokens": 0, "cache_write_tokens": 0 },
            "output_tokens": output, "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": input + output,
        })
    }

    fn message(&self, status: &str, content: &[Value]) -> Value {
        json!({ "id": self.id("msg", 0), "type": "message", "role": "assistant", "status": status, "content": content })
    }

    fn call(&self, place: usize, call: &Call, status: &str, arguments: &str) -> Value {
        json!({
            "id": self.id("fc", place), "type": "function_call", "status": status, "call_id": format!("call_sim_{place}"),
            "name": call.name, "arguments": arguments,
        })
    }

    fn id(&self, prefix: &str, place: usize) -> String {
        format!("{prefix}_sim_{:06}_{place}", self.stamp.id)
    }

    fn text_events(&self, stream: &mut Stream, pieces: &Pieces) {
        let id = self.id("msg", 0);
        let at = |name: &str, value: Value| {
            let mut body = json!({ "item_id": id, "output_index": 0, "content_index": 0 });
            if let Some(body) = body.as_object_mut() {
                body.insert(name.to_owned(), value);
            }
            body
        };
        let begun = self.message("in_progress", &[]);
        let added = json!({ "output_index": 0, "item": begun });
        stream.push("response.output_item.added", added);
        stream.push("response.content_part.added", at("part", part("")));
        stream.events.end_preamble();
        for piece in pieces.iter() {
            let mut delta = at("delta", piece.into());
            delta["logprobs"] = json!([]);
            stream.push("response.output_text.delta", delta);
        }
        stream.events.end_content();
        let mut told = at("text", pieces.text().into());
        told["logprobs"] = json!([]);
        stream.push("response.output_text.done", told);
        let ended = at("part", part(pieces.text()));
        stream.push("response.content_part.done", ended);
        let item = self.message(self.status(), &[part(pieces.text())]);
        let ended = json!({ "output_index": 0, "item": item });
        stream.push("response.output_item.done", ended);
    }

    fn call_events(&self, stream: &mut Stream, calls: &[Call]) {
        stream.events.end_preamble();
        for (place, call) in calls.iter().enumerate() {
            let begun = self.call(place, call, "in_progress", "");
            let added = json!({ "output_index": place, "item": begun });
            stream.push("response.output_item.added", added);
            let id = self.id("fc", place);
            for fragment in Pieces::fragments(&call.arguments).iter() {
                let delta = json!({ "item_id": id, "output_index": place, "delta": fragment });
                stream.push("response.function_call_arguments.delta", delta);
            }
            let told = json!({ "item_id": id, "output_index": place, "name": call.name, "arguments": call.arguments });
            stream.push("response.function_call_arguments.done", told);
            let item = self.call(place, call, "completed", &call.arguments);
            let ended = json!({ "output_index": place, "item": item });
            stream.push("response.output_item.done", ended);
        }
        stream.events.end_content();
    }
}

fn part(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
}
