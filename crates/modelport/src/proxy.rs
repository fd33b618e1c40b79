//! THE REQUEST PATH: from a caller's request to a provider's answer.
//!
//! What may answer is decided before anything is sent; what is sent changes only by the model's
//! name; nothing is sent back before a provider's first real output, so that until then another
//! attempt can take over unseen.

use std::{
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use modelport_provider::{
    failure::Lesson,
    splice::{self, AskFault},
};

pub mod admission;
pub mod asked;
pub mod attempt;
pub mod body;
mod cached;
pub mod choice;
pub mod deadline;
mod decoding;
pub mod dialect;
pub mod failure;
pub mod form;
pub mod headers;
mod hedge;
pub mod meter;
mod next;
mod place;
pub mod plan;
pub mod relay;
pub mod sending;
pub mod surface;
pub mod tries;
pub mod upload;
mod waited;
pub mod waiting;

use crate::{
    anthropic,
    app::Worker,
    auth::Caller,
    clock,
    error::Error,
    ids::{REQUEST_ID, RequestId, trace::Trace},
    routing::{
        choice::{Attempts, Choice, Stop},
        decisions::Decision,
    },
};
use asked::Asked;
use choice::Request;
use deadline::Deadline;
use dialect::AsChat;
use failure::Failure;
use meter::{Ending, Meter};
use next::After;
use plan::{Deployment, Plan};
use relay::continuing;
use sending::Sending;
use surface::{Surface, WithoutModel};
use upload::{Arriving, Taken};

/// A request as it arrived.
pub struct Inbound {
    /// Its id.
    pub id: RequestId,
    /// Whose key it shows.
    pub caller: Caller,
    /// The endpoint.
    pub surface: Surface,
    /// Its query string, without the question mark.
    pub query: Option<String>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub content: Content,
}

/// A request's body.
pub enum Content {
    /// JSON, or what should be.
    Json(Bytes),
    /// A multipart form, or its beginning.
    Form(Box<Taken>),
}

/// An answer on its way to the caller.
pub type Reply = Response<Body>;

/// One request being worked on; everything it needs, so that it can outlive the handler.
pub struct Job {
    pub(crate) worker: Arc<Worker>,
    pub(crate) id: RequestId,
    /// The trace that goes on with it, where traces are made.
    pub(crate) trace: Option<Trace>,
    pub(crate) caller: Caller,
    pub(crate) surface: Surface,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    /// Whether the caller has said that it takes fields behind a body.
    pub(crate) takes_trailers: bool,
    /// The body; empty for a form that still arrives.
    pub(crate) body: Bytes,
    pub(crate) asked: Asked,
    pub(crate) arriving: Option<Arriving>,
    /// The request as a chat completion, once a provider wants it so.
    pub(crate) as_chat: OnceLock<AsChat>,
    pub(crate) plan: Plan,
    /// When the caller gives up, as it says or as its route does.
    pub(crate) deadline: Option<Deadline>,
    /// Whether it waits for a place even where another target is up.
    pub(crate) waits: AtomicBool,
}

/// Answers a request from the first provider of its plan that can.
///
/// # Errors
///
/// What the gateway itself has to say no with. A provider's refusal of the request is an `Ok`.
pub async fn forward(worker: Arc<Worker>, inbound: Inbound) -> Result<Reply, Error> {
    let mut meter = Meter::start(&worker.app, &inbound);
    let result = prepare(worker, inbound, &mut meter);
    let job = match result {
        Ok(job) => job,
        Err(error) => {
            meter.refuse(&error);
            return Err(error);
        }
    };
    if let Some(reply) = counted(&job) {
        meter.begin(StatusCode::OK);
        meter.settle(Ending::Answered);
        return reply;
    }
    match admission::admit(&job) {
        Ok(admitted) => meter.admitted(admitted),
        Err(error) => {
            meter.refuse(&error);
            return Err(error);
        }
    }
    if job.worker.app.shared.is_some()
        && let Err(error) = Box::pin(admission::agree(&job, &mut meter)).await
    {
        meter.refuse(&error);
        return Err(error);
    }
    if let Some(cache) = &job.worker.app.cache
        && job.surface.may_be_kept()
    {
        let cache = Arc::clone(cache);
        return Box::pin(cached::answer(cache, job, meter)).await;
    }
    if job.asked.stream() {
        return Box::pin(waiting::within_grace(job, meter)).await;
    }
    run(job, meter).await
}

/// The count of a request's tokens, where the provider that would be asked cannot count.
fn counted(job: &Job) -> Option<Result<Reply, Error>> {
    if job.surface != Surface::CountTokens {
        return None;
    }
    let first = job.plan.first()?;
    let profile = job.worker.upstream(first.provider)?.as_provider().profile();
    if profile
        .messages
        .is_some_and(|api| api.count_tokens.is_some())
    {
        return None;
    }
    Some(
        anthropic::count_tokens(&job.body)
            .map_err(dialect::refused)
            .map(|count| {
                let mut reply = Response::new(Body::from(format!("{{\"input_tokens\":{count}}}")));
                let json = HeaderValue::from_static("application/json");
                let headers = reply.headers_mut();
                headers.insert(header::CONTENT_TYPE, json);
                headers.insert(REQUEST_ID, job.id.to_header());
                headers::add_resolution(headers, job.provider_id(first), &first.model);
                reply
            }),
    )
}

/// What is asked for, and who may answer.
/// Boxed: a value that is given to a future lies in it twice, and there are several in a row.
fn prepare(worker: Arc<Worker>, inbound: Inbound, meter: &mut Meter) -> Result<Box<Job>, Error> {
    let (body, asked, arriving) = read(inbound.content)?;
    meter.body(&body);
    let app = &worker.app;
    let plan = match (asked.model(&body), inbound.surface.without_model()) {
        (None, WithoutModel::Provider) => Plan::without_model(app),
        (None, WithoutModel::Default) => Plan::by_name(app, None)?,
        (Some(model), _) => {
            meter.asked(model);
            let (ask, headers) = (asked.of_json(), &inbound.headers);
            let body = &body;
            let request = Request {
                model,
                ask,
                body,
                headers,
                caller: &inbound.caller,
            };
            Plan::of(app, request)?
        }
    };
    let plan = plan.open_to(app, &inbound.caller, asked.model(&body))?;
    let deadline = deadline::of(&inbound.headers, &plan, meter.arrived())?;
    meter.planned(&plan, asked.stream());
    Ok(Box::new(Job {
        takes_trailers: headers::takes_trailers(&inbound.headers),
        headers: headers::to_upstream(inbound.headers, &inbound.id),
        id: inbound.id,
        trace: meter.trace(),
        caller: inbound.caller,
        body,
        surface: inbound.surface,
        query: inbound.query,
        asked,
        arriving,
        as_chat: OnceLock::new(),
        plan,
        deadline,
        waits: AtomicBool::new(false),
        worker,
    }))
}

/// The body, what it asks for, and how it still arrives.
fn read(content: Content) -> Result<(Bytes, Asked, Option<Arriving>), Error> {
    match content {
        Content::Json(body) => {
            let ask = splice::read_ask(&body).map_err(|fault| bad_request(&fault, &body))?;
            Ok((body, Asked::Json(ask), None))
        }
        Content::Form(taken) => match *taken {
            Taken::Whole { body, ask } => Ok((body, Asked::Form(ask), None)),
            Taken::Arriving { form, ask } => Ok((Bytes::new(), Asked::Form(ask), Some(form))),
        },
    }
}

/// The refusal of a body that is no request.
pub fn bad_request(fault: &AskFault, body: &[u8]) -> Error {
    Error::BadRequest {
        message: fault.describe(body),
        param: fault.field().map(str::to_owned),
        code: fault.code(),
    }
}

/// Tries the plan's deployments in turn, each with its retries, until one commits to an answer.
pub(crate) async fn run(mut job: Box<Job>, mut meter: Meter) -> Result<Reply, Error> {
    let mut last = None;
    let mut stopped = None;
    let mut place = 0;
    while let Some(mut at) = job.plan.deployments.get(place) {
        let mut sending = match sending::prepare(&job, at) {
            Ok(sending) => sending,
            // What this one cannot be given, another of the route may take.
            Err(_) if job.is_routed() && place + 1 < job.plan.deployments.len() => {
                place += 1;
                continue;
            }
            // That an earlier one failed says more than that the last one could not be asked.
            Err(_) if last.is_some() => break,
            Err(error) => return Ok(refuse(&job, at, error, meter)),
        };
        meter.attempting(at);
        let mut asked = place;
        let result = if job.is_hedged() {
            let raced = Box::pin(hedge::race(&job, place, at, &sending, meter.noting())).await;
            if let (Some(other), Some(its)) = (job.plan.deployments.get(raced.place), raced.sending)
            {
                (at, sending) = (other, its);
                meter.attempting(at);
            }
            (asked, place) = (raced.place, raced.last);
            raced.result
        } else {
            tries::at_deployment(&job, place, at, &sending, meter.noting()).await
        };
        match result {
            Ok(won) => {
                meter.first_output(won.at);
                meter.answered(&won.committed);
                meter.told(Some(won.committed.headers()), &sending.receipt);
                meter.hold(won.held);
                let (committed, queued) = (won.committed, won.queued);
                let mut reply = if continuing::applies(&job) {
                    job.note(meter.attempts(), None);
                    continuing::reply(job, (asked, place), &sending, committed, meter)?
                } else {
                    let attempts = job.attempts_of(&meter);
                    let reply = relay::reply(&job, at, &sending, committed, meter);
                    job.remember(attempts, None);
                    reply
                };
                headers::add_queue_time(reply.headers_mut(), queued);
                return Ok(reply);
            }
            Err(failure) => {
                if let Some(error) = job.fault() {
                    return Ok(refuse(&job, at, error, meter));
                }
                let follows = next::at_the_next(&job, place, at, &failure, meter.attempts());
                // Boxed, for the future of every request is as large as what a failed one keeps.
                last = Some(Box::new((asked, sending, failure)));
                match follows {
                    After::Try(next) => place = next,
                    After::Tell(stop) => {
                        stopped = stop;
                        break;
                    }
                }
            }
        }
    }
    let Some(last) = last else {
        meter.settle(Ending::Failed);
        return Err(Error::Internal);
    };
    let (place, sending, failure) = *last;
    let attempts = job.attempts_of(&meter);
    let reply = failure.into_reply(&job, place, sending, meter);
    job.remember(attempts, stopped);
    reply
}

/// Says no to a request that holds what the provider cannot be given.
fn refuse(job: &Job, at: &Deployment, error: Error, meter: Meter) -> Reply {
    meter.fail(&error);
    let mut reply = error.into_reply(job.surface.envelope(), &job.id);
    headers::add_resolution(reply.headers_mut(), job.provider_id(at), &at.model);
    reply
}

impl Job {
    /// Keeps how the request was decided so far, if it is on a route.
    fn note(&self, attempts: &Attempts, stopped: Option<Stop>) {
        if let Some(choice) = &self.plan.choice {
            self.keep(Choice::clone(choice), attempts.clone(), stopped);
        }
    }

    /// What is kept of the attempts, if the request was on a route.
    fn attempts_of(&self, meter: &Meter) -> Attempts {
        if self.is_routed() {
            meter.attempts().clone()
        } else {
            Attempts::new()
        }
    }

    /// Keeps how the request was decided, if it was on a route.
    fn remember(&mut self, attempts: Attempts, stopped: Option<Stop>) {
        if let Some(choice) = self.plan.choice.take() {
            self.keep(*choice, attempts, stopped);
        }
    }

    fn keep(&self, choice: Choice, attempts: Attempts, stopped: Option<Stop>) {
        let requested = self.asked.model(&self.body).unwrap_or_default();
        self.worker.app.decisions.keep(Decision {
            id: self.id.clone(),
            at: clock::calendar(),
            requested: requested.to_owned(),
            choice,
            attempts,
            stopped,
        });
    }

    /// Whether a route is for the request.
    fn is_routed(&self) -> bool {
        self.plan.choice.is_some()
    }

    /// Whether a second attempt may be begun beside a slow one.
    fn is_hedged(&self) -> bool {
        let choice = self.plan.choice.as_ref();
        choice.is_some_and(|choice| choice.route.hedge.is_some())
    }

    /// Whether the request can be sent once more.
    fn may_repeat(&self) -> bool {
        self.arriving.as_ref().is_none_or(Arriving::may_repeat)
    }

    /// What turned out to be wrong with the request while it was sent.
    fn fault(&self) -> Option<Error> {
        self.arriving.as_ref()?.fault()
    }

    /// The id of a deployment's provider.
    fn provider_id(&self, at: &Deployment) -> &str {
        let config = self.worker.app.config.providers.get(at.provider);
        config.map_or("", |config| config.id.as_str())
    }

    /// The display name of a deployment's provider.
    fn provider_name(&self, at: &Deployment) -> &str {
        let config = self.worker.app.config.providers.get(at.provider);
        config.map_or("", |config| config.name.as_str())
    }

    /// Where a deployment's provider is, for the log.
    fn base_url(&self, at: &Deployment) -> String {
        let config = self.worker.app.config.providers.get(at.provider);
        config.map_or_else(String::new, |config| config.base_url.to_string())
    }

    /// A failure by this credential, without our own credentials in it.
    fn hide(&self, at: &Deployment, key: usize, mut failure: Failure) -> Failure {
        failure.key = u16::try_from(key).unwrap_or(0);
        match self.worker.app.config.providers.get(at.provider) {
            Some(config) => failure.hiding(&config.headers, &config.further_keys),
            None => failure,
        }
    }

    /// An attempt, and how it failed if it did, is a sign of the provider's health.
    fn note_signal(
        &self,
        at: &Deployment,
        sending: &Sending,
        failure: Option<&Failure>,
        took: Duration,
    ) {
        let app = &self.worker.app;
        let (Some(signals), Some(config)) = (
            app.signals.get(at.provider),
            app.config.providers.get(at.provider),
        ) else {
            return;
        };
        if failure.is_some_and(|failure| !failure.was_sent() || failure.is_ours()) {
            return;
        }
        let said = failure.map(|failure| (failure.kind, failure.said()));
        let key = failure.map_or(0, |failure| usize::from(failure.key));
        signals.note(said, took, config.key_setting(key));
        self.note_lesson(at, sending, failure);
    }

    /// An attempt teaches what the model can do. The Responses and the Messages API spell fields otherwise and have others:
    /// of what one of them does not take a chat completion may well be made.
    fn note_lesson(&self, at: &Deployment, sending: &Sending, failure: Option<&Failure>) {
        let is_typed = matches!(self.surface, Surface::Responses | Surface::Messages);
        let teaches_fields = !is_typed || sending.reading.dialect.is_some();
        let (lessons, provider) = (&self.worker.app.lessons, at.provider);
        let (sent, now) = (sending.names(self), clock::calendar());
        match failure.map(|failure| &failure.lesson) {
            None => lessons.taken_with(provider, &at.model, sent, now),
            Some(Some(lesson)) if teaches_fields => {
                lessons.refused_with(provider, &at.model, lesson, sent, now);
            }
            Some(Some(lesson)) => {
                let of_ability = Lesson {
                    field: None,
                    capability: lesson.capability,
                };
                lessons.refused_with(provider, &at.model, &of_ability, sent, now);
            }
            Some(None) => {}
        }
    }
}
