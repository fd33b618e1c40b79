//! Choosing on a route: which of its targets take a request, in which order they are asked, and why the others are
//! left out. Calls nobody and changes nothing but whose turn it is, so that a choice can be explained without a call.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderMap;
use modelport_provider::{capability::Capability, price::Prices, splice::Ask};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use smallvec::SmallVec;

use crate::{
    app::App,
    auth::Caller,
    clock,
    config::routes::{Condition, Policy},
    models::{Model, known::Known},
    routing::{
        affinity,
        choice::{Choice, Considered, LeftOut, Reason},
        needs::Needs,
        policy::{self, Candidate, Draw, Standing},
        route::{Facts, Group, Route, RouteTarget},
    },
};

/// The tokens of an answer whose request sets no bound.
const USUAL_OUTPUT: u64 = 500;

/// Pico-USD in a USD.
const PICO: Decimal = Decimal::from_parts(0xd4a5_1000, 0xe8, 0, false, 0);

/// What is looked at of a request.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The model asked for.
    pub model: &'a str,
    /// The fields of a JSON body; `None` of a form.
    pub ask: Option<&'a Ask>,
    /// The body.
    pub body: &'a [u8],
    /// The caller's headers.
    pub headers: &'a HeaderMap,
    /// Who asks.
    pub caller: &'a Caller,
}

/// Orders the targets of a route for a request; `turn` tells whose turn it is in a group.
pub fn choose(
    app: &App,
    route: &Arc<Route>,
    request: Request<'_>,
    turn: impl Fn(&Group) -> u64,
) -> Choice {
    let needs = request
        .ask
        .map(|ask| Needs::of(ask, request.body))
        .unwrap_or_default();
    let now = clock::now();
    let mut choice = Choice {
        route: Arc::clone(route),
        needs,
        considered: SmallVec::new(),
        left_out: Vec::new(),
    };
    let mut parked: SmallVec<[Considered; 4]> = SmallVec::new();
    for (number, group) in route.groups.iter().enumerate() {
        let mut candidates: SmallVec<[Candidate; 8]> = SmallVec::new();
        for (place, target) in group.targets.iter().enumerate() {
            let reader = Reader {
                app,
                target,
                request: &request,
                needs: &choice.needs,
                now,
            };
            match reader.unfit(&group.when) {
                Some(reason) => choice.left_out.push(LeftOut {
                    group: number,
                    place,
                    reason,
                }),
                None => candidates.push(reader.candidate(place, &group.policy)),
            }
        }
        let draw = Draw {
            turn: turn(group),
            random: fastrand::u64(..),
            affinity: affinity_of(&group.policy, &request),
        };
        let order = policy::order(&group.policy, &candidates, &draw);
        let ordered = order.into_iter().filter_map(|place| {
            let candidate = candidates.iter().find(|known| known.place == place)?;
            Some(Considered {
                group: number,
                candidate: *candidate,
            })
        });
        for considered in ordered {
            match considered.candidate.standing {
                Standing::Ready | Standing::Trial => choice.considered.push(considered),
                Standing::Parked => parked.push(considered),
            }
        }
    }
    // Those that are down are the last hope and not lost: a route is never without a target.
    choice.considered.extend(parked);
    choice
}

/// What a request would cost at a target, in nano-USD; `None` where its prices are unknown.
pub fn price(app: &App, target: &RouteTarget, request: Request<'_>, needs: &Needs) -> Option<u64> {
    let (request, now) = (&request, clock::now());
    let reader = Reader {
        app,
        target,
        request,
        needs,
        now,
    };
    reader.price()
}

/// Whether a target may be asked for this model: by how it is doing, and where it serves several, by whether anything is
/// left for this one.
pub fn standing(app: &App, target: &RouteTarget, model: &str, now: Instant) -> Standing {
    match target.signals.standing(now) {
        Standing::Ready | Standing::Trial if used_up(app, target, model, now).is_some() => {
            Standing::Parked
        }
        standing => standing,
    }
}

/// For how long nothing is left for this model at a target that serves several.
pub fn used_up(app: &App, target: &RouteTarget, model: &str, now: Instant) -> Option<Duration> {
    if target.model.is_some() {
        return None;
    }
    app.keyrings.get(target.provider)?.used_up_for(model, now)
}

fn affinity_of(policy: &Policy, request: &Request<'_>) -> Option<u64> {
    match (policy, request.ask) {
        (Policy::Sticky(by), Some(ask)) => affinity::of(by, request.headers, ask, request.body),
        _ => None,
    }
}

/// Looks at one target for one request.
struct Reader<'a> {
    app: &'a App,
    target: &'a RouteTarget,
    request: &'a Request<'a>,
    needs: &'a Needs,
    now: Instant,
}

