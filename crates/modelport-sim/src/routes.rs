//! Which URL answers what. Prefixes do not matter: `/v1/chat/completions`, `/openai/v1/chat/completions` and `/chat/completions` are one.

mod endpoint;
mod fields;
mod wishes;

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::answer::{Answer, Dialect};
use crate::chat::{self, Ask, Completion, Operation, Reporting, Stamp};
use crate::errors::{self, Refusal};
use crate::fault::{Connection, Fault, Form};
use crate::http::Request;
use crate::listing::{self, ListingShape};
use crate::responses::{self, ResponsesAsk};
use crate::server::Shared;
use crate::stage::Timing;
use crate::{embeddings, media, ollama};

use endpoint::Endpoint;
use wishes::{asked_fault, check_model, fault, is_let_in, recorded, recorded_page, timing};

/// What is to be said, and what is to go wrong with it.
pub(crate) struct Turn {
    pub(crate) answer: Answer,
    pub(crate) fault: Option<Fault>,
    pub(crate) dialect: Dialect,
    pub(crate) timing: Timing,
}

/// Decides on the answer to a request.
pub(crate) fn turn(shared: &Shared, request: &Request, id: u64) -> Turn {
    let (path, query) = request.path_and_query();
    let endpoint = Endpoint::of(request.method(), path);
    let dialect = endpoint.dialect();
    let refused = |refusal: Refusal| (refusal.answer(dialect), None);
    let (timing, (answer, fault)) = match timing(shared, request) {
        Err(refusal) => (Timing::default(), refused(refusal)),
        Ok(timing) if endpoint.is_locked() && !is_let_in(shared, request) => {
            (timing, refused(errors::invalid_key()))
        }
        Ok(timing) => (
            timing,
            answer(shared, request, &endpoint, query, id).unwrap_or_else(refused),
        ),
    };
    Turn {
        answer,
        fault,
        dialect,
        timing,
    }
}

type Answered = Result<(Answer, Option<Fault>), Refusal>;

fn answer(
    shared: &Shared,
    request: &Request,
    endpoint: &Endpoint<'_>,
    query: &str,
    id: u64,
) -> Answered {
    if let Some(answer) = recorded_page(shared, request) {
        return Ok((answer, asked_fault(shared, request)?));
    }
    let models = &shared.options.models;
    let answer = match endpoint {
        Endpoint::Completion(operation) => return completion(shared, request, *operation, id),
        Endpoint::Responses if shared.options.responses => return response(shared, request, id),
        Endpoint::OllamaChat => return ollama_chat(shared, request),
        Endpoint::Media(kind) => return media(shared, request, *kind),
        Endpoint::Embeddings | Endpoint::OllamaEmbed => {
            return embeddings(shared, request, endpoint.dialect());
        }
        Endpoint::Models => {
            let shape = shared.listing();
            let fault = if shape == ListingShape::Hang {
                Some(Fault::Connection(Connection::Hang))
            } else {
                asked_fault(shared, request)?
            };
            return Ok((listing::list(shape, models, query), fault));
        }
        Endpoint::Model(id) => listing::one(
            models,
            &percent_encoding::percent_decode_str(id).decode_utf8_lossy(),
        ),
        Endpoint::Root => ollama::root(),
        Endpoint::Version => ollama::version(),
        Endpoint::Tags => ollama::tags(&shared.options),
        Endpoint::Running => ollama::running(models),
        Endpoint::Show => {
            let ask = read(request.body())?;
            let model = ask.model.unwrap_or_default();
            check_model(shared, &model, Dialect::Ollama)?;
            ollama::show(&model)
        }
        Endpoint::Key => Answer::json(
            200,
            &json!({ "data": { "label": "sim", "limit": null, "limit_remaining": null, "usage": 0, "is_free_tier": false } }),
        ),
        Endpoint::Health => Answer::json(200, &json!({ "status": "ok" })),
        Endpoint::Responses | Endpoint::Unknown => {
            return Err(errors::unknown_url(request.method(), request.target()));
        }
    };
    Ok((answer, asked_fault(shared, request)?))
}

