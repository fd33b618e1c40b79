//! `GET /admin/v1/limits`: how far each limit and budget is used up, as far as this gateway knows.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde_json::{Value, json};

use super::viewer::Viewer;
use crate::{
    app::Worker,
    clock,
    limits::{cell::Cell, money::Money, reading::Reading},
    times,
};

/// All limits of the configuration, of teams and of keys. Nothing is taken of them, and no server is asked.
pub async fn show(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let now = clock::unix_millis();
    let cells = worker.app.limits.all();
    let shared = worker.app.shared.as_ref();
    viewer.reply(Ok(json!({
        "object": "list",
        "at": times::shown(now),
        "counted": shared.map_or("here", |shared| shared.word()),
        "data": cells.iter().map(|cell| shown(cell, now)).collect::<Vec<_>>(),
    })))
}

fn shown(cell: &Cell, now: u64) -> Value {
    let mut line = match cell.reading(now) {
        Reading::Rate {
            limit,
            used,
            whole_at,
        } => json!({
            "amount": limit,
            "used": used,
            "resets_at": (used > 0).then(|| times::shown(whole_at)),
        }),
        Reading::Places { limit, under_way } => json!({
            "amount": limit,
            "used": under_way,
            "resets_at": null,
        }),
        Reading::Budget {
            window,
            amount,
            soft,
            is_hard,
            spent,
            reserved,
            resets_at,
        } => json!({
            "per": window.to_string(),
            "amount_usd": dollars(amount),
            "warn_at_usd": soft.map(dollars),
            "refuses": is_hard,
            "used_usd": dollars(spent),
            "reserved_usd": dollars(reserved),
            "resets_at": resets_at.map(times::shown),
        }),
    };
    line["of"] = json!(cell.owner.as_str());
    line["name"] = json!(cell.name);
    line["limit"] = json!(cell.limit.as_str());
    line
}

/// As text, so that no reader makes a float of it.
fn dollars(amount: Money) -> String {
    amount.dollars().normalize().to_string()
}
