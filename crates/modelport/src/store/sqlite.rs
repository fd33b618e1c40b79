//! The embedded database: one file in the data directory.

use std::{fs, path::Path, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection,
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

mod adding;
mod documents;

use adding::Adding;

use super::{
    Ends, Line, StoreFault, bring_up_to_date,
    rows::{self, Hours, signed, unsigned},
};
use crate::{
    accounting::{entry::Entry, journal::Position, report::Period},
    clock,
};

/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How often the tables are brought up to date before that has failed, and the pause between.
const MOST_TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// The tables, each step behind the one before.
const STEPS: [(i64, &str, &str); 2] = [
    (1, "ledger", include_str!("sqlite/1_ledger.sql")),
    (2, "document", include_str!("sqlite/2_document.sql")),
];

const SET_POSITION: &str = "INSERT INTO journal VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT DO UPDATE SET segment = excluded.segment, at_offset = excluded.at_offset, \
    at_ms = excluded.at_ms";

/// Rows that are deleted at once; others write in between.
const DELETED: i64 = 2000;

/// How often that is done before what waits in the journal has its turn.
const DELETIONS: u32 = 10;

/// Pages that are given back to the system at once.
const GIVEN_BACK: &str = "PRAGMA incremental_vacuum(2000)";

/// One connection to the database.
pub struct Sqlite {
    connection: SqliteConnection,
    adding: Adding,
    add_hours: String,
}

impl Sqlite {
    /// Makes what is missing: the directory, the file, the tables.
    pub(super) async fn open(path: &Path) -> Result<Self, StoreFault> {
        let directory = path.parent().unwrap_or(path);
        fs::create_dir_all(directory).map_err(|cause| StoreFault::Directory {
            path: directory.to_owned(),
            cause,
        })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            // A file that was over its limit can get smaller again without being written anew.
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            // A process that dies loses nothing with this; a machine that dies loses no consistency.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT);
        Self::connect(options).await
    }

    /// A database that goes with its connection.
    pub(super) async fn in_memory() -> Result<Self, StoreFault> {
        Self::connect(SqliteConnectOptions::new().in_memory(true)).await
    }

    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    async fn connect(options: SqliteConnectOptions) -> Result<Self, StoreFault> {
        let options = options.disable_statement_logging();
        let mut connection = SqliteConnection::connect_with(&options).await?;
        // Of two that make the same tables at the same time one is refused, and finds them made when it tries again.
        let mut tries = 1;
        while let Err(fault) = bring_up_to_date(&mut connection, &STEPS).await {
            if tries == MOST_TRIES {
                return Err(fault);
            }
            tries += 1;
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Self {
            connection,
            adding: Adding::new(),
            add_hours: rows::add_hours("ledger WHERE seq > ?1"),
        })
    }

    pub(super) async fn position(&mut self, journal: &str) -> Result<Position, StoreFault> {
        let row = sqlx::query("SELECT segment, at_offset FROM journal WHERE name = ?1")
            .bind(journal)
            .fetch_optional(&mut self.connection)
            .await?;
        let Some(row) = row else {
            return Ok(Position::default());
        };
        Ok(Position {
            segment: unsigned(row.try_get(0)?),
            offset: unsigned(row.try_get(1)?),
        })
    }

    pub(super) async fn add(
        &mut self,
        journal: &str,
        rows: &[Entry],
        end: Position,
    ) -> Result<(), StoreFault> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let last: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM ledger")
            .fetch_one(&mut *transaction)
            .await?;
        let added = self.adding.add_rows(&mut transaction, rows).await?;
        if added == rows.len() {
            let lines = Hours::of(rows).lines();
            self.adding.add_sums(&mut transaction, &lines).await?;
        } else {
            // Some were there already; which, the database knows.
            sqlx::query(AssertSqlSafe(self.add_hours.as_str()))
                .bind(last)
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query(SET_POSITION)
            .bind(journal)
            .bind(signed(end.segment))
            .bind(signed(end.offset))
            .bind(signed(clock::unix_millis()))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    pub(super) async fn forget(&mut self, journal: &str) -> Result<(), StoreFault> {
        sqlx::query("DELETE FROM journal WHERE name = ?1")
            .bind(journal)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn trim(
        &mut self,
        ends: Option<Ends>,
        bytes: Option<u64>,
    ) -> Result<bool, StoreFault> {
        if let Some(ends) = ends {
            sqlx::query("DELETE FROM usage_hour WHERE hour < ?1")
                .bind(ends.hours)
                .execute(&mut self.connection)
                .await?;
            sqlx::query("DELETE FROM journal WHERE at_ms < ?1")
                .bind(ends.journals)
                .execute(&mut self.connection)
                .await?;
        }
        let mut deletions = 0;
        while let Some(end) = self.end(ends, bytes).await? {
            let deleted = sqlx::query(
                "DELETE FROM ledger WHERE seq IN \
                 (SELECT seq FROM ledger WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)",
            )
            .bind(end)
            .bind(DELETED)
            .execute(&mut self.connection)
            .await?;
            deletions += 1;
            match (deleted.rows_affected(), deletions) {
                (0, _) => break,
                (_, DELETIONS) => return Ok(true),
                _ => {}
            }
        }
        self.give_back(bytes).await
    }

    /// The moment before which rows are deleted now: none is safe in a file that is too large.
    async fn end(
        &mut self,
        ends: Option<Ends>,
        bytes: Option<u64>,
    ) -> Result<Option<i64>, StoreFault> {
        let Some(most) = bytes else {
            return Ok(ends.map(|ends| ends.rows));
        };
        let Size { all, free } = self.size().await?;
        if all.saturating_sub(free) > most {
            return Ok(Some(i64::MAX));
        }
        Ok(ends.map(|ends| ends.rows))
    }

    /// Gives pages that are not used back to the system, as far as the file is too large. Gives whether there is more of
    /// that to do.
    async fn give_back(&mut self, bytes: Option<u64>) -> Result<bool, StoreFault> {
        let Some(most) = bytes else {
            return Ok(false);
        };
        let before = self.size().await?;
        if before.all > most && before.free > 0 {
            sqlx::query(GIVEN_BACK)
                .fetch_all(&mut self.connection)
                .await?;
        }
        let all = self.size().await?.all;
        // Where somebody made the file in another way it gives nothing back.
        let gives_more = all > most && all < before.all;
        if self.length().await? <= most.max(all) {
            return Ok(gives_more);
        }
        // Until this the file keeps its size. It does not wait for those who read, so what they hold up is done later.
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_all(&mut self.connection)
            .await?;
        Ok(gives_more || self.length().await? > most.max(all))
    }

    /// How long the file is, which its pages that are not checkpointed yet do not tell. 0 for one that cannot be asked.
    async fn length(&mut self) -> Result<u64, StoreFault> {
        let file: Option<String> =
            sqlx::query_scalar("SELECT file FROM pragma_database_list WHERE name = 'main'")
                .fetch_one(&mut self.connection)
                .await?;
        let found = file.and_then(|file| fs::metadata(file).ok());
        Ok(found.map_or(0, |found| found.len()))
    }

    async fn size(&mut self) -> Result<Size, StoreFault> {
        let row = sqlx::query(
            "SELECT page_count * page_size, freelist_count * page_size \
             FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        )
        .fetch_one(&mut self.connection)
        .await?;
        Ok(Size {
            all: unsigned(row.try_get(0)?),
            free: unsigned(row.try_get(1)?),
        })
    }

    pub(super) async fn usage(
        &mut self,
        period: Period,
        by: &[&'static str],
    ) -> Result<Vec<Line>, StoreFault> {
        let sql = rows::usage(by);
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for bound in rows::bounds(period) {
            query = query.bind(bound);
        }
        let found = query.fetch_all(&mut self.connection).await?;
        let lines = found
            .iter()
            .map(|row| rows::line(row, by.len()).transpose());
        Ok(lines.flatten().collect::<Result<_, _>>()?)
    }
}

/// Whether a code is that of a broken constraint or of a value of another kind (SQLite, "Result and Error Codes"). Five
/// digits are a code of PostgreSQL.
pub(super) fn is_of_row(code: &str) -> bool {
    const CONSTRAINT: u32 = 19;
    const MISMATCH: u32 = 20;
    let primary = code.parse().ok().map(|code: u32| code & 0xff);
    code.len() < 5 && matches!(primary, Some(CONSTRAINT | MISMATCH))
}

/// The size of the file, in bytes.
struct Size {
    all: u64,
    /// The part of it that holds nothing.
    free: u64,
}
