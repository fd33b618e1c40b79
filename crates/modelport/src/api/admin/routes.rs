//! `GET /admin/v1/routes`: each route's targets as they stand now, and how the last requests on it were spread. Its
//! `explain` tells who would answer a request, as `POST /v1/route/explain` tells callers.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Request, State},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::viewer::Viewer;
use crate::{
    api::route,
    app::{App, Worker},
    auth, clock,
    routing::{
        route::{Group, Route},
        target::Reading,
    },
};

/// Requests on a route, by the target that was tried last.
type Shares = HashMap<(String, String), u64>;

/// The routes and the aliases.
#[derive(Serialize, ToSchema)]
struct Routes {
    /// Always `list`.
    object: &'static str,
    data: Vec<RouteView>,
    aliases: Vec<Alias>,
}

/// A route as it stands.
#[derive(Serialize, ToSchema)]
struct RouteView {
    /// The model's name or pattern that it is for.
    name: String,
    /// They are asked one after the other.
    groups: Vec<GroupView>,
    /// Requests on it, of those whose decisions are kept.
    recent_requests: u64,
    timeout_seconds: Option<f64>,
    /// Whether a second target is asked when the first one takes long.
    hedges: bool,
    /// Whether a stream that breaks off goes on from another target.
    continues: bool,
}

/// Targets of a route among which a policy chooses.
#[derive(Serialize, ToSchema)]
struct GroupView {
    policy: &'static str,
    targets: Vec<TargetView>,
}

/// A target of a route.
#[derive(Serialize, ToSchema)]
struct TargetView {
    name: String,
    provider: String,
    /// What the provider is asked for; null for the name that the caller asks for.
    model: Option<String>,
    weight: u32,
    recent_requests: u64,
    /// How much of the input lately came from the provider's cache, in percent.
    cached_percent: u64,
    is_enabled: bool,
    signals: Reading,
}

/// Another name for a model.
#[derive(Serialize, ToSchema)]
struct Alias {
    name: String,
    target: String,
}

/// All routes and aliases.
#[utoipa::path(
    get, path = "/admin/v1/routes", tag = "Administration", operation_id = "list_routes",
    responses((status = 200, description = "Each route's targets as they stand now.", body = Routes)),
    security(("viewer" = []))
)]
pub async fn list(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let app = &worker.app;
    let shares = shares(app);
    let routes = app.routes.all().map(|route| described(app, route, &shares));
    let mut aliases: Vec<_> = app.config.aliases.iter().collect();
    aliases.sort();
    let aliases = aliases.iter().map(|(name, target)| Alias {
        name: (*name).clone(),
        target: (*target).clone(),
    });
    viewer.reply(Ok(Routes {
        object: "list",
        data: routes.collect(),
        aliases: aliases.collect(),
    }))
}

/// Who would answer this request.
///
/// As `POST /v1/route/explain`, whatever keys open.
#[utoipa::path(
    post, path = "/admin/v1/routes/explain", tag = "Administration", operation_id = "explain_any_route",
    request_body(content = ref("#/components/schemas/ChatRequest"), description = "A request that might be sent.", example = json!({"model": "smart", "messages": [{"role": "user", "content": "Hello!"}]})),
    responses((status = 200, description = "Who would, in which order and why.", body = route::Explanation)),
    security(("viewer" = [])),
    extensions(("x-errors" = json!(["invalid_json", "not_an_object", "duplicate_field", "invalid_type", "invalid_model", "model_not_found"])))
)]
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

fn described(app: &App, route: &Route, shares: &Shares) -> RouteView {
    let of_route = shares.iter().filter(|((name, _), _)| **name == *route.name);
    let groups = route
        .groups
        .iter()
        .map(|group| group_of(app, group, &route.name, shares));
    RouteView {
        name: route.name.to_string(),
        groups: groups.collect(),
        recent_requests: of_route.map(|(_, count)| count).sum(),
        timeout_seconds: route.timeout.map(|timeout| timeout.as_secs_f64()),
        hedges: route.hedge.is_some(),
        continues: route.continues,
    }
}

fn group_of(app: &App, group: &Group, route: &str, shares: &Shares) -> GroupView {
    let now = clock::now();
    let targets = group.targets.iter().map(|target| {
        let names = (route.to_owned(), target.name.clone());
        let provider = app.config.providers.get(target.provider);
        TargetView {
            name: target.name.clone(),
            provider: target.provider_id.clone(),
            model: target.model.as_deref().map(str::to_owned),
            weight: target.weight,
            recent_requests: shares.get(&names).copied().unwrap_or(0),
            cached_percent: target.cache.percent(),
            is_enabled: provider.is_some_and(|provider| provider.enabled),
            signals: target.signals.reading(now),
        }
    });
    GroupView {
        policy: group.policy.as_str(),
        targets: targets.collect(),
    }
}
