//! In which order the targets of a group are asked. Pure: what is known of each target, the number of the request and a
//! random number come in, an order goes out, so that a choice can be explained without a call.
//!
//! A target whose breaker allows a trial stands where a ready one would. Only one trial is free at a time, so the trials
//! are few, and without a place in front a target that is never reached would never recover.

use std::time::Duration;

use serde::Serialize;
use smallvec::SmallVec;
use utoipa::ToSchema;

use crate::config::routes::Policy;

mod cost;
mod latency;
mod least_busy;
mod lots;
mod priority;
mod round_robin;
mod sticky;
mod weighted;

/// What is known of a target when a request comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Its place in the configured order.
    pub place: usize,
    /// Its share; 0 counts as 1.
    pub weight: u32,
    /// Requests under way there.
    pub in_flight: u32,
    /// The peak-sensitive average of its time to first output, if there is a recent one.
    pub latency: Option<Duration>,
    /// What this request is expected to cost there, in billionths of a dollar.
    pub price: Option<u64>,
    /// A hash of its name that is the same in every process.
    pub name_hash: u64,
    /// Whether it may be asked.
    pub standing: Standing,
}

/// Whether a target may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Yes.
    Ready,
    /// It failed before, and one request may find out whether it still does.
    Trial,
    /// Only if no other is left: its breaker is open, or it asked for a pause.
    Parked,
}

/// What differs from request to request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// The number of the request among those of its group.
    pub turn: u64,
    /// A random number.
    pub random: u64,
    /// A hash of what makes requests belong together.
    pub affinity: Option<u64>,
}

/// The places of candidates, best first.
pub type Order = SmallVec<[usize; 8]>;

/// The candidates' places in the order in which they are to be asked. Parked ones are last, in the policy's own order,
/// and none is left out: a route's only target is asked even when it is down.
pub fn order(policy: &Policy, candidates: &[Candidate], draw: &Draw) -> Order {
    match policy {
        Policy::Priority => priority::order(candidates),
        Policy::Weighted => weighted::order(candidates, draw),
        Policy::RoundRobin => round_robin::order(candidates, draw),
        Policy::LeastBusy => least_busy::order(candidates, draw),
        Policy::Latency => latency::order(candidates, draw),
        Policy::Cost => cost::order(candidates, draw),
        Policy::Sticky(_) => sticky::order(candidates, draw),
    }
}

impl Candidate {
    fn is_parked(&self) -> bool {
        match self.standing {
            Standing::Ready | Standing::Trial => false,
            Standing::Parked => true,
        }
    }

    fn share(&self) -> u64 {
        u64::from(self.weight.max(1))
    }
}

/// The places by ascending rank, parked ones last.
fn sorted<R: Ord>(candidates: &[Candidate], rank: impl Fn(&Candidate) -> R) -> Order {
    let mut ranked: SmallVec<[(bool, R, usize); 8]> = candidates
        .iter()
        .map(|candidate| (candidate.is_parked(), rank(candidate), candidate.place))
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, _, place)| place).collect()
}

/// The candidates among which a policy chooses the first: those that are not parked, or all where all are.
fn eligible(candidates: &[Candidate]) -> impl Iterator<Item = &Candidate> + Clone {
    let all_parked = candidates.iter().all(Candidate::is_parked);
    candidates
        .iter()
        .filter(move |candidate| candidate.is_parked() == all_parked)
}

#[cfg(test)]
mod tests;
