//! What a request used: what it costs, what the limits hear of it, and what it teaches of the model.

use std::sync::Arc;

use modelport_provider::{cost::Counts, failure::FailureKind, usage::Usage};
use smallvec::SmallVec;

use super::{super::tries::Held, Ending, Meter};
use crate::{
    accounting::{
        charge::Charge,
        record::{Lookup, Record},
        unmetered::Unmetered,
    },
    clock,
    limits::{admission::Reached, cell::Use, money::Money},
    models::cost,
};

/// Bytes of a request that make a token, roughly.
const BYTES_PER_TOKEN: usize = 4;

impl Meter {
    /// The target that answers has died in the middle of a stream with which another is to go on. What it did is booked
    /// with the rest, and the answer is kept for nobody.
    pub fn cut(&mut self) {
        let now = clock::now();
        if let Some(flight) = &mut self.held.flight {
            flight.failed(FailureKind::Truncated, None, now);
        }
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.cut = Some(now.saturating_duration_since(attempt.began));
        }
        let permit = self.held.permit.take();
        self.held = Held::default();
        self.watched = None;
        let events = std::mem::take(&mut self.events);
        let (Some(record), Some(provider)) = (&mut self.record, self.provider.take()) else {
            return;
        };
        let Some(model) = record.upstream_model.clone() else {
            return;
        };
        let told = record.usage.take();
        let counts = if told.is_some() {
            Counts::Told
        } else {
            Counts::Estimated
        };
        let (app, at) = (Arc::clone(&self.app), record.at);
        let price =
            move |usage: &Usage| Charge::of(&cost::of(&app, provider, &model, usage, counts, at));
        // The tokens of the request are counted away from here; its limits want to know at once.
        let rough = told.clone().unwrap_or_else(|| Usage {
            input_tokens: u64::try_from(self.body.len() / BYTES_PER_TOKEN).unwrap_or(u64::MAX),
            output_tokens: events,
            ..Usage::default()
        });
        let used = Use {
            input_tokens: rough.input_tokens,
            output_tokens: rough.output_tokens,
            cost: (price(&rough).amount).map_or(Money::ZERO, Money::from_dollars),
        };
        record.earlier.push(Unmetered {
            body: self.body.clone(),
            events,
            told,
            price: Arc::new(price),
        });
        self.earlier = self.earlier.and(used);
        if let Some(permit) = permit {
            let warned = self.warn_of(permit.settle(Some(used)));
            if let Some(record) = &mut self.record {
                record.warned.extend(warned);
            }
        }
    }

    /// What was used shows what the model can do.
    pub(super) fn teach(&self, record: &Record) {
        // Of an answer by several targets nobody has said all.
        if !record.earlier.is_empty() {
            return;
        }
        let (Some(provider), Some(model), Some(usage)) =
            (self.provider, &record.upstream_model, &record.usage)
        else {
            return;
        };
        if let Some(cache) = &self.held.cache {
            cache.note(usage.input_tokens, usage.cached_input_tokens);
        }
        let lessons = &self.app.lessons;
        lessons.used(provider, model, usage, clock::calendar());
    }

    /// Puts what was used in the place of what was expected, at every limit.
    pub(super) fn count(&mut self, record: &mut Record) {
        let of_provider = self.held.permit.take();
        let admitted = self.admitted.take();
        if admitted.is_none() && of_provider.is_none() {
            return;
        }
        // A kept answer shows nothing of how long answers are.
        let is_whole = record.ending == Ending::Answered
            && record.lookup != Some(Lookup::Hit)
            && record.earlier.is_empty();
        let used = match &record.usage {
            Some(usage) => Some(Use {
                input_tokens: usage.input_tokens,
                output_tokens: usage.output_tokens,
                cost: record
                    .charge
                    .amount
                    .map_or(Money::ZERO, Money::from_dollars),
            }),
            // What was not answered has used nothing, as far as anybody has said.
            _ if record.unmetered.is_none() => Some(Use::default()),
            _ => None,
        };
        let mut reached = SmallVec::new();
        if let Some(admitted) = admitted {
            let used = used.map(|used| used.and(self.earlier));
            reached = admitted.settle(&self.app, used, is_whole);
        }
        if let Some(of_provider) = of_provider {
            reached.extend(of_provider.settle(used));
        }
        record.warned.extend(self.warn_of(reached));
    }

    /// Gives notice of budgets that have reached the amount at which they warn, and says whose they are.
    fn warn_of(&self, reached: SmallVec<[Reached; 1]>) -> SmallVec<[&'static str; 1]> {
        let mut warned = SmallVec::new();
        for Reached { cell, soft } in reached {
            self.app
                .limits
                .notices
                .reached(&cell, soft, clock::unix_millis());
            warned.push(cell.owner.as_str());
        }
        warned
    }

    /// Works out what the request costs, or sees to it that it is estimated.
    pub(super) fn price(&mut self, record: &mut Record) {
        let (Some(provider), Some(model)) = (self.provider, &record.upstream_model) else {
            record.charge = Charge::none();
            return;
        };
        if let Some(usage) = &record.usage {
            if record.charge.amount.is_none() {
                let counts = Counts::Told;
                let cost = cost::of(&self.app, provider, model, usage, counts, record.at);
                record.charge = Charge::of(&cost);
            }
            return;
        }
        // A provider that refused, or never began, charges nothing, as all document. One that was left in the middle
        // charges for what it did.
        let is_left = record.ending == Ending::Cancelled && !self.attempts.is_empty();
        if record.first_output.is_none() && !is_left {
            record.charge = Charge::none();
            return;
        }
        let (app, model, at) = (Arc::clone(&self.app), Arc::clone(model), record.at);
        record.unmetered = Some(Box::new(Unmetered {
            body: std::mem::take(&mut self.body),
            events: self.events,
            told: None,
            price: Arc::new(move |usage| {
                let counts = Counts::Estimated;
                Charge::of(&cost::of(&app, provider, &model, usage, counts, at))
            }),
        }));
    }
}
