//! What outlives the process, in a database: the embedded one or PostgreSQL. Which rows there are is decided elsewhere.

pub mod document;
pub mod place;
mod postgres;
pub mod reprice;
mod rows;
pub mod search;
mod sqlite;

use std::{borrow::Cow, path::PathBuf, time::Duration};

use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};

use self::{
    document::Change,
    place::Place,
    postgres::Postgres,
    reprice::{Priced, Used},
    sqlite::Sqlite,
};
use crate::{
    accounting::{
        entry::Entry,
        journal::Position,
        report::{Period, Totals},
    },
    config::{Database, Keep},
};

/// One connection to the database.
pub enum Store {
    /// A file of this machine.
    Sqlite(Sqlite),
    /// A server, which many gateways may share.
    Postgres(Postgres),
}

/// Why the database does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// The directory for it cannot be made.
    #[error("{} cannot be made: {cause}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The database said no.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// The tables cannot be brought up to date.
    #[error("its tables cannot be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database says nothing.
    #[error("it has not answered for {} s", .0.as_secs())]
    Silent(Duration),
}

impl StoreFault {
    /// Whether it is a row that the database does not take, whenever it is offered.
    pub fn is_of_row(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        code.is_some_and(|code| postgres::is_of_row(&code) || sqlite::is_of_row(&code))
    }
}

/// What a report shows of some requests: what they are counted by, and the counts.
pub type Line = (Vec<String>, Totals);

impl Store {
    /// Opens a database, and brings its tables up to date.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn open(database: &Database) -> Result<Self, StoreFault> {
        Ok(match database {
            Database::Sqlite(path) => Self::Sqlite(Sqlite::open(path).await?),
            Database::Postgres(url) => Self::Postgres(Postgres::open(url).await?),
        })
    }

    /// Opens a database to read it, and changes nothing; `None` where no gateway has made tables yet.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn open_to_read(database: &Database) -> Result<Option<Self>, StoreFault> {
        Ok(match database {
            Database::Sqlite(path) if !path.exists() => None,
            Database::Sqlite(path) => Some(Self::Sqlite(Sqlite::open(path).await?)),
            Database::Postgres(url) => Postgres::open_to_read(url).await?.map(Self::Postgres),
        })
    }

    /// An embedded database that is kept in memory and goes with its connection.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn in_memory() -> Result<Self, StoreFault> {
        Ok(Self::Sqlite(Sqlite::in_memory().await?))
    }

    /// The documents that changed after a revision, oldest change first; after 0, all there are.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn changes(&mut self, after: i64) -> Result<Vec<Change>, StoreFault> {
        match self {
            Self::Sqlite(store) => store.changes(after).await,
            Self::Postgres(store) => store.changes(after).await,
        }
    }

    /// Makes a document of what it is now, with nobody else changing anything meanwhile. `change` gets it and gives what
    /// it is to be, `None` for deleted.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; the inner result is `change`'s own, and nothing changes when that is an error.
    pub async fn change<E>(
        &mut self,
        kind: &str,
        id: &str,
        change: impl FnOnce(Option<String>) -> Result<Option<String>, E>,
    ) -> Result<Result<(), E>, StoreFault> {
        match self {
            Self::Sqlite(store) => store.change(kind, id, change).await,
            Self::Postgres(store) => store.change(kind, id, change).await,
        }
    }

    /// Rows of a period whose cost can change, the next after one of them, oldest first; none when there are no more.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn used(&mut self, period: Period, after: Place) -> Result<Vec<Used>, StoreFault> {
        match self {
            Self::Sqlite(store) => store.used(period, after).await,
            Self::Postgres(store) => store.used(period, after).await,
        }
    }

    /// Writes what rows cost now, all of these or none, and into the sums of their hours too.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn reprice(&mut self, batch: &[Priced]) -> Result<(), StoreFault> {
        match self {
            Self::Sqlite(store) => store.reprice(batch).await,
            Self::Postgres(store) => store.reprice(batch).await,
        }
    }

    /// How far a journal has been taken over.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn position(&mut self, journal: &str) -> Result<Position, StoreFault> {
        match self {
            Self::Sqlite(store) => store.position(journal).await,
            Self::Postgres(store) => store.position(journal).await,
        }
    }

    /// Takes rows over from a journal, up to a position of it: all of them or none, and those that are there already not
    /// again.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn add(
        &mut self,
        journal: &str,
        rows: &[Entry],
        end: Position,
    ) -> Result<(), StoreFault> {
        match self {
            Self::Sqlite(store) => store.add(journal, rows, end).await,
            Self::Postgres(store) => store.add(journal, rows, end).await,
        }
    }

    /// Forgets how far a journal was taken over that is no more.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn forget(&mut self, journal: &str) -> Result<(), StoreFault> {
        match self {
            Self::Sqlite(store) => store.forget(journal).await,
            Self::Postgres(store) => store.forget(journal).await,
        }
    }

    /// Deletes some of what is not kept any more. Gives whether there is more of it.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn trim(&mut self, keep: Keep, now: u64) -> Result<bool, StoreFault> {
        let ends = Ends::of(keep, now);
        match self {
            Self::Sqlite(store) => store.trim(ends, keep.bytes).await,
            Self::Postgres(store) => match ends {
                Some(ends) => store.trim(ends).await.map(|()| false),
                None => Ok(false),
            },
        }
    }

    /// What the requests of a period come to, by these columns of the table of hours, most requests first. Whole hours
    /// come from that table, the rest from the rows.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn usage(
        &mut self,
        period: Period,
        by: &[&'static str],
    ) -> Result<Vec<Line>, StoreFault> {
        match self {
            Self::Sqlite(store) => store.usage(period, by).await,
            Self::Postgres(store) => store.usage(period, by).await,
        }
    }
}

/// The days that the sums of an hour are kept, unless the rows are kept longer.
const HOURS_DAYS: u32 = 400;

/// What is not kept any more.
#[derive(Clone, Copy)]
struct Ends {
    /// Rows from before this moment, in milliseconds since 1970.
    rows: i64,
    /// Sums of hours before this one, counted since 1970.
    hours: i64,
    /// Positions of journals that nobody has written since this moment.
    journals: i64,
}

impl Ends {
    /// `None` where everything is kept.
    fn of(keep: Keep, now: u64) -> Option<Self> {
        let days = keep.days?;
        let before = |days: u32| now.saturating_sub(u64::from(days) * rows::DAY);
        let hours = before(days.max(HOURS_DAYS));
        Some(Self {
            rows: rows::signed(before(days)),
            hours: rows::signed(hours / rows::HOUR),
            journals: rows::signed(hours),
        })
    }
}

/// Brings tables up to date by these steps, each behind the one before: its number, its name and its statements.
async fn bring_up_to_date<C: Migrate>(
    connection: &mut C,
    steps: &[(i64, &'static str, &'static str)],
) -> Result<(), StoreFault> {
    let steps = steps.iter().map(|(version, name, sql)| {
        let sql = sqlx::SqlStr::from_static(sql);
        let name = Cow::Borrowed(*name);
        Migration::new(*version, name, MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(steps.collect())
        .run_direct(None, connection, false)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
