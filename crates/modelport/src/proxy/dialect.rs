//! An API that a provider does not speak, put into chat completions and back: which API that is, its requests, its answers and
//! its streams. The translations themselves are in `anthropic` and `responses`.

use std::borrow::Cow;

use bytes::Bytes;
use modelport_provider::{
    receipt::Receipt,
    splice::{self, Ask},
};

use super::Job;
use crate::{
    anthropic, clock,
    error::{Error, anthropic_type},
    ids::RequestId,
    responses,
    translation::Untranslatable,
};

/// An API that is put into chat completions where a provider does not speak it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Anthropic's Messages.
    Messages,
    /// OpenAI's Responses.
    Responses,
}

/// A request as a chat completion.
#[derive(Debug)]
pub struct AsChat {
    /// The body.
    pub body: Bytes,
    /// What it asks for.
    pub ask: Ask,
    /// What became of the fields.
    pub receipt: Receipt,
}

/// An answer's stream on its way from chat completions.
pub enum Events {
    /// To Anthropic's Messages.
    Messages(Box<anthropic::Events>),
    /// To OpenAI's Responses.
    Responses(Box<responses::Events>),
}

impl Dialect {
    /// The caller's request as a chat completion.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when chat completions cannot say it.
    pub fn to_chat(self, job: &Job) -> Result<AsChat, Error> {
        let model = job.plan.first().map_or("", |first| &*first.model);
        let translated = match self {
            Self::Messages => anthropic::to_chat(&job.body, model),
            Self::Responses => responses::to_chat(&job.body, model),
        };
        let request = translated.map_err(refused)?;
        let body = Bytes::from(request.body);
        let ask = splice::read_ask(&body).map_err(|_| Error::Internal)?;
        Ok(AsChat {
            body,
            ask,
            receipt: request.receipt,
        })
    }

    /// A completion as an answer of this API; `None` when it cannot be read as one.
    pub fn whole(self, job: &Job, completion: &[u8]) -> Option<Bytes> {
        let requested = requested(job);
        let answer = match self {
            Self::Messages => anthropic::from_chat(completion, &requested),
            Self::Responses => {
                let echo = responses::Echo::of(&job.body);
                responses::from_chat(completion, &echo, &requested, now())
            }
        };
        answer.map(Bytes::from)
    }

    /// The start of a stream of this API.
    pub fn stream(self, job: &Job) -> Events {
        let requested = requested(job);
        match self {
            Self::Messages => {
                // What cannot be counted has been refused before.
                let input = anthropic::count_tokens(&job.body).unwrap_or(0);
                Events::Messages(Box::new(anthropic::Events::new(&requested, input)))
            }
            Self::Responses => {
                let echo = responses::Echo::of(&job.body);
                let id = format!("resp_{}", job.id.as_str());
                Events::Responses(Box::new(responses::Events::new(
                    echo,
                    &requested,
                    &id,
                    now(),
                )))
            }
        }
    }
}

impl Events {
    /// What one chunk comes to.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Messages(events) => events.push(chunk, out),
            Self::Responses(events) => events.push(chunk, out),
        }
    }

    /// The end of a stream that is whole.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Messages(events) => events.finish(out),
            Self::Responses(events) => events.finish(out),
        }
    }

    /// The end of a stream that broke.
    pub fn fail(&mut self, error: &Error, id: &RequestId, out: &mut Vec<u8>) {
        match self {
            Self::Messages(events) => {
                let kind = anthropic_type(error.status());
                events.fail(kind, &error.to_string(), id.as_str(), out);
            }
            Self::Responses(events) => events.fail(error.code(), &error.to_string(), out),
        }
    }
}

/// The model as the caller named it, or as it was chosen.
fn requested(job: &Job) -> Cow<'_, str> {
    let asked = job.asked.model(&job.body);
    let chosen = || job.plan.first().map_or("", |first| &*first.model);
    Cow::Borrowed(asked.unwrap_or_else(chosen))
}

fn now() -> u64 {
    clock::since_epoch().as_secs()
}

/// The refusal of a request that cannot be translated.
pub fn refused(fault: Untranslatable) -> Error {
    Error::BadRequest {
        message: fault.message,
        param: fault.param,
        code: fault.code,
    }
}
