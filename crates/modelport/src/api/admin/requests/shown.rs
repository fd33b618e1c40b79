//! Finished requests in JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    accounting::{
        charge,
        entry::Entry,
        recent::Finished,
        record::{Lookup, Tried},
    },
    api::route,
    app::App,
    store::place::Place,
    times,
};

/// A row, as lists have it.
pub(super) fn row(app: &App, row: &Entry) -> Value {
    let directory = app.keys.stored().directory();
    let key = directory.key(&row.key);
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    json!({
        "object": "request",
        "id": Place::of(row).to_string(),
        "request_id": &*row.request_id,
        "at": times::shown(u64::try_from(row.at_ms).unwrap_or(0)),
        "key": text(&row.key),
        "key_name": key.map(|known| &known.key.name),
        "team": text(&row.team),
        "provider": text(&row.provider),
        "requested_model": text(&row.requested),
        "upstream_model": text(&row.model),
        "surface": &*row.surface,
        "stream": row.stream,
        "status": row.status,
        "ending": &*row.ending,
        "attempts": row.attempts,
        "duration_ms": row.duration_ms,
        "first_output_ms": row.first_output_ms,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cost_usd": row.cost_pico.map(dollars),
        "cost_source": &*row.cost_source,
    })
}

/// A row with all that is known of it.
pub(super) fn details(app: &App, entry: &Entry, recent: Option<&Finished>) -> Value {
    let mut shown = row(app, entry);
    let tags: Option<Value> =
        (entry.tags.as_ref()).and_then(|tags| serde_json::from_str(tags).ok());
    shown["tags"] = json!(tags);
    shown["usage"] = json!({
        "input_tokens": entry.input_tokens,
        "cached_input_tokens": entry.cached_input_tokens,
        "cache_write_tokens": entry.cache_write_tokens,
        "cache_write_1h_tokens": entry.cache_write_1h_tokens,
        "audio_input_tokens": entry.audio_input_tokens,
        "image_input_tokens": entry.image_input_tokens,
        "output_tokens": entry.output_tokens,
        "reasoning_tokens": entry.reasoning_tokens,
        "audio_output_tokens": entry.audio_output_tokens,
        "image_output_tokens": entry.image_output_tokens,
    });
    shown["cost"] = json!({
        "amount_usd": entry.cost_pico.map(dollars),
        "source": &*entry.cost_source,
        "reported_usd": entry.reported_pico.map(dollars),
        "computed_usd": entry.computed_pico.map(dollars),
        "prices": entry.prices.as_deref(),
    });
    shown["recent"] = json!(recent.map(|recent| remembered(app, recent)));
    shown
}

/// What is known of a request as long as it is in memory.
fn remembered(app: &App, recent: &Finished) -> Value {
    let id = &*recent.row.request_id;
    let attempts = recent.tried.iter().map(|tried| attempt(recent, tried));
    let decision = recent.route.as_ref().and_then(|_| route::decided(app, id));
    json!({
        "route": recent.route.as_deref(),
        "decision": decision,
        "attempts": attempts.collect::<Vec<_>>(),
        "waited_ms": millis(recent.waited),
        "counts": if recent.is_estimated { "estimated" } else { "told" },
        "cache": recent.lookup.map(Lookup::as_str),
        "fields": recent.params.as_deref().map_or_else(Vec::new, fields),
        "problem": recent.problem.as_ref().map(|problem| json!({
            "blame": problem.blame.as_str(),
            "class": problem.class,
            "limit": problem.limit.map(|(owner, limit)| json!({"owner": owner, "limit": limit})),
            "message": &*problem.said,
        })),
    })
}

/// Times are milliseconds from the request's arrival.
fn attempt(recent: &Finished, tried: &Tried) -> Value {
    let own = tried.provider.as_deref();
    json!({
        "provider": own.unwrap_or(&recent.row.provider),
        "model": tried.model.as_deref(),
        "credential": tried.key + 1,
        "step": tried.step.as_str(),
        "outcome": tried.outcome,
        "status": tried.status.map(|status| status.as_u16()),
        "began_ms": millis(tried.began),
        "head_ms": tried.head.map(millis),
        "output_ms": tried.output.map(millis),
        "ended_ms": millis(tried.ended),
    })
}

/// The fields that were not simply sent, from the text of `x-modelport-params`.
fn fields(text: &str) -> Vec<Value> {
    let notes = text.split(", ").map(|note| {
        let (field, fate) = note.split_once('=').unwrap_or((note, ""));
        match fate.split_once(':') {
            Some((fate, to)) => json!({"field": field, "fate": fate, "to": to}),
            None => json!({"field": field, "fate": fate, "to": null}),
        }
    });
    notes.collect()
}

/// To the microsecond.
fn millis(time: Duration) -> f64 {
    let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
    f64::from(micros) / 1000.0
}

/// To the last digit, as a text, because a JSON number is read as a float by most.
fn dollars(pico: i64) -> String {
    charge::dollars(pico.into()).to_string()
}
