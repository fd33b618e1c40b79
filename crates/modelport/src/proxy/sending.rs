//! A request as one provider gets it: which of its APIs is asked, with what body, and how its answer will read.

use std::borrow::Cow;

use bytes::Bytes;
use modelport_provider::{
    openai_compatible::stream::Grammar,
    parameters::{self, Parameters, Policy, Refusal, Target},
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
use crate::{
    anthropic,
    app::{App, Upstream},
    clock,
    config::ProviderConfig,
    error::Error,
};

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

impl Sending {
    /// The top-level fields that went out, by the names that they went out under.
    pub fn names<'a>(&'a self, job: &'a Job) -> impl Iterator<Item = Cow<'a, str>> {
        let chat = job.as_chat.get().filter(|_| self.reading.dialect.is_some());
        let asked = chat.is_none().then(|| job.asked.names(&job.body));
        let chat = chat.map(|chat| chat.ask.fields().iter().map(|field| field.key(&chat.body)));
        let notes = self.receipt.notes();
        let is_gone = |name: &str| {
            let mut notes = notes.iter().filter(|note| note.field == *name);
            notes.any(|note| note.fate == Fate::Dropped)
        };
        let stayed = asked
            .into_iter()
            .flatten()
            .chain(chat.into_iter().flatten());
        let other = notes.iter().filter_map(|note| match &note.fate {
            Fate::Added => Some(Cow::Borrowed(note.field.as_str())),
            Fate::Mapped(to) => Some(Cow::Borrowed(to.as_str())),
            Fate::Dropped | Fate::Refused => None,
        });
        stayed.filter(move |name| !is_gone(name)).chain(other)
    }
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
        app: &job.worker.app,
        at,
        config,
        upstream,
        profile: upstream.as_provider().profile(),
    };
    match job.surface.at(to.profile) {
        Way::Own(path) => own(job, &to, path),
        Way::AsChat(dialect) => as_chat(job, &to, dialect),
    }
}

/// Who gets the request.
struct Recipient<'a> {
    app: &'a App,
    at: &'a Deployment,
    config: &'a ProviderConfig,
    upstream: &'a Upstream,
    profile: &'static Profile,
}

/// By the surface's own API.
fn own(job: &Job, to: &Recipient<'_>, path: &'static str) -> Result<Sending, Error> {
    let is_messages = matches!(job.surface, Surface::Messages | Surface::CountTokens);
    let Fitted {
        body,
        receipt,
        usage_is_ours,
    } = match &job.asked {
        // A form that still arrives is put together while it is sent.
        _ if to.at.model.is_empty() || job.arriving.is_some() => {
            Fitted::plainly(Spliced::whole(job.body.clone()))
        }
        Asked::Json(ask) if job.surface == Surface::ChatCompletions => to.fit(&job.body, ask)?,
        Asked::Json(_) if is_messages && to.policy() != Policy::Pass => to.as_messages(job)?,
        asked => Fitted::plainly(asked.with_model(&job.body, &to.at.model)),
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
        let policy = self.policy();
        let translates = self.upstream.translates_chats();
        if translates
            && policy == Policy::Strict
            && let Some(Ok(receipt)) = self.upstream.own_receipt(body)
        {
            self.allow(&receipt)?;
        }
        let refused = match policy {
            Policy::Strict | Policy::Warn => {
                let lessons = &self.app.lessons;
                lessons.refused(self.at.provider, &self.at.model, clock::calendar())
            }
            Policy::Pass => Vec::new(),
        };
        let target = Target {
            parameters: if translates {
                &Parameters::OPEN
            } else {
                &self.profile.parameters
            },
            catalogue: self.profile.catalogue,
            known_as: self.config.known_as(&self.at.model),
            model: &self.at.model,
            policy,
            refused: &refused,
            // Azure's dated APIs know of that only since 2024-09-01-preview (learn.microsoft.com, API lifecycle).
            wants_usage: !self.config.base_url.is_dated(),
        };
        match parameters::adapt(body, ask, &target) {
            Ok(adapted) => Ok(Fitted {
                body: adapted.body,
                receipt: adapted.receipt,
                usage_is_ours: adapted.usage_is_ours,
            }),
            Err(refusal) => Err(refusal_of(&refusal, self.config, &refused)),
        }
    }

    /// A request of the Messages API, for a provider that has that API itself: what was carried to the caller for
    /// another provider would be refused there as a wrong signature.
    fn as_messages(&self, job: &Job) -> Result<Fitted, Error> {
        let model = &self.at.model;
        let Some(rest) = anthropic::without_carried(&job.body) else {
            return Ok(Fitted::plainly(job.asked.with_model(&job.body, model)));
        };
        let mut receipt = Receipt::default();
        receipt.note("messages[].content[].thinking", Fate::Dropped);
        self.allow(&receipt)?;
        let rest = rest.into_bytes();
        let ask = splice::read_ask(&rest).map_err(|_| Error::Internal)?;
        Ok(Fitted {
            body: splice::with_model(&rest, &ask, model),
            receipt,
            usage_is_ours: false,
        })
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
                Err(refusal_of(&refusal, self.config, &[]))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn policy(&self) -> Policy {
        self.config.policy(self.profile)
    }
}

/// What a caller is told of a field that is not let through; `refused` are those that the provider was seen to refuse.
fn refusal_of(refusal: &Refusal, config: &ProviderConfig, refused: &[Box<str>]) -> Error {
    let Refusal { field, fate } = refusal;
    let would = match fate {
        Fate::Dropped if refused.iter().any(|name| **name == **field) => {
            "was refused there within the last hour".to_owned()
        }
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
