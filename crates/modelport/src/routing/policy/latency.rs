//! The faster of two that are drawn, by the time to first output that a further request would meet there. Two and not
//! all: if everyone chose the fastest, it would be swamped before its slowness could be seen.
//!
//! All others follow by chance: one that refuses at once looks idle and as fast as before, and if several do, the
//! fastest would be those.

use std::time::Duration;

use super::{
    Candidate, Draw, Order, Standing, eligible,
    lots::{lot, mix},
    sorted,
};

/// How many times as much each request under way counts at a target that nothing is known of. It looks as fast as the
/// fastest to the first request, and before that is answered it gets the next only if all others are full.
const UNKNOWN_LOAD: u64 = 4;

/// Of how many requests one goes to the slower of the two, so that it is seen when it gets faster. Rarer than one in a
/// hundred, so the slow one is not what the 99th percentile shows.
const EXPLORE_EVERY: u64 = 128;

pub(super) fn order(candidates: &[Candidate], draw: &Draw) -> Order {
    let scale = Scale::of(candidates);
    let first = choose(candidates, draw, &scale);
    sorted(candidates, |candidate| {
        (Some(candidate.place) != first, lot(draw.random, candidate))
    })
}

fn choose(candidates: &[Candidate], draw: &Draw, scale: &Scale) -> Option<usize> {
    let seed = draw.random;
    let one = eligible(candidates).min_by_key(|candidate| lot(seed, candidate))?;
    let others = eligible(candidates).filter(|candidate| candidate.place != one.place);
    let other = others
        .min_by_key(|candidate| lot(seed, candidate))
        .unwrap_or(one);
    let (faster, slower) = if scale.score(one) <= scale.score(other) {
        (one, other)
    } else {
        (other, one)
    };
    let explores = mix(seed).is_multiple_of(EXPLORE_EVERY) && slower.in_flight == 0;
    Some(if explores { slower } else { faster }.place)
}

/// What unknown targets are measured by: the fastest of the known.
struct Scale {
    fastest: Duration,
}

impl Scale {
    fn of(candidates: &[Candidate]) -> Self {
        let fastest = eligible(candidates).filter_map(known).min();
        Self {
            fastest: fastest.unwrap_or(Duration::from_millis(1)),
        }
    }

    /// Microseconds that a further request is expected to wait.
    fn score(&self, candidate: &Candidate) -> u64 {
        let in_flight = u64::from(candidate.in_flight);
        let (latency, ahead) = match known(candidate) {
            Some(latency) => (latency, in_flight),
            None => (self.fastest, in_flight * UNKNOWN_LOAD),
        };
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        micros.saturating_mul(ahead.saturating_add(1))
    }
}

/// How fast a target is. What was measured before it failed says nothing any more.
fn known(candidate: &Candidate) -> Option<Duration> {
    match candidate.standing {
        Standing::Ready | Standing::Parked => candidate.latency,
        Standing::Trial => None,
    }
}
