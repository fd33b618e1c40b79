//! `POST /v1/route/explain` and `GET /v1/route/decisions/{id}`: who would answer a request, and who did. Explaining
//! calls no provider and takes nobody's turn.

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use modelport_provider::splice;
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use utoipa::ToSchema;

use super::{Caller, Id, json_reply, refuse, shown};
use crate::{
    app::{App, Worker},
    auth, clock,
    error::Error,
    proxy::{
        self,
        choice::{self, Request as Looked},
        plan::Plan,
    },
    routing::{
        choice::{Choice, Considered, LeftOut, Stop},
        policy::Standing,
        route::Group,
        target::Reading,
    },
};

/// Who would answer a request.
#[derive(Serialize, ToSchema)]
pub(super) struct Explanation {
    /// Always `route.explanation`.
    object: &'static str,
    /// The model that is asked for; null where none is named.
    requested_model: Option<String>,
    /// The route that is for it; null where none is.
    route: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<Needs>,
    /// Who would be asked, in this order.
    candidates: Vec<Candidate>,
    left_out: Vec<LeftOutTarget>,
}

/// What a request on a route needs of a target.
#[derive(Serialize, ToSchema)]
struct Needs {
    capabilities: Vec<&'static str>,
    /// How long its input is, by its bytes.
    input_tokens_estimate: u64,
}

/// Somebody who would be asked.
#[derive(Serialize, ToSchema)]
struct Candidate {
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    on_route: Option<OnRoute>,
    provider: Option<String>,
    /// What the provider is asked for; null for the name that the caller asks for.
    model: Option<String>,
    /// How it stands now; null in a decision that was made.
    signals: Option<Reading>,
}

/// What a target of a route has beside that.
#[derive(Serialize, ToSchema)]
struct OnRoute {
    #[schema(required = false)]
    target: String,
    /// Its group, from 1.
    #[schema(required = false)]
    group: usize,
    #[schema(required = false)]
    policy: &'static str,
    #[schema(required = false)]
    weight: u32,
    #[schema(required = false)]
    standing: Standing,
    #[schema(required = false)]
    in_flight: u32,
    latency_ms: Option<u64>,
    /// What the request is expected to cost there, in US dollars.
    expected_cost_usd: Option<String>,
}

/// A target that does not take the request, and why.
#[derive(Serialize, ToSchema)]
struct LeftOutTarget {
    target: String,
    /// Its group, from 1.
    group: usize,
    reason: String,
}

/// Who answered a request.
#[derive(Serialize, ToSchema)]
pub(super) struct Decision {
    #[serde(flatten)]
    explanation: Explanation,
    request_id: String,
    /// When, in seconds since 1970.
    decided_at: u64,
    attempts: Vec<Attempt>,
    /// Why no further target was asked.
    stopped_by: Option<&'static str>,
}

/// One call of a target.
#[derive(Serialize, ToSchema)]
struct Attempt {
    target: Option<String>,
    /// Which of the provider's keys was shown, from 1.
    credential: usize,
    outcome: &'static str,
    duration_ms: u64,
}

/// Who would answer this request.
///
/// The body is one of a chat completion. Nobody is asked, and nobody's turn is taken.
#[utoipa::path(
    post, path = "/v1/route/explain", tag = "Routing", operation_id = "explain_route",
    request_body(content = ref("#/components/schemas/ChatRequest"), description = "A request that might be sent.", example = json!({"model": "smart", "messages": [{"role": "user", "content": "Hello!"}]})),
    responses((status = 200, description = "Who would, in which order and why.", body = Explanation)),
    security(("caller" = [])),
    extensions(("x-errors" = json!(["invalid_json", "not_an_object", "duplicate_field", "invalid_type", "invalid_model", "model_not_found", "model_not_allowed", "provider_not_allowed"])))
)]
pub async fn explain(
    caller: Caller,
    State(worker): State<Arc<Worker>>,
    request: Request,
) -> Response {
    let explained = explained(&worker.app, &caller.who, request).await;
    match explained {
        Ok(explained) => json_reply(StatusCode::OK, &caller.id, &explained),
        Err(error) => refuse(&error, &caller.id),
    }
}

/// Who would answer a request of this caller.
pub(super) async fn explained(
    app: &App,
    who: &auth::Caller,
    request: Request,
) -> Result<Explanation, Error> {
    let (parts, mut body): (_, Body) = request.into_parts();
    let limit = app.config.server.body_limit;
    let read = proxy::body::read(&mut body, &parts.headers, limit).await;
    read.and_then(|body| {
        let ask = splice::read_ask(&body).map_err(|fault| proxy::bad_request(&fault, &body))?;
        let Some(model) = ask.model(&body) else {
            return by_name(app, who, None);
        };
        let Some((route, name)) = app.routes.find(model) else {
            return by_name(app, who, Some(model));
        };
        let request = Looked {
            model: name,
            ask: Some(&ask),
            body: &body,
            headers: &parts.headers,
            caller: who,
        };
        let choice = choice::choose(app, route, request, Group::turn);
        let explained = on_route(app, &choice, Some(request), model);
        // Why no target takes it is what is to be explained; that the model is not open is not.
        if !choice.considered.is_empty() {
            Plan::on_route(choice, name, who)?.open_to(app, who, Some(model))?;
        }
        Ok(explained)
    })
}

