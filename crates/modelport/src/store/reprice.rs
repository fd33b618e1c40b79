//! Rows whose cost is worked out anew, and the sums of their hours with them.

use modelport_provider::usage::Usage;
use sqlx::{AssertSqlSafe, ColumnIndex, Connection, Decode, Row, Type, types::Uuid};

use super::{
    StoreFault,
    place::Place,
    postgres::Postgres,
    rows::{self, signed, unsigned},
    sqlite::Sqlite,
};
use crate::accounting::report::Period;

/// A row, with what is needed to work out what it costs.
#[derive(Clone, Debug)]
pub struct Used {
    /// Which row.
    pub place: Place,
    /// The provider, by its id.
    pub provider: String,
    /// The model that it was asked for.
    pub model: String,
    /// Where its cost comes from.
    pub source: String,
    /// What the provider reported, in pico-dollars.
    pub reported: Option<i64>,
    /// What the prices came to, in pico-dollars.
    pub computed: Option<i64>,
    /// Its tokens.
    pub usage: Usage,
}

/// A column of tokens: its name, and where they go.
type Tokens = (&'static str, fn(&mut Usage) -> &mut u64);

/// The tokens of a row.
const TOKENS: [Tokens; 9] = [
    ("input_tokens", |usage| &mut usage.input_tokens),
    ("output_tokens", |usage| &mut usage.output_tokens),
    ("cached_input_tokens", |usage| {
        &mut usage.cached_input_tokens
    }),
    ("cache_write_tokens", |usage| &mut usage.cache_write_tokens),
    ("cache_write_1h_tokens", |usage| {
        &mut usage.cache_write_1h_tokens
    }),
    ("reasoning_tokens", |usage| &mut usage.reasoning_tokens),
    ("audio_input_tokens", |usage| &mut usage.audio_input_tokens),
    ("audio_output_tokens", |usage| {
        &mut usage.audio_output_tokens
    }),
    ("image_input_tokens", |usage| &mut usage.image_input_tokens),
];

/// What a row costs now.
#[derive(Clone, Debug)]
pub struct Priced {
    /// Which row.
    pub place: Place,
    /// What counts, in pico-dollars; `None` where nobody knows.
    pub cost: Option<i64>,
    /// Where that comes from.
    pub source: &'static str,
    /// What the prices come to, in pico-dollars.
    pub computed: Option<i64>,
    /// Which prices were used.
    pub prices: Option<String>,
}

/// Rows that are read at once.
const ROWS: i64 = 2000;

/// The statement that reads rows whose cost can change.
fn select() -> String {
    format!(
        "SELECT at_ms, id, provider, model, cost_source, reported_pico, computed_pico, {} FROM ledger \
         WHERE at_ms >= $1 AND at_ms < $2 AND (at_ms > $3 OR (at_ms = $3 AND id > $4)) \
         AND cost_source <> 'none' ORDER BY at_ms, id LIMIT {ROWS}",
        TOKENS.map(|(name, _)| name).join(", ")
    )
}

/// The rows of a batch in PostgreSQL: their moments and ids are the first two parameters.
const POSTGRES_BATCH: &str = "ledger JOIN unnest($1::bigint[], $2::uuid[]) AS batch(batch_ms, batch_id) \
     ON at_ms = batch_ms AND id = batch_id";

/// The rows of a batch in SQLite: their ids as a JSON array are the first parameter.
const SQLITE_BATCH: &str = "ledger WHERE id IN (SELECT unhex(value) FROM json_each(?1))";

/// A row as [`select`] gives it.
fn used<R: Row>(row: &R) -> Result<Used, sqlx::Error>
where
    usize: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> Uuid: Decode<'r, R::Database> + Type<R::Database>,
{
    let mut usage = Usage::default();
    for (place, (_, tokens)) in TOKENS.iter().enumerate() {
        *tokens(&mut usage) = unsigned(row.try_get(7 + place)?);
    }
    Ok(Used {
        place: Place {
            at_ms: unsigned(row.try_get(0)?),
            id: row.try_get(1)?,
        },
        provider: row.try_get(2)?,
        model: row.try_get(3)?,
        source: row.try_get(4)?,
        reported: row.try_get(5)?,
        computed: row.try_get(6)?,
        usage,
    })
}

impl Sqlite {
    pub(super) async fn used(
        &mut self,
        period: Period,
        after: Place,
    ) -> Result<Vec<Used>, StoreFault> {
        let found = sqlx::query(AssertSqlSafe(select()))
            .bind(signed(period.since))
            .bind(signed(period.until))
            .bind(signed(after.at_ms))
            .bind(after.id)
            .fetch_all(self.connection())
            .await?;
        Ok(found.iter().map(used).collect::<Result<_, _>>()?)
    }

    pub(super) async fn reprice(&mut self, batch: &[Priced]) -> Result<(), StoreFault> {
        let ids: Vec<String> = batch
            .iter()
            .map(|row| row.place.id.simple().to_string())
            .collect();
        let ids = serde_json::Value::from(ids).to_string();
        let mut transaction = self.connection().begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(AssertSqlSafe(rows::take_hours(SQLITE_BATCH)))
            .bind(&ids)
            .execute(&mut *transaction)
            .await?;
        for row in batch {
            sqlx::query(
                "UPDATE ledger SET cost_pico = ?1, cost_source = ?2, computed_pico = ?3, \
                 prices = ?4 WHERE id = ?5",
            )
            .bind(row.cost)
            .bind(row.source)
            .bind(row.computed)
            .bind(&row.prices)
            .bind(row.place.id)
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query(AssertSqlSafe(rows::add_hours(SQLITE_BATCH)))
            .bind(&ids)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}

impl Postgres {
    pub(super) async fn used(
        &mut self,
        period: Period,
        after: Place,
    ) -> Result<Vec<Used>, StoreFault> {
        let found = sqlx::query(AssertSqlSafe(select()))
            .bind(signed(period.since))
            .bind(signed(period.until))
            .bind(signed(after.at_ms))
            .bind(after.id)
            .fetch_all(self.connection())
            .await?;
        Ok(found.iter().map(used).collect::<Result<_, _>>()?)
    }

    pub(super) async fn reprice(&mut self, batch: &[Priced]) -> Result<(), StoreFault> {
        let moments: Vec<i64> = batch.iter().map(|row| signed(row.place.at_ms)).collect();
        let ids: Vec<Uuid> = batch.iter().map(|row| row.place.id).collect();
        let mut transaction = self.connection().begin().await?;
        sqlx::query(AssertSqlSafe(rows::take_hours(POSTGRES_BATCH)))
            .bind(&moments)
            .bind(&ids)
            .execute(&mut *transaction)
            .await?;
        let costs: Vec<Option<i64>> = batch.iter().map(|row| row.cost).collect();
        let sources: Vec<&str> = batch.iter().map(|row| row.source).collect();
        let computed: Vec<Option<i64>> = batch.iter().map(|row| row.computed).collect();
        let prices: Vec<Option<String>> = batch.iter().map(|row| row.prices.clone()).collect();
        sqlx::query(
            "UPDATE ledger SET cost_pico = cost, cost_source = source, computed_pico = computed, \
             prices = used FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], \
             $5::bigint[], $6::text[]) AS batch(batch_ms, batch_id, cost, source, computed, used) \
             WHERE at_ms = batch_ms AND id = batch_id",
        )
        .bind(&moments)
        .bind(&ids)
        .bind(&costs)
        .bind(&sources)
        .bind(&computed)
        .bind(&prices)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(AssertSqlSafe(rows::add_hours(POSTGRES_BATCH)))
            .bind(&moments)
            .bind(&ids)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}
