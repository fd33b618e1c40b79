//! `GET /v1/models` and `GET /v1/models/{id}`.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Caller, Id, flag, json_reply, refuse, shown};
use crate::{
    app::Worker,
    auth,
    error::Error,
    models::{discovery, list},
};

/// How long a caller who asks for fresh lists waits for them.
const REFRESH_PATIENCE: Duration = Duration::from_secs(10);

/// All models of all enabled providers.
///
/// Names of the configuration come first, then what the providers list. A key sees only the models that it opens.
#[utoipa::path(
    get, path = "/v1/models", tag = "Models and providers", operation_id = "list_models",
    params(("refresh" = Option<bool>, Query, description = "Whether the providers' listings are fetched again first; `true`, `1`, `yes` and `on` say so.")),
    responses((status = 200, description = "The models.", body = ref("#/components/schemas/Models"))),
    security(("caller" = [])),
    extensions(("x-errors" = json!(["invalid_parameter"])), ("x-also-at" = json!("/models")))
)]
pub async fn list(
    caller: Caller,
    State(worker): State<Arc<Worker>>,
    RawQuery(query): RawQuery,
) -> Response {
    let refresh = match flag(query.as_deref().unwrap_or_default(), "refresh") {
        Ok(refresh) => refresh,
        Err(error) => return refuse(&error, &caller.id),
    };
    if refresh {
        let providers = worker.app.config.providers.iter().zip(&worker.app.wakes);
        let asked = providers.filter(|(config, _)| discovery::is_wanted(config));
        futures_util::future::join_all(asked.map(|(_, wake)| wake.refresh(REFRESH_PATIENCE))).await;
    }
    let mut entries = list::entries(&worker.app);
    entries.retain(|entry| is_open(&caller.who, entry));
    let list = json!({"object": "list", "data": entries});
    json_reply(StatusCode::OK, &caller.id, &list)
}

/// One model.
///
/// Ids hold slashes and colons, plain or percent-encoded.
#[utoipa::path(
    get, path = "/v1/models/{id}", tag = "Models and providers", operation_id = "show_model",
    params(("id" = String, Path, description = "A model's id, an alias or a route's name, or `provider:model`.")),
    responses((status = 200, description = "The model.", body = ref("#/components/schemas/Model"))),
    security(("caller" = [])),
    extensions(("x-errors" = json!(["model_not_found"])), ("x-also-at" = json!("/models/{id}")))
)]
pub async fn show(caller: Caller, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let found = list::find(&worker.app, &id);
    match found.filter(|entry| is_open(&caller.who, entry)) {
        Some(entry) => json_reply(StatusCode::OK, &caller.id, &entry),
        None => refuse(
            &Error::NotFound {
                message: format!(
                    "The model {:?} is not served here. GET /v1/models lists those that are.",
                    shown(&id)
                ),
                param: "model",
                code: "model_not_found",
            },
            &caller.id,
        ),
    }
}

/// Whether a caller's key opens the model of an entry.
fn is_open(who: &auth::Caller, entry: &Value) -> bool {
    let Some(known) = &who.known else {
        return true;
    };
    let scopes = &known.key.scopes;
    let by_name = entry["id"]
        .as_str()
        .is_some_and(|id| scopes.allow_model(id));
    let providers = entry["providers"].as_array();
    by_name
        && providers.is_none_or(|providers| {
            let mut ids = providers.iter().filter_map(Value::as_str);
            providers.is_empty() || ids.any(|id| scopes.allow_provider(id))
        })
}

/// The shapes of the list and of its entries. An entry also holds what the provider's listing says beside that, so that it
/// has no type.
pub fn schemas() -> Value {
    let finding = |value: Value| {
        json!({
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "source": {"type": "string", "description": "Who says so."},
                    "age_seconds": {"type": ["integer", "null"]},
                    "value": value,
                    "supported": {"type": ["boolean", "null"]},
                },
            },
        })
    };
    let number = json!({"type": ["integer", "null"]});
    json!({
        "Models": {
            "type": "object",
            "required": ["object", "data"],
            "properties": {
                "object": {"const": "list"},
                "data": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
            },
        },
        "Model": {
            "type": "object",
            "description": "A model, in OpenAI's shape with more in it. What the provider's own listing says is there too; where its name is one of these, it is under `upstream_NAME`.",
            "required": ["id", "object", "created", "owned_by", "providers", "qualified_ids"],
            "properties": {
                "id": {"type": "string", "description": "What it is asked for by."},
                "object": {"const": "model"},
                "created": {"type": "integer", "description": "In seconds since 1970; 0 where nobody says."},
                "owned_by": {"type": "string"},
                "context_length": number,
                "max_output_tokens": number,
                "limits": finding(json!({"type": "integer"})),
                "capabilities": finding(json!({})),
                "pricing": {
                    "type": ["object", "null"],
                    "description": "US dollars per token, as text to the last digit; null where nothing is known.",
                },
                "refused_parameters": {"type": "array", "items": {"type": "string"}},
                "source": {"type": "string", "description": "Where it is known from."},
                "age_seconds": number,
                "providers": {"type": "array", "items": {"type": "string"}, "description": "Ids of those that serve it."},
                "qualified_ids": {"type": "array", "items": {"type": "string"}, "description": "`provider:model` for each of them."},
                "alias_of": {"type": "string", "description": "What an alias stands for."},
            },
        },
    })
}
