//! What a request holds of shared limits. It is given back or corrected behind the request's back, by way of a queue, and
//! nothing of it waits for the server.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use smallvec::SmallVec;

use super::{
    Shared,
    script::{Call, REFRESH, SETTLE},
};
use crate::limits::{
    admission::weight,
    cell::{Cell, Dimension, Limit, Use},
    mirror::nano,
    rate::Rate,
    register::{Bounds, cells},
};

/// What a request holds. Dropped before it is settled it gives back tokens, money and the place, but not the request,
/// which was made.
#[must_use]
pub struct Ticket {
    shared: Arc<Shared>,
    number: u64,
    pub(super) permit: Arc<str>,
    epoch: u64,
    holds: SmallVec<[Hold; 4]>,
}

/// What it holds of one limit.
pub(super) enum Hold {
    /// So much of a rate.
    Rate(Arc<Cell>, u64),
    /// A place.
    Place(Arc<str>),
    /// Money, in nanodollars.
    Money(Arc<Cell>, Sums, u64),
}

/// Where a budget is kept.
#[derive(Clone)]
pub(super) struct Sums {
    pub(super) sums: Arc<str>,
    pub(super) held: Arc<str>,
}

/// What is kept of a request as long as it goes on, so that its places do not come to an end.
pub(super) struct Live {
    permit: Arc<str>,
    kept: SmallVec<[Kept; 2]>,
}

enum Kept {
    Place(Arc<str>),
    Money(Sums, u64),
}

/// What is to be told to the server.
pub(super) struct Correction {
    permit: Arc<str>,
    epoch: u64,
    changes: SmallVec<[Change; 4]>,
}

enum Change {
    Rate {
        cell: Arc<Cell>,
        more: u64,
        less: u64,
    },
    Leave(Arc<str>),
    Spend {
        cell: Arc<Cell>,
        sums: Sums,
        reserved: u64,
        spent: u64,
    },
}

impl Ticket {
    /// For a request that is expected to use so much, before it is asked for. `epoch` is that of the connection.
    pub(super) fn new(
        shared: &Arc<Shared>,
        epoch: u64,
        bounds: &Bounds,
        ask: Use,
        now: u64,
    ) -> Self {
        let number = shared.number.fetch_add(1, Relaxed);
        let holds: SmallVec<[Hold; 4]> =
            cells(bounds).map(|cell| Hold::of(cell, ask, now)).collect();
        let permit: Arc<str> = format!("{}-{number:x}", shared.gateway).into();
        let kept: SmallVec<[Kept; 2]> = holds.iter().filter_map(Hold::kept).collect();
        if !kept.is_empty() {
            let permit = Arc::clone(&permit);
            shared.live().insert(number, Live { permit, kept });
        }
        Self {
            shared: Arc::clone(shared),
            number,
            permit,
            epoch,
            holds,
        }
    }

    pub(super) fn holds(&self) -> &[Hold] {
        &self.holds
    }

    /// The server has taken nothing of it, so nothing is given back.
    pub(super) fn void(mut self) {
        self.holds.clear();
    }

    /// The request has used so much so far, and is not over.
    pub fn grow(&mut self, used: Use) {
        let mut changes = SmallVec::new();
        for hold in &mut self.holds {
            if let Hold::Rate(cell, weight) = hold
                && let Limit::Rate(dimension, ..) = &cell.limit
            {
                let more = dimension.of(used).saturating_sub(*weight);
                if more > 0 {
                    *weight += more;
                    let cell = Arc::clone(cell);
                    changes.push(Change::Rate {
                        cell,
                        more,
                        less: 0,
                    });
                }
            }
        }
        self.send(changes);
    }

    /// The request is over, and has used so much.
    pub fn settle(mut self, used: Use) {
        self.end(used);
    }

    fn end(&mut self, used: Use) {
        let mut changes = SmallVec::new();
        for hold in self.holds.drain(..) {
            match hold {
                Hold::Rate(cell, weight) => {
                    let Limit::Rate(dimension, ..) = &cell.limit else {
                        continue;
                    };
                    let used = dimension.of(used);
                    if used != weight {
                        let (more, less) =
                            (used.saturating_sub(weight), weight.saturating_sub(used));
                        changes.push(Change::Rate { cell, more, less });
                    }
                }
                Hold::Place(key) => changes.push(Change::Leave(key)),
                Hold::Money(cell, sums, reserved) => {
                    let spent = nano(used.cost);
                    cell.mirror.spend(spent);
                    changes.push(Change::Spend {
                        cell,
                        sums,
                        reserved,
                        spent,
                    });
                }
            }
        }
        self.send(changes);
    }

