//! A request as one provider gets it: which of its APIs is asked, with what body, and how its answer will read.

use std::borrow::Cow;

use bytes::Bytes;
use modelport_provider::{
    openai_compatible::stream::Grammar,
    parameters::{self, Policy, Refusal, Target},
    profile::Profile,
    receipt::{Fate, Receipt},
    splice::{self, Ask, Spliced},
};

use super::{
    Job,
    asked::Asked,
    dialect::Dialect,
    plan::Deployment,
    surface::{Answers, Surface, Way},
};
use crate::{app::Upstream, config::ProviderConfig, error::Error};

/// A request on its way to one provider.
pub struct Sending {
    /// The endpoint below the base URL, with the caller's query.
    pub path: Cow<'static, str>,
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
    /// Whether a chunk that tells nothing but the usage is kept from the caller, who has not asked for it.
    pub hides_usage: bool,
}

/// Makes the request fit the provider.
///
/// # Errors
/// [`Error::BadRequest`] when the request holds what this provider cannot be given.
pub fn prepare(job: &Job, at: &Deployment) -> Result<Sending, Error> {
    let (Some(config), Some(upstream)) = (
        job.worker.app.config.providers.get(at.provider),
        job.worker.upstream(at.provider),
    ) else {
        return Err(Error::Internal);
    };
    let to = Recipient {
        config,
        upstream,
        profile: upstream.as_provider().profile(),
        model: &at.model,
    };
    match job.surface.at(to.profile) {
        Way::Own(path) => own(job, &to, path),
        Way::AsChat(dialect) => as_chat(job, &to, dialect),
    }
}

/// Who gets the request.
struct Recipient<'a> {
    config: &'a ProviderConfig,
    upstream: &'a Upstream,
    profile: &'static Profile,
    model: &'a str,
}

/// By the surface's own API.
fn own(job: &Job, to: &Recipient<'_>, path: &'static str) -> Result<Sending, Error> {
    let Fitted {
        body,
        receipt,
        usage_is_ours,
    } = match &job.asked {
        // A form that still arrives is put together while it is sent.
        _ if to.model.is_empty() || job.arriving.is_some() => {
            Fitted::plainly(Spliced::whole(job.body.clone()))
        }
        Asked::Json(ask) if job.surface == Surface::ChatCompletions => to.fit(&job.body, ask)?,
        asked => Fitted::plainly(asked.with_model(&job.body, to.model)),
    };
    Ok(Sending {
        path: with_query(path, job.query.as_deref()),
        body,
        receipt,
        reading: Reading {
            grammar: job.surface.grammar(),
            answers: job.surface.answers(),
            dialect: None,
            hides_usage: usage_is_ours,
        },
    })
}

/// By chat completions. The caller's query is not for them.
fn as_chat(job: &Job, to: &Recipient<'_>, dialect: Dialect) -> Result<Sending, Error> {
    let chat = if let Some(chat) = job.as_chat.get() {
        chat
    } else {
        let chat = dialect.to_chat(job)?;
        job.as_chat.get_or_init(|| chat)
    };
    to.allow(&chat.receipt)?;
    let fitted = to.fit(&chat.body, &chat.ask)?;
    let body = fitted.body;
    let mut receipt = chat.receipt.clone();
    receipt.extend(&fitted.receipt);
    Ok(Sending {
        path: Surface::ChatCompletions.path().into(),
        body,
        receipt,
        reading: Reading {
            grammar: Grammar::Chunks,
            answers: Answers::Json,
            dialect: Some(dialect),
            // The translation reads it.
            hides_usage: false,
        },
    })
}

fn with_query(path: &'static str, query: Option<&str>) -> Cow<'static, str> {
    match query {
        Some(query) => format!("{path}?{query}").into(),
        None => path.into(),
    }
}

/// A body that fits a provider.
struct Fitted {
    body: Spliced,
    receipt: Receipt,
    /// Whether the stream is asked for its usage without the caller having done so.
    usage_is_ours: bool,
}

impl Fitted {
    /// With nothing to tell of.
    fn plainly(body: Spliced) -> Self {
        Self {
            body,
            receipt: Receipt::default(),
            usage_is_ours: false,
        }
    }
}

impl Recipient<'_> {
    /// A chat completion with the model's name in it, and fields that the provider takes. A provider that puts chats into
    /// other terms itself tells afterwards what became of them.
    fn fit(&self, body: &Bytes, ask: &Ask) -> Result<Fitted, Error> {
        if self.upstream.translates_chats() {
            if self.policy() == Policy::Strict
                && let Some(Ok(receipt)) = self.upstream.own_receipt(body)
            {
                self.allow(&receipt)?;
            }
            return Ok(Fitted::plainly(splice::with_model(body, ask, self.model)));
        }
        let target = Target {
            parameters: &self.profile.parameters,
            catalogue: self.profile.catalogue,
            known_as: self.config.known_as(self.model),
            model: self.model,
            policy: self.policy(),
            // Azure's dated APIs know of that only since 2024-09-01-preview (learn.microsoft.com, API lifecycle).
            wants_usage: !self.config.base_url.is_dated(),
        };
        match parameters::adapt(body, ask, &target) {
            Ok(adapted) => Ok(Fitted {
                body: adapted.body,
                receipt: adapted.receipt,
                usage_is_ours: adapted.usage_is_ours,
            }),
            Err(refusal) => Err(refused(&refusal, self.config)),
        }
    }

    /// Refuses what a translation leaves out, if the policy is to let nothing be lost.
    fn allow(&self, receipt: &Receipt) -> Result<(), Error> {
        let lost = receipt
            .notes()
            .iter()
            .find(|note| note.fate == Fate::Dropped);
        match lost {
            Some(note) if self.policy() == Policy::Strict => {
                let refusal = Refusal {
                    field: note.field.clone(),
                    fate: note.fate.clone(),
                };
                Err(refused(&refusal, self.config))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn policy(&self) -> Policy {
        self.config.policy(self.profile)
    }
}

fn refused(refusal: &Refusal, config: &ProviderConfig) -> Error {
    let Refusal { field, fate } = refusal;
    let would = match fate {
        Fate::Mapped(to) => format!("would have to be sent as {to}"),
        Fate::Dropped | Fate::Refused | Fate::Added => "is not supported there".to_owned(),
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
