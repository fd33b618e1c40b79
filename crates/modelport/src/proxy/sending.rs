//! A request as one provider gets it: which of its APIs is asked, with what body, and how its answer will read.

use modelport_provider::{
    openai_compatible::stream::Grammar,
    parameters::{self, Policy, Refusal, Target},
    profile::Profile,
    profiles,
    receipt::{Fate, Receipt},
    splice::Spliced,
};

use super::{
    Job,
    asked::Asked,
    surface::{Answers, Surface},
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
    let (body, receipt) = body(job, config, profile)?;
    Ok(Sending {
        path: with_query(path(job.surface, profile), job.query.as_deref()),
        body,
        receipt,
        reading: Reading {
            grammar: job.surface.grammar(),
            answers: job.surface.answers(),
        },
    })
}

/// Where a surface lies at a provider.
fn path(surface: Surface, profile: &Profile) -> &'static str {
    let own = match surface {
        Surface::Responses => profile.responses,
        Surface::Messages => profile.messages.map(|api| api.path),
        _ => None,
    };
    own.unwrap_or(surface.path())
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
        policy: policy(config, profile),
    }
}

/// What is done with fields that a provider does not take: of an unknown one, nothing is known to be left out.
fn policy(config: &ProviderConfig, profile: &'static Profile) -> Policy {
    config.parameters.unwrap_or_else(|| {
        if std::ptr::eq(profile, &raw const profiles::GENERIC) {
            Policy::Pass
        } else {
            Policy::Warn
        }
    })
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
