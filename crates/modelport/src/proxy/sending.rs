//! A request as one provider gets it: which of its APIs is asked, with what body, and how its answer will read.

use modelport_provider::{
    openai_compatible::stream::Grammar,
    parameters::{self, Refusal, Target},
    profile::Profile,
    receipt::{Fate, Receipt},
    splice::Spliced,
};

use super::{
    Job,
    asked::Asked,
    dialect::Dialect,
    surface::{Answers, Surface, Way},
};
use crate::{config::ProviderConfig, error::Error};

/// A request on its way to one provider.
pub struct Sending {
    /// The endpoint below the base URL, with the caller's query.
    pub path: String,
    /// The body; empty for a form that still arrives.
    pub body: Spliced,
    /// What was not simply sent.
    pub receipt: Receipt,
    /// How the answer reads.
    pub reading: Reading,
}

/// How an answer reads.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// In which words its events are written.
    pub grammar: Grammar,
    /// What it may be if it is no stream.
    pub answers: Answers,
    /// The API that it must be put into, where it comes as a chat completion.
    pub dialect: Option<Dialect>,
}

/// Makes the request fit the provider.
///
/// # Errors
/// [`Error::BadRequest`] when the request holds what this provider cannot be given.
pub fn prepare(job: &Job, provider: usize) -> Result<Sending, Error> {
    let (Some(config), Some(upstream)) = (
        job.worker.app.config.providers.get(provider),
        job.worker.upstream(provider),
    ) else {
        return Err(Error::Internal);
    };
    let profile = upstream.as_provider().profile();
    match job.surface.at(profile) {
        Way::Own(path) => own(job, config, profile, path),
        Way::AsChat(dialect) => as_chat(job, config, profile, dialect),
    }
}

/// By the surface's own API.
fn own(
    job: &Job,
    config: &ProviderConfig,
    profile: &'static Profile,
    path: &str,
) -> Result<Sending, Error> {
    let (body, receipt) = body(job, config, profile)?;
    Ok(Sending {
        path: with_query(path, job.query.as_deref()),
        body,
        receipt,
        reading: Reading {
            grammar: job.surface.grammar(),
            answers: job.surface.answers(),
            dialect: None,
        },
    })
}

/// By chat completions. The caller's query is not for them.
fn as_chat(
    job: &Job,
    config: &ProviderConfig,
    profile: &'static Profile,
    dialect: Dialect,
) -> Result<Sending, Error> {
    let chat = if let Some(chat) = job.as_chat.get() {
        chat
    } else {
        let chat = dialect.to_chat(job)?;
        job.as_chat.get_or_init(|| chat)
    };
    let target = target(config, profile, &job.plan.model);
    let adapted = parameters::adapt(&chat.body, &chat.ask, &target)
        .map_err(|refusal| refused(&refusal, config))?;
    let mut receipt = chat.receipt.clone();
    receipt.extend(&adapted.receipt);
    Ok(Sending {
        path: Surface::ChatCompletions.path().to_owned(),
        body: adapted.body,
        receipt,
        reading: Reading {
            grammar: Grammar::Chunks,
            answers: Answers::Json,
            dialect: Some(dialect),
        },
    })
}

fn with_query(path: &str, query: Option<&str>) -> String {
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// The body with the model's name in it, and fields that the provider takes.
fn body(
    job: &Job,
    config: &ProviderConfig,
    profile: &'static Profile,
) -> Result<(Spliced, Receipt), Error> {
    let model = job.plan.model.as_str();
    // A form that still arrives is put together while it is sent.
    if model.is_empty() || job.arriving.is_some() {
        return Ok((Spliced::whole(job.body.clone()), Receipt::default()));
    }
    let ask = match &job.asked {
        Asked::Json(ask) if job.surface == Surface::ChatCompletions => ask,
        asked => return Ok((asked.with_model(&job.body, model), Receipt::default())),
    };
    let target = target(config, profile, model);
    match parameters::adapt(&job.body, ask, &target) {
        Ok(adapted) => Ok((adapted.body, adapted.receipt)),
        Err(refusal) => Err(refused(&refusal, config)),
    }
}

fn target<'a>(config: &'a ProviderConfig, profile: &'static Profile, model: &'a str) -> Target<'a> {
    Target {
        parameters: &profile.parameters,
        catalogue: profile.catalogue,
        known_as: config.known_as(model),
        model,
        policy: config.policy(profile),
    }
}

fn refused(refusal: &Refusal, config: &ProviderConfig) -> Error {
    let Refusal { field, fate } = refusal;
    let would = match fate {
        Fate::Mapped(to) => format!("would have to be sent as {to}"),
        Fate::Dropped | Fate::Refused => "is not supported there".to_owned(),
    };
    Error::BadRequest {
        message: format!(
            "{field} cannot be sent to {} as it is: it {would}. Leave it out, or set {}=warn.",
            config.name, config.parameters_variable
        ),
        param: Some(field.clone()),
        code: "unsupported_parameter",
    }
}
