//! The cheapest for this request. What has no known price comes after all that have one: it may be dear.

use super::{Candidate, Draw, Order, lots::lot, sorted};

pub(super) fn order(candidates: &[Candidate], draw: &Draw) -> Order {
    sorted(candidates, |candidate| {
        (
            candidate.price.is_none(),
            candidate.price,
            candidate.in_flight,
            lot(draw.random, candidate),
        )
    })
}
