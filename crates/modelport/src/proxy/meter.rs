//! Measures one request from its arrival to its end, whoever ends it, and hands over one record.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Release},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use modelport_provider::{failure::FailureKind, receipt::Receipt, usage::Usage};
use rust_decimal::Decimal;

pub use crate::accounting::record::Ending;
use crate::{
    accounting::{
        entry::short,
        record::{Lookup, Problem, Record},
    },
    app::App,
    clock,
    error::{Blame, Error},
    ids::trace::{Parent, Trace},
    limits::{admission::Standing, cell::Use},
    routing::choice::Attempts,
};

mod booking;
mod steps;

use super::{
    Inbound,
    admission::Admitted,
    attempt::Committed,
    headers,
    plan::{Deployment, Plan},
    tries::Held,
};

/// A request being measured. Dropped before it is settled, it counts as cancelled by the caller.
pub struct Meter {
    app: Arc<App>,
    arrived: Instant,
    /// The provider whose use is still to be booked, by its place in the configuration.
    provider: Option<usize>,
    record: Option<Box<Record>>,
    /// Attempts that were begun.
    attempts: Attempts,
    /// How long an answer that had begun was waited for.
    waited: Duration,
    /// What is let go of when the answer is over.
    held: Held,
    /// The request's leave by the limits of the caller.
    admitted: Option<Box<Admitted>>,
    /// The request's body.
    body: Bytes,
    /// Events of the stream that have passed, from the target that answers.
    events: u64,
    /// What targets that died in it have used, roughly.
    earlier: Use,
    /// Is told when the request has ended well, if anybody wants to know.
    watched: Option<Arc<AtomicBool>>,
}

impl Meter {
    /// From now on.
    pub fn start(app: &Arc<App>, inbound: &Inbound) -> Self {
        let known = inbound.caller.known.as_ref();
        Self {
            app: Arc::clone(app),
            arrived: clock::now(),
            provider: None,
            attempts: Attempts::new(),
            waited: Duration::ZERO,
            held: Held::default(),
            admitted: None,
            body: Bytes::new(),
            events: 0,
            earlier: Use::default(),
            watched: None,
            record: Some(Box::new(Record {
                caller: inbound.caller.number,
                key: known.map(|known| Arc::clone(&known.id)),
                team: known.and_then(|known| known.team.clone()),
                tags: known.and_then(|known| known.tags_json.clone()),
                trace: trace(app, &inbound.headers),
                ..Record::new(
                    inbound.id.clone(),
                    clock::calendar(),
                    inbound.surface.path(),
                    inbound.surface.operation(),
                )
            })),
        }
    }

    /// The trace that the request's attempts are to go on with, where this gateway makes spans of them.
    pub fn trace(&self) -> Option<Trace> {
        let trace = self.record.as_ref()?.trace;
        trace.filter(|trace| trace.span.is_some())
    }

    /// It is known what model is asked for, in the caller's words.
    pub fn asked(&mut self, model: &str) {
        if let Some(record) = &mut self.record {
            record.requested = Some(short(model).into());
        }
    }

    /// It is known who may answer.
    pub fn planned(&mut self, plan: &Plan, stream: bool) {
        if let Some(record) = &mut self.record {
            record.upstream_model = plan.first().and_then(Deployment::named);
            record.stream = stream;
            let choice = plan.choice.as_ref();
            record.route = choice.map(|choice| Arc::clone(&choice.route.name));
        }
    }

    /// A provider is being asked.
    pub fn attempting(&mut self, at: &Deployment) {
        self.provider = Some(at.provider);
        let id = self.app.config.providers.get(at.provider);
        if let Some(record) = &mut self.record {
            record.provider = id.map(|config| config.id.as_str().into());
            // Most requests are asked of the first deployment of their plan, whose model it is already.
            let known = record.upstream_model.as_ref();
            if !known.is_some_and(|known| Arc::ptr_eq(known, &at.model)) {
                record.upstream_model = at.named();
            }
        }
    }

    /// Where attempts are noted when they begin.
    pub fn noting(&mut self) -> &mut Attempts {
        &mut self.attempts
    }

    /// What the caller is told of the fields of its request, beside what the provider's answer says with these headers.
    pub fn told(&mut self, answered: Option<&HeaderMap>, receipt: &Receipt) {
        let is_told = self.attempts.iter().any(|attempt| attempt.tells_fields);
        if receipt.is_empty() && !is_told {
            return;
        }
        if let Some(record) = &mut self.record {
            let text = match answered {
                Some(answered) => headers::told(answered, receipt),
                None => receipt.to_string(),
            };
            record.params = (!text.is_empty()).then(|| text.into());
        }
    }

    /// The attempts that were begun.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// The provider kept an answer that had begun waiting for so long.
    pub fn waited(&mut self, time: Duration) {
        self.waited += time;
    }

    /// The answer keeps this until it is over.
    pub fn hold(&mut self, held: Held) {
        self.held = held;
    }

    /// The limits allow the request.
    pub fn admitted(&mut self, admitted: Option<Box<Admitted>>) {
        self.admitted = admitted;
    }

    /// Takes the leave back, for another one.
    pub fn take_admitted(&mut self) -> Option<Box<Admitted>> {
        self.admitted.take()
    }

    /// Where the caller stands by its limits, if it has any.
    pub fn limits(&self) -> Option<Standing> {
        self.admitted.as_ref().map(|admitted| admitted.standing())
    }

