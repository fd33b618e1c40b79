//! `GET /admin/v1/routes`: each route's targets as they stand now, and how the last requests on it were spread. Its
//! `explain` tells who would answer a request, as `POST /v1/route/explain` tells callers.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Request, State},
    response::Response,
};
use serde_json::{Value, json};

use super::viewer::Viewer;
use crate::{
    api::route,
    app::{App, Worker},
    auth, clock,
    routing::route::{Group, Route},
};

/// Requests on a route, by the target that was tried last.
type Shares = HashMap<(String, String), u64>;

/// All routes and aliases.
pub async fn list(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let app = &worker.app;
    let shares = shares(app);
    let routes = app.routes.all().map(|route| described(app, route, &shares));
    let mut aliases: Vec<_> = app.config.aliases.iter().collect();
    aliases.sort();
    let aliases = aliases
        .iter()
        .map(|(name, target)| json!({"name": name, "target": target}));
    viewer.reply(Ok(json!({
        "object": "list",
        "data": routes.collect::<Vec<_>>(),
        "aliases": aliases.collect::<Vec<_>>(),
    })))
}

/// Who would answer this request.
pub async fn explain(
    viewer: Viewer,
    State(worker): State<Arc<Worker>>,
    request: Request,
) -> Response {
    viewer.reply(route::explained(&worker.app, &auth::Caller::default(), request).await)
}

/// Of the last decisions that are kept.
fn shares(app: &App) -> Shares {
    let mut shares = Shares::new();
    for decision in app.decisions.all() {
        let choice = &decision.choice;
        let last = decision.attempts.last();
        let considered = last.and_then(|attempt| choice.considered.get(attempt.place));
        let target = considered.and_then(|considered| {
            choice
                .route
                .target(considered.group, considered.candidate.place)
        });
        if let Some(target) = target {
            let names = (choice.route.name.to_string(), target.name.clone());
            *shares.entry(names).or_default() += 1;
        }
    }
    shares
}

fn described(app: &App, route: &Route, shares: &Shares) -> Value {
    let of_route = shares.iter().filter(|((name, _), _)| **name == *route.name);
    let requests: u64 = of_route.map(|(_, count)| count).sum();
    let groups = route
        .groups
        .iter()
        .map(|group| group_of(app, group, &route.name, shares));
    json!({
        "name": &*route.name,
        "groups": groups.collect::<Vec<_>>(),
        "recent_requests": requests,
        "timeout_seconds": route.timeout.map(|timeout| timeout.as_secs_f64()),
        "hedges": route.hedge.is_some(),
        "continues": route.continues,
    })
}

fn group_of(app: &App, group: &Group, route: &str, shares: &Shares) -> Value {
    let now = clock::now();
    let targets = group.targets.iter().map(|target| {
        let names = (route.to_owned(), target.name.clone());
        let provider = app.config.providers.get(target.provider);
        json!({
            "name": target.name,
            "provider": target.provider_id,
            "model": target.model.as_deref(),
            "weight": target.weight,
            "recent_requests": shares.get(&names).copied().unwrap_or(0),
            "cached_percent": target.cache.percent(),
            "is_enabled": provider.is_some_and(|provider| provider.enabled),
            "signals": target.signals.reading(now),
        })
    });
    json!({"policy": group.policy.as_str(), "targets": targets.collect::<Vec<_>>()})
}
