//! Two numbers of 32 bits in an atomic one of 64, so that both change at once without a lock.

/// The numbers as one; what is too large for its half is cut to the largest that fits.
pub(super) fn join(high: u64, low: u64) -> u64 {
    (high.min(HALF) << 32) | low.min(HALF)
}

/// The two numbers.
pub(super) fn split(joined: u64) -> (u64, u64) {
    (joined >> 32, joined & HALF)
}

const HALF: u64 = 0xffff_ffff;
