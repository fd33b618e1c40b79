//! From a chat request in OpenAI's shape to one for `/api/chat`, field by field. What has no counterpart there is left
//! out and said so in the receipt; nothing is sent from here.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{messages, window};
use crate::{error::Error, receipt::Receipt, settings::KeepAlive};

/// A request for `/api/chat`.
#[derive(Debug)]
pub(super) struct Native {
    pub(super) body: Bytes,
    /// Whether the answer comes in pieces.
    pub(super) stream: bool,
    /// Whether the caller wants a last event with the usage.
    pub(super) include_usage: bool,
    /// The context that was asked for, if one was.
    pub(super) num_ctx: Option<u64>,
    pub(super) model: String,
    pub(super) receipt: Receipt,
}

/// Fields that mean the same in both APIs, or that are Ollama's own.
const SAME: [&str; 8] = [
    "model",
    "think",
    "keep_alive",
    "format",
    "logprobs",
    "top_logprobs",
    "truncate",
    "shift",
];

/// Fields that stand among the `options` there, by the same name.
const OPTIONS: [&str; 8] = [
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "repeat_penalty",
];

/// Translates a request. `window` tells what is known of a model's context.
///
/// # Errors
///
/// What cannot be said natively and must not be left out, such as an image that is elsewhere.
pub(super) fn translate(
    body: &[u8],
    keep_alive: Option<&KeepAlive>,
    window: impl FnOnce(&str) -> Option<window::Window>,
) -> Result<Native, Error> {
    let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
        Error::rejected("body", format_args!("The request is unreadable: {error}."))
    })?;
    let mut draft = Draft::default();
    for (name, value) in fields {
        if !value.is_null() {
            draft.field(&name, value)?;
        }
    }
    draft.finish(keep_alive, window)
}

/// A request in the making.
#[derive(Default)]
struct Draft {
    out: Map<String, Value>,
    /// Options made from other fields.
    options: Map<String, Value>,
    /// The caller's own `options`, which win.
    own_options: Map<String, Value>,
    tools: Option<Value>,
    without_tools: bool,
    stream: bool,
    include_usage: bool,
    receipt: Receipt,
}

impl Draft {
    fn field(&mut self, name: &str, value: Value) -> Result<(), Error> {
        match name {
            _ if SAME.contains(&name) => {
                self.out.insert(name.to_owned(), value);
            }
            _ if OPTIONS.contains(&name) => {
                self.options.insert(name.to_owned(), value);
            }
            "messages" => {
                let messages = messages::translate(value, &mut self.receipt)?;
                self.out.insert(name.to_owned(), messages);
            }
            "stream" => self.stream = value == true,
            "stream_options" => {
                self.include_usage = value.get("include_usage") == Some(&Value::Bool(true));
            }
            "tools" => self.tools = Some(value),
            "tool_choice" => self.tool_choice(&value),
            "response_format" => self.format(value)?,
            "max_completion_tokens" | "max_tokens" => self.limit(name, value),
            "stop" => self.stop(value),
            "options" => match value {
                Value::Object(options) => self.own_options = options,
                _ => {
                    return Err(Error::rejected(
                        name,
                        "options must be an object of Ollama's options, such as {\"num_ctx\": 8192}.",
                    ));
                }
            },
            "reasoning_effort" => self.effort(name, &value)?,
            "reasoning" => match value.get("effort") {
                Some(Value::Null) | None => self.receipt.dropped(name),
                Some(effort) => self.effort("reasoning.effort", effort)?,
            },
            "n" if value == 1 => {}
            // Ollama calls as many functions as the model wants.
            "parallel_tool_calls" if value == true => {}
            _ => self.receipt.dropped(name),
        }
        Ok(())
    }

    /// A choice can only be left to the model, or taken from it by offering no tool.
    fn tool_choice(&mut self, choice: &Value) {
        match choice.as_str() {
            Some("auto") => {}
            Some("none") => {
                self.without_tools = true;
                self.receipt.mapped("tool_choice", "tools");
            }
            _ => self.receipt.dropped("tool_choice"),
        }
    }

