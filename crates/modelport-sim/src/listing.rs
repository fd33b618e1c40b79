//! The model listing in every shape providers give it. It renders; which shape is on is the server's state.

mod shape;

use serde_json::{Value, json};

use crate::answer::{Answer, Dialect};
use crate::errors;

pub use shape::{InvalidListing, ListingShape};

/// Entries on a page of a paginated listing: so few that even the default models need a second page.
const PAGE: usize = 2;
/// Entries of the `huge` listing.
const HUGE: usize = 5_000;
/// When every simulated model was made: a fixed time, so that listings compare equal.
const CREATED: u64 = 1_790_000_000;
/// The context every simulated model claims.
const CONTEXT: u64 = 131_072;

/// The listing of `models` in this shape; `query` is what follows the `?` of the request.
///
/// [`ListingShape::Hang`] is not an answer; the caller handles it before, and gets the plain shape here.
pub(crate) fn list(shape: ListingShape, models: &[String], query: &str) -> Answer {
    let body = match shape {
        ListingShape::OpenAi | ListingShape::Hang => object_list(models, openai_entry),
        ListingShape::Data => json!({
            "data": models.iter().map(|id| rich_entry(id)).collect::<Vec<_>>(),
            "total_count": models.len(),
            "links": { "next": null },
        }),
        ListingShape::Array => models.iter().map(|id| together_entry(id)).collect(),
        ListingShape::Models => {
            json!({ "models": models.iter().map(|id| crate::ollama::tag(id)).collect::<Vec<_>>() })
        }
        ListingShape::Strings => json!(models),
        ListingShape::DataStrings => json!({ "object": "list", "data": models }),
        ListingShape::Names => models.iter().map(|id| json!({ "name": id })).collect(),
        ListingShape::ModelField => {
            json!({ "data": models.iter().map(|id| json!({ "model": id })).collect::<Vec<_>>() })
        }
        ListingShape::Keys => {
            json!({ "models": models.iter().map(|id| lm_studio_entry(id)).collect::<Vec<_>>() })
        }
        ListingShape::IdOnly => object_list(models, |id| json!({ "id": id, "object": "model" })),
        ListingShape::Gemini => object_list(
            models,
            |id| json!({ "id": format!("models/{id}"), "object": "model", "owned_by": "google", "display_name": id }),
        ),
        ListingShape::Mixed => mixed(models),
        ListingShape::Anthropic => anthropic_page(models, 0, models.len()),
        ListingShape::Paginated => anthropic_page(models, start_after(models, query), PAGE),
        ListingShape::Links => links_page(models, query),
        ListingShape::Huge => object_list(
            &(0..HUGE).map(|n| format!("sim-{n:04}")).collect::<Vec<_>>(),
            openai_entry,
        ),
        ListingShape::Null => json!({ "object": "list", "data": null }),
        ListingShape::Empty => json!({ "object": "list", "data": [] }),
        ListingShape::Garbage => {
            return Answer::whole(200, "application/json", errors::NOISE.to_vec());
        }
        ListingShape::Html => return Answer::whole(200, "text/html", errors::page(200)),
        ListingShape::Truncated => {
            let mut half = object_list(models, openai_entry).to_string().into_bytes();
            half.truncate(half.len() / 2);
            return Answer::whole(200, "application/json", half);
        }
        ListingShape::Status(code) => return errors::fitting(code).answer(Dialect::OpenAi),
    };
    Answer::json(200, &body)
}

/// One model, as `GET /models/{id}` gives it.
pub(crate) fn one(models: &[String], id: &str) -> Answer {
    if models.iter().any(|known| known == id) {
        Answer::json(200, &openai_entry(id))
    } else {
        errors::model_not_found(id).answer(Dialect::OpenAi)
    }
}

fn object_list(models: &[String], entry: impl Fn(&str) -> Value) -> Value {
    json!({ "object": "list", "data": models.iter().map(|id| entry(id)).collect::<Vec<_>>() })
}

fn openai_entry(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": CREATED, "owned_by": "modelport-sim" })
}

/// As OpenRouter lists a model, with prices as strings and capabilities.
fn rich_entry(id: &str) -> Value {
    json!({
        "id": id, "name": format!("Sim: {id}"), "created": CREATED, "context_length": CONTEXT,
        "architecture": { "input_modalities": ["text", "image"], "output_modalities": ["text"], "tokenizer": "Other" },
        "pricing": { "prompt": "0.0000005", "completion": "0.0000015", "request": "0", "image": "0" },
        "top_provider": { "context_length": CONTEXT, "max_completion_tokens": 16_384, "is_moderated": false },
        "supported_parameters": ["tools", "tool_choice", "response_format", "structured_outputs", "max_tokens"],
    })
}

