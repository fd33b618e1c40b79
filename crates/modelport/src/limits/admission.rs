//! Whether a request may be sent, by all the limits that it counts at: all of them or none.
//!
//! The limits are taken one after the other, and what was taken is given back when one refuses. Meanwhile another request
//! may be refused for what this one holds; it is never the other way round, that more passes than a limit allows. Put
//! those first that refuse most.

use std::{cmp::Reverse, sync::Arc, time::Duration};

use smallvec::SmallVec;

use super::{
    budget::{self, Reserved, SoftReached},
    cell::{Cell, Dimension, Limit, Use},
    rate::{self, Rate},
};

/// Leave to send one request. It holds what the request is expected to use.
///
/// Dropped before it is settled it gives back tokens, money and the place, but not the request, which was made.
#[derive(Debug)]
#[must_use]
pub struct Permit {
    holds: Use,
    /// How many gateways share what it holds of a rate, each of which takes so many times as much.
    gateways: u64,
    held: SmallVec<[Held; USUAL]>,
}

/// A limit at which the request counts.
#[derive(Debug)]
struct Held {
    cell: Arc<Cell>,
    /// What is held of it.
    share: Share,
}

/// What a request holds of a limit.
#[derive(Debug)]
enum Share {
    /// So much of a rate.
    Weight(u64),
    /// A place.
    Place,
    /// Money that is set apart.
    Reserved(Reserved),
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

/// The limits of a usual request; a permit with more of them needs memory of its own.
const USUAL: usize = 8;

/// Takes what a request is expected to use at each limit, or nothing anywhere. `now` is in milliseconds since 1970.
///
/// # Errors
///
/// [`Refused`] by the first limit that has not enough.
pub fn admit<'a>(
    cells: impl IntoIterator<Item = &'a Arc<Cell>>,
    ask: Use,
    now: u64,
) -> Result<Permit, Refused> {
    admit_part(cells, ask, Part::Whole, now)
}

/// As [`admit`], where the gateway has only a part of the limits.
///
/// # Errors
///
/// As there.
pub fn admit_part<'a>(
    cells: impl IntoIterator<Item = &'a Arc<Cell>>,
    ask: Use,
    part: Part,
    now: u64,
) -> Result<Permit, Refused> {
    let mut permit = Permit {
        holds: ask,
        gateways: part.gateways(),
        held: SmallVec::new(),
    };
    for cell in cells {
        let cell = Arc::clone(cell);
        match take(&cell, ask, part, now) {
            Ok(share) => permit.held.push(Held { cell, share }),
            Err(reason) => {
                permit.withdraw();
                return Err(Refused { cell, reason });
            }
        }
    }
    Ok(permit)
}

/// Where a caller stands at these limits.
pub fn standing<'a>(cells: impl IntoIterator<Item = &'a Arc<Cell>>, now: u64) -> Standing {
    let (mut requests, mut tokens) = (Tightest::default(), Tightest::default());
    for cell in cells {
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
        let before = self.holds;
        let holds = before.at_least(used);
        for Held { cell, share } in &mut self.held {
            match (&cell.limit, share) {
                (Limit::Rate(dimension, _, rate), Share::Weight(weight)) => {
                    let more = dimension.of(holds).saturating_mul(self.gateways);
                    let more = more.max(*weight);
                    correct(rate, *weight, more, now);
                    *weight = more;
                }
                (Limit::Budget(budget), Share::Reserved(reserved)) => {
                    budget.reserve_more(reserved, holds.cost.less(before.cost));
                }
                _ => {}
            }
        }
        self.holds = holds;
    }

    /// The request is over and has used so much. The budgets whose soft limits it has reached.
    #[must_use = "somebody wants to know of the soft limits"]
    pub fn settle(mut self, used: Use, now: u64) -> SmallVec<[Reached; 1]> {
        let mut reached = SmallVec::new();
        for Held { cell, share } in std::mem::take(&mut self.held) {
            match (&cell.limit, share) {
                (Limit::Rate(dimension, _, rate), Share::Weight(weight)) => {
                    let used = dimension.of(used).saturating_mul(self.gateways);
                    correct(rate, weight, used, now);
                }
                (Limit::Concurrency(places), Share::Place) => places.leave(),
                (Limit::Budget(budget), Share::Reserved(reserved)) => {
                    let soft = budget.settle(reserved, used.cost, now);
                    reached.extend(soft.map(|soft| Reached { cell, soft }));
                }
                _ => {}
            }
        }
        reached
    }

    /// The limits at which the request counts.
    pub fn cells(&self) -> impl Iterator<Item = &Arc<Cell>> + Clone {
        self.held.iter().map(|held| &held.cell)
    }

    /// Where the caller stands at the limits of this request.
    pub fn standing(&self, now: u64) -> Standing {
        standing(self.cells(), now).among(self.gateways)
    }

    /// The request was not made after all: gives everything back.
    pub fn withdraw(self) {
        for held in &self.held {
            if let (Limit::Rate(Dimension::Requests, _, rate), Share::Weight(weight)) =
                (&held.cell.limit, &held.share)
            {
                rate.give_back(*weight);
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        for Held { cell, share } in self.held.drain(..) {
            match (&cell.limit, share) {
                (Limit::Rate(Dimension::Requests, ..), _) => {}
                (Limit::Rate(_, _, rate), Share::Weight(weight)) => rate.give_back(weight),
                (Limit::Concurrency(places), Share::Place) => places.leave(),
                (Limit::Budget(budget), Share::Reserved(reserved)) => budget.release(reserved),
                _ => {}
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
    /// Where a gateway has only this part of the limits.
    #[must_use]
    pub fn of_part(self, part: Part) -> Self {
        self.among(part.gateways())
    }

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

/// Takes what a request is expected to use.
///
/// How long an answer will be is a guess, so a guess above the whole amount takes the whole amount: what the answer uses
/// beyond that is owed afterwards. A question is as long as it is, and is refused.
fn take(cell: &Cell, ask: Use, part: Part, now: u64) -> Result<Share, Reason> {
    if let Part::Away { gateways, epoch } = part {
        cell.mirror
            .take_over(&cell.limit, gateways.max(1), epoch, now);
    }
    match &cell.limit {
        Limit::Rate(dimension, _, rate) => {
            let limit = rate.limit();
            let asked = weight(*dimension, ask, limit);
            // Each gateway may have one request, however large its part of the limit is.
            let asked = asked.saturating_mul(part.gateways()).min(limit.max(asked));
            match rate.try_take(asked, now) {
                Ok(_) => Ok(Share::Weight(asked)),
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
        Limit::Concurrency(places) if places.try_enter_among(part.gateways()) => Ok(Share::Place),
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
            reserved.map(Share::Reserved).map_err(Reason::Budget)
        }
    }
}

/// What a request takes of a limit: a guess above the whole amount is held to be that, and what is certain is not.
pub(super) fn weight(dimension: Dimension, ask: Use, limit: u64) -> u64 {
    let certain = dimension.of(ask.without_answer());
    dimension.of(ask).min(limit.max(certain))
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
