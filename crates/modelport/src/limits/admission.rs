//! Whether a request may be sent, by all the limits that it counts at: all of them or none.
//!
//! The limits are taken one after the other, and what was taken is given back when one refuses. Meanwhile another request
//! may be refused for what this one holds; it is never the other way round, that more passes than a limit allows. Put
//! those first that refuse most.

use std::{cmp::Reverse, sync::Arc, time::Duration};

use smallvec::{SmallVec, smallvec};

use super::{
    budget::{self, Reserved, SoftReached},
    cell::{Cell, Dimension, Limit, Use},
    rate::{self, Rate},
    register::{Bounds, cells},
};

/// Leave to send one request. It holds what the request is expected to use.
///
/// Dropped before it is settled it gives back tokens, money and the place, but not the request, which was made.
#[derive(Debug)]
#[must_use]
pub struct Permit {
    bounds: Bounds,
    /// At how many of the limits it holds something: at all of them, unless one has refused.
    held: usize,
    /// What it was admitted with. What it holds of a rate follows from that, so it is not kept for each of them.
    asked: Use,
    /// What it holds since it has grown.
    grown: Option<Use>,
    /// How many gateways share what it holds of a rate, each of which takes so many times as much.
    gateways: u64,
    /// What is set apart of those limits that are budgets, in their order.
    reserved: SmallVec<[Reserved; 2]>,
}

/// Why a request may not be sent.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The first limit that refused.
    pub cell: Arc<Cell>,
    /// What it said.
    pub reason: Reason,
}

/// What a limit says when it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A limit over a period is used up for now.
    Spent {
        /// The whole amount.
        limit: u64,
        /// What may be taken at once.
        remaining: u64,
        /// What was asked for.
        asked: u64,
        /// When there is enough if nobody else takes any.
        retry_after: Duration,
    },
    /// More was asked for than a period has, so waiting does not help.
    TooLarge {
        /// The whole amount.
        limit: u64,
        /// What was asked for.
        asked: u64,
    },
    /// As many are under way as may be.
    Busy {
        /// How many may be.
        limit: u64,
    },
    /// A budget is spent or set apart.
    Budget(budget::Refusal),
}

/// A budget whose soft limit the request has reached.
#[derive(Debug, Clone)]
pub struct Reached {
    /// The budget.
    pub cell: Arc<Cell>,
    /// How far it is spent.
    pub soft: SoftReached,
}

/// Where a caller stands, by the limits that are used up first. What is `None` is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Requests.
    pub requests: Option<Level>,
    /// Tokens, of questions, answers or both.
    pub tokens: Option<Level>,
}

/// How far a limit over a period is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The whole amount.
    pub limit: u64,
    /// What may be taken at once.
    pub remaining: u64,
    /// When the whole amount is there again if nobody takes any.
    pub reset: Duration,
}

/// Which part of the limits this gateway has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    Whole,
    /// One of so many parts, since the server that they are shared through is away.
    Away {
        /// How many gateways share them.
        gateways: u64,
        /// Which time it is away.
        epoch: u64,
    },
}

/// Takes what a request is expected to use at each limit, or nothing anywhere. `now` is in milliseconds since 1970.
///
/// # Errors
///
/// [`Refused`] by the first limit that has not enough.
pub fn admit(cells: &[Arc<Cell>], ask: Use, now: u64) -> Result<Permit, Refused> {
    let bounds = smallvec![cells.into()];
    admit_part(bounds, ask, Part::Whole, now).map_err(|(refused, _)| refused)
}

/// As [`admit`], where the gateway has only a part of the limits.
///
/// # Errors
///
/// As there, and where the caller stands.
pub fn admit_part(
    bounds: Bounds,
    ask: Use,
    part: Part,
    now: u64,
) -> Result<Permit, (Refused, Standing)> {
    let mut permit = Permit {
        bounds,
        held: 0,
        asked: ask,
        grown: None,
        gateways: part.gateways(),
        reserved: SmallVec::new(),
    };
    let mut refused = None;
    for cell in cells(&permit.bounds) {
        match take(cell, ask, part, now) {
            Ok(reserved) => {
                permit.held += 1;
                permit.reserved.extend(reserved);
            }
            Err(reason) => {
                let cell = Arc::clone(cell);
                refused = Some(Refused { cell, reason });
                break;
            }
        }
    }
    let Some(refused) = refused else {
        return Ok(permit);
    };
    let bounds = permit.bounds.clone();
    permit.withdraw();
    Err((refused, standing(&bounds, now).among(part.gateways())))
}