    fn format(&mut self, mut wanted: Value) -> Result<(), Error> {
        const FIELD: &str = "response_format";
        let format = match wanted.get("type").and_then(Value::as_str) {
            Some("text") => return Ok(()),
            Some("json_object") => json!("json"),
            Some("json_schema") => wanted
                .pointer_mut("/json_schema/schema")
                .filter(|schema| schema.is_object())
                .map(Value::take)
                .ok_or_else(|| {
                    Error::rejected(
                        "response_format.json_schema.schema",
                        "response_format.json_schema.schema must be a JSON schema, an object.",
                    )
                })?,
            _ => {
                return Err(Error::rejected(
                    "response_format.type",
                    "response_format.type must be text, json_object or json_schema.",
                ));
            }
        };
        self.out.entry("format").or_insert(format);
        self.receipt.mapped(FIELD, "format");
        Ok(())
    }

    /// The newer name wins over the older.
    fn limit(&mut self, name: &str, value: Value) {
        const OPTION: &str = "num_predict";
        if name == "max_tokens" && self.options.contains_key(OPTION) {
            self.receipt.dropped(name);
            return;
        }
        self.options.insert(OPTION.to_owned(), value);
        self.receipt.forget("max_tokens");
        self.receipt.mapped(name, OPTION);
    }

    /// A single word is a list of one.
    fn stop(&mut self, value: Value) {
        let words = match value {
            Value::Array(_) => value,
            one => json!([one]),
        };
        self.options.insert("stop".to_owned(), words);
    }

    /// As Ollama's own OpenAI layer reads efforts (`openai/openai.go`, 2026-08-21).
    fn effort(&mut self, field: &str, effort: &Value) -> Result<(), Error> {
        let think = match effort.as_str() {
            Some("none") => json!(false),
            Some("minimal" | "low") => json!("low"),
            Some("medium") => json!("medium"),
            Some("high") => json!("high"),
            Some("xhigh" | "max" | "ultra") => json!("max"),
            _ => {
                return Err(Error::rejected(
                    field,
                    format_args!("{field} must be none, minimal, low, medium, high or xhigh."),
                ));
            }
        };
        self.out.entry("think").or_insert(think);
        self.receipt.mapped(field, "think");
        Ok(())
    }

    fn finish(
        mut self,
        keep_alive: Option<&KeepAlive>,
        window: impl FnOnce(&str) -> Option<window::Window>,
    ) -> Result<Native, Error> {
        if let Some(tools) = self.tools.take().filter(|_| !self.without_tools) {
            self.out.insert("tools".to_owned(), tools);
        }
        if let Some(keep) = keep_alive {
            self.out.entry("keep_alive").or_insert(keep.to_json());
        }
        // The default is true, and then the oldest messages go without a word (`api/types.go`, 2026-08-21).
        self.out.entry("truncate").or_insert(json!(false));
        self.out.insert("stream".to_owned(), json!(self.stream));
        let model = self.out.get("model").and_then(Value::as_str);
        let model = model.unwrap_or_default().to_owned();
        self.options.append(&mut self.own_options);
        let num_ctx = self.context(&model, window)?;
        if !self.options.is_empty() {
            let options = Value::Object(self.options);
            self.out.insert("options".to_owned(), options);
        }
        Ok(Native {
            body: Bytes::from(Value::Object(self.out).to_string()),
            stream: self.stream,
            include_usage: self.include_usage,
            num_ctx,
            model,
            receipt: self.receipt,
        })
    }

    /// The context that is asked for: the caller's, or one that fits.
    fn context(
        &mut self,
        model: &str,
        window: impl FnOnce(&str) -> Option<window::Window>,
    ) -> Result<Option<u64>, Error> {
        const OPTION: &str = "num_ctx";
        if let Some(asked) = self.options.get(OPTION) {
            return Ok(asked.as_u64());
        }
        let need = window::need(&self.out, &self.options);
        let chosen = window::choose(window(model), need);
        let chosen = chosen.map_err(|trained| too_long(need, trained))?;
        if let Some(tokens) = chosen {
            self.options.insert(OPTION.to_owned(), json!(tokens));
        }
        Ok(chosen)
    }
}

fn too_long(need: window::Need, trained: u64) -> Error {
    Error::too_long(format_args!(
        "The messages are about {} tokens, and this model's maximum context length is {trained} tokens. Shorten them, or ask a model with a longer context. To have them cut by Ollama, send options.num_ctx and \"truncate\": true.",
        need.prompt
    ))
}

#[cfg(test)]
mod tests;
