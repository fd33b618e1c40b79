//! Telling budgets what was spent before they were made: from the ledger, at the start and whenever a budget is new.

use std::{
    collections::{
        HashMap,
        hash_map::Entry::{Occupied, Vacant},
    },
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout};

use super::reload::Reloader;
use crate::{
    accounting::report::Period,
    config::{Database, routes::Pattern},
    limits::{
        cell::{Cell, Limit, Owner},
        money::Money,
        window::Window,
    },
    store::{Line, Store, StoreFault},
};

/// How often it is looked for new budgets.
const ROUND: Duration = Duration::from_millis(250);

/// How long the start waits for what was spent.
const START_PATIENCE: Duration = Duration::from_secs(5);

/// The pause after a failure.
const PAUSE: Duration = Duration::from_secs(2);

/// When the ledger is asked again, after a budget was made: what ended before that reaches the ledger a little later, and
/// what a process has left behind that was killed later still.
const AGAIN: [Duration; 3] = [
    Duration::from_secs(2),
    Duration::from_secs(15),
    Duration::from_mins(2),
];

/// Parts in which the past of a rolling window is told.
const PARTS: u64 = 60;

/// A budget whose past is being told.
struct Fresh {
    cell: Arc<Cell>,
    /// Requests before this moment are its past, in milliseconds since 1970.
    made: u64,
    since: Instant,
    /// What it was told, for each part.
    told: Vec<Money>,
    /// How often it was.
    rounds: usize,
}

/// Tells budgets what was spent, until the process ends.
pub(super) struct Budgets {
    database: Database,
    reloader: Reloader,
    fresh: Vec<Fresh>,
}

impl Budgets {
    pub(super) fn new(database: Database, reloader: Reloader) -> Self {
        Self {
            database,
            reloader,
            fresh: Vec::new(),
        }
    }

    /// Tells those that are there at the start, or waits no longer.
    pub(super) async fn start(&mut self) {
        let _ = timeout(START_PATIENCE, self.round()).await;
    }

    /// Tells those that are made, for ever.
    pub(super) async fn keep_telling(mut self) {
        let mut is_failing = false;
        loop {
            match self.round().await {
                Ok(()) => {
                    if std::mem::take(&mut is_failing) {
                        tracing::warn!(target: "modelport", "budgets know again what was spent before they were made");
                    }
                    sleep(ROUND).await;
                }
                Err(error) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        tracing::error!(target: "modelport", %error, "budgets cannot be told what was spent before they were made: until they are, they count only what is spent from now on");
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn round(&mut self) -> Result<(), StoreFault> {
        let new = self.reloader.app().limits.fresh_budgets();
        self.fresh.extend(new.into_iter().map(|new| Fresh {
            cell: new.cell,
            made: new.made,
            since: Instant::now(),
            told: Vec::new(),
            rounds: 0,
        }));
        let is_due = |fresh: &Fresh| match fresh.rounds {
            0 => true,
            rounds => AGAIN
                .get(rounds - 1)
                .is_some_and(|after| fresh.since.elapsed() >= *after),
        };
        if !self.fresh.iter().any(is_due) {
            return Ok(());
        }
        let Some(mut store) = Store::open_to_read(&self.database).await? else {
            return Ok(());
        };
        let mut reading = Reading {
            store: &mut store,
            read: HashMap::new(),
        };
        for fresh in self.fresh.iter_mut().filter(|fresh| is_due(fresh)) {
            fresh.tell(&mut reading).await?;
        }
        // Where limits are shared, what a budget is told is passed on, and its own part would count twice.
        let again = match self.reloader.app().shared {
            Some(_) => 0,
            None => AGAIN.len(),
        };
        self.fresh.retain(|fresh| fresh.rounds <= again);
        Ok(())
    }
}

/// The ledger, asked only once in a round for what many budgets want to know.
struct Reading<'a> {
    store: &'a mut Store,
    read: HashMap<(Period, &'static [&'static str]), Vec<Line>>,
}

impl Reading<'_> {
    async fn lines(
        &mut self,
        period: Period,
        by: &'static [&'static str],
    ) -> Result<&[Line], StoreFault> {
        Ok(match self.read.entry((period, by)) {
            Occupied(known) => known.into_mut(),
            Vacant(place) => place.insert(self.store.usage(period, by).await?),
        })
    }
}

impl Fresh {
    /// Tells the budget what the ledger knows more than it was told.
    async fn tell(&mut self, reading: &mut Reading<'_>) -> Result<(), StoreFault> {
        let Limit::Budget(budget) = &self.cell.limit else {
            self.rounds = usize::MAX;
            return Ok(());
        };
        let parts = parts(budget.window(), self.made);
        self.told.resize(parts.len(), Money::ZERO);
        for (part, told) in parts.into_iter().zip(&mut self.told) {
            let lines = reading.lines(part, by(self.cell.owner)).await?;
            let spent = lines.iter().filter(|line| is_of(&self.cell, line));
            let spent = spent.fold(Money::ZERO, |sum, (_, totals)| {
                sum.plus(Money::from_dollars(totals.cost()))
            });
            let more = spent.less(*told);
            if more > Money::ZERO {
                budget.load(more, part.until.saturating_sub(1));
                *told = spent;
            }
        }
        self.rounds += 1;
        Ok(())
    }
}

/// The past of a window that a budget is told, up to the moment when it was made.
fn parts(window: Window, made: u64) -> Vec<Period> {
    let since = window.period(made).start;
    match window {
        Window::Day | Window::Week | Window::Month | Window::Total => {
            vec![Period { since, until: made }]
        }
        Window::Rolling(_) => {
            let length = (made - since).div_ceil(PARTS).max(1);
            let starts = (0..PARTS).map(|part| since + part * length);
            starts
                .map(|since| Period {
                    since,
                    until: (since + length).min(made),
                })
                .filter(|part| part.since < part.until)
                .collect()
        }
    }
}

/// By what the requests of an owner are told apart in the ledger.
fn by(owner: Owner) -> &'static [&'static str] {
    match owner {
        Owner::Gateway => &[],
        Owner::Key => &["key"],
        Owner::Team => &["team"],
        Owner::Model => &["model"],
        Owner::Provider => &["provider"],
    }
}

/// Whether a line is of the owner of a budget. A model's is by the name that the provider was asked for: the hours keep no
/// other.
fn is_of(cell: &Cell, (names, _): &Line) -> bool {
    match (cell.owner, names.first()) {
        (Owner::Gateway, _) => true,
        (Owner::Model, Some(name)) => Pattern(cell.name.to_string()).matches(name),
        (Owner::Key | Owner::Team | Owner::Provider, Some(name)) => **name == *cell.name,
        (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rolling_window_is_told_in_parts() {
        let day = 86_400_000;
        let parts_of_it = parts(Window::Rolling(Duration::from_hours(24)), 3 * day);
        assert_eq!(parts_of_it.len(), 60);
        assert_eq!(parts_of_it[0].since, 2 * day);
        assert_eq!(parts_of_it[59].until, 3 * day);
        assert!(
            parts_of_it
                .windows(2)
                .all(|two| two[0].until == two[1].since)
        );
        let month = parts(Window::Day, day + 5);
        assert_eq!(
            month,
            [Period {
                since: day,
                until: day + 5
            }]
        );
    }
}