/// Where a caller stands at these limits.
pub fn standing(bounds: &Bounds, now: u64) -> Standing {
    let (mut requests, mut tokens) = (Tightest::default(), Tightest::default());
    for cell in cells(bounds) {
        if let Limit::Rate(dimension, _, rate) = &cell.limit {
            match dimension {
                Dimension::Requests => requests.add(rate, now),
                _ => tokens.add(rate, now),
            }
        }
    }
    Standing {
        requests: requests.level(now),
        tokens: tokens.level(now),
    }
}

/// The limit of some of which least remains.
#[derive(Default)]
struct Tightest<'a>(Option<(u64, &'a Rate)>);

impl<'a> Tightest<'a> {
    fn add(&mut self, rate: &'a Rate, now: u64) {
        let remaining = rate.remaining(now);
        // When a limit is whole again is worked out for those only that might be told.
        let is_tighter = self.0.is_none_or(|(least, known)| {
            remaining < least || remaining == least && rate.reset(now) > known.reset(now)
        });
        if is_tighter {
            self.0 = Some((remaining, rate));
        }
    }

    fn level(self, now: u64) -> Option<Level> {
        let (remaining, rate) = self.0?;
        Some(Level {
            limit: rate.limit(),
            remaining,
            reset: rate.reset(now),
        })
    }
}

impl Part {
    fn gateways(self) -> u64 {
        match self {
            Self::Whole => 1,
            Self::Away { gateways, .. } => gateways.max(1),
        }
    }
}

impl Permit {
    /// The request has used so much so far, and is not over. Where that is more than it holds it takes more, even if there
    /// is not enough.
    pub fn grow(&mut self, used: Use, now: u64) {
        let before = self.grown.unwrap_or(self.asked);
        let holds = before.at_least(used);
        let mut all = std::mem::take(&mut self.reserved);
        let mut reserved = all.iter_mut();
        for cell in cells(&self.bounds).take(self.held) {
            match &cell.limit {
                Limit::Rate(dimension, _, rate) => {
                    let more = dimension.of(holds).saturating_mul(self.gateways);
                    correct(rate, self.weight(*dimension, rate), more, now);
                }
                Limit::Budget(budget) => {
                    if let Some(reserved) = reserved.next() {
                        budget.reserve_more(reserved, holds.cost.less(before.cost));
                    }
                }
                Limit::Concurrency(_) => {}
            }
        }
        self.reserved = all;
        self.grown = Some(holds);
    }

    /// The request is over and has used so much. The budgets whose soft limits it has reached.
    #[must_use = "somebody wants to know of the soft limits"]
    pub fn settle(mut self, used: Use, now: u64) -> SmallVec<[Reached; 1]> {
        let mut reached = SmallVec::new();
        let mut reserved = std::mem::take(&mut self.reserved).into_iter();
        for cell in cells(&self.bounds).take(self.held) {
            match &cell.limit {
                Limit::Rate(dimension, _, rate) => {
                    let used = dimension.of(used).saturating_mul(self.gateways);
                    correct(rate, self.weight(*dimension, rate), used, now);
                }
                Limit::Concurrency(places) => places.leave(),
                Limit::Budget(budget) => {
                    let reserved = reserved.next();
                    let soft = reserved.and_then(|held| budget.settle(held, used.cost, now));
                    reached.extend(soft.map(|soft| Reached {
                        cell: Arc::clone(cell),
                        soft,
                    }));
                }
            }
        }
        self.held = 0;
        reached
    }

    /// The limits at which the request counts.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Where the caller stands at the limits of this request.
    pub fn standing(&self, now: u64) -> Standing {
        standing(&self.bounds, now).among(self.gateways)
    }

    /// The request was not made after all: gives everything back.
    pub fn withdraw(self) {
        for cell in cells(&self.bounds).take(self.held) {
            if let Limit::Rate(dimension @ Dimension::Requests, _, rate) = &cell.limit {
                rate.give_back(self.weight(*dimension, rate));
            }
        }
    }

