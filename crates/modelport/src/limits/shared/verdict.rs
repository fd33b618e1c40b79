//! The question whether a request may be sent, as the script takes it, and its answer.

use std::sync::Arc;

use super::{
    LASTS,
    script::{ADMIT, Call},
    ticket::{Hold, Ticket, scale, width},
};
use crate::limits::{
    admission::{Level, Reason, Refused, Standing},
    budget::{self, Budget},
    cell::Limit,
    mirror::{nano, of_nano},
    money::Money,
    register::{Bounds, cells},
    window::{Window, millis},
};

/// How long a budget is remembered after its window, or after it was last asked for, in milliseconds.
const AFTERWARDS: u64 = 24 * 60 * 60 * 1000;

/// How long a budget of all time is remembered without being asked for, in milliseconds. It is told anew afterwards.
const TOTAL: u64 = 30 * AFTERWARDS;

/// Asks for what the ticket holds.
pub(super) fn ask(bounds: &Bounds, ticket: &Ticket, now: u64) -> Call<'static> {
    let mut call = ADMIT.with(&ticket.permit);
    call.number(millis(LASTS));
    for (cell, hold) in cells(bounds).zip(ticket.holds()) {
        match (&cell.limit, hold) {
            (Limit::Rate(_, _, rate), Hold::Rate(_, weight)) => {
                call.key(cell.mirror.key(cell)).word("r");
                call.number(weight.saturating_mul(rate.scale().unit));
                scale(&mut call, rate, cell, now);
            }
            (Limit::Concurrency(places), Hold::Place(key)) => {
                call.key(key).word("c").number(places.limit());
            }
            (Limit::Budget(budget), Hold::Money(_, sums, cost)) => {
                call.key(&sums.sums).key(&sums.held).word("b").number(*cost);
                match budget.hard() {
                    Some(hard) => call.number(nano(hard)),
                    None => call.unlimited(),
                };
                let known = cell.mirror.budget(budget, now);
                call.number(width(cell)).number(lives(budget, now));
                call.number(known.seed).number(known.generation);
                call.number(known.reach);
            }
            _ => {}
        }
    }
    call
}

/// Reads the answer: the first limit that refuses, if any does, and where the caller stands. Notes what it says of each
/// limit.
///
/// # Errors
///
/// When it is no answer of the script.
pub(super) fn read(
    bounds: &Bounds,
    ticket: &Ticket,
    answer: &[u64],
    now: u64,
) -> Result<(Option<Refused>, Standing), String> {
    let mut rest = answer.iter().copied();
    let mut next = || rest.next().ok_or("its answer is too short");
    let (refused, at) = (next()?, next()?);
    let mut standing = Standing::default();
    let mut found = None;
    for (number, (cell, hold)) in (1..).zip(cells(bounds).zip(ticket.holds())) {
        let reason = match (&cell.limit, hold) {
            (Limit::Rate(dimension, _, rate), Hold::Rate(_, weight)) => {
                let used = next()?;
                let end = rate.end_of(used, at);
                cell.mirror.see_rate(end);
                let level = Level {
                    limit: rate.limit(),
                    remaining: rate.remaining_of(used),
                    reset: rate.until_of(end, rate.limit(), at),
                };
                standing.add(*dimension, level);
                Reason::Spent {
                    limit: level.limit,
                    remaining: level.remaining,
                    asked: *weight,
                    retry_after: rate.until_of(end, *weight, at),
                }
            }
            (Limit::Concurrency(places), Hold::Place(_)) => {
                next()?;
                let limit = places.limit();
                Reason::Busy { limit }
            }
            (Limit::Budget(budget), Hold::Money(_, _, cost)) => {
                let (spent, reserved, generation, resets) = (next()?, next()?, next()?, next()?);
                cell.mirror
                    .see_budget(budget, spent, reserved, generation, now);
                Reason::Budget(refusal(budget, spent, reserved, resets, *cost, now))
            }
            _ => continue,
        };
        if number == refused {
            let cell = Arc::clone(cell);
            found = Some(Refused { cell, reason });
        }
    }
    if found.is_none() && refused != 0 {
        return Err("its answer names no limit that was asked for".to_owned());
    }
    Ok((found, standing))
}

fn refusal(
    budget: &Budget,
    spent: u64,
    reserved: u64,
    resets: u64,
    cost: u64,
    now: u64,
) -> budget::Refusal {
    let limit = budget.hard().unwrap_or(Money::MAX);
    let at = match budget.window() {
        Window::Rolling(_) => resets,
        window => window.period(now).end,
    };
    budget::Refusal {
        spent: of_nano(spent),
        reserved: of_nano(reserved),
        limit,
        resets_at: (at < u64::MAX && of_nano(cost) <= limit).then_some(at),
    }
}

/// How long a budget is remembered from now on, in milliseconds.
fn lives(budget: &Budget, now: u64) -> u64 {
    match budget.window() {
        Window::Total => TOTAL,
        Window::Rolling(length) => millis(length).saturating_mul(2).saturating_add(AFTERWARDS),
        window => {
            let end = window.period(now).end;
            end.saturating_sub(now).saturating_add(AFTERWARDS)
        }
    }
}
