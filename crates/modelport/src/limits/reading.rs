//! How far a limit is used up, for whoever looks. It takes nothing, and asks no server: of a limit that is shared it tells
//! what this gateway has last heard, or has counted itself where that is more.

use super::{
    cell::{Cell, Limit},
    money::Money,
    window::Window,
};

/// How far a limit is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// One over a period.
    Rate {
        /// The whole amount.
        limit: u64,
        /// What is used of it.
        used: u64,
        /// When the whole amount is there again if nobody takes any, in milliseconds since 1970.
        whole_at: u64,
    },
    /// Requests at the same time, by this gateway.
    Places {
        /// How many may be under way.
        limit: u64,
        /// How many are.
        under_way: u64,
    },
    /// Money in a window.
    Budget {
        /// The window.
        window: Window,
        /// What may be spent, or is warned of.
        amount: Money,
        /// The amount at which somebody is told, if there is one.
        soft: Option<Money>,
        /// Whether requests are refused beyond the amount.
        is_hard: bool,
        /// What the window's requests have cost.
        spent: Money,
        /// What this gateway has set apart for those under way.
        reserved: Money,
        /// When the window begins anew, in milliseconds since 1970; `None` where it never does, or does all the time.
        resets_at: Option<u64>,
    },
}

impl Cell {
    /// How far it is used up at this time, in milliseconds since 1970.
    pub fn reading(&self, now: u64) -> Reading {
        match &self.limit {
            Limit::Rate(_, _, rate) => {
                let taken = rate.taken().max(self.mirror.rate());
                let limit = rate.limit();
                let left = rate.remaining_of(rate.used_of(taken, now));
                let until = rate.until_of(taken, limit, now).as_millis();
                Reading::Rate {
                    limit,
                    used: limit - left,
                    whole_at: now.saturating_add(u64::try_from(until).unwrap_or(u64::MAX)),
                }
            }
            Limit::Concurrency(places) => Reading::Places {
                limit: places.limit(),
                under_way: places.under_way(),
            },
            Limit::Budget(budget) => {
                let standing = budget.standing(now);
                let window = budget.window();
                let end = match window {
                    Window::Day | Window::Week | Window::Month => Some(window.period(now).end),
                    Window::Total | Window::Rolling(_) => None,
                };
                Reading::Budget {
                    window,
                    amount: budget.amount(),
                    soft: budget.soft(),
                    is_hard: budget.hard().is_some(),
                    spent: standing.spent.max(self.mirror.spent(budget, now)),
                    reserved: standing.reserved,
                    resets_at: end,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{slice, sync::Arc};

    use super::*;
    use crate::limits::{
        admission::admit,
        budget::Budget,
        cell::{Dimension, Owner, Per, Use},
    };

    const NOON: u64 = 1_764_504_000_000;

    fn cell(limit: Limit) -> Arc<Cell> {
        Arc::new(Cell::new(Owner::Key, "k", limit))
    }

    #[test]
    fn a_reading_tells_what_was_taken_and_takes_nothing() {
        let rate = cell(Limit::rate(60, Dimension::Requests, Per::Minute));
        let permit = admit(slice::from_ref(&rate), Use::default(), NOON).unwrap();
        let told = Reading::Rate {
            limit: 60,
            used: 1,
            whole_at: NOON + 1000,
        };
        assert_eq!(rate.reading(NOON), told);
        assert_eq!(rate.reading(NOON), told);
        drop(permit);
        let rested = rate.reading(NOON + 5000);
        assert!(
            matches!(rested, Reading::Rate { used: 0, .. }),
            "{rested:?}"
        );
    }

    #[test]
    fn what_a_server_has_said_counts_where_it_is_more() {
        let rate = Limit::rate(60, Dimension::Requests, Per::Minute);
        let Limit::Rate(_, _, counted) = &rate else {
            unreachable!()
        };
        let end = counted.end_of(30 * counted.scale().unit, NOON);
        let shared = cell(rate);
        shared.mirror.see_rate(end);
        let told = shared.reading(NOON);
        assert!(matches!(told, Reading::Rate { used: 30, .. }), "{told:?}");
    }

    #[test]
    fn a_budget_tells_its_window() {
        let dollar = Money::from_dollars(1.into());
        let of = |window| cell(Limit::Budget(Budget::new(window, None, Some(dollar))));
        let half = Use {
            cost: Money::from_pico(dollar.pico() / 2),
            ..Use::default()
        };
        let day = of(Window::Day);
        let permit = admit(slice::from_ref(&day), half, NOON).unwrap();
        let Reading::Budget {
            spent,
            reserved,
            resets_at,
            ..
        } = day.reading(NOON)
        else {
            unreachable!()
        };
        assert_eq!((spent, reserved), (Money::default(), half.cost));
        assert_eq!(resets_at, Some(NOON + 12 * 3_600_000));
        assert!(permit.settle(half, NOON).is_empty());
        let Reading::Budget { spent, .. } = day.reading(NOON) else {
            unreachable!()
        };
        assert_eq!(spent, half.cost);
        let total = of(Window::Total).reading(NOON);
        assert!(
            matches!(
                total,
                Reading::Budget {
                    resets_at: None,
                    ..
                }
            ),
            "{total:?}"
        );
    }
}