fn completion(shared: &Shared, request: &Request, operation: Operation, id: u64) -> Answered {
    let body = fields::taken(shared, request.body())?;
    let ask = read(&body)?;
    if let Some(answer) = recorded(shared, ask.model.as_deref())? {
        return Ok((answer, asked_fault(shared, request)?));
    }
    if ask.messages.is_none() && operation == Operation::Chat {
        return Err(errors::invalid_request(
            "Missing required parameter: 'messages'.",
        ));
    }
    if ask.prompt.is_none() && operation == Operation::Text {
        return Err(errors::invalid_request(
            "Missing required parameter: 'prompt'.",
        ));
    }
    let fault = fault(shared, request, ask.model.as_deref(), Dialect::OpenAi)?;
    let stamp = Stamp { id, created: now() };
    let mut completion = complete(shared, request, &ask)?;
    if let Some(context) = shared.options.context {
        completion.cut_prompt(context);
    }
    let answer = if ask.stream == Some(true) {
        let asked = if ask.includes_usage() {
            Reporting::AtEnd
        } else {
            Reporting::Never
        };
        Answer::events(chat::events(
            operation,
            &completion,
            reporting(fault.as_ref(), asked),
            stamp,
        ))
    } else {
        let whole = chat::whole(
            operation,
            &completion,
            reporting(fault.as_ref(), Reporting::AtEnd),
            stamp,
        );
        Answer::whole(200, "application/json", whole)
    };
    Ok((answer, fault))
}

fn response(shared: &Shared, request: &Request, id: u64) -> Answered {
    let asked = ResponsesAsk::read(request.body())?;
    let ask = Ask::read(&asked.chat).map_err(|error| unreadable(&error))?;
    let fault = fault(shared, request, ask.model.as_deref(), Dialect::OpenAi)?;
    let stamp = Stamp { id, created: now() };
    let completion = complete(shared, request, &ask)?;
    let reporting = reporting(fault.as_ref(), Reporting::AtEnd);
    let answer = if ask.stream == Some(true) {
        Answer::events(responses::events(&asked, &completion, reporting, stamp))
    } else {
        let whole = responses::whole(&asked, &completion, reporting, stamp);
        Answer::whole(200, "application/json", whole)
    };
    Ok((answer, fault))
}

fn ollama_chat(shared: &Shared, request: &Request) -> Answered {
    let ask = read(request.body())?;
    if let Some(answer) = recorded(shared, ask.model.as_deref())? {
        return Ok((answer, asked_fault(shared, request)?));
    }
    let fault = fault(shared, request, ask.model.as_deref(), Dialect::Ollama)?;
    let model = ask.model.as_deref().unwrap_or_default();
    if let Some(problem) = ask.unreadable_for_ollama() {
        return Err(errors::invalid_request(problem));
    }
    if ask.thinks() && !ollama::can_think(model) {
        return Err(errors::invalid_request(format!(
            "\"{model}\" does not support thinking"
        )));
    }
    let mut completion = complete(shared, request, &ask)?;
    let context = ask.num_ctx().or(shared.options.context);
    let context = context.unwrap_or(ollama::SERVED_CONTEXT);
    if completion.prompt_tokens > context && ask.refuses_to_be_cut() {
        return Err(errors::invalid_request(
            "the input length exceeds the context length",
        ));
    }
    completion.cut_prompt(context);
    let reporting = reporting(fault.as_ref(), Reporting::AtEnd);
    // Ollama streams unless told not to.
    let answer = if ask.stream.unwrap_or(true) {
        Answer::events(ollama::events(&completion, reporting))
    } else {
        Answer::whole(
            200,
            "application/json",
            ollama::whole(&completion, reporting),
        )
    };
    Ok((answer, fault))
}

fn embeddings(shared: &Shared, request: &Request, dialect: Dialect) -> Answered {
    let ask = embeddings::Ask::read(request.body()).map_err(|error| unreadable(&error))?;
    if let Some(answer) = recorded(shared, ask.model.as_deref())? {
        return Ok((answer, asked_fault(shared, request)?));
    }
    let fault = fault(shared, request, ask.model.as_deref(), dialect)?;
    let answer = match dialect {
        Dialect::OpenAi => embeddings::openai(&ask)?,
        Dialect::Ollama => embeddings::ollama(&ask)?,
    };
    Ok((answer, fault))
}

fn media(shared: &Shared, request: &Request, kind: media::Kind) -> Answered {
    let ask = media::Ask::read(request)?;
    let fault = fault(shared, request, ask.model(), Dialect::OpenAi)?;
    Ok((media::answer(kind, &ask), fault))
}

fn read(body: &[u8]) -> Result<Ask<'_>, Refusal> {
    Ask::read(body).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Refusal {
    errors::invalid_request(format!(
        "We could not parse the JSON body of your request: {error}"
    ))
}

fn complete(shared: &Shared, request: &Request, ask: &Ask<'_>) -> Result<Completion, Refusal> {
    let tokens = wishes::tokens(request)?;
    Ok(chat::complete(ask, tokens.or(shared.options.tokens)))
}

fn reporting(fault: Option<&Fault>, asked: Reporting) -> Reporting {
    match fault {
        Some(Fault::Form(Form::UsageEach)) => Reporting::Each,
        Some(Fault::Form(Form::UsageNone)) => Reporting::Never,
        Some(
            Fault::Form(_)
            | Fault::Instead(_)
            | Fault::Connection(_)
            | Fault::After(..)
            | Fault::First(..),
        )
        | None => asked,
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}