    /// The body is read.
    pub fn body(&mut self, body: &Bytes) {
        self.body = body.clone();
    }

    /// What the request costs, as far as that is known by now, for the answer's headers.
    pub fn cost(&mut self) -> Option<Decimal> {
        let mut record = self.record.take()?;
        self.price(&mut record);
        let amount = record.charge.amount;
        self.record = Some(record);
        amount
    }

    /// What the request has cost by the usage that is told so far, and a word for where that figure comes from. What a
    /// target used that died on the way is estimated later, so then nobody knows yet.
    pub fn told_cost(&mut self) -> Option<(Decimal, &'static str)> {
        let record = self.record.as_ref()?;
        record
            .usage
            .as_ref()
            .filter(|_| record.earlier.is_empty())?;
        let amount = self.cost()?;
        let charge = &self.record.as_ref()?.charge;
        Some((amount, charge.source.as_str()))
    }

    /// An event of the stream has passed.
    pub fn event(&mut self) {
        self.events += 1;
        if let Some(admitted) = &mut self.admitted {
            admitted.event();
        }
    }

    /// When the request arrived.
    pub fn arrived(&self) -> Instant {
        self.arrived
    }

    /// When the first output was there.
    pub fn first_output(&mut self, at: Instant) {
        if let Some(record) = &mut self.record {
            record.first_output = Some(at.saturating_duration_since(self.arrived));
        }
    }

    /// It is certain what answers. Its own name for itself is looked for only where a span is to say it.
    pub fn answered(&mut self, committed: &Committed) {
        if let Some(record) = &mut self.record
            && record
                .trace
                .is_some_and(|trace| trace.is_taken && trace.span.is_some())
        {
            record.answered_by = committed.model().map(|model| short(&model).into());
        }
    }

    /// What the provider says it used; the last word counts.
    pub fn used(&mut self, usage: Usage) {
        if let Some(record) = &mut self.record {
            record.usage = Some(usage.over(record.usage.as_ref()));
        }
    }

    /// The caller gets an answer, which begins with this status.
    pub fn begin(&mut self, status: StatusCode) {
        if let Some(record) = &mut self.record {
            record.status = status;
        }
    }

    /// The caller gets a provider's refusal.
    pub fn passed_on(&mut self, status: StatusCode, kind: FailureKind, said: &str) {
        if let Some(record) = &mut self.record {
            let blame = if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
                Blame::Upstream
            } else {
                Blame::Caller
            };
            record.status = status;
            record.problem = Some(Problem {
                blame,
                class: kind.as_str(),
                limit: None,
                said: said.into(),
            });
        }
    }

    /// The caller gets an error of ours.
    pub fn fail(mut self, error: &Error) {
        self.refuse(error);
    }

    /// As [`Meter::fail`], for a request that never got under way.
    pub fn refuse(&mut self, error: &Error) {
        if let Some(record) = &mut self.record {
            record.status = error.status();
            record.problem = Some(Problem::of(error));
        }
        self.hand_over(Ending::Failed);
    }

    /// The stream ends with an error event.
    pub fn break_off(&mut self, error: &Error) {
        if let Some(flight) = &mut self.held.flight
            && error.blame() == Blame::Upstream
        {
            flight.failed(FailureKind::Truncated, None, clock::now());
        }
        if let Some(record) = &mut self.record {
            record.problem = Some(Problem::of(error));
        }
        self.hand_over(Ending::Broken);
    }

    /// What was found among the answers that are kept.
    pub fn looked_up(&mut self, found: Lookup) {
        if let Some(record) = &mut self.record {
            record.lookup = Some(found);
        }
    }

    /// What becomes true when the request has ended well.
    pub fn watch(&mut self) -> Arc<AtomicBool> {
        Arc::clone(self.watched.get_or_insert_default())
    }

    /// The request is over.
    pub fn settle(&mut self, ending: Ending) {
        self.hand_over(ending);
    }

    /// What the attempts were, and how long they kept the request waiting.
    fn sum_up(&self, record: &mut Record) {
        let waited: Duration = self.attempts.iter().map(|attempt| attempt.waited).sum();
        record.waited = self.waited + waited;
        let name = |place: usize| {
            let config = self.app.config.providers.get(place);
            config.map_or("", |config| config.id.as_str())
        };
        record.tried = steps::of(&self.attempts, self.arrived, record, name);
    }

    fn hand_over(&mut self, ending: Ending) {
        if let Some(mut record) = self.record.take() {
            record.ending = ending;
            record.duration = self.arrived.elapsed();
            record.attempts = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX);
            self.price(&mut record);
            self.teach(&record);
            self.count(&mut record);
            self.sum_up(&mut record);
            self.held = Held::default();
            self.app.records.send(record);
            if let (Some(watched), Ending::Answered) = (&self.watched, ending) {
                watched.store(true, Release);
            }
        }
    }
}

/// The trace of a request with these headers, if it is known to belong to one.
fn trace(app: &App, headers: &HeaderMap) -> Option<Trace> {
    let parent = Parent::of(headers);
    match app.records.traces() {
        Some(traces) => Some(Trace::of_ours(parent, |id, decided| {
            traces.sampler().takes(id, decided)
        })),
        None => parent.map(Trace::of_caller),
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.hand_over(Ending::Cancelled);
    }
}