impl Reader<'_> {
    /// Why the target does not take the request, if so, in a group that is for some requests only.
    fn unfit(&self, group: &Condition) -> Option<Reason> {
        self.unmet(group)
            .or_else(|| self.unmet(&self.target.when))
            .or_else(|| self.beyond_its_model())
            .or_else(|| self.beyond_its_key())
    }

    /// What of a condition the request does not meet.
    fn unmet(&self, when: &Condition) -> Option<Reason> {
        let tokens = self.needs.input_tokens;
        let needed = |capability: &Capability| self.needs.capabilities.contains(capability);
        if let Some(capability) = when.needs.iter().find(|capability| !needed(capability)) {
            return Some(Reason::OnlyFor(*capability));
        }
        for (name, wanted) in &when.headers {
            let mut values = self.request.headers.get_all(name).iter();
            if !values.any(|value| value == wanted) {
                return Some(Reason::Header(name.clone()));
            }
        }
        for (name, wanted) in &when.key_tags {
            let value = self.request.caller.tag(name);
            if !value.is_some_and(|value| wanted.matches(value)) {
                return Some(Reason::KeyTag(Arc::clone(name)));
            }
        }
        if let Some(least) = when
            .min_input_tokens
            .filter(|least| tokens < u64::from(*least))
        {
            return Some(Reason::TooShort { tokens, least });
        }
        let most = when.max_input_tokens.map(u64::from);
        let most = most.filter(|most| tokens > *most)?;
        Some(Reason::TooLong { tokens, most })
    }

    fn beyond_its_key(&self) -> Option<Reason> {
        let is_open = self.request.caller.opens_provider(&self.target.provider_id);
        (!is_open).then_some(Reason::NotOpened)
    }

    fn beyond_its_model(&self) -> Option<Reason> {
        let facts = self.facts();
        let mut needed = self.needs.capabilities.iter();
        if let Some(lacking) = needed.find(|needed| facts.1.capabilities.lacks(**needed)) {
            return Some(Reason::Lacks(*lacking));
        }
        let tokens = self.needs.input_tokens;
        // The length is an estimate, which must be clearly too much to be held against a target.
        let most = facts
            .1
            .context_length
            .filter(|most| tokens / 3 * 2 > *most)?;
        Some(Reason::TooLong { tokens, most })
    }

    fn facts(&self) -> Arc<(Instant, Facts)> {
        let provider = self.target.provider;
        match &self.target.model {
            Some(model) => self
                .target
                .facts(self.now, || look(self.app, provider, model)),
            None => Arc::new((self.now, look(self.app, provider, self.request.model))),
        }
    }

    fn candidate(&self, place: usize, policy: &Policy) -> Candidate {
        let signals = &self.target.signals;
        Candidate {
            place,
            weight: self.target.weight,
            in_flight: signals.in_flight(),
            latency: signals.latency(self.now),
            price: (*policy == Policy::Cost).then(|| self.price()).flatten(),
            name_hash: self.target.name_hash,
            standing: standing(self.app, self.target, self.request.model, self.now),
        }
    }

    /// What the request costs here in nano-USD, with as much of its input in the provider's cache as has been of late.
    fn price(&self) -> Option<u64> {
        let facts = self.facts();
        let (input_price, output_price) = (facts.1.input_price?, facts.1.output_price?);
        let input = self.needs.input_tokens;
        let cached = input.saturating_mul(self.target.cache.percent()) / 100;
        let fresh = input.saturating_sub(cached);
        let output = self.request.ask.map_or(USUAL_OUTPUT, |ask| {
            max_output(ask, self.request.body).unwrap_or(USUAL_OUTPUT)
        });
        let cached_price = facts.1.cached_price.unwrap_or(input_price);
        let pico = fresh
            .saturating_mul(input_price)
            .saturating_add(cached.saturating_mul(cached_price))
            .saturating_add(output.saturating_mul(output_price));
        Some(pico / 1000)
    }
}

/// The most tokens that an answer may have, as the request says.
fn max_output(ask: &Ask, body: &[u8]) -> Option<u64> {
    let names = ["max_completion_tokens", "max_tokens", "max_output_tokens"];
    let mut fields = ask.fields().iter();
    let field = fields.find(|field| names.contains(&&*field.key(body)))?;
    let text = std::str::from_utf8(body.get(field.value.clone())?).ok()?;
    text.parse().ok()
}

fn look(app: &App, provider: usize, model: &str) -> Facts {
    let shelf = app.models.shelf(provider);
    let listed = shelf.as_ref().and_then(|shelf| shelf.get(model));
    let unlisted;
    let model = if let Some(listed) = listed {
        listed
    } else {
        unlisted = Model {
            id: model.to_owned(),
            listed: None,
        };
        &unlisted
    };
    let known = Known::of(app, provider, model, clock::calendar());
    let Prices {
        prompt,
        cached_prompt,
        completion,
        ..
    } = known.prices;
    let config = app.config.providers.get(provider);
    let discount = config.and_then(|config| config.discount);
    let paid = |price: Decimal| match discount {
        Some(discount) => pico(discount.of(price)?),
        None => pico(price),
    };
    Facts {
        capabilities: known.capabilities,
        context_length: known.context_length.map(|limit| limit.value),
        input_price: prompt.and_then(paid),
        cached_price: cached_prompt.and_then(paid),
        output_price: completion.and_then(paid),
    }
}

/// USD as whole pico-USD: fine enough to compare by. What is booked is counted exactly.
fn pico(amount: Decimal) -> Option<u64> {
    amount.checked_mul(PICO)?.round().to_u64()
}
