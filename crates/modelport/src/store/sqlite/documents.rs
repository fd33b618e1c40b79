//! Documents in the embedded database.

use sqlx::{Connection, Row};

use super::Sqlite;
use crate::store::{StoreFault, document::Change};

const CHANGES: &str =
    "SELECT kind, id, json, revision FROM document WHERE revision > ?1 ORDER BY revision";

const PUT: &str = "INSERT INTO document VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT DO UPDATE SET json = excluded.json, revision = excluded.revision";

impl Sqlite {
    /// The documents that changed after a revision, oldest change first; after 0, all there are.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub(in crate::store) async fn changes(
        &mut self,
        after: i64,
    ) -> Result<Vec<Change>, StoreFault> {
        let rows = sqlx::query(CHANGES)
            .bind(after)
            .fetch_all(&mut self.connection)
            .await?;
        let change = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Change {
                kind: row.try_get(0)?,
                id: row.try_get(1)?,
                json: row.try_get(2)?,
                revision: row.try_get(3)?,
            })
        };
        rows.iter().map(change).collect()
    }

    /// Makes a document of what it is now, with nobody else changing anything meanwhile. `change` gets it and gives what
    /// it is to be, `None` for deleted.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; the inner result is `change`'s own, and nothing changes when that is an error.
    pub(in crate::store) async fn change<E>(
        &mut self,
        kind: &str,
        id: &str,
        change: impl FnOnce(Option<String>) -> Result<Option<String>, E>,
    ) -> Result<Result<(), E>, StoreFault> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let revision: i64 =
            sqlx::query_scalar("UPDATE revision SET number = number + 1 RETURNING number")
                .fetch_one(&mut *transaction)
                .await?;
        let found: Option<Option<String>> =
            sqlx::query_scalar("SELECT json FROM document WHERE kind = ?1 AND id = ?2")
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
    }
}
