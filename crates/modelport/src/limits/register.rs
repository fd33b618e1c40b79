//! The limits that there are, by whose they are, and what has been used of each. Built anew when keys, teams or the
//! configuration change; a limit that stays the same goes on with what was used of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use smallvec::SmallVec;

use super::{
    budget::Budget,
    cell::{Cell, Dimension, Limit, Owner, Per},
    concurrency::Concurrency,
    estimate::Expected,
    money::Money,
    notice::Notices,
};
use crate::{
    clock,
    config::{
        limits::{self as config, LimitConfig, Limited, Limits},
        routes::Pattern,
    },
};

/// All limits of one owner.
pub type Cells = Arc<[Arc<Cell>]>;

/// The limits of a request, those that refuse most first.
pub type Bounds = SmallVec<[Cells; 4]>;

/// All of these limits.
pub fn cells(bounds: &Bounds) -> impl Iterator<Item = &Arc<Cell>> + Clone {
    bounds.iter().flat_map(|cells| cells.iter())
}

/// The limits that there are.
#[derive(Debug, Default)]
pub struct Register {
    /// Those of keys and teams.
    kept: ArcSwap<Kept>,
    configured: ArcSwap<Vec<Configured>>,
    /// Budgets that do not know yet what was spent before.
    fresh: Mutex<Vec<FreshBudget>>,
    /// What answers are expected to use.
    pub expected: Expected,
    /// Budgets that have reached the amounts at which they warn.
    pub notices: Notices,
}

/// A budget that does not know yet what was spent before it was made.
#[derive(Debug)]
pub struct FreshBudget {
    /// The budget.
    pub cell: Arc<Cell>,
    /// When it was made, in milliseconds since 1970. It counts by itself what is spent from then on.
    pub made: u64,
}

/// The limits of keys and teams, by their names.
#[derive(Debug, Default)]
struct Kept {
    keys: Entries,
    teams: Entries,
}

/// Looked into by every request of a key, and filled by whoever may make keys.
type Entries = HashMap<Box<str>, Entry, foldhash::fast::RandomState>;

impl Kept {
    fn get(&self, owner: Owner, name: &str) -> Option<&Entry> {
        match owner {
            Owner::Key => self.keys.get(name),
            Owner::Team => self.teams.get(name),
            Owner::Gateway | Owner::Model | Owner::Provider => None,
        }
    }
}

/// The limits of a key or a team.
#[derive(Debug, Clone)]
struct Entry {
    limits: Limits,
    cells: Cells,
}

/// Limits of the configuration.
#[derive(Debug, Clone)]
struct Configured {
    config: LimitConfig,
    cells: Cells,
}

