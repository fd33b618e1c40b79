//! A request to `/v1/messages` as a chat request. The table in [`super`] says what becomes of what.

mod content;
mod effort;
mod format;
mod tools;
mod turns;

use serde_json::{Map, Value, json};

use super::ask::take_ask;
use super::notes::Notes;
use super::reading::{Fields, unsupported, wrong_type};
use crate::translation::{ChatRequest, Untranslatable};

/// The chat request that says the same to `upstream_model`.
///
/// # Errors
///
/// A request that Anthropic would refuse for its form, and one that asks for what the chat API cannot say.
pub fn to_chat(body: &[u8], upstream_model: &str) -> Result<ChatRequest, Untranslatable> {
    let mut fields = Fields::read_body(body)?;
    let mut notes = Notes::default();
    let ask = take_ask(&mut fields)?;
    refuse(&mut fields)?;
    let mut chat = Map::new();
    chat.insert("model".to_owned(), upstream_model.into());
    chat.insert(
        "messages".to_owned(),
        turns::take_messages(&mut fields, &mut notes)?.into(),
    );
    chat.insert("max_tokens".to_owned(), ask.max_tokens.into());
    take_numbers(&mut fields, &mut chat)?;
    take_stops(&mut fields, &mut chat, &mut notes)?;
    tools::take_tools(&mut fields, &mut chat, &mut notes)?;
    take_output(&mut fields, &mut chat, &mut notes)?;
    take_user(&mut fields, &mut chat, &mut notes)?;
    take_tier(&mut fields, &mut chat, &mut notes)?;
    if ask.stream {
        chat.insert("stream".to_owned(), true.into());
        // The last event of Anthropic's streams tells the usage.
        chat.insert("stream_options".to_owned(), json!({"include_usage": true}));
    }
    fields.drop_rest("", &mut notes);
    Ok(ChatRequest {
        body: serde_json::to_vec(&chat).unwrap_or_default(),
        receipt: notes.into_receipt(),
    })
}

/// A field without which something else would be asked for, so that it cannot be dropped.
struct Refused {
    field: &'static str,
    code: &'static str,
    why: &'static str,
}

/// Anthropic's SDKs keep the conversation of a tool runner in a thread; this code makes them send all of it instead (its
/// Python SDK 2.14.0).
const REFUSED: [Refused; 3] = [
    Refused {
        field: "thread",
        code: "thread_unsupported_request",
        why: "keeps the conversation at Anthropic. Send all of it in `messages`, without `thread`.",
    },
    Refused {
        field: "compaction",
        code: "unsupported",
        why: "asks Anthropic for a summary. Ask the model for one in `messages`, or leave the field out.",
    },
    Refused {
        field: "mcp_servers",
        code: "unsupported",
        why: "are called by Anthropic. Call the servers yourself and offer their tools in `tools`.",
    },
];

fn refuse(fields: &mut Fields<'_>) -> Result<(), Untranslatable> {
    for refused in REFUSED {
        let value = fields.take(refused.field);
        let asks = value.is_some_and(|value| value != json!([]));
        if asks {
            return Err(Untranslatable {
                message: format!(
                    "This model's provider speaks the chat completions API, but `{}` {}",
                    refused.field, refused.why
                ),
                param: Some(refused.field.to_owned()),
                code: refused.code,
            });
        }
    }
    Ok(())
}

fn take_numbers(
    fields: &mut Fields<'_>,
    chat: &mut Map<String, Value>,
) -> Result<(), Untranslatable> {
    for name in ["temperature", "top_p", "top_k"] {
        match fields.take(name) {
            None => {}
            Some(number @ Value::Number(_)) => {
                chat.insert(name.to_owned(), number);
            }
            Some(other) => return Err(wrong_type(&name, "a number", &other)),
        }
    }
    Ok(())
}

fn take_stops(
    fields: &mut Fields<'_>,
    chat: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Untranslatable> {
    let stops = fields.optional_array("stop_sequences")?.unwrap_or_default();
    let place = fields.place_of("stop_sequences");
    for (number, stop) in stops.iter().enumerate() {
        if !stop.is_string() {
            return Err(wrong_type(&place.item(number), "a string", stop));
        }
    }
    if !stops.is_empty() {
        chat.insert("stop".to_owned(), stops.into());
        notes.mapped("stop_sequences", "stop");
    }
    Ok(())
}

/// How much it is to think, and the form of the answer.
fn take_output(
    fields: &mut Fields<'_>,
    chat: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Untranslatable> {
    let thinking = fields.take("thinking");
    let config = fields.take("output_config").unwrap_or_else(|| json!({}));
    let place = fields.place_of("output_config");
    let mut config = Fields::read(config, place)?;
    effort::take_effort(thinking, &mut config, chat, notes)?;
    format::take_format(&mut config, chat, notes)?;
    config.drop_rest("output_config.", notes);
    Ok(())
}

fn take_user(
    fields: &mut Fields<'_>,
    chat: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Untranslatable> {
    let Some(metadata) = fields.take("metadata") else {
        return Ok(());
    };
    let mut metadata = Fields::read(metadata, fields.place_of("metadata"))?;
    if let Some(user) = metadata.optional_text("user_id")? {
        chat.insert("user".to_owned(), user.into());
        notes.mapped("metadata.user_id", "user");
    }
    metadata.drop_rest("metadata.", notes);
    Ok(())
}

fn take_tier(
    fields: &mut Fields<'_>,
    chat: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Untranslatable> {
    let Some(tier) = fields.optional_text("service_tier")? else {
        return Ok(());
    };
    let tier = match tier.as_str() {
        "auto" => "auto",
        "standard_only" => "default",
        other => {
            return Err(unsupported(
                "service_tier",
                other,
                "Send `auto` or `standard_only`.",
            ));
        }
    };
    chat.insert("service_tier".to_owned(), tier.into());
    notes.mapped("service_tier", &format!("service_tier: {tier}"));
    Ok(())
}

#[cfg(test)]
mod tests;
