//! The fewest requests under way for their weight. Where several are even, as when all are idle, chance decides in
//! proportion to the weights. So it does among all others, which are asked if the first fails: one that refuses at once
//! is never busy, and if several do, the least busy three of ten would be three that refuse.

use super::{Candidate, Draw, Order, eligible, lots::lot, sorted};

pub(super) fn order(candidates: &[Candidate], draw: &Draw) -> Order {
    let rank = |candidate: &Candidate| (load(candidate), lot(draw.random, candidate));
    let first = eligible(candidates).min_by_key(|candidate| rank(candidate));
    let first = first.map(|candidate| candidate.place);
    sorted(candidates, |candidate| {
        (Some(candidate.place) != first, lot(draw.random, candidate))
    })
}

/// Requests under way per unit of weight, in units small enough to tell all such fractions apart.
fn load(candidate: &Candidate) -> u64 {
    (u64::from(candidate.in_flight) << 32) / candidate.share()
}