impl Register {
    /// From now on these are the keys and teams with limits.
    pub fn keep<'l>(&self, all: impl Iterator<Item = (Owner, &'l str, &'l Limits)>) {
        let before = self.kept.load();
        let mut next = Kept::default();
        for (owner, name, limits) in all.filter(|(.., limits)| !limits.is_none()) {
            let known = before.get(owner, name);
            let entry = match known.filter(|entry| entry.limits == *limits) {
                Some(same) => same.clone(),
                None => Entry {
                    limits: limits.clone(),
                    cells: self.cells(owner, name, limits, known.map(|known| &*known.cells)),
                },
            };
            let its = match owner {
                Owner::Team => &mut next.teams,
                _ => &mut next.keys,
            };
            its.insert(name.into(), entry);
        }
        self.kept.store(Arc::new(next));
    }

    /// From now on these are the limits of the configuration.
    pub fn configure(&self, all: &[LimitConfig]) {
        let before = self.configured.load();
        let next = all.iter().map(|config| {
            let same = before.iter().find(|known| known.config == *config);
            same.cloned().unwrap_or_else(|| {
                let (owner, name) = match &config.of {
                    Limited::Gateway => (Owner::Gateway, ""),
                    Limited::Provider(id) => (Owner::Provider, id.as_str()),
                    Limited::Model(Pattern(model)) => (Owner::Model, model.as_str()),
                };
                let known = before.iter().find(|known| known.config.of == config.of);
                let known = known.map(|known| &*known.cells);
                Configured {
                    config: config.clone(),
                    cells: self.cells(owner, name, &config.limits, known),
                }
            })
        });
        let next = next.collect();
        self.configured.store(Arc::new(next));
    }

    /// The limits of a request by this key, of this team, for a model that is asked for by this name.
    pub fn of_request(&self, key: Option<&str>, team: Option<&str>, model: &str) -> Bounds {
        let mut bounds = Bounds::new();
        if key.is_some() || team.is_some() {
            let kept = self.kept.load();
            for (owner, name) in [(Owner::Key, key), (Owner::Team, team)] {
                let found = name.and_then(|name| kept.get(owner, name));
                bounds.extend(found.map(|entry| Arc::clone(&entry.cells)));
            }
        }
        let configured = self.configured.load();
        let wider = configured.iter().filter(|known| match &known.config.of {
            Limited::Gateway => true,
            Limited::Model(pattern) => pattern.matches(model),
            Limited::Provider(_) => false,
        });
        bounds.extend(wider.map(|known| Arc::clone(&known.cells)));
        bounds
    }

    /// The limits of a provider.
    pub fn of_provider(&self, id: &str) -> Bounds {
        let configured = self.configured.load();
        let its = configured
            .iter()
            .filter(|known| matches!(&known.config.of, Limited::Provider(name) if name == id));
        its.map(|known| Arc::clone(&known.cells)).collect()
    }

    /// All limits of one owner, for a report.
    pub fn of(&self, owner: Owner, name: &str) -> Option<Cells> {
        let kept = self.kept.load();
        let found = kept.get(owner, name)?;
        Some(Arc::clone(&found.cells))
    }

    /// All limits of everybody: of the configuration, then of teams and keys in the order of their names.
    pub fn all(&self) -> Vec<Arc<Cell>> {
        let (configured, kept) = (self.configured.load(), self.kept.load());
        let in_order = |of: &Entries| {
            let mut entries: Vec<_> = of
                .iter()
                .map(|(name, of)| (name.clone(), Arc::clone(&of.cells)))
                .collect();
            entries.sort_by(|(left, _), (right, _)| left.cmp(right));
            entries.into_iter().map(|(_, cells)| cells)
        };
        let configured = configured.iter().map(|known| Arc::clone(&known.cells));
        let all = configured
            .chain(in_order(&kept.teams))
            .chain(in_order(&kept.keys));
        all.flat_map(|cells| cells.to_vec()).collect()
    }

    /// Budgets that have been made since the last call and do not know yet what was spent before.
    pub fn fresh_budgets(&self) -> Vec<FreshBudget> {
        std::mem::take(&mut self.fresh.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The limits of an owner, whose budgets go on with what was spent of those they had before in the same window.
    fn cells(
        &self,
        owner: Owner,
        name: &str,
        limits: &Limits,
        before: Option<&[Arc<Cell>]>,
    ) -> Cells {
        use Dimension::{InputTokens, OutputTokens, Requests, Tokens};
        let rates = [
            (limits.requests_per_minute, Requests, Per::Minute),
            (limits.requests_per_day, Requests, Per::Day),
            (limits.tokens_per_minute, Tokens, Per::Minute),
            (limits.input_tokens_per_minute, InputTokens, Per::Minute),
            (limits.output_tokens_per_minute, OutputTokens, Per::Minute),
            (limits.tokens_per_day, Tokens, Per::Day),
        ];
        let rates = rates
            .into_iter()
            .filter_map(|(amount, dimension, per)| Some(Limit::rate(amount?, dimension, per)));
        let places = limits.concurrency.map(u64::from);
        let places = places.map(|max| Limit::Concurrency(Concurrency::new(max)));
        let cell = |limit| Arc::new(Cell::new(owner, name, limit));
        let mut cells: Vec<Arc<Cell>> = rates.chain(places).map(cell).collect();
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        for budget in &limits.budgets {
            let next = of(budget, None);
            let mut known = before.unwrap_or_default().iter();
            let known = known.find_map(|cell| match &cell.limit {
                Limit::Budget(known) if known.window() == next.window() => Some(known),
                _ => None,
            });
            let is_new = known.is_none();
            let cell = cell(Limit::Budget(of(budget, known)));
            if is_new {
                fresh.push(FreshBudget {
                    cell: Arc::clone(&cell),
                    made: clock::unix_millis(),
                });
            }
            cells.push(cell);
        }
        cells.into()
    }
}

/// A budget, which goes on with what was spent of another.
fn of(budget: &config::Budget, before: Option<&Budget>) -> Budget {
    let amount = Money::from_dollars(budget.amount);
    let soft = match (budget.warn, budget.refuse) {
        (Some(warn), _) => Some(Money::from_dollars(warn)),
        (None, false) => Some(amount),
        (None, true) => None,
    };
    let hard = budget.refuse.then_some(amount);
    let budget = match before {
        Some(before) => before.with_limits(soft, hard),
        None => Budget::new(budget.per, soft, hard),
    };
    budget.of(amount)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            admission::{Part, admit_part},
            cell::Use,
        },
        *,
    };

    fn limits(json: &str) -> Limits {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_limit_that_stays_goes_on_with_what_was_used() {
        let register = Register::default();
        let two = limits(r#"{"requests_per_minute":2}"#);
        let keep = |limits: &Limits| register.keep([(Owner::Key, "k", limits)].into_iter());
        let take = || {
            let bounds = register.of_request(Some("k"), None, "m");
            let permit = admit_part(bounds, Use::default(), Part::Whole, 0);
            permit.map(drop).is_ok()
        };
        keep(&two);
        assert!(take());
        keep(&two);
        assert!(take() && !take());
        keep(&limits(r#"{"requests_per_minute":3}"#));
        assert!(take());
        register.keep(std::iter::empty());
        assert!(register.of_request(Some("k"), None, "m").is_empty());
    }

    #[test]
    fn a_request_counts_at_all_limits_that_are_its() {
        let register = Register::default();
        let one = limits(r#"{"concurrency":1,"budgets":[{"amount":1,"per":"day"}]}"#);
        let config = |of: Limited| LimitConfig {
            of,
            limits: one.clone(),
        };
        register.configure(&[
            config(Limited::Gateway),
            config(Limited::Model(Pattern("gpt-*".to_owned()))),
            config(Limited::Provider("p".to_owned())),
        ]);
        register.keep([(Owner::Key, "k", &one), (Owner::Team, "t", &one)].into_iter());
        let owners = |bounds: Bounds| -> Vec<Owner> {
            let firsts = bounds.iter().filter_map(|cells| cells.first());
            firsts.map(|cell| cell.owner).collect()
        };
        assert_eq!(
            owners(register.of_request(Some("k"), Some("t"), "gpt-5")),
            [Owner::Key, Owner::Team, Owner::Gateway, Owner::Model]
        );
        assert_eq!(
            owners(register.of_request(None, None, "x")),
            [Owner::Gateway]
        );
        assert_eq!(owners(register.of_provider("p")), [Owner::Provider]);
        assert_eq!(register.fresh_budgets().len(), 5);
        assert!(register.fresh_budgets().is_empty());
    }
}