    /// What is held of a rate.
    fn weight(&self, dimension: Dimension, rate: &Rate) -> u64 {
        match self.grown {
            Some(holds) => dimension.of(holds).saturating_mul(self.gateways),
            None => first_weight(dimension, self.asked, rate.limit(), self.gateways),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut reserved = std::mem::take(&mut self.reserved).into_iter();
        for cell in cells(&self.bounds).take(self.held) {
            match &cell.limit {
                Limit::Rate(Dimension::Requests, ..) => {}
                Limit::Rate(dimension, _, rate) => rate.give_back(self.weight(*dimension, rate)),
                Limit::Concurrency(places) => places.leave(),
                Limit::Budget(budget) => {
                    if let Some(reserved) = reserved.next() {
                        budget.release(reserved);
                    }
                }
            }
        }
    }
}

impl Refused {
    /// When the request may be sent if nobody else is; `None` if nobody knows, or never.
    pub fn retry_after(&self, now: u64) -> Option<Duration> {
        match self.reason {
            Reason::Spent { retry_after, .. } => Some(retry_after),
            Reason::TooLarge { .. } | Reason::Busy { .. } => None,
            Reason::Budget(refusal) => {
                let at = refusal.resets_at?;
                Some(Duration::from_millis(at.saturating_sub(now)))
            }
        }
    }
}

impl Standing {
    /// Where so many gateways share the limits.
    fn among(mut self, gateways: u64) -> Self {
        let levels = [&mut self.requests, &mut self.tokens];
        for level in levels.into_iter().flatten() {
            level.remaining /= gateways;
        }
        self
    }

    /// Counts a limit in, of which this is the level.
    pub(super) fn add(&mut self, dimension: Dimension, other: Level) {
        let level = match dimension {
            Dimension::Requests => &mut self.requests,
            Dimension::InputTokens | Dimension::OutputTokens | Dimension::Tokens => {
                &mut self.tokens
            }
        };
        *level = Some(level.map_or(other, |level| level.tighter(other)));
    }
}

impl Level {
    /// The one of which less remains, and of two alike the one that is whole later.
    fn tighter(self, other: Self) -> Self {
        std::cmp::min_by_key(self, other, |level| (level.remaining, Reverse(level.reset)))
    }
}

/// Takes what a request is expected to use. Gives what is set apart of a budget.
///
/// How long an answer will be is a guess, so a guess above the whole amount takes the whole amount: what the answer uses
/// beyond that is owed afterwards. A question is as long as it is, and is refused.
fn take(cell: &Cell, ask: Use, part: Part, now: u64) -> Result<Option<Reserved>, Reason> {
    if let Part::Away { gateways, epoch } = part {
        cell.mirror
            .take_over(&cell.limit, gateways.max(1), epoch, now);
    }
    match &cell.limit {
        Limit::Rate(dimension, _, rate) => {
            let limit = rate.limit();
            let asked = first_weight(*dimension, ask, limit, part.gateways());
            match rate.try_take(asked, now) {
                Ok(_) => Ok(None),
                Err(rate::Refusal::TooLarge) => Err(Reason::TooLarge { limit, asked }),
                Err(rate::Refusal::Spent {
                    remaining,
                    retry_after,
                }) => Err(Reason::Spent {
                    limit,
                    remaining,
                    asked,
                    retry_after,
                }),
            }
        }
        Limit::Concurrency(places) if places.try_enter_among(part.gateways()) => Ok(None),
        Limit::Concurrency(places) => Err(Reason::Busy {
            limit: places.limit(),
        }),
        Limit::Budget(budget) => {
            let reserved = match part {
                Part::Whole => budget.reserve(ask.cost, now),
                Part::Away { gateways, .. } => {
                    let limit = cell.mirror.allowance(budget, gateways.max(1), now);
                    budget.reserve_within(ask.cost, limit, now)
                }
            };
            reserved.map(Some).map_err(Reason::Budget)
        }
    }
}

/// What a request takes of a limit: a guess above the whole amount is held to be that, and what is certain is not.
pub(super) fn weight(dimension: Dimension, ask: Use, limit: u64) -> u64 {
    let certain = dimension.of(ask.without_answer());
    dimension.of(ask).min(limit.max(certain))
}

/// What a request takes of a limit that so many gateways share. Each of them may have one request, however large its part of
/// the limit is.
fn first_weight(dimension: Dimension, ask: Use, limit: u64, gateways: u64) -> u64 {
    let asked = weight(dimension, ask, limit);
    asked.saturating_mul(gateways).min(limit.max(asked))
}

/// Replaces what a request holds of a limit by something else.
fn correct(rate: &Rate, holds: u64, used: u64, now: u64) {
    if used > holds {
        rate.take_more(used - holds, now);
    } else if holds > used {
        rate.give_back(holds - used);
    }
}

#[cfg(test)]
mod tests;