fn together_entry(id: &str) -> Value {
    json!({
        "id": id, "object": "model", "created": CREATED, "type": "chat", "display_name": id, "context_length": CONTEXT,
        "pricing": { "hourly": 0, "input": 0.5, "output": 1.5, "base": 0, "finetune": 0 },
    })
}

fn lm_studio_entry(id: &str) -> Value {
    json!({ "key": id, "type": "llm", "max_context_length": CONTEXT, "loaded_instances": [] })
}

/// Good entries among ones that cannot be used.
fn mixed(models: &[String]) -> Value {
    let mut entries = vec![
        json!(null),
        json!({}),
        json!(7),
        json!({ "id": 12 }),
        json!({ "id": "" }),
        json!([]),
    ];
    entries.extend(models.iter().map(|id| openai_entry(id)));
    entries.push(json!({ "id": null, "object": "model" }));
    json!({ "object": "list", "data": entries })
}

fn anthropic_page(models: &[String], start: usize, size: usize) -> Value {
    let page: Vec<&String> = models.iter().skip(start).take(size).collect();
    json!({
        "data": page.iter().map(|id| json!({ "type": "model", "id": id, "display_name": id, "created_at": "2026-09-21T13:46:40Z" })).collect::<Vec<_>>(),
        "has_more": start + page.len() < models.len(),
        "first_id": page.first(),
        "last_id": page.last(),
    })
}

fn start_after(models: &[String], query: &str) -> usize {
    let after = parameter(query, "after_id");
    after
        .and_then(|id| models.iter().position(|known| *known == id))
        .map_or(0, |position| position + 1)
}

fn links_page(models: &[String], query: &str) -> Value {
    let start: usize = parameter(query, "offset")
        .and_then(|offset| offset.parse().ok())
        .unwrap_or(0);
    let page: Vec<Value> = models
        .iter()
        .skip(start)
        .take(PAGE)
        .map(|id| rich_entry(id))
        .collect();
    let end = start.saturating_add(page.len());
    let next = (end < models.len()).then(|| format!("/v1/models?offset={end}&limit={PAGE}"));
    json!({ "data": page, "total_count": models.len(), "links": { "next": next } })
}

/// The value of a query parameter, percent-decoded.
fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then(|| {
            percent_encoding::percent_decode_str(value)
                .decode_utf8_lossy()
                .into_owned()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Body;

    fn body(shape: &str, query: &str) -> Value {
        let models: Vec<String> = ["a", "b/c:free", "d"].map(str::to_owned).to_vec();
        match list(shape.parse().unwrap(), &models, query).body {
            Body::Whole(body) => serde_json::from_slice(&body).unwrap_or(Value::Null),
            Body::Events(_) | Body::Recorded(_) => panic!("a listing is not a stream"),
        }
    }

    #[test]
    fn every_shape_puts_the_ids_where_its_provider_does() {
        for (shape, pointer) in [
            ("openai", "/data/1/id"),
            ("data", "/data/1/id"),
            ("array", "/1/id"),
            ("models", "/models/1/name"),
            ("strings", "/1"),
            ("data-strings", "/data/1"),
            ("names", "/1/name"),
            ("model-field", "/data/1/model"),
            ("keys", "/models/1/key"),
            ("id-only", "/data/1/id"),
            ("mixed", "/data/7/id"),
            ("anthropic", "/data/1/id"),
            ("paginated", "/data/1/id"),
            ("links", "/data/1/id"),
        ] {
            assert_eq!(
                body(shape, "").pointer(pointer),
                Some(&json!("b/c:free")),
                "{shape}"
            );
        }
        assert_eq!(
            body("gemini", "").pointer("/data/0/id"),
            Some(&json!("models/a"))
        );
        assert_eq!(body("null", "").pointer("/data"), Some(&Value::Null));
        assert_eq!(body("empty", "").pointer("/data"), Some(&json!([])));
        assert_eq!(
            body("status-503", "").pointer("/error/code"),
            Some(&json!("service_unavailable"))
        );
        for unreadable in ["garbage", "html", "truncated"] {
            assert_eq!(body(unreadable, ""), Value::Null, "{unreadable}");
        }
    }

    #[test]
    fn pages_lead_to_the_end() {
        assert_eq!(
            body("paginated", "").pointer("/has_more"),
            Some(&json!(true))
        );
        let last = body("paginated", "limit=100&after_id=b%2Fc:free");
        assert_eq!(
            (last.pointer("/data/0/id"), last.pointer("/has_more")),
            (Some(&json!("d")), Some(&json!(false)))
        );
        let next = body("links", "");
        assert_eq!(
            next.pointer("/links/next"),
            Some(&json!("/v1/models?offset=2&limit=2"))
        );
        assert_eq!(
            body("links", "offset=2&limit=2").pointer("/links/next"),
            Some(&Value::Null)
        );
    }
}