/// Who answered the request with this id, and why.
///
/// The last 1,024 requests on routes are kept.
#[utoipa::path(
    get, path = "/v1/route/decisions/{id}", tag = "Routing", operation_id = "show_decision",
    params(("id" = String, Path, description = "The x-request-id of its answer.")),
    responses((status = 200, description = "Who did, with every attempt.", body = Decision)),
    security(("caller" = [])),
    extensions(("x-errors" = json!(["decision_not_found"])))
)]
pub async fn decision(caller: Caller, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    match decided(&worker.app, &id) {
        Some(decision) => json_reply(StatusCode::OK, &caller.id, &decision),
        None => refuse(&unknown(&id), &caller.id),
    }
}

fn unknown(id: &str) -> Error {
    Error::NotFound {
        message: format!(
            "No decision of a request {:?} is kept. Only requests on routes have one, the last {} of them are kept, and the id is in the header x-request-id of their answers.",
            shown(id),
            crate::routing::decisions::KEPT
        ),
        param: "id",
        code: "decision_not_found",
    }
}

/// Who answered the request with this id, and why, if that is kept.
pub(super) fn decided(app: &App, id: &str) -> Option<Decision> {
    let decision = app.decisions.find(id)?;
    let attempts = decision.attempts.iter().map(|attempt| {
        let considered = decision.choice.considered.get(attempt.place);
        let target = considered.and_then(|considered| target_of(&decision.choice, considered));
        Attempt {
            target: target.map(str::to_owned),
            credential: attempt.key + 1,
            outcome: attempt.outcome.as_str(),
            duration_ms: millis(attempt.took),
        }
    });
    Some(Decision {
        explanation: on_route(app, &decision.choice, None, &decision.requested),
        request_id: decision.id.as_str().to_owned(),
        decided_at: clock::unix_seconds(decision.at),
        attempts: attempts.collect(),
        stopped_by: decision.stopped.map(Stop::as_str),
    })
}

/// By its name alone, where no route is for it.
fn by_name(app: &App, caller: &auth::Caller, model: Option<&str>) -> Result<Explanation, Error> {
    let plan = Plan::by_name(app, model)?.open_to(app, caller, model)?;
    let candidates = plan.deployments.iter().map(|at| {
        let provider = app.config.providers.get(at.provider);
        let signals = app.targets.of_provider(at.provider);
        Candidate {
            provider: provider.map(|provider| provider.id.clone()),
            model: Some(at.model.to_string()),
            signals: signals.map(|signals| signals.reading(clock::now())),
            on_route: None,
        }
    });
    Ok(Explanation {
        object: "route.explanation",
        requested_model: model.map(str::to_owned),
        route: None,
        needs: None,
        candidates: candidates.collect(),
        left_out: Vec::new(),
    })
}

fn on_route(
    app: &App,
    choice: &Choice,
    request: Option<Looked<'_>>,
    requested: &str,
) -> Explanation {
    let considered = choice.considered.iter();
    let candidates =
        considered.filter_map(|considered| candidate(app, choice, considered, request));
    let left = choice.left_out.iter();
    let needs = choice.needs.capabilities.iter();
    Explanation {
        object: "route.explanation",
        requested_model: Some(requested.to_owned()),
        route: Some(choice.route.name.to_string()),
        needs: Some(Needs {
            capabilities: needs.map(|needed| needed.as_str()).collect(),
            input_tokens_estimate: choice.needs.input_tokens,
        }),
        candidates: candidates.collect(),
        left_out: left.filter_map(|left| left_out(choice, left)).collect(),
    }
}

fn candidate(
    app: &App,
    choice: &Choice,
    considered: &Considered,
    request: Option<Looked<'_>>,
) -> Option<Candidate> {
    let group = choice.route.groups.get(considered.group)?;
    let target = group.targets.get(considered.candidate.place)?;
    let seen = &considered.candidate;
    // A choice that was made keeps what it looked at; what would be chosen now is also priced.
    let price = match request {
        Some(request) => choice::price(app, target, request, &choice.needs),
        None => seen.price,
    };
    let signals = request.map(|request| {
        let now = clock::now();
        let reading = target.signals.reading(now);
        match choice::used_up(app, target, request.model, now) {
            Some(left) => reading.used_up(left),
            None => reading,
        }
    });
    Some(Candidate {
        on_route: Some(OnRoute {
            target: target.name.clone(),
            group: considered.group + 1,
            policy: group.policy.as_str(),
            weight: target.weight,
            standing: seen.standing,
            in_flight: seen.in_flight,
            latency_ms: seen.latency.map(millis),
            expected_cost_usd: price.map(usd),
        }),
        provider: Some(target.provider_id.clone()),
        model: target.model.as_deref().map(str::to_owned),
        signals,
    })
}

fn left_out(choice: &Choice, left: &LeftOut) -> Option<LeftOutTarget> {
    let target = choice.route.target(left.group, left.place)?;
    Some(LeftOutTarget {
        target: target.name.clone(),
        group: left.group + 1,
        reason: left.reason.to_string(),
    })
}

fn target_of<'a>(choice: &'a Choice, considered: &Considered) -> Option<&'a str> {
    let target = choice
        .route
        .target(considered.group, considered.candidate.place)?;
    Some(&target.name)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// An amount of nano-USD in USD, in plain digits.
fn usd(nano: u64) -> String {
    rust_decimal::Decimal::from_i128_with_scale(nano.into(), 9)
        .normalize()
        .to_string()
}
