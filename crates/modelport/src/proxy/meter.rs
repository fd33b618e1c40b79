//! Measures one request from its arrival to its end, whoever ends it, and hands over one record.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Instant,
};

use http::StatusCode;
use modelport_provider::{failure::FailureKind, usage::Usage};
use smallvec::SmallVec;

pub use crate::accounting::record::Ending;
use crate::{
    accounting::{charge::Charge, entry::short, record::Record},
    app::App,
    clock,
    error::{Blame, Error},
    limits::{
        admission::{Reached, Standing},
        cell::Use,
    },
};

use super::{
    Inbound,
    admission::Admitted,
    plan::{Deployment, Plan},
    tries::Held,
};

/// The status of a request whose caller left before an answer began: nginx's word for it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A request being measured. Dropped before it is settled, it counts as cancelled by the caller.
pub struct Meter {
    app: Arc<App>,
    arrived: Instant,
    /// The provider that is being asked, by its place in the configuration.
    provider: Option<usize>,
    record: Option<Box<Record>>,
    /// Attempts that were made.
    calls: AtomicU32,
    /// What is let go of when the answer is over.
    held: Held,
    /// The request's leave by the limits of the caller.
    admitted: Option<Box<Admitted>>,
}

impl Meter {
    /// From now on.
    pub fn start(app: &Arc<App>, inbound: &Inbound) -> Self {
        let known = inbound.caller.known.as_ref();
        Self {
            app: Arc::clone(app),
            arrived: clock::now(),
            provider: None,
            calls: AtomicU32::new(0),
            held: Held::default(),
            admitted: None,
            record: Some(Box::new(Record {
                id: inbound.id.clone(),
                at: clock::calendar(),
                caller: inbound.caller.number,
                key: known.map(|known| Arc::clone(&known.id)),
                team: known.and_then(|known| known.team.clone()),
                tags: known.and_then(|known| known.tags.clone()),
                endpoint: inbound.surface.path(),
                requested: None,
                upstream_model: None,
                provider: None,
                stream: false,
                attempts: 0,
                status: StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or_default(),
                duration: std::time::Duration::ZERO,
                first_output: None,
                usage: None,
                charge: Charge::default(),
                ending: Ending::Cancelled,
                problem: None,
            })),
        }
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
        }
    }

    /// A provider is being asked.
    pub fn attempting(&mut self, at: &Deployment) {
        self.provider = Some(at.provider);
        let id = self.app.config.providers.get(at.provider);
        if let Some(record) = &mut self.record {
            record.provider = id.map(|config| config.id.as_str().into());
            record.upstream_model = at.named();
        }
    }

    /// An attempt is being made.
    pub fn calling(&self) {
        self.calls.fetch_add(1, Relaxed);
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

    /// An event of the stream has passed.
    pub fn event(&mut self) {
        if let Some(admitted) = &mut self.admitted {
            admitted.event();
        }
    }

    /// When the request arrived.
    pub fn arrived(&self) -> Instant {
        self.arrived
    }

    /// The first output is there.
    pub fn first_output(&mut self) {
        if let Some(record) = &mut self.record {
            record.first_output = Some(self.arrived.elapsed());
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
    pub fn passed_on(&mut self, status: StatusCode, said: &str) {
        if let Some(record) = &mut self.record {
            let blame = if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
                Blame::Upstream
            } else {
                Blame::Caller
            };
            record.status = status;
            record.problem = Some((blame, said.into()));
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
            record.problem = Some((error.blame(), error.to_string().into()));
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
            record.problem = Some((error.blame(), error.to_string().into()));
        }
        self.hand_over(Ending::Broken);
    }

    /// The request is over.
    pub fn settle(&mut self, ending: Ending) {
        self.hand_over(ending);
    }

    /// What was used shows what the model can do.
    fn teach(&self, record: &Record) {
        let (Some(provider), Some(model), Some(usage)) =
            (self.provider, &record.upstream_model, &record.usage)
        else {
            return;
        };
        if let Some(cache) = &self.held.cache {
            cache.note(usage.input_tokens, usage.cached_input_tokens);
        }
        let lessons = &self.app.lessons;
        lessons.used(provider, model, usage, clock::calendar());
    }

    /// Puts what was used in the place of what was expected, at every limit.
    fn count(&mut self, record: &Record) {
        let of_provider = self.held.permit.take();
        let admitted = self.admitted.take();
        if admitted.is_none() && of_provider.is_none() {
            return;
        }
        let is_whole = record.ending == Ending::Answered;
        let used = match (&record.usage, self.provider, &record.upstream_model) {
            (Some(usage), Some(provider), Some(model)) => Some(Use {
                input_tokens: usage.input_tokens,
                output_tokens: usage.output_tokens,
                cost: self.app.cost(provider, model, usage),
            }),
            // What was not answered has used nothing, as far as anybody has said.
            _ if record.first_output.is_none() => Some(Use::default()),
            _ => None,
        };
        let mut reached = SmallVec::new();
        if let Some(admitted) = admitted {
            reached = admitted.settle(&self.app, used, is_whole);
        }
        if let Some(of_provider) = of_provider {
            reached.extend(of_provider.settle(used));
        }
        for Reached { cell, soft } in reached {
            tracing::warn!(
                target: "modelport",
                owner = ?cell.owner,
                name = &*cell.name,
                spent = %soft.spent,
                warn_at = %soft.limit,
                "a budget has reached the amount at which it warns"
            );
        }
    }

    fn hand_over(&mut self, ending: Ending) {
        if let Some(mut record) = self.record.take() {
            record.ending = ending;
            record.duration = self.arrived.elapsed();
            record.attempts = self.calls.load(Relaxed);
            record.charge = charge(&record);
            self.teach(&record);
            self.count(&record);
            self.held = Held::default();
            self.app.records.send(record);
        }
    }
}

/// What the request costs, as far as its provider says.
fn charge(record: &Record) -> Charge {
    let reported = record.usage.as_ref().and_then(|usage| usage.reported_cost);
    match (record.attempts, reported) {
        (0, _) => Charge::none(),
        (_, Some(amount)) => Charge::reported(amount),
        (_, None) => Charge::default(),
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.hand_over(Ending::Cancelled);
    }
}
