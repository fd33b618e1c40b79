//! Measures one request from its arrival to its end, whoever ends it, and hands over one record.

use std::{
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicU32,
            Ordering::{Relaxed, Release},
        },
    },
    time::Instant,
};

use bytes::Bytes;
use http::StatusCode;
use modelport_provider::{cost::Counts, failure::FailureKind, usage::Usage};
use rust_decimal::Decimal;
use smallvec::SmallVec;

pub use crate::accounting::record::Ending;
use crate::{
    accounting::{charge::Charge, entry::short, record::Record, unmetered::Unmetered},
    app::App,
    clock,
    error::{Blame, Error},
    limits::{
        admission::{Reached, Standing},
        cell::Use,
        money::Money,
    },
    models::cost,
};

use super::{
    Inbound,
    admission::Admitted,
    plan::{Deployment, Plan},
    tries::Held,
};

/// The status of a request whose caller left before an answer began: nginx's word for it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Bytes of a request that make a token, roughly.
const BYTES_PER_TOKEN: usize = 4;

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
            calls: AtomicU32::new(0),
            held: Held::default(),
            admitted: None,
            body: Bytes::new(),
            events: 0,
            earlier: Use::default(),
            watched: None,
            record: Some(Box::new(Record {
                id: inbound.id.clone(),
                at: clock::calendar(),
                caller: inbound.caller.number,
                key: known.map(|known| Arc::clone(&known.id)),
                team: known.and_then(|known| known.team.clone()),
                tags: known.and_then(|known| known.tags_json.clone()),
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
                unmetered: None,
                earlier: Vec::new(),
                kept: false,
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

    /// The target that answers has died in the middle of a stream with which another is to go on. What it did is booked
    /// with the rest, and the answer is kept for nobody.
    pub fn cut(&mut self) {
        if let Some(flight) = &mut self.held.flight {
            flight.failed(FailureKind::Truncated, None, clock::now());
        }
        let permit = self.held.permit.take();
        self.held = Held::default();
        self.watched = None;
        let events = std::mem::take(&mut self.events);
        let (Some(record), Some(provider)) = (&mut self.record, self.provider.take()) else {
            return;
        };
        let Some(model) = record.upstream_model.clone() else {
            return;
        };
        let told = record.usage.take();
        let counts = if told.is_some() {
            Counts::Told
        } else {
            Counts::Estimated
        };
        let (app, at) = (Arc::clone(&self.app), record.at);
        let price =
            move |usage: &Usage| Charge::of(&cost::of(&app, provider, &model, usage, counts, at));
        // The tokens of the request are counted away from here; its limits want to know at once.
        let rough = told.clone().unwrap_or_else(|| Usage {
            input_tokens: u64::try_from(self.body.len() / BYTES_PER_TOKEN).unwrap_or(u64::MAX),
            output_tokens: events,
            ..Usage::default()
        });
        let used = Use {
            input_tokens: rough.input_tokens,
            output_tokens: rough.output_tokens,
            cost: (price(&rough).amount).map_or(Money::ZERO, Money::from_dollars),
        };
        record.earlier.push(Unmetered {
            body: self.body.clone(),
            events,
            told,
            price: Arc::new(price),
        });
        self.earlier = self.earlier.and(used);
        if let Some(permit) = permit {
            self.warn_of(permit.settle(Some(used)));
        }
    }

    /// The caller gets an answer that was kept.
    pub fn met_kept(&mut self) {
        if let Some(record) = &mut self.record {
            record.kept = true;
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

    /// What was used shows what the model can do.
    fn teach(&self, record: &Record) {
        // Of an answer by several targets nobody has said all.
        if !record.earlier.is_empty() {
            return;
        }
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
        // A kept answer shows nothing of how long answers are.
        let is_whole =
            record.ending == Ending::Answered && !record.kept && record.earlier.is_empty();
        let used = match &record.usage {
            Some(usage) => Some(Use {
                input_tokens: usage.input_tokens,
                output_tokens: usage.output_tokens,
                cost: record
                    .charge
                    .amount
                    .map_or(Money::ZERO, Money::from_dollars),
            }),
            // What was not answered has used nothing, as far as anybody has said.
            _ if record.unmetered.is_none() => Some(Use::default()),
            _ => None,
        };
        let mut reached = SmallVec::new();
        if let Some(admitted) = admitted {
            let used = used.map(|used| used.and(self.earlier));
            reached = admitted.settle(&self.app, used, is_whole);
        }
        if let Some(of_provider) = of_provider {
            reached.extend(of_provider.settle(used));
        }
        self.warn_of(reached);
    }

    fn warn_of(&self, reached: SmallVec<[Reached; 1]>) {
        for Reached { cell, soft } in reached {
            let notices = &self.app.limits.notices;
            notices.reached(&cell, soft, clock::unix_millis());
        }
    }

    /// Works out what the request costs, or sees to it that it is estimated.
    fn price(&mut self, record: &mut Record) {
        let (Some(provider), Some(model)) = (self.provider, record.upstream_model.clone()) else {
            record.charge = Charge::none();
            return;
        };
        if let Some(usage) = &record.usage {
            if record.charge.amount.is_none() {
                let counts = Counts::Told;
                let cost = cost::of(&self.app, provider, &model, usage, counts, record.at);
                record.charge = Charge::of(&cost);
            }
            return;
        }
        // A provider that refused, or never began, charges nothing, as all document. One that was left in the middle
        // charges for what it did.
        let is_left = record.ending == Ending::Cancelled && self.calls.load(Relaxed) > 0;
        if record.first_output.is_none() && !is_left {
            record.charge = Charge::none();
            return;
        }
        let (app, at) = (Arc::clone(&self.app), record.at);
        record.unmetered = Some(Box::new(Unmetered {
            body: std::mem::take(&mut self.body),
            events: self.events,
            told: None,
            price: Arc::new(move |usage| {
                let counts = Counts::Estimated;
                Charge::of(&cost::of(&app, provider, &model, usage, counts, at))
            }),
        }));
    }

    fn hand_over(&mut self, ending: Ending) {
        if let Some(mut record) = self.record.take() {
            record.ending = ending;
            record.duration = self.arrived.elapsed();
            record.attempts = self.calls.load(Relaxed);
            self.price(&mut record);
            self.teach(&record);
            self.count(&record);
            self.held = Held::default();
            self.app.records.send(record);
            if let (Some(watched), Ending::Answered) = (&self.watched, ending) {
                watched.store(true, Release);
            }
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.hand_over(Ending::Cancelled);
    }
}
