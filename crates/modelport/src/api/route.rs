//! `POST /v1/route/explain` and `GET /v1/route/decisions/{id}`: who would answer a request, and who did. Explaining
//! calls no provider and takes nobody's turn.

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use modelport_provider::splice;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

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
        route::Group,
    },
};

/// Who would answer this request.
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
) -> Result<Value, Error> {
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
pub(super) fn decided(app: &App, id: &str) -> Option<Value> {
    let decision = app.decisions.find(id)?;
    let mut explained = on_route(app, &decision.choice, None, &decision.requested);
    let attempts = decision.attempts.iter().map(|attempt| {
        let considered = decision.choice.considered.get(attempt.place);
        let target = considered.and_then(|considered| target_of(&decision.choice, considered));
        json!({
            "target": target,
            "credential": attempt.key + 1,
            "outcome": attempt.outcome.as_str(),
            "duration_ms": millis(attempt.took),
        })
    });
    let attempts: Vec<Value> = attempts.collect();
    if let Some(members) = explained.as_object_mut() {
        members.insert("request_id".to_owned(), decision.id.as_str().into());
        members.insert(
            "decided_at".to_owned(),
            clock::unix_seconds(decision.at).into(),
        );
        members.insert("attempts".to_owned(), attempts.into());
        let stopped = decision.stopped.map(Stop::as_str);
        members.insert("stopped_by".to_owned(), stopped.into());
    }
    Some(explained)
}

/// By its name alone, where no route is for it.
fn by_name(app: &App, caller: &auth::Caller, model: Option<&str>) -> Result<Value, Error> {
    let plan = Plan::by_name(app, model)?.open_to(app, caller, model)?;
    let candidates = plan.deployments.iter().map(|at| {
        let provider = app.config.providers.get(at.provider);
        let signals = app.targets.of_provider(at.provider);
        json!({
            "provider": provider.map(|provider| &provider.id),
            "model": &*at.model,
            "signals": signals.map(|signals| signals.reading(clock::now())),
        })
    });
    Ok(json!({
        "object": "route.explanation",
        "requested_model": model,
        "route": null,
        "candidates": candidates.collect::<Vec<_>>(),
        "left_out": [],
    }))
}

fn on_route(app: &App, choice: &Choice, request: Option<Looked<'_>>, requested: &str) -> Value {
    let candidates: Vec<Value> = choice
        .considered
        .iter()
        .filter_map(|considered| candidate(app, choice, considered, request))
        .collect();
    let left_out: Vec<Value> = choice
        .left_out
        .iter()
        .filter_map(|left| left_out(choice, left))
        .collect();
    let needs = choice.needs.capabilities.iter();
    json!({
        "object": "route.explanation",
        "requested_model": requested,
        "route": &*choice.route.name,
        "needs": {
            "capabilities": needs.map(|needed| needed.as_str()).collect::<Vec<_>>(),
            "input_tokens_estimate": choice.needs.input_tokens,
        },
        "candidates": candidates,
        "left_out": left_out,
    })
}

fn candidate(
    app: &App,
    choice: &Choice,
    considered: &Considered,
    request: Option<Looked<'_>>,
) -> Option<Value> {
    let group = choice.route.groups.get(considered.group)?;
    let target = group.targets.get(considered.candidate.place)?;
    let seen = &considered.candidate;
    // A choice that was made keeps what it looked at; what would be chosen now is also priced.
    let price = match request {
        Some(request) => choice::price(app, target, request, &choice.needs),
        None => seen.price,
    };
    Some(json!({
        "target": target.name,
        "provider": target.provider_id,
        "model": target.model.as_deref(),
        "group": considered.group + 1,
        "policy": group.policy.as_str(),
        "weight": target.weight,
        "standing": seen.standing,
        "in_flight": seen.in_flight,
        "latency_ms": seen.latency.map(millis),
        "expected_cost_usd": price.map(usd),
        "signals": request.map(|request| {
            let now = clock::now();
            let reading = target.signals.reading(now);
            match choice::used_up(app, target, request.model, now) {
                Some(left) => reading.used_up(left),
                None => reading,
            }
        }),
    }))
}

fn left_out(choice: &Choice, left: &LeftOut) -> Option<Value> {
    let target = choice.route.target(left.group, left.place)?;
    Some(json!({
        "target": target.name,
        "group": left.group + 1,
        "reason": left.reason.to_string(),
    }))
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
