//! Documents on the server.

use sqlx::{Connection, Row};

use super::{PATIENCE, Postgres, in_time};
use crate::store::{StoreFault, document::Change};

const CHANGES: &str =
    "SELECT kind, id, json, revision FROM document WHERE revision > $1 ORDER BY revision";

const PUT: &str = "INSERT INTO document VALUES ($1, $2, $3, $4) \
    ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json, revision = excluded.revision";

impl Postgres {
    /// See [`Store::changes`](crate::store::Store::changes).
    pub(in crate::store) async fn changes(
        &mut self,
        after: i64,
    ) -> Result<Vec<Change>, StoreFault> {
        let query = sqlx::query(CHANGES).bind(after);
        let rows = in_time(PATIENCE, async {
            Ok(query.fetch_all(&mut self.connection).await?)
        });
        let change = |row: &sqlx::postgres::PgRow| {
            Ok(Change {
                kind: row.try_get(0)?,
                id: row.try_get(1)?,
                json: row.try_get(2)?,
                revision: row.try_get(3)?,
            })
        };
        rows.await?.iter().map(change).collect()
    }

    /// See [`Store::change`](crate::store::Store::change).
    pub(in crate::store) async fn change<E>(
        &mut self,
        kind: &str,
        id: &str,
        change: impl FnOnce(Option<String>) -> Result<Option<String>, E>,
    ) -> Result<Result<(), E>, StoreFault> {
        let changed = async {
            let mut transaction = self.connection.begin().await?;
            // It locks the row until the end, so that changes become visible in the order of their numbers.
            let revision: i64 =
                sqlx::query_scalar("UPDATE revision SET number = number + 1 RETURNING number")
                    .fetch_one(&mut *transaction)
                    .await?;
            let found: Option<Option<String>> =
                sqlx::query_scalar("SELECT json FROM document WHERE kind = $1 AND id = $2")
                    .bind(kind)
                    .bind(id)
                    .fetch_optional(&mut *transaction)
                    .await?;
            let changed = match change(found.flatten()) {
                Ok(changed) => changed,
                Err(refusal) => return Ok(Err(refusal)),
            };
            sqlx::query(PUT)
                .bind(kind)
                .bind(id)
                .bind(changed)
                .bind(revision)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(Ok(()))
        };
        in_time(PATIENCE, changed).await
    }
}
