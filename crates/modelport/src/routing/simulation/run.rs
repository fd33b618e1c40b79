//! The events of a story, one after the other, each at its virtual time.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use fastrand::Rng;
use modelport_provider::failure::FailureKind;

use super::world::{Fault, Outcome, Story};
use crate::{
    clock,
    config::routes::{Policy, RETRY_SHARE},
    routing::{
        budget::RetryBudget,
        policy::{Candidate, Draw, Order, Standing, order},
        target::{Flight, Target},
    },
};

/// The most attempts of a request.
const ATTEMPTS: usize = 3;

/// How many conversations the requests of a route belong to.
const CONVERSATIONS: u64 = 50;

/// What became of a request.
pub(super) struct Request {
    pub(super) arrived: Duration,
    pub(super) conversation: u64,
    /// The providers that were asked.
    pub(super) asked: Vec<usize>,
    /// From its arrival to its first output; `None` if it failed.
    pub(super) first_output: Option<Duration>,
    order: Order,
}

/// What became of all of them.
pub(super) struct Course {
    pub(super) requests: Vec<Request>,
    /// How long after the beginning of the outage the dead provider was parked.
    pub(super) noticed: Option<Duration>,
    /// How long after the end of the outage it answered again, if it had been parked.
    pub(super) recovered: Option<Duration>,
}

/// What happens to the request of that number.
enum Event {
    Arrival,
    Output(usize, Call),
    Failure(usize, Call, FailureKind),
    End(Call),
}

struct Call {
    place: usize,
    flight: Flight,
    took: Duration,
    /// From the first output to the end of the answer.
    rest: Duration,
}

struct Run<'a> {
    policy: &'a Policy,
    story: &'a Story,
    start: Instant,
    now: Duration,
    rng: Rng,
    targets: Vec<Arc<Target>>,
    budget: RetryBudget,
    /// By their times, and for equal times in the order in which they were planned.
    events: BTreeMap<(Duration, u64), Event>,
    planned: u64,
    course: Course,
}

pub(super) fn run(policy: &Policy, story: &Story) -> Course {
    let start = clock::now();
    let targets = story.providers.iter();
    let mut run = Run {
        policy,
        story,
        start,
        now: Duration::ZERO,
        rng: Rng::with_seed(2),
        targets: targets.map(|_| Arc::new(Target::new(start))).collect(),
        budget: RetryBudget::new(RETRY_SHARE, start),
        events: BTreeMap::new(),
        planned: 0,
        course: Course {
            requests: Vec::new(),
            noticed: None,
            recovered: None,
        },
    };
    run.plan(Duration::ZERO, Event::Arrival);
    while let Some(((now, _), event)) = run.events.pop_first() {
        run.now = now;
        run.meet(event);
    }
    run.course
}

impl Run<'_> {
    fn clock(&self) -> Instant {
        self.start + self.now
    }

    fn plan(&mut self, after: Duration, event: Event) {
        self.planned += 1;
        self.events.insert((self.now + after, self.planned), event);
    }

    fn meet(&mut self, event: Event) {
        match event {
            Event::Arrival if self.now < self.story.end => {
                self.arrive();
                let gap = -(1.0 - self.rng.f64()).ln() / self.story.rate;
                self.plan(Duration::from_secs_f64(gap), Event::Arrival);
            }
            Event::Output(request, mut call) => {
                call.flight.answered(call.took, self.clock());
                self.note_recovery(call.place);
                let request = &mut self.course.requests[request];
                request.first_output = Some(self.now.saturating_sub(request.arrived));
                self.plan(call.rest, Event::End(call));
            }
            Event::Failure(request, mut call, kind) => {
                call.flight.failed(kind, None, self.clock());
                self.note_outage(call.place);
                let failed = call.place;
                drop(call);
                let attempts = self.course.requests[request].asked.len();
                if attempts < ATTEMPTS && self.may_go_on(request, failed) {
                    self.attempt(request);
                }
            }
            Event::Arrival => {}
            Event::End(call) => drop(call),
        }
    }

    fn arrive(&mut self) {
        self.budget.request(self.clock());
        let number = self.course.requests.len();
        let conversation = self.rng.u64(..CONVERSATIONS);
        let draw = Draw {
            turn: u64::try_from(number).unwrap(),
            random: self.rng.u64(..),
            affinity: Some(hash(conversation)),
        };
        self.course.requests.push(Request {
            arrived: self.now,
            conversation,
            asked: Vec::new(),
            first_output: None,
            order: order(self.policy, &self.candidates(), &draw),
        });
        self.attempt(number);
    }

    fn candidates(&self) -> Vec<Candidate> {
        let now = self.clock();
        let both = self.story.providers.iter().zip(&self.targets).enumerate();
        both.map(|(place, (provider, target))| Candidate {
            place,
            weight: provider.weight,
            in_flight: target.in_flight(),
            latency: target.latency(now),
            price: Some(u64::from(provider.price)),
            name_hash: hash(u64::try_from(place).unwrap()),
            standing: target.standing(now),
        })
        .collect()
    }

    /// The next attempt of a request.
    fn attempt(&mut self, number: usize) {
        let request = &mut self.course.requests[number];
        let place = request.order[request.asked.len()];
        request.asked.push(place);
        let others = self.targets[place].in_flight();
        let flight = self.targets[place].begin(self.clock());
        let call = |took, rest| Call {
            place,
            flight,
            took,
            rest,
        };
        let outcome = self.story.ask(place, others, self.now, &mut self.rng);
        match outcome {
            Outcome::Answer { first, rest } => {
                self.plan(first, Event::Output(number, call(first, rest)));
            }
            Outcome::Failure(kind, after) => {
                let call = call(after, Duration::ZERO);
                self.plan(after, Event::Failure(number, call, kind));
            }
        }
    }

    /// Whether a request may go on from a place that failed: from one that is down to one that is up whatever the
    /// budget holds, as `proxy::next` has it.
    fn may_go_on(&self, number: usize, failed: usize) -> bool {
        let now = self.clock();
        let request = &self.course.requests[number];
        let next = request.order[request.asked.len()];
        let standing = |place: usize| self.targets[place].standing(now);
        if standing(failed) != Standing::Parked || standing(next) != Standing::Ready {
            return self.budget.take(now);
        }
        self.budget.charge(now);
        true
    }

    fn note_outage(&mut self, place: usize) {
        let is_faulty = self.story.providers[place].fault != Fault::None;
        let is_parked = self.targets[place].standing(self.clock()) == Standing::Parked;
        if is_faulty && is_parked && self.story.outage.contains(&self.now) {
            let after = self.now.saturating_sub(self.story.outage.start);
            self.course.noticed.get_or_insert(after);
        }
    }

    fn note_recovery(&mut self, place: usize) {
        let is_faulty = self.story.providers[place].fault != Fault::None;
        let is_over = self.now >= self.story.outage.end;
        if is_faulty && is_over && self.course.noticed.is_some() {
            let after = self.now.saturating_sub(self.story.outage.end);
            self.course.recovered.get_or_insert(after);
        }
    }
}

/// Spreads a number over all bits.
fn hash(number: u64) -> u64 {
    Rng::with_seed(number).u64(..)
}
