//! How much may be asked of a provider at once.

pub mod concurrency;
pub mod estimate;
pub mod rate;
pub mod room;
pub mod words;
