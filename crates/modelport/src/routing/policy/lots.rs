//! Chance in proportion to weights.

use super::Candidate;

/// 2^64 divided by the golden ratio: its multiples are spread evenly.
pub(super) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A candidate's lot in one draw. The smallest wins, and as the lots are exponentially distributed with the weights as
/// their rates, a candidate wins in proportion to its weight, also among those that the winners leave over.
pub(super) fn lot(seed: u64, candidate: &Candidate) -> u64 {
    let place = u64::try_from(candidate.place).unwrap_or(u64::MAX);
    weighted(mix(seed ^ place.wrapping_mul(GOLDEN)), candidate)
}

/// A candidate's lot for an affinity: it depends on the two and on nothing else, so it stays as others come and go.
pub(super) fn rendezvous(affinity: u64, candidate: &Candidate) -> u64 {
    weighted(mix(affinity ^ mix(candidate.name_hash)), candidate)
}

fn weighted(random: u64, candidate: &Candidate) -> u64 {
    let high = u32::try_from(random >> 32).unwrap_or(u32::MAX);
    // Never 0, whose logarithm is infinite, nor 1.
    let uniform = (f64::from(high) + 0.5) / (f64::from(u32::MAX) + 1.0);
    let lot = -uniform.ln() / f64::from(candidate.weight.max(1));
    // The bits of numbers that are not negative are in the order of the numbers.
    lot.to_bits()
}

/// Spreads a number over all 64 bits (the last step of the generator `SplitMix64`).
pub(super) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(GOLDEN);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
