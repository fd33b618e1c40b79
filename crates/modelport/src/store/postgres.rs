//! PostgreSQL, which several gateways may share. The rows are in parts, one for each day, so that old days go at once.

mod documents;

use std::{collections::BTreeSet, pin::pin, str::FromStr, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, postgres::PgConnectOptions,
};
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    Ends, Line, StoreFault, bring_up_to_date,
    rows::{self, Cell, DAY, signed, unsigned},
};
use crate::{
    accounting::{entry::Entry, journal::Position, report::Period},
    clock,
    config::PostgresUrl,
};

/// The tables, each step behind the one before.
const STEPS: [(i64, &str, &str); 2] = [
    (1, "ledger", include_str!("postgres/1_ledger.sql")),
    (2, "document", include_str!("postgres/2_document.sql")),
];

/// How long the server may take to be connected to.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take for one thing.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// The lock under which parts of the table are made and dropped; a number of ours, spelling "ledger".
const PARTS_LOCK: i64 = 0x006c_6564_6765_7200;

/// Parts are made for this many days to come, so that nobody waits for one at midnight.
const DAYS_AHEAD: u64 = 2;

/// How often rows are offered that got in the way of another writer's.
const MOST_TRIES: u32 = 5;

/// What the server says of two transactions that wait for each other, and of one that another one came before
/// (PostgreSQL 15, appendix A).
const RETRIED: [&str; 2] = ["40P01", "40001"];

/// What it says of a lock that was not to be had in time.
const LOCKED: &str = "55P03";

/// The parts of days before that of a name.
const PARTS: &str = "SELECT relname::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid \
    WHERE inhparent = 'ledger'::regclass AND relname ~ '^ledger_[0-9]{8}$' \
    AND relname::text COLLATE \"C\" < $1 ORDER BY 1";

const SET_POSITION: &str = "INSERT INTO journal VALUES ($1, $2, $3, $4) \
    ON CONFLICT (name) DO UPDATE SET segment = excluded.segment, at_offset = excluded.at_offset, \
    at_ms = excluded.at_ms";

/// One connection to the server.
pub struct Postgres {
    connection: PgConnection,
    add_rows: String,
    /// The days, counted since 1970, for which there is a part.
    days: BTreeSet<u64>,
}

impl Postgres {
    pub(super) async fn open(url: &PostgresUrl) -> Result<Self, StoreFault> {
        let mut store = Self::connect(url).await?;
        in_time(PATIENCE, bring_up_to_date(&mut store.connection, &STEPS)).await?;
        Ok(store)
    }

