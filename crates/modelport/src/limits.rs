//! How much may be asked of a provider at once.

pub mod budget;
pub mod concurrency;
pub mod estimate;
pub mod money;
pub mod rate;
pub mod room;
pub mod window;
pub mod words;
