//! Single rows of the ledger, newest first: those of a time that a filter takes, a page at a time, and one by its place.
//! Both databases find them by their index of times. What a filter takes of a time has no index, so only so many rows are
//! looked through at once; who wants more goes on from there.

use std::ops::RangeInclusive;

use sqlx::{AssertSqlSafe, query::Query, sqlite::SqliteArguments};
use uuid::Uuid;

use super::{
    Store, StoreFault,
    place::Place,
    postgres::{PATIENCE, Postgres, in_time},
    rows::{self, Cell, signed, unsigned},
    sqlite::Sqlite,
};
use crate::accounting::{entry::Entry, report::Period};

/// Rows that are looked through at once for those that a filter takes.
pub const LOOKED_THROUGH: u32 = 100_000;

/// How long before its request's arrival, by the clock of whoever made it, an id can have been made, in milliseconds.
const ID_EARLIER: u64 = 60_000;

/// How long after that.
const ID_LATER: u64 = 3_600_000;

/// A name that rows are filtered by: what it is called, its condition with `{}` for the value, and the same of a row that
/// is at hand.
#[derive(Debug)]
pub struct Named {
    /// What it is called in queries.
    pub name: &'static str,
    condition: &'static str,
    is: fn(&Entry, &str) -> bool,
}

/// All names that rows are filtered by.
pub const NAMES: [Named; 7] = [
    Named {
        name: "request_id",
        condition: "request_id = {}",
        is: |row, value| *row.request_id == *value,
    },
    Named {
        name: "key",
        condition: "key = {}",
        is: |row, value| *row.key == *value,
    },
    Named {
        name: "team",
        condition: "team = {}",
        is: |row, value| *row.team == *value,
    },
    Named {
        name: "provider",
        condition: "provider = {}",
        is: |row, value| *row.provider == *value,
    },
    Named {
        name: "model",
        condition: "(requested = {} OR model = {})",
        is: |row, value| *row.requested == *value || *row.model == *value,
    },
    Named {
        name: "ending",
        condition: "ending = {}",
        is: |row, value| *row.ending == *value,
    },
    Named {
        name: "surface",
        condition: "surface = {}",
        is: |row, value| *row.surface == *value,
    },
];

/// Which rows are wanted.
#[derive(Clone, Debug)]
pub struct Filter {
    /// When their requests arrived.
    pub period: Period,
    /// The statuses that their callers got.
    pub statuses: Option<RangeInclusive<i16>>,
    /// What they are to be called.
    pub names: Vec<(&'static Named, String)>,
}

impl Filter {
    /// All rows.
    pub fn all() -> Self {
        let period = Period {
            since: 0,
            until: unsigned(i64::MAX),
        };
        Self {
            period,
            statuses: None,
            names: Vec::new(),
        }
    }

    /// Whether a row is wanted.
    pub fn takes(&self, row: &Entry) -> bool {
        let Period { since, until } = self.period;
        let is_named = |(named, value): &(&Named, String)| (named.is)(row, value);
        (since..until).contains(&unsigned(row.at_ms))
            && (self.statuses.as_ref()).is_none_or(|statuses| statuses.contains(&row.status))
            && self.names.iter().all(is_named)
    }

    /// The time in which such rows can be, which is less where a request id tells when it was made: those of the gateway do
    /// (RFC 9562, section 5.7).
    fn reach(&self) -> Period {
        let mut reach = self.period;
        let id = self
            .names
            .iter()
            .find(|(named, _)| named.name == "request_id");
        let id = id.and_then(|(_, id)| Uuid::try_parse(id).ok());
        if let Some(made) = id.and_then(|id| id.get_timestamp()) {
            let (seconds, nanos) = made.to_unix();
            let at = seconds
                .saturating_mul(1000)
                .saturating_add((nanos / 1_000_000).into());
            reach.since = reach.since.max(at.saturating_sub(ID_EARLIER));
            reach.until = reach.until.min(at.saturating_add(ID_LATER));
        }
        reach
    }

    fn is_by_time_alone(&self) -> bool {
        self.statuses.is_none() && self.names.is_empty()
    }
}

/// Some of the rows that are wanted.
#[derive(Debug, Default)]
pub struct Page {
    /// The rows, newest first.
    pub rows: Vec<Entry>,
    /// Before which place there may be more of them.
    pub next: Option<Place>,
    /// Until which moment rows were looked through, in milliseconds since 1970, where that is why there are no more.
    pub looked_to: Option<u64>,
}

/// A statement that gives rows, and its parameters.
struct Question {
    sql: String,
    values: Vec<Cell>,
}

impl Question {
    /// Rows from a moment on and before a place, newest first.
    fn of(filter: &Filter, since: u64, before: Place, most: usize) -> Self {
        let mut values = vec![moment(since), moment(before.at_ms), Cell::Id(before.id)];
        let mut conditions = String::new();
        let mut add = |condition: &str, value: Cell| {
            values.push(value);
            let place = format!("${}", values.len());
            conditions.push_str(" AND ");
            conditions.push_str(&condition.replace("{}", &place));
        };
        if let Some(statuses) = &filter.statuses {
            let number = |status: &i16| Cell::Number(Some((*status).into()));
            add("status >= {}", number(statuses.start()));
            add("status <= {}", number(statuses.end()));
        }
        for (named, value) in &filter.names {
            add(named.condition, Cell::Text(Some(value.as_str().into())));
        }
        let columns = rows::read_columns();
        Self {
            sql: format!(
                "SELECT {columns} FROM ledger WHERE at_ms >= $1 AND (at_ms, id) < ($2, $3){conditions} \
                 ORDER BY at_ms DESC, id DESC LIMIT {most}"
            ),
            values,
        }
    }