    fn send(&self, changes: SmallVec<[Change; 4]>) {
        if !changes.is_empty() {
            self.shared.correct(Correction {
                permit: Arc::clone(&self.permit),
                epoch: self.epoch,
                changes,
            });
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Before the correction is queued, so that nothing is kept that is given back.
        self.shared.live().remove(&self.number);
        self.end(Use::default());
    }
}

impl Hold {
    fn of(cell: &Arc<Cell>, ask: Use, now: u64) -> Self {
        let key = cell.mirror.key(cell);
        match &cell.limit {
            Limit::Rate(dimension, _, rate) => {
                Self::Rate(Arc::clone(cell), weight(*dimension, ask, rate.limit()))
            }
            Limit::Concurrency(_) => Self::Place(Arc::clone(key)),
            Limit::Budget(budget) => {
                use crate::limits::window::Window;
                let sums = match budget.window() {
                    Window::Rolling(_) | Window::Total => Arc::clone(key),
                    window => format!("{key}:{}", window.period(now).start).into(),
                };
                let held = format!("{sums}:held").into();
                Self::Money(Arc::clone(cell), Sums { sums, held }, nano(ask.cost))
            }
        }
    }

    fn kept(&self) -> Option<Kept> {
        match self {
            Self::Rate(..) => None,
            Self::Place(key) => Some(Kept::Place(Arc::clone(key))),
            Self::Money(_, sums, reserved) => Some(Kept::Money(sums.clone(), *reserved)),
        }
    }
}

impl Live {
    /// Keeps it for so long from now on.
    pub(super) fn refresh(&self, lasts: u64) -> Call<'static> {
        let mut call = REFRESH.with(&self.permit);
        call.number(lasts);
        for kept in &self.kept {
            match kept {
                Kept::Place(key) => call.key(key).word("c"),
                Kept::Money(Sums { sums, held }, reserved) => {
                    call.key(sums).key(held).word("b").number(*reserved)
                }
            };
        }
        call
    }
}

impl Correction {
    /// What the server is told, and whose budgets it answers for. `epoch` is that of the connection.
    pub(super) fn call(&self, epoch: u64, now: u64) -> (Call<'static>, SmallVec<[Arc<Cell>; 1]>) {
        let mut call = SETTLE.with(&self.permit);
        let mut budgets = SmallVec::new();
        for change in &self.changes {
            match change {
                // Nobody knows whether that server had been asked for it.
                Change::Rate { more: 0, .. } if self.epoch != epoch => {}
                Change::Rate { cell, more, less } => {
                    if let Limit::Rate(_, _, rate) = &cell.limit {
                        call.key(cell.mirror.key(cell)).word("r");
                        let unit = rate.scale().unit;
                        call.number(more.saturating_mul(unit))
                            .number(less.saturating_mul(unit));
                        scale(&mut call, rate, cell, now);
                    }
                }
                Change::Leave(key) => drop(call.key(key).word("c")),
                Change::Spend {
                    cell,
                    sums,
                    reserved,
                    spent,
                } => {
                    call.key(&sums.sums).key(&sums.held).word("b");
                    call.number(*reserved).number(*spent).number(width(cell));
                    budgets.push(Arc::clone(cell));
                }
            }
        }
        (call, budgets)
    }
}

/// How a rate counts, and how much of it this gateway has last seen in use.
pub(super) fn scale(to: &mut Call<'_>, rate: &Rate, cell: &Cell, now: u64) {
    let scale = rate.scale();
    let seen = rate.used_of(cell.mirror.rate(), now);
    to.number(scale.whole).number(scale.speed.max(1));
    to.number(scale.per).number(seen);
}

/// How long a bucket of a rolling budget is, in milliseconds; 0 for a window of the calendar.
pub(super) fn width(cell: &Cell) -> u64 {
    match &cell.limit {
        Limit::Budget(budget) => budget.bucket().unwrap_or(0),
        Limit::Rate(..) | Limit::Concurrency(_) => 0,
    }
}

/// What a rate counts, if it is one.
pub(super) fn rate_of(cell: &Cell) -> Option<(Dimension, &Rate)> {
    match &cell.limit {
        Limit::Rate(dimension, _, rate) => Some((*dimension, rate)),
        Limit::Concurrency(_) | Limit::Budget(_) => None,
    }
}
