//! Each in its turn, in proportion to the weights. No state but the number of the turn: in as many turns as the weights
//! add up to, each target is first exactly as often as its weight says, and its turns are spread evenly among them.

use super::{
    Candidate, Draw, Order, eligible,
    lots::{GOLDEN, lot},
    sorted,
};

pub(super) fn order(candidates: &[Candidate], draw: &Draw) -> Order {
    let first = first(candidates, draw.turn);
    // The others by chance: if they came in a fixed order, the next one would get all the load of one that fails.
    sorted(candidates, |candidate| {
        (Some(candidate.place) != first, lot(draw.random, candidate))
    })
}

fn first(candidates: &[Candidate], turn: u64) -> Option<usize> {
    let unit = eligible(candidates).fold(0, |unit, candidate| gcd(candidate.share(), unit));
    let shares = eligible(candidates).map(|candidate| candidate.share().checked_div(unit));
    let round = shares.flatten().fold(0, u64::saturating_add);
    let mut slot = slot(turn, round)?;
    for candidate in eligible(candidates) {
        let share = candidate.share().checked_div(unit)?;
        match slot.checked_sub(share) {
            Some(rest) => slot = rest,
            None => return Some(candidate.place),
        }
    }
    None
}

/// Which of the slots of a round a turn gets. Strides of about the golden section of the round visit each slot once, and
/// neighbouring slots, which belong to the same target, far apart.
fn slot(turn: u64, round: u64) -> Option<u64> {
    let wide = u128::from(round);
    let section = u64::try_from((wide * u128::from(GOLDEN)) >> 64).ok()?;
    let stride =
        (section.max(1)..=round.saturating_add(1)).find(|&stride| gcd(stride, round) == 1)?;
    let slot = (u128::from(turn) * u128::from(stride)).checked_rem(wide)?;
    u64::try_from(slot).ok()
}

/// The greatest common divisor.
fn gcd(mut left: u64, mut right: u64) -> u64 {
    while let Some(rest) = left.checked_rem(right) {
        (left, right) = (right, rest);
    }
    left
}
