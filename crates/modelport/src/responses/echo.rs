//! The response object around the output: it repeats much of the request.

use modelport_provider::usage::Usage;
use serde_json::{Map, Value, json};

use super::item::{Ending, Status};
use super::request::LOGPROBS;

/// What of the request the response object repeats.
#[derive(Clone, Default)]
pub struct Echo(Map<String, Value>);

/// What tells one response from another.
#[derive(Clone)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) created_at: u64,
}

/// The fields that are repeated as they came, with the values that stand for absent ones.
const REPEATED: [(&str, Absent); 12] = [
    ("instructions", Absent::Null),
    ("max_output_tokens", Absent::Null),
    ("parallel_tool_calls", Absent::True),
    ("prompt_cache_key", Absent::Null),
    ("safety_identifier", Absent::Null),
    ("service_tier", Absent::Null),
    ("temperature", Absent::Null),
    ("tool_choice", Absent::Auto),
    ("tools", Absent::List),
    ("top_logprobs", Absent::Null),
    ("top_p", Absent::Null),
    ("user", Absent::Null),
];

#[derive(Clone, Copy)]
enum Absent {
    Null,
    True,
    Auto,
    List,
}

impl Absent {
    fn value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::True => true.into(),
            Self::Auto => "auto".into(),
            Self::List => json!([]),
        }
    }
}

impl Echo {
    /// From a request's body; of what cannot be read nothing is repeated.
    pub fn of(body: &[u8]) -> Self {
        let fields: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
        let kept = fields.into_iter().filter(|(name, value)| {
            let is_read = ["metadata", "reasoning", "text", "include"].contains(&name.as_str());
            let is_repeated = REPEATED.iter().any(|(repeated, _)| repeated == name);
            !value.is_null() && (is_read || is_repeated)
        });
        Self(kept.collect())
    }

    /// Whether the caller wants to know how probable each token was.
    pub(super) fn wants_logprobs(&self) -> bool {
        let included = self.0.get("include").and_then(Value::as_array);
        let is_included = included.is_some_and(|all| all.iter().any(|one| one == LOGPROBS));
        let top = self.0.get("top_logprobs").and_then(Value::as_u64);
        is_included || top.is_some_and(|count| count > 0)
    }

    /// The response object; without an ending it is in progress.
    pub(super) fn response(
        &self,
        head: &Head,
        ending: Option<Ending>,
        output: &[Value],
        usage: Option<&Usage>,
    ) -> Value {
        let reason = ending.and_then(Ending::reason);
        let mut response = json!({
            "id": head.id,
            "object": "response",
            "created_at": head.created_at,
            "status": ending.map_or(Status::InProgress.name(), Ending::status),
            "background": false,
            "error": ending.and_then(Ending::error),
            "incomplete_details": reason.map(|reason| json!({ "reason": reason })),
            "model": head.model,
            "output": output,
            "previous_response_id": null,
            "reasoning": { "effort": self.inside("reasoning", "effort"), "summary": null },
            "store": false,
            "text": self.text(),
            "truncation": "disabled",
            "usage": usage.map(counted),
            "metadata": self.0.get("metadata").cloned().unwrap_or_else(|| json!({})),
        });
        if let Some(members) = response.as_object_mut() {
            for (name, absent) in REPEATED {
                let value = self.0.get(name).cloned();
                members.insert(name.to_owned(), value.unwrap_or_else(|| absent.value()));
            }
        }
        response
    }

    fn inside(&self, field: &str, member: &str) -> Option<&Value> {
        self.0.get(field)?.get(member)
    }

    fn text(&self) -> Value {
        let mut text = match self.0.get("text") {
            Some(Value::Object(members)) => members.clone(),
            Some(_) | None => Map::new(),
        };
        text.entry("format")
            .or_insert_with(|| json!({ "type": "text" }));
        text.into()
    }
}

fn counted(usage: &Usage) -> Value {
    json!({
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": { "reasoning_tokens": usage.reasoning_tokens },
        "total_tokens": usage.input_tokens.saturating_add(usage.output_tokens),
    })
}
