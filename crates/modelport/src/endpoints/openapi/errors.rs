//! The errors of each operation: those that it names, and those that follow from who may call it and what it reads.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{finish::Who, headers};
use crate::error::kinds::{CARRIED, Kind, OWN};

/// What can go wrong with a request that is passed on, beside what the provider refuses.
const OF_PASSED_ON: [&str; 30] = [
    "duplicate_field",
    "invalid_form",
    "invalid_json",
    "invalid_model",
    "invalid_timeout",
    "invalid_type",
    "missing_field",
    "missing_required_parameter",
    "no_target",
    "not_an_object",
    "thread_unsupported_request",
    "unsupported",
    "unsupported_parameter",
    "unsupported_value",
    "endpoint_not_allowed",
    "model_not_allowed",
    "provider_not_allowed",
    "model_not_found",
    "rate_limit_exceeded",
    "request_over_limit",
    "provider_busy",
    "budget_exceeded",
    "upstream_unreachable",
    "upstream_credential",
    "upstream_out_of_credit",
    "upstream_failed",
    "limits_unavailable",
    "upstream_timeout",
    "deadline_exceeded",
    "not_cached",
];

/// The answers that are errors, each written down once: many operations have the same.
#[derive(Default)]
pub(super) struct Errors {
    responses: Map<String, Value>,
}

impl Errors {
    /// Adds its errors to an operation, and headers to all its answers.
    pub(super) fn add(&mut self, path: &str, who: Who, operation: &mut Value) {
        // Pages are files; nothing is decided for them.
        if operation["tags"][0] == "Pages" {
            return;
        }
        let is_passed_on = operation.get("x-passed-on").is_some();
        if let Some(responses) = operation["responses"].as_object_mut() {
            for (status, response) in responses {
                headers::add(status, is_passed_on, response);
            }
        }
        let envelope = match operation.get("x-anthropic") {
            Some(_) => "AnthropicError",
            None => "Error",
        };
        let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
        for kind in kinds(path, who, operation) {
            by_status.entry(kind.status).or_default().push(kind);
        }
        for (status, kinds) in by_status {
            // An answer that says the same in another shape, such as that of a gateway that shuts down.
            if operation["responses"].get(status.to_string()).is_none() {
                let response = response(envelope, is_passed_on, &kinds);
                let named = self.named(&status.to_string(), is_passed_on, response);
                operation["responses"][status.to_string()] = named;
            }
        }
        if is_passed_on {
            operation["responses"]["default"] = self.named("default", true, refusal());
        }
    }

    /// The name of a response, as a reference.
    fn named(&mut self, status: &str, is_passed_on: bool, mut response: Value) -> Value {
        headers::add(status, is_passed_on, &mut response);
        let known = self.responses.iter().find(|(_, known)| **known == response);
        let name = known.map(|(name, _)| name.clone());
        let name = name.unwrap_or_else(|| {
            let like = |name: &&String| name.starts_with(&format!("{status}-"));
            let number = self.responses.keys().filter(like).count() + 1;
            format!("{status}-{number}")
        });
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        self.responses.insert(name, response);
        reference
    }

    /// All of them, by their names.
    pub(super) fn into_components(self) -> Value {
        Value::Object(self.responses)
    }
}

/// What an operation can answer with.
fn kinds(path: &str, who: Who, operation: &Value) -> Vec<Kind> {
    let mut codes: Vec<&str> = match who {
        Who::Everybody => vec![],
        Who::Caller => vec![
            "invalid_api_key",
            "key_not_active",
            "address_not_allowed",
            "keys_unavailable",
        ],
        Who::Admin => vec!["invalid_admin_key", "admin_closed"],
        Who::Viewer => vec!["invalid_admin_key", "viewer_not_here"],
        Who::Metrics => vec![
            "invalid_metrics_key",
            "key_not_active",
            "address_not_allowed",
            "keys_unavailable",
        ],
    };
    codes.push("internal_error");
    if path.contains('{') {
        codes.push("invalid_id");
    }
    if operation.get("requestBody").is_some() {
        codes.extend(["incomplete_body", "request_too_large"]);
    }
    if operation.get("x-passed-on").is_some() {
        codes.extend(OF_PASSED_ON);
    }
    let own = operation["x-errors"].as_array().into_iter().flatten();
    codes.extend(own.filter_map(Value::as_str));
    let all = || OWN.iter().chain(&CARRIED);
    let known = codes
        .into_iter()
        .filter_map(|code| all().find(|kind| kind.code == code));
    known.copied().collect()
}

/// The answer with one status.
fn response(envelope: &str, is_passed_on: bool, kinds: &[Kind]) -> Value {
    let told = kinds
        .iter()
        .map(|kind| format!("- `{}`: {}", kind.code, kind.meaning));
    let told = told.collect::<Vec<_>>().join("\n");
    let codes: Vec<&str> = kinds.iter().map(|kind| kind.code).collect();
    let own = json!({"$ref": format!("#/components/schemas/{envelope}")});
    // The provider's own refusals have the same statuses.
    let schema = if is_passed_on {
        json!({"anyOf": [own, {"$ref": "#/components/schemas/ProviderError"}]})
    } else {
        let code = json!({"error": {"properties": {"code": {"enum": codes}}}});
        json!({"allOf": [own, {"properties": code}]})
    };
    json!({"description": told, "content": {"application/json": {"schema": schema}}})
}

/// What a provider refuses, with whichever status it has.
fn refusal() -> Value {
    json!({
        "description": "What the provider refused, as the provider wrote it.",
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/ProviderError"}},
        },
    })
}
