//! Always the same target for the same affinity, so that a provider's prompt cache is hit, as long as it is not much
//! busier than the others.
//!
//! Rendezvous hashing: each target draws a lot for the affinity, and the best lot wins. One that comes wins its share of
//! the affinities and one that goes sets its own free; all others stay where they are. The bound on the load is that of
//! consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam, 2016).

use super::{
    Candidate, Draw, Order, eligible,
    lots::{lot, rendezvous},
    sorted,
};

/// How far over its fair share of the requests under way a target may be, in quarters: 5 quarters of it and one request.
const MOST_QUARTERS: u128 = 5;

pub(super) fn order(candidates: &[Candidate], draw: &Draw) -> Order {
    let Some(affinity) = draw.affinity else {
        return sorted(candidates, |candidate| (false, lot(draw.random, candidate)));
    };
    let all = Load::of(candidates);
    sorted(candidates, |candidate| {
        (
            all.is_exceeded_by(candidate),
            rendezvous(affinity, candidate),
        )
    })
}

/// The requests under way and the weights of all targets together.
struct Load {
    in_flight: u128,
    weight: u128,
}

impl Load {
    fn of(candidates: &[Candidate]) -> Self {
        let in_flight = eligible(candidates).map(|candidate| u128::from(candidate.in_flight));
        let weight = eligible(candidates).map(|candidate| u128::from(candidate.share()));
        Self {
            in_flight: in_flight.sum(),
            weight: weight.sum(),
        }
    }

    fn is_exceeded_by(&self, candidate: &Candidate) -> bool {
        let fair = self.in_flight * u128::from(candidate.share());
        let own = u128::from(candidate.in_flight) * self.weight;
        4 * own > MOST_QUARTERS * fair + 4 * self.weight
    }
}
