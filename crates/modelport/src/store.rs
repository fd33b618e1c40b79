//! What outlives the process, in a database. Which rows there are is decided elsewhere.

mod rows;
pub mod sqlite;

use std::path::PathBuf;

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
}