    pub(super) async fn open_to_read(url: &PostgresUrl) -> Result<Option<Self>, StoreFault> {
        let mut store = Self::connect(url).await?;
        let is_there: bool = sqlx::query_scalar("SELECT to_regclass('usage_hour') IS NOT NULL")
            .fetch_one(&mut store.connection)
            .await?;
        Ok(is_there.then_some(store))
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    async fn connect(url: &PostgresUrl) -> Result<Self, StoreFault> {
        let options = PgConnectOptions::from_str(url.expose())?
            .application_name("modelport")
            .disable_statement_logging();
        let connection = in_time(CONNECT_PATIENCE, async {
            let mut connection = PgConnection::connect_with(&options).await?;
            // What it would say of a table that is there already is of no interest.
            sqlx::query("SET client_min_messages = warning")
                .execute(&mut connection)
                .await?;
            Ok(connection)
        });
        Ok(Self {
            connection: connection.await?,
            add_rows: add_rows(),
            days: BTreeSet::new(),
        })
    }

    pub(super) async fn position(&mut self, journal: &str) -> Result<Position, StoreFault> {
        let row =
            sqlx::query("SELECT segment, at_offset FROM journal WHERE name = $1").bind(journal);
        let row = in_time(PATIENCE, async {
            Ok(row.fetch_optional(&mut self.connection).await?)
        });
        let Some(row) = row.await? else {
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
        self.make_parts(days(rows)).await?;
        let mut tries = 1;
        loop {
            match in_time(PATIENCE, self.try_to_add(journal, rows, end)).await {
                Err(StoreFault::Database(error))
                    if tries < MOST_TRIES && has_code(&error, &RETRIED) =>
                {
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    async fn try_to_add(
        &mut self,
        journal: &str,
        rows: &[Entry],
        end: Position,
    ) -> Result<(), StoreFault> {
        let mut transaction = self.connection.begin().await?;
        let mut query = sqlx::query(AssertSqlSafe(self.add_rows.as_str()));
        let mut columns = rows::COLUMNS.map(|(_, kind)| Column::new(kind));
        for row in rows {
            for (column, cell) in columns.iter_mut().zip(rows::cells(row)) {
                column.push(cell);
            }
        }
        for column in columns {
            query = match column {
                Column::Ids(ids) => query.bind(ids),
                Column::Switches(switches) => query.bind(switches),
                Column::Numbers(numbers) => query.bind(numbers),
                Column::Texts(texts) => query.bind(texts),
            };
        }
        query.execute(&mut *transaction).await?;
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
        let query = sqlx::query("DELETE FROM journal WHERE name = $1").bind(journal);
        in_time(PATIENCE, async {
            query.execute(&mut self.connection).await?;
            Ok(())
        })
        .await
    }

    pub(super) async fn trim(&mut self, ends: Ends) -> Result<(), StoreFault> {
        let first = unsigned(ends.rows) / DAY;
        let dropped = async {
            let mut transaction = self.connection.begin().await?;
            // Who reads the table for long is not waited for: those who write would wait behind.
            sqlx::query("SET LOCAL lock_timeout = '2s'")
                .execute(&mut *transaction)
                .await?;
            let is_ours: bool = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
                .bind(PARTS_LOCK)
                .fetch_one(&mut *transaction)
                .await?;
            if !is_ours {
                return Ok(());
            }
            let parts: Vec<String> = sqlx::query_scalar(PARTS)
                .bind(part(first))
                .fetch_all(&mut *transaction)
                .await?;
            for part in parts {
                sqlx::raw_sql(AssertSqlSafe(format!("DROP TABLE {part}")))
                    .execute(&mut *transaction)
                    .await?;
            }
            sqlx::query("DELETE FROM usage_hour WHERE hour < $1")
                .bind(ends.hours)
                .execute(&mut *transaction)
                .await?;
            sqlx::query("DELETE FROM journal WHERE at_ms < $1")
                .bind(ends.journals)
                .execute(&mut *transaction)
                .await?;
            Ok(transaction.commit().await?)
        };
        let result = in_time(PATIENCE, dropped).await;
        self.days.retain(|day| *day >= first);
        match result {
            // Another time.
            Err(StoreFault::Database(error)) if has_code(&error, &[LOCKED]) => Ok(()),
            result => result,
        }
    }

    pub(super) async fn usage(
        &mut self,
        period: Period,
        by: &[&'static str],
    ) -> Result<Vec<Line>, StoreFault> {
        let mut query = sqlx::query(AssertSqlSafe(rows::usage(by)));
        for bound in rows::bounds(period) {
            query = query.bind(bound);
        }
        let found = query.fetch_all(&mut self.connection).await?;
        let lines = found
            .iter()
            .map(|row| rows::line(row, by.len()).transpose());
        Ok(lines.flatten().collect::<Result<_, _>>()?)
    }

    /// Makes the parts for these days, for today and for some to come, as far as they are not there.
    async fn make_parts(&mut self, mut days: BTreeSet<u64>) -> Result<(), StoreFault> {
        let today = clock::unix_millis() / DAY;
        days.extend(today..=today + DAYS_AHEAD);
        let missing: Vec<u64> = days.difference(&self.days).copied().collect();
        if missing.is_empty() {
            return Ok(());
        }
        let made = async {
            let mut transaction = self.connection.begin().await?;
            sqlx::query("SELECT pg_advisory_xact_lock($1)")
                .bind(PARTS_LOCK)
                .execute(&mut *transaction)
                .await?;
            for day in &missing {
                let part = part(*day);
                let is_there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
                    .bind(&part)
                    .fetch_one(&mut *transaction)
                    .await?;
                if is_there {
                    continue;
                }
                // A table that is attached later keeps nobody from reading and writing meanwhile.
                let (start, end) = (day * DAY, (day + 1) * DAY);
                let statements = format!(
                    "CREATE TABLE {part} (LIKE ledger); \
                     ALTER TABLE ledger ATTACH PARTITION {part} FOR VALUES FROM ({start}) TO ({end})"
                );
                sqlx::raw_sql(AssertSqlSafe(statements))
                    .execute(&mut *transaction)
                    .await?;
            }
            Ok(transaction.commit().await?)
        };
        in_time(PATIENCE, made).await?;
        self.days.extend(missing);
        Ok(())
    }
}

/// The values of one column.
enum Column {
    Ids(Vec<Uuid>),
    Switches(Vec<bool>),
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
}

impl Column {
    fn new(kind: &str) -> Self {
        match kind {
            "uuid" => Self::Ids(Vec::new()),
            "boolean" => Self::Switches(Vec::new()),
            "text" => Self::Texts(Vec::new()),
            _ => Self::Numbers(Vec::new()),
        }
    }

    fn push(&mut self, cell: Cell) {
        match (self, cell) {
            (Self::Ids(ids), Cell::Id(id)) => ids.push(id),
            (Self::Switches(switches), Cell::Switch(is_so)) => switches.push(is_so),
            (Self::Numbers(numbers), Cell::Number(number)) => numbers.push(number),
            (Self::Texts(texts), Cell::Text(text)) => texts.push(text.map(|text| (*text).into())),
            _ => {}
        }
    }
}

/// The statement that takes rows over, each column as an array, and adds those that are new to their hours.
fn add_rows() -> String {
    let values = rows::COLUMNS.map(|(name, kind)| format!("{name}::{kind}"));
    let mut place = 0;
    let arrays = rows::COLUMNS.map(|(_, kind)| {
        place += 1;
        // Numbers come in one size, and are made smaller as they are put in.
        let kind = match kind {
            "integer" | "smallint" => "bigint",
            kind => kind,
        };
        format!("${place}::{kind}[]")
    });
    let (columns, values, arrays) = (rows::columns(), values.join(", "), arrays.join(", "));
    let add_hours = rows::add_hours("added");
    format!(
        "WITH added AS (INSERT INTO ledger ({columns}) SELECT {values} \
         FROM unnest({arrays}) AS line({columns}) ON CONFLICT DO NOTHING RETURNING *) \
         {add_hours}"
    )
}

/// The days of these rows, counted since 1970.
fn days(rows: &[Entry]) -> BTreeSet<u64> {
    rows.iter().map(|row| unsigned(row.at_ms) / DAY).collect()
}

/// What the part of a day is called.
fn part(day: u64) -> String {
    let start = Timestamp::from_millisecond(signed(day * DAY)).unwrap_or_default();
    let date = start.to_zoned(TimeZone::UTC).date();
    format!("ledger_{}", date.strftime("%Y%m%d"))
}

/// Whether a code is that of a value that fits nowhere: a data exception, a broken constraint, a limit (PostgreSQL 15,
/// appendix A). Not of a row for whose day there is no part, which another gateway has dropped.
pub(super) fn is_of_row(code: &str) -> bool {
    let is_row = ["22", "23", "54"]
        .iter()
        .any(|class| code.starts_with(class));
    code.len() == 5 && is_row && code != "23514"
}

fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| codes.contains(&&*code))
}

/// What comes of something in time. A server that has gone without a word would be waited for without end.
pub(super) async fn in_time<T>(
    patience: Duration,
    something: impl Future<Output = Result<T, StoreFault>>,
) -> Result<T, StoreFault> {
    let something = pin!(something);
    timeout(patience, something)
        .await
        .unwrap_or(Err(StoreFault::Silent(patience)))
}
