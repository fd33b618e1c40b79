//! How much may be asked: of a provider at once, and by whom over which time and for how much money.
//!
//! [`admission`] takes a request's share of all limits it counts at, the [`cell`]s, or of none. What a cell counts is in
//! [`rate`], [`concurrency`] and [`budget`]; [`room`] is where requests wait, and [`notice`] says that a budget
//! warns. No limit reads a clock: times come in as
//! milliseconds since 1970, and a clock that goes back lets no more pass. All that is exact in one process; [`shared`] makes
//! it so for several gateways, by a server that they share.

pub mod admission;
pub mod budget;
pub mod cell;
pub mod concurrency;
pub mod estimate;
mod mirror;
pub mod money;
pub mod notice;
pub mod rate;
pub mod reading;
pub mod register;
pub mod room;
pub mod shared;
pub mod window;
pub mod words;
