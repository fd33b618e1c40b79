//! The embedded database: one file in the data directory.

use std::{borrow::Cow, fs, path::Path, time::Duration};

use sqlx::{
    Connection, Row, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

mod documents;

use super::StoreFault;
use crate::accounting::{
    journal::Position,
    report::{Period, Totals},
};

/// The database's file in the data directory.
pub const FILE: &str = "modelport.db";

/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The tables, each step behind the one before.
const STEPS: [(i64, &str, &str); 2] = [
    (1, "ledger", include_str!("sqlite/1_ledger.sql")),
    (2, "document", include_str!("sqlite/2_document.sql")),
];

/// The columns that are counted up, as both tables have them.
const COUNTS: &str = "input_tokens, output_tokens, cached_input_tokens, cache_write_tokens, \
                      reasoning_tokens, audio_input_tokens, audio_output_tokens";

const ADD_ROWS: &str = "INSERT OR IGNORE INTO ledger (id, at_ms, request_id, key, provider, model, \
    surface, stream, status, ending, attempts, duration_ms, first_output_ms, input_tokens, \
    output_tokens, cached_input_tokens, cache_write_tokens, reasoning_tokens, audio_input_tokens, \
    audio_output_tokens) \
    SELECT unhex(value->>'id'), value->>'at_ms', value->>'request_id', value->>'key', \
    value->>'provider', value->>'model', value->>'surface', value->>'stream', value->>'status', \
    value->>'ending', value->>'attempts', value->>'duration_ms', value->>'first_output_ms', \
    value->>'input_tokens', value->>'output_tokens', value->>'cached_input_tokens', \
    value->>'cache_write_tokens', value->>'reasoning_tokens', value->>'audio_input_tokens', \
    value->>'audio_output_tokens' FROM json_each(?1)";

const ADD_HOURS: &str = "INSERT INTO usage_hour \
    SELECT at_ms / 3600000, key, provider, model, surface, count(*), sum(ending <> 'answered'), \
    sum(input_tokens), sum(output_tokens), sum(cached_input_tokens), sum(cache_write_tokens), \
    sum(reasoning_tokens), sum(audio_input_tokens), sum(audio_output_tokens) \
    FROM ledger WHERE seq > ?1 GROUP BY 1, 2, 3, 4, 5 \
    ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, \
    failed = failed + excluded.failed, \
    input_tokens = input_tokens + excluded.input_tokens, \
    output_tokens = output_tokens + excluded.output_tokens, \
    cached_input_tokens = cached_input_tokens + excluded.cached_input_tokens, \
    cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens, \
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens, \
    audio_input_tokens = audio_input_tokens + excluded.audio_input_tokens, \
    audio_output_tokens = audio_output_tokens + excluded.audio_output_tokens";

const SET_POSITION: &str = "INSERT INTO journal VALUES (?1, ?2, ?3) \
    ON CONFLICT DO UPDATE SET segment = excluded.segment, at_offset = excluded.at_offset";

/// One connection to the database.
pub struct Sqlite(SqliteConnection);

impl Sqlite {
    /// Opens the database in a directory, makes what is missing, and brings the tables up to date.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn open(directory: &Path) -> Result<Self, StoreFault> {
        fs::create_dir_all(directory).map_err(|cause| StoreFault::Directory {
            path: directory.to_owned(),
            cause,
        })?;
        let options = SqliteConnectOptions::new()
            .filename(directory.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A process that dies loses nothing with this; a machine that dies loses no consistency.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT);
        Self::connect(&options).await
    }

    /// A database that goes with its connection.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn in_memory() -> Result<Self, StoreFault> {
        Self::connect(&SqliteConnectOptions::new().in_memory(true)).await
    }

    async fn connect(options: &SqliteConnectOptions) -> Result<Self, StoreFault> {
        let mut connection = SqliteConnection::connect_with(options).await?;
        let steps = STEPS.map(|(version, name, sql)| {
            let sql = sqlx::SqlStr::from_static(sql);
            Migration::new(
                version,
                Cow::Borrowed(name),
                MigrationType::Simple,
                sql,
                false,
            )
        });
        Migrator::with_migrations(steps.to_vec())
            .run_direct(None, &mut connection, false)
            .await?;
        Ok(Self(connection))
    }

    /// How far a journal has been taken over.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn position(&mut self, journal: &str) -> Result<Position, StoreFault> {
        let row = sqlx::query("SELECT segment, at_offset FROM journal WHERE name = ?1")
            .bind(journal)
            .fetch_optional(&mut self.0)
            .await?;
        let Some(row) = row else {
            return Ok(Position::default());
        };
        Ok(Position {
            segment: unsigned(row.try_get(0)?),
            offset: unsigned(row.try_get(1)?),
        })
    }

    /// Takes rows over from a journal, up to a position of it: all of them or none. Gives how many were new.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn add(
        &mut self,
        journal: &str,
        rows: &[String],
        end: Position,
    ) -> Result<u64, StoreFault> {
        let mut transaction = self.0.begin_with("BEGIN IMMEDIATE").await?;
        let last: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM ledger")
            .fetch_one(&mut *transaction)
            .await?;
        let added = sqlx::query(ADD_ROWS)
            .bind(format!("[{}]", rows.join(",")))
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        sqlx::query(ADD_HOURS)
            .bind(last)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(SET_POSITION)
            .bind(journal)
            .bind(signed(end.segment))
            .bind(signed(end.offset))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(added)
    }

    /// Forgets how far a journal was taken over that is no more.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn forget(&mut self, journal: &str) -> Result<(), StoreFault> {
        sqlx::query("DELETE FROM journal WHERE name = ?1")
            .bind(journal)
            .execute(&mut self.0)
            .await?;
        Ok(())
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
    ) -> Result<Vec<(Vec<String>, Totals)>, StoreFault> {
        let names = by.join(", ");
        let groups = match names.as_str() {
            "" => String::new(),
            names => format!("{names}, "),
        };
        let group_by = match names.as_str() {
            "" => String::new(),
            names => format!("GROUP BY {names}"),
        };
        let sums = COUNTS.split(", ").map(|count| format!("sum({count})"));
        let sums: Vec<String> = sums.collect();
        let order: Vec<String> = (1..=by.len()).map(|place| format!(", {place}")).collect();
        let sql = format!(
            "SELECT {groups}sum(requests), sum(failed), {sums} FROM (\
             SELECT {groups}requests, failed, {COUNTS} FROM usage_hour WHERE hour >= ?1 AND hour < ?2 \
             UNION ALL SELECT {groups}1, ending <> 'answered', {COUNTS} FROM ledger \
             WHERE (at_ms >= ?3 AND at_ms < ?4) OR (at_ms >= ?5 AND at_ms < ?6)) \
             {group_by} ORDER BY sum(requests) DESC{order}",
            sums = sums.join(", "),
            order = order.concat(),
        );
        let parts = period.parts();
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for bound in parts {
            query = query.bind(signed(bound));
        }
        let rows = query.fetch_all(&mut self.0).await?;
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            let names = (0..by.len()).map(|place| row.try_get(place));
            let names = names.collect::<Result<Vec<String>, _>>()?;
            let count = |place: usize| -> Result<u64, sqlx::Error> {
                let sum: Option<i64> = row.try_get(by.len() + place)?;
                Ok(unsigned(sum.unwrap_or(0)))
            };
            let totals = Totals {
                requests: count(0)?,
                failed: count(1)?,
                input_tokens: count(2)?,
                output_tokens: count(3)?,
                cached_input_tokens: count(4)?,
                cache_write_tokens: count(5)?,
                reasoning_tokens: count(6)?,
                audio_input_tokens: count(7)?,
                audio_output_tokens: count(8)?,
            };
            if totals.requests > 0 {
                lines.push((names, totals));
            }
        }
        Ok(lines)
    }
}

/// The database counts in signed numbers only.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests;
