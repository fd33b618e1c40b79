//! What a request asks of the simulator as such: its fault, its timing, and whether it is let in.

use std::time::Duration;

use crate::answer::{Answer, Dialect};
use crate::errors::{self, Refusal};
use crate::fault::{Fault, InvalidFault};
use crate::http::Request;
use crate::replay;
use crate::server::Shared;
use crate::stage::Timing;

/// Models whose name starts with this are made of a fault: `fault/status-500`.
const FAULT_MODEL: &str = "fault/";

/// The fault of a completion or an embedding: the one asked for by header, the model's name, or the server's default. A model
/// that must not exist is refused here, after the models made of faults are told apart.
pub(super) fn fault(
    shared: &Shared,
    request: &Request,
    model: Option<&str>,
    dialect: Dialect,
) -> Result<Option<Fault>, Refusal> {
    if let Some(spec) = model.and_then(|model| model.strip_prefix(FAULT_MODEL)) {
        return Ok(shared.still(parse(spec)?));
    }
    check_model(shared, model.unwrap_or_default(), dialect)?;
    if request.header("x-sim-fault").is_some() {
        return asked_fault(shared, request);
    }
    Ok(shared.fault().and_then(|fault| shared.still(fault)))
}

/// The recorded answer that a model's name asks for.
pub(super) fn recorded(shared: &Shared, model: Option<&str>) -> Result<Option<Answer>, Refusal> {
    let (Some(recordings), Some(model)) = (&shared.recordings, model) else {
        return Ok(None);
    };
    let Some(file) = model.strip_prefix(replay::MODEL) else {
        return Ok(None);
    };
    let answer = recordings.answer(file);
    answer
        .map(Some)
        .ok_or_else(|| errors::model_not_found(model))
}

/// The recorded answer to a GET, if there is one.
pub(super) fn recorded_page(shared: &Shared, request: &Request) -> Option<Answer> {
    let (path, _) = request.path_and_query();
    let recordings = shared.recordings.as_ref()?;
    (request.method() == "GET").then(|| recordings.page(path))?
}

/// The fault that a header asks for.
pub(super) fn asked_fault(shared: &Shared, request: &Request) -> Result<Option<Fault>, Refusal> {
    let Some(spec) = request.header("x-sim-fault") else {
        return Ok(None);
    };
    Ok(shared.still(parse(spec)?))
}

fn parse(spec: &str) -> Result<Fault, Refusal> {
    spec.parse()
        .map_err(|error: InvalidFault| errors::invalid_request(error.to_string()))
}

/// Refuses a model that is not listed, where that is wanted.
pub(super) fn check_model(shared: &Shared, model: &str, dialect: Dialect) -> Result<(), Refusal> {
    let known =
        !shared.options.strict_models || shared.options.models.iter().any(|known| known == model);
    match (known, dialect) {
        (true, _) => Ok(()),
        (false, Dialect::OpenAi) => Err(errors::model_not_found(model)),
        (false, Dialect::Ollama) => Err(errors::model_not_pulled(model)),
    }
}

/// The request shows the key, or none is asked for.
pub(super) fn is_let_in(shared: &Shared, request: &Request) -> bool {
    let Some(key) = shared.options.api_key.as_deref() else {
        return true;
    };
    let bearer = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "));
    bearer == Some(key) || request.header("api-key") == Some(key)
}

/// How slow the answer is to be.
pub(super) fn timing(shared: &Shared, request: &Request) -> Result<Timing, Refusal> {
    let options = &shared.options;
    let millis = |name, otherwise| {
        number(request, name).map(|millis| Duration::from_millis(millis.unwrap_or(otherwise)))
    };
    let tokens_per_second =
        number(request, "x-sim-tps")?.map(|tokens| u32::try_from(tokens).unwrap_or(u32::MAX));
    Ok(Timing {
        latency: millis("x-sim-latency-ms", options.latency_ms)?,
        first_token: millis("x-sim-ttft-ms", options.ttft_ms)?,
        tokens_per_second: tokens_per_second.unwrap_or(options.tokens_per_second),
    })
}

/// The length of the answer that a header asks for.
pub(super) fn tokens(request: &Request) -> Result<Option<usize>, Refusal> {
    Ok(number(request, "x-sim-tokens")?.and_then(|tokens| usize::try_from(tokens).ok()))
}

/// The number in a header.
fn number(request: &Request, name: &'static str) -> Result<Option<u64>, Refusal> {
    let Some(text) = request.header(name) else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|_| errors::invalid_request(format!("the header {name} is not a number")))
}
