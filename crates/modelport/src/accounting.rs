//! What remains of a request when it is over.

pub mod record;
