//! THE REQUEST PATH: from a caller's request to a provider's answer.
//!
//! What may answer is decided before anything is sent; what is sent changes only by the model's
//! name; nothing is sent back before a provider's first real output, so that until then another
//! attempt can take over unseen.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Response};
use modelport_provider::splice::{self, Ask, AskFault};

pub mod attempt;
pub mod body;
pub mod failure;
pub mod headers;
pub mod meter;
pub mod relay;
pub mod waiting;

use crate::{app::Worker, error::Error, ids::RequestId, models::Plan};
use attempt::Committed;
use failure::Failure;
use meter::{Ending, Meter};

/// A request as it arrived.
pub struct Inbound {
    /// Its id.
    pub id: RequestId,
    /// The endpoint below `/v1`.
    pub endpoint: &'static str,
    /// Its query string, without the question mark.
    pub query: Option<String>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// An answer on its way to the caller.
pub type Reply = Response<Body>;

/// One request being worked on; everything it needs, so that it can outlive the handler.
pub struct Job {
    pub(crate) worker: Arc<Worker>,
    pub(crate) id: RequestId,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) ask: Ask,
    pub(crate) plan: Plan,
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
    if job.ask.stream() {
        return waiting::within_grace(job, meter).await;
    }
    run(job, meter).await
}

/// What is asked for, and who may answer.
fn prepare(worker: Arc<Worker>, inbound: Inbound, meter: &mut Meter) -> Result<Job, Error> {
    let ask =
        splice::read_ask(&inbound.body).map_err(|fault| bad_request(&fault, &inbound.body))?;
    let app = &worker.app;
    let plan = app.models.plan(ask.model(&inbound.body))?;
    meter.planned(&plan, ask.stream());
    let path = match &inbound.query {
        Some(query) => format!("{}?{query}", inbound.endpoint),
        None => inbound.endpoint.to_owned(),
    };
    Ok(Job {
        headers: headers::to_upstream(inbound.headers, &inbound.id),
        id: inbound.id,
        body: inbound.body,
        path,
        ask,
        plan,
        worker,
    })
}

fn bad_request(fault: &AskFault, body: &[u8]) -> Error {
    Error::BadRequest {
        message: fault.describe(body),
        param: fault.field().map(str::to_owned),
        code: fault.code(),
    }
}

/// Tries the plan's deployments in turn, each with its retries, until one commits to an answer.
pub(crate) async fn run(job: Job, mut meter: Meter) -> Result<Reply, Error> {
    let mut last = None;
    for (place, &provider) in job.plan.providers.iter().enumerate() {
        meter.attempting(provider);
        match at_provider(&job, provider, &mut meter).await {
            Ok(committed) => return Ok(relay::reply(&job, provider, committed, meter)),
            Err(failure) => {
                let others = place + 1 < job.plan.providers.len();
                let over = others && failure.may_fail_over();
                last = Some((provider, failure));
                if !over {
                    break;
                }
            }
        }
    }
    let Some((provider, failure)) = last else {
        meter.settle(Ending::Failed);
        return Err(Error::Internal);
    };
    failure.into_reply(&job, provider, meter)
}

/// One provider: the first attempt and its retries.
async fn at_provider(job: &Job, provider: usize, meter: &mut Meter) -> Result<Committed, Failure> {
    let app = &job.worker.app;
    let mut retries = 0;
    loop {
        let started = crate::clock::now();
        let result = attempt::once(job, provider).await;
        let result = result.map_err(|failure| job.hide(provider, failure));
        let took = started.elapsed();
        job.note_signal(provider, &result, took);
        let failure = match result {
            Ok(committed) => {
                meter.first_output();
                attempt::note_success(job, provider, took);
                return Ok(committed);
            }
            Err(failure) => failure,
        };
        let wait = attempt::wait_before_retry(&app.config, provider, &failure, retries);
        attempt::note_failure(job, provider, &failure, took, wait);
        let Some(wait) = wait else {
            return Err(failure);
        };
        retries += 1;
        tokio::time::sleep(wait).await;
        meter.retrying();
    }
}

impl Job {
    /// The id of a provider of the plan.
    fn provider_id(&self, provider: usize) -> &str {
        let config = self.worker.app.config.providers.get(provider);
        config.map_or("", |config| config.id.as_str())
    }

    /// The id of the provider that is asked first.
    fn first_provider_id(&self) -> &str {
        let first = self.plan.providers.first();
        first.map_or("", |provider| self.provider_id(*provider))
    }

    /// Where a provider of the plan is, for the log.
    fn base_url(&self, provider: usize) -> String {
        let config = self.worker.app.config.providers.get(provider);
        config.map_or_else(String::new, |config| config.base_url.to_string())
    }

    /// A failure without our own credentials in it.
    fn hide(&self, provider: usize, failure: Failure) -> Failure {
        match self.worker.app.config.providers.get(provider) {
            Some(config) => failure.hiding(&config.headers),
            None => failure,
        }
    }

    /// An attempt is a sign of the provider's health.
    fn note_signal(&self, provider: usize, result: &Result<Committed, Failure>, took: Duration) {
        let app = &self.worker.app;
        let (Some(signals), Some(config)) = (
            app.signals.get(provider),
            app.config.providers.get(provider),
        ) else {
            return;
        };
        let failure = result.as_ref().err();
        if failure.is_some_and(|failure| !failure.was_sent()) {
            return;
        }
        let failure = failure.map(|failure| (failure.kind, failure.said()));
        signals.note(failure, took, &config.key_variable);
    }
}