    /// The row at a place.
    fn at(place: Place) -> Self {
        let columns = rows::read_columns();
        Self {
            sql: format!("SELECT {columns} FROM ledger WHERE at_ms = $1 AND id = $2"),
            values: vec![moment(place.at_ms), Cell::Id(place.id)],
        }
    }
}

fn moment(at_ms: u64) -> Cell {
    Cell::Number(Some(signed(at_ms)))
}

/// The moment of the row behind those that are looked through. Its parameters are the first and the last moment.
fn floor() -> String {
    format!(
        "SELECT at_ms FROM ledger WHERE at_ms >= $1 AND at_ms <= $2 \
         ORDER BY at_ms DESC LIMIT 1 OFFSET {LOOKED_THROUGH}"
    )
}

impl Store {
    /// The newest rows that a filter takes, of those before a place; at most so many.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn search(
        &mut self,
        filter: &Filter,
        before: Option<Place>,
        most: usize,
    ) -> Result<Page, StoreFault> {
        let Period { since, until } = filter.reach();
        let end = Place::at(until);
        let before = before.map_or(end, |before| before.min(end));
        let floor = if filter.is_by_time_alone() {
            None
        } else {
            let bounds = [signed(since), signed(before.at_ms)];
            match self {
                Self::Sqlite(store) => store.floor(bounds).await?,
                Self::Postgres(store) => store.floor(bounds).await?,
            }
        };
        let floor = floor.map(unsigned);
        let question = Question::of(filter, floor.unwrap_or(since), before, most);
        let rows = self.rows(question).await?;
        let last = rows.last().filter(|_| rows.len() == most).map(Place::of);
        Ok(Page {
            next: last.or(floor.map(Place::at)),
            looked_to: floor.filter(|_| last.is_none()),
            rows,
        })
    }

    /// The row at a place, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn row(&mut self, place: Place) -> Result<Option<Entry>, StoreFault> {
        let found = self.rows(Question::at(place)).await?;
        Ok(found.into_iter().next())
    }

    async fn rows(&mut self, question: Question) -> Result<Vec<Entry>, StoreFault> {
        match self {
            Self::Sqlite(store) => store.rows(question).await,
            Self::Postgres(store) => store.rows(question).await,
        }
    }
}

impl Sqlite {
    async fn floor(&mut self, [since, until]: [i64; 2]) -> Result<Option<i64>, StoreFault> {
        let query = sqlx::query_scalar(AssertSqlSafe(floor()));
        let query = query.bind(since).bind(until);
        Ok(query.fetch_optional(self.connection()).await?)
    }

    async fn rows(&mut self, question: Question) -> Result<Vec<Entry>, StoreFault> {
        let found = of_sqlite(question).fetch_all(self.connection()).await?;
        Ok(found.iter().map(rows::entry).collect::<Result<_, _>>()?)
    }
}

/// A question with its parameters.
fn of_sqlite(question: Question) -> Query<'static, sqlx::Sqlite, SqliteArguments> {
    let query = sqlx::query(AssertSqlSafe(question.sql));
    (question.values.into_iter()).fold(query, |query, value| match value {
        Cell::Id(id) => query.bind(id),
        Cell::Switch(is_so) => query.bind(is_so),
        Cell::Number(number) => query.bind(number),
        Cell::Text(text) => query.bind(text.map(|text| text.shared())),
    })
}

impl Postgres {
    async fn floor(&mut self, [since, until]: [i64; 2]) -> Result<Option<i64>, StoreFault> {
        let query = sqlx::query_scalar(AssertSqlSafe(floor()));
        let query = query.bind(since).bind(until);
        let found = async { Ok(query.fetch_optional(self.connection()).await?) };
        in_time(PATIENCE, found).await
    }

    async fn rows(&mut self, question: Question) -> Result<Vec<Entry>, StoreFault> {
        let mut query = sqlx::query(AssertSqlSafe(question.sql));
        for value in question.values {
            query = match value {
                Cell::Id(id) => query.bind(id),
                Cell::Switch(is_so) => query.bind(is_so),
                Cell::Number(number) => query.bind(number),
                Cell::Text(text) => query.bind(text.map(|text| text.to_string())),
            };
        }
        let found = async { Ok(query.fetch_all(self.connection()).await?) };
        let found = in_time(PATIENCE, found).await?;
        Ok(found.iter().map(rows::entry).collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests;
