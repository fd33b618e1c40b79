//! How much may be asked of a provider at once.

pub mod room;
