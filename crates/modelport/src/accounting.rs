//! What remains of a request when it is over: its record, which goes through the journal into the ledger.

pub mod charge;
pub mod entry;
pub mod journal;
pub mod keeper;
pub mod ledger;
pub mod recent;
pub mod record;
pub mod report;
mod tokens;
pub mod unmetered;
