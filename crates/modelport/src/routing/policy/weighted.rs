//! By chance, in proportion to the weights: a draw without putting back, so those that follow the first are in
//! proportion too, and the load of a target that fails is shared by all others.

use super::{Candidate, Draw, Order, lots::lot, sorted};

pub(super) fn order(candidates: &[Candidate], draw: &Draw) -> Order {
    sorted(candidates, |candidate| lot(draw.random, candidate))
}
