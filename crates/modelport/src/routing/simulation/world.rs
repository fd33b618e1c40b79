//! The providers as they really are, which the router has to find out.

use std::{ops::Range, time::Duration};

use fastrand::Rng;
use modelport_provider::failure::FailureKind;

/// What happens, and when.
pub(super) struct Story {
    pub(super) providers: Vec<Provider>,
    /// Requests a second.
    pub(super) rate: f64,
    /// When those with a fault do not answer.
    pub(super) outage: Range<Duration>,
    /// When those that get slow are slow.
    pub(super) slow_spell: Range<Duration>,
    pub(super) end: Duration,
}

pub(super) struct Provider {
    /// The middle of its times to first output when it is idle, in seconds.
    median: f64,
    pub(super) weight: u32,
    pub(super) price: u32,
    pub(super) fault: Fault,
    gets_slow: bool,
}

/// What a provider does in the outage.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    Refuses,
    Hangs,
}

/// What comes of a call, and how long after its beginning.
pub(super) enum Outcome {
    /// The first output, and the rest of the answer after it.
    Answer {
        first: Duration,
        rest: Duration,
    },
    Failure(FailureKind, Duration),
}

/// The requests at once, for each unit of weight, with which a provider takes twice as long as when it is idle. With
/// twice as many it refuses more.
const ROOM: f64 = 5.0;

/// How much slower a slow spell is.
const SLOWER: f64 = 10.0;

/// When a call that hangs is given up.
const TIMEOUT: Duration = Duration::from_secs(3);

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// The routes, which are independent of each other.
pub(super) const ROUTES: u64 = 20;

/// The providers of each.
const PROVIDERS: u64 = 10;

/// One route with ten providers at about half of their capacity. From the 20th second to the 40th one of them is dead: in
/// half of the routes it refuses, in the others it hangs. From the 60th second another one is slow.
pub(super) fn story(route: u64) -> Story {
    let mut rng = Rng::with_seed(route);
    let providers = (0..PROVIDERS).map(|place| Provider {
        median: 0.4 * lognormal(&mut rng, 0.5),
        weight: rng.u32(1..=3),
        price: rng.u32(50..150),
        fault: match route {
            _ if place != route % PROVIDERS => Fault::None,
            0..PROVIDERS => Fault::Refuses,
            _ => Fault::Hangs,
        },
        gets_slow: place == (route + 5) % PROVIDERS,
    });
    Story {
        providers: providers.collect(),
        rate: 20.0,
        outage: 20 * SECOND..40 * SECOND,
        slow_spell: 60 * SECOND..80 * SECOND,
        end: 80 * SECOND,
    }
}

/// The same route, but three of its providers refuse in the outage, with which it ends.
pub(super) fn three_dead(route: u64) -> Story {
    let mut story = story(route);
    for (place, provider) in story.providers.iter_mut().enumerate() {
        provider.fault = if place < 3 {
            Fault::Refuses
        } else {
            Fault::None
        };
    }
    story.end = story.outage.end;
    story
}

/// All providers of a route refuse all the time, at a thousand requests a second.
pub(super) fn total_outage() -> Story {
    let mut story = story(0);
    for provider in &mut story.providers {
        provider.fault = Fault::Refuses;
    }
    story.rate = 1000.0;
    story.outage = Duration::ZERO..Duration::MAX;
    story.end = 20 * SECOND;
    story
}

impl Story {
    /// What comes of a call to a provider that has so many others under way.
    pub(super) fn ask(&self, place: usize, others: u32, at: Duration, rng: &mut Rng) -> Outcome {
        let provider = &self.providers[place];
        if self.outage.contains(&at) {
            match provider.fault {
                Fault::None => {}
                Fault::Refuses => {
                    return Outcome::Failure(FailureKind::Connect, Duration::from_millis(20));
                }
                Fault::Hangs => return Outcome::Failure(FailureKind::Timeout, TIMEOUT),
            }
        }
        let load = f64::from(others) / (ROOM * f64::from(provider.weight));
        if load > 2.0 {
            return Outcome::Failure(FailureKind::RateLimited, Duration::from_millis(30));
        }
        let is_slow = provider.gets_slow && self.slow_spell.contains(&at);
        let slower = if is_slow { SLOWER } else { 1.0 };
        let first = provider.median * lognormal(rng, 0.4) * (1.0 + load * load) * slower;
        let rest = 1.5 * lognormal(rng, 0.6);
        Outcome::Answer {
            first: Duration::from_secs_f64(first),
            rest: Duration::from_secs_f64(rest),
        }
    }
}

/// A number around 1 whose logarithm is about normally distributed.
fn lognormal(rng: &mut Rng, deviation: f64) -> f64 {
    let normal = (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
    (deviation * normal).exp()
}
